"""`tinbao tips`: list, show, export, write."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli import hand_over
from gateway.cli.context import Door, fail, opened, run

if TYPE_CHECKING:
    from gateway.services.tips import TipFile, Written
    from gateway.storage.tips import TipRow


def add_commands(app: typer.Typer) -> None:
    """Add `tips`."""
    tips = typer.Typer(help="What residents have told.", no_args_is_help=True)
    tips.command("list", help="All tips, oldest first; numbers are masked.")(list_)
    tips.command("show", help="One tip by its code; numbers are masked.")(show)
    tips.command("export", help="All tips in full, as CSV or XLSX. DNA requests are in no export.")(export)
    tips.command("attachments", help="Write the photos and recordings of a tip into a folder, without what they say of place and person.")(
        attachments
    )
    tips.command("write", help="Write to whoever told a tip; the number stays masked, and the answer joins the tip.")(write)
    hand_over.add_commands(tips)
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


def write(
    ctx: typer.Context,
    code: Annotated[str, typer.Argument(help="The tip code, e.g. 7K3M9P.")],
    text: Annotated[str, typer.Option("--text", help="What to say; marks are dropped, name and number of the office are added.")],
) -> None:
    written = run(_write(ctx.obj, code, text))
    typer.echo(f"on its way to {written.to} by {written.route}, {written.segments} segment(s); a running serve sends it", err=True)


def attachments(
    ctx: typer.Context,
    code: Annotated[str, typer.Argument(help="The tip code, e.g. 7K3M9P.")],
    to: Annotated[Path, typer.Option("--to", help="A folder; it is made if it is not there.")],
    original: Annotated[
        bool, typer.Option("--original", help="As they came, also the quarantined ones: they may show where the sender lives.")
    ] = False,
) -> None:
    written, left = run(_attachments(ctx.obj, code, to, original))
    typer.echo("\n".join(str(path) for path in written) or "nothing was written", err=not written)
    if left:
        typer.echo(f"{left} can't be shown safely and stay sealed; --original writes them as they came", err=True)


async def _attachments(door: Door, code: str, to: Path, original: bool) -> tuple[list[Path], int]:
    from gateway.services.attachments import Attachments, folder_beside
    from gateway.services.refusal import Refusal
    from gateway.services.tips import show_tip

    async with opened(door) as here:
        found = await show_tip(here.database, code)
        if found is None:
            raise Refusal("there is no tip with this code; tinbao tips list shows all")
        return await Attachments(here.database, folder_beside(here.settings.spool_dir)).write_out(
            found.attachments, to, found.tip.code, original=original
        )


async def _write(door: Door, code: str, text: str) -> Written:
    from gateway.sending import now_ms, routes_of
    from gateway.services.replies import load_replies
    from gateway.services.tips import write_to_informant

    async with opened(door) as here:
        replies = load_replies(here.deployment)
        return await write_to_informant(here.database, replies, routes_of(here.settings), code, text, now_ms())


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
        shown = _whole(found, here.deployment.campaign.timezone)
    return (
        json.dumps(shown, ensure_ascii=False) if as_json else "\n".join(f"{name}: {_safe(_words(value))}" for name, value in shown.items())
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


def _whole(found: TipFile, zone: str) -> dict[str, Any]:  # Any: JSON
    """A tip with all that belongs to it. What only the desk may see of an attachment (where it was taken) is not in it."""
    from gateway.services.tips import local_time

    shown = _object(found.tip, zone) | {
        "language": found.tip.language,
        "may_call": found.tip.may_call,
        "may_publish": found.tip.may_publish,
        "events": [{"at": local_time(each.at, zone), "kind": each.kind, "note": each.note} for each in found.events],
        "attachments": [
            {"number": number, "media": each.media, "bytes": each.bytes, "state": each.state}
            for number, each in enumerate(found.attachments, 1)
        ],
        "corroborated_by": [{"code": code, "likeness": round(likeness, 2)} for code, likeness in found.corroborated_by],
    }
    if (alert := found.alert) is not None:
        taken = local_time(alert.acknowledged_at, zone) if alert.acknowledged_at else None
        shown["alert"] = {"why": alert.why, "texts": alert.sent, "taken": taken}
    return shown


def _words(value: Any) -> str:  # Any: JSON
    """A value for a person: lists line by line, what is not known as a dash."""
    if isinstance(value, list):
        return "".join(f"\n  {_words(row)}" for row in value) or "-"
    if isinstance(value, dict):
        return ", ".join(f"{name} {each}" for name, each in value.items() if each is not None) or "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if value not in (None, "") else "-"


def _line(text: str) -> str:
    short = " ".join(text.split())
    return _safe(short if len(short) <= 60 else short[:59] + "…")


def _safe(text: str) -> str:
    """`text` without signs that a terminal obeys: a stranger wrote it."""
    return "".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in text)
