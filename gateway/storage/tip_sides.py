"""What stands beside a tip at the desk: where it came from, as rows."""

from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.storage.schema import mo, mt, tip, wave


@dataclass(frozen=True, slots=True)
class Origin:
    """A tip with its source. `wave`: the name of the wave it answers; `told_at`: when it was told, where that was before it came."""

    id: int
    code: str
    commune: str
    channel: str
    village: str | None
    placement: str | None
    fields: str | None = field(repr=False)
    received_at: int
    route: str
    receiver: str
    told_at: int | None
    wave: str | None
    bidx: bytes = field(repr=False)
    wave_id: int | None


_ORIGIN: Final = (
    select(
        tip.c.id, tip.c.code, tip.c.commune, tip.c.channel, tip.c.village, tip.c.placement, tip.c.fields, tip.c.received_at, mo.c.route,
        mo.c.receiver, mo.c.sent_at.label("told_at"), wave.c.name.label("wave"), tip.c.bidx, tip.c.wave.label("wave_id"),
    )
    .join(mo, mo.c.id == tip.c.mo)
    .outerjoin(wave, wave.c.id == tip.c.wave)
    .where(tip.c.id == bindparam("tip_"))
)  # fmt: skip
_ID: Final = select(tip.c.id, tip.c.commune).where(tip.c.code == bindparam("code_"))
_REACHED: Final = select(func.max(mt.c.sent_at)).where(mt.c.wave == bindparam("wave_"), mt.c.bidx == bindparam("bidx_"))


def _origin(row: Any) -> Origin:  # Any: a row
    return Origin(*row)


async def origin(connection: AsyncConnection, tip_id: int) -> Origin | None:
    """Where a tip came from."""
    row = (await connection.execute(_ORIGIN, {"tip_": tip_id})).one_or_none()
    return None if row is None else _origin(row)


async def of_code(connection: AsyncConnection, code: str) -> tuple[int, str] | None:
    """(id, commune) of the tip of this code."""
    row = (await connection.execute(_ID, {"code_": code})).one_or_none()
    return None if row is None else (row.id, row.commune)


async def reached_at(connection: AsyncConnection, found: Origin) -> int | None:
    """When the wave that a tip answers reached its sender (epoch ms)."""
    if found.wave_id is None:
        return None
    at: int | None = await connection.scalar(_REACHED, {"wave_": found.wave_id, "bidx_": found.bidx})
    return at
