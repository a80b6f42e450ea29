"""All rows of a database as they stood at one moment, while others write on; and rows put back into an empty one. Both engines alike.

SQLite: one read transaction on a connection of its own; in WAL mode it holds up no writer. PostgreSQL: one REPEATABLE READ transaction
with a cursor a table; pg_dump need not be there. Rows travel as JSON with what both engines agree on: integers, floats, texts, bytes in
base64, truth values as 0 and 1, JSON columns as their text. So a backup of one engine can be restored into the other.
"""

import base64
import json
import sqlite3
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any, Final, Protocol

from sqlalchemy import Connection, NullPool, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

ROWS: Final = 2_000  # a block
_VERSION_TABLE: Final = "alembic_version"
_VERSION: Final = "SELECT version_num FROM alembic_version"
_KEYS: Final = ("data_key", "wrapped")  # never in a backup: a key that is destroyed must be gone from there too (ADR 0029)

Row = Sequence[Any]  # Any: a driver's values


@dataclass(frozen=True, slots=True)
class Shape:
    """A table's columns in order, which of them hold bytes, and which a driver would turn into objects (JSON, on PostgreSQL)."""

    name: str
    columns: tuple[str, ...]
    blobs: frozenset[int]
    objects: frozenset[int] = frozenset()


class Snapshot(Protocol):
    """One moment of a database."""

    schema: str  # revision
    shapes: tuple[Shape, ...]  # parents before children

    def blocks(self, shape: Shape) -> AsyncIterator[tuple[bytes, int]]:
        """The rows of a table, (JSON, how many), by the order of its file or heap."""
        ...


@asynccontextmanager
async def snapshot(url: str) -> AsyncIterator[Snapshot]:
    """The database at `url` as it is now, till the block ends. It must have a schema."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        connection = sqlite3.connect(f"file:{parsed.database}?mode=ro", uri=True, isolation_level=None)
        try:
            connection.execute("BEGIN")
            yield _Sqlite(connection)
        finally:
            connection.close()
        return
    engine = create_async_engine(parsed.set(drivername="postgresql+asyncpg"), poolclass=NullPool, hide_parameters=True)
    try:
        async with engine.connect() as outer:
            await outer.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            schema = str(await outer.scalar(text(_VERSION)))  # the first statement fixes the moment
            shapes = await outer.run_sync(_shapes)
            raw = (await outer.get_raw_connection()).driver_connection
            yield _Postgres(schema, shapes, raw)
    finally:
        await engine.dispose()


class _Sqlite:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.schema = str(connection.execute(_VERSION).fetchone()[0])
        rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")
        names = [row[0] for row in rows if row[0] != _VERSION_TABLE]
        parents = {name: {row[2] for row in connection.execute(f'PRAGMA foreign_key_list("{name}")')} - {name} for name in names}
        self.shapes = tuple(map(self._shape, TopologicalSorter(parents).static_order()))

    def _shape(self, name: str) -> Shape:
        columns = self._connection.execute(f'PRAGMA table_info("{name}")').fetchall()
        return Shape(name, tuple(row[1] for row in columns), frozenset(at for at, row in enumerate(columns) if row[2].upper() == "BLOB"))

    async def blocks(self, shape: Shape) -> AsyncIterator[tuple[bytes, int]]:
        rows = self._connection.execute(_select(shape))
        while block := rows.fetchmany(ROWS):
            yield encoded(shape, block), len(block)


class _Postgres:
    def __init__(self, schema: str, shapes: tuple[Shape, ...], raw: Any) -> None:  # Any: asyncpg's connection, which SQLAlchemy opened
        self.schema, self.shapes, self._raw = schema, shapes, raw

    async def blocks(self, shape: Shape) -> AsyncIterator[tuple[bytes, int]]:
        cursor = await self._raw.cursor(_select(shape))
        while block := await cursor.fetch(ROWS):
            yield encoded(shape, block), len(block)


def _shapes(connection: Connection) -> tuple[Shape, ...]:
    look = inspect(connection)
    shapes = []
    for name, _ in look.get_sorted_table_and_fkc_names():
        if name is not None and name != _VERSION_TABLE:
            columns = look.get_columns(name)
            blobs = frozenset(at for at, column in enumerate(columns) if "BYTEA" in str(column["type"]).upper())
            objects = frozenset(at for at, column in enumerate(columns) if "JSON" in str(column["type"]).upper())
            shapes.append(Shape(name, tuple(column["name"] for column in columns), blobs, objects))
    return tuple(shapes)


def _select(shape: Shape) -> str:
    return f'SELECT {", ".join(_named(shape, at) for at in range(len(shape.columns)))} FROM "{shape.name}"'  # noqa: S608 # catalogue


def _named(shape: Shape, at: int) -> str:
    column = shape.columns[at]
    if (shape.name, column) == _KEYS:
        return f"NULL AS {column}"
    return f'CAST("{column}" AS text)' if at in shape.objects else f'"{column}"'


# --- rows on their way ---


def encoded(shape: Shape, rows: Iterable[Row]) -> bytes:
    """A block of rows as JSON."""
    blobs = shape.blobs
    plain = [
        [base64.b64encode(value).decode() if at in blobs and value is not None else _plain(value) for at, value in enumerate(row)]
        for row in rows
    ]
    return json.dumps(plain, separators=(",", ":"), ensure_ascii=False).encode()


def _plain(value: Any) -> Any:  # Any: a driver's value
    return int(value) if isinstance(value, bool) else value


def decoded(blobs: Iterable[int], block: bytes) -> list[list[Any]]:  # Any: what JSON holds
    """The rows of a block; `blobs`: which columns hold bytes."""
    rows: list[list[Any]] = json.loads(block)
    for row in rows:
        for at in blobs:
            if row[at] is not None:
                row[at] = base64.b64decode(row[at])
    return rows


# --- into an empty database ---


class Loader(Protocol):
    """Rows into tables that are there and empty, in one transaction."""

    async def load(self, table: str, columns: Sequence[str], rows: list[list[Any]]) -> None:
        """Add rows, parents first. Any: what `decoded` gave."""
        ...

    async def finish(self) -> None:
        """Foreign keys hold, and the next ids follow on."""
        ...


class SqliteLoader:
    """Into a fresh file."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("PRAGMA foreign_keys = OFF")
        self._connection.execute("BEGIN IMMEDIATE")

    async def load(self, table: str, columns: Sequence[str], rows: list[list[Any]]) -> None:  # Any: JSON and bytes
        names, marks = ", ".join(f'"{each}"' for each in columns), ", ".join("?" * len(columns))
        self._connection.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', rows)  # noqa: S608 # checked names

    async def finish(self) -> None:
        if broken := self._connection.execute("PRAGMA foreign_key_check").fetchall():
            raise ValueError(f"{len(broken)} rows of this backup lack their parent")
        self._connection.execute("COMMIT")

    def close(self) -> None:
        self._connection.close()


def fold(path: Path) -> None:
    """Bring what lies in the write-ahead log of `path` into the file, which is then all there is; nobody else has it open."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()


class PostgresLoader:
    """Into the open transaction of `connection`, by COPY."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._types: dict[str, Mapping[str, str]] = {}

    async def load(self, table: str, columns: Sequence[str], rows: list[list[Any]]) -> None:  # Any: JSON and bytes
        if (types := self._types.get(table)) is None:
            types = self._types[table] = await self._types_of(table)
        turned = [(at, _TURN[kind]) for at, name in enumerate(columns) if (kind := types[name]) in _TURN]
        for row in rows:
            for at, turn in turned:
                if row[at] is not None:
                    row[at] = turn(row[at])
        raw: Any = (await self._connection.get_raw_connection()).driver_connection  # Any: asyncpg's
        await raw.copy_records_to_table(table, records=rows, columns=list(columns))

    async def _types_of(self, table: str) -> Mapping[str, str]:
        found = await self._connection.execute(
            text("SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = 'public' AND table_name = :name"),
            {"name": table},
        )
        return {row[0]: row[1] for row in found}

    async def finish(self) -> None:
        found = await self._connection.execute(text(_SEQUENCES))
        for table, column, sequence in found.all():
            await self._connection.execute(
                text(f'SELECT setval(:name, coalesce((SELECT max("{column}") FROM "{table}"), 0) + 1, false)'),  # noqa: S608 # catalogue
                {"name": sequence},
            )


_TURN: Final[Mapping[str, Any]] = {"boolean": bool, "double precision": float}  # Any: types
_SEQUENCES: Final = (
    "SELECT table_name, column_name, pg_get_serial_sequence(quote_ident(table_name), column_name) FROM information_schema.columns "
    "WHERE table_schema = 'public' AND pg_get_serial_sequence(quote_ident(table_name), column_name) IS NOT NULL"
)
