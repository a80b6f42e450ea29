"""Sessions of the desk: begun with a new secret at each step of signing in, bound to one browser, ended by time, hand or suspicion."""

import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.permission import Actor
from gateway.storage import audit, users, web_sessions
from gateway.storage.database import Database, StorageDown
from gateway.storage.seal import Keyring
from gateway.storage.web_sessions import NewSession, WebSession

IN: Final = "in"
FACTOR: Final = "factor"  # the passphrase was right, the code of the phone is still to come
ENROL: Final = "enrol"  # the passphrase was right, and a second factor has to be set up first
TOKEN_BYTES: Final = 32
TOUCH_MS: Final = 60_000  # how exactly "last used" is known: not every look costs a write
HALF_MS: Final = 10 * 60_000  # how long the second step may take
CONFIRMED_MS: Final = 10 * 60_000  # how long a typed passphrase holds for dangerous acts
LEFT: Final = "left"
OTHER_BROWSER: Final = "other browser"


@dataclass(frozen=True, slots=True)
class Life:
    """How long sessions last: `idle_ms` without use, `whole_ms` in all."""

    idle_ms: int = 30 * 60_000
    whole_ms: int = 12 * 3_600_000


@dataclass(frozen=True, slots=True)
class Browser:
    """What tells a browser apart. `agent`: its own name for itself; `words`: what people call it."""

    agent: str = field(repr=False)
    words: str


@dataclass(frozen=True, slots=True)
class Visit:
    """A session as it is used: `token` is the cookie's, `actor` whose it is."""

    session: WebSession
    actor: Actor
    token: str = field(repr=False)

    @property
    def is_in(self) -> bool:
        return self.session.stage == IN

    def csrf(self, keyring: Keyring) -> str:
        """What forms of this session carry; nobody who lacks the cookie and the key can make it.

        Never twice the same, so that a packed page's length tells nothing of it (BREACH): noise, and the token under the noise.
        """
        noise = secrets.token_bytes(TOKEN_BYTES)
        return (noise + _under(noise, keyring.blind(self.token, "web.csrf"))).hex()

    def is_token(self, given: str, keyring: Keyring) -> bool:
        """Whether `given` is one of `csrf`."""
        try:
            both = bytes.fromhex(given)
        except ValueError:
            return False
        noise, hidden = both[:TOKEN_BYTES], both[TOKEN_BYTES:]
        if len(hidden) != TOKEN_BYTES:
            return False
        return secrets.compare_digest(_under(noise, hidden), keyring.blind(self.token, "web.csrf"))


async def begin(database: Database, actor: Actor, browser: Browser, stage: str, life: Life, now: int, old: int = 0) -> str:
    """A new session with a secret never used before; `old`, the step before it, ends. Returns the token for the cookie."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    keyring = database.keyring
    ends_at = now + (life.whole_ms if stage == IN else HALF_MS)
    hashed, agent = _hash(keyring, token), _agent(keyring, browser.agent)
    new = NewSession(hashed, actor.user, stage, agent, browser.words, now, ends_at)

    async def unit(connection: AsyncConnection) -> None:
        if old:
            await web_sessions.end(connection, old, now, "next step")
        id_ = await web_sessions.begin(connection, new)
        if stage == IN:
            await audit.note(connection, audit.Entry(actor, "session.begin", f"session:{id_}", {"browser": browser.words}), now)

    await database.write(unit)
    return token


async def find(database: Database, token: str, agent: str, life: Life, now: int) -> Visit | None:
    """The session of a cookie, if it lasts: not ended, not idle too long, its user enabled, used from its own browser.

    From another browser it is a stolen cookie: the session ends for both, and that is noted.
    """
    hashed = _hash(database.keyring, token)
    async with database.read() as connection:
        found = await web_sessions.by_token(connection, hashed)
        user = await users.by_id(connection, found.user) if found else None
    if found is None or user is None or not user.is_enabled or not _lasts(found, life, now):
        return None
    if not secrets.compare_digest(found.agent, _agent(database.keyring, agent)):
        await _end(database, user.actor, found.id, OTHER_BROWSER, now)
        return None
    if now - found.seen_at >= TOUCH_MS:
        with suppress(StorageDown):  # what can still be read is shown
            await database.write(lambda connection: web_sessions.touch(connection, found.id, now))
    return Visit(found, user.actor, token)


async def leave(database: Database, visit: Visit, now: int) -> None:
    """Sign out: the cookie is worth nothing from now on, wherever a copy of it lies."""
    await _end(database, visit.actor, visit.session.id, LEFT, now)


async def mine(database: Database, actor: Actor, now: int) -> list[WebSession]:
    """One's own sessions that last."""
    async with database.read() as connection:
        return await web_sessions.of_user(connection, actor.user, now)


async def end_mine(database: Database, actor: Actor, id_: int, now: int) -> bool:
    """End one of one's own sessions; False: there is none of that id."""
    if id_ not in [each.id for each in await mine(database, actor, now)]:
        return False
    await _end(database, actor, id_, "by another session", now)
    return True


async def confirm(database: Database, visit: Visit, now: int) -> None:
    """The passphrase was typed once more."""
    await database.write(lambda connection: web_sessions.confirm(connection, visit.session.id, now))


def is_confirmed(visit: Visit, now: int) -> bool:
    """Whether the passphrase was typed lately enough for a dangerous act."""
    return now - visit.session.confirmed_at < CONFIRMED_MS


async def _end(database: Database, actor: Actor, id_: int, why: str, now: int) -> None:
    async def unit(connection: AsyncConnection) -> None:
        if await web_sessions.end(connection, id_, now, why):
            await audit.note(connection, audit.Entry(actor, "session.end", f"session:{id_}", {"why": why}), now)

    await database.write(unit)


def _lasts(found: WebSession, life: Life, now: int) -> bool:
    return found.ended_at is None and now < found.ends_at and now - found.seen_at < life.idle_ms


def _under(noise: bytes, token: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(noise, token, strict=True))


def _hash(keyring: Keyring, token: str) -> bytes:
    return keyring.blind(token, "web.session")


def _agent(keyring: Keyring, agent: str) -> bytes:
    return keyring.blind(agent, "web.agent")
