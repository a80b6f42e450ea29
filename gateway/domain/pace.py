"""Pace as slots: departures are booked ahead, evenly, so that no sliding second goes over the contract (ADR 0006)."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

LATE_US: Final = 20_000  # a departure later than this takes a new slot: a busy machine is late by as much now and then
JITTER_US: Final = 20_000  # by how much two requests may come closer together on their way to the carrier
HEADROOM: Final = 0.96  # slots lie 1/(0.96 × limit) apart: in a second 41.7 ms more than a window, which both of these fit into
HOLD_US: Final = 250_000  # a claim never holds more of a route's pace than this


@dataclass(frozen=True, slots=True)
class Pace:
    """A contract: at most `limit` units in any `per_s` seconds; limit 0 is no limit."""

    limit: int
    per_s: float = 1.0
    unit: Literal["segments", "messages", "requests"] = "segments"

    @property
    def late_us(self) -> int:
        """How late a departure may be and still keep its slot: what a window's headroom leaves beside the network, at least LATE_US."""
        return max(LATE_US, self.headroom_us - JITTER_US)

    @property
    def headroom_us(self) -> int:
        """By how much the departures of one window may come closer together without going over, µs."""
        return self.window_us - round(self.per_s * 1_000_000)

    def cost_us(self, units: int) -> int:
        """How long `units` keep the route, µs."""
        return round(units * self.window_us / self.limit) if self.limit else 0

    @property
    def window_us(self) -> int:
        """What lies between two departures that must not fall into one window, µs."""
        return round(self.per_s * 1_000_000 / HEADROOM)

    def units_held(self) -> int:
        """How many units one claim may take: 250 ms of the pace, at least one."""
        return max(1, round(self.limit * HEADROOM * HOLD_US / (self.per_s * 1_000_000))) if self.limit else 1_000_000


def slots(
    free_us: int, units: Sequence[int], pace: Pace, recent: Sequence[tuple[int, int]] = (), *, alone: bool = True
) -> tuple[list[int], int]:
    """When MTs of `units` depart, one after the other from `free_us` on, and when the route is free again, µs. Pure.

    They lie their own cost apart; and where MTs of several units would not fit into one window with those before, a window apart.
    `recent`: (departure, units) of the last window, all of them if `alone`; else others book too, what they sent is not known, and the
    first keeps the distance that the largest needs. An MT larger than the limit leaves alone and is followed by its length of silence.
    """
    if not alone and units:
        free_us += pace.cost_us(min(max(units), pace.limit) - 1)
    inside = deque(recent)
    total = sum(each for _, each in inside)
    departures: list[int] = []
    for each in units:
        while inside and total + each > pace.limit > 0:
            departed, gone = inside.popleft()
            total -= gone
            free_us = max(free_us, departed + pace.window_us)
        departures.append(free_us)
        inside.append((free_us, each))
        total += each
        free_us += pace.cost_us(each)
    return departures, free_us
