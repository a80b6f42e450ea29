"""Direct sends: a text to a few numbers at once, opt-outs respected, no more than the route allows without an approved wave."""

import secrets
from base64 import b32encode
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.fold import nfc
from gateway.domain.msisdn import Msisdn
from gateway.domain.segments import segments_of
from gateway.services.refusal import Refusal
from gateway.services.routes import Route
from gateway.storage import outbox
from gateway.storage.database import Database
from gateway.storage.outbox import NewMt

DAY_MS = 24 * 3_600_000


def new_ref() -> str:
    """A name for an MT that no one can guess: it comes back in DLRs. 80 random bits as 16 characters A-Z2-7."""
    return b32encode(secrets.token_bytes(10)).decode()


@dataclass(frozen=True, slots=True)
class Order:
    """What to send. The same `id` to the same person goes out once."""

    id: str
    recipients: tuple[Msisdn, ...] = field(repr=False)
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Taken:
    """`accepted`: new in the outbox; `again`: had been sent under this id; `opted_out`: said stop."""

    accepted: int
    again: int
    opted_out: int
    segments: int


async def enqueue(database: Database, route: Route, order: Order, now: int) -> Taken:
    """Put `order` into the outbox in one transaction. Raises Refusal."""
    text = nfc(order.text)
    if not text.strip():
        raise Refusal("the text is empty; write it after --text")
    people = {database.keyring.blind(each.e164, "msisdn"): each for each in order.recipients}
    unreachable = [each for each in people.values() if not route.reaches(each)]
    if unreachable:
        raise Refusal(f"route {route.name} does not reach {unreachable[0]}; choose a route whose prefixes admit it")

    async def unit(connection: AsyncConnection) -> Taken:
        stopped = await _stopped(connection, list(people))
        mts = _mts(route, order, text, {person: each for person, each in people.items() if person not in stopped}, now)
        await _mind_the_limit(connection, route, len(mts), now)
        new = await outbox.enqueue(connection, mts, now)
        return Taken(new, len(mts) - new, len(stopped), segments_of(text))

    return await database.write(unit)


def _mts(route: Route, order: Order, text: str, people: dict[bytes, Msisdn], now: int) -> list[NewMt]:
    segments = segments_of(text)
    return [
        NewMt(new_ref(), each, person, route.name, segments, now, now + DAY_MS, send_id=order.id, body=text)
        for person, each in people.items()
    ]


async def _stopped(connection: AsyncConnection, people: Sequence[bytes]) -> frozenset[bytes]:
    pages = [await outbox.opted_out(connection, people[start : start + 5_000]) for start in range(0, len(people), 5_000)]
    return frozenset().union(*pages)


async def _mind_the_limit(connection: AsyncConnection, route: Route, count: int, now: int) -> None:
    """`max_unapproved` binds this door too: what it sent in 24 hours counts, or many small sends would make a wave."""
    if not route.max_unapproved:
        return
    before = await outbox.sent_directly(connection, route.name, now - DAY_MS)
    if before + count > route.max_unapproved:
        raise Refusal(
            f"route {route.name} takes at most {route.max_unapproved} recipients in 24 hours without an approved wave, {before} are used; "
            "plan a wave: tinbao wave plan"
        )
