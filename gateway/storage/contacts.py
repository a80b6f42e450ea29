"""People we may write to, and people who said stop. An MO alone makes nobody an audience member; a yes or a no of their own does."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, bindparam, case, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.msisdn import Msisdn
from gateway.storage.schema import contact

_KNOW: Final = upsert(contact).on_conflict_do_nothing(index_elements=["bidx"])
# Calls are handled out of order when some waited in the spool: the person's last word counts, not the one we read last.
_OPT_OUT: Final = (
    update(contact)
    .where(contact.c.bidx == bindparam("bidx_"), contact.c.opted_out_at.is_(None) | (contact.c.opted_out_at < bindparam("at_")))
    .values(opted_out_at=bindparam("at_"))
)
_OPT_IN: Final = (
    update(contact)
    .where(contact.c.bidx == bindparam("bidx_"))
    .values(
        consent=bindparam("consent_", type_=contact.c.consent.type),
        opted_out_at=case((contact.c.opted_out_at > bindparam("at_"), contact.c.opted_out_at), else_=None),
    )
)
_CONSENT: Final = select(contact.c.consent, contact.c.opted_out_at).where(contact.c.bidx == bindparam("bidx_"))


async def _know(connection: AsyncConnection, bidx: bytes, msisdn: Msisdn, commune: str, at: int) -> None:
    await connection.execute(_KNOW, {"bidx": bidx, "msisdn": msisdn.e164, "commune": commune, "created_at": at})


async def opt_out(connection: AsyncConnection, bidx: bytes, msisdn: Msisdn, commune: str, at: int) -> None:
    """This person said stop at `at` (epoch ms). Unknown people are remembered for it, without consent; a later yes is not undone."""
    await _know(connection, bidx, msisdn, commune, at)
    consent = (await connection.execute(_CONSENT, {"bidx_": bidx})).scalar()
    if not consent or consent.get("at", 0) <= at:
        await connection.execute(_OPT_OUT, {"bidx_": bidx, "at_": at})


async def opt_in(connection: AsyncConnection, bidx: bytes, msisdn: Msisdn, commune: str, at: int, source: str, mo: int) -> None:
    """This person's own yes at `at` (epoch ms) by MO `mo`: consent is stored with its source; a later no stands."""
    await _know(connection, bidx, msisdn, commune, at)
    await connection.execute(_OPT_IN, {"bidx_": bidx, "at_": at, "consent_": {"source": source, "at": at, "mo": mo}})


# --- the block list: numbers that no wave and no send writes to, whatever a list says ---

_BLOCK: Final = (
    update(contact).where(contact.c.bidx == bindparam("bidx_")).values(blocked_at=bindparam("at_"), blocked_why=bindparam("why_"))
)
_UNBLOCK: Final = (
    update(contact).where(contact.c.bidx == bindparam("bidx_"), contact.c.blocked_at.is_not(None)).values(blocked_at=None, blocked_why=None)
)


async def block(connection: AsyncConnection, bidx: bytes, msisdn: Msisdn, commune: str, at: int, why: str) -> None:
    """Put a number on the block list; unknown ones are remembered for it, without consent."""
    await _know(connection, bidx, msisdn, commune, at)
    await connection.execute(_BLOCK, {"bidx_": bidx, "at_": at, "why_": why})


async def unblock(connection: AsyncConnection, bidx: bytes) -> bool:
    """Take it off again. False: it was not on it."""
    return (await connection.execute(_UNBLOCK, {"bidx_": bidx})).rowcount > 0


@dataclass(frozen=True, slots=True)
class VillageCounts:
    """How many people of a village we know, and who of them may be written to. `consent`, `legal_basis`: by which of the two first."""

    village: str | None
    known: int
    consent: int
    legal_basis: int
    opted_out: int
    blocked: int


_stopped = contact.c.opted_out_at.is_not(None)
_blocked = contact.c.blocked_at.is_not(None)
_may = ~_stopped & ~_blocked
_has = contact.c.consent.is_not(None)


def _sum(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


_BY_VILLAGE: Final = (
    select(
        contact.c.village, func.count(), _sum(_may & _has), _sum(_may & ~_has & contact.c.legal_basis.is_not(None)),
        _sum(_stopped & ~_blocked), _sum(_blocked),
    )
    .group_by(contact.c.village)
    .order_by(contact.c.village)
)  # fmt: skip


async def by_village(connection: AsyncConnection) -> list[VillageCounts]:
    """Counts of everybody we know; no numbers."""
    return [VillageCounts(row[0], *map(int, row[1:])) for row in await connection.execute(_BY_VILLAGE)]
