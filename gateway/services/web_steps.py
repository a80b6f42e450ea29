"""The form after its first press: the tip is stored, and every later page only adds to it (design/web §2).

What is added is read like every text, fills in what was not known, and stands as an event of the tip in the informant's own words.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.deployment import Deployment
from gateway.domain.fold import nfc
from gateway.domain.msisdn import Msisdn
from gateway.domain.tip import Channel
from gateway.reading import Gazetteer, Reading, gazetteer_of, place_names_of, read
from gateway.services.alerts import raise_alert
from gateway.storage import tips, web_steps
from gateway.storage.database import Database
from gateway.storage.follow_ups import ADDED
from gateway.storage.web_steps import Told

# What the form asks last, most useful first (field.md §4.2): the question, and the fields that answer it already.
QUESTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "graves": ("grave_count",),
    "when": ("death_date", "burial_date"),
    "who": ("martyr_name", "unit", "hometown"),
    "signs": ("relics", "documents"),
    "source": ("relation", "witness"),
}
COUNTS: Final[Mapping[str, int | None]] = {"1": 1, "2": 2, "3+": None, "one": None, "unknown": None}  # graves, by the choice made


@dataclass(frozen=True, slots=True)
class Position:
    """Where a phone is, by its own account. WGS84 degrees; `accuracy_m`: radius."""

    latitude: float
    longitude: float
    accuracy_m: int

    def as_fields(self) -> dict[str, Any]:  # Any: JSON
        return {"latitude": self.latitude, "longitude": self.longitude, "accuracy_m": self.accuracy_m, "position_by": "phone"}


@dataclass(frozen=True, slots=True)
class Added:
    """What one page adds. `question`: what was asked, in its language; `fields`: known without reading."""

    question: str
    words: str = field(repr=False)
    fields: Mapping[str, Any] = field(default_factory=dict, repr=False)  # Any: JSON


@dataclass(frozen=True, slots=True)
class Caller:
    """A number that may be called, and what the informant agreed to: `shown`, the words of the button, is the evidence (field.md §2.4)."""

    msisdn: Msisdn
    who: str = field(repr=False)
    shown: str
    language: str


class WebSteps:
    """The later pages of one deployment's form."""

    def __init__(self, database: Database, deployment: Deployment) -> None:
        self._database = database
        self._places: Gazetteer = gazetteer_of(deployment)
        self._names = place_names_of(deployment)
        self._aliases = deployment.keywords.aliases

    async def told(self, code: str) -> Told | None:
        """The tip of this code, as it is known now. Raises StorageDown."""
        async with self._database.read() as connection:
            return await web_steps.told(connection, code)

    async def add(self, code: str, added: Added, now: int) -> bool:
        """Add words, a choice or a position to a tip; False: there is no such tip. Raises StorageDown."""
        reading = read(nfc(added.words), Channel.WEB, self._places, self._aliases, names=self._names) if added.words else None

        async def unit(connection: AsyncConnection) -> bool:
            tip = await web_steps.told(connection, code, locked=True)
            if tip is None:
                return False
            await tips.add_event(connection, tip.id, ADDED, _note(added), now)
            urgent = tip.urgent or (reading.urgent if reading else None)
            await web_steps.set_fields(connection, tip.id, _fields(tip, added, reading), urgent)
            if urgent is not None and tip.urgent is None:
                await raise_alert(connection, tip.id, urgent, now)
            return True

        return await self._database.write(unit)

    async def may_call(self, code: str, caller: Caller, now: int) -> bool:
        """Put the number on the tip, with the evidence of its consent; False: there is no such tip. Raises StorageDown."""
        bidx = self._database.keyring.blind(caller.msisdn.e164, "msisdn")
        evidence = {"source": "web", "shown": caller.shown, "language": caller.language, "tip": code, "at": now}

        async def unit(connection: AsyncConnection) -> bool:
            tip = await web_steps.told(connection, code, locked=True)
            if tip is None:
                return False
            await web_steps.set_caller(connection, tip.id, caller.msisdn.e164, bidx)
            if caller.who:
                fields = json.loads(tip.fields) | {"contact_name": caller.who}
                await web_steps.set_fields(connection, tip.id, json.dumps(fields, ensure_ascii=False), tip.urgent)
            await tips.add_event(connection, tip.id, tips.CONSENT, json.dumps(evidence, ensure_ascii=False), now)
            return True

        return await self._database.write(unit)


def missing(fields: str, shown: tuple[str, ...] = ()) -> str | None:
    """The most useful question that `fields` (JSON) doesn't answer and that was not `shown` yet; None: nothing is left to ask."""
    known = json.loads(fields)
    return next((name for name, keys in QUESTIONS.items() if name not in shown and not any(known.get(key) for key in keys)), None)


def _note(added: Added) -> str:
    return " ".join(filter(None, (added.question, added.words))) + ("".join(f" [{k}: {v}]" for k, v in added.fields.items()))


def _fields(tip: Told, added: Added, reading: Reading | None) -> str:
    """What was read before stays; a position or a choice is the informant's own word and wins."""
    read_now = dict(reading.fields) if reading else {}
    return json.dumps({**read_now, **json.loads(tip.fields), **added.fields}, ensure_ascii=False)
