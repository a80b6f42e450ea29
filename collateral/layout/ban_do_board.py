"""Concept C "Bản đồ ký ức" on boards (press.md §8.4): the map cropped large, one line of words over it, the number under it.

Drawn at a height of 400 (a hundredth of 4 m a unit); the width is the board's own, and the land is drawn out to fill it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from collateral.display import Fill, Op, Page, Stroke, Text
from collateral.geometry import PT_PER_MM, Point, points, rectangle
from collateral.layout.order import Order, checked
from collateral.layout.scaled import Scaled
from collateral.ornament import MemoryMap, Pen, frame, memory_map
from collateral.refusal import Refused
from collateral.setting import Style
from collateral.type import BOLD, MEDIUM, REGULAR, SEMIBOLD
from collateral.wording import STRICT

_HEIGHT: Final = 400
_MARGIN: Final = 22
_LINE: Final = 1.6
_PEN: Final = 1.2  # the land's lines
_FRAME: Final = 140
_SQUARE: Final = 132
_FRAME_Y: Final = 242
_RADIUS: Final = 10.7
_STROKE_Y: Final = 231.0  # where the path has become certain
_U: Final = 4.8  # the map's unit; across the board it is drawn out
_PATH_END: Final = Point(34, 51.8)  # where the map's path ends, in units
_WEST: Final = 3.0  # units of land left of the map's zero
_TAIL: Final = points("(-8,-8.4)(-2.8,-5.8)(-0.7,-2.6)")
_FIGURE: Final = 1.45
_PLACE_Y: Final = 264


@dataclass(frozen=True, slots=True)
class BanDoBoard:
    """`place`: village and commune, the fullest first."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT

    headline: str
    place: tuple[str, ...]
    issuer: str


def lay_out(order: Order) -> tuple[Page, ...]:
    """The board's one page. Raises Refused."""
    width, height = order.piece.trim
    sheet = Scaled(order, height / _HEIGHT)
    x0 = width / sheet.k - _MARGIN - _FRAME
    ops: list[Op] = [Fill(rectangle(order.piece.bleed_box), order.palette.ivory), *_picture(sheet, x0), *_words(sheet, x0)]
    gap = (_FRAME - _SQUARE) / 2
    ops.append(sheet.web_code(x0 + gap, _FRAME_Y + gap, _SQUARE))
    return checked([Page(width, height, tuple(ops))], order.piece, order.setter.place)


def _picture(sheet: Scaled, x0: float) -> Iterator[Op]:
    """The land from edge to edge, its path ending on the frame's left edge `x0`; there the solid stroke begins."""
    order, ink, k = sheet.order, sheet.order.palette, sheet.k
    bleed = order.piece.bleed / k + 2
    across = (x0 + bleed) / (_PATH_END.x + _WEST)  # drawn units a unit of land
    land = MemoryMap(
        u=_U * k, pen=Pen(ink.gold, _PEN * k, ink.ivory), mark=ink.field, dot=2.5 * k, step=5.6 * k, tail=_TAIL, house=order.house,
        lift=_PATH_END.y - (_STROKE_Y - 0.8 * _U) / _U, stretch=across / _U, figure=_FIGURE, left=(x0 - _PATH_END.x * across) * k,
    )  # fmt: skip
    yield from memory_map(land, sheet.point(x0, _STROKE_Y - 0.8 * _U))
    box = sheet.box(x0, _FRAME_Y, _FRAME, _FRAME)
    yield Stroke(frame(box, _RADIUS * k, _STROKE_Y * k, box.x + 13 * k), ink.field, _LINE * k)


def _words(sheet: Scaled, x0: float) -> Iterator[Op]:
    order, ink, width, column = sheet.order, sheet.order.palette, x0 + _FRAME - _MARGIN, x0 - 16 - _MARGIN
    say, copy = order.words.say, order.said(BanDoBoard)
    headline = sheet.within(Style(SEMIBOLD, 38 * PT_PER_MM, ink.field, level=1), 46)
    yield sheet.fitted(say(copy.headline), _MARGIN - 0.8, 51, headline, width, least=0.5)
    yield from _place(sheet, copy.place, column)
    digits = Style(BOLD, 63 * PT_PER_MM, ink.black, level=3)
    number = sheet.number(_MARGIN - 0.5, 326.5, digits, column)
    yield number
    below = order.under_number(number, digits.at(digits.size_pt * sheet.k), column * sheet.k) / sheet.k  # there is room beside it
    writing = Style(REGULAR, 24 * PT_PER_MM, ink.black, strong=BOLD, aside=0.72, level=3)
    yield sheet.fitted(order.in_writing(), _MARGIN, 361, writing, below, least=0.5)
    issuer = f"{say(copy.issuer)}  ·  {order.piece_code}"
    yield sheet.fitted(issuer, _MARGIN, 381.5, Style(MEDIUM, 7.2 * PT_PER_MM, ink.grey, level=5), column, least=0.7)


def _place(sheet: Scaled, places: tuple[str, ...], width: float) -> Iterator[Text]:
    """Village and commune; a long one shrinks to 80 %, loses the commune, its kind stands aside; then it takes two lines or is refused."""
    style = Style(BOLD, 25 * PT_PER_MM, sheet.order.palette.field, aside=0.45)
    for text in places:
        try:
            yield sheet.fitted(sheet.order.words.say(text), _MARGIN, _PLACE_Y, style, width, least=0.8)
        except Refused:
            continue
        return
    block = sheet.name(style, width)
    first, second = (f"~{block.kind}~ {block.lines[0]}", block.lines[1]) if len(block.lines) > 1 else (f"~{block.kind}~", block.lines[0])
    for text, y in ((first, _PLACE_Y - 23), (second, _PLACE_Y)):
        yield sheet.line(text, _MARGIN, y, style.at(block.size_pt / sheet.k), width=width)
