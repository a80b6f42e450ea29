"""`tinbao routes`: let a held route go on."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli.context import Door, opened, run


def add_commands(app: typer.Typer) -> None:
    """Add `routes`."""
    routes = typer.Typer(help="Routes and their holds.", no_args_is_help=True)
    routes.command("release", help="Let a route that was held for wrong settings go on.")(release)
    app.add_typer(routes, name="routes")


def release(ctx: typer.Context, name: Annotated[str, typer.Argument(help="The route.")]) -> None:
    held = run(_release(ctx.obj, name))
    typer.echo(f"{name} goes on" if held else f"{name} was not held")


async def _release(door: Door, name: str) -> bool:
    from gateway.storage import outbox

    async with opened(door) as it:
        return await it.database.write(lambda connection: outbox.release(connection, name))
