"""Texts are read before their transaction, and between two of them the event loop answers whoever knocks.

Reading is the dearest step of an MO. Where many wait, a second process reads them, while this one answers, stores and sends. It begins with
the first such pile and ends with this process, however that ends. While it is beginning this one reads too; from then on it reads nothing
of such a pile: also what it read while its loop had nothing to do kept the writer's thread from the interpreter.
"""

import asyncio
import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Final

from gateway.deployment import Deployment
from gateway.process import follow_parent, work_hard
from gateway.reading import Reading, gazetteer_of, place_names_of, read, spellings_of
from gateway.services.follow_ups import correction_in
from gateway.storage.inbox import Mo

MANY: Final = 40  # fewer are read here: some 20 ms, and no second process on a quiet evening
_SLICE: Final = 40  # a hand-over costs this process as much as storing ten texts
_AHEAD: Final = 3  # slices at the helper: it must not wait for the next one

Text = tuple[str, str]  # words, channel
_helpers_own: "Reader | None" = None  # in the second process


class Reader:
    """Reads with the villages and keywords of one deployment. Pure."""

    def __init__(self, deployment: Deployment) -> None:
        self._places, self._names = gazetteer_of(deployment), place_names_of(deployment)
        self._aliases = spellings_of(deployment.keywords.aliases)

    def read(self, text: Text) -> Reading:
        """What a text says; of a correction, what stands behind its SUA."""
        words, channel = text
        corrected = correction_in(words)
        return read(corrected.words if corrected else words, channel, self._places, self._aliases, names=self._names)


class ReadingAhead:
    """Reads MOs; with `helper`, which `reading_helper` opens, in a second process where many wait."""

    def __init__(self, deployment: Deployment, helper: Executor | None = None) -> None:
        self._reader, self._helper = Reader(deployment), helper
        self._is_up = False  # the helper has read something

    def read(self, mo: Mo) -> Reading:
        """What `mo` says, here and now."""
        return self._reader.read((mo.text, mo.channel))

    def read_text(self, words: str, channel: str) -> Reading:
        """What words say that are no MO yet, here and now."""
        return self._reader.read((words, channel))

    async def read_all(self, mos: Sequence[Mo]) -> dict[int, Reading]:
        """Readings by MO id."""
        pile = deque(mos[at : at + _SLICE] for at in range(0, len(mos), _SLICE))
        readings: dict[int, Reading] = {}
        if self._helper is not None and len(mos) >= MANY:
            there = [self._there(self._helper, pile, readings) for _ in range(_AHEAD)]
            await asyncio.gather(*there, self._here(pile, readings, until_up=True))  # a helper takes a second to begin
        await self._here(pile, readings)
        return readings

    async def _here(self, pile: deque[Sequence[Mo]], readings: dict[int, Reading], *, until_up: bool = False) -> None:
        """A text costs up to a millisecond: departures have their slots and callers wait, so between two of them the loop goes on.

        `until_up`: and no longer than until the helper reads.
        """
        while pile and not (until_up and self._is_up):
            for mo in pile.pop():
                await asyncio.sleep(0)
                readings[mo.id] = self.read(mo)

    async def _there(self, helper: Executor, pile: deque[Sequence[Mo]], readings: dict[int, Reading]) -> None:
        """In the second process; what that could not do stays on the pile."""
        loop = asyncio.get_running_loop()
        while pile:
            some = pile.popleft()
            try:
                found = await loop.run_in_executor(helper, _read_some, [(mo.text, mo.channel) for mo in some])
            except (BrokenProcessPool, RuntimeError):  # it was killed, or is being closed
                self._helper = None
                pile.append(some)
                return
            self._is_up = True
            readings.update(zip((mo.id for mo in some), found, strict=True))


# --- the second process ---


@contextmanager
def reading_helper(deployment: Deployment) -> Iterator[Executor | None]:
    """A process that reads, for the length of the block; None where there is but one processor. It starts when it is first needed."""
    if (os.cpu_count() or 1) < 2:
        yield None
        return
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_begin, initargs=(deployment,)) as pool:
        yield pool


def _begin(deployment: Deployment) -> None:
    global _helpers_own
    follow_parent()
    _helpers_own = Reader(deployment)
    work_hard()


def _read_some(texts: Sequence[Text]) -> list[Reading]:
    reader = _helpers_own
    return [reader.read(text) for text in texts] if reader is not None else []
