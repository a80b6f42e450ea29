"""Outside systems: known by name and secret, in equal time, and no longer than five seconds after a revoke."""

import pytest

from gateway.domain.secret import Secret
from gateway.services import clients
from gateway.services.clients import KNOWN_MS, Wanted
from gateway.services.refusal import Refusal
from gateway.storage import audit
from gateway.storage import clients as rows
from gateway.storage.audit import Wanted as Which
from gateway.storage.database import Database
from gateway.storage.seal import Keyring

NOW = 1_800_000_000_000
CRM = Wanted("crm", "06316", ("read", "send"))


async def test_add_and_know(database: Database) -> None:
    """The secret opens, by itself and as a bearer token; another one, or another name, does not."""
    added = await clients.add(database, CRM, NOW)
    found = await clients.authenticated(database, "crm", added.secret, NOW)
    assert found == added.client
    assert found is not None
    assert found.scopes == ("send", "read")
    assert await clients.by_token(database, added.token, NOW) == added.client
    assert await clients.authenticated(database, "crm", Secret("no"), NOW) is None
    assert await clients.authenticated(database, "crm", Secret(""), NOW) is None
    assert await clients.authenticated(database, "mrc", added.secret, NOW) is None
    for token in ("", "crm", "crm.", ".", f"{added.secret.reveal()}", f"crm.{added.secret.reveal()}x"):
        assert await clients.by_token(database, Secret(token), NOW) is None


async def test_no_secret_is_kept_or_shown(database: Database) -> None:
    """The row holds a keyed hash; what is passed about shows nothing."""
    wanted = Wanted("crm", "06316", ("send",), mo_url="http://a.example/?password=hushhush", webhook_url="https://b.example/hushhush")
    added = await clients.add(database, wanted, NOW)
    assert added.webhook_secret is not None
    [known] = await clients.everybody(database)
    assert known.secret != added.secret.reveal().encode()
    assert len(known.secret) == 32
    shown = f"{wanted!r} {added!r} {known!r} {added.client!r}"
    for secret in (added.secret.reveal(), added.webhook_secret.reveal(), "hushhush", repr(known.secret)):
        assert secret not in shown


async def test_a_revoke_takes_effect(database: Database) -> None:
    """At once in the process that revoked it; within five seconds in one that read the list before."""
    added = await clients.add(database, CRM, NOW)
    assert await clients.authenticated(database, "crm", added.secret, NOW) is not None
    await database.write(lambda connection: rows.revoke(connection, added.client.id, NOW))  # as another process does
    assert await clients.authenticated(database, "crm", added.secret, NOW + KNOWN_MS - 1) is not None
    assert await clients.authenticated(database, "crm", added.secret, NOW + KNOWN_MS) is None
    other = await clients.add(database, Wanted("kho", "06316", ("send",)), NOW)
    assert await clients.authenticated(database, "kho", other.secret, NOW) is not None
    await clients.revoke(database, "kho", NOW)
    assert await clients.authenticated(database, "kho", other.secret, NOW) is None
    with pytest.raises(Refusal, match="already"):
        await clients.revoke(database, "kho", NOW)
    with pytest.raises(Refusal, match="clients list"):
        await clients.revoke(database, "nobody", NOW)


async def test_a_clock_put_back_reads_again(database: Database) -> None:
    """What was read in the future is no reason to believe it for longer."""
    added = await clients.add(database, CRM, NOW)
    assert await clients.authenticated(database, "crm", added.secret, NOW + 10**9) is not None
    await database.write(lambda connection: rows.revoke(connection, added.client.id, NOW))
    assert await clients.authenticated(database, "crm", added.secret, NOW) is None


async def test_any_clients(database: Database) -> None:
    """A revoked one is none."""
    assert not await clients.any_clients(database)
    assert not await clients.any_clients(database, NOW)
    await clients.add(database, CRM, NOW)
    assert await clients.any_clients(database)
    assert await clients.any_clients(database, NOW)
    await clients.revoke(database, "crm", NOW)
    assert not await clients.any_clients(database)
    assert not await clients.any_clients(database, NOW)


async def test_each_change_is_noted(database: Database) -> None:
    """Whom it was about, with no secret and no address."""
    added = await clients.add(database, CRM, NOW)
    await clients.set_webhook(database, added.client, "https://a.example/hushhush", ("mt.settled",), NOW)
    await clients.revoke(database, "crm", NOW)
    async with database.read() as connection:
        noted = await audit.wanted(connection, Which(action="client."), 9)
        assert (await audit.prove(connection)).broken is None
    assert [each.action for each in noted] == ["client.revoke", "client.webhook", "client.add"]
    assert {each.object for each in noted} == {f"client:{added.client.id}"}
    assert {each.commune for each in noted} == {"06316"}
    assert "hushhush" not in repr([each.detail for each in noted])


async def test_a_webhook_is_set_and_taken_away(database: Database) -> None:
    """Each time with a secret of its own."""
    added = await clients.add(database, CRM, NOW)
    first = await clients.set_webhook(database, added.client, "https://a.example/h", ("mt.settled", "tip.received"), NOW)
    second = await clients.set_webhook(database, added.client, "https://a.example/h", ("mt.settled",), NOW)
    assert first is not None
    assert second is not None
    assert first != second
    found = await clients.authenticated(database, "crm", added.secret, NOW)
    assert found is not None
    assert (found.webhook_url, found.webhook_secret, found.events) == ("https://a.example/h", second, ("mt.settled",))
    assert await clients.set_webhook(database, added.client, None, ("mt.settled",), NOW) is None
    found = await clients.authenticated(database, "crm", added.secret, NOW)
    assert found is not None
    assert (found.webhook_url, found.webhook_secret, found.events) == (None, None, ())


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        (Wanted("", "06316", ("send",)), "name"),
        (Wanted("CRM", "06316", ("send",)), "name"),
        (Wanted("a.b", "06316", ("send",)), "name"),  # the dot ends the name in a token
        (Wanted("-a", "06316", ("send",)), "name"),
        (Wanted("a" * 41, "06316", ("send",)), "name"),
        (Wanted("crm", "06316", ()), "needs a scope"),
        (Wanted("crm", "06316", ("root",)), "no scope"),
        (Wanted("crm", "06316", ("send",), events=("tip.read",)), "no event"),
        (Wanted("crm", "06316", ("send",), mo_method="PUT"), "GET or POST"),
        (Wanted("crm", "06316", ("send",), callback_hosts=("http://a",)), "callback host"),
        (Wanted("crm", "06316", ("send",), callback_hosts=("a,b",)), "callback host"),
        (Wanted("crm", "06316", ("send",), mo_url="ftp://a/"), "begins with http"),
        (Wanted("crm", "06316", ("send",), mo_url="http://"), "begins with http"),
        (Wanted("crm", "06316", ("send",), mo_url="http://u:p@a/"), "no user name"),
        (Wanted("crm", "06316", ("send",), webhook_url="http://a/ b"), "blank"),
        (Wanted("crm", "06316", ("send",), webhook_url="http://a/\r\nX: y"), "blank"),
        (Wanted("crm", "06316", ("send",), webhook_url="http://[::1/"), "begins with http"),
        (Wanted("crm", "06316", ("send",), webhook_url="http://a:99999/"), "begins with http"),
        (Wanted("crm", "06316", ("send",), webhook_url="http://127.0.0.1/"), "private network"),
        (Wanted("crm", "06316", ("send",), mo_url="http://10.0.0.7/", callback_hosts=("10.0.0.8",)), "private network"),
    ],
)
@pytest.mark.parametrize("engine_name", ["sqlite"])
async def test_refused(database: Database, wanted: Wanted, why: str) -> None:
    with pytest.raises(Refusal, match=why):
        await clients.add(database, wanted, NOW)
    assert await clients.everybody(database) == []


async def test_one_name_one_client(database: Database) -> None:
    """A revoked one keeps its name: what it sent bears it."""
    await clients.add(database, CRM, NOW)
    await clients.revoke(database, "crm", NOW)
    with pytest.raises(Refusal, match="take another name"):
        await clients.add(database, CRM, NOW)


async def test_answers_are_kept_by_client(database: Database, keyring: Keyring) -> None:
    """One client's key is nothing to another; old answers go."""
    one, two = [await clients.add(database, Wanted(name, "06316", ("send",)), NOW) for name in ("one", "two")]
    begun = rows.Answered(keyring.blind("{}", "client.body"), "")
    key = keyring.blind("k", "client.key")

    async def call(by: rows.Client) -> rows.Answered | None:
        return await database.write(lambda connection: rows.begin_call(connection, by, key, begun, NOW))

    assert await call(one.client) is None
    await database.write(lambda connection: rows.keep_answer(connection, one.client, key, "[]"))
    assert await call(one.client) == rows.Answered(begun.body, "[]")
    assert await call(two.client) is None
    assert await database.write(lambda connection: rows.forget_answers(connection, NOW)) == 0
    assert await database.write(lambda connection: rows.forget_answers(connection, NOW + 1)) == 2
