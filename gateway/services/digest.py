"""The morning digest: once a day the first level of the duty list learns how many tips came, and how many still wait. Counts only."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.caps import DAY_MS
from gateway.domain.segments import segments_of
from gateway.services.replies import Replies, ReplyName
from gateway.services.routes import Route
from gateway.storage import alerts as rows
from gateway.storage import duty
from gateway.storage.alerts import Morning
from gateway.storage.database import Database
from gateway.storage.duty import OnDuty
from gateway.storage.limits import within
from gateway.storage.outbox import AT_ONCE, PRIORITY, NewMt, enqueue, new_refs

HOUR: Final = 7  # local
LATEST: Final = 11  # who starts the service at noon is not told good morning
_DAY_WINDOW_MS: Final = DAY_MS // 2  # once between HOUR and LATEST, and again the next day
LIFE_MS: Final = 6 * 3_600_000


class Digest:
    """Texts the digest of a deployment, to each commune's duty list of its own tips. `timezone`: where the morning is."""

    def __init__(self, database: Database, timezone: str, replies: Replies, routes: Sequence[Route]) -> None:
        self._database, self._zone = database, ZoneInfo(timezone)
        self._replies, self._routes = replies, routes

    async def mind(self, now: int) -> int:
        """Enqueue today's digest if its hour has come and nobody else has; returns how many texts. Upkeep comes round with it."""
        local = datetime.fromtimestamp(now / 1000, self._zone)
        if not HOUR <= local.hour < LATEST:
            return 0
        since = datetime.combine(local.date(), time(HOUR), self._zone)
        return await self._database.write(lambda connection: self._once(connection, since, now))

    async def _once(self, connection: AsyncConnection, begins: datetime, now: int) -> int:
        people = await duty.everybody(connection)
        mts: list[NewMt] = []
        for commune in sorted({each.commune for each in people}):
            day = self._database.keyring.blind(f"{commune} {begins.date()}", "digest")
            if await within(connection, "digest", day, _DAY_WINDOW_MS, 1, now):
                mts += await self._of(connection, commune, [each for each in people if each.commune == commune], begins, now)
        return await enqueue(connection, mts, now) if mts else 0

    async def _of(self, connection: AsyncConnection, commune: str, people: Sequence[OnDuty], begins: datetime, now: int) -> list[NewMt]:
        """The texts to the first level of one commune's `people`; none where there is nothing to read and nothing to do."""
        until, since = (round(at.timestamp() * 1000) for at in (begins, begins - timedelta(days=1)))
        counts = await rows.morning(connection, commune, since, until)
        if counts == Morning(0, 0, 0, 0):
            return []
        first = [each for each in people if each.level == people[0].level]
        words = self._words(counts, until)
        return [
            _mt(ref, each, words, route, now)
            for ref, each in zip(new_refs(len(first)), first, strict=False)
            if (route := self._route(each))
        ]

    def _words(self, counts: Morning, at: int) -> str:
        numbers = {"count": counts.count, "urgent": counts.urgent, "waiting": counts.waiting, "open": counts.open}
        day = self._replies.moment(at).partition(" ")[0]
        return self._replies.text(ReplyName.DIGEST, day=day, **{name: f"{number:,}".replace(",", ".") for name, number in numbers.items()})

    def _route(self, person: OnDuty) -> str | None:
        return next((route.name for route in self._routes if route.reaches(person.msisdn)), None)


def _mt(ref: str, person: OnDuty, words: str, route: str, now: int) -> NewMt:
    return NewMt(ref, person.msisdn, person.bidx, route, segments_of(words), AT_ONCE, now + LIFE_MS, lane=PRIORITY, body=words)
