"""Concept C "Bản đồ ký ức" on an A5 leaflet (design §4.7): the path is dotted while it is memory and solid once it reaches the code."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from collateral.display import Fill, Op, Page, Stroke
from collateral.geometry import PT_PER_MM, Box, Point, circle, line, points, rectangle, smooth, spaced
from collateral.layout.order import Order, checked, name_block
from collateral.ornament import MemoryMap, Pen, dots, frame, memory_map, star
from collateral.setting import Style
from collateral.type import BOLD, CAP_HEIGHT, MEDIUM, REGULAR, SEMIBOLD

_U: Final = 148 / 60
_LEFT: Final = 4 * _U
_WIDTH: Final = 148 - 2 * _LEFT
_COLUMN: Final = 74.2
_DOT: Final = 0.95
_STEP: Final = 2.1
_FRAME: Final = Box(90.7, 136, 47.3, 51.5)
_SQUARE: Final = 42.9
_PATH_END: Final = Point(_FRAME.x, 121.6)
_FOOT: Final = 163
_WAYS_Y: Final = tuple(115.5 + 17.4 * n for n in range(3))
_WAY_X: Final = 21.1
_WAY: Final = 60.5
_HINTS_X: Final = 85.5
_BACK_PATH: Final = points(
    "(121.4,34.9)(126.6,41)(127.6,49.5)(122.5,57)(115.6,63)(115.1,71.5)(121.5,77.5)(124.4,85.5)(121,91.6)(114.6,94.6)(106.8,95)"
)
_BACK_DOTS: Final = dots(spaced(smooth(_BACK_PATH), _STEP), _DOT)


def lay_out(order: Order) -> tuple[Page, ...]:
    """Front and back. Raises Refused."""
    width, height = order.piece.trim
    sides = [Page(width, height, tuple(side(order))) for side in (_front, _back)]
    return checked(sides, order.piece, order.setter.place)


def _front(order: Order) -> Iterator[Op]:
    ink, setter = order.palette, order.setter
    yield Fill(rectangle(order.piece.bleed_box), ink.ivory)
    yield from memory_map(MemoryMap(_U, Pen(ink.gold, 0.5, ink.ivory), ink.field, _DOT, _STEP), _PATH_END)
    yield Stroke(frame(_FRAME, 1.6 * _U, _PATH_END.y + 0.8 * _U, _FRAME.x + 2.2 * _U), ink.field, 0.6)
    headline = Style(SEMIBOLD, 29.5, ink.field)
    for text, y in zip(order.copy.ban_do_leaflet.headline, (20.7, 34.5), strict=True):
        yield setter.line(order.words.say(text), _LEFT, y, headline, width=_WIDTH)
    yield from _answer(order)
    yield from _panel(order)
    yield setter.fitted(order.words.say(" ".join(order.copy.shared.safety)), _LEFT, 199.5, Style(MEDIUM, 11, ink.field), _WIDTH, least=0.8)


def _answer(order: Order) -> Iterator[Op]:
    ink, say, setter, shared, copy = order.palette, order.words.say, order.setter, order.copy.shared, order.copy.ban_do_leaflet
    name = Style(BOLD, 22, ink.field)
    block = name_block(setter, order.village, name, _COLUMN)
    extra = (len(block.lines) - 1) * 8.1
    top = 138.5 - (2.5 if extra else 0.0)
    if block.kind:
        yield setter.line(block.kind, _LEFT, top - 8.6, Style(MEDIUM, 12, ink.field))
    for i, text in enumerate(block.lines):
        yield setter.line(text, _LEFT, top + i * 8.1, name.at(block.size_pt), width=_COLUMN)
    yield setter.line(say(shared.commune), _LEFT, top + 6 + extra, Style(MEDIUM, 11.5, ink.field), width=_COLUMN)
    yield setter.fitted(say(shared.caller), _LEFT, 156.8 if extra else 155.9, Style(MEDIUM, 11.5, ink.black), _COLUMN, least=0.7)
    yield order.number(_LEFT, 167.6, Style(BOLD, 60, ink.black), _COLUMN)
    lines = [*copy.text, *([copy.dial] if order.words.has("ussd") else [])]  # the desk's number stands on the back
    said = Style(REGULAR, 13.2, ink.black, strong=BOLD, aside=0.8)
    for text, y in zip(lines, (175.7, 181.6, 187.5), strict=False):  # the last stands level with the frame's foot
        yield setter.fitted(say(text), _LEFT, y, said, _COLUMN, least=0.7)


def _panel(order: Order) -> Iterator[Op]:
    ink, x = order.palette, _FRAME.x + (_FRAME.w - _SQUARE) / 2
    yield order.setter.line(order.words.say(order.copy.shared.verb), x, 133.3, Style(SEMIBOLD, 11.5, ink.black), width=_SQUARE)
    yield order.web_code(x, 138.2, _SQUARE)
    yield order.address(x + _SQUARE / 2, 185, 8, ink.black, _SQUARE)


def _back(order: Order) -> Iterator[Op]:
    ink, bleed = order.palette, order.piece.bleed_box
    yield Fill(rectangle(Box(bleed.x, bleed.y, bleed.w, _FOOT - bleed.y)), ink.ivory)
    yield Fill(rectangle(Box(bleed.x, _FOOT, bleed.w, bleed.bottom - _FOOT)), ink.field)
    yield Fill(star(Point(120, 26.5), 5.2), ink.field)
    yield Fill(_BACK_DOTS, ink.field)
    yield Stroke(line((Point(104.1, 95), Point(_LEFT, 95))), ink.field, 0.6)
    yield from _questions(order)
    yield from _ways(order)
    yield from _hints(order)
    yield from _back_foot(order)


def _questions(order: Order) -> Iterator[Op]:
    ink, say, setter, copy = order.palette, order.words.say, order.setter, order.copy.ban_do_leaflet
    for text, y in zip(copy.question, (20.7, 33.3), strict=True):
        yield setter.line(say(text), _LEFT, y, Style(SEMIBOLD, 27, ink.field), width=95)
    for i, item in enumerate(copy.items):
        y = 47.5 + 15.8 * i
        yield Fill(star(Point(12.2, y - 1.7), 0.9 * _U), ink.gold)
        for j, text in enumerate(item):
            yield setter.line(say(text), 18.1, y + 7.0 * j, Style(MEDIUM, 14, ink.black), width=90)


def _ways(order: Order) -> Iterator[Op]:
    """Three ways to answer, numbered along a dotted line."""
    ink, say, setter, copy = order.palette, order.words.say, order.setter, order.copy.ban_do_leaflet
    yield setter.line(say(copy.ways_title), _LEFT, 105.8, Style(SEMIBOLD, 15, ink.field), width=_WIDTH)
    ways = [way for way, field in ((copy.call, "number"), (copy.text, "short_code"), (copy.visit, "hotline")) if order.words.has(field)]
    what = Style(REGULAR, 13.5, ink.black, strong=BOLD)
    size = min(setter.size_to_fit(say(way[0]), what, _WAY) for way in ways)  # one size for all three
    for i, (way, y) in enumerate(zip(ways, _WAYS_Y, strict=False)):
        yield from _numbered(order, i, y, last=i == len(ways) - 1)
        yield setter.line(say(way[0]), _WAY_X, y - 0.5, what.at(size), width=_WAY)
        yield setter.fitted(say(way[1]), _WAY_X, y + 6.2, Style(REGULAR, 17, ink.black, strong=BOLD, aside=0.65), _WAY, least=0.8)


def _hints(order: Order) -> Iterator[Op]:
    """What helps to remember, USSD for those without data, and what the commune promises: the right column."""
    ink, say, setter, copy = order.palette, order.words.say, order.setter, order.copy.ban_do_leaflet
    width = 148 - _LEFT - _HINTS_X
    for i, text in enumerate(copy.hints):
        yield setter.fitted(say(text), _HINTS_X, 115 + 6.3 * i, Style(MEDIUM, 12.7, ink.black), width, least=0.8)
    if order.words.has("ussd"):
        yield setter.fitted(say(copy.dial), _HINTS_X, 142.4, Style(REGULAR, 13.5, ink.black, strong=BOLD), width, least=0.8)
    for i, text in enumerate(copy.promise):
        yield setter.fitted(say(text), _HINTS_X, 150.8 + 5.7 * i, Style(MEDIUM, 11.2, ink.grey), width, least=0.8)


def _numbered(order: Order, i: int, y: float, *, last: bool) -> Iterator[Op]:
    """A numeral in its ring, centred by cap height, and the dots down to the next ring."""
    ink, centre, radius = order.palette, Point(13.4, y), 3.4
    style = Style(SEMIBOLD, 13, ink.field)
    yield Stroke(circle(centre, radius), ink.field, 0.45)
    yield order.setter.line(str(i + 1), centre.x, y + CAP_HEIGHT[SEMIBOLD] * style.size_pt / PT_PER_MM / 2, style, align="centre")
    if not last:
        way = line((Point(centre.x, y + radius + 1), Point(centre.x, y + 17.4 - radius - 1)))
        yield Fill(dots(spaced(way, 1.45), 0.55), ink.field)


def _back_foot(order: Order) -> Iterator[Op]:
    ink, say, setter, copy = order.palette, order.words.say, order.setter, order.copy.ban_do_leaflet
    for i, text in enumerate(order.copy.shared.safety):
        yield setter.fitted(say(text), _LEFT, 175.7 + 7.7 * i, Style(SEMIBOLD, 15.5, ink.ivory), _WIDTH, least=0.8)
    yield setter.fitted(say(copy.confidence), _LEFT, 191.7, Style(MEDIUM, 11.6, ink.gilt), _WIDTH, least=0.8)
    small = Style(MEDIUM, 8.5, ink.ivory)
    code = setter.line(order.piece_code, 148 - _LEFT, 201.6, small, align="right")
    yield code
    yield setter.fitted(say(copy.issuer), _LEFT, 201.6, small, code.box.x - _LEFT - _U, least=0.8)
