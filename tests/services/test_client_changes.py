"""A client is reached elsewhere and keeps its secrets; what it was not told is told once more."""

import json

import pytest
from sqlalchemy import select, update

from gateway.domain.secret import Secret
from gateway.services import clients
from gateway.services.callbacks import GIVE_UP_MS, Callback, queue
from gateway.services.client_changes import Changes, Retried, change, retry
from gateway.services.clients import Wanted
from gateway.services.refusal import Refusal
from gateway.storage import erasing
from gateway.storage.database import Database
from gateway.storage.inbox import person
from gateway.storage.schema import audit, callback
from tests.services.outside_rows import HOST, Clock, a_client, calling, calls, rounds, theirs
from tests.services.people import ALICE, NOW

HOOK = "https://crm.example/hush"
WANTED = Wanted("crm", "06577", ("tips", "webhooks"), mo_url="https://crm.example/mo?p=hush", webhook_url=HOOK, events=("tip.received",))


async def noted(database: Database) -> list[tuple[str, dict[str, object]]]:
    async with database.read() as connection:
        return [(row.action, json.loads(row.detail)) for row in await connection.execute(select(audit).order_by(audit.c.id))]


async def test_everything_else_stays(database: Database) -> None:
    """Its own secret, what its calls are signed with, its events; noted by what was changed, not to what."""
    added = await clients.add(database, WANTED, NOW)
    done = await change(database, "crm", Changes(webhook_url="https://new.example/hush"), NOW)
    assert done.webhook_secret is None
    found = await clients.authenticated(database, "crm", added.secret, NOW)
    assert found is not None
    assert (found.webhook_url, found.mo_url, found.events) == ("https://new.example/hush", WANTED.mo_url, ("tip.received",))
    assert found.webhook_secret is not None
    assert added.webhook_secret is not None
    assert found.webhook_secret.reveal() == added.webhook_secret.reveal()
    assert (await noted(database))[1:] == [
        ("client.set", {"name": "crm", "scopes": ["tips", "webhooks"], "changed": ["webhook_url"]}),
    ]
    assert not [detail for _, detail in await noted(database) if "hush" in json.dumps(detail)]


async def test_a_webhook_comes_and_goes(database: Database) -> None:
    """A first one gets a secret; "" ends it, with its events; a later one gets another."""
    await clients.add(database, Wanted("crm", "06577", ("webhooks",)), NOW)
    first = await change(database, "crm", Changes(webhook_url=HOOK), NOW)
    assert isinstance(first.webhook_secret, Secret)
    assert first.client.events == clients.EVENTS
    none = await change(database, "crm", Changes(webhook_url=""), NOW)
    assert (none.client.webhook_url, none.client.webhook_secret, none.client.events) == (None, None, ())
    second = await change(database, "crm", Changes(webhook_url=HOOK, events=("mt.settled",)), NOW)
    assert second.client.events == ("mt.settled",)
    assert second.webhook_secret is not None
    assert second.webhook_secret.reveal() != first.webhook_secret.reveal()


async def test_where_messages_go(database: Database) -> None:
    """Address, method and private hosts, at once or one by one."""
    await clients.add(database, WANTED, NOW)
    inside = Changes(mo_url="http://crm.noibo/mo", mo_method="POST", callback_hosts=("crm.noibo",))
    done = await change(database, "crm", inside, NOW)
    assert (done.client.mo_url, done.client.mo_method, done.client.callback_hosts) == ("http://crm.noibo/mo", "POST", ("crm.noibo",))
    done = await change(database, "crm", Changes(mo_url="", callback_hosts=("",)), NOW)
    assert (done.client.mo_url, done.client.callback_hosts) == (None, ())


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        (Changes(), "nothing to change"),
        (Changes(mo_url="ftp://crm.example/"), "http"),
        (Changes(webhook_url="http://10.0.0.1/hush"), "private|inside|--callback-host"),
        (Changes(mo_method="PUT"), "GET or POST"),
        (Changes(events=("all",)), "is no event"),
        (Changes(callback_hosts=("HTTP://X",)), "small letters"),
        (Changes(webhook_url="", events=("mt.settled",)), "has no webhook"),
    ],
)
async def test_what_no_client_can_be_is_refused(database: Database, changes: Changes, why: str) -> None:
    """And nothing is changed, nothing noted, no address in the sentence."""
    await clients.add(database, WANTED, NOW)
    with pytest.raises(Refusal, match=why) as refused:
        await change(database, "crm", changes, NOW)
    assert "hush" not in str(refused.value)
    assert len(await noted(database)) == 1


async def test_nobody_and_somebody_revoked(database: Database) -> None:
    await clients.add(database, WANTED, NOW)
    await clients.revoke(database, "crm", NOW)
    for name, why in (("crm", "revoked already"), ("erp", "no client erp")):
        with pytest.raises(Refusal, match=why):
            await change(database, name, Changes(mo_url=HOOK), NOW)
        with pytest.raises(Refusal, match=why):
            await retry(database, name, NOW)


# --- once more ---


async def given_up(database: Database, *told: Callback) -> None:
    """These calls, dead after three days."""
    await database.write(lambda connection: queue(connection, *told, now=NOW))
    dead = update(callback).values(state="dead", attempts=70, ended_at=NOW + GIVE_UP_MS, why="no connection")
    await database.write(lambda connection: connection.execute(dead))


async def test_what_was_given_up_arrives_after_all(database: Database) -> None:
    """An event at the address of now, a report at its own; once each, and the three days begin anew."""
    clock = Clock(NOW + GIVE_UP_MS)
    async with theirs() as server, calling(database, clock) as made:
        client = await a_client(database, webhook_url="http://127.0.0.1:9/gone")
        event = Callback(client, "event", "POST", "http://127.0.0.1:9/gone", "tip:1", {"Content-Type": "application/json"}, '{"id": 1}')
        await given_up(database, event, Callback(client, "dlr", "GET", f"{server.url}/dlr?n=1", "dlr:1"))
        await change(database, "crm", Changes(webhook_url=f"{server.url}/hook"), clock.now)
        assert await retry(database, "crm", clock.now, piece=1) == Retried(2, 0, 0)
        await rounds(made, clock)
        assert sorted((path, body) for _, path, _, body in server.seen) == [("/dlr?n=1", ""), ("/hook", '{"id": 1}')]
        assert [(row.state, row.url, row.attempts) for row in await calls(database)] == [("done", None, 1)] * 2
        assert await retry(database, "crm", clock.now) == Retried(0, 0, 0)


async def test_a_retried_call_has_three_days_again(database: Database) -> None:
    """A server that is still silent is called again after ten seconds, and not given up at once."""
    clock = Clock(NOW + GIVE_UP_MS)
    async with calling(database, clock) as made:
        client = await a_client(database)
        await given_up(database, Callback(client, "dlr", "GET", f"http://{HOST}:9/a", "dlr:1"))
        await retry(database, "crm", clock.now)
        await rounds(made, clock)
    (row,) = await calls(database)
    assert (row.state, row.due_at, row.url) == ("waiting", clock.now + 10_000, f"http://{HOST}:9/a")


async def test_what_cannot_be_told_stays_given_up(database: Database) -> None:
    """An address that leads nowhere; words that were erased with their person, or before calls kept them. Others' calls too."""
    client, other = await a_client(database), await a_client(database, "erp")
    await given_up(
        database,
        Callback(client, "dlr", "GET", "ftp://crm.example/", "faulty"),
        Callback(client, "event", "POST", "https://crm.example/", "nowhere"),
        Callback(client, "mo", "GET", "https://crm.example/a", "gone"),
        Callback(other, "mo", "GET", "https://crm.example/a", "of-another"),
    )
    await database.write(lambda connection: connection.execute(update(callback).where(callback.c.key == "gone").values(url=None)))
    assert await retry(database, "crm", NOW) == Retried(0, 2, 1)
    assert {row.state for row in await calls(database)} == {"dead"}


async def test_what_was_given_up_is_erased_with_its_person(database: Database) -> None:
    """Kept for thirty days, but for nobody who asked to be forgotten."""
    client, bidx = await a_client(database), person(database.keyring, ALICE)
    await given_up(database, Callback(client, "mo", "GET", f"https://crm.example/?from={ALICE}", "mo:1", body="xin chao", bidx=bidx))
    await database.write(lambda connection: erasing.take_out(connection, erasing.Belongings(bidx)))
    assert [(row.url, row.headers, row.body) for row in await calls(database)] == [(None, None, None)]
    assert await retry(database, "crm", NOW) == Retried(0, 0, 1)


async def test_a_host_that_is_named_now_makes_a_call_possible(database: Database) -> None:
    """It was queued dead, with what it tells."""
    client = await a_client(database, callback_hosts=())
    await database.write(lambda connection: queue(connection, Callback(client, "dlr", "GET", "http://10.0.0.7/a", "a"), now=NOW))
    assert await retry(database, "crm", NOW) == Retried(0, 1, 0)
    await change(database, "crm", Changes(callback_hosts=("10.0.0.7",)), NOW)
    assert await retry(database, "crm", NOW) == Retried(1, 0, 0)
    assert [(row.state, row.url) for row in await calls(database)] == [("waiting", "http://10.0.0.7/a")]


def test_no_address_in_a_repr() -> None:
    assert "hush" not in repr(Changes(mo_url=HOOK, webhook_url=HOOK))
