"""MTs that outside systems enqueued: found again by our name of them, or by the sender's own reference."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.storage.schema import mt

_CHUNK: Final = 5_000  # values in one IN: PostgreSQL takes 32,767 parameters a statement
_COLUMNS: Final = (mt.c.id, mt.c.ref, mt.c.send_id, mt.c.bidx, mt.c.route, mt.c.segments, mt.c.body)


@dataclass(frozen=True, slots=True)
class StoredMt:
    """An MT as far as whoever enqueued it is told of it."""

    id: int
    ref: str
    send_id: str | None
    bidx: bytes = field(repr=False)
    route: str
    segments: int
    body: str | None = field(repr=False)


async def by_refs(connection: AsyncConnection, refs: Sequence[str]) -> dict[str, StoredMt]:
    """The MTs of these names of ours."""
    return {found.ref: found for some in _chunks(refs) for found in await _read(connection, mt.c.ref.in_(some))}


async def by_send_ids(connection: AsyncConnection, send_ids: Collection[str]) -> dict[tuple[str, bytes], StoredMt]:
    """What was enqueued under these ids before, by id and person."""
    found = [each for some in _chunks(sorted(send_ids)) for each in await _read(connection, mt.c.send_id.in_(some))]
    return {(each.send_id, each.bidx): each for each in found if each.send_id is not None}


def _chunks(values: Sequence[str]) -> Iterator[Sequence[str]]:
    return (values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK))


async def _read(connection: AsyncConnection, which: Any) -> list[StoredMt]:  # Any: a condition
    return [_stored(row) for row in await connection.execute(select(*_COLUMNS).where(which))]


def _stored(row: Sequence[Any]) -> StoredMt:  # Any: the columns above
    id_, ref, send_id, bidx, *more = row
    return StoredMt(id_, ref, send_id, bytes(bidx), *more)
