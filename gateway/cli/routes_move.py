"""`tinbao routes move`: what waits for one route goes by another."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.context import Door, opened, run
from gateway.cli.faults import AsJson

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.services.route_moves import Moved


def add_commands(app: typer.Typer) -> None:
    """Add `move` to `routes`."""
    app.command("move", help="Let what waits for a route, and was never sent, go by another.")(move)


def move(
    ctx: typer.Context,
    origin: Annotated[str, typer.Argument(metavar="FROM", help="The route that it waits for, perhaps a held one.", show_default=False)],
    to: Annotated[str, typer.Argument(metavar="TO", help="The enabled route that takes it over.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    door: Door = ctx.obj
    done = run(_move(door, origin, to))
    if as_json or door.json:
        row = {"from": origin, "to": to, "moved": done.moved, "stay": dict(done.stay), "uncertain": done.uncertain}
        typer.echo(json.dumps(row, ensure_ascii=False))
    else:
        for line in _lines(origin, to, done):
            typer.echo(line)
    if done.stay and not done.moved:
        raise typer.Exit(1)


async def _move(door: Door, origin: str, to: str) -> Moved:
    from gateway.sending import now_ms, routes_of
    from gateway.services.route_moves import move as move_queued

    async with opened(door) as it:
        return await move_queued(it.database, routes_of(it.settings), origin, to, now_ms())


def _lines(origin: str, to: str, done: Moved) -> Iterator[str]:
    yield f"{_mts(done.moved)} that waited for {origin} go by {to}" if done.moved else f"nothing moved from {origin} to {to}"
    for why, count in sorted(done.stay.items()):
        yield f"{_mts(count)} stay: {why}"
    if done.uncertain:
        yield f"{_mts(done.uncertain)} had no answer and may have arrived; they never move: tinbao doctor"


def _mts(count: int) -> str:
    return f"{count:,} MT{'' if count == 1 else 's'}"
