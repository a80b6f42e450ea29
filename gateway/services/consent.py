"""Consent is a person's own yes to words that were shown, and can be shown again (field.md §2.4: silence is none).

To messages of the campaign: on the contact. To a call and to being published: on the tip, with an event that is never changed.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.msisdn import Msisdn
from gateway.storage import consents, contacts, tips
from gateway.storage.consents import May


@dataclass(frozen=True, slots=True)
class Evidence:
    """How a yes or no was given. `source`: a channel; `mo`: the message that says it; `shown`: our words that it answers; `at` in ms."""

    source: str
    mo: int
    shown: str
    at: int


async def agree_to_messages(connection: AsyncConnection, bidx: bytes, msisdn: Msisdn, commune: str, evidence: Evidence) -> None:
    """This person said yes to messages of the campaign; a later no stands."""
    await contacts.opt_in(connection, bidx, msisdn, commune, evidence.at, evidence.source, evidence.mo)
    await consents.note_words(connection, bidx, evidence.mo, evidence.shown)


async def answer(connection: AsyncConnection, tip: int, may: May, evidence: Evidence) -> None:
    """The informant says whether we may call, and whether we may publish. What is not answered stays open; a later word replaces it."""
    if may == May():
        return
    await consents.set_may(connection, tip, may)
    await tips.add_event(connection, tip, tips.CONSENT, note_of(may, evidence), evidence.at)


async def note_all(connection: AsyncConnection, given: Mapping[str, tuple[May, Evidence]]) -> None:
    """The evidence of what stands on tips already, by tip code."""
    ids = await tips.ids_of(connection, given) if given else {}
    for code, (may, evidence) in given.items():
        await tips.add_event(connection, ids[code], tips.CONSENT, note_of(may, evidence), evidence.at)


def note_of(may: May, evidence: Evidence) -> str:
    """The note of a consent's event: JSON {may_call?, may_publish?, source, mo, shown}."""
    given = {name: value for name, value in (("may_call", may.call), ("may_publish", may.publish)) if value is not None}
    return json.dumps(given | {"source": evidence.source, "mo": evidence.mo, "shown": evidence.shown}, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Given:
    """A consent as evidence: what was said and to which words, when, and in which message where it was one."""

    may: May
    shown: str = field(repr=False)
    mo: int | None
    source: str
    at: int


async def evidence_of(connection: AsyncConnection, tip: int) -> list[Given]:
    """Every yes and no of a tip's informant, the first one first; also of notes that say less."""
    found = [(json.loads(note), at) for note, at in await tips.notes_of(connection, tip, tips.CONSENT)]
    return [
        Given(May(told.get("may_call"), told.get("may_publish")), told.get("shown", ""), told.get("mo"), told.get("source", ""), at)
        for told, at in found
    ]
