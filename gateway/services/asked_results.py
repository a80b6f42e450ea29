"""Reports of carriers that send none by recipient and can be asked: eSMS's advertising. What they say becomes reports like any other.

A request is asked about five minutes after it was taken, then ever more seldom, until all its MTs are reported on or the carrier's own
memory ends. When to ask next is kept in memory only, and no longer than the carrier remembers: after a restart everything that it still
knows is asked about once more, which does no harm.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from gateway.carriers.protocol import TellsWhenAsked, tells_when_asked
from gateway.carriers.wire import HttpRequest, HttpResponse, LostAnswer, NotSent
from gateway.domain.failure import Refused
from gateway.services.routes import Route
from gateway.storage import asked_results as rows
from gateway.storage import inbox
from gateway.storage.asked_results import OpenMt
from gateway.storage.database import Database, StorageDown
from gateway.storage.inbox import NewDlr

Send = Callable[[HttpRequest], Awaitable[HttpResponse]]
LOOK_S: Final = 60.0
FIRST_MS: Final = 300_000  # most reports are there by then
LONGEST_MS: Final = 6 * 3_600_000
MOST: Final = 4  # requests a route and a look: an answer names up to 5,000 people
PIECE: Final = 1_000  # reports a transaction
WALK: Final = 10_000  # references a look: one of all time, some tenths of a second; where a route has more, the next look goes on


@dataclass(slots=True)
class _Asking:
    """A request that the carrier still remembers. `taken_at`, `next_at`: epoch ms; `times`: how often it was asked about."""

    taken_at: int
    next_at: int
    times: int = 0
    closed: bool = False  # all its MTs are reported on

    def later(self, now: int) -> None:
        self.times += 1
        self.next_at = now + min(FIRST_MS << min(self.times, 16), LONGEST_MS)


@dataclass(slots=True)
class _Known:
    """What a route's carrier still remembers, by its references; the walk over all that it ever gave goes on behind `after`."""

    requests: dict[str, _Asking] = field(default_factory=dict)
    after: str = ""

    def forget(self, since: int) -> None:
        """Drop what was taken before `since`."""
        for ref in [ref for ref, each in self.requests.items() if each.taken_at < since]:
            del self.requests[ref]

    def learn(self, found: Sequence[tuple[str, int]], since: int, limit: int) -> None:
        """`found`: up to `limit` references behind `after` and when they were taken."""
        for ref, taken_at in found:
            if taken_at >= since and ref not in self.requests:
                self.requests[ref] = _Asking(taken_at, taken_at + FIRST_MS)
        self.after = found[-1][0] if len(found) == limit else ""

    def due(self, now: int) -> list[str]:
        return sorted(ref for ref, each in self.requests.items() if not each.closed and each.next_at <= now)


@dataclass(slots=True)
class AskedResults:
    """One loop a process that dispatches. `send`: the transport; `clock`: epoch ms; `walk`: references a look."""

    database: Database
    routes: Sequence[Route]
    send: Send
    clock: Callable[[], int]
    walk: int = WALK
    _known: dict[str, _Known] = field(default_factory=dict)  # by route

    async def run(self, stop: asyncio.Event) -> None:
        """Ask until `stop`; without a route of this kind there is nothing to do."""
        asked = [route for route in self.routes if tells_when_asked(route.carrier)]
        while asked and not stop.is_set():
            with suppress(StorageDown):
                await self.once(self.clock())
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await stop.wait()

    async def once(self, now: int) -> None:
        """One look at each route. Raises StorageDown."""
        for route in self.routes:
            if tells_when_asked(route.carrier):
                await self._look(route, route.carrier, now)

    async def _look(self, route: Route, carrier: TellsWhenAsked, now: int) -> None:
        known = self._known.setdefault(route.name, _Known())
        since = now - carrier.RESULTS_FOR_S * 1000
        async with self.database.read() as connection:
            found = await rows.carrier_refs(connection, route.name, known.after, self.walk)
        known.forget(since)
        known.learn(found, since, self.walk)
        asked = 0
        for ref in known.due(now):
            asked += await self._ask(route, carrier, ref, known.requests[ref], now)
            if asked == MOST:
                break

    async def _ask(self, route: Route, carrier: TellsWhenAsked, ref: str, asking: _Asking, now: int) -> bool:
        """Ask about one request, unless all is said of it; whether the carrier was called."""
        async with self.database.read() as connection:
            waiting = await rows.open_mts(connection, route.name, ref)
        if not waiting:
            asking.closed = True
            return False
        asking.later(now)
        with suppress(NotSent, LostAnswer):
            found = carrier.parse_results(await self.send(carrier.build_results(route.account, ref)))
            if not isinstance(found, Refused):
                await self._store(route, waiting, {each.msisdn.e164: each.status.value for each in found}, now)
        return True

    async def _store(self, route: Route, waiting: Sequence[OpenMt], said: dict[str, str], now: int) -> None:
        """Reports under our own references: the carrier's is that of the whole request. Upkeep matches them."""
        reports = [
            NewDlr(route.name, each.ref, ours=True, recipient=0, status=said[each.msisdn.e164], code="asked", at=None, received_at=now)
            for each in waiting
            if each.msisdn.e164 in said
        ]
        for start in range(0, len(reports), PIECE):
            some = reports[start : start + PIECE]
            await self.database.write(lambda connection, some=some: inbox.add_dlrs(connection, some))  # type: ignore[misc]
