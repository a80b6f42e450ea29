"""Concept C "Bản đồ ký ức" on leaflets (design §4.7): the path is dotted while it is memory and solid once it reaches the code.

A5 has two sides drawn for the hand; A4 has the same front, larger, and on its back a smaller code under each way to answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from collateral.display import Fill, Op, Page, Stroke
from collateral.geometry import PT_PER_MM, Box, Path, Point, circle, line, points, rectangle, smooth, spaced
from collateral.layout.order import Order, checked
from collateral.layout.scaled import Scaled
from collateral.ornament import MemoryMap, Pen, dots, frame, memory_map, star
from collateral.setting import Style
from collateral.type import BOLD, CAP_HEIGHT, MEDIUM, REGULAR, SEMIBOLD
from collateral.wording import STRICT

U: Final = 148 / 60
LEFT: Final = 4 * U
_WIDTH: Final = 148 - 2 * LEFT
_COLUMN: Final = 74.2
_DOT: Final = 0.95
_STEP: Final = 2.1
FRAME: Final = Box(90.7, 136, 47.3, 51.5)
_SQUARE: Final = 42.9
_PATH_END_Y: Final = 121.6
_FOOT: Final = 163
SURE_Y: Final = 95
_WAYS_Y: Final = tuple(115.5 + 17.4 * n for n in range(3))
_WAY_X: Final = 21.1
_WAY: Final = 60.5
_HINTS_X: Final = 85.5
_BACK_PATH: Final = smooth(
    points("(121.4,34.9)(126.6,41)(127.6,49.5)(122.5,57)(115.6,63)(115.1,71.5)(121.5,77.5)(124.4,85.5)(121,91.6)(114.6,94.6)(106.8,95)")
)
_BACK_DOTS: Final = dots(spaced(_BACK_PATH, _STEP), _DOT)
# the back of A4, mm
_A4: Final = 210 / 148
A4_LEFT: Final = 14.0
_A4_RIGHT: Final = 196.0
_A4_LIFT: Final = 7.0
A4_SURE_Y: Final = SURE_Y * _A4 - _A4_LIFT
_A4_COLUMNS: Final = ((14.0, 52.0), (73.0, 52.0), (132.0, 64.0))  # x and width; the desk has the longest name, and no code
_A4_RINGS_Y: Final = 151.4
_A4_RING: Final = 4.4
_A4_SQUARE: Final = 34.8
_A4_FOOT: Final = 250.0
_A4_DOTS: Final = dots(spaced(_BACK_PATH.placed(Point(0, -_A4_LIFT), _A4), _STEP * _A4), _DOT * _A4)


@dataclass(frozen=True, slots=True)
class BanDoLeaflet:
    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT

    headline: tuple[str, str]
    question: tuple[str, str]
    items: tuple[tuple[str, str], ...]
    ways_title: str
    call: tuple[str, str]
    text: tuple[str, str]
    visit: tuple[str, str]
    hints: tuple[str, ...]
    dial: str
    promise: tuple[str, ...]
    confidence: str
    issuer: str


@dataclass(frozen=True, slots=True)
class BanDoLeafletA4:
    """`scan`: what stands under each smaller code, by its role: scanning alone sends nothing, and people must know."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT

    headline: tuple[str, str]
    question: tuple[str, str]
    items: tuple[tuple[str, str], ...]
    ways_title: str
    call: tuple[str, str]
    text: tuple[str, str]
    zalo: tuple[str, str]
    visit: tuple[str, str]
    scan: Mapping[str, str]
    front_text: tuple[str, str]
    hints: tuple[str, str]
    dial: str
    promise: str
    confidence: str
    issuer: str


def lay_out(order: Order) -> tuple[Page, ...]:
    """A5, front and back. Raises Refused."""
    copy, sheet = order.said(BanDoLeaflet), Scaled(order, order.unit / U)
    memory = _memory(sheet, Point(120, 26.5), 5.2, _BACK_DOTS, Point(104.1, SURE_Y), LEFT)
    return two_sided(order, _front(sheet, copy.headline, copy.text, copy.dial), back(sheet, memory))


def lay_out_a4(order: Order) -> tuple[Page, ...]:
    """A4, front and back. Raises Refused."""
    copy, sheet, full = order.said(BanDoLeafletA4), Scaled(order, order.unit / U), Scaled(order, 1.0)
    memory = _memory(full, Point(170.5, 31), 7.0, _A4_DOTS, Point(104.1 * _A4, A4_SURE_Y), A4_LEFT)
    return two_sided(order, _front(sheet, copy.headline, copy.front_text, copy.dial), back_a4(full, memory))


def two_sided(order: Order, *sides: Iterator[Op]) -> tuple[Page, ...]:
    width, height = order.piece.trim
    return checked([Page(width, height, tuple(side)) for side in sides], order.piece, order.setter.place)


def _front(sheet: Scaled, headline: Sequence[str], text: Sequence[str], dial: str) -> Iterator[Op]:
    order, k, u = sheet.order, sheet.k, U * sheet.k
    ink, end = order.palette, sheet.point(FRAME.x, _PATH_END_Y)
    yield Fill(rectangle(order.piece.bleed_box), ink.ivory)
    yield from memory_map(MemoryMap(u, Pen(ink.gold, 0.5 * k, ink.ivory), ink.field, _DOT * k, _STEP * k, house=order.house), end)
    box = sheet.box(FRAME.x, FRAME.y, FRAME.w, FRAME.h)
    yield Stroke(frame(box, 1.6 * u, end.y + 0.8 * u, box.x + 2.2 * u), ink.field, 0.6 * k)
    yield from sheet.lines(headline, LEFT, 20.7, 13.8, Style(SEMIBOLD, 29.5, ink.field, level=1), _WIDTH)
    yield from answer(sheet, text, dial)


def answer(sheet: Scaled, text: Sequence[str], dial: str) -> Iterator[Op]:
    """What the front of every leaflet ends with: whose village, how to answer, the code in its frame, and safety."""
    yield from _answer(sheet, text, dial)
    yield from _panel(sheet)
    safety = sheet.order.words.say(" ".join(sheet.order.copy.shared.safety))
    yield sheet.fitted(safety, LEFT, 199.5, sheet.roomy(Style(MEDIUM, 11, sheet.order.palette.field)), _WIDTH, least=0.8)


def _answer(sheet: Scaled, text: Sequence[str], dial: str) -> Iterator[Op]:
    order, ink, words = sheet.order, sheet.order.palette, sheet.order.words
    block = sheet.name(Style(BOLD, 22, ink.field), _COLUMN)
    name = Style(BOLD, block.size_pt / sheet.k, ink.field)
    extra = (len(block.lines) - 1) * 8.1
    top = 138.5 - (2.5 if extra else 0.0)
    if block.kind:
        yield sheet.line(block.kind, LEFT, top - 8.6, Style(MEDIUM, 12, ink.field))
    for i, part in enumerate(block.lines):
        yield sheet.line(part, LEFT, top + i * 8.1, name, width=_COLUMN)
    commune, caller = words.say(order.copy.shared.commune), sheet.roomy(Style(MEDIUM, 11.5, ink.black))
    yield sheet.fitted(commune, LEFT, top + 6 + extra, Style(MEDIUM, 11.5, ink.field), _COLUMN, least=0.8)
    yield sheet.caller(LEFT, 156.8 if extra else 155.9, caller, _COLUMN)
    yield sheet.number(LEFT, 167.6, Style(BOLD, 60, ink.black, level=3), _COLUMN)
    lines = [*(text if words.has("short_code") else ()), *([dial] if words.has("ussd") else [])]  # the desk's number stands on the back
    said = Style(REGULAR, 13.2, ink.black, strong=BOLD, aside=0.8, level=3)
    for part, y in zip(lines, (175.7, 181.6, 187.5), strict=False):  # the last stands level with the frame's foot
        yield sheet.fitted(words.say(part), LEFT, y, said, _COLUMN, least=0.7)


def _panel(sheet: Scaled) -> Iterator[Op]:
    ink, x = sheet.order.palette, FRAME.x + (FRAME.w - _SQUARE) / 2
    verb = sheet.within(Style(SEMIBOLD, 11.5, ink.black, level=3), 6.2)
    yield sheet.fitted(sheet.order.words.say(sheet.order.copy.shared.verb), x, 133.3, verb, _SQUARE, least=0.8)
    yield sheet.web_code(x, 138.2, _SQUARE)
    yield sheet.address(x + _SQUARE / 2, 185, 8, ink.black, _SQUARE)


def back(sheet: Scaled, picture: Iterator[Op]) -> Iterator[Op]:
    """The back of A5. `picture`: what leads, in the upper right corner, down to the line at SURE_Y over the answers."""
    yield from _grounds(sheet.order, _FOOT)
    yield from picture
    yield from _questions(sheet)
    yield from _ways(sheet)
    yield from _hints(sheet)
    yield from _back_foot(sheet)


def _grounds(order: Order, foot: float) -> Iterator[Op]:
    ink, bleed = order.palette, order.piece.bleed_box
    yield Fill(rectangle(Box(bleed.x, bleed.y, bleed.w, foot - bleed.y)), ink.ivory)
    yield Fill(rectangle(Box(bleed.x, foot, bleed.w, bleed.bottom - foot)), ink.field)


def _memory(sheet: Scaled, at: Point, radius: float, way: Path, sure: Point, left: float) -> Iterator[Op]:
    """The star, the dotted way from it, and the solid line that it becomes: from `sure` to the column's left edge."""
    ink = sheet.order.palette.field
    yield Fill(star(at, radius), ink)
    yield Fill(way, ink)
    yield Stroke(line((sure, Point(left, sure.y))), ink, 0.6 if radius < 6 else 0.85)


def _questions(sheet: Scaled) -> Iterator[Op]:
    ink, copy = sheet.order.palette, sheet.order.said(BanDoLeaflet)
    yield from sheet.lines(copy.question, LEFT, 20.7, 12.6, Style(SEMIBOLD, 27, ink.field), 95)
    for i, item in enumerate(copy.items):
        y = 47.5 + 15.8 * i
        yield Fill(star(Point(12.2, y - 1.7), 0.9 * U), ink.gold)
        yield from sheet.lines(item, 18.1, y, 7.0, Style(MEDIUM, 14, ink.black), 90)


def _ways(sheet: Scaled) -> Iterator[Op]:
    """Three ways to answer, numbered along a dotted line."""
    order, ink, say, copy = sheet.order, sheet.order.palette, sheet.order.words.say, sheet.order.said(BanDoLeaflet)
    title = sheet.within(Style(SEMIBOLD, 15, ink.field), 9)
    yield sheet.fitted(say(copy.ways_title), LEFT, 105.8, title, _WIDTH, least=0.8)
    ways = [way for way, field in ((copy.call, "number"), (copy.text, "short_code"), (copy.visit, "hotline")) if order.words.has(field)]
    what = sheet.within(Style(REGULAR, 13.5, ink.black, strong=BOLD), 7.5)
    size = min(order.setter.size_to_fit(say(way[0]), what, _WAY) for way in ways)  # one size for all three
    for i, (way, y) in enumerate(zip(ways, _WAYS_Y, strict=False)):
        yield from _numbered(sheet, i, Point(13.4, y), 3.4)
        if i < len(ways) - 1:
            yield Fill(dots(spaced(line((Point(13.4, y + 4.4), Point(13.4, y + 13))), 1.45), 0.55), ink.field)
        yield sheet.line(say(way[0]), _WAY_X, y - 0.5, what.at(size), width=_WAY)
        yield sheet.fitted(say(way[1]), _WAY_X, y + 6.2, Style(REGULAR, 17, ink.black, strong=BOLD, aside=0.65), _WAY, least=0.8)


def _hints(sheet: Scaled) -> Iterator[Op]:
    """What helps to remember, USSD for those without data, and what the commune promises: the right column."""
    ink, say, copy = sheet.order.palette, sheet.order.words.say, sheet.order.said(BanDoLeaflet)
    width = 148 - LEFT - _HINTS_X
    yield from sheet.lines(copy.hints, _HINTS_X, 115, 6.3, Style(MEDIUM, 12.7, ink.black), width)
    if sheet.order.words.has("ussd"):
        yield sheet.fitted(say(copy.dial), _HINTS_X, 142.4, Style(REGULAR, 13.5, ink.black, strong=BOLD), width, least=0.8)
    yield from sheet.lines(copy.promise, _HINTS_X, 150.8, 5.7, Style(REGULAR, 11.2, ink.black), width)


def _numbered(sheet: Scaled, i: int, centre: Point, radius: float) -> Iterator[Op]:
    """A numeral in its ring, centred by cap height."""
    style = Style(SEMIBOLD, 3.82 * radius, sheet.order.palette.field)
    yield Stroke(circle(centre, radius), style.ink, 0.45)
    yield sheet.line(str(i + 1), centre.x, centre.y + CAP_HEIGHT[SEMIBOLD] * style.size_pt / PT_PER_MM / 2, style, align="centre")


def _back_foot(sheet: Scaled) -> Iterator[Op]:
    ink, say, copy = sheet.order.palette, sheet.order.words.say, sheet.order.said(BanDoLeaflet)
    yield from sheet.lines(sheet.order.copy.shared.safety, LEFT, 175.7, 7.7, Style(SEMIBOLD, 15.5, ink.ivory), _WIDTH)
    confidence = sheet.within(Style(MEDIUM, 11.6, ink.ivory), 8)
    yield sheet.fitted(say(copy.confidence), LEFT, 191.7, confidence, _WIDTH, least=0.8)
    yield from _imprint(sheet, copy.issuer, Box(LEFT, 201.6, _WIDTH, 0), 8.5)


def _imprint(sheet: Scaled, issuer: str, at: Box, size_pt: float) -> Iterator[Op]:
    """Who answers for the leaflet, and which one it is."""
    small = Style(MEDIUM, size_pt, sheet.order.palette.ivory, level=5)
    code = sheet.line(sheet.order.piece_code, at.right, at.y, small, align="right")
    yield code
    yield sheet.fitted(sheet.order.words.say(issuer), at.x, at.y, small, code.box.x - at.x - U, least=0.8)


def back_a4(sheet: Scaled, picture: Iterator[Op]) -> Iterator[Op]:
    """The back of A4, as that of A5."""
    ink, copy = sheet.order.palette, sheet.order.said(BanDoLeafletA4)
    yield from _grounds(sheet.order, _A4_FOOT)
    yield from picture
    yield from sheet.lines(copy.question, A4_LEFT, 28.5, 17.4, Style(SEMIBOLD, 37, ink.field, level=1), 135)
    for i, item in enumerate(copy.items):
        y = 65.5 + 20.4 * i
        yield Fill(star(Point(A4_LEFT + 3, y - 2.2), 3.0), ink.gold)
        yield from sheet.lines(item, 26, y, 8.8, Style(MEDIUM, 17.5, ink.black), 124)
    yield from _ways_a4(sheet, copy)
    yield from _closing_a4(sheet, copy)
    yield from _foot_a4(sheet, copy)


def _ways_a4(sheet: Scaled, copy: BanDoLeafletA4) -> Iterator[Op]:
    """Up to three ways side by side, each with its own code where a code can do it; numbered along a dotted line."""
    order, ink = sheet.order, sheet.order.palette
    title = sheet.within(Style(SEMIBOLD, 19, ink.field), 12)
    yield sheet.fitted(order.words.say(copy.ways_title), A4_LEFT, 140.8, title, _A4_RIGHT - A4_LEFT, least=0.8)
    ways = list(_possible(order, copy))
    what = sheet.within(Style(REGULAR, 14, ink.black, strong=BOLD), 9)
    fits = (order.setter.size_to_fit(order.words.say(way[0]), what, width) for (_, width), (_, way) in zip(_A4_COLUMNS, ways, strict=False))
    what = what.at(min(fits))  # one size for all
    for i, ((x, width), (role, way)) in enumerate(zip(_A4_COLUMNS, ways, strict=False)):
        centre = Point(x + _A4_RING, _A4_RINGS_Y)
        yield from _numbered(sheet, i, centre, _A4_RING)
        if i < len(ways) - 1:
            gap = line((Point(x + 2 * _A4_RING + 2, centre.y), Point(_A4_COLUMNS[i + 1][0] - 2, centre.y)))
            yield Fill(dots(spaced(gap, 2.0), 0.7), ink.field)
        yield sheet.line(order.words.say(way[0]), x, 164.8, what, width=width)
        how = Style(REGULAR, 19, ink.black, strong=BOLD, aside=0.62)
        yield sheet.fitted(order.words.say(way[1]), x, 173.2, how, width, least=0.6)
        if role:
            yield order.small_code(role, x, 177.6, _A4_SQUARE)
            yield sheet.fitted(
                order.words.say(copy.scan[role]), x, 217.8, sheet.within(Style(MEDIUM, 11.5, ink.black), 8), width, least=0.8
            )


def _possible(order: Order, copy: BanDoLeafletA4) -> Iterator[tuple[str, tuple[str, str]]]:
    """The ways this village and language have, with the role of their code; where there is no Zalo, the desk, which needs no code."""
    codes, words = order.small_payloads, order.words
    yield "call", copy.call
    if "sms" in codes:
        yield "sms", copy.text
    if "zalo" in codes:
        yield "zalo", copy.zalo
    elif words.has("hotline"):
        yield "", copy.visit


def _closing_a4(sheet: Scaled, copy: BanDoLeafletA4) -> Iterator[Op]:
    """What helps to remember, what the commune promises, and USSD for those without data."""
    ink, say = sheet.order.palette, sheet.order.words.say
    yield from sheet.lines(copy.hints, A4_LEFT, 230, 6.8, Style(MEDIUM, 13, ink.black), 112)
    yield sheet.fitted(say(copy.promise), A4_LEFT, 243.4, sheet.within(Style(REGULAR, 11.5, ink.black), 6.6), 112, least=0.8)
    if sheet.order.words.has("ussd"):
        x, width = _A4_COLUMNS[2]
        yield sheet.fitted(say(copy.dial), x, 230, Style(REGULAR, 15, ink.black, strong=BOLD), width, least=0.7)


def _foot_a4(sheet: Scaled, copy: BanDoLeafletA4) -> Iterator[Op]:
    ink, width = sheet.order.palette, _A4_RIGHT - A4_LEFT
    yield from sheet.lines(sheet.order.copy.shared.safety, A4_LEFT, 263, 9.6, Style(SEMIBOLD, 19, ink.ivory), width)
    confidence = sheet.within(Style(MEDIUM, 14, ink.ivory), 9)
    yield sheet.fitted(sheet.order.words.say(copy.confidence), A4_LEFT, 281.6, confidence, width, least=0.8)
    yield from _imprint(sheet, copy.issuer, Box(A4_LEFT, 289.4, width, 0), 9)
