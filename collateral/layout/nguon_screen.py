"""Concept A on screens (design §4.10), in native pixels: all red, for half a screen of ivory dazzles at night.

Four arrangements: wide, upright (LED 9:16, lifts), a small LED wall of a commune (P10), and a lower third laid over a moving picture.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Final, Literal

from collateral.display import Code, Fill, Op, Page, Stroke, Text
from collateral.geometry import PT_PER_MM, Box, Path, Point, curve, rectangle, rounded_way
from collateral.layout.order import Order, checked
from collateral.layout.stacked import Ask, fullest
from collateral.ornament import Pen, lotus
from collateral.setting import Style
from collateral.type import BOLD, MEDIUM, REGULAR, SEMIBOLD
from collateral.wording import STRICT

_SMALL: Final = 400  # an LED wall lower than this says only what five words say


@dataclass(frozen=True, slots=True)
class NguonScreen:
    """`ask`: two or three lines; `short`: what a small wall says instead; `banner`: the ask in one line; `caller`: the fullest first."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT

    ask: Ask
    short: Ask
    banner: str
    caller: tuple[str, ...]
    issuer: str
    short_issuer: str

    def __post_init__(self) -> None:
        if not self.caller:
            raise ValueError("caller needs a wording")


@dataclass(frozen=True, slots=True)
class _Words:
    """Left edge and width of the ask and the issuer, of the answer; baseline, step and em of the ask, baseline and em of the other lines.

    An em of 0: not said.
    """

    outer: tuple[float, float]
    inner: tuple[float, float]
    ask: tuple[float, float, float]
    caller: tuple[float, float]
    number: tuple[float, float]
    writing: tuple[float, float]
    issuer: tuple[float, float]

    def placed(self, at: Point, k: float) -> _Words:
        """The same `k` times as large, its origin at `at`."""
        outer, inner = ((at.x + x * k, width * k) for x, width in (self.outer, self.inner))
        caller, number, writing, issuer = ((at.y + y * k, em * k) for y, em in (self.caller, self.number, self.writing, self.issuer))
        y, step, em = self.ask
        return _Words(outer, inner, (at.y + y * k, step * k, em * k), caller, number, writing, issuer)


@dataclass(frozen=True, slots=True)
class _Plan:
    """One arrangement in pixels of a screen of `size`; others of that shape take it larger or smaller.

    `voice`: which wording of the deck is said. `way`: the stroke from the lotus's `base` to its end; `square`: the code's place.
    """

    size: tuple[float, float]
    voice: Literal["full", "short", "banner"]
    words: _Words
    base: Point
    bloom: float
    way: tuple[Path, ...]
    line: float
    square: Box
    band_y: float = 0.0  # where the field begins

    def fitted(self, width: float, height: float) -> _Plan:
        """The arrangement as large as the screen allows, in its middle."""
        k = min(width / self.size[0], height / self.size[1])
        at = Point((width - self.size[0] * k) / 2, (height - self.size[1] * k) / 2)
        if k == 1 and at == (0, 0):
            return self
        return replace(
            self,
            words=self.words.placed(at, k),
            base=Point(at.x + self.base.x * k, at.y + self.base.y * k),
            bloom=self.bloom * k,
            way=tuple(part.placed(at, k) for part in self.way),
            line=max(2.0, self.line * k),
            square=Box(at.x + self.square.x * k, at.y + self.square.y * k, self.square.w * k, self.square.h * k),
            band_y=at.y + self.band_y * k if self.band_y else 0.0,
        )


def _panel(frame: Box, radius: float, base: Point, sway: tuple[Point, Point], down: float, end_x: float) -> tuple[Path, ...]:
    """The stem from `base` to the frame's left edge, and the frame, ending at `end_x` on its upper edge."""
    start = Point(frame.x, down)
    corners = (start, Point(frame.x, frame.bottom), Point(frame.right, frame.bottom), Point(frame.right, frame.y), Point(end_x, frame.y))
    return curve(base, (*sway, start)), rounded_way(corners, radius)


_WIDE: Final = _Plan(  # 1920 × 1080
    size=(1920, 1080),
    voice="full",
    words=_Words((96, 1130), (96, 1130), (208, 174, 128), (600, 58), (770, 190), (874, 64), (1012, 32)),
    base=Point(1418, 404),
    bloom=1.9,
    way=_panel(Box(1326, 516, 498, 498), 34, Point(1418, 404), (Point(1428, 490), Point(1326, 440)), 548, 1380),
    line=6,
    square=Box(1344, 534, 462, 462),
)
_UPRIGHT: Final = _Plan(  # 1080 × 1920: the frame holds the whole answer, as on a phướn
    size=(1080, 1920),
    voice="full",
    words=_Words((96, 888), (150, 780), (216, 152, 112), (1042, 56), (1168, 140), (1254, 60), (1856, 27)),
    base=Point(600, 742),
    bloom=2.3,
    way=_panel(Box(96, 936, 888, 852), 52, Point(600, 742), (Point(624, 870), Point(96, 790)), 1010, 200),
    line=6,
    square=Box(309, 1296, 462, 462),
)
_P10: Final = _Plan(  # 384 × 192
    size=(384, 192),
    voice="short",
    words=_Words((10, 216), (10, 216), (40, 34, 28), (112, 17), (146, 40), (0, 0), (174, 13)),
    base=Point(298, 31),
    bloom=0.21,
    way=_panel(Box(237, 47, 138, 138), 6, Point(298, 31), (Point(299, 41), Point(237, 34)), 50, 262),
    line=2,
    square=Box(240, 50, 132, 132),
)
_THIRD: Final = _Plan(  # 1920 × 1080: a band at the foot, the picture moves above it
    size=(1920, 1080),
    voice="banner",
    words=_Words((318, 1190), (318, 1190), (780, 0, 58), (840, 36), (932, 104), (980, 40), (1014, 18)),
    base=Point(190, 936),
    bloom=0.8,
    way=(
        curve(Point(190, 936), (Point(185, 980), Point(206, 1034), Point(270, 1034))),
        rounded_way((Point(270, 1034), Point(1850, 1034), Point(1850, 742), Point(1558, 742), Point(1558, 1004)), 20),
    ),
    line=5,
    square=Box(1572, 756, 264, 264),
    band_y=712,
)


def lay_out(order: Order) -> tuple[Page, ...]:
    """The screen's one picture. Raises Refused."""
    width, height = order.piece.trim
    plan = _plan(order).fitted(width, height)
    field = Fill(rectangle(Box(0, plan.band_y, width, height - plan.band_y)), order.palette.field)
    ops: list[Op] = [field, *_stroke(order, plan), *_said(order, plan), _code(order, plan.square)]
    return checked([Page(width, height, tuple(ops))], order.piece, order.setter.place)


def _plan(order: Order) -> _Plan:
    """The arrangement for the screen's shape."""
    width, height = order.piece.trim
    if order.piece.stock == "overlay":
        return _THIRD
    if width < height:
        return _UPRIGHT
    return _P10 if height < _SMALL else _WIDE


def _stroke(order: Order, plan: _Plan) -> Iterator[Op]:
    ink = order.palette
    for part in plan.way:
        yield Stroke(part, ink.gilt, plan.line)
    yield from lotus(plan.base, plan.bloom, Pen(ink.gilt, plan.line, ink.field))


def _said(order: Order, plan: _Plan) -> Iterator[Text]:
    ink, words, setter, copy = order.palette, plan.words, order.setter, order.said(NguonScreen)
    yield from _ask(order, plan)
    x, width = words.inner
    y, em = words.caller
    yield fullest(order, copy.caller, (x, y), Style(SEMIBOLD, em * PT_PER_MM, ink.gilt, aside=0.45), width)
    y, em = words.number
    yield order.number(x, y, Style(BOLD, em * PT_PER_MM, ink.ivory, level=3), width)
    y, em = words.writing
    if em:
        writing = Style(REGULAR, em * PT_PER_MM, ink.ivory, strong=BOLD, aside=0.72, level=3)
        yield setter.fitted(order.in_writing(), x, y, writing, width, least=0.6)
    x, width = words.outer
    y, em = words.issuer
    issuer = copy.short_issuer if plan.voice == "short" else f"{copy.issuer}  ·  {order.piece_code}"
    yield setter.fitted(order.words.say(issuer), x, y, Style(MEDIUM, em * PT_PER_MM, ink.gilt, level=5), width, least=0.6)


def _ask(order: Order, plan: _Plan) -> Iterator[Text]:
    copy, setter = order.said(NguonScreen), order.setter
    lines = {"full": copy.ask, "short": copy.short, "banner": (copy.banner,)}[plan.voice]
    said = [order.words.say(line) for line in lines]
    y, step, em = plan.words.ask
    if len(said) > 2:  # three lines in the height of two
        step, em = step * 0.75, em * 0.75
    style = Style(SEMIBOLD, em * PT_PER_MM, order.palette.ivory, level=2)
    size = min(setter.size_to_fit(text, style, plan.words.outer[1]) for text in said)
    for i, text in enumerate(said):
        yield setter.line(text, plan.words.outer[0], y + i * step, style.at(size))


def _code(order: Order, place: Box) -> Code:
    """The code with whole pixels a module, in the middle of its place. Refused where whole pixels are too few to scan."""
    drawn = order.web_code(place.x, place.y, place.w)
    pixels = int(drawn.module_mm + 1e-9)
    whole = pixels * drawn.symbol.with_quiet_zone
    x, y = (int(corner + (place.w - whole) / 2) for corner in (place.x, place.y))
    return order.web_code(x, y, whole)
