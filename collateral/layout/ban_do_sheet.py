"""Concept C "Bản đồ ký ức" on an upright sheet (design §4.3): the remembered path is dotted, and solid once it reaches the code.

Measures are those of A3; every A size is the same picture by u.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, Final

from collateral.display import Fill, Op, Page, Stroke
from collateral.geometry import PT_PER_MM, Box, Point, circle, line, points, rectangle, spaced
from collateral.layout.column import Column, Inks
from collateral.layout.order import Order, checked
from collateral.layout.scaled import Scaled
from collateral.ornament import MemoryMap, Pen, dots, frame, memory_map
from collateral.setting import Style
from collateral.type import BOLD, CAP_HEIGHT, MEDIUM, REGULAR, SEMIBOLD
from collateral.wording import STRICT

_U: Final = 297 / 60
_LEFT: Final = 4 * _U
_RIGHT: Final = 277.2
_LINE: Final = 0.95
_DOT: Final = 1.6
_STEP: Final = 3.6
_FRAME: Final = Box(168.3, 255.4, 108.9, 117.8)
_SQUARE: Final = Box(173.2, 260.3, 99, 99)
_STROKE_Y: Final = 244.5  # where the path has become certain
_TAIL: Final = points("(-3.6,-6.9)(-1.3,-4.5)(-0.3,-1.9)")  # u from the path's end
_STEPS_X: Final = (_LEFT, 66.3, 112.9)
_STEPS_Y: Final = 250.5
_RING: Final = 7.2
_COLUMN: Final = Column(
    x=_LEFT, width=135.6, name_y=306.4, name_pt=36, step=12.6, kind_rise=14, kind_pt=17, commune_drop=11.5, commune_pt=17.5,
    caller_y=331.9, caller_pt=17, number_y=352.3, sms_y=363.7, sms_pt=20, ways_y=373.2, ways_pt=16.5, up=4.0, down=2.7,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class BanDoSheet:
    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT

    headline: tuple[str, str]
    steps: tuple[tuple[str, str], tuple[str, str], tuple[str, str]]  # what to do, and three words on it
    issuer: str
    campaign: str


def lay_out(order: Order) -> tuple[Page, ...]:
    """The sheet's one page. Raises Refused."""
    width, height = order.piece.trim
    sheet, ink = Scaled(order, order.unit / _U), order.palette
    ops: list[Op] = [Fill(rectangle(order.piece.bleed_box), ink.ivory), *_picture(order, sheet), *_headline(order, sheet)]
    ops += [*_steps(order, sheet), *_COLUMN.set_on(sheet, Inks(ink.field, ink.black, ink.black)), *_panel(order, sheet)]
    ops += _foot(order, sheet)
    return checked([Page(width, height, tuple(ops))], order.piece, order.setter.place)


def _picture(order: Order, sheet: Scaled) -> Iterator[Op]:
    """The map, and the stroke that its path turns into .8u under the last dot."""
    ink, k, u = order.palette, sheet.k, order.unit
    pen, end = Pen(ink.gold, 0.8 * k, ink.ivory), Point(_FRAME.x * k, _STROKE_Y * k - 0.8 * u)
    yield from memory_map(MemoryMap(u, pen, ink.field, _DOT * k, _STEP * k, 3.2, _TAIL, order.house), end)
    box = sheet.box(_FRAME.x, _FRAME.y, _FRAME.w, _FRAME.h)
    yield Stroke(frame(box, 1.6 * u, _STROKE_Y * k, box.x + 2.2 * u), ink.field, _LINE * k)


def _headline(order: Order, sheet: Scaled) -> Iterator[Op]:
    style = Style(SEMIBOLD, 58, order.palette.field, level=1)
    yield from sheet.lines(order.said(BanDoSheet).headline, _LEFT, 40.6, 27, style, _RIGHT - _LEFT)


def _steps(order: Order, sheet: Scaled) -> Iterator[Op]:
    """Three steps, numbered along a dotted line: the words of each in one size."""
    ink, setter, said = order.palette, order.setter, order.said(BanDoSheet).steps
    room = (_STEPS_X[1] - _STEPS_X[0] - 4) * sheet.k
    for i, (style, y) in enumerate(((Style(BOLD, 20, ink.field), 270.8), (Style(MEDIUM, 13.5, ink.black), 279.4))):
        texts = [order.words.say(step[i]) for step in said]
        final = style.at(style.size_pt * sheet.k)
        size = max(0.75 * final.size_pt, min(setter.size_to_fit(text, final, room) for text in texts))
        for text, x in zip(texts, _STEPS_X, strict=True):
            yield setter.line(text, x * sheet.k, y * sheet.k, final.at(size), width=room)
    for i, x in enumerate(_STEPS_X):
        yield from _numbered(order, sheet, i, x + _RING)
    ways = (line((sheet.point(x + 2 * _RING + 2, _STEPS_Y), sheet.point(after - 2, _STEPS_Y))) for x, after in pairwise(_STEPS_X))
    yield Fill(dots([at for way in ways for at in spaced(way, 2.6 * sheet.k)], 0.8 * sheet.k), ink.field)


def _numbered(order: Order, sheet: Scaled, i: int, x: float) -> Iterator[Op]:
    """A numeral in its ring, centred by cap height."""
    style = Style(SEMIBOLD, 19, order.palette.field)
    yield Stroke(circle(sheet.point(x, _STEPS_Y), _RING * sheet.k), style.ink, 0.7 * sheet.k)
    yield sheet.line(str(i + 1), x, _STEPS_Y + CAP_HEIGHT[SEMIBOLD] * style.size_pt / PT_PER_MM / 2, style, align="centre")


def _panel(order: Order, sheet: Scaled) -> Iterator[Op]:
    ink = order.palette
    verb = sheet.within(Style(SEMIBOLD, 20, ink.black, level=3), 10.6)
    yield sheet.fitted(order.words.say(order.copy.shared.verb), _SQUARE.x, _FRAME.y - 7.4, verb, _SQUARE.w, least=0.8)
    yield sheet.web_code(_SQUARE.x, _SQUARE.y, _SQUARE.w)
    yield sheet.address(_SQUARE.x + _SQUARE.w / 2, 368.5, 12, ink.black, _SQUARE.w)


def _foot(order: Order, sheet: Scaled) -> Iterator[Op]:
    ink, say, copy = order.palette, order.words.say, order.said(BanDoSheet)
    safety = " ".join(say(text) for text in order.copy.shared.safety)
    yield sheet.fitted(safety, _LEFT, 389.1, Style(MEDIUM, 16.5, ink.field), _RIGHT - _LEFT, least=0.8)
    small = Style(MEDIUM, 10.5, ink.grey, level=5)
    code = sheet.line(order.piece_code, _RIGHT, 405.6, small, align="right")
    yield code
    room = code.box.x / sheet.k - _LEFT - 2 * _U
    yield sheet.fitted(say(copy.issuer), _LEFT, 400.1, small, _RIGHT - _LEFT, least=0.8)
    yield sheet.fitted(say(copy.campaign), _LEFT, 405.6, Style(REGULAR, 10.5, ink.grey, level=5), room, least=0.8)
