"""The display list: what stands where on a page, in millimetres. Layout writes it, draw_pdf reads it; neither knows the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

from collateral.geometry import Box, Path, Point
from collateral.ink import Ink
from collateral.qr import Symbol


@dataclass(frozen=True, slots=True)
class Placed:
    """A shaped glyph: its number in the font file, its origin from the run's start in em, y up."""

    glyph: int
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Run:
    """Letters of one face and size. `after_em`: what each letter's advance gains, tracking and kerning together, in em.

    (x, 0) is where the run's pen starts, in mm from the line's; `width`: how far it moves the pen. `glyphs`: for scripts that must be
    shaped, what is drawn in place of the letters, as outlines; else empty.
    """

    text: str
    face: str
    size_pt: float
    after_em: tuple[float, ...]
    x: float = 0.0
    width: float = 0.0
    glyphs: tuple[Placed, ...] = ()


@dataclass(frozen=True, slots=True)
class Fill:
    path: Path
    ink: Ink


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line with round caps and joins."""

    path: Path
    ink: Ink
    width_mm: float


@dataclass(frozen=True, slots=True)
class Text:
    """One line; (x, y): its pen position on the baseline. `letters`: a box of ink each; `box`: all of them.

    `level`: its rank (design §2.2): 1 slogan, 2 ask, 3 number, what is typed and the code's verb: these are read at the piece's distance;
    4 village and what is said at arm's length; 5 small print.
    """

    x: float
    y: float
    runs: tuple[Run, ...]
    ink: Ink
    box: Box
    letters: tuple[Box, ...]
    level: int = 4


@dataclass(frozen=True, slots=True)
class Clip:
    """`inside` shows within `box` only."""

    box: Box
    inside: tuple[Fill | Stroke, ...]


@dataclass(frozen=True, slots=True)
class Code:
    """A QR symbol on its own paper-white square. (x, y): the square's corner; its quiet zone belongs to it."""

    x: float
    y: float
    module_mm: float
    symbol: Symbol
    role: str

    @property
    def box(self) -> Box:
        """The white square: the symbol and its quiet zone."""
        side = self.module_mm * self.symbol.with_quiet_zone
        return Box(self.x, self.y, side, side)


@dataclass(frozen=True, slots=True)
class Turned:
    """`inside` stands on its head, turned half round about `about`: the far face of a table card."""

    about: Point
    inside: tuple[Fill | Stroke | Text | Clip | Code, ...]

    def placed(self) -> Iterator[Text | Code]:
        """Its texts and codes with their boxes where they come to stand."""
        for op in self.inside:
            if isinstance(op, Text):
                yield replace(op, box=self._half_round(op.box), letters=tuple(map(self._half_round, op.letters)))
            elif isinstance(op, Code):
                corner = self._half_round(op.box)
                yield replace(op, x=corner.x, y=corner.y)

    def _half_round(self, box: Box) -> Box:
        return Box(2 * self.about.x - box.right, 2 * self.about.y - box.bottom, box.w, box.h)


@dataclass(frozen=True, slots=True)
class Shape:
    """A piece of a drawing in the drawing's own units: filled, or a line of `width` where that is not 0."""

    path: Path
    ink: Ink
    even_odd: bool = False
    width: float = 0.0


@dataclass(frozen=True, slots=True)
class Drawing:
    """An emblem as shapes, in units of its own, y down."""

    width: float
    height: float
    shapes: tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class Pixels:
    """An emblem as a picture: `data`: C, M, Y, K of each pixel, a byte each, row by row."""

    width: int
    height: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Picture:
    """A mark of outside origin, fitted into `box` and centred there."""

    box: Box
    mark: Drawing | Pixels

    @property
    def placed(self) -> Box:
        """Where its own rectangle comes to stand."""
        share = min(self.box.w / self.mark.width, self.box.h / self.mark.height)
        w, h = self.mark.width * share, self.mark.height * share
        return Box(self.box.x + (self.box.w - w) / 2, self.box.y + (self.box.h - h) / 2, w, h)


Op: TypeAlias = Fill | Stroke | Text | Clip | Code | Turned | Picture


@dataclass(frozen=True, slots=True)
class Page:
    """One side of a piece, trim size in mm. `folds_x`, `folds_y`: where it is folded, mm from the trim's left and upper edge."""

    width: float
    height: float
    ops: tuple[Op, ...]
    folds_x: tuple[float, ...] = ()
    folds_y: tuple[float, ...] = ()

    @property
    def texts(self) -> tuple[Text, ...]:
        return tuple(op for op in self._placed() if isinstance(op, Text))

    @property
    def codes(self) -> tuple[Code, ...]:
        return tuple(op for op in self._placed() if isinstance(op, Code))

    def _placed(self) -> Iterator[Op]:
        for op in self.ops:
            yield from op.placed() if isinstance(op, Turned) else (op,)
