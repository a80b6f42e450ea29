"""Approvals of waves, the codes by which they are asked for over SMS, and what has gone without one."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, bindparam, exists, func, insert, literal_column, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.wave import WaveKind
from gateway.storage.schema import approval, approval_code, mt, wave

DIGEST: Final = 32  # bytes, SHA-256


@dataclass(frozen=True, slots=True)
class NewApproval:
    """An approval to record. `hash`: of all that was approved; `parts`: of each part of it, in their order."""

    wave: int
    planner: int
    approver: int
    way: str
    hash: bytes
    parts: Sequence[bytes]
    document: str
    document_date: str


@dataclass(frozen=True, slots=True)
class Approval:
    """An approval as stored. Another release may have hashed other parts: their number is then another."""

    id: int
    wave: int
    planner: int
    approver: int
    way: str
    hash: bytes
    parts: tuple[bytes, ...]
    document: str
    document_date: str
    at: int


@dataclass(frozen=True, slots=True)
class NewCode:
    """A code sent to an approver. `code`: its keyed hash; `hash`: of what was asked about."""

    wave: int
    approver: int
    code: bytes
    hash: bytes
    expires_at: int


@dataclass(frozen=True, slots=True)
class Code:
    """A code as stored, with the name of its wave."""

    id: int
    wave: int
    wave_name: str
    code: bytes
    hash: bytes
    expires_at: int
    tries: int
    used_at: int | None


# --- approvals ---


async def add(connection: AsyncConnection, new: NewApproval, now: int) -> int:
    """Record an approval; returns its id. The column `hash` holds the whole's digest and then those of the parts."""
    values = {
        "wave": new.wave,
        "planner": new.planner,
        "approver": new.approver,
        "way": new.way,
        "hash": b"".join((new.hash, *new.parts)),
        "document": new.document,
        "document_date": new.document_date,
        "at": now,
    }
    id_: int = (await connection.execute(insert(approval).values(**values).returning(approval.c.id))).scalar_one()
    return id_


async def latest(connection: AsyncConnection, wave_id: int) -> Approval | None:
    """The last approval of a wave: an earlier one no longer held when it was given."""
    chosen = select(approval).where(approval.c.wave == wave_id).order_by(approval.c.id.desc()).limit(1)
    row = (await connection.execute(chosen)).one_or_none()
    return _approval(row) if row else None


def _approval(row: Row[Any]) -> Approval:  # Any: the columns of the table
    digests = tuple(row.hash[at : at + DIGEST] for at in range(0, len(row.hash), DIGEST))
    return Approval(
        row.id, row.wave, row.planner, row.approver, row.way, digests[0], digests[1:], row.document, row.document_date, row.at
    )  # fmt: skip


async def set_document(connection: AsyncConnection, wave_id: int, number: str, day: str) -> None:
    """The directing document of a wave; `day` as ISO 8601."""
    await connection.execute(update(wave).where(wave.c.id == wave_id).values(document=number, document_date=day))


_MEMBERS: Final = select(func.count()).select_from(mt).where(mt.c.wave == bindparam("wave_"))  # served by mt_wave alone


async def members(connection: AsyncConnection, wave_id: int) -> int:
    """How many MTs a wave has, whatever became of them."""
    return await connection.scalar(_MEMBERS, {"wave_": wave_id}) or 0


async def sample(connection: AsyncConnection, wave_id: int, language: str, own: bool) -> str | None:
    """The parameters of one MT in `language`; `own`: it is the wave's own, and takes those without one."""
    spoken: ColumnElement[bool] = mt.c.language == language
    chosen = select(mt.c.parameters).where(mt.c.wave == wave_id, or_(spoken, mt.c.language.is_(None)) if own else spoken).limit(1)
    parameters: str | None = await connection.scalar(chosen)
    return parameters


# --- codes by SMS ---


async def add_code(connection: AsyncConnection, new: NewCode) -> int:
    """Store a code that is on its way; returns its id."""
    values = {each: getattr(new, each) for each in ("wave", "approver", "code", "hash", "expires_at")}
    id_: int = (await connection.execute(insert(approval_code).values(**values).returning(approval_code.c.id))).scalar_one()
    return id_


async def codes_sent(connection: AsyncConnection, person: bytes, prefix: str, since: int) -> int:
    """How many texts whose `send_id` begins with `prefix` went to that phone since then; served by mt_person (bidx, created_at)."""
    chosen = select(func.count()).where(mt.c.bidx == person, mt.c.created_at > since, mt.c.send_id.startswith(prefix, autoescape=True))
    return await connection.scalar(chosen) or 0


async def codes_of(connection: AsyncConnection, approver_id: int, since: int) -> list[Code]:
    """The codes that were sent to an approver and ended, or end, after `since`, newest first."""
    chosen = (
        select(approval_code, wave.c.name)
        .join_from(approval_code, wave, wave.c.id == approval_code.c.wave)
        .where(approval_code.c.approver == approver_id, approval_code.c.expires_at > since)
        .order_by(approval_code.c.id.desc())
    )
    return [
        Code(row.id, row.wave, row.name, bytes(row.code), bytes(row.hash), row.expires_at, row.tries, row.used_at)
        for row in await connection.execute(chosen)
    ]


async def count_try(connection: AsyncConnection, code_id: int) -> None:
    """One wrong answer more."""
    await connection.execute(update(approval_code).where(approval_code.c.id == code_id).values(tries=approval_code.c.tries + 1))


async def use_code(connection: AsyncConnection, code_id: int, now: int) -> None:
    """This code has approved its wave."""
    await connection.execute(update(approval_code).where(approval_code.c.id == code_id).values(used_at=now))


async def end_codes(connection: AsyncConnection, wave_id: int, now: int, approver_id: int | None = None) -> None:
    """The codes of a wave that are still good end now: all of them, or one approver's."""
    good = [approval_code.c.wave == wave_id, approval_code.c.used_at.is_(None), approval_code.c.expires_at > now]
    if approver_id is not None:
        good.append(approval_code.c.approver == approver_id)
    await connection.execute(update(approval_code).where(*good).values(expires_at=now))


# --- without approval ---

_TAKE_TURNS: Final = text("SELECT pg_advisory_xact_lock(:key)")
_DIRECT: Final = select(func.count()).where(  # also what has moved to a fallback route since: it came in by this door
    mt.c.wave == literal_column("0"),
    mt.c.lane == literal_column("0"),  # replies, alerts and what staff write are no blast
    or_(mt.c.route == bindparam("route_"), mt.c.origin == bindparam("route_")),
    mt.c.created_at >= bindparam("since_"),
)
_WAVES: Final = select(func.coalesce(func.sum(wave.c.audience), 0)).where(
    wave.c.route == bindparam("route_"),
    wave.c.kind == WaveKind.OWN.value,
    wave.c.started_at.is_not(None),
    or_(wave.c.ended_at.is_(None), wave.c.ended_at >= bindparam("since_")),
    wave.c.id != bindparam("besides_"),
    ~exists().where(approval.c.wave == wave.c.id),
)


async def take_turns(connection: AsyncConnection, route: str) -> None:
    """Let doors that ask what may still go by `route` without approval ask one after the other, until this transaction ends.

    SQLite's BEGIN IMMEDIATE is that lock already.
    """
    if connection.dialect.name == "postgresql":
        key = int.from_bytes(hashlib.sha256(f"unapproved/{route}".encode()).digest()[:8], "big", signed=True)
        await connection.execute(_TAKE_TURNS, {"key": key})


async def reached_unapproved(connection: AsyncConnection, route: str, since: int, besides: int = 0) -> int:
    """Recipients that doors have reached by `route` since then without an approved wave: direct sends, and the waves that needed none.

    A wave counts as a whole, from its start until a day after its end: when its MTs leave is its window's affair. `besides`: a wave that
    is not counted.
    """
    values = {"route_": route, "since_": since}
    direct = await connection.scalar(_DIRECT, values) or 0
    return direct + int(await connection.scalar(_WAVES, values | {"besides_": besides}) or 0)
