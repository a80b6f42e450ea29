"""Display lists onto PDF pages: DeviceCMYK and one registration colour, our own fonts only. This alone draws PDF."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from collateral.display import Op, Page, Stroke, Text, Turned
from collateral.geometry import PT_PER_MM, Point, joined, line
from collateral.ink import BLACK, REGISTRATION
from collateral.pdf_file import PdfFile, deflated, numbers, ref
from collateral.pdf_pen import Pen, Resources, frame_of
from collateral.piece import Piece
from collateral.setting import Setter, Style
from collateral.type import MEDIUM

_MARK_MM: Final = 5.0  # corner marks: length, gap to the bleed, weight (press.md §1.5)
_MARK_GAP_MM: Final = 1.0
_MARK_WEIGHT_MM: Final = 0.25 / PT_PER_MM
_SLUG_PT: Final = 6.5
_SLUG_STEP_MM: Final = 2.6


def draw(pages: Sequence[Page], piece: Piece, slug: str, setter: Setter, *, outlines: bool = False) -> bytes:
    """A PDF of `pages` with bleed, boxes, marks and the `slug` line, drawn at the piece's scale. Same input, same bytes.

    `outlines`: all text as paths, and no font in the file.
    """
    return drawn(pages, piece, slug, setter, outlines=outlines).written("1.4")


def drawn(pages: Sequence[Page], piece: Piece, slug: str, setter: Setter, *, outlines: bool = False) -> PdfFile:
    """The same as a file to which a standard's objects can still be added."""
    sheets = [
        (page, (*_marks(piece), *_fold_marks(page, piece), *_slug_lines(_label(slug, at, pages), piece, setter)))
        for at, page in enumerate(pages, 1)
    ]
    runs = (run for page, outside in sheets for text in _texts((*page.ops, *outside)) for run in text.runs)
    file, resources = PdfFile(), Resources(setter.faces, runs, outlines=outlines)
    codes = [_operators(page, outside, piece, resources) for page, outside in sheets]
    entries = {**_boxes(piece), "Resources": resources.written(file)}
    for code in codes:
        file.add_page({**entries, "Contents": ref(file.add(deflated(code)))})
    return file


def _operators(page: Page, outside: Sequence[Op], piece: Piece, resources: Resources) -> bytes:
    pen = Pen(frame_of(piece), resources)
    pen.clipped(piece.bleed_box, page.ops)
    for op in outside:
        pen.draw(op)
    return "\n".join(pen.code).encode("ascii")


def _texts(ops: Sequence[Op]) -> Iterator[Text]:
    for op in ops:
        if isinstance(op, Text):
            yield op
        elif isinstance(op, Turned):
            yield from _texts(op.inside)


def _label(slug: str, number: int, pages: Sequence[Page]) -> str:
    return f"{slug} · {number}/{len(pages)}" if slug and len(pages) > 1 else slug


def _pt(mm: float, piece: Piece) -> float:
    return mm / piece.scale * PT_PER_MM


def _boxes(piece: Piece) -> dict[str, bytes]:
    """Four numbers each, in points to 3 decimals; the bleed rounded outward, for some checkers want Trim inside it even by 1e-4."""
    media = piece.media_box
    boxes = {"MediaBox": f"[0 0 {numbers((_pt(media.w, piece), _pt(media.h, piece)))}]".encode()}
    for key, box, out in (("TrimBox", piece.trim_box, 0.0), ("BleedBox", piece.bleed_box, 0.0005)):
        left, bottom = _pt(box.x - media.x, piece), _pt(media.bottom - box.bottom, piece)
        corners = (left - out, bottom - out, left + _pt(box.w, piece) + out, bottom + _pt(box.h, piece) + out)
        boxes[key] = f"[{' '.join(f'{value:.3f}' for value in corners)}]".encode()
    return boxes


def _marks(piece: Piece) -> Iterator[Op]:
    """Corner marks in registration colour, outside the bleed. None on cloth: the shop hems it."""
    if not piece.marks:
        return
    trim, near = piece.trim_box, piece.bleed + _MARK_GAP_MM
    far = near + _MARK_MM
    sides = [
        ((x + out_x * near, y), (x + out_x * far, y), (x, y + out_y * near), (x, y + out_y * far))
        for x, out_x in ((trim.x, -1), (trim.right, 1))
        for y, out_y in ((trim.y, -1), (trim.bottom, 1))
    ]
    ways = (line((Point(*a), Point(*b))) for level_a, level_b, up_a, up_b in sides for a, b in ((level_a, level_b), (up_a, up_b)))
    yield Stroke(joined(ways), REGISTRATION, _MARK_WEIGHT_MM)


def _fold_marks(page: Page, piece: Piece) -> Iterator[Op]:
    """Two dashes a fold and edge, where the corner marks are whole: the shop creases there and does not cut."""
    trim, near = piece.trim_box, piece.bleed + _MARK_GAP_MM
    for far in (near, near + 0.6 * _MARK_MM):
        ends = far, far + 0.4 * _MARK_MM
        for x in page.folds_x:
            yield from (
                _mark(Point(x, trim.y - ends[0]), Point(x, trim.y - ends[1])),
                _mark(Point(x, trim.bottom + ends[0]), Point(x, trim.bottom + ends[1])),
            )
        for y in page.folds_y:
            yield from (
                _mark(Point(trim.x - ends[0], y), Point(trim.x - ends[1], y)),
                _mark(Point(trim.right + ends[0], y), Point(trim.right + ends[1], y)),
            )


def _mark(start: Point, end: Point) -> Stroke:
    return Stroke(line((start, end)), REGISTRATION, _MARK_WEIGHT_MM)


def _slug_lines(text: str, piece: Piece, setter: Setter) -> Iterator[Text]:
    """Under the bleed: what this file is, on one line or, under a card, on several. Set for the file's size: it is read on the table."""
    if not text:
        return
    left, width = piece.trim_box.x + 10 * piece.scale, piece.trim_box.w - 20 * piece.scale
    style = Style(MEDIUM, _SLUG_PT * piece.scale, BLACK)
    for i, said in enumerate(_broken(text, lambda part: setter.width(part, style) <= width)):
        yield setter.fitted(said, left, piece.bleed_box.bottom + (6.5 + i * _SLUG_STEP_MM) * piece.scale, style, width)


def _broken(text: str, fits: Callable[[str], bool]) -> list[str]:
    """`text` on the fewest lines that fit, broken at its dots; a part that fits nowhere stands alone."""
    if fits(text):  # nearly always: to measure it part by part would cost a third of a poster's drawing
        return [text]
    lines: list[str] = []
    for part in text.split(" · "):
        if lines and fits(longer := f"{lines[-1]} · {part}"):
            lines[-1] = longer
        else:
            lines.append(part)
    return lines
