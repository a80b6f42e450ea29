"""The display list as PDF operators (ISO 32000-1 §8, §9). What is the same in every village is written once a process and kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Final, NamedTuple

from collateral.display import Clip, Code, Drawing, Fill, Op, Picture, Pixels, Run, Shape, Stroke, Text, Turned
from collateral.geometry import PT_PER_MM, Box, Path, Point, rectangle
from collateral.ink import BLACK, PAPER, Ink
from collateral.pdf_file import PdfFile, deflated, dictionary, name, number, numbers, ref
from collateral.pdf_font import Letters
from collateral.piece import Piece
from collateral.shaping import glyphs, outline
from collateral.type import Face

_UNITS: Final = 1000  # an em in an outlined glyph's own units
_OVER_FILL, _OVER_STROKE = "OverFill", "OverStroke"
_STATES: Final = {
    _OVER_FILL: b"<</Type /ExtGState /op true /OPM 1>>",
    _OVER_STROKE: b"<</Type /ExtGState /OP true /OPM 1>>",
}


class Frame(NamedTuple):
    """Millimetres from the trim's upper left corner into points from the media's lower left. `left`, `top`: of the media, mm."""

    left: float
    top: float
    factor: float

    def point(self, at: Point) -> tuple[float, float]:
        return (at.x + self.left) * self.factor, (self.top - at.y) * self.factor


def frame_of(piece: Piece) -> Frame:
    return Frame(-piece.media_box.x, piece.media_box.bottom, PT_PER_MM / piece.scale)


class Resources:
    """What the operators of one file name: fonts, spot inks, states, pictures."""

    def __init__(self, faces: Callable[[str], Face], runs: Iterable[Run], *, outlines: bool) -> None:
        said: dict[Face, set[str]] = {}
        for run in () if outlines else runs:
            said.setdefault(faces(run.face), set()).update(run.text)
        self.faces = faces
        self.outlines = outlines
        self._letters = {face: Letters(face, f"F{at}", letters) for at, (face, letters) in enumerate(said.items(), 1)}
        self._inks: dict[Ink, None] = {}
        self._states: dict[str, None] = {}
        self._pixels: dict[Pixels, str] = {}

    def letters(self, face: str) -> Letters:
        return self._letters[self.faces(face)]

    def ink(self, ink: Ink) -> None:
        """`ink` is used; one with a plate of its own must be among the resources."""
        if ink.spot or ink.registration:
            self._inks[ink] = None

    def state(self, title: str) -> str:
        """The operator that sets one of _STATES."""
        self._states[title] = None
        return f"/{title} gs"

    def picture(self, mark: Pixels) -> str:
        """What the picture is called."""
        return self._pixels.setdefault(mark, f"/Im{len(self._pixels) + 1}")

    def written(self, file: PdfFile) -> bytes:
        """The resources of every page; fonts, inks and pictures added to the file once."""
        fonts = {title: at for letters in self._letters.values() for title, at in letters.put_into(file).items()}
        groups = {
            "Font": ref(file.add(dictionary(fonts))) if fonts else b"",
            "ExtGState": _group({title: _STATES[title] for title in self._states}),
            "ColorSpace": _group({_plate(ink): ref(file.add(_separation(ink))) for ink in self._inks}),
            "XObject": _group({title[1:]: ref(file.add(_image(mark))) for mark, title in self._pixels.items()}),
        }
        return dictionary({"ProcSet": b"[/PDF /Text /ImageC]", **{key: value for key, value in groups.items() if value}})


def _group(entries: Mapping[str, bytes]) -> bytes:
    return dictionary(entries) if entries else b""


def _plate(ink: Ink) -> str:
    return "All" if ink.registration else name(ink.spot)[1:].decode()


def _separation(ink: Ink) -> bytes:
    """A plate of its own: nothing of it is paper, all of it the ink's recipe."""
    recipe = f"[{numbers(part / 100 for part in (ink.c, ink.m, ink.y, ink.k))}]".encode()
    tint = dictionary({"FunctionType": b"2", "Domain": b"[0 1]", "C0": b"[0 0 0 0]", "C1": recipe, "N": b"1"})
    return b"[/Separation /%b /DeviceCMYK %b]" % (_plate(ink).encode(), tint)


@lru_cache(maxsize=4)
def _image(mark: Pixels) -> bytes:
    size = {"Width": b"%d" % mark.width, "Height": b"%d" % mark.height, "BitsPerComponent": b"8"}
    return deflated(mark.data, Type=b"/XObject", Subtype=b"/Image", ColorSpace=b"/DeviceCMYK", **size)


class Pen:
    """Writes one page's operators into `code`."""

    def __init__(self, frame: Frame, resources: Resources) -> None:
        self.code: list[str] = []
        self._frame = frame
        self._resources = resources
        self._current: dict[str, str] = {}  # what was set last, and is not set again: each operator is read three times

    def draw(self, op: Op) -> None:
        match op:
            case Fill() | Stroke():
                self._paint(op)
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
        self._within(f"q\n{_traced(rectangle(box), self._frame)} W* n", ops)

    def _within(self, begin: str, ops: Sequence[Op]) -> None:
        """`ops` in a state of their own; `begin` opens it."""
        outer, self._current = self._current, dict(self._current)
        self.code.append(begin)
        for op in ops:
            self.draw(op)
        self.code.append("Q")
        self._current = outer

    def _state(self, **wanted: str) -> None:
        for key, operators in wanted.items():
            if self._current.get(key) != operators:
                self._current[key] = operators
                self.code.append(operators)

    def _paint(self, op: Fill | Stroke) -> None:
        """The cutter's line overprints; black strokes knock out, as their ground is paper or their own picture."""
        self._resources.ink(op.ink)
        if isinstance(op, Fill):
            self._state(fill=_colour(op.ink))
            self.code.append(f"{_way(op.path, self._frame)}\nf*")
            return
        colour, width, ends = _colour(op.ink, stroke=True), f"{number(op.width_mm * self._frame.factor)} w", "1 J\n1 j"
        if op.ink.spot and op.ink.overprints:
            state = self._resources.state(_OVER_STROKE)
            self.code += ("q", state, colour, width, ends, _way(op.path, self._frame), "S", "Q")
            return
        self._state(stroke=colour, width=width, ends=ends)
        self.code.append(f"{_way(op.path, self._frame)}\nS")

    def _turned(self, op: Turned) -> None:
        """Half round about a point: both axes change their sign, and the point stays where it is."""
        x, y = self._frame.point(op.about)
        self._within(f"q\n-1 0 0 -1 {numbers((2 * x, 2 * y))} cm", op.inside)

    def _picture(self, op: Picture) -> None:
        """An emblem in its own coordinates, so that one drawing serves all sizes."""
        at, mark, factor = op.placed, op.mark, self._frame.factor
        x, y = numbers(self._frame.point(Point(at.x, at.bottom))).split()
        if isinstance(mark, Pixels):
            self.code.append(f"q\n{numbers((at.w * factor, 0, 0, at.h * factor))} {x} {y} cm\n{self._resources.picture(mark)} Do\nQ")
            return
        for shape in mark.shapes:
            self._resources.ink(shape.ink)
        share = number(at.w / mark.width * factor)
        self.code.append(f"q\n{share} 0 0 {share} {x} {y} cm\n{_drawing(mark)}\nQ")

    def _code(self, op: Code) -> None:
        """Paper white under the whole square first: the ground must never bleed into the quiet zone. K100, no overprint needed."""
        module = number(op.module_mm * self._frame.factor)
        corner = numbers(self._frame.point(Point(op.x, op.y)))
        bars = " ".join(f"{x} {y} {length} 1 re" for x, y, length in op.symbol.bars())  # from here one unit is one module, y down
        self._state(fill=_colour(PAPER))
        self.code.append(
            f"{_traced(rectangle(op.box), self._frame)}\nf*\nq\n{_colour(BLACK)}\n{module} 0 0 -{module} {corner} cm\n{bars}\nf*\nQ"
        )

    # --- text ---

    def _text(self, op: Text) -> None:
        """Pure black overprints; the state is put back at once, for light text with overprint on would vanish."""
        self._resources.ink(op.ink)
        if op.ink.overprints:
            self.code += ("q", self._resources.state(_OVER_FILL), _colour(op.ink))
        else:
            self._state(fill=_colour(op.ink))
        for as_paths, runs in groupby(op.runs, key=lambda run: self._resources.outlines or bool(run.glyphs)):
            if as_paths:
                for run in runs:
                    self._outlined(op, run)
            else:
                self._lettered(op, tuple(runs))
        if op.ink.overprints:
            self.code.append("Q")

    def _lettered(self, op: Text, runs: Sequence[Run]) -> None:
        """One operator a run and font, its kerning and tracking between the letters."""
        x, y = self._frame.point(Point(op.x + runs[0].x, op.y))
        shown = " ".join(part for run in runs for part in self._shown(run))
        self.code.append(f"BT 1 0 0 1 {x:.4f} {y:.4f} Tm {shown} ET")

    def _shown(self, run: Run) -> Iterator[str]:
        size, at = run.size_pt * self._frame.factor / PT_PER_MM, 0
        for font, letters in self._resources.letters(run.face).codes(run.text):
            yield f"/{font} {size:.4f} Tf [{_spaced(letters.hex(), run.after_em[at : at + len(letters)])}] TJ"
            at += len(letters)

    def _outlined(self, op: Text, run: Run) -> None:
        """Letters as paths, with ActualText around them. Where fonts are welcome, the letters also lie there unseen: PDFium and Poppler
        give ActualText only where it has letters under it, and a text that nobody can extract is a text that nobody can check.
        """
        self.code.append(f"/Span <</ActualText <{(chr(0xFEFF) + run.text).encode('utf-16-be').hex()}>>> BDC")
        face, em = self._resources.faces(run.face), run.size_pt / PT_PER_MM
        size = em * self._frame.factor / _UNITS
        for at in glyphs(run, face):
            if code := _glyph_code(face, at.glyph):
                x, y = self._frame.point(Point(op.x + run.x + at.x * em, op.y - at.y * em))
                self.code.append(f"q {size:.6f} 0 0 {size:.6f} {x:.4f} {y:.4f} cm {code} f Q")
        if not self._resources.outlines:
            self._unseen(op, run)
        self.code.append("EMC")

    def _unseen(self, op: Text, run: Run) -> None:
        """Rendering mode 3 shows nothing (ISO 32000-1 table 106)."""
        at, size = numbers(self._frame.point(Point(op.x + run.x, op.y))), number(run.size_pt * self._frame.factor / PT_PER_MM)
        shown = " ".join(f"/{font} {size} Tf <{codes.hex()}> Tj" for font, codes in self._resources.letters(run.face).codes(run.text))
        self.code.append(f"BT 1 0 0 1 {at} Tm 3 Tr {shown} 0 Tr ET")


@lru_cache(maxsize=8)
def _drawing(mark: Drawing) -> str:
    """An emblem's shapes, in its own units, y up."""
    return "\n".join(_shape(shape, Frame(0.0, mark.height, 1.0)) for shape in mark.shapes)


def _shape(shape: Shape, frame: Frame) -> str:
    if shape.width:
        return f"{_colour(shape.ink, stroke=True)}\n{number(shape.width)} w\n{_traced(shape.path, frame)}\nS"
    return f"{_colour(shape.ink)}\n{_traced(shape.path, frame)}\n{'f*' if shape.even_odd else 'f'}"


def _traced(path: Path, frame: Frame) -> str:
    """The path in points."""
    parts = []
    for op, at in path.segments:
        parts += [number(value) for point in at for value in frame.point(point)]
        parts.append({"M": "m", "L": "l", "C": "c", "Z": "h"}[op])
    return " ".join(parts)


@lru_cache(maxsize=1024)
def _way(path: Path, frame: Frame) -> str:
    """The same. Kept: lotus and map are the same in every village, and numbers are dear to write."""
    return _traced(path, frame)


@lru_cache(maxsize=256)
def _colour(ink: Ink, *, stroke: bool = False) -> str:
    if ink.registration or ink.spot:
        return f"/{_plate(ink)} {'CS 1 SCN' if stroke else 'cs 1 scn'}"
    return f"{numbers(part / 100 for part in (ink.c, ink.m, ink.y, ink.k))} {'K' if stroke else 'k'}"


@lru_cache(maxsize=4096)
def _glyph_code(face: Face, glyph: int) -> str:
    """The glyph's contours as operators, in thousandths of an em, to be filled non-zero; "" for a blank. Kept: letters come again."""
    parts = []
    for op, at in outline(face, glyph).segments:
        parts += [f"{round(value * _UNITS, 1):g}" for point in at for value in point]
        parts.append({"M": "m", "L": "l", "C": "c", "Z": "h"}[op])
    return " ".join(parts)


def _spaced(codes: str, after_em: Sequence[float]) -> str:
    """A TJ array's strings and numbers; a number draws what follows it nearer, in thousandths of an em (ISO 32000-1 §9.4.3)."""
    parts, begun = [], 0
    for end, gap in _gaps(tuple(after_em)):
        parts.append(f"<{codes[begun:end]}>{gap}")
        begun = end
    return "".join(parts) + (f"<{codes[begun:]}>" if begun < len(codes) else "")


@lru_cache(maxsize=1024)
def _gaps(after_em: tuple[float, ...]) -> tuple[tuple[int, str], ...]:
    """Where a string ends (in hexadecimal digits), and the number that follows it."""
    return tuple((2 * at, f"{-1000 * after:g}") for at, after in enumerate(after_em, 1) if after)
