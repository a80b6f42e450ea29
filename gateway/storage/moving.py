"""MTs that wait for one route and may go by another: looked through in pieces, in the order of the claim, and moved.

What may move was never written to any wire: queued, without an attempt or a carrier's refusal, and no request bears it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sqlalchemy import bindparam, case, func, literal_column, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.msisdn import Msisdn
from gateway.storage.schema import mt

_queued = mt.c.state == literal_column("'queued'")  # a bound value would keep PostgreSQL from the partial index
# A refusal that counts as no attempt leaves its kind; the request's name alone does not tell: `bulk.stay` takes it away again.
_unwritten = mt.c.request.is_(None) & (mt.c.attempts == 0) & mt.c.failure.is_(None)


@dataclass(frozen=True, slots=True)
class Place:
    """What is queued at one place of a route. `unwritten`: MTs that may move; `written`: the rest."""

    lane: int
    wave: int
    unwritten: int
    written: int


_PLACES: Final = (
    select(
        mt.c.lane,
        mt.c.wave,
        func.count(case((_unwritten, 1))).label("unwritten"),
        func.count(case((~_unwritten, 1))).label("written"),
    )
    .where(mt.c.route == bindparam("route_"), _queued)
    .group_by(mt.c.lane, mt.c.wave)
    .order_by(mt.c.lane.desc(), mt.c.wave)
)


async def places(connection: AsyncConnection, route: str) -> list[Place]:
    """Where MTs of `route` are queued, replies first."""
    return [Place(*row) for row in await connection.execute(_PLACES, {"route_": route})]


_SEGMENTS: Final = (
    select(mt.c.route, func.sum(mt.c.segments).label("n"))
    .where(mt.c.wave == bindparam("wave_"), mt.c.state.in_([literal_column(f"'{state}'") for state in ("queued", "claimed")]))
    .group_by(mt.c.route)
)


async def segments_left(connection: AsyncConnection, wave: int) -> dict[str, int]:
    """Segments of a wave that nobody has paid for yet, by route."""
    return {row.route: int(row.n) for row in await connection.execute(_SEGMENTS, {"wave_": wave})}


class Waiting(NamedTuple):
    """An MT that may move. `body` of its own, or `parameters` for its wave's text in `language`."""

    id: int
    due_at: int
    msisdn: Msisdn
    body: str | None
    parameters: str | None
    language: str | None

    def __repr__(self) -> str:
        return f"Waiting({self.id})"


SOME: Final = (  # one (route, lane, wave) by equality, from where the last piece ended: mt_due in its order, whatever stays behind
    select(mt.c.id, mt.c.due_at, mt.c.msisdn, mt.c.body, mt.c.parameters, mt.c.language)
    .where(
        mt.c.route == bindparam("route_"),
        mt.c.lane == bindparam("lane_"),
        mt.c.wave == bindparam("wave_"),
        _queued,
        tuple_(mt.c.due_at, mt.c.id) > tuple_(bindparam("due_"), bindparam("id_")),
        _unwritten,
    )
    .order_by(mt.c.due_at, mt.c.id)
    .limit(bindparam("limit_"))
    .with_for_update(skip_locked=True)
)


async def some(connection: AsyncConnection, route: str, place: Place, after: tuple[int, int], limit: int) -> list[Waiting]:
    """Up to `limit` MTs behind `after` (due_at, id), in that order; on PostgreSQL locked."""
    values = {"route_": route, "lane_": place.lane, "wave_": place.wave, "due_": after[0], "id_": after[1], "limit_": limit}
    return [_waiting(row) for row in await connection.execute(SOME, values)]


def _waiting(row: Sequence[Any]) -> Waiting:  # Any: the columns of SOME
    id_, due_at, msisdn, *more = row
    return Waiting(id_, due_at, Msisdn(msisdn), *more)


_MOVE: Final = (
    update(mt)
    .where(mt.c.id.in_(bindparam("ids_", expanding=True)), mt.c.route == bindparam("from_"), _queued, _unwritten)
    .values(route=bindparam("to_"), origin=func.coalesce(mt.c.origin, mt.c.route))
)


async def move(connection: AsyncConnection, ids: Collection[int], origin: str, to: str) -> int:
    """Let MTs go by `to`; they remember the route they were meant for. How many moved: all that are still as `some` found them."""
    return (await connection.execute(_MOVE, {"ids_": list(ids), "from_": origin, "to_": to})).rowcount if ids else 0
