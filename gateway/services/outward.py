"""What an outside system is told: one call as a value, put into the queue inside the unit of what it tells of."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from weakref import WeakKeyDictionary

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.callback_target import fault_of, origin_of
from gateway.storage import callbacks as rows
from gateway.storage.clients import Client
from gateway.storage.database import Database
from gateway.storage.seal import Keyring

Kind = Literal["dlr", "mo", "event"]


# --- who listens ---

_listening: Final[WeakKeyDictionary[Database, tuple[Client, ...]]] = WeakKeyDictionary()  # tuples, replaced whole: units read them


def listening(database: Database) -> tuple[Client, ...]:
    """The outside systems of `database` as this process knows them, at most 5 s old; none where nobody makes calls. Costs no statement."""
    return _listening.get(database, ())


def listen(database: Database, clients: Sequence[Client]) -> None:
    """From now on these are the ones."""
    _listening[database] = tuple(clients)


# --- calls ---


@dataclass(frozen=True, slots=True)
class Callback:
    """One call. `key`: what it tells of, within its client; `bidx`: of the person it tells of, so that erasing finds it."""

    client: Client
    kind: Kind
    method: str
    url: str = field(repr=False)
    key: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: str = field(default="", repr=False)
    bidx: bytes | None = None


async def queue(connection: AsyncConnection, *callbacks: Callback, now: int) -> None:
    """Queue calls; the same thing twice is queued once. One whose address can't be called is queued dead, and the doctor names it."""
    keyring: Keyring = connection.dialect.keyring  # type: ignore[attr-defined] # set where the engine is made
    await rows.add(connection, [_new(keyring, each) for each in callbacks], now)


def _new(keyring: Keyring, each: Callback) -> rows.NewCall:
    why = fault_of(each.url, each.client.callback_hosts)
    target = "" if why else keyring.blind(origin_of(each.url), "callback.target").hex()
    return rows.NewCall(
        each.client.id, each.client.commune, each.kind, each.key, target, each.method, each.url, json.dumps(dict(each.headers)), each.body,
        each.bidx, why,
    )  # fmt: skip


def event(client: Client, name: str, key: str, at: int, data: Mapping[str, Any]) -> Callback:  # Any: JSON
    """A webhook's call: `{"id", "event", "at", "data"}`, no number and no words of an informant in it. It is signed when it is made."""
    body = json.dumps({"id": key, "event": name, "at": at, "data": dict(data)}, ensure_ascii=False)
    return Callback(client, "event", "POST", client.webhook_url or "", key, {"Content-Type": "application/json"}, body)
