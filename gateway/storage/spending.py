"""Money, booked where MTs are marked `sending` (VND): a wave stops at its approved cost, a route at its budget of the local day.

One UPDATE books a turn; the row's lock makes it exact for any number of processes. Only a turn that would go over is counted MT by MT.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import bindparam, case, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.storage.schema import route_state, wave
from gateway.storage.twice import change, twice

_BY_WAVE: Final = twice(  # both are run once a turn or more: Core's share of them would be seen
    "UPDATE wave SET spent = spent + CAST($2 AS bigint) "
    "WHERE id = $1 AND (cost_ceiling IS NULL OR spent + CAST($2 AS bigint) <= cost_ceiling)"
)
_LEFT_OF_WAVE: Final = select(wave.c.cost_ceiling - wave.c.spent).where(wave.c.id == bindparam("id_")).with_for_update()

_today = case((route_state.c.spent_day == bindparam("day_"), route_state.c.spent_vnd), else_=0)  # another day's money is history
_BY_ROUTE: Final = twice(
    "UPDATE route_state SET spent_vnd = CASE WHEN spent_day = $2 THEN spent_vnd ELSE 0 END + CAST($4 AS bigint), spent_day = $2 "
    "WHERE route = $1 AND CASE WHEN spent_day = $2 THEN spent_vnd ELSE 0 END + CAST($4 AS bigint) <= $3"
)
_SPENT_BY_ROUTE: Final = select(_today).where(route_state.c.route == bindparam("route_")).with_for_update()
NO_BUDGET: Final = 1 << 62


async def by_wave(connection: AsyncConnection, wave_id: int, costs: Sequence[int]) -> int:
    """Book `costs` of single MTs, in their order, on a wave. How many fit under its ceiling."""
    if await change(connection, _BY_WAVE, wave_id, sum(costs)):
        return len(costs)
    fit = _fitting(costs, await connection.scalar(_LEFT_OF_WAVE, {"id_": wave_id}) or 0)
    if fit:
        await change(connection, _BY_WAVE, wave_id, sum(costs[:fit]))
    return fit


async def by_route(connection: AsyncConnection, route: str, day: int, budget: int, costs: Sequence[int]) -> int:
    """Book `costs` on a route for `day` (yyyymmdd). How many fit into `budget`."""
    if await change(connection, _BY_ROUTE, route, day, budget, sum(costs)):
        return len(costs)
    fit = _fitting(costs, budget - (await connection.scalar(_SPENT_BY_ROUTE, {"route_": route, "day_": day}) or 0))
    if fit:
        await change(connection, _BY_ROUTE, route, day, budget, sum(costs[:fit]))
    return fit


def _fitting(costs: Sequence[int], left: int) -> int:
    """How many of `costs`, from the first, `left` pays for."""
    for fit, cost in enumerate(costs):
        left -= cost
        if left < 0:
            return fit
    return len(costs)


async def correct(connection: AsyncConnection, route: str, day: int, by_wave: Mapping[int, int], in_all: int) -> None:
    """What answers made of the booked costs: refused MTs cost nothing, some carriers charge other segments than ours. Never below 0."""
    if in_all:
        spent = case((_today + in_all < 0, 0), else_=_today + in_all)
        values = {"spent_vnd": spent, "spent_day": bindparam("day_")}
        statement = update(route_state).where(route_state.c.route == bindparam("route_")).values(values)
        await connection.execute(statement, {"route_": route, "day_": day})
    for id_, more in sorted(by_wave.items()):
        left = case((wave.c.spent + more < 0, 0), else_=wave.c.spent + more)
        await connection.execute(update(wave).where(wave.c.id == id_).values(spent=left))
