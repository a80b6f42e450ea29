"""Pace as slots: departures are booked ahead, evenly, so that no sliding second goes over the contract (ADR 0006)."""

from dataclasses import dataclass
from typing import Final, Literal

HEADROOM: Final = 0.97  # slots lie 1/(0.97 × limit) apart: room for departures up to LATE_US late
LATE_US: Final = 20_000  # a departure later than this takes a new slot
HOLD_US: Final = 250_000  # a claim never holds more of a route's pace than this


@dataclass(frozen=True, slots=True)
class Pace:
    """A contract: at most `limit` units in any `per_s` seconds; limit 0 is no limit."""

    limit: int
    per_s: float = 1.0
    unit: Literal["segments", "messages", "requests"] = "segments"

    def cost_us(self, units: int) -> int:
        """How long `units` keep the route, µs."""
        return round(units * self.per_s * 1_000_000 / (HEADROOM * self.limit)) if self.limit else 0

    def units_held(self) -> int:
        """How many units one claim may take: 250 ms of the pace, at least one."""
        return max(1, round(self.limit * HEADROOM * HOLD_US / (self.per_s * 1_000_000))) if self.limit else 1_000_000


def next_slot(last_us: int, now_us: int, units: int, pace: Pace) -> int:
    """When the route is free again after an MT of `units` that departs at max(last_us, now_us), µs of the database's clock. Pure.

    An MT larger than the limit leaves alone and is followed by its own length of silence.
    """
    return max(last_us, now_us) + pace.cost_us(units)
