"""Where a printed code leads today: as printed, elsewhere, or nowhere (ADR 0011). Held in memory, so that no scan asks the database.

Also what a code may have been meant to be: the known codes that are one slip away.
"""

import asyncio
from collections.abc import Collection, Mapping
from typing import Final

from gateway.domain.code import CODE_ALPHABET
from gateway.storage import links as rows
from gateway.storage.database import Database, StorageDown
from gateway.storage.links import Override

REFRESH_S: Final = 5.0
MOST_SUGGESTED: Final = 3
_LENGTHS: Final = range(4, 12)  # of a cleaned code that may be one with a slip


class Links:
    """The codes that were changed. Empty until `refresh` has once read them; what it read last stays while the database is down."""

    def __init__(self) -> None:
        self._overrides: Mapping[str, Override] = {}

    def of(self, code: str) -> Override | None:
        """What was changed of `code`; None: it means what was printed."""
        return self._overrides.get(code)

    async def refresh(self, database: Database) -> bool:
        """Read the changes; False: the database is down."""
        try:
            async with database.read() as connection:
                self._overrides = await rows.overrides(connection)
        except StorageDown:
            return False
        return True

    async def run(self, database: Database, stop: asyncio.Event) -> None:
        """Refresh every 5 s until `stop`: a change made by any process holds everywhere within that time."""
        stopped = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                await self.refresh(database)
                await asyncio.wait({stopped}, timeout=REFRESH_S)
        finally:
            stopped.cancel()


async def disable(database: Database, code: str, why: str, now: int) -> None:
    """Switch a printed code off: its page says so, and how to report all the same. Raises StorageDown."""
    await database.write(lambda connection: rows.change(connection, Override(code, None, now, why, now)))


async def repoint(database: Database, code: str, target: str, why: str, now: int) -> None:
    """Let a printed code lead to where `target`, another code, leads. Raises StorageDown."""
    await database.write(lambda connection: rows.change(connection, Override(code, target, None, why, now)))


async def restore(database: Database, code: str) -> bool:
    """Let a code mean again what was printed; False: it did. Raises StorageDown."""
    return await database.write(lambda connection: rows.restore(connection, code))


def neighbours(typed: str, known: Collection[str]) -> list[str]:
    """The codes of `known` that are one slip from `typed` (cleaned): a wrong sign, two swapped, one left out, one too many.

    At most three, likeliest first. Bounded by the length of a code, however many are known.
    """
    if len(typed) not in _LENGTHS:
        return []
    wrong = (typed[:i] + c + typed[i + 1 :] for i in range(len(typed)) for c in CODE_ALPHABET)
    swapped = (typed[:i] + typed[i + 1] + typed[i] + typed[i + 2 :] for i in range(len(typed) - 1))
    left_out = (typed[:i] + c + typed[i:] for i in range(len(typed) + 1) for c in CODE_ALPHABET)
    too_many = (typed[:i] + typed[i + 1 :] for i in range(len(typed)))
    found = dict.fromkeys(code for way in (wrong, swapped, left_out, too_many) for code in way if code in known and code != typed)
    return list(found)[:MOST_SUGGESTED]
