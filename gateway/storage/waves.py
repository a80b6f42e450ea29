"""Waves: one blast each, planned, then running, then done."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import Row, exists, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.message import OPEN
from gateway.storage.schema import mt, wave


class WaveState(StrEnum):
    """States of a wave, as stored."""

    PLANNED = "planned"
    RUNNING = "running"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class NewWave:
    """A wave to plan. `window_from`, `window_to`: minutes after local midnight."""

    name: str
    commune: str
    route: str
    template: str = field(repr=False)
    window_from: int
    window_to: int


@dataclass(frozen=True, slots=True)
class Wave:
    """A wave as the officer sees it."""

    id: int
    name: str
    route: str
    template: str = field(repr=False)
    state: WaveState
    audience: int
    segments: int
    window_from: int
    window_to: int
    created_at: int
    started_at: int | None
    ended_at: int | None


@dataclass(frozen=True, slots=True)
class Running:
    """What a dispatcher needs of a running wave."""

    id: int
    template: str = field(repr=False)
    window_from: int
    window_to: int

    def open_at(self, now_ms: int, timezone: str) -> bool:
        """Whether `now_ms` lies in the wave's hours, local time of `timezone` (IANA). One that ends where it begins is the whole day."""
        local = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(ZoneInfo(timezone))
        minute = local.hour * 60 + local.minute
        if self.window_from == self.window_to:
            return True
        if self.window_from < self.window_to:
            return self.window_from <= minute < self.window_to
        return minute >= self.window_from or minute < self.window_to


async def create(connection: AsyncConnection, new: NewWave, now: int) -> int | None:
    """The id of the new wave, or None: one of this name exists."""
    statement = upsert(wave).values(
        name=new.name,
        commune=new.commune,
        route=new.route,
        template=new.template,
        state=WaveState.PLANNED.value,
        window_from=new.window_from,
        window_to=new.window_to,
        audience=0,
        segments=0,
        created_at=now,
    )
    id_: int | None = (await connection.execute(statement.on_conflict_do_nothing().returning(wave.c.id))).scalar()
    return id_


async def set_audience(connection: AsyncConnection, id_: int, audience: int, segments: int) -> None:
    """What planning counted."""
    await connection.execute(update(wave).where(wave.c.id == id_).values(audience=audience, segments=segments))


async def start(connection: AsyncConnection, id_: int, now: int) -> bool:
    """planned -> running. False: it was not planned any more."""
    moved = update(wave).where(wave.c.id == id_, wave.c.state == WaveState.PLANNED.value)
    return (await connection.execute(moved.values(state=WaveState.RUNNING.value, started_at=now))).rowcount > 0


async def finish(connection: AsyncConnection, now: int) -> int:
    """running -> done for every wave with nothing left to send."""
    still_open = exists().where(mt.c.wave == wave.c.id, mt.c.state.in_([state.value for state in OPEN]))
    done = update(wave).where(wave.c.state == WaveState.RUNNING.value, ~still_open)
    return (await connection.execute(done.values(state=WaveState.DONE.value, ended_at=now))).rowcount


async def running(connection: AsyncConnection, route: str) -> list[Running]:
    """The running waves of `route`, oldest first."""
    chosen = select(wave.c.id, wave.c.template, wave.c.window_from, wave.c.window_to).where(
        wave.c.state == WaveState.RUNNING.value, wave.c.route == route
    )
    return [Running(*row) for row in (await connection.execute(chosen.order_by(wave.c.id))).all()]


async def templates(connection: AsyncConnection, ids: Collection[int]) -> dict[int, str]:
    """The templates of waves by their ids."""
    rows = await connection.execute(select(wave.c.id, wave.c.template).where(wave.c.id.in_(ids)))
    return {row.id: row.template for row in rows}


async def find(connection: AsyncConnection, name: str) -> Wave | None:
    """The wave of that name."""
    row = (await connection.execute(select(wave).where(wave.c.name == name))).one_or_none()
    return _wave(row) if row else None


async def everything(connection: AsyncConnection) -> list[Wave]:
    """All waves, newest first."""
    return [_wave(row) for row in (await connection.execute(select(wave).order_by(wave.c.id.desc()))).all()]


def _wave(row: Row[tuple[object, ...]]) -> Wave:
    values = row._mapping  # noqa: SLF001 # SQLAlchemy's public name for it
    names = (
        "id",
        "name",
        "route",
        "template",
        "state",
        "audience",
        "segments",
        "window_from",
        "window_to",
        "created_at",
        "started_at",
        "ended_at",
    )
    return Wave(**{name: WaveState(values[name]) if name == "state" else values[name] for name in names})  # type: ignore[arg-type] # a row
