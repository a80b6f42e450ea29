"""Money, booked where MTs are marked `sending` (VND): a wave stops at its approved cost, a route at its budget of the local day.

One UPDATE books a turn; the row's lock makes it exact for any number of processes. Only a turn that would go over is counted MT by MT.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import BigInteger, bindparam, case, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.storage.schema import route_state, wave

_cost: Final = bindparam("cost_", type_=BigInteger)
_spent_after = wave.c.spent + _cost
_BY_WAVE: Final = (
    update(wave)
    .where(wave.c.id == bindparam("id_"), wave.c.cost_ceiling.is_(None) | (_spent_after <= wave.c.cost_ceiling))
    .values(spent=_spent_after)
)
_LEFT_OF_WAVE: Final = select(wave.c.cost_ceiling - wave.c.spent).where(wave.c.id == bindparam("id_")).with_for_update()

_today = case((route_state.c.spent_day == bindparam("day_"), route_state.c.spent_vnd), else_=0)  # another day's money is history
_BY_ROUTE: Final = (
    update(route_state)
    .where(route_state.c.route == bindparam("route_"), _today + _cost <= bindparam("budget_"))
    .values(spent_vnd=_today + _cost, spent_day=bindparam("day_"))
)
_SPENT_BY_ROUTE: Final = select(_today).where(route_state.c.route == bindparam("route_")).with_for_update()
NO_BUDGET: Final = 1 << 62


async def by_wave(connection: AsyncConnection, wave_id: int, costs: Sequence[int]) -> int:
    """Book `costs` of single MTs, in their order, on a wave. How many fit under its ceiling."""
    if (await connection.execute(_BY_WAVE, {"id_": wave_id, "cost_": sum(costs)})).rowcount:
        return len(costs)
    fit = _fitting(costs, await connection.scalar(_LEFT_OF_WAVE, {"id_": wave_id}) or 0)
    if fit:
        await connection.execute(_BY_WAVE, {"id_": wave_id, "cost_": sum(costs[:fit])})
    return fit


async def by_route(connection: AsyncConnection, route: str, day: int, budget: int, costs: Sequence[int]) -> int:
    """Book `costs` on a route for `day` (yyyymmdd). How many fit into `budget`."""
    values = {"route_": route, "day_": day, "budget_": budget}
    if (await connection.execute(_BY_ROUTE, values | {"cost_": sum(costs)})).rowcount:
        return len(costs)
    fit = _fitting(costs, budget - (await connection.scalar(_SPENT_BY_ROUTE, {"route_": route, "day_": day}) or 0))
    if fit:
        await connection.execute(_BY_ROUTE, values | {"cost_": sum(costs[:fit])})
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
    for id_, change in sorted(by_wave.items()):
        left = case((wave.c.spent + change < 0, 0), else_=wave.c.spent + change)
        await connection.execute(update(wave).where(wave.c.id == id_).values(spent=left))
