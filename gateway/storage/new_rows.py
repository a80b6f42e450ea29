"""Many new rows of one table in a few statements, on both engines.

Through Core a row of SQLite is bound by itself and stepped by itself, and each step gives up the interpreter (see `twice`). A tip and its
reply are rows of four tables: so they cost half, and the writer's thread keeps its turn.
"""

import sqlite3
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import chain
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import Table, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.storage.seal import Keyring, Sealed
from gateway.storage.sqlite_writer import driver_of

_ROWS: Final = 64  # as many texts a table, which sqlite3 keeps compiled (`cached_statements`)
Values = Sequence[Any]  # Any: a row's values


class NewRows:
    """What new rows of `table` name: `columns`, which are as well the fields of the dataclass that such a row comes as."""

    def __init__(self, table: Table, *columns: str) -> None:
        self._table, self._columns = table, columns
        self._values: Callable[[object], Values] = attrgetter(*columns)
        types = ((at, table.c[name].type) for at, name in enumerate(columns))
        self._sealed = [(at, type_.place) for at, type_ in types if isinstance(type_, Sealed)]

    async def add(self, connection: AsyncConnection, new: Sequence[object]) -> None:
        """Insert rows for `new`, in this order; sealed columns are sealed."""
        rows = [self._values(each) for each in new]
        if (driver := driver_of(connection)) is not None:
            insert_rows(driver, self._table.name, self._columns, self._sealed_rows(connection, rows))
        elif rows:
            await connection.execute(insert(self._table), [dict(zip(self._columns, row, strict=True)) for row in rows])

    def _sealed_rows(self, connection: AsyncConnection, rows: Sequence[Values]) -> Sequence[Values]:
        keyring: Keyring = connection.dialect.keyring  # type: ignore[attr-defined] # set where the engine is made
        columns: list[Values] = list(zip(*rows, strict=True))
        for at, place in self._sealed if rows else ():
            columns[at] = keyring.seal_texts(columns[at], place)
        return list(zip(*columns, strict=True))


def insert_rows(driver: sqlite3.Connection, table: str, columns: tuple[str, ...], rows: Sequence[Values], otherwise: str = "") -> None:
    """Insert `rows` of `columns` as they are, in this order, by SQLite; `otherwise`: what stands behind, as ON CONFLICT."""
    for start in range(0, len(rows), _ROWS):
        some = rows[start : start + _ROWS]
        driver.execute(_statement(table, columns, len(some), otherwise), list(chain.from_iterable(some)))


@lru_cache(maxsize=8 * _ROWS)
def _statement(table: str, columns: tuple[str, ...], count: int, otherwise: str) -> str:
    row = f"({', '.join('?' * len(columns))})"
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES {', '.join([row] * count)} {otherwise}"  # noqa: S608 # constants
