"""`tinbao wave`: plan, start, show, list."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.context import Door, fail, opened, run
from gateway.cli.faults import sorted_faults

if TYPE_CHECKING:
    from datetime import time

    from gateway.cli.context import Opened
    from gateway.deployment import Contact
    from gateway.storage.waves import Wave


def add_commands(app: typer.Typer) -> None:
    """Add `wave`."""
    wave = typer.Typer(help="Waves: one text to the households of villages.", no_args_is_help=True)
    wave.command("plan", help="Make a wave and its messages; nothing is sent yet.")(plan)
    wave.command(
        "start", help="Let a wave go; a running `tinbao serve` sends it. Refused without approval on a route that reaches people."
    )(start)
    wave.command("show", help="Where a wave stands.")(show)
    wave.command("list", help="All waves, newest first.")(list_)
    app.add_typer(wave, name="wave")


def plan(
    ctx: typer.Context,
    id: Annotated[str, typer.Option(help="The wave's name; planned once.")],  # noqa: A002 # the option's name
    route: Annotated[str, typer.Option(help="A route of gateway.toml.")],
    text: Annotated[str, typer.Option(help="The words, with fields: {{ thon }}, {{ ma_thon }}, {{ dau_so }}, {{ gia }} …")],
    village: Annotated[list[str] | None, typer.Option(help="A village code, may be repeated; default: all.")] = None,
    contacts: Annotated[
        Path | None, typer.Option(help="A list (CSV, XLSX) to import and address; else who is known in the villages.")
    ] = None,
    max_segments: Annotated[int, typer.Option(help="Longest text allowed.", min=1)] = 1,
    window: Annotated[str | None, typer.Option(help="Local hours, e.g. 07:00-21:00; default: the campaign's.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The result as JSON on stdout.")] = False,
) -> None:
    door: Door = ctx.obj
    result = run(_plan(door, id, route, text, village, contacts, max_segments, window))
    if as_json or door.json:
        typer.echo(json.dumps(result, ensure_ascii=False))
        return
    again = "" if result["new"] else " (planned before, left as it is)"
    made = f"{result['audience']} messages, {result['segments']} segments, longest {result['worst']}"
    typer.echo(f"{id}{again}: {made}; {result['left_out']} left out")
    if result["forces_ucs2"]:
        typer.echo(f"these characters make the text up to three times as dear: {result['forces_ucs2']}", err=True)
    typer.echo(f"next: tinbao wave start {id}")


async def _plan(
    door: Door, name: str, route: str, text: str, village: list[str] | None, contacts: Path | None, max_segments: int, window: str | None
) -> dict[str, object]:
    from gateway.serve import now_ms, routes_of
    from gateway.services import waves
    from gateway.services.refusal import Refusal
    from gateway.services.routes import route_named

    async with opened(door) as it:
        chosen = route_named(routes_of(it.settings), route)
        known = it.deployment.villages
        codes = tuple(code.upper() for code in village or known)
        if strange := [code for code in codes if code not in known]:
            raise Refusal(f"{strange[0]} is no village of villages.csv; tinbao villages check shows them")
        hours = _window(window) if window else it.deployment.campaign.window
        listed = _read_list(it, contacts) if contacts is not None else None
        wanted = waves.Plan(name, text, codes, listed, max_segments, hours)
        made, new = await waves.plan(it.database, chosen, it.deployment.campaign, known, wanted, now_ms())
        return {
            "wave": name, "new": new, "audience": made.audience, "segments": made.segments, "left_out": made.left_out,
            "worst": made.worst, "forces_ucs2": " ".join(made.forces_ucs2),
        }  # fmt: skip


def _window(text: str) -> tuple[time, time]:
    from datetime import time

    try:
        first, last = (time.fromisoformat(part.strip()) for part in text.split("-"))
    except ValueError:
        fail(f"“{text}” is no window; write it like 07:00-21:00", 2)
    return first, last


def _read_list(it: Opened, path: Path) -> tuple[Contact, ...]:
    """The list's good rows; faults and repairs are said line by line."""
    from gateway.deployment import read_contacts

    try:
        data = path.read_bytes()
    except OSError as error:
        fail(f"{path.name} can't be read: {error.strerror}; check its name and permissions")
    contacts, faults, repairs = read_contacts(data, path.name, it.deployment.villages)
    for fault in sorted_faults(faults)[:200]:
        typer.echo(str(fault), err=True)
    if repairs:
        typer.echo(f"{path.name}: {len(repairs)} numbers were repaired, first in line {repairs[0].line}", err=True)
    if not contacts:
        fail(f"{path.name} has no usable row; mend the lines named above")
    return contacts


def start(ctx: typer.Context, name: Annotated[str, typer.Argument(help="The wave.")]) -> None:
    wave = run(_start(ctx.obj, name))
    typer.echo(f"{wave.name}: {wave.audience} messages may go; watch it: tinbao wave show {wave.name}")


async def _start(door: Door, name: str) -> Wave:
    from gateway.serve import now_ms, routes_of
    from gateway.services import waves

    async with opened(door) as it:
        return await waves.start(it.database, routes_of(it.settings), name, now_ms())


def show(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="The wave.")],
    as_json: Annotated[bool, typer.Option("--json", help="As JSON on stdout.")] = False,
) -> None:
    door: Door = ctx.obj
    found = run(_show(door, name))
    if as_json or door.json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    states = ", ".join(f"{state} {count}" for state, count in found["messages"].items() if count)
    typer.echo(f"{found['wave']}: {found['state']}, {found['audience']} messages, {found['segments']} segments; {states}")


async def _show(door: Door, name: str) -> dict[str, Any]:  # Any: JSON
    from gateway.services.refusal import Refusal
    from gateway.storage import outbox, waves

    async with opened(door) as it, it.database.read() as connection:
        wave = await waves.find(connection, name)
        if wave is None:
            raise Refusal(f"there is no wave {name}; tinbao wave list shows all")
        counts = await outbox.counts(connection, wave=wave.id)
        counts.pop("segments")
        return {**_row(wave), "messages": counts}


def _row(wave: Wave) -> dict[str, object]:
    return {
        "wave": wave.name, "state": wave.state.value, "route": wave.route, "audience": wave.audience, "segments": wave.segments,
        "created_at": wave.created_at, "started_at": wave.started_at, "ended_at": wave.ended_at,
    }  # fmt: skip


def list_(ctx: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False) -> None:
    door: Door = ctx.obj
    for row in run(_list(door)):
        if as_json or door.json:
            typer.echo(json.dumps(row, ensure_ascii=False))
        else:
            typer.echo(f"{row['wave']}: {row['state']}, {row['audience']} messages by {row['route']}")


async def _list(door: Door) -> list[dict[str, object]]:
    from gateway.storage import waves

    async with opened(door) as it, it.database.read() as connection:
        return [_row(wave) for wave in await waves.everything(connection)]
