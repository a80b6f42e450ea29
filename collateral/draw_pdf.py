"""Display lists onto a PDF page, by reportlab: DeviceCMYK and one registration colour, our own fonts only. This alone draws PDF."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from functools import cache, lru_cache
from itertools import groupby
from typing import Any, Final

from reportlab import rl_config
from reportlab.lib.colors import CMYKColor, PCMYKColorSep
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.pdfgen.pathobject import PDFPathObject

from collateral.display import Clip, Code, Fill, Op, Page, Run, Stroke, Text
from collateral.geometry import PT_PER_MM, Box, Path, Point, line, rectangle
from collateral.ink import BLACK, PAPER, REGISTRATION, Ink
from collateral.piece import Piece
from collateral.setting import Setter, Style
from collateral.type import MEDIUM, Face

rl_config.useA85 = 0  # no ASCII85 over the Flate streams: a quarter larger and slower for nothing

_MARK_MM: Final = 5.0  # corner marks: length, gap to the bleed, weight (press.md §1.5)
_MARK_GAP_MM: Final = 1.0
_MARK_WEIGHT_MM: Final = 0.25 / PT_PER_MM
_SLUG_PT: Final = 6.5
_ROUND: Final = 1


def draw(pages: Sequence[Page], piece: Piece, slug: str, setter: Setter) -> bytes:
    """A PDF of `pages` with bleed, boxes, marks and the `slug` line, drawn at the piece's scale. Same input, same bytes."""
    media = piece.media_box
    size = (_pt(media.w, piece), _pt(media.h, piece))
    out = io.BytesIO()
    canvas: Any = Canvas(
        out, size, initialFontName=_registered(setter.faces, MEDIUM), enforceColorSpace="SEP_CMYK", invariant=1, pageCompression=1
    )
    for number, page in enumerate(pages, 1):
        _set_boxes(canvas, piece)
        pen = _Pen(canvas, piece, setter.faces)
        pen.clipped(piece.bleed_box, page.ops)
        label = f"{slug} · {number}/{len(pages)}" if len(pages) > 1 else slug
        for op in (*_marks(piece), _slug_line(label, piece, setter)):
            pen.draw(op)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _pt(mm: float, piece: Piece) -> float:
    return mm / piece.scale * PT_PER_MM


def _set_boxes(canvas: Any, piece: Piece) -> None:
    """Four numbers each, in points to 3 decimals; the bleed rounded outward, for some checkers want Trim inside it even by 1e-4."""
    for name, box, out in (("Trim", piece.trim_box, 0.0), ("Bleed", piece.bleed_box, 0.0005)):
        left, bottom = _pt(box.x - piece.media_box.x, piece), _pt(piece.media_box.bottom - box.bottom, piece)
        corners = (left - out, bottom - out, left + _pt(box.w, piece) + out, bottom + _pt(box.h, piece) + out)
        getattr(canvas, f"set{name}Box")(tuple(round(value, 3) for value in corners))


def _marks(piece: Piece) -> Iterator[Op]:
    """Corner marks in registration colour, outside the bleed. None on cloth: the shop hems it."""
    if not piece.marks:
        return
    trim, near = piece.trim_box, piece.bleed + _MARK_GAP_MM
    far = near + _MARK_MM
    for x, out_x in ((trim.x, -1), (trim.right, 1)):
        for y, out_y in ((trim.y, -1), (trim.bottom, 1)):
            for a, b in (((x + out_x * near, y), (x + out_x * far, y)), ((x, y + out_y * near), (x, y + out_y * far))):
                yield Stroke(line((Point(*a), Point(*b))), REGISTRATION, _MARK_WEIGHT_MM)


def _slug_line(text: str, piece: Piece, setter: Setter) -> Text:
    """One line under the bleed: what this file is. Set for the file's size, not the final one: it is read on the table."""
    left = piece.trim_box.x + 10 * piece.scale
    style = Style(MEDIUM, _SLUG_PT * piece.scale, BLACK)
    return setter.fitted(text, left, piece.bleed_box.bottom + 6.5 * piece.scale, style, piece.trim_box.right - left - 10 * piece.scale)


class _Pen:
    """Draws ops of one page: millimetres from the trim's upper left corner into points from the media's lower left."""

    def __init__(self, canvas: Any, piece: Piece, faces: Callable[[str], Face]) -> None:
        self._canvas = canvas
        self._faces = faces
        self._factor = PT_PER_MM / piece.scale
        self._left, self._top = -piece.media_box.x, piece.media_box.bottom

    def draw(self, op: Op) -> None:
        match op:
            case Fill():
                self._fill(op)
            case Stroke():
                self._stroke(op)
            case Text():
                self._text(op)
            case Clip():
                self.clipped(op.box, op.inside)
            case Code():
                self._code(op)

    def clipped(self, box: Box, ops: Sequence[Op]) -> None:
        """`ops` shown within `box` only; clipping is no transparency."""
        self._canvas.saveState()
        self._canvas.clipPath(self._path(rectangle(box)), stroke=0, fill=0)
        for op in ops:
            self.draw(op)
        self._canvas.restoreState()

    def _fill(self, op: Fill) -> None:
        self._canvas.setFillColor(_colour(op.ink))
        self._canvas.drawPath(self._path(op.path), stroke=0, fill=1)

    def _stroke(self, op: Stroke) -> None:
        self._canvas.setStrokeColor(_colour(op.ink))
        self._canvas.setLineWidth(op.width_mm * self._factor)
        self._canvas.setLineCap(_ROUND)
        self._canvas.setLineJoin(_ROUND)
        self._canvas.drawPath(self._path(op.path), stroke=1, fill=0)

    def _text(self, op: Text) -> None:
        """Pure black overprints; the state is put back at once, for light text with overprint on would vanish."""
        if op.ink.overprints:
            self._canvas.saveState()
            self._canvas.setFillOverprint(True)
            self._canvas.setOverprintMask(1)
        self._canvas.setFillColor(_colour(op.ink))
        text = self._canvas.beginText(*self._point(Point(op.x, op.y)))
        for run in op.runs:
            self._run(text, run)
        self._canvas.drawText(text)
        if op.ink.overprints:
            self._canvas.restoreState()

    def _run(self, text: Any, run: Run) -> None:
        """Letters with equal spacing behind them share one operator; kerning is character spacing that changes."""
        size = run.size_pt * self._factor / PT_PER_MM
        text.setFont(_registered(self._faces, run.face), size)
        for after, letters in groupby(zip(run.after_em, run.text, strict=True), key=lambda pair: pair[0]):
            text.setCharSpace(after * size)
            text.textOut("".join(letter for _, letter in letters))

    def _code(self, op: Code) -> None:
        """Paper white under the whole square first: the ground must never bleed into the quiet zone. K100, no overprint needed."""
        self._canvas.setFillColor(_colour(PAPER))
        self._canvas.drawPath(self._path(rectangle(op.box)), stroke=0, fill=1)
        self._canvas.saveState()
        self._canvas.setFillColor(_colour(BLACK))
        module = op.module_mm * self._factor
        self._canvas.transform(module, 0, 0, -module, *self._point(Point(op.x, op.y)))  # from here one unit is one module, y down
        bars = PDFPathObject()
        for x, y, length in op.symbol.bars():
            bars.rect(x, y, length, 1)
        self._canvas.drawPath(bars, stroke=0, fill=1)
        self._canvas.restoreState()

    def _point(self, at: Point) -> tuple[float, float]:
        return (at.x + self._left) * self._factor, (self._top - at.y) * self._factor

    def _path(self, path: Path) -> Any:
        return _pdf_path(path, self._left, self._top, self._factor)


@lru_cache(maxsize=512)
def _pdf_path(path: Path, left: float, top: float, factor: float) -> Any:
    """The path in points. Kept: lotus and map are the same in every village, and numbers are dear to write."""
    drawn: Any = PDFPathObject()
    for op, at in path.segments:
        numbers = [value for point in at for value in ((point.x + left) * factor, (top - point.y) * factor)]
        match op:
            case "M":
                drawn.moveTo(*numbers)
            case "L":
                drawn.lineTo(*numbers)
            case "C":
                drawn.curveTo(*numbers)
            case _:
                drawn.close()
    return drawn


@cache
def _colour(ink: Ink) -> Any:
    if ink.registration:
        return PCMYKColorSep(100, 100, 100, 100, spotName="All", density=100)
    return CMYKColor(ink.c / 100, ink.m / 100, ink.y / 100, ink.k / 100)


@cache
def _registered(faces: Callable[[str], Face], name: str) -> str:
    """reportlab's name for the face. Two files with one PostScript name would silently become one, so the file's own name is compared."""
    font = TTFont(name, io.BytesIO(faces(name).data))
    if font.face.name not in (name, name.encode()):
        raise ValueError(f"the font registered as {name} calls itself {font.face.name!r}")
    pdfmetrics.registerFont(font)
    if pdfmetrics.getFont(name) is not font:
        raise ValueError(f"another font is registered as {name}")
    return name
