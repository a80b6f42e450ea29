"""Tips that resemble each other: keyed hashes of pairs of words, and the links that were found. No plaintext index (DESIGN §3.14).

The cost of a comparison is bounded however many tips there are: at most 32 hashes a tip are kept, and of each the 100 newest tips are
looked at; what everybody writes is found by the rarer words beside it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from sqlalchemy import TextClause, bindparam, literal_column, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert  # its ON CONFLICT compiles and runs on SQLite too; pinned by tests/storage
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.storage.schema import tip, tip_link, tip_shingle

KEPT: Final = 32  # hashes a tip
LOOKED_AT: Final = 100  # newest tips of one hash
CANDIDATES: Final = 12  # whose words are opened and compared
_TURN: Final = text("SELECT pg_try_advisory_xact_lock(:key)")
_TURN_KEY: Final = 0x71BA1  # any constant of ours, another than the migrations'


@dataclass(frozen=True, slots=True)
class Told:
    """A tip to compare. `bidx`: who told it."""

    id: int
    bidx: bytes = field(repr=False)
    text: str = field(repr=False)


_TOLD: Final = select(tip.c.id, tip.c.bidx, tip.c.text)
_WAITING: Final = _TOLD.where(tip.c.linked_at.is_(literal_column("NULL"))).order_by(tip.c.id).limit(bindparam("limit_"))
_SOME: Final = _TOLD.where(tip.c.id.in_(bindparam("ids_", expanding=True)), tip.c.bidx != bindparam("bidx_"))
_DONE: Final = update(tip).where(tip.c.id == bindparam("tip_")).values(linked_at=bindparam("at_"))
_BESIDE: Final = select(tip_link.c.tip, tip_link.c.other, tip_link.c.likeness).where(
    (tip_link.c.tip == bindparam("tip_")) | (tip_link.c.other == bindparam("tip_"))
)
_CODE: Final = select(tip.c.id, tip.c.code).where(tip.c.id.in_(bindparam("ids_", expanding=True)))


@cache
def _alike(hashes: int) -> TextClause:
    """Tips that share at least :least of so many hashes, most first. One seek of the primary key a hash: Core has no words for it that
    both engines answer by their index."""
    each = " UNION ALL ".join(
        f"SELECT tip FROM (SELECT tip FROM tip_shingle WHERE hash = :h{n} ORDER BY tip DESC LIMIT {LOOKED_AT}) AS s{n}"  # noqa: S608
        for n in range(hashes)
    )
    return text(
        f"SELECT tip FROM ({each}) AS seen GROUP BY tip HAVING count(*) >= :least ORDER BY count(*) DESC, tip DESC LIMIT {CANDIDATES}"  # noqa: S608
    )


async def my_turn(connection: AsyncConnection) -> bool:
    """Whether this transaction alone compares now: two at once would not see each other's tips. SQLite has one writer anyway."""
    return connection.dialect.name == "sqlite" or bool(await connection.scalar(_TURN, {"key": _TURN_KEY}))


async def waiting(connection: AsyncConnection, limit: int) -> list[Told]:
    """The oldest tips that nobody has compared yet."""
    return [Told(row.id, bytes(row.bidx), row.text) for row in await connection.execute(_WAITING, {"limit_": limit})]


async def one(connection: AsyncConnection, tip_id: int) -> Told | None:
    """A tip to compare, by its id."""
    row = (await connection.execute(_TOLD.where(tip.c.id == tip_id))).one_or_none()
    return None if row is None else Told(row.id, bytes(row.bidx), row.text)


async def alike(connection: AsyncConnection, told: Told, hashes: Sequence[int], least: int) -> list[Told]:
    """Tips by other people that share at least `least` of `hashes`."""
    if len(hashes) < least:
        return []
    values = {f"h{n}": value for n, value in enumerate(hashes)} | {"least": least}
    ids = [row[0] for row in await connection.execute(_alike(len(hashes)), values)]
    if not ids:
        return []
    return [Told(row.id, bytes(row.bidx), row.text) for row in await connection.execute(_SOME, {"ids_": ids, "bidx_": told.bidx})]


async def store(connection: AsyncConnection, told: Told, hashes: Collection[int], links: Collection[tuple[int, float]], now: int) -> None:
    """Keep a tip's hashes and its links (other tip, likeness); it has been compared."""
    if hashes:
        await connection.execute(upsert(tip_shingle).on_conflict_do_nothing(), [{"hash": value, "tip": told.id} for value in hashes])
    if links:
        rows = [{"tip": max(told.id, other), "other": min(told.id, other), "likeness": like, "at": now} for other, like in links]
        await connection.execute(upsert(tip_link).on_conflict_do_nothing(), rows)
    await connection.execute(_DONE, {"tip_": told.id, "at_": now})


async def beside(connection: AsyncConnection, tip_id: int) -> list[tuple[str, float]]:
    """(code, likeness) of the tips that corroborate this one, likest first."""
    found = [(row.other if row.tip == tip_id else row.tip, row.likeness) for row in await connection.execute(_BESIDE, {"tip_": tip_id})]
    if not found:
        return []
    codes = {row.id: row.code for row in await connection.execute(_CODE, {"ids_": [other for other, _ in found]})}
    return sorted(((codes[other], likeness) for other, likeness in found), key=lambda each: (-each[1], each[0]))
