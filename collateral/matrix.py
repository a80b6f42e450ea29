"""Affine maps as PDF and SVG write them: (a, b, c, d, e, f) takes (x, y) to (ax + cy + e, bx + dy + f)."""

from __future__ import annotations

import math
from typing import Final

from collateral.geometry import Path, Point, Segment

Matrix = tuple[float, float, float, float, float, float]
IDENTITY: Final[Matrix] = (1, 0, 0, 1, 0, 0)


def times(inner: Matrix, outer: Matrix) -> Matrix:
    """First `inner`, then `outer`."""
    a, b, c, d, e, f = inner
    g, h, i, j, k, m = outer
    return a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m


def applied(m: Matrix, p: Point) -> Point:
    return Point(m[0] * p.x + m[2] * p.y + m[4], m[1] * p.x + m[3] * p.y + m[5])


def moved(path: Path, m: Matrix) -> Path:
    """The path under the map."""
    return Path(tuple(Segment(op, tuple(applied(m, point) for point in points)) for op, points in path.segments))


def growth(m: Matrix) -> float:
    """By how much lengths grow, on the mean of all directions."""
    return math.sqrt(abs(m[0] * m[3] - m[1] * m[2]))
