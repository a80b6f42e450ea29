"""`tinbao report`: the monthly accounts with the carriers; the reports of the 25th are in `report_make`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from gateway.cli import report_breach, report_make
from gateway.cli.context import Door, fail, opened, run
from gateway.cli.faults import AsJson, print_json

if TYPE_CHECKING:
    from gateway.services.reports import Line, RouteReport


def add_commands(app: typer.Typer) -> None:
    """Add `report`."""
    report = typer.Typer(help="Reports.", no_args_is_help=True)
    report.command("routes", help="A month by route, network and day: messages, segments, reports, cost; for the accounts with carriers.")(
        routes
    )
    report_make.add_to(report)
    report_breach.add_to(report)
    app.add_typer(report, name="report")


def routes(
    ctx: typer.Context,
    month: Annotated[str, typer.Option(help="The month, e.g. 2026-11.")],
    pdf: Annotated[Path | None, typer.Option(help="Write it as a paper for signature (PDF).")] = None,
    xlsx: Annotated[Path | None, typer.Option(help="Write it as a workbook (XLSX).")] = None,
    as_json: AsJson = False,
) -> None:
    door: Door = ctx.obj
    found = run(_routes(door, month, pdf, xlsx))
    if as_json or door.json:
        print_json(_facts(found))
        return
    _show(found)
    for path in filter(None, (pdf, xlsx)):
        typer.echo(path)


async def _routes(door: Door, month: str, pdf: Path | None, xlsx: Path | None) -> RouteReport:
    from gateway.sending import now_ms, routes_of
    from gateway.services import reports

    async with opened(door) as it:
        found = await reports.route_report(it.database, routes_of(it.settings), month, it.deployment.campaign.timezone)
        if pdf is not None or xlsx is not None:
            from gateway.paper_values import accounts_paper
            from gateway.papers.route_report import accounts_pdf, accounts_xlsx

            paper = accounts_paper(found, it.deployment, now_ms())
            for path, make in ((pdf, accounts_pdf), (xlsx, accounts_xlsx)):
                if path is not None:
                    _write(path, make(paper))
        return found


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        fail(f"{path} can't be written: {error.strerror}; choose another place")


def _facts(report: RouteReport) -> dict[str, Any]:  # Any: JSON
    return {
        "month": report.month,
        "lines": [_line(line) for line in report.lines],
        "totals": [_line(line) for line in report.totals],
        "partners": [{"route": each.route, "wave": each.wave, **asdict(each.count)} for each in report.partners],
    }


def _line(line: Line) -> dict[str, Any]:  # Any: JSON
    sums = line.sums
    return {
        "route": line.route, "operator": line.operator or None, "day": line.day.isoformat() if line.day else None, "mts": sums.mts,
        "segments": sums.segments, "charged_known_for": sums.counted, "charged_segments": sums.charged if sums.counted else None,
        "difference": line.difference if sums.counted else None, "delivered": sums.delivered, "failed": sums.failed, "open": sums.open,
        "uncertain": sums.uncertain, "refused": sums.refused, "price_vnd": line.price_vnd, "cost_vnd": line.cost_ours,
        "cost_carrier_vnd": line.cost_carrier,
    }  # fmt: skip


_HEADS: Final = (
    "route", "day", "network", "MTs", "segments", "charged", "more", "delivered", "failed", "open", "uncertain", "refused", "VND",
)  # fmt: skip
_WORDS: Final = 3  # of these are words, the rest are numbers


def _show(report: RouteReport) -> None:
    """Columns as wide as they need: a number cut off would be another number."""
    if not report.lines:
        typer.echo(f"no messages of ours went out in {report.month}")
    rows = [_HEADS, *map(_cells, (*report.lines, *report.totals))]
    widths = [max(len(row[at]) for row in rows) for at in range(len(_HEADS))]
    for row in rows if report.lines else ():
        cells = (cell.ljust(width) if at < _WORDS else cell.rjust(width) for at, (cell, width) in enumerate(zip(row, widths, strict=True)))
        typer.echo("  ".join(cells).rstrip())
    for each in report.partners:
        count = each.count
        typer.echo(
            f"{each.route}, order {each.wave}, {count.variant}, {count.operator or 'network not named'}, {count.day}: {count.sent:,} sent, "
            f"{count.delivered:,} delivered, {count.failed:,} failed, {count.charged_segments:,} segments by the partner's count"
        )


def _cells(line: Line) -> tuple[str, ...]:
    sums = line.sums
    known = sums.counted > 0
    numbers = (
        sums.mts, sums.segments, sums.charged if known else None, line.difference if known else None, sums.delivered, sums.failed,
        sums.open, sums.uncertain, sums.refused, line.cost_ours,
    )  # fmt: skip
    network = (line.operator or "unknown") if line.day else ""
    return (line.route, line.day.isoformat() if line.day else "all", network, *("" if each is None else f"{each:,}" for each in numbers))
