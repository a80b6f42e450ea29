"""The monthly accounts with carriers (đối soát): what went by each route, on whose network, on which local day, and what it should cost."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Final
from zoneinfo import ZoneInfo

from gateway.domain.cost import cost_vnd
from gateway.domain.window import moment_of
from gateway.services.refusal import Refusal
from gateway.services.routes import Route
from gateway.storage import reports
from gateway.storage.database import Database
from gateway.storage.reports import DaySums, PartnerDay

_HOUR_MS: Final = 3_600_000
_EPOCH: Final = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Line:
    """One route, operator ("" unknown) and local day; `day` None: a sum over days. `price_vnd` None: the route is no longer enabled."""

    route: str
    operator: str
    day: date | None
    sums: DaySums
    price_vnd: int | None

    @property
    def difference(self) -> int:
        """Segments that the carrier charges more than we count, where it says what it charges."""
        return self.sums.charged - self.sums.counted_segments

    @property
    def cost_ours(self) -> int | None:
        """VND for all segments by our count."""
        return None if self.price_vnd is None else cost_vnd(self.sums.segments, self.price_vnd)

    @property
    def cost_carrier(self) -> int | None:
        """VND by the carrier's word; what it said nothing of, by ours."""
        if self.price_vnd is None:
            return None
        return cost_vnd(self.sums.charged + self.sums.segments - self.sums.counted_segments, self.price_vnd)


@dataclass(frozen=True, slots=True)
class RouteReport:
    """A month, ordered by route, day and operator. `totals`: one line a route. `partners`: what partners counted of area orders.

    `prices`: VND a segment of the routes that are enabled.
    """

    month: str
    lines: tuple[Line, ...]
    totals: tuple[Line, ...]
    partners: tuple[PartnerDay, ...]
    prices: Mapping[str, int]


def read_month(text: str) -> tuple[date, date]:
    """First and last day of "2026-11". Raises Refusal."""
    try:
        first = datetime.strptime(text.strip(), "%Y-%m").date()  # noqa: DTZ007 # a day of the calendar, not a moment
    except ValueError:
        raise Refusal(f"“{text}” is no month; write it like 2026-11") from None
    return first, (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


async def route_report(database: Database, routes: Sequence[Route], month: str, timezone: str) -> RouteReport:
    """The accounts of `month` ("2026-11") on the calendar of `timezone`. Raises Refusal, StorageDown."""
    first, last = read_month(month)
    prices = {route.name: route.price_vnd for route in routes}
    sums: list[DaySums] = []
    async with database.read() as connection:
        for from_ms, until_ms, offset_ms in stretches(first, last, timezone):
            sums += await reports.day_sums(connection, from_ms, until_ms, offset_ms)
        partners = await reports.partner_days(connection, first.isoformat(), last.isoformat())
    days = sorted(_merged(sums, by_day=True), key=lambda each: (each.route, each.day, each.operator))
    totals = sorted(_merged(sums, by_day=False), key=lambda each: each.route)
    return RouteReport(
        month,
        tuple(_line(each, _EPOCH + timedelta(days=each.day), prices) for each in days),
        tuple(_line(each, None, prices) for each in totals),
        tuple(partners),
        prices,
    )


def _line(sums: DaySums, day: date | None, prices: dict[str, int]) -> Line:
    return Line(sums.route, sums.operator, day, sums, prices.get(sums.route))


def _merged(sums: Iterable[DaySums], by_day: bool) -> Iterator[DaySums]:
    """Sums of one key as one: a day on which the clock was changed came in two parts."""

    def key(each: DaySums) -> tuple[str, str, int]:
        return (each.route, each.operator, each.day) if by_day else (each.route, "", 0)

    for (route, operator, day), same in groupby(sorted(sums, key=key), key):
        rows = list(same)
        yield DaySums(route, operator, day, *(sum(getattr(row, name) for row in rows) for name in _NUMBERS))


_NUMBERS: Final = tuple(each.name for each in fields(DaySums))[3:]


def stretches(first: date, last: date, timezone: str) -> list[tuple[int, int, int]]:
    """The days `first` to `last` as (from, until, offset) in ms, each with one offset from UTC: one, except where clocks are changed."""
    start, end = moment_of(first, 0, timezone), moment_of(last + timedelta(days=1), 0, timezone)
    found: list[tuple[int, int, int]] = []
    at = start
    while at < end:
        until = min(end, (at // _HOUR_MS + 1) * _HOUR_MS)  # clocks are changed on the hour
        offset = _offset_ms(at, timezone)
        if found and found[-1][2] == offset:
            found[-1] = (found[-1][0], until, offset)
        else:
            found.append((at, until, offset))
        at = until
    return found


def _offset_ms(at: int, timezone: str) -> int:
    offset = datetime.fromtimestamp(at / 1000, UTC).astimezone(ZoneInfo(timezone)).utcoffset()
    return (offset or timedelta()) // timedelta(milliseconds=1)
