"""What carriers said of whose number it is now. A number stands here as its blind index alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as upsert  # its ON CONFLICT compiles and runs on SQLite too; pinned by tests/storage
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.storage.schema import portability

FRESH_MS: Final = 30 * 86_400_000  # people change their operator now and then; a look-up costs about as much as a text
_CHUNK: Final = 5_000  # values in one IN: PostgreSQL takes 32,767 parameters a statement

_REMEMBER: Final = upsert(portability)
_UPSERT: Final = _REMEMBER.on_conflict_do_update(
    index_elements=["bidx"], set_={name: _REMEMBER.excluded[name] for name in ("operator", "asked_at", "source")}
)


@dataclass(frozen=True, slots=True)
class Answer:
    """`operator`: a name of the table, "": its network is none of the table's. `asked_at`: ms; `source`: the carrier that said so."""

    operator: str
    asked_at: int
    source: str


async def answers(connection: AsyncConnection, people: Sequence[bytes], now: int) -> dict[bytes, Answer]:
    """What was said of `people` (blind indexes) within FRESH_MS."""
    found: dict[bytes, Answer] = {}
    for start in range(0, len(people), _CHUNK):
        statement = select(portability).where(
            portability.c.bidx.in_(people[start : start + _CHUNK]), portability.c.asked_at > now - FRESH_MS
        )
        rows = await connection.execute(statement)
        found |= {bytes(row.bidx): Answer(row.operator, row.asked_at, row.source) for row in rows}
    return found


async def is_known(connection: AsyncConnection) -> bool:
    """Whether anything was ever said of anybody: most installations ask nobody, and then a wave of a million need not look."""
    return await connection.scalar(select(portability.c.bidx).limit(1)) is not None


async def remember(connection: AsyncConnection, said: Mapping[bytes, Answer]) -> None:
    """Keep what was said; a newer answer stands in for an older one."""
    rows = [
        {"bidx": person, "operator": each.operator, "asked_at": each.asked_at, "source": each.source}
        for person, each in sorted(said.items())
    ]
    if rows:
        await connection.execute(_UPSERT, rows)


async def forget_old(connection: AsyncConnection, now: int) -> int:
    """Take away what is no longer believed; how many rows."""
    return (await connection.execute(delete(portability).where(portability.c.asked_at <= now - FRESH_MS))).rowcount
