"""A telco that answers nonsense: the route is left alone before the wave is spoilt, says why in one line, and goes on by itself."""

import asyncio
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.breaker import REFUSALS
from gateway.domain.pace import Pace
from gateway.simulator.behaviour import Behaviour
from gateway.simulator.telco import Telco, telco
from tests import certificate
from tests.faults.ground import CONCURRENCY, PASSWORD, Ground, dispatching, ground, until_still
from tests.harness import eventually, free_ports

MTS = 120
WELL = Behaviour(dlr="never")
PROBES = 2


@dataclass(frozen=True)
class Fault:
    """How the telco misbehaves, all the time. `why`: what the route says; `spoilt`: what the MTs become that met it; `wait_s`: its end."""

    habit: dict[str, Any]
    why: str
    spoilt: str
    wait_s: float = 35
    carrier: str = "kannel"


REFUSED = "the carrier refused 10 times in a row"
FAULTS = {
    "HTML under 200": Fault({"page_every": 1}, f"{REFUSED} (http-200)", "uncertain"),
    "HTML under 502": Fault({"bad_gateway_every": 1}, f"{REFUSED} (http-502)", "uncertain"),
    "half a JSON": Fault({"half_json_every": 1}, f"{REFUSED} (http-200)", "uncertain", carrier="simulator"),
    "half an answer": Fault({"half_answer_every": 1}, f"{REFUSED} (no answer)", "uncertain"),
    "an error code under 200": Fault({"inside_every": 1}, f"{REFUSED} (busy)", "queued", carrier="simulator"),
    "an error in words under 200": Fault({"inside_every": 1}, f"{REFUSED} (temporal)", "queued"),
    "no balance under 200": Fault({"inside_every": 1, "fail_code": "balance"}, "balance", "queued", 610, "simulator"),
    "429 without Retry-After": Fault({"throttle_every": 1, "retry_after_s": 0}, "the carrier says we are too fast (http-429)", "queued", 2),
    "a redirect": Fault({"redirect_every": 1}, "http-302", "queued", 610),
    "50 MB": Fault({"huge_every": 1}, f"{REFUSED} (no answer)", "uncertain"),
    "no answer": Fault({"stall_every": 1}, f"{REFUSED} (no answer)", "uncertain"),
    "a reset": Fault({"reset_after_read_every": 1}, f"{REFUSED} (no answer)", "uncertain"),
    "a reset before it was taken": Fault({"drop_every": 1}, f"{REFUSED} (no answer)", "uncertain"),
}


@pytest.mark.parametrize("name", FAULTS)
async def test_a_fault_slows_the_wave_and_nothing_else(tmp_path: Path, name: str) -> None:
    """Few MTs meet it; while it lasts hardly anything is tried; when it has ended the rest goes, and each arrives once at most."""
    fault = FAULTS[name]
    patience_s = 0.5 if "stall_every" in fault.habit else 10.0
    async with telco(behaviour=WELL.changed(fault.habit)) as there, ground(tmp_path, there, fault.carrier) as it:
        await it.enqueue(MTS)
        async with dispatching(it, timeout_s=patience_s):
            await _left_alone(it, there, fault)
            there.behaviour = WELL
            it.clock.ahead_s += fault.wait_s
            await eventually(lambda: _over(it), seconds=20)
        states = await it.states()
    spoilt, dropped = there.counts.lost + there.counts.dropped, there.counts.dropped
    assert spoilt <= (REFUSALS + CONCURRENCY + PROBES if fault.spoilt == "uncertain" else 0)
    assert (states["sent"], states.get("uncertain", 0)) == (MTS - spoilt, spoilt)
    assert (len(there.counts.refs), there.counts.twice) == (MTS - dropped, 0)


async def _left_alone(it: Ground, there: Telco, fault: Fault) -> None:
    """Wait till the route has seen it, and says so; what met it then waits, or is called uncertain."""
    reason = await eventually(lambda: _why(it))
    assert reason == fault.why
    if fault.wait_s < 10:  # throttled: it goes on trying, a little each second
        await asyncio.sleep(1.5)
        assert there.counts.requests <= CONCURRENCY * 3
        return
    assert await until_still(there) <= REFUSALS + CONCURRENCY + PROBES
    assert (await it.states()).get(fault.spoilt, 0) >= REFUSALS


async def _why(it: Ground) -> str | None:
    condition = await it.condition()
    return condition.hold_code or condition.pause_why


async def _over(it: Ground) -> bool:
    it.clock.ahead_s += 1  # what was refused backs off for some time: it passes faster here
    return not (await it.states()).keys() & {"queued", "claimed", "sending"}


async def test_a_redirect_is_not_followed_with_the_credentials(tmp_path: Path) -> None:
    """Where it leads nobody is ever called."""
    async with telco(behaviour=WELL) as elsewhere:
        habit = WELL.changed({"redirect_every": 1, "redirect_to": f"{elsewhere.url}/cgi-bin/sendsms?password={PASSWORD}"})
        async with telco(behaviour=habit) as there, ground(tmp_path, there) as it:
            await it.enqueue(20)
            async with dispatching(it):
                assert await eventually(lambda: _why(it)) == "http-302"
                await until_still(there)
        assert (elsewhere.counts.requests, len(elsewhere.connections)) == (0, 0)


async def test_a_certificate_that_nobody_trusts_sends_nothing(tmp_path: Path) -> None:
    """Not a byte goes to a telco that can't prove its name; once it can, all of it goes."""
    false, true = (certificate.context(folder) for folder in (tmp_path / "false", tmp_path / "true"))
    (port,) = free_ports(1)
    async with ground(tmp_path, f"https://127.0.0.1:{port}") as it:
        await it.enqueue(30)
        async with dispatching(it, tls=ssl.create_default_context(cafile=str(tmp_path / "true" / "certificate.pem"))):
            async with telco(port, WELL, tls=false) as there:
                assert await eventually(lambda: _why(it)) == f"{REFUSED} (not sent)"
                assert (there.counts.requests, (await it.states()).get("uncertain")) == (0, None)
            async with telco(port, WELL, tls=true) as there:
                it.clock.ahead_s += 35
                await eventually(lambda: _over(it), seconds=20)
                assert (len(there.counts.refs), there.counts.twice) == (30, 0)
        assert await it.states() == {"sent": 30}


async def test_nobody_listens_and_then_somebody_does(tmp_path: Path) -> None:
    """A telco that is down costs no MT and makes none uncertain."""
    (port,) = free_ports(1)
    async with ground(tmp_path, f"http://127.0.0.1:{port}") as it:
        await it.enqueue(30)
        async with dispatching(it):
            assert await eventually(lambda: _why(it)) == f"{REFUSED} (not sent)"
            async with telco(port, WELL) as there:
                it.clock.ahead_s += 35
                await eventually(lambda: _over(it), seconds=20)
                assert (len(there.counts.refs), there.counts.twice) == (30, 0)


@pytest.mark.parametrize("hours", [1, -1])
async def test_a_clock_that_jumps_moves_no_departure(tmp_path: Path, hours: int) -> None:
    """In the middle of a paced wave the machine's clock is put an hour forward, or back: the pace is kept, and used."""
    async with telco(behaviour=WELL) as there, ground(tmp_path, there, pace=Pace(50)) as it:
        await it.enqueue(MTS)
        async with dispatching(it):
            await eventually(lambda: _taken(there, MTS // 3))
            it.clock.ahead_s += hours * 3600
            await eventually(lambda: _taken(there, MTS), seconds=20)
        requests, _, seconds = there.arrivals["u"].span()
        assert (requests, there.counts.twice) == (MTS, 0)
        assert there.arrivals["u"].peak() <= 50
        assert seconds < MTS / 50 * 2
        assert await it.states() == {"sent": MTS}


async def _taken(there: Telco, count: int) -> bool:
    return there.counts.taken >= count
