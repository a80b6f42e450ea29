"""The proof that backups are worth something: the newest one restored into a temporary place, counted and opened."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.services.keeping.backup import backups_in
from gateway.services.keeping.restore import Restored, Source, restore
from gateway.services.refusal import Refusal
from gateway.storage import audit, erasing
from gateway.storage.database import open_database
from gateway.storage.seal import Destroyed, Keyring


@dataclass(frozen=True, slots=True)
class Drilled:
    """What was found. `opened`: sealed columns of which a value was opened; `empty`: those without any; `gone`: whose key was destroyed."""

    path: Path
    restored: Restored
    opened: int
    empty: int
    gone: int
    log_rows: int


async def drill(folder: Path, keyring: Keyring, now: int, keys: Path | None = None) -> Drilled:
    """Restore the newest backup of `folder` and try it. `keyring`: its own, it learns the backup's keys. Raises Refusal, BadArchive …"""
    if not (found := backups_in(folder, keyring)):
        raise Refusal(f"There is no backup of this installation in {folder}. Make one: tinbao backup --to {folder}")
    with tempfile.TemporaryDirectory(prefix="tinbao-drill-") as place:
        done = await restore(Source(found[0], keyring, keys), Path(place) / "restored", None, now)
        async with open_database(done.database, keyring) as database, database.read() as connection:
            opened, empty, gone = await _try_columns(connection, keyring)
            proof = await audit.prove(connection)
    if proof.broken is not None:
        raise Refusal(
            f"The audit log in {found[0].name} does not fit at row {proof.broken.row}: {proof.broken.why}. Keep this backup aside"
        )
    return Drilled(found[0], done, opened, empty, gone, proof.rows)


async def _try_columns(connection: AsyncConnection, keyring: Keyring) -> tuple[int, int, int]:
    """(opened, empty, gone) over every sealed column, the newest value of each. Raises Unsealable, WrongKey."""
    opened = empty = gone = 0
    for place, value in await erasing.newest_values(connection):
        if value is None:
            empty += 1
            continue
        try:
            keyring.open(value, place)
            opened += 1
        except Destroyed:
            gone += 1
    return opened, empty, gone
