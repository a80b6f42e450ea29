"""Print files bound to a saddle-stitched booklet: pages side by side on leaves, leaves on sheets, all backs behind their fronts."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pikepdf

from collateral.geometry import PT_PER_MM
from collateral.note import CodeNote
from collateral.refusal import refused
from collateral.shop.booklet import Leaf, crept, leaves
from collateral.shop.impose import Plan, Side, Slot, filled, oriented, slots
from collateral.shop.impose_pdf import marked
from collateral.shop.placing import Beyond, Matrix, form_of, place, trim_of
from collateral.shop.printed import Source, alike, moved, sheet_note, source_of, written


class _Page(NamedTuple):
    """A page of the booklet: which of which file."""

    source: Source
    number: int


class _Bound(NamedTuple):
    """What lies on which place of a side: a page, left or right of its leaf's fold, and how far it crept towards it, mm."""

    page: _Page
    slot: Slot
    is_left: bool
    creep: float


def bind_files(files: Sequence[Path], plan: Plan, out: Path, thickness: float = 0.0) -> int:
    """Write all pages of `files`, in their order, as a booklet to `out`; how many sheets. `thickness`: of the paper, mm.

    A sheet that holds several leaves is cut first; the stacks put upon each other are then the booklet, outermost leaf on top.
    Raises Refused where the files make no booklet or go not onto the sheet, OSError where `out` can't be written.
    """
    sources = [source_of(file) for file in files]
    first = sources[0]
    for other in sources:
        alike(first, other)
    pages = [_Page(source, number) for source in sources for number in range(source.note.pages)]
    width, height = first.note.trim_mm
    try:
        folded, plan = leaves(len(pages)), oriented((2 * width, height), plan)
    except ValueError as why:
        raise refused(str(first.file), "", str(why), "Take other files, a larger sheet, or a smaller margin and gutter") from why
    _not_into_words(first, crept(folded[-1].depth, thickness))
    pdf, codes, sheets = _drawn(pages, folded, plan, thickness)
    note = sheet_note(first, f"{first.note.piece} × {len(pages)}", plan.sheet, 2 * sheets, codes)
    written(pdf, first, f"{len(pages)} × {first.note.piece}", note, out)
    return sheets


def _not_into_words(first: Source, creep: float) -> None:
    """What creeps over the fold is cut off there."""
    if creep > first.note.safe_mm:
        text = f"the innermost pages creep {creep:.1f} mm over the fold, words stand {first.note.safe_mm:g} mm from it"
        raise refused(str(first.file), "", text, "Take thinner paper, or bind fewer pages")


def _drawn(pages: Sequence[_Page], folded: Sequence[Leaf], plan: Plan, thickness: float) -> tuple[bytes, tuple[CodeNote, ...], int]:
    """The sheets as plain PDF, front and back in turn, where the codes came to stand, and how many sheets they are."""
    note, codes = pages[0].source.note, list[CodeNote]()
    spread = 2 * note.trim_mm[0], note.trim_mm[1]
    places = {side: slots(spread, plan, side) for side in Side}
    sheets = filled(len(folded), len(places[Side.FRONT]), plan)
    bleed = min(note.bleed_mm, plan.gutter / 2)
    with pikepdf.open(io.BytesIO(marked(plan, [places[side] for side in Side], bleed, folded=True))) as document:
        bases = list(document.pages)
        for sheet in sheets:
            for base, side in zip(bases, Side, strict=True):
                document.pages.append(base)
                lying = [(folded[at], slot) for slot, at in zip(places[side], sheet, strict=True) if at is not None]
                bound = [each for leaf, slot in lying for each in _bound(pages, leaf, side, slot, thickness)]
                codes += _filled(document, bound, plan, bleed, len(document.pages) - len(bases))
        for _ in bases:
            del document.pages[0]
        out = io.BytesIO()
        document.save(out, deterministic_id=True)
        return out.getvalue(), tuple(codes), len(sheets)


def _bound(pages: Sequence[_Page], leaf: Leaf, side: Side, slot: Slot, thickness: float) -> Iterator[_Bound]:
    for at, is_left in zip(leaf.front if side is Side.FRONT else leaf.back, (True, False), strict=True):
        if at is not None:
            yield _Bound(pages[at], slot, is_left, crept(leaf.depth, thickness))


def _filled(document: pikepdf.Pdf, bound: Sequence[_Bound], plan: Plan, bleed: float, on: int) -> Iterator[CodeNote]:
    """The pages put onto the document's last one; their codes, on the sheet's page `on`."""
    for number, (page, slot, is_left, creep) in enumerate(bound):
        beyond = _beyond(bleed, creep, is_left=is_left)
        source = page.source
        matrix = _matrix(source.document.pages[page.number], slot, plan, creep, is_left=is_left)
        place(document, document.pages[-1], form_of(document, source.document.pages[page.number], beyond), f"F{number}", matrix)
        for code in source.note.codes_on(page.number + 1):
            yield moved(code, matrix, on)


def _beyond(bleed: float, creep: float, *, is_left: bool) -> Beyond:
    """Bleed at three edges; at the fold nothing, and less than that by what crept over it. pt."""
    out, fold = bleed * PT_PER_MM, -creep * PT_PER_MM
    return (out, out, fold, out) if is_left else (fold, out, out, out)


def _matrix(page: pikepdf.Page, slot: Slot, plan: Plan, creep: float, *, is_left: bool) -> Matrix:
    """The trim's middle comes to the middle of its half of the place, towards the fold by `creep`; head up or down, pt, y up."""
    left, bottom, right, top = trim_of(page)
    head = -1 if slot.head_down else 1
    from_fold = head * (-1 if is_left else 1) * (slot.box.w / 4 - creep)  # mm
    x, y = slot.box.x + slot.box.w / 2 + from_fold, plan.sheet[1] - slot.box.y - slot.box.h / 2
    return head, 0, 0, head, x * PT_PER_MM - head * (left + right) / 2, y * PT_PER_MM - head * (bottom + top) / 2
