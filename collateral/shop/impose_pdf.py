"""Print files put onto sheets, as their plan says: each page as it is, cut to its bleed. The sheet is PDF/X again and knows its codes."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Final

import pikepdf

from collateral.display import Op, Page, Stroke
from collateral.draw_pdf import draw
from collateral.geometry import PT_PER_MM, Point, line
from collateral.ink import REGISTRATION
from collateral.note import SHEET_KEY, CodeNote, SheetNote
from collateral.pdfx import Titles, to_pdfx
from collateral.press import CONDITIONS, Press
from collateral.refusal import refused
from collateral.shop.impose import Plan, Side, Slot, cut_lines, filled, oriented, slots
from collateral.shop.paper import SETTER, plain_sheet
from collateral.shop.placing import Matrix, form_of, place, trim_of

_MARK_MM: Final = 5.0
_MARK_GAP_MM: Final = 1.0
_MARK_WEIGHT_MM: Final = 0.25 / PT_PER_MM


@dataclass(frozen=True, slots=True)
class _Source:
    """A print file: its pages, what it says of itself, and for which press it was made."""

    file: Path
    document: pikepdf.Pdf
    note: SheetNote
    press: Press


def impose_files(files: Sequence[Path], plan: Plan, out: Path) -> int:
    """Write the sheets of `files` to `out`; how many sheets. Files of two pages get their backs behind their fronts.

    Raises Refused where the files do not go together or not onto the sheet, OSError where `out` can't be written.
    """
    sources = [_source(file) for file in files]
    first = sources[0]
    for other in sources[1:]:
        _alike(first, other)
    try:
        plan = oriented(first.note.trim_mm, plan)
    except ValueError as why:
        raise refused(str(first.file), "", str(why), "Take a larger sheet, or a smaller margin and gutter") from why
    fronts = slots(first.note.trim_mm, plan)
    sides = (Side.FRONT, Side.BACK)[: first.note.pages]
    sheets = filled(len(sources), len(fronts), plan)
    pdf, codes = _drawn(sources, plan, sides, sheets)
    note = replace(
        first.note, piece=f"{first.note.piece} × {len(fronts)}", code="", village="", trim_mm=plan.sheet, safe_mm=0.0, bleed_mm=0.0,
        pages=len(sheets) * len(sides), codes=codes,
    )  # fmt: skip
    part = out.with_name(f".{out.name}.part")
    try:
        part.write_bytes(to_pdfx(pdf, _titles(first, len(sources), plan), note, first.press))
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
    return len(sheets)


def _source(file: Path) -> _Source:
    try:
        document = pikepdf.open(io.BytesIO(file.read_bytes()))
        note = SheetNote.from_json(str(document.trailer.Info[SHEET_KEY]))
        for page in document.pages:
            _strip(document, page)
        return _Source(file, document, note, _press(document))
    except OSError as why:
        raise refused(str(file), "", f"the file can't be read: {why.strerror}", "Look at its name and permissions") from why
    except (pikepdf.PdfError, KeyError, AttributeError, ValueError) as why:
        raise refused(str(file), "", "this is no print file of ours", "Make it with: tinbao print make") from why


def _strip(document: pikepdf.Pdf, page: pikepdf.Page) -> None:
    """Leave the piece and take away its own marks and slug, which draw_pdf sets behind it: cut off, they would still be found as text."""
    depth, kept = 0, []
    for instruction in pikepdf.parse_content_stream(page):
        kept.append(instruction)
        operator = str(instruction.operator)
        depth += (operator == "q") - (operator == "Q")
        if operator == "Q" and depth == 0:
            break
    page.Contents = document.make_stream(pikepdf.unparse_content_stream(kept))


def _press(document: pikepdf.Pdf) -> Press:
    """What the file was made for. ValueError where it names no registered condition."""
    identifier = str(document.Root.OutputIntents[0].OutputConditionIdentifier)
    if identifier not in CONDITIONS:
        raise ValueError(identifier)
    return Press(level="x1a" if "/GTS_PDFXVersion" in document.trailer.Info else "x4", condition=identifier)


def _alike(first: _Source, other: _Source) -> None:
    ours, theirs = first.note, other.note
    for what, a, b in (
        ("size", ours.trim_mm, theirs.trim_mm), ("number of pages", ours.pages, theirs.pages), ("bleed", ours.bleed_mm, theirs.bleed_mm),
        ("press", first.press, other.press),
    ):  # fmt: skip
        if a != b:
            raise refused(str(other.file), "", f"its {what} is not that of {first.file.name}", "Impose pieces of one kind at a time")
    if ours.scale != 1:
        raise refused(str(first.file), "", f"it is drawn at 1:{ours.scale}", "Only what is drawn at its own size goes onto a sheet")
    if ours.pages > 2:
        raise refused(str(first.file), "", f"it has {ours.pages} pages", "A piece has a front and at most a back")


def _titles(first: _Source, count: int, plan: Plan) -> Titles:
    stamp = str(first.document.trailer.Info.CreationDate)  # D:YYYYMMDD…
    dated = date(int(stamp[2:6]), int(stamp[6:8]), int(stamp[8:10]))
    title = f"{count} × {first.note.piece} – {plan.sheet[0]:g} × {plan.sheet[1]:g} mm"
    return Titles(title, title, str(first.document.trailer.Info.get("/Author", "")), dated)


def _drawn(
    sources: Sequence[_Source], plan: Plan, sides: Sequence[Side], sheets: Sequence[Sequence[int | None]]
) -> tuple[bytes, tuple[CodeNote, ...]]:
    """The sheets as plain PDF, front and back in turn, and where the codes came to stand."""
    note, codes = sources[0].note, list[CodeNote]()
    places = {side: slots(note.trim_mm, plan, side) for side in sides}
    bleed = min(note.bleed_mm, plan.gutter / 2)
    with pikepdf.open(io.BytesIO(_marked(plan, [places[side] for side in sides], bleed))) as document:
        bases = list(document.pages)
        for sheet in sheets:
            for number, side in enumerate(sides):
                document.pages.append(bases[number])
                lying = [(sources[at], at, slot) for slot, at in zip(places[side], sheet, strict=True) if at is not None]
                codes += _filled(document, lying, number, plan, bleed, len(document.pages) - len(bases))
        for _ in bases:
            del document.pages[0]
        out = io.BytesIO()
        document.save(out, deterministic_id=True)
        return out.getvalue(), tuple(codes)


def _filled(
    document: pikepdf.Pdf, lying: Sequence[tuple[_Source, int, Slot]], number: int, plan: Plan, bleed: float, on: int
) -> Iterator[CodeNote]:
    """Side `number` of what lies on the last page, each file once as an object; its codes, on the sheet's page `on`."""
    page = document.pages[-1]
    forms = {at: form_of(document, source.document.pages[number], bleed * PT_PER_MM) for source, at, _ in lying}
    for source, at, slot in lying:
        matrix = _matrix(source, number, slot, plan)
        place(document, page, forms[at], f"F{at}", matrix)
        for code in source.note.codes_on(number + 1):
            yield _moved(code, matrix, on)


def _marked(plan: Plan, sides: Sequence[Sequence[Slot]], bleed: float) -> bytes:
    """A page a side with its cutting marks and nothing else."""
    pages = []
    for places in sides:
        marks = cut_lines([slot.box for slot in places], plan.sheet, bleed + _MARK_GAP_MM, _MARK_MM)
        ops: list[Op] = [Stroke(line((Point(x0, y0), Point(x1, y1))), REGISTRATION, _MARK_WEIGHT_MM) for x0, y0, x1, y1 in marks]
        pages.append(Page(*plan.sheet, tuple(ops)))
    return draw(pages, plain_sheet(*plan.sheet), "", SETTER)


def _matrix(source: _Source, number: int, slot: Slot, plan: Plan) -> Matrix:
    """The trim's middle comes to the place's middle, its head up or down; pt, y up."""
    left, bottom, right, top = trim_of(source.document.pages[number])
    a = d = -1 if slot.head_down else 1
    x, y = (left + right) / 2, (bottom + top) / 2
    to_x, to_y = (slot.box.x + slot.box.w / 2) * PT_PER_MM, (plan.sheet[1] - slot.box.y - slot.box.h / 2) * PT_PER_MM
    return a, 0, 0, d, to_x - a * x, to_y - d * y


def _moved(code: CodeNote, matrix: Matrix, on: int) -> CodeNote:
    """The code as it stands on the sheet's page `on`."""
    a, _, _, d, e, f = matrix
    left, bottom, w, h = code.box_pt
    corners = [(a * x + e, d * y + f) for x, y in ((left, bottom), (left + w, bottom + h))]
    at = min(x for x, _ in corners), min(y for _, y in corners)
    return replace(code, page=on, box_pt=(round(at[0], 3), round(at[1], 3), w, h))
