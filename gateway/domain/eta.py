"""When a wave will be through, if nothing changes. Pure."""

from typing import Final

from gateway.domain.window import Window

DAYS: Final = 366  # what takes longer than a year of windows has no end worth naming


def ends_at(now: int, work_ms: int, window: Window, timezone: str) -> int | None:
    """The moment (epoch ms) at which `work_ms` of sending, done only while `window` is open, is over; None: not within a year."""
    at = window.opens_at(now, timezone)
    for _ in range(DAYS):
        closes = window.closes_at(at, timezone)
        if closes is None or closes - at >= work_ms:
            return at + work_ms
        work_ms -= closes - at
        at = window.opens_at(closes, timezone)
    return None
