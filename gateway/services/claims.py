"""What one route may take from the queue in a turn: replies, then direct sends, then the running waves by fair turns (ADR 0002, 0010).

Rules bind waves, not answers: hours, start, ramp, caps and a wave's own pace are asked here, inside the claim's transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.caps import WEEK_MS, Caps, free_at
from gateway.domain.fair import FairShare
from gateway.domain.message import MtState
from gateway.domain.pace import HOLD_US, Pace
from gateway.services.routes import Route, leading_to
from gateway.storage import bulk, outbox, waves
from gateway.storage.outbox import BLAST, PRIORITY, ClaimedMt
from gateway.storage.schema import NO_WAVE
from gateway.storage.waves import ASKING, TRIAL, Running

WAVES_FOR_MS: Final = 500  # how long the list of running waves is believed: a pause takes effect within a second


@dataclass(slots=True)
class Taken:
    """What a turn claimed. `empty`: the queue had nothing more for us; `more`: it may have, where the room was the limit."""

    mts: list[ClaimedMt] = field(default_factory=list)
    capped: int = 0
    more: bool = False


class Claims:
    """The claims of one dispatcher. While a turn's unit runs, nothing else touches it."""

    def __init__(self, route: Route, routes: Sequence[Route], owner: str, timezone: str, caps: Caps) -> None:
        self._route, self._owner, self._timezone, self._caps = route, owner, timezone, caps
        self._ways = leading_to(routes, route.name) or (route.name,)
        self._fair = FairShare()
        self._running: dict[int, Running] = {}
        self._running_at: int | None = None
        self._free_at_us: dict[int, int] = {}  # of waves with a pace of their own, as last booked
        self.marked: dict[int, str] = {}  # what this turn's claims made `sending` at once: its request, by id

    @property
    def locks(self) -> bool:
        """Whether a claim may lock rows of waves: then the route's row is locked first, by all."""
        return any(wave.pace_limit or wave.ramp_state == TRIAL for wave in self._running.values())

    def template(self, mt: ClaimedMt) -> str:
        """The text of a wave's MT that was just claimed."""
        return self._running[mt.wave].text(mt.language)

    def is_open(self, id_: int, now: int) -> bool:
        """Whether what was claimed of wave `id_` may still go by its hours."""
        wave = self._running.get(id_)
        return wave is None or wave.window.open_at(now, self._timezone)

    async def replies(self, connection: AsyncConnection, now: int, room: int) -> list[ClaimedMt]:
        """Replies: they go at any hour, before everything else."""
        return await self._claim(connection, PRIORITY, NO_WAVE, now, room)

    async def blasts(self, connection: AsyncConnection, now: int, room: int) -> Taken:
        """Direct sends, then waves, together at most `room`."""
        taken = Taken(await self._claim(connection, BLAST, NO_WAVE, now, room))
        if len(taken.mts) < room:
            claimed = await self._waves(connection, now, room - len(taken.mts))
            kept = await self._within_caps(connection, claimed, now)
            taken.mts += kept
            taken.capped = len(claimed) - len(kept)
        taken.more = len(taken.mts) + taken.capped >= room
        return taken

    async def _claim(self, connection: AsyncConnection, lane: int, wave: int, now: int, limit: int) -> list[ClaimedMt]:
        if limit <= 0:
            return []
        waits = self._route.pace.limit or self.own_pace(wave)  # for its slot: otherwise it goes in the transaction that claims it
        size = 0 if waits else self._route.carrier.CAPABILITIES.max_batch
        mts, requests = await outbox.claim_leaving(
            connection, route=self._route.name, lane=lane, wave=wave, now=now, limit=limit, owner=self._owner, size=size
        )
        self.marked |= requests
        return mts

    # --- waves ---

    async def refresh(self, connection: AsyncConnection, now: int) -> None:
        """Look at the running waves again, if the last look is old; a clock that was put back makes it old, too."""
        if self._running_at is None or not 0 <= now - self._running_at < WAVES_FOR_MS:
            self._running = {wave.id: wave for wave in await waves.running(connection, self._ways, now)}
            self._running_at = now

    async def _waves(self, connection: AsyncConnection, now: int, room: int) -> list[ClaimedMt]:
        await self.refresh(connection, now)
        open_now = {id_: wave for id_, wave in self._running.items() if wave.window.open_at(now, self._timezone)}
        claimed: list[ClaimedMt] = []
        for _ in range(2):  # what some left unclaimed goes to the others
            if not open_now or len(claimed) >= room:
                break
            means = [(wave.id, wave.segments / wave.audience if wave.audience else 1.0) for wave in open_now.values()]
            for id_, share in self._fair.shares(means, self._in_mts(room - len(claimed), [mean for _, mean in means])):
                some = await self._claim(connection, BLAST, id_, now, await self._admitted(connection, open_now[id_], share, now))
                self._fair.served(id_, sum(mt.segments for mt in some), len(some))
                claimed += some
                if len(some) < share:
                    del open_now[id_]
        return claimed

    def _in_mts(self, room: int, means: Sequence[float]) -> int:
        """A contract in segments leaves room for fewer MTs."""
        in_segments = self._route.pace.limit and self._route.pace.unit == "segments"
        return max(1, int(room * len(means) / sum(means))) if in_segments else room

    async def _admitted(self, connection: AsyncConnection, wave: Running, share: int, now: int) -> int:
        """How many of `share` the wave's ramp and its own pace let go now."""
        if wave.ramp_state == ASKING:
            return 0
        if wave.ramp_state == TRIAL and wave.ramp is not None:
            share = min(share, wave.ramp.trial(wave.audience) - await outbox.away(connection, wave.id))
        if (pace := self.own_pace(wave.id)) is not None:
            if self._free_at_us.get(wave.id, 0) > now * 1000 + HOLD_US // 2:
                return 0
            mean = wave.segments / wave.audience if wave.audience and pace.unit == "segments" else 1.0
            share = min(share, max(1, int(pace.units_held() / mean)))
        return max(0, share)

    def own_pace(self, id_: int) -> Pace | None:
        """The pace of a wave that has one below the contract's."""
        wave = self._running.get(id_)
        return Pace(wave.pace_limit, 1.0, self._route.pace.unit) if wave and wave.pace_limit else None

    def unserved(self, mts: Sequence[ClaimedMt]) -> None:
        """What goes back to the queue at once was no turn of its wave."""
        self._fair.served(mts[0].wave, -sum(mt.segments for mt in mts))

    async def book(self, connection: AsyncConnection, wave_id: int, cost_us: int) -> tuple[int, int]:
        """Book a wave's own pace: (start, now), µs of the database's clock."""
        start, now_us = await outbox.book_wave(connection, wave_id, cost_us)
        self._free_at_us[wave_id] = start + cost_us
        return start, now_us

    def again_us(self, now_us: int) -> int | None:
        """When the next wave with a pace of its own has room again, µs of the database's clock."""
        return min((at - HOLD_US // 2 for at in self._free_at_us.values() if at - HOLD_US // 2 > now_us), default=None)

    # --- caps ---

    async def _within_caps(self, connection: AsyncConnection, claimed: list[ClaimedMt], now: int) -> list[ClaimedMt]:
        """Those of `claimed` whose people may get one more; the others wait for their time, or end if it comes too late."""
        if not claimed or not (self._caps.per_day or self._caps.per_week):
            return claimed
        left = await bulk.left_before(connection, [mt.id for mt in claimed], now - WEEK_MS, now)
        if not left:
            return claimed
        kept, later, never = [], dict[int, int](), list[int]()
        turned_down: set[int] = set()
        ours = {mt.id for mt in claimed}
        for mt in sorted(claimed, key=lambda each: each.id):  # two of one person in this claim: the older goes
            times = [at for other, at in left.get(mt.id, ()) if other not in ours or (other < mt.id and other not in turned_down)]
            if (free := free_at(times, now, self._caps)) <= now:
                kept.append(mt)
                continue
            turned_down.add(mt.id)
            opens = self._running[mt.wave].window.opens_at(free, self._timezone)
            if opens < mt.expires_at:
                later[mt.id] = opens
            else:
                never.append(mt.id)
        await bulk.stay(connection, [*later, *never], self._owner)
        await bulk.postpone(connection, later)
        await outbox.end_unsent(connection, never, MtState.SUPPRESSED, "capped")
        return kept
