"""From degrees to a flat sheet: kilometres east and south of a middle, then units of the drawing. Pure.

An equirectangular projection about the middle's latitude: over a commune of 20 km its error is metres, far under a village's own spread.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

KM_A_DEGREE: Final = 111.32  # of latitude, and of longitude at the equator (WGS84, mean)
_STEPS: Final = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200)  # km of a scale bar


_WIDTH: Final = 560.0  # units of a drawing
_HEIGHT: Final = 400.0
_RATIO: Final = _WIDTH / _HEIGHT


class Xy(NamedTuple):
    """A point of the drawing, its units; y goes down."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class View:
    """What part of the land the drawing shows. WGS84 degrees of its middle, `km`: how wide; the drawing's own units across and down."""

    latitude: float
    longitude: float
    km: float
    width: float = _WIDTH
    height: float = _HEIGHT

    @property
    def scale(self) -> float:
        """Units a kilometre."""
        return self.width / self.km

    def at(self, latitude: float, longitude: float) -> Xy:
        """Where a place stands on the drawing; outside of it for what lies outside."""
        east = (longitude - self.longitude) * KM_A_DEGREE * math.cos(math.radians(self.latitude))
        north = (latitude - self.latitude) * KM_A_DEGREE
        return Xy(self.width / 2 + east * self.scale, self.height / 2 - north * self.scale)

    def shows(self, point: Xy, margin: float = 0.0) -> bool:
        """Whether a point lies on the drawing, `margin` units inside its edge."""
        return margin <= point.x <= self.width - margin and margin <= point.y <= self.height - margin


def view_of(places: Sequence[tuple[float, float]], least_km: float, room: float = 1.3) -> View:
    """The view that shows all `places` (degrees) with `room` round them, at least `least_km` wide."""
    latitudes, longitudes = [each[0] for each in places], [each[1] for each in places]
    middle = ((min(latitudes) + max(latitudes)) / 2, (min(longitudes) + max(longitudes)) / 2)
    across = (max(longitudes) - min(longitudes)) * KM_A_DEGREE * math.cos(math.radians(middle[0]))
    down = (max(latitudes) - min(latitudes)) * KM_A_DEGREE
    return View(*middle, max(least_km, across * room, down * room * _RATIO))


def distance_km(one: tuple[float, float], other: tuple[float, float]) -> float:
    """As the crow flies, between two places in degrees."""
    east = (one[1] - other[1]) * KM_A_DEGREE * math.cos(math.radians((one[0] + other[0]) / 2))
    return math.hypot(east, (one[0] - other[0]) * KM_A_DEGREE)


def bar_km(view: View, most: float = 130.0) -> float:
    """The round length of a scale bar that takes at most `most` units, km."""
    return max((step for step in _STEPS if step * view.scale <= most), default=_STEPS[0])


def hull(points: Iterable[Xy]) -> list[Xy]:
    """The convex hull, clockwise on the drawing (Andrew's monotone chain); fewer than three points are their own."""
    ordered = sorted(set(points))
    if len(ordered) < 3:
        return ordered
    return [*_half(ordered)[:-1], *_half(ordered[::-1])[:-1]]


def _half(points: Sequence[Xy]) -> list[Xy]:
    chain: list[Xy] = []
    for point in points:
        while len(chain) > 1 and _turn(chain[-2], chain[-1], point) <= 0:
            chain.pop()
        chain.append(point)
    return chain


def _turn(a: Xy, b: Xy, c: Xy) -> float:
    return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)


def widened(points: Sequence[Xy], by: float) -> list[Xy]:
    """A hull with every corner `by` units further from the middle; one or two points become a diamond round them."""
    if not points:
        return []
    if len(points) < 3:
        points = hull(Xy(p.x + dx, p.y + dy) for p in points for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)))
    middle = Xy(sum(p.x for p in points) / len(points), sum(p.y for p in points) / len(points))
    return [_away(point, middle, by) for point in points]


def _away(point: Xy, middle: Xy, by: float) -> Xy:
    length = math.hypot(point.x - middle.x, point.y - middle.y) or 1.0
    return Xy(point.x + (point.x - middle.x) / length * by, point.y + (point.y - middle.y) / length * by)


def soft_path(points: Sequence[Xy]) -> str:
    """A closed SVG path through `points` whose corners are round: from middle to middle of the sides, the corner as handle."""
    if len(points) < 3:
        return ""
    middles = [Xy((a.x + b.x) / 2, (a.y + b.y) / 2) for a, b in pairwise((*points, points[0]))]
    start = middles[-1]
    curves = "".join(f"Q{p.x:.0f} {p.y:.0f} {m.x:.0f} {m.y:.0f}" for p, m in zip(points, middles, strict=True))
    return f"M{start.x:.0f} {start.y:.0f}{curves}Z"
