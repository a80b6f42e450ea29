"""Concept A on the sign of a hamlet house, 600 × 400 mm: here tips are taken in. Words left, lotus and code right, as on the sheet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from collateral.display import Fill, Op, Page
from collateral.geometry import Box, Point, rectangle
from collateral.layout.column import Column, Inks
from collateral.layout.nguon_answer import over_seam
from collateral.layout.order import Order, checked
from collateral.layout.scaled import Scaled
from collateral.ornament import Pen, frame, lotus, stem
from collateral.setting import Style
from collateral.type import MEDIUM, SEMIBOLD, SLOGAN
from collateral.wording import STRICT

_WIDTH: Final = 300  # drawn at half size
_U: Final = 200 / 60
_SEAM: Final = 82
_LEFT: Final = 13
_LINE: Final = 0.8
_FRAME: Final = Box(209.5, 107, 77.5, 83)
_SQUARE: Final = 73
_VERB_IN: Final = 2.2  # clear of the stem that comes down beside it
_BASE: Final = Point(_FRAME.x + 3 * _U, 61)
_STROKE_Y: Final = _SEAM + 1.2 * _U
_COLUMN: Final = Column(
    x=_LEFT, width=186, name_y=105, name_pt=34, step=12, kind_rise=12.4, kind_pt=15, commune_drop=9.0, commune_pt=17,
    caller_y=129, caller_pt=15, number_y=154.8, sms_y=166.4, sms_pt=20, ways_y=174.6, ways_pt=15, up=0.8, down=1.8,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class NguonSign:
    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT

    head: tuple[str, str]
    ask: str
    issuer: str


def lay_out(order: Order) -> tuple[Page, ...]:
    """The sign's one page. Raises Refused."""
    width, height = order.piece.trim
    sign, ink = Scaled(order, width / _WIDTH), order.palette
    column = _COLUMN.set_on(sign, Inks(ink.field, ink.black, ink.black))
    ops: list[Op] = [*_picture(sign), *_memory(sign), *column, *_panel(sign), *_foot(sign)]
    return checked([Page(width, height, tuple(ops))], order.piece, order.setter.place)


def _picture(sign: Scaled) -> Iterator[Op]:
    ink, k, bleed, seam = sign.order.palette, sign.k, sign.order.piece.bleed_box, _SEAM * sign.k
    yield Fill(rectangle(Box(bleed.x, bleed.y, bleed.w, seam - bleed.y)), ink.field)
    yield Fill(rectangle(Box(bleed.x, seam, bleed.w, bleed.bottom - seam)), ink.ivory)
    way = stem(_BASE, _U, _FRAME.x, _STROKE_Y), frame(_FRAME, 1.6 * _U, _STROKE_Y, _FRAME.x + 2.2 * _U)
    yield from over_seam(sign, _SEAM, tuple(part.placed(Point(0, 0), k) for part in way), _LINE)
    yield from lotus(sign.point(*_BASE), 0.37 * k, Pen(ink.gilt, _LINE * k, ink.field))


def _memory(sign: Scaled) -> Iterator[Op]:
    ink, copy, home = sign.order.palette, sign.order.said(NguonSign), sign.order.is_home
    head = Style(SLOGAN, 42 if home else 36, ink.gilt, tracking_em=0.02 if home else 0.0, level=1)
    yield from sign.lines(copy.head, _LEFT, 29.5, 20.6, head, 180)
    yield sign.fitted(sign.order.words.say(copy.ask), _LEFT, 68, sign.within(Style(MEDIUM, 22, ink.ivory, level=2), 12), 150, least=0.7)


def _panel(sign: Scaled) -> Iterator[Op]:
    order, ink = sign.order, sign.order.palette
    x = _FRAME.x + (_FRAME.w - _SQUARE) / 2
    verb = sign.within(Style(SEMIBOLD, 19.5, ink.black, level=3), 10.4)
    verb_x = x + _VERB_IN
    yield sign.fitted(order.words.say(order.copy.shared.verb), verb_x, _FRAME.y - 4.2, verb, _SQUARE - _VERB_IN, least=0.8)
    yield sign.web_code(x, _FRAME.y + 2.25, _SQUARE)
    yield sign.address(_FRAME.x + _FRAME.w / 2, _FRAME.bottom - 2.8, 9, ink.black, _SQUARE)


def _foot(sign: Scaled) -> Iterator[Op]:
    """Safety in one line, and the issuer level with the frame's foot."""
    order, ink, say = sign.order, sign.order.palette, sign.order.words.say
    safety = " ".join(map(say, order.copy.shared.safety))
    yield sign.fitted(safety, _LEFT, 183.4, sign.within(Style(MEDIUM, 13, ink.field), 6.6), _COLUMN.width, least=0.7)
    issuer = f"{say(order.said(NguonSign).issuer)}  ·  {order.piece_code}"
    yield sign.fitted(issuer, _LEFT, _FRAME.bottom, Style(MEDIUM, 7.2, ink.grey, level=5), _COLUMN.width, least=0.7)
