"""Where on the ground, in figures: every notation of field.md §4.3 to WGS84 with an honest radius. Pure; nothing is fetched.

Figures that fit two readings give both and a note, never one of them in silence. A phone number, a date, a price or a unit is no
coordinate.
"""

import re
from dataclasses import replace
from functools import partial
from typing import Final

from gateway.reading.angles import read_angles
from gateway.reading.grid import read_grids, read_squares
from gateway.reading.map_link import read_links
from gateway.reading.outline import is_here
from gateway.reading.plane import read_pairs
from gateway.reading.point import Candidate, Point
from gateway.reading.words import folded

__all__ = ["MOST", "Candidate", "Point", "read_points"]

MOST: Final = 12  # positions read in one text: who sends more has sent a list, which a person reads
# What no notation goes without; most texts have none of it and are done with in a microsecond or two. Every branch begins at the first
# figure of a run, so that a phone number or a date is passed over at once.
_TWO_LETTERS: Final = r"[A-CP-Za-cp-z][A-HJ-NP-Va-hj-np-vĐđ]"
_LOOK: Final = re.compile(
    rf"""[0-9](?<![0-9]{{2}})(?:
    (?:(?<=9)[789]|(?<=1)[01][0-9])  # a longitude of 97 to 118 degrees, and what parts it from the rest
      (?:[.,][0-9]|[ ]{{0,2}}[%°º˚*'’^:\u030a-]|[ ]{{0,2}}[đd][ộoe]|o[0-9]|[ ][0-9]|[0-9]{{4}}|0[0-5][0-9])
    |(?<=[12])[ .]?[0-9]{{3}}[ .]?[0-9]{{3}}(?![0-9])|(?<=[89])[0-9]{{5}}(?![0-9])  # a northing in metres
    |(?<=[12])[0-9]{{3,4}}[.,][0-9]{{3}}(?![0-9])|[0-9][ ][0-9]{{2}}[ ][0-9]{{3}}
    |(?!(?:(?<=[a-zđ][ .:-]1)|(?<=[a-zđ]1))9[0-9]{{2}}(?![0-9]|[ \-/.,]{{1,2}}[0-9]))  # two letters and figures that halve, no year
      (?:(?<=(?<![^\W_]){_TWO_LETTERS}[0-9])|(?<=(?<![^\W_]){_TWO_LETTERS}[ .:-][0-9])|(?<=(?<![^\W_]){_TWO_LETTERS}[ .:-][ ][0-9])
        |(?<=[npqNPQ]{_TWO_LETTERS}[0-9]))
      (?:[0-9]{{1,4}}[ \-/.,]{{1,2}}[0-9]{{2}}|[0-9]{{3}})
    |(?<=[1-9])[0-9]{{2}}[ -][0-9]{{3}}(?![0-9])  # two groups of figures: a square, or a reference without letters
    |[0-9][ ]?(?:[-–,xX]|[yY][ ]?[:=]?)[ ]?[0-9]{{2}}(?![0-9])|(?<=u[oô]ng[ ][0-9])[0-9]{{3}}
    )""",
    re.VERBOSE,
)
# "tọa độ 52700-18950": two longer groups are years, but behind these words.
_LOOK_ANNOUNCED: Final = re.compile(r"[đdĐD][ộoỘO](?:(?<=[aAạẠ][ ]..)|(?<=[aAạẠ]..))[^0-9]{0,8}[0-9]{4,5}[ ]?[-,;/ ]")
OUTSIDE: Final = "The place lies outside Viet Nam, Laos and Cambodia: ask whether the figures are right"


def read_points(text: str, meridian: float | None = None) -> tuple[Point, ...]:
    """The positions that a cleaned text gives, in its order, at most `MOST`.

    `meridian`: central meridian of the commune's own VN-2000 zone in degrees (`pipelines.meridian_of`), for figures that come without one.
    """
    if _LOOK.search(text) is None and "goo.gl" not in text and _LOOK_ANNOUNCED.search(text) is None:
        return ()
    plain = folded(text)
    found = list[Point]()
    for read in (read_links, read_grids, read_angles, partial(read_pairs, meridian=meridian), read_squares):
        new = tuple(read(text, plain, MOST - len(found)))
        found += new
        plain = _blanked(plain, new)
    return tuple(_doubted(point) for point in sorted(found, key=lambda point: point.span))


def _doubted(point: Point) -> Point:
    """The same, less sure where it lies abroad; the islands in the East Sea (Hoàng Sa, Trường Sa) don't."""
    if point.latitude is None or point.longitude is None or is_here(point.latitude, point.longitude):
        return point
    if point.longitude > 109 and point.latitude < 18:
        return point
    return replace(point, confidence=round(point.confidence * 0.6, 2), note=point.note or OUTSIDE)


def _blanked(plain: str, points: tuple[Point, ...]) -> str:
    """`plain` without what has been read, at the same length; a line feed keeps the words on both sides apart."""
    for point in points:
        start, end = point.span
        plain = f"{plain[:start]}{chr(10) * (end - start)}{plain[end:]}"
    return plain
