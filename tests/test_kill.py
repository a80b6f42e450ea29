"""kill -9 of a real `tinbao serve` in the middle of a wave, again and again: nothing lost, nothing twice (issue: what it must show, 4)."""

import asyncio
import sqlite3
import time
from pathlib import Path
from random import Random

from gateway.simulator.behaviour import Behaviour
from gateway.simulator.telco import Telco, telco
from tests.harness import Gateway, contacts_csv, deployment, eventually, route, wait_for_port

MTS, KILLS, CONCURRENCY = 5_000, 20, 32
AGAIN_S = 5.0


def states(gateway: Gateway) -> dict[str, str]:
    """ref -> state, as a stranger reads it from the file (the WAL is replayed by opening it)."""
    connection = sqlite3.connect(gateway.folder / "var" / "tinbao.db", timeout=10)
    try:
        return dict(connection.execute("SELECT ref, state FROM mt").fetchall())
    finally:
        connection.close()


def reached(there: Telco) -> set[str]:
    """References of all MTs that the telco took."""
    return set(there.counts.refs)


async def test_kill_9_loses_nothing_and_repeats_nothing(tmp_path: Path) -> None:
    """20 SIGKILLs in a 5,000-MT wave."""
    random = Random(279)
    async with telco(behaviour=Behaviour(dlr="never", delay_s=0.01)) as there:
        gateway = deployment(tmp_path / "d", routes=route("r", "kannel", f"{there.url}/cgi-bin/sendsms", concurrency=CONCURRENCY))
        (tmp_path / "list.csv").write_text(contacts_csv(MTS))
        planned = await asyncio.to_thread(
            gateway.json, "wave", "plan", "--id", "w", "--route", "r", "--text", "{{ ma_thon }} tri an 27/7",
            "--contacts", str(tmp_path / "list.csv"), "--window", "00:00-00:00",
        )  # fmt: skip
        assert planned["audience"] == MTS
        started = await asyncio.to_thread(gateway.run, "wave", "start", "w")
        assert started.returncode == 0, started.stderr
        slowest = 0.0
        uncertain_before = 0
        for kill in range(KILLS):
            before = there.counted()["distinct"]
            process = gateway.start()
            await asyncio.to_thread(wait_for_port, gateway.public, process)
            ready = time.monotonic()
            goal = before + random.randrange(20, MTS // KILLS - 20)
            await eventually(lambda goal=goal: _reached(there, goal), pause=0.002)
            slowest = max(slowest, time.monotonic() - ready)
            process.kill()
            await asyncio.to_thread(process.wait)
            await there.quiet()
            found = states(gateway)
            uncertain = sum(state in ("uncertain", "sending") for state in found.values())
            assert uncertain - uncertain_before <= CONCURRENCY, f"kill {kill}"
            uncertain_before = uncertain
            never_left = {ref for ref, state in found.items() if state in ("queued", "claimed", "failed")}
            assert not never_left & reached(there), f"kill {kill}: called queued, claimed or failed, but the telco has it"
        assert slowest <= AGAIN_S
        with gateway.serving():
            await eventually(lambda: _none_open(gateway), seconds=60)
        found = states(gateway)
    assert len(found) == MTS
    assert set(found.values()) <= {"sent", "uncertain"}
    assert {ref for ref, state in found.items() if state == "sent"} <= reached(there)
    assert there.counted()["twice"] == 0
    assert there.counted()["distinct"] >= MTS - uncertain_before


async def _reached(there: Telco, goal: int) -> bool:
    return there.counted()["distinct"] >= goal


async def _none_open(gateway: Gateway) -> bool:
    return not {"queued", "claimed", "sending"} & set((await asyncio.to_thread(states, gateway)).values())
