"""People we may write to, and people who said stop. An MO alone makes nobody an audience member; a yes or a no of their own does."""

from typing import Final

from sqlalchemy import bindparam, case, select, update
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
