"""`tinbao serve` and `tinbao migrate`: the process, and the database brought to this release."""

from __future__ import annotations

import typer

from gateway.cli.context import Door, opened, run


def add_commands(app: typer.Typer) -> None:
    """Add `serve` and `migrate`."""
    app.command("serve", help="Take calls, send what is queued, answer what comes in; till SIGTERM or Ctrl-C.")(serve_)
    app.command("migrate", help="Bring the database to this release's schema.")(migrate)


def serve_(ctx: typer.Context) -> None:
    run(_serve(ctx.obj))


async def _serve(door: Door) -> None:
    from gateway.log import configure
    from gateway.sending import stop_on_signals
    from gateway.serve import serve

    configure(json=door.json)
    async with opened(door) as it:
        await serve(it.settings, it.deployment, it.database, stop_on_signals())


def migrate(ctx: typer.Context) -> None:
    run(_migrate(ctx.obj))
    typer.echo("the database is at this release's schema")


async def _migrate(door: Door) -> None:
    async with opened(door):
        pass  # opening migrates
