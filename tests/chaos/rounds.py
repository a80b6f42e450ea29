"""A round: one wave, `kills` lives of a gateway that each end by SIGKILL, and a last one that finishes."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random
from subprocess import Popen

from tests.chaos import laws
from tests.chaos.arena import Arena, Case, arena, planned
from tests.faults.machine import locked
from tests.harness import eventually, wait_for_port

A_LIFE = 100  # MTs a life, at most and with what the next ones find: the wave must not end before the kills do
AGAIN_S = 5.0  # from the moment a new process is ready to the first MT that moves
LAST_S = 300.0  # for the end: leases of the dead, lost answers that are sent again


@dataclass(frozen=True)
class Found:
    """What a round saw. `uncertain`: MTs at the end; `most`: requests that one kill left uncertain, beside those that the telco lost.

    Seconds to the first MT that moves: `again` from the moment the process is ready, `start` from its start.
    """

    kills: int
    accepted: int
    lost: int
    twice: int
    uncertain: int
    most: int
    again: float
    start: float


async def run_round(folder: Path, case: Case, database: str | None, kills: int, seed: int, *, locked_s: float = 0) -> Found:
    """One round in `folder`. `locked_s`: how long another process holds the SQLite file before the kills. Raises laws.Broken."""
    random = Random(seed)
    async with arena(folder, case, database) as it:
        accepted = await planned(it, (kills + 1) * A_LIFE)
        if locked_s:
            await _under_a_lock(it, accepted, locked_s)
        rows, lives = await it.rows(), []
        for number in range(kills):
            life, rows = await _life(it, accepted, random, number, rows)
            lives.append(life)
        with it.gateway.serving() as process:
            await _until_the_end(it, process)
        rows, there = await it.rows(), it.counted()
        laws.at_the_end(rows, accepted, there)
    uncertain = sum(row.state == "uncertain" for row in rows.values())
    lost = accepted - len(there.refs | {ref for ref, row in rows.items() if row.state == "uncertain"})
    most, again, start = (max(of) for of in zip(*lives, strict=True))
    return Found(kills, accepted, lost, there.twice, uncertain, most, again, start)


async def _under_a_lock(it: Arena, accepted: int, seconds: float) -> None:
    """Another process holds the file: nothing leaves that could not be marked, the gateway lives, and goes on when the lock ends."""
    with it.gateway.serving() as process:
        await eventually(lambda: _more_than(it, A_LIFE // 4))
        with locked(it.gateway, process):
            await asyncio.sleep(1)
            before = len(it.telco.counts.refs)
            await asyncio.sleep(seconds)
            if process.poll() is not None or len(it.telco.counts.refs) != before:
                raise laws.Broken("while the database was locked the gateway ended, or something left that was not marked")
        ended = time.monotonic()
        await eventually(lambda: _more_than(it, before))
        if time.monotonic() - ended > AGAIN_S:
            raise laws.Broken("nothing moved for 5 s after the lock had ended")
    laws.after_a_kill(await it.rows(), accepted, it.counted())


async def _life(it: Arena, accepted: int, random: Random, number: int, left: laws.Rows) -> tuple[tuple[int, float, float], laws.Rows]:
    """Start, let some leave, kill, hold the laws to what is there: ((requests newly uncertain, seconds `again`, `start`), rows)."""
    known, before = laws.newly_uncertain(left, frozenset()), it.counted()
    began = time.monotonic()
    process = it.gateway.start()
    try:
        again, start = await _until_some_left(it, process, len(before.refs), random, began)
    finally:
        process.kill()
        await asyncio.to_thread(process.wait)
    await it.arrived()
    rows, there = await it.rows(), it.counted()
    new, lost = len(laws.newly_uncertain(rows, known)), there.lost - before.lost
    try:
        laws.after_a_kill(rows, accepted, there)
        laws.bounded(new, it.case.concurrency, lost)
        if again > AGAIN_S:
            raise laws.Broken(f"nothing moved for {again:.1f} s after the start")
    except laws.Broken as broken:
        raise laws.Broken(f"kill {number + 1}: {broken}") from None
    return (max(new - lost, 0), again, start), rows


async def _until_some_left(it: Arena, process: Popen[bytes], before: int, random: Random, began: float) -> tuple[float, float]:
    """Until a random moment: one life in eight dies at any time from its first breath on, the others after some MTs."""
    if random.random() < 0.125:
        await asyncio.sleep(random.uniform(0, 1.5))
        return 0.0, 0.0
    await asyncio.to_thread(wait_for_port, it.gateway.public, process)
    ready = time.monotonic()
    await eventually(lambda: _more_than(it, before), seconds=30, pause=0.002)
    moved = time.monotonic()
    goal = before + random.randrange(1, A_LIFE * 2 // 3)
    await eventually(lambda: _more_than(it, goal), seconds=30, pause=0.002)
    await asyncio.sleep(random.uniform(0, 0.02))
    return moved - ready, moved - began


async def _more_than(it: Arena, count: int) -> bool:
    return len(it.telco.counts.refs) > count


async def _until_the_end(it: Arena, process: Popen[bytes]) -> None:
    """Until nothing is queued, claimed or sending. Raises laws.Broken, with what stands where and the log's end, if that never comes."""
    try:
        await eventually(lambda: _ended(it, process), seconds=LAST_S, pause=0.25)
    except TimeoutError:
        raise laws.Broken(f"the wave never ended: {await it.standing()}\n{it.log_end()}") from None


async def _ended(it: Arena, process: Popen[bytes]) -> bool:
    if process.poll() is not None:
        raise laws.Broken(f"the gateway ended by itself with {process.returncode}: {await it.standing()}\n{it.log_end()}")
    return {row.state for row in (await it.rows()).values()} <= laws.ENDS
