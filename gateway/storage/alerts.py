"""Alerts as rows: one an urgent tip, until somebody on duty has taken it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import bindparam, case, func, literal_column, select, update
from sqlalchemy.dialects.postgresql import insert as upsert  # its ON CONFLICT compiles and runs on SQLite too; pinned by tests/storage
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.storage.schema import alert, tip

A_ROUND: Final = 200  # alerts a transaction


@dataclass(frozen=True, slots=True)
class Alert:
    """One urgent tip that waits for somebody. `why`: remains | uxo; `sent`: rounds of texts so far; times epoch ms."""

    id: int
    code: str
    commune: str
    village: str | None
    why: str
    sent: int
    received_at: int
    created_at: int
    acknowledged_at: int | None
    acknowledged_by: int | None


_COLUMNS: Final = (
    alert.c.id, tip.c.code, tip.c.commune, tip.c.village, alert.c.why, alert.c.sent, tip.c.received_at, alert.c.created_at,
    alert.c.acknowledged_at, alert.c.acknowledged_by,
)  # fmt: skip
_ALERTS: Final = select(*_COLUMNS).join(tip, tip.c.id == alert.c.tip)
_IS_OPEN: Final = alert.c.next_at.is_not(literal_column("NULL"))  # served by alert_due
_DUE: Final = (
    _ALERTS.where(alert.c.next_at <= bindparam("now_"))
    .order_by(alert.c.next_at, alert.c.id)
    .limit(A_ROUND)
    .with_for_update(skip_locked=True, of=alert)
)
_ANY_DUE: Final = select(alert.c.id).where(alert.c.next_at <= bindparam("now_")).limit(1)
_OPEN: Final = _ALERTS.where(_IS_OPEN, tip.c.commune == bindparam("commune_")).order_by(alert.c.id)
_NEWEST: Final = _ALERTS.where(_IS_OPEN, tip.c.commune == bindparam("commune_")).order_by(alert.c.id.desc()).limit(1)
_OPEN_COUNT: Final = (
    select(func.count()).select_from(alert.join(tip, tip.c.id == alert.c.tip)).where(_IS_OPEN, tip.c.commune == bindparam("commune_"))
)
_OPEN_SINCE: Final = select(func.count(), func.min(alert.c.created_at)).where(_IS_OPEN)
_BY_CODE: Final = _ALERTS.where(tip.c.code == bindparam("code_"))
_RAISE: Final = upsert(alert).on_conflict_do_nothing(index_elements=["tip"]).returning(alert.c.id)
_TEXTED: Final = (
    update(alert)
    .where(alert.c.id == bindparam("alert_"))
    .values(level=bindparam("level_"), next_at=bindparam("next_at_"), sent=alert.c.sent + bindparam("rounds_"))
)
_TAKE: Final = (
    update(alert)
    .where(alert.c.id == bindparam("alert_"), alert.c.acknowledged_at.is_(literal_column("NULL")))
    .values(acknowledged_at=bindparam("at_"), acknowledged_by=bindparam("by_"), next_at=None)
)


def _alert(row: Sequence[Any]) -> Alert:  # Any: a row's values
    return Alert(*row)


async def raise_(connection: AsyncConnection, tip_id: int, why: str, now: int) -> bool:
    """An alert for a tip, due at once; False: the tip has one."""
    values = {"tip": tip_id, "why": why, "level": 0, "next_at": now, "created_at": now}
    return (await connection.execute(_RAISE, values)).first() is not None


async def any_due(connection: AsyncConnection, now: int) -> bool:
    """Whether somebody must be texted now."""
    return (await connection.execute(_ANY_DUE, {"now_": now})).first() is not None


async def due(connection: AsyncConnection, now: int) -> list[Alert]:
    """Alerts whose next round has come, held until the transaction ends; another process's are left to it."""
    return [_alert(row) for row in await connection.execute(_DUE, {"now_": now})]


async def open_in(connection: AsyncConnection, commune: str) -> list[Alert]:
    """Alerts of a commune that nobody has taken, oldest first."""
    return [_alert(row) for row in await connection.execute(_OPEN, {"commune_": commune})]


async def open_since(connection: AsyncConnection) -> tuple[int, int | None]:
    """How many alerts nobody has taken, and since when the oldest of them waits."""
    count, since = (await connection.execute(_OPEN_SINCE)).one()
    return count, since


async def newest_open(connection: AsyncConnection, commune: str) -> tuple[int, Alert | None]:
    """How many alerts of a commune nobody has taken, and the newest of them."""
    count = await connection.scalar(_OPEN_COUNT, {"commune_": commune}) or 0
    row = (await connection.execute(_NEWEST, {"commune_": commune})).first()
    return count, None if row is None else _alert(row)


async def of_tip(connection: AsyncConnection, code: str) -> Alert | None:
    """The alert of the tip with this code."""
    row = (await connection.execute(_BY_CODE, {"code_": code})).one_or_none()
    return None if row is None else _alert(row)


@dataclass(frozen=True, slots=True)
class Round:
    """What a round made of an alert. `rounds`: 1, or 0 where nobody could be texted."""

    id: int
    level: int
    next_at: int
    rounds: int


async def texted(connection: AsyncConnection, rounds: Sequence[Round]) -> None:
    """Note rounds, in the transaction that enqueues their texts."""
    values = [{"alert_": each.id, "level_": each.level, "next_at_": each.next_at, "rounds_": each.rounds} for each in rounds]
    if values:
        await connection.execute(_TEXTED, values)


async def take(connection: AsyncConnection, ids: Collection[int], person: int, now: int) -> None:
    """Somebody on duty has taken these; what is taken already stays that person's."""
    if ids:
        await connection.execute(_TAKE, [{"alert_": each, "at_": now, "by_": person} for each in sorted(ids)])


@dataclass(frozen=True, slots=True)
class Morning:
    """What a digest counts. `count`, `urgent`: tips of the last day; `waiting`: tips nobody has read; `open`: alerts nobody has taken."""

    count: int
    urgent: int
    waiting: int
    open: int


_NEW: Final = select(func.count(), func.coalesce(func.sum(case((tip.c.urgent.is_not(None), 1), else_=0)), 0)).where(
    tip.c.commune == bindparam("commune_"), tip.c.received_at >= bindparam("since_"), tip.c.received_at < bindparam("until_")
)
_UNREAD: Final = select(func.count()).where(tip.c.commune == bindparam("commune_"), tip.c.state == "new")


async def morning(connection: AsyncConnection, commune: str, since: int, until: int) -> Morning:
    """Counts of a commune's tips received from `since` until before `until` (epoch ms)."""
    here = {"commune_": commune}
    new = (await connection.execute(_NEW, here | {"since_": since, "until_": until})).one()
    return Morning(new[0], int(new[1]), await connection.scalar(_UNREAD, here) or 0, await connection.scalar(_OPEN_COUNT, here) or 0)
