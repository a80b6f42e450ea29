"""What outside systems send over REST: once for each Idempotency-Key, however often the call comes (a day long)."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.caps import DAY_MS
from gateway.services import door_sends
from gateway.services.door_sends import Outside, Taken
from gateway.services.refusal import Refusal
from gateway.services.routes import Route
from gateway.storage import clients
from gateway.storage.clients import Answered, Client
from gateway.storage.database import Database

KEPT_MS: Final = DAY_MS  # how long a key is remembered


class KeyReused(Exception):
    """The Idempotency-Key came with another body before."""


@dataclass(frozen=True, slots=True)
class Keyed:
    """The key of a call, and the call's body as it came."""

    key: str = field(repr=False)
    body: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one message: `ref` and `segments` of its MT, or why it was refused. `again`: it was there before."""

    ref: str | None = None
    route: str | None = None
    segments: int | None = None
    again: bool = False
    refused: str | None = None


async def send(
    database: Database, routes: Sequence[Route], client: Client, messages: Sequence[Outside], keyed: Keyed | None, now: int
) -> tuple[Outcome, ...]:
    """Put `messages` into the outbox, an outcome for each. With a key the same call gets the same answer, stored with the MTs.

    Raises KeyReused.
    """

    async def enqueue(connection: AsyncConnection) -> tuple[Outcome, ...]:
        return tuple(map(_outcome, await door_sends.enqueue_in(connection, database.keyring, routes, client, messages, now)))

    if keyed is None:
        return await database.write(enqueue)
    blind: Callable[[str, str], bytes] = database.keyring.blind
    key, body = blind(keyed.key, "client.key"), blind(keyed.body, "client.body")

    async def unit(connection: AsyncConnection) -> tuple[Outcome, ...]:
        await clients.forget_answers(connection, now - KEPT_MS)
        if before := await clients.begin_call(connection, client, key, Answered(body, ""), now):
            return _again(before, body)
        made = await enqueue(connection)
        await clients.keep_answer(connection, client, key, _written(made))
        return made

    return await database.write(unit)


def _outcome(each: Taken | Refusal) -> Outcome:
    if isinstance(each, Refusal):
        return Outcome(refused=str(each))
    return Outcome(each.ref, each.route, each.segments, each.again)


def _written(made: Sequence[Outcome]) -> str:
    return json.dumps([[each.ref, each.route, each.segments, each.again, each.refused] for each in made], ensure_ascii=False)


def _again(before: Answered, body: bytes) -> tuple[Outcome, ...]:
    if before.body != body:
        raise KeyReused
    return tuple(Outcome(*each) for each in json.loads(before.answer))
