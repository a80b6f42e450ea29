"""Concept B "Ô trống" on an upright screen indoors, in native pixels: people stand before it for half a minute and find the empty line.

Drawn 297 wide, as the sheet; a screen is taller, so the wall has higher rows and the answer more room. Whole pixels a module.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from collateral.display import Clip, Code, Fill, Op, Page, Stroke
from collateral.geometry import Box, joined, line, rectangle, rounded_way
from collateral.layout.order import Order, checked
from collateral.layout.scaled import Scaled
from collateral.ornament import frame, star
from collateral.setting import Style
from collateral.type import BOLD, MEDIUM, REGULAR, SEMIBOLD
from collateral.wording import STRICT

_U: Final = 297 / 60
_LEFT: Final = 4 * _U
_RIGHT: Final = 277.2
_SEAM: Final = 292.0
_RULE_END: Final = 126.7
_FIRST: Final = 40.0
_STEP: Final = 18.4
_RULES: Final = 13
_EMPTY: Final = 9  # the row without a star
_LINE: Final = 1.5
_FRAME: Final = Box(140.2, 312, 137, 150)
_SQUARE: Final = 127.2
_HEADLINE_X: Final = 147.6
_COLUMN: Final = 108.0


@dataclass(frozen=True, slots=True)
class OTrongScreen:
    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT

    unknown: str
    headline: tuple[str, str, str, str]
    ask: tuple[str, ...]
    issuer: str


def lay_out(order: Order) -> tuple[Page, ...]:
    """The screen's one picture. Raises Refused."""
    width, height = order.piece.trim
    sheet = Scaled(order, order.unit / _U)
    ops: list[Op] = [*_grounds(order, sheet), *_wall(sheet), *_stroke(order, sheet), *_words(sheet), *_answer(sheet), _code(sheet)]
    return checked([Page(width, height, tuple(ops))], order.piece, order.setter.place)


def _grounds(order: Order, sheet: Scaled) -> Iterator[Op]:
    (width, height), seam = order.piece.trim, round(_SEAM * sheet.k)
    yield Fill(rectangle(Box(0, 0, width, seam)), order.palette.ivory)
    yield Fill(rectangle(Box(0, seam, width, height - seam)), order.palette.field)


def _wall(sheet: Scaled) -> Iterator[Op]:
    ink = sheet.order.palette
    ys = [_FIRST + _STEP * row for row in range(_RULES) if row != _EMPTY]
    yield Stroke(joined(line((sheet.point(_LEFT, y), sheet.point(_RULE_END, y))) for y in ys), ink.rule, 2)
    yield Fill(joined(star(sheet.point(24.8, y - 7), _U * sheet.k) for y in ys), ink.gold)


def _stroke(order: Order, sheet: Scaled) -> Iterator[Op]:
    """The empty row's rule, on to the right, down and round the code; it changes colour at the seam."""
    ink, (width, height), seam = order.palette, order.piece.trim, round(_SEAM * sheet.k)
    y, turn = _FIRST + _STEP * _EMPTY, _SEAM - 20
    rule = rounded_way((sheet.point(_LEFT, y), sheet.point(_FRAME.x, y), sheet.point(_FRAME.x, turn)), 12.9 * sheet.k)
    box = sheet.box(_FRAME.x, _FRAME.y, _FRAME.w, _FRAME.h)
    way = rule, frame(box, 1.6 * _U * sheet.k, turn * sheet.k, box.x + 2.2 * _U * sheet.k)
    for area, colour in ((Box(0, 0, width, seam), ink.gold), (Box(0, seam, width, height - seam), ink.gilt)):
        yield Clip(area, tuple(Stroke(part, colour, _LINE * sheet.k) for part in way))


def _words(sheet: Scaled) -> Iterator[Op]:
    """Headline on the wall's rules, what stands in the empty row, and the plain ask."""
    ink, say, copy = sheet.order.palette, sheet.order.words.say, sheet.order.said(OTrongScreen)
    headline = Style(SEMIBOLD, 80, ink.field, level=1)
    yield from sheet.lines(copy.headline, _HEADLINE_X, _FIRST + _STEP, 2 * _STEP, headline, _RIGHT - _HEADLINE_X)
    unknown = sheet.within(Style(MEDIUM, 28, ink.field), _STEP)
    yield sheet.fitted(say(copy.unknown), 34.7, _FIRST + _STEP * _EMPTY - 5.2, unknown, _RULE_END - 34.7, least=0.8)
    x = _FRAME.x + (_FRAME.w - _SQUARE) / 2
    yield from sheet.lines(copy.ask, x, _FIRST + _STEP * _EMPTY + 17, 11.4, sheet.roomy(Style(MEDIUM, 22, ink.black, level=2)), _RIGHT - x)


def _answer(sheet: Scaled) -> Iterator[Op]:
    """Village and number beside the code; what is typed and the issuer under both, in the whole width."""
    order, ink, say, shared, width = sheet.order, sheet.order.palette, sheet.order.words.say, sheet.order.copy.shared, _RIGHT - _LEFT
    x = _FRAME.x + (_FRAME.w - _SQUARE) / 2
    verb = sheet.within(Style(SEMIBOLD, 21, ink.ivory, level=3), 12)
    yield sheet.fitted(say(shared.verb), x, _FRAME.y - 6.4, verb, _SQUARE, least=0.8)
    yield sheet.address(x + _SQUARE / 2, _FRAME.bottom - 5.6, 14, ink.ivory, _SQUARE)
    yield from _place(sheet)
    yield sheet.caller(_LEFT, 402, sheet.roomy(Style(MEDIUM, 17, ink.ivory)), _COLUMN)
    yield sheet.number(_LEFT, 419, Style(BOLD, 90, ink.ivory, level=3), _COLUMN)
    last = _FRAME.bottom - (len(shared.safety) - 1) * 8.8
    yield from sheet.lines(shared.safety, _LEFT, last, 8.8, Style(MEDIUM, 16.5, ink.gilt), _COLUMN, least=0.7)
    typed = Style(REGULAR, 22, ink.ivory, strong=BOLD, aside=0.72, level=3)
    if order.words.has("short_code"):
        yield sheet.fitted(say(shared.sms), _LEFT, 481, typed, width, least=0.7)
    if ways := order.ways():
        yield sheet.fitted(ways, _LEFT, 492.4, Style(REGULAR, 18, ink.ivory, strong=BOLD), width, least=0.7)
    issuer = f"{say(order.said(OTrongScreen).issuer)}  ·  {order.piece_code}"
    yield sheet.fitted(issuer, _LEFT, 506.5, Style(MEDIUM, 11, ink.gilt, level=5), width, least=0.8)


def _place(sheet: Scaled) -> Iterator[Op]:
    ink, name = sheet.order.palette, sheet.name(Style(BOLD, 36, sheet.order.palette.ivory), _COLUMN)
    top = 360.0 if len(name.lines) == 1 else 348.0
    if name.kind:
        yield sheet.line(name.kind, _LEFT, top - 13.6, Style(MEDIUM, 17, ink.ivory))
    for i, text in enumerate(name.lines):
        yield sheet.line(text, _LEFT, top + 13.4 * i, Style(BOLD, name.size_pt / sheet.k, ink.ivory), width=_COLUMN)
    commune, y = sheet.order.words.say(sheet.order.copy.shared.commune), top + 13.4 * (len(name.lines) - 1) + 11.6
    yield sheet.fitted(commune, _LEFT, y, Style(MEDIUM, 16, ink.ivory), _COLUMN, least=0.7)


def _code(sheet: Scaled) -> Code:
    """The code with whole pixels a module, in the middle of its place. Refused where whole pixels are too few to scan."""
    room = _SQUARE * sheet.k
    x, y = (_FRAME.x + (_FRAME.w - _SQUARE) / 2) * sheet.k, (_FRAME.y + (_FRAME.w - _SQUARE) / 2) * sheet.k
    drawn = sheet.order.web_code(x, y, room)
    whole = int(drawn.module_mm + 1e-9) * drawn.symbol.with_quiet_zone
    return sheet.order.web_code(round(x + (room - whole) / 2), round(y + (room - whole) / 2), whole)
