"""A machine in trouble: the disk fills up in the middle of a wave, the database is locked, no file descriptor is left."""

import asyncio
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from pathlib import Path
from subprocess import Popen
from urllib.request import urlopen

import pytest

from gateway.simulator.behaviour import Behaviour
from gateway.simulator.telco import Telco, telco
from tests.benchmarks.telco import telco_process
from tests.faults import machine
from tests.faults.ground import Ground, dispatching, ground
from tests.harness import Gateway, deployment, eventually, route, wait_for_port

MTS = 900
WELL = Behaviour(dlr="never", delay_s=0.02)
LOCKED_S = 4.0  # a few of the writer's busy timeouts; `make chaos` holds it for 30 s
AGAIN_S = 5.0
Fault = Callable[[Gateway, Popen[bytes]], AbstractContextManager[None]]


async def survives(gateway: Gateway, there: Telco, fault: Fault, words: str) -> None:
    """In the middle of a wave the fault comes: hardly anything leaves, the log says why, and afterwards all of it goes, once each."""
    numbers = gateway.folder / "numbers.txt"
    numbers.write_text("\n".join(f"+84300{at:06d}" for at in range(MTS)), "utf-8")
    sent = await asyncio.to_thread(gateway.run, "send", "--route", "r", "--to-file", str(numbers), "--text", "Tri an 27/7")
    assert sent.returncode == 0, sent.stderr
    with gateway.serving() as process:
        await eventually(lambda: _taken(there, MTS // 5))
        with fault(gateway, process):
            still = await _until_still(there)
            assert still < MTS
            await asyncio.sleep(LOCKED_S)
            assert there.counts.taken == still
            assert process.poll() is None
            assert words in (gateway.folder / "serve.log").read_text("utf-8")
        ended = time.monotonic()
        await eventually(lambda: _taken(there, still + 1))
        assert time.monotonic() - ended <= AGAIN_S
        await eventually(lambda: _settled(gateway), seconds=40, pause=0.2)
    assert _states(gateway) == {"sent": MTS}
    assert (len(there.counts.refs), there.counts.twice) == (MTS, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="limits of another process are Linux's")
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        pytest.param(machine.filled, "the disk is full", id="disk full"),
        pytest.param(machine.limited, "the disk", id="file too large"),
        pytest.param(machine.locked, "another process holds the database's write lock", id="locked"),
    ],
)
async def test_a_storage_that_fails_stops_the_wave_until_it_is_mended(tmp_path: Path, fault: Fault, words: str) -> None:
    """Nothing is written to the telco that could not be marked first, and no answer is lost that came meanwhile."""
    async with telco(behaviour=WELL) as there:
        gateway = deployment(tmp_path / "d", routes=route("r", "kannel", f"{there.url}/cgi-bin/sendsms", tps=200))
        if fault is machine.filled:
            with machine.small_disk(gateway.folder / "var"):
                await survives(gateway, there, fault, words)
        else:
            await survives(gateway, there, fault, words)


async def _taken(there: Telco, count: int) -> bool:
    return there.counts.taken >= count


async def _until_still(there: Telco) -> int:
    async with asyncio.timeout(20):
        while True:
            seen = there.counts.taken
            await asyncio.sleep(1.0)
            if seen == there.counts.taken:
                return seen


def _states(gateway: Gateway) -> dict[str, int]:
    with closing(sqlite3.connect(gateway.folder / "var" / "tinbao.db", timeout=10)) as connection:
        return dict(connection.execute("SELECT state, count(*) FROM mt GROUP BY state").fetchall())


async def _settled(gateway: Gateway) -> bool:
    return not (await asyncio.to_thread(_states, gateway)).keys() & {"queued", "claimed", "sending"}


@pytest.mark.skipif(sys.platform != "linux", reason="limits of another process are Linux's")
async def test_a_process_without_descriptors_lives_and_takes_up_its_work(tmp_path: Path) -> None:
    """It can neither take calls nor make any; when it can again, both go on by themselves."""
    async with telco(behaviour=WELL) as there:
        gateway = deployment(tmp_path / "d", routes=route("r", "kannel", f"{there.url}/cgi-bin/sendsms"))
        with gateway.serving() as process:
            await eventually(lambda: asyncio.to_thread(_is_ready, gateway))
            with machine.nothing_more_opened(gateway, process):
                sent = await asyncio.to_thread(gateway.run, "send", "--route", "r", "--to", "+84300000001", "--text", "Tri an 27/7")
                assert sent.returncode == 0, sent.stderr
                assert not await asyncio.to_thread(_is_ready, gateway)
                assert (there.counts.taken, process.poll()) == (0, None)
            await eventually(lambda: _taken(there, 1))
            await eventually(lambda: asyncio.to_thread(_is_ready, gateway))
        assert (there.counts.taken, there.counts.twice) == (1, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="limits of another process are Linux's")
async def test_a_desk_that_can_not_be_opened_yet_stops_nobody_elses_message(tmp_path: Path) -> None:
    """The desk is loaded after the public side is up: without descriptors it waits, and comes by itself."""
    async with telco(behaviour=WELL) as there:
        gateway = deployment(tmp_path / "d", routes=route("r", "kannel", f"{there.url}/cgi-bin/sendsms"))
        with gateway.serving() as process:
            with machine.nothing_more_opened(gateway, process):
                await eventually(lambda: asyncio.to_thread(_says, gateway, "desk.waits", "serve.ready"))  # or was the desk quicker?
                assert process.poll() is None
            await eventually(lambda: asyncio.to_thread(_is_ready, gateway))
            await eventually(lambda: asyncio.to_thread(_says, gateway, "serve.ready"))
            await asyncio.to_thread(wait_for_port, gateway.desk, process)


def _says(gateway: Gateway, *events: str) -> bool:
    log = (gateway.folder / "serve.log").read_text("utf-8")
    return any(event in log for event in events)


def _is_ready(gateway: Gateway) -> bool:
    try:
        with urlopen(f"{gateway.url}/readyz", timeout=5) as answer:  # noqa: S310 # loopback
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
async def test_no_connection_can_be_made(tmp_path: Path) -> None:
    """No connection can be made: nothing left, so nothing is uncertain; the route is left alone and tried again."""
    with telco_process() as there:
        async with ground(tmp_path, there.url) as it:
            await it.enqueue(60)
            await it.condition()  # opens a reader while that is possible
            with machine.no_descriptor_left():
                async with dispatching(it):
                    assert await eventually(lambda: _why(it)) == "the carrier refused 10 times in a row (not sent)"
                    assert await it.states() == {"queued": 60}
            async with dispatching(it):
                it.clock.ahead_s += 35
                await eventually(lambda: _all_sent(it), seconds=20)
        lap = await asyncio.to_thread(there.seen)
    assert (lap.taken, lap.twice) == (60, 0)


async def _why(it: Ground) -> str | None:
    return (await it.condition()).pause_why


async def _all_sent(it: Ground) -> bool:
    it.clock.ahead_s += 1
    return await it.states() == {"sent": 60}
