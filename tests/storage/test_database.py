"""The one door to both engines: what every connection is set to, and how a write unit runs."""

import asyncio
import threading
from pathlib import Path

import pytest
from sqlalchemy import text

from gateway.storage import sqlite_writer
from gateway.storage.database import Database, StorageDown, now_us, open_database
from gateway.storage.seal import Keyring
from gateway.storage.sqlite_writer import PragmaRefused, prepare

DURABLE = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "cache_size": -65536}


@pytest.fixture
async def sqlite(sqlite_template: Path, tmp_path: Path, keyring: Keyring):
    import shutil

    shutil.copy(sqlite_template, tmp_path / "t.db")
    async with open_database(f"sqlite:///{tmp_path / 't.db'}", keyring, busy_timeout_s=0.05) as database:
        yield database


async def _pragmas(connection) -> dict[str, object]:
    return {name: (await connection.execute(text(f"PRAGMA {name}"))).scalar() for name in DURABLE}


async def test_every_connection_is_durable(sqlite: Database) -> None:
    """The writer, the one that follows a writer that failed, and several readers at once: `synchronous` is FULL on each."""
    assert await sqlite.write(_pragmas) == DURABLE
    with pytest.raises(ZeroDivisionError):
        await sqlite.write(_bug)
    assert await sqlite.write(_pragmas) == DURABLE
    async with sqlite.read() as one, sqlite.read() as two, sqlite.read() as three:
        for each in (one, two, three):
            assert await _pragmas(each) == DURABLE


async def _bug(connection) -> None:
    await connection.execute(text("INSERT INTO setting (name, value) VALUES ('half', '')"))
    raise ZeroDivisionError


async def test_a_pragma_that_is_not_taken_is_refused() -> None:
    """SQLite says nothing when it doesn't take one: an in-memory file knows no WAL."""
    import sqlite3

    connection = sqlite3.connect(":memory:")
    with pytest.raises(PragmaRefused, match="journal_mode is memory and must be wal"):
        prepare(connection, sqlite_writer.WRITER_PRAGMAS)
    connection.close()


async def test_a_bug_rolls_back_and_comes_through(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        await database.write(_bug)
    async with database.read() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM setting WHERE name = 'half'"))).scalar() == 0


async def test_readers_cannot_write(sqlite: Database) -> None:
    with pytest.raises(StorageDown, match="can't be written"):
        async with sqlite.read() as connection:
            await connection.execute(text("INSERT INTO setting (name, value) VALUES ('x', '')"))


async def test_a_unit_runs_whole_in_one_thread(sqlite: Database) -> None:
    """All units in the writer's thread, never in the loop's; `sleep(0)` makes way for nobody there."""

    async def unit(connection) -> int:
        await asyncio.sleep(0)
        await connection.execute(text("SELECT 1"))
        return threading.get_ident()

    threads = {await sqlite.write(unit) for _ in range(3)}
    assert len(threads) == 1
    assert threads != {threading.get_ident()}


@pytest.mark.parametrize("wait", [lambda: asyncio.sleep(1), lambda: asyncio.get_running_loop().create_future()])
async def test_a_unit_that_awaits_something_else_fails_loudly(sqlite: Database, wait) -> None:
    """It would wait for ever with the write lock; what it had written is rolled back."""

    async def unit(connection) -> None:
        await connection.execute(text("INSERT INTO setting (name, value) VALUES ('half', '')"))
        await wait()

    with pytest.raises(RuntimeError):
        await sqlite.write(unit)
    async with sqlite.read() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM setting WHERE name = 'half'"))).scalar() == 0


async def test_units_of_many_callers_come_one_after_the_other(database: Database) -> None:
    """Fifty read, add one and write: none is lost."""
    await database.write(lambda c: c.execute(text("INSERT INTO route_state (route) VALUES ('r')")))

    async def unit(connection) -> None:
        lock = "" if database.dialect == "sqlite" else " FOR UPDATE"
        found = (await connection.execute(text("SELECT paused_until FROM route_state WHERE route = 'r'" + lock))).scalar()  # noqa: S608
        await connection.execute(text("UPDATE route_state SET paused_until = :n WHERE route = 'r'"), {"n": found + 1})

    await asyncio.gather(*(database.write(unit) for _ in range(50)))
    async with database.read() as connection:
        assert (await connection.execute(text("SELECT paused_until FROM route_state WHERE route = 'r'"))).scalar() == 50


async def test_the_clock_is_the_databases(database: Database) -> None:
    """µs of the epoch on both; on SQLite the machine's, given to `open_database`."""
    import time

    found = await database.write(now_us)
    assert abs(found - time.time_ns() // 1000) < 5_000_000
