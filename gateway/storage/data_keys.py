"""Data keys beside the first: made ahead of their time, adopted by every process, destroyed one by one (ADR 0029)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Row, bindparam, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.storage.schema import data_key
from gateway.storage.seal import FIRST, Keyring
from gateway.storage.sqlite_writer import driver_of

LAST: Final = 0xFFFF  # two bytes of each sealed value name its key


@dataclass(frozen=True, slots=True)
class DataKey:
    """A row. `wrapped` None: destroyed. Times: epoch ms."""

    id: int
    wrapped: bytes | None = field(repr=False)
    made_at: int
    starts_at: int
    doomed_at: int | None
    why: str | None
    destroyed_at: int | None


_ALL: Final = select(data_key).order_by(data_key.c.id)
_NEXT: Final = select(func.coalesce(func.max(data_key.c.id), FIRST) + 1)
_ADD: Final = insert(data_key)
_DOOM: Final = (
    update(data_key)
    .where(data_key.c.id == bindparam("id_"), data_key.c.destroyed_at.is_(None), data_key.c.doomed_at.is_(None))
    .values(doomed_at=bindparam("now_"), why=bindparam("why_"))
)
_DESTROY: Final = (
    update(data_key)
    .where(data_key.c.id == bindparam("id_"), data_key.c.destroyed_at.is_(None))
    .values(wrapped=None, destroyed_at=bindparam("now_"))
)


async def all_keys(connection: AsyncConnection) -> list[DataKey]:
    """Every row, oldest first."""
    return [_key(row) for row in await connection.execute(_ALL)]


def _key(row: Row[tuple[object, ...]]) -> DataKey:
    values = row._mapping  # noqa: SLF001 # SQLAlchemy's public name for it
    wrapped = None if values["wrapped"] is None else bytes(values["wrapped"])
    return DataKey(**{**values, "wrapped": wrapped})


def current(keys: Sequence[DataKey], now: int) -> int:
    """The id of the key that seals at `now`: the youngest that has begun and is there."""
    begun = [each for each in keys if each.wrapped is not None and each.starts_at <= now]
    return max(begun, key=lambda each: (each.starts_at, each.id)).id if begun else FIRST


def adopt(keyring: Keyring, keys: Sequence[DataKey], now: int) -> None:
    """Let `keyring` know `keys`. Raises WrongKey for one that the master key does not open."""
    opened = {each.id: keyring.unwrap(each.id, each.wrapped) for each in keys if each.wrapped is not None}
    keyring.adopt(opened, [each.id for each in keys if each.wrapped is None], current(keys, now))


async def add(connection: AsyncConnection, keyring: Keyring, key: bytes, starts_at: int, now: int) -> int:
    """Store `key`, 32 random bytes, wrapped; returns its id. Raises OverflowError when two bytes can't name another."""
    key_id = int(await connection.scalar(_NEXT) or FIRST + 1)
    if key_id > LAST:
        raise OverflowError("all 65,534 key ids are used")
    await connection.execute(_ADD, {"id": key_id, "wrapped": keyring.wrap(key_id, key), "made_at": now, "starts_at": starts_at})
    return key_id


async def doom(connection: AsyncConnection, key_id: int, why: str, now: int) -> None:
    """Let it be destroyed as soon as nothing that must stay is sealed with it."""
    await connection.execute(_DOOM, {"id_": key_id, "why_": why, "now_": now})


async def destroy(connection: AsyncConnection, key_id: int, now: int) -> bool:
    """Take its bytes out of the database; on SQLite out of the file's free room too. Whether it was there."""
    driver = driver_of(connection)
    if driver is not None:
        driver.execute("PRAGMA secure_delete = ON")
    done = await connection.execute(_DESTROY, {"id_": key_id, "now_": now})
    if driver is not None:
        driver.execute("PRAGMA secure_delete = OFF")
    return bool(done.rowcount)
