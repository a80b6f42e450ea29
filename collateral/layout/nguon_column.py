"""Concept A on upright cloth: phướn of 800 × 2500 mm (design §4.5) and standees of 800 × 2000 mm.

The frame holds the whole answer. A phướn hangs above people's heads, so its code stands at the foot; a standee stands before them, so its
code comes first, about a metre up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from collateral.display import Clip, Fill, Op, Page, Stroke, Text
from collateral.geometry import PT_PER_MM, Box, Point, curve, rectangle, rounded_way
from collateral.layout.order import Order, checked
from collateral.layout.scaled import Scaled
from collateral.layout.stacked import Ask, stacked
from collateral.ornament import Pen, lotus
from collateral.setting import Style
from collateral.type import BOLD, MEDIUM, REGULAR, SEMIBOLD, SLOGAN
from collateral.wording import STRICT

_WIDTH: Final = 80  # drawn at a tenth: all measures below are centimetres of cloth
_LEFT: Final = 6.6
_TEXT: Final = 65.6
_LINE: Final = 0.6
_SQUARE: Final = 46.2
_INNER: Final = (10.6, 58.8)  # what stands in the frame: left edge and width
_NAME_STEP: Final = 7.6
_KIND_GAP: Final = 1.0  # over the name's highest mark
_HANGING: Final = 3  # times as high as wide: such cloth hangs


@dataclass(frozen=True, slots=True)
class NguonColumn:
    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT

    slogan: tuple[str, str]
    ask: Ask
    issuer: str


@dataclass(frozen=True, slots=True)
class _Plan:
    """One arrangement in drawn measures: baselines, and for `slogan` and `ask` the first of them, the step and the em.

    `beside`: width of an ask of three lines, which begins `rise` higher. `base`, `bloom`, `sway`, `fall`: the lotus, its mm a unit, the
    handles of the sweep from it, and how far under the seam that stands upright. A name on two lines moves what follows it `down`.
    0: not said here.
    """

    height: float
    seam: float
    slogan: tuple[float, float, float]
    ask: tuple[float, float, float]
    beside: float
    rise: float
    base: Point
    bloom: float
    sway: tuple[Point, Point]
    fall: float
    frame: Box
    code_y: float
    verb_y: float
    name_y: float
    caller_y: float
    number_y: float
    writing_y: float
    ways_y: float
    down: float
    safety_y: float
    foot_y: float


_HUNG: Final = _Plan(
    height=250,
    seam=130,
    slogan=(23.4, 14.0, 9.9),
    ask=(53.6, 11.2, 8.1),
    beside=_TEXT,
    rise=0,
    base=Point(43, 108.5),
    bloom=0.245,
    sway=(Point(45.2, 121.5), Point(6, 115)),
    fall=6.4,
    frame=Box(6, 139, 68, 100.2),
    code_y=184.6,
    verb_y=235.8,
    name_y=152.4,
    caller_y=162.9,
    number_y=172.6,
    writing_y=178.8,
    ways_y=0,
    down=4.6,
    safety_y=0,
    foot_y=242.9,
)
_STANDING: Final = _Plan(  # all above the foot of 100 mm that a stand swallows
    height=200,
    seam=69,
    slogan=(13.8, 10.8, 7.9),
    ask=(34.4, 7.4, 5.5),
    beside=44,
    rise=2.4,  # clear of the lotus's petals
    base=Point(56, 58),
    bloom=0.12,
    sway=(Point(57, 64.6), Point(6, 61.2)),
    fall=6,
    frame=Box(6, 75.5, 68, 105.7),
    code_y=79,
    verb_y=129.7,
    name_y=142.4,
    caller_y=152.9,
    number_y=162.4,
    writing_y=169,
    ways_y=174.2,
    down=4.6,
    safety_y=185.2,
    foot_y=188.8,
)


def lay_out(order: Order) -> tuple[Page, ...]:
    """The cloth's one page. Raises Refused."""
    width, height = order.piece.trim
    plan = _HUNG if height / width >= _HANGING else _STANDING
    sheet = Scaled(order, min(width / _WIDTH, height / plan.height))
    ops: list[Op] = [*_grounds(order, sheet, plan), *_stroke(order, sheet, plan), *_memory(sheet, plan), *_answer(sheet, plan)]
    return checked([Page(width, height, tuple(ops))], order.piece, order.setter.place)


def _grounds(order: Order, sheet: Scaled, plan: _Plan) -> Iterator[Op]:
    bleed, seam = order.piece.bleed_box, plan.seam * sheet.k
    yield Fill(rectangle(Box(bleed.x, bleed.y, bleed.w, seam - bleed.y)), order.palette.field)
    yield Fill(rectangle(Box(bleed.x, seam, bleed.w, bleed.bottom - seam)), order.palette.ivory)


def _stroke(order: Order, sheet: Scaled, plan: _Plan) -> Iterator[Op]:
    """The long sweep from the lotus to the frame's left edge is the picture here."""
    ink, k, frame, weight = order.palette, sheet.k, plan.frame, _LINE * sheet.k
    down = Point(frame.x, plan.seam + plan.fall)
    foot, end = Point(frame.x, frame.bottom), Point(frame.x + 7, frame.y)
    corners = (down, foot, Point(frame.right, frame.bottom), Point(frame.right, frame.y), end)
    way = curve(plan.base, (*plan.sway, down)).placed(Point(0, 0), k), rounded_way(corners, 4.6).placed(Point(0, 0), k)
    width, height = order.piece.trim
    seam = plan.seam * k
    for box, line in ((Box(0, 0, width, seam), ink.gilt), (Box(0, seam, width, height - seam), ink.gold)):
        yield Clip(box, tuple(Stroke(part, line, weight) for part in way))
    yield from lotus(sheet.point(*plan.base), plan.bloom * k, Pen(ink.gilt, weight, ink.field))


def _memory(sheet: Scaled, plan: _Plan) -> Iterator[Op]:
    """Slogan and ask on the field, each fitted to the column."""
    copy, ink = sheet.order.said(NguonColumn), sheet.order.palette
    for texts, (y, step, em), style in (
        (copy.slogan, plan.slogan, Style(SLOGAN, 0, ink.gilt, tracking_em=0.02, level=1)),
        (copy.ask, plan.ask, Style(MEDIUM, 0, ink.ivory, level=2)),
    ):
        narrow = len(texts) > 2  # three lines in nearly the height of two, beside the lotus where it stands high
        y, step, em, width = (y - plan.rise, step * 0.75, em * 0.8, plan.beside) if narrow else (y, step, em, _TEXT)
        yield from stacked(sheet, texts, (_LEFT, y), step, style.at(em * PT_PER_MM), width)


def _answer(sheet: Scaled, plan: _Plan) -> Iterator[Op]:
    """All that stands in the frame, and what stands under it."""
    order, ink, say = sheet.order, sheet.order.palette, sheet.order.words.say
    yield from _column(sheet, plan)
    yield sheet.web_code((_WIDTH - _SQUARE) / 2, plan.code_y, _SQUARE)
    verb = Style(SEMIBOLD, 4.0 * PT_PER_MM, ink.black, level=3)
    yield sheet.line(say(order.copy.shared.verb), _WIDTH / 2, plan.verb_y, verb, width=_SQUARE, align="centre")
    if plan.safety_y:
        safety = say(" ".join(order.copy.shared.safety))
        yield sheet.fitted(safety, _LEFT, plan.safety_y, Style(MEDIUM, 9, ink.field), _TEXT, least=0.55)
    issuer = f"{say(order.said(NguonColumn).issuer)}  ·  {order.piece_code}"
    yield sheet.fitted(issuer, _LEFT, plan.foot_y, Style(MEDIUM, 5.2, ink.grey, level=5), _TEXT, least=0.7)


def _column(sheet: Scaled, plan: _Plan) -> Iterator[Text]:
    """Village and commune, then the ways to answer; a name on two lines moves them down."""
    order, ink, say, shared = sheet.order, sheet.order.palette, sheet.order.words.say, sheet.order.copy.shared
    (x, width), style = _INNER, Style(BOLD, 7.2 * PT_PER_MM, ink.field)
    name = sheet.name(style, width)
    two = len(name.lines) > 1
    top, down = (plan.name_y - 2.2, plan.down) if two else (plan.name_y, 0.0)
    lines = [sheet.line(text, x, top + i * _NAME_STEP, style.at(name.size_pt / sheet.k), width=width) for i, text in enumerate(name.lines)]
    if name.kind:
        yield sheet.line(name.kind, x, lines[0].box.y / sheet.k - _KIND_GAP, Style(MEDIUM, 8, ink.field))
    yield from lines
    commune = top + 5.4 + (_NAME_STEP if two else 0)
    yield sheet.fitted(say(shared.commune), x, commune, Style(MEDIUM, 10.4, ink.field), width, least=0.8)
    yield sheet.fitted(say(shared.caller), x, plan.caller_y + down, Style(MEDIUM, 9.2, ink.black), width, least=0.7)
    yield sheet.number(x, plan.number_y + down, Style(BOLD, 90, ink.black, level=3), width)
    said = Style(REGULAR, 11, ink.black, strong=BOLD, aside=0.6, level=3)
    yield sheet.fitted(order.in_writing(), x, plan.writing_y + down, said, width, least=0.6)
    if plan.ways_y and (ways := order.ways()):
        yield sheet.fitted(ways, x, plan.ways_y + down, Style(REGULAR, 8.6, ink.black, strong=BOLD), width, least=0.6)
