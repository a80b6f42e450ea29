"""Statements that move many rows in one step, in both engines' words. These differ here alone, and in `bulk`, `bulk_inbox`, `new_rows`
and `spending`.

SQLite drops to sqlite3's own connection. Each `sqlite3_step` gives up the GIL, and a busy event loop is slow to hand it back: row by row
a turn takes 5 to 15 times as long. So rows go in as one JSON value (`json_each`) and come out as one (`json_group_array`); blobs travel in
hex, or as the parameters of one many-rowed INSERT. PostgreSQL takes the same values as arrays.

Statements are written once where only the list differs: `{of_1}` is the list of ids in parameter 1, `{texts_1}` of texts, and parameters
stand as $1, $2 … for both.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.storage.sqlite_writer import driver_of

Rows = Sequence[Sequence[Any]]  # Any: a row's values
_ARRAYS: Final = (("of", "bigint"), ("texts", "text"))
_DOLLAR: Final = re.compile(r"\$(\d)")


@dataclass(frozen=True, slots=True)
class Twice:
    """One statement in both engines' words."""

    sqlite: str
    postgres: str


def sqlite_words(statement: str) -> str:
    """`statement` with SQLite's parameters, ?1 for $1."""
    return _DOLLAR.sub(r"?\1", statement)


def twice(statement: str) -> Twice:
    """`statement` for both."""
    lists = {f"{of}_{at}": f"IN (SELECT value FROM json_each(${at}))" for at in range(1, 4) for of in ("of", "texts")}  # noqa: S608
    arrays = {f"{of}_{at}": f"= ANY(CAST(${at} AS {of_what}[]))" for at in range(1, 4) for of, of_what in _ARRAYS}
    return Twice(sqlite_words(statement.format(**lists)), statement.format(**arrays))


def in_one(statement: str, *columns: str) -> Twice:
    """A SELECT of `columns`, whose rows SQLite gives as one JSON value."""
    both = twice(statement)
    return Twice(f"SELECT json_group_array(json_array({', '.join(columns)})) FROM ({both.sqlite})", both.postgres)  # noqa: S608 # constants


async def read_rows(connection: AsyncConnection, statement: Twice, *values: object) -> Rows:
    """The rows of an `in_one`, in a unit or on a reader; a list among `values` is one value."""
    if (driver := driver_of(connection)) is not None:
        rows: Rows = json.loads(driver.execute(statement.sqlite, tuple(map(flat, values))).fetchone()[0])
        return rows
    if connection.dialect.name == "sqlite":
        found: Rows = json.loads((await connection.exec_driver_sql(statement.sqlite, tuple(map(flat, values)))).scalar_one())
        return found
    return (await connection.exec_driver_sql(statement.postgres, values)).all()


async def change(connection: AsyncConnection, statement: Twice, *values: object) -> int:
    """Run an UPDATE, or an INSERT from a SELECT; a list, to SQLite an object too, among `values` is one value. How many rows it changed."""
    if (driver := driver_of(connection)) is not None:
        return driver.execute(statement.sqlite, tuple(map(flat, values))).rowcount
    return (await connection.exec_driver_sql(statement.postgres, values)).rowcount


async def change_rows(connection: AsyncConnection, statement: Twice, rows: Rows) -> None:
    """Run an UPDATE over `rows`: to SQLite they go as one JSON value, to PostgreSQL as an array a column."""
    if rows and driver_of(connection) is not None:
        await change(connection, statement, list(map(list, rows)))
    elif rows:
        await change(connection, statement, *map(list, zip(*rows, strict=True)))


def flat(value: object) -> Any:  # Any: what sqlite3 binds
    return json.dumps(value, separators=(",", ":")) if isinstance(value, (list, dict)) else value


def blob(value: object) -> bytes:
    """A binary column of a row: SQLite's JSON brings it in hex."""
    return bytes.fromhex(value) if isinstance(value, str) else bytes(value)  # type: ignore[call-overload] # a driver's bytes
