"""The monthly accounts with carriers (đối soát): what went by each route, on whose network, on which local day, and what it should cost."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Final
from zoneinfo import ZoneInfo

from gateway.domain.cost import Prices, cost_vnd
from gateway.domain.operator import Operators
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
    """One route, operator ("" unknown) and local day; `day` None: a sum over days. `price_vnd` None: the route is no longer enabled.

    `cost_ours`: VND for all segments by our count; `cost_carrier`: by the carrier's word, and where it said nothing by ours.
    """

    route: str
    operator: str
    day: date | None
    sums: DaySums
    price_vnd: int | None
    cost_ours: int | None
    cost_carrier: int | None

    @property
    def difference(self) -> int:
        """Segments that the carrier charges more than we count, where it says what it charges."""
        return self.sums.charged - self.sums.counted_segments


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
    tariffs = {route.name: route.tariff for route in routes}
    sums: list[DaySums] = []
    async with database.read() as connection:
        for from_ms, until_ms, offset_ms in stretches(first, last, timezone):
            sums += await reports.day_sums(connection, from_ms, until_ms, offset_ms)
        partners = await reports.partner_days(connection, first.isoformat(), last.isoformat())
    days = sorted(_merged(sums, by_day=True), key=lambda each: (each.route, each.day, each.operator))
    totals = sorted(_merged(sums, by_day=False), key=lambda each: each.route)
    lines = [_line(each, tariffs.get(each.route), database.operators) for each in days]
    return RouteReport(
        month,
        tuple(lines),
        tuple(_total(each, prices.get(each.route), [line for line in lines if line.route == each.route]) for each in totals),
        tuple(partners),
        prices,
    )


def _line(sums: DaySums, tariff: Prices | None, operators: Operators) -> Line:
    """A day's line; numbers of one operator cost what its own price is."""
    day = _EPOCH + timedelta(days=sums.day)
    if tariff is None:
        return Line(sums.route, sums.operator, day, sums, None, None, None)
    price = tariff.of(operators.carried_by(sums.operator))
    theirs = sums.charged + sums.segments - sums.counted_segments
    return Line(sums.route, sums.operator, day, sums, price, cost_vnd(sums.segments, price), cost_vnd(theirs, price))


def _total(sums: DaySums, price: int | None, lines: Sequence[Line]) -> Line:
    """The sum of a route's `lines`. `price`: the highest of its operators'."""
    if price is None:
        return Line(sums.route, sums.operator, None, sums, None, None, None)
    ours, theirs = sum(line.cost_ours or 0 for line in lines), sum(line.cost_carrier or 0 for line in lines)
    return Line(sums.route, sums.operator, None, sums, price, ours, theirs)


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
