"""Outside systems as rows: who they are, which MTs they sent, and what their repeatable calls were answered."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Row, bindparam, delete, exists, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert  # its ON CONFLICT compiles and runs on SQLite too; pinned by tests/storage
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.secret import Secret
from gateway.storage.schema import client, client_call, client_mt

SCOPES: Final = ("send", "read", "tips", "webhooks")  # send MTs; see one's own; read tips; set one's webhook
EVENTS: Final = ("tip.received", "mt.settled")


@dataclass(frozen=True, slots=True)
class Client:
    """An outside system that may plug in. `route`: by which all it sends goes, None: routing chooses; `callback_hosts`: private hosts."""

    id: int
    name: str
    commune: str
    scopes: tuple[str, ...]
    route: str | None = None
    mo_url: str | None = field(default=None, repr=False)
    mo_method: str = "GET"
    webhook_url: str | None = field(default=None, repr=False)
    webhook_secret: Secret | None = None
    events: tuple[str, ...] = ()
    callback_hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KnownClient:
    """A client with what it is known by. `secret`: keyed hash; times are epoch ms."""

    client: Client
    secret: bytes = field(repr=False)
    created_at: int
    revoked_at: int | None


@dataclass(frozen=True, slots=True)
class NewClient:
    """One to add. `secret`: keyed hash."""

    name: str
    commune: str
    scopes: tuple[str, ...]
    secret: bytes = field(repr=False)
    route: str | None = None
    mo_url: str | None = field(default=None, repr=False)
    mo_method: str = "GET"
    webhook_url: str | None = field(default=None, repr=False)
    webhook_secret: Secret | None = None
    events: tuple[str, ...] = ()
    callback_hosts: tuple[str, ...] = ()


# --- who is there ---


async def everybody(connection: AsyncConnection) -> list[KnownClient]:
    """All clients, the revoked ones too, by id."""
    return [_known(row) for row in await connection.execute(select(client).order_by(client.c.id))]


async def named(connection: AsyncConnection, name: str) -> KnownClient | None:
    """The client of that name, also a revoked one."""
    row = (await connection.execute(select(client).where(client.c.name == name))).one_or_none()
    return _known(row) if row else None


async def by_id(connection: AsyncConnection, id_: int) -> Client | None:
    """The client of that id; None: there is none, or it was revoked."""
    row = (await connection.execute(select(client).where(client.c.id == id_, client.c.revoked_at.is_(None)))).one_or_none()
    return _known(row).client if row else None


async def are_there(connection: AsyncConnection) -> bool:
    """Whether any client may call."""
    return bool(await connection.scalar(select(exists().where(client.c.revoked_at.is_(None)))))


def _known(row: Row[Any]) -> KnownClient:  # Any: the columns of the table
    secret = Secret(row.webhook_secret) if row.webhook_secret is not None else None
    known = Client(
        row.id, row.name, row.commune, _parts(row.scopes), row.route, row.mo_url, row.mo_method, row.webhook_url, secret,
        _parts(row.events), _parts(row.callback_hosts),
    )  # fmt: skip
    return KnownClient(known, bytes(row.secret), row.created_at, row.revoked_at)


def _parts(joined: str) -> tuple[str, ...]:
    return tuple(filter(None, joined.split(",")))


# --- changes ---


async def add(connection: AsyncConnection, new: NewClient, now: int) -> Client:
    """Store a new client. Ask `named` first, in the same transaction."""
    values = {
        "name": new.name,
        "commune": new.commune,
        "scopes": ",".join(new.scopes),
        "secret": new.secret,
        "route": new.route,
        "mo_url": new.mo_url,
        "mo_method": new.mo_method,
        "callback_hosts": ",".join(new.callback_hosts),
        "created_at": now,
        **_webhook(new.webhook_url, new.webhook_secret, new.events),
    }
    return _known((await connection.execute(insert(client).values(**values).returning(client))).one()).client


async def revoke(connection: AsyncConnection, id_: int, now: int) -> None:
    """From `now` on it may nothing. The row stays: what it sent names it."""
    await connection.execute(update(client).where(client.c.id == id_).values(revoked_at=now))


async def set_webhook(connection: AsyncConnection, id_: int, url: str | None, secret: Secret | None, events: Sequence[str]) -> None:
    """Where the client is told of `events`, and what those calls are signed with; None: nowhere."""
    await connection.execute(update(client).where(client.c.id == id_).values(**_webhook(url, secret, events)))


async def set_addresses(connection: AsyncConnection, id_: int, mo_url: str | None, mo_method: str, callback_hosts: Sequence[str]) -> None:
    """Where its messages are handed on to, and at which private hosts it may be called."""
    values = {"mo_url": mo_url, "mo_method": mo_method, "callback_hosts": ",".join(callback_hosts)}
    await connection.execute(update(client).where(client.c.id == id_).values(**values))


def _webhook(url: str | None, secret: Secret | None, events: Sequence[str]) -> dict[str, str | None]:
    return {"webhook_url": url, "webhook_secret": secret.reveal() if secret else None, "events": ",".join(events)}


# --- which MTs are whose ---


async def own(connection: AsyncConnection, by: Client, mts: Sequence[int]) -> None:
    """From now on `by` may ask for these MTs (ids of new rows)."""
    if mts:
        await connection.execute(insert(client_mt), [{"mt": each, "client": by.id, "commune": by.commune} for each in mts])


# --- repeatable calls ---

_ANSWERED: Final = select(client_call.c.body, client_call.c.answer).where(
    client_call.c.client == bindparam("client_"), client_call.c.key == bindparam("key_")
)


@dataclass(frozen=True, slots=True)
class Answered:
    """What a call was answered. `body`: keyed hash of what was asked; `answer`: JSON."""

    body: bytes = field(repr=False)
    answer: str = field(repr=False)


async def answered(connection: AsyncConnection, by: Client, key: bytes) -> Answered | None:
    """What the call of that key (keyed hash) was answered, if there was one."""
    row = (await connection.execute(_ANSWERED, {"client_": by.id, "key_": key})).one_or_none()
    return Answered(bytes(row.body), row.answer) if row else None


async def begin_call(connection: AsyncConnection, by: Client, key: bytes, told: Answered, now: int) -> Answered | None:
    """Take `key` for this transaction, which `keep_answer` ends; what the call was answered, where it came before.

    On PostgreSQL the second of two at once waits here for the first.
    """
    values = {"client": by.id, "commune": by.commune, "key": key, "body": told.body, "answer": told.answer, "at": now}
    new = await connection.execute(upsert(client_call).values(**values).on_conflict_do_nothing())
    return None if new.rowcount else await answered(connection, by, key)


async def keep_answer(connection: AsyncConnection, by: Client, key: bytes, answer: str) -> None:
    """What the call that was begun is answered, now and for a day."""
    await connection.execute(update(client_call).where(client_call.c.client == by.id, client_call.c.key == key).values(answer=answer))


async def forget_answers(connection: AsyncConnection, before: int) -> int:
    """Drop answers that were given before that moment; returns how many."""
    return (await connection.execute(delete(client_call).where(client_call.c.at < before))).rowcount
