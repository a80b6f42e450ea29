"""Two people who tell of one thing are worth more than one: their tips are linked as corroboration, and both stay whole.

What is compared are pairs of neighbouring words that say something. Stock phrases ("mo liet si", "o bo suoi"), two numbers side by side (a
date), the keyword, village codes and telephone numbers are left out: everybody writes the first, many the second, and no two people share
the others. Two tips by different people are linked when they share SHARED such pairs, and these are LIKENESS of the shorter one's.

Measured over the 91 tips of the labelled sample, 4,095 pairs that tell of different things, and over copies of each with another tail or
head, in capitals, with slips, with words left out (tests/services/test_corroboration.py):

    shared  likeness  linked wrongly  copies found  of those with 6 telling pairs and more
    2       0.5       1               85-86 %       100 %
    3       0.3       0               74-78 %       100 %
    3       0.5       0               74-78 %       100 %
    3       0.7       0               74-78 %       100 %
    4       0.5       0               68-70 %       100 %

What is not found is shorter than three telling pairs ("mo bo doi o doi che"): it would be linked with everything.
"""

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.reading.words import clean, word_set, words_of
from gateway.storage import corroboration as rows
from gateway.storage.corroboration import Told
from gateway.storage.database import Database
from gateway.storage.seal import Keyring

SHARED: Final = 3  # pairs
LIKENESS: Final = 0.5  # of the shorter text's pairs
A_ROUND: Final = 10  # tips a transaction: 15 ms beside 100,000 others; departures wait for the same writer
_STOCK: Final = word_set(
    "ls mo liet si bo doi co mot hai ba 1 2 3 ngoi o toi biet cai cho ong bac chu anh em con chau gan tren duoi ben canh trong hy hi sinh "
    "chon nam khong ko ro ten que va la bi cot xa thon ban dau bo suoi"
)
_OTHERS_OWN: Final = re.compile(r"[a-z]{2,4}\d{1,3}|\d{6,}")  # a village code, a telephone number

Pair = tuple[str, str]


def pairs_of(text: str) -> frozenset[Pair]:
    """The telling pairs of neighbouring words in `text`, without marks and case. Linear in its first 4,000 characters."""
    words = [word.plain for word in words_of(clean(text)) if not _OTHERS_OWN.fullmatch(word.plain)]
    return frozenset(pair for pair in pairwise(words) if not _says_nothing(*pair))


def _says_nothing(one: str, other: str) -> bool:
    return (one in _STOCK and other in _STOCK) or (one.isdigit() and other.isdigit())


def likeness(one: frozenset[Pair], other: frozenset[Pair]) -> float:
    """0..1: how much of the shorter text the longer one holds; 0 where too little is shared to say anything."""
    shared = len(one & other)
    return shared / min(len(one), len(other)) if shared >= SHARED else 0.0


def hashes_of(keyring: Keyring, pairs: Iterable[Pair]) -> list[int]:
    """The smallest keyed hashes of `pairs` (64 bits, signed): of two texts that share pairs, the same ones are kept."""
    every = (int.from_bytes(keyring.blind(" ".join(pair), "tip.shingle")[:8], "big", signed=True) for pair in pairs)
    return sorted(every)[: rows.KEPT]


async def link(connection: AsyncConnection, tip: int, text: str, now: int) -> int:
    """Compare the tip of that id with all others and link it; returns how many links are new. Also in the transaction that stores it."""
    told = await rows.one(connection, tip)
    return 0 if told is None else await _link(connection, Told(told.id, told.bidx, text), now)


async def mind_corroboration(database: Database, now: int) -> int:
    """Compare tips that nobody has compared yet, at most A_ROUND; returns how many. Upkeep comes round with it."""
    async with database.read() as connection:  # most rounds end here, without a writer's turn
        if not await rows.waiting(connection, 1):
            return 0

    async def unit(connection: AsyncConnection) -> int:
        waiting = await rows.waiting(connection, A_ROUND) if await rows.my_turn(connection) else []
        for told in waiting:
            await _link(connection, told, now)
        return len(waiting)

    return await database.write(unit)


async def _link(connection: AsyncConnection, told: Told, now: int) -> int:
    keyring: Keyring = connection.dialect.keyring  # type: ignore[attr-defined] # set where the engine is made
    pairs = pairs_of(told.text)
    hashes = hashes_of(keyring, pairs)
    candidates = await rows.alike(connection, told, hashes, SHARED)
    links = [
        (other.id, like) for other in candidates if other.id != told.id and (like := likeness(pairs, pairs_of(other.text))) >= LIKENESS
    ]
    await rows.store(connection, told, hashes, links, now)
    return len(links)
