"""Decals of concept A: the village's answer for posters that came without one; a round or square one for doors and boards."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from collateral.display import Code, Fill, Op, Page, Stroke, Text
from collateral.geometry import CLOSE, PT_PER_MM, Box, Path, Point, circle, rectangle, rounded_way
from collateral.ink import CUT
from collateral.layout.nguon_answer import FIELD, LINE, answer, entered, over_seam, stroke
from collateral.layout.order import Order, checked
from collateral.layout.scaled import Scaled
from collateral.ornament import Pen, small_lotus
from collateral.piece import Piece
from collateral.refusal import refused
from collateral.setting import Style
from collateral.type import BOLD, MEDIUM, SEMIBOLD
from collateral.wording import STRICT

_CUT_MM: Final = 0.25 / PT_PER_MM
_CORNER: Final = 4  # sharp corners of a decal lift first
_SIZE: Final = 140  # the round decal as drawn; everything on it stands on its axis
_AXIS: Final = _SIZE / 2
_SEAM: Final = 64.5
_BASE: Final = Point(_AXIS, 58)
_FRAME: Final = Box(_AXIS - 25.4, 70, 50.8, 50.8)
_SQUARE: Final = 46.2
_STROKE: Final = 0.7


@dataclass(frozen=True, slots=True)
class VillageDecal:
    """The decal for a blank field says what all pieces say, and nothing of its own."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT


@dataclass(frozen=True, slots=True)
class NguonDecal:
    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT

    ask: str


def lay_out_village(order: Order) -> tuple[Page, ...]:
    """The decal that fills FIELD of a sheet: stuck on, its stroke goes on from the sheet's stem. Raises Refused."""
    width, height = order.piece.trim
    sheet, corner, ink = Scaled(order, width / FIELD.w), Point(0, 0), order.palette
    above = order.piece.bleed_box.y / (width / FIELD.w)
    ops: list[Op] = [Fill(rectangle(order.piece.bleed_box), ink.ivory), Stroke(stroke(sheet, corner, above), ink.gold, LINE * sheet.k)]
    ops += [*answer(sheet, corner), *_contour(order.piece)]
    return checked([Page(width, height, tuple(ops))], order.piece, order.setter.place)


def lay_out(order: Order) -> tuple[Page, ...]:
    """The round decal, or a square one with the same picture. Raises Refused."""
    width, height = order.piece.trim
    decal = Scaled(order, width / _SIZE)
    ops: list[Op] = [*_picture(decal), *_words(decal), *_panel(decal), *_contour(order.piece)]
    pages = checked([Page(width, height, tuple(ops))], order.piece, order.setter.place)
    if order.piece.contour == "circle":
        _check_round(pages[0], order.piece, order.setter.place)
    return pages


def _picture(decal: Scaled) -> Iterator[Op]:
    """Both fields, the lotus on the axis, and its stem, which bends into the code's frame right under the seam."""
    ink, bleed, seam, weight = decal.order.palette, decal.order.piece.bleed_box, _SEAM * decal.k, _STROKE * decal.k
    yield Fill(rectangle(Box(bleed.x, bleed.y, bleed.w, seam - bleed.y)), ink.field)
    yield Fill(rectangle(Box(bleed.x, seam, bleed.w, bleed.bottom - seam)), ink.ivory)
    way = entered(_FRAME, 4, _BASE, _AXIS - 5).placed(Point(0, 0), decal.k)
    yield from over_seam(decal, _SEAM, (way,), _STROKE)
    yield from small_lotus(decal.point(*_BASE), 0.12 * decal.k, Pen(ink.gilt, weight, ink.field))


def _words(decal: Scaled) -> Iterator[Op]:
    ink, say, order = decal.order.palette, decal.order.words.say, decal.order
    yield _centred(decal, say(order.said(NguonDecal).ask), 18.2, Style(MEDIUM, 12.5, ink.ivory, level=2), 66)
    yield decal.number(_AXIS - 43, 31.8, Style(BOLD, 50, ink.paper, level=3), 86)
    yield _centred(decal, order.village.title, 39.4, Style(BOLD, 13, ink.ivory), 92)


def _panel(decal: Scaled) -> Iterator[Op]:
    ink, order = decal.order.palette, decal.order
    gap = (_FRAME.w - _SQUARE) / 2
    yield decal.web_code(_FRAME.x + gap, _FRAME.y + gap, _SQUARE)
    yield _centred(decal, order.words.say(order.copy.shared.verb), 126.2, Style(SEMIBOLD, 11, ink.black, level=3), 46)
    yield decal.address(_AXIS, 130.8, decal.least(6.4, 6.1), ink.black, 42)


def _centred(decal: Scaled, text: str, y: float, style: Style, width: float) -> Text:
    """A line on the axis, as large as `width` allows, at least 70 % of its size. Raises Refused."""
    setter, full, room = decal.order.setter, style.at(style.size_pt * decal.k), width * decal.k
    size = max(0.7 * full.size_pt, setter.size_to_fit(text, full, room))
    return setter.line(text, _AXIS * decal.k, y * decal.k, full.at(size), width=room, align="centre")


def _contour(piece: Piece) -> Iterator[Stroke]:
    """The plotter's line along the trim, in its own spot ink."""
    if piece.contour:
        yield Stroke(_round(piece.trim_box) if piece.contour == "circle" else _rounded(piece.trim_box), CUT, _CUT_MM)


def _round(box: Box) -> Path:
    return circle(Point(box.x + box.w / 2, box.y + box.h / 2), min(box.w, box.h) / 2)


def _rounded(box: Box) -> Path:
    middle = Point(box.x + box.w / 2, box.y)
    corners = (Point(box.right, box.y), Point(box.right, box.bottom), Point(box.x, box.bottom), Point(box.x, box.y))
    return rounded_way((middle, *corners, middle), _CORNER) + Path((CLOSE,))


def _check_round(page: Page, piece: Piece, place: str) -> None:
    """Text and code stand within the round safe area, corners and all. Raises Refused."""
    centre, radius = Point(page.width / 2, page.height / 2), min(page.width, page.height) / 2 - piece.safe
    for op in page.ops:
        for part in op.letters if isinstance(op, Text) else (op.box,) if isinstance(op, Code) else ():
            far = max(math.dist(centre, (x, y)) for x in (part.x, part.right) for y in (part.y, part.bottom))
            if far > radius + 0.05:
                what = "".join(run.text for run in op.runs) if isinstance(op, Text) else "the code"
                raise refused(place, "layout", f'"{what}" stands outside the round safe area by {far - radius:.1f} mm', "Shorten it")
