"""The fake telco in a process of its own. It sends no reports, and tells when it counted its first and its last MT.

As a program: prints its address, then for each line on stdin ("seen", "lap") one JSON line; it ends with its stdin.
"""

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from subprocess import Popen

import uvloop

from gateway.simulator.behaviour import Behaviour
from gateway.simulator.telco import telco
from tests.benchmarks.children import child, line_of, module


@dataclass(frozen=True)
class Lap:
    """What was counted since the last lap. `first`, `last`: epoch seconds; `twice`: MTs whose reference had come before."""

    taken: int
    twice: int
    first: float
    last: float

    def per_s(self, since: float | None = None) -> float:
        """MTs a second between the first and the last count, or from `since` on."""
        return self.taken / (self.last - (self.first if since is None else since))


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

    def _asked(self, word: str) -> Lap:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()
        return Lap(**json.loads(line_of(self.process)))


@contextmanager
def telco_process() -> Iterator[TelcoProcess]:
    """A telco for the length of the block."""
    with child(*module("telco")) as process:
        yield TelcoProcess(line_of(process), process)


async def _main() -> None:
    marks, taken, twice = _Marks(), 0, 0
    async with telco(behaviour=Behaviour(dlr="never"), clock=marks) as there:
        print(there.url, flush=True)
        while word := await asyncio.to_thread(sys.stdin.readline):
            counts = there.counts
            print(json.dumps(vars(Lap(counts.taken - taken, counts.twice - twice, marks.first, marks.last))), flush=True)
            if word.strip() == "lap":
                marks.first, taken, twice = 0.0, counts.taken, counts.twice


if __name__ == "__main__":
    uvloop.run(_main())
