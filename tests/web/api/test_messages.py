"""/api/v1/messages: sending, once for each key, and seeing what became of one's own messages."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import update

from gateway.storage.schema import contact, mt
from tests.services.people import NOW, rows
from tests.web.api.conftest import Door, Reply, text


async def test_send_one_and_read_it(door: Door) -> None:
    """202 with an id, under which it can be read; the number is masked in both, the words are in neither."""
    crm = await door.client()
    sent = await crm.send(text())
    assert sent.status == 202
    [item] = sent.body["items"]
    ref = item.pop("id")
    assert item == {
        "to": "+843…01", "reference": None, "route": "vn", "segments": 1, "again": False, "refused": None,
    }  # fmt: skip
    assert sent.headers["location"] == f"/api/v1/messages/{ref}"
    assert door.woken == ["dispatcher"]
    read = await crm.get(f"/messages/{ref}")
    assert read.status == 200
    assert read.body == {
        "id": ref, "to": "+843…01", "state": "queued", "route": "vn", "segments": 1, "created_at": "2026-11-18T11:06:40Z", "due_at": None,
        "expires_at": "2026-11-19T11:06:40Z", "sent_at": None, "failure": None, "code": None,
    }  # fmt: skip
    [row] = await rows(door.database, mt)
    assert (row.msisdn, row.body) == ("+84300000101", "Mời bà con họp thôn")


async def test_what_is_asked_for_is_kept(door: Door) -> None:
    """Numbers as they are dialled, a time with its offset, a validity, a reference."""
    crm = await door.client()
    asked = text("0300000101", due_at="2026-11-19T07:00:00+07:00", validity_min=90, reference="thu-1", route="vn")
    sent = await crm.send(asked)
    assert sent.body["items"][0]["reference"] == "thu-1"
    read = await crm.get(f"/messages/{sent.body['items'][0]['id']}")
    assert (read.body["due_at"], read.body["expires_at"]) == ("2026-11-19T00:00:00Z", "2026-11-19T01:30:00Z")
    again = await crm.send(asked)
    assert (again.body["items"][0]["id"], again.body["items"][0]["again"]) == (read.body["id"], True)
    assert len(await rows(door.database, mt)) == 1


async def test_some_go_and_some_are_refused(door: Door) -> None:
    """Each has its own answer, in order; where none can go it is an error that names each."""
    crm = await door.client()
    async with asyncio.timeout(30):
        bidx = door.database.keyring.blind("+84300000102", "msisdn")
        values = {"bidx": bidx, "msisdn": "+84300000102", "commune": "06577", "opted_out_at": NOW, "created_at": NOW}
        await door.database.write(lambda connection: connection.execute(contact.insert().values(**values)))
    sent = await crm.send(text("+84300000102"), text("+84300000103"))
    assert sent.status == 202
    stopped, going = sent.body["items"]
    assert stopped["id"] is None
    assert "wants no messages" in stopped["refused"]
    assert going["id"]
    alone = await crm.send(text("+84300000102"))
    assert (alone.status, alone.code) == (422, "refused")
    assert alone.body["errors"][0]["pointer"] == "/messages/0"
    assert len(await rows(door.database, mt)) == 1


async def test_a_hundred_at_once(door: Door) -> None:
    crm = await door.client()
    sent = await crm.send(*(text(f"+84300000{at:03d}") for at in range(100)))
    assert sent.status == 202
    assert len({item["id"] for item in sent.body["items"]}) == 100
    assert (await crm.send(*(text() for _ in range(101)))).code == "bad-body"


# --- once for each key ---


async def test_the_same_call_gets_the_same_answer(door: Door) -> None:
    """Also many at once: one MT, one answer."""
    crm = await door.client()
    first = await crm.send(text(), key="don-1")
    again = await asyncio.gather(*(crm.send(text(), key="don-1") for _ in range(5)))
    assert all((each.status, each.body) == (202, first.body) for each in again)
    both = await asyncio.gather(*(crm.send(text("+84300000105"), key="don-2") for _ in range(5)))
    assert len({each.body["items"][0]["id"] for each in both}) == 1
    assert len(await rows(door.database, mt)) == 2


async def test_a_key_is_for_one_body(door: Door) -> None:
    """Another body under it is refused; another client's key is another key; after a day it is forgotten."""
    crm, kho = await door.client(), await door.client("kho")
    await crm.send(text(), key="k")
    reused = await crm.send(text(words="Khác"), key="k")
    assert (reused.status, reused.code) == (422, "key-reused")
    assert (await kho.send(text(words="Khác"), key="k")).status == 202
    door.now[0] += 24 * 3_600_000 + 1
    assert (await crm.send(text(words="Khác"), key="k")).status == 202
    assert len(await rows(door.database, mt)) == 3


@pytest.mark.parametrize("key", ["", "a" * 201, "hai chữ"])
@pytest.mark.parametrize("engine_name", ["sqlite"])
async def test_bad_keys(door: Door, key: str) -> None:
    crm = await door.client()
    refused = await crm.post("/messages", {"messages": [text()]}, headers={"Idempotency-Key": key})
    assert (refused.status, refused.code) == (400, "bad-key")
    assert await rows(door.database, mt) == []


# --- what is refused ---


def _places(reply: Reply) -> list[str]:
    return [each["pointer"] for each in reply.body["errors"]]


@pytest.mark.parametrize(
    ("body", "places"),
    [
        ({}, ["/messages"]),
        ([], [""]),
        ("x", [""]),
        (17, [""]),
        ({"messages": []}, ["/messages"]),
        ({"messages": [{}]}, ["/messages/0/to", "/messages/0/text"]),
        ({"messages": [text()], "all": True}, ["/all"]),
        ({"messages": [text(urgent=True)]}, ["/messages/0/urgent"]),
        ({"messages": [text(), text("0300")]}, ["/messages/1/to"]),
        ({"messages": [text("+84300000101\n")]}, ["/messages/0/to"]),
        ({"messages": [text("+99900000000")]}, ["/messages/0/to"]),  # no country
        ({"messages": [text(to=84300000101)]}, ["/messages/0/to"]),
        ({"messages": [text(words="")]}, ["/messages/0/text"]),
        ({"messages": [text(words="a" * 1601)]}, ["/messages/0/text"]),
        ({"messages": [text(words=None)]}, ["/messages/0/text"]),
        ({"messages": [text(validity_min="5")]}, ["/messages/0/validity_min"]),
        ({"messages": [text(validity_min=0)]}, ["/messages/0/validity_min"]),
        ({"messages": [text(validity_min=True)]}, ["/messages/0/validity_min"]),
        ({"messages": [text(due_at="2026-11-19")]}, ["/messages/0/due_at"]),
        ({"messages": [text(due_at="2026-02-30T07:00:00Z")]}, ["/messages/0/due_at"]),
        ({"messages": [text(due_at=1_795_000_000)]}, ["/messages/0/due_at"]),
        ({"messages": [text(reference="")]}, ["/messages/0/reference"]),
    ],
)
@pytest.mark.parametrize("engine_name", ["sqlite"])
async def test_bodies_that_are_wrong(door: Door, body: Any, places: list[str]) -> None:  # Any: JSON
    """Each fault is named with its place, and no value is repeated."""
    crm = await door.client()
    refused = await crm.post("/messages", body)
    assert (refused.status, refused.code) == (422, "bad-body")
    assert _places(refused) == places
    assert "0300" not in str(refused.body)
    assert await rows(door.database, mt) == []


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "bad-json"),
        (b"{", "bad-json"),
        (b"\xff\xfe", "bad-json"),
        (b'{"messages": [], "messages": []}', "bad-json"),
        (b'{"messages": [{"to": "+84300000101", "text": "a", "validity_min": NaN}]}', "bad-json"),
        (b"[" * 100_000, "bad-json"),
        (b'{"messages": [{"to": "+84300000101", "text": "\\ud800"}]}', "bad-body"),
        (b'{"messages": [{"to": "+84300000101", "text": "a", "validity_min": 1%s}]}' % (b"0" * 5_000), "bad-json"),
    ],
)
@pytest.mark.parametrize("engine_name", ["sqlite"])
async def test_bodies_that_are_no_json(door: Door, data: bytes, code: str) -> None:
    crm = await door.client()
    refused = await crm.call("POST", "/messages", data=data, headers={"Content-Type": "application/json"})
    assert refused.status in (400, 422)
    assert refused.code == code
    assert await rows(door.database, mt) == []


@pytest.mark.parametrize("engine_name", ["sqlite"])
async def test_size_and_kind_of_a_body(door: Door) -> None:
    """413 beyond 256 KiB, also where its length isn't said; 415 for what says it is no JSON."""
    crm = await door.client()
    kind = {"Content-Type": "application/json"}

    async def pieces(count: int) -> AsyncIterator[bytes]:
        for _ in range(count):
            yield b" " * 10_000

    for data in (b" " * (1 << 18) + b"{}", pieces(30), pieces(300)):
        assert (await crm.call("POST", "/messages", data=data, headers=kind)).code == "too-large"
    for wrong in ("text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16", "application/xml"):
        refused = await crm.call("POST", "/messages", data=b"{}", headers={"Content-Type": wrong})
        assert (refused.status, refused.code, refused.headers["accept"]) == (415, "media-type", "application/json")
    assert (await crm.post("/messages", {"messages": [text()]}, headers={"Content-Type": "application/json; charset=UTF-8"})).status == 202


# --- pages ---


async def test_pages(door: Door) -> None:
    """Oldest first, each once; the last page's cursor goes on with what comes later."""
    crm = await door.client()
    for first in (0, 4):
        await crm.send(*(text(f"+8430000020{first + at}") for at in range(4)))
    page = (await crm.get("/messages?limit=3")).body
    seen = [item["id"] for item in page["items"]]
    while page["more"]:
        page = (await crm.get(f"/messages?limit=3&cursor={page['next']}")).body
        seen += [item["id"] for item in page["items"]]
    stored = [row.ref for row in await rows(door.database, mt)]
    assert seen == stored
    empty = (await crm.get(f"/messages?cursor={page['next']}")).body
    assert empty == {"items": [], "next": page["next"], "more": False}
    await crm.send(text("+84300000209"))
    later = (await crm.get(f"/messages?cursor={empty['next']}")).body
    assert [item["to"] for item in later["items"]] == ["+843…09"]


async def test_a_page_of_one_state(door: Door) -> None:
    crm = await door.client()
    sent = await crm.send(text(), text("+84300000102"))
    first = sent.body["items"][0]["id"]
    gone = update(mt).where(mt.c.ref == first).values(state="failed", failure="permanent", code="4", sent_at=NOW)
    await door.database.write(lambda connection: connection.execute(gone))
    failed = (await crm.get("/messages?state=failed")).body["items"]
    assert [(item["id"], item["failure"], item["code"], item["sent_at"]) for item in failed] == [
        (first, "permanent", "4", "2026-11-18T11:06:40Z")
    ]
    assert len((await crm.get("/messages?state=queued")).body["items"]) == 1
    assert (await crm.get("/messages?state=lost")).code == "bad-query"


@pytest.mark.parametrize("engine_name", ["sqlite"])
async def test_cursors_are_signed(door: Door) -> None:
    """Another client's, another list's, another filter's, one with a bit changed: none of them opens."""
    crm, kho = await door.client(), await door.client("kho")
    await crm.send(text())
    cursor = (await crm.get("/messages")).body["next"]
    assert (await crm.get(f"/messages?cursor={cursor}")).status == 200
    flipped = ("B" if cursor[0] == "A" else "A") + cursor[1:]
    for caller, path in (
        (kho, f"/messages?cursor={cursor}"),
        (crm, f"/tips?cursor={cursor}"),
        (crm, f"/messages?state=sent&cursor={cursor}"),
        (crm, f"/messages?cursor={flipped}"),
        (crm, f"/messages?cursor={cursor}AAAA"),
        (crm, "/messages?cursor=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
    ):
        assert (await caller.get(path)).code == "bad-cursor"
    assert (await crm.get("/messages?cursor=1")).code == "bad-query"


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=a", "limit=1.5", "limit=", "x=1", "limit=1&limit=2", "cursor="])
@pytest.mark.parametrize("engine_name", ["sqlite"])
async def test_bad_queries(door: Door, query: str) -> None:
    """Named by parameter; unknown ones too."""
    crm = await door.client()
    refused = await crm.get(f"/messages?{query}")
    assert (refused.status, refused.code) == (400, "bad-query")
    assert refused.body["errors"][0]["parameter"] == query.partition("=")[0]
