"""What the commands of `tinbao print` share: results as JSON lines on stdout, progress and faults on stderr, exit codes."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn, TypeVar

import typer

if TYPE_CHECKING:
    from collateral.batch import Failed, Made, Tickets
    from collateral.finding import Finding
    from collateral.load import PrintShop

T = TypeVar("T")
MISCONFIGURED: Final = 78  # sysexits EX_CONFIG
_WORTH_A_PROCESS: Final = 12  # files; a process needs most of a second before its first one

VillageOption = Annotated[str, typer.Option("--village", help='Village code, e.g. TN01, or "all".')]
LangOption = Annotated[str, typer.Option("--lang", help='Language of the copy, e.g. vi, or "all".')]
OutOption = Annotated[Path, typer.Option("--out", help="Folder for the files; made if missing.", file_okay=False)]
JobsOption = Annotated[int, typer.Option("--jobs", help="Processes at work; 0: as many as there are cores.", min=0, max=64)]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON line for each file.")]


def printing(ctx: typer.Context) -> PrintShop:
    """The deployment's pieces and copy; lesser faults go to stderr, the good rest is printed. Exit 78 where nothing can be made of it."""
    from collateral.load import load_shop
    from gateway.deployment import BadDeployment

    try:
        shop = load_shop(ctx.obj.config_dir)
    except BadDeployment as why:
        fail(str(why), MISCONFIGURED)
    for fault in shop.deployment.faults:
        note(str(fault))
    return shop


def left_out(shop: PrintShop, village: str) -> bool:
    """Whether rows of villages.csv were unusable when all were asked for."""
    return village == "all" and any(fault.file == "villages.csv" for fault in shop.deployment.faults)


def chosen(shop: PrintShop, village: str, piece: str, theme: str, lang: str, *, every_spot: bool = False) -> Tickets:
    """The tickets asked for; a name that exists nowhere is a usage error."""
    from collateral.batch import NoSuchChoice, tickets_for

    try:
        return tickets_for(shop, village, piece, theme, lang, every_spot=every_spot)
    except NoSuchChoice as why:
        raise typer.BadParameter(str(why)) from why


def folder(out: Path) -> Path:
    """`out`, made, and proved to take a file: a folder that does not is said before the first piece is drawn."""
    probe = out / f".tinbao-{os.getpid()}.part"
    try:
        out.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"-")
        probe.unlink()
    except OSError as why:
        fail(f"The folder {out} can't be made or written to: {why.strerror}. Name another one with --out")
    return out


def workers(asked: int, files: int) -> int:
    """How many processes to use: as many as were asked for; by itself one a core, where there is work for more than one."""
    return asked or max(1, min(os.cpu_count() or 1, files // _WORTH_A_PROCESS))


def counted(results: Iterable[T], total: int, doing: str = "Printing") -> Iterator[T]:
    """The results, with a bar on stderr where a person watches."""
    if not sys.stderr.isatty():
        yield from results
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), redirect_stdout=sys.stdout.isatty(), transient=True) as bar:
        yield from bar.track(results, total=total, description=doing)


def told(results: Iterable[Made | Failed], as_json: bool) -> tuple[int, int]:
    """Prints each result as it comes; how many files were made, how many failed."""
    from collateral.batch import Made

    made = failed = 0
    for result in results:
        tell(result, as_json)
        made += isinstance(result, Made)
        failed += not isinstance(result, Made)
    return made, failed


def tell(result: Made | Failed, as_json: bool) -> None:
    """One result: a file's name or line on stdout, a failure for people on stderr."""
    from collateral.batch import Made

    ticket = result.ticket
    names = {"village": ticket.village, "piece": ticket.piece, "theme": ticket.theme, "lang": ticket.lang}
    if isinstance(result, Made):
        row = {"file": result.file, **names, "pages": result.pages, "qr": list(result.qr), "sha256": result.sha256}
        say(json_line(row) if as_json else result.file)
    elif as_json:
        say(json_line({**names, "error": result.error, "findings": [finding_row(finding) for finding in result.findings]}))
    else:
        note(f"{ticket.village} {ticket.piece}: {result.error}")


def finding_row(finding: Finding) -> dict[str, Any]:
    """What the public surface shows of a finding."""
    row = {"rule": finding.rule, "page": finding.page, "severity": finding.severity, "text": finding.text}
    return {**row, "object": finding.thing, "remedy": finding.remedy}


def json_line(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False, default=str)


def say(text: object) -> None:
    """A result, on stdout."""
    typer.echo(text)


def note(text: str) -> None:
    """A word to the person, on stderr."""
    typer.echo(text, err=True)


def fail(text: str, code: int = 1) -> NoReturn:
    """A sentence on stderr, and the exit code."""
    note(text)
    raise typer.Exit(code)
