"""The chain: every way to change the log behind our back shows, at the first row that was touched."""

# ruff: noqa: S608  # the statements are of this file alone
import asyncio

import pytest
from sqlalchemy import text

from gateway.domain.permission import Actor, Role
from gateway.storage import audit
from gateway.storage.audit import Entry, Wanted
from gateway.storage.database import Database, open_database

LAN = Actor(7, "Nông Thị Lan", frozenset({Role.READER}), "06577")


async def write(database: Database, count: int = 5, first: int = 1) -> None:
    for at in range(first, first + count):
        entry = Entry(LAN, "tip.read", f"tip:{at}", {"why": f"lần {at}"} if at % 2 else {})
        await database.write(lambda connection, entry=entry, at=at: audit.note(connection, entry, 1_000 + at))


async def prove(database: Database) -> audit.Proof:
    async with database.read() as connection:
        return await audit.prove(connection)


async def spoil(database: Database, *statements: str) -> None:
    async def unit(connection) -> None:
        for each in statements:
            await connection.execute(text(each))

    await database.write(unit)


async def test_an_untouched_chain_holds(database) -> None:
    assert (await prove(database)).broken is None
    await write(database)
    proof = await prove(database)
    assert (proof.rows, proof.broken, proof.lost) == (5, None, 0)
    assert proof.head.print_.startswith("5 ")


THIRD = "(SELECT id FROM (SELECT id FROM audit ORDER BY id LIMIT 1 OFFSET 2) AS x)"
LAST = "(SELECT max(id) FROM (SELECT id FROM audit) AS x)"
CHANGED = {
    "who": f'UPDATE audit SET "user" = 8 WHERE id = {THIRD}',
    "when": f"UPDATE audit SET at = at + 1 WHERE id = {THIRD}",
    "what": f"UPDATE audit SET action = 'tip.sort' WHERE id = {THIRD}",
    "on what": f"UPDATE audit SET object = 'tip:99' WHERE id = {THIRD}",
    "where": f"UPDATE audit SET commune = '06580' WHERE id = {THIRD}",
    "its hash": f"UPDATE audit SET hash = (SELECT hash FROM (SELECT * FROM audit) AS y WHERE id = {LAST}) WHERE id = {THIRD}",
    "its detail": f"UPDATE audit SET detail = (SELECT detail FROM (SELECT * FROM audit) AS y WHERE id = {LAST}) WHERE id = {THIRD}",
    "no detail": f"UPDATE audit SET detail = NULL WHERE id = {THIRD}",
    "no digest": f"UPDATE audit SET digest = NULL WHERE id = {THIRD}",
}


@pytest.mark.parametrize("how", CHANGED)
async def test_a_changed_row_is_named(database, how) -> None:
    await write(database)
    async with database.read() as connection:
        third = await connection.scalar(text(f"SELECT {THIRD}"))
    await spoil(database, CHANGED[how])
    proof = await prove(database)
    assert (proof.rows, proof.broken and proof.broken.row) == (2, third)


async def test_a_row_that_was_taken_out_or_put_in_shows(database) -> None:
    await write(database)
    await spoil(database, f"DELETE FROM audit WHERE id = {THIRD}")
    assert (await prove(database)).rows == 2


async def test_two_rows_that_changed_places_show(database) -> None:
    await write(database)
    await spoil(database, f"UPDATE audit SET id = id + 1000 WHERE id = {THIRD}")
    assert (await prove(database)).rows == 2


@pytest.mark.parametrize(
    "how", [f"DELETE FROM audit WHERE id = {LAST}", "DELETE FROM setting WHERE name = 'audit_head'", "DELETE FROM audit"]
)
async def test_a_cut_tail_shows(database, how) -> None:
    await write(database)
    await spoil(database, how)
    broken = (await prove(database)).broken
    assert broken is not None
    assert broken.row == 0


async def test_a_forged_head_shows(database) -> None:
    """Count and hash of the row before are in the open; the mark over them is keyed."""
    await write(database)

    async def forge(connection) -> None:
        await connection.execute(text(f"DELETE FROM audit WHERE id = {LAST}"))
        last = await connection.scalar(text(f"SELECT hash FROM audit WHERE id = {LAST}"))
        old = await connection.scalar(text("SELECT value FROM setting WHERE name = 'audit_head'"))
        value = (4).to_bytes(8, "big") + bytes(last) + bytes(old)[40:]
        await connection.execute(text("UPDATE setting SET value = :value WHERE name = 'audit_head'"), {"value": value})

    await database.write(forge)
    assert (await prove(database)).broken is not None


async def test_many_at_once_make_one_chain(database_url, keyring) -> None:
    """Two processes, twenty writers: the chain forks nowhere."""
    async with open_database(database_url, keyring) as one, open_database(database_url, keyring, busy_timeout_s=20) as other:
        await asyncio.gather(*(write(each, 1, at) for at in range(1, 21) for each in (one, other)))
        proof = await prove(one)
    assert (proof.rows, proof.broken) == (40, None)


async def test_what_is_rolled_back_leaves_no_gap(database) -> None:
    async def fails(connection) -> None:
        await audit.note(connection, Entry(LAN, "tip.read", "tip:9"), 1)
        raise LookupError

    await write(database, 2)
    with pytest.raises(LookupError):
        await database.write(fails)
    await write(database, 2, 3)
    assert ((await prove(database)).rows, (await prove(database)).broken) == (4, None)


async def test_rows_are_found_again(database) -> None:
    await write(database)
    async with database.read() as connection:
        found = await audit.wanted(connection, Wanted(commune="06577", action="tip.", since=1_002, before=1_005), 10)
        assert [each.object for each in found] == ["tip:4", "tip:3", "tip:2"]
        assert found[1].detail == {"why": "lần 3"}
        assert await audit.wanted(connection, Wanted(commune="06580"), 10) == []
        assert [each.object for each in await audit.wanted(connection, Wanted(below=found[1].id), 1)] == ["tip:2"]
