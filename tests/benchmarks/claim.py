"""ms a claim of 250 MTs: beside a million sent, a million paused and a million that are due later, and on a queue that holds nothing else.

The rows are made by SQL, and PostgreSQL is told of them by ANALYZE, as its autovacuum does within a minute. All of it goes through the
claim that the dispatcher makes, one write unit a claim, by turns on both databases.
"""

import asyncio
import os
import sqlite3
import time
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median

import asyncpg
import uvloop
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.storage import outbox
from gateway.storage.database import Database, open_database
from gateway.storage.seal import Keyring
from tests import postgres
from tests.benchmarks.table import Row, beside
from tests.chaos.arena import new_database

SIZE, CLAIMS = 250, 60
_NOW, _LATER = 1_800_000_000_000, 1_900_000_000_000  # epoch ms
_SENT, _PAUSED, _RUNNING = 1, 2, 3  # waves
_COLUMNS = "ref, wave, bidx, msisdn, body, lane, route, state, due_at, expires_at, segments, created_at"
_FILL = (
    "INSERT INTO mt ({columns}) SELECT '{name}' || i, {wave}, {person}, {msisdn}, {body}, 0, 'r', '{state}', {due}, {later}, 1, {now} "
    "FROM {numbers}"
)
_GROUPS = (("S", _SENT, "sent", 0), ("P", _PAUSED, "queued", 0), ("F", _RUNNING, "queued", _LATER))


def run(folder: Path, count: int, rounds: int) -> list[Row]:
    """Both engines."""
    server, watch = postgres.start()
    try:
        return uvloop.run(_rows(folder, count, rounds, server))
    finally:
        postgres.stop(watch)


async def _rows(folder: Path, count: int, rounds: int, server: str) -> list[Row]:
    found = []
    for engine in ("SQLite", "PostgreSQL"):
        times: dict[str, list[float]] = {"full": [], "empty": []}
        for at in range(rounds):
            async with AsyncExitStack() as stack:
                opened = {}
                for name, beside_it in (("full", count), ("empty", 0)):
                    url = await _database(folder, server, engine, f"{name}_{at}")
                    opened[name] = await stack.enter_async_context(open_database(url, Keyring.of(os.urandom(32)), migrate=True))
                    await _fill(opened[name], url, beside_it)
                for name, ms in (await _claimed(opened)).items():
                    times[name].append(ms)
        row = beside(f"claim of {SIZE}, {engine}", "ms", times["full"], "on an empty queue", times["empty"])
        found.append(Row(row.job, row.unit, row.ours, row.yardstick, row.theirs, row.ratio, most=2.0))
    return found


async def _database(folder: Path, server: str, engine: str, name: str) -> str:
    if engine == "PostgreSQL":
        return await new_database(server, f"claim_{name}")
    (folder / "claim").mkdir(exist_ok=True)
    return f"sqlite:///{folder / 'claim' / f'{name}.db'}"


async def _claimed(opened: dict[str, Database]) -> dict[str, float]:
    """The median claim of each, ms."""
    spent: dict[str, list[float]] = {name: [] for name in opened}
    for _ in range(CLAIMS):
        for name, database in opened.items():
            began = time.perf_counter()
            rows = await database.write(_claim)
            spent[name].append((time.perf_counter() - began) * 1000)
            assert len(rows) == SIZE
    return {name: median(times) for name, times in spent.items()}


async def _claim(connection: AsyncConnection) -> list[outbox.ClaimedMt]:
    return await outbox.claim(connection, route="r", lane=outbox.BLAST, wave=_RUNNING, now=_NOW, limit=SIZE, owner="bench")


async def _fill(database: Database, url: str, count: int) -> None:
    """`count` rows of each kind that must not matter, and what there is to claim."""
    msisdn = database.keyring.seal(b"+84300000001", "msisdn")
    body = database.keyring.seal(b"Tri an 27/7", "mt.body")
    groups = [(*group, count) for group in _GROUPS if count] + [("N", _RUNNING, "queued", 0, SIZE * CLAIMS)]
    if url.startswith("sqlite"):
        await asyncio.to_thread(_fill_file, url.removeprefix("sqlite:///"), groups, msisdn, body)
    else:
        await _fill_server(url, groups, msisdn, body)


def _fill_file(path: str, groups: list[tuple[str, int, str, int, int]], msisdn: bytes, body: bytes) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    for name, wave, state, due, count in groups:
        numbers = f"(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) SELECT i FROM n)"  # noqa: S608 # ours
        person = f"CAST(printf('{name}%016d', i) AS BLOB)"
        connection.execute(_statement(name, wave, state, due, numbers, person, f"x'{msisdn.hex()}'", f"x'{body.hex()}'"))
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


async def _fill_server(url: str, groups: list[tuple[str, int, str, int, int]], msisdn: bytes, body: bytes) -> None:
    connection = await asyncpg.connect(url)
    for name, wave, state, due, count in groups:
        numbers, person = f"generate_series(1, {count}) AS i", f"convert_to('{name}' || lpad(i::text, 16, '0'), 'UTF8')"
        hexed = (rf"'\x{msisdn.hex()}'::bytea", rf"'\x{body.hex()}'::bytea")
        await connection.execute(_statement(name, wave, state, due, numbers, person, *hexed))
    await connection.execute("ANALYZE mt")
    await connection.close()


def _statement(name: str, wave: int, state: str, due: int, numbers: str, person: str, msisdn: str, body: str) -> str:
    return _FILL.format(
        columns=_COLUMNS, name=name, wave=wave, person=person, msisdn=msisdn, body=body, state=state, due=due, later=_LATER, now=_NOW,
        numbers=numbers,
    )  # fmt: skip
