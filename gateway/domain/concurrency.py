"""How many requests a route has on the wire at once: fewer while its answers get slower, slowly more again (AIMD). Time is an argument.

Little's law: requests on the wire = rate x latency. Past what a carrier works on at once, more of them only wait in its queue, and each
answer that comes too late is an `uncertain` MT. So the limit is halved when the median latency doubles, and grows by 1 a second.

It starts at the ceiling, not at 1: `concurrency` is what the contract bears, a blast of 100,000 takes half a minute and would be over
before 1 a second had reached 64, and a ceiling that is too high is halved away within seconds.
"""

from statistics import median
from typing import Final

JUDGED_MS: Final = 1_000  # the medians of one second each: a stall of ours or a lost packet is not in the middle of them
ENOUGH: Final = 64  # answers that make a median: of fewer, chance alone is now and then twice the smallest one
MOST: Final = 2_048  # samples kept of a second: their median costs 0.1 ms
FLOOR_MS: Final = 20.0  # twice a latency below this is the jitter of our own loop, not a queue at the carrier
ACCEPTED_AFTER_MS: Final = 120_000  # the baseline doubles in this time: what is slower for good is accepted in minutes
NO_RELIEF: Final = 0.9  # a halving after which the median is still above this part of what it was did not help
STEP: Final = 2**0.5  # such slowness is not ours: each useless halving raises the baseline by this


class Adaptive:
    """The limit of one route in one process, 1 to `ceiling`. Cheap: `note` appends to a list, `limit` compares two numbers."""

    def __init__(self, ceiling: int) -> None:
        self._ceiling = max(1, ceiling)
        self._limit = self._ceiling
        self._baseline: float | None = None
        self._judged_at: int | None = None
        self._fresh: list[float] = []
        self._stale = 0  # answers still to come to what was on the wire when the limit was halved
        self._halved_at: float | None = None  # the median that led to the last halving, until its effect is seen

    def note(self, latency_ms: float) -> None:
        """An answer came, or was given up, this long after its request. Don't note refusals: a wall answers fast."""
        if self._stale:
            self._stale -= 1
        elif len(self._fresh) < MOST:
            self._fresh.append(latency_ms)

    def limit(self, now_ms: int) -> int:
        """How many requests may be on the wire at `now_ms` (monotonic)."""
        if self._judged_at is None:
            self._judged_at = now_ms
        elapsed = now_ms - self._judged_at
        if elapsed >= JUDGED_MS and len(self._fresh) >= ENOUGH:
            self._judge(median(self._fresh), elapsed)
            self._judged_at = now_ms - elapsed % JUDGED_MS
            self._fresh.clear()
        return self._limit

    def _judge(self, now_is: float, elapsed_ms: int) -> None:
        """One verdict on the answers since the last one: halve, or grow by the seconds that have passed."""
        self._learn(now_is, elapsed_ms)
        if now_is >= 2 * max(self._baseline or 0.0, FLOOR_MS):
            self._halved_at, self._stale = now_is, self._limit
            self._limit = max(1, self._limit // 2)
        else:
            self._halved_at = None
            self._limit = min(self._ceiling, self._limit + elapsed_ms // JUDGED_MS)

    def _learn(self, now_is: float, elapsed_ms: int) -> None:
        """The baseline is the smallest median seen, drifting upwards."""
        if self._baseline is None:
            self._baseline = now_is
            return
        drift = 2.0 ** min(elapsed_ms / ACCEPTED_AFTER_MS, 32)
        if self._halved_at is not None and now_is > NO_RELIEF * self._halved_at:
            drift *= STEP
        self._baseline = min(self._baseline * drift, now_is)
