"""Many rows in a few statements: all of them, in order, sealed, on both engines; and what stands behind an INSERT holds for each."""

import sqlite3

import pytest
from sqlalchemy import select

from gateway.storage import tips
from gateway.storage.database import Database
from gateway.storage.new_rows import insert_rows
from gateway.storage.schema import question
from gateway.storage.tips import NewQuestion
from tests.services.people import ALICE, NOW, arrive, said

COUNT = 150  # more than two statements' worth


async def test_all_come_in_order_and_sealed(database: Database) -> None:
    stored = await arrive(database, *(said(f"HOI {at}") for at in range(COUNT)))
    new = [NewQuestion("06577", each.id, "sms", ALICE, f"HOI {at}", NOW) for at, each in enumerate(stored)]
    await database.write(lambda connection: tips.add_questions(connection, new))
    async with database.read() as connection:
        found = (await connection.execute(select(question.c.text, question.c.mo, question.c.sender).order_by(question.c.id))).all()
        raw = (await connection.exec_driver_sql("SELECT text FROM question ORDER BY id LIMIT 1")).scalar_one()
    assert [tuple(row) for row in found] == [(f"HOI {at}", each.id, ALICE) for at, each in enumerate(stored)]
    assert b"HOI" not in bytes(raw)


async def test_no_rows_are_no_statement(database: Database) -> None:
    await database.write(lambda connection: tips.add_questions(connection, []))
    async with database.read() as connection:
        assert (await connection.execute(select(question.c.id))).all() == []


@pytest.mark.parametrize("count", [1, 63, 64, 65, 150])
def test_a_row_that_is_there_is_passed_over(count: int) -> None:
    with sqlite3.connect(":memory:") as driver:
        driver.execute("CREATE TABLE t (a INTEGER UNIQUE, b TEXT)")
        driver.execute("INSERT INTO t VALUES (0, 'old')")
        insert_rows(driver, "t", ("a", "b"), [(at, "new") for at in range(count)], "ON CONFLICT DO NOTHING")
        assert driver.execute("SELECT count(*), min(b), max(b) FROM t").fetchone() == (count, "new" if count > 1 else "old", "old")
