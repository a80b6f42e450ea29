"""Concept A on boards and backdrops (design §4.6): memory above, the answer below, one stroke between them.

Drawn at a height of 400 (a hundredth of 4 m a unit); the width is the board's own. A bilingual board says the ask twice and gives both
forms of the number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar, Final

from collateral.display import Clip, Fill, Op, Page, Stroke, Text
from collateral.geometry import PT_PER_MM, Box, Point, curve, rectangle, rounded_way
from collateral.layout.order import Order, checked
from collateral.layout.scaled import Scaled
from collateral.layout.stacked import Ask, fullest, stacked
from collateral.ornament import Pen, lotus
from collateral.refusal import Refused
from collateral.setting import Style, points_for_cap
from collateral.type import BOLD, MEDIUM, REGULAR, SLOGAN
from collateral.wording import STRICT

_HEIGHT: Final = 400
_MARGIN: Final = 22
_SEAM: Final = 228
_LINE: Final = 1.6
_WIDE: Final = 750  # a board of 2:1 keeps the upper right corner free for an emblem …
_EMBLEM: Final = 100  # … of this width
_SLOGAN: Final = 31  # cap height
_LAO_SLOGAN: Final = 26  # its marks stand higher
_FRAME: Final = 140
_SQUARE: Final = 132
_FRAME_Y: Final = 242
_BASE_Y: Final = 183
_BLOOM: Final = 0.8  # mm a unit of the lotus
_ASK: Final[Mapping[int, tuple[float, float, float]]] = {2: (39, 139.6, 53.8), 3: (30, 121, 40)}  # lines: em, baseline, step
_BOTH: Final[Mapping[int, tuple[float, float, float]]] = {2: (29, 102, 37), 3: (20, 96, 25.4)}  # the same on a bilingual board
_SECOND: Final[Mapping[int, tuple[float, float, float]]] = {2: (16, 175, 23), 3: (14.4, 167, 21.6)}


@dataclass(frozen=True, slots=True)
class NguonBoard:
    """`asks`: wordings, the fullest first; the first that stands beside the lotus in full size is taken. `place`: the same for the village.

    `second`: the ask where this language stands second; `second_call`: whom to call then.
    """

    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT

    slogan: str
    asks: tuple[Ask, ...]
    place: tuple[str, ...]
    second: Ask
    second_call: str
    issuer: str

    def __post_init__(self) -> None:
        if not (self.asks and self.place):
            raise ValueError("asks and place need a wording each")


@dataclass(frozen=True, slots=True)
class _Board:
    """The drawn board, `width` units wide. `x0`: the frame's left edge; `column`: width of the words below."""

    sheet: Scaled
    width: float

    @property
    def order(self) -> Order:
        return self.sheet.order

    @property
    def x0(self) -> float:
        return self.width - _MARGIN - _FRAME

    @property
    def column(self) -> float:
        return self.x0 - 16 - _MARGIN

    @property
    def share(self) -> float:
        """How much narrower than drawn: ask and lotus shrink alike."""
        return min(1.0, self.width / 600)

    @property
    def base(self) -> Point:
        """The lotus: a little right of the frame's edge, its right petal inside the margin."""
        return Point(self.x0 + 26, _BASE_Y)

    @property
    def bloom(self) -> float:
        return _BLOOM * self.share


def lay_out(order: Order) -> tuple[Page, ...]:
    """The board's one page. Raises Refused."""
    width, height = order.piece.trim
    k = height / _HEIGHT
    board = _Board(Scaled(order, k), width / k)
    ops: list[Op] = [*_grounds(order, k), *_stroke(board), *_memory(board), *_answer(board)]
    gap = (_FRAME - _SQUARE) / 2
    ops.append(board.sheet.web_code(board.x0 + gap, _FRAME_Y + gap, _SQUARE))
    return checked([Page(width, height, tuple(ops))], order.piece, order.setter.place)


def _grounds(order: Order, k: float) -> Iterator[Op]:
    bleed, seam = order.piece.bleed_box, _SEAM * k
    yield Fill(rectangle(Box(bleed.x, bleed.y, bleed.w, seam - bleed.y)), order.palette.field)
    yield Fill(rectangle(Box(bleed.x, seam, bleed.w, bleed.bottom - seam)), order.palette.ivory)


def _stroke(board: _Board) -> Iterator[Op]:
    ink, k, x0, base = board.order.palette, board.sheet.k, board.x0, board.base
    down, right, foot = Point(x0, _SEAM + 9), x0 + _FRAME, _FRAME_Y + _FRAME
    corners = (down, Point(x0, foot), Point(right, foot), Point(right, _FRAME_Y), Point(x0 + 13, _FRAME_Y))
    fall = curve(base, (Point(base.x + 4, base.y + 27), Point(x0, base.y + 21), down))
    way = fall.placed(Point(0, 0), k), rounded_way(corners, 10.7).placed(Point(0, 0), k)
    width, height = board.order.piece.trim
    seam, weight = _SEAM * k, _LINE * k
    for box, line in ((Box(0, 0, width, seam), ink.gilt), (Box(0, seam, width, height - seam), ink.gold)):
        yield Clip(box, tuple(Stroke(part, line, weight) for part in way))
    yield from lotus(board.sheet.point(*base), board.bloom * k, Pen(ink.gilt, weight, ink.field))


def _memory(board: _Board) -> Iterator[Op]:
    """Slogan and ask on the field."""
    order, sheet, ink = board.order, board.sheet, board.order.palette
    cap = _LAO_SLOGAN if order.copy.lang == "lo" else _SLOGAN
    slogan = Style(SLOGAN, points_for_cap(SLOGAN, cap), ink.gilt, tracking_em=0.03, level=1)
    room = board.width - 2 * _MARGIN - (_EMBLEM if board.width > _WIDE else 0)
    yield sheet.fitted(order.words.say(order.said(NguonBoard).slogan), _MARGIN - 1, 59.6, slogan, room, least=0.5)
    beside = board.base.x - 114 * board.bloom - 12 - _MARGIN  # up to the lotus's left petal
    yield from _ask(board, beside)
    if order.beside is not None:
        yield from _second(board, order.beside, beside)


def _ask(board: _Board, width: float) -> list[Text]:
    """The first wording that fits nearly as large as drawn; the last one shrinks."""
    order, measures = board.order, _ASK if board.order.beside is None else _BOTH
    x = _MARGIN - 1.5
    for lines in order.said(NguonBoard).asks:
        em, y, step = measures[len(lines)]
        style = Style(MEDIUM, em * board.share * PT_PER_MM, order.palette.ivory, level=2)
        with suppress(Refused):
            return list(board.sheet.lines(lines, x, y, step, style, width, least=0.94))
    return stacked(board.sheet, lines, (x, y), step, style, width)


def _second(board: _Board, other: Order, width: float) -> Iterator[Text]:
    """The ask in the second language: smaller, in the line's colour."""
    texts = other.said(NguonBoard).second
    em, y, step = _SECOND[len(texts)]
    style = Style(MEDIUM, em * board.share * PT_PER_MM, board.order.palette.gilt)
    yield from Scaled(other, board.sheet.k).lines(texts, _MARGIN - 0.6, y, step, style, width, least=0.5)


def _answer(board: _Board) -> Iterator[Op]:
    order, sheet, ink, width = board.order, board.sheet, board.order.palette, board.column
    say, copy, both = order.words.say, order.said(NguonBoard), order.beside is not None
    place_y, number_y, writing_y = (257, 311, 338) if both else (266, 328.7, 362.7)
    place_em, writing_em = (23, 20) if both else (26, 24)
    place = Style(BOLD, place_em * PT_PER_MM * sheet.k, ink.field, aside=0.45)
    yield fullest(order, copy.place, sheet.point(_MARGIN, place_y), place, width * sheet.k)
    most = 41 if both else 50
    digits = Style(BOLD, points_for_cap(BOLD, most * sheet.k), ink.black, level=3)
    shrunk = 1 - order.setter.size_to_fit(say("{number}"), digits, width * sheet.k) / digits.size_pt  # half of it is air above, half below
    number = sheet.number(_MARGIN - 0.5, number_y - most * shrunk / 2 + (0 if both else 2), digits.at(digits.size_pt / sheet.k), width)
    yield number
    below = order.under_number(number, digits, width * sheet.k) / sheet.k  # on a wide board there is room beside the number
    writing = Style(REGULAR, writing_em * PT_PER_MM, ink.black, strong=BOLD, aside=0.72, level=3)
    yield sheet.fitted(order.in_writing(), _MARGIN, writing_y, writing, below, least=0.5)
    if order.beside is not None:
        call = order.beside.words.say(order.beside.said(NguonBoard).second_call)
        yield sheet.fitted(call, _MARGIN, 365, Style(REGULAR, 19 * PT_PER_MM, ink.black, strong=BOLD), width, least=0.5)
    issuer = f"{say(copy.issuer)}  ·  {order.piece_code}"
    yield sheet.fitted(issuer, _MARGIN, 381.5, Style(MEDIUM, 7.2 * PT_PER_MM, ink.grey, level=5), width, least=0.7)
