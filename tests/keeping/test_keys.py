"""Data keys: a new one seals what comes, old values stay readable, and one that is destroyed takes its values out of every backup."""

from itertools import count

import pytest
from sqlalchemy import LargeBinary, func, select, text, type_coerce, update

from gateway.services.keeping.backup import Wish, make_backup
from gateway.services.keeping.erase import Whom, erase
from gateway.services.keeping.keys import AHEAD_MS, REST_MS, monthly, rotate, shred
from gateway.services.keeping.restore import Source, restore
from gateway.storage import audit, data_keys
from gateway.storage.database import now_us, open_database
from gateway.storage.erasing import sealed_columns
from gateway.storage.schema import mo, mt, tip, wave
from gateway.storage.seal import GONE, PARSED, Destroyed, Keyring, WrongKey, key_of
from gateway.storage.sealed_columns import FATES
from gateway.storage.sealed_files import SealedFiles
from tests.conftest import TEST_KEY
from tests.keeping.places import fill
from tests.services.people import ALICE, NOW
from tests.services.tip_rows import make_tip

DAY = 86_400_000


def chance():
    """Another 32 bytes each time."""
    numbers = count(1)
    return lambda size: next(numbers).to_bytes(size, "big")


async def keys_of(database, column) -> set[int]:
    async with database.read() as connection:
        return {key_of(bytes(value)) for value in await connection.scalars(select(type_coerce(column, LargeBinary)))}


async def database_now(database) -> int:
    async with database.read() as connection:
        return await now_us(connection) // 1000


async def begin(database) -> int:
    """A data key that seals already: as if it had been made long ago."""
    now = await database_now(database)
    return await rotate(database, chance(), now - 30 * DAY)


async def test_a_new_key_seals_what_comes_and_the_old_values_open(own):
    await make_tip(own, "cu")
    key_id = await begin(own)
    await make_tip(own, "moi")
    assert await keys_of(own, tip.c.text) == {1, key_id}
    async with own.read() as connection:
        assert sorted(await connection.scalars(select(tip.c.text))) == ["cu", "moi"]


async def test_it_seals_only_when_every_process_knows_it(own, database_url):
    now = await database_now(own)
    await rotate(own, chance(), now)
    assert own.keyring.current == 1
    other = Keyring.of(TEST_KEY)
    async with open_database(database_url, other):
        assert other.current == 1
        assert other.unwrap  # it has adopted what there is
        await own.write(lambda c: c.execute(text("UPDATE data_key SET starts_at = starts_at - :ahead"), {"ahead": AHEAD_MS + 1000}))
        await own.adopt_keys()
        value = own.keyring.seal(b"x", "mo.text")
        assert key_of(value) == 2
        assert other.open(value, "mo.text") == b"x"


async def test_the_logs_chain_holds_when_its_details_are_sealed_anew(own, where):
    """It covers what a detail says, not its bytes."""
    key_id = await begin(own)
    now = await database_now(own)
    await own.write(lambda c: audit.note(c, audit.Entry(None, "test", "x:1", {"a": 1}), now))
    await own.write(lambda c: data_keys.doom(c, key_id, "test", now))
    await rotate(own, chance(), now - 2 * AHEAD_MS)
    assert (await shred(own, where.attachments, now, rest_ms=0)).destroyed == [key_id]
    async with own.read() as connection:
        proof = await audit.prove(connection)
    assert (proof.broken, proof.lost) == (None, 0)


async def test_each_month_gets_a_key_and_no_second(own):
    now = 1_793_491_200_000  # 2026-11-01T00:00Z
    made = [await monthly(own, chance(), now + day * DAY) for day in range(45)]
    assert [at for at, each in enumerate(made) if each is not None] == [0, 28]
    async with own.read() as connection:
        starts = [each.starts_at for each in await data_keys.all_keys(connection)]
    assert starts == [now + DAY, now + 30 * DAY]


async def test_only_the_master_key_opens_a_data_key(own, database_url):
    await begin(own)
    async with own.read() as connection:
        key = (await data_keys.all_keys(connection))[0]
    with pytest.raises(WrongKey):
        Keyring.of(bytes(32)).unwrap(key.id, key.wrapped)
    with pytest.raises(WrongKey):
        own.keyring.unwrap(key.id + 1, key.wrapped)


# --- destruction ---


async def test_erasing_a_person_reaches_the_backups_when_the_key_is_destroyed(own, where, tmp_path):
    """The tip is gone from the live rows at once, from an older backup once its key is; another person's of the same key is kept."""
    key_id = await begin(own)
    await fill(own, where)
    await make_tip(own, "cua ong A", sender=ALICE)
    await make_tip(own, "cua ba B", sender="+84300999888")
    now = await database_now(own)
    made = await make_backup(own, where, Wish(tmp_path / "b"), now)

    done = await erase(own, where.attachments, Whom(number=ALICE), now, chance())
    assert done.doomed == (key_id,)
    early = await shred(own, where.attachments, now)
    assert (early.destroyed, early.waiting) == ([], [key_id])  # a form's ticket may still travel under it

    await own.write(lambda c: c.execute(text("UPDATE data_key SET starts_at = starts_at - :rest"), {"rest": REST_MS + AHEAD_MS}))
    await own.adopt_keys()
    late = await shred(own, where.attachments, now)
    assert late.destroyed == [key_id]
    assert late.unreached == []
    async with own.read() as connection:
        assert "cua ba B" in list(await connection.scalars(select(tip.c.text)))
    name = next(where.attachments.rglob("*.sealed")).stem
    assert SealedFiles(where.attachments, own.keyring).open(bytes.fromhex(name)).read() == b"anh" * 1000

    keyring = Keyring.of(TEST_KEY)
    old = await restore(Source(made.path, keyring), tmp_path / "old", None, now)
    async with open_database(old.database, keyring) as database, database.read() as connection:
        assert set(await connection.scalars(select(tip.c.text))) == {GONE}
        assert set(await connection.scalars(select(tip.c.fields))) == {None}
        assert set(await connection.scalars(select(wave.c.state))) == {"cancelled"}  # its text can't be read, and must not be sent
        assert "uncertain" not in set(await connection.scalars(select(mt.c.state)))
        raw = bytes(await connection.scalar(select(type_coerce(mo.c.text, LargeBinary)).limit(1)))
    with pytest.raises(Destroyed):
        keyring.open(raw, "mo.text")


async def test_the_database_file_holds_no_byte_of_a_destroyed_key(own, tmp_path, database_url):
    if own.dialect != "sqlite":
        pytest.skip("a server's files are its own: docs/keeping.md says what to do there")
    key_id = await begin(own)
    async with own.read() as connection:
        wrapped = (await data_keys.all_keys(connection))[0].wrapped
    await own.write(lambda connection: data_keys.destroy(connection, key_id, NOW))
    await own.adopt_keys()
    path = tmp_path / "tinbao.db"
    import sqlite3

    with sqlite3.connect(path) as plain:
        plain.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    plain.close()
    assert wrapped not in path.read_bytes()


async def test_a_value_that_nothing_opens_keeps_its_key(own, where):
    """Destroying it would make a repair impossible; the round says which key is stuck."""
    key_id = await begin(own)
    await make_tip(own, "hong")
    await own.write(lambda c: c.execute(text("UPDATE tip SET text = :bad"), {"bad": bytes([1, 0, key_id]) + bytes(40)}))
    now = await database_now(own)
    await own.write(lambda c: data_keys.doom(c, key_id, "test", now))
    await rotate(own, chance(), now - 2 * AHEAD_MS)
    done = await shred(own, where.attachments, now, rest_ms=0)
    assert (done.destroyed, done.stuck) == ([], [key_id])


async def test_a_backup_without_its_data_keys_says_what_it_needs(own, where, tmp_path):
    from gateway.services.refusal import Refusal

    await begin(own)
    await fill(own, where)
    made = await make_backup(own, where, Wish(tmp_path / "b", keys_to=tmp_path / "k"), NOW)
    assert made.keys.parent == tmp_path / "k"
    with pytest.raises(Refusal, match="needs data key 2"):
        await restore(Source(made.path, Keyring.of(TEST_KEY)), tmp_path / "new", None, NOW)
    keyring = Keyring.of(TEST_KEY)
    done = await restore(Source(made.path, keyring, tmp_path / "k"), tmp_path / "new", None, NOW)
    async with open_database(done.database, keyring) as database, database.read() as connection:
        assert "mo bo doi 0" in list(await connection.scalars(select(tip.c.text)))


# --- the registry ---


def test_every_sealed_column_has_a_fate():
    """A new one must be decided upon: what becomes of it when its person is erased?"""
    assert {f"{table.name}.{column.name}" for table, column, _ in sealed_columns()} == FATES.keys()


def test_what_is_cleared_can_be_null_and_what_is_parsed_is_never_overwritten():
    for table, column, place in sealed_columns():
        fate = FATES[f"{table.name}.{column.name}"]
        assert not fate.clear or column.nullable, column
        assert fate.clear or fate.why or place not in PARSED, column
        assert fate.by != "nobody" or fate.why, column
        assert place not in PARSED or column.nullable, column


async def test_no_value_of_an_erased_person_is_left_anywhere(own, where):
    """The whole database, opened value by value, after the erasure."""
    await fill(own, where)
    await make_tip(own, "bi mat cua ong A", sender=ALICE)
    await own.write(lambda c: c.execute(update(mo).values(raw="raw bi mat")))
    before = await _counted(own)
    await erase(own, where.attachments, Whom(number=ALICE), NOW, chance())
    words = [str(each) for each in await _all_values(own)]
    assert not [each for each in words if ALICE in each or "bi mat" in each]
    after = await _counted(own)
    assert after | {"contact": before["contact"], "audit": before["audit"]} == before


async def _all_values(database) -> list[object]:
    async with database.read() as connection:
        return [value for table, column, _ in sealed_columns() for value in await connection.scalars(select(column))]


async def _counted(database) -> dict[str, int]:
    async with database.read() as connection:
        names = ("tip", "mo", "mt", "contact", "audit")
        return {name: await connection.scalar(select(func.count()).select_from(text(name))) for name in names}
