"""What later pages of the form add to a tip: the number that may be called, and what was answered."""

from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.storage.schema import alert, tip


@dataclass(frozen=True, slots=True)
class Told:
    """A tip as the form goes on with it. `fields`: JSON of what is known. `is_passed_on`: the people on duty have been texted."""

    id: int
    code: str
    village: str | None
    fields: str = field(repr=False)
    urgent: str | None
    received_at: int
    is_passed_on: bool


_TEXTED: Final = select(alert.c.id).where(alert.c.tip == tip.c.id, alert.c.sent > 0).exists()
_COLUMNS: Final = (tip.c.id, tip.c.code, tip.c.village, tip.c.fields, tip.c.urgent, tip.c.received_at, _TEXTED)
_BY_CODE: Final = select(*_COLUMNS).where(tip.c.code == bindparam("code_"))
_LOCKED: Final = (
    select(*_COLUMNS).where(tip.c.code == bindparam("code_")).with_for_update(of=tip)
)  # who adds at once must not undo the other
_FIELDS: Final = (
    update(tip)
    .where(tip.c.id == bindparam("tip_"))
    .values(fields=bindparam("fields_", type_=tip.c.fields.type), urgent=bindparam("urgent_"))
)
_CALLER: Final = (
    update(tip)
    .where(tip.c.id == bindparam("tip_"))
    .values(sender=bindparam("sender_", type_=tip.c.sender.type), bidx=bindparam("bidx_"), may_call=bindparam("may_call_"))
)


async def told(connection: AsyncConnection, code: str, *, locked: bool = False) -> Told | None:
    """The tip of this code; `locked`: until the transaction ends nobody else changes it."""
    row = (await connection.execute(_LOCKED if locked else _BY_CODE, {"code_": code})).one_or_none()
    return None if row is None else Told(row[0], row[1], row[2], row[3] or "{}", row[4], row[5], bool(row[6]))


async def set_fields(connection: AsyncConnection, tip_id: int, fields: str, urgent: str | None) -> None:
    """Keep what is known now; `fields`: JSON."""
    await connection.execute(_FIELDS, {"tip_": tip_id, "fields_": fields, "urgent_": urgent})


async def set_caller(connection: AsyncConnection, tip_id: int, e164: str, bidx: bytes) -> None:
    """The informant left a number and lets us call it."""
    await connection.execute(_CALLER, {"tip_": tip_id, "sender_": e164, "bidx_": bidx, "may_call_": True})
