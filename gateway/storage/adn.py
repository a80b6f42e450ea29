"""Registrations for DNA sampling and what is done about them: a restricted book, in no export. Nothing genetic is kept."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert  # its ON CONFLICT compiles and runs on SQLite too; pinned by tests/storage
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.storage.schema import dna_appointment, dna_care, dna_request


@dataclass(frozen=True, slots=True)
class Registration:
    """Somebody who wants to give a sample. `sender`: E.164; `state`: new until somebody takes it up; `version`: 0 until then."""

    id: int
    code: str
    commune: str
    channel: str
    village: str | None
    sender: str = field(repr=False)
    text: str = field(repr=False)
    received_at: int
    state: str
    companion: str | None = field(repr=False)
    relation: str | None = field(repr=False)
    version: int
    moved_at: int


@dataclass(frozen=True, slots=True)
class Appointment:
    """A day and a place for the sampling. `at`: epoch ms."""

    id: int
    request: int
    commune: str
    at: int
    place: str = field(repr=False)
    state: str
    may_remind: bool
    reminded_at: int | None


_ALL: Final = select(
    dna_request.c.id, dna_request.c.code, dna_request.c.commune, dna_request.c.channel, dna_request.c.village, dna_request.c.sender,
    dna_request.c.text, dna_request.c.received_at, func.coalesce(dna_care.c.state, "new").label("state"), dna_care.c.companion,
    dna_care.c.relation, func.coalesce(dna_care.c.version, 0).label("version"),
    func.coalesce(dna_care.c.moved_at, dna_request.c.received_at).label("moved_at"),
).outerjoin(dna_care, dna_care.c.request == dna_request.c.id)  # fmt: skip
_ONE: Final = _ALL.where(dna_request.c.code == bindparam("code_"))
_APPOINTMENTS: Final = select(
    dna_appointment.c.id, dna_appointment.c.request, dna_appointment.c.commune, dna_appointment.c.at, dna_appointment.c.place,
    dna_appointment.c.state, dna_appointment.c.may_remind, dna_appointment.c.reminded_at,
)  # fmt: skip
_OF: Final = _APPOINTMENTS.where(dna_appointment.c.request == bindparam("request_")).order_by(dna_appointment.c.id)
_FIRST: Final = (
    upsert(dna_care)
    .values(request=bindparam("request_"), commune=bindparam("commune_"), state="new", version=0, moved_at=bindparam("now_"))
    .on_conflict_do_nothing()
)
_COUNT_UP: Final = (
    update(dna_care)
    .where(dna_care.c.request == bindparam("request_"), dna_care.c.version == bindparam("version_"))
    .values(version=dna_care.c.version + 1)
)


async def listed(connection: AsyncConnection, communes: str | None) -> list[Registration]:
    """Registrations, the newest first."""
    wanted = _ALL if communes is None else _ALL.where(dna_request.c.commune == communes)
    return [_registration(row) for row in await connection.execute(wanted.order_by(dna_request.c.id.desc()))]


async def find(connection: AsyncConnection, code: str) -> Registration | None:
    """The registration of this code, or None."""
    row = (await connection.execute(_ONE, {"code_": code})).one_or_none()
    return None if row is None else _registration(row)


async def step(connection: AsyncConnection, found: Registration, version: int, now: int) -> bool:
    """Count a registration's version up from `version`; False: somebody was quicker."""
    await connection.execute(_FIRST, {"request_": found.id, "commune_": found.commune, "now_": now})
    return (await connection.execute(_COUNT_UP, {"request_": found.id, "version_": version})).rowcount == 1


async def change(connection: AsyncConnection, request: int, **values: str | int) -> None:
    """Another state, companion or relation."""
    await connection.execute(update(dna_care).where(dna_care.c.request == request).values(**values))


async def appointments(connection: AsyncConnection, request: int) -> list[Appointment]:
    """The appointments of a registration, the first first."""
    return [Appointment(*row) for row in await connection.execute(_OF, {"request_": request})]


async def planned(connection: AsyncConnection, communes: str | None) -> list[tuple[str, Appointment]]:
    """(code, appointment) of those that are planned, the next first."""
    wanted = select(dna_request.c.code, *_APPOINTMENTS.selected_columns).join(dna_request, dna_request.c.id == dna_appointment.c.request)
    wanted = wanted.where(dna_appointment.c.state == "planned").order_by(dna_appointment.c.at)
    if communes is not None:
        wanted = wanted.where(dna_appointment.c.commune == communes)
    return [(row[0], Appointment(*row[1:])) for row in await connection.execute(wanted)]


async def appoint(connection: AsyncConnection, found: Registration, at: int, place: str, may_remind: bool, now: int) -> None:
    """A day and a place; an earlier one that was planned is moved."""
    planned_ = (dna_appointment.c.request == found.id) & (dna_appointment.c.state == "planned")
    await connection.execute(update(dna_appointment).where(planned_).values(state="moved"))
    values = {"request": found.id, "commune": found.commune, "at": at, "place": place, "may_remind": may_remind, "created_at": now}
    await connection.execute(insert(dna_appointment).values(**values, state="planned"))


async def end_appointment(connection: AsyncConnection, request: int, state: str) -> bool:
    """The planned appointment was kept, moved or cancelled; False: there is none."""
    planned_ = (dna_appointment.c.request == request) & (dna_appointment.c.state == "planned")
    return (await connection.execute(update(dna_appointment).where(planned_).values(state=state))).rowcount == 1


async def reminded(connection: AsyncConnection, appointment: int, now: int) -> bool:
    """A reminder goes out; False: one did before."""
    mine = (dna_appointment.c.id == appointment) & dna_appointment.c.reminded_at.is_(None)
    return (await connection.execute(update(dna_appointment).where(mine).values(reminded_at=now))).rowcount == 1


async def counts(connection: AsyncConnection, communes: str | None) -> dict[str, int]:
    """How many registrations stand where: all that leaves this book (field.md T80: aggregates only)."""
    state = func.coalesce(dna_care.c.state, "new")
    wanted = (
        select(state, func.count()).select_from(dna_request.outerjoin(dna_care, dna_care.c.request == dna_request.c.id)).group_by(state)
    )
    if communes is not None:
        wanted = wanted.where(dna_request.c.commune == communes)
    return {row[0]: int(row[1]) for row in await connection.execute(wanted)}


def _registration(row: Sequence[Any]) -> Registration:  # Any: the columns of _ALL
    return Registration(*row)
