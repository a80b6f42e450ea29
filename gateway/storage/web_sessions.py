"""Sessions of the desk as rows. A cookie's token is known by its keyed hash; an ended session stays, so that its end can be told."""

from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Row, bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.caps import DAY_MS
from gateway.storage.schema import web_session

KEPT_MS: Final = 30 * DAY_MS  # how long an ended session can still be told of
_LIVE: Final = web_session.c.ended_at.is_(None)


@dataclass(frozen=True, slots=True)
class WebSession:
    """A browser somebody signed in with. `stage`: factor, enrol or in; times are epoch ms; `confirmed_at`: passphrase last typed."""

    id: int
    user: int
    stage: str
    agent: bytes = field(repr=False)
    words: str
    created_at: int
    seen_at: int
    ends_at: int
    confirmed_at: int
    ended_at: int | None
    why: str | None


@dataclass(frozen=True, slots=True)
class NewSession:
    """One to begin. `token`, `agent`: keyed hashes."""

    token: bytes = field(repr=False)
    user: int
    stage: str
    agent: bytes = field(repr=False)
    words: str
    now: int
    ends_at: int


def _session(row: Row[Any]) -> WebSession:  # Any: the columns of the table
    return WebSession(
        row.id, row.user, row.stage, bytes(row.agent), row.words, row.created_at, row.seen_at, row.ends_at, row.confirmed_at,
        row.ended_at, row.why,
    )  # fmt: skip


async def begin(connection: AsyncConnection, new: NewSession) -> int:
    """Store a session; returns its id."""
    values = {"token": new.token, "user": new.user, "stage": new.stage, "agent": new.agent, "words": new.words}
    times = {"created_at": new.now, "seen_at": new.now, "confirmed_at": new.now, "ends_at": new.ends_at}
    id_: int = (await connection.execute(insert(web_session).values(**values, **times).returning(web_session.c.id))).scalar_one()
    return id_


_BY_TOKEN: Final = select(web_session).where(web_session.c.token == bindparam("token_"))


async def by_token(connection: AsyncConnection, token: bytes) -> WebSession | None:
    """The session, also an ended one, of a token's keyed hash."""
    row = (await connection.execute(_BY_TOKEN, {"token_": token})).one_or_none()
    return _session(row) if row else None


async def of_user(connection: AsyncConnection, user: int, now: int) -> list[WebSession]:
    """The sessions of `user` that have not ended, newest first."""
    chosen = select(web_session).where(web_session.c.user == user, _LIVE, web_session.c.ends_at > now)
    return [_session(row) for row in await connection.execute(chosen.order_by(web_session.c.seen_at.desc(), web_session.c.id.desc()))]


async def touch(connection: AsyncConnection, id_: int, now: int) -> None:
    """It was used at `now`."""
    await connection.execute(update(web_session).where(web_session.c.id == id_, _LIVE).values(seen_at=now))


async def confirm(connection: AsyncConnection, id_: int, now: int) -> None:
    """The passphrase was typed again at `now`."""
    await connection.execute(update(web_session).where(web_session.c.id == id_, _LIVE).values(confirmed_at=now))


async def end(connection: AsyncConnection, id_: int, now: int, why: str) -> bool:
    """End one; False: it had ended before."""
    ended = update(web_session).where(web_session.c.id == id_, _LIVE).values(ended_at=now, why=why)
    return (await connection.execute(ended)).rowcount > 0


async def end_all(connection: AsyncConnection, user: int, now: int, why: str, besides: int = 0) -> int:
    """End every session of `user` but one; returns how many."""
    mine = (web_session.c.user == user, _LIVE, web_session.c.id != besides)
    return (await connection.execute(update(web_session).where(*mine).values(ended_at=now, why=why))).rowcount


async def forget(connection: AsyncConnection, now: int) -> int:
    """Drop those that were over long ago; returns how many rows."""
    return (await connection.execute(delete(web_session).where(web_session.c.ends_at < now - KEPT_MS))).rowcount
