"""`tinbao doctor`: why is nothing moving."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from gateway.cli.context import Door, opened, run
from gateway.cli.faults import AsJson, print_json
from gateway.cli.report_make import late_reports

if TYPE_CHECKING:
    from gateway.cli.context import Opened
    from gateway.services.doctor import Examined


def add_commands(app: typer.Typer) -> None:
    """Add `doctor`."""
    app.command(help="Why is nothing moving: one sentence a cause, with its remedy. Exit 1 where something is stuck.")(doctor)


def doctor(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Print the causes, or that there are none."""
    door: Door = ctx.obj
    found = run(_examine(door))
    if as_json or door.json:
        delays = {route: asdict(delay) for route, delay in found.delays.items()}
        causes = [asdict(cause) for cause in found.causes]
        counts = {"queued": found.queued, "delays": delays, "unmatched": found.unmatched, "log": found.log}
        print_json({"stuck": bool(causes), "causes": causes, **counts})
    else:
        for line in (*_lines(found), *run(late_reports(door))):  # a late report stops no message: it is no cause
            typer.echo(line)
    if found.causes:
        raise typer.Exit(1)


async def _examine(door: Door) -> Examined:
    from gateway.sending import now_ms, routes_of
    from gateway.services.doctor import Surroundings, examine

    async with opened(door) as it:
        around = Surroundings(
            routes_of(it.settings),
            frozenset(route.name for route in it.settings.disabled_routes),
            it.settings.service.timezone,
            _folders(it),
            it.settings.spool_dir,
        )
        return await examine(it.database, around, now_ms())


def _folders(it: Opened) -> dict[str, Path]:
    """Whose disk must not fill up; a database server has its own."""
    prefix = "sqlite:///"
    data = {"the spool": it.settings.spool_dir}
    if it.settings.database.startswith(prefix):
        data["the database"] = Path(it.settings.database.removeprefix(prefix)).parent
    return {name: folder if folder.is_dir() else folder.parent for name, folder in data.items()}


def _lines(found: Examined) -> list[str]:
    lines = [cause.text for cause in found.causes]
    if not lines:
        waiting = f"{found.queued:,} MTs wait and leave as pace and places on the wire allow" if found.queued else "the queue is empty"
        lines = [f"nothing is stuck: {waiting}"]
    for route, delay in sorted(found.delays.items()):
        lines.append(
            f"reports of route {route}: half within {delay.median_s:,.1f} s, 95 % within {delay.p95_s:,.1f} s (the latest {delay.count:,})"
        )
    if not found.log.startswith("0 ") and "audit" not in [cause.name for cause in found.causes]:
        lines.append(f"the audit log holds; its rows and end, to be written down on paper: {found.log}")
    return lines
