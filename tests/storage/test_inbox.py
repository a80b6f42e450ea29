"""What is unique and what only looks alike (ADR 0009), on both engines."""

import asyncio
import sys
from dataclasses import replace

import pytest

from gateway.domain.msisdn import Msisdn
from gateway.storage import bulk_inbox, follow_ups
from gateway.storage.database import open_database
from gateway.storage.inbox import OTHER_WORDS, NewDlr, Stored, add_dlrs, add_mos, person
from gateway.storage.outbox import NewMt, enqueue
from gateway.storage.schema import dlr, mt
from tests.services.people import ALICE, BINH, NOW, arrive, rows, said

MINUTE = 60_000


async def test_the_same_id_with_the_same_words_is_one_mo(database) -> None:
    """A carrier that missed our answer sends again, perhaps with a new time."""
    first = await arrive(database, said("LS TN07 co 2 mo", carrier_id="A1", sent_at=1))
    again = await arrive(
        database, said("LS TN07 co 2 mo", carrier_id="A1", sent_at=2, at=NOW + 1), said("LS TN07 co 2 mo", carrier_id="A1")
    )
    assert again == [Stored(first[0].id, repeat=True)] * 2
    (row,) = await rows(database)
    assert row.repeats == 2


async def test_the_same_id_with_other_words_is_another_mo_and_an_alarm(database) -> None:
    await arrive(database, said("LS TN07 mot", carrier_id="A1"))
    assert (await arrive(database, said("LS TN07 hai", carrier_id="A1")))[0].repeat is False
    assert [row.alarm for row in await rows(database)] == [None, OTHER_WORDS]


async def test_one_call_can_bring_a_row_and_its_repeats(database) -> None:
    stored = await arrive(database, said("a", carrier_id="X"), said("a", carrier_id="X"), said("b"), said("b", at=NOW + 5))
    assert [each.repeat for each in stored] == [False, True, False, True]
    assert [row.repeats for row in await rows(database)] == [1, 1]


async def test_without_an_id_the_same_words_within_ten_minutes_are_one(database) -> None:
    await arrive(database, said("LS co mo"))
    stored = await arrive(
        database, said("LS co mo", at=NOW + 10 * MINUTE), said("LS co mo", at=NOW + 10 * MINUTE + 1), said("LS co mo", BINH)
    )
    assert [each.repeat for each in stored] == [True, False, False]


async def test_who_was_written_to_in_between_means_the_same_words_again(database) -> None:
    """ "LS" – our help – "LS" is two messages."""

    async def answered(connection) -> None:
        new = NewMt("R1", Msisdn(ALICE), person(database.keyring, ALICE), "gia-lap", 1, NOW, NOW + 1, body="x")
        await enqueue(connection, [new], NOW)
        await connection.execute(mt.update().values(sent_at=NOW + MINUTE))

    await arrive(database, said("LS"))
    await database.write(answered)
    assert [each.repeat for each in await arrive(database, said("LS", at=NOW + 2 * MINUTE))] == [False]


@pytest.mark.parametrize("channel", ["web", "ussd", "zalo"])
async def test_direct_channels_never_look_alike(database, channel) -> None:
    stored = await arrive(database, said("co mo", channel=channel), said("co mo", channel=channel))
    assert [each.repeat for each in stored] == [False, False]


async def test_a_spooled_copy_of_a_committed_row_is_known_by_our_id(database) -> None:
    """Even after an answer went out, when likeness no longer counts; and it is no retry of the carrier's."""
    first = said("LS co mo")
    (stored,) = await arrive(database, first)
    assert await arrive(database, first) == [Stored(stored.id, repeat=True)]
    assert await arrive(database, first, first) == [Stored(stored.id, repeat=True)] * 2
    assert len(await rows(database)) == 1


async def test_a_report_is_stored_once_for_each_status(database) -> None:
    reports = [NewDlr("r", "REF1", True, 0, status, "", None, NOW) for status in ("accepted", "delivered", "delivered")]
    for each in (reports, reports[:1]):
        await database.write(lambda connection, each=each: add_dlrs(connection, each))
    assert sorted(row.status for row in await rows(database, dlr)) == ["accepted", "delivered"]


async def test_connections_that_replay_the_same_calls_make_one_row_each(database, database_url, keyring) -> None:
    """Two processes' worth of databases, the same 20 calls with and without ids, all at once."""
    calls = [said(f"LS so {i}", carrier_id=f"K{i}" if i % 2 else None) for i in range(20)]

    async def replay(opened, shift: int) -> list[Stored]:
        mine = [each if each.is_given else replace(each, carrier_id=said("").carrier_id) for each in calls]
        found = []
        for start in range(0, 20, 4):
            some = mine[start + shift : start + 4] + mine[start : start + shift]
            found += await opened.write(lambda connection, some=some: add_mos(connection, keyring, some))
        return found

    async with open_database(database_url, keyring, busy_timeout_s=20) as other:
        results = await asyncio.gather(*(replay(each, shift) for shift in (0, 1) for each in (database, other)))
    assert len(await rows(database)) == 20
    assert sum(not each.repeat for result in results for each in result) == 20


_REPLAY = """
import asyncio, sys
from gateway.storage import bulk_inbox, follow_ups
from gateway.storage.database import open_database
from gateway.storage.inbox import NewMo, add_mos
from gateway.storage.seal import Keyring
async def main():
    keyring = Keyring.of(bytes(range(32)))
    async with open_database(sys.argv[1], keyring, busy_timeout_s=20) as database:
        for i in range(30):
            new = NewMo("r", "sms", f"P{i}", "+84300000011", "8088", f"LS so {i}", 1)
            await database.write(lambda connection: add_mos(connection, keyring, [new]))
asyncio.run(main())
"""


async def test_processes_that_replay_the_same_ids_make_one_row_each(database, database_url) -> None:
    running = [await asyncio.create_subprocess_exec(sys.executable, "-c", _REPLAY, database_url) for _ in range(2)]
    assert [await process.wait() for process in running] == [0, 0]
    found = await rows(database)
    assert (len(found), {row.repeats for row in found}) == (30, {1})


async def test_no_word_and_no_number_lies_open_in_the_row(database) -> None:
    await arrive(database, said("LS bi mat", sender=ALICE))
    async with database.read() as connection:
        raw = (await connection.exec_driver_sql("SELECT * FROM mo")).one()
    assert b"bi mat" not in b"|".join(str(value).encode() for value in raw)
    assert not any(isinstance(value, bytes) and ALICE.encode() in value for value in raw)


_PLANS = {  # statement: the index that serves it, whatever the inbox has grown to
    bulk_inbox._KNOWN: "sqlite_autoindex_mo_1 (route=? AND carrier_id=?)",
    bulk_inbox.NEW.sqlite: "mo_new (id>?)",
    bulk_inbox.REPLIES.sqlite: "mt_person (bidx=? AND created_at>?)",
    bulk_inbox.HELPED.sqlite: "mo_person (bidx=? AND received_at>?)",
    bulk_inbox.WAITING_WITH.sqlite: "mo_person (bidx=? AND received_at>?)",
    bulk_inbox.OVERDUE.sqlite: "mo_part (received_at<?)",
    bulk_inbox.DONE.sqlite: "SEARCH mo USING INTEGER PRIMARY KEY (rowid=?)",
    follow_ups.LATEST.sqlite: "ix_tip_bidx (bidx=?)",
    follow_ups.TALKING.sqlite: "dialogue_person (bidx=? AND touched_at>?)",
}


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
async def test_the_statements_of_a_turn_use_their_indexes(database) -> None:
    async with database.read() as connection:
        for statement, index in _PLANS.items():
            asked = ("[1]", 0)[: statement.count("?2") + 1] if "?2" in statement or "?1" in statement else ()
            plan = (await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", asked)).all()
            assert any(index in row[3] for row in plan), statement
            assert not any(row[3].startswith(("SCAN mo", "SCAN mt", "SCAN tip", "SCAN dialogue")) for row in plan), statement
