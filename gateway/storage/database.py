"""One door to both engines (ADR 0001): SQLite through a thread of the writer's own, with aiosqlite for readers; PostgreSQL through asyncpg.

SQLite: WAL, `synchronous=FULL`, every write transaction `BEGIN IMMEDIATE`, pragmas on every connection, one writer, readers `mode=ro`.
sqlite3's own transaction handling commits `WITH … UPDATE` at once and loses updates, so it is switched off and BEGIN is ours.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from sqlalchemy import event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from gateway.domain.operator import Operators
from gateway.operator_file import shipped_operators
from gateway.storage import data_keys
from gateway.storage.migrate import is_current, migrate_connection
from gateway.storage.seal import Keyring
from gateway.storage.sqlite_writer import READER_PRAGMAS, PragmaRefused, SqliteWriter, Unit, driver_of, prepare

T = TypeVar("T")
Dialect = Literal["sqlite", "postgresql"]

BUSY_TIMEOUT_S: Final = 1.5  # under the 2 s after which a hook spools its row (ADR 0008)

# Classified by the engine's own names, never by message text (ground: texts change between releases).
_SQLITE_WORDS: Final = {
    "SQLITE_BUSY": "another process holds the database's write lock",
    "SQLITE_FULL": "the disk is full",
    "SQLITE_IOERR_SHMSIZE": "the disk is full",
    "SQLITE_IOERR": "the disk takes or gives no more",  # a quota, a cable, a disk that dies
    "SQLITE_READONLY": "the database file can't be written",
    "SQLITE_CANTOPEN": "the database file can't be opened",
    "SQLITE_CORRUPT": "the database file is damaged",
    "SQLITE_NOTADB": "the file is no database",
}
_POSTGRES_WORDS: Final = {
    "53100": "the database server's disk is full",
    "53300": "the database server has no free connection",
    "55P03": "another process holds a lock",
    "40P01": "two processes wanted the same rows",
    "40001": "two processes wanted the same rows",
    "57P01": "the database server is shutting down",
    "28P01": "the database server refused the password",
    "3D000": "the database does not exist on its server",
}


class StorageDown(Exception):
    """The database can't take or give rows now. The message names the cause and the remedy; it never holds a row."""


def _why(error: BaseException) -> str | None:
    """A cause in words if the engine is unable, None if the statement itself was wrong (that is a bug and stays one)."""
    original = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(original, PragmaRefused):
        return str(original)
    if name := getattr(original, "sqlite_errorname", None):
        return next((words for known, words in _SQLITE_WORDS.items() if name.startswith(known)), None)
    state = getattr(original, "sqlstate", None) or getattr(getattr(original, "__cause__", None), "sqlstate", None)
    if state:
        return _POSTGRES_WORDS.get(state) or ("the database server went away" if state.startswith(("08", "57")) else None)
    if isinstance(error, (PoolTimeout, InterfaceError, OSError)) or (isinstance(error, OperationalError) and state is None):
        return "the database can't be reached"
    return None


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except (DBAPIError, PoolTimeout, OSError, sqlite3.Error) as error:
        if (why := _why(error)) is None:
            raise
        raise StorageDown(f"{why}; free it and the work goes on by itself") from None  # its text may hold rows


class Database:
    """Units of work over one database. A write unit runs whole: cancelling its caller stops nothing that has begun.

    A unit awaits nothing but its connection, and touches nothing that the loop changes meanwhile: on SQLite it runs in the writer's thread.
    """

    def __init__(self, writer: AsyncEngine | SqliteWriter, reader: AsyncEngine, keyring: Keyring, operators: Operators) -> None:
        self._writer, self._reader = writer, reader
        self.keyring, self.operators = keyring, operators
        self.dialect: Dialect = "sqlite" if isinstance(writer, SqliteWriter) else "postgresql"
        self._units: set[asyncio.Future[Any]] = set()  # Any: units of every result
        self.trouble: str | None = None  # why the last write unit was not taken

    async def write(self, unit: Unit[T]) -> T:
        """Run `unit` in one write transaction. Raises StorageDown; a bug in `unit` comes through as itself."""
        writer = self._writer
        running = writer.run(unit) if isinstance(writer, SqliteWriter) else asyncio.ensure_future(_run(writer, unit))
        self._units.add(running)
        running.add_done_callback(self._units.discard)
        try:
            with _in_words():
                found = await asyncio.shield(running)
        except StorageDown as down:
            self.trouble = str(down)
            raise
        self.trouble = None
        return found

    def read(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A connection that sees what is committed and can't write (on SQLite the file is open read-only)."""
        return self._reading()

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[AsyncConnection]:
        with _in_words():
            async with self._reader.connect() as connection:
                yield connection

    async def adopt_keys(self) -> None:
        """Let the keyring know the data keys that are there now, and forget those that are not. Raises StorageDown, WrongKey."""
        async with self.read() as connection:
            if await connection.run_sync(lambda inner: inspect(inner).has_table("data_key")):  # not before it is migrated
                found = await data_keys.all_keys(connection)
                if found or self.keyring.knows_others:
                    data_keys.adopt(self.keyring, found, await now_us(connection) // 1000)

    async def finish(self) -> None:
        """Wait for the write units under way."""
        await asyncio.gather(*self._units, return_exceptions=True)

    async def close(self) -> None:
        """Finish, then close every connection."""
        await self.finish()
        if isinstance(self._writer, SqliteWriter):
            await self._writer.close()
        else:
            await self._writer.dispose()
        await self._reader.dispose()


async def _run(writer: AsyncEngine, unit: Unit[T]) -> T:
    async with writer.begin() as connection:
        return await unit(connection)


def _sqlite(url: URL, busy_timeout_s: float) -> tuple[SqliteWriter, AsyncEngine]:
    path = Path(url.database or "")
    path.parent.mkdir(parents=True, exist_ok=True)
    reader = create_async_engine(
        f"sqlite+aiosqlite:///file:{path}?mode=ro&uri=true",
        connect_args={"timeout": busy_timeout_s, "isolation_level": None},
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,
    )
    event.listen(reader.sync_engine, "connect", lambda connection, _record: prepare(connection, READER_PRAGMAS))
    return SqliteWriter(path, busy_timeout_s), reader


def _postgres_engine(url: URL) -> AsyncEngine:
    return create_async_engine(
        url.set(drivername="postgresql+asyncpg"), pool_size=8, max_overflow=4, pool_pre_ping=True, hide_parameters=True
    )


@asynccontextmanager
async def open_database(
    url: str,
    keyring: Keyring,
    *,
    migrate: bool = False,
    busy_timeout_s: float = BUSY_TIMEOUT_S,
    clock_us: Callable[[], int] | None = None,
    operators: Operators | None = None,
) -> AsyncIterator[Database]:
    """The database at `url` ("sqlite:///PATH" or "postgresql://user@host/name"), closed with the block. Raises StorageDown, WrongKey.

    `migrate` brings it to this release's schema first. The stored key check value must agree with `keyring`. `clock_us` stands in
    for SQLite's own clock. `operators`: by which MTs are put to networks; None: the package's table.
    """
    parsed = make_url(url)
    writer: AsyncEngine | SqliteWriter
    if parsed.get_backend_name() == "sqlite":
        writer, reader = _sqlite(parsed, busy_timeout_s)
        dialects = [writer.engine.dialect, reader.dialect]
    else:
        writer = reader = _postgres_engine(parsed)
        dialects = [reader.dialect]
    operators = operators or shipped_operators()
    for dialect in dialects:  # where `Sealed`, `now_us` and the outbox find them, without a global
        dialect.keyring, dialect.clock_us, dialect.operators = keyring, clock_us, operators  # type: ignore[attr-defined]
    database = Database(writer, reader, keyring, operators)
    try:
        with _in_words():
            if migrate and not await is_current(reader):
                await migrate_connection(parsed)
            await database.write(_agree_on_key(keyring))
        await database.adopt_keys()
        yield database
    finally:
        await asyncio.shield(database.close())


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


CLOCK_US: Final = "CAST(EXTRACT(EPOCH FROM statement_timestamp()) * 1000000 AS BIGINT)"  # PostgreSQL's clock, epoch µs
_SQLITE_CLOCK_US: Final = "SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000"  # it keeps milliseconds


async def now_us(connection: AsyncConnection) -> int:
    """The database's clock, epoch µs: one for all processes' slots and leases (ADR 0006)."""
    if connection.dialect.name != "sqlite":
        return int(await connection.scalar(text(f"SELECT {CLOCK_US}")))
    clock_us: Callable[[], int] | None = connection.dialect.clock_us  # type: ignore[attr-defined] # set where the engine is made
    if clock_us is not None:
        return clock_us()
    if (driver := driver_of(connection)) is not None:  # once a turn and more: not through Core
        return int(driver.execute(_SQLITE_CLOCK_US).fetchone()[0])
    return int(await connection.scalar(text(_SQLITE_CLOCK_US)))
