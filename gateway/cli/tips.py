"""`tinbao tips`: list, show, export."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.context import Door, fail, opened, run

if TYPE_CHECKING:
    from gateway.storage.tips import TipRow


def add_commands(app: typer.Typer) -> None:
    """Add `tips`."""
    tips = typer.Typer(help="What residents have told.", no_args_is_help=True)
    tips.command("list", help="All tips, oldest first; numbers are masked.")(list_)
    tips.command("show", help="One tip by its code; numbers are masked.")(show)
    tips.command("export", help="All tips in full, as CSV or XLSX. DNA requests are in no export.")(export)
    app.add_typer(tips, name="tips")


def list_(ctx: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False) -> None:
    door: Door = ctx.obj
    lines = run(_list(door, as_json or door.json))
    if lines:
        typer.echo("\n".join(lines))
    elif not (as_json or door.json):
        typer.echo("no tips yet")


def show(
    ctx: typer.Context,
    code: Annotated[str, typer.Argument(help="The tip code, e.g. 7K3M9P.")],
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    door: Door = ctx.obj
    text = run(_show(door, code, as_json or door.json))
    if text is None:
        fail("There is no tip with this code. Compare it letter by letter; tinbao tips list shows all.")
    typer.echo(text)


def export(
    ctx: typer.Context, to: Annotated[Path, typer.Option("--to", help="FILE.csv or FILE.xlsx; it holds numbers in full: keep it safe.")]
) -> None:
    from gateway.services.tips import CannotExport

    try:
        count = run(_export(ctx.obj, to))
    except CannotExport as why:
        fail(str(why))
    typer.echo(f"{count} tips in {to}", err=True)


async def _list(door: Door, as_json: bool) -> list[str]:
    from gateway.services.tips import list_tips, local_time

    async with opened(door) as here:
        zone = here.deployment.campaign.timezone
        found = await list_tips(here.database)
        if as_json:
            return [json.dumps(_object(tip, zone), ensure_ascii=False) for tip in found]
        return [
            f"{tip.code}  {local_time(tip.received_at, zone)}  {tip.village or '?':<5} {tip.channel:<4} "
            f"{(tip.urgent or tip.state):<8} {tip.sender or '-':<8} {_line(tip.text)}"
            for tip in found
        ]


async def _show(door: Door, code: str, as_json: bool) -> str | None:
    from gateway.services.tips import show_tip

    async with opened(door) as here:
        found = await show_tip(here.database, code)
        if found is None:
            return None
        shown = _object(found, here.deployment.campaign.timezone)
    return (
        json.dumps(shown, ensure_ascii=False)
        if as_json
        else "\n".join(f"{name}: {_safe(str(value or '-'))}" for name, value in shown.items())
    )


async def _export(door: Door, to: Path) -> int:
    from gateway.services.tips import export_tips

    async with opened(door) as here:
        return await export_tips(here.database, here.deployment, to)


def _object(tip: TipRow, zone: str) -> dict[str, Any]:  # Any: JSON
    from gateway.services.tips import local_time

    return {
        "code": tip.code,
        "received": local_time(tip.received_at, zone),
        "channel": tip.channel,
        "village": tip.village,
        "placement": tip.placement,
        "urgent": tip.urgent,
        "state": tip.state,
        "sender": tip.sender,
        "text": tip.text,
        "fields": json.loads(tip.fields or "{}"),
    }


def _line(text: str) -> str:
    short = " ".join(text.split())
    return _safe(short if len(short) <= 60 else short[:59] + "…")


def _safe(text: str) -> str:
    """`text` without signs that a terminal obeys: a stranger wrote it."""
    return "".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in text)
