"""The statements of a turn on both engines: what they do, which indexes they use, and that money is exact between two connections."""

import asyncio
import re

import pytest
from sqlalchemy import insert, select

from gateway.domain.message import MtState
from gateway.storage import bulk, outbox, spending
from gateway.storage.database import Database, open_database
from gateway.storage.outbox import NewRequest, Settlement
from gateway.storage.schema import contact, mt, request, route_state, wave
from gateway.storage.seal import Keyring
from tests.storage.test_outbox import new, states

WAVE = {
    "commune": "06577", "route": "r", "state": "running", "window_from": 0, "window_to": 0, "audience": 1, "segments": 1, "created_at": 1,
}  # fmt: skip


async def queued(database: Database, *rows: outbox.NewMt) -> list[outbox.ClaimedMt]:
    """Claimed by "o"."""
    await database.write(lambda c: outbox.enqueue(c, rows, 1))
    found = []
    for at in sorted({row.wave for row in rows}):
        found += await database.write(lambda c, at=at: outbox.claim(c, route="r", lane=0, wave=at, now=1, limit=900, owner="o"))
    return found


async def test_a_claimed_row_is_the_same_on_both_engines(database: Database) -> None:
    """Everything a request needs, opened."""
    row = new(1, parameters='{"thon": "Nà Ngoi"}', body=None, wave=0, language="lo")
    (claimed,) = await queued(database, row)
    assert (claimed.ref, claimed.msisdn, claimed.parameters, claimed.body, claimed.language) == (
        "R1",
        row.msisdn,
        row.parameters,
        None,
        "lo",
    )
    assert (claimed.is_reply, claimed.attempts, claimed.expires_at, claimed.origin) == (False, 0, 10**15, None)


async def test_a_sends_words_are_sealed_once_and_nobody_elses(database: Database) -> None:
    """Rows of one send share a seal, which is opened for each as its own; equal words of two sends, or of replies, look alike to nobody."""
    same = [new(at, send_id="s", body="Tri ân") for at in (1, 2, 3)]
    others = [
        new(4, send_id="s", body="Tri an"),
        new(5, send_id="t", body="Tri ân"),
        *(new(at, reply_to=at, body="Tri ân") for at in (6, 7)),
    ]
    claimed = await queued(database, *same, *others)
    assert [each.body for each in claimed] == [each.body for each in (*same, *others)]
    async with database.read() as connection:
        seals = [bytes(row[0]) for row in await connection.exec_driver_sql("SELECT body FROM mt ORDER BY id")]
    assert len(set(seals)) == (5 if database.dialect == "sqlite" else 7)
    assert len(set(seals[3:])) == 4


async def test_whether_a_send_is_under_way(database: Database) -> None:
    """Queued, claimed and sending are; what ended, another's, and what is not there are none."""
    await database.write(lambda c: outbox.enqueue(c, [new(1, send_id="a"), new(2, send_id="a"), new(3, send_id="b")], 1))
    for state, is_open in (
        ("queued", True),
        ("claimed", True),
        ("sending", True),
        ("uncertain", False),
        ("sent", False),
        ("failed", False),
    ):
        await database.write(lambda c, at=state: c.execute(mt.update().where(mt.c.ref == "R2").values(state=at)))
        await database.write(lambda c: c.execute(mt.update().where(mt.c.ref == "R1").values(state="sent")))
        async with database.read() as connection:
            assert [await outbox.is_open(connection, name) for name in ("a", "b", "c")] == [is_open, True, False]


async def test_what_came_back_alike_is_settled_together(database: Database) -> None:
    """Five ends in one call: each row gets its own, the requests theirs, an uncertain one a row in `attempt`."""
    claimed = await queued(database, *(new(at) for at in range(1, 8)))
    requests = [NewRequest(each.ref, (each.id,), b"h") for each in claimed[:4]] + [NewRequest("B", tuple(e.id for e in claimed[4:]), b"b")]
    assert len(await database.write(lambda c: outbox.mark_sending(c, "r", requests, "o", 5))) == 7
    ids = [each.id for each in claimed]
    ends = [
        Settlement(ids[0], "R1", MtState.SENT, "r"),
        Settlement(ids[1], "R2", MtState.SENT, "r", carrier_ref="c2", charged_segments=2),
        Settlement(ids[2], "R3", MtState.QUEUED, "wide", due_at=9, counted=False),
        Settlement(ids[3], "R4", MtState.UNCERTAIN, "r", code="no answer"),
        *(Settlement(id_, "", MtState.SENT, "r", carrier_ref=f"c{id_}") for id_ in ids[4:]),
    ]
    await database.write(lambda c: outbox.settle(c, ends, 7, lost=["R4"]))
    async with database.read() as connection:
        columns = mt.c.ref, mt.c.state, mt.c.route, mt.c.origin, mt.c.carrier_ref, mt.c.charged_segments, mt.c.attempts, mt.c.owner
        found = {row.ref: tuple(row)[1:] for row in await connection.execute(select(*columns))}
        closed_states = dict((await connection.execute(select(request.c.our_ref, request.c.state))).all())
    assert found["R1"] == ("sent", "r", None, None, None, 1, None)
    assert found["R2"] == ("sent", "r", None, "c2", 2, 1, None)
    assert found["R3"] == ("queued", "wide", "r", None, None, 0, None)
    assert found["R4"][0] == "uncertain"
    assert found["R7"] == ("sent", "r", None, f"c{ids[6]}", None, 1, None)
    assert closed_states == {"R1": "sent", "R2": "sent", "R3": "sent", "R4": "lost", "B": "sent"}


async def test_many_requests_at_once(database: Database) -> None:
    """More than one many-rowed INSERT takes; a repeat begins its row anew."""
    claimed = await queued(database, *(new(at) for at in range(1, 700)))
    requests = [NewRequest(each.ref, (each.id,), each.ref.encode()) for each in claimed]
    assert len(await database.write(lambda c: outbox.mark_sending(c, "r", requests, "o", 5))) == 699
    async with database.read() as connection:
        found = dict((await connection.execute(select(request.c.our_ref, request.c.body_hash))).all())
    assert found == {each.ref: each.ref.encode() for each in claimed}
    await database.write(lambda c: bulk.insert_requests(c, "r", [("R1", b"anew")], 9))
    async with database.read() as connection:
        assert (await connection.execute(select(request.c.sent_at).where(request.c.our_ref == "R1"))).scalar() == 9


async def test_a_batch_of_which_a_part_is_gone_does_not_go(database: Database) -> None:
    """Another process has one of its members: the rest goes back to the queue, nothing is marked."""
    claimed = await queued(database, *(new(at) for at in range(1, 4)))
    await database.write(lambda c: outbox.hand_back(c, [claimed[0].id], "o"))
    batch = NewRequest("B", tuple(each.id for each in claimed), b"h")
    assert await database.write(lambda c: outbox.mark_sending(c, "r", [batch], "o", 5)) == frozenset()
    assert set((await states(database)).values()) == {"queued"}


async def test_why_some_must_not_go(database: Database) -> None:
    """People by their contact, waves by their state; a reply is never hindered."""
    people = [{"bidx": at.to_bytes(4, "big"), "msisdn": f"+84300{at:06d}", "commune": "06577", "created_at": 1} for at in range(1, 6)]
    people = [row | {"opted_out_at": 1 if at in (0, 4) else None, "blocked_at": 1 if at == 1 else None} for at, row in enumerate(people)]
    await database.write(lambda c: c.execute(insert(contact), people))
    running, paused = [
        await database.write(lambda c, values=WAVE | more: c.scalar(insert(wave).values(values).returning(wave.c.id)))
        for more in ({"name": "di"}, {"name": "dung", "state": "paused"})
    ]
    claimed = await queued(database, new(1), new(2), new(3, wave=running), new(4, wave=paused), new(5, reply_to=7), new(9))
    found = await database.write(lambda c: bulk.hindered(c, [each.id for each in claimed]))
    by_ref = {each.ref: found.get(each.id) for each in claimed}
    assert by_ref == {"R1": "opted out", "R2": "blocked", "R3": None, "R4": "paused", "R5": None, "R9": None}


_IDS: list[int] = list(range(1, 300))


@pytest.mark.parametrize("statement", ["_HINDERED", "_LEFT", "_MARK", "_SETTLE_ALIKE"])
async def test_sqlite_reads_by_index(sqlite_plans, statement: str) -> None:
    """No statement of a turn reads a table from end to end, or sorts."""
    plan = await sqlite_plans(getattr(bulk, statement).sqlite)
    assert "SCAN mt" not in plan
    assert "SCAN contact" not in plan
    assert "SCAN h" not in plan
    assert "AUTOMATIC" not in plan


@pytest.fixture
async def sqlite_plans(sqlite_template, keyring: Keyring):
    import sqlite3

    connection = sqlite3.connect(f"file:{sqlite_template}?mode=ro", uri=True)

    async def plan(statement: str) -> str:
        wanted = max(int(each) for each in re.findall(r"\?(\d)", statement))
        rows = connection.execute(f"EXPLAIN QUERY PLAN {statement}", ["[1,2]", *[1] * (wanted - 1)])
        return "\n".join(row[3] for row in rows)

    yield plan
    connection.close()


async def test_sqlite_claims_and_settles_by_index(sqlite_plans) -> None:
    """The claim by mt_due, a named settlement row by row by its key, a person's messages by mt_member."""
    assert "USING INDEX mt_due (route=? AND lane=? AND wave=? AND due_at<?)" in await sqlite_plans(bulk._DUE)
    assert "TEMP B-TREE" not in await sqlite_plans(bulk._DUE)
    assert "SEARCH mt USING INTEGER PRIMARY KEY (rowid=?)" in await sqlite_plans(bulk._SETTLE_NAMED.sqlite)
    assert "USING INDEX mt_member (bidx=?)" in await sqlite_plans(bulk._LEFT.sqlite)
    assert "USING INDEX sqlite_autoindex_request_1" in await sqlite_plans(bulk._RELABEL.sqlite)


async def test_postgres_reads_by_index(postgres_url: str, keyring: Keyring) -> None:
    """Among 20,000 rows, with a generic plan."""
    from tests.conftest import _empty

    async with open_database(postgres_url, keyring, migrate=True) as database:
        await database.write(_empty)

        async def unit(connection) -> list[str]:
            raw = (await connection.get_raw_connection()).driver_connection
            await connection.exec_driver_sql("SELECT 1")  # the transaction begins with SQLAlchemy's first statement
            await raw.execute(
                "INSERT INTO mt (ref, bidx, msisdn, lane, route, state, due_at, expires_at, segments, created_at, wave) "
                "SELECT 'x' || g, int4send(g), ''::bytea, 0, 'r', 'sent', 0, 0, 1, 0, 1 FROM generate_series(1, 20000) g"
            )
            await raw.execute(
                "INSERT INTO contact (bidx, msisdn, commune, created_at) "
                "SELECT int4send(g), ''::bytea, 'x', 0 FROM generate_series(1, 20000) g"
            )
            await raw.execute("ANALYZE mt")
            await raw.execute("ANALYZE contact")
            plans = []
            for name in ("_HINDERED", "_LEFT", "_MARK", "_SETTLE_ALIKE", "_SETTLE_NAMED"):
                statement = getattr(bulk, name).postgres
                others = ", NULL" * (max(int(each) for each in re.findall(r"\$(\d+)", statement)) - 1)
                await raw.execute(f"SET LOCAL plan_cache_mode = force_generic_plan; PREPARE probe AS {statement}")
                rows = await raw.fetch(f"EXPLAIN EXECUTE probe('{{1,2}}'{others})")
                await raw.execute("DEALLOCATE probe")
                plans.append("\n".join(row[0] for row in rows))
            return plans

        for plan in await database.write(unit):
            assert "Seq Scan on mt" not in plan, plan
            assert "Seq Scan on contact" not in plan, plan
        await database.write(_empty)


async def test_a_ceiling_is_exact_between_two_connections(database_url: str, keyring: Keyring) -> None:
    """Two processes book 100 at a time against 5,050 and 3,030: together 50 and 30, not one more."""
    async with (
        open_database(database_url, keyring, busy_timeout_s=10) as one,
        open_database(database_url, keyring, busy_timeout_s=10) as two,
    ):
        id_ = await one.write(lambda c: c.scalar(insert(wave).values(WAVE | {"name": "w", "cost_ceiling": 5_050}).returning(wave.c.id)))
        await one.write(lambda c: outbox.ensure_route(c, "r"))

        async def book(database: Database) -> tuple[int, int]:
            by_wave = by_route = 0
            for _ in range(20):
                by_wave += await database.write(lambda c: spending.by_wave(c, id_, [100] * 3))
                by_route += await database.write(lambda c: spending.by_route(c, "r", 20270727, 3_030, [100] * 3))
            return by_wave, by_route

        booked = await asyncio.gather(book(one), book(two))
        assert tuple(map(sum, zip(*booked, strict=True))) == (50, 30)
        async with one.read() as connection:
            assert (await connection.execute(select(wave.c.spent))).scalar() == 5_000
            assert (await connection.execute(select(route_state.c.spent_vnd))).scalar() == 3_000


async def test_yesterdays_money_is_history(database: Database) -> None:
    """A new day begins at 0, and a correction never goes below it."""
    await database.write(lambda c: outbox.ensure_route(c, "r"))
    assert await database.write(lambda c: spending.by_route(c, "r", 20270727, 300, [100] * 3)) == 3
    assert await database.write(lambda c: spending.by_route(c, "r", 20270727, 300, [100])) == 0
    assert await database.write(lambda c: spending.by_route(c, "r", 20270728, 300, [100])) == 1
    await database.write(lambda c: spending.correct(c, "r", 20270728, {}, -900))
    assert (await database.write(lambda c: outbox.route_condition(c, "r"))).spent_vnd == 0
