"""The drawn things: lotus, star and the map from memory (design §3). Data and the few rules that place them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final, Literal

from collateral.display import Fill, Stroke
from collateral.geometry import (
    Box,
    Path,
    Point,
    Segment,
    circle,
    curve,
    joined,
    line,
    parsed,
    points,
    rectangle,
    rounded_way,
    smooth,
    spaced,
    y_at,
)
from collateral.ink import Ink

# Eight petals, y up, stem at (0, 0), 232 × 138 units. Each is filled with its ground and then stroked, far to near: that hides what lies
# behind without any computing. Asymmetrical on purpose: a mirrored lotus is a logo.
_PETALS: Final = tuple(
    parsed(petal)
    for petal in (
        "M 0,0 C -14,7.3 -21.5,35.6 -19.5,65.8 -17.7,93.1 1.2,96.7 7,112 10.7,95.9 30.2,89.9 28.4,62.7 26.4,32.4 15.8,6.1 0,0",
        "M 2,0 C -3,15.5 4.7,33.1 16.8,60.7 27.7,85.6 45.2,85.1 52,100 54,84 68,68 57.2,43.1 45.1,15.4 15.3,-4.7 2,0",
        "M -2,0 C -11.9,5.8 -34.4,0.2 -64.2,7.7 -90.9,14.4 -99.9,10 -114,18 -104.2,5 -98.9,-17.7 -72.2,-24.4 -42.5,-31.8 -3.8,-12.9 -2,0",
        "M 2,0 C 12.2,5.8 34.6,0.1 65,11.1 92.4,21 104.2,20 118,30 108.9,15.4 103.6,-10 76.2,-19.9 45.8,-30.9 4.3,-13.1 2,0",
        "M -1,0 C -6.5,12.9 -27.9,18.2 -48.1,40 -66.3,59.5 -77.3,57.6 -84,72 -85.8,56 -97.8,30.2 -79.6,10.7 -59.4,-11.1 -8.8,-13.7 -1,0",
        "M 1,0 C 7.3,12.8 30.5,17.4 52.2,40.1 71.7,60.6 82.9,59.8 90,75 91.4,58.1 102.8,30.9 83.3,10.5 61.6,-12.3 8.7,-13.9 1,0",
        "M 0,0 C 7.1,14 3,32 -6.2,59.9 -14.4,85 -32,87.3 -38,102 -41.5,86.4 -60,70.1 -51.8,45 -42.7,17 -16.2,-4.6 0,0",
        "M 0,0 C -16.5,13.9 -20,23.2 -17.3,45.9 -14.9,66.4 7.5,71.5 12,84 18.8,72.9 41.7,59.7 39.3,39.2 36.6,16.4 19.2,-3.9 0,0",
    )
)


def _mirrored(path: Path) -> Path:
    return Path(tuple(Segment(op, tuple(Point(-p.x, p.y) for p in at)) for op, at in path.segments))


def _small_petals() -> Iterator[Path]:
    """Five petals for a lotus under 40 mm wide, on a card or a stamp: two pairs, then the front one (design §3.1)."""
    for petal in (
        "M 2,0 C 11.9,8.8 32.5,7.2 61.8,19.5 88.2,30.5 100.2,26.4 114,36 105.9,21.1 103.3,-5.5 76.9,-16.5 47.6,-28.7 5.2,-14.5 2,0",
        "M 1,0 C 3.4,16.1 14.7,24.3 31.3,49.6 46.2,72.3 62.7,73.3 70,88 72.4,71.7 87.2,45.5 72.3,22.7 55.8,-2.5 11.7,-13.1 1,0",
    ):
        yield from (parsed(petal), _mirrored(parsed(petal)))
    yield parsed("M 0,0 C -22.4,6.5 -32,27.2 -32,56.3 -32,82.6 -6.4,92.9 0,108 6.4,92.9 32,82.6 32,56.3 32,27.2 22.4,6.5 0,0")


_SMALL_PETALS: Final = tuple(_small_petals())


@dataclass(frozen=True, slots=True)
class Pen:
    """A line on its ground: what stands behind it is covered with `ground`."""

    ink: Ink
    width_mm: float
    ground: Ink

    def shape(self, path: Path, outline: Path | None = None) -> tuple[Fill, Stroke]:
        """A filled shape with its outline (another one where it stays open)."""
        return Fill(path, self.ground), Stroke(outline or path, self.ink, self.width_mm)


@lru_cache(maxsize=16)
def lotus(base: Point, unit_mm: float, pen: Pen) -> tuple[Fill | Stroke, ...]:
    """The lotus standing on `base`."""
    return tuple(part for petal in _PETALS for part in pen.shape(petal.placed(base, unit_mm, flip=True)))


@lru_cache(maxsize=16)
def small_lotus(base: Point, unit_mm: float, pen: Pen) -> tuple[Fill | Stroke, ...]:
    """The lotus of five petals standing on `base`, 228 × 137 units: for a card or a stamp."""
    return tuple(part for petal in _SMALL_PETALS for part in pen.shape(petal.placed(base, unit_mm, flip=True)))


def stem(base: Point, u: float, x0: float, down_to: float) -> Path:
    """From the lotus's base to the frame's edge `x0`: one sway, first away from it (design §3.2)."""
    length = down_to - base.y
    away = 0.5 * u if base.x > x0 else -0.5 * u
    end = Point(x0, down_to)
    return curve(base, (Point(base.x + away, base.y + 0.42 * length), Point(x0, down_to - 0.42 * length), end))


def frame(box: Box, radius: float, start_y: float, end_x: float) -> Path:
    """The stroke that comes down the left edge, goes round and stops short on the top edge: never closed."""
    left, right = box.x, box.right
    corners = (Point(left, start_y), Point(left, box.bottom), Point(right, box.bottom), Point(right, box.y), Point(end_x, box.y))
    return rounded_way(corners, radius)


def star(centre: Point, radius: float) -> Path:
    """Upright, five points, inner radius .382 of the outer."""
    turns = [(radius if i % 2 == 0 else radius * 0.382, math.radians(-90 + 36 * i)) for i in range(10)]
    return line([Point(centre.x + r * math.cos(a), centre.y + r * math.sin(a)) for r, a in turns], close=True)


def dots(centres: Sequence[Point], diameter: float) -> Path:
    """Round dots as one path."""
    return joined(circle(centre, diameter / 2) for centre in centres)


# The map in units of a sixtieth of the sheet's width, y down.
_HILLS: Final = tuple(  # far to near: outline, then ridges as x / length / lean, only on the side away from the light
    (points(outline), tuple(tuple(float(v) for v in ridge.split("/")) for ridge in ridges.split()))
    for outline, ridges in (
        ("(38,33.5)(44,29.6)(49,25.4)(53.5,23.6)(58,25.4)(63,28.6)", "54.2/3.2/1.2 55.4/3.4/1.6 56.6/2.8/1.7"),
        (
            "(18,34.5)(23,31)(27.4,25.8)(31.2,21.6)(35,20)(38.6,21.4)(42.4,25.6)(46.6,29.8)(51.5,32.6)(58,34.2)(63,34.8)",
            "35.8/5.2/1.4 37/6.8/2.3 38.3/7.2/3 39.7/6.4/3.4 41.2/5.4/3.4 42.8/4.2/3.1 33.6/3/.3 31.6/2.4/-.1",
        ),
        (
            "(-3,36.5)(2,32.6)(6,27)(9.6,23.4)(13.2,23)(16.8,26.2)(20.4,31)(24.6,34.6)(29,36.4)",
            "13.2/4.6/1 14.6/6/1.9 16/6.2/2.5 17.4/5.4/2.9 18.9/4.4/2.8 20.5/3.2/2.4 10.4/2.8/.2 8.2/2.2/-.2",
        ),
    )
)
_BANKS: Final = (
    points("(63,36.4)(55,36.2)(47,37.2)(39,38.2)(31,38.2)(24,39)(16.5,40.6)(9,43)(3,45.2)(-3,46.2)"),
    points("(63,37.4)(55,37.3)(47.4,38.5)(39,39.7)(31,39.8)(25,40.7)(18,42.3)(10.4,45)(4.4,47.4)(-3,48.6)"),
)
_RIPPLES: Final = tuple(
    map(
        points,
        ("(38.5,38.9)(35,38.95)", "(30.3,38.95)(26.6,39.35)(23.3,40)", "(17,41.4)(13.3,42.7)(10,44)", "(6.2,45.55)(2.6,46.75)(-1,47.4)"),
    )
)
_PATH: Final = points("(11.9,29.4)(13.5,31.3)(14.2,33.6)(13.4,36.2)(15.4,38.9)(19.7,41.7)(25,43.2)")
_PATH_TAIL: Final = points("(-6.77,-7.8)(-3,-4.9)(-1.35,-2.7)(-0.4,-1.2)")  # from its end: it comes down on the frame's edge nearly upright
_STAR: Final = Point(11.2, 27.2)
_BRIDGE: Final = Point(19.7, 41.7)
_BANYAN: Final = Point(42.6, 47.6)
_TRUNKS: Final = tuple(
    map(
        points,
        (
            "(-2.1,-5)(-1.65,-3.2)(-2.9,-0.52)(-4.19,-0.02)",
            "(-1.05,-5)(-0.83,-2.7)(-1.24,-0.93)(-2,0.2)",
            "(-0.16,-5)(-0.04,-2.7)(-0.2,0.3)",
            "(0.86,-5)(0.62,-2.6)(0.87,-0.72)(1.4,0.2)",
            "(2.05,-5)(1.4,-3.2)(2.48,-0.62)(3.78,0)",
        ),
    )
)
_ROOTS: Final = tuple(
    map(
        points,
        (
            "(-6.6,-4.3)(-6.71,-2.27)",
            "(-5.74,-4.7)(-5.72,-2.58)(-5.83,-0.62)",
            "(-4.94,-4.9)(-4.9,-3.72)(-5.04,-3.1)",
            "(5.06,-5)(5.12,-2.9)(5.02,-0.83)",
            "(5.89,-4.9)(5.83,-2.69)",
            "(7,-4.6)(6.92,-1.7)",
        ),
    )
)
_CROWNS: Final = (  # centre, half axes, angles of the points between the arcs (y down)
    (Point(-0.2, -8.2), (5.6, 3.6), (150, 182, 220, 255, 294, 334, 362, 390)),
    (Point(-4.6, -6.4), (3.9, 2.5), (110, 151, 195, 240, 288, 332, 380)),
    (Point(4.9, -6.5), (3.8, 2.4), (150, 192, 252, 291, 345, 383, 425)),
    (Point(0.2, -5.8), (3.4, 2.0), (135, 185, 239, 302, 353, 405)),
)
_HOUSES: Final = ((Point(57, 46.6), 0.72), (Point(53.2, 50.2), 0.98))  # the far one first
_TILED: Final = ((Point(52.6, 50.0), 1.0),)  # three bays are wide: one house stands for the hamlet
House = Literal["stilt", "tiled"]


@lru_cache(maxsize=16)
def memory_map(sheet: MemoryMap, end: Point) -> tuple[Fill | Stroke, ...]:
    """The whole map, its path leading to `end` (mm); kept, for it is the same in every village."""
    return tuple(sheet.drawn(end))


@dataclass(frozen=True, slots=True)
class MemoryMap:
    """The drawing for one sheet: `u` mm a unit, lines in `pen`, the path and its star in `mark`, dots of `dot` mm every `step` mm.

    `lift`: how many units the whole drawing is shifted up. `tail`: the path's last points, in units from its end. `house`: what people live
    in there, on stilts or tiled with three bays. On wide pieces `stretch` draws the land out to both sides and `figure` enlarges what
    stands on it; `left`: where the drawing begins, mm.
    """

    u: float
    pen: Pen
    mark: Ink
    dot: float
    step: float
    lift: float = 3.4
    tail: tuple[Point, ...] = _PATH_TAIL
    house: House = "stilt"
    stretch: float = 1.0
    figure: float = 1.0
    left: float = 0.0

    def at(self, point: Point) -> Point:
        return Point(self.left + point.x * self.u * self.stretch, (point.y - self.lift) * self.u)

    def drawn(self, end: Point) -> Iterator[Fill | Stroke]:
        """The whole map; its path leads to `end` (mm)."""
        for outline, ridges in _HILLS:
            yield from self._hill([self.at(p) for p in outline], ridges)
        yield from self._stream()
        yield from self._bridge()
        for at, size in _TILED if self.house == "tiled" else _HOUSES:
            yield from (self._tiled if self.house == "tiled" else self._house)(self.at(at), size * self.u * self.figure)
        yield from self._banyan(self.at(_BANYAN), 0.98 * self.u * self.figure)
        yield Fill(circle(self.at(_STAR), 2.1 * self.u * self.figure), self.pen.ground)
        yield Fill(star(self.at(_STAR), 1.5 * self.u * self.figure), self.mark)
        tail = [Point(end.x + p.x * self.u, end.y + p.y * self.u) for p in self.tail]
        yield Fill(dots(spaced(smooth((*map(self.at, _PATH), *tail, end)), self.step), self.dot), self.mark)

    def _hill(self, outline: Sequence[Point], ridges: Sequence[tuple[float, ...]]) -> Iterator[Fill | Stroke]:
        top = smooth(outline)
        foot = (Point(outline[-1].x, outline[-1].y + 2 * self.u), Point(outline[0].x, outline[-1].y + 2 * self.u))
        yield from self.pen.shape(smooth(outline, close_to=foot), top)
        yield self._lines(self._ridge(top, *ridge) for ridge in ridges)

    def _ridge(self, top: Path, x: float, length: float, lean: float) -> Path:
        at = self.at(Point(x, 0)).x
        start = Point(at, y_at(top, at) + 0.75 * self.u)
        fall = [Point(lean * across * self.u, length * down * self.u) for across, down in ((0.12, 0.35), (0.5, 0.72), (1, 1))]
        return curve(start, (start + fall[0], start + fall[1], start + fall[2]))

    def _stream(self) -> Iterator[Fill | Stroke]:
        far, near = ([self.at(p) for p in bank] for bank in _BANKS)
        yield Fill(smooth(far, close_to=near[::-1]), self.pen.ground)
        yield self._lines(smooth([self.at(p) for p in flow]) for flow in (*_BANKS, *_RIPPLES))

    def _bridge(self) -> Iterator[Fill | Stroke]:
        half, side = 1.7, 0.95
        at = self.at(_BRIDGE)
        deck = rectangle(Box(-1.3, -side, 2.6, 2 * side)).placed(at, self.u, turn_deg=28)
        rails = [line((Point(-half, y), Point(half, y))) for y in (-side, side)]
        planks = [line((Point(x, -side), Point(x, side))) for x in (-1.3, -0.65, 0, 0.65, 1.3)]
        yield Fill(deck, self.pen.ground)
        yield self._lines(part.placed(at, self.u, turn_deg=28) for part in (*rails, *planks))

    def _banyan(self, foot: Point, unit: float) -> Iterator[Fill | Stroke]:
        yield self._lines(smooth(part).placed(foot, unit) for part in (*_TRUNKS, *_ROOTS))
        for centre, half, angles in _CROWNS:
            crown = _scalloped(centre, half, angles).placed(foot, unit)
            yield from self.pen.shape(crown)

    def _house(self, foot: Point, unit: float) -> Iterator[Fill | Stroke]:
        roof = Path(
            (
                *line((Point(-2.88, -2.44), Point(2.88, -2.44))).segments,
                *curve(Point(2.88, -2.44), (Point(2.2, -2.95), Point(1.75, -3.7), Point(1.44, -4.71))).segments[1:],
                *line((Point(1.44, -4.71), Point(-1.44, -4.71))).segments[1:],
                *curve(Point(-1.44, -4.71), (Point(-1.75, -3.7), Point(-2.2, -2.95), Point(-2.88, -2.44)), close=True).segments[1:],
            )
        )
        walls = line((Point(-2.15, -2.44), Point(2.15, -2.44), Point(2.29, -1.24), Point(-2.29, -1.24)), close=True)
        stilts = [line((Point(x, -1.24), Point(x, 0))) for x in (-1.9, -0.66, 0.62, 1.88)]
        details = (rectangle(Box(-0.43, -2.08, 0.84, 0.84)), line((Point(-0.23, -1.2), Point(-0.91, 0.08))), *stilts)
        for part in (walls, roof):
            yield from self.pen.shape(part.placed(foot, unit))
        yield self._lines(part.placed(foot, unit) for part in details)

    def _tiled(self, foot: Point, unit: float) -> Iterator[Fill | Stroke]:
        """A low house of three bays on a plinth: a wide tiled roof, posts, a door of two leaves between two barred windows."""
        plinth, walls = rectangle(Box(-4.1, -0.5, 8.2, 0.5)), rectangle(Box(-3.6, -2.5, 7.2, 2))
        roof = curve(
            Point(-4.5, -2.3),
            (Point(-4.1, -3.1), Point(-3.6, -4.1), Point(-3.2, -4.7)),
            (Point(-1.1, -4.7), Point(1.1, -4.7), Point(3.2, -4.7)),
            (Point(3.6, -4.1), Point(4.1, -3.1), Point(4.5, -2.3)),
            close=True,
        )
        for part in (plinth, walls, roof):
            yield from self.pen.shape(part.placed(foot, unit))
        yield self._lines(part.placed(foot, unit) for part in _TILED_LINES)

    def _lines(self, paths: Iterator[Path]) -> Stroke:
        return Stroke(joined(paths), self.pen.ink, self.pen.width_mm)


def _upright(x: float, top: float, bottom: float, lean: float = 0.0) -> Path:
    return line((Point(x, top), Point(x + lean, bottom)))


_TILED_LINES: Final = (  # posts between the bays, the door, barred windows, rows of tiles that fan out to the eaves
    *(_upright(x, -2.3, -0.5) for x in (-1.2, 1.2)),
    *(_upright(x, -2.0, -0.5) for x in (-0.6, 0, 0.6)),
    line((Point(-0.6, -2.0), Point(0.6, -2.0))),
    *(rectangle(Box(x, -1.95, 1.2, 0.9)) for x in (-3.0, 1.8)),
    *(_upright(x, -1.95, -1.05) for x in (-2.6, -2.2, 2.2, 2.6)),
    *(_upright(x, -4.3, -2.7, x * 0.22) for x in (-2.2, -1.1, 0, 1.1, 2.2)),
)


def _scalloped(centre: Point, half: tuple[float, float], angles: Sequence[int]) -> Path:
    """A crown: arcs bulging between points of an ellipse, open below (handles .42 of the chord outward, .05 along)."""
    turned = [math.radians(angle) for angle in angles]
    corners = [Point(centre.x + half[0] * math.cos(a), centre.y + half[1] * math.sin(a)) for a in turned]
    arcs = []
    for a, b in pairwise(corners):
        along, out = Point(0.05 * (b.x - a.x), 0.05 * (b.y - a.y)), Point(0.42 * (b.y - a.y), -0.42 * (b.x - a.x))
        arcs.append((Point(a.x + out.x + along.x, a.y + out.y + along.y), Point(b.x + out.x - along.x, b.y + out.y - along.y), b))
    return curve(corners[0], *arcs)
