"""Who has a tip open, what people decided of two like tips, saved views, and why somebody looks at numbers."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import and_, bindparam, delete, exists, func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert  # its ON CONFLICT compiles and runs on SQLite too; pinned by tests/storage
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.storage.schema import reveal_reason, tip, tip_link, tip_open, tip_pair, tip_view

LINKED: Final = "linked"
APART: Final = "apart"
UNDECIDED: Final = "open"
OPEN_MS: Final = 120_000  # a page that has said nothing for so long is closed
_GROUP: Final = 100  # tips of one group that are followed


async def opened(connection: AsyncConnection, tip_id: int, commune: str, user: int, name: str, now: int) -> None:
    """Somebody has a tip open."""
    new = upsert(tip_open).values(tip=tip_id, user=user, commune=commune, name=name, at=now)
    await connection.execute(new.on_conflict_do_update(index_elements=["tip", "user"], set_={"at": now, "name": name}))


async def others(connection: AsyncConnection, tip_id: int, user: int, now: int) -> list[str]:
    """Names of the others who have a tip open."""
    found = select(tip_open.c.name).where(tip_open.c.tip == tip_id, tip_open.c.user != user, tip_open.c.at > now - OPEN_MS)
    return [row[0] for row in await connection.execute(found.order_by(tip_open.c.name))]


async def closed(connection: AsyncConnection, now: int) -> None:
    """Forget who had tips open a day ago."""
    await connection.execute(delete(tip_open).where(tip_open.c.at < now - 86_400_000))


# --- pairs ---


@dataclass(frozen=True, slots=True)
class Like:
    """A tip beside another one. `likeness`: 0..1, None where a person put them together; `verdict`: linked, apart, open or None."""

    tip: int
    likeness: float | None
    verdict: str | None


def _ordered(one: int, other: int) -> tuple[int, int]:
    return (one, other) if one > other else (other, one)


async def beside(connection: AsyncConnection, tip_id: int) -> list[Like]:
    """Tips that the machine or a person put beside this one, likest first."""
    found: dict[int, Like] = {}
    machine = select(tip_link.c.tip, tip_link.c.other, tip_link.c.likeness).where((tip_link.c.tip == tip_id) | (tip_link.c.other == tip_id))
    for row in await connection.execute(machine):
        other = row[1] if row[0] == tip_id else row[0]
        found[other] = Like(other, row[2], None)
    people = select(tip_pair.c.tip, tip_pair.c.other, tip_pair.c.verdict).where((tip_pair.c.tip == tip_id) | (tip_pair.c.other == tip_id))
    for row in await connection.execute(people):
        other = row[1] if row[0] == tip_id else row[0]
        found[other] = Like(other, found[other].likeness if other in found else None, row[2])
    return sorted(found.values(), key=lambda each: (-(each.likeness or 0), each.tip))


async def verdict(connection: AsyncConnection, one: int, other: int) -> str | None:
    """What was decided of two tips."""
    first, second = _ordered(one, other)
    found = select(tip_pair.c.verdict).where(tip_pair.c.tip == first, tip_pair.c.other == second)
    said: str | None = await connection.scalar(found)
    return said


async def decide(connection: AsyncConnection, one: int, other: int, commune: str, said: str, user: int, now: int) -> None:
    """Two tips belong together, or don't; the last word counts, the history keeps all."""
    first, second = _ordered(one, other)
    new = upsert(tip_pair).values(tip=first, other=second, commune=commune, verdict=said, user=user, at=now)
    await connection.execute(new.on_conflict_do_update(index_elements=["tip", "other"], set_={"verdict": said, "user": user, "at": now}))


_NEIGHBOURS: Final = select(tip_pair.c.tip, tip_pair.c.other).where(
    tip_pair.c.verdict == LINKED,
    tip_pair.c.tip.in_(bindparam("ids_", expanding=True)) | tip_pair.c.other.in_(bindparam("ids_", expanding=True)),
)


async def group_of(connection: AsyncConnection, tip_id: int) -> list[int]:
    """Ids of all tips that are linked with this one, itself first; over any number of links, at most 100 tips."""
    found, edge = {tip_id: None}, {tip_id}
    while edge and len(found) < _GROUP:
        rows = await connection.execute(_NEIGHBOURS, {"ids_": sorted(edge)})
        edge = {each for row in rows for each in row} - found.keys()
        found |= dict.fromkeys(sorted(edge))
    return list(found)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two tips that look alike and of which nobody has said anything; the newer first."""

    tip: int
    other: int
    likeness: float


_DECIDED: Final = exists().where(tip_pair.c.tip == tip_link.c.tip, tip_pair.c.other == tip_link.c.other, tip_pair.c.verdict != UNDECIDED)


async def undecided(connection: AsyncConnection, commune: str | None, below: int, limit: int) -> list[tuple[int, Pair]]:
    """(id, pair) of the machine's pairs that wait for a person, newest first, behind the pair `below`."""
    mine = [] if commune is None else [tip.c.commune == commune]
    found = (
        select(tip_link.c.id, tip_link.c.tip, tip_link.c.other, tip_link.c.likeness)
        .join(tip, tip.c.id == tip_link.c.tip)
        .where(*mine, ~_DECIDED, tip_link.c.id < below)
        .order_by(tip_link.c.id.desc())
        .limit(limit)
    )
    return [(row[0], Pair(*row[1:])) for row in await connection.execute(found)]


# --- views ---


@dataclass(frozen=True, slots=True)
class View:
    """A saved view; `filters`: JSON."""

    id: int
    name: str = field(repr=False)
    filters: str


async def views_of(connection: AsyncConnection, user: int) -> list[View]:
    """A person's saved views, oldest first."""
    found = select(tip_view.c.id, tip_view.c.name, tip_view.c.filters).where(tip_view.c.user == user).order_by(tip_view.c.id)
    return [View(*row) for row in await connection.execute(found)]


async def add_view(connection: AsyncConnection, user: int, commune: str, name: str, filters: str, now: int) -> int:
    """Save a view; returns its id."""
    new = insert(tip_view).values(user=user, commune=commune, name=name, filters=filters, at=now).returning(tip_view.c.id)
    return int(await connection.scalar(new))


async def drop_view(connection: AsyncConnection, user: int, view: int) -> bool:
    """Take a person's own view away; False where there is none."""
    gone = await connection.execute(delete(tip_view).where(and_(tip_view.c.id == view, tip_view.c.user == user)))
    return bool(gone.rowcount)


# --- numbers ---


async def reason(connection: AsyncConnection, user: int, day: int) -> str | None:
    """Why a person looks at numbers on `day` (yyyymmdd)."""
    found: str | None = await connection.scalar(
        select(reveal_reason.c.reason).where(reveal_reason.c.user == user, reveal_reason.c.day == day)
    )
    return found


async def add_reason(connection: AsyncConnection, user: int, day: int, commune: str, why: str, now: int) -> None:
    """Keep the reason of a day; the first one stays."""
    new = upsert(reveal_reason).values(user=user, day=day, commune=commune, reason=why, at=now)
    await connection.execute(new.on_conflict_do_nothing())


async def codes_of(connection: AsyncConnection, ids: Collection[int]) -> dict[int, str]:
    """Codes by id."""
    found = select(tip.c.id, tip.c.code).where(tip.c.id.in_(sorted(ids))) if ids else None
    return {} if found is None else {row[0]: row[1] for row in await connection.execute(found)}


async def view_count(connection: AsyncConnection, user: int) -> int:
    """How many views a person has."""
    return int(await connection.scalar(select(func.count()).select_from(tip_view).where(tip_view.c.user == user)) or 0)
