"""`tinbao wave sheet`, `tinbao wave order`: waves on paper, and waves that a partner sends."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from gateway.cli.context import Door, fail, opened, run
from gateway.cli.faults import SHOWN, AsJson
from gateway.cli.passphrase import ask
from gateway.cli.stated import Day, Number, both_or_none, stated_document, stated_window

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from gateway.cli.context import Opened
    from gateway.papers.order import OrderPaper
    from gateway.services.orders import Imported, Standing, Wanted
    from gateway.services.routes import Route

DRAFT: Final = "-du-thao"  # in the names of files that nobody may act on


def add_commands(wave: typer.Typer) -> None:
    """Add `sheet` and `order` to `wave`."""
    wave.command("sheet", help="The paper for signature of a planned wave: texts, numbers, cost, hours, document, fingerprint (PDF).")(
        sheet
    )
    wave.command(
        "order", help="A wave that the telecom sends to its own subscribers of an area: plan it, hand it over, take its counts in."
    )(order)


# --- sheet ---


def sheet(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="The wave.", show_default=False)],
    out: Annotated[Path | None, typer.Option(help="The PDF to write; default: NAME.pdf here.")] = None,
) -> None:
    path = out or Path(f"{name}.pdf")
    fingerprint, approved = run(_sheet(ctx.obj, name, path))
    typer.echo(f"{path}: fingerprint {fingerprint}, {'approved' if approved else f'next: tinbao wave approve {name} --as NAME'}")


async def _sheet(door: Door, name: str, path: Path) -> tuple[str, bool]:
    """Write the paper; returns the beginning of the fingerprint, and whether it is approved."""
    from gateway.paper_values import sheet_now
    from gateway.papers.wave_sheet import sheet_pdf
    from gateway.sending import now_ms, routes_of
    from gateway.services import approvals

    async with opened(door) as it:
        paper = await sheet_now(it.database, routes_of(it.settings), it.deployment, name, now_ms())
        _write(path, sheet_pdf(paper))
        return approvals.mark_of(paper.fingerprint), paper.approved is not None


def _write(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        fail(f"{path} can't be written: {error.strerror}; choose another place with --out")


# --- order ---


@dataclass(frozen=True, slots=True)
class Asked:
    """The options as they were typed."""

    name: str
    route: str | None
    texts: Mapping[str, str]
    area: tuple[str, ...]
    days: tuple[str | None, str | None]
    window: str | None
    expected: int | None
    max_segments: int
    cost_ceiling: int | None
    document: tuple[str | None, str | None]
    planner: str | None
    again: bool
    out: Path | None
    send: bool
    counts: Path | None
    close: bool


def order(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="The order's name; planned once.", show_default=False)],
    route: Annotated[str | None, typer.Option(help="Plan it for this route of gateway.toml, the partner's.")] = None,
    area: Annotated[list[str] | None, typer.Option(help="Official code of a commune of communes.csv; may be repeated.")] = None,
    text: Annotated[str | None, typer.Option(help="The words, with {{ dau_so }}, {{ gia }}, {{ xa }}, {{ duong_day_nong }}.")] = None,
    text_en: Annotated[str | None, typer.Option(help="A second text, in English.")] = None,
    text_lo: Annotated[str | None, typer.Option(help="A text in Lao.")] = None,
    from_: Annotated[str | None, typer.Option("--from", help="First day, e.g. 2026-12-20 or 20/12/2026.")] = None,
    until: Annotated[str | None, typer.Option(help="Last day; default: the first.")] = None,
    window: Annotated[str | None, typer.Option(help="Local hours, e.g. 07:00-21:00; default: the campaign's.")] = None,
    expected: Annotated[int | None, typer.Option(help="Subscribers we think there are; the partner knows.", min=0)] = None,
    max_segments: Annotated[int, typer.Option(help="Longest text allowed.", min=1)] = 1,
    cost_ceiling: Annotated[int | None, typer.Option(help="What it may cost at most, VND.", min=0)] = None,
    document: Number = None,
    document_date: Day = None,
    as_: Annotated[
        str | None, typer.Option("--as", help="Who plans it; the passphrase is asked for. Without it nobody can approve.")
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="The same texts for the same area within 7 days are meant.")] = False,
    out: Annotated[
        Path | None, typer.Option(help="Write the order here (PDF, XLSX, JSON, form for counts); a draft until approved.")
    ] = None,
    send: Annotated[bool, typer.Option("--send", help="Place it over HTTP, where the carrier takes orders.")] = False,
    counts: Annotated[Path | None, typer.Option(help="Take in the partner's counts (CSV, XLSX) and hold them against the order.")] = None,
    close: Annotated[bool, typer.Option("--close", help="All counts are in: the order is done.")] = False,
    as_json: AsJson = False,
) -> None:
    door: Door = ctx.obj
    both_or_none(document, document_date)
    texts = {variant: words for variant, words in (("vi", text), ("en", text_en), ("lo", text_lo)) if words is not None}
    asked = Asked(
        name, route, texts, tuple(area or ()), (from_, until), window, expected, max_segments, cost_ceiling,
        (document, document_date), as_, again, out, send, counts, close,
    )  # fmt: skip
    if route is None and (texts or area or from_):
        fail("to plan an order name its route: --route ROUTE", 2)
    passphrase = ask(f"Passphrase of {as_}") if as_ is not None and route is not None else ""
    told = run(_order(door, asked, passphrase))
    if as_json or door.json:
        typer.echo(json.dumps(told, ensure_ascii=False))
    else:
        _tell(told)
    if told.get("faults"):
        raise typer.Exit(1)


async def _order(door: Door, asked: Asked, passphrase: str) -> dict[str, Any]:
    """What was done and how it stands, as JSON. Any: JSON."""
    from gateway.sending import now_ms, routes_of
    from gateway.services import orders

    async with opened(door) as it:
        routes = routes_of(it.settings)
        told: dict[str, Any] = {}
        if asked.route is not None:
            told["new"] = await _plan(it, routes, asked, passphrase)
        if asked.send:
            told["sent"] = await _send(it, routes, asked.name)
        if asked.out is not None:
            told |= await _papers(it, routes, asked.name, asked.out)
        if asked.counts is not None:
            told |= _imported(await orders.import_counts(it.database, routes, asked.name, _read(asked.counts), asked.counts.name, now_ms()))
        if asked.close:
            await orders.close(it.database, asked.name, now_ms())
        return _facts(await orders.stands(it.database, routes, asked.name)) | told


# --- plan ---


async def _plan(it: Opened, routes: tuple[Route, ...], asked: Asked, passphrase: str) -> bool:
    """Whether it is new. Raises Refusal, BadText."""
    from gateway.sending import now_ms
    from gateway.services import orders
    from gateway.services.routes import route_named

    route = route_named(routes, asked.route or "")
    planner = None
    if asked.planner is not None:
        from gateway.services import users
        from gateway.storage.users import Role

        planner = (await users.check(it.database, asked.planner, passphrase, now_ms(), Role.PLANNER)).id
    elif route.max_unapproved:
        typer.echo("nobody can approve this order, because nobody said who planned it; plan it with --as NAME", err=True)
    wanted = _wanted(it, asked, planner)
    _, new = await orders.plan(it.database, route, it.deployment.campaign, it.deployment.communes, wanted, now_ms())
    return new


def _wanted(it: Opened, asked: Asked, planner: int | None) -> Wanted:
    from gateway.domain.window import Window
    from gateway.services.orders import Wanted

    if not asked.texts:
        fail("there is no text; write it after --text", 2)
    if asked.days[0] is None:
        fail("an order names its days: --from 2026-12-20 --until 2026-12-22", 2)
    first = _day(asked.days[0])
    document = stated_document(*asked.document, it.deployment.campaign.timezone)
    window = stated_window(asked.window) if asked.window else Window.between(*it.deployment.campaign.window)
    return Wanted(
        asked.name, asked.texts, asked.area, first, _day(asked.days[1]) if asked.days[1] else first, window, asked.expected,
        asked.max_segments, asked.cost_ceiling, document, planner, asked.again,
    )  # fmt: skip


def _day(text: str) -> date:
    from datetime import date

    try:
        parts = text.strip().split("/")
        return date(*map(int, parts[::-1])) if len(parts) == 3 else date.fromisoformat(text.strip())
    except ValueError:
        fail(f"“{text}” is no day; write it like 2026-12-20 or 20/12/2026", 2)


# --- hand over ---


async def _send(it: Opened, routes: tuple[Route, ...], name: str) -> bool:
    """Whether it was placed now; False: the carrier had it."""
    from gateway.sending import now_ms
    from gateway.services import orders
    from gateway.transport import http_sender

    async with http_sender(timeout_s=it.settings.service.carrier_timeout_s, connections=1) as http:
        _, placed = await orders.send(it.database, routes, name, it.deployment.campaign.timezone, http, now_ms())
    return placed


async def _papers(it: Opened, routes: tuple[Route, ...], name: str, folder: Path) -> dict[str, Any]:
    """Write the order; whoever may hand it over does so with it, else it is a draft. Any: JSON."""
    from gateway.domain.wave import WaveState
    from gateway.paper_values import order_now
    from gateway.sending import now_ms
    from gateway.services import orders
    from gateway.services.refusal import Refusal

    order, why = await orders.find(it.database, name), ""
    try:
        order = await orders.hand_over(it.database, routes, name, now_ms())
    except Refusal as refusal:
        if order.wave.state not in (WaveState.PLANNED, WaveState.APPROVED):
            raise
        why = str(refusal)
    paper = await order_now(it.database, routes, it.deployment, order, now_ms())
    stem = f"{name}{DRAFT if paper.draft else ''}"
    return {"draft": why or None, "files": [str(path) for path in _files(paper, folder, stem)]}


def _files(paper: OrderPaper, folder: Path, stem: str) -> list[Path]:
    from gateway.papers.order import counts_form_xlsx, order_json, order_pdf, order_xlsx

    made = {f"{stem}.pdf": order_pdf(paper), f"{stem}.xlsx": order_xlsx(paper), f"{stem}.json": order_json(paper)}
    if not paper.draft:
        made[f"{stem}-so-lieu.xlsx"] = counts_form_xlsx(paper)
    for file, data in made.items():
        _write(folder / file, data)
    return [folder / file for file in made]


# --- counts ---


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        fail(f"{path.name} can't be read: {error.strerror}; check its name and permissions")


def _imported(done: Imported) -> dict[str, Any]:  # Any: JSON
    changed = [
        f"{after.variant}, {after.operator}, {after.day}: {before.sent:,} sent, {before.charged_segments:,} segments before; "
        f"{after.sent:,} sent, {after.charged_segments:,} segments now"
        for before, after in done.changed
    ]
    return {
        "imported": len(done.new), "changed": changed, "same": done.same, "totals_left_out": done.totals,
        "faults": [str(fault) for fault in done.faults], "differences": list(done.differences),
    }  # fmt: skip


# --- how it stands ---


def _facts(standing: Standing) -> dict[str, Any]:  # Any: JSON
    order, counts = standing.order, standing.counts
    wave, placed = order.wave, order.placed
    sums = {name: sum(getattr(count, name) for count in counts) for name in ("sent", "delivered", "failed", "charged_segments")}
    return {
        "wave": wave.name, "state": wave.state.value, "route": wave.route, "area": list(placed.area), "variants": dict(order.segments),
        "from": order.first.isoformat(), "until": order.last.isoformat(), "window": str(wave.window), "expected": order.expected,
        "document": wave.document, "ordered_at": placed.ordered_at, "carrier_ref": placed.carrier_ref, "counted": sums,
        "differences": list(standing.differences),
        "answers": dict(standing.answers),
    }  # fmt: skip


def _tell(told: dict[str, Any]) -> None:  # Any: JSON
    """Sentences for a person; what must be looked at goes to stderr."""
    segments = ", ".join(f"{variant} {count}" for variant, count in told["variants"].items())
    again = " (planned before, left as it is)" if told.get("new") is False else ""
    days = told["from"] if told["from"] == told["until"] else f"{told['from']} to {told['until']}"
    typer.echo(f"{told['wave']}{again}: {told['state']}, by {told['route']} to {', '.join(told['area'])}, {days}; segments: {segments}")
    if "sent" in told:
        typer.echo(f"the carrier {'took it' if told['sent'] else 'has it already'} as {told['carrier_ref']}")
    for path in told.get("files", ()):
        typer.echo(path)
    if told.get("draft"):
        typer.echo(f"these are drafts and say so: {told['draft']}", err=True)
    if counted := told["counted"]["sent"]:
        sums = told["counted"]
        typer.echo(
            f"counted by the partner: {counted:,} sent, {sums['delivered']:,} delivered, {sums['failed']:,} failed, "
            f"{sums['charged_segments']:,} segments"
        )
    if answers := told["answers"]:
        typer.echo(f"answers: {', '.join(f'{what} {count:,}' for what, count in answers.items())}")
    _tell_counts(told)


def _tell_counts(told: dict[str, Any]) -> None:  # Any: JSON
    if "imported" in told:
        typer.echo(f"{told['imported']} rows are new, {len(told['changed'])} changed, {told['same']} known already")
    for words in told.get("changed", ()):
        typer.echo(f"  {words}")
    for words in told.get("faults", ())[:SHOWN]:
        typer.echo(words, err=True)
    for words in told["differences"]:
        typer.echo(f"not as ordered: {words}", err=True)
    if told["counted"]["sent"] and not told["differences"]:
        typer.echo("the counts agree with the order")
