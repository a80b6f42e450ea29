"""Who may what: tokens, scopes, communes, rates; and every error under /api/ is a problem (RFC 9457)."""

import asyncio
import itertools
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import insert
from sqlalchemy import text as text_of
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.services import clients
from gateway.services.clients import KNOWN_MS, SCOPES
from gateway.storage import audit
from gateway.storage.audit import Wanted as Which
from gateway.storage.schema import mo
from gateway.storage.schema import tip as tips
from gateway.storage.tips import NewTip, add_tips
from gateway.web.api import OPERATIONS
from gateway.web.api.limits import CALLS
from gateway.web.api.operation import PREFIX, Operation
from tests.harness import eventually
from tests.services.people import NOW, rows
from tests.services.tip_rows import make_tip
from tests.web.api.conftest import ALL, HERE, Door, Reply, text

ELSEWHERE = "06580"
MO = {
    "route": "gia-lap", "channel": "sms", "content_key": b"slow", "bidx": b"b", "sender": "", "receiver": "8088", "text": "chậm",
    "received_at": NOW, "state": "done", "action": "tip",
}  # fmt: skip
NO_REF, NO_CODE = "A" * 16, "000000"
sqlite_only = pytest.mark.parametrize("engine_name", ["sqlite"])


def is_problem(reply: Reply) -> bool:
    """As RFC 9457 has it, with our `code`, and kept by no cache."""
    kind, told = reply.headers["content-type"], reply.body
    whole = {"type", "title", "status", "detail", "code"} <= told.keys() and told["status"] == reply.status
    return kind == "application/problem+json" and whole and reply.headers["cache-control"] == "no-store"


def body_of(operation: Operation) -> dict[str, object]:
    if operation.name == "sendMessages":
        return {"json": {"messages": [text()]}}
    return {"json": {"url": "https://example.org/h", "events": ["mt.settled"]}} if operation.body else {}


def path_of(operation: Operation, ref: str = NO_REF, code: str = NO_CODE) -> str:
    return operation.path.replace("{id}", ref).replace("{code}", code)


# --- tokens and scopes ---


@sqlite_only
async def test_every_operation_wants_a_token(door: Door) -> None:
    """401, and how to prove oneself; who brings a wrong one is told that."""
    crm = await door.client()
    secret = crm.added.secret.reveal()
    for operation in door.app[OPERATIONS]:
        path = PREFIX + path_of(operation)
        bare = await door.call(operation.method, path, **body_of(operation))
        assert (bare.status, bare.code, bare.headers["www-authenticate"]) == (401, "no-token", 'Bearer realm="tinbao"')
        assert is_problem(bare)
        wrong = await door.call(operation.method, path, headers={"Authorization": "Bearer crm.no"}, **body_of(operation))
        assert (wrong.status, wrong.code) == (401, "bad-token")
        assert wrong.headers["www-authenticate"] == 'Bearer realm="tinbao", error="invalid_token"'
    for given in (
        "",
        "Bearer",
        f"Basic {secret}",
        f"Bearer {secret}",
        f"bearer crm {secret}",
        f"Bearer crm.{secret} x",
        "Bearer " + "a" * 4000,
    ):
        assert (await door.call("GET", "/api/v1/me", headers={"Authorization": given})).status == 401
    assert (await door.call("GET", "/api/v1/me", headers={"Authorization": f"bEARER  crm.{secret}"})).status == 200


@sqlite_only
async def test_every_scope_against_every_operation(door: Door) -> None:
    """What a token's scopes don't hold is 403, whatever else is asked; the rest is let through."""
    for count in range(1, len(SCOPES) + 1):
        for scopes in itertools.combinations(SCOPES, count):
            caller = await door.client("-".join(scopes), scopes)
            for operation in door.app[OPERATIONS]:
                reply = await caller.call(operation.method, path_of(operation), **body_of(operation))
                if operation.scope is None or operation.scope in scopes:
                    assert reply.status < 300 or reply.code in ("not-found", "no-webhook"), operation.name
                else:
                    assert (reply.status, reply.code) == (403, "scope"), operation.name
                    assert f'error="insufficient_scope", scope="{operation.scope}"' in reply.headers["www-authenticate"]


async def test_a_revoke_ends_it(door: Door) -> None:
    """Within five seconds, wherever the client was revoked."""
    crm = await door.client()
    assert (await crm.get("/me")).status == 200
    await clients.revoke(door.database, "crm", door.now[0])
    door.now[0] += KNOWN_MS
    assert (await crm.get("/me")).code == "bad-token"


# --- communes and clients ---


async def test_nobody_sees_anothers_rows(door: Door) -> None:
    """Tips of another commune, and messages of another client of the same one, are not there: 404, in no page."""
    here, there, beside = await door.client("here"), await door.client("there", ALL, ELSEWHERE), await door.client("beside")
    await make_tip(door.database, commune=HERE)
    await make_tip(door.database, commune=ELSEWHERE)
    mine, others = [row.code for row in await rows(door.database, tips)]
    ref = (await here.send(text())).body["items"][0]["id"]
    assert (await here.get(f"/tips/{mine}")).status == 200
    assert (await here.get(f"/messages/{ref}")).status == 200
    assert [item["code"] for item in (await here.get("/tips")).body["items"]] == [mine]
    assert [item["code"] for item in (await there.get("/tips")).body["items"]] == [others]
    for caller, path in ((here, f"/tips/{others}"), (there, f"/tips/{mine}"), (there, f"/messages/{ref}"), (beside, f"/messages/{ref}")):
        assert ((await caller.get(path)).status, (await caller.get(path)).code) == (404, "not-found")
    for caller in (there, beside):
        assert (await caller.get("/messages")).body["items"] == []
    assert [item["id"] for item in (await here.get("/messages")).body["items"]] == [ref]


async def test_tips_are_masked_and_noted(door: Door) -> None:
    """No number leaves; who read which tip stands in the audit log, by page and by tip; a page of none too."""
    reader = await door.client("reader", ("tips",))
    fields = json.dumps({"grave_count": 2, "contact_phone": "+84300000123", "read": {}})
    await make_tip(door.database, "Có 2 mộ, gọi 0300 000 123 hoặc 84300000123 gặp tôi", fields=fields, urgent="uxo")
    await make_tip(door.database)
    first, second = [row.code for row in await rows(door.database, tips)]
    page = await reader.get("/tips?limit=1")
    [item] = page.body["items"]
    assert (item["code"], item["village"], item["channel"], item["urgent"], item["state"]) == (first, "TN07", "sms", "uxo", "new")
    assert item["received_at"] == "2026-11-18T11:06:40Z"
    assert item["fields"] == {"grave_count": "2", "contact_phone": "0300 ··· ·23"}
    assert "123" not in json.dumps(page.body)
    assert page.body["more"]
    rest = (await reader.get(f"/tips?cursor={page.body['next']}")).body
    assert [each["code"] for each in rest["items"]] == [second]
    await reader.get(f"/tips/{second.lower()}")
    await reader.get(f"/tips/{NO_CODE}")
    async with door.database.read() as connection:
        noted = await audit.wanted(connection, Which(action="client.tip_read"), 9)
        assert (await audit.prove(connection)).broken is None
    assert [each.detail["tips"] for each in reversed(noted)] == [[first], [second], [second]]
    assert {(each.object, each.commune, each.detail["client"]) for each in noted} == {(f"client:{reader.id}", HERE, "reader")}


@pytest.mark.parametrize("engine_name", ["postgresql"])
async def test_a_tip_that_is_committed_late_is_in_no_gap(door: Door) -> None:
    """Its id is lower than one that was read already, were the page not to wait: it would be missed for ever."""
    reader = await door.client("reader", ("tips",))
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def slow(connection: AsyncConnection) -> None:
        found = (await connection.execute(insert(mo).values(**MO, carrier_id="~slow").returning(mo.c.id))).scalar_one()
        new = NewTip("A0000A", HERE, found, "sms", None, None, b"b", "", "chậm", "{}", None, NOW)
        await add_tips(connection, [new])
        begun.set()
        await may_end.wait()

    async def waits() -> bool:
        async with door.database.read() as connection:
            return bool(await connection.scalar(text_of("SELECT count(*) FROM pg_locks WHERE NOT granted")))

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(door.database.write(slow))
        await begun.wait()
        await make_tip(door.database, code="B0000B")
        page = tasks.create_task(reader.get("/tips"))
        await eventually(waits)
        may_end.set()
    assert [item["code"] for item in page.result().body["items"]] == ["A0000A", "B0000B"]


@sqlite_only
async def test_me_and_routes(door: Door) -> None:
    """Who one is and whether one's routes are open; no account, no address."""
    crm = await door.client("crm", ("read",), route="vn")
    assert (await crm.get("/me")).body == {
        "name": "crm", "commune": HERE, "scopes": ["read"], "route": "vn", "has_webhook": False, "calls": CALLS, "window_s": 60,
    }  # fmt: skip
    assert (await crm.get("/routes")).body == {"items": [{"name": "vn", "state": "open"}]}
    other = await door.client("other", ("read",), route="none")
    assert (await other.get("/routes")).body == {"items": []}


# --- webhooks ---


async def test_a_webhook_is_set_tried_and_dropped(door: Door) -> None:
    """Its secret is shown at setting alone; the test call waits in the queue, without anybody's words."""
    crm = await door.client()
    for method, path in (("GET", "/webhooks"), ("POST", "/webhooks/test")):
        assert (await crm.call(method, path)).code == "no-webhook"
    made = await crm.post("/webhooks", {"url": "https://example.org/h?x=1", "events": ["mt.settled", "tip.received"]})
    assert made.status == 201
    assert len(made.body.pop("secret")) == 43
    assert made.body == {"url": "https://example.org/h?x=1", "events": ["tip.received", "mt.settled"]}
    assert (await crm.get("/webhooks")).body == made.body
    assert (await crm.get("/me")).body["has_webhook"]
    tried = await crm.call("POST", "/webhooks/test")
    assert tried.status == 202
    assert tried.body["id"].startswith("test:")
    assert door.woken == ["callbacks"]
    dropped = await crm.call("DELETE", "/webhooks")
    assert (dropped.status, dropped.body) == (204, None)
    assert (await crm.call("DELETE", "/webhooks")).status == 204
    assert (await crm.get("/webhooks")).code == "no-webhook"


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://10.0.0.1:8080/h", "http://localhost/", "http://[::1]/", "ftp://example.org/", "https://u:p@example.org/",
        "https:///h", "example.org", "https://example.org/ h", "https://example.org/#f", "http://169.254.169.254/latest", "",
    ],
)  # fmt: skip
@sqlite_only
async def test_webhooks_that_lead_inside(door: Door, url: str) -> None:
    """A private network, credentials, another scheme: refused by name."""
    crm = await door.client()
    refused = await crm.post("/webhooks", {"url": url, "events": ["mt.settled"]})
    assert refused.status == 422
    assert refused.code in ("refused", "bad-body")
    assert (await crm.get("/webhooks")).status == 404


@sqlite_only
async def test_of_tips_only_their_readers_are_told(door: Door) -> None:
    crm = await door.client(scopes=("webhooks",))
    refused = await crm.post("/webhooks", {"url": "https://example.org:65000/h", "events": ["tip.received"]})
    assert (refused.status, refused.code) == (422, "refused")
    assert (await crm.post("/webhooks", {"url": "https://example.org:65000/h", "events": ["mt.settled"]})).status == 201
    assert (await crm.post("/webhooks", {"url": "https://example.org:65536/h", "events": ["mt.settled"]})).status == 422


@sqlite_only
async def test_a_host_that_the_operator_named(door: Door) -> None:
    crm = await door.client("crm", ALL, callback_hosts=("10.0.0.1",))
    assert (await crm.post("/webhooks", {"url": "http://10.0.0.1/h", "events": ["mt.settled"]})).status == 201


# --- errors and rates ---


@sqlite_only
async def test_every_error_is_a_problem(door: Door) -> None:
    """404 and 405 of the router too, 413, 415; none repeats the address. Outside /api/ all is as it was."""
    crm = await door.client()
    for method, path, status in (
        ("GET", "/api/", 404), ("GET", "/api/v1/0300000101", 404), ("GET", "/api/v2/me", 404), ("GET", "/api/v1/messages/abc", 404),
        ("GET", "/api/v1/messages/x%2Fy", 404), ("GET", "/api/v1/tips/III", 404), ("DELETE", "/api/v1/me", 405),
        ("POST", "/api/openapi.json", 405),
        ("PUT", "/api/v1/messages", 405), ("GET", "/api/v1/webhooks/test", 405), ("POST", "/api/v1/messages", 415),
    ):  # fmt: skip
        reply = await crm.call(method, path)
        assert (reply.status, is_problem(reply)) == (status, True), path
        assert "0300000101" not in str(reply.body)
        assert ("allow" in reply.headers) is (status == 405)
    async with door.session.get(door.url + "/nothing") as plain:
        assert (plain.status, plain.content_type) == (404, "text/plain")


@sqlite_only
async def test_too_many_calls(door: Door) -> None:
    """Counted by client and minute, refused ones too; how many are left stands in every answer."""
    crm, kho = await door.client(scopes=("read",)), await door.client("kho")
    door.now[0] -= door.now[0] % 60_000 - 18_000
    first = await crm.get("/me")
    assert first.headers["ratelimit-policy"] == f'"calls";q={CALLS};w=60'
    assert first.headers["ratelimit"] == f'"calls";r={CALLS - 1};t=42'
    for _ in range(CALLS - 2):
        assert (await crm.get("/tips")).status == 403
    assert (await crm.get("/me")).headers["ratelimit"] == '"calls";r=0;t=42'
    beyond = await crm.get("/me")
    assert (beyond.status, beyond.code, beyond.headers["retry-after"]) == (429, "too-many", "42")
    assert is_problem(beyond)
    assert (await kho.get("/me")).status == 200
    door.now[0] += 42_000
    assert (await crm.get("/me")).status == 200


@sqlite_only
async def test_a_database_that_is_away(door: Door, tmp_path: Path) -> None:
    """503 with Retry-After; the same call with the same key goes through later, once."""
    crm = await door.client()
    with closing(sqlite3.connect(tmp_path / "tinbao.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        held = await crm.send(text(), key="k")
        assert (held.status, held.code, held.headers["retry-after"]) == (503, "unavailable", "5")
        other.execute("ROLLBACK")
    assert (await crm.send(text(), key="k")).status == 202
    assert len((await crm.get("/messages")).body["items"]) == 1
