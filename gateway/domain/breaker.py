"""A circuit breaker: a route that refuses everything is left alone, then tried with one request at a time. Pure.

closed --10 refusals in a row--> open --30 s--> half-open --a probe is taken--> closed
                                   ^                |
                                   +-- it is refused: open again, twice as long, at most 2 minutes
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

from gateway.domain.failure import Failure

REFUSALS: Final = 10  # in a row: fewer happen by chance on a route that works
OPEN_MS: Final = 30_000
LONGEST_MS: Final = 120_000  # one request in two minutes burdens nobody, and a carrier that comes back is noticed soon

_TAKEN: Final = frozenset({None, Failure.PERMANENT, Failure.UNROUTABLE})


@dataclass(frozen=True, slots=True)
class Breaker:
    """The breaker of one route in one process. `refusals` in a row; `open_until` on the caller's clock, ms, 0: closed.

    That clock had better be monotonic: nobody sets it back while the breaker is open.
    """

    refusals: int = 0
    open_until: int = 0

    @property
    def closed(self) -> bool:
        """Whether the route is used without limit."""
        return not self.open_until

    @property
    def untouched(self) -> bool:
        """Whether one more answer that takes would change nothing."""
        return not (self.refusals or self.open_until)

    def after(self, taken: bool, now: int) -> Self:
        """The breaker after one more answer (see `route_took`).

        While it is open answers move nothing: they belong to requests that left before. Half-open, any answer counts as the probe's.
        """
        if now < self.open_until:
            return self
        if taken:
            return type(self)()
        refusals = self.refusals + 1
        return type(self)(refusals, now + _open_ms(refusals) if refusals >= REFUSALS else 0)

    def admits(self, now: int, in_flight: int) -> int | None:
        """How many more requests may leave now with `in_flight` on the wire. None: any number; 1: a probe; 0: none."""
        if self.closed:
            return None
        return 1 if now >= self.open_until and not in_flight else 0


def route_took(kinds: Iterable[Failure | None]) -> bool | None:
    """What an answer says of the route, from the outcomes of its recipients (None: accepted).

    True: it works; a subscriber that can't be reached is an answer as well. False: it refused or lost all. None: neither, since being
    throttled and being misconfigured have laws of their own.
    """
    seen = frozenset(kinds)
    if seen & _TAKEN:
        return True
    return False if Failure.RETRYABLE in seen else None


def _open_ms(refusals: int) -> int:
    """30 s after the tenth refusal, doubled by every refused probe."""
    return min(OPEN_MS << min(refusals - REFUSALS, 16), LONGEST_MS)
