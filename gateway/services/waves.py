"""Waves: plan, start, show. Planning is one transaction: killed half-way, nothing of it is there."""

import json
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.deployment import Contact
from gateway.domain.campaign import Campaign
from gateway.domain.segments import Alphabet, alphabet_of, outside_gsm7, segments_of
from gateway.domain.village import Village
from gateway.services.refusal import Refusal
from gateway.services.routes import Route
from gateway.services.sends import DAY_MS, new_ref
from gateway.services.texts import fields_of, render
from gateway.storage import audience, outbox, waves
from gateway.storage.audience import Listed, Person
from gateway.storage.database import Database
from gateway.storage.outbox import NewMt
from gateway.storage.waves import NewWave, Wave

LIFE_MS = 3 * DAY_MS  # a wave's MTs expire after three windows


@dataclass(frozen=True, slots=True)
class Plan:
    """What to send to whom. `contacts`: a list that is imported and addressed; else everybody known in `villages`."""

    name: str
    template: str = field(repr=False)
    villages: tuple[str, ...]
    contacts: tuple[Contact, ...] | None
    max_segments: int
    window: tuple[time, time]


@dataclass(frozen=True, slots=True)
class Planned:
    """`audience`: MTs made. `left_out`: neither consent nor legal basis, or said stop. `worst`: the longest text's segments."""

    audience: int
    segments: int
    left_out: int
    worst: int
    forces_ucs2: tuple[str, ...]


def fields_for(campaign: Campaign, village: Village | None, extra: Mapping[str, str]) -> dict[str, str]:
    """What a wave's template may name: the person's own columns, their village, the campaign's numbers."""
    own = {"thon": village.title, "ma_thon": village.code} if village else {}
    fixed = {
        "dau_so": campaign.short_code,
        "gia": campaign.price_note(accented=False),
        "xa": campaign.commune_title,
        "duong_day_nong": campaign.hotline.national if campaign.hotline else "",
    }
    return {**extra, **fixed, **own}


async def plan(
    database: Database, route: Route, campaign: Campaign, villages: Mapping[str, Village], wanted: Plan, now: int
) -> tuple[Planned, bool]:
    """Make the wave and its MTs. (what was made, True) or (what is there, False) when one of this name exists. Raises Refusal, BadText."""
    named = fields_of(wanted.template)
    known = set(fields_for(campaign, next(iter(villages.values()), None), _columns(wanted.contacts)))
    if strange := sorted(named - known):
        raise Refusal(f"the text names {{{{ {strange[0]} }}}}, which nobody has; it may name: {', '.join(sorted(known))}")
    frame = NewWave(wanted.name, campaign.commune, route.name, wanted.template, _minutes(wanted.window[0]), _minutes(wanted.window[1]))

    async def unit(connection: AsyncConnection) -> tuple[Planned, bool]:
        wave_id = await waves.create(connection, frame, now)
        if wave_id is None:
            there = await waves.find(connection, wanted.name)
            return Planned(there.audience if there else 0, there.segments if there else 0, 0, 0, ()), False
        writer = _Writer(route, campaign, villages, wanted, named, wave_id, now)
        async for people, extras in _audience(connection, database, campaign, wanted, now):
            await writer.write(connection, people, extras)
        await waves.set_audience(connection, wave_id, writer.audience, writer.segments)
        left_out = len(wanted.contacts) - writer.audience if wanted.contacts is not None else 0
        return Planned(writer.audience, writer.segments, left_out, writer.worst, writer.forces_ucs2), True

    return await database.write(unit)


def _columns(contacts: Iterable[Contact] | None) -> dict[str, str]:
    """The further columns that a list has, with the first row's values."""
    first = next(iter(contacts or ()), None)
    return {"ten": first.name, **first.fields} if first else {}


def _minutes(moment: time) -> int:
    return moment.hour * 60 + moment.minute


async def _audience(
    connection: AsyncConnection, database: Database, campaign: Campaign, wanted: Plan, now: int
) -> AsyncIterator[tuple[Sequence[Person], Mapping[bytes, Mapping[str, str]]]]:
    if wanted.contacts is None:
        async for page in audience.people(connection, wanted.villages):
            yield page, {}
        return
    chosen = [each for each in wanted.contacts if each.is_audience and each.village in wanted.villages]
    listed = [
        Listed(
            database.keyring.blind(each.msisdn.e164, "msisdn"),
            each.msisdn,
            each.village,
            each.language,
            each.tags,
            each.consent,
            each.legal_basis,
        )
        for each in chosen
    ]
    await audience.remember(connection, listed, campaign.commune, now)
    for start in range(0, len(listed), 5_000):
        some = listed[start : start + 5_000]
        stopped = await outbox.opted_out(connection, [each.bidx for each in some])
        people = [Person(each.bidx, each.msisdn, each.village, each.language) for each in some if each.bidx not in stopped]
        yield people, {each.bidx: {"ten": row.name, **row.fields} for each, row in zip(some, chosen[start : start + 5_000], strict=True)}


class _Writer:
    """Makes MTs page by page and counts what they cost: each text is rendered once, so the worst case is measured, not guessed."""

    def __init__(
        self,
        route: Route,
        campaign: Campaign,
        villages: Mapping[str, Village],
        wanted: Plan,
        named: Collection[str],
        wave_id: int,
        now: int,
    ) -> None:
        self._route, self._campaign, self._villages, self._wanted = route, campaign, villages, wanted
        self._named, self._wave_id, self._now = named, wave_id, now
        self.audience = self.segments = self.worst = 0
        self.forces_ucs2: tuple[str, ...] = ()
        self._measured: dict[str, int] = {}

    async def write(self, connection: AsyncConnection, people: Sequence[Person], extras: Mapping[bytes, Mapping[str, str]]) -> None:
        """Enqueue one page. Raises Refusal for a text over the limit."""
        mts = [self._mt(person, extras.get(person.bidx, {})) for person in people]
        self.audience += await outbox.enqueue(connection, mts, self._now)
        self.segments += sum(mt.segments for mt in mts)

    def _mt(self, person: Person, extra: Mapping[str, str]) -> NewMt:
        fields = fields_for(self._campaign, self._villages.get(person.village or ""), extra)
        parameters = json.dumps({name: fields[name] for name in sorted(self._named)}, ensure_ascii=False)
        segments = self._measured.get(parameters) or self._measure(parameters)
        return NewMt(
            new_ref(), person.msisdn, person.bidx, self._route.name, segments, self._now, self._now + LIFE_MS,
            wave=self._wave_id, parameters=parameters,
        )  # fmt: skip

    def _measure(self, parameters: str) -> int:
        text = render(self._wanted.template, parameters)
        segments = segments_of(text)
        if segments > self._wanted.max_segments:
            cure = "write it without accents or shorten it" if alphabet_of(text) is Alphabet.UCS2 else "shorten it"
            raise Refusal(f"a text has {len(text)} characters, {segments} segments, over the limit of {self._wanted.max_segments}; {cure}")
        self.worst = max(self.worst, segments)
        self.forces_ucs2 = self.forces_ucs2 or outside_gsm7(text)
        if len(self._measured) < 10_000:  # texts without a personal field are few; personal ones are not worth keeping
            self._measured[parameters] = segments
        return segments


async def start(database: Database, routes: Sequence[Route], name: str, now: int) -> Wave:
    """Let the wave go. Raises Refusal: unknown, not planned any more, or unapproved on a route that reaches people."""

    async def unit(connection: AsyncConnection) -> Wave:
        wave = await waves.find(connection, name)
        if wave is None:
            raise Refusal(f"there is no wave {name}; tinbao wave list shows all")
        route = next((route for route in routes if route.name == wave.route), None)
        if route is None:
            raise Refusal(f"wave {name} goes by route {wave.route}, which is not enabled; enable it in gateway.toml")
        if not route.rehearsal:
            raise Refusal(
                f"wave {name} is not approved, and route {route.name} reaches real subscribers; a second person must approve it first"
            )
        if not await waves.start(connection, wave.id, now):
            raise Refusal(f"wave {name} is {wave.state.value} already")
        return wave

    return await database.write(unit)
