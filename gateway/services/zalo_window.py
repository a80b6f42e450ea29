"""Whether staff may write to somebody at Zalo now. The one reply to a person's own message always may: it comes at once."""

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.carriers.zalo import Window, window
from gateway.domain.tip import Channel
from gateway.storage.spoken import last_heard


async def window_of(connection: AsyncConnection, bidx: bytes, now: int) -> Window:
    """By what this person wrote last and what they were sent since; epoch ms. CLOSED: they must write first, Zalo would refuse (-230)."""
    heard, answers = await last_heard(connection, bidx, Channel.ZALO)
    return window(heard, answers, now)
