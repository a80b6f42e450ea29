"""Waves as rows: planned, approved, running, paused, done. Which state may follow on which is `domain/wave.py`'s."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Row, bindparam, exists, func, insert, literal_column, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.message import OPEN
from gateway.domain.ramp import Ramp
from gateway.domain.wave import WaveKind, WaveState, before
from gateway.domain.window import Window
from gateway.storage.schema import mt, wave, wave_text

TRIAL: Final = "trial"  # ramp_state: only the first part may go
ASKING: Final = "asking"  # it has gone, and a person must say whether the rest may follow
PASSED: Final = "passed"


@dataclass(frozen=True, slots=True)
class NewWave:
    """A wave to plan. `texts`: templates by language, the first is everybody's who has no other. `pace_limit`: route units a second."""

    name: str
    commune: str
    route: str
    texts: Mapping[str, str] = field(repr=False)
    window: Window
    audience_rule: Mapping[str, Any]  # Any: JSON
    max_segments: int = 1
    kind: WaveKind = WaveKind.OWN
    starts_at: int = 0
    pace_limit: int | None = None
    ramp: Ramp | None = None
    cost_ceiling: int | None = None
    document: str | None = None
    document_date: str | None = None
    planner: int | None = None
    likeness: bytes | None = None
    planning: str | None = None


@dataclass(frozen=True, slots=True)
class Wave:
    """A wave as the officer sees it. Money is VND."""

    id: int
    name: str
    commune: str
    kind: WaveKind
    route: str
    language: str
    texts: Mapping[str, str] = field(repr=False)
    state: WaveState
    reason: str | None
    window: Window
    starts_at: int
    pace_limit: int | None
    ramp: Ramp | None
    ramp_state: str | None
    max_segments: int
    audience_rule: Mapping[str, Any]  # Any: JSON
    audience: int
    segments: int
    cost_ceiling: int | None
    spent: int
    document: str | None
    document_date: str | None
    planner: int | None
    planning: str | None
    created_at: int
    started_at: int | None
    ended_at: int | None


@dataclass(frozen=True, slots=True)
class Running:
    """What a dispatcher needs of a running wave."""

    id: int
    route: str
    language: str
    texts: Mapping[str, str] = field(repr=False)
    window: Window
    pace_limit: int | None
    ramp: Ramp | None
    ramp_state: str | None
    audience: int
    segments: int
    cost_ceiling: int | None

    def text(self, language: str | None) -> str:
        """The template for a person of `language`."""
        return self.texts.get(language or self.language) or self.texts[self.language]


# --- planning ---


async def create(connection: AsyncConnection, new: NewWave, now: int) -> int | None:
    """The id of the new wave, `planning`; None: one of this name exists."""
    values = {name: getattr(new, name) for name in _PLAIN} | {
        "kind": new.kind.value,
        "language": next(iter(new.texts)),
        "state": WaveState.PLANNING.value,
        "window_from": new.window.first,
        "window_to": new.window.last,
        "ramp": _ramp_row(new.ramp),
        "ramp_state": TRIAL if new.ramp else None,
        "audience_rule": dict(new.audience_rule),
        "audience": 0,
        "segments": 0,
        "created_at": now,
    }
    statement = upsert(wave).values(**values).on_conflict_do_nothing().returning(wave.c.id)
    id_: int | None = (await connection.execute(statement)).scalar()
    if id_ is not None:
        rows = [{"wave": id_, "language": language, "template": template} for language, template in new.texts.items()]
        await connection.execute(insert(wave_text), rows)
    return id_


_PLAIN: Final = (
    "name", "commune", "route", "max_segments", "starts_at", "pace_limit", "cost_ceiling", "document", "document_date", "planner",
    "likeness", "planning",
)  # fmt: skip


def _ramp_row(ramp: Ramp | None) -> dict[str, float] | None:
    return {"percent": ramp.percent, "abort_percent": ramp.abort_percent, "wait_s": ramp.wait_s} if ramp else None


async def still_planning(connection: AsyncConnection, id_: int, token: str) -> bool:
    """Whether the planner `token` may go on: asked, with the row locked, in each transaction of its planning."""
    mine = update(wave).where(wave.c.id == id_, wave.c.state == WaveState.PLANNING.value, wave.c.planning == token)
    return (await connection.execute(mine.values(planning=token))).rowcount > 0


async def take_over_planning(connection: AsyncConnection, id_: int, token: str) -> bool:
    """Plan anew what another planner left in `planning`; that one finds out at its next transaction."""
    left = update(wave).where(wave.c.id == id_, wave.c.state == WaveState.PLANNING.value)
    return (await connection.execute(left.values(planning=token))).rowcount > 0


async def planned(connection: AsyncConnection, id_: int, token: str, audience: int, segments: int) -> bool:
    """planning -> planned, with what was counted."""
    mine = update(wave).where(wave.c.id == id_, wave.c.state == WaveState.PLANNING.value, wave.c.planning == token)
    values = {"state": WaveState.PLANNED.value, "planning": None, "audience": audience, "segments": segments}
    return (await connection.execute(mine.values(**values))).rowcount > 0


# --- moves ---


async def move(connection: AsyncConnection, id_: int, to: WaveState, now: int, reason: str | None = None) -> bool:
    """Move to `to` from any state that may precede it. False: it is in none of them."""
    values: dict[str, object] = {"state": to.value, "reason": reason}
    if to is WaveState.RUNNING:
        values["started_at"] = func.coalesce(wave.c.started_at, now)
    if to in (WaveState.DONE, WaveState.CANCELLED):
        values["ended_at"] = now
    from_ = [state.value for state in before(to)]
    return (await connection.execute(update(wave).where(wave.c.id == id_, wave.c.state.in_(from_)).values(**values))).rowcount > 0


async def finish(connection: AsyncConnection, now: int) -> int:
    """running -> done for every wave with nothing left to send."""
    still_open = exists().where(mt.c.wave == wave.c.id, mt.c.state.in_([state.value for state in OPEN]))
    done = update(wave).where(wave.c.state == WaveState.RUNNING.value, wave.c.kind == WaveKind.OWN.value, ~still_open)
    return (await connection.execute(done.values(state=WaveState.DONE.value, ended_at=now, reason=None))).rowcount


# --- reading ---

_RUNNING: Final = (
    select(wave)
    .where(
        wave.c.state == literal_column("'running'"),
        wave.c.kind == literal_column("'own'"),
        wave.c.route.in_(bindparam("routes_", expanding=True)),
        wave.c.starts_at <= bindparam("now_"),
    )
    .order_by(wave.c.id)
)


async def running(connection: AsyncConnection, routes: Collection[str], now: int) -> list[Running]:
    """The waves that may go now and whose own route is one of `routes`, oldest first."""
    rows = (await connection.execute(_RUNNING, {"routes_": list(routes), "now_": now})).all()
    texts = await texts_of(connection, [row.id for row in rows])
    return [
        Running(
            row.id,
            row.route,
            row.language,
            texts[row.id],
            Window(row.window_from, row.window_to),
            row.pace_limit,
            _ramp(row.ramp),
            row.ramp_state,
            row.audience,
            row.segments,
            row.cost_ceiling,
        )
        for row in rows
    ]


async def texts_of(connection: AsyncConnection, ids: Collection[int]) -> dict[int, dict[str, str]]:
    """The templates of waves by their ids, then by language."""
    found: dict[int, dict[str, str]] = {id_: {} for id_ in ids}
    if ids:
        for row in await connection.execute(select(wave_text).where(wave_text.c.wave.in_(ids))):
            found[row.wave][row.language] = row.template
    return found


async def find(connection: AsyncConnection, name: str) -> Wave | None:
    """The wave of that name."""
    row = (await connection.execute(select(wave).where(wave.c.name == name))).one_or_none()
    return _wave(row, (await texts_of(connection, [row.id]))[row.id]) if row else None


async def everything(connection: AsyncConnection) -> list[Wave]:
    """All waves, newest first."""
    rows = (await connection.execute(select(wave).order_by(wave.c.id.desc()))).all()
    texts = await texts_of(connection, [row.id for row in rows])
    return [_wave(row, texts[row.id]) for row in rows]


async def alike(connection: AsyncConnection, likeness: bytes, since: int) -> str | None:
    """Name of the latest wave with the same texts for the same audience since then, one that was cancelled left out."""
    chosen = (
        select(wave.c.name)
        .where(wave.c.likeness == likeness, wave.c.created_at >= since, wave.c.state != WaveState.CANCELLED.value)
        .order_by(wave.c.id.desc())
        .limit(1)
    )
    name: str | None = await connection.scalar(chosen)
    return name


def _ramp(row: Mapping[str, float] | None) -> Ramp | None:
    return Ramp(row["percent"], row["abort_percent"], row["wait_s"]) if row else None


def _wave(row: Row[Any], texts: Mapping[str, str]) -> Wave:  # Any: the columns of the table
    return Wave(
        row.id,
        row.name,
        row.commune,
        WaveKind(row.kind),
        row.route,
        row.language,
        texts,
        WaveState(row.state),
        row.reason,
        Window(row.window_from, row.window_to),
        row.starts_at,
        row.pace_limit,
        _ramp(row.ramp),
        row.ramp_state,
        row.max_segments,
        row.audience_rule or {},
        row.audience,
        row.segments,
        row.cost_ceiling,
        row.spent,
        row.document,
        row.document_date,
        row.planner,
        row.planning,
        row.created_at,
        row.started_at,
        row.ended_at,
    )
