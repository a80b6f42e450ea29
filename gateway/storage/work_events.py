"""What was done to cases, evidence, registers and registrations: append-only, with who did it; and numbers in the registers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from sqlalchemy import bindparam, insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert  # its ON CONFLICT compiles and runs on SQLite too; pinned by tests/storage
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.case_file import register_number as spelled
from gateway.storage.schema import register_number, user, work_event


class What(StrEnum):
    """What an event happened to."""

    CASE = "case"
    EVIDENCE = "evidence"
    COMMENDATION = "commendation"
    ADN = "adn"
    WITNESS = "witness"
    BATTLE = "battle"


@dataclass(frozen=True, slots=True)
class Done:
    """Something that was done. `note`: its words, sealed. `by`: id of a user; `who`: that user's name, as read back."""

    what: What
    object: int
    commune: str
    kind: str
    by: int
    at: int
    note: str | None = field(default=None, repr=False)
    who: str = ""


_OF: Final = (
    select(work_event.c.object, work_event.c.commune, work_event.c.kind, work_event.c.by, work_event.c.at, work_event.c.note, user.c.name)
    .join(user, user.c.id == work_event.c.by)
    .where(work_event.c.what == bindparam("what_"), work_event.c.object == bindparam("object_"))
    .order_by(work_event.c.id)
)
_first = upsert(register_number).values(commune=bindparam("commune_"), register=bindparam("register_"), year=bindparam("year_"), last=1)
# The counting locks the row: of two who open at once, the second gets the next number.
_NEXT: Final = _first.on_conflict_do_update(
    index_elements=["commune", "register", "year"], set_={"last": register_number.c.last + 1}
).returning(register_number.c.last)
_TURN: Final = text("SELECT pg_advisory_xact_lock(hashtext(:what), CAST(:object AS integer))")


async def note_done(connection: AsyncConnection, done: Done) -> None:
    """Write down what was done, in the transaction that does it."""
    values = {"what": done.what.value, "object": done.object, "commune": done.commune, "kind": done.kind, "note": done.note}
    await connection.execute(insert(work_event).values(**values, by=done.by, at=done.at))


async def history(connection: AsyncConnection, what: What, object_: int) -> list[Done]:
    """Everything that was done to one thing, the first first."""
    found = await connection.execute(_OF, {"what_": what.value, "object_": object_})
    return [Done(what, row[0], row[1], row[2], row[3], row[4], row[5], row[6]) for row in found]


async def next_number(connection: AsyncConnection, commune: str, register: str, year: int) -> str:
    """The next number of a register of a commune, e.g. "HS-2026-0012"; taken with the transaction, or not at all."""
    last = await connection.scalar(_NEXT, {"commune_": commune, "register_": register, "year_": year})
    return spelled(register, year, int(last or 0))


async def one_at_a_time(connection: AsyncConnection, what: What, object_: int) -> None:
    """Let nobody else work on this thing until the transaction ends. SQLite's BEGIN IMMEDIATE is that lock already."""
    if connection.dialect.name == "postgresql":
        await connection.execute(_TURN, {"what": what.value, "object": object_})


async def names_of_users(connection: AsyncConnection) -> Mapping[int, str]:
    """The name of every user, the disabled ones too, by id."""
    return {row.id: row.name for row in await connection.execute(select(user.c.id, user.c.name))}


_STAFF: Final = (
    select(user.c.id, user.c.name).where(user.c.commune == bindparam("commune_"), user.c.disabled_at.is_(None)).order_by(user.c.name)
)


async def staff(connection: AsyncConnection, commune: str) -> list[tuple[int, str]]:
    """(id, name) of the enabled users of a commune: who can receive evidence or be given work."""
    return [(row.id, row.name) for row in await connection.execute(_STAFF, {"commune_": commune})]
