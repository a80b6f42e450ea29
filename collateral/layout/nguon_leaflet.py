"""Concept A "Nguồn" on leaflets: the poster's picture over the answer; on the back the stem becomes the line from which the ways hang.

What is said of the ways, and where it stands, is the leaflet's of concept C: the same words, another picture.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final, NamedTuple

from collateral.display import Fill, Op, Page, Stroke
from collateral.geometry import Box, Path, Point, Segment, curve, rectangle
from collateral.layout.ban_do_leaflet import (
    A4_LEFT,
    A4_SURE_Y,
    FRAME,
    LEFT,
    SURE_Y,
    BanDoLeaflet,
    BanDoLeafletA4,
    U,
    answer,
    back,
    back_a4,
    two_sided,
)
from collateral.layout.nguon_answer import over_seam
from collateral.layout.order import Order
from collateral.layout.scaled import Scaled
from collateral.ornament import Pen, frame, lotus, stem
from collateral.setting import Style
from collateral.type import MEDIUM, SLOGAN
from collateral.wording import HOME, STRICT

_SEAM: Final = 117.6
_STROKE_Y: Final = _SEAM + 1.2 * U
_BASE: Final = Point(FRAME.x + 3 * U, _SEAM - 16.6)
_LINE: Final = 0.6
_A4_LINE: Final = 0.85
_WIDTH: Final = 148 - 2 * LEFT


@dataclass(frozen=True, slots=True)
class NguonLeaflet:
    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT

    slogan: tuple[str, str]
    ask: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NguonLeafletA4:
    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT

    slogan: tuple[str, str]
    ask: tuple[str, ...]


class _Voice(NamedTuple):
    """How one language speaks on the field: size in pt, first baseline and step; the lotus in mm a unit."""

    slogan: tuple[float, float, float]
    ask: tuple[float, float, float]
    lotus: float


_CAPITALS: Final = _Voice((38, 23.6, 18.6), (18.5, 54.6, 9.2), 0.27)
_SENTENCES: Final = _Voice((29, 22.6, 13.4), (16, 48.6, 7.4), 0.25)
_VOICES: Final[Mapping[str, _Voice]] = {HOME: _CAPITALS, "lo": _Voice((31, 25.2, 15), (15.5, 53.6, 8.2), 0.25)}


def lay_out(order: Order) -> tuple[Page, ...]:
    """A5, front and back. Raises Refused."""
    copy, said, sheet = order.said(NguonLeaflet), order.said(BanDoLeaflet), Scaled(order, order.unit / U)
    source = _source(sheet, Point(122.5, 66), Point(LEFT, SURE_Y), 0.155, _LINE)
    return two_sided(order, _front(sheet, copy, answer(sheet, said.text, said.dial)), back(sheet, source))


def lay_out_a4(order: Order) -> tuple[Page, ...]:
    """A4, front and back. Raises Refused."""
    copy, said = order.said(NguonLeafletA4), order.said(BanDoLeafletA4)
    sheet, full = Scaled(order, order.unit / U), Scaled(order, 1.0)
    source = _source(full, Point(174, 88), Point(A4_LEFT, A4_SURE_Y), 0.21, _A4_LINE)
    return two_sided(order, _front(sheet, copy, answer(sheet, said.front_text, said.dial)), back_a4(full, source))


def _front(sheet: Scaled, copy: NguonLeaflet | NguonLeafletA4, ending: Iterator[Op]) -> Iterator[Op]:
    """Both fields, one stroke from the lotus through the seam round the code, slogan and ask; then how to answer."""
    ink, k, bleed, voice = sheet.order.palette, sheet.k, sheet.order.piece.bleed_box, _VOICES.get(sheet.order.copy.lang, _SENTENCES)
    seam, base = _SEAM * k, sheet.point(*_BASE)
    yield Fill(rectangle(Box(bleed.x, bleed.y, bleed.w, seam - bleed.y)), ink.field)
    yield Fill(rectangle(Box(bleed.x, seam, bleed.w, bleed.bottom - seam)), ink.ivory)
    box = sheet.box(FRAME.x, FRAME.y, FRAME.w, FRAME.h)
    way = stem(base, U * k, box.x, _STROKE_Y * k), frame(box, 1.6 * U * k, _STROKE_Y * k, box.x + 2.2 * U * k)
    yield from over_seam(sheet, _SEAM, way, _LINE)
    yield from lotus(base, voice.lotus * k, Pen(ink.gilt, _LINE * k, ink.field))
    slogan = Style(SLOGAN, 0, ink.gilt, tracking_em=0.02 if sheet.order.is_home else 0.0, level=1)
    for texts, (size, y, step), style in ((copy.slogan, voice.slogan, slogan), (copy.ask, voice.ask, Style(MEDIUM, 0, ink.ivory, level=2))):
        yield from sheet.lines(texts, LEFT, y, step, style.at(size), _WIDTH)
    yield from ending


def _source(sheet: Scaled, base: Point, end: Point, bloom: float, weight: float) -> Iterator[Op]:
    """A lotus in the upper right corner, whose stem comes down and runs as a line to `end`: from it the answers hang."""
    ink, k, drop = sheet.order.palette, sheet.k, end.y - base.y
    foot = Point(base.x - 0.55 * drop, end.y)
    sway = curve(base, (Point(base.x + 0.12 * drop, base.y + 0.6 * drop), Point(base.x - 0.05 * drop, end.y), foot))
    yield Stroke(Path((*sway.segments, Segment("L", (end,)))).placed(Point(0, 0), k), ink.gold, weight * k)
    yield from lotus(sheet.point(*base), bloom * k, Pen(ink.gold, weight * k, ink.ivory))
