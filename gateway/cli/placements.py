"""`tinbao placements`: numbers for what is still to be hung, checked so that every code can be read; and what hangs by now."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from gateway.cli.context import Door, fail
from gateway.cli.faults import MISCONFIGURED, AsJson, print_json, show
from gateway.cli.placements_import import import_register
from gateway.domain.code import next_placement_number
from gateway.domain.placement import Placement

if TYPE_CHECKING:
    from gateway.deployment import Deployment
    from gateway.domain.placement_plan import Rule

FILE: Final = "placements.csv"
HEADER: Final = ["village", "number", "piece", "spot"]


def add_commands(app: typer.Typer) -> None:
    """Add the group `placements`."""
    group = typer.Typer(help="Which piece hangs where.", no_args_is_help=True)
    group.command("plan", help="Print the placements that are missing, one of each piece a village or by plan.toml.")(plan)
    group.command("import")(import_register)
    app.add_typer(group, name="placements")


def plan(
    ctx: typer.Context,
    piece: Annotated[list[str] | None, typer.Option(help="A piece; again for more. Without it: all that placements.csv names.")] = None,
    village: Annotated[list[str] | None, typer.Option(help="A village code; again for more. Without it: all.")] = None,
    by_rules: Annotated[bool, typer.Option("--by-rules", help="As many as plan.toml says, by households and distances.")] = False,
    write: Annotated[bool, typer.Option("--write", help="Append them to placements.csv.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print the missing placements as CSV rows; with --write they are in the file before the command ends."""
    door: Door = ctx.obj
    as_json = as_json or door.json
    deployment = _deployment(door, as_json)
    own = [fault for fault in deployment.faults if fault.file in (FILE, "villages.csv")]
    if own:  # a row left out for its fault may hold a number that must not be given out again
        show(as_json, own, "")
    pieces = piece or list(_rules(door, as_json) if by_rules else dict.fromkeys(placement.piece for placement in deployment.placements))
    if not pieces:
        fail(f"{FILE} names no piece yet. Name one: tinbao placements plan --piece poster-a3", MISCONFIGURED)
    codes = [code.upper() for code in village or deployment.villages]
    if unknown := [code for code in codes if code not in deployment.villages]:
        fail(f"“{unknown[0]}” is no village of villages.csv. Write a code of it, e.g. {next(iter(deployment.villages), 'TN07')}", 2)
    planned = by_rule(deployment, codes, pieces, _rules(door, as_json)) if by_rules else missing(deployment, codes, pieces)
    if write and planned:
        _append(door.config_dir / FILE, planned)
    _print(as_json, planned, write)


def missing(deployment: Deployment, villages: Sequence[str], pieces: Sequence[str]) -> list[Placement]:
    """One placement for each of `pieces` that a village lacks, numbered above all numbers it ever had."""
    spots = {placement.piece: placement.spot for placement in reversed(deployment.placements)}
    planned: list[Placement] = []
    for village in villages:
        there = deployment.placements_of(village)
        number = max((placement.number for placement in there), default=0)
        for piece in pieces:
            if all(placement.piece != piece for placement in there):
                number = next_placement_number(village, number)
                planned.append(Placement(village, number, piece, spots.get(piece, "")))
    return planned


def by_rule(deployment: Deployment, villages: Sequence[str], pieces: Sequence[str], rules: Mapping[str, Rule]) -> list[Placement]:
    """What the rules of those pieces still ask for in those villages."""
    from gateway.domain.placement_plan import proposed

    if unruled := [piece for piece in pieces if piece not in rules]:
        fail(f"plan.toml has no rule for {unruled[0]}. There is: {', '.join(rules)}", MISCONFIGURED)
    wanted = set(villages)
    planned = proposed(deployment.villages, deployment.placements, {piece: rules[piece] for piece in pieces})
    return [placement for placement in planned if placement.village in wanted]


def _rules(door: Door, as_json: bool) -> Mapping[str, Rule]:
    from gateway.deployment import BadDeployment
    from gateway.placement_rules import load_rules

    try:
        return load_rules(door.config_dir)
    except BadDeployment as why:
        show(as_json, why.faults, "")
        raise


def _deployment(door: Door, as_json: bool) -> Deployment:
    from gateway.deployment import BadDeployment, load_deployment

    try:
        return load_deployment(door.config_dir)
    except BadDeployment as why:
        show(as_json, why.faults, "")
        raise


def _rows(planned: Sequence[Placement]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([p.village, p.number, p.piece, p.spot] for p in planned)
    return text.getvalue()


def _append(path: Path, planned: Sequence[Placement]) -> None:
    """Put the rows at the end of the file, whole or not at all. Only a file in our own shape is written to."""
    try:
        before = path.read_text("utf-8")
        if before.lstrip("\ufeff").split("\n", 1)[0].strip() != ",".join(HEADER):
            raise UnicodeError
        if not before.endswith("\n"):
            before += "\n"
        fresh = path.with_suffix(".csv.new")
        with fresh.open("w", encoding="utf-8", newline="") as file:
            file.write(before + _rows(planned))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except UnicodeError:
        fail(f"{FILE}: tinbao adds rows only below “{','.join(HEADER)}” in UTF-8. Save it so, or paste the rows in yourself", MISCONFIGURED)
    except OSError as why:
        fail(f"{FILE} can't be written: {why.strerror}. Nothing was changed; see to the folder's room and permissions")


def _print(as_json: bool, planned: Sequence[Placement], written: bool) -> None:
    if as_json:
        rows = [{"village": p.village, "number": p.number, "piece": p.piece, "spot": p.spot, "code": p.code} for p in planned]
        print_json({"planned": rows, "written": written and bool(planned)})
        return
    if planned:
        print(",".join(HEADER), _rows(planned), sep="\n", end="")
    if not planned:
        print("Nothing is missing: every village has each piece")
