"""`tinbao routes`: how they stand, and the word that lets a held one go on."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from gateway.cli import routes_choice, routes_move
from gateway.cli.context import Door, opened, run
from gateway.cli.faults import AsJson
from gateway.cli.route_add import add

if TYPE_CHECKING:
    from gateway.services.route_standing import RouteStanding
    from gateway.services.routes import Route


def add_commands(app: typer.Typer) -> None:
    """Add `routes`."""
    routes = typer.Typer(help="Routes and their holds.", no_args_is_help=True)
    routes.command("list", help="Each route: open, held or paused and why, its pace, what waits, what it spent today.")(list_)
    routes.command("release", help="Let a route that was held for wrong settings go on.")(release)
    routes_move.add_commands(routes)
    routes_choice.add_commands(routes)
    routes.command("add", help="A new contract: ask what its carrier needs, write the route, send one test SMS.")(add)
    app.add_typer(routes, name="routes")


def list_(ctx: typer.Context, as_json: AsJson = False) -> None:
    from gateway.domain.cost import vnd

    door: Door = ctx.obj
    for standing, route, timezone in run(_list(door)):
        pace = f"{route.pace.limit / route.pace.per_s:g} {route.pace.unit}/s" if route and route.pace.limit else "no limit"
        if as_json or door.json:
            typer.echo(json.dumps(_row(standing, route), ensure_ascii=False))
            continue
        spent = ""
        if route is not None and route.price_vnd:
            of = f" of {vnd(route.daily_budget_vnd)}" if route.daily_budget_vnd else ""
            spent = f"; {vnd(standing.spent_vnd)}{of} spent today"
        words = f"; {pace}; {standing.waiting:,} MTs wait{spent}" if route else f"; {standing.waiting:,} MTs wait"
        typer.echo(f"{standing.route}: {_state(standing, timezone)}{words}")


def _state(standing: RouteStanding, timezone: str) -> str:
    """ "held since 2026-07-20 10:02 (http-401)" """
    since = f" since {_clock(standing.since, timezone)}" if standing.since else ""
    until = f" until {_clock(standing.until, timezone)}" if standing.until else ""
    return f"{standing.state}{since}{until}{f' ({standing.why})' if standing.why else ''}"


def _clock(at_ms: int, timezone: str) -> str:
    return datetime.fromtimestamp(at_ms / 1000, ZoneInfo(timezone)).strftime("%Y-%m-%d %H:%M")


def _row(standing: RouteStanding, route: Route | None) -> dict[str, object]:
    row = {name: getattr(standing, name) for name in standing.__slots__}
    if route is None:
        return row
    pace = {"limit": route.pace.limit, "per_s": route.pace.per_s, "unit": route.pace.unit}
    return row | {"carrier": route.carrier.NAME, "pace": pace, "price_vnd": route.price_vnd, "daily_budget_vnd": route.daily_budget_vnd}


async def _list(door: Door) -> list[tuple[RouteStanding, Route | None, str]]:
    from gateway.sending import now_ms, routes_of
    from gateway.services.route_standing import route_standings

    async with opened(door) as it:
        routes, timezone = routes_of(it.settings), it.settings.service.timezone
        disabled = [each.name for each in it.settings.disabled_routes]
        by_name = {route.name: route for route in routes}
        found = await route_standings(it.database, routes, disabled, now_ms(), timezone)
        return [(standing, by_name.get(standing.route), timezone) for standing in found]


def release(ctx: typer.Context, name: Annotated[str, typer.Argument(help="The route.")]) -> None:
    held = run(_release(ctx.obj, name))
    typer.echo(f"{name} goes on" if held else f"{name} was not held")


async def _release(door: Door, name: str) -> bool:
    from gateway.storage import outbox

    async with opened(door) as it:
        return await it.database.write(lambda connection: outbox.release(connection, name))
