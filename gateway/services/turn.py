"""A dispatcher's turn: one transaction that settles what came back, marks `sending` what goes next, claims what follows (ADR 0003).

On SQLite it runs in the writer's thread, so it is apart from the dispatcher: a Job goes in, what it worked out comes back, and nothing
that the loop changes meanwhile is within reach.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.carriers.protocol import Accepted, Batch, Outcome
from gateway.carriers.wire import HttpRequest
from gateway.domain.message import MtState
from gateway.domain.pace import HOLD_US, slots
from gateway.services.claims import Claims
from gateway.services.departures import Forming, Outgoing, batches, outgoing
from gateway.services.health import News
from gateway.services.purse import Purse
from gateway.services.routes import Route
from gateway.services.settlement import BodyHash, cost_correction, settlement, taken, unwritten
from gateway.services.texts import BadText, render
from gateway.storage import bulk, outbox
from gateway.storage.outbox import ClaimedMt, NewRequest, RouteCondition, Settlement
from gateway.storage.schema import NO_WAVE
from gateway.storage.seal import Keyring

RECENT_MS: Final = 600_000  # reports that came before their answers are this young; upkeep looks at the older ones
_ENDS: Final = {  # why an MT that was claimed must not go, and what it ends as; for any other reason it goes back
    "too late": MtState.EXPIRED,
    "opted out": MtState.SUPPRESSED,
    "blocked": MtState.SUPPRESSED,
    "cancelled": MtState.CANCELLED,
}


class Answered(NamedTuple):
    """A request that came back, with one outcome a member; None: it was marked and then not written."""

    outgoing: Outgoing
    ref: str
    outcomes: tuple[Outcome, ...] | None

    @property
    def named(self) -> bool:
        """Whether the carrier gave names of its own, under which reports may have come before."""
        return any(isinstance(outcome, Accepted) and outcome.carrier_ref for outcome in self.outcomes or ())


@dataclass(frozen=True, slots=True)
class Booked:
    """What a dispatcher has booked of its route's pace, ticks: `until` when, and `recent`: (departure, units) of the window before that."""

    until: int = 0
    recent: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Job:
    """What a turn has to do; fixed before its transaction, so that one that fails can be put back whole.

    `back` to settle, `due` to send, `returned` ids to hand back, `news` of the route to tell; room to claim `replies` and `blasts`;
    `places` on the wire for those that need no slot; `probing`: the route is tried with one MT; `booked`: what we booked of its pace;
    `soon_us`: no slot is booked nearer than this, for its request could not be marked in time.
    """

    back: list[Answered]
    due: list[Outgoing]
    returned: list[int]
    news: list[News]
    replies: int
    blasts: int
    places: int
    probing: bool
    forming: tuple[Forming, ...]
    booked: Booked
    soon_us: int = 0


@dataclass(slots=True)
class Worked:
    """What one transaction worked out, for the dispatcher to apply after its commit."""

    forming: tuple[Forming, ...]
    booked: Booked
    soon_us: int
    condition: RouteCondition = field(default_factory=RouteCondition)
    settled: list[Settlement] = field(default_factory=list)
    departing: list[tuple[Outgoing, Batch, HttpRequest]] = field(default_factory=list)
    claimed: list[Outgoing] = field(default_factory=list)
    replies: list[Outgoing] = field(default_factory=list)
    rebooked: list[Outgoing] = field(default_factory=list)
    replied: int = 0
    capped: int = 0
    dropped: int = 0
    more: bool = False


class Turns:
    """The turns of one route's dispatcher. `ticks_us`: the machine's monotonic clock, which departures are timed by."""

    def __init__(
        self,
        route: Route,
        routes: Sequence[Route],
        claims: Claims,
        purse: Purse,
        owner: str,
        keyring: Keyring,
        ticks_us: Callable[[], int],
    ) -> None:
        self._route, self._routes, self._owner, self._hash = route, routes, owner, BodyHash(keyring)
        self._claims, self._purse, self._ticks_us = claims, purse, ticks_us

    async def work(self, connection: AsyncConnection, job: Job) -> Worked:
        """The unit of one turn."""
        turn = Worked(job.forming, job.booked, job.soon_us)
        self._claims.marked = {}
        for tell in job.news:
            await tell(connection)
        locks = self._purse.counts or self._claims.locks
        turn.condition = await outbox.route_condition(connection, self._route.name, lock=locks)
        now = turn.condition.now_us // 1000
        await outbox.hand_back(connection, job.returned, self._owner)
        if job.back:
            turn.settled = await self.settle(connection, job.back, now)
            if connection.dialect.name == "sqlite":  # one writer: a report is committed before us or comes after us
                await self.match(connection, job.back, now)
        if job.due:
            await self._depart(connection, job.due, turn, now)
        if job.replies or job.blasts or job.forming:
            await self._claim(connection, job, turn, now)
        if job.places:
            await self._depart_at_once(connection, job.places, turn, now)
        gone = {id_ for each, _, _ in turn.departing for id_ in each.ids}
        await bulk.stay(connection, [id_ for id_ in self._claims.marked if id_ not in gone], self._owner)
        return turn

    # --- settle ---

    async def settle(self, connection: AsyncConnection, back: Sequence[Answered], now: int) -> list[Settlement]:
        """Write what came back, and what it changed of the costs."""
        settlements: list[Settlement] = []
        lost: list[str] = []
        corrections: dict[int, int] = {}
        for answered in back:
            some = self._settlements(answered, now)
            settlements += some
            if any(each.state is MtState.UNCERTAIN for each in some):
                lost.append(answered.ref)
            if self._purse.counts:
                for mt, settled in zip(answered.outgoing.members, some, strict=True):
                    change = cost_correction(mt, settled, self._route.price_vnd)
                    corrections[mt.wave] = corrections.get(mt.wave, 0) + change
        await self._purse.correct(connection, {wave: change for wave, change in corrections.items() if change}, now)
        await outbox.settle(connection, settlements, now, lost)
        return settlements

    def _settlements(self, answered: Answered, now: int) -> list[Settlement]:
        members = answered.outgoing.members
        if answered.outcomes is None:
            return [unwritten(mt, self._route) for mt in members]
        accepted = [outcome for outcome in answered.outcomes if isinstance(outcome, Accepted)]
        if len(accepted) == len(answered.outcomes):
            return taken(members, accepted, self._route, now)
        return [settlement(mt, outcome, self._route, self._routes, now) for mt, outcome in zip(members, answered.outcomes, strict=True)]

    async def match(self, connection: AsyncConnection, back: Sequence[Answered], now: int) -> None:
        """Apply reports that came before their answers."""
        if any(answered.named for answered in back) and await outbox.early_reports(connection, now - RECENT_MS):
            await outbox.match_dlrs(connection, now, since=now - RECENT_MS)

    # --- depart ---

    async def _depart(self, connection: AsyncConnection, due: list[Outgoing], turn: Worked, now: int) -> None:
        due = await self._without_hindered(connection, due, turn, now)
        ticks = self._ticks_us()
        on_time = [each for each in due if each.booked and not is_late(each, self._route, ticks)]
        if len(on_time) < len(due):  # a late departure would crowd the ones behind it: it takes a new slot
            late = [each for each in due if not each.booked or is_late(each, self._route, ticks)]
            turn.rebooked = await self._with_slots(connection, late, turn)
        paid = await self._purse.pay(connection, on_time, now)
        await self._back_to_queue(connection, [id_ for each in paid.staying for id_ in each.ids])
        answers = await self._answered_mos(connection, paid.going)
        built = [self._built(each, answers) for each in paid.going]
        requests = [NewRequest(batch.ref, tuple(each.ids), self._hash.of(request)) for each, batch, request in built]
        marked = await self._mark(connection, requests, now)
        turn.departing += [entry for entry in built if entry[1].ref in marked]

    async def _mark(self, connection: AsyncConnection, requests: Sequence[NewRequest], now: int) -> frozenset[str]:
        """Make `sending` what its claim, in this transaction, has not made so for the very request. Those that may go, by reference."""
        ready: list[NewRequest] = []
        others: list[NewRequest] = []
        for each in requests:
            names = list(map(self._claims.marked.get, each.ids))
            (ready if names.count(each.ref) == len(names) else others).append(each)
        await outbox.leaving(connection, self._route.name, ready, now)
        await bulk.stay(connection, [id_ for each in others for id_ in each.ids if id_ in self._claims.marked], self._owner)
        ours = await outbox.mark_sending(connection, self._route.name, others, self._owner, now)
        return frozenset([each.ref for each in ready] + [each.ref for each in others if ours.issuperset(each.ids)])

    async def _back_to_queue(self, connection: AsyncConnection, ids: list[int]) -> None:
        """What was about to go and does not, whether its claim had marked it or not."""
        await bulk.stay(connection, ids, self._owner)
        await outbox.hand_back(connection, ids, self._owner)

    async def _depart_at_once(self, connection: AsyncConnection, places: int, turn: Worked, now: int) -> None:
        """Without a pace what was claimed waits for nothing but a place on the wire: one transaction less a request."""
        going = [each for each in (*turn.replies, *turn.claimed) if not each.depart_us][:places]
        taken = {each.members[0].id for each in going}
        turn.replies = [each for each in turn.replies if each.members[0].id not in taken]
        turn.claimed = [each for each in turn.claimed if each.members[0].id not in taken]
        if going:
            await self._depart(connection, going, turn, now)

    def _built(self, each: Outgoing, answers: Mapping[int, str]) -> tuple[Outgoing, Batch, HttpRequest]:
        batch = each.batch()
        if answers:
            batch = batch._replace(mts=tuple(mt._replace(answers=answers.get(mt.id, "")) for mt in batch.mts))
        return each, batch, self._route.carrier.build_send(self._route.account, batch)

    async def _answered_mos(self, connection: AsyncConnection, going: Sequence[Outgoing]) -> Mapping[int, str]:
        """The carrier's ids of the MOs that replies answer, where it wants them named."""
        if not self._route.carrier.CAPABILITIES.names_mo:
            return {}
        return await outbox.mos_answered(connection, self._route.name, [mt.id for each in going for mt in each.members if mt.is_reply])

    async def _without_hindered(self, connection: AsyncConnection, due: list[Outgoing], turn: Worked, now: int) -> list[Outgoing]:
        """`due` without what must not go any more: too late, the person said stop, or the wave stopped after the claim."""
        members = [mt for each in due for mt in each.members]
        why = await bulk.hindered(connection, [mt.id for mt in members if not mt.is_reply])
        closed = {wave for wave in {mt.wave for mt in members} - {NO_WAVE} if not self._claims.is_open(wave, now)}
        why |= {mt.id: "closed" for mt in members if mt.wave in closed and mt.id not in why}
        why |= {mt.id: "too late" for mt in members if mt.expires_at <= now}
        if not why:
            return due
        for code, state in _ENDS.items():
            await outbox.end_unsent(connection, [id_ for id_, each in why.items() if each == code], state, code)
        await self._back_to_queue(connection, [id_ for id_, each in why.items() if each not in _ENDS])
        turn.dropped += sum(each in _ENDS for each in why.values())
        kept = [(each, tuple(mt for mt in each.members if mt.id not in why)) for each in due]
        return [
            outgoing(some, each.text, self._route.pace)._replace(depart_us=each.depart_us, booked=each.booked)
            for each, some in kept
            if some
        ]

    # --- claim ---

    async def _claim(self, connection: AsyncConnection, job: Job, turn: Worked, now: int) -> None:
        """Lease what follows, group it, and book its slots."""
        if job.replies:
            replies = await self._claims.replies(connection, now, job.replies)
            turn.replies, _ = await self._grouped(connection, replies, (), now, more=False)
            turn.replied = len(replies)
        if job.blasts or job.forming:
            broke = self._purse.is_empty(turn.condition, now)
            replies = await self._claims.replies(connection, now, job.blasts) if job.probing else []
            taken = await self._claims.blasts(connection, now, 0 if broke or replies else job.blasts)
            turn.capped, turn.more = taken.capped, taken.more and not broke
            more = taken.more or not job.blasts
            turn.claimed, turn.forming = await self._grouped(connection, replies + taken.mts, job.forming, now, more=more)
            turn.claimed = await self._at_own_pace(connection, turn.claimed)
        if self._route.pace.limit:
            await self._book(connection, turn)

    async def _grouped(
        self, connection: AsyncConnection, claimed: list[ClaimedMt], forming: Sequence[Forming], now: int, *, more: bool
    ) -> tuple[list[Outgoing], tuple[Forming, ...]]:
        """Requests of up to the carrier's batch size, and what waits for company."""
        texts: list[tuple[str, ClaimedMt]] = []
        for mt in claimed:
            try:
                texts.append((mt.body if mt.body is not None else self._text(mt), mt))
            except BadText:  # planning has filled in every one of them: this row was changed since
                await outbox.end_unsent(connection, [mt.id], MtState.SUPPRESSED, "bad text")
        size, pace = self._route.carrier.CAPABILITIES.max_batch, self._route.pace
        if size == 1:
            return [outgoing((mt,), text, pace) for text, mt in texts], ()
        full, forming = batches(forming, texts, size, now, more=more)
        return [outgoing(members, text, pace) for text, members in full], tuple(forming)

    def _text(self, mt: ClaimedMt) -> str:
        return render(self._claims.template(mt), mt.parameters or "{}")

    async def _at_own_pace(self, connection: AsyncConnection, claimed: list[Outgoing]) -> list[Outgoing]:
        """Slots of the waves that have a pace of their own; the route's they take when these have come."""
        placed: list[Outgoing] = []
        for wave in sorted({each.members[0].wave for each in claimed} - {NO_WAVE}):
            if (pace := self._claims.own_pace(wave)) is None:
                continue
            mine = [each for each in claimed if each.members[0].wave == wave]
            costs = [outgoing(each.members, each.text, pace).cost_us for each in mine]
            start, now_us = await self._claims.book(connection, wave, sum(costs))
            slot = start - now_us + self._ticks_us()
            for each, cost in zip(mine, costs, strict=True):
                placed.append(each._replace(depart_us=slot, booked=not self._route.pace.limit))
                slot += cost
        paced = {each.ids[0] for each in placed}
        return placed + [each for each in claimed if each.ids[0] not in paced]

    async def _book(self, connection: AsyncConnection, turn: Worked) -> None:
        """The route's slots for what was claimed, replies first; what does not fit into 250 ms of the pace goes back at once."""
        own = [each for each in turn.claimed if not each.booked]
        budget, kept = HOLD_US, list[Outgoing]()
        for each in (each for each in turn.claimed if each.booked):
            budget -= each.cost_us
            if kept and budget < 0:
                await outbox.hand_back(connection, each.ids, self._owner)
                self._claims.unserved(each.members)
                turn.more = True
            else:
                kept.append(each)
        if turn.replies or kept:
            placed = await self._with_slots(connection, [*turn.replies, *kept], turn)
            turn.replies, kept = placed[: len(turn.replies)], placed[len(turn.replies) :]
        turn.claimed = own + kept

    async def _with_slots(self, connection: AsyncConnection, some: Sequence[Outgoing], turn: Worked) -> list[Outgoing]:
        """Slots for `some`, one after the other, booked in one statement by the database's clock, told by the machine's ticks.

        None lies before the end of what we booked already: a clock put forward finds the route free while that is still to leave.
        """
        pace, alone = self._route.pace, connection.dialect.name == "sqlite"  # there one process dispatches: it knows all that left
        units = [each.units(pace) for each in some]
        free = max(self._ticks_us() + turn.soon_us, turn.booked.until)
        departures, end = slots(free, units, pace, turn.booked.recent if alone else (), alone=alone)
        start, now_us = await outbox.book(connection, self._route.name, end - free, round(pace.per_s * 1e6) + HOLD_US, turn.soon_us)
        later = max(0, start - now_us + self._ticks_us() - free)
        until = end + later
        leaving = [(departure + later, each) for departure, each in zip(departures, units, strict=True)]
        recent = (each for each in (*turn.booked.recent, *leaving) if each[0] > until - pace.window_us)
        turn.booked = Booked(until, tuple(recent) if alone else ())
        return [each._replace(depart_us=departure, booked=True) for each, (departure, _) in zip(some, leaving, strict=True)]


def is_late(each: Outgoing, route: Route, ticks_us: int) -> bool:
    """Whether the slot of `each` has passed: leaving now it would crowd those behind it."""
    return bool(each.depart_us and route.pace.limit) and ticks_us - each.depart_us > route.pace.late_us
