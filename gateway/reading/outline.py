"""Viet Nam, Laos and Cambodia in rough: which of several zones a place must lie in, and which pairs of letters are no grid letters."""

from itertools import pairwise
from typing import Final

# With their coasts, drawn some 30 km too wide: longitude, latitude, from the north-west around and back.
_OUTLINE: Final = (
    (99.8, 20.3), (100.2, 20.9), (101.0, 21.75), (101.4, 22.3), (101.9, 22.8), (103.0, 23.0), (104.6, 23.2), (105.3, 23.7), (106.9, 23.2),
    (107.1, 22.4), (107.4, 21.9), (108.4, 21.7), (108.0, 20.6), (107.0, 20.2), (106.3, 19.2), (106.9, 18.2), (107.7, 17.2), (108.7, 16.4),
    (109.4, 15.5), (109.8, 13.5), (109.7, 11.4), (109.2, 10.2), (107.4, 9.8), (106.9, 8.4), (104.5, 8.1), (103.2, 9.1), (103.2, 10.3),
    (102.5, 11.2), (102.0, 12.5), (102.1, 13.9), (103.0, 14.7), (105.1, 14.6), (105.1, 15.9), (104.4, 16.3), (104.3, 17.3), (103.8, 18.0),
    (103.2, 18.0), (102.6, 17.6), (101.9, 17.7), (101.0, 17.3), (100.6, 18.3), (100.7, 19.2), (100.1, 19.6), (99.8, 20.3),
)  # fmt: skip


def is_here(latitude: float, longitude: float) -> bool:
    """True in or near one of the three countries (even-odd rule: how often a line to the west crosses the outline)."""
    inside = False
    for (x1, y1), (x2, y2) in pairwise(_OUTLINE):
        if (y1 > latitude) != (y2 > latitude) and longitude < x1 + (latitude - y1) * (x2 - x1) / (y2 - y1):
            inside = not inside
    return inside
