"""Where one kind of print in one village stands: made, printing, hanging, overdue. Values in, a state out; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

BANNER_DAYS: Final = 15  # a banner hangs no longer (Luật Quảng cáo 16/2012/QH13 Art. 27)
_BANNERS: Final = ("băng rôn", "phướn")


class CellState(StrEnum):
    """What the print room's grid says of a village's pieces of one kind. The order is the one in which a filter offers them."""

    MISSING = "missing"  # chưa làm
    READY = "ready"  # đạt, chờ in
    PRINTING = "printing"  # đang in
    HUNG = "hung"  # đã treo, đã phát
    FAILED = "failed"  # hỏng
    OVERDUE = "overdue"  # quá 15 ngày


@dataclass(frozen=True, slots=True)
class Spot:
    """One placement as far as it is known. `is_made`, `is_failed`: of its newest file; `is_handed`: the shop has that file."""

    is_made: bool = False
    is_failed: bool = False
    is_handed: bool = False
    hung_on: date | None = None
    down_on: date | None = None
    is_banner: bool = False

    def overdue_since(self, today: date) -> date | None:
        """The day from which a banner that still hangs should have been down; None: it is in time."""
        if not self.is_banner or self.hung_on is None or self.down_on is not None:
            return None
        last = due_down(self.hung_on)
        return last if today > last else None


def is_banner(title: str) -> bool:
    """Whether a piece of this title is what the advertising law calls a banner."""
    return title.lower().startswith(_BANNERS)


def due_down(hung_on: date) -> date:
    """The day on which a banner comes down at the latest."""
    return hung_on + timedelta(days=BANNER_DAYS)


def cell_state(spots: Sequence[Spot], today: date) -> CellState:
    """The state of a village's spots of one kind: what needs a person comes before what goes its way."""
    if any(spot.overdue_since(today) for spot in spots):
        return CellState.OVERDUE
    if any(spot.is_failed for spot in spots):
        return CellState.FAILED
    if spots and all(spot.hung_on for spot in spots):
        return CellState.HUNG
    made = [spot for spot in spots if spot.is_made]
    if not made or len(made) < len(spots):
        return CellState.MISSING
    return CellState.PRINTING if all(spot.is_handed or spot.hung_on for spot in spots) else CellState.READY
