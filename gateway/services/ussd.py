"""USSD sessions: each call of a carrier becomes a step of the one dialogue, acted upon and committed before its screen goes back.

Concurrent calls share one transaction, as MOs do: the commit under way collects the next. A repeat gets the previous screen and acts once;
a session that breaks off is closed, and what was told in it gets its receipt by SMS. Time and chance are arguments.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from random import Random
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.carriers.ussd import Phase, UssdTurn
from gateway.deployment import Deployment
from gateway.domain.code import tip_code
from gateway.domain.dialogue import Act, Heard, How, Say, State, Step, dial, step, take_up
from gateway.domain.fold import fold, nfc, unaccent
from gateway.domain.keyword import Kind
from gateway.domain.screen import pages
from gateway.domain.segments import segments_of
from gateway.domain.tip import Channel
from gateway.reading import Gazetteer, Reading, gazetteer_of, place_names_of, read
from gateway.services import alerts, status
from gateway.services.dialogue import ASKS_FOR_A_PERSON, URGENT, Talk, common_values, given, joined, slots_of, talk_json, talk_of
from gateway.services.forwarding import tell_of_tips
from gateway.services.intake import read_sender
from gateway.services.outward import listening
from gateway.services.replies import Replies, ReplyName
from gateway.services.routes import Route
from gateway.services.status import Limited, Standing
from gateway.storage import contacts, dialogues, follow_ups, inbox, tips
from gateway.storage.database import Database, StorageDown
from gateway.storage.dialogues import Consent, Dialogue
from gateway.storage.follow_ups import Joining, Told
from gateway.storage.inbox import DONE, OURS, NewMo, person
from gateway.storage.outbox import AT_ONCE, PRIORITY, NewMt, enqueue, new_refs
from gateway.storage.tips import NewDnaRequest, NewTip

REPEAT_MS: Final = 3_000  # the same input within so long is a carrier's retry: nobody reads a screen and answers it in less
SAME_WORDS_MS: Final = 60_000  # the same words within so long are one too: a carrier waits 10 to 30 s before it tries again
_WORDS: Final = 6  # characters: shorter inputs are choices, and two alike may follow each other
PATIENCE_S: Final = 2.5  # for the commit; networks wait 10 s and more, and people less (carriers.md §5.1)
MOST_WAITING: Final = 2_000  # calls in memory; more are told that we are busy
SWEEP_S: Final = 15.0
JUMPED: Final = "a USSD session changed its number"
_GROUP: Final = 200
_SWEEP: Final = 500
_REPLY_LIFE_MS: Final = 24 * 3_600_000
_MOST_VILLAGES: Final = 9
_MOST_STEPS: Final = 12  # of a session whose beginning we lost, walked through once more


@dataclass(frozen=True, slots=True)
class Screen:
    """What the handset shows; whether it may answer."""

    words: str = field(repr=False)
    go_on: bool


@dataclass(frozen=True, slots=True)
class _Call:
    """One turn, and what could be known of it before the transaction. `key`: hash of its session; `bidx`: of its number, None where that
    comes with the first call alone."""

    route: str
    turn: UssdTurn
    number: str = field(repr=False)
    key: str
    bidx: bytes | None
    septets: int
    now: int


@dataclass(slots=True, eq=False)
class _Waiting:
    call: _Call
    done: asyncio.Future[Screen]


@dataclass(slots=True)
class _Book:
    """What one transaction stores."""

    codes: list[str]
    told: dict[int, Told] = field(default_factory=dict)
    mos: list[NewMo] = field(default_factory=list)
    tips: list[tuple[int, NewTip]] = field(default_factory=list)  # with the place of their MO in `mos`
    dna: list[tuple[int, NewDnaRequest]] = field(default_factory=list)
    rows: list["_Row"] = field(default_factory=list)
    released: list[Dialogue] = field(default_factory=list)
    joining: list[Joining] = field(default_factory=list)
    consents: list[Consent] = field(default_factory=list)
    alerts: list[tuple[int, str]] = field(default_factory=list)


@dataclass(slots=True)
class _Row:
    """A dialogue on its way: the row, its talk, and what it made in this very transaction: a tip with this code, a registration by the
    MO at this place."""

    row: Dialogue
    talk: Talk
    new_code: str = ""
    registered: int | None = None


class UssdSessions:
    """All sessions of one deployment. Made by `open_ussd`. `routes`: by which receipts may leave; `patience_s`: how long a call waits."""

    def __init__(
        self,
        database: Database,
        deployment: Deployment,
        replies: Replies,
        routes: Sequence[Route],
        clock: Callable[[], int],
        random: Random,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._database, self._deployment, self._replies, self._routes = database, deployment, replies, routes
        self._clock, self._random, self._patience_s = clock, random, patience_s
        self._script = deployment.dialogue
        self._values = common_values(deployment)
        self._timing = self._script.timing(Channel.USSD)
        self._places: Gazetteer = gazetteer_of(deployment)
        self._names = place_names_of(deployment)
        self._nothing = read("", Channel.USSD, self._places, deployment.keywords.aliases)
        self._waiting: list[_Waiting] = []
        self._work = asyncio.Event()
        self._ending = False
        self.replied = asyncio.Event()  # set when receipts wait in the outbox

    # --- the door ---

    async def turn(self, route: str, turn: UssdTurn, septets: int) -> Screen:
        """The screen that answers `turn`, once it is committed. Never raises for the database: then the screen says that we are busy."""
        if len(self._waiting) >= MOST_WAITING:
            return self.busy()
        waiting = _Waiting(self._call(route, turn, septets), asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._work.set()
        try:
            async with asyncio.timeout(self._patience_s):
                return await waiting.done
        except TimeoutError:
            if waiting in self._waiting:
                self._waiting.remove(waiting)
            return self.busy()

    async def knows(self, route: str, turn: UssdTurn) -> bool:
        """Whether the session of `turn` is open with us. Raises StorageDown."""
        key = self._call(route, turn, 160).key

        async def unit(connection: AsyncConnection) -> bool:
            found = (await dialogues.by_sessions(connection, [key])).get(key)
            return found is not None and found.ended_at is None

        return await self._database.write(unit)

    def busy(self) -> Screen:
        """When nothing can be stored: a person is named, nothing is promised."""
        return Screen(self._text("busy"), go_on=False)

    def refused(self) -> Screen:
        """For a call that can't be read, or a session that isn't this person's."""
        return Screen(self._text("refused"), go_on=False)

    def _call(self, route: str, turn: UssdTurn, septets: int) -> _Call:
        msisdn = read_sender(turn.msisdn)
        number = msisdn.e164 if msisdn else turn.msisdn
        keyring = self._database.keyring
        key = keyring.blind("\x1f".join((route, turn.session or f"\x1f{number}")), "ussd.session").hex()
        return _Call(route, turn, number, key, person(keyring, number) if number else None, septets, self._clock())

    # --- the writer ---

    async def write_groups(self) -> None:
        """The one writer: a group after the other; between them, what has fallen silent is closed. Until `end` and nothing waits."""
        while not (self._ending and not self._waiting):
            try:
                async with asyncio.timeout(SWEEP_S):
                    await self._work.wait()
            except TimeoutError:
                with suppress(StorageDown):
                    await self.close_silent(self._clock())
            self._work.clear()
            while self._waiting:
                await self._write_group(self._next_group())

    def _next_group(self) -> list[_Waiting]:
        """One call a session: its next one must see what this one does."""
        group: dict[str, _Waiting] = {}
        rest = []
        for each in self._waiting:
            if each.call.key in group or len(group) >= _GROUP:
                rest.append(each)
            else:
                group[each.call.key] = each
        self._waiting[:] = rest
        return list(group.values())

    async def _write_group(self, group: Sequence[_Waiting]) -> None:
        try:
            screens = await self._handle([each.call for each in group])
        except StorageDown:
            screens = [self.busy()] * len(group)
        except Exception:  # one call must not keep the others from their screens
            screens = [await self._alone(each.call) for each in group] if len(group) > 1 else [self.busy()]
        for each, screen in zip(group, screens, strict=True):
            if not each.done.done():
                each.done.set_result(screen)

    async def _alone(self, call: _Call) -> Screen:
        try:
            return (await self._handle([call]))[0]
        except Exception:  # whatever it is, the handset gets a screen and the session can go on
            return self.busy()

    async def _handle(self, calls: Sequence[_Call]) -> list[Screen]:
        async def unit(connection: AsyncConnection) -> tuple[list[Screen], bool]:
            return await self._answer_all(connection, calls)

        screens, is_receipted = await self._database.write(unit)
        if is_receipted:
            self.replied.set()
        return screens

    def end(self) -> None:
        """Answer who waits, then stop."""
        self._ending = True
        self._work.set()

    # --- one transaction ---

    async def _answer_all(self, connection: AsyncConnection, calls: Sequence[_Call]) -> tuple[list[Screen], bool]:
        """The screens of `calls`, in order, and whether receipts wait in the outbox now."""
        known = await dialogues.by_sessions(connection, [call.key for call in calls])
        fresh = {call.bidx for call in calls if call.bidx is not None and self._begins(call, known.get(call.key))}
        before = await dialogues.of_people(
            connection, fresh, [Channel.USSD], calls[0].now - self._timing.answer_ms - self._timing.resume_ms
        )
        likely = sum(map(_may_tell, calls))
        draws = Random(self._random.getrandbits(256))  # seeded anew each turn: asking the system for each letter costs 20 µs a code
        book = _Book(await tips.free_codes(connection, lambda: tip_code(draws), likely) if likely else [])
        book.told = await follow_ups.told(connection, {row.tip for row in (*known.values(), *before.values()) if row.tip is not None})
        screens = [await self._answer(connection, book, call, known.get(call.key), before) for call in calls]
        return screens, await self._store(connection, book)

    def _begins(self, call: _Call, row: Dialogue | None) -> bool:
        """Whether `call` begins a session, or must: it is not a repeat, and there is none that it could go on with."""
        if row is None:
            return True
        silent = call.now - row.touched_at
        match call.turn.phase:
            case Phase.NEW:
                is_repeat = row.last_input == _mark(call) and silent <= REPEAT_MS
                return not is_repeat and not (call.turn.cumulative and row.ended_at is None)
            case Phase.EITHER:
                return silent > (REPEAT_MS if row.ended_at is not None else self._timing.answer_ms)
            case _:
                return False

    async def _answer(
        self, connection: AsyncConnection, book: _Book, call: _Call, row: Dialogue | None, before: Mapping[bytes, Dialogue]
    ) -> Screen:
        if row is not None and call.bidx not in (None, row.bidx):
            return self._jumped(book, call, row)
        if call.turn.phase is Phase.END:
            if row is not None and row.ended_at is None and (talk := talk_of(row)) is not None:
                book.rows.append(self._ended(_Row(row, talk), How.CUT, call.now))
            return Screen("", go_on=False)
        if self._begins(call, row):
            return await self._begin(connection, book, call, row, before)
        talk = talk_of(row) if row is not None else None
        if row is None or talk is None:
            return self.refused()
        if (screen := self._repeated(call, row, talk)) is not None:
            return screen
        return await self._go_on(connection, book, call, _Row(row, talk), _newest(call, row))

    def _repeated(self, call: _Call, row: Dialogue, talk: Talk) -> Screen | None:
        """The previous screen, where `call` is one that we have answered: by its mark, by the whole input, else by its words and haste."""
        last, turn = row.last_input or "", call.turn
        if turn.cumulative:
            again = last == turn.text or last.startswith(f"{turn.text}*") or not turn.text
        elif turn.mark:
            again = last == turn.mark
        else:
            window_ms = SAME_WORDS_MS if len(turn.text) >= _WORDS else REPEAT_MS
            again = last == turn.text and call.now - row.touched_at <= window_ms
        over = row.ended_at is not None and not talk.can_go_on
        return Screen(row.last_screen or "", _goes_on(talk)) if again or over else None

    def _jumped(self, book: _Book, call: _Call, row: Dialogue) -> Screen:
        """A session that is somebody else's: nothing of it is shown or changed, and what was typed may be a person's voice."""
        book.mos.append(self._mo(call, call.turn.text, f"j{row.id}", "refused", JUMPED))
        return self.refused()

    # --- beginning ---

    async def _begin(
        self, connection: AsyncConnection, book: _Book, call: _Call, row: Dialogue | None, before: Mapping[bytes, Dialogue]
    ) -> Screen:
        if call.bidx is None:  # an answer without number in a session that we don't know
            return self.refused()
        earlier = before.get(call.bidx) or row
        old = talk_of(earlier) if earlier is not None else None
        if earlier is not None and old is not None and earlier.ended_at is None:
            closed = self._ended(_Row(earlier, old), How.CUT, call.now)
            old = replace(closed.talk, receipted=True)  # by this closing
            book.rows.append(closed)
        if row is not None:
            self._release(book, row)
        can_resume = earlier is not None and old is not None and old.can_go_on and self._is_recent(earlier, call)
        state, say = take_up(old.state, call.now) if can_resume and old is not None else dial(Channel.USSD, "vi", call.now)
        talk = replace(old, state=state, pages=()) if can_resume and old is not None else Talk(state, call.number, route=call.route)
        tip, mo = (earlier.tip, earlier.mo) if can_resume and earlier is not None else (None, None)
        new = Dialogue(0, Channel.USSD, call.bidx, call.key, "vi", state.step, None, tip, mo, _mark(call), None, call.now, call.now)
        opened = _Row(new, talk)
        if (first := self._first_words(call)) and not can_resume:
            return await self._walk(connection, book, call, opened, first)
        return self._shown(book, call, opened, self._render(opened.talk, say, {}))

    def _is_recent(self, row: Dialogue, call: _Call) -> bool:
        return call.now - row.touched_at <= self._timing.answer_ms + self._timing.resume_ms

    def _release(self, book: _Book, row: Dialogue) -> None:
        """The carrier gives the session's name to a new one."""
        for each in book.rows:
            if each.row.id == row.id:
                each.row = replace(each.row, session=None)
                return
        book.released.append(replace(row, session=None))

    def _first_words(self, call: _Call) -> list[str]:
        """What a first call has typed already: dialled behind the code, or in a session whose beginning we lost."""
        if call.turn.cumulative:
            return call.turn.text.split("*", _MOST_STEPS) if call.turn.text else []
        return [call.turn.text] if call.turn.phase is Phase.ANSWER and self._tells(call.turn.text) else []

    def _tells(self, text: str) -> bool:
        return self._read(text).kind in (Kind.TIP, Kind.OPTOUT)

    async def _walk(self, connection: AsyncConnection, book: _Book, call: _Call, opened: _Row, typed: list[str]) -> Screen:
        """Step by step through what was typed; the story takes all that is left, for its stars are the person's own."""
        words = list(typed)
        screen = self.refused()
        while words and not opened.talk.state.ended:
            text = "*".join(words) if opened.talk.state.step is Step.STORY else words[0]
            words = [] if opened.talk.state.step is Step.STORY else words[1:]
            screen = await self._take(connection, book, call, opened, text)
        return self._shown(book, call, opened, screen.words)

    # --- going on ---

    async def _go_on(self, connection: AsyncConnection, book: _Book, call: _Call, at: _Row, text: str) -> Screen:
        if at.row.ended_at is not None:  # it fell silent, was closed, and the carrier kept it open after all
            at.talk = replace(at.talk, state=replace(at.talk.state, step=at.talk.state.resume, how=None, touched_at=call.now))
        at.talk = replace(at.talk, state=replace(at.talk.state, touched_at=call.now))  # the carrier says how long a session lives
        at.row = replace(at.row, last_input=_mark(call))
        if at.talk.pages and (at.talk.state.ended or fold(text) in self._script.keys.more):
            first, *rest = at.talk.pages
            at.talk = replace(at.talk, pages=tuple(rest))
            return self._put(book, call, at, first)
        at.talk = replace(at.talk, pages=())
        return self._shown(book, call, at, (await self._take(connection, book, call, at, text)).words)

    async def _take(self, connection: AsyncConnection, book: _Book, call: _Call, at: _Row, text: str) -> Screen:
        """One step: what was typed is read, the talk moves, what must be done is put into `book`. The words are those of the whole text."""
        state = at.talk.state
        reading = self._read(text, is_story=state.step is Step.STORY)
        moved, say = step(self._script, state, self._heard(state, text, reading), call.now)
        values = await self._act(connection, book, call, at, say, moved, text, reading)
        at.talk = replace(at.talk, state=moved, code=values.get("code", at.talk.code))
        return Screen(self._render(at.talk, say, values), not moved.ended)

    def _read(self, text: str, *, is_story: bool = False) -> Reading:
        """What `text` says. Only where the story was asked for are any words a story; elsewhere they must look like one."""
        if not text or text.isdigit():  # most inputs are a choice, and reading is what a turn costs
            return self._nothing
        return read(
            nfc(text), Channel.USSD if is_story else Channel.SMS, self._places, self._deployment.keywords.aliases, names=self._names
        )

    def _heard(self, state: State, text: str, reading: Reading) -> Heard:
        village, candidates = reading.village, reading.village_candidates
        if state.step is Step.VILLAGE:
            village, candidates = self._village(text)
        slots = slots_of(self._script, reading)
        return Heard(text, reading.kind, slots, village, candidates[:_MOST_VILLAGES], urgent=reading.urgent is not None)

    def _village(self, text: str) -> tuple[str | None, tuple[str, ...]]:
        """The village that a number off the leaflet, a code or a name means, or those it may mean."""
        said = text.strip(" .#*")
        if said.isascii() and said.isdigit() and len(said) <= 4:
            found = tuple(code for code in self._deployment.villages if int(code.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ") or 0) == int(said))
            return (found[0], ()) if len(found) == 1 else (None, found)
        named = read(nfc(f"LS {text}"), Channel.USSD, self._places, self._deployment.keywords.aliases, names=self._names)
        return named.village, named.village_candidates

    # --- acting ---

    async def _act(
        self, connection: AsyncConnection, book: _Book, call: _Call, at: _Row, say: Say, moved: State, text: str, reading: Reading
    ) -> dict[str, str]:
        """Do what the step asks for; returns what its screen must name."""
        match say.act:
            case Act.TIP:
                return self._tip(book, await self._code(connection, book), call, at, moved, text, reading)
            case Act.ADD:
                return self._add(book, call, at, say, text, reading)
            case Act.DNA:
                code = await self._code(connection, book)
                self._book_mo(book, call, at, text, Kind.DNA)
                village = reading.village or moved.village
                commune = self._deployment.commune_of(village)
                request = NewDnaRequest(code, commune, 0, Channel.USSD, village, at.talk.number, text, call.now)
                book.dna.append((len(book.mos) - 1, request))
                at.registered = len(book.mos) - 1
                at.talk = replace(at.talk, receipted=False)
                return {"code": code}
            case Act.LOOK_UP:
                return {"status": await self._status(connection, at, text, call.now)}
            case Act.OPT_OUT:
                self._book_mo(book, call, at, text, Kind.OPTOUT)
                if (msisdn := read_sender(at.talk.number)) is not None:
                    await contacts.opt_out(connection, at.row.bidx, msisdn, self._commune, call.now)
            case Act.HUMAN:
                self._book_mo(book, call, at, text, "human", ASKS_FOR_A_PERSON)
            case Act.NOTHING:
                pass
        return {}

    @property
    def _commune(self) -> str:
        return self._deployment.campaign.commune

    async def _code(self, connection: AsyncConnection, book: _Book) -> str:
        if not book.codes:
            book.codes = await tips.free_codes(connection, lambda: tip_code(self._random), 1)
        return book.codes.pop()

    def _tip(self, book: _Book, code: str, call: _Call, at: _Row, moved: State, text: str, reading: Reading) -> dict[str, str]:
        self._book_mo(book, call, at, text, Kind.TIP, f"urgent: {reading.urgent}" if reading.urgent else None)
        fields = json.dumps(dict(reading.fields) | {"confidence": reading.confidence}, ensure_ascii=False)
        new = NewTip(
            code=code, commune=self._deployment.commune_of(moved.village), mo=0, channel=Channel.USSD, village=moved.village,
            placement=None, bidx=at.row.bidx, sender=at.talk.number, text=text, fields=fields, urgent=reading.urgent, received_at=call.now,
        )  # fmt: skip
        book.tips.append((len(book.mos) - 1, new))
        at.new_code = code
        at.talk = replace(at.talk, receipted=False)
        return {"code": code, "urgent": reading.urgent or ""}

    def _add(self, book: _Book, call: _Call, at: _Row, say: Say, text: str, reading: Reading) -> dict[str, str]:
        told = book.told.get(at.row.tip or 0)
        if told is None:  # a tip of this very transaction, or one that was erased meanwhile
            book.tips[:] = [(place, _longer(new, text) if new.code == at.new_code else new) for place, new in book.tips]
            return {"code": at.talk.code}
        joining = joined(told, text, say.slot, reading, call.now)
        book.joining.append(joining)
        if reading.urgent and told.urgent is None:
            book.alerts.append((told.id, reading.urgent))
        book.told[told.id] = replace(told, fields=joining.fields, village=joining.village, urgent=joining.urgent)
        if say.choice is not None:
            shown = self._text(f"ask.{say.slot}", code=told.code)
            book.consents.append(given(say.choice, told.id, shown, text, call.now))
        return {"code": told.code, "urgent": joining.urgent or ""}

    async def _status(self, connection: AsyncConnection, at: _Row, text: str, now: int) -> str:
        match await status.look_up(connection, text, at.row.bidx, now):
            case Standing(code=code, state=state, received_at=since):
                return self._replies.status(code, state, since)
            case Limited():
                return self._replies.text(ReplyName.STATUS_LIMITED)
            case _:
                return self._replies.text(ReplyName.STATUS_UNKNOWN)

    def _book_mo(self, book: _Book, call: _Call, at: _Row, text: str, action: str, alarm: str | None = None) -> None:
        book.mos.append(self._mo(call, text, f"u{call.key[:24]}.{call.now}.{len(book.mos)}", action, alarm, at.talk.number))

    def _mo(self, call: _Call, text: str, ident: str, action: str, alarm: str | None, number: str | None = None) -> NewMo:
        sender = call.number if number is None else number
        return NewMo(
            route=call.route, channel=Channel.USSD, carrier_id=f"{OURS}{ident}", sender=sender, receiver=self._deployment.campaign.ussd,
            text=text, received_at=call.now, state=DONE, action=action, alarm=alarm,
        )  # fmt: skip

    # --- the screen ---

    def _render(self, talk: Talk, say: Say, values: Mapping[str, str]) -> str:
        filled = {"code": talk.code, "villages": self._villages(talk.state.candidates), **values}
        return "\n".join(filter(None, (self._named(name, filled) for name in say.names)))

    def _named(self, name: str, values: Mapping[str, str]) -> str:
        match name:
            case "status":
                return values.get("status", "")
            case "urgent":
                return self._replies.text(URGENT.get(values.get("urgent", ""), ReplyName.URGENT_REMAINS), code=values["code"])
            case _:
                return self._script.text(name, Channel.USSD, "vi", self._values | dict(values))

    def _text(self, name: str, **values: str) -> str:
        return self._named(name, values)

    def _villages(self, candidates: Sequence[str]) -> str:
        named = (self._deployment.villages[code] for code in candidates if code in self._deployment.villages)
        return "\n".join(f"{at} {each.name} ({each.code})" for at, each in enumerate(named, 1))

    def _shown(self, book: _Book, call: _Call, at: _Row, words: str) -> Screen:
        plain = unaccent(words)
        first, *rest = pages(plain, call.septets, self._text("more"))
        at.talk = replace(at.talk, pages=tuple(rest))
        return self._put(book, call, at, first)

    def _put(self, book: _Book, call: _Call, at: _Row, words: str) -> Screen:
        at.row = replace(at.row, last_screen=words, touched_at=call.now)
        over = not _goes_on(at.talk)
        book.rows.append(self._ended(at, at.talk.state.how or How.DONE, call.now) if over else at)
        return Screen(words, not over)

    def _ended(self, at: _Row, how: How, now: int) -> _Row:
        """Closed; its state keeps where it stood, so that it can be taken up."""
        state = at.talk.state
        if how is How.CUT and not state.ended:
            state = replace(state, step=Step.ENDED, resume=state.resume if state.step is Step.RESUME else state.step, how=How.CUT)
        at.talk = replace(at.talk, state=state, pages=())
        at.row = replace(at.row, ended_at=now, how=how.value)
        return at

    # --- storing ---

    async def _store(self, connection: AsyncConnection, book: _Book) -> bool:
        """Store all of it; whether there are receipts among it."""
        stored = await inbox.add_mos(connection, self._database.keyring, book.mos) if book.mos else []
        ids = await tips.add_tips(connection, [replace(new, mo=stored[place].id) for place, new in book.tips])
        await tell_of_tips(connection, listening(self._database), [new for _, new in book.tips], self._clock())
        await tips.add_dna_requests(connection, [replace(new, mo=stored[place].id) for place, new in book.dna])
        mos = {new.code: stored[place].id for place, new in book.tips}
        for new in (new for _, new in book.tips if new.urgent):
            await alerts.raise_alert(connection, ids[new.code], new.urgent or "", new.received_at)
        for at in book.rows:
            if at.new_code:
                at.row = replace(at.row, tip=ids[at.new_code], mo=mos[at.new_code])
            elif at.registered is not None:
                at.row = replace(at.row, mo=stored[at.registered].id)
        await follow_ups.join(connection, book.joining, self._deployment.commune_of)
        await dialogues.consent(connection, book.consents)
        for tip, why in book.alerts:
            await alerts.raise_alert(connection, tip, why, self._clock())
        is_receipted = await self._receipts(connection, book.rows)
        rows = [replace(at.row, step=at.talk.state.step.value, slots=talk_json(at.talk)) for at in book.rows]
        await dialogues.save(connection, [*book.released, *rows])
        return is_receipted

    async def _receipts(self, connection: AsyncConnection, rows: Sequence[_Row]) -> bool:
        """The code on paper: one SMS for each tip, and each registration, whose session is over."""
        due = [at for at in rows if at.row.ended_at is not None and at.row.mo is not None and at.talk.code and not at.talk.receipted]
        replies = [mt for at, ref in zip(due, new_refs(len(due)), strict=True) if (mt := self._receipt(at, ref)) is not None]
        for at in due:
            at.talk = replace(at.talk, receipted=True)
        if replies:
            await enqueue(connection, replies, self._clock())
        return bool(replies)

    def _receipt(self, at: _Row, ref: str) -> NewMt | None:
        msisdn = read_sender(at.talk.number)
        own = [route for route in self._routes if route.name == at.talk.route]
        reaching = [route for route in self._routes if msisdn is not None and route.reaches(msisdn)]
        if msisdn is None or not (own + reaching):
            return None
        name = ReplyName.DNA if at.registered is not None else ReplyName.USSD_CUT if at.row.how == How.CUT else ReplyName.RECEIVED
        words = self._replies.text(name, code=at.talk.code)
        now = at.row.ended_at or 0
        return NewMt(
            ref=ref, msisdn=msisdn, bidx=at.row.bidx, route=(own + reaching)[0].name, segments=segments_of(words), due_at=AT_ONCE,
            expires_at=now + _REPLY_LIFE_MS, lane=PRIORITY, reply_to=at.row.mo, body=words,
        )  # fmt: skip

    # --- what falls silent ---

    async def close_silent(self, now: int) -> int:
        """Close sessions that were silent too long, with their receipts, and end questions that waited too long. Raises StorageDown."""

        async def unit(connection: AsyncConnection) -> tuple[int, bool]:
            rows = await dialogues.silent(connection, Channel.USSD, now - self._timing.answer_ms, _SWEEP)
            book = _Book([])
            book.rows = [self._ended(_Row(row, talk), How.CUT, now) for row in rows if (talk := talk_of(row)) is not None]
            is_receipted = await self._store(connection, book)
            rest = () if len(rows) == _SWEEP else (Channel.USSD,)  # what is left of those can't be read: it has no receipt to wait for
            for channel in (*rest, Channel.SMS, Channel.ZALO):
                before = now - self._script.timing(channel).answer_ms
                await dialogues.end_silent(connection, channel, before, now, How.TIMED_OUT.value)
            return len(book.rows), is_receipted

        closed, is_receipted = await self._database.write(unit)
        if is_receipted:
            self.replied.set()
        return closed


def _goes_on(talk: Talk) -> bool:
    """A last screen with more pages goes on until they are read."""
    return not talk.state.ended or bool(talk.pages)


def _mark(call: _Call) -> str:
    """What a repeat of this call is known by."""
    return call.turn.text if call.turn.cumulative else call.turn.mark or call.turn.text


def _may_tell(call: _Call) -> bool:
    """Whether the newest input may become a tip or a registration: both hold letters. Codes are drawn for a whole group at once."""
    return any(c.isalpha() for c in call.turn.text.rpartition("*")[2])


def _longer(new: NewTip, text: str) -> NewTip:
    return replace(new, text=f"{new.text}\n{text}")


def _newest(call: _Call, row: Dialogue) -> str:
    """What was typed last. Of a whole input: what follows the text seen before, for a star may have been typed too."""
    text, seen = call.turn.text, row.last_input or ""
    if not call.turn.cumulative:
        return text
    if not seen or text.startswith(f"{seen}*"):
        return text[len(seen) + 1 :].strip() if seen else text.strip()
    return text.rpartition("*")[2].strip()


@asynccontextmanager
async def open_ussd(
    database: Database,
    deployment: Deployment,
    replies: Replies,
    routes: Sequence[Route],
    clock: Callable[[], int],
    random: Random,
    patience_s: float = PATIENCE_S,
) -> AsyncIterator[UssdSessions]:
    """Sessions and their one writer, which ends after the last call is answered. Close the listeners first, the database after."""
    sessions = UssdSessions(database, deployment, replies, routes, clock, random, patience_s)
    writer = asyncio.create_task(sessions.write_groups(), name="ussd")
    try:
        yield sessions
    finally:
        sessions.end()
        await writer
