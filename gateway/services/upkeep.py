"""What nobody waits for: heartbeats, taking over from the dead, lost answers, expiry, late DLRs, the spool."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final

from gateway.carriers.protocol import Accepted, Batch, Mt, Outcome, asks_status
from gateway.carriers.wire import LostAnswer, NotSent
from gateway.domain.failure import Failure, Refused
from gateway.services.dispatch import Clock, Send, body_hash, settlement
from gateway.services.routes import Route
from gateway.services.texts import render
from gateway.storage import outbox, waves
from gateway.storage.database import Database, StorageDown
from gateway.storage.outbox import ClaimedMt, LostRequest

BEAT_S: Final = 2.0
DEAD_AFTER_MS: Final = 10_000  # five beats
NOT_FOUND_PROVES_AFTER_MS: Final = 600_000  # a carrier that doesn't know a reference may only be slow to index it
ASK_EVERY_MS: Final = 30_000
EXPIRE_EVERY_MS: Final = 60_000


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
    ) -> None:
        self._database, self._routes, self._send, self._owner, self._clock = database, routes, send, owner, clock
        self._drain_spool = drain_spool
        self._expired_at = 0

    async def take_over(self, *, alone: bool) -> tuple[int, int]:
        """At the start, (MTs back in the queue, MTs uncertain) of dead dispatchers. `alone`: all others are, for we hold the file lock."""
        now = self._clock()
        dead_before = now + 1 if alone else now - DEAD_AFTER_MS
        back = await self._database.write(lambda connection: outbox.recover(connection, dead_before, now))
        await self._database.write(lambda connection: outbox.beat(connection, self._owner, now))
        return back

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
        now = self._clock()
        await self._database.write(lambda connection: outbox.beat(connection, self._owner, now))
        await self._database.write(lambda connection: outbox.recover(connection, now - DEAD_AFTER_MS, now))
        await self._drain_spool()
        await self._database.write(lambda connection: outbox.match_dlrs(connection, now))
        if now - self._expired_at >= EXPIRE_EVERY_MS:
            self._expired_at = now
            await self._database.write(lambda connection: outbox.expire(connection, now))
        await self._database.write(lambda connection: waves.finish(connection, now))
        for route in self._routes:
            await self._resolve(route)

    # --- lost answers (ADR 0005) ---

    async def _resolve(self, route: Route) -> None:
        if route.on_lost_answer == "hold":
            return  # a DLR or a person decides
        now = self._clock()
        async with self._database.read() as connection:
            lost = await outbox.lost_requests(connection, route.name, now)
            templates = await waves.templates(connection, {mt.wave for request in lost for mt in request.mts}) if lost else {}
        for request in lost:
            batch = _rebuilt(request, templates)
            if batch is None:  # a DLR has settled its members
                await self._database.write(lambda connection, ref=request.ref: outbox.ask_again(connection, [ref], None))  # type: ignore[misc]
            elif route.on_lost_answer == "ask":
                await self._ask(route, request, batch, now)
            else:
                await self._resend(route, request, batch, now)

    async def _resend(self, route: Route, request: LostRequest, batch: Batch, now: int) -> None:
        """The same bytes again, inside the carrier's dedupe window less 10 %; outside it a person decides."""
        built = route.carrier.build_send(route.account, batch)
        same = body_hash(self._database.keyring, built) == request.body_hash
        if not same or now - request.sent_at > route.carrier.CAPABILITIES.dedupe_window_s * 900:
            await self._later(request.ref, None)
            return
        try:
            outcomes = route.carrier.parse_send(await self._send(built), batch)
        except (NotSent, LostAnswer):
            await self._later(request.ref, now + ASK_EVERY_MS)
            return
        await self._settle(route, request, outcomes, now)

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
        if any(each is None for each in found) and young:
            await self._later(request.ref, now + ASK_EVERY_MS)
            return
        outcomes = tuple(Refused(Failure.RETRYABLE, "never arrived") if each is None else each for each in found)
        await self._settle(route, request, outcomes, now)

    async def _later(self, ref: str, at: int | None) -> None:
        await self._database.write(lambda connection: outbox.ask_again(connection, [ref], at))

    async def _settle(self, route: Route, request: LostRequest, outcomes: tuple[Outcome, ...], now: int) -> None:
        settled = [settlement(mt, outcome, route, self._routes, now) for mt, outcome in zip(request.mts, outcomes, strict=True)]
        lost = any(isinstance(outcome, Refused) and outcome.maybe_sent for outcome in outcomes)
        await self._database.write(lambda connection: outbox.settle(connection, settled, [(request.ref, lost)], now))
        if any(isinstance(outcome, Accepted) for outcome in outcomes):
            await self._database.write(lambda connection: outbox.match_dlrs(connection, now))


def _rebuilt(request: LostRequest, templates: dict[int, str]) -> Batch | None:
    """The batch as it was sent; None if no member is uncertain any more."""
    if not request.mts:
        return None
    return Batch(request.ref, tuple(_as_sent(mt, templates) for mt in request.mts))


def _as_sent(mt: ClaimedMt, templates: dict[int, str]) -> Mt:
    text = mt.body if mt.body is not None else render(templates.get(mt.wave, ""), mt.parameters or "{}")
    return Mt(mt.id, mt.ref, mt.msisdn, text, mt.segments)
