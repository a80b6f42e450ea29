"""Concept A "Nguồn" on an upright A3 sheet (design §4.1): one stroke from the lotus, through the seam, round the code."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from collateral.display import Clip, Fill, Op, Page, Stroke
from collateral.geometry import Box, Point, rectangle
from collateral.layout.order import Order, checked, name_block
from collateral.ornament import Pen, frame, lotus, stem
from collateral.setting import Style
from collateral.type import BOLD, MEDIUM, REGULAR, SEMIBOLD, SLOGAN

_U: Final = 297 / 60  # the sheet's unit: a sixtieth of its short side
_SEAM: Final = 49 * _U
_LEFT: Final = 4 * _U
_COLUMN: Final = 135.6
_LINE: Final = 0.95
_BASE: Final = Point(183.3, 205.6)  # the lotus
_FRAME: Final = Box(168.3, 268.3, 108.9, 117.8)
_SQUARE: Final = Box(173.2, 273.2, 99, 99)


def lay_out(order: Order) -> tuple[Page, ...]:
    """The sheet's one page. Raises Refused."""
    width, height = order.piece.trim
    ops: list[Op] = [*_grounds(order), *_stroke(order), *_memory(order), *_answer(order), *_panel(order), *_foot(order)]
    return checked([Page(width, height, tuple(ops))], order.piece, order.setter.place)


def _grounds(order: Order) -> Iterator[Op]:
    bleed = order.piece.bleed_box
    yield Fill(rectangle(Box(bleed.x, bleed.y, bleed.w, _SEAM - bleed.y)), order.palette.field)
    yield Fill(rectangle(Box(bleed.x, _SEAM, bleed.w, bleed.bottom - _SEAM)), order.palette.ivory)


def _stroke(order: Order) -> Iterator[Op]:
    """The lotus, and the stem that becomes the frame: drawn twice, each clipped to its field: it changes colour at the seam."""
    ink = order.palette
    down_to = _SEAM + 1.2 * _U
    way = stem(_BASE, _U, _FRAME.x, down_to), frame(_FRAME, 1.6 * _U, down_to, _FRAME.x + 2.2 * _U)
    for box, line in ((Box(0, 0, 297, _SEAM), ink.gilt), (Box(0, _SEAM, 297, 420 - _SEAM), ink.gold)):
        yield Clip(box, tuple(Stroke(part, line, _LINE) for part in way))
    yield from lotus(_BASE, 0.575, Pen(ink.gilt, _LINE, ink.field))


def _memory(order: Order) -> Iterator[Op]:
    """Slogan and ask on the field."""
    say, line, copy = order.words.say, order.setter.line, order.copy.nguon_sheet
    slogan, ask = Style(SLOGAN, 78, order.palette.gilt, tracking_em=0.02), Style(MEDIUM, 37, order.palette.ivory)
    for text, y in zip(copy.slogan, (47.3, 85.8), strict=True):
        yield line(say(text), _LEFT, y, slogan, width=297 - 2 * _LEFT)
    for text, y in zip(copy.ask, (111.6, 129.9), strict=True):
        yield line(say(text), _LEFT, y, ask, width=297 - 2 * _LEFT)


def _answer(order: Order) -> Iterator[Op]:
    """Village and number: the column of words."""
    ink, say, setter, shared = order.palette, order.words.say, order.setter, order.copy.shared
    name = Style(BOLD, 40, ink.field)
    block = name_block(setter, order.village, name, _COLUMN)
    extra = (len(block.lines) - 1) * 14.7  # the panel never moves: the air round the commune's line pays for a second one
    top = 274.2 - (3.5 if extra else 0.0)
    if block.kind:
        yield setter.line(block.kind, _LEFT, top - 15.5, Style(MEDIUM, 20, ink.field))
    for i, text in enumerate(block.lines):
        yield setter.line(text, _LEFT, top + i * 14.7, name.at(block.size_pt), width=_COLUMN)
    yield setter.line(say(shared.commune), _LEFT, top + 12.9 + extra, Style(MEDIUM, 19, ink.field), width=_COLUMN)
    shift = 1.0 if extra else 0.0
    yield setter.fitted(say(shared.caller), _LEFT, 311.9 + shift, Style(MEDIUM, 17, ink.black), _COLUMN, least=0.7)
    yield order.number(_LEFT, 332.6 + shift, Style(BOLD, 90, ink.black), _COLUMN)
    yield setter.fitted(say(shared.sms), _LEFT, 348.6 + shift, Style(REGULAR, 20, ink.black, strong=BOLD, aside=0.72), _COLUMN, least=0.7)
    if ways := order.ways():
        yield setter.fitted(ways, _LEFT, 359.6 + shift, Style(REGULAR, 16.5, ink.black, strong=BOLD), _COLUMN, least=0.7)


def _panel(order: Order) -> Iterator[Op]:
    ink, shared = order.palette, order.copy.shared
    yield order.setter.line(order.words.say(shared.verb), _SQUARE.x, 260.8, Style(SEMIBOLD, 20, ink.black), width=_SQUARE.w)
    yield order.web_code(_SQUARE.x, _SQUARE.y, _SQUARE.w)
    yield order.address(_SQUARE.x + _SQUARE.w / 2, 381.4, 12, ink.black, _SQUARE.w)


def _foot(order: Order) -> Iterator[Op]:
    ink, say, setter, copy = order.palette, order.words.say, order.setter, order.copy.nguon_sheet
    safety, small = Style(MEDIUM, 16.5, ink.field), Style(MEDIUM, 10.5, ink.grey)
    lines = order.copy.shared.safety
    for i, text in enumerate(lines):
        yield setter.line(say(text), _LEFT, 386.1 - (len(lines) - 1 - i) * 8.44, safety, width=_COLUMN)
    code = setter.line(order.piece_code, _FRAME.right, 405.6, small, align="right")
    yield code
    room = code.box.x - _LEFT - 2 * _U
    yield setter.fitted(say(copy.issuer), _LEFT, 400.1, small, _FRAME.right - _LEFT, least=0.8)
    yield setter.fitted(say(copy.campaign), _LEFT, 405.6, Style(REGULAR, 10.5, ink.grey), room, least=0.8)
