"""Print files put onto sheets, as their plan says: each page as it is, cut to its bleed. The sheet is PDF/X again and knows its codes."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import pikepdf

from collateral.display import Op, Page, Stroke
from collateral.draw_pdf import draw
from collateral.geometry import PT_PER_MM, Point, line
from collateral.ink import REGISTRATION
from collateral.note import CodeNote
from collateral.refusal import refused
from collateral.shop.impose import Plan, Side, Slot, cut_lines, filled, fold_lines, oriented, slots
from collateral.shop.paper import SETTER, plain_sheet
from collateral.shop.placing import Matrix, form_of, place, trim_of
from collateral.shop.printed import Source, alike, moved, sheet_note, source_of, written

_MARK_MM: Final = 5.0
_MARK_GAP_MM: Final = 1.0
_MARK_WEIGHT_MM: Final = 0.25 / PT_PER_MM


def impose_files(files: Sequence[Path], plan: Plan, out: Path) -> int:
    """Write the sheets of `files` to `out`; how many sheets. Files of two pages get their backs behind their fronts.

    Raises Refused where the files do not go together or not onto the sheet, OSError where `out` can't be written.
    """
    sources = [source_of(file) for file in files]
    first = sources[0]
    for other in sources:
        alike(first, other)
        _sided(first, other)
    try:
        plan = oriented(first.note.trim_mm, plan)
    except ValueError as why:
        raise refused(str(first.file), "", str(why), "Take a larger sheet, or a smaller margin and gutter") from why
    fronts = slots(first.note.trim_mm, plan)
    sides = (Side.FRONT, Side.BACK)[: first.note.pages]
    sheets = filled(len(sources), len(fronts), plan)
    pdf, codes = _drawn(sources, plan, sides, sheets)
    note = sheet_note(first, f"{first.note.piece} × {len(fronts)}", plan.sheet, len(sheets) * len(sides), codes)
    written(pdf, first, f"{len(sources)} × {first.note.piece}", note, out)
    return len(sheets)


def _sided(first: Source, other: Source) -> None:
    """Refused where it can't lie beside the first, front for front and back for back."""
    if other.note.pages != first.note.pages:
        text, remedy = f"its number of pages is not that of {first.file.name}", "Impose pieces of one kind at a time"
        raise refused(str(other.file), "", text, remedy)
    if other.note.pages > 2:
        raise refused(str(other.file), "", f"it has {other.note.pages} pages", "Make a booklet of it: --order booklet")


def _drawn(
    sources: Sequence[Source], plan: Plan, sides: Sequence[Side], sheets: Sequence[Sequence[int | None]]
) -> tuple[bytes, tuple[CodeNote, ...]]:
    """The sheets as plain PDF, front and back in turn, and where the codes came to stand."""
    note, codes = sources[0].note, list[CodeNote]()
    places = {side: slots(note.trim_mm, plan, side) for side in sides}
    bleed = min(note.bleed_mm, plan.gutter / 2)
    with pikepdf.open(io.BytesIO(marked(plan, [places[side] for side in sides], bleed))) as document:
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
    document: pikepdf.Pdf, lying: Sequence[tuple[Source, int, Slot]], number: int, plan: Plan, bleed: float, on: int
) -> Iterator[CodeNote]:
    """Side `number` of what lies on the last page, each file once as an object; its codes, on the sheet's page `on`."""
    page = document.pages[-1]
    forms = {at: form_of(document, source.document.pages[number], (bleed * PT_PER_MM,) * 4) for source, at, _ in lying}
    for source, at, slot in lying:
        matrix = _matrix(source, number, slot, plan)
        place(document, page, forms[at], f"F{at}", matrix)
        for code in source.note.codes_on(number + 1):
            yield moved(code, matrix, on)


def marked(plan: Plan, sides: Sequence[Sequence[Slot]], bleed: float, *, folded: bool = False) -> bytes:
    """A page a side with its cutting marks, dashes where a place is `folded` down its middle, and nothing else."""
    pages = []
    for places in sides:
        boxes = [slot.box for slot in places]
        marks = cut_lines(boxes, plan.sheet, bleed + _MARK_GAP_MM, _MARK_MM)
        marks += fold_lines(boxes, bleed + _MARK_GAP_MM, _MARK_MM) if folded else []
        ops: list[Op] = [Stroke(line((Point(x0, y0), Point(x1, y1))), REGISTRATION, _MARK_WEIGHT_MM) for x0, y0, x1, y1 in marks]
        pages.append(Page(*plan.sheet, tuple(ops)))
    return draw(pages, plain_sheet(*plan.sheet), "", SETTER)


def _matrix(source: Source, number: int, slot: Slot, plan: Plan) -> Matrix:
    """The trim's middle comes to the place's middle, its head up or down; pt, y up."""
    left, bottom, right, top = trim_of(source.document.pages[number])
    a = d = -1 if slot.head_down else 1
    x, y = (left + right) / 2, (bottom + top) / 2
    to_x, to_y = (slot.box.x + slot.box.w / 2) * PT_PER_MM, (plan.sheet[1] - slot.box.y - slot.box.h / 2) * PT_PER_MM
    return a, 0, 0, d, to_x - a * x, to_y - d * y
