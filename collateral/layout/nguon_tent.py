"""Concept A on a table card: an A4 sheet that folds to a tent, both faces alike, so that both sides of the table can read it.

From top to bottom: glue flap, far face on its head, ridge, near face, glue flap; the flaps overlap under the tent as its base. Measures are
those of A4.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from collateral.display import Clip, Code, Fill, Op, Page, Stroke, Text, Turned
from collateral.geometry import Box, Point, curve, rectangle, rounded_way
from collateral.layout.order import Order, checked
from collateral.layout.scaled import Scaled
from collateral.ornament import Pen, small_lotus
from collateral.setting import Style
from collateral.type import BOLD, MEDIUM, REGULAR, SEMIBOLD
from collateral.wording import STRICT

_WIDTH: Final = 210
_RIDGE: Final = 148.5
_FACE: Final = 115  # height of a face; what is left of the sheet is the two flaps
_OVER: Final = 3  # how far the face's colour runs over the fold under it
_SEAM: Final = 128  # the fields stand side by side, as on a băng rôn
_LEFT: Final = 12
_COLUMN: Final = 104
_LINE: Final = 0.7
_BASE: Final = Point(98, _RIDGE + 79)
_GROUND_Y: Final = _RIDGE + 97.5  # where the stem lies
_FRAME: Final = Box(140, _RIDGE + 40.5, 57, 57)
_SQUARE: Final = 52.8
_RIGHT: Final = 197


@dataclass(frozen=True, slots=True)
class NguonTent:
    """`text`: how to answer without a code, on up to three lines."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT

    ask: str
    text: tuple[str, ...]
    issuer: str


_Inner = Fill | Stroke | Text | Clip | Code


def lay_out(order: Order) -> tuple[Page, ...]:
    """The sheet's one printed side. Raises Refused."""
    width, height = order.piece.trim
    card = Scaled(order, width / _WIDTH)
    face = (*_fields(card), *_memory(card), *_answer(card), *_foot(card))
    ops: list[Op] = [*_grounds(card), Turned(card.point(_WIDTH / 2, _RIDGE), face), *face]
    folds = tuple(y * card.k for y in (_RIDGE - _FACE, _RIDGE, _RIDGE + _FACE))
    return checked([Page(width, height, tuple(ops), folds_y=folds)], order.piece, order.setter.place)


def _grounds(card: Scaled) -> Iterator[Fill]:
    """Ivory everywhere; the field of memory at the left of the near face, and turned round at the right of the far one."""
    ink, bleed, k = card.order.palette, card.order.piece.bleed_box, card.k
    yield Fill(rectangle(bleed), ink.ivory)
    near = Box(bleed.x, _RIDGE * k, _SEAM * k - bleed.x, (_FACE + _OVER) * k)
    far = Box(_WIDTH * k - near.right, _RIDGE * k - near.h, near.w, near.h)
    yield from (Fill(rectangle(box), ink.field) for box in (near, far))


def _fields(card: Scaled) -> Iterator[_Inner]:
    """The lotus, and its stem, which lies down, runs under everything and rises round the code."""
    ink, weight = card.order.palette, _LINE * card.k
    level = Point(_BASE.x + 17, _GROUND_Y)
    fall = curve(_BASE, (Point(_BASE.x - 1.5, _BASE.y + 10), Point(_BASE.x + 4, _GROUND_Y), level))
    right, left = _FRAME.right, _FRAME.x
    corners = (level, Point(right, _GROUND_Y), Point(right, _FRAME.y), Point(left, _FRAME.y), Point(left, _GROUND_Y - 6))
    way = tuple(part.placed(Point(0, 0), card.k) for part in (fall, rounded_way(corners, 5)))
    for x, right, colour in ((0, _SEAM, ink.gilt), (_SEAM, _WIDTH, ink.gold)):
        yield Clip(card.box(x, _RIDGE, right - x, _FACE), tuple(Stroke(part, colour, weight) for part in way))
    yield from small_lotus(card.point(*_BASE), 0.17 * card.k, Pen(ink.gilt, weight, ink.field))


def _memory(card: Scaled) -> Iterator[Text]:
    """Whom to call, and whose village it is: on the field, as on the wallet card."""
    ink, order, say = card.order.palette, card.order, card.order.words.say
    ask, caller = card.within(Style(MEDIUM, 20, ink.ivory, level=2), 11), order.words.fields["caller"]
    yield card.fitted(say(order.said(NguonTent).ask), _LEFT, _RIDGE + 22.5, ask, _COLUMN, least=0.8)
    yield card.number(_LEFT, _RIDGE + 40.5, Style(BOLD, 60, ink.paper, level=3), _COLUMN)
    yield card.fitted(caller[:1].upper() + caller[1:], _LEFT, _RIDGE + 50, Style(MEDIUM, 13, ink.ivory), _COLUMN, least=0.7)
    block = card.name(Style(BOLD, 24, ink.gilt), 62)
    top = _RIDGE + 80 - (len(block.lines) - 1) * 8.6
    if block.kind:
        yield card.line(block.kind, _LEFT, top - 9.2, Style(MEDIUM, 11.5, ink.ivory))
    for i, text in enumerate(block.lines):
        yield card.line(text, _LEFT, top + 8.6 * i, Style(BOLD, block.size_pt / card.k, ink.gilt), width=62)
    yield card.fitted(say(order.copy.shared.commune), _LEFT, _RIDGE + 87, Style(MEDIUM, 11.5, ink.ivory), 66, least=0.8)


def _answer(card: Scaled) -> Iterator[_Inner]:
    """The reader's side: SMS, USSD, and the code under its verb."""
    ink, order = card.order.palette, card.order
    if order.words.has("short_code"):
        lines = [*order.said(NguonTent).text, *([order.copy.shared.ussd] if order.words.has("ussd") else [])]
        yield from card.lines(lines, _FRAME.x, _RIDGE + 13.6, 6.6, Style(REGULAR, 12.5, ink.black, strong=BOLD, aside=0.7), _FRAME.w)
    gap = (_FRAME.w - _SQUARE) / 2
    verb = card.within(Style(SEMIBOLD, 12.5, ink.black, level=3), 7)
    yield card.fitted(order.words.say(order.copy.shared.verb), _FRAME.x, _FRAME.y - 3.6, verb, _FRAME.w, least=0.8)
    yield card.web_code(_FRAME.x + gap, _FRAME.y + gap, _SQUARE)


def _foot(card: Scaled) -> Iterator[Text]:
    """Safety under the stem; who stands behind the card, and its code."""
    ink, order, say = card.order.palette, card.order, card.order.words.say
    safety = " ".join(map(say, order.copy.shared.safety))
    yield card.fitted(safety, _LEFT, _RIDGE + 107.5, card.within(Style(MEDIUM, 11, ink.ivory), 6), _COLUMN, least=0.7)
    small = Style(MEDIUM, 6.5, ink.grey, level=5)
    yield card.fitted(say(order.said(NguonTent).issuer), _FRAME.x, _RIDGE + 105.3, small, _FRAME.w, least=0.9)
    yield card.line(order.piece_code, _FRAME.x, _RIDGE + 109, small, width=_FRAME.w)
