"""MTs that wait for a route and go by another, because an operator says so: a held route can stay so for days.

Only what was never written moves: an MT that a carrier has seen, or may have, goes again by its own route or not at all. What was approved
stays approved: a wave's MTs move to routes of its approved list alone, and within its cost.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.cost import cost_vnd, vnd
from gateway.domain.wave import WaveState
from gateway.services import approvals
from gateway.services.refusal import Refusal
from gateway.services.routes import Route, route_named
from gateway.services.routing import Around, Chooser, around
from gateway.services.sends import no_room
from gateway.services.texts import render
from gateway.storage import approvals as approval_rows
from gateway.storage import audit, moving, standing, waves
from gateway.storage.database import Database
from gateway.storage.moving import Place, Waiting
from gateway.storage.outbox import PRIORITY
from gateway.storage.schema import NO_WAVE
from gateway.storage.waves import Wave

PIECE: Final = 500  # MTs a transaction: hooks and dispatchers wait for it some tens of ms
_START: Final = (-1, -1)


@dataclass(frozen=True, slots=True)
class Moved:
    """`moved` MTs go by the other route from now on. `stay`: how many don't, by reason; `uncertain`: nobody knows whether they left."""

    moved: int
    stay: Mapping[str, int]
    uncertain: int


@dataclass(slots=True)
class _Move:
    """A move under way."""

    database: Database
    routes: Sequence[Route]
    origin: str
    to: Route
    now: int
    piece: int
    moved: int = 0
    stay: Counter[str] = field(default_factory=Counter)


async def move(database: Database, routes: Sequence[Route], origin: str, to: str, now: int, piece: int = PIECE) -> Moved:
    """Move what waits for `origin`, enabled or not, to the enabled route `to`, piece by piece; stopped half-way, it goes on next time.

    Noted. Raises Refusal: nothing can move at all.
    """
    target = _target(routes, origin, to)
    async with database.read() as connection:
        uncertain = sum(each.count for each in await standing.uncertain(connection) if each.route == origin)
        places = await moving.places(connection, origin)
        conditions = await standing.route_rows(connection)
    if waits := Around(conditions=conditions, now=now).waits(to):
        raise Refusal(f"route {to} is {waits} itself; put that right first: tinbao routes list")
    under_way = _Move(database, routes, origin, target, now, piece)
    if any(place.unwritten for place in places):
        await database.write(lambda connection: _note(connection, origin, to, places, now))
    for place in places:
        await _move_place(under_way, place)
    return Moved(under_way.moved, under_way.stay, uncertain)


def _target(routes: Sequence[Route], origin: str, to: str) -> Route:
    target = route_named(routes, to)
    if origin == to:
        raise Refusal(f"{to} is the route they wait for already; name another")
    source = next((route for route in routes if route.name == origin), None)
    if target.rehearsal and not (source and source.rehearsal):
        raise Refusal(f"route {to} leads to no subscriber; name one that does")
    return target


async def _note(connection: AsyncConnection, origin: str, to: str, places: Sequence[Place], now: int) -> None:
    detail = {"to": to, "waiting": sum(place.unwritten for place in places)}
    await audit.note(connection, audit.Entry(None, "route.move", f"route:{origin}", detail), now)


# --- a place ---


async def _move_place(under_way: _Move, place: Place) -> None:
    if place.written:
        under_way.stay[f"a carrier has seen them before: they go by {under_way.origin} alone"] += place.written
    if not place.unwritten:
        return
    wave, why = await under_way.database.write(lambda connection: _covered(connection, under_way, place))
    if why:
        under_way.stay[why] += place.unwritten
        return
    after: tuple[int, int] | None = _START
    while after is not None:
        after = await _piece(under_way, place, wave, after)


async def _piece(under_way: _Move, place: Place, wave: Wave | None, after: tuple[int, int]) -> tuple[int, int] | None:
    """Move one piece of `place`; where the next one begins, None: there is none."""

    async def unit(connection: AsyncConnection) -> tuple[int, Counter[str], tuple[int, int] | None]:
        stay = Counter[str]()
        some = await moving.some(connection, under_way.origin, place, after, under_way.piece)
        able = await _able(connection, under_way, wave, some, stay)
        going = await _within_room(connection, under_way, place, able, stay)
        moved = await moving.move(connection, [each.id for each in going], under_way.origin, under_way.to.name)
        return moved, stay, (some[-1].due_at, some[-1].id) if len(some) == under_way.piece else None

    moved, stay, following = await under_way.database.write(unit)
    under_way.moved += moved
    under_way.stay.update(stay)
    return following


async def _able(
    connection: AsyncConnection, under_way: _Move, wave: Wave | None, some: Sequence[Waiting], stay: Counter[str]
) -> list[Waiting]:
    """Those of `some` that the other route can carry: their numbers, accents and length."""
    database, to = under_way.database, under_way.to
    seen = await around(connection, database.keyring, database.operators, [each.msisdn for each in some], under_way.now)
    able = []
    for each in some:
        choice = Chooser([to], _text(wave, each), seen).of(each.msisdn)
        if choice.route is None:
            stay[f"{to.name} can't carry them: {choice.tried[0][1]}"] += 1
        else:
            able.append(each)
    return able


def _text(wave: Wave | None, each: Waiting) -> str:
    if wave is None or each.body is not None:
        return each.body or ""
    return render(wave.texts.get(each.language or wave.language) or wave.texts[wave.language], each.parameters or "{}")


# --- what was approved ---


async def _covered(connection: AsyncConnection, under_way: _Move, place: Place) -> tuple[Wave | None, str]:
    """The wave that is queued at `place`, None: replies, alerts, direct sends; and why none of it may move, ""."""
    row = (await standing.waves_of(connection, [place.wave])).get(place.wave) if place.wave != NO_WAVE else None
    wave = await waves.find(connection, row.name) if row else None
    return wave, await _uncovered(connection, under_way, wave, place.unwritten) if wave else ""


async def _uncovered(connection: AsyncConnection, under_way: _Move, wave: Wave, rest: int) -> str:
    """Why the `rest` of `wave` must not go by the other route; "" where its approval covers that, or it needs none."""
    if wave.state is WaveState.PLANNING:
        return f"wave {wave.name} is not planned to its end"
    try:
        ways = (wave.route, *route_named(under_way.routes, wave.route).fallback)
        is_approved = await approval_rows.latest(connection, wave.id) is not None
        if is_approved:
            await approvals.require(connection, wave, under_way.routes, under_way.now)
    except Refusal as why:
        return str(why)
    if under_way.to.name not in ways:
        return f"wave {wave.name} was planned for {' and '.join(ways)}, and route {under_way.to.name} is none of them"
    if not is_approved and (room := await _room(connection, under_way)) is not None and rest > room:
        return f"wave {wave.name} is not approved: {no_room(under_way.to, room)}"
    return await _too_dear(connection, under_way, wave)


async def _too_dear(connection: AsyncConnection, under_way: _Move, wave: Wave) -> str:
    """What is left of a wave at the price of the other route, beside what it spent; what its carriers take now was booked already."""
    if wave.cost_ceiling is None:
        return ""
    prices = {route.name: route.price_vnd for route in under_way.routes} | {under_way.origin: under_way.to.price_vnd}
    left = await moving.segments_left(connection, wave.id)
    needed = wave.spent + sum(cost_vnd(count, prices.get(route, 0)) for route, count in left.items())
    if needed <= wave.cost_ceiling:
        return ""
    return f"wave {wave.name} would cost {vnd(needed)} with route {under_way.to.name}, and {vnd(wave.cost_ceiling)} are approved"


async def _room(connection: AsyncConnection, under_way: _Move) -> int | None:
    return await approvals.unapproved_room(connection, under_way.to, under_way.now)


async def _within_room(
    connection: AsyncConnection, under_way: _Move, place: Place, able: Sequence[Waiting], stay: Counter[str]
) -> Sequence[Waiting]:
    """As many of `able` as the other route takes without an approval: of direct sends; replies need none, a wave was looked at whole."""
    room = None if place.lane == PRIORITY or place.wave != NO_WAVE else await _room(connection, under_way)
    if room is None or len(able) <= room:
        return able
    stay[no_room(under_way.to, room)] += len(able) - room
    return able[:room]
