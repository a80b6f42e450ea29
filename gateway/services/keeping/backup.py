"""A backup while everything runs: rows of one moment, the spool, the attachments, the deployment's files, in one sealed file.

The spool isn't drained between the moment of the snapshot and its own copy, so a call that was acknowledged is in the rows or in the spool.
Attachments are copied after the snapshot: a file is there before its row is.
"""

import errno
import os
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.services.keeping.key_file import write_key_file
from gateway.services.refusal import Refusal
from gateway.storage import audit, backups, data_keys
from gateway.storage.archive import ArchiveReader, ArchiveWriter, BadArchive, Member, in_blocks, new_file, opens, read_head
from gateway.storage.audit import Entry
from gateway.storage.database import Database
from gateway.storage.files import taken
from gateway.storage.seal import Keyring
from gateway.storage.snapshot import Snapshot, snapshot
from gateway.storage.spool import Spool

SUFFIX: Final = ".backup"
_NAME: Final = re.compile(r"tinbao-\d{8}T\d{6}Z(-\d+)?\.backup")
# What a deployment consists of; a key, a database and whatever else lies there stay where they are.
_TRAVELS: Final = frozenset((".toml", ".csv", ".j2", ".md", ".txt", ".svg", ".png", ".jpg", ".jpeg", ".ttf", ".otf", ".icc", ".pdf"))
_MOST: Final = 50_000_000  # bytes of a deployment's file


@dataclass(frozen=True, slots=True)
class Places:
    """Where what belongs to an installation lies. `database`: its URL."""

    config: Path
    database: str
    spool: Path
    attachments: Path
    key_file: Path


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that is whole. `removed`: older ones that made room for it."""

    path: Path
    keys: Path
    made_at: int
    rows: int
    files: int
    bytes: int
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wish:
    """Where a backup goes. `to`: a folder, or a file that ends in .backup; `keys_to`: a folder for the data keys; `keep`: how many."""

    to: Path
    keys_to: Path | None = None
    keep: int | None = None


async def make_backup(database: Database, places: Places, wish: Wish, now: int) -> Made:
    """Make it, write the data keys beside it, note both. Raises Refusal; nothing half is left."""
    folder = wish.to.parent if wish.to.suffix == SUFFIX else wish.to
    path = wish.to if wish.to.suffix == SUFFIX else _free_name(folder, now)
    keys_to = wish.keys_to or folder
    with _said(folder), _alone(folder):
        made = await _write(database.keyring, places, path, now)
        keys_path = await reissue(database, keys_to, now)
        removed = tuple(_rotate(folder, database.keyring, path, wish.keep)) if wish.keep else ()
    done = Made(path, keys_path, now, made.rows, made.files, path.stat().st_size, removed)
    await database.write(lambda connection: _note(connection, done, now))
    return done


async def reissue(database: Database, folder: Path, now: int) -> Path:
    """Write the file of data keys into `folder` as they are now. Raises OSError."""
    async with database.read() as connection:
        keys = await data_keys.all_keys(connection)
    return write_key_file(folder, database.keyring, keys, "", now)


async def _note(connection: AsyncConnection, made: Made, now: int) -> None:
    await backups.add(connection, made.path, made.keys, made.bytes, made.rows, now)
    await audit.note(connection, Entry(None, "backup.make", f"backup:{made.path.name}", {"rows": made.rows, "files": made.files}), now)


# --- the file ---


@dataclass(slots=True)
class _Sum:
    """What went in so far; becomes the manifest."""

    rows: int = 0
    files: int = 0


async def _write(keyring: Keyring, places: Places, path: Path, now: int) -> _Sum:
    with new_file(path) as file:
        async with _moment(places, keyring) as (moment, spool):
            writer, total = ArchiveWriter(file, keyring, moment.schema, now), _Sum()
            tables = await _write_tables(writer, moment, total)
        files = dict(_write_spool(writer, spool))
        files |= dict(_write_files(writer, "attachments", places.attachments, _contents(places.attachments)))
        files |= dict(_write_files(writer, "deployment", places.config, _deployment_files(places)))
        total.files = len(files)
        key_check = keyring.check_value().hex()
        writer.close({"schema": moment.schema, "made_at": now, "key_check": key_check, "tables": tables, "files": files})
    return total


@asynccontextmanager
async def _moment(places: Places, keyring: Keyring) -> AsyncIterator[tuple[Snapshot, dict[str, bytes]]]:
    spool = Spool(places.spool, keyring)
    async with AsyncExitStack() as stack:
        with spool.undrained():
            moment = await stack.enter_async_context(snapshot(places.database))
            waiting = spool.copies()
        yield moment, waiting


async def _write_tables(writer: ArchiveWriter, moment: Snapshot, total: _Sum) -> dict[str, dict[str, object]]:
    """Every table: how many rows and their hash, by name."""
    found: dict[str, dict[str, object]] = {}
    for shape in moment.shapes:
        writer.begin(Member("table", shape.name, {"columns": list(shape.columns), "blobs": sorted(shape.blobs)}))
        count = 0
        async for block, rows in moment.blocks(shape):
            writer.data(block)
            count += rows
        found[shape.name] = {"rows": count, "sha256": writer.end()}
        total.rows += count
    return found


def _write_spool(writer: ArchiveWriter, spool: dict[str, bytes]) -> Iterator[tuple[str, str]]:
    for name, content in spool.items():
        writer.begin(Member("spool", name))
        writer.data(content)
        yield f"spool/{name}", writer.end()


def _write_files(writer: ArchiveWriter, kind: str, root: Path, paths: Iterator[Path]) -> Iterator[tuple[str, str]]:
    for path in paths:
        try:
            file = path.open("rb")
        except FileNotFoundError:
            continue  # forgotten meanwhile
        with file:
            name = path.relative_to(root).as_posix()
            writer.begin(Member(kind, name))
            for block in in_blocks(file):
                writer.data(block)
            yield f"{kind}/{name}", writer.end()


def _contents(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix in (".sealed", ".part"))


def _deployment_files(places: Places) -> Iterator[Path]:
    """What the deployment's folder holds of its own; never a key, whatever it is called."""
    own = {places.key_file.resolve(), places.spool.parent.resolve()}
    for path in sorted(places.config.rglob("*")):
        inside = {path.resolve(), *path.resolve().parents}
        hidden = any(part.startswith(".") for part in path.relative_to(places.config).parts)
        if path.is_file() and path.suffix.lower() in _TRAVELS and not hidden and not own & inside and path.stat().st_size <= _MOST:
            yield path


# --- names, room, turns ---


def _free_name(folder: Path, now: int) -> Path:
    stamp = datetime.fromtimestamp(now / 1000, UTC).strftime("%Y%m%dT%H%M%SZ")
    names = (f"tinbao-{stamp}{SUFFIX}", *(f"tinbao-{stamp}-{at}{SUFFIX}" for at in range(2, 100)))
    return next(folder / name for name in names if not (folder / name).exists())


def backups_in(folder: Path, keyring: Keyring) -> list[Path]:
    """This installation's whole backups in `folder`, the newest first."""
    ours = (path for path in folder.glob(f"tinbao-*{SUFFIX}") if _NAME.fullmatch(path.name))
    found = [(made_at, path.name, path) for path in ours if (made_at := _made_at(path, keyring)) is not None]
    return [path for *_, path in sorted(found, reverse=True)]


def _made_at(path: Path, keyring: Keyring) -> int | None:
    """None: of another installation, or no backup."""
    try:
        with path.open("rb") as file:
            head, _ = read_head(file)
    except (OSError, BadArchive):
        return None
    return head.made_at if opens(head, keyring) else None


def _rotate(folder: Path, keyring: Keyring, newest: Path, keep: int) -> Iterator[str]:
    others = [path for path in backups_in(folder, keyring) if path != newest]
    for path in others[keep - 1 :]:
        path.unlink()
        yield path.name


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One backup at a time into a folder; what a killed one left half is swept away."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".tinbao-backup.lock").open("a+b") as lock:
        if not taken(lock):
            raise Refusal(f"Another backup into {folder} is under way. Wait for its end")
        for half in folder.glob(f".*{SUFFIX}.half"):
            half.unlink(missing_ok=True)
        yield


@contextmanager
def _said(folder: Path) -> Iterator[None]:
    try:
        yield
    except FileExistsError as why:
        raise Refusal(f"{why.filename} is there already. Name another file: nothing is written over") from None
    except OSError as why:
        full = why.errno in (errno.ENOSPC, errno.EDQUOT)
        cause = "the disk is full" if full else os.strerror(why.errno or 0)
        raise Refusal(f"No backup was made in {folder}: {cause}. Nothing half is left; make room, or name another disk with --to") from None


def verify(path: Path, keyring: Keyring) -> ArchiveReader:
    """Read a backup through, every piece and hash. Raises BadArchive, WrongKey, OSError."""
    with path.open("rb") as file:
        reader = ArchiveReader(file, keyring)
        for _ in reader.blocks():
            pass
    return reader
