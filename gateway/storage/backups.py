"""Backups that were made, as rows: when, where, and where their data keys lie."""

from pathlib import Path

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.storage.schema import backup


async def add(connection: AsyncConnection, path: Path, keys: Path, size: int, rows: int, at: int) -> None:
    """A backup at `path` that is whole, with the file of data keys `keys`."""
    folder, keys_folder = str(path.parent.resolve()), str(keys.parent.resolve())
    row = {"at": at, "folder": folder, "name": path.name, "keys_folder": keys_folder, "bytes": size, "rows": rows}
    await connection.execute(insert(backup).values(**row))


async def key_folders(connection: AsyncConnection) -> list[Path]:
    """Where files of data keys lie, as far as we know."""
    return [Path(name) for name in await connection.scalars(select(backup.c.keys_folder).distinct())]
