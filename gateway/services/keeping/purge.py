"""What has outlived its term goes, kind by kind, in pieces that hold up nobody; then the keys that only it still needed.

A dry run counts the same rows by the same conditions.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.retention import Kept, Terms
from gateway.services.keeping.erase import doom
from gateway.services.keeping.keys import REST_MS, Shredded, shred
from gateway.storage import audit, erasing, expired
from gateway.storage.audit import Entry
from gateway.storage.database import Database
from gateway.storage.sealed_files import SealedFiles


@dataclass(frozen=True, slots=True)
class Due:
    """Rows of a kind that may go. `before`: from before that moment, epoch ms; None: the term of none is over yet."""

    kind: Kept
    before: int | None
    rows: int


@dataclass(slots=True)
class Purged:
    """`rows` by kind; `files`: attachments; what became of keys."""

    rows: dict[Kept, int] = field(default_factory=dict)
    files: int = 0
    keys: Shredded = field(default_factory=Shredded)


async def look(database: Database, terms: Terms, now: int) -> list[Due]:
    """What `purge` would take today."""
    found = []
    async with database.read() as connection:
        for kind in Kept:
            before = terms.before(kind, now)
            found.append(Due(kind, before, 0 if before is None else await expired.count(connection, kind, before)))
    return found


async def purge(
    database: Database, contents: Path, terms: Terms, now: int, random: Callable[[int], bytes], rest_ms: int = REST_MS
) -> Purged:
    """Take it out for good, then destroy what keys can go."""
    done, keys = Purged(), set[int]()
    files = SealedFiles(contents, database.keyring)
    for kind in Kept:
        if (before := terms.before(kind, now)) is None:
            continue
        after = 0
        while ids := await _some(database, kind, before, after):
            after = ids[-1]
            sealed_with, digests = await database.write(partial(expired.take_out, kind=kind, ids=ids, now=now))
            done.rows[kind] = done.rows.get(kind, 0) + len(ids)
            keys |= sealed_with
            for digest in digests:
                files.forget(digest)
                done.files += 1

    async def unit(connection: AsyncConnection) -> None:
        await doom(connection, database, keys, "term over", now, random)
        if done.rows:
            counts: Mapping[str, int] = {str(kind): rows for kind, rows in done.rows.items()}
            await audit.note(connection, Entry(None, "retention.purge", "retention", counts), now)

    await database.write(unit)
    await database.adopt_keys()
    done.keys = await shred(database, contents, now, rest_ms)
    return done


async def _some(database: Database, kind: Kept, before: int, after: int) -> list[int]:
    async with database.read() as connection:  # which ones: not in the writer's time
        return await expired.some(connection, kind, before, after, erasing.CHUNK)
