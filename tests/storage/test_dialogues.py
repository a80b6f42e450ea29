"""Dialogues as rows: found by session and by person, off their indexes, and closed when they fall silent."""

import sqlite3
from dataclasses import replace

import pytest
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from gateway.storage import dialogues
from gateway.storage.database import Database
from gateway.storage.dialogues import Dialogue, by_sessions, end_silent, of_people, save, silent

NOW = 1_795_000_000_000
WHO, OTHER = b"a" * 32, b"b" * 32


def row(session: str | None = "s1", who: bytes = WHO, at: int = NOW, **more) -> Dialogue:
    new = Dialogue(0, "ussd", who, session, "vi", "menu", '{"x":1}', None, None, "1", "1 Bao tin", at, at)
    return replace(new, **more)


async def test_a_session_is_found_again_with_all_it_kept(database: Database):
    await database.write(lambda connection: save(connection, [row(), row("s2", OTHER)]))
    found = (await database.write(lambda connection: by_sessions(connection, ["s1", "s3"])))["s1"]
    assert replace(found, id=0) == row()
    moved = replace(found, step="story", slots="{}", last_screen="Noi dung", touched_at=NOW + 5, ended_at=NOW + 5, how="cut", tip=None)
    await database.write(lambda connection: save(connection, [moved]))
    assert (await database.write(lambda connection: by_sessions(connection, ["s1"])))["s1"] == moved


async def test_a_session_has_one_row_until_its_name_is_given_up(database: Database):
    await database.write(lambda connection: save(connection, [row()]))
    with pytest.raises((IntegrityError, sqlite3.IntegrityError)):
        await database.write(lambda connection: save(connection, [row()]))
    (old,) = (await database.write(lambda connection: by_sessions(connection, ["s1"]))).values()
    await database.write(lambda connection: save(connection, [replace(old, session=None), row(at=NOW + 1)]))
    assert (await database.write(lambda connection: by_sessions(connection, ["s1"])))["s1"].started_at == NOW + 1


async def test_of_a_person_the_latest_on_these_channels_counts(database: Database):
    rows = [row("s1"), row("s2", at=NOW + 2), row(None, at=NOW + 3, channel="sms"), row("s4", OTHER, NOW + 9)]
    await database.write(lambda connection: save(connection, rows))
    found = await database.write(lambda connection: of_people(connection, [WHO], ["ussd"], NOW))
    assert {who: each.session for who, each in found.items()} == {WHO: "s2"}
    assert await database.write(lambda connection: of_people(connection, [WHO], ["ussd"], NOW + 3)) == {}
    assert await database.write(lambda connection: of_people(connection, [], ["ussd"], NOW)) == {}


async def test_what_fell_silent_is_found_oldest_first_and_other_channels_end_in_one_statement(database: Database):
    rows = [row("s1", at=NOW + 2), row("s2", OTHER), row("s3", at=NOW + 50), row("s4", ended_at=NOW), row(None, channel="sms")]
    await database.write(lambda connection: save(connection, rows))
    found = await database.write(lambda connection: silent(connection, "ussd", NOW + 10, 10))
    assert [each.session for each in found] == ["s2", "s1"]
    assert await database.write(lambda connection: end_silent(connection, "sms", NOW + 10, NOW + 99, "timed out")) == 1


async def test_the_hot_statements_use_their_indexes(database: Database):
    wanted = {
        "dialogue_session": dialogues._SESSIONS.params(sessions_=["s1", "s2"]),
        "dialogue_open": dialogues._SILENT.limit(10).params(channel_="ussd", before_=NOW),
    }
    await database.write(lambda connection: save(connection, [row(f"s{at}", at=NOW + at) for at in range(500)]))
    await database.write(lambda connection: connection.exec_driver_sql("ANALYZE"))  # of an empty table every index costs the same
    dialect = sqlite.dialect() if database.dialect == "sqlite" else postgresql.dialect()
    async with database.read() as connection:
        if database.dialect == "postgresql":
            await connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        for index, statement in wanted.items():
            text = str(statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
            way = "EXPLAIN QUERY PLAN" if database.dialect == "sqlite" else "EXPLAIN"
            plan = (await connection.exec_driver_sql(f"{way} {text}")).all()
            assert any(index in str(line[-1]) for line in plan), plan
