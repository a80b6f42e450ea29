"""Full-text search over sealed words: opened, folded to bare letters and scanned. No plaintext lies in any index, on any disk.

The folded words of a commune are read into this process's memory when somebody opens its list, and forgotten ten minutes after the last
search: opening 100,000 tips takes most of a second, scanning them again 30 ms. The memory is bounded; what doesn't fit is opened and
scanned anew each time. It is filled up by what has come since; where tips were erased it is begun again, and what is shown of a hit is
read from its row anew.
"""

import asyncio
import re
import unicodedata
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.deployment import Deployment
from gateway.domain.fold import fold, nfc
from gateway.domain.msisdn import BadMsisdn, Msisdn
from gateway.domain.permission import Action, Actor
from gateway.reading.words import folded
from gateway.services.desk_tips.queue import EVERYTHING, Filters, Item, checked, item_of, wanted_by
from gateway.services.refusal import Refusal
from gateway.storage import audit, tip_queue
from gateway.storage.audit import Entry
from gateway.storage.database import Database, StorageDown
from gateway.storage.inbox import person
from gateway.storage.seal import Keyring
from gateway.storage.tip_queue import PLACES

KEPT_CHARS: Final = 96_000_000  # of all communes together: about 600,000 tips
IDLE_S: Final = 600.0
MOST_HITS: Final = 1_000  # newest tips that are looked up and put in order; more are only counted
SHOWN: Final = 100
LONGEST: Final = 200  # characters of a search
_CHUNK: Final = 20_000  # rows that are read in one go
_OPENED: Final = 2_000  # that a thread opens before it makes way
_GAP: Final = b"\0"  # stands in no text
_LATIN: Final = bytes([*range(0xCD), 0xE1, 0xE2])  # of UTF-8: ASCII, what follows a first byte, first bytes of Latin letters, marks, signs
_NUMBER: Final = re.compile(r"\+?\d[\d\s.\-]{7,18}")


@dataclass(slots=True)
class _Said:
    """Folded texts of one place in a commune, with their tips, up to the row `upto`."""

    upto: int = 0
    tips: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list, repr=False)


@dataclass(slots=True)
class _Commune:
    places: dict[str, _Said] = field(default_factory=lambda: {place: _Said() for place in PLACES}, repr=False)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class SearchMemory:
    """What this process remembers of the words of tips, to search them. Made once beside the database; `forget` empties it."""

    def __init__(self, kept_chars: int = KEPT_CHARS, idle_s: float = IDLE_S) -> None:
        self._kept, self._idle_s, self.chars = kept_chars, idle_s, 0
        self._communes: dict[str | None, _Commune] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._searching = 0
        self._ahead: asyncio.Task[None] | None = None
        self._is_closing = False

    def __repr__(self) -> str:
        return f"SearchMemory({self.chars} characters)"

    def forget(self) -> None:
        """Drop every word."""
        self._communes, self.chars = {}, 0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def prepare(self, database: Database, commune: str | None) -> None:
        """Begin to read a commune's words, so that a search that follows finds them open. Whoever looks at the list may search it next."""
        if commune not in self._communes and (self._ahead is None or self._ahead.done()):
            self._ahead = asyncio.get_running_loop().create_task(self._read_ahead(database, commune), name="search")

    async def _read_ahead(self, database: Database, commune: str | None) -> None:
        with suppress(StorageDown):  # the search itself will say so
            await self.hits(database, commune, ())

    async def close(self) -> None:
        """Stop reading and drop every word. Before the database closes."""
        self._is_closing = True
        if self._ahead is not None:
            await self._ahead
        self.forget()

    async def hits(self, database: Database, commune: str | None, needles: Sequence[str]) -> set[int]:
        """Ids of the tips of `commune` (None: of all) in whose texts every one of `needles` stands; folded, so "mieu" finds "miếu"."""
        self._searching += 1
        if self._timer is not None:  # what is being searched is not forgotten
            self._timer.cancel()
            self._timer = None
        try:
            return await self._hits(database, commune, needles)
        finally:
            self._searching -= 1
            if not self._searching:
                self._timer = asyncio.get_running_loop().call_later(self._idle_s, self.forget)

    async def _hits(self, database: Database, commune: str | None, needles: Sequence[str]) -> set[int]:
        own = self._communes.setdefault(commune, _Commune())
        async with own.turn:
            async with database.read() as connection:
                if await tip_queue.how_many(connection, commune) < len(own.places["tip.text"].tips):
                    self._drop(own)  # some were erased
                passing = [await self._fill(connection, database.keyring, commune, place, own, needles) for place in PLACES]
            found = await asyncio.to_thread(_scan, list(own.places.values()), needles)
        return _in_all(found, passing, needles)

    def _drop(self, own: _Commune) -> None:
        self.chars -= sum(len(text) for said in own.places.values() for text in said.texts)
        own.places = {place: _Said() for place in PLACES}

    async def _fill(
        self, connection: AsyncConnection, keyring: Keyring, commune: str | None, place: str, own: _Commune, needles: Sequence[str]
    ) -> list[set[int]]:
        """Read what came since; what doesn't fit is scanned as it passes, and the tips found there by needle are returned."""
        said, after = own.places[place], own.places[place].upto
        passing: list[set[int]] = [set() for _ in needles]
        is_next = True
        while not self._is_closing and (rows := await tip_queue.sealed_words(connection, place, commune, after, _CHUNK)):
            after = rows[-1][0]
            tips, sealed = [row[1] for row in rows], [row[2] for row in rows]
            texts = [text for at in range(0, len(sealed), _OPENED) for text in await _opened(keyring, place, sealed[at : at + _OPENED])]
            size = sum(map(len, texts))
            if is_next and self.chars + size <= self._kept:
                said.tips += tips
                said.texts += texts
                said.upto, self.chars = after, self.chars + size
                continue
            is_next = False  # a gap must not be skipped: from here on nothing is kept
            for found, needle in zip(passing, needles, strict=True):
                found |= {tip for tip, text in zip(tips, texts, strict=True) if needle in text}
        return passing


async def _opened(keyring: Keyring, place: str, sealed: Sequence[bytes]) -> list[str]:
    """The bare words of `sealed`; "" where they can't be opened any more. In a thread, in short pieces: the loop goes on answering."""
    return await asyncio.to_thread(lambda: bare_words(keyring.open_all(sealed, place)))


def bare_words(texts: Sequence[bytes]) -> list[str]:
    """Texts (UTF-8) without marks, small: joined, folded at once and parted again, a fifth of the cost of one by one.

    Most people write without marks: ASCII needs no more than small letters, and is folded apart.
    """
    plain, marked = [text for text in texts if text.isascii()], [text for text in texts if not text.isascii()]
    small, bare = iter(_parted(_GAP.join(plain).decode().lower(), plain)), iter(_without_marks(marked))
    return [next(small) if text.isascii() else next(bare) for text in texts]


def _without_marks(texts: Sequence[bytes]) -> list[str]:
    """What is neither Latin nor a sign, as Lao, keeps its letters, and is folded by itself."""
    joined = _GAP.join(texts)
    if joined.translate(None, _LATIN):
        return [folded(nfc(each.decode())) for each in texts]
    bare = unicodedata.normalize("NFD", joined.decode()).replace("đ", "d").replace("Đ", "d").encode("ascii", "ignore")
    return _parted(bare.decode().lower(), texts)


def _parted(joined: str, texts: Sequence[bytes]) -> list[str]:
    """What was joined, one by one again; where a text held what joins, each is folded by itself."""
    parts = joined.split(_GAP.decode())
    return parts if len(parts) == len(texts) else [folded(nfc(each.decode())) for each in texts]


def _scan(places: Iterable[_Said], needles: Sequence[str]) -> list[set[int]]:
    found: list[set[int]] = [set() for _ in needles]
    for said in places:
        for hits, needle in zip(found, needles, strict=True):
            hits |= {tip for tip, text in zip(said.tips, said.texts, strict=True) if needle in text}
    return found


def _in_all(found: Sequence[set[int]], passing: Sequence[Sequence[set[int]]], needles: Sequence[str]) -> set[int]:
    each = [found[at].union(*(one[at] for one in passing)) for at in range(len(needles))]
    return set.intersection(*each) if each else set()


# --- the use case ---


@dataclass(frozen=True, slots=True)
class Found:
    """Tips that hold all the words. `count`: how many there are; `items`: at most SHOWN of the newest, urgent first."""

    items: tuple[Item, ...]
    count: int


async def search(
    database: Database, memory: SearchMemory, deployment: Deployment, actor: Actor, said: str, now: int, filters: Filters = EVERYTHING
) -> Found:
    """Tips of this person's commune with every word of `said`, marks and case aside; or by code, or whole number. Raises Refusal."""
    actor.need(Action.TIP_READ)
    needles = fold(said[:LONGEST]).split()
    if not needles or max(map(len, needles)) < 2:
        raise Refusal("Xin gõ ít nhất hai chữ để tìm.")
    ids = await memory.hits(database, actor.communes, needles)
    ids |= await _by_name(database, actor, said, now)
    newest = sorted(ids, reverse=True)[:MOST_HITS]
    wanted = wanted_by(actor, checked(filters), deployment.campaign.timezone)
    async with database.read() as connection:
        rows = await tip_queue.in_commune(connection, newest, wanted)
    return Found(tuple(item_of(row, deployment) for row in rows[:SHOWN]), len(ids) if len(ids) > MOST_HITS else len(rows))


async def _by_name(database: Database, actor: Actor, said: str, now: int) -> set[int]:
    """Tips by code, or by the number of who told them: that is looked up by its blind index, and noted."""
    code = said.strip().upper()
    async with database.read() as connection:
        found = await tip_queue.ids_by_code(connection, code) if len(code) == 6 else set()
    if not (_NUMBER.fullmatch(said.strip()) and actor.may(Action.NUMBER_REVEAL)):
        return found
    try:
        bidx = person(database.keyring, Msisdn.parse(said.strip()).e164)
    except BadMsisdn:
        return found

    async def unit(connection: AsyncConnection) -> set[int]:
        by = await tip_queue.ids_by_sender(connection, bidx)
        await audit.note(connection, Entry(actor, "number.search", "tips", {"number": said.strip(), "found": len(by)}), now)
        return by

    return found | await database.write(unit)
