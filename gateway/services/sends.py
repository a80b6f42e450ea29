"""Direct sends: a text to a few numbers at once, opt-outs respected, no more than the route allows without an approved wave."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.caps import DAY_MS
from gateway.domain.fold import nfc
from gateway.domain.msisdn import Msisdn
from gateway.domain.segments import segments_of
from gateway.services import approvals
from gateway.services.refusal import Refusal
from gateway.services.routes import Route
from gateway.services.routing import Part, around, must_choose
from gateway.storage import outbox
from gateway.storage.database import Database
from gateway.storage.outbox import AT_ONCE, NewMt
from gateway.storage.seal import Keyring


@dataclass(frozen=True, slots=True)
class Order:
    """What to send. The same `id` to the same person goes out once. `operators`: whose numbers they are, where a look-up said so."""

    id: str
    recipients: tuple[Msisdn, ...] = field(repr=False)
    text: str = field(repr=False)
    operators: Mapping[Msisdn, str] = field(default_factory=dict, repr=False)


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


async def enqueue_by_choice(database: Database, routes: Sequence[Route], order: Order, now: int) -> tuple[Taken, tuple[Part, ...]]:
    """Put `order` into the outbox in one transaction, each number by the route that services/routing.py chooses, and tell which.

    Raises Refusal: then nothing of it is stored.
    """
    async with database.read() as connection:
        seen = await around(connection, database.keyring, database.operators, order.recipients, now)
    parts = must_choose(routes, order.recipients, order.text, seen)
    told = {number: each.operator for number, each in seen.whose.items() if each.by == "look-up"}
    orders = [(part.route, replace(order, recipients=part.numbers, operators=told)) for part in parts]

    async def unit(connection: AsyncConnection) -> list[Taken]:
        return [await enqueue_in(connection, database.keyring, route, each, now) for route, each in orders]

    return _sum_of(await database.write(unit)), parts


def _sum_of(taken: Sequence[Taken]) -> Taken:
    """All of them as one; they have the same text."""
    segments = taken[0].segments if taken else 0
    return Taken(sum(each.accepted for each in taken), sum(each.again for each in taken), sum(each.opted_out for each in taken), segments)


async def enqueue_in(connection: AsyncConnection, keyring: Keyring, route: Route, order: Order, now: int) -> Taken:
    """`enqueue` in the caller's transaction, which a Refusal must end."""
    text = nfc(order.text)
    if not text.strip():
        raise Refusal("the text is empty; write it after --text")
    people = {keyring.blind(each.e164, "msisdn"): each for each in order.recipients}
    if unreachable := next((each for each in people.values() if not route.reaches(each)), None):
        raise Refusal(f"route {route.name} does not reach {unreachable}; choose a route whose prefixes admit it")
    unwilling = await stopped(connection, list(people))
    mts = _mts(route, order, text, {person: each for person, each in people.items() if person not in unwilling}, now)
    new = await _within_limit(connection, route, mts, now)
    return Taken(new, len(mts) - new, len(unwilling), segments_of(text))


async def _within_limit(connection: AsyncConnection, route: Route, mts: Sequence[NewMt], now: int) -> int:
    """Enqueue `mts` if `max_unapproved` admits them; returns how many are new. What went out under its id before takes no room."""
    room = await approvals.unapproved_room(connection, route, now)
    fits = room is None or len(mts) <= route.max_unapproved  # a million rows are not stored to be refused
    new = await outbox.enqueue(connection, mts, now) if fits else len(mts)
    if room is not None and new > room:
        raise Refusal(no_room(route, room))
    return new


def no_room(route: Route, room: int) -> str:
    """Why no more may go by `route` without approval today, of which `room` recipients are left."""
    return (
        f"route {route.name} takes at most {route.max_unapproved} recipients in 24 hours without an approved wave, "
        f"{route.max_unapproved - room} are used; plan a wave: tinbao wave plan"
    )


def _mts(route: Route, order: Order, text: str, people: dict[bytes, Msisdn], now: int) -> list[NewMt]:
    segments = segments_of(text)
    return [
        NewMt(
            ref, each, person, route.name, segments, AT_ONCE, now + DAY_MS, send_id=order.id, body=text, operator=order.operators.get(each)
        )
        for ref, (person, each) in zip(outbox.new_refs(len(people)), people.items(), strict=True)
    ]


async def stopped(connection: AsyncConnection, people: Sequence[bytes]) -> frozenset[bytes]:
    """Those of `people` (blind indexes) who said stop or are blocked; any number of them."""
    pages = [await outbox.opted_out(connection, people[start : start + 5_000]) for start in range(0, len(people), 5_000)]
    return frozenset().union(*pages)
