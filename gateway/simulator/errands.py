"""The telco's calls to the gateway's hooks: reports and MOs, repeated till they are taken, like a real one's, but not for ever."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
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
        self._loop = asyncio.get_running_loop()
        self._ready: asyncio.Queue[Errand] = asyncio.Queue()
        self._open = 0  # waiting for their time, ready or on their way
        self._quiet = asyncio.Event()
        self._quiet.set()

    def put(self, errand: Errand) -> None:
        """Run it when it is due; where too many wait it is given up at once."""
        if self._open >= QUEUE:
            errand.done(None)
            return
        self._open += 1
        self._quiet.clear()
        if errand.due <= self._loop.time():
            self._ready.put_nowait(errand)
        else:  # no worker waits with it: what is due meanwhile goes first
            self._loop.call_at(errand.due, self._ready.put_nowait, errand)

    async def _run(self, errand: Errand) -> None:
        answer: HttpResponse | None = None
        for call in errand.calls:
            answer = await self._insist(call)
            if answer is None:
                break
        errand.done(answer)

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Run errands for the length of the block; a bug in one is raised at its end."""
        workers = [asyncio.create_task(self._work(), name=f"telco:errands-{number}") for number in range(WORKERS)]
        try:
            yield
        finally:
            for worker in workers:
                worker.cancel()
            ended = await asyncio.gather(*workers, return_exceptions=True)
        for bug in ended:
            if isinstance(bug, Exception):
                raise bug

    async def _work(self) -> None:
        while True:
            errand = await self._ready.get()
            try:
                await self._run(errand)
            finally:
                self._open -= 1
                if not self._open:
                    self._quiet.set()

    async def quiet(self) -> None:
        """Wait till nothing is left to do."""
        await self._quiet.wait()

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
