"""What anybody may know: a few sums of the campaign, without a name, a village or a position; small numbers are not told."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from gateway.deployment import Deployment
from gateway.domain.figures import Count, shielded
from gateway.domain.period import Kind, Period
from gateway.domain.window import local_day
from gateway.services.numbers.scope import scope_of
from gateway.storage import numbers
from gateway.storage.database import Database

KEPT_MS: Final = 60_000
LEAST: Final = 5  # fewer point at people
PUBLIC: Final = (Count.TIPS, Count.CONCLUDED, Count.RIGHT, Count.COORDINATES, Count.RECOVERED, Count.IDENTIFIED, Count.SAMPLES)
_SHIELDED: Final = frozenset({Count.TIPS, Count.CONCLUDED, Count.RIGHT, Count.SAMPLES})  # of the living; a find is told from the first on


@dataclass(frozen=True, slots=True)
class Counters:
    """`counts`: None where there are fewer than five, so that nobody can be guessed. `day_number`: of the campaign's days, from 1."""

    commune: str
    day: date
    day_number: int
    days: int
    counts: Mapping[Count, int | None]


class PublicCounters:
    """The sums of a deployment's commune, counted at most once a minute."""

    def __init__(self, database: Database, deployment: Deployment) -> None:
        self._database, self._deployment = database, deployment
        self._kept: tuple[int, Counters] | None = None

    async def at(self, now: int) -> Counters:
        """The counters of this minute. Raises StorageDown."""
        if self._kept is None or not self._kept[0] <= now < self._kept[0] + KEPT_MS:
            self._kept = (now, await self._counted(now))
        return self._kept[1]

    async def _counted(self, now: int) -> Counters:
        campaign = self._deployment.campaign
        today = local_day(now, campaign.timezone)
        last = max((phase.last for phase in campaign.phases), default=today)
        period = Period(Kind.CLOSING, min(campaign.day_one, today), today, "")
        async with self._database.read() as connection:
            found = await numbers.totals(connection, scope_of(self._deployment, period, campaign.commune), PUBLIC)
        counts = {count: shielded(n, LEAST) if count in _SHIELDED else n for count, n in found.items()}
        days = (last - campaign.day_one).days
        return Counters(campaign.commune_title, today, max(0, min((today - campaign.day_one).days + 1, days)), days, counts)
