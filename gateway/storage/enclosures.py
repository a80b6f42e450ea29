"""What a channel left beside an MO's words to be fetched: Zalo's photos. The list is JSON in `mo.raw`, with what became of each."""

from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.storage.schema import mo


@dataclass(frozen=True, slots=True)
class Enclosing:
    """An MO that may bring something. `tip`: the one it told or added to, once it is handled; `state`: new | part | done | unreadable."""

    id: int
    route: str
    tip: int | None
    state: str
    received_at: int
    raw: str | None = field(repr=False)


_BEGIN: Final = select(  # one statement, one moment: what came between two of them would be behind the second and not in the first
    func.coalesce(
        select(func.min(mo.c.id) - 1).where(mo.c.received_at > bindparam("since_")).scalar_subquery(),
        select(func.max(mo.c.id)).scalar_subquery(),
        0,
    )
)
_NEXT: Final = (  # by the primary key: only what came since the last look
    select(mo.c.id, mo.c.channel, mo.c.raw.is_not(None)).where(mo.c.id > bindparam("after_")).order_by(mo.c.id).limit(bindparam("limit_"))
)
_ONE: Final = select(mo.c.id, mo.c.route, mo.c.tip, mo.c.state, mo.c.received_at, mo.c.raw).where(mo.c.id == bindparam("mo_"))
_NOTE: Final = update(mo).where(mo.c.id == bindparam("mo_")).values(raw=bindparam("raw_"))
_ALARM: Final = update(mo).where(mo.c.id == bindparam("mo_")).values(alarm=func.coalesce(mo.c.alarm + "; ", "") + bindparam("alarm_"))


async def before(connection: AsyncConnection, since: int) -> int:
    """The id before the first MO that was received after `since` (epoch ms). Walks the table: ask once a start."""
    return int(await connection.scalar(_BEGIN, {"since_": since}) or 0)


async def next_ids(connection: AsyncConnection, channel: str, after: int, limit: int) -> tuple[int, list[int]]:
    """(how far was looked, ids of MOs of `channel` with something beside their words) from behind `after` on."""
    rows = (await connection.execute(_NEXT, {"after_": after, "limit_": limit})).all()
    return (rows[-1][0] if rows else after), [row[0] for row in rows if row[1] == channel and row[2]]


async def enclosing(connection: AsyncConnection, mo_id: int) -> Enclosing | None:
    """One of them. Raises Unsealable where its row is damaged."""
    row = (await connection.execute(_ONE, {"mo_": mo_id})).one_or_none()
    return None if row is None else Enclosing(*row)


async def note(connection: AsyncConnection, mo_id: int, raw: str, alarm: str | None) -> None:
    """Write down what became of them, and what the desk should look at."""
    await connection.execute(_NOTE, {"mo_": mo_id, "raw_": raw})
    if alarm:
        await connection.execute(_ALARM, {"mo_": mo_id, "alarm_": alarm})
