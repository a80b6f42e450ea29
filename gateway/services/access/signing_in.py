"""Signing in: the passphrase first, then the code of a phone; at each step the session is a new one.

A network may try so often an hour, whatever names it tries: who knows one name a person locks nobody out, and who tries a thousand
names with one passphrase is stopped.
"""

from dataclasses import dataclass, field
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.permission import Actor
from gateway.services import users
from gateway.services.access import factors, sessions
from gateway.services.access.factors import Policy
from gateway.services.access.sessions import Browser, Life, Visit
from gateway.services.refusal import Refusal
from gateway.storage import audit, limits
from gateway.storage.database import Database

NETWORK_TRIES: Final = 60  # wrong passphrases of one network in an hour
_WINDOW_MS: Final = 3_600_000
_KIND: Final = "desk.sign_in"
SLOW_DOWN: Final = "Nơi này đã thử sai quá nhiều lần. Xin chờ một giờ, hoặc hỏi người giữ danh sách người dùng."


class TooMany(Refusal):
    """The network has tried too often."""


@dataclass(frozen=True, slots=True)
class Door:
    """Where somebody signs in. `address`: the browser's, known by a keyed hash alone."""

    browser: Browser
    address: str = field(repr=False)
    life: Life
    policy: Policy


async def sign_in(database: Database, name: str, passphrase: str, door: Door, now: int) -> str:
    """The token of a new session of whom `name` and `passphrase` belong to. Raises Refusal, always the same, and TooMany."""
    network = limits.network_key(database.keyring, door.address)
    async with database.read() as connection:
        if await limits.spent(connection, _KIND, network, _WINDOW_MS, now) >= NETWORK_TRIES:
            raise TooMany(SLOW_DOWN)
    try:
        user = await users.check(database, name, passphrase, now)
    except Refusal:
        await database.write(lambda connection: _missed(connection, network, now))
        raise
    stage = await _stage(database, user.actor, door.policy)
    return await sessions.begin(database, user.actor, door.browser, stage, door.life, now)


async def _missed(connection: AsyncConnection, network: bytes, now: int) -> None:
    """Count and note it, without the name: a passphrase is sometimes typed there."""
    await limits.within(connection, _KIND, network, _WINDOW_MS, NETWORK_TRIES, now)
    await audit.note(connection, audit.Entry(None, "session.refused", "session:"), now)


async def _stage(database: Database, actor: Actor, policy: Policy) -> str:
    if await factors.has_one(database, actor):
        return sessions.FACTOR
    return sessions.ENROL if factors.is_needed(actor, policy) else sessions.IN


async def go_in(database: Database, visit: Visit, door: Door, now: int) -> str:
    """The second step is done: the token of the session that is in."""
    return await sessions.begin(database, visit.actor, door.browser, sessions.IN, door.life, now, old=visit.session.id)
