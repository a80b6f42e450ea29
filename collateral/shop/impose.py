"""Imposition as arithmetic: where small pieces lie on a sheet, which lies where, where their backs come. mm, origin top left, y down."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final, NamedTuple

from collateral.geometry import Box

SHEETS: Final = {"a4": (210.0, 297.0), "a3": (297.0, 420.0), "sra3": (320.0, 450.0)}
ORDERS: Final = ("rows", "stack", "repeat", "booklet")
_MOST_MM: Final = 2000.0


class Side(Enum):
    FRONT = "front"
    BACK = "back"


def sheet_size(name: str) -> tuple[float, float]:
    """ "a3" or "330x480". ValueError for anything else."""
    if (known := SHEETS.get(name.lower())) is not None:
        return known
    if (found := re.fullmatch(r"(\d+(?:\.\d+)?)x(\d+(?:\.\d+)?)", name.lower())) is None:
        raise ValueError(f"there is no sheet “{name}”; there is: {', '.join(SHEETS)}, or WIDTHxHEIGHT in mm")
    size = float(found[1]), float(found[2])
    if not all(20 <= side <= _MOST_MM for side in size):
        raise ValueError(f"a sheet of {name} mm goes into no machine")
    return size


@dataclass(frozen=True, slots=True)
class Plan:
    """How sheets are filled. `tumbled`: the piece's back is read by turning it head over heels, as the wallet card's. `skip`: places of the
    first sheet that are used up. `offsets`: what is added to front x, y and back x, y.

    ValueError where the parts do not go together.
    """

    sheet: tuple[float, float]
    gutter: float = 6.0
    margin: float = 8.0
    order: str = "rows"
    turned_over: str = "long"
    tumbled: bool = False
    skip: int = 0
    offsets: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)

    def __post_init__(self) -> None:
        if self.order not in ORDERS:
            raise ValueError(f"there is no order “{self.order}”; there is: {', '.join(ORDERS)}")
        if self.turned_over not in ("long", "short"):
            raise ValueError(f"a sheet is turned over its long or its short edge, not “{self.turned_over}”")
        if len(self.offsets) != 4 or not all(math.isfinite(each) and abs(each) <= 20 for each in self.offsets):
            raise ValueError("an offset is four numbers of mm, none above 20: front x, front y, back x, back y")
        if self.skip and self.order != "rows":
            raise ValueError("only rows can begin on a partly used sheet: stacks must be whole")

    @property
    def turns_about_upright(self) -> bool:
        """Whether the edge over which the sheet is turned stands upright as the sheet lies."""
        return (self.turned_over == "long") == (self.sheet[1] >= self.sheet[0])

    def offset(self, side: Side) -> tuple[float, float]:
        """What is added to every place of that side."""
        x, y = self.offsets[:2] if side is Side.FRONT else self.offsets[2:]
        return x, y


class Grid(NamedTuple):
    """Places of one size on a sheet."""

    columns: int
    rows: int

    @property
    def places(self) -> int:
        return self.columns * self.rows


@dataclass(frozen=True, slots=True)
class Slot:
    """A place: the trim's box on the sheet, and whether the piece stands on its head there."""

    box: Box
    head_down: bool = False


def grid(trim: tuple[float, float], plan: Plan) -> Grid:
    """As many upright pieces as go onto the sheet as it lies."""
    across, down = (
        max(0, int((side - 2 * plan.margin + plan.gutter + 1e-9) // (each + plan.gutter)))
        for side, each in zip(plan.sheet, trim, strict=True)
    )
    return Grid(across, down)


def oriented(trim: tuple[float, float], plan: Plan) -> Plan:
    """The plan with its sheet laid so that most go on; as it was where that makes no difference. ValueError where not one goes on.

    The sheet is turned, never the piece: codes stay upright, and a press takes a sheet either way.
    """
    turned = replace(plan, sheet=(plan.sheet[1], plan.sheet[0]))
    best = plan if grid(trim, plan).places >= grid(trim, turned).places else turned
    places = grid(trim, best).places
    if not places:
        raise ValueError(f"a piece of {trim[0]:g} × {trim[1]:g} mm does not go onto a sheet of {plan.sheet[0]:g} × {plan.sheet[1]:g} mm")
    if plan.skip >= places:
        raise ValueError(f"the sheet has {places} places")
    return best


def slots(trim: tuple[float, float], plan: Plan, side: Side = Side.FRONT) -> tuple[Slot, ...]:
    """All places, row by row from the top; the back's nth lies behind the front's nth once the sheet is turned over.

    Turned about an upright axis the sheet is mirrored across and backs stay upright; about a level one it is mirrored downward, and
    backs stand on their heads. Of tumbled pieces each is the other way about.
    """
    made, (w, h) = grid(trim, plan), trim
    left = (plan.sheet[0] - made.columns * (w + plan.gutter) + plan.gutter) / 2
    top = (plan.sheet[1] - made.rows * (h + plan.gutter) + plan.gutter) / 2
    fronts = [Box(left + c * (w + plan.gutter), top + r * (h + plan.gutter), w, h) for r in range(made.rows) for c in range(made.columns)]
    dx, dy = plan.offset(side)
    if side is Side.FRONT:
        return tuple(Slot(Box(box.x + dx, box.y + dy, w, h)) for box in fronts)
    if plan.turns_about_upright:
        return tuple(Slot(Box(plan.sheet[0] - box.right + dx, box.y + dy, w, h), head_down=plan.tumbled) for box in fronts)
    return tuple(Slot(Box(box.x + dx, plan.sheet[1] - box.bottom + dy, w, h), head_down=not plan.tumbled) for box in fronts)


def filled(count: int, places: int, plan: Plan) -> list[tuple[int | None, ...]]:
    """Which of `count` pieces lies on which place, sheet by sheet; None where a place stays empty.

    rows: one after the other. stack, booklet: cut through, the stacks put upon each other lie in order. repeat: a whole sheet of each.
    """
    if plan.order == "repeat":
        return [(each,) * places for each in range(count)]
    sheets = -(-(count + plan.skip) // places)
    if plan.order in ("stack", "booklet"):
        return [tuple(_known(place * sheets + sheet, count) for place in range(places)) for sheet in range(sheets)]
    return [tuple(_known(sheet * places + place - plan.skip, count) for place in range(places)) for sheet in range(sheets)]


def _known(at: int, count: int) -> int | None:
    return at if 0 <= at < count else None


def cut_lines(boxes: Sequence[Box], sheet: tuple[float, float], gap: float, length: float) -> list[tuple[float, float, float, float]]:
    """Cutting marks round the block of places: x0, y0, x1, y1, `gap` mm from its outer edges, none between the pieces."""
    left, right = min(box.x for box in boxes), max(box.right for box in boxes)
    top, bottom = min(box.y for box in boxes), max(box.bottom for box in boxes)
    lines = []
    for x in sorted({round(edge, 6) for box in boxes for edge in (box.x, box.right)}):
        lines += [(x, top - gap - length, x, top - gap), (x, bottom + gap, x, bottom + gap + length)]
    for y in sorted({round(edge, 6) for box in boxes for edge in (box.y, box.bottom)}):
        lines += [(left - gap - length, y, left - gap, y), (right + gap, y, right + gap + length, y)]
    return lines


def fold_lines(boxes: Sequence[Box], gap: float, length: float) -> list[tuple[float, float, float, float]]:
    """Two dashes over and two under each column of places, at its middle: x0, y0, x1, y1, `gap` mm from the block's outer edges."""
    top, bottom, dash = min(box.y for box in boxes), max(box.bottom for box in boxes), length / 3
    lines = []
    for x in sorted({round(box.x + box.w / 2, 6) for box in boxes}):
        for start in (gap, gap + 2 * dash):
            lines += [(x, top - start - dash, x, top - start), (x, bottom + start, x, bottom + start + dash)]
    return lines
