"""From an MO to what it is: tip, DNA request, question, look-up, stop or yes; and the one reply to it.

Only the DUYET of an approver comes before the reading (ADR 0017); rules of waves bind no answer (ADR 0010). Time and chance are arguments.
"""

import asyncio
import json
import string
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from random import Random
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.deployment import Deployment
from gateway.domain.code import read_placement_code, read_tip_code, tip_code
from gateway.domain.fold import nfc
from gateway.domain.keyword import Kind
from gateway.domain.msisdn import Msisdn
from gateway.domain.segments import segments_of
from gateway.domain.tip import Channel
from gateway.reading import Gazetteer, Reading, gazetteer, read
from gateway.services import approval_sms
from gateway.services.approval_sms import Verdict
from gateway.services.attribution import Asked, waves_of
from gateway.services.intake import read_sender
from gateway.services.replies import Replies, ReplyName
from gateway.services.routes import Route
from gateway.services.sends import AT_ONCE
from gateway.storage import contacts, inbox, tips, users
from gateway.storage.database import Database, StorageDown
from gateway.storage.inbox import Handled, Mo
from gateway.storage.outbox import PRIORITY, NewMt, enqueue
from gateway.storage.tips import NewDnaRequest, NewQuestion, NewTip
from gateway.storage.users import User

REPLY_LIFE_MS: Final = 24 * 3_600_000
REPLIES_AN_HOUR: Final = 6
HOUR_MS: Final = 3_600_000
SILENCED: Final = "more than six replies an hour: silent"
FOR_THE_DESK: Final = "not understood"
APPROVAL: Final = "approval"  # the action of a DUYET
WRONG_CODE: Final = "a wrong approval code"
_GROUP: Final = 200
_RETRY_S: Final = 2.0  # while the database is down
_REF: Final = string.ascii_uppercase + string.digits
_URGENT: Final = {"remains": ReplyName.URGENT_REMAINS, "uxo": ReplyName.URGENT_UXO}
Clock = Callable[[], int]


@dataclass(slots=True)
class _Turn:
    """What one transaction stores besides the contacts. `waves`: which wave an MO answers, by its id."""

    now: int
    codes: list[str]
    waves: Mapping[int, int | None]
    tips: list[NewTip] = field(default_factory=list)
    dna: list[NewDnaRequest] = field(default_factory=list)
    questions: list[NewQuestion] = field(default_factory=list)
    replies: list[NewMt] = field(default_factory=list)
    handled: list[Handled] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a message became: the action noted on it, the words of its reply, and what the desk should look at."""

    action: str
    words: str = field(repr=False)
    alarm: str | None = None


class Inbound:
    """Handles new MOs. `routes`: the enabled ones in their order; a reply leaves by its MO's route, else by the first that reaches."""

    def __init__(
        self, database: Database, deployment: Deployment, replies: Replies, routes: Sequence[Route], clock: Clock, random: Random
    ) -> None:
        self._database, self._deployment, self._replies, self._routes = database, deployment, replies, routes
        self._clock, self._random = clock, random
        self._places: Gazetteer = gazetteer(deployment.villages, _home(deployment))
        self.replied = asyncio.Event()  # set when replies wait in the outbox

    async def run(self, stop: asyncio.Event, wake: asyncio.Event) -> None:
        """Handle MOs as they come until `stop`. What is new in the database at the start comes first."""
        stopped = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                wake.clear()
                try:
                    while await self.process_once(self._clock()) and not stop.is_set():
                        pass
                    await _first(wake, stopped, timeout_s=None)
                except StorageDown:
                    await _first(None, stopped, timeout_s=_RETRY_S)
        finally:
            stopped.cancel()

    async def process_once(self, now_ms: int) -> int:
        """Handle up to 200 MOs in one transaction; returns how many. One that fails is marked for the desk. Raises StorageDown."""
        try:
            return await self._handle(now_ms, _GROUP, None)
        except StorageDown:
            raise
        except Exception:  # one MO must not keep the others from their answers
            return await self._process_singly(now_ms)

    async def at_once(self, connection: AsyncConnection, ids: Sequence[int]) -> dict[int, str]:
        """Handle those of `ids` that are new, in the caller's transaction; returns the codes given out by MO id."""
        await self._process(connection, self._clock(), len(ids), ids)
        return {mo: code for mo in ids if (code := await tips.code_of_mo(connection, mo)) is not None}

    async def _process_singly(self, now_ms: int) -> int:
        async with self._database.read() as connection:
            waiting = await inbox.new_ids(connection, _GROUP)  # the ids alone: a row whose words are damaged has one too
        for each in waiting:
            try:
                await self._handle(now_ms, 1, [each])
            except StorageDown:
                raise
            except Exception:  # it stays whole, for a person
                await self._give_up(Handled(each, "handling failed", "unreadable", inbox.UNREADABLE))
        return len(waiting)

    async def _handle(self, now_ms: int, limit: int, ids: Collection[int] | None) -> int:
        async def unit(connection: AsyncConnection) -> int:
            return await self._process(connection, now_ms, limit, ids)

        return await self._database.write(unit)

    async def _give_up(self, refused: Handled) -> None:
        async def unit(connection: AsyncConnection) -> None:
            await inbox.mark(connection, [refused])

        await self._database.write(unit)

    async def _process(self, connection: AsyncConnection, now: int, limit: int, ids: Collection[int] | None) -> int:
        mos = await inbox.take_new(connection, limit, ids)
        if not mos:
            return 0
        readings = [await self._read(mo) for mo in mos]
        codes = await tips.free_codes(connection, lambda: tip_code(self._random), sum(map(_codes_needed, readings)))
        turn = _Turn(now, codes, await self._waves_answered(connection, mos))
        said = await inbox.replies_since(connection, {mo.bidx for mo in mos}, now - HOUR_MS)
        states = {code: (state, at) for code, state, at in await tips.states(connection, _asked(readings))}
        approvers = await users.approvers(connection, _perhaps_approvers(mos))
        for mo, reading in zip(mos, readings, strict=True):
            answer = await self._approval(connection, mo, approvers.get(mo.bidx), now)
            answer = answer or await self._answer(connection, turn, mo, reading, states)
            alarm = self._reply(turn, mo, answer.words, said)
            alarms = "; ".join(filter(None, (mo.alarm, answer.alarm, alarm))) or None
            wave = turn.waves[mo.id] if answer.action != APPROVAL else None  # an approver answers us, no wave
            turn.handled.append(Handled(mo.id, answer.action, alarms, wave=wave))
        await self._store(connection, turn)
        return len(mos)

    async def _read(self, mo: Mo) -> Reading:
        await asyncio.sleep(0)  # reading costs up to a millisecond, and departures on the same loop have their slots
        return read(nfc(mo.text), mo.channel, self._places, self._deployment.keywords.aliases)

    async def _waves_answered(self, connection: AsyncConnection, mos: Sequence[Mo]) -> dict[int, int | None]:
        asked = [Asked(mo.bidx, mo.received_at, self._commune, by_sms=mo.channel == Channel.SMS and mo.placement is None) for mo in mos]
        waves = await waves_of(connection, asked, self._deployment.campaign.timezone)
        return {mo.id: wave for mo, wave in zip(mos, waves, strict=True)}

    async def _store(self, connection: AsyncConnection, turn: _Turn) -> None:
        await tips.add_tips(connection, turn.tips)
        await tips.add_dna_requests(connection, turn.dna)
        await tips.add_questions(connection, turn.questions)
        if turn.replies:
            await enqueue(connection, turn.replies, turn.now)
            self.replied.set()
        await inbox.mark(connection, turn.handled)

    # --- meaning ---

    async def _approval(self, connection: AsyncConnection, mo: Mo, approver: User | None, now: int) -> _Answer | None:
        """The DUYET of `approver`; None: it is none, and read like every text."""
        if approver is None or not _may_be_approval(mo):
            return None
        found = await approval_sms.approve_by_sms(connection, self._database.keyring, self._routes, approver, mo.text, now)
        if found is None:
            return None
        return _Answer(APPROVAL, found.words(self._replies), WRONG_CODE if found.verdict is Verdict.WRONG else None)

    async def _answer(
        self, connection: AsyncConnection, turn: _Turn, mo: Mo, reading: Reading, states: Mapping[str, tuple[str, int]]
    ) -> _Answer:
        if mo.channel == Channel.WEB:  # a form has no keywords: whatever was written there was meant to be told
            return self._web(turn, mo, reading)
        match reading.kind:
            case Kind.OPTOUT | Kind.OPTIN:
                return await self._consent(connection, mo, reading.kind)
            case Kind.TIP:
                return self._tip(turn, mo, reading)
            case Kind.DNA:
                return self._dna(turn, mo, reading)
            case Kind.QUESTION if reading.urgent:  # who asks what to do with a shell stands beside it
                return self._tip(turn, mo, reading)
            case Kind.QUESTION:
                turn.questions.append(NewQuestion(self._commune, mo.id, mo.channel, mo.sender, mo.text, mo.received_at))
                return _Answer(reading.kind, self._replies.text(ReplyName.QUESTION))
            case Kind.STATUS:
                return self._status(reading, states)
            case Kind.EMPTY:
                return _Answer(reading.kind, self._replies.text(ReplyName.HELP))
            case Kind.UNKNOWN | Kind.ABUSE:
                return _Answer(reading.kind, self._replies.text(ReplyName.HELP), FOR_THE_DESK)

    @property
    def _commune(self) -> str:
        return self._deployment.campaign.commune

    def _tip(self, turn: _Turn, mo: Mo, reading: Reading) -> _Answer:
        code = turn.codes.pop()
        village = reading.village or self._village_of(mo.placement)
        extra = json.loads(mo.raw) if mo.raw else {}  # what a form asked beside the story
        fields = json.dumps(extra | dict(reading.fields) | {"confidence": reading.confidence}, ensure_ascii=False)
        turn.tips.append(
            NewTip(
                code,
                self._commune,
                mo.id,
                mo.channel,
                village,
                mo.placement,
                mo.bidx,
                mo.sender,
                mo.text,
                fields,
                reading.urgent,
                mo.received_at,
                wave=turn.waves[mo.id],
            )
        )
        name = _URGENT[reading.urgent] if reading.urgent else ReplyName.RECEIVED
        return _Answer(Kind.TIP, self._replies.text(name, code=code), f"urgent: {reading.urgent}" if reading.urgent else None)

    def _dna(self, turn: _Turn, mo: Mo, reading: Reading) -> _Answer:
        code = turn.codes.pop()
        turn.dna.append(NewDnaRequest(code, self._commune, mo.id, mo.channel, reading.village, mo.sender, mo.text, mo.received_at))
        if reading.urgent:
            return self._tip(turn, mo, reading)
        return _Answer(Kind.DNA, self._replies.text(ReplyName.DNA, code=code))

    def _web(self, turn: _Turn, mo: Mo, reading: Reading) -> _Answer:
        return self._tip(turn, mo, reading)

    def _village_of(self, placement: str | None) -> str | None:
        """The village of the printed code, or page, that a person came by."""
        if placement is None:
            return None
        found = read_placement_code(placement)
        code = found[0] if found else placement
        return code if code in self._deployment.villages else None

    async def _consent(self, connection: AsyncConnection, mo: Mo, kind: Kind) -> _Answer:
        msisdn = read_sender(mo.sender)
        if msisdn is None:  # nobody to remember
            return _Answer(kind, "", FOR_THE_DESK)
        if kind is Kind.OPTOUT:
            await contacts.opt_out(connection, mo.bidx, msisdn, self._commune, mo.received_at)
            return _Answer(kind, self._replies.text(ReplyName.OPTOUT))
        await contacts.opt_in(connection, mo.bidx, msisdn, self._commune, mo.received_at, mo.channel, mo.id)
        return _Answer(kind, self._replies.text(ReplyName.OPTIN))

    def _status(self, reading: Reading, states: Mapping[str, tuple[str, int]]) -> _Answer:
        code = next((code for code in _codes_in(reading) if code in states), None)
        if code is None:
            return _Answer(Kind.STATUS, self._replies.text(ReplyName.STATUS_UNKNOWN))
        return _Answer(Kind.STATUS, self._replies.status(code, *states[code]))

    # --- the reply ---

    def _reply(self, turn: _Turn, mo: Mo, words: str, said: dict[bytes, int]) -> str | None:
        """Enqueue the one reply; returns an alarm where there must be silence."""
        msisdn = read_sender(mo.sender)
        route = None if msisdn is None or mo.channel == Channel.WEB else self._route(mo.route, msisdn)
        if msisdn is None or route is None or not words:
            return None  # a name, a short code, a form: nobody to write to
        if said.get(mo.bidx, 0) >= REPLIES_AN_HOUR:
            return SILENCED
        said[mo.bidx] = said.get(mo.bidx, 0) + 1
        turn.replies.append(
            NewMt(
                ref="".join(self._random.choices(_REF, k=20)),
                msisdn=msisdn,
                bidx=mo.bidx,
                route=route,
                segments=segments_of(words),
                due_at=AT_ONCE,
                expires_at=turn.now + REPLY_LIFE_MS,
                lane=PRIORITY,
                reply_to=mo.id,
                body=words,
            )
        )
        return None

    def _route(self, name: str, msisdn: Msisdn) -> str | None:
        own = [route for route in self._routes if route.name == name]
        reaching = [route for route in self._routes if route.reaches(msisdn)]
        return (own + reaching)[0].name if own or reaching else None


def _home(deployment: Deployment) -> tuple[str, ...]:
    """Names that say "here" and no other village."""
    campaign = deployment.campaign
    return (campaign.commune_name, campaign.province_name.removeprefix("tỉnh ").removeprefix("thành phố "))


def _may_be_approval(mo: Mo) -> bool:
    return mo.channel == Channel.SMS and approval_sms.begins_like_an_approval(mo.text)


def _perhaps_approvers(mos: Sequence[Mo]) -> set[bytes]:
    return {mo.bidx for mo in mos if _may_be_approval(mo)}


def _codes_needed(reading: Reading) -> int:
    """Two where a registration is an urgent tip as well; one is drawn for every other, needed or not: forms make tips of anything."""
    return 2 if reading.kind is Kind.DNA and reading.urgent else 1


def _codes_in(reading: Reading) -> list[str]:
    """What may be a tip code in a look-up, likeliest first: people leave "TT" out, or put spaces and dashes into the code."""
    named = reading.fields.get("case_code")
    words = ["".join(filter(str.isalnum, word)) for word in reading.rest.split()]
    typed = [named if isinstance(named, str) else "", *words, "".join(words), *map("".join, pairwise(words))]
    return list(dict.fromkeys(code for each in typed if (code := read_tip_code(each)) is not None))


def _asked(readings: Sequence[Reading]) -> set[str]:
    return {code for reading in readings if reading.kind is Kind.STATUS for code in _codes_in(reading)}


async def _first(event: asyncio.Event | None, stopped: "asyncio.Task[bool]", timeout_s: float | None) -> None:
    """Until `event`, the stop, or the time is over."""
    waits = {stopped} if event is None else {stopped, asyncio.create_task(event.wait())}
    await asyncio.wait(waits, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    for each in waits - {stopped}:
        each.cancel()
