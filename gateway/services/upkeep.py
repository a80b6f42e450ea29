"""What nobody waits for: heartbeats, taking over from the dead, lost answers, expiry, late DLRs, the spool."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.carriers.protocol import Accepted, Batch, Mt, Outcome, asks_status
from gateway.carriers.wire import LostAnswer, NotSent
from gateway.domain.failure import Failure, Refused
from gateway.services.departures import outgoing
from gateway.services.dispatch import Clock, Send
from gateway.services.purse import Purse
from gateway.services.ramps import mind_ramps
from gateway.services.routes import Route
from gateway.services.settlement import BodyHash, cost_correction, settlement
from gateway.services.texts import render
from gateway.services.waves import tidy
from gateway.storage import outbox, portability, waves
from gateway.storage.database import Database, StorageDown, now_us
from gateway.storage.outbox import ClaimedMt, LostRequest
from gateway.storage.schema import NO_WAVE

BEAT_S: Final = 2.0
DEAD_AFTER_MS: Final = 10_000  # five beats
NOT_FOUND_PROVES_AFTER_MS: Final = 600_000  # a carrier that doesn't know a reference may only be slow to index it
ASK_EVERY_MS: Final = 30_000
EXPIRE_EVERY_MS: Final = 60_000


@dataclass(frozen=True, slots=True)
class Texts:
    """Templates of waves, and the language of those whose own has none."""

    by_wave: Mapping[int, Mapping[str, str]] = field(repr=False)
    languages: Mapping[int, str]

    def of(self, mt: ClaimedMt) -> str:
        """The words of `mt` as they were sent. Raises BadText."""
        if mt.body is not None:
            return mt.body
        texts, usual = self.by_wave[mt.wave], self.languages[mt.wave]
        return render(texts.get(mt.language or usual) or texts[usual], mt.parameters or "{}")


class Deaths:
    """Which dispatchers are dead: those whose heartbeat has not changed for DEAD_AFTER_MS of our own monotonic clock.

    Ages by the database's clock would make everybody dead when that clock is put forward.
    """

    def __init__(self) -> None:
        self._seen: dict[str, tuple[int, int]] = {}  # owner: (heartbeat, when it was new to us)

    def among(self, heartbeats: Mapping[str, int], ticks_ms: int) -> dict[str, int]:
        """The dead of `heartbeats`, with the heartbeat they died after."""
        before = self._seen
        self._seen = {
            owner: before[owner] if owner in before and before[owner][0] == beaten else (beaten, ticks_ms)
            for owner, beaten in heartbeats.items()
        }
        return {owner: beaten for owner, (beaten, since) in self._seen.items() if ticks_ms - since >= DEAD_AFTER_MS}


class Upkeep:
    """One loop a process beside the dispatchers."""

    def __init__(
        self,
        database: Database,
        routes: Sequence[Route],
        send: Send,
        owner: str,
        clock: Clock,
        drain_spool: Callable[[], Awaitable[object]],
        timezone: str = "UTC",
    ) -> None:
        self._database, self._routes, self._send, self._owner, self._clock = database, routes, send, owner, clock
        self._drain_spool, self._timezone = drain_spool, timezone
        self._deaths = Deaths()
        self._expired_at: int | None = None

    async def take_over(self, *, alone: bool) -> tuple[int, int]:
        """At the start, (MTs back in the queue, MTs uncertain) of dead dispatchers. `alone`: all others are, for we hold the file lock."""

        async def unit(connection: AsyncConnection) -> tuple[int, int]:
            now = await now_us(connection) // 1000
            others = await outbox.heartbeats(connection)
            dead = {owner: beaten for owner, beaten in others.items() if alone or now - beaten >= DEAD_AFTER_MS}
            back = await outbox.recover(connection, dead)
            await outbox.beat(connection, self._owner)
            return back

        return await self._database.write(unit)

    async def run(self, stop: asyncio.Event) -> None:
        """Beats until `stop`; a database that is away is waited for."""
        while not stop.is_set():
            with suppress(StorageDown):  # the dispatchers and hooks say so; upkeep comes round again
                await self.once()
            with suppress(TimeoutError):
                async with asyncio.timeout(BEAT_S):
                    await stop.wait()

    async def once(self) -> None:
        """One round."""
        ticks_ms = round(asyncio.get_running_loop().time() * 1000)
        now = await self._database.write(lambda connection: self._live(connection, ticks_ms))
        await self._drain_spool()
        await self._database.write(lambda connection: outbox.match_dlrs(connection, now))
        if self._expired_at is None or not 0 <= now - self._expired_at < EXPIRE_EVERY_MS:
            self._expired_at = now
            await self._database.write(lambda connection: outbox.expire(connection, now))
            await self._database.write(lambda connection: portability.forget_old(connection, now))
        await self._database.write(lambda connection: waves.finish(connection, now))
        await tidy(self._database, now)
        await mind_ramps(self._database, self._routes, self._clock)
        for route in self._routes:
            await self._resolve(route, now)

    async def _live(self, connection: AsyncConnection, ticks_ms: int) -> int:
        """Beat, then bury the dead. The time of this round, by the database's clock: MTs were stamped by it."""
        await outbox.beat(connection, self._owner)
        dead = self._deaths.among(await outbox.heartbeats(connection), ticks_ms)
        await outbox.recover(connection, dead)
        return await now_us(connection) // 1000

    # --- lost answers (ADR 0005) ---

    async def _resolve(self, route: Route, now: int) -> None:
        if route.on_lost_answer == "hold":
            return  # a DLR or a person decides
        async with self._database.read() as connection:
            lost = await outbox.lost_requests(connection, route.name, now)
            ids = {mt.wave for request in lost for mt in request.mts} - {NO_WAVE}
            texts = Texts(await waves.texts_of(connection, ids), await outbox.languages(connection, ids))
        for request in lost:
            batch = _rebuilt(request, texts)
            if batch is None:  # a DLR has settled its members
                await self._database.write(lambda connection, ref=request.ref: outbox.ask_again(connection, [ref], None))  # type: ignore[misc]
            elif route.on_lost_answer == "ask":
                await self._ask(route, request, batch, now)
            else:
                await self._resend(route, request, batch, now)

    async def _resend(self, route: Route, request: LostRequest, batch: Batch, now: int) -> None:
        """The same bytes again, inside the carrier's dedupe window less 10 %; outside it a person decides."""
        built = route.carrier.build_send(route.account, batch)
        same = BodyHash(self._database.keyring).of(built) == request.body_hash
        if not same or now - request.sent_at > route.carrier.CAPABILITIES.dedupe_window_s * 900:
            await self._later(request.ref, None)
            return
        await self._wait_for_slot(route, request)
        try:
            outcomes = route.carrier.parse_send(await self._send(built), batch)
        except (NotSent, LostAnswer):
            await self._later(request.ref, now + ASK_EVERY_MS)
            return
        await self._settle(route, request, outcomes, now)

    async def _wait_for_slot(self, route: Route, request: LostRequest) -> None:
        """A repeat uses the contract's pace like any request."""
        cost_us = outgoing(request.mts, "", route.pace).cost_us
        if cost_us:
            start, now = await self._database.write(lambda connection: outbox.book(connection, route.name, cost_us))
            await asyncio.sleep((start - now) / 1e6)

    async def _ask(self, route: Route, request: LostRequest, batch: Batch, now: int) -> None:
        """The carrier's word by our reference. "Not found" proves nothing for 10 minutes, then that it was never taken."""
        carrier = route.carrier
        if not asks_status(carrier):
            return
        try:
            found = carrier.parse_status(await self._send(carrier.build_status(route.account, batch)), batch)
        except (NotSent, LostAnswer):
            await self._later(request.ref, now + ASK_EVERY_MS)
            return
        young = now - request.sent_at < NOT_FOUND_PROVES_AFTER_MS
        unsaid = any(isinstance(each, Refused) and each.maybe_sent for each in found)  # an answer that isn't the carrier's: asked again
        if unsaid or (any(each is None for each in found) and young):
            await self._later(request.ref, now + ASK_EVERY_MS)
            return
        outcomes = tuple(Refused(Failure.RETRYABLE, "never arrived") if each is None else each for each in found)
        await self._settle(route, request, outcomes, now)

    async def _later(self, ref: str, at: int | None) -> None:
        await self._database.write(lambda connection: outbox.ask_again(connection, [ref], at))

    async def _settle(self, route: Route, request: LostRequest, outcomes: tuple[Outcome, ...], now: int) -> None:
        pairs = list(zip(request.mts, outcomes, strict=True))
        settled = [settlement(mt, outcome, route, self._routes, now, was_uncertain=True) for mt, outcome in pairs]
        lost = any(isinstance(outcome, Refused) and outcome.maybe_sent for outcome in outcomes)
        purse, costs = Purse(route, self._timezone), dict[int, int]()
        for mt, each in zip(request.mts, settled, strict=True):
            costs[mt.wave] = costs.get(mt.wave, 0) + cost_correction(mt, each, route.price_vnd)

        async def unit(connection: AsyncConnection) -> None:
            await purse.correct(connection, costs, now)
            await outbox.settle(connection, settled, now, **{"lost" if lost else "found": [request.ref]})

        await self._database.write(unit)
        if any(isinstance(outcome, Accepted) for outcome in outcomes):
            await self._database.write(lambda connection: outbox.match_dlrs(connection, now))


def _rebuilt(request: LostRequest, texts: Texts) -> Batch | None:
    """The batch as it was sent; None if no member is uncertain any more."""
    if not request.mts:
        return None
    return Batch(request.ref, tuple(Mt(mt.id, mt.ref, mt.msisdn, texts.of(mt), mt.segments) for mt in request.mts))
