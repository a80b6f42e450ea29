"""The telco's calls to the gateway's hooks: reports and MOs, repeated till they are taken, like a real one's, but not for ever."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gateway.carriers.wire import HttpRequest, HttpResponse
from gateway.transport import HttpSender, LostAnswer, NotSent

QUEUE: Final = 200_000
WORKERS: Final = 16
TRIES: Final = 6


@dataclass(frozen=True, slots=True)
class Errand:
    """Calls to be made one after the other from `due` (loop time) on; `done` is told the last answer, or None when it was given up."""

    calls: tuple[Callable[[], HttpRequest], ...]  # built when they leave: an errand that waits is small
    due: float
    done: Callable[[HttpResponse | None], None]


class Errands:
    """A bounded queue of errands and the workers that run them. `retry_s`: the first wait, doubled each time."""

    def __init__(self, send: HttpSender, retry_s: float) -> None:
        self._send = send
        self._retry_s = retry_s
        self._queue: asyncio.Queue[Errand] = asyncio.Queue(QUEUE)

    def put(self, errand: Errand) -> None:
        """Queue it; a full queue gives it up at once."""
        try:
            self._queue.put_nowait(errand)
        except asyncio.QueueFull:
            errand.done(None)

    async def run(self, errand: Errand) -> None:
        """Make its calls now."""
        await asyncio.sleep(max(errand.due - asyncio.get_running_loop().time(), 0))
        answer: HttpResponse | None = None
        for call in errand.calls:
            answer = await self._insist(call)
            if answer is None:
                break
        errand.done(answer)

    async def work(self) -> None:
        """Run errands till cancelled."""
        while True:
            errand = await self._queue.get()
            try:
                await self.run(errand)
            finally:
                self._queue.task_done()

    async def quiet(self) -> None:
        """Wait till nothing is left to do."""
        await self._queue.join()

    async def _insist(self, build: Callable[[], HttpRequest]) -> HttpResponse | None:
        """The first 2xx answer within `TRIES`; a lost answer is asked for again: hooks must bear repeats."""
        for attempt in range(TRIES):
            try:
                answer: HttpResponse | None = await self._send(build())
            except (NotSent, LostAnswer):
                answer = None
            if answer is not None and 200 <= answer.status < 300:
                return answer
            if attempt < TRIES - 1:
                await asyncio.sleep(self._retry_s * 2**attempt)
        return None
