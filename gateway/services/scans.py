"""Visits through printed codes, counted beside the answer and never in its way."""

import asyncio
from collections import deque
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.storage.database import Database, StorageDown
from gateway.storage.links import Scan, add_scans

MOST_WAITING: Final = 10_000
_GROUP: Final = 1_000
_PAUSE_S: Final = 2.0  # between attempts while the database is down

# Words in the User-Agent of programs that fetch a link to preview it or to index it (their makers' pages on crawlers).
_PROGRAMS: Final = (
    "bot", "crawler", "spider", "facebookexternalhit", "whatsapp", "telegram", "skypeuripreview", "slack", "zalo-preview", "viber",
    "preview", "embedly", "discord",
    "curl/", "wget/", "python-", "go-http-client", "okhttp", "headlesschrome", "monitor", "uptime",
)  # fmt: skip


def is_person(method: str, user_agent: str) -> bool:
    """Whether a visit counts: previews, crawlers, HEAD and programs that give no name are no scans."""
    agent = user_agent.lower()
    return method == "GET" and bool(agent) and not any(word in agent for word in _PROGRAMS)


class Scans:
    """Visits that wait to be written. `dropped` counts those for which there was no room."""

    def __init__(self, most: int = MOST_WAITING) -> None:
        self._waiting: deque[Scan] = deque()
        self._most = most
        self._work = asyncio.Event()
        self.dropped = 0

    def note(self, scan: Scan) -> None:
        """Remember a visit; never waits."""
        if len(self._waiting) >= self._most:
            self.dropped += 1
            return
        self._waiting.append(scan)
        self._work.set()

    async def run(self, database: Database, stop: asyncio.Event) -> None:
        """Write visits as they come, many in one transaction, until `stop`; what waits then is written once more."""
        stopped = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                work = asyncio.create_task(self._work.wait())
                await asyncio.wait({work, stopped}, return_when=asyncio.FIRST_COMPLETED)
                work.cancel()
                self._work.clear()
                if not await self.write(database):
                    await asyncio.wait({stopped}, timeout=_PAUSE_S)
                    self._work.set()
        finally:
            stopped.cancel()

    async def write(self, database: Database) -> bool:
        """Write all that waits; False: the database is down and they wait on."""
        while self._waiting:
            group = [self._waiting[i] for i in range(min(_GROUP, len(self._waiting)))]

            async def unit(connection: AsyncConnection, group: list[Scan] = group) -> None:
                await add_scans(connection, group)

            try:
                await database.write(unit)
            except StorageDown:
                return False
            for _ in group:
                self._waiting.popleft()
        return True
