"""The columns of a report: this period, the one before, the whole campaign, the other reading of "the 25th"; each with its sources."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.deployment import Deployment
from gateway.domain import period as periods
from gateway.domain.figures import Count, Figure, figures
from gateway.domain.period import Kind, Period
from gateway.services.numbers.scope import placements_in, scope_of
from gateway.storage import numbers
from gateway.storage.report_book import FigureRow, SourceRow

NOW: Final = "now"
BEFORE: Final = "before"
TOTAL: Final = "total"
OTHER: Final = "other"


@dataclass(frozen=True, slots=True)
class Column:
    """A period with every figure and the rows that it is the sum of."""

    name: str
    period: Period
    counts: Mapping[Count, int]
    figures: Mapping[str, Figure]
    sources: tuple[SourceRow, ...]


def columns_of(deployment: Deployment, period: Period, cut_day: int) -> dict[str, Period]:
    """The periods that a report on `period` counts."""
    found = {NOW: period, BEFORE: periods.before(period, cut_day), OTHER: periods.other_reading(period, cut_day)}
    if period.kind is not Kind.CLOSING and (first := deployment.campaign.day_one) < period.first:
        found[TOTAL] = Period(Kind.CLOSING, first, period.last, "từ đầu Chiến dịch")
    return {name: each for name, each in found.items() if each is not None}


async def column(connection: AsyncConnection, deployment: Deployment, name: str, period: Period, commune: str | None) -> Column:
    """Count a period from its sources, so that no figure is without them."""
    rows = await numbers.sources(connection, scope_of(deployment, period, commune))
    placements = placements_in(deployment, commune)
    lines: dict[Count, list[tuple[str, int]]] = {count: [] for count in numbers.ROWS}
    for each in rows:
        lines[each.count].append((each.object, each.n))
    lines[Count.PLACEMENTS] = [(code, 1) for code in sorted(placements)]
    counts = {count: sum(n for _, n in each) for count, each in lines.items()}
    return Column(name, period, counts, figures(counts), tuple(_sources(name, lines)))


def _sources(column: str, lines: Mapping[Count, list[tuple[str, int]]]) -> list[SourceRow]:
    kinds = {count: kind for count, (kind, _) in numbers.ROWS.items()} | {Count.PLACEMENTS: "placement"}
    return [SourceRow(f"{count}:{column}", kinds[count], tuple(each)) for count, each in lines.items() if each]


def rows_of(column: Column, chosen: frozenset[str], earlier: Sequence[FigureRow]) -> list[FigureRow]:
    """The figures of a column as they are frozen; `earlier`: what was reported of the same days."""
    said = {each.name.partition(":")[0]: each for each in earlier}
    return [_row(f"{name}:{column.name}", figure, name in chosen, said.get(name)) for name, figure in column.figures.items()]


def _row(name: str, figure: Figure, chosen: bool, said: FigureRow | None) -> FigureRow:
    if said is None or (said.value, said.of) == (figure.value, figure.of):
        return FigureRow(name, figure.value, figure.of, chosen)
    return FigureRow(name, figure.value, figure.of, chosen, said.value, said.of)
