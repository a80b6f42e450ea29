"""SQLite's one writer: a connection that lives in a thread of its own, where a unit of work runs whole, in one hop (ADR 0001).

A statement in its own hop costs 90 µs, in place 4; and a unit that keeps the thread can't be cut in half by whoever awaits it. So a unit
awaits nothing but its connection: here nothing else could ever wake it.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from sqlalchemy import Connection, CursorResult, Executable, ScalarResult, create_engine, event
from sqlalchemy.engine import Dialect, Engine
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.pool import QueuePool

T = TypeVar("T")
Unit = Callable[[AsyncConnection], Awaitable[T]]

WRITER_PRAGMAS: Final = (("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("cache_size", -65536))
READER_PRAGMAS: Final = WRITER_PRAGMAS[1:]  # the journal's mode is the file's: a connection that can't write only finds it


class PragmaRefused(sqlite3.OperationalError):
    """SQLite did not take a setting on which durability rests; the message names it."""


def prepare(connection: Any, pragmas: Sequence[tuple[str, object]]) -> None:  # Any: sqlite3's connection, or aiosqlite's behind SQLAlchemy
    """Set `pragmas` and read each back: a file system without shared memory, say, refuses WAL without an error. Raises PragmaRefused."""
    for name, wanted in pragmas:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA {name}={wanted}")
        cursor.execute(f"PRAGMA {name}")
        if (found := cursor.fetchone()[0]) != wanted:
            raise PragmaRefused(f"PRAGMA {name} is {found} and must be {wanted}; keep the database on a local disk")
        cursor.close()


class UnitConnection:
    """What a unit is given: the part of AsyncConnection that units use. Its calls have finished when they return."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def dialect(self) -> Dialect:
        """SQLite's, with the keyring."""
        return self._connection.dialect

    @property
    def driver(self) -> sqlite3.Connection:
        """sqlite3's own connection, inside the unit's transaction, for statements that move many rows at once."""
        return cast("sqlite3.Connection", self._connection.connection.driver_connection)

    async def execute(self, statement: Executable, parameters: Any = None) -> CursorResult[Any]:  # Any: SQLAlchemy's own
        return self._connection.execute(statement, parameters)

    async def exec_driver_sql(self, statement: str, parameters: Any = None) -> CursorResult[Any]:  # Any: SQLAlchemy's own
        return self._connection.exec_driver_sql(statement, parameters)

    async def scalar(self, statement: Executable, parameters: Any = None) -> Any:  # Any: SQLAlchemy's own
        return self._connection.scalar(statement, parameters)

    async def scalars(self, statement: Executable, parameters: Any = None) -> ScalarResult[Any]:  # Any: SQLAlchemy's own
        return self._connection.scalars(statement, parameters)

    async def run_sync(self, act: Callable[[Connection], T]) -> T:
        return act(self._connection)


def driver_of(connection: AsyncConnection) -> sqlite3.Connection | None:
    """sqlite3's connection where `connection` is a unit's on SQLite; None on PostgreSQL."""
    return connection.driver if isinstance(connection, UnitConnection) else None


class SqliteWriter:
    """The thread and its connection; units wait in line."""

    def __init__(self, path: Path, busy_timeout_s: float) -> None:
        self.engine: Engine = create_engine(
            f"sqlite:///{path}",
            connect_args={"timeout": busy_timeout_s, "isolation_level": None, "cached_statements": 512},
            poolclass=QueuePool,
            pool_size=1,
            max_overflow=0,
            hide_parameters=True,
        )
        event.listen(self.engine, "connect", lambda connection, _record: prepare(connection, WRITER_PRAGMAS))
        event.listen(self.engine, "begin", _begin)
        self._connection: Connection | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sqlite-writer")

    def run(self, unit: Unit[T]) -> asyncio.Future[T]:
        """Run `unit` in one transaction; what it raises rolls back and comes through."""
        return asyncio.get_running_loop().run_in_executor(self._thread, self._run, unit)

    def _run(self, unit: Unit[T]) -> T:
        if self._connection is None:
            self._connection = self.engine.connect()
        try:
            with self._connection.begin():
                return whole(unit(cast("AsyncConnection", UnitConnection(self._connection))))
        except BaseException:  # whatever state it is in, the next unit begins with a clean one
            self._connection.close()
            self._connection = None
            raise

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self.engine.dispose()

    async def close(self) -> None:
        """Close the connection, in its thread, and end the thread."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown()


def _begin(connection: Connection) -> None:
    cast("sqlite3.Connection", connection.connection.driver_connection).execute("BEGIN IMMEDIATE")


def whole(work: Awaitable[T]) -> T:
    """Drive `work` to its end, here and now. A bare yield (`asyncio.sleep(0)`) has nobody to make way for; another wait is a bug."""
    steps = work.__await__()
    try:
        while next(steps) is None:
            pass
    except StopIteration as done:
        return cast("T", done.value)
    steps.close()
    raise RuntimeError("a write unit awaited something else than its connection: fetch it before the unit, or act on it afterwards")
