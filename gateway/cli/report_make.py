"""`tinbao report make|list|missing|figures|take|key`: the commune's reports, and whose is missing."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from gateway.cli.context import Door, Opened, fail, opened, run
from gateway.cli.faults import AsJson, print_json

if TYPE_CHECKING:
    from gateway.domain.period import Period
    from gateway.domain.permission import Actor
    from gateway.papers.report import ReportPaper
    from gateway.services.reporting.book import Made
    from gateway.services.reporting.missing import Missing

KINDS: Final = ("week", "month", "quarter", "ad-hoc", "mid-term", "closing")
ENDINGS: Final = ("docx", "pdf", "xlsx", "csv")


def add_to(report: typer.Typer) -> None:
    """Add the commands to `report`."""
    report.command(
        "make", help="Make a report and freeze it: week, month, quarter, ad-hoc, mid-term, closing. Made again, it is a new version."
    )(make)
    report.command("list", help="The reports that were made, the newest first.")(list_)
    report.command("missing", help="Whose monthly report has not gone up by its day. Exit 1 where one is overdue.")(missing)
    report.command("figures", help="Write a report's figures signed, for a province with an installation of its own.")(figures)
    report.command("take", help="Take the signed figures of a commune with an installation of its own.")(take)
    report.command("key", help="The key that a province writes into its numbers.toml to take our figures.")(key)


def make(
    ctx: typer.Context,
    kind: Annotated[str, typer.Argument(help=f"One of: {', '.join(KINDS)}.")],
    period: Annotated[str, typer.Option(help="2026-11 · 2026-W47 · 2026-Q4 · 2026-11-01..2026-11-20; left out: the one of today.")] = "",
    out: Annotated[Path, typer.Option(help="Folder for the files.")] = Path(),
    formats: Annotated[str, typer.Option("--format", help="Which files, with commas.")] = "docx,pdf,xlsx",
    commune: Annotated[str, typer.Option(help="Whose, where it isn't the deployment's own: an official code.")] = "",
    as_json: AsJson = False,
) -> None:
    door: Door = ctx.obj
    wanted = [each.strip() for each in formats.split(",") if each.strip()]
    if kind not in KINDS or not set(wanted) <= set(ENDINGS):
        fail(f"a report is one of {', '.join(KINDS)}, its files are {', '.join(ENDINGS)}", 2)
    made, files = run(_make(door, kind, period, out, wanted, commune))
    row = made.row
    if as_json or door.json:
        told = {each.name: [each.value, each.of] for each in made.figures}
        print_json({"report": row.id, "first": row.first, "last": row.last, "version": row.version, "files": files, "figures": told})
        return
    typer.echo(f"report {row.id}: {row.kind} {row.first} to {row.last}, version {row.version}, a draft until it is signed")
    for file in files:
        typer.echo(file)


async def _make(door: Door, kind: str, period: str, out: Path, wanted: list[str], commune: str) -> tuple[Made, list[str]]:
    from gateway.number_rules import load_number_rules
    from gateway.sending import now_ms, routes_of
    from gateway.services.reporting.book import read_report
    from gateway.services.reporting.making import Order, make_report

    async with opened(door) as it:
        rules, now = load_number_rules(it.deployment.path), now_ms()
        who = _clerk(it, commune)
        prices = {route.name: route.price_vnd for route in routes_of(it.settings)}
        order = Order(_period(it, kind, period, now), rules, prices, commune=commune or None)
        row = await make_report(it.database, it.deployment, who, order, now)
        made = await read_report(it.database, who, row.id)
        return made, [str(path) for path in _write(made, out, wanted)]


def _clerk(it: Opened, commune: str = "") -> Actor:
    """Whoever has the machine: a command needs no sign-in, and the log says that it was one (user 0)."""
    from gateway.domain.permission import Actor, Role

    return Actor(0, "tinbao report", frozenset({Role.REPORTER, Role.PROVINCE}), commune or it.deployment.campaign.commune)


def _period(it: Opened, kind: str, text: str, now: int) -> Period:
    from gateway.domain.period import Kind, read_period
    from gateway.domain.window import local_day
    from gateway.number_rules import load_number_rules

    rules = load_number_rules(it.deployment.path)
    try:
        return read_period(Kind(kind), text, rules.reading, local_day(now, it.deployment.campaign.timezone), rules.day)
    except ValueError:
        fail(f"“{text}” is no period of a {kind} report; write 2026-11, 2026-W47, 2026-Q4 or 2026-11-01..2026-11-20", 2)


def _write(made: Made, out: Path, wanted: list[str]) -> list[Path]:
    from gateway.paper_values import report_paper

    paper, row = report_paper(made), made.row
    paths = []
    for ending in wanted:
        path = out / f"bao-cao-{row.kind}-{row.last}-ban-{row.version}.{ending}"
        write_whole(path, _drawing(ending)(paper))
        paths.append(path)
    return paths


def _drawing(ending: str) -> Callable[[ReportPaper], bytes]:
    from gateway.papers import report
    from gateway.papers.document_pdf import document_pdf
    from gateway.papers.docx import docx_file

    match ending:
        case "docx":
            return lambda paper: docx_file(report.document_of(paper))
        case "pdf":
            return lambda paper: document_pdf(report.document_of(paper))
        case "xlsx":
            return report.report_xlsx
    return report.sources_csv


def write_whole(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, readable by its owner alone; a full disk leaves what was there before."""
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:  # mode 0600
            temporary = Path(file.name)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        fail(f"{path} can't be written: {error.strerror}; the report is kept, make room or choose another folder and take its files again")


# --- what there is, what is missing ---


def list_(ctx: typer.Context, as_json: AsJson = False) -> None:
    door: Door = ctx.obj
    rows = run(_list(door))
    if as_json or door.json:
        print_json({"reports": [_told(row) for row in rows]})
        return
    for row in rows:
        days = f"{row.first} to {row.last}"
        typer.echo(f"{row.id}  {row.commune}  {row.kind}  {days}  version {row.version}  {row.state}  {row.number or ''}".rstrip())
    if not rows:
        typer.echo("no reports yet; tinbao report make month")


async def _list(door: Door) -> list[Any]:  # Any: ReportRow
    from gateway.services.reporting.book import list_reports

    async with opened(door) as it:
        return await list_reports(it.database, _clerk(it))


def _told(row: Any) -> dict[str, Any]:  # Any: ReportRow in, JSON out
    names = ("id", "commune", "kind", "first", "last", "version", "state", "number")
    return {name: getattr(row, name) for name in names}


def missing(
    ctx: typer.Context,
    text: Annotated[bool, typer.Option("--text", help="As an SMS for the duty list.")] = False,
    as_json: AsJson = False,
) -> None:
    door: Door = ctx.obj
    found, sms, names = run(_missing(door))
    if as_json or door.json:
        print_json({"missing": [_facts(each) for each in found]})
    elif text:
        typer.echo(sms)
    else:
        for line in lines_of(found, names) or ["no report is missing"]:
            typer.echo(line)
    if any(each.days > 0 for each in found):
        raise typer.Exit(1)


def _facts(each: Missing) -> dict[str, Any]:  # Any: JSON
    return {"commune": each.commune, "last": each.period.last.isoformat(), "state": each.state, "days": each.days}


def lines_of(found: list[Missing], names: dict[str, str]) -> list[str]:
    """A sentence a commune."""
    return [
        f"the report of {names.get(each.commune, each.commune)} for {each.period.first} to {each.period.last} is {_when(each.days)} "
        f"({each.state}); tinbao report make month, then sign and send it at the desk"
        for each in found
    ]


def _when(days: int) -> str:
    return f"{days} days overdue" if days > 0 else "due today" if days == 0 else f"due in {-days} days"


async def _missing(door: Door) -> tuple[list[Missing], str, dict[str, str]]:
    async with opened(door) as it:
        return await missing_of(it)


async def late_reports(door: Door) -> list[str]:
    """What `tinbao doctor` says of reports, where this installation makes or takes any."""
    from gateway.services.reporting.missing import any_reports

    async with opened(door) as it:
        if not await any_reports(it.database):
            return []
        found, _, names = await missing_of(it)
        return lines_of(found, names)


async def missing_of(it: Opened) -> tuple[list[Missing], str, dict[str, str]]:
    """(what is missing, as an SMS, communes by name): for this command and for `tinbao doctor`."""
    from gateway.domain.window import local_day
    from gateway.number_rules import load_number_rules
    from gateway.sending import now_ms
    from gateway.services.reporting import missing as alarm

    rules, today = load_number_rules(it.deployment.path), local_day(now_ms(), it.deployment.campaign.timezone)
    names = {each.code: each.title for each in it.deployment.communes.values()}
    found = await alarm.missing_in(it.database, it.deployment, rules, today, None)
    return found, alarm.duty_text(found, names), names


# --- figures between installations ---


def figures(
    ctx: typer.Context,
    report: Annotated[int, typer.Argument(help="Its number in `tinbao report list`.")],
    out: Annotated[Path, typer.Option(help="The file to write.")],
) -> None:
    door: Door = ctx.obj
    write_whole(out, run(_figures(door, report)))
    typer.echo(out)


async def _figures(door: Door, report: int) -> bytes:
    from gateway.domain.permission import Forbidden
    from gateway.sending import now_ms
    from gateway.services.reporting import book, exchange

    async with opened(door) as it:
        who = _clerk(it)
        try:
            made = await book.read_report(it.database, who, report)
        except Forbidden:
            fail(f"there is no report {report}; tinbao report list shows all")
        await book.note_export(it.database, who, made.row, "figures.json", now_ms())
        return exchange.exported(it.database.keyring, made)


def take(ctx: typer.Context, file: Annotated[Path, typer.Argument(help="What `tinbao report figures` wrote there.", exists=True)]) -> None:
    typer.echo(f"taken: {run(_take(ctx.obj, file))}")


async def _take(door: Door, file: Path) -> str:
    from gateway.number_rules import load_number_rules
    from gateway.sending import now_ms
    from gateway.services.reporting.exchange import LIMIT, imported

    with file.open("rb") as opened_file:
        data = opened_file.read(LIMIT + 1)
    async with opened(door) as it:
        return await imported(it.database, it.deployment, _clerk(it), load_number_rules(it.deployment.path), data, now_ms())


def key(ctx: typer.Context) -> None:
    typer.echo(run(_key(ctx.obj)))


async def _key(door: Door) -> str:
    from gateway.services.reporting.exchange import public_key

    async with opened(door) as it:
        return f'"{it.deployment.campaign.commune}" = "{public_key(it.database.keyring)}"'
