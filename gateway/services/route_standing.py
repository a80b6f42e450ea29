"""How each route stands: held, paused or open, what waits, what it spent today."""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.domain.window import local_day
from gateway.services.routes import Route
from gateway.storage import standing
from gateway.storage.database import Database
from gateway.storage.outbox import RouteCondition


@dataclass(frozen=True, slots=True)
class RouteStanding:
    """One route of gateway.toml. `state`: open, held, paused or disabled; `since`, `until`: epoch ms; `spent_vnd`: of today."""

    route: str
    state: str
    why: str | None = None
    since: int | None = None
    until: int | None = None
    waiting: int = 0
    spent_vnd: int = 0


async def route_standings(
    database: Database, routes: Sequence[Route], disabled: Sequence[str], now: int, timezone: str
) -> tuple[RouteStanding, ...]:
    """The enabled routes in their order, then the disabled."""
    async with database.read() as connection:
        rows = await standing.route_rows(connection)
        queue = await standing.queue(connection, now)
    waiting = {name: sum(each.count for each in queue if each.route == name) for name in {each.route for each in queue}}
    today = int(local_day(now, timezone).strftime("%Y%m%d"))
    enabled = (_standing(route.name, rows.get(route.name, RouteCondition()), waiting.get(route.name, 0), now, today) for route in routes)
    return (*enabled, *(RouteStanding(name, "disabled", waiting=waiting.get(name, 0)) for name in disabled))


def _standing(name: str, row: RouteCondition, waiting: int, now: int, today: int) -> RouteStanding:
    spent = row.spent_vnd if row.spent_day == today else 0
    if row.hold_code is not None:
        return RouteStanding(name, "held", row.hold_code, since=row.held_at, waiting=waiting, spent_vnd=spent)
    if row.paused_until > now:
        return RouteStanding(name, "paused", row.pause_why, until=row.paused_until, waiting=waiting, spent_vnd=spent)
    return RouteStanding(name, "open", waiting=waiting, spent_vnd=spent)
