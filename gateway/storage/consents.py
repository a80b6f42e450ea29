"""What people agreed to, with its evidence: the words they were shown, the time, the MO that says so."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.storage.schema import contact, tip

_SEEN: Final = select(contact.c.consent).where(contact.c.bidx == bindparam("bidx_"))
_NOTE: Final = (
    update(contact).where(contact.c.bidx == bindparam("bidx_")).values(consent=bindparam("consent_", type_=contact.c.consent.type))
)
_MAY: Final = select(tip.c.may_call, tip.c.may_publish).where(tip.c.id == bindparam("tip_"))


@dataclass(frozen=True, slots=True)
class May:
    """The informant's own word; None: not asked, or not answered, and never a yes."""

    call: bool | None = None
    publish: bool | None = None


async def note_words(connection: AsyncConnection, bidx: bytes, mo: int, shown: str) -> None:
    """Keep the words that were shown beside the consent that MO `mo` gave; a later consent has its own."""
    consent: dict[str, Any] | None = await connection.scalar(_SEEN, {"bidx_": bidx})  # Any: JSON
    if consent and consent.get("mo") == mo:
        await connection.execute(_NOTE, {"bidx_": bidx, "consent_": consent | {"shown": shown}})


async def set_may(connection: AsyncConnection, tip_id: int, may: May) -> None:
    """Note what is answered; what is None stays as it was."""
    given = {name: value for name, value in (("may_call", may.call), ("may_publish", may.publish)) if value is not None}
    if given:
        await connection.execute(update(tip).where(tip.c.id == tip_id).values(**given))


async def may_of(connection: AsyncConnection, tip_id: int) -> May:
    """What the informant of a tip has said."""
    row = (await connection.execute(_MAY, {"tip_": tip_id})).one_or_none()
    return May() if row is None else May(row.may_call, row.may_publish)
