"""The registers of witnesses and of battles as rows, and what links them to tips and cases."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import bindparam, insert, literal_column, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.storage.schema import battle, case_file, register_link, tip, witness


@dataclass(frozen=True, slots=True)
class NewWitness:
    """Who knows something. `urgency`: now, soon or usual; `visit_by`: yyyy-mm-dd."""

    commune: str
    name: str = field(repr=False)
    knows: str = field(repr=False)
    birth_year: int | None = None
    village: str | None = None
    urgency: str = "usual"
    contact: str | None = field(default=None, repr=False)
    visitor: str | None = field(default=None, repr=False)
    visit_by: str | None = None


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness as stored. `state`: waiting, visited or gone."""

    id: int
    commune: str
    village: str | None
    name: str = field(repr=False)
    birth_year: int | None
    urgency: str
    contact: str | None = field(repr=False)
    knows: str = field(repr=False)
    state: str
    visitor: str | None = field(repr=False)
    visit_by: str | None
    version: int
    created_at: int
    visited_at: int | None


@dataclass(frozen=True, slots=True)
class NewBattle:
    """A battle. `first_day`, `last_day`: yyyy, yyyy-mm or yyyy-mm-dd, no more than is known; `units`: as written, never decoded."""

    commune: str
    name: str = field(repr=False)
    first_day: str
    last_day: str
    place: str = field(repr=False)
    units: str = field(repr=False)
    sources: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Battle:
    """A battle as stored."""

    id: int
    commune: str
    name: str = field(repr=False)
    first_day: str
    last_day: str
    place: str = field(repr=False)
    units: str = field(repr=False)
    sources: str = field(repr=False)
    version: int
    created_at: int


@dataclass(frozen=True, slots=True)
class Link:
    """What a witness or a battle has to do with: a tip or a case. Codes and numbers as people call them."""

    id: int
    witness: int | None
    battle: int | None
    tip: int | None
    tip_code: str | None
    case: int | None
    case_number: str | None


_WITNESSES: Final = select(
    witness.c.id, witness.c.commune, witness.c.village, witness.c.name, witness.c.birth_year, witness.c.urgency, witness.c.contact,
    witness.c.knows, witness.c.state, witness.c.visitor, witness.c.visit_by, witness.c.version, witness.c.created_at, witness.c.visited_at,
)  # fmt: skip
_BATTLES: Final = select(
    battle.c.id, battle.c.commune, battle.c.name, battle.c.first_day, battle.c.last_day, battle.c.place, battle.c.units,
    battle.c.sources, battle.c.version, battle.c.created_at,
)  # fmt: skip
_LINKS: Final = (
    select(
        register_link.c.id, register_link.c.witness, register_link.c.battle, register_link.c.tip, tip.c.code, register_link.c.case,
        case_file.c.number,
    )
    .outerjoin(tip, tip.c.id == register_link.c.tip)
    .outerjoin(case_file, case_file.c.id == register_link.c.case)
    .where(register_link.c.left_at.is_(literal_column("NULL")))
    .order_by(register_link.c.id)
)  # fmt: skip


async def add_witness(connection: AsyncConnection, new: NewWitness, now: int) -> int:
    """A new witness; returns the id."""
    values = {
        "commune": new.commune, "name": new.name, "knows": new.knows, "birth_year": new.birth_year, "village": new.village,
        "urgency": new.urgency, "contact": new.contact, "visitor": new.visitor, "visit_by": new.visit_by, "state": "waiting",
        "version": 1, "created_at": now,
    }  # fmt: skip
    return int((await connection.execute(insert(witness).values(**values).returning(witness.c.id))).scalar_one())


async def witnesses(connection: AsyncConnection, communes: str | None) -> list[Witness]:
    """The register of witnesses, as it was written."""
    wanted = _WITNESSES if communes is None else _WITNESSES.where(witness.c.commune == communes)
    return [_witness(row) for row in await connection.execute(wanted.order_by(witness.c.id))]


async def find_witness(connection: AsyncConnection, id_: int) -> Witness | None:
    """One witness, or None."""
    row = (await connection.execute(_WITNESSES.where(witness.c.id == id_))).one_or_none()
    return None if row is None else _witness(row)


async def change_witness(connection: AsyncConnection, id_: int, version: int, **values: str | int | None) -> bool:
    """Change a witness whose version is `version`; False: somebody was quicker."""
    mine = (witness.c.id == id_) & (witness.c.version == version)
    return (await connection.execute(update(witness).where(mine).values(version=version + 1, **values))).rowcount == 1


async def add_battle(connection: AsyncConnection, new: NewBattle, now: int) -> int:
    """A new battle; returns the id."""
    values = {
        "commune": new.commune, "name": new.name, "first_day": new.first_day, "last_day": new.last_day, "place": new.place,
        "units": new.units, "sources": new.sources, "version": 1, "created_at": now,
    }  # fmt: skip
    return int((await connection.execute(insert(battle).values(**values).returning(battle.c.id))).scalar_one())


async def battles(connection: AsyncConnection, communes: str | None) -> list[Battle]:
    """The register of battles, the earliest first."""
    wanted = _BATTLES if communes is None else _BATTLES.where(battle.c.commune == communes)
    return [_battle(row) for row in await connection.execute(wanted.order_by(battle.c.first_day, battle.c.id))]


async def find_battle(connection: AsyncConnection, id_: int) -> Battle | None:
    """One battle, or None."""
    row = (await connection.execute(_BATTLES.where(battle.c.id == id_))).one_or_none()
    return None if row is None else _battle(row)


async def change_battle(connection: AsyncConnection, id_: int, version: int, **values: str) -> bool:
    """Change a battle whose version is `version`; False: somebody was quicker."""
    mine = (battle.c.id == id_) & (battle.c.version == version)
    return (await connection.execute(update(battle).where(mine).values(version=version + 1, **values))).rowcount == 1


async def link(connection: AsyncConnection, commune: str, now: int, **ends: int) -> None:
    """Link a `witness` or a `battle` (ids) to a `tip` or a `case`."""
    await connection.execute(insert(register_link).values(commune=commune, at=now, **ends))


async def unlink(connection: AsyncConnection, id_: int, now: int) -> None:
    """A link that was a mistake; the row stays."""
    await connection.execute(update(register_link).where(register_link.c.id == id_).values(left_at=now))


async def links(connection: AsyncConnection, end: str, id_: int) -> list[Link]:
    """The links of one `end`: "witness", "battle", "tip" or "case", by its id."""
    found = await connection.execute(_LINKS.where(register_link.c[end] == bindparam("id_")), {"id_": id_})
    return [Link(*row) for row in found]


def _witness(row: Sequence[Any]) -> Witness:  # Any: the columns of _WITNESSES
    return Witness(*row)


def _battle(row: Sequence[Any]) -> Battle:  # Any: the columns of _BATTLES
    return Battle(*row)
