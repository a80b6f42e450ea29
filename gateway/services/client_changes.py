"""A client that stays who it is and is reached elsewhere; and what it was not told, once more. Both noted in the audit log.

Its secrets stay: whoever moves a system to another host need not hand out a password again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.callback_target import fault_of, origin_of
from gateway.domain.secret import Secret
from gateway.services import clients
from gateway.services.clients import EVENTS, Client, Wanted
from gateway.services.refusal import Refusal
from gateway.storage import callbacks
from gateway.storage import clients as rows
from gateway.storage.callbacks import Dead
from gateway.storage.database import Database

PIECE: Final = 500  # calls a transaction


@dataclass(frozen=True, slots=True)
class Changes:
    """What to change of a client. None: as it is; an address "": nowhere; `callback_hosts` and `events` replace those of before."""

    mo_url: str | None = field(default=None, repr=False)
    mo_method: str | None = None
    webhook_url: str | None = field(default=None, repr=False)
    events: tuple[str, ...] | None = None
    callback_hosts: tuple[str, ...] | None = None

    @property
    def names(self) -> list[str]:
        """What is changed, for the audit log: never to what."""
        return [name for name in self.__slots__ if getattr(self, name) is not None]


@dataclass(frozen=True, slots=True)
class Changed:
    """The client as it is now. `webhook_secret`: a new one, where it had no webhook before; it can't be read again."""

    client: Client
    webhook_secret: Secret | None


async def change(database: Database, name: str, changes: Changes, now: int) -> Changed:
    """Change where a client is reached. Raises Refusal."""
    if not changes.names:
        raise Refusal("nothing to change was named; see: tinbao clients set --help")

    async def unit(connection: AsyncConnection) -> Changed:
        before = await clients.standing(connection, name)
        after = _after(before, changes)
        _check(after)
        new = clients.new_secret() if after.webhook_url and before.webhook_secret is None else None
        kept = (new or before.webhook_secret) if after.webhook_url else None
        await rows.set_addresses(connection, before.id, after.mo_url, after.mo_method, after.callback_hosts)
        await rows.set_webhook(connection, before.id, after.webhook_url, kept, after.events)
        await clients.note(connection, "client.set", before, now, changed=changes.names)
        return Changed(replace(after, webhook_secret=kept), new)

    done = await database.write(unit)
    clients.forget_book(database)
    return done


def _after(before: Client, changes: Changes) -> Client:
    webhook = before.webhook_url if changes.webhook_url is None else changes.webhook_url or None
    told = before.events if changes.events is None else tuple(event for event in EVENTS if event in changes.events)
    if changes.events is not None:
        clients.known_words("event", changes.events, EVENTS)
        if webhook is None:
            raise Refusal(f"{before.name} has no webhook to be told by; name its address too: --webhook URL")
    return replace(
        before,
        mo_url=before.mo_url if changes.mo_url is None else changes.mo_url or None,
        mo_method=changes.mo_method or before.mo_method,
        webhook_url=webhook,
        events=(told or EVENTS) if webhook else (),
        callback_hosts=before.callback_hosts if changes.callback_hosts is None else tuple(filter(None, changes.callback_hosts)),
    )


def _check(after: Client) -> None:
    clients.check(
        Wanted(
            after.name, after.commune, after.scopes, after.route, after.mo_url, after.mo_method, after.webhook_url, after.events,
            after.callback_hosts,
        )
    )  # fmt: skip


# --- once more ---


@dataclass(frozen=True, slots=True)
class Retried:
    """`again`: calls that are due now; `faulty`: their address can't be called; `gone`: what they held is no longer there."""

    again: int
    faulty: int
    gone: int


async def retry(database: Database, name: str, now: int, piece: int = PIECE) -> Retried:
    """Try what was given up for three days more, a client's events at the address it has now. Raises Refusal."""

    async def begun(connection: AsyncConnection) -> Client:
        client = await clients.standing(connection, name)
        await clients.note(connection, "client.retry", client, now)
        return client

    client, after = await database.write(begun), 0
    again = faulty = gone = 0
    while True:
        dead, due = await database.write(lambda connection: _revived(connection, database, client, after, piece, now))  # noqa: B023
        again, gone = again + due, gone + sum(each.url is None for each in dead)
        faulty += sum(each.url is not None for each in dead) - due
        if len(dead) < piece:
            return Retried(again, faulty, gone)
        after = dead[-1].id


async def _revived(
    connection: AsyncConnection, database: Database, client: Client, after: int, piece: int, now: int
) -> tuple[list[Dead], int]:
    """The next dead calls, and how many of them are due now."""
    dead = await callbacks.given_up(connection, client.id, after, piece)
    targets = _targets(database, client, dead)
    await callbacks.revive(connection, targets, now)
    return dead, len(targets)


def _targets(database: Database, client: Client, dead: Sequence[Dead]) -> list[tuple[int, str]]:
    """Where those of `dead` go that can go somewhere: (id, keyed hash)."""
    urls = [(each.id, (client.webhook_url or "") if each.kind == "event" else each.url) for each in dead if each.url is not None]
    good = [(id_, url) for id_, url in urls if fault_of(url, client.callback_hosts) is None]
    return [(id_, database.keyring.blind(origin_of(url), "callback.target").hex()) for id_, url in good]
