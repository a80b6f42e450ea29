"""What is counted for the board and for reports. One statement a count says which rows it is made of; sums and traces both come from it.

A count's rows are `(object, n, village, channel, wave, placement, at)`: what to trace it by (a tip's code, a wave's name, a case's number),
how much of it, and by what it can be grouped. So a figure can't differ from the rows that stand behind it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Text,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.caps import DAY_MS
from gateway.domain.figures import Count
from gateway.domain.keyword import Kind
from gateway.domain.message import MtState
from gateway.domain.tip_work import Result, State
from gateway.domain.wave import WaveKind
from gateway.storage.schema import (
    attachment,
    case_file,
    case_outcome,
    case_tip,
    dna_appointment,
    dna_care,
    dna_request,
    mo,
    mt,
    partner_count,
    placement_hung,
    question,
    scan_count,
    tip,
    tip_work,
    wave,
)

BY: Final = ("commune", "village", "channel", "wave", "placement", "day")
_RARE: Final = ("wave", "placement")  # most tips have none: those rows aren't sorted into a group that nobody shows


@dataclass(frozen=True, slots=True)
class Scope:
    """Which rows: local days as [from, until) ms; `first` and `last` of them, ISO 8601. `commune` None: all. `villages`: of the commune."""

    from_ms: int
    until_ms: int
    offset_ms: int
    first: str
    last: str
    commune: str | None
    villages: Collection[str] = ()

    @property
    def parameters(self) -> dict[str, Any]:  # Any: what statements take
        days = {"first_day": int(self.first.replace("-", "")), "last_day": int(self.last.replace("-", ""))}
        mine = {} if self.commune is None else {"commune_": self.commune, "villages_": list(self.villages)}
        return {"from_": self.from_ms, "until_": self.until_ms, "first_": self.first, "last_": self.last, **days, **mine}


@dataclass(frozen=True, slots=True)
class Source:
    """A part of a count: `n` from one object. `kind`: tip | wave | placement | case | dna | question."""

    count: Count
    kind: str
    object: str
    n: int


_NONE: Final = cast(null(), Text)
_NO_WAVE: Final = cast(null(), BigInteger)
_from, _until = bindparam("from_", type_=BigInteger), bindparam("until_", type_=BigInteger)


def _during(at: ColumnElement[Any]) -> ColumnElement[bool]:  # Any: a column of times
    return and_(at >= _from, at < _until)


def _of_tips(*conditions: ColumnElement[bool], n: ColumnElement[int] | None = None) -> Select[Any]:
    """Rows of tips that came in during the scope."""
    columns = (
        tip.c.code.label("object"), (literal(1) if n is None else n).label("n"), tip.c.commune, tip.c.village, tip.c.channel, tip.c.wave,
        tip.c.placement, tip.c.received_at.label("at"),
    )  # fmt: skip
    return select(*columns).where(_during(tip.c.received_at), *conditions)


Column = Any  # a column or an expression of one


def _plain(
    object_: Column, n: Column, commune: Column, village: Column, at: Column, wave_: Column = _NO_WAVE, placement: Column = _NONE
) -> Select[Any]:
    """Rows of something else, in the same columns."""
    columns = (
        object_.label("object"), n.label("n"), commune.label("commune"), village.label("village"), _NONE.label("channel"),
        wave_.label("wave"), placement.label("placement"), at.label("at"),
    )  # fmt: skip
    return select(*columns)


def _literal(text: str) -> ColumnElement[str]:
    return literal_column(f"'{text}'", Text)


def _is(column: ColumnElement[Any], *values: str) -> ColumnElement[bool]:
    return column.in_([_literal(value) for value in values])


_concluded = _is(tip.c.state, State.CONCLUDED)


def _with_result(*results: Result) -> Select[Any]:
    return select(tip_work.c.tip).where(_is(tip_work.c.result, *results))


_later = and_(mo.c.tip == tip.c.id, mo.c.tip.is_not(None), mo.c.id != tip.c.mo)
_photo, _recording = attachment.c.media.like("image/%"), or_(attachment.c.media.like("audio/%"), attachment.c.media.like("video/%"))
_one: Final = literal(1)


def _attached(condition: ColumnElement[bool]) -> Select[Any]:
    return _of_tips(condition, attachment.c.state == "kept").join(attachment, attachment.c.tip == tip.c.id)


_reached = or_(
    _is(mt.c.state, MtState.SENT, MtState.DELIVERED), and_(_is(mt.c.state, MtState.FAILED), mt.c.failure.is_(None))
)  # a carrier's refusal leaves its kind in `failure`; a report that says "failed" doesn't: that one was sent


def _of_waves(what: Select[Any]) -> Select[Any]:
    """Rows of our own waves that began in the scope; `what`: (wave, n), one row a wave."""
    counted = what.subquery()
    return (
        _plain(wave.c.name, counted.c.n, wave.c.commune, _NONE, wave.c.started_at, wave.c.id)
        .join_from(wave, counted, counted.c.wave == wave.c.id)
        .where(_during(wave.c.started_at), wave.c.kind == WaveKind.OWN.value)
    )


_begun = select(wave.c.id).where(_during(wave.c.started_at))


def _mts(condition: ColumnElement[bool]) -> Select[Any]:
    return _of_waves(select(mt.c.wave, func.count().label("n")).where(mt.c.wave.in_(_begun), condition).group_by(mt.c.wave))


_answers = _of_waves(
    select(mo.c.wave, func.count(mo.c.bidx.distinct()).label("n"))
    .where(mo.c.wave.in_(_begun), mo.c.action.is_distinct_from(Kind.OPTOUT.value), mo.c.received_at < _until)
    .group_by(mo.c.wave)
)
_ordered = (
    _plain(wave.c.name, partner_count.c.sent, wave.c.commune, _NONE, wave.c.created_at, wave.c.id)
    .join_from(partner_count, wave, wave.c.id == partner_count.c.wave)
    .where(partner_count.c.day.between(bindparam("first_", type_=Text), bindparam("last_", type_=Text)))
)
_scans = (  # a printed code is all capitals; the same address in small letters was typed or passed on
    _plain(scan_count.c.placement, scan_count.c["count"], _NONE, scan_count.c.village, scan_count.c.day, placement=scan_count.c.placement)
    .where(scan_count.c.day.between(bindparam("first_day", type_=BigInteger), bindparam("last_day", type_=BigInteger)))
    .where(scan_count.c.placement != "", scan_count.c.placement == func.upper(scan_count.c.placement))
)
_recovering = (
    select(case_tip.c.tip)
    .join(case_outcome, case_outcome.c["case"] == case_tip.c["case"])
    .where(case_tip.c.left_at.is_(None), case_outcome.c.kind == "recovered", case_outcome.c.withdrawn_at.is_(None))
)


def _outcomes(kind: str) -> Select[Any]:
    return (
        _plain(case_file.c.number, case_outcome.c["count"], case_outcome.c.commune, _NONE, case_outcome.c.at)
        .join_from(case_outcome, case_file, case_file.c.id == case_outcome.c["case"])
        .where(_during(case_outcome.c.at), case_outcome.c.kind == kind, case_outcome.c.withdrawn_at.is_(None))
    )


_register = _literal("sổ ADN")  # these registrations are in no list but their own: a report says how many, never which
_asked = cast(question.c.id, Text)
FLAGS: Final[dict[Count, ColumnElement[bool]]] = {  # what a tip has come to
    Count.CONCLUDED: and_(_concluded, tip.c.id.not_in(_with_result(Result.OPEN))),
    Count.RIGHT: and_(_concluded, tip.c.id.in_(_with_result(Result.TRUE, Result.PARTLY))),
    Count.FOUND: tip.c.id.in_(_recovering),
}
ROWS: Final[dict[Count, tuple[str, Select[Any]]]] = {
    Count.TIPS: ("tip", _of_tips()),
    Count.LATER_MESSAGES: ("tip", _of_tips().join(mo, _later)),
    Count.PHOTOS: ("tip", _attached(_photo)),
    Count.RECORDINGS: ("tip", _attached(_recording)),
    Count.PAPERS: ("tip", _attached(~or_(_photo, _recording))),
    **{count: ("tip", _of_tips(flag)) for count, flag in FLAGS.items()},
    Count.SENT: ("wave", _mts(_reached)),
    Count.DELIVERED: ("wave", _mts(_is(mt.c.state, MtState.DELIVERED))),
    Count.ANSWERS: ("wave", _answers),
    Count.ORDERED: ("wave", _ordered),
    Count.SCANS: ("placement", _scans),
    Count.DNA_REQUESTS: (
        "dna",
        _plain(_register, _one, dna_request.c.commune, dna_request.c.village, dna_request.c.received_at).where(
            _during(dna_request.c.received_at)
        ),
    ),
    Count.QUESTIONS: (
        "question",
        _plain(_asked, _one, question.c.commune, _NONE, question.c.received_at).where(_during(question.c.received_at)),
    ),
    Count.RECOVERED: ("case", _outcomes("recovered")),
    Count.IDENTIFIED: ("case", _outcomes("identified")),
    Count.COORDINATES: ("case", _outcomes("coordinate")),
    Count.SAMPLES: (
        "dna",
        _plain(_register, _one, dna_appointment.c.commune, _NONE, dna_appointment.c.at).where(
            _during(dna_appointment.c.at), dna_appointment.c.state == "sampled"
        ),
    ),
    Count.MATCHES: (
        "dna",
        _plain(_register, _one, dna_care.c.commune, _NONE, dna_care.c.moved_at).where(
            _during(dna_care.c.moved_at), dna_care.c.state == "result"
        ),
    ),
}  # fmt: skip
OF_A_TIP: Final = (Count.TIPS, *FLAGS)


def _day(at: ColumnElement[Any]) -> ColumnElement[int]:  # Any: a column of times
    """Whole days since 1970 on the local calendar; both engines divide integers to integers."""
    return (at + bindparam("offset_", type_=BigInteger)) // literal_column(str(DAY_MS), BigInteger)


def _within(count: Count, has_commune: bool) -> Select[Any]:
    """A count's rows, those of one commune if asked."""
    rows = ROWS[count][1]
    if not has_commune:
        return rows
    if count is Count.SCANS:  # a village stands in its commune's list, not in the row
        return rows.where(scan_count.c.village.in_(bindparam("villages_", expanding=True)))
    return rows.where(rows.selected_columns["commune"] == bindparam("commune_", type_=Text))


@cache
def _totals(counts: tuple[Count, ...], has_commune: bool) -> Any:  # Any: a compound select
    def total(count: Count) -> Select[Any]:
        rows = _within(count, has_commune).subquery()
        return select(_literal(count).label("count"), func.coalesce(func.sum(rows.c.n), 0))

    return union_all(*map(total, counts))


async def totals(connection: AsyncConnection, scope: Scope, counts: Collection[Count] = tuple(ROWS)) -> dict[Count, int]:
    """Every count of the scope, in one statement."""
    statement = _totals(tuple(counts), scope.commune is not None)
    return {Count(name): int(n) for name, n in await connection.execute(statement, scope.parameters)}


@cache
def _grouped(counts: tuple[Count, ...], by: str, has_commune: bool) -> Any:  # Any: a compound select
    def one(count: Count) -> Select[Any]:
        rows = _within(count, has_commune).subquery()
        key: ColumnElement[Any] = _day(rows.c.at) if by == "day" else rows.c[by]
        chosen = select(_literal(count).label("count"), key.label("key"), func.sum(rows.c.n)).group_by("key")
        return chosen.where(key.is_not(None)) if by in _RARE else chosen

    return union_all(*map(one, counts))


@cache
def _grouped_tips(by: str, has_commune: bool) -> Select[Any]:
    """(key, tips, and how many of them bear each flag), in one walk over the tips: a walk a flag would take four times as long."""
    flags = (func.sum(case((flag, 1), else_=0)) for flag in FLAGS.values())
    key: ColumnElement[Any] = _day(tip.c.received_at) if by == "day" else tip.c[by]
    chosen = select(key.label("key"), func.count(), *flags).where(_during(tip.c.received_at)).group_by("key")
    chosen = chosen.where(key.is_not(None)) if by in _RARE else chosen
    return chosen.where(tip.c.commune == bindparam("commune_", type_=Text)) if has_commune else chosen


async def grouped(connection: AsyncConnection, scope: Scope, by: str, counts: Collection[Count]) -> dict[Any, dict[Count, int]]:
    """Counts by one of `BY`: {key: {count: n}}; None: the village or channel isn't known. Days are counted from 1970-01-01, local."""
    parameters = scope.parameters | ({"offset_": scope.offset_ms} if by == "day" else {})
    found: dict[Any, dict[Count, int]] = {}
    if wanted := [count for count in OF_A_TIP if count in counts]:
        for key, *numbers in await connection.execute(_grouped_tips(by, scope.commune is not None), parameters):
            all_ = dict(zip(OF_A_TIP, map(int, numbers), strict=True))
            found[key] = {count: all_[count] for count in wanted if all_[count]}
    if rest := tuple(count for count in counts if count not in OF_A_TIP):
        for name, key, n in await connection.execute(_grouped(rest, by, scope.commune is not None), parameters):
            found.setdefault(key, {})[Count(name)] = int(n)
    return found


@cache
def _traced(count: Count, has_commune: bool) -> Any:  # Any: a select
    rows = _within(count, has_commune).subquery()
    return select(rows.c.object, func.sum(rows.c.n)).group_by(rows.c.object).order_by(rows.c.object)


async def sources(connection: AsyncConnection, scope: Scope, counts: Collection[Count] = tuple(ROWS)) -> list[Source]:
    """The objects behind each count, by name: what they add up to is the count."""
    found: list[Source] = []
    for count in counts:
        rows = await connection.execute(_traced(count, scope.commune is not None), scope.parameters)
        found += [Source(count, ROWS[count][0], name, int(n)) for name, n in rows]
    return found


@dataclass(frozen=True, slots=True)
class WaveCost:
    """A wave that began in the scope. VND; `charged`: segments that partners charge, for orders."""

    id: int
    name: str
    commune: str
    kind: str
    route: str
    started_at: int
    audience: int
    spent: int
    charged: int


_charged = select(func.coalesce(func.sum(partner_count.c.charged_segments), 0)).where(partner_count.c.wave == wave.c.id).scalar_subquery()
_WAVES: Final = (
    select(wave.c.id, wave.c.name, wave.c.commune, wave.c.kind, wave.c.route, wave.c.started_at, wave.c.audience, wave.c.spent, _charged)
    .where(_during(wave.c.started_at))
    .order_by(wave.c.started_at.desc(), wave.c.id.desc())
)


async def waves(connection: AsyncConnection, scope: Scope) -> Sequence[WaveCost]:
    """The waves of the scope, the latest first."""
    statement = _WAVES if scope.commune is None else _WAVES.where(wave.c.commune == scope.commune)
    parameters = {"from_": scope.from_ms, "until_": scope.until_ms}
    return [WaveCost(*row) for row in await connection.execute(statement, parameters)]


_HUNG: Final = select(placement_hung.c.code).where(
    placement_hung.c.down_on.is_(None), placement_hung.c.hung_on < bindparam("day_", type_=Text)
)


async def hung_since(connection: AsyncConnection, commune: str | None, day: str) -> list[str]:
    """Codes of the placements that hung before `day` (ISO 8601) and hang still."""
    statement = _HUNG if commune is None else _HUNG.where(placement_hung.c.commune == commune)
    return [code for (code,) in await connection.execute(statement, {"day_": day})]
