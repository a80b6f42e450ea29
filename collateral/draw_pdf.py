"""Display lists onto a PDF page, by reportlab: DeviceCMYK and one registration colour, our own fonts only. This alone draws PDF."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, lru_cache
from itertools import groupby, islice
from typing import Any, Final

from PIL import Image
from reportlab import rl_config
from reportlab.lib.colors import CMYKColor, PCMYKColorSep
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import FILL_EVEN_ODD, FILL_NON_ZERO, Canvas
from reportlab.pdfgen.pathobject import PDFPathObject

from collateral.display import Clip, Code, Fill, Op, Page, Picture, Pixels, Run, Shape, Stroke, Text, Turned
from collateral.geometry import PT_PER_MM, Box, Path, Point, line, rectangle
from collateral.ink import BLACK, PAPER, REGISTRATION, Ink
from collateral.piece import Piece
from collateral.setting import Setter, Style
from collateral.shaping import glyphs, outline
from collateral.type import MEDIUM, Face

rl_config.useA85 = 0  # no ASCII85 over the Flate streams: a quarter larger and slower for nothing

_MARK_MM: Final = 5.0  # corner marks: length, gap to the bleed, weight (press.md §1.5)
_MARK_GAP_MM: Final = 1.0
_MARK_WEIGHT_MM: Final = 0.25 / PT_PER_MM
_SLUG_PT: Final = 6.5
_SLUG_STEP_MM: Final = 2.6
_ROUND: Final = 1
_SEEN: Final = 0  # text rendering modes (ISO 32000-1 table 106)
_UNSEEN: Final = 3
_UNITS: Final = 1000  # an em in an outlined glyph's own units


def draw(pages: Sequence[Page], piece: Piece, slug: str, setter: Setter, *, outlines: bool = False) -> bytes:
    """A PDF of `pages` with bleed, boxes, marks and the `slug` line, drawn at the piece's scale. Same input, same bytes.

    `outlines`: all text as paths, and no font in the file.
    """
    media = piece.media_box
    size = (_pt(media.w, piece), _pt(media.h, piece))
    out = io.BytesIO()
    canvas: Any = Canvas(
        out, size, initialFontName=_registered(setter.faces(MEDIUM)), enforceColorSpace="SEP_CMYK", invariant=1, pageCompression=1
    )
    for number, page in enumerate(pages, 1):
        _set_boxes(canvas, piece)
        pen = _Pen(canvas, piece, setter.faces, outlines=outlines)
        pen.clipped(piece.bleed_box, page.ops)
        label = f"{slug} · {number}/{len(pages)}" if len(pages) > 1 else slug
        for op in (*_marks(piece), *_fold_marks(page, piece), *(_slug_lines(label, piece, setter) if slug else ())):
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
    left, width = piece.trim_box.x + 10 * piece.scale, piece.trim_box.w - 20 * piece.scale
    style = Style(MEDIUM, _SLUG_PT * piece.scale, BLACK)
    for i, said in enumerate(_broken(text, lambda part: setter.width(part, style) <= width)):
        yield setter.fitted(said, left, piece.bleed_box.bottom + (6.5 + i * _SLUG_STEP_MM) * piece.scale, style, width)


def _broken(text: str, fits: Callable[[str], bool]) -> list[str]:
    """`text` on the fewest lines that fit, broken at its dots; a part that fits nowhere stands alone."""
    lines: list[str] = []
    for part in text.split(" · "):
        if lines and fits(longer := f"{lines[-1]} · {part}"):
            lines[-1] = longer
        else:
            lines.append(part)
    return lines


class _Pen:
    """Draws ops of one page: millimetres from the trim's upper left corner into points from the media's lower left."""

    def __init__(self, canvas: Any, piece: Piece, faces: Callable[[str], Face], *, outlines: bool) -> None:
        self._canvas = canvas
        self._faces = faces
        self._outlines = outlines
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
            case Turned():
                self._turned(op)
            case Picture():
                self._picture(op)

    def clipped(self, box: Box, ops: Sequence[Op]) -> None:
        """`ops` shown within `box` only; clipping is no transparency."""
        self._canvas.saveState()
        self._canvas.clipPath(self._path(rectangle(box)), stroke=0, fill=0)
        for op in ops:
            self.draw(op)
        self._canvas.restoreState()

    def _picture(self, op: Picture) -> None:
        """An emblem in its own coordinates, so that one drawing serves all sizes."""
        at, mark = op.placed, op.mark
        x, y = self._point(Point(at.x, at.bottom))
        if isinstance(mark, Pixels):
            image = ImageReader(Image.frombytes("CMYK", (mark.width, mark.height), mark.data))
            self._canvas.drawImage(image, x, y, at.w * self._factor, at.h * self._factor)
            return
        self._canvas.saveState()
        share = at.w / mark.width * self._factor
        self._canvas.transform(share, 0, 0, share, x, y)
        for shape in mark.shapes:
            self._shape(shape, mark.height)
        self._canvas.restoreState()

    def _shape(self, shape: Shape, height: float) -> None:
        path = _pdf_path(shape.path, 0.0, height, 1.0)
        if shape.width:
            self._canvas.setStrokeColor(_colour(shape.ink))
            self._canvas.setLineWidth(shape.width)
            self._canvas.drawPath(path, stroke=1, fill=0)
            return
        self._canvas.setFillColor(_colour(shape.ink))
        self._canvas.drawPath(path, stroke=0, fill=1, fillMode=FILL_EVEN_ODD if shape.even_odd else FILL_NON_ZERO)

    def _turned(self, op: Turned) -> None:
        """Half round about a point: both axes change their sign, and the point stays where it is."""
        x, y = self._point(op.about)
        self._canvas.saveState()
        self._canvas.transform(-1, 0, 0, -1, 2 * x, 2 * y)
        for inner in op.inside:
            self.draw(inner)
        self._canvas.restoreState()

    def _fill(self, op: Fill) -> None:
        self._canvas.setFillColor(_colour(op.ink))
        self._canvas.drawPath(self._path(op.path), stroke=0, fill=1)

    def _stroke(self, op: Stroke) -> None:
        """The cutter's line overprints; black strokes knock out, as their ground is paper or their own picture."""
        if op.ink.spot and op.ink.overprints:
            self._canvas.saveState()
            self._canvas.setStrokeOverprint(True)
            self._canvas.setOverprintMask(1)
        self._canvas.setStrokeColor(_colour(op.ink))
        self._canvas.setLineWidth(op.width_mm * self._factor)
        self._canvas.setLineCap(_ROUND)
        self._canvas.setLineJoin(_ROUND)
        self._canvas.drawPath(self._path(op.path), stroke=1, fill=0)
        if op.ink.spot and op.ink.overprints:
            self._canvas.restoreState()

    def _text(self, op: Text) -> None:
        """Pure black overprints; the state is put back at once, for light text with overprint on would vanish."""
        if op.ink.overprints:
            self._canvas.saveState()
            self._canvas.setFillOverprint(True)
            self._canvas.setOverprintMask(1)
        self._canvas.setFillColor(_colour(op.ink))
        for as_paths, runs in groupby(op.runs, key=lambda run: self._outlines or bool(run.glyphs)):
            for run in runs if as_paths else ():
                self._outlined(op, run)
            if not as_paths:
                self._lettered(op, tuple(runs))
        if op.ink.overprints:
            self._canvas.restoreState()

    def _lettered(self, op: Text, runs: Sequence[Run]) -> None:
        x, y = self._point(Point(op.x + runs[0].x, op.y))
        self._canvas.addLiteral(f"BT 1 0 0 1 {x:.4f} {y:.4f} Tm {' '.join(map(self._run, runs))} ET")

    def _outlined(self, op: Text, run: Run) -> None:
        """Letters as paths, with ActualText around them. Where fonts are welcome, the letters also lie there unseen: PDFium and Poppler
        give ActualText only where it has letters under it, and a text that nobody can extract is a text that nobody can check.
        """
        self._canvas.addLiteral(f"/Span <</ActualText <{(chr(0xFEFF) + run.text).encode('utf-16-be').hex()}>>> BDC")
        face, em = self._faces(run.face), run.size_pt / PT_PER_MM
        for at in glyphs(run, face):
            if code := _glyph_code(face, at.glyph):
                x, y = self._point(Point(op.x + run.x + at.x * em, op.y - at.y * em))
                size = em * self._factor / _UNITS
                self._canvas.addLiteral(f"q {size:.6f} 0 0 {size:.6f} {x:.4f} {y:.4f} cm {code} f Q")
        if not self._outlines:
            self._unseen(op, run)
        self._canvas.addLiteral("EMC")

    def _unseen(self, op: Text, run: Run) -> None:
        text = self._canvas.beginText(*self._point(Point(op.x + run.x, op.y)))
        text.setFont(_registered(self._faces(run.face)), run.size_pt * self._factor / PT_PER_MM)
        text.setTextRenderMode(_UNSEEN)
        text.textOut(run.text)
        text.setTextRenderMode(_SEEN)
        self._canvas.drawText(text)

    def _run(self, run: Run) -> str:
        """One operator a run, its kerning and tracking between the letters; reportlab's text object needs two for each letter with a
        spacing of its own, which costs a leaflet a sixth of its drawing.
        """
        font, document = pdfmetrics.getFont(_registered(self._faces(run.face))), self._canvas._doc  # noqa: SLF001 - subsets belong to it
        size, after, code = run.size_pt * self._factor / PT_PER_MM, iter(run.after_em), []
        for subset, letters in font.splitString(run.text, document):
            name = font.getSubsetInternalName(subset, document)
            code.append(f"{name} {size:.4f} Tf [{_spaced(letters, islice(after, len(letters)))}] TJ")
        return " ".join(code)

    def _code(self, op: Code) -> None:
        """Paper white under the whole square first: the ground must never bleed into the quiet zone. K100, no overprint needed."""
        self._canvas.setFillColor(_colour(PAPER))
        self._canvas.drawPath(self._path(rectangle(op.box)), stroke=0, fill=1)
        self._canvas.saveState()
        self._canvas.setFillColor(_colour(BLACK))
        module = op.module_mm * self._factor
        self._canvas.transform(module, 0, 0, -module, *self._point(Point(op.x, op.y)))  # from here one unit is one module, y down
        bars = PDFPathObject(["n", *(f"{x} {y} {length} 1 re" for x, y, length in op.symbol.bars())])  # whole numbers need no rounding
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


@lru_cache(maxsize=4096)
def _glyph_code(face: Face, glyph: int) -> str:
    """The glyph's contours as operators, in thousandths of an em, to be filled non-zero; "" for a blank. Kept: letters come again."""
    parts = []
    for op, at in outline(face, glyph).segments:
        parts += [f"{round(value * _UNITS, 1):g}" for point in at for value in point]
        parts.append({"M": "m", "L": "l", "C": "c", "Z": "h"}[op])
    return " ".join(parts)


def _spaced(letters: bytes, after_em: Iterable[float]) -> str:
    """A TJ array's strings and numbers; a number draws what follows it nearer, in thousandths of an em (ISO 32000-1 §9.4.3)."""
    parts, waiting = [], ""
    for letter, after in zip(letters, after_em, strict=True):
        waiting += f"{letter:02x}"
        if after:
            parts.append(f"<{waiting}>{-1000 * after:g}")
            waiting = ""
    return "".join(parts) + (f"<{waiting}>" if waiting else "")


@cache
def _colour(ink: Ink) -> Any:
    if ink.registration:
        return PCMYKColorSep(100, 100, 100, 100, spotName="All", density=100)
    if ink.spot:
        return PCMYKColorSep(ink.c, ink.m, ink.y, ink.k, spotName=ink.spot, density=100)
    return CMYKColor(ink.c / 100, ink.m / 100, ink.y / 100, ink.k / 100)


@cache
def _registered(face: Face) -> str:
    """reportlab's name for the face. Two files with one PostScript name would silently become one, so the file's own name is compared."""
    name = face.name
    font = TTFont(name, io.BytesIO(face.data))
    if font.face.name not in (name, name.encode()):
        raise ValueError(f"the font registered as {name} calls itself {font.face.name!r}")
    font.face.makeSubset = _remembered(font.face.makeSubset)
    pdfmetrics.registerFont(font)
    if pdfmetrics.getFont(name) is not font:
        raise ValueError(f"another font is registered as {name}")
    return name


def _remembered(make_subset: Callable[[tuple[int, ...]], bytes]) -> Callable[[Sequence[int]], bytes]:
    """Most faces say the same in every village, so that their subset is made once."""
    kept = lru_cache(maxsize=32)(make_subset)
    return lambda subset: kept(tuple(subset))
