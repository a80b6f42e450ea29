"""The duty list as rows: who is texted when a tip is urgent, and in which order."""

from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.msisdn import Msisdn
from gateway.storage.schema import duty

_EVERYBODY: Final = select(duty).order_by(duty.c.level, duty.c.id)
_BY_PHONE: Final = select(duty).where(duty.c.bidx == bindparam("bidx_"))
_BY_ID: Final = select(duty).where(duty.c.id == bindparam("id_"))


@dataclass(frozen=True, slots=True)
class OnDuty:
    """One person on the list. `level`: from 1, texted first; `bidx`: of the number."""

    id: int
    name: str
    msisdn: Msisdn
    bidx: bytes = field(repr=False)
    level: int
    commune: str


async def add(connection: AsyncConnection, name: str, msisdn: Msisdn, bidx: bytes, level: int, commune: str, now: int) -> OnDuty:
    """Put somebody on the list."""
    values = {"name": name, "msisdn": msisdn.e164, "bidx": bidx, "level": level, "commune": commune, "created_at": now}
    id_ = (await connection.execute(insert(duty).values(**values).returning(duty.c.id))).scalar_one()
    return OnDuty(id_, name, msisdn, bidx, level, commune)


async def remove(connection: AsyncConnection, id_: int) -> None:
    """Take somebody off the list."""
    await connection.execute(delete(duty).where(duty.c.id == id_))


async def everybody(connection: AsyncConnection) -> list[OnDuty]:
    """The whole list, the first level first."""
    return [OnDuty(*_values(row)) for row in await connection.execute(_EVERYBODY)]


async def by_phone(connection: AsyncConnection, bidx: bytes) -> OnDuty | None:
    """Who on the list has this number; served by the unique index."""
    row = (await connection.execute(_BY_PHONE, {"bidx_": bidx})).one_or_none()
    return None if row is None else OnDuty(*_values(row))


async def by_id(connection: AsyncConnection, id_: int) -> OnDuty | None:
    """Somebody on the list; None: not there any more."""
    row = (await connection.execute(_BY_ID, {"id_": id_})).one_or_none()
    return None if row is None else OnDuty(*_values(row))


def _values(row) -> tuple[int, str, Msisdn, bytes, int, str]:  # type: ignore[no-untyped-def] # a row of `duty`
    return row.id, row.name, Msisdn(row.msisdn), bytes(row.bidx), row.level, row.commune
