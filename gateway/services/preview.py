"""What a planned wave would do: to whom, in which words, at what cost, until when. Nothing is counted anew: planning counted it."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.audience import FOUND, AudienceRule, Tally
from gateway.domain.campaign import Campaign
from gateway.domain.caps import Caps
from gateway.domain.cost import cost_vnd
from gateway.domain.pace import HEADROOM
from gateway.domain.segments import Alphabet, alphabet_of
from gateway.domain.sms_text import TextReport, examine
from gateway.domain.wave import WaveKind, WaveState
from gateway.domain.window import Window
from gateway.services.planning import LIFE_MS
from gateway.services.refusal import Refusal
from gateway.services.routes import Route
from gateway.services.texts import Template, filled, rules_of
from gateway.services.wave_texts import fields_for
from gateway.storage import audience, waves
from gateway.storage.audience import Sample
from gateway.storage.database import Database
from gateway.storage.waves import Wave

MOST_TESTS: Final = 99  # test-sends that are looked for
_DAYS: Final = 400  # windows that an ETA walks through


@dataclass(frozen=True, slots=True)
class ShownText:
    """One text as a person would read it; what is personal in it is masked."""

    language: str
    village: str
    text: str = field(repr=False)
    segments: int


@dataclass(frozen=True, slots=True)
class Preview:
    """A planned wave looked at. Money is VND, times are epoch ms. `ends_at` None: the route's pace has no limit.

    `reports`: by language what can be said of its text, filled in for one person. `tested_at`: when it went to own phones.
    """

    wave: Wave
    rule: AudienceRule
    tally: Tally
    caps: Caps
    price_vnd: int
    cost_vnd: int
    begins_at: int
    ends_at: int | None
    expires_at: int
    samples: tuple[ShownText, ...]
    longest: ShownText | None
    reports: Mapping[str, TextReport]
    tested_at: tuple[int, ...]

    def facts(self) -> dict[str, Any]:  # Any: JSON
        """For a program."""
        wave, tally = self.wave, self.tally
        return {
            "wave": wave.name, "state": wave.state.value, "route": wave.route, "rule": self.rule.as_json(),
            "audience": tally.audience, "segments": tally.segments, "worst": tally.worst,
            "villages": dict(tally.villages), "languages": dict(tally.languages), "operators": dict(tally.operators),
            "by_segments": dict(tally.by_segments), "alphabets": dict(tally.alphabets),
            "left_out": tally.left_out.total(), "left_out_why": tally.left_out_why,
            "caps": asdict(self.caps),
            "price_vnd": self.price_vnd, "cost_vnd": self.cost_vnd, "cost_ceiling": wave.cost_ceiling,
            "window": str(wave.window), "begins_at": self.begins_at, "ends_at": self.ends_at, "expires_at": self.expires_at,
            "pace_limit": wave.pace_limit, "max_segments": wave.max_segments,
            "samples": [asdict(each) for each in self.samples], "longest": asdict(self.longest) if self.longest else None,
            "texts": {language: report.facts() for language, report in self.reports.items()},
            "tested_at": list(self.tested_at), "document": wave.document, "document_date": wave.document_date,
        }  # fmt: skip


async def preview(database: Database, routes: Sequence[Route], campaign: Campaign, name: str, now: int) -> Preview:
    """Look at wave `name`. Raises Refusal: there is none, it is the partner's, or it is not planned to its end."""
    async with database.read() as connection:
        wave = await planned_wave(connection, name)
        tally = Tally.of_json(wave.audience_rule.get(FOUND, {}))
        refs = [ref for kept in tally.samples.values() for ref in kept] + ([tally.longest] if tally.longest else [])
        found = await audience.samples(connection, refs)
        tested = await audience.tests_of(connection, trial_ids(name))
    route = next((each for each in routes if each.name == wave.route), None)
    if route is None:
        raise Refusal(f"wave {name} goes by route {wave.route}, which is not enabled; enable it in gateway.toml")
    own = fields_for(campaign, None).keys()
    shown = {ref: _shown(wave.texts, each, own) for ref, each in found.items()}
    samples = tuple(shown[ref] for kept in tally.samples.values() for ref in kept if ref in shown)
    first = {each.language: each for each in reversed(samples)}
    begins = wave.window.opens_at(max(now, wave.starts_at), campaign.timezone)
    return Preview(
        wave=wave,
        rule=AudienceRule.of_json(wave.audience_rule),
        tally=tally,
        caps=campaign.caps,
        price_vnd=route.price_vnd,
        cost_vnd=cost_vnd(wave.segments, route.price_vnd),
        begins_at=begins,
        ends_at=ends_at(wave, route, begins, campaign.timezone),
        expires_at=max(wave.created_at, wave.starts_at) + LIFE_MS,
        samples=samples,
        longest=shown.get(tally.longest),
        reports=_reports(wave, first, route),
        tested_at=tuple(sorted(tested.values())),
    )


async def planned_wave(connection: AsyncConnection, name: str) -> Wave:
    """Wave `name`, ours and planned. Raises Refusal."""
    wave = await waves.find(connection, name)
    if wave is None:
        raise Refusal(f"there is no wave {name}; tinbao wave list shows all")
    if wave.kind is WaveKind.PARTNER:
        raise Refusal(f"wave {name} is the partner's to send: its people are not known here; tinbao wave order {name}")
    if wave.state is WaveState.PLANNING:
        raise Refusal(f"wave {name} is not planned to its end; run its `tinbao wave plan` again with the same --id")
    return wave


def trial_ids(name: str) -> list[str]:
    """The send ids of a wave's test-sends."""
    return [f"test:{name}:{at}" for at in range(1, MOST_TESTS + 1)]


def ends_at(wave: Wave, route: Route, begins: int, timezone: str) -> int | None:
    """When the last MT would leave (epoch ms), at the route's pace or the wave's own, inside the window. None: no pace limits it."""
    pace = route.pace
    rates = [HEADROOM * limit / per_s for limit, per_s in ((pace.limit, pace.per_s), (wave.pace_limit or 0, 1.0)) if limit]
    if not rates:
        return None
    batch = max(1, route.carrier.CAPABILITIES.max_batch)
    units = {"segments": wave.segments, "messages": wave.audience, "requests": -(-wave.audience // batch)}[pace.unit]
    return _walk(begins, round(1000 * units / min(rates)), wave.window, timezone)


def _walk(begins: int, left_ms: int, window: Window, timezone: str) -> int:
    """`left_ms` of open hours after `begins`."""
    at = window.opens_at(begins, timezone)
    for _ in range(_DAYS):
        shut = window.closes_at(at, timezone)
        if shut is None or at + left_ms <= shut:
            return at + left_ms
        left_ms -= shut - at
        at = window.opens_at(shut, timezone)
    return at


def masked(value: str) -> str:
    """A personal value with its shape only: letters as x, digits as 0; what needs UCS-2 as a letter that needs it too."""
    return "".join(map(_shape, value))


def _shape(character: str) -> str:
    if not character.isalnum():
        return character
    if alphabet_of(character) is Alphabet.UCS2:
        return "Ẋ" if character.isupper() else "ẋ"
    return "0" if character.isnumeric() else "X" if character.isupper() else "x"


def words_of(template: Template, parameters: str, own: Collection[str]) -> str:
    """The text of an MT as anybody may see it: fields that are not in `own` are the person's, and masked."""
    values = json.loads(parameters)
    return filled(template, {name: value if name in own else masked(value) for name, value in values.items()})


def _shown(texts: Mapping[str, Template], sample: Sample, own: Collection[str]) -> ShownText:
    text = words_of(texts[sample.language], sample.parameters, own)
    return ShownText(sample.language, sample.village or "", text, sample.segments)


def _reports(wave: Wave, first: Mapping[str, ShownText], route: Route) -> dict[str, TextReport]:
    rules = rules_of(route)
    order = sorted(first.keys() & wave.texts.keys(), key=lambda language: (language != wave.language, language))
    return {language: examine(first[language].text, route.price_vnd, rules, wave.max_segments) for language in order}
