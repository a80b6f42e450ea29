"""What sending by a route costs, asked before anything leaves: a wave's approved ceiling, the route's budget of the day (ADR 0003)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.cost import vnd
from gateway.domain.wave import WaveState
from gateway.domain.window import local_day, moment_of
from gateway.services.departures import Outgoing
from gateway.services.routes import Route
from gateway.storage import outbox, spending, waves
from gateway.storage.outbox import PRIORITY, RouteCondition
from gateway.storage.schema import NO_WAVE

BUDGET: Final = "the daily budget"  # how a pause for money begins: it binds waves and sends, not answers


@dataclass(slots=True)
class Paid:
    """What may leave, and what may not; the money of the first is booked."""

    going: list[Outgoing] = field(default_factory=list)
    staying: list[Outgoing] = field(default_factory=list)


class Purse:
    """The money of one route: `price_vnd` a segment, 0: nothing is counted."""

    def __init__(self, route: Route, timezone: str) -> None:
        self._route, self._timezone = route, timezone
        self.counts = route.price_vnd > 0

    def is_empty(self, condition: RouteCondition, now: int) -> bool:
        """Whether today's budget has no room for one segment more."""
        if not (self.counts and self._route.daily_budget_vnd) or condition.spent_day != self._day(now):
            return False
        return condition.spent_vnd + self._route.price_vnd > self._route.daily_budget_vnd

    async def pay(self, connection: AsyncConnection, due: Sequence[Outgoing], now: int) -> Paid:
        """Book what `due` costs, waves first. A wave at its ceiling is paused; a route at its budget waits for midnight, local time."""
        paid = Paid()
        if not self.counts:
            paid.going = list(due)
            return paid
        by_wave: dict[int, list[Outgoing]] = defaultdict(list)
        for each in due:
            by_wave[each.members[0].wave].append(each)
        affordable: list[Outgoing] = []
        for wave, some in sorted(by_wave.items()):
            fit = await self._by_wave(connection, wave, some, now) if wave != NO_WAVE else len(some)
            affordable += some[:fit]
            paid.staying += some[fit:]
        await self._by_route(connection, affordable, paid, now)
        return paid

    async def correct(self, connection: AsyncConnection, by_wave: Mapping[int, int], now: int) -> None:
        """Book what answers changed of the costs: VND by wave, replies and direct sends under NO_WAVE."""
        if self.counts and by_wave:
            own = {wave: change for wave, change in by_wave.items() if wave != NO_WAVE}
            await spending.correct(connection, self._route.name, self._day(now), own, sum(by_wave.values()))

    async def _by_wave(self, connection: AsyncConnection, wave: int, some: Sequence[Outgoing], now: int) -> int:
        fit = await spending.by_wave(connection, wave, self._costs(some))
        if fit < len(some):
            await waves.move(connection, wave, WaveState.PAUSED, now, "its approved cost is reached; a higher one needs a new approval")
        return fit

    async def _by_route(self, connection: AsyncConnection, some: Sequence[Outgoing], paid: Paid, now: int) -> None:
        budget, day = self._route.daily_budget_vnd or spending.NO_BUDGET, self._day(now)
        replies = [each for each in some if each.lane == PRIORITY]
        others = [each for each in some if each.lane != PRIORITY]
        if replies:
            await spending.by_route(connection, self._route.name, day, spending.NO_BUDGET, self._costs(replies))
        fit = await spending.by_route(connection, self._route.name, day, budget, self._costs(others)) if others else 0
        paid.going = [*replies, *others[:fit]]
        if fit < len(others):
            paid.staying += others[fit:]
            refund: dict[int, int] = defaultdict(int)
            for each in others[fit:]:
                if (wave := each.members[0].wave) != NO_WAVE:
                    refund[wave] -= each.segments * self._route.price_vnd
            await spending.correct(connection, self._route.name, day, refund, 0)
            await outbox.pause(
                connection, self._route.name, self._midnight(now), f"{BUDGET} of {vnd(self._route.daily_budget_vnd)} is spent"
            )

    def _costs(self, some: Sequence[Outgoing]) -> list[int]:
        return [each.segments * self._route.price_vnd for each in some]

    def _day(self, now: int) -> int:
        """yyyymmdd of the local day."""
        return int(local_day(now, self._timezone).strftime("%Y%m%d"))

    def _midnight(self, now: int) -> int:
        return moment_of(local_day(now, self._timezone) + timedelta(days=1), 0, self._timezone)
