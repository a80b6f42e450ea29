"""How often one client may call: so many calls in each minute, counted by process, told in every answer.

Headers as draft-ietf-httpapi-ratelimit-headers-10 has them: `RateLimit-Policy: "calls";q=600;w=60`, `RateLimit: "calls";r=599;t=42`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

CALLS: Final = 600  # in a window
WINDOW_S: Final = 60


@dataclass(slots=True)
class Allowance:
    """Calls of each client (by id) in the present minute."""

    calls: int = CALLS
    _minute: int = 0
    _used: dict[int, int] = field(default_factory=dict)

    def take(self, client: int, now: int) -> tuple[bool, Mapping[str, str]]:
        """Count a call at `now` (epoch ms): whether it may go on, and the headers that tell how many more may."""
        minute = now // (WINDOW_S * 1000)
        if minute != self._minute:
            self._minute = minute
            self._used.clear()
        used = self._used[client] = self._used.get(client, 0) + 1
        left, wait_s = max(0, self.calls - used), WINDOW_S - now // 1000 % WINDOW_S
        headers = {"RateLimit-Policy": f'"calls";q={self.calls};w={WINDOW_S}', "RateLimit": f'"calls";r={left};t={wait_s}'}
        return used <= self.calls, headers if used <= self.calls else {**headers, "Retry-After": str(wait_s)}
