"""A backup is of one moment, whole or not at all, holds no key, and restores into either engine so that nothing goes twice."""

import asyncio
import os
import shutil
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from gateway.services.keeping.backup import Made, Wish, backups_in, make_backup, verify
from gateway.services.keeping.drill import drill
from gateway.services.keeping.restore import Source, restore
from gateway.services.refusal import Refusal
from gateway.storage.archive import BadArchive, Head, read_head
from gateway.storage.database import open_database
from gateway.storage.schema import mo, mt, tip, wave
from gateway.storage.seal import Keyring, WrongKey
from gateway.storage.sealed_files import SealedFiles
from gateway.storage.spool import Spool
from tests.conftest import TEST_KEY
from tests.keeping.places import MTS, fill, rows_of, states
from tests.services.people import NOW

LATER = NOW + 3_600_000


async def backed_up(own, where, to: Path, **wish) -> Made:
    return await make_backup(own, where, Wish(to, **wish), NOW)


async def empty_database() -> str:
    """An empty PostgreSQL database of this worker's own."""
    url = make_url(os.environ["TINBAO_TEST_PG"])
    name = f"restored_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    engine = create_async_engine(url.set(drivername="postgresql+asyncpg"), isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        await connection.execute(text(f"CREATE DATABASE {name}"))
    await engine.dispose()
    return url.set(database=name).render_as_string(hide_password=False)


@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
async def test_it_restores_into_either_engine(own, where, tmp_path, target):
    """Every row, file and call is there; the words open; the ledger adds up; what may have left waits for a word."""
    await fill(own, where)
    before = await rows_of(own)
    made = await backed_up(own, where, tmp_path / "b")
    url = await empty_database() if target == "postgresql" else None
    keyring = Keyring.of(TEST_KEY)
    done = await restore(Source(made.path, keyring), tmp_path / "new", url, LATER)
    async with open_database(done.database, keyring) as database:
        after = await rows_of(database)
        said = await states(database)
        async with database.read() as connection:
            waves = {row.name: (row.state, row.reason) for row in await connection.execute(select(wave))}
            texts = sorted(await connection.scalars(select(tip.c.text)))
            taken = await connection.scalar(select(mt.c.sent_at).where(mt.c.code == "restored", mt.c.sent_at == NOW).limit(1))
        await database.write(lambda connection: connection.execute(mo.insert().values(**_mo())))  # the next id follows on
    assert after == before | {"backup": 0, "audit": 1, "setting": before["setting"] + 1, "dispatcher": 0}  # the log's head
    assert sum(said.values()) == sum(MTS.values()) + 4
    assert said == {"sent": 7, "delivered": 11, "failed": 1, "uncertain": 2 + 5 + 3 + 2 + 4}
    assert done.uncertain == 14
    assert taken == NOW  # the caps count it
    assert waves["tri-an"][0] == "paused"
    assert "restored from a backup" in waves["tri-an"][1]
    assert texts == ["mo bo doi 0", "mo bo doi 1", "mo bo doi 2"]
    assert (done.folder / "templates" / "a.j2").read_text() == "Kính gửi"
    assert [call.values for call in _spooled(done.folder, keyring)] == [{"text": "cho"}]
    files = SealedFiles(done.folder / "var" / "attachments", keyring)
    name = next((done.folder / "var" / "attachments").rglob("*.sealed")).stem
    assert files.open(bytes.fromhex(name)).read() == b"anh" * 1000


def _mo() -> dict[str, object]:
    return {"route": "r", "channel": "sms", "content_key": b"k", "bidx": b"b", "sender": "x", "receiver": "8", "text": "t",
            "received_at": NOW, "state": "done"}  # fmt: skip


def _spooled(folder: Path, keyring: Keyring):
    spool = Spool(folder / "var" / "spool", keyring)
    with spool.draining() as files:
        return [call for path in files for call in spool.read(path)]


async def test_it_holds_no_key(own, where, tmp_path):
    """Neither the key file nor any file called a key travels, whatever it is named in the settings."""
    await fill(own, where)
    made = await backed_up(own, where, tmp_path / "b")
    reader = verify(made.path, own.keyring)
    assert sorted(name for name in reader.manifest["files"] if name.startswith("deployment/")) == [
        "deployment/gateway.toml",
        "deployment/templates/a.j2",
    ]
    assert made.path.stat().st_mode & 0o077 == 0
    assert TEST_KEY not in made.path.read_bytes() + made.keys.read_bytes()


async def test_rows_are_of_one_moment_while_others_write(own, where, tmp_path):
    """A pair that is written together is never seen apart: the sum in the backup stays nought."""
    await own.write(lambda connection: _pairs(connection, 400))
    stop = asyncio.Event()

    async def move() -> None:
        while not stop.is_set():
            await own.write(_swap)

    moving = asyncio.create_task(move())
    try:
        made = [await make_backup(own, where, Wish(tmp_path / "b" / f"{at}.backup"), NOW + at) for at in range(3)]
    finally:
        stop.set()
        await moving
    for at, each in enumerate(made):
        keyring = Keyring.of(TEST_KEY)
        done = await restore(Source(each.path, keyring), tmp_path / f"new{at}", None, LATER)
        async with open_database(done.database, keyring) as database, database.read() as connection:
            assert await connection.scalar(text("SELECT sum(count) FROM scan_count")) == 0


async def _pairs(connection, many: int) -> None:
    rows = [{"v": f"{sign}{at}", "n": 1 if sign == "a" else -1} for at in range(many) for sign in "ab"]
    await connection.execute(text("INSERT INTO scan_count (village, placement, day, count) VALUES (:v, '', 1, :n)"), rows)


async def _swap(connection) -> None:
    await connection.execute(text("UPDATE scan_count SET count = -count WHERE village LIKE 'a%'"))
    await connection.execute(text("UPDATE scan_count SET count = -count WHERE village LIKE 'b%'"))


# --- what is refused ---


async def test_a_wrong_key_a_cut_and_a_newer_schema_restore_nothing(own, where, tmp_path):
    await fill(own, where)
    made = await backed_up(own, where, tmp_path / "b")
    target = tmp_path / "new"
    with pytest.raises(WrongKey, match="recovery key"):
        await restore(Source(made.path, Keyring.of(bytes(32))), target, None, LATER)
    cut = tmp_path / "b" / "cut.backup"
    cut.write_bytes(made.path.read_bytes()[:-100])
    with pytest.raises(BadArchive, match="Take another"):
        await restore(Source(cut, own.keyring), target, None, LATER)
    newer = tmp_path / "b" / "newer.backup"
    with made.path.open("rb") as file:
        head, _ = read_head(file)
        newer.write_bytes(Head("9999", head.made_at, head.salt, head.check).line() + file.read())
    with pytest.raises(Refusal, match="newer"):
        await restore(Source(newer, own.keyring), target, None, LATER)
    assert not target.exists()
    assert not list(tmp_path.glob(".new*"))


async def test_nothing_is_written_over(own, where, tmp_path):
    made = await backed_up(own, where, tmp_path / "b")
    target = tmp_path / "new"
    target.mkdir()
    (target / "mine").write_text("x")
    with pytest.raises(Refusal, match="not empty"):
        await restore(Source(made.path, own.keyring), target, None, LATER)
    if own.dialect == "postgresql":
        with pytest.raises(Refusal, match="tables already"):
            await restore(Source(made.path, own.keyring), tmp_path / "other", where.database, LATER)
    with pytest.raises(Refusal, match="there already"):
        await make_backup(own, where, Wish(made.path), LATER)


async def test_an_older_backup_is_migrated_forward(sqlite_template, own_keyring, tmp_path):
    """Made by schema 0008 and restored by this release: its rows are there, under today's tables."""
    from gateway.storage.restored import schema_at
    from tests.keeping.places import places

    path = tmp_path / "old.db"
    await schema_at(f"sqlite:///{path}", "0008")
    import sqlite3

    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO setting VALUES ('key_check', ?)", (own_keyring.check_value(),))
        connection.execute("INSERT INTO scan (village, at) VALUES ('TN07', 1)")
    connection.close()
    from gateway.services.keeping.backup import _write

    await _write(own_keyring, places(tmp_path, f"sqlite:///{path}"), tmp_path / "old.backup", NOW)
    done = await restore(Source(tmp_path / "old.backup", own_keyring), tmp_path / "new", None, LATER)
    assert done.schema == "0008"
    async with open_database(done.database, own_keyring) as database:
        assert (await rows_of(database))["scan"] == 1


# --- rotation, names, drill ---


async def test_the_folder_keeps_so_many_of_ours_and_none_of_others_goes(own, where, tmp_path):
    folder = tmp_path / "b"
    for at in range(4):
        made = await make_backup(own, where, Wish(folder, keep=2), NOW + at * 1000)
    assert len(backups_in(folder, own.keyring)) == 2
    assert backups_in(folder, own.keyring)[0] == made.path
    shutil.copy(made.path, folder / "mine.backup")
    other = Keyring.of(bytes(32))
    assert backups_in(folder, other) == []


async def test_a_full_disk_leaves_nothing_half(own, where):
    """/dev/full stands for a disk without room: it is the folder's own device that refuses."""
    with pytest.raises(Refusal, match="No backup was made in"):
        await make_backup(own, where, Wish(Path("/proc/nowhere")), NOW)


async def test_a_drill_proves_the_newest_backup(own, where, tmp_path):
    await fill(own, where)
    await backed_up(own, where, tmp_path / "b")
    found = await drill(tmp_path / "b", Keyring.of(TEST_KEY), LATER)
    assert found.gone == 0
    assert found.opened >= 5
    assert found.restored.rows > 30
    assert not found.restored.folder.exists()
    with pytest.raises(Refusal, match="no backup"):
        await drill(tmp_path, Keyring.of(TEST_KEY), LATER)
