"""The waves that somebody watches: looked at once a second each, whoever watches, and not at all without a viewer."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from gateway.services.wave_desk import live
from gateway.services.wave_desk.live import Glance
from gateway.storage.database import StorageDown
from gateway.web.desk.kit import Desk

LOOK_S: Final = 1.0  # between two looks at a wave
SELDOM_S: Final = 5.0  # a look that takes long is taken more seldom, but not more than this
BEAT_S: Final = 15.0  # a word where nothing changed: proxies close silent streams
KEPT: Final = 60  # paces that a new viewer is shown


@dataclass(slots=True)
class _Watch:
    """A wave somebody watches. `number` grows with each change; `turned` is set, and replaced, then."""

    task: asyncio.Task[None] | None = None
    viewers: int = 0
    number: int = 0
    latest: Glance | None = None
    paces: deque[float] = field(default_factory=lambda: deque(maxlen=KEPT))
    turned: asyncio.Event = field(default_factory=asyncio.Event)


class Watches:
    """The waves that are watched in this process: one look a second each, shared by all viewers; none without a viewer."""

    def __init__(self, here: Desk, look_s: float = LOOK_S, beat_s: float = BEAT_S) -> None:
        self._here, self._of = here, dict[int, _Watch]()
        self.look_s, self.beat_s = look_s, beat_s

    async def follow(self, id_: int, name: str, tell: Callable[[int, Glance | None, list[float]], Awaitable[None]]) -> None:
        """Call `tell` with (number, glance, paces) now and at each change, with None in every pause, until the wave is over."""
        watch = self._of.setdefault(id_, _Watch())
        watch.viewers += 1
        if watch.task is None or watch.task.done():
            watch.task = asyncio.create_task(self._look(id_, name, watch), name=f"watch:{id_}")
        try:
            await self._tell(watch, tell)
        finally:
            watch.viewers -= 1
            if not watch.viewers:
                watch.task.cancel()
                self._of.pop(id_, None)

    async def _tell(self, watch: _Watch, tell: Callable[[int, Glance | None, list[float]], Awaitable[None]]) -> None:
        told = 0
        while True:
            turned = watch.turned
            if watch.number > told and watch.latest is not None:
                told = watch.number
                await tell(told, watch.latest, list(watch.paces))
                if watch.latest.over:
                    return
            try:
                async with asyncio.timeout(self.beat_s):
                    await turned.wait()
            except TimeoutError:
                await tell(told, None, [])
            if watch.task is not None and watch.task.done() and watch.number == told:
                watch.task.result()  # what ended it is the viewer's to hear
                return

    async def _look(self, id_: int, name: str, watch: _Watch) -> None:
        """Once a second, until it is over; a database that is away is waited for."""
        zone = self._here.deployment.campaign.timezone
        ticks = asyncio.get_running_loop().time
        try:
            while watch.latest is None or not watch.latest.over:
                began = ticks()
                with suppress(StorageDown):
                    watch.latest = await live.look(self._here.database, self._here.routes, id_, name, self._here.clock(), zone)
                    watch.paces.append(watch.latest.pace)
                    self._turn(watch)
                await asyncio.sleep(max(self.look_s, min(10 * (ticks() - began), SELDOM_S)))  # its share of the sending's time: a tenth
        finally:
            self._turn(watch, grown=0)

    @staticmethod
    def _turn(watch: _Watch, grown: int = 1) -> None:
        watch.number += grown
        turned, watch.turned = watch.turned, asyncio.Event()
        turned.set()

    async def close(self) -> None:
        """End all looks; their viewers find out."""
        tasks = [watch.task for watch in self._of.values() if watch.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
