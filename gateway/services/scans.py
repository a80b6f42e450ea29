"""Visits through printed codes and slips of typing, counted beside the answer and never in its way.

What waits to be written is a count by code and day, so that ten million visits take no more room than the codes there are.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.storage.database import Database, StorageDown
from gateway.storage.links import Mistyped, Visits, add_mistyped, count_visits

MOST_WAITING: Final = 50_000  # codes and days; a province has fewer placements
MOST_SLIPS: Final = 500  # between two writes: a program that tries codes must not fill the disk
_PAUSE_S: Final = 2.0  # between attempts while the database is down
_GATHER_S: Final = 1.0  # between two writes: a peak is one row a code, not one a visit

# Words in the User-Agent of programs that fetch a link to preview it or to index it (their makers' pages on crawlers).
_PROGRAMS: Final = (
    "bot", "crawler", "spider", "facebookexternalhit", "whatsapp", "telegram", "skypeuripreview", "slack", "zalo-preview", "viber",
    "preview", "embedly", "discord", "headless", "lighthouse", "scan/", "feed", "fetch", "facebookcatalog", "meta-external",
    "curl/", "wget/", "python-", "go-http-client", "okhttp", "java/", "libwww", "node", "axios", "monitor", "uptime",
)  # fmt: skip
_AHEAD: Final = ("sec-purpose", "purpose", "x-purpose", "x-moz")  # a page fetched before anybody has asked for it


def is_person(method: str, headers: Mapping[str, str]) -> bool:
    """Whether a visit counts: previews, crawlers, HEAD, pages fetched ahead and programs without a name are none. `headers`: case-blind."""
    agent = headers.get("User-Agent", "").lower()
    is_ahead = any("pre" in headers.get(name, "").lower() for name in _AHEAD)
    return method == "GET" and bool(agent) and not is_ahead and not any(word in agent for word in _PROGRAMS)


def is_scanned(path: str) -> bool:
    """Whether `path` came out of a printed code: those are all in capitals, and nobody types or passes on a link like that."""
    return path.startswith(("/Q/", "/V/")) and path == path.upper()


class Scans:
    """Visits and slips that wait to be written. `dropped` counts those for which there was no room."""

    def __init__(self, timezone: str = "Asia/Ho_Chi_Minh", most: int = MOST_WAITING) -> None:
        self._visits: Counter[Visits] = Counter()
        self._slips: deque[Mistyped] = deque()
        self._zone, self._most = ZoneInfo(timezone), most
        self._work = asyncio.Event()
        self.dropped = 0

    def note(self, village: str, placement: str, at: int) -> None:
        """Count a visit at `at` (epoch ms); never waits. `placement`: see `Visits`."""
        visits = Visits(village, placement, self._day(at))
        if visits not in self._visits and len(self._visits) >= self._most:
            self.dropped += 1
            return
        self._visits[visits] += 1
        self._work.set()

    def note_mistyped(self, code: str, at: int) -> None:
        """Keep a code that led nowhere; never waits."""
        if len(self._slips) >= MOST_SLIPS:
            self.dropped += 1
            return
        self._slips.append(Mistyped(code, at))
        self._work.set()

    def _day(self, at: int) -> int:
        return int(datetime.fromtimestamp(at / 1000, UTC).astimezone(self._zone).strftime("%Y%m%d"))

    async def run(self, database: Database, stop: asyncio.Event) -> None:
        """Write what comes, at most once a second, until `stop`; what waits then is written once more."""
        stopped = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                work = asyncio.create_task(self._work.wait())
                await asyncio.wait({work, stopped}, return_when=asyncio.FIRST_COMPLETED)
                work.cancel()
                self._work.clear()
                is_written = await self.write(database)
                await asyncio.wait({stopped}, timeout=_GATHER_S if is_written else _PAUSE_S)
                if not is_written:
                    self._work.set()
            await self.write(database)
        finally:
            stopped.cancel()

    async def write(self, database: Database) -> bool:
        """Write all that waits; False: the database is down and it waits on."""
        visits, slips = dict(self._visits), list(self._slips)
        if not visits and not slips:
            return True

        async def unit(connection: AsyncConnection) -> None:
            await count_visits(connection, visits)
            await add_mistyped(connection, slips)

        try:
            await database.write(unit)
        except StorageDown:
            return False
        self._visits -= Counter(visits)  # what came while it was written stays
        for _ in slips:
            self._slips.popleft()
        return True
