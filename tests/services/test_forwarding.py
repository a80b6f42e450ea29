"""What comes in, handed on: which MOs go to which client, and that nobody hears of a tip who may not."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import event as sqlalchemy_event

from gateway.services.callbacks import Callbacks
from gateway.services.outward import listen, listening
from gateway.storage.database import Database
from gateway.storage.schema import tip
from tests.services.outside_rows import Clock, a_client, calling, calls, refusing, rounds, theirs
from tests.services.people import ALICE, BINH, NOW, arrive, deployment, inbound, said
from tests.services.people import rows as all_rows

COMMUNE = deployment().campaign.commune
MO = "/mo?from=%p&to=%P&text=%b&id=%I&smsc=%i&word=%k"
TIP = "HCLS01 toi biet mot ngoi mo liet si o sau doi"
NO_TIP = "xin chao moi nguoi"


async def handed(database: Database, *texts: str, **client) -> list[dict[str, str]]:
    """What a client with these traits is called with when `texts` arrive, each by a person of its own."""
    clock = Clock()
    async with theirs() as server, calling(database, clock) as made:
        client.setdefault("mo_url", f"{server.url}{MO}")
        await a_client(database, **({"commune": COMMUNE, "events": ()} | client))
        await made.once(clock.now)
        await arrive(database, *(said(text, f"+8430000001{at}") for at, text in enumerate(texts, 1)))
        await inbound(database).process_once(NOW)
        await rounds(made, clock)
    return [{name: found[0] for name, found in parse_qs(urlsplit(path).query).items()} for _, path, _, _ in server.seen]


async def test_an_mo_as_kannel_would_hand_it_on(database: Database) -> None:
    (told,) = await handed(database, NO_TIP)
    assert told == {"from": ALICE, "to": "8088", "text": NO_TIP, "id": told["id"], "smsc": "gia-lap", "word": "xin"}


@pytest.mark.parametrize(
    ("client", "texts"),
    [
        ({"scopes": ("send",)}, [NO_TIP, "HUY"]),  # not the tip; that somebody said stop it must know
        ({"scopes": ("send", "tips")}, [TIP, NO_TIP, "HUY"]),
        ({"scopes": ("send", "tips"), "commune": "other"}, []),
        ({"scopes": ("send",), "route": "gia-lap"}, [NO_TIP, "HUY"]),
        ({"scopes": ("send", "tips"), "route": "gia-lap"}, [TIP, NO_TIP, "HUY"]),
        ({"scopes": ("send",), "route": "gia-lap", "commune": "other"}, [NO_TIP, "HUY"]),  # its route, its people
        ({"scopes": ("send", "tips"), "route": "gia-lap", "commune": "other"}, [NO_TIP, "HUY"]),  # but another commune's tips
        ({"scopes": ("send", "tips"), "route": "khac"}, []),
        ({"scopes": ("send", "tips"), "mo_url": None}, []),
    ],
)
async def test_who_gets_which(database: Database, client: dict[str, object], texts: list[str]) -> None:
    told = await handed(database, TIP, NO_TIP, "HUY", **client)
    assert sorted(each["text"] for each in told) == sorted(texts)


async def test_words_that_join_a_tip_are_a_tips(database: Database) -> None:
    """What is said next belongs to it."""
    clock = Clock()
    await a_client(database, commune=COMMUNE, scopes=("send",), mo_url="https://crm.example/", events=())
    await Callbacks(database, refusing(OSError()), refusing(OSError()), (), {}, clock).once(NOW)
    await arrive(database, said(TIP))
    await inbound(database).process_once(NOW)
    await arrive(database, said("SUA o sau nha van hoa", at=NOW + 60_000))
    await inbound(database, now=NOW + 60_000).process_once(NOW + 60_000)
    assert await calls(database) == []


async def test_by_post_the_text_is_the_body(database: Database) -> None:
    """Kannel's post-url, with its headers."""
    clock, text = Clock(), "chào mọi người nhé"
    async with theirs() as server, calling(database, clock) as made:
        await a_client(database, commune=COMMUNE, mo_url=f"{server.url}/mo?id=%I", mo_method="POST")
        await made.once(clock.now)
        await arrive(database, said(text))
        await inbound(database).process_once(NOW)
        await rounds(made, clock)
    ((method, _, headers, body),) = server.seen
    assert (method, body) == ("POST", text)
    assert {name: headers[f"X-Kannel-{name}"] for name in ("From", "To", "SMSC", "Service", "Coding")} == {
        "From": ALICE, "To": "8088", "SMSC": "gia-lap", "Service": "crm", "Coding": "0",
    }  # fmt: skip
    assert headers["Content-Type"] == "text/plain; charset=UTF-8"


async def test_a_tip_is_told_of_without_its_words(database: Database) -> None:
    """Its code, and how and when it came: nothing that could point at somebody. Not to who may not read tips, not to other communes."""
    clock = Clock()
    async with theirs() as server, calling(database, clock) as made:
        others = {"b": {"scopes": ("send", "webhooks")}, "c": {"commune": "other"}, "d": {"events": ("mt.settled",)}}
        for name, more in ({"a": {}} | others).items():
            await a_client(database, name, **({"commune": COMMUNE, "webhook_url": f"{server.url}/{name}"} | more))
        await made.once(clock.now)
        await arrive(database, said(TIP), said(NO_TIP, BINH))
        await inbound(database).process_once(NOW)
        await rounds(made, clock)
    (stored,) = await all_rows(database, tip)
    ((_, path, _, body),) = server.seen
    told = json.loads(body)
    assert (path, told["event"], told["id"]) == ("/a", "tip.received", f"tip.received:{stored.code}")
    assert told["data"] == {"tip": stored.code, "commune": COMMUNE, "channel": "sms", "urgent": None, "received_at": NOW}
    assert "mo liet si" not in body
    assert ALICE[3:] not in body


async def test_nobody_listens_nothing_is_asked(database: Database) -> None:
    """Without a client an MO costs the statements it cost before: none is about callbacks."""
    statements: list[str] = []
    engine = database._writer.engine if database.dialect == "sqlite" else database._writer.sync_engine
    note = lambda connection, cursor, statement, *more: statements.append(statement)  # noqa: E731
    sqlalchemy_event.listen(engine, "before_cursor_execute", note)
    try:
        await arrive(database, said(TIP))
        await inbound(database).process_once(NOW)
    finally:
        sqlalchemy_event.remove(engine, "before_cursor_execute", note)
    assert listening(database) == ()
    assert statements
    assert not [each for each in statements if "callback" in each or "client" in each or "mt_report" in each]


async def test_who_listens_is_known_until_told_otherwise(database: Database) -> None:
    client = await a_client(database)
    listen(database, [client])
    assert listening(database) == (client,)
