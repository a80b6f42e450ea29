"""Concept A on băng rôn (design §4.4): the stem lies down, runs under everything and rises round the code.

Drawn at 6000 × 800 mm. On other cloth the heights grow with the cloth's; the width goes to the ask and the number, which must both be read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from collateral.display import Clip, Fill, Op, Page, Stroke
from collateral.geometry import PT_PER_MM, Box, Point, curve, rectangle, rounded_way
from collateral.layout.order import Order, checked
from collateral.layout.stacked import LAO_CLOSER, Ask, fullest
from collateral.ornament import Pen, lotus
from collateral.setting import Style, points_for_cap
from collateral.type import BOLD, MEDIUM, REGULAR, SEMIBOLD
from collateral.wording import STRICT

_DRAWN_SAFE: Final = 76
_DRAWN_INNER: Final = 648  # between the safe edges
_GROUND_Y: Final = 720  # where the stem lies
_LINE: Final = 8
_FRAME: Final = 644
_SQUARE: Final = 620
_ASK_X: Final = 700  # from the margin: the lotus stands before it
_ASK: Final[Mapping[int, tuple[float, float, float]]] = {2: (183, 322, 296), 3: (122, 247, 201)}  # lines -> cap height, baseline, step
_NUMBER_CAPS: Final = (190, 197)  # the least that an ask must leave the number, and what its column is made for …
_TALLEST: Final = 210  # … where its digits are narrow
_HARDLY_SMALLER: Final = 0.85  # so much an ask may shrink before a shorter or narrower one is better
_LAST_RESORT: Final = 0.65  # of its least width the number keeps where no ask fits
_GAP: Final = 240  # from the ask to the seam
_LEAD: Final = 100  # from the seam to the column
_TAIL: Final = 80  # from the column to the frame
_LAO_LEADING: Final = 1.5


@dataclass(frozen=True, slots=True)
class NguonBanner:
    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT

    asks: tuple[Ask, ...]  # wordings, the fullest first
    caller: tuple[str, ...]  # the full sentence first, then the shorter ones for long names; the kind may stand aside
    issuer: str

    def __post_init__(self) -> None:
        if not (self.asks and self.caller):
            raise ValueError("asks and caller need a wording each")


@dataclass(frozen=True, slots=True)
class _Cloth:
    """The drawn measures on one cloth: `k` times as high between its safe edges, mm. The seam parts the ask's field from the answer's."""

    width: float
    height: float
    safe: float
    k: float
    seam: float
    ask: Style
    lines: tuple[str, ...]

    def y(self, drawn: float) -> float:
        return self.safe + (drawn - _DRAWN_SAFE) * self.k

    @property
    def margin(self) -> float:
        return self.safe + 4 * self.k

    @property
    def frame(self) -> Box:
        return _frame(self.width, self.safe, self.k)

    @property
    def column(self) -> Box:
        """Where the answer stands, left edge and width."""
        left = self.seam + _LEAD * self.k
        return Box(left, 0, self.frame.x - _TAIL * self.k - left, self.height)


def _frame(width: float, safe: float, k: float) -> Box:
    return Box(width - safe - (4 + _FRAME) * k, safe, _FRAME * k, _FRAME * k)


def lay_out(order: Order) -> tuple[Page, ...]:
    """The banner's one page. Raises Refused."""
    cloth = _measured(order)
    ops: list[Op] = [*_grounds(order, cloth), *_stroke(order, cloth), *_ask(order, cloth), *_answer(order, cloth)]
    gap = (_FRAME - _SQUARE) / 2 * cloth.k
    ops.append(order.web_code(cloth.frame.x + gap, cloth.frame.y + gap, _SQUARE * cloth.k))
    return checked([Page(cloth.width, cloth.height, tuple(ops))], order.piece, order.setter.place)


def _measured(order: Order) -> _Cloth:
    """Choose the wording: the fullest ask that leaves the number nearly its drawn height; where none does, the last one and it share."""
    (width, height), safe = order.piece.trim, order.piece.safe
    k = (height - 2 * safe) / _DRAWN_INNER
    ask_x = safe + (4 + _ASK_X) * k
    room = _frame(width, safe, k).x - (_GAP + _LEAD + _TAIL) * k - ask_x
    least, most = (order.number_width(Style(BOLD, points_for_cap(BOLD, cap * k), order.palette.black)) for cap in _NUMBER_CAPS)
    asks = [tuple(order.words.say(line) for line in lines) for lines in order.said(NguonBanner).asks]
    for lines in asks:
        style = _ask_style(order, lines, k)
        size = _size_to_fit(order, lines, style, room - least)
        if size >= _HARDLY_SMALLER * style.size_pt:
            break
    else:
        size = _size_to_fit(order, lines, style, room - _LAST_RESORT * least)
    style = style.at(size)
    column = min(most, room - _widest(order, lines, style))  # what the number can't use goes to the field: air round the ask
    seam = _frame(width, safe, k).x - (_TAIL + _LEAD) * k - column
    return _Cloth(width, height, safe, k, seam, style, lines)


def _ask_style(order: Order, lines: Sequence[str], k: float) -> Style:
    cap, _, step = _ASK[len(lines)]
    size = points_for_cap(BOLD, cap * k)
    if order.copy.lang == "lo":
        size = min(size, step * k / _LAO_LEADING * PT_PER_MM)
    return Style(BOLD, size, order.palette.ivory, level=2)


def _widest(order: Order, lines: Sequence[str], style: Style) -> float:
    return max(order.setter.width(line, style) for line in lines)


def _size_to_fit(order: Order, lines: Sequence[str], style: Style, width: float) -> float:
    return min(order.setter.size_to_fit(line, style, width) for line in lines)


def _grounds(order: Order, cloth: _Cloth) -> Iterator[Op]:
    bleed = order.piece.bleed_box
    yield Fill(rectangle(Box(bleed.x, bleed.y, cloth.seam - bleed.x, bleed.h)), order.palette.field)
    yield Fill(rectangle(Box(cloth.seam, bleed.y, bleed.right - cloth.seam, bleed.h)), order.palette.ivory)


def _stroke(order: Order, cloth: _Cloth) -> Iterator[Op]:
    ink, k, weight = order.palette, cloth.k, _LINE * cloth.k
    base = Point(cloth.margin + 310 * k, cloth.y(530))
    ground = cloth.y(_GROUND_Y)
    level = Point(base.x + 200 * k, ground)
    fall = curve(base, (Point(base.x - 15 * k, cloth.y(620)), Point(base.x + 30 * k, ground), level))
    frame = cloth.frame
    corners = (level, Point(frame.right, ground), Point(frame.right, frame.y), Point(frame.x, frame.y), Point(frame.x, ground - 50 * k))
    way = fall, rounded_way(corners, 30 * k)
    seam, right = Box(0, 0, cloth.seam, cloth.height), Box(cloth.seam, 0, cloth.width - cloth.seam, cloth.height)
    for box, line in ((seam, ink.gilt), (right, ink.gold)):
        yield Clip(box, tuple(Stroke(part, line, weight) for part in way))
    yield from lotus(base, 2.55 * k, Pen(ink.gilt, weight, ink.field))


def _ask(order: Order, cloth: _Cloth) -> Iterator[Op]:
    """The lines of the ask; where they had to shrink, they close up round their middle."""
    cap, top, step = _ASK[len(cloth.lines)]
    shrunk = cloth.ask.size_pt / points_for_cap(BOLD, cap * cloth.k)
    closer = min(1.0, shrunk * (LAO_CLOSER if order.copy.lang == "lo" else 1.0))
    middle = (len(cloth.lines) - 1) / 2
    for i, text in enumerate(cloth.lines):
        y = top - cap * (1 - shrunk) / 2 + step * (middle + (i - middle) * closer)
        yield order.setter.line(text, cloth.margin + _ASK_X * cloth.k, cloth.y(y), cloth.ask)


def _answer(order: Order, cloth: _Cloth) -> Iterator[Op]:
    ink, setter, x, width, k = order.palette, order.setter, cloth.column.x, cloth.column.w, cloth.k
    caller = Style(SEMIBOLD, points_for_cap(SEMIBOLD, 64 * k), ink.field, aside=0.45)
    yield fullest(order, order.said(NguonBanner).caller, (x, cloth.y(184)), caller, width)  # Ẩ and Ỷ stay in the safe area
    yield order.number(x, cloth.y(427), Style(BOLD, points_for_cap(BOLD, _TALLEST * k), ink.black, level=3), width)
    writing = Style(REGULAR, points_for_cap(REGULAR, 76 * k), ink.black, strong=BOLD, aside=0.55, level=3)
    yield setter.fitted(order.in_writing(), x, cloth.y(538), writing, width, least=0.6)
    if ways := order.ways():
        style = Style(REGULAR, points_for_cap(REGULAR, 48 * k), ink.black, strong=BOLD)
        yield setter.fitted(ways, x, cloth.y(624), style, width, least=0.6)
    small = Style(MEDIUM, points_for_cap(MEDIUM, 26 * k), ink.grey, level=5)
    issuer = f"{order.words.say(order.said(NguonBanner).issuer)}  ·  {order.piece_code}"
    yield setter.fitted(issuer, x, cloth.y(682), small, width, least=0.7)
