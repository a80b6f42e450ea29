"""Parts that wait at a door for the rest of their text."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import delete, exists, select, text
from sqlalchemy.dialects.postgresql import insert as upsert  # its ON CONFLICT compiles and runs on SQLite too; pinned by tests/storage
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.storage.schema import door_part

# Two processes that take two parts of one text at once would each miss the other's: whoever comes second waits and sees both.
_TAKE_TURNS: Final = text("SELECT pg_advisory_xact_lock(hashtextextended(encode(CAST(:key AS bytea), 'hex'), 7))")
_MOST: Final = 500  # of the overdue in one round


@dataclass(frozen=True, slots=True)
class StoredPart:
    """A part that waits. `part`: JSON, as the use case wrote it."""

    id: int
    client: int
    key: bytes = field(repr=False)
    number: int
    part: str = field(repr=False)
    received_at: int


async def keep(connection: AsyncConnection, client: int, commune: str, key: bytes, number: int, part: str, now: int) -> list[StoredPart]:
    """Keep a part; all that wait under `key` now, by number. The same number again takes the place of what came first."""
    if connection.dialect.name == "postgresql":
        await connection.execute(_TAKE_TURNS, {"key": key})
    new = upsert(door_part).values(client=client, commune=commune, key=key, number=number, part=part, received_at=now)
    again = {"part": new.excluded.part, "received_at": now}
    await connection.execute(new.on_conflict_do_update(index_elements=["client", "key", "number"], set_=again))
    return await of(connection, client, key)


async def of(connection: AsyncConnection, client: int, key: bytes) -> list[StoredPart]:
    """The parts of one text of one client, by number."""
    chosen = select(door_part).where(door_part.c.client == client, door_part.c.key == key).order_by(door_part.c.number)
    return [_stored(row) for row in await connection.execute(chosen)]


async def any_until(connection: AsyncConnection, until: int) -> bool:
    """Whether a part that came until then waits still; also on a connection that only reads."""
    return bool(await connection.scalar(select(exists().where(door_part.c.received_at <= until))))


async def overdue(connection: AsyncConnection, until: int) -> list[StoredPart]:
    """Parts that came until then, oldest first, at most 500."""
    chosen = select(door_part).where(door_part.c.received_at <= until).order_by(door_part.c.received_at, door_part.c.id).limit(_MOST)
    return [_stored(row) for row in await connection.execute(chosen.with_for_update(skip_locked=True))]


async def drop(connection: AsyncConnection, ids: Collection[int]) -> None:
    """These parts wait no more: their text is an MT."""
    if ids:
        await connection.execute(delete(door_part).where(door_part.c.id.in_(ids)))


def _stored(row: Sequence[Any]) -> StoredPart:  # Any: the columns of the table
    id_, client, _, key, number, part, received_at = row
    return StoredPart(id_, client, bytes(key), number, part, received_at)
