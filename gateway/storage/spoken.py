"""Who spoke last: what was heard of a person on a channel, and what went to them since."""

from typing import Final

from sqlalchemy import bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.storage.schema import mo, mt

_HEARD: Final = select(func.max(mo.c.received_at)).where(
    mo.c.bidx == bindparam("bidx_"), mo.c.channel == bindparam("channel_")
)  # mo_person
_SINCE: Final = (  # mt_person; what has left, or is about to: what was refused cost nothing
    select(func.count())
    .select_from(mt)
    .where(
        mt.c.bidx == bindparam("bidx_"), mt.c.created_at >= bindparam("since_"), mt.c.state.not_in(("failed", "cancelled", "suppressed"))
    )
)


async def last_heard(connection: AsyncConnection, bidx: bytes, channel: str) -> tuple[int | None, int]:
    """(when this person last wrote on `channel`, epoch ms; how many MTs were made for them since). (None, 0): never."""
    heard = await connection.scalar(_HEARD, {"bidx_": bidx, "channel_": channel})
    if heard is None:
        return None, 0
    return int(heard), int(await connection.scalar(_SINCE, {"bidx_": bidx, "since_": heard}) or 0)
