"""The province's table: a month of every commune side by side, from whatever says most: what was sent, else a draft, else counted."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.deployment import Deployment
from gateway.domain.figures import BY_NAME, DEFINITIONS, FIVE, NAMES, OUTCOMES, Count, Figure, figures
from gateway.domain.period import Period
from gateway.domain.permission import Action, Actor
from gateway.number_rules import NumberRules
from gateway.services.numbers.scope import placements_in, scope_of
from gateway.storage import numbers, report_book
from gateway.storage.database import Database
from gateway.storage.report_book import FigureRow

COLUMNS: Final = tuple((kpi, NAMES[kpi]) for kpi in (*FIVE, *OUTCOMES))
COUNTED: Final = "counted"  # no report yet: counted now
FOREIGN: Final = "foreign"  # by an installation of its own


@dataclass(frozen=True, slots=True)
class CommuneRow:
    """A commune's figures by the name of their definition. `state`: draft | signed | sent | counted | foreign."""

    commune: str
    title: str
    state: str
    figures: Mapping[str, Figure]


@dataclass(frozen=True, slots=True)
class RollUp:
    """The table of a period. `chosen`: the definitions shown, in the order of the columns; `total`: over all communes."""

    period: Period
    chosen: tuple[str, ...]
    rows: tuple[CommuneRow, ...]
    total: Mapping[str, Figure]


async def roll_up(database: Database, deployment: Deployment, actor: Actor, rules: NumberRules, period: Period) -> RollUp:
    """The communes that `actor` sees, one row each. Raises Forbidden."""
    actor.need(Action.NUMBERS_READ)
    key = (period.kind.value, period.first.isoformat(), period.last.isoformat())
    mine = [each for each in deployment.communes.values() if actor.sees(each.code)]
    async with database.read() as connection:
        reports = await report_book.of_period(connection, *key)
        frozen = await report_book.figures_of(connection, [row.id for row in reports.values()]) if reports else {}
        foreign = await report_book.taken(connection, *key)
        counts = await _counted(connection, deployment, period)
    rows = []
    for commune in mine:
        if row := reports.get(commune.code):
            rows.append(CommuneRow(commune.code, commune.title, row.state, _frozen(frozen.get(row.id, []))))
        elif own := foreign.get(commune.code):
            rows.append(CommuneRow(commune.code, commune.title, FOREIGN, _foreign(own.figures)))
        else:
            rows.append(CommuneRow(commune.code, commune.title, COUNTED, figures(counts.get(commune.code, {}))))
    chosen = tuple(rules.chosen[kpi] for kpi, _ in COLUMNS)
    return RollUp(period, chosen, tuple(rows), _total(rows))


_COUNTS: Final = tuple(count for count in numbers.ROWS if count is not Count.SCANS)  # a scan's row names no commune


async def _counted(connection: AsyncConnection, deployment: Deployment, period: Period) -> dict[str, dict[Count, int]]:
    """Every count of every commune, as of now."""
    scope = scope_of(deployment, period, None)
    found: dict[str, dict[Count, int]] = await numbers.grouped(connection, scope, "commune", _COUNTS)
    for code, scans in (await numbers.grouped(connection, scope, "village", (Count.SCANS,))).items():
        if village := deployment.villages.get(code):
            mine = found.setdefault(village.commune, {})
            mine[Count.SCANS] = mine.get(Count.SCANS, 0) + scans[Count.SCANS]
    for code in deployment.communes:
        found.setdefault(code, {})[Count.PLACEMENTS] = len(placements_in(deployment, code))
    return found


def _frozen(rows: list[FigureRow]) -> dict[str, Figure]:
    split = ((each.name.partition(":"), each) for each in rows)
    return {name: Figure(BY_NAME[name], each.value, each.of) for (name, _, column), each in split if column == "now" and name in BY_NAME}


def _foreign(stored: str) -> dict[str, Figure]:
    return {name: Figure(BY_NAME[name], value, of) for name, (value, of) in json.loads(stored).items() if name in BY_NAME}


def _total(rows: list[CommuneRow]) -> dict[str, Figure]:
    """Numerators and denominators are added, never rates."""
    found = {}
    for definition in DEFINITIONS:
        mine = [row.figures[definition.name] for row in rows if definition.name in row.figures]
        of = sum(each.of or 0 for each in mine) if definition.of else None
        found[definition.name] = Figure(definition, sum(each.value for each in mine), of)
    return found
