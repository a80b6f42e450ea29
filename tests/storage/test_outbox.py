"""The outbox's statements on both engines, and what two processes do to each other."""

import asyncio
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from gateway.domain.message import DlrStatus, MtState
from gateway.domain.msisdn import Msisdn
from gateway.domain.pace import Pace, slots
from gateway.storage import outbox
from gateway.storage.database import Database, StorageDown, open_database
from gateway.storage.outbox import NewMt, Settlement
from gateway.storage.schema import dlr, mt
from gateway.storage.seal import Keyring

ROOT = Path(__file__).resolve().parents[2]


def new(at: int, **more: object) -> NewMt:
    values: dict[str, object] = {"due_at": 0, "expires_at": 10**15, "body": "Tri an 27/7"}
    return NewMt(f"R{at}", Msisdn(f"+84300{at:06d}"), at.to_bytes(4, "big"), "r", 1, **(values | more))  # type: ignore[arg-type]


async def states(database: Database) -> dict[str, str]:
    from sqlalchemy import select

    async with database.read() as connection:
        return dict((await connection.execute(select(mt.c.ref, mt.c.state))).all())


async def test_the_same_id_to_the_same_person_is_queued_once(database: Database) -> None:
    """(send_id, person) and reply_to are unique; what is new is counted."""
    await database.write(lambda c: outbox.enqueue(c, [new(1, send_id="a"), new(2, send_id="a")], 1))
    again = [NewMt("R9", Msisdn("+84300000001"), (1).to_bytes(4, "big"), "r", 1, 0, 1, send_id="a", body="x"), new(3, send_id="a")]
    assert await database.write(lambda c: outbox.enqueue(c, again, 1)) == 1
    reply = [new(7, reply_to=5), NewMt("R8", Msisdn("+84300000008"), b"8", "r", 1, 0, 1, reply_to=5, body="x")]
    assert await database.write(lambda c: outbox.enqueue(c, reply, 1)) == 1


async def test_claims_are_due_oldest_first_and_by_lane(database: Database) -> None:
    """Future and other lanes, waves and routes stay."""
    rows = [new(1, due_at=30), new(2, due_at=10), new(3, due_at=999), new(4, lane=outbox.PRIORITY), new(5, wave=3)]
    await database.write(lambda c: outbox.enqueue(c, rows, 1))
    claim = {"route": "r", "lane": outbox.BLAST, "wave": 0, "now": 100, "owner": "o"}
    first = await database.write(lambda c: outbox.claim(c, limit=1, **claim))
    assert [each.ref for each in first] == ["R2"]
    rest = await database.write(lambda c: outbox.claim(c, limit=10, **claim))
    assert [each.ref for each in rest] == ["R1"]
    assert rest[0].msisdn == Msisdn("+84300000001")


@pytest.mark.parametrize("order", ["dlr first", "answer first"])
async def test_a_report_meets_its_mt_in_any_order(database: Database, order: str) -> None:
    """By the carrier's reference; the second transaction of whoever comes last finds both."""
    await database.write(lambda c: outbox.enqueue(c, [new(1)], 1))
    claimed = await database.write(lambda c: outbox.claim(c, route="r", lane=0, wave=0, now=1, limit=1, owner="o"))
    await database.write(lambda c: outbox.mark_sending(c, "r", [outbox.NewRequest("R1", (claimed[0].id,), b"h")], "o", 1))

    async def report(connection) -> None:
        row = {
            "route": "r",
            "ref": "c1",
            "ours": False,
            "recipient": 0,
            "status": DlrStatus.DELIVERED.value,
            "code": "000",
            "received_at": 2,
        }
        await connection.execute(dlr.insert().values(**row))

    answer = Settlement(claimed[0].id, "R1", MtState.SENT, "r", carrier_ref="c1")
    steps = [report, lambda c: outbox.settle(c, [answer], 3)]
    for step in steps if order == "dlr first" else reversed(steps):
        await database.write(step)
        await database.write(lambda c: outbox.match_dlrs(c, 4))
    assert await states(database) == {"R1": "delivered"}


async def test_an_early_report_outlives_the_answer(database: Database) -> None:
    """Delivered while still `sending`: the answer fills in its reference and changes nothing."""
    await database.write(lambda c: outbox.enqueue(c, [new(1)], 1))
    claimed = await database.write(lambda c: outbox.claim(c, route="r", lane=0, wave=0, now=1, limit=1, owner="o"))
    await database.write(lambda c: outbox.mark_sending(c, "r", [outbox.NewRequest("R1", (claimed[0].id,), b"h")], "o", 1))
    row = {"route": "r", "ref": "R1", "ours": True, "recipient": 0, "status": "delivered", "code": "1", "received_at": 2}
    await database.write(lambda c: c.execute(dlr.insert().values(**row)))
    assert await database.write(lambda c: outbox.match_dlrs(c, 3)) == 1
    await database.write(lambda c: outbox.settle(c, [Settlement(claimed[0].id, "R1", MtState.UNCERTAIN, "r")], 3, lost=["R1"]))
    assert await states(database) == {"R1": "delivered"}


async def test_a_stolen_lease_is_not_sent(database: Database) -> None:
    """A process that slept through its lease finds its row owned by another."""
    await database.write(lambda c: outbox.enqueue(c, [new(1)], 1))
    claimed = await database.write(lambda c: outbox.claim(c, route="r", lane=0, wave=0, now=1, limit=1, owner="sleeper"))
    await database.write(lambda c: outbox.beat(c, "awake"))
    assert await database.write(lambda c: outbox.recover(c, {})) == (1, 0)  # the sleeper never said that it lives
    again = await database.write(lambda c: outbox.claim(c, route="r", lane=0, wave=0, now=1, limit=1, owner="awake"))
    assert [each.id for each in again] == [claimed[0].id]
    marked = await database.write(lambda c: outbox.mark_sending(c, "r", [outbox.NewRequest("R1", (claimed[0].id,), b"h")], "sleeper", 1))
    assert marked == frozenset()


_BOOKER = """
import asyncio, sys
from gateway.storage import outbox
from gateway.storage.database import open_database
from gateway.storage.seal import Keyring
async def main():
    async with open_database(sys.argv[1], Keyring.of(bytes(range(32))), busy_timeout_s=20) as database:
        for _ in range(40):
            start, now = await database.write(lambda c: outbox.book(c, "r", 1_000_000))
            print(start)
asyncio.run(main())
"""


async def test_two_processes_lose_no_slot(database_url: str, keyring: Keyring) -> None:
    """80 bookings by two processes are 80 different slots: without BEGIN IMMEDIATE some would be given twice."""
    async with open_database(database_url, keyring) as database:
        await database.write(lambda c: outbox.ensure_route(c, "r"))
    command = [sys.executable, "-c", _BOOKER, database_url]
    both = [await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, cwd=ROOT) for _ in range(2)]
    printed = [(await process.communicate())[0].split() for process in both]
    slots = [int(slot) for lines in printed for slot in lines]
    assert len(slots) == len(set(slots)) == 80
    assert max(slots) - min(slots) == 79 * 1_000_000


async def test_the_booking_is_the_law_of_pace(database: Database) -> None:
    """The one statement that books a slot says what `slots` says, from an idle and from a busy route."""
    await database.write(lambda c: outbox.ensure_route(c, "r"))
    pace, free = Pace(10), 0
    for units in (1, 3, 25, 2):
        start, now = await database.write(lambda c, units=units: outbox.book(c, "r", pace.cost_us(units)))
        departures, free = slots(max(free, now), [units], pace)
        assert [start] == departures


async def test_a_booking_ahead_leaves_no_gap_behind_others(database: Database) -> None:
    """From an idle route on it begins so far ahead; behind bookings that reach further it begins at their end."""
    await database.write(lambda c: outbox.ensure_route(c, "r"))
    start, now = await database.write(lambda c: outbox.book(c, "r", 300_000, ahead_us=100_000))
    after, _ = await database.write(lambda c: outbox.book(c, "r", 1_000, ahead_us=0))
    assert (start - now, after - start) == (100_000, 300_000)


async def test_a_cancelled_caller_leaves_no_half_unit(database: Database) -> None:
    """The unit runs whole, and the writer is free afterwards."""
    begun, released = threading.Event(), threading.Event()

    async def unit(connection) -> None:
        await outbox.enqueue(connection, [new(1)], 1)
        begun.set()
        if database.dialect == "sqlite":
            released.wait(10)  # the unit has a thread of its own
        else:
            await asyncio.to_thread(released.wait, 10)
        await outbox.enqueue(connection, [new(2)], 1)

    caller = asyncio.create_task(database.write(unit))
    await asyncio.to_thread(begun.wait)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    released.set()
    await database.finish()
    assert set(await states(database)) == {"R1", "R2"}
    await database.write(lambda c: outbox.enqueue(c, [new(3)], 1))


async def test_a_locked_file_is_said_in_words(tmp_path: Path, sqlite_template: Path, keyring: Keyring) -> None:
    """Another process holds the write lock: StorageDown after the busy timeout; reads go on."""
    import shutil
    import sqlite3

    path = tmp_path / "locked.db"
    shutil.copy(sqlite_template, path)
    async with open_database(f"sqlite:///{path}", keyring, busy_timeout_s=0.05) as database:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageDown, match="write lock"):
            await database.write(lambda c: outbox.enqueue(c, [new(1)], 1))
        assert await states(database) == {}
        other.execute("ROLLBACK")
        other.close()
        await database.write(lambda c: outbox.enqueue(c, [new(1)], 1))
