"""One route's dispatcher: claim, send, settle, in turns of one transaction each (ADR 0002, 0003, 0006).

A turn settles what came back, marks `sending` what goes next, claims what follows; only then are the requests written. What is claimed
waits here for its slot and goes back to the queue on a drain; what is `sending` is on the wire.
"""

import asyncio
import hashlib
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Final, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.carriers.protocol import Accepted, Batch, Mt, Outcome
from gateway.carriers.wire import HttpRequest, HttpResponse, LostAnswer, NotSent
from gateway.domain.failure import Failure, Refused
from gateway.domain.message import MtState
from gateway.domain.pace import LATE_US
from gateway.services.routes import Route, next_route
from gateway.services.texts import Template, render
from gateway.storage import outbox, waves
from gateway.storage.database import Database, StorageDown
from gateway.storage.outbox import ClaimedMt, NewRequest, Settlement
from gateway.storage.schema import NO_WAVE
from gateway.storage.seal import Keyring

Send = Callable[[HttpRequest], Awaitable[HttpResponse]]
Clock = Callable[[], int]  # epoch ms
T = TypeVar("T")

POLL_S: Final = 0.25  # how soon an idle dispatcher sees what another process queued
SOON_US: Final = 2_000  # a slot this near departs with this turn: the commit takes about as long
WAVES_FOR_MS: Final = 500  # how long the list of running waves is believed
MAX_ATTEMPTS: Final = 50  # with the waits of `backoff_ms`, seven hours: a carrier may be down for a night shift
BREAKER_AFTER: Final = 10  # refusals in a row
BREAKER_MS: Final = 30_000
PROBE_MS: Final = 600_000  # a held route tries one MT this often
ASK_AFTER_MS: Final = 5_000
MOST_HELD: Final = 2_000
DOWN_S: Final = 1.0  # pause after the database refused a turn


def backoff_ms(attempts: int) -> int:
    """Wait before attempt `attempts` + 1: 5 s, doubled each time, at most 10 minutes."""
    return min(5_000 << attempts, 600_000)


def settlement(mt: ClaimedMt, outcome: Outcome, route: Route, routes: Sequence[Route], now: int) -> Settlement:
    """What `outcome` makes of `mt`. Pure; the five words of Failure and nothing of any carrier."""
    base = Settlement(mt.id, mt.ref, MtState.SENT, route.name, due_at=now, attempts=mt.attempts)
    if isinstance(outcome, Accepted):
        return replace(base, carrier_ref=outcome.carrier_ref, charged_segments=outcome.segments)
    base = replace(base, failure=outcome.kind, code=outcome.code)
    if outcome.maybe_sent:
        return replace(base, state=MtState.UNCERTAIN)
    match outcome.kind:
        case Failure.PERMANENT:
            return replace(base, state=MtState.FAILED)
        case Failure.UNROUTABLE:
            onward = next_route(routes, route.name, mt.msisdn)
            return replace(base, state=MtState.QUEUED, route=onward) if onward else replace(base, state=MtState.FAILED)
        case Failure.THROTTLED:
            wait = round((outcome.retry_after_s or 1.0) * 1000)
            return replace(base, state=MtState.QUEUED, due_at=now + wait, counted=False)
        case Failure.MISCONFIGURED:
            return replace(base, state=MtState.QUEUED, counted=False)
        case Failure.RETRYABLE if mt.attempts + 1 >= MAX_ATTEMPTS:
            return replace(base, state=MtState.FAILED)
        case Failure.RETRYABLE:
            wait = max(backoff_ms(mt.attempts), round((outcome.retry_after_s or 0) * 1000))
            return replace(base, state=MtState.QUEUED, due_at=now + wait)


def body_hash(keyring: Keyring, request: HttpRequest) -> bytes:
    """What tells whether a repeat is the same request, byte for byte; keyed, or a known text would let numbers be tried."""
    return keyring.blind(hashlib.sha256(request.url.encode() + b"\0" + request.body).hexdigest(), "request")


async def persist(work: Callable[[], Awaitable[T]], stop: asyncio.Event) -> T | None:
    """What `work` gives, tried until the database takes it; None if `stop` came first."""
    while not stop.is_set():
        try:
            return await work()
        except StorageDown:
            with suppress(TimeoutError):
                async with asyncio.timeout(DOWN_S):
                    await stop.wait()
    return None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One request's worth of claimed MTs with one text, and its slot on the database's clock (0: any time)."""

    batch: Batch
    request: HttpRequest
    members: tuple[ClaimedMt, ...]
    slot_us: int
    cost_us: int


@dataclass(frozen=True, slots=True)
class Answered:
    """A request that came back, with one outcome a member."""

    outgoing: Outgoing
    outcomes: tuple[Outcome, ...]


@dataclass(slots=True)
class Tally:
    """Counters that metrics and progress read; never a word or a number."""

    sent: int = 0
    failed: int = 0
    uncertain: int = 0
    retried: int = 0


@dataclass(slots=True)
class _Turn:
    """What one transaction worked out, applied to the dispatcher after its commit."""

    departing: list[Outgoing] = field(default_factory=list)
    claimed: list[Outgoing] = field(default_factory=list)
    rebooked: list[Outgoing] = field(default_factory=list)
    dropped: int = 0
    clock_offset_us: int | None = None


class Dispatcher:
    """Sends what is queued for one route until stopped. One a route and process; `owner` names the process in leases."""

    def __init__(
        self,
        route: Route,
        routes: Sequence[Route],
        database: Database,
        send: Send,
        owner: str,
        clock: Clock,
        timezone: str,
        drain_s: float,
    ) -> None:
        self.route, self._routes = route, routes
        self._database, self._send, self._owner, self._clock = database, send, owner, clock
        self._timezone, self._drain_s = timezone, drain_s
        self._sends: set[asyncio.Task[None]] = set()
        self._over = False
        self.tally = Tally()
        self.wake = asyncio.Event()
        self._waiting: deque[Outgoing] = deque()
        self._answered: list[Answered] = []
        self._in_flight = 0
        self._refusals = 0
        self._offset_us = 0  # database clock minus ours
        self._waves: list[waves.Running] = []
        self._waves_at = 0
        self._turn_of = 0  # fair turns between waves
        self._claim_at = 0  # after an empty claim, the next poll (ms)
        self._held: str | None = None
        self._paused_until = 0
        self._probe_at = 0

    # --- the life of a dispatcher ---

    async def run(self, stop: asyncio.Event) -> None:
        """Turns until `stop`, then the drain: what is on the wire is settled, what is claimed goes back."""
        if await persist(self._be_known, stop) is None:
            return
        async with asyncio.TaskGroup() as sends:
            while not stop.is_set():
                await self._careful_turn(sends)
            late = asyncio.get_running_loop().call_later(self._drain_s, self._cut)
            while self._in_flight or self._answered:
                await self._settle_last()
            late.cancel()
        claimed = [mt.id for outgoing in self._waiting for mt in outgoing.members]
        with suppress(StorageDown):  # claimed rows of the dead go back to the queue by themselves
            await self._database.write(lambda connection: outbox.hand_back(connection, claimed, self._owner))

    async def _be_known(self) -> bool:
        await self._database.write(lambda connection: outbox.ensure_route(connection, self.route.name))
        return True

    async def _careful_turn(self, sends: asyncio.TaskGroup) -> None:
        try:
            busy = await self.turn(sends)
        except StorageDown:  # nothing was sent: the turn is repeated when the database is back
            busy = False
            await asyncio.sleep(DOWN_S)
        if not busy:
            await self._rest()

    async def _rest(self) -> None:
        """Wait for an answer, a wake-up, the next slot or the next poll, whichever is first."""
        if self._answered:
            return
        pause = POLL_S
        if self._waiting and self._waiting[0].slot_us:
            pause = min(pause, max(0.0, (self._waiting[0].slot_us - SOON_US - self._now_us()) / 1e6))
        self.wake.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await self.wake.wait()

    def _cut(self) -> None:
        """The drain is over: what is still on the wire is given up as lost, and a database that is away is waited for no longer."""
        self._over = True
        for send in self._sends:
            send.cancel()

    async def _settle_last(self) -> None:
        if not self._answered:
            self.wake.clear()
            await self.wake.wait()
        back, self._answered = self._answered, []
        try:
            await self._database.write(lambda connection: self._settle(connection, back))
        except StorageDown:
            self._answered = [] if self._over else back + self._answered  # left `sending`, the next to start calls it uncertain
            await asyncio.sleep(0 if self._over else DOWN_S)
            return
        with suppress(StorageDown):  # upkeep matches again
            await self._match()

    def _now_us(self) -> int:
        return self._clock() * 1000 + self._offset_us

    # --- a turn ---

    async def turn(self, sends: asyncio.TaskGroup) -> bool:
        """One transaction, then the requests it released. Returns whether there was anything to do."""
        now = self._clock()
        back, self._answered = self._answered, []
        due = self._due()
        claiming = self._may_claim(now)
        if not (back or due or claiming):
            return False
        try:
            worked = await self._database.write(lambda connection: self._work(connection, back, due, claiming, now))
        except BaseException:
            self._answered = back + self._answered
            self._waiting.extendleft(reversed(due))
            raise
        self._apply(worked, sends)
        if any(self._named(answered) for answered in back):
            await self._match()
        return bool(back or worked.departing or worked.claimed or worked.rebooked)

    def _due(self) -> list[Outgoing]:
        """What may depart now: its slot has come and a place on the wire is free."""
        free = self.route.concurrency - self._in_flight
        horizon = self._now_us() + SOON_US
        due: list[Outgoing] = []
        while self._waiting and len(due) < free and self._waiting[0].slot_us <= horizon:
            due.append(self._waiting.popleft())
        return due

    def _may_claim(self, now: int) -> bool:
        return len(self._waiting) <= self._hold() // 2 and (now >= self._claim_at or self.wake.is_set())

    def _hold(self) -> int:
        """How many MTs to keep claimed: 250 ms of the pace at most, and no more than a turn reads without keeping answers waiting."""
        return max(1, min(self.route.pace.units_held(), MOST_HELD))

    async def _work(self, connection: AsyncConnection, back: list[Answered], due: list[Outgoing], claiming: bool, now: int) -> _Turn:
        turn = _Turn()
        if back:
            await self._settle(connection, back)
        if due:
            await self._depart(connection, due, turn, now)
        if claiming:
            await self._claim(connection, turn, now)
        return turn

    def _apply(self, turn: _Turn, sends: asyncio.TaskGroup) -> None:
        if turn.clock_offset_us is not None:
            self._offset_us = turn.clock_offset_us
        self._waiting.extendleft(reversed(turn.rebooked))
        self._waiting.extend(turn.claimed)
        for outgoing in turn.departing:
            self._in_flight += 1
            task = sends.create_task(self._exchange(outgoing), name=f"send:{self.route.name}")
            self._sends.add(task)
            task.add_done_callback(self._sends.discard)

    # --- settle ---

    async def _settle(self, connection: AsyncConnection, back: list[Answered]) -> None:
        now = self._clock()
        settlements: list[Settlement] = []
        requests: list[tuple[str, bool]] = []
        for answered in back:
            some = [
                settlement(mt, outcome, self.route, self._routes, now)
                for mt, outcome in zip(answered.outgoing.members, answered.outcomes, strict=True)
            ]
            settlements += some
            requests.append((answered.outgoing.batch.ref, any(each.state is MtState.UNCERTAIN for each in some)))
            self._count(some)
            await self._mind_the_route(connection, answered.outcomes, now)
        await outbox.settle(connection, settlements, requests, now)

    def _count(self, settled: Sequence[Settlement]) -> None:
        for each in settled:
            self.tally.sent += each.state is MtState.SENT
            self.tally.failed += each.state is MtState.FAILED
            self.tally.uncertain += each.state is MtState.UNCERTAIN
            self.tally.retried += each.state is MtState.QUEUED

    async def _mind_the_route(self, connection: AsyncConnection, outcomes: Sequence[Outcome], now: int) -> None:
        """Hold, pause or free the route by what it answered."""
        worst = next((outcome for outcome in outcomes if isinstance(outcome, Refused)), None)
        if worst is None or worst.kind in (Failure.PERMANENT, Failure.UNROUTABLE):
            self._refusals = 0
            if self._held is not None and worst is None:
                self._held = None
                await outbox.release(connection, self.route.name)
        elif worst.kind is Failure.MISCONFIGURED:
            self._held, self._probe_at = worst.code, now + PROBE_MS
            await outbox.hold(connection, self.route.name, worst.code, now)
        elif worst.kind is Failure.THROTTLED:
            await self._pause(connection, now + round((worst.retry_after_s or 1.0) * 1000))
        else:
            self._refusals += 1
            if self._refusals >= BREAKER_AFTER:
                self._refusals = 0
                await self._pause(connection, now + BREAKER_MS)

    async def _pause(self, connection: AsyncConnection, until: int) -> None:
        self._paused_until = max(self._paused_until, until)
        await outbox.pause(connection, self.route.name, self._paused_until)

    @staticmethod
    def _named(answered: Answered) -> bool:
        """Whether the carrier gave it a name of its own, under which reports may have come before."""
        return any(isinstance(outcome, Accepted) and outcome.carrier_ref for outcome in answered.outcomes)

    async def _match(self) -> None:
        await self._database.write(lambda connection: outbox.match_dlrs(connection, self._clock()))

    # --- depart ---

    async def _depart(self, connection: AsyncConnection, due: list[Outgoing], turn: _Turn, now: int) -> None:
        due = await self._without_ended(connection, due, turn, now)
        on_time = [outgoing for outgoing in due if not outgoing.slot_us or self._now_us() - outgoing.slot_us <= LATE_US]
        late = [outgoing for outgoing in due if outgoing not in on_time]
        if late:  # a late departure would crowd the ones behind it: it takes a new slot
            turn.rebooked = await self._with_slots(connection, late, turn)
        requests = [
            NewRequest(outgoing.batch.ref, tuple(mt.id for mt in outgoing.members), body_hash(self._database.keyring, outgoing.request))
            for outgoing in on_time
        ]
        marked = await outbox.mark_sending(connection, self.route.name, requests, self._owner, now)
        turn.departing = [outgoing for outgoing in on_time if marked.issuperset(mt.id for mt in outgoing.members)]

    async def _without_ended(self, connection: AsyncConnection, due: list[Outgoing], turn: _Turn, now: int) -> list[Outgoing]:
        """`due` without what must not go any more: too late, or the person said stop after the claim. Rules bind waves, not answers."""
        people = {mt.bidx for outgoing in due for mt in outgoing.members if not mt.is_reply}
        stopped = await outbox.opted_out(connection, people)
        expired = {mt.id for outgoing in due for mt in outgoing.members if mt.expires_at <= now}
        refused = {mt.id for outgoing in due for mt in outgoing.members if mt.bidx in stopped and not mt.is_reply} - expired
        if not (expired or refused):
            return due
        await outbox.end_unsent(connection, expired, MtState.EXPIRED, "too late")
        await outbox.end_unsent(connection, refused, MtState.SUPPRESSED, "opted out")
        turn.dropped = len(expired) + len(refused)
        ended = expired | refused
        kept = [(outgoing, tuple(mt for mt in outgoing.members if mt.id not in ended)) for outgoing in due]
        return [self._outgoing(members, outgoing.batch.text, outgoing.slot_us) for outgoing, members in kept if members]

    # --- claim ---

    async def _claim(self, connection: AsyncConnection, turn: _Turn, now: int) -> None:
        """Lease what follows: replies first, then direct sends, then the running waves by turns."""
        limit = await self._room(connection, now)
        room = limit
        for lane, wave in await self._sources(connection, now) if room else ():
            if room <= 0:
                break
            claimed = await outbox.claim(connection, route=self.route.name, lane=lane, wave=wave, now=now, limit=room, owner=self._owner)
            room -= len(claimed)
            turn.claimed += self._grouped(claimed)
        if turn.claimed and self.route.pace.limit:
            turn.claimed = await self._with_slots(connection, await self._within_hold(connection, turn.claimed), turn)
        self._claim_at = now + round(POLL_S * 1000) if room == limit else 0

    async def _room(self, connection: AsyncConnection, now: int) -> int:
        """How many MTs may be claimed now; a held route probes with one."""
        self._held, self._paused_until = await outbox.route_condition(connection, self.route.name)
        if now < self._paused_until:
            return 0
        if self._held is not None:
            if now < self._probe_at or self._in_flight or self._waiting:
                return 0
            self._probe_at = now + PROBE_MS
            return 1
        return max(1, self._hold() // 2) if self.route.pace.limit else self._hold()

    async def _sources(self, connection: AsyncConnection, now: int) -> list[tuple[int, int]]:
        if now - self._waves_at >= WAVES_FOR_MS:
            self._waves, self._waves_at = await waves.running(connection, self.route.name), now
        open_now = [wave.id for wave in self._waves if wave.open_at(now, self._timezone)]
        self._turn_of += 1
        shift = self._turn_of % len(open_now) if open_now else 0
        by_turns = open_now[shift:] + open_now[:shift]
        return [(outbox.PRIORITY, NO_WAVE), (outbox.BLAST, NO_WAVE), *((outbox.BLAST, wave) for wave in by_turns)]

    def _grouped(self, claimed: list[ClaimedMt]) -> list[Outgoing]:
        """Requests of up to the carrier's batch size; members share one text, so personal texts go alone."""
        size = self.route.carrier.CAPABILITIES.max_batch
        if size == 1:
            return [self._outgoing((mt,), self._text(mt), 0) for mt in claimed]
        texts = sorted(((self._text(mt), mt) for mt in claimed), key=lambda pair: (pair[0], pair[1].id))
        groups: list[Outgoing] = []
        for text, alike in groupby(texts, key=lambda pair: pair[0]):
            members = [mt for _, mt in alike]
            groups += [self._outgoing(tuple(members[at : at + size]), text, 0) for at in range(0, len(members), size)]
        return groups

    def _text(self, mt: ClaimedMt) -> str:
        if mt.body is not None:
            return mt.body
        return render(self._template(mt.wave), mt.parameters or "{}")

    def _template(self, wave: int) -> Template:
        return next(each.template for each in self._waves if each.id == wave)

    def _outgoing(self, members: tuple[ClaimedMt, ...], text: str, slot_us: int) -> Outgoing:
        """The request for `members`; named after its first member and attempt, so a repeat after a refusal is a request of its own."""
        mts = tuple(Mt(mt.id, mt.ref, mt.msisdn, text, mt.segments) for mt in members)
        ref = mts[0].ref if len(mts) == 1 else f"{mts[0].ref}B{members[0].attempts}"
        units = {"segments": sum(mt.segments for mt in mts), "messages": len(mts), "requests": 1}[self.route.pace.unit]
        batch = Batch(ref, mts)
        return Outgoing(batch, self.route.carrier.build_send(self.route.account, batch), members, slot_us, self.route.pace.cost_us(units))

    async def _within_hold(self, connection: AsyncConnection, claimed: list[Outgoing]) -> list[Outgoing]:
        """The first of `claimed` that fit into 250 ms of the pace, at least one; the rest goes back at once."""
        budget = self.route.pace.cost_us(self.route.pace.units_held())
        kept: list[Outgoing] = []
        for outgoing in claimed:
            budget -= outgoing.cost_us
            if kept and budget < 0:
                break
            kept.append(outgoing)
        await outbox.hand_back(connection, [mt.id for outgoing in claimed[len(kept) :] for mt in outgoing.members], self._owner)
        return kept

    async def _with_slots(self, connection: AsyncConnection, outgoings: list[Outgoing], turn: _Turn) -> list[Outgoing]:
        """Slots for `outgoings`, one after the other, booked in one statement by the database's clock."""
        slot, now_us = await outbox.book(connection, self.route.name, sum(each.cost_us for each in outgoings))
        turn.clock_offset_us = now_us - self._clock() * 1000
        placed: list[Outgoing] = []
        for each in outgoings:
            placed.append(replace(each, slot_us=slot))
            slot += each.cost_us
        return placed

    # --- the wire ---

    async def _exchange(self, outgoing: Outgoing) -> None:
        outcomes: tuple[Outcome, ...]
        try:
            response = await self._send(outgoing.request)
            outcomes = self.route.carrier.parse_send(response, outgoing.batch)
        except NotSent:
            outcomes = (Refused(Failure.RETRYABLE, "not sent"),) * len(outgoing.members)
        except (LostAnswer, asyncio.CancelledError):  # cancelled only by the end of the drain: then this is the task's last turn
            lost = self.route.carrier.CAPABILITIES.lost_means == "maybe_sent"
            outcomes = (Refused(Failure.RETRYABLE, "no answer", maybe_sent=lost),) * len(outgoing.members)
        self._in_flight -= 1
        self._answered.append(Answered(outgoing, outcomes))
        self.wake.set()
