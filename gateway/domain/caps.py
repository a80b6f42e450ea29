"""Caps: how many campaign messages one subscriber may get, in any 24 hours and in any 7 x 24 hours (field.md §2.1). Pure.

The windows roll: what left at 21:00 counts until 21:00 of the next day, so midnight, month ends and daylight saving change nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

DAY_MS: Final = 24 * 3_600_000
WEEK_MS: Final = 7 * DAY_MS


@dataclass(frozen=True, slots=True)
class Caps:
    """At most so many counted messages in any 24 h and any 7 x 24 h; 0 is no cap. The defaults are the careful ones of field.md §2.1."""

    per_day: int = 1
    per_week: int = 3

    def __post_init__(self) -> None:
        if self.per_day < 0 or self.per_week < 0:
            raise ValueError("a cap is not negative; 0 means no cap")


def free_at(left_at: Sequence[int], now: int, caps: Caps) -> int:
    """The first moment (epoch ms) from `now` on at which one more message breaks no cap. Pure.

    `left_at`: when the counted ones left (`sent`, `sending`, `uncertain`, `delivered`), epoch ms, in any order; one older than a week
    says nothing. A span of exactly 24 h holds its first moment and not its last: what left at t blocks until t + 24 h, then no more.
    Times after `now` count too (another process booked ahead, or a clock was put back).
    """
    if not left_at:
        return now
    moment = now
    for first, last in sorted(_blocked(sorted(left_at), caps)):  # by their beginning, so that one walk suffices
        if first < moment < last:
            moment = last
    return moment


def _blocked(left_at: Sequence[int], caps: Caps) -> Iterator[tuple[int, int]]:
    """Open spans of time in which one more would be one too many: where it and `cap` others would lie in one window."""
    for cap, window_ms in ((caps.per_day, DAY_MS), (caps.per_week, WEEK_MS)):
        if cap:
            for oldest, newest in zip(left_at, left_at[cap - 1 :], strict=False):
                if newest - oldest < window_ms:
                    yield newest - window_ms, oldest + window_ms
