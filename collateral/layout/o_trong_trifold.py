"""Concept B "Ô trống" on a leaflet folded twice (design §4.8): the wall's empty line runs over the fold to the code; inside people fill it.

Outside, from the left: the slip's back (97 mm, folded in), the back (100), the cover (100). Inside: what we ask (100), how to tell us
(100), the slip (97).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from collateral.display import Clip, Fill, Op, Page, Stroke
from collateral.geometry import PT_PER_MM, Box, Point, circle, joined, line, rectangle, rounded_way, spaced
from collateral.layout.order import Order, checked
from collateral.layout.scaled import Scaled
from collateral.ornament import dots, star
from collateral.refusal import Refused
from collateral.setting import Style
from collateral.type import BOLD, CAP_HEIGHT, MEDIUM, REGULAR, SEMIBOLD
from collateral.wording import STRICT

_OUTSIDE: Final = (97.0, 197.0)  # folds; the slip is 3 mm narrower, or it would buckle inside
_INSIDE: Final = (100.0, 200.0)
_LINE: Final = 0.6
_RULE: Final = 0.3
# outside
_SLIP_X: Final = 9.0
_SLIP: Final = 80.0
_BACK_X: Final = 106.0
_BACK: Final = 82.0
_COVER: Final = Box(206, 0, 82, 210)
_WALL: Final = tuple(19.5 + 11 * row for row in range(8))
_EMPTY: Final = 5  # the row without a star
_FRAME: Final = Box(121.7, 85.5, 50.6, 55.6)
_SQUARE: Final = 46.2
# inside
_ASK_X: Final = 9.0
_HOW_X: Final = 109.0
_HOW: Final = 82.0
_WAY_X: Final = 120.5
_WAYS_Y: Final = (40.0, 65.5, 91.0)
_RING: Final = 3.8
_WRITE: Final = Box(207, 48, 81, 145.6)
_WRITE_STEP: Final = 10.4
_TEAR: Final = dots(spaced(line((Point(_INSIDE[1], 0), Point(_INSIDE[1], 210))), 1.9), 0.4)
_PROMPT_ROWS: Final = (0, 4, 7, 10, 13)  # rows that begin with a prompt


@dataclass(frozen=True, slots=True)
class OTrongTrifold:
    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT

    unknown: str
    headline: tuple[str, str, str, str]
    place: str
    ask: tuple[str, str]
    issuer: tuple[str, str]
    question: tuple[str, str, str]
    items: tuple[tuple[str, str], tuple[str, str], tuple[str, str]]
    safety: tuple[str, tuple[str, ...]]  # the one rule, and what else
    ways_title: str
    call: tuple[str, str]
    text: tuple[str, str]
    write: tuple[str, str]
    then_title: str
    then: tuple[str, ...]
    closing: tuple[str, ...]
    slip_title: str
    slip_hint: str
    prompts: tuple[str, str, str, str, str]
    receiver_title: str
    receiver_hint: tuple[str, ...]
    received: tuple[str, str]
    tip_code: str
    passed_on: str
    consent: tuple[str, str, str]  # the question, yes, no
    confidence: tuple[str, ...]


def lay_out(order: Order) -> tuple[Page, ...]:
    """Outside and inside. Raises Refused."""
    width, height = order.piece.trim
    sheet = Scaled(order, 1.0)
    outside = (*_grounds(order, Box(_OUTSIDE[0], 0, 100, height)), *_receiver(sheet), *_back(sheet), *_stroke(order), *_cover(sheet))
    inside = (*_grounds(order, Box(order.piece.bleed_box.x, 146, 100 + order.piece.bleed, 64)), *_asked(sheet), *_how(sheet), *_slip(sheet))
    pages = Page(width, height, outside, folds_x=_OUTSIDE), Page(width, height, inside, folds_x=_INSIDE)
    return checked(pages, order.piece, order.setter.place)


def _grounds(order: Order, field: Box) -> Iterator[Op]:
    """Ivory all over, and the field where it reaches the edge with its bleed."""
    bleed, trim = order.piece.bleed_box, order.piece.trim_box
    top = bleed.y if field.y <= trim.y else field.y
    yield Fill(rectangle(bleed), order.palette.ivory)
    yield Fill(rectangle(Box(field.x, top, field.w, bleed.bottom - top)), order.palette.field)


def _receiver(sheet: Scaled) -> Iterator[Op]:
    """The slip's back, for who takes it in: trimmed and torn off it is one paper tip, ready to be typed in."""
    ink, say, copy = sheet.order.palette, sheet.order.words.say, sheet.order.said(OTrongTrifold)
    yield sheet.fitted(say(copy.receiver_title), _SLIP_X, 22.7, sheet.within(Style(SEMIBOLD, 18, ink.field), 10), _SLIP, least=0.8)
    yield from sheet.lines(copy.receiver_hint, _SLIP_X, 31.5, 6.2, Style(MEDIUM, 12, ink.black), _SLIP)
    label = Style(MEDIUM, 11.5, ink.grey, level=5)
    for text, y in zip((*copy.received, copy.tip_code, copy.passed_on), (55.7, 77.7, 99.6, 123.9), strict=True):
        yield sheet.fitted(say(text), _SLIP_X, y, label, _SLIP, least=0.8)
    yield _rules(((_SLIP_X, y) for y in (68.4, 90.4, 136.4)), _SLIP, sheet)
    yield Stroke(joined(rectangle(Box(_SLIP_X + 11.2 * i, 103.3, 9.5, 10.5)) for i in range(6)), ink.gold, 0.45)
    yield from _consent(sheet)
    yield from sheet.lines(copy.confidence, _SLIP_X, 187.2, 6.2, Style(MEDIUM, 11.8, ink.field), _SLIP)
    yield sheet.fitted(say("{village} · {code}"), _SLIP_X, 200.2, Style(SEMIBOLD, 11.8, ink.field), _SLIP, least=0.7)


def _consent(sheet: Scaled) -> Iterator[Op]:
    """Whether the informant may be called back: asked on paper as everywhere."""
    ink, say, (question, *answers) = sheet.order.palette, sheet.order.words.say, sheet.order.said(OTrongTrifold).consent
    yield sheet.fitted(say(question), _SLIP_X, 145.6, Style(MEDIUM, 11.5, ink.grey, level=5), _SLIP, least=0.8)
    for i, answer in enumerate(answers):
        x = _SLIP_X + 24 * i
        yield Stroke(rectangle(Box(x, 150.4, 5.6, 5.6)), ink.black, 0.35)
        yield sheet.fitted(say(answer), x + 8, 155, Style(MEDIUM, 13, ink.black), 15, least=0.7)


def _back(sheet: Scaled) -> Iterator[Op]:
    ink, order, shared = sheet.order.palette, sheet.order, sheet.order.copy.shared
    say, copy, x = order.words.say, order.said(OTrongTrifold), _FRAME.x + (_FRAME.w - _SQUARE) / 2
    yield from sheet.lines(copy.ask, _BACK_X, 24, 9.1, Style(MEDIUM, 18, ink.ivory, level=2), _BACK)
    yield sheet.fitted(say(shared.verb), x, 81.6, sheet.within(Style(SEMIBOLD, 13, ink.ivory, level=3), 8), _SQUARE - 5, least=0.7)
    yield sheet.web_code(x, 87.7, _SQUARE)
    yield sheet.address(x + _SQUARE / 2, 138.2, 8.2, ink.ivory, _SQUARE)
    yield sheet.caller(_BACK_X, 155.2, sheet.roomy(Style(MEDIUM, 13, ink.ivory)), _BACK)
    yield sheet.number(_BACK_X, 168.6, Style(BOLD, 60, ink.paper, level=3), _BACK)
    if order.words.has("short_code"):
        said = Style(REGULAR, 14, ink.ivory, strong=BOLD, aside=0.8, level=3)
        yield sheet.fitted(say(shared.sms), _BACK_X, 177.4, said, _BACK, least=0.7)
    if ways := order.ways():
        yield sheet.fitted(ways, _BACK_X, 184.4, Style(REGULAR, 11.5, ink.ivory, strong=BOLD), _BACK, least=0.7)
    yield from _imprint(sheet)


def _imprint(sheet: Scaled) -> Iterator[Op]:
    ink, say, copy = sheet.order.palette, sheet.order.words.say, sheet.order.said(OTrongTrifold)
    small = Style(MEDIUM, 9.2, ink.gilt, level=5)
    yield sheet.fitted(say(copy.issuer[0]), _BACK_X, 195.2, small, _BACK, least=0.87)
    yield sheet.fitted(f"{say(copy.issuer[1])}  ·  {sheet.order.piece_code}", _BACK_X, 200.2, small, _BACK, least=0.87)


def _stroke(order: Order) -> Iterator[Op]:
    """From the cover's empty row left over the fold, down and round the code; it changes colour on the fold."""
    ink, y, right = order.palette, _WALL[_EMPTY], _FRAME.right
    turn = Point(right, _FRAME.y + 12)
    rule = rounded_way((Point(_COVER.right, y), Point(right, y), turn), 6.5)
    corners = (turn, Point(right, _FRAME.bottom), Point(_FRAME.x, _FRAME.bottom), Point(_FRAME.x, _FRAME.y), Point(right - 6, _FRAME.y))
    way = rule, rounded_way(corners, 4.2)
    for box, colour in ((Box(_OUTSIDE[0], 0, 100, 210), ink.gilt), (Box(_OUTSIDE[1], 0, 100, 210), ink.gold)):
        yield Clip(box, tuple(Stroke(part, colour, _LINE) for part in way))


def _cover(sheet: Scaled) -> Iterator[Op]:
    ink, say, copy = sheet.order.palette, sheet.order.words.say, sheet.order.said(OTrongTrifold)
    ys = [y for row, y in enumerate(_WALL) if row != _EMPTY]
    yield _rules(((_COVER.x, y) for y in ys), _COVER.w, sheet)
    yield Fill(joined(star(Point(_COVER.x + 2.7, y - 4), 2.5) for y in ys), ink.gold)
    unknown = sheet.within(Style(MEDIUM, 18.5, ink.field), 11)
    yield sheet.fitted(say(copy.unknown), _COVER.x + 9, _WALL[_EMPTY] - 3, unknown, _COVER.w - 9, least=0.8)
    yield from sheet.lines(copy.headline, _COVER.x, 132, 17.15, Style(SEMIBOLD, 38, ink.field, level=1), _COVER.w)
    yield from _place(sheet)


def _place(sheet: Scaled) -> Iterator[Op]:
    """Village and commune at the cover's foot: on one line, where the name is long on two; Refused where neither holds it."""
    ink, say, place = sheet.order.palette, sheet.order.words.say, sheet.order.said(OTrongTrifold).place
    style = Style(SEMIBOLD, 12.5, ink.field)
    try:
        yield sheet.fitted(say(f"{{village}}, {place}"), _COVER.x, 200.2, style, _COVER.w, least=0.8)
    except Refused:
        yield sheet.fitted(say("{village}"), _COVER.x, 196.0, style, _COVER.w, least=0.8)
        yield sheet.fitted(say(place), _COVER.x, 202.2, style, _COVER.w, least=0.8)


def _asked(sheet: Scaled) -> Iterator[Op]:
    """What we ask, and what nobody should do."""
    ink, copy = sheet.order.palette, sheet.order.said(OTrongTrifold)
    yield from sheet.lines(copy.question, _ASK_X, 24.8, 14, Style(SEMIBOLD, 31, ink.field, level=1), 82)
    for i, item in enumerate(copy.items):
        y = 73.8 + 19 * i
        yield Fill(star(Point(_ASK_X + 2.4, y - 1.8), 2.4), ink.gold)
        yield from sheet.lines(item, 18, y, 7.4, Style(MEDIUM, 14, ink.black), 76)
    rule, more = copy.safety
    yield sheet.fitted(sheet.order.words.say(rule), _ASK_X, 161.2, sheet.within(Style(SEMIBOLD, 17, ink.ivory), 10), 82, least=0.8)
    yield from sheet.lines(more, _ASK_X, 171.4, 7.45, Style(MEDIUM, 13.8, ink.ivory), 82)


def _how(sheet: Scaled) -> Iterator[Op]:
    """How to tell us, and what happens then."""
    ink, order, copy = sheet.order.palette, sheet.order, sheet.order.said(OTrongTrifold)
    title = sheet.within(Style(SEMIBOLD, 18, ink.field), 11)
    yield sheet.fitted(order.words.say(copy.ways_title), _HOW_X, 24.8, title, _HOW, least=0.8)
    ways = [way for way, field in ((copy.call, "number"), (copy.text, "short_code")) if order.words.has(field)]
    yield from _ways(sheet, [*ways, copy.write])
    yield _rules(((_HOW_X, 117),), _HOW, sheet)
    yield sheet.fitted(order.words.say(copy.then_title), _HOW_X, 130.2, title, _HOW, least=0.8)
    yield from sheet.lines(copy.then, _HOW_X, 141.8, 8.55, Style(MEDIUM, 14, ink.black), _HOW)
    yield from sheet.lines(copy.closing, _HOW_X, 188.2, 7.5, Style(MEDIUM, 14, ink.field), _HOW)


def _ways(sheet: Scaled, ways: Sequence[tuple[str, str]]) -> Iterator[Op]:
    ink, room = sheet.order.palette, _HOW_X + _HOW - _WAY_X
    for i, (way, y) in enumerate(zip(ways, _WAYS_Y, strict=False)):
        yield from _numbered(sheet, i, y, last=i == len(ways) - 1)
        what = sheet.within(Style(MEDIUM, 13.5, ink.black, strong=BOLD), 7.6)
        yield sheet.fitted(sheet.order.words.say(way[0]), _WAY_X, y + 0.4, what, room, least=0.8)
        how = sheet.within(Style(MEDIUM, 19 if "**" in way[1] else 13.5, ink.black, strong=BOLD), 8.8)
        yield sheet.fitted(sheet.order.words.say(way[1]), _WAY_X, y + 8.2, how, room, least=0.7)


def _numbered(sheet: Scaled, i: int, y: float, *, last: bool) -> Iterator[Op]:
    """A numeral in its ring, centred by cap height, and the dots down to the next ring."""
    ink, centre = sheet.order.palette, Point(_HOW_X + _RING, y - 0.6)
    style = Style(SEMIBOLD, 13.5, ink.field)
    yield Stroke(circle(centre, _RING), ink.field, 0.45)
    yield sheet.line(str(i + 1), centre.x, centre.y + CAP_HEIGHT[SEMIBOLD] * style.size_pt / PT_PER_MM / 2, style, align="centre")
    if not last:
        way = line((Point(centre.x, centre.y + _RING + 1.2), Point(centre.x, centre.y + _WAYS_Y[1] - _WAYS_Y[0] - _RING - 1.2)))
        yield Fill(dots(spaced(way, 1.6), 0.6), ink.field)


def _slip(sheet: Scaled) -> Iterator[Op]:
    """Lines for the reader's own words; the first is the wall's empty one. Steps wide enough for an old hand."""
    ink, say, copy = sheet.order.palette, sheet.order.words.say, sheet.order.said(OTrongTrifold)
    yield Fill(_TEAR, ink.rule)
    yield sheet.fitted(say(copy.slip_title), _WRITE.x, 24.8, sheet.within(Style(SEMIBOLD, 18, ink.field), 11), _WRITE.w, least=0.8)
    yield sheet.fitted(say(copy.slip_hint), _WRITE.x, 32.8, Style(MEDIUM, 12, ink.black), _WRITE.w, least=0.7)
    yield Stroke(line((Point(_WRITE.x, _WRITE.y), Point(_WRITE.right, _WRITE.y))), ink.gold, _LINE)
    yield _rules(((_WRITE.x, _WRITE.y + _WRITE_STEP * row) for row in range(1, 15)), _WRITE.w, sheet)
    for row, prompt in zip(_PROMPT_ROWS, copy.prompts, strict=True):
        y = _WRITE.y + _WRITE_STEP * row - 6.2
        yield Fill(star(Point(_WRITE.x + 2.3, y - 1.2), 2.3), ink.gold)
        yield sheet.fitted(say(prompt), _WRITE.x + 7, y, Style(MEDIUM, 11, ink.black), _WRITE.w - 7, least=0.8)


def _rules(starts: Iterator[tuple[float, float]] | Sequence[tuple[float, float]], length: float, sheet: Scaled) -> Stroke:
    """Level lines of `length` from each of `starts`, as one object."""
    return Stroke(joined(line((Point(x, y), Point(x + length, y))) for x, y in starts), sheet.order.palette.rule, _RULE)
