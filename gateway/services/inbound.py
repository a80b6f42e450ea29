"""From an MO to what it is: tip, follow-up, DNA request, question, look-up, stop or yes; and the one reply to it.

Reading is pure and comes before the transaction, in slices between which the door is answered; the transaction asks once for all its MOs
what it must know of their senders, and stores in a few statements. Rules of waves bind no answer (ADR 0010). Time and chance are arguments.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from operator import attrgetter
from random import Random
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.deployment import Deployment
from gateway.domain.code import tip_code
from gateway.domain.keyword import Kind
from gateway.domain.msisdn import Msisdn
from gateway.domain.segments import segments_of
from gateway.domain.tip import BY_STAFF, Channel
from gateway.reading import Reading
from gateway.reading.numbered import numbered
from gateway.services import alerts, answers, consent, parts
from gateway.services.answers import APPROVAL, Answers, Turn
from gateway.services.attribution import Asked, waves_of
from gateway.services.follow_ups import CORRECT_MS, language_of, may_be_later_word
from gateway.services.forwarding import Incoming, hand_on
from gateway.services.intake import Given, address_of
from gateway.services.just_stored import JustStored
from gateway.services.outward import listening
from gateway.services.reading_ahead import MANY, ReadingAhead
from gateway.services.replies import Replies
from gateway.services.routes import Route
from gateway.services.routing import Around, around, way_back
from gateway.storage import follow_ups, inbox, standing, tips, users
from gateway.storage.database import Database, StorageDown
from gateway.storage.inbox import Handled, Mo
from gateway.storage.outbox import AT_ONCE, PRIORITY, NewMt, RouteCondition, enqueue, new_refs
from gateway.storage.parts import Parked, park

REPLY_LIFE_MS: Final = 24 * 3_600_000
REPLIES_AN_HOUR: Final = 6
HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
_STANDING_MS: Final = 1_000  # how long we go by how the routes stood: one statement a turn would cost a pile's turns a tenth
IN_RESPONSE_MS: Final = 30_000  # a reply that a carrier's response carries waits so long as an MT, in case that response never went
SILENCED: Final = "more than six replies an hour: silent"
_GROUP: Final = 200
_RETRY_S: Final = 2.0  # while the database is down
_PILE_MS: Final = 1_000  # so long after a pile of texts another is expected
_LOOK_S: Final = 30.0  # how often texts are looked for whose parts never came
Clock = Callable[[], int]
Readings = Mapping[int, Reading]


@dataclass(frozen=True, slots=True)
class _Group:
    """MOs and what they say."""

    mos: list[Mo] = field(default_factory=list)
    readings: Readings = field(default_factory=dict)

    def __add__(self, other: "_Group") -> "_Group":
        """Both, each MO once."""
        return _Group([*self.mos, *(mo for mo in other.mos if mo.id not in self.readings)], {**other.readings, **self.readings})


class Inbound:
    """Handles new MOs. `routes`: the enabled ones in their order; a reply leaves by its MO's route, while that sends; else see `way_back`.

    `helper`: see `reading_ahead`.
    """

    def __init__(
        self,
        database: Database,
        deployment: Deployment,
        replies: Replies,
        routes: Sequence[Route],
        clock: Clock,
        random: Random,
        helper: Executor | None = None,
    ) -> None:
        self._database, self._deployment, self._routes = database, deployment, routes
        self._clock, self._random = clock, random
        self._reading = ReadingAhead(deployment, helper)
        self._answers = Answers(deployment, replies, routes, database.keyring)
        self.just_stored = JustStored()
        self._conditions: tuple[int, Mapping[str, RouteCondition]] = -_STANDING_MS, {}  # how the routes stood, and when that was read
        self._looked_at = 0
        self._after = 0  # where the next look at new MOs begins
        self._ahead: asyncio.Task[_Group] | None = None  # the next group, being read while this one is written
        self._left = _Group()  # later words of people whose earlier ones are being handled
        self._piled_at = -_PILE_MS  # when many were last handled at once
        self.replied = asyncio.Event()  # set when replies wait in the outbox

    @property
    def is_busy(self) -> bool:
        """Whether texts come in piles: what nobody waits for should not take the writer now."""
        return self._ahead is not None or 0 <= self._clock() - self._piled_at < _PILE_MS

    # --- the loop ---

    async def run(self, stop: asyncio.Event, wake: asyncio.Event) -> None:
        """Handle MOs as they come until `stop`. What is new in the database at the start comes first."""
        stopped = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                wake.clear()
                try:
                    await self._look_for_overdue()
                    while await self.process_once(self._clock()) and not stop.is_set():
                        pass
                    await _first(wake, stopped, _LOOK_S)
                except StorageDown:
                    await _first(None, stopped, _RETRY_S)
        finally:
            stopped.cancel()
            self._look_anew()

    async def _look_for_overdue(self) -> None:
        now = self._clock()
        if abs(now - self._looked_at) >= _LOOK_S * 1000:
            self._looked_at = now
            await self.show_overdue(now)

    async def show_overdue(self, now_ms: int) -> int:
        """Make MOs of texts whose other parts did not come for ten minutes; returns how many parts they hold. Raises StorageDown."""
        async with self._database.read() as connection:
            if not await parts.some_overdue(connection, now_ms):
                return 0
        return len(await self._database.write(lambda connection: parts.show_overdue(connection, self._database.keyring, now_ms)))

    async def process_once(self, now_ms: int) -> int:
        """Handle up to 200 MOs in one transaction; returns how many. One that fails is marked for the desk. Raises StorageDown."""
        try:
            return await self._handle(now_ms, None)
        except StorageDown:
            raise
        except Exception:  # one MO must not keep the others from their answers
            return await self._process_singly(now_ms)

    async def _process_singly(self, now_ms: int) -> int:
        async with self._database.read() as connection:
            waiting = await inbox.new_ids(connection, _GROUP)  # the ids alone: a row whose words are damaged has one too
        for each in waiting:
            try:
                await self._handle(now_ms, [each])
            except StorageDown:
                raise
            except Exception:  # it stays whole, for a person
                await self._give_up(Handled(each, "handling failed", "unreadable", inbox.UNREADABLE))
        return len(waiting)

    async def _handle(self, now_ms: int, ids: Collection[int] | None) -> int:
        group = (self._left + await self._next()) if ids is None else await self._these(ids)
        if not group.mos:
            return 0
        if len(group.mos) >= _GROUP and ids is None:
            self._ahead = asyncio.create_task(self._look(group.mos[-1].id), name="reading ahead")
        try:
            turn, left = await self._database.write(lambda connection: self._process(connection, now_ms, group))
        except BaseException:
            self._look_anew()
            raise
        self._left = left
        if turn is not None and turn.replies:
            self.replied.set()
        if len(group.mos) >= MANY:
            self._piled_at = now_ms
        is_alone = turn is not None and len(turn.handled) * 2 >= len(group.mos)
        self._after = 0 if is_alone else group.mos[-1].id
        return len(group.mos)

    async def _next(self) -> "_Group":
        """The group that was read ahead, or the next to look at: the oldest, unless another process was at these just now."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None and (group := await ahead).mos:
            return group
        if (group := await self._look(self._after)).mos or not self._after:
            return group
        return await self._look(0)

    async def _look(self, after: int) -> "_Group":
        async with self._database.read() as connection:
            ids = await inbox.new_ids(connection, _GROUP, after)
            mos = self.just_stored.take(ids)
            if len(mos) < len(ids):
                known = {mo.id for mo in mos}
                mos += await inbox.these_mos(connection, self._database.keyring, [id_ for id_ in ids if id_ not in known])
                mos.sort(key=attrgetter("id"))
        return _Group(mos, await self._reading.read_all(mos))

    async def _these(self, ids: Collection[int]) -> "_Group":
        async with self._database.read() as connection:
            mos = await inbox.these_mos(connection, self._database.keyring, ids)
        return _Group(mos, await self._reading.read_all(mos))

    def _look_anew(self) -> None:
        """Forget what was read ahead: the rows are as new as before."""
        if self._ahead is not None:
            self._ahead.cancel()
        self._ahead, self._left, self._after = None, _Group(), 0

    async def _give_up(self, refused: Handled) -> None:
        await self._database.write(lambda connection: inbox.mark(connection, [refused]))

    async def at_once(self, connection: AsyncConnection, ids: Sequence[int]) -> dict[int, Given]:
        """Handle those of `ids` that are new, in the caller's transaction; what was given out by MO id, also where it was before.

        Replies that go in a response are queued as MTs all the same, for later: `outbox.went_in_response` withdraws them.
        """
        mos = await inbox.these_mos(connection, self._database.keyring, ids)
        group = _Group(mos, {mo.id: self._reading.read(mo) for mo in mos})
        await self._process(connection, self._clock(), group, in_response=True)
        return {mo: Given(code, words) for mo, (code, words) in (await inbox.given_for(connection, ids)).items()}

    def read(self, text: str, channel: str) -> Reading:
        """What a text says, before it is an MO. Pure."""
        return self._reading.read_text(text, channel)

    async def handle_these(self, now_ms: int, ids: Collection[int]) -> None:
        """Handle those of MOs `ids` that are new: for who can't wait till their turn comes. Raises StorageDown."""
        if ids:
            await self._handle(now_ms, ids)

    async def take_typed(self, connection: AsyncConnection, read: Readings) -> None:
        """Handle MOs that staff typed in, in the caller's transaction; `read`: what each says, by its id."""
        mos = await inbox.these_mos(connection, self._database.keyring, list(read))
        await self._process(connection, self._clock(), _Group(mos, {mo.id: read[mo.id] for mo in mos}))

    # --- one transaction ---

    async def _process(
        self, connection: AsyncConnection, now: int, group: "_Group", *, in_response: bool = False
    ) -> tuple[Turn | None, "_Group"]:
        """What was made of `group`, and what of it must wait for that."""
        readings, still = group.readings, await inbox.still_new(connection, [mo.id for mo in group.mos])
        mine, later = _one_word_each([mo for mo in group.mos if mo.id in still], readings)
        left = _Group(later, {mo.id: readings[mo.id] for mo in later})
        mine = await self._without_numbered(connection, mine, readings, now)
        if not mine:
            return None, left
        turn = await self._turn(connection, mine, readings, now)
        for mo in mine:
            answer = await self._answers.answer(connection, turn, mo, readings[mo.id])
            alarm = self._reply(turn, mo, answer.words, in_response=in_response)
            alarms = "; ".join(filter(None, (mo.alarm, answer.alarm, alarm))) or None
            wave = turn.waves[mo.id] if answer.action != APPROVAL else None  # an approver answers us, no wave
            turn.handled.append(Handled(mo.id, answer.action, alarms, wave=wave, tip=answer.tip, language=language_of(readings[mo.id])))
        await self._store(connection, turn)
        if clients := listening(self._database):
            came = Incoming(self._deployment.campaign.commune, mine, turn.handled, turn.tips, turn.dna)
            await hand_on(connection, clients, came, now)
        return turn, left

    async def _without_numbered(self, connection: AsyncConnection, mos: Sequence[Mo], readings: Readings, now: int) -> list[Mo]:
        """`mos` without those that their senders numbered as parts: these wait for the others. What is urgent, or a stop, doesn't wait."""
        parked = [found for mo in mos if (found := _numbered_part(mo, readings[mo.id])) is not None]
        if parked:
            await park(connection, parked)
            await parts.join_parts(connection, self._database.keyring, [each.id for each in parked], now)
        waiting = {each.id for each in parked}
        return [mo for mo in mos if mo.id not in waiting]

    async def _turn(self, connection: AsyncConnection, mos: Sequence[Mo], readings: Readings, now: int) -> Turn:
        """Ask once for all `mos` what their answers must know."""
        by_id = {mo.id: mo.bidx for mo in mos}
        later = [mo.id for mo in mos if may_be_later_word(mo, readings[mo.id])]
        unknown = [mo.id for mo in mos if readings[mo.id].kind in (Kind.UNKNOWN, Kind.ABUSE)]
        taking = [mo.id for mo in mos if answers.may_be_taking(mo)]
        count = sum(answers.codes_needed(readings[mo.id]) for mo in mos)
        said = await inbox.replies_since(connection, by_id, now - HOUR_MS)
        draws = Random(self._random.getrandbits(256))  # seeded anew each turn: asking the system for each letter costs 20 µs a code
        return Turn(
            now=now,
            codes=await tips.free_codes(connection, lambda: tip_code(draws), count),
            waves=await self._waves_answered(connection, mos),
            latest=await follow_ups.latest_tips(connection, later, now - CORRECT_MS),
            by_code=await follow_ups.tips_by_code(connection, answers.corrected_codes(mos)),
            approvers=await users.approvers(connection, {mo.bidx for mo in mos if answers.may_be_approval(mo)}),
            said={by_id[mo]: count for mo, count in said.items()},
            helped={by_id[mo] for mo in await inbox.helped_since(connection, unknown, now - DAY_MS)},
            refs=new_refs(len(mos)),
            talking={by_id[mo] for mo in await follow_ups.in_dialogue(connection, later, now - CORRECT_MS)},
            on_duty={by_id[mo] for mo in await follow_ups.on_duty(connection, taking)},
            seen=await self._seen(connection, mos, now),
        )

    async def _seen(self, connection: AsyncConnection, mos: Sequence[Mo], now: int) -> Around:
        """What the choice of a reply's route looks at. Whose numbers they are is asked only where an MO's own route does not send now."""
        database, (read_at, conditions) = self._database, self._conditions
        if not 0 <= now - read_at < _STANDING_MS:
            conditions = await standing.route_rows(connection)
            self._conditions = now, conditions
        seen = Around(database.operators, {}, conditions, now)
        sending = {route.name for route in self._routes if not seen.waits(route.name)}
        lost = [number for mo in mos if mo.route not in sending and (number := address_of(mo.sender, mo.channel)) is not None]
        return await around(connection, database.keyring, database.operators, lost, now) if lost else seen

    async def _waves_answered(self, connection: AsyncConnection, mos: Sequence[Mo]) -> dict[int, int | None]:
        commune = self._deployment.campaign.commune
        asked = [Asked(mo.bidx, mo.received_at, commune, by_sms=mo.channel == Channel.SMS and mo.placement is None) for mo in mos]
        waves = await waves_of(connection, asked, self._deployment.campaign.timezone)
        return {mo.id: wave for mo, wave in zip(mos, waves, strict=True)}

    async def _store(self, connection: AsyncConnection, turn: Turn) -> None:
        told = await tips.add_tips(connection, turn.tips)
        await consent.note_all(connection, turn.agreed)
        await follow_ups.join(connection, turn.joining, self._deployment.commune_of)
        for tip, why in (await follow_ups.urgent_tips(connection, turn.urgent)).items():
            await alerts.raise_alert(connection, tip, why, turn.now)
        await self._answers.dialogues.open_all(connection, turn.openings, told, turn.now)
        await tips.add_dna_requests(connection, turn.dna)
        await tips.add_questions(connection, turn.questions)
        if turn.replies:
            await enqueue(connection, turn.replies, turn.now)
        await inbox.mark(connection, turn.handled)

    # --- the reply ---

    def _reply(self, turn: Turn, mo: Mo, words: str, *, in_response: bool) -> str | None:
        """Enqueue the one reply; returns an alarm where there must be silence."""
        msisdn = address_of(mo.sender, mo.channel)
        silent = msisdn is None or mo.channel == Channel.WEB or mo.channel in BY_STAFF
        route = None if msisdn is None or silent else self._route(turn, mo, msisdn, words, in_response=in_response)
        if msisdn is None or route is None or not words:
            return None  # a name, a short code, a form, somebody who spoke to us: nobody to write to
        if turn.said.get(mo.bidx, 0) >= REPLIES_AN_HOUR:
            return SILENCED
        turn.said[mo.bidx] = turn.said.get(mo.bidx, 0) + 1
        turn.replies.append(
            NewMt(
                ref=turn.refs.pop(),
                msisdn=msisdn,
                bidx=mo.bidx,
                route=route,
                segments=segments_of(words),
                due_at=turn.now + IN_RESPONSE_MS if in_response else AT_ONCE,
                expires_at=turn.now + REPLY_LIFE_MS,
                lane=PRIORITY,
                reply_to=mo.id,
                body=words,
            )
        )
        return None

    def _route(self, turn: Turn, mo: Mo, msisdn: Msisdn, words: str, *, in_response: bool) -> str | None:
        """What a carrier's response carries stays with that carrier, in case it never went."""
        if in_response and any(route.name == mo.route for route in self._routes):
            return mo.route
        found = way_back(self._routes, mo.route, msisdn, words, turn.seen)
        return found.name if found else None


def _one_word_each(mos: Sequence[Mo], readings: Readings) -> tuple[list[Mo], list[Mo]]:
    """`mos` without later words of somebody whose earlier ones are among them, and those: the next turn finds the tip that these make."""
    speaking: set[bytes] = set()
    waiting: set[bytes] = set()
    chosen, later = [], []
    for mo in mos:
        if mo.bidx not in waiting and not (mo.bidx in speaking and may_be_later_word(mo, readings[mo.id])):
            speaking.add(mo.bidx)
            chosen.append(mo)
        else:
            waiting.add(mo.bidx)
            later.append(mo)
    return chosen, later


def _numbered_part(mo: Mo, reading: Reading) -> Parked | None:
    if mo.channel != Channel.SMS or mo.part_ref is not None or reading.urgent is not None:
        return None
    if reading.kind in (Kind.OPTOUT, Kind.OPTIN, Kind.STATUS, Kind.ABUSE):
        return None
    found = numbered(mo.text) if "/" in mo.text[:60] + mo.text[-60:] else None  # "1/3" stands at an end, and looking closer costs
    if found is None or found.number is None or found.total is None:  # "phan 2:", "tiep:" join what was told before, like any later word
        return None
    return Parked(mo.id, parts.HAND, found.number, found.total)


async def _first(event: asyncio.Event | None, stopped: "asyncio.Task[bool]", timeout_s: float) -> None:
    """Until `event`, the stop, or the time is over."""
    waits = {stopped} if event is None else {stopped, asyncio.create_task(event.wait())}
    await asyncio.wait(waits, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    for each in waits - {stopped}:
        each.cancel()
