"""Tips that staff typed in: who, when, in which list; each under a keyed hash of its one-time key, so that sent twice is one."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import bindparam, func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert  # its ON CONFLICT compiles and runs on SQLite too; pinned by tests/storage
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.storage.schema import entry_batch, tip, tip_entry, user


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry to store. `key`: keyed hash; `user`: id of who typed; `line`: in its list."""

    commune: str
    key: bytes = field(repr=False)
    mo: int
    user: int
    channel: str
    at: int
    sheet: str | None = None
    batch: int | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Entered:
    """A stored entry. `code`, `village`: of the tip made of it, None while it waits to be read."""

    id: int
    commune: str
    mo: int
    channel: str
    sheet: str | None
    line: int | None
    at: int
    code: str | None
    tip: int | None
    village: str | None
    urgent: str | None
    who: str | None


@dataclass(frozen=True, slots=True)
class Batch:
    """A list that was taken. `rows`: how many tips; `refused`: JSON of the rows that were not."""

    id: int
    commune: str
    rows: int
    refused: str | None = field(repr=False)
    at: int


_ENTRIES: Final = (
    select(
        tip_entry.c.id, tip_entry.c.commune, tip_entry.c.mo, tip_entry.c.channel, tip_entry.c.sheet, tip_entry.c.line, tip_entry.c.at,
        tip.c.code, tip.c.id.label("tip"), tip.c.village, tip.c.urgent, user.c.name.label("who"),
    )
    .outerjoin(tip, tip.c.mo == tip_entry.c.mo)
    .outerjoin(user, user.c.id == tip_entry.c.user)
)  # fmt: skip
_BY_KEY: Final = _ENTRIES.where(tip_entry.c.key == bindparam("key_"))
_BY_TIP: Final = _ENTRIES.where(tip.c.id == bindparam("tip_"))
_OF_BATCH: Final = _ENTRIES.where(tip_entry.c.batch == bindparam("batch_")).order_by(tip_entry.c.line)
_LATEST: Final = _ENTRIES.where(tip_entry.c.commune == bindparam("commune_")).order_by(tip_entry.c.id.desc()).limit(bindparam("limit_"))
_KNOWN: Final = select(tip_entry.c.key).where(tip_entry.c.key.in_(bindparam("keys_", expanding=True)))
_WAITING: Final = (
    select(tip_entry.c.mo)
    .outerjoin(tip, tip.c.mo == tip_entry.c.mo)
    .where(tip_entry.c.batch == bindparam("batch_"), tip.c.id.is_(None))
    .order_by(tip_entry.c.line)
)
_BATCH: Final = select(entry_batch.c.id, entry_batch.c.commune, entry_batch.c.rows, entry_batch.c.refused, entry_batch.c.at)


def _entered(row: Any) -> Entered:  # Any: a row
    return Entered(*row)


async def add(connection: AsyncConnection, entries: Sequence[NewEntry]) -> None:
    """Store entries; one whose key is there already is left alone."""
    names = ("commune", "key", "mo", "user", "channel", "at", "sheet", "batch", "line")
    if entries:
        await connection.execute(
            upsert(tip_entry).on_conflict_do_nothing(), [{name: getattr(each, name) for name in names} for each in entries]
        )


async def by_key(connection: AsyncConnection, key: bytes) -> Entered | None:
    """The entry that was made with this key."""
    row = (await connection.execute(_BY_KEY, {"key_": key})).one_or_none()
    return None if row is None else _entered(row)


async def by_tip(connection: AsyncConnection, tip_id: int) -> Entered | None:
    """The entry that a tip was made of; None: nobody typed it in."""
    row = (await connection.execute(_BY_TIP, {"tip_": tip_id})).one_or_none()
    return None if row is None else _entered(row)


async def known_keys(connection: AsyncConnection, keys: Collection[bytes]) -> set[bytes]:
    """Those of `keys` that are there already."""
    return {bytes(row.key) for row in await connection.execute(_KNOWN, {"keys_": list(keys)})} if keys else set()


async def latest(connection: AsyncConnection, commune: str, limit: int) -> list[Entered]:
    """What was typed in last, newest first."""
    return [_entered(row) for row in await connection.execute(_LATEST, {"commune_": commune, "limit_": limit})]


async def of_batch(connection: AsyncConnection, batch: int) -> list[Entered]:
    """The entries of a list, in its order."""
    return [_entered(row) for row in await connection.execute(_OF_BATCH, {"batch_": batch})]


async def waiting(connection: AsyncConnection, batch: int) -> list[int]:
    """MOs of a list of which no tip has been made yet."""
    return [row.mo for row in await connection.execute(_WAITING, {"batch_": batch})]


async def add_batch(connection: AsyncConnection, values: Mapping[str, Any]) -> int:  # Any: a row's values
    """Store a list; returns its id."""
    return int((await connection.execute(insert(entry_batch).values(**values).returning(entry_batch.c.id))).scalar_one())


async def batch_by_key(connection: AsyncConnection, key: bytes) -> Batch | None:
    """The list that came with this key."""
    row = (await connection.execute(_BATCH.where(entry_batch.c.key == key))).one_or_none()
    return None if row is None else Batch(*row)


async def batch_by_id(connection: AsyncConnection, id_: int) -> Batch | None:
    """A list, or None."""
    row = (await connection.execute(_BATCH.where(entry_batch.c.id == id_))).one_or_none()
    return None if row is None else Batch(*row)


async def count_today(connection: AsyncConnection, commune: str, since: int) -> int:
    """How many were typed in since then (epoch ms)."""
    found = select(func.count()).where(tip_entry.c.commune == commune, tip_entry.c.at >= since)
    return int(await connection.scalar(found) or 0)


@dataclass(frozen=True, slots=True)
class Seen:
    """A tip as it is shown beside one that is being typed."""

    id: int
    code: str
    commune: str
    village: str | None
    received_at: int
    text: str = field(repr=False)


_SEEN: Final = select(tip.c.id, tip.c.code, tip.c.commune, tip.c.village, tip.c.received_at, tip.c.text)


async def seen(connection: AsyncConnection, ids: Collection[int]) -> list[Seen]:
    """Tips by their ids."""
    return [Seen(*row) for row in await connection.execute(_SEEN.where(tip.c.id.in_(ids)))] if ids else []
