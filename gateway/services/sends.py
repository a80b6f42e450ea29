"""Direct sends: a text to a few numbers at once, opt-outs respected, no more than the route allows without an approved wave."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.caps import DAY_MS
from gateway.domain.fold import nfc
from gateway.domain.msisdn import Msisdn
from gateway.domain.segments import segments_of
from gateway.services import approvals
from gateway.services.refusal import Refusal
from gateway.services.routes import Route
from gateway.storage import outbox
from gateway.storage.database import Database
from gateway.storage.outbox import AT_ONCE, NewMt
from gateway.storage.seal import Keyring


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
    return await database.write(lambda connection: enqueue_in(connection, database.keyring, route, order, now))


async def enqueue_in(connection: AsyncConnection, keyring: Keyring, route: Route, order: Order, now: int) -> Taken:
    """`enqueue` in the caller's transaction, which a Refusal must end."""
    text = nfc(order.text)
    if not text.strip():
        raise Refusal("the text is empty; write it after --text")
    people = {keyring.blind(each.e164, "msisdn"): each for each in order.recipients}
    if unreachable := next((each for each in people.values() if not route.reaches(each)), None):
        raise Refusal(f"route {route.name} does not reach {unreachable}; choose a route whose prefixes admit it")
    stopped = await _stopped(connection, list(people))
    mts = _mts(route, order, text, {person: each for person, each in people.items() if person not in stopped}, now)
    new = await _within_limit(connection, route, mts, now)
    return Taken(new, len(mts) - new, len(stopped), segments_of(text))


async def _within_limit(connection: AsyncConnection, route: Route, mts: Sequence[NewMt], now: int) -> int:
    """Enqueue `mts` if `max_unapproved` admits them; returns how many are new. What went out under its id before takes no room."""
    room = await approvals.unapproved_room(connection, route, now)
    fits = room is None or len(mts) <= route.max_unapproved  # a million rows are not stored to be refused
    new = await outbox.enqueue(connection, mts, now) if fits else len(mts)
    if room is not None and new > room:
        raise Refusal(
            f"route {route.name} takes at most {route.max_unapproved} recipients in 24 hours without an approved wave, "
            f"{route.max_unapproved - room} are used; plan a wave: tinbao wave plan"
        )
    return new


def _mts(route: Route, order: Order, text: str, people: dict[bytes, Msisdn], now: int) -> list[NewMt]:
    segments = segments_of(text)
    return [
        NewMt(ref, each, person, route.name, segments, AT_ONCE, now + DAY_MS, send_id=order.id, body=text)
        for ref, (person, each) in zip(outbox.new_refs(len(people)), people.items(), strict=True)
    ]


async def _stopped(connection: AsyncConnection, people: Sequence[bytes]) -> frozenset[bytes]:
    pages = [await outbox.opted_out(connection, people[start : start + 5_000]) for start in range(0, len(people), 5_000)]
    return frozenset().union(*pages)
