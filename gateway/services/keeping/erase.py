"""One person, or one tip, taken out everywhere: numbers and words go, rows and counts stay, and nobody writes to them again.

What belongs to a case stays there without the number (the case is the purpose); whoever is erased is stopped for good by a keyed hash.
The keys that had sealed what went are doomed: when they are destroyed, it is gone from every backup too.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.msisdn import BadMsisdn, Msisdn
from gateway.domain.permission import Actor
from gateway.services.keeping.keys import AHEAD_MS
from gateway.services.refusal import Refusal
from gateway.storage import audit, data_keys, erasing
from gateway.storage.audit import Entry
from gateway.storage.database import Database
from gateway.storage.erasing import Belongings
from gateway.storage.seal import FIRST, KEY_BYTES
from gateway.storage.sealed_files import SealedFiles


@dataclass(frozen=True, slots=True)
class Whom:
    """A person by number, or one tip by its code; `why` goes into the log. `commune`: only what that commune was told; None: all."""

    number: str | None = field(default=None, repr=False)
    tip: str | None = None
    why: str = ""
    commune: str | None = None


@dataclass(frozen=True, slots=True)
class Erased:
    """Values by column; `in_words`: of them found by opening; `case_tips`: tips whose words stay with their case; `files`: attachments;
    `doomed`: keys that will be destroyed; `first_key`: something was sealed with the key that can't be."""

    counts: Mapping[str, int]
    in_words: int
    tips: int
    case_tips: int
    files: int
    doomed: tuple[int, ...] = ()
    first_key: bool = False

    @property
    def is_nothing(self) -> bool:
        return not self.counts and not self.in_words


async def look(database: Database, whom: Whom) -> Erased:
    """What `erase` would take. Raises Refusal."""
    async with database.read() as connection:
        of = await _of(connection, database, whom)
        counts = await erasing.count_of(connection, of)
        words = await _words(connection, whom)
    return Erased(counts, len(words), len(of.tips), len(of.case_tips), 0)


async def erase(
    database: Database, contents: Path, whom: Whom, now: int, random: Callable[[int], bytes], actor: Actor | None = None
) -> Erased:
    """Take it out for good. Raises Refusal."""
    async with database.read() as connection:
        words = await _words(connection, whom)  # opens every value of some tables: not in the writer's time

    async def unit(connection: AsyncConnection) -> tuple[Erased, list[bytes]]:
        of = await _of(connection, database, whom)
        counts, keys = await erasing.take_out(connection, of)
        keys |= await erasing.clear_words(connection, words)
        digests = await erasing.cut_ties(connection, of, now)
        if of.bidx is not None:
            await erasing.stop(connection, of.bidx, now)
        doomed = await doom(connection, database, keys, "erased", now, random)
        done = Erased(counts, len(words), len(of.tips), len(of.case_tips), len(digests), doomed, FIRST in keys)
        detail = {"values": sum(counts.values()) + len(words), "tips": done.tips, "case_tips": done.case_tips, "why": whom.why}
        named = f"tip:{whom.tip}" if whom.tip else f"person:{(of.bidx or b'').hex()[:12]}"
        await audit.note(connection, Entry(actor, "person.erase", named, detail), now)
        return done, digests

    done, digests = await database.write(unit)
    files = SealedFiles(contents, database.keyring)
    for digest in digests:
        files.forget(digest)
    await database.adopt_keys()
    return done


async def doom(
    connection: AsyncConnection, database: Database, keys: set[int], why: str, now: int, random: Callable[[int], bytes]
) -> tuple[int, ...]:
    """Doom `keys`; where the one that seals now is among them, its successor is made. The ids that were doomed."""
    doomed = tuple(sorted(keys - {FIRST}))
    for key_id in doomed:
        await data_keys.doom(connection, key_id, why, now)
    if database.keyring.current in keys:
        await data_keys.add(connection, database.keyring, random(KEY_BYTES), now + AHEAD_MS, now)
    return doomed


async def _of(connection: AsyncConnection, database: Database, whom: Whom) -> Belongings:
    if whom.number is not None:
        bidx = database.keyring.blind(parsed(whom.number).e164, "msisdn")
        return await erasing.belongings(connection, bidx, commune=whom.commune)
    found = await erasing.tip_of(connection, whom.tip or "")
    if found is None:
        raise Refusal(f"There is no tip {whom.tip}; tinbao tips list shows all")
    return await erasing.belongings(connection, None, [found])


async def _words(connection: AsyncConnection, whom: Whom) -> list[tuple[str, int]]:
    if whom.number is None:
        return []
    return await erasing.with_words(connection, parsed(whom.number).national.replace(" ", ""))


def parsed(number: str) -> Msisdn:
    """Raises Refusal, which doesn't repeat the number."""
    try:
        return Msisdn.parse(number)
    except BadMsisdn:
        raise Refusal("That is no telephone number. Write it as 0300 123 456 or +84 300 123 456") from None
