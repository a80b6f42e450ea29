"""One door to both engines (ADR 0001): SQLite through aiosqlite, PostgreSQL through asyncpg.

SQLite: WAL, `synchronous=FULL`, every write transaction `BEGIN IMMEDIATE`, pragmas on every connection, one writer, readers `mode=ro`.
sqlite3's own transaction handling commits `WITH … UPDATE` at once and loses updates, so it is switched off and BEGIN is ours.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from sqlalchemy import event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from gateway.storage.migrate import is_current, migrate_connection
from gateway.storage.seal import Keyring

T = TypeVar("T")
Dialect = Literal["sqlite", "postgresql"]

BUSY_TIMEOUT_S: Final = 1.5  # under the 2 s after which a hook spools its row (ADR 0008)
PRAGMAS: Final = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-65536")

# Classified by the engine's own names, never by message text (ground: texts change between releases).
_SQLITE_WORDS: Final = {
    "SQLITE_BUSY": "another process holds the database's write lock",
    "SQLITE_FULL": "the disk is full",
    "SQLITE_IOERR_SHMSIZE": "the disk is full",
    "SQLITE_READONLY": "the database file can't be written",
    "SQLITE_CANTOPEN": "the database file can't be opened",
    "SQLITE_CORRUPT": "the database file is damaged",
    "SQLITE_NOTADB": "the file is no database",
}
_POSTGRES_WORDS: Final = {
    "53100": "the database server's disk is full",
    "53300": "the database server has no free connection",
    "55P03": "another process holds a lock",
    "57P01": "the database server is shutting down",
    "28P01": "the database server refused the password",
    "3D000": "the database does not exist on its server",
}


class StorageDown(Exception):
    """The database can't take or give rows now. The message names the cause and the remedy; it never holds a row."""


def _why(error: BaseException) -> str | None:
    """A cause in words if the engine is unable, None if the statement itself was wrong (that is a bug and stays one)."""
    original = error.orig if isinstance(error, DBAPIError) else error
    if name := getattr(original, "sqlite_errorname", None):
        return next((words for known, words in _SQLITE_WORDS.items() if name.startswith(known)), None)
    state = getattr(original, "sqlstate", None) or getattr(getattr(original, "__cause__", None), "sqlstate", None)
    if state:
        return _POSTGRES_WORDS.get(state) or ("the database server went away" if state.startswith(("08", "57")) else None)
    if isinstance(error, (PoolTimeout, InterfaceError, OSError)) or (isinstance(error, OperationalError) and state is None):
        return "the database can't be reached"
    return None


@asynccontextmanager
async def _in_words() -> AsyncIterator[None]:
    try:
        yield
    except (DBAPIError, PoolTimeout, OSError, sqlite3.Error) as error:
        if (why := _why(error)) is None:
            raise
        raise StorageDown(f"{why}; free it and the work goes on by itself") from None  # its text may hold rows


class Database:
    """Units of work over one database. A write unit runs whole: cancelling its caller stops nothing that has begun."""

    def __init__(self, writer: AsyncEngine, reader: AsyncEngine, keyring: Keyring) -> None:
        self._writer, self._reader = writer, reader
        self.keyring = keyring
        self.dialect: Dialect = "sqlite" if writer.dialect.name == "sqlite" else "postgresql"
        self._units: set[asyncio.Task[Any]] = set()  # Any: units of every result

    async def write(self, unit: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Run `unit` in one write transaction. Raises StorageDown; a bug in `unit` comes through as itself."""
        task = asyncio.ensure_future(self._write(unit))
        self._units.add(task)
        task.add_done_callback(self._units.discard)
        return await asyncio.shield(task)

    async def _write(self, unit: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        async with _in_words(), self._writer.begin() as connection:
            return await unit(connection)

    def read(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A connection that sees what is committed and can't write (on SQLite the file is open read-only)."""
        return self._reading()

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[AsyncConnection]:
        async with _in_words(), self._reader.connect() as connection:
            yield connection

    async def finish(self) -> None:
        """Wait for the write units under way."""
        await asyncio.gather(*self._units, return_exceptions=True)


def _sqlite_engines(url: URL, busy_timeout_s: float) -> tuple[AsyncEngine, AsyncEngine]:
    path = Path(url.database or "")
    path.parent.mkdir(parents=True, exist_ok=True)
    arguments = {"timeout": busy_timeout_s, "isolation_level": None}
    writer = create_async_engine(
        f"sqlite+aiosqlite:///{path}", connect_args=arguments, pool_size=1, max_overflow=0, pool_timeout=30, hide_parameters=True
    )
    reader = create_async_engine(
        f"sqlite+aiosqlite:///file:{path}?mode=ro&uri=true", connect_args=arguments, isolation_level="AUTOCOMMIT", hide_parameters=True
    )

    @event.listens_for(writer.sync_engine, "connect")
    def _pragmas(connection: Any, _record: object) -> None:  # Any: the driver's own connection
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(writer.sync_engine, "begin")
    def _begin(connection: Any) -> None:  # Any: SQLAlchemy's synchronous face
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return writer, reader


def _postgres_engine(url: URL) -> AsyncEngine:
    return create_async_engine(
        url.set(drivername="postgresql+asyncpg"), pool_size=8, max_overflow=4, pool_pre_ping=True, hide_parameters=True
    )


@asynccontextmanager
async def open_database(
    url: str, keyring: Keyring, *, migrate: bool = False, busy_timeout_s: float = BUSY_TIMEOUT_S
) -> AsyncIterator[Database]:
    """The database at `url` ("sqlite:///PATH" or "postgresql://user@host/name"), closed with the block. Raises StorageDown, WrongKey.

    `migrate` brings it to this release's schema first. The stored key check value must agree with `keyring`.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        writer, reader = _sqlite_engines(parsed, busy_timeout_s)
    else:
        writer = reader = _postgres_engine(parsed)
    for engine in {writer, reader}:
        engine.dialect.keyring = keyring  # type: ignore[attr-defined] # where `Sealed` finds it, without a global
    database = Database(writer, reader, keyring)
    try:
        async with _in_words():
            if migrate and not await is_current(reader):
                await migrate_connection(parsed)
            await database.write(_agree_on_key(keyring))
        yield database
    finally:
        await asyncio.shield(_close(database, writer, reader))


async def _close(database: Database, *engines: AsyncEngine) -> None:
    await database.finish()
    for engine in engines:
        await engine.dispose()


def _agree_on_key(keyring: Keyring) -> Callable[[AsyncConnection], Coroutine[Any, Any, None]]:
    """Write the key check value on first use, compare it ever after: a wrong key must stop the start, not spoil rows."""

    async def unit(connection: AsyncConnection) -> None:
        stored = (await connection.execute(text("SELECT value FROM setting WHERE name = 'key_check'"))).scalar()
        if stored is None:
            await connection.execute(
                text("INSERT INTO setting (name, value) VALUES ('key_check', :value)"), {"value": keyring.check_value()}
            )
        else:
            keyring.verify(bytes(stored))

    return unit


def now_us(dialect: str) -> str:
    """SQL for the database's clock in epoch µs (SQLite keeps milliseconds). One clock for all processes' slots (ADR 0006)."""
    if dialect == "sqlite":
        return "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000"
    return "CAST(EXTRACT(EPOCH FROM statement_timestamp()) * 1000000 AS BIGINT)"
