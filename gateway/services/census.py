"""What is counted for `/metrics`, dear to nobody: indexes only, ended waves seldom, and never more than a twentieth of the time."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.message import MtState
from gateway.domain.wave import WaveState
from gateway.services.routes import Route
from gateway.storage import outbox, standing
from gateway.storage.database import Database, now_us
from gateway.storage.outbox import BLAST, PRIORITY, RouteCondition
from gateway.storage.schema import NO_WAVE
from gateway.storage.standing import Queued, Reports
from gateway.storage.standing import WaveRow as WaveRow  # metrics, which stand above, know of storage only what is here

SHARE: Final = 20  # a count is believed for so many times as long as it took
ENDED_FOR_S: Final = 600  # counts of ended waves, which only late reports change
ENDED: Final = (WaveState.DONE, WaveState.CANCELLED)
SHOWN_FOR_MS: Final = 24 * 3_600_000  # how long an ended wave is shown by itself
DEAD_AFTER_MS: Final = 10_000
LANES: Final = (PRIORITY, BLAST)


@dataclass(frozen=True, slots=True)
class Waiting:
    """One place of the queue: `oldest_s`: how long the first that may go could have gone."""

    route: str
    lane: int
    wave: WaveRow | None
    due: int
    later: int
    oldest_s: float


@dataclass(frozen=True, slots=True)
class Census:
    """What stands in the database. `by_state`: all MTs; `by_wave`: of waves that run, wait or ended within a day, None: no wave's."""

    taken_at: int
    by_state: Mapping[str, int]
    by_wave: Sequence[tuple[WaveRow | None, Mapping[str, int]]]
    queue: Sequence[Waiting]
    routes: Mapping[str, RouteCondition]
    uncertain: Mapping[str, int]
    reports: Reports
    dispatchers: int
    took_s: float


class Counting:
    """Takes a census when it is asked and the last one is too old to be believed."""

    def __init__(self, database: Database, routes: Sequence[Route]) -> None:
        self._database, self._routes = database, routes
        self._last: Census | None = None
        self._at = 0.0
        self._ended: dict[int, dict[str, int]] = {}
        self._ended_at = float("-inf")

    async def census(self, now: int) -> Census:
        """The last census if it is young enough for what it cost, else a new one. `now`: epoch ms."""
        clock = asyncio.get_running_loop().time
        began = clock()
        if self._last is None or began - self._at >= SHARE * self._last.took_s:
            async with self._database.read() as connection:
                taken = await self._take(connection, now, began)
            self._at = clock()
            self._last = replace(taken, took_s=self._at - began)
        return self._last

    async def _take(self, connection: AsyncConnection, now: int, began: float) -> Census:
        waves = {wave.id: wave for wave in await standing.all_waves(connection)}
        ended = {id_ for id_, wave in waves.items() if wave.state in ENDED}
        if began - self._ended_at >= ENDED_FOR_S:
            self._ended, self._ended_at = {}, began
        self._ended |= await standing.by_wave_and_state(connection, ended - self._ended.keys())
        counts = await standing.by_wave_and_state(connection, [NO_WAVE, *sorted(waves.keys() - ended)])
        shown = [id_ for id_ in ended if (waves[id_].ended_at or 0) > now - SHOWN_FOR_MS]
        alive = await outbox.heartbeats(connection)
        database_now = await now_us(connection) // 1000
        uncertain: dict[str, int] = {}
        for each in await standing.uncertain(connection):
            uncertain[each.route] = uncertain.get(each.route, 0) + each.count
        return Census(
            now,
            _summed([*counts.values(), *(each for id_, each in self._ended.items() if id_ in ended)]),
            [(waves.get(id_), each) for id_, each in counts.items()] + [(waves[id_], self._ended[id_]) for id_ in sorted(shown)],
            await self._queue(connection, waves, counts, now),
            await standing.route_rows(connection),
            uncertain,
            await standing.reports(connection),
            sum(database_now - at < DEAD_AFTER_MS for at in alive.values()),
            0.0,
        )

    async def _queue(
        self, connection: AsyncConnection, waves: Mapping[int, WaveRow], counts: Mapping[int, Mapping[str, int]], now: int
    ) -> list[Waiting]:
        """The queue by place. A wave's MTs that moved to a fallback route count where the wave is at home."""
        found = [
            await self._waiting(connection, Queued(route.name, lane, NO_WAVE, 0, 0, None), None, None, now)
            for route in self._routes
            for lane in LANES
        ]
        for id_, states in counts.items():
            if id_ != NO_WAVE and (queued := states.get(MtState.QUEUED, 0)):
                found.append(await self._waiting(connection, Queued(waves[id_].route, BLAST, id_, 0, 0, None), waves[id_], queued, now))
        return found

    async def _waiting(self, connection: AsyncConnection, place: Queued, wave: WaveRow | None, queued: int | None, now: int) -> Waiting:
        where = (place.route, place.lane, place.wave)
        later = await standing.depth(connection, *where, after=now)
        count = queued if queued is not None else await standing.depth(connection, *where)
        oldest = 0.0
        if count > later and (wave is None or wave.state is WaveState.RUNNING):
            since = max(await standing.head_since(connection, place, now) or now, (wave.started_at or 0) if wave else 0)
            oldest = max(0.0, (now - since) / 1000)
        return Waiting(place.route, place.lane, wave, max(0, count - later), later, oldest)


def _summed(counts: Sequence[Mapping[str, int]]) -> dict[str, int]:
    return {state.value: sum(each.get(state.value, 0) for each in counts) for state in MtState}
