"""Breaches of personal data as rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.storage.schema import breach


@dataclass(frozen=True, slots=True)
class Breach:
    """A row. Times: epoch ms. `kinds`: of `domain.breach.Data`, by comma; `people` 0: not known yet."""

    id: int
    commune: str
    found_at: int
    began_at: int | None
    kinds: str
    people: int
    what: str = field(repr=False)
    measures: str = field(repr=False)
    told_agency_at: int | None
    told_people_at: int | None
    user: int
    made_at: int


def _breach(row: Row[tuple[object, ...]]) -> Breach:
    return Breach(**row._mapping)  # noqa: SLF001 # SQLAlchemy's public name for it


async def add(connection: AsyncConnection, values: Mapping[str, object]) -> int:
    """A new row; its id."""
    return int((await connection.execute(insert(breach).values(**values).returning(breach.c.id))).scalar_one())


async def find(connection: AsyncConnection, id_: int) -> Breach | None:
    """The row `id_`."""
    row = (await connection.execute(select(breach).where(breach.c.id == id_))).one_or_none()
    return None if row is None else _breach(row)


async def listed(connection: AsyncConnection, commune: str | None) -> Sequence[Breach]:
    """Those of a commune (None: all), the newest first."""
    statement = select(breach).order_by(breach.c.id.desc()).limit(100)
    if commune is not None:
        statement = statement.where(breach.c.commune == commune)
    return [_breach(row) for row in await connection.execute(statement)]


async def told(connection: AsyncConnection, id_: int, who: str, at: int) -> bool:
    """The agency, or the people, were told; False: it was noted before."""
    column = breach.c.told_agency_at if who == "agency" else breach.c.told_people_at
    changed = await connection.execute(update(breach).where(breach.c.id == id_, column.is_(None)).values({column.name: at}))
    return bool(changed.rowcount)
