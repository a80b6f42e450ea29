"""Test-sends: a wave's real text, in each of its languages, to phones of our own before it goes to everybody."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.audience import FOUND, Tally
from gateway.domain.campaign import Campaign
from gateway.domain.msisdn import Msisdn
from gateway.services.preview import planned_wave, trial_ids, words_of
from gateway.services.refusal import Refusal
from gateway.services.routes import Route, route_named
from gateway.services.sends import Order, Taken, enqueue_in
from gateway.services.wave_texts import fields_for
from gateway.storage import audience
from gateway.storage.database import Database

MOST: Final = 5  # phones: more is no test


@dataclass(frozen=True, slots=True)
class Tested:
    """`send_ids`: one a language, under which they went. `sent`: messages in the outbox; `opted_out`: of people who said stop."""

    send_ids: tuple[str, ...]
    languages: tuple[str, ...]
    sent: int
    opted_out: int
    segments: int


async def send_tests(
    database: Database, routes: Sequence[Route], campaign: Campaign, name: str, phones: Sequence[Msisdn], now: int
) -> Tested:
    """Put them into the outbox as direct sends: no window, no cap, but opt-outs and `max_unapproved` bind. Raises Refusal."""
    if not 0 < len(set(phones)) <= MOST:
        raise Refusal(f"a test goes to one to {MOST} phones, and {len(set(phones))} are named; a wave is for more")
    async with database.read() as connection:
        wave = await planned_wave(connection, name)
        tally = Tally.of_json(wave.audience_rule.get(FOUND, {}))
        first = {language: kept[0] for language, kept in tally.samples.items() if kept}
        found = await audience.samples(connection, list(first.values()))
        used = await audience.tests_of(connection, trial_ids(name))
    route = route_named(routes, wave.route)
    own = fields_for(campaign, None).keys()
    free = [each for each in trial_ids(name) if each not in used]
    languages = sorted((each for each in wave.texts if first.get(each) in found), key=lambda each: (each != wave.language, each))
    if len(free) < len(languages):
        raise Refusal(f"wave {name} was tested {len(used)} times; plan it anew if its text is still not right")
    people = tuple(dict.fromkeys(phones))
    texts = [words_of(wave.texts[language], found[first[language]].parameters, own) for language in languages]
    orders = [Order(send_id, people, text) for send_id, text in zip(free, texts, strict=False)]

    async def unit(connection: AsyncConnection) -> list[Taken]:
        return [await enqueue_in(connection, database.keyring, route, order, now) for order in orders]

    taken = await database.write(unit)  # all languages or none
    return Tested(
        tuple(order.id for order in orders), tuple(languages), sum(each.accepted for each in taken), sum(each.opted_out for each in taken),
        sum(each.segments * each.accepted for each in taken),
    )  # fmt: skip
