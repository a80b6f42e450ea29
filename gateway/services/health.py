"""The health of one route in one process: what its answers say of it, and how many requests may be on the wire."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.carriers.protocol import Outcome
from gateway.domain.breaker import Breaker, route_took
from gateway.domain.concurrency import Adaptive
from gateway.domain.failure import Failure, Refused
from gateway.services.purse import BUDGET
from gateway.services.routes import Route
from gateway.storage import outbox
from gateway.storage.outbox import RouteCondition

PROBE_MS: Final = 600_000  # a held route tries one MT this often
LONG_PAUSE_MS: Final = 1_000  # what is claimed waits out a shorter one
LONGEST_PAUSE_MS: Final = 3_700_000  # no carrier's Retry-After is longer: beyond it a clock was put back

News = Callable[[AsyncConnection], Awaitable[object]]


class RouteHealth:
    """Held, paused, broken or well. `news`: what the next turn must tell the database; `recall`: what is claimed goes back."""

    def __init__(self, route: Route) -> None:
        self._route = route
        self._adaptive, self._probe_at = Adaptive(route.concurrency), 0
        self.breaker = Breaker()
        self.condition = RouteCondition()
        self.news: list[News] = []
        self.recall = False
        self.latency_ms = 0.0

    # --- what may leave ---

    def limit(self, ticks_ms: int) -> int:
        """How many requests may be on the wire, by the latency of late."""
        return self._adaptive.limit(ticks_ms)

    def free(self, now: int, limit: int, in_flight: int) -> int:
        """How many more may leave now."""
        if self.is_stopped(now, in_flight):
            return 0
        admitted = self.breaker.admits(now, in_flight)
        return limit - in_flight if admitted is None else min(limit - in_flight, admitted)

    def is_stopped(self, now: int, in_flight: int) -> bool:
        """Whether nothing at all may leave: the carrier asked for a pause, or it refuses everything."""
        return self._paused_until(now) > now or self.breaker.admits(now, in_flight) == 0

    def is_hindered(self, now: int, in_flight: int) -> bool:
        """Whether nothing leaves but a probe."""
        return self.is_probed or self.is_stopped(now, in_flight)

    @property
    def is_probed(self) -> bool:
        """Whether it is tried with one MT at a time: held for the operator, or half-open."""
        return self.condition.hold_code is not None or not self.breaker.closed

    def may_probe(self, now: int, in_flight: int) -> bool:
        """Whether it is time for a probe."""
        return not self.is_stopped(now, in_flight) and (self.condition.hold_code is None or now >= self._probe_at)

    def _paused_until(self, now: int) -> int:
        """0 where the pause is for money, which binds no answers, or was set by a clock that has been put back since."""
        until = self.condition.paused_until
        for_money = (self.condition.pause_why or "").startswith(BUDGET)
        return 0 if for_money or until - now > LONGEST_PAUSE_MS else until

    # --- what answers say ---

    def learn(self, condition: RouteCondition) -> None:
        """The database's view; an answer that came meanwhile knows better."""
        if not self.news:
            self.condition = condition

    def note(self, outcomes: Sequence[Outcome], latency_ms: float) -> None:
        """An answer's latency; a refusal comes fast and says nothing."""
        first = outcomes[0]
        if not isinstance(first, Refused) or first.maybe_sent:
            self._adaptive.note(latency_ms)
            self.latency_ms += (latency_ms - self.latency_ms) / 32

    def mind(self, outcomes: Sequence[Outcome], now: int) -> None:
        """Hold, pause, free or break the route by what it answered."""
        refused = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
        if not refused and self.breaker.untouched and self.condition.hold_code is None:
            return  # nearly every answer, some ten thousand a second
        took = route_took(outcome.kind if isinstance(outcome, Refused) else None for outcome in outcomes)
        if took is not None:
            self._break(took, refused[0].code if refused else "", now)
        for outcome in refused:
            if outcome.kind is Failure.MISCONFIGURED:
                self._hold(outcome.code, now)
                return
            if outcome.kind is Failure.THROTTLED:
                until = now + round((outcome.retry_after_s or 1.0) * 1000)
                self._pause(until, f"the carrier says we are too fast ({outcome.code})", now)
                return
        if not refused and self.condition.hold_code is not None:
            self.condition = replace(self.condition, hold_code=None)
            self.news.append(lambda connection: outbox.release(connection, self._route.name))

    def _break(self, took: bool, code: str, now: int) -> None:
        before, self.breaker = self.breaker, self.breaker.after(took, now)
        if self.breaker.open_until > before.open_until:
            self._pause(self.breaker.open_until, f"the carrier refused {self.breaker.refusals} times in a row ({code})", now)

    def _hold(self, code: str, now: int) -> None:
        self._probe_at, self.recall = now + PROBE_MS, True
        if self.condition.hold_code != code:
            self.condition = replace(self.condition, hold_code=code)
            self.news.append(lambda connection: outbox.hold(connection, self._route.name, code, now))

    def _pause(self, until: int, why: str, now: int) -> None:
        if until <= self._paused_until(now):
            return
        self.condition = replace(self.condition, paused_until=until, pause_why=why)
        self.news.append(lambda connection: outbox.pause(connection, self._route.name, until, why))
        self.recall = self.recall or until - now > LONG_PAUSE_MS
