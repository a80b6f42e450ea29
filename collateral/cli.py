"""`tinbao print`: read arguments, call one use case, print. JSON lines on stdout, progress and faults on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn

import typer

if TYPE_CHECKING:
    from collateral.batch import Failed, Made, Ticket
    from collateral.finding import Finding
    from collateral.load import PrintShop

MISCONFIGURED: Final = 78  # sysexits EX_CONFIG
STANDARDS: Final = ("x1a",)

_Village = Annotated[str, typer.Option(help='Village code, e.g. TN01, or "all".')]
_Piece = Annotated[str, typer.Option(help='Piece, see "tinbao print list", or "all".')]
_Theme = Annotated[str, typer.Option(help="Theme; without it each piece takes its first.")]
_Lang = Annotated[str, typer.Option(help='Language of the copy, e.g. vi, or "all".')]
_Out = Annotated[Path, typer.Option(help="Folder for the files; made if missing.", file_okay=False)]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON line for each file.")]


def add_commands(app: typer.Typer) -> None:
    """Add `print list|make|preview|check` to the command."""
    printing = typer.Typer(help="Print-ready posters, banners and leaflets, every code read back.", no_args_is_help=True)
    printing.command("list")(list_pieces)
    printing.command("make")(make)
    printing.command("preview")(preview)
    printing.command("check")(check)
    app.add_typer(printing, name="print")


def list_pieces(ctx: typer.Context, as_json: _Json = False) -> None:
    """What can be printed: pieces, their themes and languages."""
    shop, as_json = _shop(ctx), as_json or ctx.obj.json
    for name, piece in shop.pieces.items():
        row = {
            "piece": name,
            "code": piece.code,
            "title": piece.title,
            "trim_mm": list(piece.trim),
            "scale": piece.scale,
            "themes": list(piece.layouts),
            "langs": list(shop.copies),
        }
        choices = f"themes: {', '.join(piece.layouts)}; languages: {', '.join(shop.copies)}"
        text = f"{name:12} {piece.code:6} {piece.title}, {piece.size_text}; {choices}"
        print(_json(row) if as_json else text)


def make(
    ctx: typer.Context,
    village: _Village,
    piece: _Piece = "all",
    theme: _Theme = "",
    lang: _Lang = "vi",
    out: _Out = Path("print"),
    standard: Annotated[str, typer.Option(help="PDF/X level; x1a is PDF/X-1a:2003.")] = "x1a",
    jobs: Annotated[int, typer.Option(help="Processes at work.", min=1, max=64)] = 1,
    as_json: _Json = False,
) -> None:
    """Make the PDFs. A file gets its name only when all checks passed and every code read back; exit 1 if any failed."""
    from collateral.batch import Failed, Ticket, make_all

    if standard not in STANDARDS:
        raise typer.BadParameter(f"there is no standard “{standard}”; there is: {', '.join(STANDARDS)}", param_hint="--standard")
    shop, as_json = _shop(ctx), as_json or ctx.obj.json
    chosen = _tickets(shop, village, piece, theme, lang)
    tickets = [ticket for ticket in chosen if isinstance(ticket, Ticket)]
    results: list[Made | Failed] = [ticket for ticket in chosen if isinstance(ticket, Failed)]
    for result in results:
        _say(result, as_json)
    for result in _counted(make_all(shop, tickets, _folder(out), jobs), len(tickets)):
        _say(result, as_json)
        results.append(result)
    failed = sum(isinstance(result, Failed) for result in results)
    _note(f"{len(results) - failed} files made, {failed} failed")
    raise typer.Exit(1 if failed or _left_out(shop, village) else 0)


def preview(
    ctx: typer.Context,
    village: _Village,
    piece: _Piece = "all",
    theme: _Theme = "",
    lang: _Lang = "vi",
    out: _Out = Path("preview"),
    width: Annotated[int, typer.Option(help="Width in pixels, cut to the trim.", min=50, max=8000)] = 1200,
    as_json: _Json = False,
) -> None:
    """Make PNG pictures to look at; they are no print files."""
    from collateral.batch import Failed, draw_ticket
    from collateral.preview import write_pngs
    from collateral.refusal import Refused

    shop, as_json, failed = _shop(ctx), as_json or ctx.obj.json, 0
    for ticket in _tickets(shop, village, piece, theme, lang):
        if isinstance(ticket, Failed):
            _say(ticket, as_json)
            failed += 1
            continue
        try:
            drawn = draw_ticket(shop, ticket)
        except Refused as why:
            _say(Failed(ticket, str(why)), as_json)
            failed += 1
            continue
        for number, file in enumerate(write_pngs(drawn.pdf, _folder(out) / Path(drawn.name).stem, width), 1):
            row = {"file": str(file), "village": ticket.village, "piece": ticket.piece, "page": number}
            print(_json(row) if as_json else file)
    raise typer.Exit(1 if failed else 0)


def check(
    ctx: typer.Context,
    files: Annotated[list[Path], typer.Argument(help="PDF files.", show_default=False)],
    as_json: _Json = False,
) -> None:
    """Hold finished PDFs against PDF/X-1a and the house rules, and read their codes back. Exit 1 if any has an error."""
    from collateral.check import check_file
    from collateral.finding import acceptable

    bad, as_json = False, as_json or ctx.obj.json
    for file in files:
        findings = check_file(file)
        good = acceptable(findings)
        bad = bad or not good
        _say_findings(file, good, findings, as_json)
    raise typer.Exit(1 if bad else 0)


def _shop(ctx: typer.Context) -> PrintShop:
    """The deployment's print shop; its lesser faults go to stderr, the good rest is printed. Exit 78 where nothing can be made of it."""
    from collateral.load import load_shop
    from gateway.deployment import BadDeployment

    try:
        shop = load_shop(ctx.obj.config_dir)
    except BadDeployment as why:
        _note(str(why))
        raise typer.Exit(MISCONFIGURED) from why
    for fault in shop.deployment.faults:
        _note(str(fault))
    return shop


def _left_out(shop: PrintShop, village: str) -> bool:
    """Whether rows of villages.csv were unusable when all were asked for."""
    return village == "all" and any(fault.file == "villages.csv" for fault in shop.deployment.faults)


def _tickets(shop: PrintShop, village: str, piece: str, theme: str, lang: str) -> Sequence[Ticket | Failed]:
    from collateral.batch import NoSuchChoice, tickets_for

    try:
        return tickets_for(shop, village, piece, theme, lang)
    except NoSuchChoice as why:
        raise typer.BadParameter(str(why)) from why


def _folder(out: Path) -> Path:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as why:
        _fail(f"The folder {out} can't be made: {why.strerror}. Name another one with --out")
    return out


def _fail(text: str) -> NoReturn:
    _note(text)
    raise typer.Exit(1)


def _counted(results: Iterable[Made | Failed], total: int) -> Iterator[Made | Failed]:
    """The results, with a count on stderr where a person watches."""
    watched = sys.stderr.isatty()
    for number, result in enumerate(results, 1):
        if watched:
            print(f"\r{number}/{total}", end="" if number < total else "\n", file=sys.stderr, flush=True)
        yield result


def _say(result: Made | Failed, as_json: bool) -> None:
    from collateral.batch import Made

    ticket = result.ticket
    names = {"village": ticket.village, "piece": ticket.piece, "theme": ticket.theme, "lang": ticket.lang}
    if isinstance(result, Made):
        row = {"file": result.file, **names, "pages": result.pages, "qr": list(result.qr), "sha256": result.sha256}
        print(_json(row) if as_json else result.file)
    elif as_json:
        print(_json({**names, "error": result.error, "findings": [_finding(finding) for finding in result.findings]}))
    else:
        _note(f"{ticket.village} {ticket.piece}: {result.error}")


def _say_findings(file: Path, good: bool, findings: Sequence[Finding], as_json: bool) -> None:
    if as_json:
        print(_json({"file": str(file), "ok": good, "findings": [_finding(finding) for finding in findings]}))
        return
    print(f"{file}: {'good' if good else 'not good'}")
    for finding in findings:
        print(f"  {finding.severity}: {finding}")


def _finding(finding: Finding) -> dict[str, Any]:
    return {"rule": finding.rule, "page": finding.page, "severity": finding.severity, "text": finding.text}


def _json(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False)


def _note(text: str) -> None:
    print(text, file=sys.stderr)
