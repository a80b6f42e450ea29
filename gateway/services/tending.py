"""What nobody waits for, of tips: alerts every second, comparisons as they come, the digest, and what is old and swept away."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from gateway.services.alerts import Alerts
from gateway.services.attachments import Attachments
from gateway.services.corroboration import A_ROUND, mind_corroboration
from gateway.services.digest import Digest
from gateway.storage import limits, web_sessions
from gateway.storage.database import Database, StorageDown

BEAT_S: Final = 1.0
ROUNDS_A_BEAT: Final = 5  # of comparisons: the rest waits, alerts don't; one while texts wait to be read
DIGEST_EVERY_MS: Final = 60_000
SWEEP_EVERY_MS: Final = 3_600_000


class Tending:
    """One loop a process, beside upkeep, which may wait long for a carrier; an alert has ten seconds. Any number of processes may."""

    def __init__(
        self, database: Database, alerts: Alerts, digest: Digest, attachments: Attachments, is_busy: Callable[[], bool] = lambda: False
    ) -> None:
        self._database, self._alerts, self._digest, self._attachments = database, alerts, digest, attachments
        self._is_busy = is_busy
        self._done: dict[str, int] = {}
        self.texted = asyncio.Event()  # set when texts wait in the outbox

    async def run(self, stop: asyncio.Event, clock: Callable[[], int]) -> None:
        """Beats until `stop`; a database or a disk that is away is waited for."""
        while not stop.is_set():
            with suppress(StorageDown, OSError):
                await self.once(clock())
            with suppress(TimeoutError):
                async with asyncio.timeout(BEAT_S):
                    await stop.wait()

    async def once(self, now: int) -> None:
        """One round at `now` (epoch ms), alerts first."""
        if await self._alerts.mind(now):
            self.texted.set()
        for _ in range(1 if self._is_busy() else ROUNDS_A_BEAT):
            if await mind_corroboration(self._database, now) < A_ROUND:
                break
        if self._is_due("digest", DIGEST_EVERY_MS, now) and await self._digest.mind(now):
            self.texted.set()
        if self._is_due("sweep", SWEEP_EVERY_MS, now):
            await self._attachments.sweep(now)
            await self._database.write(lambda connection: limits.forget(connection, now))
            await self._database.write(lambda connection: web_sessions.forget(connection, now))

    def _is_due(self, what: str, every_ms: int, now: int) -> bool:
        """Whether `what` was last done that long ago, or the clock was put back; notes that it is done."""
        before = self._done.get(what)
        if before is not None and 0 <= now - before < every_ms:
            return False
        self._done[what] = now
        return True
