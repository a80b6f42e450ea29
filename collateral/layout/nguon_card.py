"""Concept A on a wallet card of 85 × 54 mm (design §4.9): the stem leaves the front at its foot and enters the back at its head.

Work-and-tumble: the sheet is turned over its long edge, so both edges are cut at the same x, give or take a millimetre.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from collateral.display import Fill, Op, Page, Stroke, Text
from collateral.geometry import Box, Path, Point, Segment, curve, rectangle
from collateral.layout.nguon_answer import entered
from collateral.layout.order import Order, checked
from collateral.layout.scaled import Scaled
from collateral.ornament import Pen, small_lotus
from collateral.refusal import Refused
from collateral.setting import Style
from collateral.type import BOLD, MEDIUM, REGULAR, SEMIBOLD
from collateral.wording import STRICT

_WIDTH: Final = 85
_LEFT: Final = 6
_LINE: Final = 0.45
_STEM_X: Final = 66.5  # where the stroke crosses from front to back
_BASE: Final = Point(67.5, 45.4)
_NAME_WIDTH: Final = 46.5  # up to the lotus
_NAME_STEP: Final = 5.2
_PLACE_WIDTH: Final = 51  # under its petals
_FRAME: Final = Box(47.2, 7.2, 32.3, 32.3)
_SQUARE: Final = 29.7
_COLUMN: Final = 39.2
_STEP: Final = 6.2
_SAFETY_STEP: Final = 4.5


@dataclass(frozen=True, slots=True)
class NguonCard:
    """`text`: how to answer by SMS, on up to three lines; `foot`: who stands behind it."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT

    ask: str
    place: tuple[str, ...]  # the full line first, then shorter ones for long names
    title: str
    text: tuple[str, ...]
    safety: tuple[str, ...]
    foot: str


def lay_out(order: Order) -> tuple[Page, ...]:
    """Front and back. Raises Refused."""
    width, height = order.piece.trim
    card = Scaled(order, width / _WIDTH)
    sides = [Page(width, height, tuple(side(card))) for side in (_front, _back)]
    return checked(sides, order.piece, order.setter.place)


def _front(card: Scaled) -> Iterator[Op]:
    order, ink, line = card.order, card.order.palette, _LINE * card.k
    yield Fill(rectangle(order.piece.bleed_box), ink.field)
    sway = curve(_BASE, (Point(_BASE.x + 0.2, _BASE.y + 3.2), Point(_STEM_X, 49.4), Point(_STEM_X, 54)))
    down = Segment("L", (Point(_STEM_X, order.piece.bleed_box.bottom / card.k),))
    yield Stroke(Path((*sway.segments, down)).placed(Point(0, 0), card.k), ink.gilt, line)
    yield from small_lotus(card.point(*_BASE), 0.115 * card.k, Pen(ink.gilt, line, ink.field))
    say, caller = order.words.say, order.words.fields["caller"]
    yield card.fitted(say(order.said(NguonCard).ask), _LEFT, 11.4, card.within(Style(MEDIUM, 13, ink.ivory, level=2), 7), 73, least=0.8)
    yield card.number(_LEFT, 22.8, Style(BOLD, 40, ink.paper, level=3), 73)
    yield card.fitted(caller[:1].upper() + caller[1:], _LEFT, 28.4, Style(MEDIUM, 9.5, ink.ivory), 73, least=0.8)
    yield from _name(card)


def _name(card: Scaled) -> Iterator[Op]:
    """Village and commune stand on the foot; a name on two lines grows upward."""
    ink = card.order.palette
    block = card.name(Style(BOLD, 15, ink.gilt), _NAME_WIDTH)
    top = 43.6 - (len(block.lines) - 1) * _NAME_STEP
    if block.kind:
        yield card.line(block.kind, _LEFT, top - 5.2, Style(MEDIUM, 8.5, ink.ivory))
    for i, text in enumerate(block.lines):
        yield card.line(text, _LEFT, top + _NAME_STEP * i, Style(BOLD, block.size_pt / card.k, ink.gilt), width=_NAME_WIDTH)
    yield _place(card, Style(MEDIUM, 8.5, ink.ivory))


def _place(card: Scaled, style: Style) -> Text:
    """Commune and province, or as much of it as fits; reversed letters may not shrink under 8 pt. The last refusal goes on."""
    *longer, shortest = map(card.order.words.say, card.order.said(NguonCard).place)
    for text in longer:
        try:
            return card.fitted(text, _LEFT, 48.5, style, _PLACE_WIDTH, least=0.95)
        except Refused:
            continue
    return card.fitted(shortest, _LEFT, 48.5, style, _PLACE_WIDTH, least=0.95)


def _back(card: Scaled) -> Iterator[Op]:
    order, ink, copy = card.order, card.order.palette, card.order.said(NguonCard)
    yield Fill(rectangle(order.piece.bleed_box), ink.ivory)
    start = Point(_STEM_X, order.piece.bleed_box.y / card.k)
    yield Stroke(entered(_FRAME, 1.8, start, 63.6).placed(Point(0, 0), card.k), ink.gold, _LINE * card.k)
    gap = (_FRAME.w - _SQUARE) / 2
    yield card.web_code(_FRAME.x + gap, _FRAME.y + gap, _SQUARE)
    yield card.address(_FRAME.x + _FRAME.w / 2, 43.4, 6.3, ink.black, 35.2)
    yield from _text(card, copy)
    safety = Style(MEDIUM, 9, ink.field)
    yield from card.lines(copy.safety, _LEFT, 40.6 - (len(copy.safety) - 1) * _SAFETY_STEP, _SAFETY_STEP, safety, _COLUMN)
    yield card.fitted(order.words.say(copy.foot), _LEFT, 49.2, Style(MEDIUM, 6.2, ink.grey, level=5), 73, least=0.9)


def _text(card: Scaled, copy: NguonCard) -> Iterator[Op]:
    """By SMS; where no short code is reached, the code's verb stands there and points to the right."""
    ink, order = card.order.palette, card.order
    if not order.words.has("short_code"):
        verb = card.within(Style(SEMIBOLD, 12, ink.black, level=3), 7)
        yield card.fitted(order.words.say(order.copy.shared.verb), _LEFT, 12.4, verb, _COLUMN, least=0.7)
        return
    yield card.fitted(order.words.say(copy.title), _LEFT, 11.1, Style(MEDIUM, 10.5, ink.black), _COLUMN, least=0.8)
    said = Style(REGULAR, 13, ink.black, strong=BOLD, aside=0.62, level=3)
    yield from card.lines(copy.text, _LEFT, 17.6, _STEP, said, _COLUMN)
