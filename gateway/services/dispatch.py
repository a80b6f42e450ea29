"""One route's dispatcher: turns of one transaction each, and between them what is on the wire (ADR 0002, 0003, 0006).

What is claimed waits here for its slot and goes back to the queue on a drain; what is `sending` is on the wire.

All times are the database's, carried on between two turns by the machine's monotonic clock: a wall clock that jumps moves nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from gateway.carriers.protocol import Batch, Outcome
from gateway.carriers.wire import HttpRequest, HttpResponse, LostAnswer, NotSent
from gateway.domain.caps import Caps
from gateway.domain.failure import Failure, Refused
from gateway.domain.message import MtState
from gateway.services.claims import Claims
from gateway.services.departures import FORMING_MS, Forming, Outgoing, Waiting
from gateway.services.health import RouteHealth
from gateway.services.purse import Purse
from gateway.services.routes import Route
from gateway.services.settlement import known
from gateway.services.turn import Answered, Booked, Job, Turns, Worked, is_late
from gateway.storage import outbox
from gateway.storage.database import Database, StorageDown
from gateway.storage.outbox import Settlement

Answer = HttpResponse | NotSent | LostAnswer
Send = Callable[[HttpRequest], Awaitable[HttpResponse]]
Clock = Callable[[], int]  # epoch ms
T = TypeVar("T")

POLL_S: Final = 0.25  # how soon an idle dispatcher sees what another process queued
POLL_US: Final = round(POLL_S * 1e6)
REPLIES_US: Final = 50_000  # and a busy one the replies
SOON_US: Final = 2_000  # a slot this near departs with this turn, since the commit takes a while; where it takes longer, more of them do
MOST_SOON_US: Final = 100_000
GATHER_S: Final = 0.003  # while the wire is busy, answers are waited for this long: fewer and larger turns
MOST_HELD: Final = 2_000
DOWN_S: Final = 1.0  # pause after the database refused a turn


class Sender(Protocol):
    """What the dispatcher asks of the transport: a request is written once, and `done` is called once, later."""

    def begin(self, request: HttpRequest, done: Callable[[Answer], None]) -> Callable[[], None]:
        """Send; what is returned gives up, and `done` gets LostAnswer."""

    def ticks_us(self) -> int:
        """The machine's monotonic clock, µs, by which departures are timed: the same in every thread."""


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


@dataclass(slots=True)
class Tally:
    """Counters and gauges that metrics and progress read; never a word or a number.

    Counters: MTs by what became of them here; `units` of the route's pace that left. Gauges: `latency_ms` of answers, smoothed;
    `limit` of requests on the wire as it adapts; `in_flight`; `waiting` MTs claimed; `open_until` of the breaker, ms, 0: closed.
    """

    sent: int = 0
    failed: int = 0
    uncertain: int = 0
    retried: int = 0
    capped: int = 0
    dropped: int = 0
    units: int = 0
    latency_ms: float = 0.0
    limit: int = 0
    in_flight: int = 0
    waiting: int = 0
    open_until: int = 0

    def count(self, settled: Sequence[Settlement]) -> None:
        """What a turn settled."""
        states = [each.state for each in settled]
        self.sent += states.count(MtState.SENT)
        self.failed += states.count(MtState.FAILED)
        self.uncertain += states.count(MtState.UNCERTAIN)
        self.retried += states.count(MtState.QUEUED)


@dataclass(slots=True, eq=False)  # each is itself
class _OnWire:
    """A request that left. `give_up` ends the waiting for its answer."""

    outgoing: Outgoing
    batch: Batch
    began_us: int
    give_up: Callable[[], None] = lambda: None


class Wake:
    """An event that tells who woke us: `set` by others, when something was queued, or `stir` by ourselves."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self.queued = False

    def set(self) -> None:
        """Something was queued: look at once."""
        self.queued = True
        self._event.set()

    def stir(self) -> None:
        """End the rest."""
        self._event.set()

    async def rest(self, seconds: float) -> None:
        """Until it is set, or the time is over."""
        timer = asyncio.get_running_loop().call_later(seconds, self._event.set)
        await self._event.wait()
        timer.cancel()
        self._event.clear()


class Dispatcher:
    """Sends what is queued for one route until stopped. One a route and process; `owner` names the process in leases."""

    def __init__(
        self,
        route: Route,
        routes: Sequence[Route],
        database: Database,
        send: Sender,
        owner: str,
        timezone: str,
        drain_s: float,
        caps: Caps = Caps(),  # noqa: B008 # frozen
    ) -> None:
        self.route, self._database, self._send, self._owner, self._drain_s = route, database, send, owner, drain_s
        self._claims = Claims(route, routes, owner, timezone, caps)
        self._turns = Turns(route, routes, self._claims, Purse(route, timezone), owner, database.keyring, self._ticks_us)
        self._health = RouteHealth(route)
        self.tally = Tally(limit=route.concurrency)
        self.wake = Wake()
        self._offset_us = 0  # the database's clock minus the ticks
        self._waiting = Waiting()
        self._forming: tuple[Forming, ...] = ()
        self._on_wire: set[_OnWire] = set()
        self._answered: list[Answered] = []
        self._returned: list[int] = []  # claimed MTs to hand back
        self._claim_at = self._replies_at = 0  # after an empty claim, when to look again (ticks)
        self._look_at = 0  # when to read the route's condition though there is nothing to do: somebody may have released it
        self._soon_us = MOST_SOON_US  # how far ahead of its slot a departure must be marked: the longest turn of late; the first are slow
        self._booked = Booked()
        self._over = False
        self._broken: BaseException | None = None

    # --- the life of a dispatcher ---

    async def run(self, stop: asyncio.Event) -> None:
        """Turns until `stop`, then the drain: what is on the wire is settled, what is claimed goes back."""
        if await persist(self._be_known, stop) is None:
            return
        try:
            while not stop.is_set():
                await self._careful_turn()
                await self._rest()
        except BaseException:
            self._cut()
            raise
        late = asyncio.get_running_loop().call_later(self._drain_s, self._cut)
        while self._on_wire or self._answered:
            await self._settle_last()
        late.cancel()
        claimed = [*self._returned, *self._all_claimed()]
        with suppress(StorageDown):  # claimed rows of the dead go back to the queue by themselves
            await self._database.write(lambda connection: outbox.hand_back(connection, claimed, self._owner))

    async def _be_known(self) -> bool:
        self._saw(await self._database.write(lambda connection: outbox.ensure_route(connection, self.route.name)))
        return True

    async def _careful_turn(self) -> None:
        try:
            await self.turn()
        except StorageDown:  # nothing was sent: the turn is repeated when the database is back
            await asyncio.sleep(DOWN_S)

    async def _rest(self) -> None:
        """Wait for enough answers, a wake-up, the next slot or the next look, whichever is first."""
        if (pause := self._pause_s()) > 0:
            await self.wake.rest(pause)
        if self.wake.queued:
            self.wake.queued = False
            self._claim_at = self._replies_at = 0

    def _pause_s(self) -> float:
        """How long nothing needs to be done, s."""
        if self._has_enough() or self._broken or self._health.news or self._health.recall or self.wake.queued:
            return 0.0
        pause = GATHER_S if self._answered else POLL_S
        if self._health.is_hindered(self._now(), len(self._on_wire)):
            return pause
        now, next_at = self._ticks_us(), self._waiting.next_at()
        half_idle = len(self._on_wire) <= self.tally.limit // 2
        if half_idle and next_at == 0:
            return 0.0
        if next_at and len(self._on_wire) < self.tally.limit:
            pause = min(pause, (next_at - self._soon_us - now) / 1e6)
        if half_idle and self._claimed_mts() <= self._hold() // 2:
            pause = min(pause, (self._claim_at - now) / 1e6)
        return max(0.0, min(pause, FORMING_MS / 1000 if self._forming else pause))

    def _has_enough(self) -> bool:
        """Whether the answers that came are worth a turn, which costs as much as some twenty MTs: half of the wire, or all there are."""
        return bool(self._answered) and len(self._answered) * 2 >= min(self.tally.limit, len(self._on_wire) + len(self._answered))

    def _cut(self) -> None:
        """The drain is over: what is still on the wire is given up as lost, and a database that is away is waited for no longer."""
        self._over = True
        for each in tuple(self._on_wire):
            each.give_up()

    async def _settle_last(self) -> None:
        if not self._answered:
            await self.wake.rest(POLL_S)
        back, self._answered = self._answered, []
        if not back:
            return
        now = self._now()
        try:
            self.tally.count(await self._database.write(lambda connection: self._turns.settle(connection, back, now)))
        except StorageDown:
            self._answered = [] if self._over else back + self._answered  # left `sending`, the next to start calls it uncertain
            await asyncio.sleep(0 if self._over else DOWN_S)
            return
        with suppress(StorageDown):  # upkeep matches again
            await self._match(back)

    # --- time ---

    def _ticks_us(self) -> int:
        return self._send.ticks_us()

    def _saw(self, database_us: int) -> None:
        self._offset_us = database_us - self._ticks_us()

    def _now(self) -> int:
        """Epoch ms by the database's clock."""
        return (self._ticks_us() + self._offset_us) // 1000

    # --- a turn ---

    async def turn(self) -> None:
        """One transaction, then the requests it released."""
        if self._broken is not None:
            raise self._broken
        job = self._job()
        if job is None:
            return
        began = self._ticks_us()
        try:
            worked = await self._database.write(lambda connection: self._turns.work(connection, job))
        except BaseException:
            self._put_back(job)
            raise
        took = self._ticks_us() - began
        if job.due or worked.claimed or worked.replies:  # an idle turn tells nothing of how long a busy one takes
            self._soon_us = min(max(SOON_US, took, self._soon_us * 7 // 8), MOST_SOON_US)
        self._apply(job, worked)
        if self._database.dialect == "postgresql":
            await self._match(job.back)

    async def _match(self, back: Sequence[Answered]) -> None:
        """In a second transaction: of a report and an answer that commit at once, whichever is last sees the other."""
        if any(answered.named for answered in back):
            now = self._now()
            await self._database.write(lambda connection: self._turns.match(connection, back, now))

    def _job(self) -> Job | None:
        """What there is to do now, taken out of the lists; None: nothing."""
        now, health = self._now(), self._health
        if health.recall:  # not while a turn is under way, which may have some of it in hand
            self._returned += self._all_claimed()
            health.recall = False
        free = self._free(now)
        due = self._waiting.pop_due(self._ticks_us() + self._soon_us, free)
        places = 0 if self.route.pace.limit else max(0, free - len(due))
        replies, blasts = self._rooms(now, places)
        ripe = any(now - each.since >= FORMING_MS for each in self._forming)
        if not (self._answered or due or replies or blasts or self._returned or health.news or ripe or self._ticks_us() >= self._look_at):
            return None
        probing = health.is_probed and blasts > 0
        soon, booked = self._soon_us, self._booked
        job = Job(self._answered, due, self._returned, health.news, replies, blasts, places, probing, self._forming, booked, soon)
        self._answered, self._returned, health.news = [], [], []
        return job

    def _put_back(self, job: Job) -> None:
        self._answered = job.back + self._answered
        self._returned = job.returned + self._returned
        self._health.news = job.news + self._health.news
        self._waiting.add(job.due)

    def _free(self, now: int) -> int:
        """How many requests more the wire takes now."""
        self.tally.limit = self._health.limit(self._ticks_us() // 1000)
        return self._health.free(now, self.tally.limit, len(self._on_wire))

    def _hold(self) -> int:
        """How many MTs to keep claimed: 250 ms of the pace at most, and no more than a turn reads without keeping answers waiting.

        Without a pace none waits for a slot: a turn claims what it can send at once.
        """
        pace, size = self.route.pace, self.route.carrier.CAPABILITIES.max_batch
        if pace.limit:
            return max(1, min(pace.units_held() * (size if pace.unit == "requests" else 1), MOST_HELD))
        return min(self.tally.limit * size, MOST_HELD)

    def _claimed_mts(self) -> int:
        return self._waiting.mts + sum(len(each.members) for each in self._forming)

    def _rooms(self, now: int, places: int) -> tuple[int, int]:
        """How many replies and how many others may be claimed now; `places` on the wire are free for what departs with its claim."""
        ticks, claimed = self._ticks_us(), self._claimed_mts()
        if self._health.is_hindered(now, len(self._on_wire)):
            idle = not (claimed or self._on_wire or self._answered) and ticks >= self._claim_at
            return 0, int(idle and self._health.may_probe(now, 0))
        hold, size = self._hold(), self.route.carrier.CAPABILITIES.max_batch
        if not self.route.pace.limit:
            hold = min(hold, places * size)
        replies = max(1, min(hold, 64)) if ticks >= self._replies_at else 0
        blasts = hold - claimed if claimed <= hold // 2 and ticks >= self._claim_at else 0
        return replies, blasts - blasts % size if blasts > size else blasts

    def _apply(self, job: Job, turn: Worked) -> None:
        self._saw(turn.condition.now_us)
        self._health.learn(turn.condition)
        self._forming, self._booked = turn.forming, turn.booked
        self._waiting.add(turn.rebooked)
        self._waiting.add(turn.claimed)
        self._waiting.let_through(turn.replies)
        self._plan_looks(job, turn)
        if turn.departing:
            leaving = [(_OnWire(each, batch, self._ticks_us()), request) for each, batch, request in turn.departing]
            self._on_wire.update(exchange for exchange, _ in leaving)
            asyncio.get_running_loop().call_soon(self._write, leaving)  # the next turn's unit begins meanwhile, in its thread
        self._tell(turn)

    def _plan_looks(self, job: Job, turn: Worked) -> None:
        """When to claim again: at once where there may be more."""
        ticks = self._ticks_us()
        self._look_at = ticks + POLL_US
        if job.replies:
            self._replies_at = 0 if turn.replied >= job.replies else ticks + REPLIES_US
        if job.blasts:
            again_us = self._claims.again_us(turn.condition.now_us)
            soon = POLL_US if again_us is None else min(POLL_US, again_us - turn.condition.now_us)
            self._claim_at = 0 if turn.more or turn.capped else ticks + soon

    def _tell(self, turn: Worked) -> None:
        tally = self.tally
        tally.count(turn.settled)
        tally.capped += turn.capped
        tally.dropped += turn.dropped
        tally.waiting, tally.in_flight = self._claimed_mts(), len(self._on_wire)
        tally.latency_ms, tally.open_until = self._health.latency_ms, self._health.breaker.open_until

    # --- the wire ---

    def _write(self, leaving: Sequence[tuple[_OnWire, HttpRequest]]) -> None:
        for exchange, request in leaving:
            self._write_in_time(exchange, request)

    def _write_in_time(self, exchange: _OnWire, request: HttpRequest) -> None:
        """Write the request when its slot comes; the commit may have been quicker, or slower."""
        early_us = exchange.outgoing.depart_us - self._ticks_us() if self.route.pace.limit else 0
        if early_us < 1_000:
            self._begin(exchange, request)
            return
        timer = asyncio.get_running_loop().call_later(early_us / 1e6, self._begin, exchange, request)

        def give_up() -> None:
            timer.cancel()
            self._unwritten(exchange)

        exchange.give_up = give_up

    def _begin(self, exchange: _OnWire, request: HttpRequest) -> None:
        exchange.began_us = self._ticks_us()
        if is_late(exchange.outgoing, self.route, exchange.began_us):  # the commit took too long: now it would crowd those behind it
            self._unwritten(exchange)
            return
        self.tally.units += exchange.outgoing.units(self.route.pace)
        exchange.give_up = self._send.begin(request, lambda answer: self._came(exchange, answer))

    def _unwritten(self, exchange: _OnWire) -> None:
        self._on_wire.discard(exchange)
        self._answered.append(Answered(exchange.outgoing, exchange.batch.ref, None))
        self.wake.stir()

    def _came(self, exchange: _OnWire, answer: Answer) -> None:
        self._on_wire.discard(exchange)
        try:
            outcomes = self._outcomes(exchange, answer)
        except Exception as bug:  # raised again by the next turn: a bug ends the process loudly, also out of a callback
            self._broken = bug
            outcomes = (Refused(Failure.RETRYABLE, "unreadable", maybe_sent=True),) * len(exchange.outgoing.members)
        self._health.mind(outcomes, self._now())
        self._health.note(outcomes, (self._ticks_us() - exchange.began_us) / 1000)
        self._answered.append(Answered(exchange.outgoing, exchange.batch.ref, outcomes))
        if self._has_enough():
            self.wake.stir()
        elif len(self._answered) == 1:
            asyncio.get_running_loop().call_later(GATHER_S, self.wake.stir)

    def _outcomes(self, exchange: _OnWire, answer: Answer) -> tuple[Outcome, ...]:
        if isinstance(answer, HttpResponse):
            return known(exchange.outgoing.members, self.route.carrier.parse_send(answer, exchange.batch))
        lost = isinstance(answer, LostAnswer)
        maybe_sent = lost and self.route.carrier.CAPABILITIES.lost_means == "maybe_sent"
        return (Refused(Failure.RETRYABLE, "no answer" if lost else "not sent", maybe_sent=maybe_sent),) * len(exchange.outgoing.members)

    def _all_claimed(self) -> list[int]:
        """The ids of all that is claimed and not sent, which is forgotten here."""
        ids = [id_ for each in self._waiting.clear() for id_ in each.ids] + [mt.id for each in self._forming for mt in each.members]
        self._forming = ()
        return ids
