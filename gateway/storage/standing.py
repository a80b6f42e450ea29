"""Why something may stand still, as rows: the queue by place, routes, waves, lost answers, reports. Read for `doctor` and `/metrics`.

The queue is counted from mt_due, uncertain MTs from mt_request, reports from the end of their table: what has ended costs nothing.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam, case, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.message import DlrStatus
from gateway.domain.wave import WaveKind, WaveState
from gateway.domain.window import Window
from gateway.storage.outbox import CONDITION_COLUMNS, RouteCondition
from gateway.storage.schema import dlr, mt, request, route_state, wave

LATEST: Final = 1_000  # reports that the statistics look back on

# --- the queue ---


@dataclass(frozen=True, slots=True)
class Queued:
    """What is queued at one place. `due`: may go now; `later`: not before `soonest` (epoch ms)."""

    route: str
    lane: int
    wave: int
    due: int
    later: int
    soonest: int | None

    @property
    def count(self) -> int:
        """All of it."""
        return self.due + self.later


_is_due = mt.c.due_at <= bindparam("now_")
_QUEUE: Final = (
    select(
        mt.c.route,
        mt.c.lane,
        mt.c.wave,
        func.count(case((_is_due, 1))).label("due"),
        func.count(case((~_is_due, 1))).label("later"),
        func.min(case((~_is_due, mt.c.due_at))).label("soonest"),
    )
    .where(mt.c.state == literal_column("'queued'"))
    .group_by(mt.c.route, mt.c.lane, mt.c.wave)
    .order_by(mt.c.route, mt.c.lane, mt.c.wave)
)
_NEXT_LATER: Final = (
    select(mt.c.failure, mt.c.code)
    .where(
        mt.c.route == bindparam("route_"),
        mt.c.lane == bindparam("lane_"),
        mt.c.wave == bindparam("wave_"),
        mt.c.state == literal_column("'queued'"),
        mt.c.due_at > bindparam("now_"),
    )
    .order_by(mt.c.due_at, mt.c.id)
    .limit(1)
)
_HEAD_SINCE: Final = (
    select(case((mt.c.due_at > 0, mt.c.due_at), else_=mt.c.created_at))
    .where(
        mt.c.route == bindparam("route_"),
        mt.c.lane == bindparam("lane_"),
        mt.c.wave == bindparam("wave_"),
        mt.c.state == literal_column("'queued'"),
        mt.c.due_at <= bindparam("now_"),
    )
    .order_by(mt.c.due_at, mt.c.id)
    .limit(1)
)


async def queue(connection: AsyncConnection, now: int) -> list[Queued]:
    """The queue by route, lane and wave."""
    return [Queued(*row) for row in await connection.execute(_QUEUE, {"now_": now})]


async def refused_with(connection: AsyncConnection, place: Queued, now: int) -> str | None:
    """The code with which the next of what waits for its time came back; None: it was not refused, so it waits for a cap."""
    values = {"route_": place.route, "lane_": place.lane, "wave_": place.wave, "now_": now}
    row = (await connection.execute(_NEXT_LATER, values)).one_or_none()
    return (row.code or row.failure) if row and row.failure else None


async def head_since(connection: AsyncConnection, place: Queued, now: int) -> int | None:
    """Since when the first of what may go could go, epoch ms; an MT that may go at once counts from its making."""
    values = {"route_": place.route, "lane_": place.lane, "wave_": place.wave, "now_": now}
    since: int | None = await connection.scalar(_HEAD_SINCE, values)
    return since


_place = (mt.c.route == bindparam("route_"), mt.c.lane == bindparam("lane_"), mt.c.wave == bindparam("wave_"))
_DEPTH: Final = select(func.count()).where(*_place, mt.c.state == literal_column("'queued'"), mt.c.due_at > bindparam("after_"))
_BY_WAVE_AND_STATE: Final = (
    select(mt.c.wave, mt.c.state, func.count().label("n"))
    .where(mt.c.wave.in_(bindparam("waves_", expanding=True)))
    .group_by(mt.c.wave, mt.c.state)
)


async def depth(connection: AsyncConnection, route: str, lane: int, wave_id: int, after: int = -1) -> int:
    """MTs queued at one place and due after `after`."""
    values = {"route_": route, "lane_": lane, "wave_": wave_id, "after_": after}
    return await connection.scalar(_DEPTH, values) or 0


async def by_wave_and_state(connection: AsyncConnection, ids: Collection[int]) -> dict[int, dict[str, int]]:
    """MTs of these waves (NO_WAVE: replies and direct sends) by state; read from mt_wave alone."""
    found: dict[int, dict[str, int]] = {id_: {} for id_ in ids}
    for row in await connection.execute(_BY_WAVE_AND_STATE, {"waves_": list(ids)}) if ids else ():
        found[row.wave][row.state] = row.n
    return found


# --- routes and waves ---


@dataclass(frozen=True, slots=True)
class WaveRow:
    """A wave without its words."""

    id: int
    name: str
    route: str
    state: WaveState
    kind: WaveKind
    reason: str | None
    window: Window
    starts_at: int
    ramp_state: str | None
    audience: int
    segments: int
    cost_ceiling: int | None
    spent: int
    started_at: int | None
    ended_at: int | None


_WAVE_COLUMNS: Final = (
    "id", "name", "route", "state", "kind", "reason", "window_from", "window_to", "starts_at", "ramp_state", "audience", "segments",
    "cost_ceiling", "spent", "started_at", "ended_at",
)  # fmt: skip
_WAVES: Final = select(*(wave.c[name] for name in _WAVE_COLUMNS)).order_by(wave.c.id)


async def route_rows(connection: AsyncConnection) -> dict[str, RouteCondition]:
    """Every route that ever dispatched, by name."""
    rows = await connection.execute(select(route_state.c.route, *CONDITION_COLUMNS).order_by(route_state.c.route))
    return {route: RouteCondition(*values) for route, *values in rows}


async def waves_of(connection: AsyncConnection, ids: Collection[int]) -> dict[int, WaveRow]:
    """Waves by id."""
    chosen = _WAVES.where(wave.c.id.in_(bindparam("ids_", expanding=True)))
    return {row.id: row for row in [_wave_row(each) for each in (await connection.execute(chosen, {"ids_": list(ids)})).all()]}


async def all_waves(connection: AsyncConnection) -> list[WaveRow]:
    """Every wave."""
    return [_wave_row(each) for each in (await connection.execute(_WAVES)).all()]


async def waves_since(connection: AsyncConnection, ended: int) -> list[WaveRow]:
    """Waves that began to send and have not ended, or after `ended`."""
    chosen = _WAVES.where(wave.c.started_at.is_not(None), wave.c.ended_at.is_(None) | (wave.c.ended_at > ended))
    return [_wave_row(each) for each in (await connection.execute(chosen)).all()]


def _wave_row(row: object) -> WaveRow:
    values = {name: getattr(row, name) for name in _WAVE_COLUMNS}
    values["window"] = Window(values.pop("window_from"), values.pop("window_to"))
    return WaveRow(**values | {"state": WaveState(values["state"]), "kind": WaveKind(values["kind"])})


# --- lost answers ---


@dataclass(frozen=True, slots=True)
class UncertainRow:
    """Uncertain MTs of a route and wave. `asked`: of requests that upkeep still looks at."""

    route: str
    wave: int
    count: int
    asked: int


_UNCERTAIN: Final = (
    select(mt.c.route, mt.c.wave, func.count().label("count"), func.count(request.c.resolve_at).label("asked"))
    .join_from(mt, request, request.c.our_ref == mt.c.request, isouter=True)
    .where(mt.c.state == literal_column("'uncertain'"))
    .group_by(mt.c.route, mt.c.wave)
    .order_by(mt.c.route, mt.c.wave)
)


async def uncertain(connection: AsyncConnection) -> list[UncertainRow]:
    """Uncertain MTs by route and wave."""
    return [UncertainRow(*row) for row in await connection.execute(_UNCERTAIN)]


# --- reports ---


@dataclass(frozen=True, slots=True)
class Reports:
    """Of the latest reports, by route: `last_at` when one came; `delays_ms` from sending to the final word, ascending.

    `unmatched`: reports that belong to no MT we know, the oldest since `unmatched_since`.
    """

    last_at: Mapping[str, int]
    delays_ms: Mapping[str, tuple[int, ...]]
    unmatched: int
    unmatched_since: int | None


_latest = select(dlr).order_by(dlr.c.id.desc()).limit(LATEST).subquery("latest")
_LAST_AT: Final = select(_latest.c.route, func.max(_latest.c.received_at).label("at")).group_by(_latest.c.route)
_FINAL: Final = [status.value for status in (DlrStatus.DELIVERED, DlrStatus.FAILED, DlrStatus.REJECTED)]
_DELAY: Final = select(_latest.c.route, (_latest.c.received_at - mt.c.sent_at).label("delay_ms")).where(
    _latest.c.status.in_(_FINAL), mt.c.sent_at.is_not(None)
)
_DELAYS: Final = (
    _DELAY.join_from(_latest, mt, mt.c.ref == _latest.c.ref).where(_latest.c.ours),
    _DELAY.join_from(_latest, mt, (mt.c.route == _latest.c.route) & (mt.c.carrier_ref == _latest.c.ref)).where(~_latest.c.ours),
)
_UNMATCHED: Final = select(func.count(), func.min(dlr.c.received_at)).where(dlr.c.matched_at.is_(None))


async def reports(connection: AsyncConnection) -> Reports:
    """How reports come in, from the latest of them."""
    last_at = {row.route: row.at for row in await connection.execute(_LAST_AT)}
    delays: dict[str, list[int]] = {}
    for statement in _DELAYS:
        for row in await connection.execute(statement):
            delays.setdefault(row.route, []).append(max(0, row.delay_ms))  # a report may come before the answer
    unmatched, since = (await connection.execute(_UNMATCHED)).one()
    return Reports(last_at, {route: tuple(sorted(each)) for route, each in delays.items()}, unmatched, since)
