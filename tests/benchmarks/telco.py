"""The fake telco in a process of its own. It sends no reports, and tells when it counted its first and its last MT.

As a program, with its behaviour as JSON: prints its address, then for each line on stdin ("seen", "lap", "kept SECONDS") one JSON line; it
ends with its stdin.
"""

import asyncio
import gc
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from subprocess import Popen
from typing import Any

import uvloop

from gateway.simulator.behaviour import Behaviour
from gateway.simulator.telco import Telco, telco
from tests.benchmarks.children import child, line_of, module


@dataclass(frozen=True)
class Lap:
    """What was counted since the last lap. `first`, `last`: epoch seconds; `twice`: MTs whose reference had come before.

    `cpu_s`: processor time of the telco's process.
    """

    taken: int
    twice: int
    first: float
    last: float
    cpu_s: float

    def per_s(self, since: float | None = None) -> float:
        """MTs a second between the first and the last count, or from `since` on."""
        return self.taken / (self.last - (self.first if since is None else since))


@dataclass(frozen=True)
class Kept:
    """An account's pace as the telco saw it: the most segments, and requests, in any half-open window; all of them, and in what time."""

    peak_segments: int
    peak_requests: int
    requests: int
    segments: int
    seconds: float


class _Marks:
    """The telco's clock, which it reads once for each MT it takes: so the clock knows the first and the last."""

    def __init__(self) -> None:
        self.first = self.last = 0.0

    def __call__(self) -> float:
        self.last = time.time()
        self.first = self.first or self.last
        return self.last


@dataclass(frozen=True)
class TelcoProcess:
    """The telco, seen from the run."""

    url: str
    process: Popen[str]

    def seen(self) -> Lap:
        """What came since the last lap."""
        return self._asked("seen")

    def lap(self) -> Lap:
        """The same, and begin anew."""
        return self._asked("lap")

    def kept(self, window_s: float) -> Kept:
        """The pace of the one account that sends here."""
        return Kept(**self._told(f"kept {window_s}"))

    def _asked(self, word: str) -> Lap:
        return Lap(**self._told(word))

    def _told(self, words: str) -> dict[str, Any]:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{words}\n")
        self.process.stdin.flush()
        return dict(json.loads(line_of(self.process)))


@contextmanager
def telco_process(**behaviour: object) -> Iterator[TelcoProcess]:
    """A telco for the length of the block; it sends no reports."""
    with child(*module("telco", json.dumps({"dlr": "never"} | behaviour))) as process:
        yield TelcoProcess(line_of(process), process)


def _kept(there: Telco, window_s: float) -> Kept:
    (arrivals,) = there.arrivals.values()
    return Kept(arrivals.peak(window_s), arrivals.peak(window_s, requests=True), *arrivals.span())


async def _main() -> None:
    gc.disable()  # it keeps what arrives and makes no circles: what a collection costs is no part of what it takes
    marks, taken, twice, cpu = _Marks(), 0, 0, 0.0
    async with telco(behaviour=Behaviour().changed(json.loads(sys.argv[1])), clock=marks) as there:
        print(there.url, flush=True)
        while word := await asyncio.to_thread(sys.stdin.readline):
            if word.startswith("kept"):
                print(json.dumps(vars(_kept(there, float(word.split()[1])))), flush=True)
                continue
            counts, used = there.counts, time.process_time()
            print(json.dumps(vars(Lap(counts.taken - taken, counts.twice - twice, marks.first, marks.last, used - cpu))), flush=True)
            if word.strip() == "lap":
                marks.first, taken, twice, cpu = 0.0, counts.taken, counts.twice, used


if __name__ == "__main__":
    uvloop.run(_main())
