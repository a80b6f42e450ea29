"""Outward calls as rows: queued with the change they tell of, taken under a lease, ended once; and the MTs of which a client wants to hear.

A call that was taken is put off by its lease, in the same column that says when it is due: if its process dies, it is simply due again.
So a call may be made twice, and is never forgotten.
"""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Select, bindparam, case, delete, func, insert, literal_column, null, select, update
from sqlalchemy.dialects.postgresql import insert as upsert  # its ON CONFLICT compiles and runs on SQLite too; pinned by tests/storage
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.message import OPEN, DlrStatus, MtState
from gateway.storage.schema import callback, client, dlr, mt, mt_report, tip

WAITING: Final = "waiting"
DONE: Final = "done"
DEAD: Final = "dead"  # given up: somebody must look
DROPPED: Final = "dropped"  # nobody is there to be told any more
_CHUNK: Final = 1_000

# --- queue ---


@dataclass(frozen=True, slots=True)
class NewCall:
    """A call to queue. `key`: what it tells of; `target`: keyed hash of where it goes; `bidx`: of the person it tells of; `headers`: JSON.

    `why`: what is wrong with it already: it is queued dead, so that somebody sees it, and may have it tried again.
    """

    client: int
    commune: str
    kind: str
    key: str
    target: str
    method: str
    url: str = field(repr=False)
    headers: str = field(repr=False)
    body: str = field(repr=False)
    bidx: bytes | None = None
    why: str | None = None


_ADD: Final = upsert(callback).on_conflict_do_nothing(index_elements=["client", "key"])


async def add(connection: AsyncConnection, calls: Sequence[NewCall], now: int) -> None:
    """Queue `calls`; what is queued already, or was told, is left alone."""
    if calls:
        await connection.execute(_ADD, [_row(each, now) for each in calls])


def _row(call: NewCall, now: int) -> dict[str, Any]:  # Any: a row's values
    values = asdict(call) | {"state": WAITING, "due_at": now, "created_at": now, "ended_at": None}
    return values if call.why is None else values | {"state": DEAD, "ended_at": now}


# --- who is due ---

_waiting = callback.c.state == literal_column("'waiting'")  # a bound value would keep PostgreSQL from the partial index
_first = select(callback.c.target).where(_waiting).order_by(callback.c.target).limit(1).scalar_subquery()
_targets = select(_first.label("target")).cte("targets", recursive=True)
_next = (
    select(callback.c.target).where(_waiting, callback.c.target > _targets.c.target).order_by(callback.c.target).limit(1).scalar_subquery()
)
_walk = _targets.union_all(select(_next).where(_targets.c.target.is_not(None)))
_earliest = (
    select(callback.c.due_at)
    .where(_waiting, callback.c.target == _walk.c.target)
    .order_by(callback.c.due_at)
    .limit(1)
    .scalar_subquery()
    .label("due_at")
)
DUE_TARGETS: Final = (  # hops from one target to the next by callback_due, however many calls each has
    select(_walk.c.target, _earliest).where(_walk.c.target.is_not(None))
)

_due = (
    select(callback.c.id)
    .where(callback.c.target == bindparam("target_"), _waiting, callback.c.due_at <= bindparam("now_"))
    .order_by(callback.c.due_at, callback.c.id)
    .limit(bindparam("limit_"))
    .with_for_update(skip_locked=True)
    .cte("due")
    .prefix_with("MATERIALIZED", dialect="postgresql")  # else a planner may run the LIMIT more than once
)
TAKE: Final = (
    update(callback)
    .where(callback.c.id.in_(select(_due.c.id)))
    .values(due_at=bindparam("until_"), attempts=callback.c.attempts + 1)
    .returning(
        callback.c.id, callback.c.client, callback.c.kind, callback.c.key, callback.c.target, callback.c.method, callback.c.url,
        callback.c.headers, callback.c.body, callback.c.attempts, callback.c.created_at,
    )
)  # fmt: skip


class Call(NamedTuple):
    """A call that was taken. `url` None: its person was erased. `attempts`: with this one."""

    id: int
    client: int
    kind: str
    key: str
    target: str
    method: str
    url: str | None
    headers: str | None
    body: str | None
    attempts: int
    created_at: int

    def __repr__(self) -> str:
        return f"Call({self.id}, {self.kind})"


async def due_targets(connection: AsyncConnection, now: int) -> list[str]:
    """Where calls are due, the longest waiting first."""
    rows = (await connection.execute(DUE_TARGETS)).all()
    return [row.target for row in sorted(rows, key=lambda row: int(row.due_at)) if row.due_at <= now]


async def take(connection: AsyncConnection, target: str, now: int, limit: int, until: int) -> list[Call]:
    """Up to `limit` calls that are due at `target`, oldest first; nobody else takes them before `until`."""
    rows = await connection.execute(TAKE, {"target_": target, "now_": now, "limit_": limit, "until_": until})
    return sorted((Call(*row) for row in rows), key=lambda each: each.id)


class Ended(NamedTuple):
    """What came of a call: `state` waiting (again at `due_at`), done, dead or dropped; `why` it failed, in words of ours."""

    id: int
    state: str
    due_at: int = 0
    why: str | None = None


_STILL: Final = update(callback).where(callback.c.id == bindparam("id_"), _waiting)
_AGAIN: Final = _STILL.values(due_at=bindparam("due_"), why=bindparam("why_"))
_DIE: Final = _STILL.values(state=bindparam("state_"), ended_at=bindparam("now_"), why=bindparam("why_"))  # `revive` needs what it holds
_END: Final = _DIE.values(url=null(), headers=null(), body=null())  # what it held is nobody's business any more


async def settle(connection: AsyncConnection, ended: Sequence[Ended], now: int) -> None:
    """Write what came of calls. One that another process has ended meanwhile stays as it is."""
    if again := [{"id_": each.id, "due_": each.due_at, "why_": each.why} for each in ended if each.state == WAITING]:
        await connection.execute(_AGAIN, again)
    for statement, states in ((_DIE, (DEAD,)), (_END, (DONE, DROPPED))):
        if over := [{"id_": each.id, "state_": each.state, "now_": now, "why_": each.why} for each in ended if each.state in states]:
            await connection.execute(statement, over)


async def forget(connection: AsyncConnection, state: str, before: int) -> int:
    """Drop up to a thousand rows that ended as `state` before that moment; returns how many."""
    old = select(callback.c.id).where(callback.c.state == state, callback.c.ended_at < before).order_by(callback.c.ended_at).limit(_CHUNK)
    ids = list(await connection.scalars(old))
    if ids:
        await connection.execute(delete(callback).where(callback.c.id.in_(ids)))
    return len(ids)


# --- once more ---


class Dead(NamedTuple):
    """A call that was given up. `url` None: what it held is gone, so nobody can be told any more."""

    id: int
    kind: str
    url: str | None

    def __repr__(self) -> str:
        return f"Dead({self.id}, {self.kind})"


_GIVEN_UP: Final = (  # by callback_ended: what is dead, of all clients, lies together
    select(callback.c.id, callback.c.kind, callback.c.url)
    .where(
        callback.c.client == bindparam("client_"),
        callback.c.state == literal_column("'dead'"),
        callback.c.ended_at.is_not(None),
        callback.c.id > bindparam("after_"),
    )
    .order_by(callback.c.id)
    .limit(bindparam("limit_"))
    .with_for_update()
)
_REVIVE: Final = (  # its three days begin anew
    update(callback)
    .where(callback.c.id == bindparam("id_"), callback.c.state == literal_column("'dead'"))
    .values(
        state=literal_column("'waiting'"), target=bindparam("target_"), due_at=bindparam("now_"), created_at=bindparam("now_"), attempts=0,
        ended_at=null(),
    )
)  # fmt: skip


async def given_up(connection: AsyncConnection, client_id: int, after: int, limit: int) -> list[Dead]:
    """Up to `limit` dead calls of a client behind the id `after`."""
    return [Dead(*row) for row in await connection.execute(_GIVEN_UP, {"client_": client_id, "after_": after, "limit_": limit})]


async def revive(connection: AsyncConnection, targets: Sequence[tuple[int, str]], now: int) -> None:
    """Let dead calls be due now: (id, keyed hash of where it goes)."""
    if targets:
        await connection.execute(_REVIVE, [{"id_": id_, "target_": target, "now_": now} for id_, target in targets])


# --- for the doctor ---


@dataclass(frozen=True, slots=True)
class Unheard:
    """What a client was not told. `dead`: given up; `late`: tried in vain, and still tried. `since`: the oldest, epoch ms."""

    client: str
    dead: int
    late: int
    since: int
    why: str


async def unheard(connection: AsyncConnection, before: int) -> list[Unheard]:
    """Clients with calls that were given up, or were queued before that moment and tried in vain."""
    is_dead = callback.c.state == literal_column("'dead'")
    late = _waiting & (callback.c.created_at < before) & (callback.c.attempts > 0)
    counts = (
        select(
            callback.c.client, client.c.name, func.sum(case((is_dead, 1), else_=0)).label("dead"), func.count().label("all"),
            func.min(callback.c.created_at).label("since"), func.max(callback.c.why).label("why"),
        )
        .join(client, client.c.id == callback.c.client)
        .where(is_dead | late, client.c.revoked_at.is_(None))
        .group_by(callback.c.client, client.c.name)
        .order_by(client.c.name)
    )  # fmt: skip
    rows = await connection.execute(counts)
    return [Unheard(row.name, int(row.dead), int(row.all) - int(row.dead), row.since, row.why or "no answer") for row in rows]


# --- MTs of which a client wants to hear ---

BUFFERED: Final = 4  # the bit that shows at no state, but at a report
_OVER: Final = (MtState.DELIVERED, MtState.EXPIRED, MtState.CANCELLED, MtState.SUPPRESSED)


@dataclass(frozen=True, slots=True)
class NewReport:
    """An MT of which `client` wants to hear: by `url` for the bits of `mask`, by its webhook, or both."""

    mt: int
    client: int
    commune: str
    mask: int
    url: str | None = field(repr=False)
    method: str
    reference: str | None = field(repr=False)
    event: bool


_WANT: Final = insert(mt_report).values(
    **{name: bindparam(f"{name}_") for name in ("mt", "client", "commune", "mask", "url", "method", "reference", "event", "created_at")},
    bidx=select(mt.c.bidx).where(mt.c.id == bindparam("mt_")).scalar_subquery(),
)


async def want(connection: AsyncConnection, reports: Sequence[NewReport], now: int) -> None:
    """From now on, tell of these MTs."""
    if reports:
        rows = [{f"{name}_": value for name, value in asdict(each).items()} | {"created_at_": now} for each in reports]
        await connection.execute(_WANT, rows)


class Report(NamedTuple):
    """An MT that has moved, and who wants to hear of it. `failure`: the carrier's refusal, a word of ours; `told`: bits queued before."""

    mt: int
    client: int
    commune: str
    bidx: bytes
    mask: int
    url: str | None
    method: str
    reference: str | None
    event: bool
    told: int
    ref: str
    msisdn: str
    route: str
    state: str
    code: str | None
    failure: str | None
    carrier_ref: str | None
    segments: int
    sent_at: int | None

    def __repr__(self) -> str:
        return f"Report({self.mt}, {self.state})"


_REPORT_COLUMNS: Final = (
    *(mt_report.c[name] for name in Report._fields[:10]),
    *(mt.c[name] for name in Report._fields[10:]),
)
_open = mt_report.c.closed_at.is_(None)
_moving: Final[list[ColumnElement[str]]] = [literal_column(f"'{state}'") for state in sorted(OPEN)]
MOVED: Final = (  # by mt_report_open, and the MTs by their key
    select(*_REPORT_COLUMNS)
    .join_from(mt_report, mt, mt.c.id == mt_report.c.mt)
    .where(_open, mt.c.state.not_in(_moving), mt.c.state != mt_report.c.seen)
    .order_by(mt_report.c.mt)
    .limit(bindparam("limit_"))
)
_reported = (
    select(dlr.c.id)
    .where(
        dlr.c.route == mt.c.route,
        dlr.c.ref.in_([mt.c.ref, mt.c.carrier_ref]),  # not an OR over `ours`: SQLite would read all reports of the route for each MT
        dlr.c.status == DlrStatus.BUFFERED.value,
    )
    .exists()
)
HELD_UP: Final = (  # what waits at the carrier for a phone that is off: no state of an MT says so
    select(*_REPORT_COLUMNS)
    .join_from(mt_report, mt, mt.c.id == mt_report.c.mt)
    .where(
        _open,
        mt_report.c.mask.op("&")(BUFFERED) != 0,
        mt_report.c.told.op("&")(BUFFERED) == 0,
        mt.c.state == literal_column("'sent'"),
        _reported,
    )
    .order_by(mt_report.c.mt)
    .limit(bindparam("limit_"))
)


async def moved(connection: AsyncConnection, limit: int, *, lock: bool = False) -> list[Report]:
    """Up to `limit` MTs whose state nobody was told of yet. `lock`: no other process tells of them meanwhile."""
    return await _reports(connection, MOVED, limit, lock=lock)


async def held_up(connection: AsyncConnection, limit: int, *, lock: bool = False) -> list[Report]:
    """Up to `limit` MTs that wait at their carrier, of which somebody wants to hear just that."""
    return await _reports(connection, HELD_UP, limit, lock=lock)


async def _reports(connection: AsyncConnection, statement: Select[Any], limit: int, *, lock: bool) -> list[Report]:
    chosen = statement.with_for_update(of=mt_report, skip_locked=True) if lock else statement
    return [_report(row) for row in await connection.execute(chosen, {"limit_": limit})]


def _report(row: Sequence[Any]) -> Report:  # Any: _REPORT_COLUMNS
    report = Report(*row)
    return report._replace(bidx=bytes(report.bidx))


_NOTE: Final = (
    update(mt_report)
    .where(mt_report.c.mt == bindparam("mt_"))
    .values(told=bindparam("told_"), seen=bindparam("seen_"), closed_at=bindparam("closed_"))
)
_EMPTY: Final = update(mt_report).where(mt_report.c.mt == bindparam("mt_")).values(url=null(), reference=null())


class Noted(NamedTuple):
    """What was told of an MT: the bits, the state that was looked at, and when nothing more will come."""

    mt: int
    told: int
    seen: str
    closed_at: int | None


async def note(connection: AsyncConnection, noted: Sequence[Noted]) -> None:
    """Remember what was told."""
    if noted:
        rows = [{"mt_": each.mt, "told_": each.told, "seen_": each.seen, "closed_": each.closed_at} for each in noted]
        await connection.execute(_NOTE, rows)
    if closed := [{"mt_": each.mt} for each in noted if each.closed_at is not None]:
        await connection.execute(_EMPTY, closed)


def is_over(report: Report) -> bool:
    """Whether nothing more can come of an MT. A failed one may be delivered after all, unless the carrier never took it."""
    return report.state in _OVER or (report.state == MtState.FAILED and report.failure is not None)


async def give_up(connection: AsyncConnection, before: int, now: int) -> int:
    """Close reports of MTs that were worth sending until that moment: the carrier has forgotten them too. Returns how many."""
    late = select(mt_report.c.mt).join(mt, mt.c.id == mt_report.c.mt).where(_open, mt.c.expires_at < before).limit(_CHUNK)
    ids = list(await connection.scalars(late))
    if ids:
        await connection.execute(update(mt_report).where(mt_report.c.mt.in_(ids)).values(closed_at=now, url=null(), reference=null()))
    return len(ids)


async def forget_reports(connection: AsyncConnection, before: int) -> int:
    """Drop up to a thousand reports that were closed before that moment; returns how many."""
    old = select(mt_report.c.mt).where(mt_report.c.closed_at < before).limit(_CHUNK)
    ids = list(await connection.scalars(old))
    if ids:
        await connection.execute(delete(mt_report).where(mt_report.c.mt.in_(ids)))
    return len(ids)


# --- for what is handed on ---


async def communes_of(connection: AsyncConnection, tips: Collection[int]) -> dict[int, str]:
    """The communes of tips, by id."""
    rows = await connection.execute(select(tip.c.id, tip.c.commune).where(tip.c.id.in_(tips))) if tips else ()
    return {row.id: row.commune for row in rows}
