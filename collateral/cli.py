"""`tinbao print`: read arguments, call one use case, print. JSON lines on stdout, progress and faults on stderr."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, get_args

import typer

from collateral import cli_shop
from collateral.console import (
    JobsOption,
    JsonOption,
    LangOption,
    OutOption,
    VillageOption,
    chosen,
    counted,
    finding_row,
    folder,
    json_line,
    left_out,
    note,
    printing,
    say,
    tell,
    told,
    workers,
)
from collateral.press import OFFICE, Level, Press

if TYPE_CHECKING:
    from collateral.batch import Drawn, Failed, Ticket, Tickets
    from collateral.check import Examined
    from collateral.load import PrintShop
    from collateral.shop.contact_sheet import Shown

STANDARDS: Final[tuple[Level, ...]] = get_args(Level)

_Piece = Annotated[str, typer.Option(help='Piece, see "tinbao print list", or "all".')]
_Theme = Annotated[str, typer.Option(help='Theme, or "all"; without it each piece takes its first.')]


def add_commands(app: typer.Typer) -> None:
    """Add the group `print` to the command."""
    group = typer.Typer(help="Print-ready posters, banners and leaflets, every code read back.", no_args_is_help=True)
    group.command("list")(list_pieces)
    group.command("make")(make)
    group.command("preview")(preview)
    group.command("check")(check)
    group.command("scan-test")(scan_test)
    cli_shop.add_commands(group)
    app.add_typer(group, name="print")


def list_pieces(ctx: typer.Context, as_json: JsonOption = False) -> None:
    """What can be printed: pieces, their themes and languages."""
    shop, as_json = printing(ctx), as_json or ctx.obj.json
    for name, piece in shop.pieces.items():
        row = {
            "piece": name,
            "code": piece.code,
            "title": piece.title,
            "trim": list(piece.trim),
            "unit": piece.unit,
            "scale": piece.scale,
            "themes": list(piece.layouts),
            "langs": list(shop.copies),
        }
        choices = f"themes: {', '.join(piece.layouts)}; languages: {', '.join(shop.copies)}"
        text = f"{name:12} {piece.code:6} {piece.title}, {piece.size_text}; {choices}"
        say(json_line(row) if as_json else text)


def make(
    ctx: typer.Context,
    village: VillageOption,
    piece: _Piece = "all",
    theme: _Theme = "",
    lang: LangOption = "vi",
    out: OutOption = Path("print"),
    standard: Annotated[str, typer.Option(help="PDF/X level; x1a is PDF/X-1a:2003, x4 is PDF/X-4.")] = "",
    shop: Annotated[str, typer.Option(help="Print shop of shops.toml, for whose press the files are made.")] = "",
    every_spot: Annotated[bool, typer.Option("--every-spot", help="A file for each placement, not only for each village's first.")] = False,
    jobs: JobsOption = 0,
    only_changed: Annotated[bool, typer.Option("--only-changed", help="Leave files alone that stand and would be the same.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Make the files. One gets its name only when all checks passed and every code read back; exit 1 if any failed.

    A run that was cut off goes on where it was, if it is called again with the same folder.
    """
    from collateral.journal import make_changed

    if standard not in ("", *STANDARDS):
        raise typer.BadParameter(f"there is no standard “{standard}”; there is: {', '.join(STANDARDS)}", param_hint="--standard")
    deployed, as_json = printing(ctx), as_json or ctx.obj.json
    tickets, press = chosen(deployed, village, piece, theme, lang, every_spot=every_spot), _press(deployed, shop, standard)
    results = make_changed(deployed, tickets, folder(out), workers(jobs, len(tickets)), press, only_changed=only_changed)
    made, failed = told(counted(results, len(tickets)), as_json)
    note(f"{made} files made, {failed} failed")
    raise typer.Exit(1 if failed or left_out(deployed, village) else 0)


def _press(deployed: PrintShop, shop: str, standard: str) -> Press:
    press = cli_shop.shop_named(deployed, shop).press if shop else OFFICE
    return next((replace(press, level=level) for level in STANDARDS if level == standard), press)


def preview(
    ctx: typer.Context,
    village: VillageOption,
    piece: _Piece = "all",
    theme: _Theme = "",
    lang: LangOption = "vi",
    out: OutOption = Path("preview"),
    width: Annotated[int, typer.Option(help="Width in pixels, cut to the trim.", min=50, max=8000)] = 1200,
    sheet: Annotated[bool, typer.Option("--sheet", help="One contact sheet of everything instead of a picture each.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Make PNG pictures to look at; they are no print files."""
    deployed, as_json = printing(ctx), as_json or ctx.obj.json
    drawn = _Previews(deployed, chosen(deployed, village, piece, theme, lang), as_json)
    if sheet:
        from collateral.shop.contact_sheet import write_contact_sheets

        for file in write_contact_sheets(drawn.shown(), folder(out) / "contact-sheet"):
            say(json_line({"file": str(file)}) if as_json else file)
    else:
        drawn.write(folder(out), width)
    raise typer.Exit(1 if drawn.failed else 0)


class _Previews:
    """Files drawn one by one to be looked at; what can't be drawn is said and counted."""

    def __init__(self, deployed: PrintShop, tickets: Tickets, as_json: bool) -> None:
        self._deployed, self._tickets, self._as_json = deployed, tickets, as_json
        self.failed = 0

    def _drawn(self) -> Iterator[Drawn]:
        from collateral.batch import Drawn, Ticket

        for ticket in counted(self._tickets, len(self._tickets), "Drawing"):
            drawn = self._one(ticket) if isinstance(ticket, Ticket) else ticket
            if isinstance(drawn, Drawn):
                yield drawn
            else:
                self.failed += 1
                tell(drawn, self._as_json)

    def _one(self, ticket: Ticket) -> Drawn | Failed:
        from collateral.batch import Failed, draw_ticket
        from collateral.refusal import Refused

        try:
            return draw_ticket(self._deployed, ticket)
        except Refused as why:
            return Failed(ticket, str(why))

    def write(self, out: Path, width: int) -> None:
        """A picture a page, named on stdout."""
        from collateral.preview import write_pngs

        for drawn in self._drawn():
            for number, file in enumerate(write_pngs(drawn.pdf, out / Path(drawn.name).stem, width), 1):
                row = {"file": str(file), "village": drawn.note.village, "piece": drawn.note.piece, "page": number}
                say(json_line(row) if self._as_json else file)

    def shown(self) -> Iterator[Shown]:
        """Their pages for a contact sheet."""
        from collateral.shop.contact_sheet import shown

        for drawn in self._drawn():
            yield from shown(drawn.pdf, f"{drawn.note.village} {drawn.note.piece} {drawn.note.theme} {drawn.note.lang}")


def check(
    ctx: typer.Context,
    files: Annotated[list[Path], typer.Argument(help="PDF files.", show_default=False)],
    standard: Annotated[str, typer.Option(help="PDF/X level the files must have; without it each may be what it says it is.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Hold finished PDFs, of any origin, against PDF/X and the house rules, and read their codes back. Exit 1 if any has an error."""
    from collateral.check import examined
    from collateral.finding import acceptable

    if standard not in ("", *STANDARDS):
        raise typer.BadParameter(f"there is no standard “{standard}”; there is: {', '.join(STANDARDS)}", param_hint="--standard")
    level = next((level for level in STANDARDS if level == standard), None)
    bad, as_json = False, as_json or ctx.obj.json
    for file in files:
        found = examined(file, level)
        good = acceptable(found.findings)
        bad = bad or not good
        _say_findings(file, good, found, as_json)
    raise typer.Exit(1 if bad else 0)


def scan_test(
    ctx: typer.Context,
    village: VillageOption,
    lang: LangOption = "vi",
    out: OutOption = Path("print"),
    as_json: JsonOption = False,
) -> None:
    """Make an A4 sheet for trying a village's codes with real phones and the Zalo scanner; print it in the office, at 100 %."""
    from collateral.batch import Ticket
    from collateral.scan_test import make_scan_test

    deployed, as_json = printing(ctx), as_json or ctx.obj.json
    asked = {(ticket.village, ticket.lang) for ticket in chosen(deployed, village, "all", "", lang) if isinstance(ticket, Ticket)}
    results = (make_scan_test(deployed, *each, folder(out)) for each in sorted(asked))
    _, failed = told(results, as_json)
    raise typer.Exit(1 if failed else 0)


def _say_findings(file: Path, good: bool, found: Examined, as_json: bool) -> None:
    if as_json:
        say(json_line({"file": str(file), "ok": good, "findings": [finding_row(finding) for finding in found.findings]}))
        return
    ours = f"{found.note.piece} for {found.note.village}" if found.note else "not made here, so nothing is known of its codes and size"
    what = f" ({', '.join(filter(None, (found.standard, ours)))})" if found.standard else ""
    say(f"{file}: {'good' if good else 'not good'}{what}")
    for finding in found.findings:
        say(f"  {finding.severity}: {finding}")
