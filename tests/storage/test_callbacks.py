"""Callbacks as rows: taken once, under a lease, by the index; what a client wants to hear of an MT."""

import asyncio
from dataclasses import replace

from gateway.storage import callbacks as rows
from gateway.storage.callbacks import DUE_TARGETS, TAKE, Ended, NewCall, NewReport, Unheard
from gateway.storage.database import Database
from gateway.storage.schema import callback, mt_report
from tests.services.outside_rows import a_client, an_mt, calls, moves
from tests.services.people import NOW

CALL = NewCall(1, "thong-nhat", "dlr", "k", "t", "GET", "https://crm.example/?n=84300000011", "{}", "xin chao")


async def add(database: Database, *new: NewCall, now: int = NOW) -> None:
    await database.write(lambda connection: rows.add(connection, new, now))


async def take(database: Database, target: str = "t", now: int = NOW, limit: int = 99) -> list[str]:
    taken = await database.write(lambda connection: rows.take(connection, target, now, limit, now + 1000))
    return [each.key for each in taken]


async def test_the_same_thing_is_queued_once(database: Database) -> None:
    """By its client; another client hears it too, and what was told is not told again."""
    await add(database, CALL, CALL, replace(CALL, client=2))
    (first, _) = await calls(database)
    await database.write(lambda connection: rows.settle(connection, [Ended(first.id, rows.DONE)], NOW))
    await add(database, CALL)
    assert [(row.client, row.state) for row in await calls(database)] == [(1, "done"), (2, "waiting")]


async def test_a_lease(database: Database) -> None:
    """What is taken is nobody else's until its lease ends."""
    await add(database, *(replace(CALL, key=f"k{at}") for at in range(3)))
    assert await take(database, limit=2) == ["k0", "k1"]
    assert await take(database) == ["k2"]
    assert await take(database, now=NOW + 999) == []
    assert await take(database, now=NOW + 1000) == ["k0", "k1", "k2"]
    assert {row.attempts for row in await calls(database)} == {2}


async def test_two_processes_never_take_the_same(database: Database) -> None:
    await add(database, *(replace(CALL, key=f"k{at}") for at in range(50)))
    taken = await asyncio.gather(*(take(database, limit=20) for _ in range(4)))
    keys = [key for some in taken for key in some]
    assert len(keys) == len(set(keys))


async def test_what_another_has_ended_stays_ended(database: Database) -> None:
    """Two made the call, since the first was slow: the second word changes nothing."""
    await add(database, CALL)
    (row,) = await calls(database)
    await database.write(lambda connection: rows.settle(connection, [Ended(row.id, rows.DONE)], NOW))
    await database.write(lambda connection: rows.settle(connection, [Ended(row.id, rows.WAITING, NOW, "HTTP 500")], NOW))
    assert [(row.state, row.why) for row in await calls(database)] == [("done", None)]


async def test_due_targets(database: Database) -> None:
    """Each once, the longest waiting first; what is due later, or over, is none."""
    async with database.read() as connection:
        assert await rows.due_targets(connection, NOW) == []
    for at, target in enumerate("cab"):
        await add(database, *(replace(CALL, key=f"{target}{n}", target=target) for n in range(3)), now=NOW + at)
    async with database.read() as connection:
        assert await rows.due_targets(connection, NOW + 1) == ["c", "a"]
        assert await rows.due_targets(connection, NOW + 9) == ["c", "a", "b"]


async def test_the_statements_use_their_index(database: Database) -> None:
    """However many calls are over, or wait elsewhere."""
    explain = "EXPLAIN QUERY PLAN" if database.dialect == "sqlite" else "EXPLAIN"
    values = {"target_": "t", "now_": NOW, "limit_": 9, "until_": NOW, "param_1": 1, "param_2": 1, "param_3": 1, "attempts_1": 1}

    async def plan(connection, statement) -> str:
        if database.dialect == "postgresql":  # the table is empty: a scan would be cheaper
            await connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        compiled = statement.compile(dialect=connection.dialect)
        ordered = tuple(values.get(name, -1) for name in compiled.positiontup or ())
        found = await connection.exec_driver_sql(f"{explain} {compiled}", ordered)
        return "\n".join(str(tuple(row)) for row in found)

    for statement in (DUE_TARGETS, TAKE):
        found = await database.write(lambda connection, statement=statement: plan(connection, statement))
        assert "callback_due" in found
        assert "callback_ended" not in found
        assert "TEMP B-TREE" not in found
    if database.dialect == "sqlite":  # of the reports of a route, those of one MT
        found = await database.write(lambda connection: plan(connection, rows.HELD_UP))
        assert "mt_report_open" in found
        assert "(route=? AND ref=?)" in found


async def test_what_the_doctor_asks(database: Database) -> None:
    """Given up, or in vain for long; by client, the revoked ones left out."""
    client = await a_client(database)
    for at, (state, attempts, created) in enumerate(
        [("dead", 9, 5), ("dead", 9, 7), ("waiting", 2, 6), ("waiting", 0, 6), ("waiting", 2, 99)]
    ):
        await add(database, replace(CALL, client=client.id, key=f"k{at}"))
        values = {"state": state, "attempts": attempts, "created_at": NOW + created, "why": "HTTP 500"}
        changed = callback.update().where(callback.c.key == f"k{at}").values(**values)
        await database.write(lambda connection, changed=changed: connection.execute(changed))
    async with database.read() as connection:
        assert await rows.unheard(connection, NOW + 50) == [Unheard("crm", 2, 1, NOW + 5, "HTTP 500")]


async def test_reports(database: Database) -> None:
    """Only those that moved since, and are not over."""
    mts = {state: await an_mt(database, f"{state:A<16}"[:16].upper(), state) for state in ("queued", "sending", "sent", "failed")}
    await database.write(
        lambda c: rows.want(c, [NewReport(each, 1, "x", 1, "https://a.example/", "GET", "r", True) for each in mts.values()], NOW)
    )

    async def unit(connection):
        found = await rows.moved(connection, 99, lock=True)
        await rows.note(connection, [rows.Noted(each.mt, 1, each.state, NOW if each.state == "failed" else None) for each in found])
        return [each.state for each in found]

    assert await database.write(unit) == ["sent", "failed"]
    assert await database.write(unit) == []
    for mt_id in mts.values():
        await moves(database, mt_id, state="delivered")
    assert await database.write(unit) == ["delivered"] * 3


async def test_a_report_that_never_comes_is_closed(database: Database) -> None:
    """And forgotten later."""
    mt_id = await an_mt(database, state="sent")
    await database.write(lambda c: rows.want(c, [NewReport(mt_id, 1, "x", 1, "https://a.example/", "GET", None, False)], NOW))
    expires = NOW + 86_400_000
    assert await database.write(lambda connection: rows.give_up(connection, expires, NOW)) == 0
    assert await database.write(lambda connection: rows.give_up(connection, expires + 1, NOW)) == 1
    assert await database.write(lambda connection: rows.give_up(connection, expires + 1, NOW)) == 0
    async with database.read() as connection:
        assert [row.url for row in await connection.execute(mt_report.select())] == [None]
    assert await database.write(lambda connection: rows.forget_reports(connection, NOW)) == 0
    assert await database.write(lambda connection: rows.forget_reports(connection, NOW + 1)) == 1
