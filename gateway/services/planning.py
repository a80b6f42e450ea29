"""Planning: from a rule or a list to a wave and its MTs, in transactions so short that hooks and running waves go on beside it.

    1 every text is measured                      nothing is written yet: a text over the limit, an unknown field leave nothing behind
    2 the wave's row, `planning`, with a token    from here on a planner that dies leaves a wave that can't start
    3 page by page, 3,000 rows a transaction    MTs, counts and the place reached commit together
    4 `planned`, with what it may cost

Who plans the same wave again goes on behind the last committed page; the token tells a planner that slept that its turn is over.
"""

import asyncio
import json
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, Final, NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.audience import FOUND, AudienceRule, LeftOut, Tally, matches_tags
from gateway.domain.campaign import Campaign
from gateway.domain.caps import DAY_MS, WEEK_MS, free_at
from gateway.domain.contact_list import Contact, ContactList
from gateway.domain.cost import cost_vnd
from gateway.domain.msisdn import Msisdn
from gateway.domain.operator import Operators
from gateway.domain.ramp import Ramp
from gateway.domain.text_field import Field, fill
from gateway.domain.village import Village
from gateway.domain.wave import WaveState
from gateway.domain.window import Window, moment_of
from gateway.services import contact_lists
from gateway.services.contact_lists import BadRow, Note
from gateway.services.refusal import Refusal
from gateway.services.routes import Route
from gateway.services.texts import fields_of, filled, rules_of, typed_fields
from gateway.services.wave_texts import VILLAGE_FIELDS, Text, WaveTexts
from gateway.storage import audience, outbox, portability, waves
from gateway.storage.audience import PAGE, Listed, MtRow, Person, Who
from gateway.storage.database import Database
from gateway.storage.seal import Keyring
from gateway.storage.sorted_file import SortedFile
from gateway.storage.waves import NewWave, Wave

LIFE_MS: Final = 3 * DAY_MS  # a wave's MTs expire after three windows
AGAIN_MS: Final = WEEK_MS  # the same text to the same audience within it is asked about
SAMPLES: Final = 3  # texts of each language that a preview shows


@dataclass(frozen=True, slots=True)
class Plan:
    """What to send to whom. `texts`: templates by language, the first is everybody's who has no other. `list`: of `rule.list`, can seek.

    `fields`: kinds of the list's further columns; one that is not named here is text. `again`: a person says that a repeat is meant.
    `commune`: whose wave it is, None: the campaign's. `basis`: the legal basis of the list's rows that name none.
    """

    name: str
    texts: Mapping[str, str] = field(repr=False)
    rule: AudienceRule
    window: Window
    list: BinaryIO | None = None
    fields: tuple[Field, ...] = ()
    max_segments: int = 1
    starts_at: int = 0
    pace_limit: int | None = None
    ramp: Ramp | None = None
    cost_ceiling: int | None = None
    document: str | None = None
    document_date: str | None = None
    planner: int | None = None
    again: bool = False
    commune: str | None = None
    basis: str = ""


@dataclass(frozen=True, slots=True)
class Planned:
    """What was made; `new` False: a wave of this name is there, and these are its counts. Money is VND. `resumed`: a dead planner began.

    `warnings`: what routes may have against the texts, in sentences.
    """

    new: bool
    tally: Tally
    cost_vnd: int
    cost_ceiling: int | None
    resumed: bool = False
    warnings: tuple[str, ...] = ()

    @property
    def audience(self) -> int:
        """MTs."""
        return self.tally.audience

    @property
    def left_out(self) -> int:
        """People whom the rule names and who get none."""
        return self.tally.left_out.total()


def nobody(_: Note) -> None:
    """For who wants no notes on rows."""


def unseen(done: int, total: int) -> None:
    """For who wants no progress."""


async def plan(
    database: Database,
    route: Route,
    campaign: Campaign,
    villages: Mapping[str, Village],
    wanted: Plan,
    now: int,
    tell: Callable[[Note], None] = nobody,
    progress: Callable[[int, int], None] = unseen,
) -> Planned:
    """Make the wave and its MTs, or finish what a dead planner began. `progress`: (people seen, of how many). Raises Refusal, BadText."""
    async with database.read() as connection:
        there = await waves.find(connection, wanted.name)
        who = await _who(connection, campaign, villages, wanted)
    likeness = _likeness(database.keyring, wanted)
    if there is not None and there.state is not WaveState.PLANNING:
        return await _as_it_stands(database, there, route, likeness, wanted)
    if there is not None and not await _is_same(database, there, likeness, route, wanted):
        name = there.name
        raise Refusal(
            f"wave {name} is being planned with another text, audience, route or terms; cancel it first: tinbao wave cancel {name}"
        )
    if there is None and not wanted.again:
        await _mind_repeats(database, likeness, wanted.name, now)
    planner = _Planner(database, route, campaign, villages, wanted, who, now, tell, progress)
    return await planner.run(there, likeness)


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody who would be written to. `number` shows itself masked; `text`: as it would arrive."""

    number: Msisdn
    village: str
    language: str
    text: str = field(repr=False)
    segments: int


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a plan would find, nothing written. `named`: people whom the rule names; `tally` None: too many to be counted on the spot.

    `recipients`: a few, of different villages; `longest`: who gets the longest text.
    """

    named: int
    tally: Tally | None
    recipients: tuple[Recipient, ...] = ()
    longest: Recipient | None = None


async def rehearse(
    database: Database,
    route: Route,
    campaign: Campaign,
    villages: Mapping[str, Village],
    wanted: Plan,
    now: int,
    tell: Callable[[Note], None] = nobody,
    most: int = 20_000,
) -> Rehearsal:
    """Plan without a trace: who would get it, who not and why. `most`: people counted one by one. Raises Refusal, BadText."""
    async with database.read() as connection:
        who = await _who(connection, campaign, villages, wanted)
    return await _Planner(database, route, campaign, villages, wanted, who, now, tell, unseen).rehearse(most)


async def remove(database: Database, wave_id: int) -> None:
    """Take away a wave that is still `planning`, its MTs in chunks: nothing of it ever left. Its planner, if it lives, finds out."""
    await database.write(lambda connection: waves.take_over_planning(connection, wave_id, "removed"))
    while await database.write(lambda connection: audience.forget_some(connection, wave_id)):
        pass
    await database.write(lambda connection: audience.forget(connection, wave_id))


async def _as_it_stands(database: Database, there: Wave, route: Route, likeness: bytes, wanted: Plan) -> Planned:
    """What a wave of this name came to when it was planned. Raises Refusal: it was cancelled."""
    if there.state is WaveState.CANCELLED:
        raise Refusal(f"wave {there.name} was cancelled; plan a new one under another name")
    tally = Tally.of_json(there.audience_rule.get(FOUND, {}))
    tally.audience, tally.segments = there.audience, there.segments
    same = await _is_same(database, there, likeness, route, wanted)
    other = () if same else (f"wave {there.name} has another text, audience, route or terms than named now; it stays as it was planned",)
    return Planned(False, tally, _cost(tally, route, database.operators), there.cost_ceiling, warnings=other)


def _likeness(keyring: Keyring, wanted: Plan) -> bytes:
    """Keyed hash of texts and rule: by it the same wave is known again, and it tells nobody what they are. A list counts by its rows."""
    rule = wanted.rule.as_json()
    if wanted.rule.list is not None:
        rule["list"] = wanted.rule.list.sha256
    return keyring.blind(json.dumps([sorted(wanted.texts.items()), rule], sort_keys=True), "wave")


_TERMS: Final = ("window", "max_segments", "starts_at", "pace_limit", "ramp", "document", "document_date", "planner")


async def _is_same(database: Database, there: Wave, likeness: bytes, route: Route, wanted: Plan) -> bool:
    """Whether the wave that is there says the same to the same people on the same terms."""
    if there.route != route.name or any(getattr(there, term) != getattr(wanted, term) for term in _TERMS):
        return False
    async with database.read() as connection:
        return await audience.likeness_of(connection, there.id) == likeness


async def _mind_repeats(database: Database, likeness: bytes, name: str, now: int) -> None:
    async with database.read() as connection:
        earlier = await waves.alike(connection, likeness, now - AGAIN_MS)
    if earlier is not None and earlier != name:
        raise Refusal(f"wave {earlier} has the same text for the same audience within 7 days; if a second one is meant, add --again")


async def _who(connection: AsyncConnection, campaign: Campaign, villages: Mapping[str, Village], wanted: Plan) -> Who:
    """The rule as the database is asked. A text that names the village is for people of a known one. Raises Refusal, BadText."""
    rule = wanted.rule
    since = until = answered = None
    if rule.phase is not None:
        phase = next((each for each in campaign.phases if each.number == rule.phase), None)
        if phase is None:
            numbers = ", ".join(str(each.number) for each in campaign.phases)
            raise Refusal(f"the campaign has no phase {rule.phase}; campaign.toml names {numbers or 'none'}")
        since = moment_of(phase.first, 0, campaign.timezone)
        until = moment_of(phase.last, 0, campaign.timezone) + DAY_MS
    if rule.not_answered:
        before = await waves.find(connection, rule.not_answered)
        if before is None:
            raise Refusal(f"there is no wave {rule.not_answered}; tinbao wave list shows all")
        answered = before.id
    if rule.list is not None:  # its rows say the rest themselves
        return Who(since=since, until=until, not_answered=answered)
    named = frozenset().union(*map(fields_of, wanted.texts.values()))
    places = rule.villages or (tuple(villages) if named & VILLAGE_FIELDS else ())
    return Who(places, rule.communes, rule.languages, since, until, answered)


class _Page(NamedTuple):
    """People in the order of the blind index up to `last`, the text of each; of a list also whom to store, and rows that came again."""

    people: Sequence[Person]
    texts: Sequence[Text]
    last: bytes
    listed: Sequence[Listed] = ()
    repeated: int = 0


_Member = tuple[Person, Text, str]  # and their operator, "" where the prefix tells none


class _Planner:
    """One planning from its measuring to `planned`."""

    def __init__(
        self,
        database: Database,
        route: Route,
        campaign: Campaign,
        villages: Mapping[str, Village],
        wanted: Plan,
        who: Who,
        now: int,
        tell: Callable[[Note], None],
        progress: Callable[[int, int], None],
    ) -> None:
        self._database, self._route, self._campaign, self._villages = database, route, campaign, villages
        self._wanted, self._who, self._now, self._tell, self._progress = wanted, who, now, tell, progress
        self._begins = max(now, wanted.starts_at)
        self._expires = self._begins + LIFE_MS
        self._tags = frozenset(wanted.rule.tags)
        self._operators: dict[tuple[str, int], str] = {}
        self._recent: list[int] = []
        self._looked_up = False
        self._token = secrets.token_hex(8)

    async def run(self, there: Wave | None, likeness: bytes) -> Planned:
        """Measure, then write."""
        if self._wanted.list is None:
            texts = self._texts_for(())
            total = await self._measure_kinds(texts)
            return await self._write(texts, there, likeness, total, self._known_pages(texts))
        reading = contact_lists.open_list(self._wanted.list, self._list_name, self._villages, self._tell)
        texts = self._texts_for(reading.field_names)
        with SortedFile() as rows:
            await asyncio.to_thread(self._measure_list, reading, texts, rows)
            texts.mind_the_limit()
            if not rows.count:
                raise Refusal(contact_lists.no_row(self._list_name))
            return await self._write(texts, there, likeness, rows.count, self._listed_pages(rows))

    async def rehearse(self, most: int) -> Rehearsal:
        """Measure and count, and write nothing."""
        if self._wanted.list is None:
            texts = self._texts_for(())
            total = await self._measure_kinds(texts)
            return await self._walk(total, self._known_pages(texts)) if total <= most else Rehearsal(total, None)
        reading = contact_lists.open_list(self._wanted.list, self._list_name, self._villages, self._tell)
        texts = self._texts_for(reading.field_names)
        with SortedFile() as rows:
            await asyncio.to_thread(self._measure_list, reading, texts, rows)
            texts.mind_the_limit()
            return await self._walk(rows.count, self._listed_pages(rows)) if rows.count <= most else Rehearsal(rows.count, None)

    async def _walk(self, named: int, pages: Callable[[bytes], AsyncIterator[_Page]]) -> Rehearsal:
        """Count page by page, as `_take_all` does, and keep the few that are shown."""
        tally, found = Tally(), dict[str, Recipient]()
        await self._look_back()
        async for page in pages(b""):
            rows, _ = await self._make(0, page, tally)
            places = {each.bidx: each.village or "" for each in page.people}
            wanted = {tally.longest, *(ref for kept in tally.samples.values() for ref in kept)}
            found |= {row[0]: self._recipient(row, places[row[2]]) for row in rows if row[0] in wanted}
        shown = [found[ref] for kept in tally.samples.values() for ref in kept]
        return Rehearsal(named, tally, tuple(shown), found.get(tally.longest))

    def _recipient(self, row: MtRow, village: str) -> Recipient:
        """The person of an MT that will never be."""
        unseal, language = self._database.keyring.open, str(row[5])
        parameters = json.loads(unseal(row[4], "mt.parameters"))
        words = filled(self._wanted.texts[language], parameters)
        return Recipient(Msisdn(unseal(row[3], "msisdn").decode()), village, language, words, int(row[13]))

    @property
    def _list_name(self) -> str:
        return self._wanted.rule.list.name if self._wanted.rule.list else ""

    def _texts_for(self, own: Sequence[str]) -> WaveTexts:
        wanted, rules = self._wanted, rules_of(self._route)
        return WaveTexts(wanted.texts, wanted.max_segments, rules, self._campaign, self._villages, self._database.keyring, own)

    # --- measuring ---

    async def _measure_kinds(self, texts: WaveTexts) -> int:
        """Measure the text of every village and language that somebody has; how many people that is."""
        async with self._database.read() as connection:
            kinds = await audience.kinds(connection, self._who)
        for village, language, _ in kinds:
            texts.of_kind(village, language)
        texts.mind_the_limit()
        return sum(count for _, _, count in kinds)

    def _measure_list(self, reading: ContactList, texts: WaveTexts, into: SortedFile) -> None:
        """Read the list once: measure every row's text, and put the rows in the order of the database."""
        fields = typed_fields(self._wanted.texts, sorted(texts.personal), self._wanted.fields)
        rule = self._wanted.rule

        def more(row: Contact) -> tuple[object, ...]:
            if not texts.personal:
                return (self._is_meant(row, rule), *texts.of_kind(row.village, row.language))
            accented = texts.accented[texts.language_of(row.language)]
            own, faults = fill(fields, row.cells(), accented, reading.file, row.line)
            if faults:
                raise BadRow(faults)
            return (self._is_meant(row, rule), *texts.of(row.village, row.language, own, row.line))

        contact_lists.put_in_order(reading, into, self._database.keyring, self._villages, self._now, self._tell, more, self._wanted.basis)

    def _is_meant(self, row: Contact, rule: AudienceRule) -> bool:
        """Whether the rule names a person whom the list says to be so."""
        return (
            (not rule.villages or row.village in rule.villages)
            and (not rule.communes or self._villages[row.village].commune in rule.communes)
            and (not rule.languages or row.language in rule.languages)
            and matches_tags(row.tags, self._tags)
        )

    # --- pages ---

    def _known_pages(self, texts: WaveTexts) -> Callable[[bytes], AsyncIterator[_Page]]:
        async def pages(after: bytes) -> AsyncIterator[_Page]:
            while True:
                async with self._database.read() as connection:
                    found = await audience.page(connection, self._who, after)
                if not found:
                    return
                after = found[-1].bidx
                people = [each for each in found if matches_tags(each.tags, self._tags)] if self._tags else found
                yield _Page(people, [texts.of_kind(each.village, each.language) for each in people], after)

        return pages

    def _listed_pages(self, rows: SortedFile) -> Callable[[bytes], AsyncIterator[_Page]]:
        async def pages(after: bytes) -> AsyncIterator[_Page]:
            for page in contact_lists.pages_of(rows, self._list_name, self._tell, PAGE // 2, after):  # each is a contact and an MT
                more = {each.bidx: extra for each, extra in zip(page.people, page.more, strict=True)}
                asked = [each for each in page.people if more[each.bidx][0]]
                async with self._database.read() as connection:
                    known = await audience.among(connection, self._who, [each.bidx for each in asked]) if asked else []
                people = self._merged(asked, {each.bidx: each for each in known})
                texts = [Text(*more[each.bidx][1:]) for each in people]  # type: ignore[arg-type] # as _measure_list put them there
                yield _Page(people, texts, page.people[-1].bidx, contact_lists.with_basis(page.people), page.repeated)

        return pages

    def _merged(self, asked: Sequence[Listed], known: Mapping[bytes, Person]) -> list[Person]:
        """People as the list gives them, with what is known of them: a stop, a block, consent of their own."""
        strangers_too = self._who == Who()  # nobody new to us has got a wave
        people = list[Person]()
        for each in asked:
            has_basis = bool(each.consent or each.legal_basis)
            if (before := known.get(each.bidx)) is not None:
                people.append(
                    Person(
                        each.bidx, each.msisdn, each.village, each.language, None, has_basis or before.has_basis, before.opted_out_at,
                        before.blocked_at,
                    )
                )  # fmt: skip
            elif strangers_too:
                people.append(Person(each.bidx, each.msisdn, each.village, each.language, None, has_basis, None, None))
        return people

    # --- writing ---

    async def _write(
        self, texts: WaveTexts, there: Wave | None, likeness: bytes, total: int, pages: Callable[[bytes], AsyncIterator[_Page]]
    ) -> Planned:
        wave_id, tally, resumed = await self._begin(there, likeness)
        tally.forces_ucs2 = texts.forces_ucs2
        await self._look_back()
        try:
            await self._take_all(wave_id, tally, total, pages(bytes.fromhex(tally.last)))
            texts.mind_the_limit()  # somebody of a village that nobody had been of came in meanwhile
        except Overtaken:
            raise  # it is somebody else's now
        except Refusal:
            await remove(self._database, wave_id)
            raise
        if not tally.audience:
            await remove(self._database, wave_id)
            raise Refusal(_nobody_left(tally))
        return await self._finish(wave_id, tally, resumed, texts.warnings)

    async def _begin(self, there: Wave | None, likeness: bytes) -> tuple[int, Tally, bool]:
        """The wave's row, ours to plan; what a planner before us found."""

        async def unit(connection: AsyncConnection) -> tuple[int, Tally, bool]:
            made = await waves.create(connection, self._frame(likeness), self._now)
            if made is not None:
                return made, Tally(), False
            found = await waves.find(connection, self._wanted.name)
            if found is None or not await waves.take_over_planning(connection, found.id, self._token):
                raise Refusal(f"wave {self._wanted.name} was planned by another command meanwhile; tinbao wave show {self._wanted.name}")
            return found.id, Tally.of_json(found.audience_rule.get(FOUND, {})), True

        return await self._database.write(unit)

    def _frame(self, likeness: bytes) -> NewWave:
        wanted = self._wanted
        return NewWave(
            wanted.name, wanted.commune or self._campaign.commune, self._route.name, wanted.texts, wanted.window, wanted.rule.as_json(),
            max_segments=wanted.max_segments, starts_at=wanted.starts_at, pace_limit=wanted.pace_limit, ramp=wanted.ramp,
            cost_ceiling=wanted.cost_ceiling, document=wanted.document, document_date=wanted.document_date, planner=wanted.planner,
            likeness=likeness, planning=self._token,
        )  # fmt: skip

    async def _take_all(self, wave_id: int, tally: Tally, total: int, pages: AsyncIterator[_Page]) -> None:
        """Page by page; the next one is read while one is written. While MTs are made the database is free for others."""
        seen = tally.audience + tally.left_out.total()
        page = await anext(pages, None)
        while page is not None:
            rows, rule = await self._make(wave_id, page, tally)
            seen += len(page.people) + page.repeated
            _, page = await asyncio.gather(self._commit(wave_id, page.listed, rows, rule, tally), anext(pages, None))
            self._progress(seen, total)

    async def _make(self, wave_id: int, page: _Page, tally: Tally) -> tuple[list[MtRow], dict[str, object]]:
        """The MTs of a page; everything is counted."""
        capped = await self._capped([each.bidx for each in page.people])
        tally.left_out[LeftOut.REPEATED] += page.repeated
        members = self._members(page, capped, await self._told([each.bidx for each in page.people]), tally)
        refs = outbox.new_refs(len(members))
        times = self._now, self._expires
        rows = [
            audience.mt_row(ref, wave_id, person, text.parameters, text.language, operator or None, self._route.name, text.segments, times)
            for ref, (person, text, operator) in zip(refs, members, strict=True)
        ]
        _count(tally, members, refs)
        if self._route.prices.by_operator:
            for _, text, operator in members:
                tally.operator_segments[operator] += text.segments
        tally.last = page.last.hex()
        return rows, self._wanted.rule.as_json() | {FOUND: tally.as_json()}

    async def _commit(
        self, wave_id: int, listed: Sequence[Listed], rows: Sequence[MtRow], rule: Mapping[str, object], tally: Tally
    ) -> None:
        """People, their MTs, counts and the place reached, in one transaction."""
        members, segments = tally.audience, tally.segments

        async def unit(connection: AsyncConnection) -> bool:
            if not await audience.note_progress(connection, wave_id, self._token, rule, members, segments):
                return False
            await audience.remember(connection, listed, self._now)
            await audience.add_mts(connection, rows)
            return True

        if not await self._database.write(unit):
            raise Overtaken(self._wanted.name)

    async def _look_back(self) -> None:
        """Which waves the caps have to be asked about, and whether any look-up was answered."""
        async with self._database.read() as connection:
            self._looked_up = await portability.is_known(connection)
        if self._campaign.caps.per_day or self._campaign.caps.per_week:
            async with self._database.read() as connection:
                self._recent = await audience.recent_waves(connection, self._begins - WEEK_MS)

    async def _capped(self, people: Sequence[bytes]) -> frozenset[bytes]:
        """Those who can't get one more before the wave's MTs expire."""
        if not self._recent:
            return frozenset()
        async with self._database.read() as connection:
            left = await audience.left_since(connection, people, self._recent, self._begins - WEEK_MS, self._now)
        return frozenset(person for person, times in left.items() if free_at(times, self._begins, self._campaign.caps) >= self._expires)

    async def _told(self, people: Sequence[bytes]) -> Mapping[bytes, str]:
        """The operators of those of whom a look-up told; nobody is asked here."""
        if not self._looked_up:
            return {}
        async with self._database.read() as connection:
            return {person: each.operator for person, each in (await portability.answers(connection, people, self._now)).items()}

    def _members(self, page: _Page, capped: frozenset[bytes], told: Mapping[bytes, str], tally: Tally) -> list[_Member]:
        """Everybody of the page who may get one, with text and operator; the others are counted."""
        members, left_out, operators, unseal = list[_Member](), tally.left_out, self._operators, self._database.keyring.open
        numbers = self._route.carrier.CAPABILITIES.addresses == "+"  # who is known at Zalo alone can be answered there; no wave goes there
        prefixes = (self._route.prefixes or ("+",)) if numbers else ()
        for person, text in zip(page.people, page.texts, strict=True):
            if (why := _barred(person)) is not None:
                left_out[why] += 1
                continue
            number = unseal(person.msisdn, "msisdn").decode()
            if not number.startswith(prefixes):
                left_out[LeftOut.UNREACHABLE] += 1
            elif person.bidx in capped:
                left_out[LeftOut.CAPPED] += 1
            else:
                begin = number[:6], len(number)  # all that the table looks at
                if (operator := told.get(person.bidx, operators.get(begin))) is None:
                    operator = operators[begin] = self._database.operators.of(Msisdn(number))
                members.append((person, text, operator))
        return members

    async def _finish(self, wave_id: int, tally: Tally, resumed: bool, warnings: tuple[str, ...]) -> Planned:
        """planning -> planned, at what it costs unless a ceiling was named."""
        named, worst = self._wanted.cost_ceiling, cost_vnd(tally.segments, self._route.price_vnd)
        ceiling = named if named is not None else worst or None  # numbers are portable, and it is booked at the worst price
        tally.last = ""
        rule = self._wanted.rule.as_json() | {FOUND: tally.as_json()}

        async def unit(connection: AsyncConnection) -> bool:
            if not await audience.note_progress(connection, wave_id, self._token, rule, tally.audience, tally.segments):
                return False
            await audience.set_ceiling(connection, wave_id, self._token, ceiling)
            return await waves.planned(connection, wave_id, self._token, tally.audience, tally.segments)

        if not await self._database.write(unit):
            raise Overtaken(self._wanted.name)
        return Planned(True, tally, _cost(tally, self._route, self._database.operators), ceiling, resumed, warnings)


def _cost(tally: Tally, route: Route, operators: Operators) -> int:
    """What the MTs cost, VND: each at the price of its operator by prefix, where the route's price depends on it."""
    counted = tally.operator_segments
    if not route.prices.by_operator or counted.total() != tally.segments:  # the table of prices is younger than the wave
        return cost_vnd(tally.segments, route.price_vnd)
    return sum(cost_vnd(segments, route.tariff.of(operators.carried_by(name))) for name, segments in counted.items())


def _barred(person: Person) -> LeftOut | None:
    """Why this person may not be written to by any wave."""
    if person.blocked_at is not None:
        return LeftOut.BLOCKED
    if person.opted_out_at is not None:
        return LeftOut.OPTED_OUT
    return None if person.has_basis else LeftOut.NO_BASIS


def _count(tally: Tally, members: Sequence[_Member], refs: Sequence[str]) -> None:
    """Add a page's MTs to what was found."""
    texts = [text for _, text, _ in members]
    segments = [text.segments for text in texts]
    tally.audience += len(members)
    tally.segments += sum(segments)
    tally.villages.update([person.village or "" for person, _, _ in members])
    tally.languages.update([text.language for text in texts])
    tally.operators.update([operator for _, _, operator in members])
    tally.by_segments.update({str(size): count for size, count in Counter(segments).items()})
    tally.alphabets.update([text.alphabet for text in texts])
    if members:
        at = max(range(len(texts)), key=lambda at: texts[at].rank)
        if texts[at].rank > tally.longest_rank:
            tally.longest_rank, tally.longest = texts[at].rank, refs[at]
        tally.worst = max(tally.worst, max(segments))
    for language in {text.language for text in texts if len(tally.samples.get(text.language, ())) < SAMPLES}:
        _sample(
            tally.samples.setdefault(language, []), [each for each in zip(members, refs, strict=True) if each[0][1].language == language]
        )


def _sample(kept: list[str], found: Sequence[tuple[_Member, str]]) -> None:
    """Keep the first texts of a language, of different villages as far as there are."""
    if len(kept) < SAMPLES:
        of_each = dict(reversed([(person.village, ref) for (person, _, _), ref in found])).values()
        others = [ref for _, ref in found if ref not in of_each] if len(of_each) < SAMPLES else []
        kept.extend([*of_each, *others][: SAMPLES - len(kept)])


def _nobody_left(tally: Tally) -> str:
    words = "; ".join(tally.left_out_words())
    return f"nobody is left to write to: {words}" if words else "the rule names nobody; tinbao contacts show counts who is known"


class Overtaken(Refusal):
    """Another command plans this wave now, or it was cancelled."""

    def __init__(self, name: str) -> None:
        super().__init__(f"wave {name} is planned by another command now, or was cancelled; tinbao wave show {name}")
