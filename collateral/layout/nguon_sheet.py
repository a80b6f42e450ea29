"""Concept A "Nguồn" on an upright sheet (design §4.1): one stroke from the lotus, through the seam, round the code.

Measures are those of A3; every A size is the same picture by u.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Final

from collateral.display import Fill, Op, Page, Stroke
from collateral.geometry import Box, Path, Point, joined, line, rectangle
from collateral.layout.nguon_answer import A3_U, FIELD, LINE, RIGHT, STEM_X, answer, over_seam, stroke
from collateral.layout.order import Order, checked
from collateral.layout.scaled import Scaled
from collateral.ornament import Pen, lotus, stem
from collateral.setting import Style
from collateral.type import MEDIUM, REGULAR, SLOGAN
from collateral.wording import HOME, STRICT

_SEAM: Final = 49 * A3_U
_LEFT: Final = 4 * A3_U
_RIGHT: Final = FIELD.x + RIGHT
_WIDTH: Final = 297 - 2 * _LEFT
_STEM_X: Final = FIELD.x + STEM_X
_TICK: Final = 7  # corner ticks of the blank field, well under the decal that covers it: it may lie 2 mm off
_TICK_INSET: Final = 3


@dataclass(frozen=True, slots=True)
class NguonSheet:
    """`aside`: a second, smaller block under the ask; `campaign`: the last line, "" if there is none."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT

    slogan: tuple[str, str]
    ask: tuple[str, ...]
    issuer: str
    campaign: str
    aside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NguonBlank:
    """What a poster whose village is still to come says where the decal goes; the rest is the sheet's own."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT

    here: str


@dataclass(frozen=True, slots=True)
class _Voice:
    """How one language speaks on the field: size in pt, first baseline and step in mm; the lotus in mm a unit, `lift` mm over the seam."""

    slogan: tuple[float, float, float]
    ask: tuple[float, float, float]
    aside: tuple[float, float, float]
    tracking_em: float
    lotus: float
    lift: float


_CAPITALS: Final = _Voice((78, 47.3, 38.5), (37, 111.6, 18.3), (19, 156, 9.7), 0.02, 0.575, 37)
_SENTENCES: Final = _Voice((57, 44.6, 26.1), (30, 96.5, 13.9), (19, 124.4, 9.7), 0.0, 0.5, 34)
_VOICES: Final[Mapping[str, _Voice]] = {  # design §2.7; other languages speak as English does
    HOME: _CAPITALS,
    "lo": _Voice((62, 50.0, 30), (31, 108.0, 16.4), (19, 160, 10.5), 0.0, 0.5, 34),
}


def lay_out(order: Order) -> tuple[Page, ...]:
    """The sheet's one page. Raises Refused."""
    sheet, corner = _scaled(order), Point(FIELD.x, FIELD.y)
    copy = order.said(NguonSheet)
    frame = stroke(sheet, corner, _SEAM + 1.2 * A3_U)
    return _page(sheet, [*_picture(sheet, frame), *_memory(sheet, copy), *answer(sheet, corner), *_foot(sheet, copy, order.piece_code)])


def lay_out_blank(order: Order) -> tuple[Page, ...]:
    """The same sheet without a village: the stroke ends where the decal goes on with it. Raises Refused."""
    sheet, copy = _scaled(order), order.said(NguonSheet)
    down = line((sheet.point(_STEM_X, _SEAM + 1.2 * A3_U), sheet.point(_STEM_X, FIELD.y + _TICK_INSET)))
    return _page(sheet, [*_picture(sheet, down), *_memory(sheet, copy), *_blank(sheet), *_foot(sheet, copy, order.piece.code)])


def _scaled(order: Order) -> Scaled:
    return Scaled(order, order.unit / A3_U)


def _page(sheet: Scaled, ops: list[Op]) -> tuple[Page, ...]:
    width, height = sheet.order.piece.trim
    return checked([Page(width, height, tuple(ops))], sheet.order.piece, sheet.order.setter.place)


def _voice(order: Order) -> _Voice:
    return _VOICES.get(order.copy.lang, _SENTENCES)


def _picture(sheet: Scaled, frame: Path) -> Iterator[Op]:
    """Both fields, the lotus, and the stem that becomes `frame`: it changes colour at the seam."""
    order, ink, seam = sheet.order, sheet.order.palette, _SEAM * sheet.k
    bleed = order.piece.bleed_box
    yield Fill(rectangle(Box(bleed.x, bleed.y, bleed.w, seam - bleed.y)), ink.field)
    yield Fill(rectangle(Box(bleed.x, seam, bleed.w, bleed.bottom - seam)), ink.ivory)
    voice = _voice(order)
    base = sheet.point(_STEM_X + 3 * A3_U, _SEAM - voice.lift)
    way = stem(base, A3_U * sheet.k, _STEM_X * sheet.k, (_SEAM + 1.2 * A3_U) * sheet.k), frame
    yield from over_seam(sheet, _SEAM, way, LINE)
    yield from lotus(base, voice.lotus * sheet.k, Pen(ink.gilt, LINE * sheet.k, ink.field))


def _memory(sheet: Scaled, copy: NguonSheet) -> Iterator[Op]:
    """Slogan and ask on the field."""
    ink, voice = sheet.order.palette, _voice(sheet.order)
    for texts, (size, y, step), style in (
        (copy.slogan, voice.slogan, Style(SLOGAN, 0, ink.gilt, tracking_em=voice.tracking_em, level=1)),
        (copy.ask, voice.ask, Style(MEDIUM, 0, ink.ivory, level=2)),
        (copy.aside, voice.aside, Style(MEDIUM, 0, ink.ivory)),
    ):
        if texts:
            yield from sheet.lines(texts, _LEFT, y, step, style.at(size), _WIDTH)


def _blank(sheet: Scaled) -> Iterator[Op]:
    """Four ticks and a note, all of which the decal covers."""
    ink = sheet.order.palette
    inner = FIELD.inset(_TICK_INSET)
    corners = [(inner.x, inner.y, 1, 1), (inner.right, inner.y, -1, 1), (inner.x, inner.bottom, 1, -1), (inner.right, inner.bottom, -1, -1)]
    ticks = [line((sheet.point(x + dx * _TICK, y), sheet.point(x, y), sheet.point(x, y + dy * _TICK))) for x, y, dx, dy in corners]
    yield Stroke(joined(ticks), ink.rule, 0.35 * sheet.k)
    here = sheet.order.words.say(sheet.order.said(NguonBlank).here)
    yield sheet.fitted(here, _LEFT, FIELD.y + FIELD.h / 2, Style(MEDIUM, 14, ink.grey, level=5), _STEM_X - _LEFT)


def _foot(sheet: Scaled, copy: NguonSheet, code: str) -> Iterator[Op]:
    ink, say = sheet.order.palette, sheet.order.words.say
    small = Style(MEDIUM, sheet.least(10.5, 6), ink.grey, level=5)
    placed = sheet.line(code, _RIGHT, 405.6, small, align="right")
    yield placed
    room = placed.box.x / sheet.k - _LEFT - 2 * A3_U
    if not copy.campaign:  # alone, the issuer stands level with the piece's code
        yield sheet.fitted(say(copy.issuer), _LEFT, 405.6, small, room, least=0.8)
        return
    yield sheet.fitted(say(copy.issuer), _LEFT, 400.1, small, _RIGHT - _LEFT, least=0.8)
    yield sheet.fitted(say(copy.campaign), _LEFT, 405.6, replace(small, face=REGULAR), room, least=0.8)
