"""Data keys through their life: made before they seal, retired by the next, destroyed when all that must stay is sealed anew."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.services.keeping.backup import reissue
from gateway.storage import audit, backups, data_keys, erasing
from gateway.storage.audit import Entry
from gateway.storage.data_keys import DataKey
from gateway.storage.database import Database, StorageDown
from gateway.storage.seal import KEY_BYTES, Unsealable, WrongKey
from gateway.storage.sealed_files import SealedFiles

AHEAD_MS: Final = 120_000  # twice as long as a process takes to notice a new key
LOOK_S: Final = 60.0
REST_MS: Final = 3 * 86_400_000  # from retirement to destruction: what travels sealed (a form's ticket, a spooled call) is home by then

Random = Callable[[int], bytes]


async def rotate(database: Database, random: Random, now: int, starts_at: int | None = None) -> int:
    """A fresh data key that seals from `starts_at` on, AHEAD_MS from now unless told; its id."""

    async def unit(connection: AsyncConnection) -> int:
        key_id = await data_keys.add(
            connection, database.keyring, random(KEY_BYTES), now + AHEAD_MS if starts_at is None else starts_at, now
        )
        await audit.note(connection, Entry(None, "key.make", f"key:{key_id}"), now)
        return key_id

    key_id = await database.write(unit)
    await database.adopt_keys()
    return key_id


async def monthly(database: Database, random: Random, now: int) -> int | None:
    """See that this month has a key, from its next midnight (UTC) on, and the coming one two days ahead; the id of one that was made."""
    async with database.read() as connection:
        keys = await data_keys.all_keys(connection)
    newest = max((each.starts_at for each in keys), default=0)
    today = datetime.fromtimestamp(now / 1000, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    soon = (today + timedelta(days=2)).replace(day=1)  # the month that it is, or will be in two days
    if newest >= _ms(soon):
        return None
    return await rotate(database, random, now, max(_ms(soon), _ms(today + timedelta(days=1))))


def _ms(when: datetime) -> int:
    return round(when.timestamp() * 1000)


async def tend(database: Database, stop: asyncio.Event, clock: Callable[[], int], random: Random) -> None:
    """Beside the service: every process knows each key before it seals, and each month has one."""
    while not stop.is_set():
        with suppress(StorageDown):
            await database.adopt_keys()
            await monthly(database, random, clock())
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_S):
                await stop.wait()


# --- destruction ---


@dataclass(slots=True)
class Shredded:
    """What a round came to. `waiting`: doomed keys that still rest; `stuck`: those with a value that opens with nothing; `unreached`:
    folders whose file of data keys could not be written anew."""

    resealed: int = 0
    destroyed: list[int] = field(default_factory=list)
    waiting: list[int] = field(default_factory=list)
    stuck: list[int] = field(default_factory=list)
    unreached: list[Path] = field(default_factory=list)


def due(keys: list[DataKey], now: int, rest_ms: int = REST_MS) -> tuple[list[DataKey], list[DataKey]]:
    """(doomed keys that can go now, those that must rest or still seal)."""
    current = data_keys.current(keys, now)
    doomed = [each for each in keys if each.doomed_at is not None and each.destroyed_at is None]
    ready = [each for each in doomed if each.id != current and _retired_at(each, keys) + rest_ms <= now]
    return ready, [each for each in doomed if each not in ready]


def _retired_at(key: DataKey, keys: list[DataKey]) -> int:
    later = [each.starts_at for each in keys if (each.starts_at, each.id) > (key.starts_at, key.id)]
    return min(later, default=1 << 62)


async def shred(database: Database, contents: Path, now: int, rest_ms: int = REST_MS) -> Shredded:
    """Seal anew what must stay of the doomed keys, then destroy them and write the files of data keys anew."""
    done = Shredded()
    async with database.read() as connection:
        ready, waiting = due(await data_keys.all_keys(connection), now, rest_ms)
        folders = await backups.key_folders(connection)
    done.waiting = [each.id for each in waiting]
    for key in ready:
        stuck = await _reseal(database, SealedFiles(contents, database.keyring), key.id, done)
        if stuck:
            done.stuck.append(key.id)
            continue
        await database.write(lambda connection, key=key: _destroy(connection, key.id, now))  # type: ignore[misc] # mypy: a default
        done.destroyed.append(key.id)
    if done.destroyed:
        await database.adopt_keys()
        for folder in folders:
            if not await _reissued(database, folder, now):
                done.unreached.append(folder)
    return done


async def _destroy(connection: AsyncConnection, key_id: int, now: int) -> None:
    await data_keys.destroy(connection, key_id, now)
    await audit.note(connection, Entry(None, "key.destroy", f"key:{key_id}"), now)


async def _reissued(database: Database, folder: Path, now: int) -> bool:
    try:
        await reissue(database, folder, now)
    except OSError:
        return False
    return True


async def _reseal(database: Database, files: SealedFiles, key_id: int, done: Shredded) -> int:
    """Every value of the key under today's; how many could not be opened."""
    stuck = 0
    for table, column, place in erasing.sealed_columns():
        after = 0
        while True:
            async with database.read() as connection:
                found = await erasing.under_key(connection, table, column, key_id, after)
            anew = [(key, old, sealed) for key, old in found if (sealed := _anew(database, old, place))]
            for start in range(0, len(anew), erasing.CHUNK):
                piece = anew[start : start + erasing.CHUNK]
                done.resealed += await database.write(partial(erasing.swap, table=table, column=column, rows=piece))
            stuck += len(found) - len(anew)
            if not found or not (anew or erasing.walks(table)):
                break
            after = found[-1][0][0]
    return stuck + files.reseal(key_id)


def _anew(database: Database, sealed: bytes, place: str) -> bytes | None:
    try:
        return database.keyring.seal(database.keyring.open(sealed, place), place)
    except (Unsealable, WrongKey):
        return None
