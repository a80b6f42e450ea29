"""Names beside their points, none over another: each takes the first free place round its point, or stays away. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from gateway.services.commune_map.plane import Xy

EM: Final = 0.56  # of the size: the mean width of a letter of the desk's face, measured over our village names, a little over
LINE: Final = 1.15
_GAP: Final = 7.0  # units between a point and its name


class Rect(NamedTuple):
    """An upright rectangle."""

    x: float
    y: float
    w: float
    h: float

    def meets(self, other: "Rect") -> bool:
        return self.x < other.x + other.w and other.x < self.x + self.w and self.y < other.y + other.h and other.y < self.y + self.h


@dataclass(frozen=True, slots=True)
class Name:
    """A name to set. `rank`: the smaller, the sooner it gets its place; `reach`: radius of what is drawn round the point."""

    text: str
    at: Xy
    size: float = 12.0
    rank: int = 9
    reach: float = 3.0


@dataclass(frozen=True, slots=True)
class Placed:
    """A name at its place: `x`, `y` of the baseline's anchor ("start", "middle" or "end")."""

    name: Name
    x: float
    y: float
    anchor: str
    box: Rect


def place(names: Sequence[Name], taken: Sequence[Rect], width: float, height: float) -> list[Placed]:
    """Names with a place of their own, in the order of their rank; those that found none are left out. `taken`: what stands already."""
    boxes = [*taken, *(Rect(n.at.x - n.reach, n.at.y - n.reach, 2 * n.reach, 2 * n.reach) for n in names)]
    found: list[Placed] = []
    for name in sorted(names, key=lambda each: (each.rank, each.at.y, each.at.x)):
        own = Rect(name.at.x - name.reach, name.at.y - name.reach, 2 * name.reach, 2 * name.reach)
        for option in _options(name):
            inside = option.box.x >= 2 and option.box.x + option.box.w <= width - 2 and 2 <= option.box.y <= height - option.box.h - 2
            if inside and not any(option.box.meets(box) for box in boxes if box != own):
                found.append(option)
                boxes.append(option.box)
                break
    return found


def _options(name: Name) -> Iterator[Placed]:
    """Right, left, above, below, then the corners."""
    w, h, away = len(name.text) * name.size * EM, name.size * LINE, name.reach + _GAP - 3
    x, y = name.at
    sides = (
        ("start", x + away, y + h * 0.32), ("end", x - away, y + h * 0.32), ("middle", x, y - away), ("middle", x, y + away + h * 0.75),
        ("start", x + away * 0.8, y - away * 0.7), ("end", x - away * 0.8, y - away * 0.7),
        ("start", x + away * 0.8, y + away * 0.7 + h * 0.6), ("end", x - away * 0.8, y + away * 0.7 + h * 0.6),
    )  # fmt: skip
    for anchor, at, base in sides:
        left = at if anchor == "start" else at - w if anchor == "end" else at - w / 2
        yield Placed(name, at, base, anchor, Rect(left, base - h * 0.8, w, h))
