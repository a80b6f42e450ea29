"""What the rows of a restored database become before anybody works on them (ADR 0029): nothing of them may be sent a second time by itself.

A backup does not know what left after it was made. So every MT that had not ended waits for a person's word as `uncertain`, code
"restored", whatever state its wave was in; running waves are paused; nobody is signed in; no lost request is asked after or sent again.

What an older backup holds under a key that was destroyed since can't be opened: such MTs are over, such waves too, such contacts nobody's
audience.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from sqlalchemy import LargeBinary, NullPool, bindparam, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from gateway.storage.migrate import upgrade
from gateway.storage.seal import Keyring

CODE: Final = "restored"
WHY: Final = "restored from a backup: settle what is uncertain by the telco's counts, then resume"

_MTS: Final = text(
    "UPDATE mt SET state = 'uncertain', owner = NULL, code = :code, sent_at = coalesce(sent_at, :made_at) "
    "WHERE state IN ('queued', 'claimed', 'sending')"
)
_WAVES: Final = text("UPDATE wave SET state = 'paused', reason = :why WHERE state = 'running'")
_CLOSED: Final = (
    text("UPDATE request SET state = 'lost' WHERE our_ref IN (SELECT request FROM mt WHERE code = :code AND request IS NOT NULL)"),
    text("UPDATE request SET resolve_at = NULL WHERE resolve_at IS NOT NULL"),
    text("DELETE FROM dispatcher"),
    text("UPDATE carrier_token SET lease_until = 0"),
)
_GONE: Final = text("SELECT id FROM data_key WHERE destroyed_at IS NOT NULL")
_BURIED: Final = (  # the two bytes behind a sealed value's version are its key
    text(
        "UPDATE mt SET state = 'failed', code = 'key destroyed' WHERE state = 'uncertain' "
        "AND (substr(msisdn, 2, 2) = :key OR substr(body, 2, 2) = :key OR substr(parameters, 2, 2) = :key)"
    ),
    text(
        "UPDATE wave SET state = 'cancelled', reason = 'its text was sealed with a key that was destroyed' "
        "WHERE state NOT IN ('done', 'cancelled') AND id IN (SELECT wave FROM wave_text WHERE substr(template, 2, 2) = :key)"
    ),
    text("UPDATE contact SET consent = NULL, legal_basis = NULL WHERE substr(msisdn, 2, 2) = :key"),
)
_SIGNED_IN: Final = "web_session"


async def settle(connection: AsyncConnection, made_at: int) -> tuple[int, int]:
    """Do all of it; (MTs that wait for a word, waves paused). `made_at`: of the backup, epoch ms."""
    mts = (await connection.execute(_MTS, {"code": CODE, "made_at": made_at})).rowcount
    paused = (await connection.execute(_WAVES, {"why": WHY})).rowcount
    for statement in _CLOSED:
        await connection.execute(statement, {"code": CODE} if ":code" in statement.text else {})
    for key_id in (await connection.scalars(_GONE)).all():
        for statement in _BURIED:
            await connection.execute(statement.bindparams(bindparam("key", type_=LargeBinary)), {"key": key_id.to_bytes(2, "big")})
    if await connection.run_sync(lambda inner: inspect(inner).has_table(_SIGNED_IN)):
        await connection.execute(text(f"DELETE FROM {_SIGNED_IN}"))  # noqa: S608 # a constant
    return mts, paused


# --- empty places ---


class TablesThere(Exception):
    """The database is not empty."""


async def schema_at(url: str, revision: str) -> None:
    """The tables of a revision in the SQLite file at `url`."""
    engine = create_async_engine(make_url(url).set(drivername="sqlite+aiosqlite"), poolclass=NullPool, hide_parameters=True)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(lambda inner: upgrade(inner, revision))
    finally:
        await engine.dispose()


@asynccontextmanager
async def empty_postgres(url: str, keyring: Keyring) -> AsyncIterator[AsyncConnection]:
    """One transaction in a database without tables, rolled back where the block fails. Raises TablesThere."""
    engine = create_async_engine(make_url(url).set(drivername="postgresql+asyncpg"), poolclass=NullPool, hide_parameters=True)
    engine.dialect.keyring, engine.dialect.clock_us = keyring, None  # type: ignore[attr-defined] # where `Sealed` and `now_us` find them
    try:
        async with engine.begin() as connection:
            if await connection.run_sync(lambda inner: inspect(inner).get_table_names()):
                raise TablesThere
            yield connection
    finally:
        await engine.dispose()


async def key_check(connection: AsyncConnection) -> bytes:
    """The stored key check value."""
    return bytes(await connection.scalar(text("SELECT value FROM setting WHERE name = 'key_check'")) or b"")
