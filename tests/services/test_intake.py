"""An arrival is answered after its commit, or after its fsync; nothing is lost and nothing doubled on the way between."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import pytest
from sqlalchemy import text

from gateway.services.intake import Accepted, Drained, Intake, Repeated, Spooled, open_intake, read_sender
from gateway.storage.database import Database, open_database
from gateway.storage.inbox import UNREADABLE, NewDlr
from gateway.storage.schema import dlr
from gateway.storage.spool import Spool, SpoolDown
from tests.services.people import ALICE, NOW, rows, said


@pytest.fixture
def spool(tmp_path, keyring) -> Spool:
    return Spool(tmp_path / "spool", keyring)


@pytest.fixture
async def intake(database, spool) -> AsyncIterator[Intake]:
    async with open_intake(database, spool, patience_s=20) as opened:
        yield opened


@contextmanager
def locked(url: str) -> Iterator[None]:
    """Another process' write transaction on a SQLite file."""
    holder = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        holder.execute("ROLLBACK")
        holder.close()


@asynccontextmanager
async def blocked(database: Database) -> AsyncIterator[None]:
    """A PostgreSQL table that another session holds."""
    async with database._writer.connect() as holder:
        await holder.execute(text("LOCK TABLE mo, dlr IN ACCESS EXCLUSIVE MODE"))
        yield
        await holder.rollback()


async def test_concurrent_arrivals_share_commits(database, intake) -> None:
    taken = await asyncio.gather(*(intake.mo(said(f"LS so {i}", carrier_id=f"I{i}")) for i in range(50)))
    assert {type(each) for each in taken} == {Accepted}
    assert len({each.id for each in taken}) == len(await rows(database)) == 50
    assert intake.wake.is_set()


async def test_a_repeat_names_the_row_it_repeats(database, intake) -> None:
    first = await intake.mo(said("LS", carrier_id="I1"))
    assert isinstance(first, Accepted)
    assert await intake.mo(said("LS", carrier_id="I1")) == Repeated(first.id)


async def test_reports_and_messages_share_a_group(database, intake) -> None:
    report = NewDlr("gia-lap", "REF1", True, 0, "delivered", "", None, NOW)
    taken = await asyncio.gather(intake.mo(said("LS")), intake.dlr(report), intake.mo(said("ADN")), intake.dlr(report))
    assert {type(each) for each in taken} == {Accepted}
    assert (len(await rows(database)), len(await rows(database, dlr)), intake.reported.is_set()) == (2, 1, True)


async def test_one_bad_row_costs_itself_only(database, engine_name, intake, spool) -> None:
    """A number no database holds spoils its group: the others are stored all the same, the bad one is kept raw for the desk."""
    bad = said("LS hong", carrier_id="I1", sent_at=1 << 70)
    taken = await asyncio.gather(*(intake.mo(each) for each in (said("LS mot"), bad, said("LS hai"))))
    assert {type(each) for each in taken} <= {Accepted, Spooled}
    found = await rows(database)
    assert [row.text for row in found if row.state == "new"] == ["LS mot", "LS hai"]
    (raw,) = [row for row in found if row.state == UNREADABLE] or [None]
    assert raw is not None
    assert "LS hong" in raw.raw
    assert raw.text == ""


async def test_a_locked_database_spools_and_a_drain_brings_all_back_in_order(database_url, engine_name, keyring, spool) -> None:
    async with (
        open_database(database_url, keyring, busy_timeout_s=0.05) as database,
        open_intake(database, spool, patience_s=0.3) as intake,
    ):
        calls = [said(f"LS so {i}") for i in range(6)]
        report = NewDlr("gia-lap", "REF1", True, 0, "delivered", "", None, NOW)
        if engine_name == "sqlite":
            with locked(database_url):
                taken = [await intake.mo(each) for each in calls] + [await intake.dlr(report)]
                assert await intake.drain() == Drained()
        else:
            async with blocked(database):
                taken = [await intake.mo(each) for each in calls] + [await intake.dlr(report)]
        assert taken == [Spooled()] * 7
        await intake.drain()
        await database.finish()
        assert [row.text for row in await rows(database) if row.text] == [f"LS so {i}" for i in range(6)]
        assert (len(await rows(database, dlr)), spool.is_empty(), await intake.drain()) == (1, True, Drained())


async def test_a_drain_that_runs_twice_doubles_nothing(database, intake, spool, tmp_path) -> None:
    """The process died between the commit and the removal of the file."""
    for i in range(3):
        await intake._to_spool(said(f"LS so {i}"))
    kept = (tmp_path / "spool/calls.spool").read_bytes()
    assert await intake.drain() == Drained(3)
    (tmp_path / "spool/calls.spool").write_bytes(kept)
    await intake.drain()
    assert [row.repeats for row in await rows(database)] == [0, 0, 0]


async def test_when_neither_takes_it_the_caller_is_told(database, keyring, tmp_path) -> None:
    (tmp_path / "file").write_bytes(b"")
    async with open_intake(database, Spool(tmp_path / "file/spool", keyring)) as intake:
        with pytest.raises(SpoolDown):
            await intake._to_spool(said("LS"))


async def test_what_waits_at_the_end_is_written_before_the_door_closes(database, spool) -> None:
    async with open_intake(database, spool) as intake:
        waiting = [asyncio.ensure_future(intake.mo(said(f"LS so {i}"))) for i in range(3)]
        await asyncio.sleep(0)
    assert {type(await each) for each in waiting} == {Accepted}


@pytest.mark.parametrize(("sender", "number"), [
    ("0300 000 011", ALICE), ("84300000011", ALICE), ("+84300000011", ALICE),
    ("8088", None), ("VIETTEL", None), ("1800 FLOWERS", None), ("", None), ("+", None), ("٠٣٠٠٠٠٠٠١١", None)])  # fmt: skip
def test_read_sender(sender: str, number: str | None) -> None:
    """Only a subscriber can be answered."""
    found = read_sender(sender)
    assert (found.e164 if found else None) == number
