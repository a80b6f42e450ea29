"""The display list: what stands where on a page, in millimetres. Layout writes it, draw_pdf reads it; neither knows the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from collateral.geometry import Box, Path
from collateral.ink import Ink
from collateral.qr import Symbol


@dataclass(frozen=True, slots=True)
class Run:
    """Letters of one face and size. `after_em`: what each letter's advance gains, tracking and kerning together, in em."""

    text: str
    face: str
    size_pt: float
    after_em: tuple[float, ...]


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
    """One line; (x, y): its pen position on the baseline. `letters`: a box of ink each; `box`: all of them."""

    x: float
    y: float
    runs: tuple[Run, ...]
    ink: Ink
    box: Box
    letters: tuple[Box, ...]


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


Op: TypeAlias = Fill | Stroke | Text | Clip | Code


@dataclass(frozen=True, slots=True)
class Page:
    """One side of a piece, trim size in mm."""

    width: float
    height: float
    ops: tuple[Op, ...]

    @property
    def texts(self) -> tuple[Text, ...]:
        return tuple(op for op in self.ops if isinstance(op, Text))

    @property
    def codes(self) -> tuple[Code, ...]:
        return tuple(op for op in self.ops if isinstance(op, Code))
