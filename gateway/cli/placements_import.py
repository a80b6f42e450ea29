"""`tinbao placements import`: the register comes back from the villages; what hangs, since when, where exactly, on which photo."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final
from zoneinfo import ZoneInfo

import typer

from gateway.cli.context import Door, fail
from gateway.cli.faults import AsJson, show

if TYPE_CHECKING:
    from gateway.deployment import Deployment
    from gateway.domain.fault import Fault
    from gateway.domain.hanging import Hanging

FILE: Final = "hung.csv"


def import_register(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="The register as filled in: XLSX or CSV.", show_default=False)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be taken.")] = False,
    as_json: AsJson = False,
) -> None:
    """Take in what was hung: rows with a day. Good rows are kept whatever the others hold; they replace what was known."""
    from gateway.deployment import load_deployment
    from gateway.domain.hanging import COLUMNS, hangings_csv, merged, read_hangings
    from gateway.domain.table import read_table

    door: Door = ctx.obj
    deployment = load_deployment(door.config_dir)
    try:
        table = read_table(file.read_bytes(), file=file.name, columns=COLUMNS)
    except OSError as why:
        fail(f"{file} can't be read: {why.strerror}")
    today = datetime.now(ZoneInfo(deployment.campaign.timezone)).date()
    new, faults = read_hangings(table, deployment.placements, deployment.villages, today)
    before = _known(door.config_dir / FILE, deployment)
    after = merged(before, new)
    if not dry_run and after != before:
        _write(door.config_dir / FILE, hangings_csv(after))
    _told(as_json or door.json, faults, new, after, deployment, written=not dry_run)


def _known(path: Path, deployment: Deployment) -> list[Hanging]:
    """What hangs by our own file. A row of it that is wrong stops the import: writing would lose it."""
    from gateway.domain.hanging import COLUMNS, read_hangings
    from gateway.domain.table import read_table

    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return []
    except OSError as why:
        fail(f"{FILE} can't be read: {why.strerror}")
    known, faults = read_hangings(read_table(data, file=FILE, columns=COLUMNS), deployment.placements, deployment.villages)
    if faults:
        fail(f"{faults[0]}. Nothing was taken in, for writing {FILE} would lose that row", 78)
    return known


def _write(path: Path, text: str) -> None:
    """Whole or not at all."""
    fresh = path.with_suffix(".csv.new")
    try:
        with fresh.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError as why:
        fail(f"{FILE} can't be written: {why.strerror}. Nothing was changed; see to the folder's room and permissions")
    finally:
        fresh.unlink(missing_ok=True)


def _told(
    as_json: bool, faults: Sequence[Fault], new: Sequence[Hanging], after: Sequence[Hanging], deployment: Deployment, *, written: bool
) -> None:
    total = len(deployment.placements)
    said = f"{len(new)} placements {'taken in' if written else 'would be taken in'}; {len(after)} of {total} hang"
    if not as_json and faults:
        print(said)
    show(as_json, faults, said, taken=len(new), hung=len(after), placements=total, written=written)
