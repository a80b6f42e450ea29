"""Concept B "Ô trống" on an upright sheet (design §4.2): the rule under the one name that is missing runs on and becomes the code's frame.

Measures are those of A3; every A size is the same picture by u.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from collateral.display import Clip, Fill, Op, Page, Stroke
from collateral.geometry import Box, Path, joined, line, rectangle, rounded_way
from collateral.layout.column import Column, Inks
from collateral.layout.order import Order, checked
from collateral.layout.scaled import Scaled
from collateral.ornament import frame, star
from collateral.setting import Style
from collateral.type import MEDIUM, REGULAR, SEMIBOLD
from collateral.wording import STRICT

_U: Final = 297 / 60
_SEAM: Final = 252.5
_LEFT: Final = 4 * _U
_RULE_END: Final = 126.7
_RULES: Final = 13
_FIRST: Final = 33.7
_STEP: Final = 16.3
_EMPTY: Final = 9  # the row without a star, two thirds down: to be found, not announced
_RULE_MM: Final = 0.35
_LINE: Final = 0.95
_FRAME: Final = Box(168.3, 268.3, 108.9, 117.8)
_SQUARE: Final = Box(173.2, 273.2, 99, 99)
_HEADLINE_X: Final = 147.6
_RIGHT: Final = 277.2
_COLUMN: Final = Column(
    x=_LEFT, width=135.6, name_y=276.6, name_pt=40, step=14.7, kind_rise=14.8, kind_pt=18, commune_drop=12.7, commune_pt=19,
    caller_y=312.9, caller_pt=17, number_y=333.2, sms_y=348.8, sms_pt=20, ways_y=359.6, ways_pt=16.5, up=0.0, down=1.2,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class OTrongSheet:
    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT

    unknown: str
    headline: tuple[str, str, str, str]
    ask: tuple[str, ...]
    issuer: str
    campaign: str


def lay_out(order: Order) -> tuple[Page, ...]:
    """The sheet's one page. Raises Refused."""
    width, height = order.piece.trim
    sheet = Scaled(order, order.unit / _U)
    ops: list[Op] = [*_grounds(order, sheet), *_wall(order, sheet), *_stroke(order, sheet), *_words(order, sheet)]
    ops += [*_COLUMN.set_on(sheet, Inks(order.palette.ivory, order.palette.ivory, order.palette.paper)), *_panel(order, sheet)]
    ops += _foot(order, sheet)
    return checked([Page(width, height, tuple(ops))], order.piece, order.setter.place)


def _grounds(order: Order, sheet: Scaled) -> Iterator[Op]:
    bleed, seam = order.piece.bleed_box, _SEAM * sheet.k
    yield Fill(rectangle(Box(bleed.x, bleed.y, bleed.w, seam - bleed.y)), order.palette.ivory)
    yield Fill(rectangle(Box(bleed.x, seam, bleed.w, bleed.bottom - seam)), order.palette.field)


def _wall(order: Order, sheet: Scaled) -> Iterator[Op]:
    """Rules like the lines on a memorial wall, a star on each but one."""
    ys = [_FIRST + _STEP * row for row in range(_RULES) if row != _EMPTY]
    yield Stroke(joined(line((sheet.point(_LEFT, y), sheet.point(_RULE_END, y))) for y in ys), order.palette.rule, _RULE_MM * sheet.k)
    stars = (star(sheet.point(24.5, y - 6.4), 0.9 * _U * sheet.k) for y in ys)
    yield Fill(joined(stars), order.palette.gold)


def _stroke(order: Order, sheet: Scaled) -> Iterator[Op]:
    """The empty row's rule, on to the right, down through the seam and round the code: drawn twice, each clipped to its field."""
    ink, (width, height), seam = order.palette, order.piece.trim, _SEAM * sheet.k
    for box, colour in ((Box(0, 0, width, seam), ink.gold), (Box(0, seam, width, height - seam), ink.gilt)):
        yield Clip(box, tuple(Stroke(part, colour, _LINE * sheet.k) for part in _way(sheet)))


def _way(sheet: Scaled) -> tuple[Path, Path]:
    y, turn = _FIRST + _STEP * _EMPTY, _SEAM - 20
    rule = rounded_way((sheet.point(_LEFT, y), sheet.point(_FRAME.x, y), sheet.point(_FRAME.x, turn)), 12.9 * sheet.k)
    box = sheet.box(_FRAME.x, _FRAME.y, _FRAME.w, _FRAME.h)
    return rule, frame(box, 1.6 * _U * sheet.k, turn * sheet.k, (_FRAME.x + 2.2 * _U) * sheet.k)


def _words(order: Order, sheet: Scaled) -> Iterator[Op]:
    """The headline stands on the wall's own rules; under it the plain ask, for readers who wonder who "anh" is."""
    ink, say, copy = order.palette, order.words.say, order.said(OTrongSheet)
    yield from sheet.lines(
        copy.headline, _HEADLINE_X, _FIRST + _STEP, 2 * _STEP, Style(SEMIBOLD, 76, ink.field, level=1), _RIGHT - _HEADLINE_X
    )
    unknown = sheet.within(Style(MEDIUM, 27, ink.field), _STEP)
    yield sheet.fitted(say(copy.unknown), 34.7, _FIRST + _STEP * _EMPTY - 4.7, unknown, _RULE_END - 34.7, least=0.8)
    yield from sheet.lines(copy.ask, _SQUARE.x, 196.0, 10.6, sheet.roomy(Style(MEDIUM, 19.5, ink.black, level=2)), _RIGHT - _SQUARE.x)


def _panel(order: Order, sheet: Scaled) -> Iterator[Op]:
    ink = order.palette
    verb = sheet.within(Style(SEMIBOLD, 19.5, ink.ivory, level=3), 10.6)
    yield sheet.fitted(order.words.say(order.copy.shared.verb), _SQUARE.x, _FRAME.y - 5.7, verb, _SQUARE.w, least=0.8)
    yield sheet.web_code(_SQUARE.x, _SQUARE.y, _SQUARE.w)
    yield sheet.address(_SQUARE.x + _SQUARE.w / 2, 381.4, 12, ink.ivory, _SQUARE.w)


def _foot(order: Order, sheet: Scaled) -> Iterator[Op]:
    ink, say, copy, safety = order.palette, order.words.say, order.said(OTrongSheet), order.copy.shared.safety
    style = Style(MEDIUM, 16.5, ink.ivory)
    yield from sheet.lines(safety, _LEFT, _FRAME.bottom - (len(safety) - 1) * 8.44, 8.44, style, _COLUMN.width, least=0.7)
    small = Style(MEDIUM, sheet.least(10.5, 8), ink.ivory, level=5)  # reversed letters fill in under 8 pt
    code = sheet.line(order.piece_code, _RIGHT, 405.6, small, align="right")
    yield code
    room = code.box.x / sheet.k - _LEFT - 2 * _U
    yield sheet.fitted(say(copy.issuer), _LEFT, 400.1, small, _RIGHT - _LEFT, least=0.8)
    yield sheet.fitted(say(copy.campaign), _LEFT, 405.6, Style(REGULAR, small.size_pt, ink.ivory, level=5), room, least=0.8)
