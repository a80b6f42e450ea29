"""Concept A on a băng rôn of 6000 × 800 mm (design §4.4): the stem lies down, runs under everything and rises round the code."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from collateral.display import Clip, Fill, Op, Page, Stroke, Text
from collateral.geometry import Box, Point, curve, rectangle, rounded_way
from collateral.layout.order import Order, checked
from collateral.ornament import Pen, lotus
from collateral.refusal import Refused
from collateral.setting import Style, points_for_cap
from collateral.type import BOLD, MEDIUM, REGULAR, SEMIBOLD

_SEAM: Final = 3240
_BASE: Final = Point(390, 530)  # the lotus
_GROUND_Y: Final = 720  # where the stem lies
_LINE: Final = 8
_FRAME: Final = Box(5276, 76, 644, 644)
_SQUARE: Final = 620
_COLUMN_X: Final = 3340
_COLUMN: Final = 1856


def lay_out(order: Order) -> tuple[Page, ...]:
    """The banner's one page. Raises Refused."""
    width, height = order.piece.trim
    ops: list[Op] = [*_grounds(order), *_stroke(order), *_ask(order), *_answer(order)]
    gap = (_FRAME.w - _SQUARE) / 2
    ops.append(order.web_code(_FRAME.x + gap, _FRAME.y + gap, _SQUARE))
    return checked([Page(width, height, tuple(ops))], order.piece, order.setter.place)


def _grounds(order: Order) -> Iterator[Op]:
    bleed = order.piece.bleed_box
    yield Fill(rectangle(Box(bleed.x, bleed.y, _SEAM - bleed.x, bleed.h)), order.palette.field)
    yield Fill(rectangle(Box(_SEAM, bleed.y, bleed.right - _SEAM, bleed.h)), order.palette.ivory)


def _stroke(order: Order) -> Iterator[Op]:
    ink = order.palette
    level = Point(590, _GROUND_Y)
    fall = curve(_BASE, (Point(375, 620), Point(420, _GROUND_Y), level))
    right, top = _FRAME.right, _FRAME.y
    corners = (level, Point(right, _GROUND_Y), Point(right, top), Point(_FRAME.x, top), Point(_FRAME.x, _GROUND_Y - 50))
    way = fall, rounded_way(corners, 30)
    for box, line in ((Box(0, 0, _SEAM, 800), ink.gilt), (Box(_SEAM, 0, 6000 - _SEAM, 800), ink.gold)):
        yield Clip(box, tuple(Stroke(part, line, _LINE) for part in way))
    yield from lotus(_BASE, 2.55, Pen(ink.gilt, _LINE, ink.field))


def _ask(order: Order) -> Iterator[Op]:
    style = Style(BOLD, points_for_cap(BOLD, 183), order.palette.ivory)
    for text, y in zip(order.copy.nguon_banner.ask, (322, 618), strict=True):
        yield order.setter.line(order.words.say(text), 780, y, style, width=_SEAM - 780 - 80)


def _answer(order: Order) -> Iterator[Op]:
    ink, say, setter = order.palette, order.words.say, order.setter
    yield _caller(order)
    yield order.number(_COLUMN_X, 418, Style(BOLD, points_for_cap(BOLD, 230), ink.black), _COLUMN)
    sms = Style(REGULAR, points_for_cap(REGULAR, 76), ink.black, strong=BOLD, aside=0.72)
    yield setter.fitted(say(order.copy.shared.sms), _COLUMN_X, 535, sms, _COLUMN, least=0.7)
    if ways := order.ways():
        yield setter.fitted(ways, _COLUMN_X, 621, Style(REGULAR, points_for_cap(REGULAR, 48), ink.black, strong=BOLD), _COLUMN, least=0.7)
    small = Style(MEDIUM, points_for_cap(MEDIUM, 26), ink.grey)
    issuer = f"{say(order.copy.nguon_banner.issuer)}  ·  {order.piece_code}"
    yield setter.fitted(issuer, _COLUMN_X, 682, small, _COLUMN, least=0.8)


def _caller(order: Order) -> Text:
    """Whom to call. A long name first loses the words after it, then shrinks to 80 %; the last refusal goes on."""
    style = Style(SEMIBOLD, points_for_cap(SEMIBOLD, 68), order.palette.field)
    *longer, shortest = (order.words.say(text) for text in order.copy.nguon_banner.caller)
    for text in longer:
        try:
            return order.setter.fitted(text, _COLUMN_X, 170, style, _COLUMN, least=0.8)
        except Refused:
            continue
    return order.setter.fitted(shortest, _COLUMN_X, 170, style, _COLUMN, least=0.8)
