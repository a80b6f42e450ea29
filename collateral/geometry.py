"""Shapes in millimetres at final size: origin top left, y down. Pure values and the few curves that the ornaments need."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

PT_PER_MM: Final = 72 / 25.4
_KAPPA: Final = 0.5522847498  # cubic handles of a quarter circle of radius 1


class Point(NamedTuple):
    x: float
    y: float

    def __add__(self, other: object) -> Point:
        if not isinstance(other, Point):
            return NotImplemented
        return Point(self.x + other.x, self.y + other.y)


@dataclass(frozen=True, slots=True)
class Box:
    """An upright rectangle; (x, y) is its upper left corner."""

    x: float
    y: float
    w: float
    h: float

    @property
    def right(self) -> float:
        return self.x + self.w

    @property
    def bottom(self) -> float:
        return self.y + self.h

    def inset(self, by: float) -> Box:
        """The box `by` mm smaller on every side; larger where `by` is negative."""
        return Box(self.x + by, self.y + by, self.w - 2 * by, self.h - 2 * by)

    def holds(self, other: Box, slack: float = 1e-6) -> bool:
        """Whether `other` lies inside, give or take `slack` mm."""
        inside_x = self.x - slack <= other.x and other.right <= self.right + slack
        return inside_x and self.y - slack <= other.y and other.bottom <= self.bottom + slack


class Segment(NamedTuple):
    """`op`: M, L, C or Z as in SVG; `points`: none for Z, one for M and L, two handles and the end for C."""

    op: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Path:
    """One or more subpaths."""

    segments: tuple[Segment, ...]

    def __add__(self, other: Path) -> Path:
        return Path(self.segments + other.segments)

    def placed(self, at: Point, scale: float = 1.0, *, flip: bool = False, turn_deg: float = 0.0) -> Path:
        """The path scaled (y upward where `flip`), turned clockwise, then moved so that its origin comes to `at`."""
        cos, sin = math.cos(math.radians(turn_deg)), math.sin(math.radians(turn_deg))

        def place(point: Point) -> Point:
            x, y = point.x * scale, point.y * (-scale if flip else scale)
            return Point(at.x + x * cos - y * sin, at.y + x * sin + y * cos)

        return Path(tuple(Segment(op, tuple(map(place, points))) for op, points in self.segments))

    def bounds(self) -> Box:
        """The box of all points and handles: never smaller than the drawn shape."""
        points = [point for segment in self.segments for point in segment.points]
        left, top = min(p.x for p in points), min(p.y for p in points)
        return Box(left, top, max(p.x for p in points) - left, max(p.y for p in points) - top)


CLOSE: Final = Segment("Z", ())


def line(points: Sequence[Point], *, close: bool = False) -> Path:
    """Straight pieces through `points`."""
    drawn = (Segment("M", (points[0],)), *(Segment("L", (p,)) for p in points[1:]))
    return Path((*drawn, CLOSE) if close else drawn)


def curve(start: Point, *cubics: tuple[Point, Point, Point], close: bool = False) -> Path:
    """Cubic pieces from `start`, each as two handles and its end."""
    drawn = (Segment("M", (start,)), *(Segment("C", cubic) for cubic in cubics))
    return Path((*drawn, CLOSE) if close else drawn)


def points(text: str) -> tuple[Point, ...]:
    """ "(1,2)(3,4)" or "1,2 3,4" -> points, as the construction sheets write them."""
    return tuple(Point(float(x), float(y)) for x, y in re.findall(r"(-?[\d.]+),(-?[\d.]+)", text))


def parsed(text: str) -> Path:
    """The M and C of SVG path data, absolute, closed at the end."""
    start, *rest = (points(part) for part in re.split("[MC]", text) if part.strip())
    handles = [point for part in rest for point in part]
    cubics = [(handles[i], handles[i + 1], handles[i + 2]) for i in range(0, len(handles), 3)]
    return curve(start[0], *cubics, close=True)


def rectangle(box: Box) -> Path:
    """The outline of `box`."""
    return line((Point(box.x, box.y), Point(box.right, box.y), Point(box.right, box.bottom), Point(box.x, box.bottom)), close=True)


def circle(centre: Point, radius: float) -> Path:
    """Four cubic quarters; 0.03 % off a true circle."""
    quarters = tuple(_quarter(centre, radius, start) for start in (0, 90, 180, 270))
    return curve(Point(centre.x + radius, centre.y), *quarters, close=True)


def _quarter(centre: Point, radius: float, start_deg: int) -> tuple[Point, Point, Point]:
    turned = curve(Point(1, 0), (Point(1, _KAPPA), Point(_KAPPA, 1), Point(0, 1))).placed(centre, radius, turn_deg=start_deg)
    first, second, end = turned.segments[1].points
    return first, second, end


def smooth(through: Sequence[Point], *, close_to: Sequence[Point] = ()) -> Path:
    """A Catmull-Rom curve through the points (handles: a sixth of the neighbours' distance); `close_to`: corners that close it."""
    padded = (through[0], *through, through[-1])
    cubics = []
    for before, a, b, after in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        first = Point(a.x + (b.x - before.x) / 6, a.y + (b.y - before.y) / 6)
        cubics.append((first, Point(b.x - (after.x - a.x) / 6, b.y - (after.y - a.y) / 6), b))
    drawn = curve(through[0], *cubics)
    return drawn + Path((*(Segment("L", (p,)) for p in close_to), CLOSE)) if close_to else drawn


def flattened(path: Path, steps: int = 24) -> list[Point]:
    """The first subpath as short straight pieces, `steps` a cubic."""
    found: list[Point] = []
    for op, at in path.segments:
        if op == "M" and found:
            break
        if op == "C":
            found += [_on_cubic(found[-1], at, i / steps) for i in range(1, steps)]
        found += at[-1:]
    return found


def _on_cubic(start: Point, cubic: Sequence[Point], t: float) -> Point:
    a, b, c, d = start, *cubic
    s = 1 - t
    weights = (s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t)
    return Point(
        sum(w * p.x for w, p in zip(weights, (a, b, c, d), strict=True)), sum(w * p.y for w, p in zip(weights, (a, b, c, d), strict=True))
    )


def spaced(path: Path, step: float) -> tuple[Point, ...]:
    """Points along `path`, the first at its start and the last at its end, equally far apart and as near to `step` as that allows."""
    way = flattened(path)
    lengths = [math.dist(a, b) for a, b in pairwise(way)]
    total = sum(lengths)
    pitch = total / max(1, round(total / step))
    found, due, walked = [way[0]], pitch, 0.0
    for a, b, length in zip(way, way[1:], lengths, strict=False):
        while due <= walked + length and len(found) < round(total / pitch):
            t = (due - walked) / length
            found.append(Point(a.x + (b.x - a.x) * t, a.y + (b.y - a.y) * t))
            due += pitch
        walked += length
    return (*found, way[-1])


def y_at(path: Path, x: float) -> float:
    """Where `path`, read left to right, stands at `x`. ValueError if it never does."""
    way = flattened(path)
    for a, b in pairwise(way):
        if a.x <= x <= b.x:
            return a.y + (b.y - a.y) * ((x - a.x) / (b.x - a.x) if b.x > a.x else 0)
    raise ValueError(f"the path has no point at x = {x}")


def joined(paths: Iterable[Path]) -> Path:
    """All subpaths as one path: one paint, one object in the file."""
    return Path(tuple(segment for path in paths for segment in path.segments))


def rounded_way(corners: Sequence[Point], radius: float) -> Path:
    """An open way through `corners`, each inner corner a quarter round of `radius`. Legs must be upright or level."""
    way = [Segment("M", (corners[0],))]
    for before, corner, after in zip(corners, corners[1:], corners[2:], strict=False):
        start, end = _toward(corner, before, radius), _toward(corner, after, radius)
        way.append(Segment("L", (start,)))
        way.append(Segment("C", (_toward(corner, before, radius * (1 - _KAPPA)), _toward(corner, after, radius * (1 - _KAPPA)), end)))
    return Path((*way, Segment("L", (corners[-1],))))


def _toward(start: Point, goal: Point, by: float) -> Point:
    far = math.dist(start, goal)
    return Point(start.x + (goal.x - start.x) * by / far, start.y + (goal.y - start.y) * by / far)
