"""The board of a period: figures beside those of the period before, by channel, village, wave and placement, and what it cost."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.deployment import Deployment
from gateway.domain import period as periods
from gateway.domain.cost import cost_vnd
from gateway.domain.figures import BY_NAME, Count, Counts, Definition, Figure, Kpi, figure, figures, ways
from gateway.domain.period import Period
from gateway.domain.permission import Actor
from gateway.domain.wave import WaveKind
from gateway.number_rules import NumberRules
from gateway.services.numbers.scope import commune_for, day_scopes, placements_in, scope_of
from gateway.storage import numbers
from gateway.storage.database import Database
from gateway.storage.numbers import OF_A_TIP, WaveCost

_EPOCH: Final = date(1970, 1, 1)
_FEW_DAYS: Final = 31  # up to here a curve has a point a day, then one a week
_BY_DAY: Final = tuple(count for count in numbers.ROWS if count is not Count.SCANS)
_OF_WAVES: Final = (Count.SENT, Count.DELIVERED, Count.ANSWERS, Count.ORDERED, *OF_A_TIP)


@dataclass(frozen=True, slots=True)
class Measured:
    """A named figure in every way it can be counted. `chosen`: the way that counts here. `curve`: its course through the period."""

    kpi: Kpi
    chosen: Figure
    others: tuple[Figure, ...]
    before: Figure | None
    curve: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A step from left to right through the funnel. `key`: channel, village, placement or commune; "" where it isn't known."""

    key: str
    scans: int
    tips: int
    concluded: int
    right: int
    found: int


@dataclass(frozen=True, slots=True)
class WaveRow:
    """A wave from what was sent to what was found. `cost`: VND, None where the route's price isn't known."""

    wave: WaveCost
    sent: int
    delivered: int
    answers: int
    tips: int
    right: int
    found: int
    cost: int | None


@dataclass(frozen=True, slots=True)
class Week:
    """The tips of the days `first` to `last`."""

    first: date
    last: date
    tips: int
    right: int


@dataclass(frozen=True, slots=True)
class Cost:
    """What messages cost in the period, VND. `unpriced`: waves whose route has no price today."""

    messages: int
    tips: int
    right: int
    unpriced: int

    @property
    def per_tip(self) -> int | None:
        """VND, rounded; None without tips."""
        return round(self.messages / self.tips) if self.tips else None

    @property
    def per_right(self) -> int | None:
        """VND for each tip that proved true."""
        return round(self.messages / self.right) if self.right else None


@dataclass(frozen=True, slots=True)
class Board:
    """All that the page shows. `counts`, `counts_before`: what the figures are made of."""

    period: Period
    before: Period | None
    counts: Counts
    measured: tuple[Measured, ...]
    by_channel: tuple[Row, ...]
    by_village: tuple[Row, ...]
    by_placement: tuple[Row, ...]
    by_commune: tuple[Row, ...]
    by_week: tuple[Week, ...]
    waves: tuple[WaveRow, ...]
    cost: Cost


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose numbers, of when, by which rules. `prices`: VND a segment by route. `commune` None: all that the actor sees."""

    period: Period
    rules: NumberRules
    prices: Mapping[str, int]
    commune: str | None = None


async def board(database: Database, deployment: Deployment, actor: Actor, asked: Asked) -> Board:
    """The board. Raises Forbidden, StorageDown."""
    commune = commune_for(actor, asked.commune)
    before = periods.before(asked.period, asked.rules.day)
    async with database.read() as connection:
        counts = await counted(connection, deployment, asked.period, commune)
        earlier = await counted(connection, deployment, before, commune) if before else None
        days = await _by_day(connection, deployment, asked.period, commune)
        scope = scope_of(deployment, asked.period, commune)
        groups = {by: await numbers.grouped(connection, scope, by, _grouped_by(by)) for by in _groups(commune)}
        rows = [_wave_row(each, groups["wave"].get(each.id, {}), asked.prices) for each in await numbers.waves(connection, scope)]
    known = [each.code for each in deployment.villages.values() if commune in (None, each.commune)]
    return Board(
        asked.period,
        before,
        counts,
        tuple(_measured(kpi, asked.rules, counts, earlier, days, asked.period) for kpi in Kpi),
        _rows(groups["channel"]),
        _rows(groups["village"], known),
        _rows(groups["placement"], placements_in(deployment, commune)),
        _rows(groups["commune"], deployment.communes) if commune is None else (),
        tuple(_weeks(days, asked.period)),
        tuple(rows),
        _cost(rows, counts),
    )


async def counted(connection: AsyncConnection, deployment: Deployment, period: Period, commune: str | None) -> dict[Count, int]:
    """Every count of a period."""
    found = await numbers.totals(connection, scope_of(deployment, period, commune))
    return found | {Count.PLACEMENTS: len(placements_in(deployment, commune))}


def _groups(commune: str | None) -> tuple[str, ...]:
    return ("channel", "village", "placement", "wave", *(("commune",) if commune is None else ()))


def _grouped_by(by: str) -> tuple[Count, ...]:
    match by:
        case "wave":
            return _OF_WAVES
        case "village" | "placement":
            return (Count.SCANS, *OF_A_TIP)
    return OF_A_TIP


async def _by_day(connection: AsyncConnection, deployment: Deployment, period: Period, commune: str | None) -> dict[date, dict[Count, int]]:
    """Counts by local day; a day on which the clock was changed comes in two parts."""
    found: dict[date, dict[Count, int]] = {}
    for scope in day_scopes(deployment, period, commune):
        for number, counts in (await numbers.grouped(connection, scope, "day", _BY_DAY)).items():
            sums = found.setdefault(_EPOCH + timedelta(days=number), {})
            for count, n in counts.items():
                sums[count] = sums.get(count, 0) + n
    return found


def _measured(kpi: Kpi, rules: NumberRules, counts: Counts, before: Counts | None, days: Mapping[date, Counts], period: Period) -> Measured:
    chosen = BY_NAME[rules.chosen[kpi]]
    others = tuple(figure(each, counts) for each in ways(kpi) if each is not chosen)
    return Measured(
        kpi, figure(chosen, counts), others, figure(chosen, before) if before is not None else None, _curve(chosen, days, period)
    )


def _curve(definition: Definition, days: Mapping[date, Counts], period: Period) -> tuple[int, ...]:
    """What came in so far, from the first day to the last with news; of a rate its share so far, in tenths."""
    if Count.SCANS in definition.value or not days:
        return ()
    step = 1 if (period.last - period.first).days <= _FEW_DAYS else 7
    last, so_far, points = max(days), dict.fromkeys(Count, 0), []
    for ahead in range(0, (last - period.first).days + 1, step):
        for day in (period.first + timedelta(days=ahead + each) for each in range(step)):
            for count, n in days.get(day, {}).items():
                so_far[count] += n
        shown = figure(definition, so_far)
        points.append(shown.value if shown.of is None else shown.tenths or 0)
    return tuple(points)


def _weeks(days: Mapping[date, Counts], period: Period) -> Iterable[Week]:
    """Monday to Sunday, cut to the period; those without a tip too, up to the last with one."""
    if not days:
        return
    first = period.first
    while first <= max(days):
        last = min(first + timedelta(days=6 - first.weekday()), period.last)
        mine = [counts for day, counts in days.items() if first <= day <= last]
        yield Week(first, last, *(sum(each.get(count, 0) for each in mine) for count in (Count.TIPS, Count.RIGHT)))
        first = last + timedelta(days=1)


def _rows(groups: Mapping[Any, Counts], known: Iterable[str] = ()) -> tuple[Row, ...]:  # Any: a key or None
    """The rows of a funnel, most tips first; `known` keys have a row whether anything came or not."""
    found: dict[str, Counts] = {key: {} for key in known} | {key or "": counts for key, counts in groups.items()}
    rows = [
        Row(key, *(counts.get(each, 0) for each in (Count.SCANS, Count.TIPS, Count.CONCLUDED, Count.RIGHT, Count.FOUND)))
        for key, counts in found.items()
    ]
    return tuple(sorted((row for row in rows if row.key or row.tips), key=lambda row: (-row.tips, -row.scans, row.key)))


def _wave_row(wave: WaveCost, counts: Counts, prices: Mapping[str, int]) -> WaveRow:
    if wave.kind == WaveKind.PARTNER:
        price = prices.get(wave.route)
        cost = None if price is None else cost_vnd(wave.charged, price)
    else:
        cost = wave.spent
    sent = counts.get(Count.SENT, 0) or counts.get(Count.ORDERED, 0)
    delivered, answers, tips, right, found = (
        counts.get(each, 0) for each in (Count.DELIVERED, Count.ANSWERS, Count.TIPS, Count.RIGHT, Count.FOUND)
    )
    return WaveRow(wave, sent, delivered, answers, tips, right, found, cost)


def _cost(waves: Sequence[WaveRow], counts: Counts) -> Cost:
    known = [each.cost for each in waves if each.cost is not None]
    return Cost(sum(known), counts.get(Count.TIPS, 0), counts.get(Count.RIGHT, 0), len(waves) - len(known))


def all_figures(counts: Counts) -> dict[str, Figure]:
    """Every figure in every way, by the name of its definition."""
    return figures(counts)
