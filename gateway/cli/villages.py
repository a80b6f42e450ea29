"""`tinbao villages check`: a commune's own list, before anything is printed from it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.context import Door, fail
from gateway.cli.faults import MISCONFIGURED, AsJson, show
from gateway.domain.fold import fold

if TYPE_CHECKING:
    from gateway.domain.village import Village


def add_commands(app: typer.Typer) -> None:
    """Add the group `villages`."""
    group = typer.Typer(help="The list of villages.", no_args_is_help=True)
    group.command("check", help="Name everything that is wrong with a list of villages, and villages that look alike.")(check)
    app.add_typer(group, name="villages")


def check(
    ctx: typer.Context,
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="CSV or XLSX; without it the deployment's villages.csv.")] = None,
    as_json: AsJson = False,
) -> None:
    """Print all faults of the list; exit 78 if there is one. Look-alikes are told, they are no fault."""
    from gateway.deployment import load_communes, read_villages

    door: Door = ctx.obj
    path = file or door.config_dir / "villages.csv"
    try:
        data = path.read_bytes()
    except OSError as why:
        fail(f"{path} can't be read: {why.strerror}. Name a list that is there", MISCONFIGURED)
    communes, faults = load_communes(door.config_dir)
    villages, more = read_villages(data, path.name, communes)
    alike = look_alikes(villages.values())
    notes = "".join(f"\nAlike without accents: {', '.join(f'{v.title} ({v.code})' for v in group)}" for group in alike)
    codes = [[village.code for village in group] for group in alike]
    good = f"{len(villages)} villages, nothing to put right{notes}"
    show(door.json or as_json, (*faults, *more), good, villages=len(villages), look_alikes=codes)


def look_alikes(villages: Iterable[Village]) -> list[list[Village]]:
    """Groups of villages whose names are the same once accents are gone: texts must name their codes."""
    groups: dict[str, list[Village]] = {}
    for village in villages:
        groups.setdefault(fold(village.name), []).append(village)
    return [group for group in groups.values() if len(group) > 1]
