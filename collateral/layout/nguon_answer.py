"""How to answer, on a sheet of concept A (design §4.1): village, number, code; also as a decal for posters that lack a village.

Measures are those of A3, in mm from the corner of FIELD: what the sheet prints there is what the decal prints, line for line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from collateral.display import Clip, Op, Stroke
from collateral.geometry import Box, Path, Point, curve, rounded_way
from collateral.layout.column import Column, Inks
from collateral.layout.scaled import Scaled
from collateral.ornament import frame
from collateral.setting import Style
from collateral.type import BOLD, MEDIUM, SEMIBOLD

A3_U: Final = 297 / 60  # the unit of the drawn size: a sixtieth of A3's short side
FIELD: Final = Box(14, 247, 269, 145)  # where on A3 the answer stands: blank on posters from above, and the trim of the decal for them
STEM_X: Final = 168.3 - FIELD.x  # where the stroke enters the field from above
LINE: Final = 0.95
RIGHT: Final = 277.2 - FIELD.x
_LEFT: Final = 4 * A3_U - FIELD.x
_FRAME: Final = Box(STEM_X, 268.3 - FIELD.y, 108.9, 117.8)
_SQUARE: Final = Box(173.2 - FIELD.x, 273.2 - FIELD.y, 99, 99)
_COLUMN: Final = Column(
    x=_LEFT, width=135.6, name_y=274.2 - FIELD.y, name_pt=40, step=14.7, kind_rise=15.5, kind_pt=20, commune_drop=12.9, commune_pt=19,
    caller_y=311.9 - FIELD.y, caller_pt=19, number_y=332.6 - FIELD.y, sms_y=348.6 - FIELD.y, sms_pt=20,
    ways_y=359.6 - FIELD.y, ways_pt=16.5, up=0.8, down=1.0,
)  # fmt: skip
_SAFETY: Final = (MEDIUM, 19.0, 9.6)  # face, pt, step: read from a metre, as all that is said on A3 (design §6 had it at 16.5)
_LAO_SAFETY: Final = (BOLD, 20.0, 10.6)  # thinner letters and no capitals: its warning needs more size (design §2.7)


def answer(sheet: Scaled, corner: Point) -> Iterator[Op]:
    """Column, panel and safety, the field's corner at `corner` (drawn mm). Raises Refused."""
    ink = sheet.order.palette
    yield from _COLUMN.moved(corner.x, corner.y).set_on(sheet, Inks(ink.field, ink.black, ink.black))
    yield from _panel(sheet, corner)
    yield from _safety(sheet, corner)


def stroke(sheet: Scaled, corner: Point, start_y: float) -> Path:
    """The frame, from `start_y` (drawn mm) down its left edge and round the code."""
    box = sheet.box(corner.x + _FRAME.x, corner.y + _FRAME.y, _FRAME.w, _FRAME.h)
    return frame(box, 1.6 * A3_U * sheet.k, start_y * sheet.k, (corner.x + _FRAME.x + 2.2 * A3_U) * sheet.k)


def over_seam(sheet: Scaled, seam: float, ways: Sequence[Path], weight: float) -> Iterator[Clip]:
    """`ways` (final mm) drawn twice, each time clipped to its field: the stroke changes colour exactly at `seam` (drawn mm)."""
    ink, bleed, y = sheet.order.palette, sheet.order.piece.bleed_box, seam * sheet.k
    upper, lower = Box(bleed.x, bleed.y, bleed.w, y - bleed.y), Box(bleed.x, y, bleed.w, bleed.bottom - y)
    for box, colour in ((upper, ink.gilt), (lower, ink.gold)):
        yield Clip(box, tuple(Stroke(way, colour, weight * sheet.k) for way in ways))


def entered(box: Box, radius: float, start: Point, end_x: float) -> Path:
    """A stroke that falls from `start` into the upper edge of `box`, goes round to the right and stops short at `end_x`: never closed."""
    far = Point(start.x + 2.2 * radius, box.y)
    sway = curve(start, (Point(start.x + 0.1 * radius, start.y + 0.55 * (box.y - start.y)), Point(start.x + 0.5 * radius, box.y), far))
    right, left = (Point(box.right, box.y), Point(box.right, box.bottom)), (Point(box.x, box.bottom), Point(box.x, box.y))
    return Path((*sway.segments, *rounded_way((far, *right, *left, Point(end_x, box.y)), radius).segments[1:]))


def _panel(sheet: Scaled, corner: Point) -> Iterator[Op]:
    order, x, y = sheet.order, corner.x + _SQUARE.x, corner.y + _SQUARE.y
    verb = sheet.within(Style(SEMIBOLD, 20, order.palette.black, level=3), 10.6)
    yield sheet.fitted(order.words.say(order.copy.shared.verb), x, y - 12.4, verb, _SQUARE.w, least=0.8)
    yield sheet.web_code(x, y, _SQUARE.w)
    yield sheet.address(x + _SQUARE.w / 2, y + 108.2, 12, order.palette.black, _SQUARE.w)


def _safety(sheet: Scaled, corner: Point) -> Iterator[Op]:
    """Its last line stands on the frame's foot."""
    safety = sheet.order.copy.shared.safety
    face, size, step = _LAO_SAFETY if sheet.order.copy.lang == "lo" else _SAFETY
    first = corner.y + _FRAME.bottom - (len(safety) - 1) * step
    yield from sheet.lines(safety, corner.x + _LEFT, first, step, Style(face, size, sheet.order.palette.field), _COLUMN.width)
