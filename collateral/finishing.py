"""What the shop does to printed cloth, drawn for the proof, never for the print file.

A ring punched through the number, or a code on a seam, is found here before the cloth is bought.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from collateral.display import Fill, Page, Stroke
from collateral.geometry import Box, Path, Point, circle, joined, line, rectangle
from collateral.ink import Ink
from collateral.piece import Finishing, Piece
from collateral.refusal import refused

LINE: Final = Ink(100, 0, 0, 0)  # cyan: no ink of the house palette, seen on red and on ivory
CLOTH: Final = Ink(0, 0, 0, 0)
_HATCH: Final = 12  # strokes across a pole pocket
_DASH: Final = 60  # dashes along a long side


def eyelets(piece: Piece) -> tuple[Point, ...]:
    """Centres of the rings: one in each corner, the others evenly between, at most `every` apart; none where the piece has none."""
    done = piece.finishing
    if done is None or not done.eyelet:
        return ()
    width, height = piece.trim
    across, down = (_spread(length, done) for length in (width, height))
    rows = [Point(x, y) for y in (done.edge, height - done.edge) for x in across]
    return (*rows, *(Point(x, y) for x in (done.edge, width - done.edge) for y in down[1:-1]))


def _spread(length: float, done: Finishing) -> list[float]:
    steps = max(1, math.ceil((length - 2 * done.edge) / done.every - 1e-9))
    return [done.edge + i * (length - 2 * done.edge) / steps for i in range(steps + 1)]


def finishing_ops(piece: Piece) -> tuple[Fill | Stroke, ...]:
    """The layer for the proof: trim, hem, pole pockets (hatched), seams, hidden foot, rings. Empty where the shop only cuts."""
    done = piece.finishing
    if done is None:
        return ()
    weight = max(piece.trim) / 800
    return (
        Stroke(rectangle(piece.trim_box), LINE, weight),
        *(Stroke(part, LINE, weight) for part in _lines(piece, done)),
        *(part for centre in eyelets(piece) for part in _ring(centre, done.eyelet / 2, weight)),
    )


def _ring(centre: Point, radius: float, weight: float) -> tuple[Fill, Stroke]:
    shape = circle(centre, max(radius, 1.5 * weight))
    return Fill(shape, CLOTH), Stroke(shape, LINE, weight)


def _lines(piece: Piece, done: Finishing) -> Iterator[Path]:
    width, height = piece.trim
    if done.hem:
        yield _dashed(piece.trim_box.inset(-min(done.hem, piece.bleed)))
    for top in (0.0, height - done.pocket) if done.pocket else ():
        yield rectangle(Box(0, top, width, done.pocket))
        yield joined(_slant(width * i / _HATCH, top, done.pocket) for i in range(_HATCH))
    for x in done.seams:
        yield line((Point(x, -piece.bleed), Point(x, height + piece.bleed)))
    if done.hidden:
        yield line((Point(0, height - done.hidden), Point(width, height - done.hidden)))


def _slant(x: float, top: float, height: float) -> Path:
    return line((Point(x, top + height), Point(x + height, top)))


def _dashed(box: Box) -> Path:
    """The outline of `box` in dashes: the cloth's edge before it is turned back."""
    corners = (Point(box.x, box.y), Point(box.right, box.y), Point(box.right, box.bottom), Point(box.x, box.bottom))
    dash = max(box.w, box.h) / _DASH
    return joined(_dashes(a, b, dash) for a, b in zip(corners, (*corners[1:], corners[0]), strict=True))


def _dashes(a: Point, b: Point, dash: float) -> Path:
    count = max(1, round(math.dist(a, b) / dash / 2))
    at = [Point(a.x + (b.x - a.x) * i / count, a.y + (b.y - a.y) * i / count) for i in range(count + 1)]
    half = [Point((p.x + q.x) / 2, (p.y + q.y) / 2) for p, q in pairwise(at)]
    return joined(line((p, q)) for p, q in zip(at, half, strict=False))


def check(pages: tuple[Page, ...], piece: Piece, place: str) -> None:
    """Raises Refused where a ring, a pole, a seam or the stand would meet words or a code."""
    if (done := piece.finishing) is None:
        return
    rings, height = eyelets(piece), piece.trim[1]
    things = [(op.box, "a line of text") for page in pages for op in page.texts] + [
        (op.box, "the code") for page in pages for op in page.codes
    ]
    for box, name in things:
        if any(_touches(box, ring, done.eyelet / 2) for ring in rings):
            raise refused(place, "finishing", f"a ring would be punched through {name}", "Move the rings in pieces.toml")
        if box.y < done.pocket or box.bottom > height - max(done.pocket, done.hidden):
            raise refused(place, "finishing", f"{name} would vanish in a pocket or in the stand", "Give the piece a larger safe area")
    if any(code.box.x < x < code.box.right for page in pages for code in page.codes for x in done.seams):
        raise refused(place, "finishing", "the code lies on a seam", "Move the seam in pieces.toml")


def _touches(box: Box, centre: Point, radius: float) -> bool:
    near = Point(min(max(centre.x, box.x), box.right), min(max(centre.y, box.y), box.bottom))
    return math.dist(near, centre) < radius
