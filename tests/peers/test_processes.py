"""Three `tinbao serve` processes on one real PostgreSQL; two are killed in the middle of a wave, and the third finishes it."""

import asyncio
import os
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from subprocess import Popen

from tests.chaos import laws
from tests.chaos.arena import CASES, Arena, arena, new_database, planned, twin
from tests.harness import Gateway, eventually, wait_for_port

MTS, TPS = 4_000, 500
CASE = replace(CASES[0], tps=TPS)
LEASE_S = 10.0  # a process without a heartbeat for so long is dead


def started(gateway: Gateway, stack: ExitStack) -> Popen[bytes]:
    """A process that is ready, and gone at the end whatever happens."""
    process = gateway.start()
    stack.callback(process.wait)
    stack.callback(process.kill)
    wait_for_port(gateway.public, process)
    return process


async def test_two_of_three_processes_are_killed_and_the_third_finishes(tmp_path: Path) -> None:
    """0 lost, 0 twice, the pace of the contract kept by all together, and what the dead held goes again after their lease."""
    database = await new_database(os.environ["TINBAO_TEST_PG"], f"three_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}")
    async with arena(tmp_path / "one", CASE, database) as it:
        accepted = await planned(it, MTS)
        with ExitStack() as stack:
            gateways = (it.gateway, twin(it.gateway, tmp_path / "two"), twin(it.gateway, tmp_path / "three"))
            first, second, third = [await asyncio.to_thread(started, gateway, stack) for gateway in gateways]
            for victim, after in ((first, MTS // 4), (second, MTS // 2)):
                await eventually(lambda after=after: _reached(it, after), seconds=60)
                await _killed(it, victim, accepted)
            died = time.monotonic()
            await eventually(lambda: _ended(it), seconds=60, pause=0.25)
            assert third.poll() is None
            assert time.monotonic() - died < LEASE_S + 10 + 2 * MTS / TPS
        rows, there = await it.rows(), it.counted()
        laws.at_the_end(rows, accepted, there)
        laws.bounded(len(laws.newly_uncertain(rows, frozenset())), 2 * CASE.concurrency, there.lost)
        assert it.telco.arrivals["u"].peak() <= TPS


async def _killed(it: Arena, victim: Popen[bytes], accepted: int) -> None:
    """Kill it; the wave moves on at once, and no row speaks against the telco (the others go on sending: the telco is asked first)."""
    victim.kill()
    await asyncio.to_thread(victim.wait)
    killed, before = time.monotonic(), len(it.telco.counts.refs)
    await eventually(lambda: _reached(it, before), pause=0.01)
    assert time.monotonic() - killed < 5
    there, rows = it.counted(), await it.rows()
    absent = {ref for ref in there.refs if rows[ref].state in laws.NEVER_LEFT}
    assert not absent
    assert (len(rows), there.twice) == (accepted, 0)


async def _reached(it: Arena, count: int) -> bool:
    return len(it.telco.counts.refs) > count


async def _ended(it: Arena) -> bool:
    return {row.state for row in (await it.rows()).values()} <= laws.ENDS
