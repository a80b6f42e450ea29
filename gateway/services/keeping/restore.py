"""A backup into an empty place: all of it verified before it takes its name, migrated forward if it is older, nothing of it sent by itself.

Into a folder: deployment, SQLite file, spool and attachments are put together in a hidden folder beside, which takes the name at the end.
Into PostgreSQL: schema, rows and what becomes of them in one transaction. A kill leaves nothing but the hidden folder, swept next time.
"""

import errno
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.services.keeping.key_file import keys_beside, read_key_file
from gateway.services.refusal import Refusal
from gateway.storage import audit, data_keys, restored
from gateway.storage.archive import ArchiveReader, BadArchive, Block, sync_folder
from gateway.storage.audit import Entry
from gateway.storage.data_keys import DataKey
from gateway.storage.database import open_database
from gateway.storage.files import taken
from gateway.storage.migrate import HEAD, upgrade
from gateway.storage.restored import TablesThere, empty_postgres, schema_at
from gateway.storage.seal import Keyring
from gateway.storage.snapshot import Loader, PostgresLoader, SqliteLoader, decoded, fold

DATABASE: Final = PurePosixPath("var/tinbao.db")
_FOLDERS: Final = {"spool": PurePosixPath("var/spool"), "attachments": PurePosixPath("var/attachments"), "deployment": PurePosixPath()}
_KEYS: Final = "data_key"


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored. `uncertain`: MTs that wait for a word; `paused`: waves; `made_at`: of the backup, epoch ms."""

    folder: Path
    database: str
    made_at: int
    rows: int
    files: int
    uncertain: int
    paused: int
    schema: str


@dataclass(frozen=True, slots=True)
class Source:
    """The backup, the keyring of its installation, and where its data keys lie (None: beside it)."""

    path: Path
    keyring: Keyring = field(repr=False)
    keys: Path | None = None


async def restore(source: Source, to: Path, database: str | None, now: int) -> Restored:
    """Restore into the folder `to`, rows into the PostgreSQL `database` if one is named. Raises Refusal, BadArchive, WrongKey."""
    _need_empty(to)
    with _said(to), _stage(to) as stage:
        with source.path.open("rb") as file:
            reader = ArchiveReader(file, source.keyring)
            _check_schema(reader.head.schema)
            keys = _data_keys(source)
            if database is None:
                done = await _into_sqlite(reader, source.keyring, keys, stage, now)
            else:
                done = await _into_postgres(reader, source.keyring, keys, stage, database, now)
        _take_name(stage, to)
    return Restored(to, database or f"sqlite:///{to / DATABASE}", **done)


def _need_empty(to: Path) -> None:
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise Refusal(f"{to} is not empty. Name a new folder: nothing is written over")


def _check_schema(schema: str) -> None:
    if not schema.isdigit() or int(schema) > int(HEAD):
        raise Refusal(f"This backup has schema {schema}, this release knows {HEAD}. Install the release that made it, or a newer one")


def _data_keys(source: Source) -> list[DataKey]:
    path = keys_beside(source.path, source.keys)
    return read_key_file(path, source.keyring) if path.exists() or source.keys is not None else []


# --- where it is put together ---


@contextmanager
def _stage(to: Path) -> Iterator[Path]:
    """A hidden folder beside `to`; gone when the block ends, unless it took the name."""
    to.parent.mkdir(parents=True, exist_ok=True)
    stage = to.parent / f".{to.name}.restoring"
    with (to.parent / f".{to.name}.restoring.lock").open("a+b") as lock:
        if not taken(lock):
            raise Refusal(f"Another restore into {to} is under way. Wait for its end")
        shutil.rmtree(stage, ignore_errors=True)  # what a killed one left
        stage.mkdir(mode=0o700)
        try:
            yield stage
        finally:
            shutil.rmtree(stage, ignore_errors=True)
            Path(lock.name).unlink(missing_ok=True)


def _take_name(stage: Path, to: Path) -> None:
    for folder, _, names in os.walk(stage):
        for name in names:
            with (Path(folder) / name).open("rb") as file:
                os.fsync(file.fileno())
        sync_folder(Path(folder))
    if to.exists():
        to.rmdir()  # empty, as was checked
    stage.rename(to)
    sync_folder(to.parent)


@contextmanager
def _said(to: Path) -> Iterator[None]:
    try:
        yield
    except TablesThere:
        raise Refusal("That database has tables already. Name a new, empty one: nothing is written over") from None
    except OSError as why:
        cause = "the disk is full" if why.errno in (errno.ENOSPC, errno.EDQUOT) else (why.strerror or str(why))
        raise Refusal(f"Nothing was restored to {to}: {cause}. Nothing half is left; put it right and restore again") from None


# --- rows and files ---


@dataclass(slots=True)
class _Fill:
    """One walk through the archive: rows to `loader`, files to `stage`."""

    reader: ArchiveReader
    loader: Loader
    stage: Path
    keys: Mapping[int, DataKey]
    counts: dict[str, int] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)

    async def run(self) -> None:
        """All of it, held against the manifest. Raises BadArchive, Refusal."""
        for block in self.reader.blocks():
            if block.member.kind == "table":
                await self._table(block)
            elif block.member.kind in _FOLDERS:
                self._file(block)
        self._compare(self.reader.manifest)
        await self._newer_keys()
        await self.loader.finish()

    async def _table(self, block: Block) -> None:
        name, columns = block.member.name, block.member.about["columns"]
        self.counts.setdefault(name, 0)
        if block.digest is not None:
            self.digests[name] = block.digest
            return
        rows = decoded(block.member.about["blobs"], block.data)
        self.counts[name] += len(rows)
        if name == _KEYS:
            rows = [self._with_key(dict(zip(columns, row, strict=True)), columns) for row in rows]
        await self.loader.load(name, columns, rows)

    def _with_key(self, row: dict[str, Any], columns: list[str]) -> list[Any]:  # Any: a row's values
        """A row of `data_key` as the file of data keys knows it today: its key, or that it was destroyed since."""
        self.seen.add(row["id"])
        known = self.keys.get(row["id"])
        if known is None:
            if row["destroyed_at"] is None:
                remedy = "Name the newest tinbao-keys.sealed with --keys"
                raise Refusal(f"This backup needs data key {row['id']}, and no file of data keys at hand has it. {remedy}")
            return [row[name] for name in columns]
        return [getattr(known, name) for name in columns]

    async def _newer_keys(self) -> None:
        """Keys made after the backup: their ids must not be given out again."""
        columns = list(DataKey.__slots__)
        later = [[getattr(each, name) for name in columns] for id_, each in self.keys.items() if id_ not in self.seen]
        if later and _KEYS in self.counts:
            await self.loader.load(_KEYS, columns, later)

    def _file(self, block: Block) -> None:
        relative = PurePosixPath(block.member.name)
        if relative.is_absolute() or ".." in relative.parts:
            raise BadArchive("A file of this backup would lie outside its folder. Take another backup")
        path = self.stage / _FOLDERS[block.member.kind] / relative
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as file:
            file.write(block.data)
        if block.digest is not None:
            self.digests[f"{block.member.kind}/{block.member.name}"] = block.digest

    def _compare(self, manifest: Mapping[str, Any]) -> None:  # Any: JSON
        said = {name: table["rows"] for name, table in manifest["tables"].items()}
        hashes = {name: table["sha256"] for name, table in manifest["tables"].items()} | manifest["files"]
        if said != self.counts or hashes != self.digests:
            raise BadArchive("This backup does not hold what its manifest says. Take another one")


async def _into_sqlite(reader: ArchiveReader, keyring: Keyring, keys: list[DataKey], stage: Path, now: int) -> dict[str, Any]:
    path = stage / DATABASE
    path.parent.mkdir(mode=0o700, parents=True)
    url = f"sqlite:///{path}"
    await schema_at(url, reader.head.schema)
    loader = SqliteLoader(path)
    try:
        fill = _Fill(reader, loader, stage, {each.id: each for each in keys})
        await fill.run()
    finally:
        loader.close()
    async with open_database(url, keyring, migrate=True) as database:
        left = await database.write(lambda connection: _settled(connection, reader, now))
    fold(path)
    return _said_of(fill, left)


async def _into_postgres(
    reader: ArchiveReader, keyring: Keyring, keys: list[DataKey], stage: Path, url: str, now: int
) -> dict[str, Any]:  # Any: values of Restored
    async with empty_postgres(url, keyring) as connection:
        await connection.run_sync(lambda inner: upgrade(inner, reader.head.schema))
        fill = _Fill(reader, PostgresLoader(connection), stage, {each.id: each for each in keys})
        await fill.run()
        if reader.head.schema != HEAD:
            await connection.run_sync(upgrade)
        data_keys.adopt(keyring, await data_keys.all_keys(connection), now)
        left = await _settled(connection, reader, now)
        keyring.verify(await restored.key_check(connection))
    return _said_of(fill, left)


async def _settled(connection: AsyncConnection, reader: ArchiveReader, now: int) -> tuple[int, int]:
    left = await restored.settle(connection, reader.head.made_at)
    detail = {"made_at": reader.head.made_at, "uncertain": left[0], "paused": left[1]}
    await audit.note(connection, Entry(None, "backup.restore", f"backup:{reader.head.made_at}", detail), now)
    return left


def _said_of(fill: _Fill, left: tuple[int, int]) -> dict[str, Any]:  # Any: values of Restored
    head = fill.reader.head
    files = len(fill.reader.manifest["files"])
    return {
        "made_at": head.made_at, "rows": sum(fill.counts.values()), "files": files, "uncertain": left[0], "paused": left[1],
        "schema": head.schema,
    }  # fmt: skip
