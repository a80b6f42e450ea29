"""Sums over MTs for the monthly accounts with carriers, grouped in the database: it may hold millions of rows, a report has hundreds."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, and_, bindparam, case, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.caps import DAY_MS
from gateway.domain.message import MtState
from gateway.storage.orders import Count
from gateway.storage.schema import mt, partner_count, wave


@dataclass(frozen=True, slots=True)
class DaySums:
    """What a route took on one operator's network in a local day. `day`: days since 1970-01-01, local. `operator`: "" unknown.

    `mts`, `segments`: taken by the carrier, or perhaps taken (`uncertain`). Of `counted` of them it said how many segments it charges:
    `charged`, where we count `counted_segments`. `refused`: never taken.
    """

    route: str
    operator: str
    day: int
    mts: int
    segments: int
    counted: int
    counted_segments: int
    charged: int
    delivered: int
    failed: int
    open: int
    uncertain: int
    refused: int


@dataclass(frozen=True, slots=True)
class PartnerDay:
    """A partner's count with the order and the route it belongs to."""

    route: str
    wave: str
    count: Count


_ENDED: Final = [state.value for state in (MtState.SENT, MtState.DELIVERED, MtState.FAILED, MtState.UNCERTAIN)]


def _is(state: MtState) -> ColumnElement[bool]:
    return mt.c.state == literal_column(f"'{state.value}'")


# A carrier's refusal leaves its kind in `failure`; a DLR that says "failed" doesn't: that one was taken, and is charged.
_refused = and_(_is(MtState.FAILED), mt.c.failure.is_not(None))
_counted = and_(~_refused, mt.c.charged_segments.is_not(None))


def _sum(condition: ColumnElement[bool], value: ColumnElement[Any] | int = 1) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, value), else_=0)), 0)


_SUMS: Final = (  # one walk over the table: an index on sent_at would be paid for by every MT and read once a month
    select(
        mt.c.route,
        func.coalesce(mt.c.operator, "").label("operator_"),
        # Whole days since 1970 on the local calendar; both engines divide integers to integers.
        ((mt.c.sent_at + bindparam("offset_", type_=BigInteger)) // literal_column(str(DAY_MS), BigInteger)).label("day_"),
        _sum(~_refused).label("mts"),
        _sum(~_refused, mt.c.segments).label("segments"),
        _sum(_counted).label("counted"),
        _sum(_counted, mt.c.segments).label("counted_segments"),
        _sum(_counted, mt.c.charged_segments).label("charged"),
        _sum(_is(MtState.DELIVERED)).label("delivered"),
        _sum(and_(_is(MtState.FAILED), mt.c.failure.is_(None))).label("failed"),
        _sum(_is(MtState.SENT)).label("open"),
        _sum(_is(MtState.UNCERTAIN)).label("uncertain"),
        _sum(_refused).label("refused"),
    )
    .where(mt.c.state.in_(_ENDED), mt.c.sent_at >= bindparam("from_"), mt.c.sent_at < bindparam("until_"))
    .group_by(mt.c.route, "operator_", "day_")
)


async def day_sums(connection: AsyncConnection, from_ms: int, until_ms: int, offset_ms: int) -> list[DaySums]:
    """The sums of [from, until) by route, operator and local day, where local time is UTC + `offset_ms` all the while."""
    found = await connection.execute(_SUMS, {"from_": from_ms, "until_": until_ms, "offset_": offset_ms})
    return [DaySums(row[0], row[1], *map(int, row[2:])) for row in found]


async def partner_days(connection: AsyncConnection, first: str, last: str) -> list[PartnerDay]:
    """What partners reported for the days `first` to `last` (ISO 8601), by route, order and day."""
    chosen = (
        select(
            wave.c.route, wave.c.name, partner_count.c.variant, partner_count.c.operator, partner_count.c.day, partner_count.c.sent,
            partner_count.c.delivered, partner_count.c.failed, partner_count.c.charged_segments,
        )
        .join_from(partner_count, wave, wave.c.id == partner_count.c.wave)
        .where(partner_count.c.day.between(first, last))
        .order_by(wave.c.route, wave.c.id, partner_count.c.day, partner_count.c.operator, partner_count.c.variant)
    )  # fmt: skip
    return [PartnerDay(row[0], row[1], Count(*row[2:])) for row in await connection.execute(chosen)]
