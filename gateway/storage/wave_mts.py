"""The MTs of a wave seen as a whole: ended in chunks when it is cancelled, counted while it runs. The counts read indexes only."""

from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import ColumnElement, bindparam, func, literal_column, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.message import MtState
from gateway.domain.wave import WaveState
from gateway.storage.schema import mt, wave

NO_CODE: Final = "no code"
CHUNK: Final = 5_000  # MTs a transaction: below the tenth of a second that a reply may wait for the writer

# --- cancel ---

_some = (
    select(mt.c.id)
    .where(mt.c.wave == bindparam("wave_"), mt.c.state == literal_column("'queued'"))
    .limit(CHUNK)
    .with_for_update(skip_locked=True)  # what a dispatcher is claiming at this moment comes back: it asks the wave before it sends
    .cte("some")
    .prefix_with("MATERIALIZED", dialect="postgresql")
)
_CANCEL_SOME: Final = (  # served by mt_wave (wave, state)
    update(mt)
    .where(mt.c.id.in_(select(_some.c.id)))
    .values(state=literal_column("'cancelled'"), owner=None, code="cancelled")
    .returning(mt.c.id)  # sqlite3 counts no rows for a statement that begins with WITH
)
_WITH_QUEUED: Final = select(wave.c.id).where(
    wave.c.state == bindparam("state_"),
    select(mt.c.id).where(mt.c.wave == wave.c.id, mt.c.state == literal_column("'queued'")).exists(),
)


async def lock(connection: AsyncConnection, name: str) -> int | None:
    """The id of wave `name`, its row locked until the transaction ends: two moves at once come one after the other. None: no such wave."""
    id_: int | None = await connection.scalar(select(wave.c.id).where(wave.c.name == name).with_for_update())
    return id_


async def cancel_some(connection: AsyncConnection, wave_id: int) -> int:
    """End up to CHUNK queued MTs of a cancelled wave. Returns how many; 0: none is queued."""
    return len((await connection.execute(_CANCEL_SOME, {"wave_": wave_id})).all())


async def with_queued(connection: AsyncConnection, state: WaveState) -> list[int]:
    """Waves in `state` that have queued MTs: among cancelled and done ones that is something left to tidy."""
    return list((await connection.scalars(_WITH_QUEUED, {"state_": state.value})).all())


# --- counts ---

_BY_STATE: Final = select(mt.c.state, func.count().label("n")).where(mt.c.wave == bindparam("wave_")).group_by(mt.c.state)


async def by_state(connection: AsyncConnection, wave_id: int) -> dict[str, int]:
    """A wave's MTs by state, every state named; read from mt_wave alone."""
    rows = (await connection.execute(_BY_STATE, {"wave_": wave_id})).all()
    return {state.value: 0 for state in MtState} | {row.state: row.n for row in rows}


# --- ramps ---


@dataclass(frozen=True, slots=True)
class Trial:
    """How the first part of a wave fares. `sent`: taken or uncertain, without a final report; `open`: of the trial, not yet settled.

    `failures`: the failed by the carrier's code, the most frequent first. `last_sent_at`: epoch ms, None: nothing left.
    """

    sent: int
    delivered: int
    failed: int
    open: int
    last_sent_at: int | None
    failures: tuple[tuple[str, int], ...] = field(default=())

    @property
    def settled(self) -> int:
        """How many have an answer for good."""
        return self.delivered + self.failed


_ON_TRIAL: Final = select(wave.c.name).where(wave.c.state == literal_column("'running'"), wave.c.ramp_state == literal_column("'trial'"))
_AWAY: Final[list[ColumnElement[str]]] = [literal_column(f"'{state}'") for state in ("sent", "uncertain", "delivered", "failed")]
_MOVED: Final = (  # the queued rest is not counted here: it may be a million
    select(mt.c.state, func.count().label("n"))
    .where(mt.c.wave == bindparam("wave_"), mt.c.state.in_([*_AWAY, literal_column("'claimed'"), literal_column("'sending'")]))
    .group_by(mt.c.state)
)
_QUEUED_UP_TO: Final = select(func.count()).select_from(
    select(literal_column("1"))
    .select_from(mt)
    .where(mt.c.wave == bindparam("wave_"), mt.c.state == literal_column("'queued'"))
    .limit(bindparam("limit_"))
    .subquery()
)
_LAST_SENT: Final = select(func.max(mt.c.sent_at)).where(mt.c.wave == bindparam("wave_"), mt.c.state.in_(_AWAY))
_BY_CODE: Final = (
    select(mt.c.code, func.count().label("n"))
    .where(mt.c.wave == bindparam("wave_"), mt.c.state == bindparam("state_"))
    .group_by(mt.c.code)
    .order_by(func.count().desc(), mt.c.code)
)


async def on_trial(connection: AsyncConnection) -> list[str]:
    """Names of the running waves of which only the first part may go."""
    return list((await connection.scalars(_ON_TRIAL)).all())


async def trial(connection: AsyncConnection, wave_id: int, size: int) -> Trial:
    """How the first `size` MTs of a wave fare: those that left the queue, and of the queue as many as are missing."""
    moved = {row.state: row.n for row in await connection.execute(_MOVED, {"wave_": wave_id})}
    missing = max(0, size - sum(moved.values()))
    queued = await connection.scalar(_QUEUED_UP_TO, {"wave_": wave_id, "limit_": missing}) if missing else 0
    open_ = (queued or 0) + moved.get("claimed", 0) + moved.get("sending", 0)
    last = None if open_ else await connection.scalar(_LAST_SENT, {"wave_": wave_id})
    failures = await by_code(connection, wave_id, MtState.FAILED) if moved.get("failed") else ()
    sent = moved.get("sent", 0) + moved.get("uncertain", 0)
    return Trial(sent, moved.get("delivered", 0), moved.get("failed", 0), open_, last, failures)


async def by_code(connection: AsyncConnection, wave_id: int, state: MtState) -> tuple[tuple[str, int], ...]:
    """A wave's MTs of one state by code, the most frequent first."""
    rows = (await connection.execute(_BY_CODE, {"wave_": wave_id, "state_": state.value})).all()
    return tuple((row.code or NO_CODE, row.n) for row in rows)


async def set_ramp(connection: AsyncConnection, wave_id: int, ramp_state: str, reason: str | None) -> None:
    """trial -> asking -> passed, with what a person should know."""
    await connection.execute(update(wave).where(wave.c.id == wave_id).values(ramp_state=ramp_state, reason=reason))


# --- pace ---


@dataclass(frozen=True, slots=True)
class Departed:
    """What a wave sent in the last `span_ms`."""

    messages: int
    segments: int
    requests: int
    span_ms: int


_LOOK_BACK: Final = 20_000  # rows: a range of the primary key, some ten milliseconds
_HEAD: Final = (  # the next to go: rows leave in the order of their ids, so the last to have left lie right before it
    select(mt.c.id)
    .where(
        mt.c.route == bindparam("route_"),
        mt.c.lane == literal_column("0"),
        mt.c.wave == bindparam("wave_"),
        mt.c.state == literal_column("'queued'"),
    )
    .order_by(mt.c.due_at, mt.c.id)
    .limit(1)
)
_HELD: Final = select(func.max(mt.c.id)).where(
    mt.c.wave == bindparam("wave_"), mt.c.state.in_([literal_column("'claimed'"), literal_column("'sending'")])
)
_DEPARTED: Final = select(
    func.count().label("messages"),
    func.coalesce(func.sum(mt.c.segments), 0).label("segments"),
    func.count(mt.c.request.distinct()).label("requests"),
    func.min(mt.c.sent_at).label("oldest"),
).where(
    mt.c.id.between(bindparam("first_"), bindparam("last_")),
    mt.c.wave == bindparam("wave_"),
    mt.c.sent_at > bindparam("since_"),
    mt.c.sent_at <= bindparam("now_"),
)


async def departed(connection: AsyncConnection, wave_id: int, route: str, now: int, span_ms: int) -> Departed:
    """What the wave sent in the last `span_ms`; in less of it where it sends more than a look back holds."""
    head = await connection.scalar(_HEAD, {"route_": route, "wave_": wave_id})
    if head is None:
        head = await connection.scalar(_HELD, {"wave_": wave_id})
    if head is None:
        return Departed(0, 0, 0, span_ms)
    values = {"first_": head - _LOOK_BACK, "last_": head, "wave_": wave_id, "since_": now - span_ms, "now_": now}
    row = (await connection.execute(_DEPARTED, values)).one()
    crowded = row.messages >= _LOOK_BACK * 9 // 10
    return Departed(row.messages, int(row.segments), row.requests, max(1, now - row.oldest) if crowded else span_ms)
