"""Pause, cancel and a ramp against dispatchers that are at work: in effect within a second, counted at the telco."""

import asyncio
from dataclasses import replace

import pytest

from gateway.domain.pace import Pace
from gateway.domain.ramp import Ramp
from gateway.domain.wave import WaveState
from gateway.sending import now_ms
from gateway.services import waves
from gateway.services.progress import standing
from gateway.services.ramps import mind_ramps
from gateway.simulator.behaviour import Behaviour
from gateway.simulator.telco import telco
from gateway.storage.database import Database
from tests.services.blasts import a_wave, route_to, running
from tests.services.wave_rows import the_wave

MANY = 2_000
WITHIN_S = 1.0  # in which pause and cancel take effect


async def left(there, count: int) -> None:
    async with asyncio.timeout(20):
        while there.counted()["mts"] < count:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("deed", ["pause", "cancel"])
@pytest.mark.parametrize("limit", [0, 200])
async def test_nothing_leaves_a_second_later(database: Database, deed: str, limit: int) -> None:
    """With and without a pace: what the telco has a second after the word is all it will have, and the rows agree with it."""
    async with telco(behaviour=Behaviour(dlr="never", delay_s=0.02)) as there:
        route = route_to("kannel", there.url, pace=Pace(limit), concurrency=4)
        await a_wave(database, route, range(MANY))
        async with running(database, route):
            await left(there, 40)
            if deed == "pause":
                await waves.pause(database, "dot-1", now_ms())
            else:
                async with asyncio.timeout(WITHIN_S + waves.HAND_BACK_S):
                    done = await waves.cancel(database, "dot-1", now_ms())
                assert done.counts["queued"] == done.counts["claimed"] == 0
                assert done.held <= route.concurrency  # what is on the wire
            await asyncio.sleep(WITHIN_S)
            then = there.counted()["mts"]
            await asyncio.sleep(0.5)
            assert there.counted()["mts"] == then < MANY
        found = await standing(database, (route,), "dot-1", now_ms(), "Asia/Ho_Chi_Minh")
        assert there.counted()["twice"] == 0
        assert found.counts["sent"] == there.counted()["distinct"]
        assert found.counts["queued" if deed == "pause" else "cancelled"] == MANY - then


async def test_a_paused_wave_goes_on_where_it_stopped(database: Database) -> None:
    async with telco(behaviour=Behaviour(dlr="never", delay_s=0.01)) as there:
        route = route_to("kannel", there.url, concurrency=8)
        await a_wave(database, route, range(300))
        async with running(database, route):
            await left(there, 40)
            await waves.pause(database, "dot-1", now_ms())
            await waves.resume(database, (route,), "dot-1", now_ms())
            await left(there, 300)
        assert (there.counted()["distinct"], there.counted()["twice"]) == (300, 0)


async def test_a_ramp_lets_the_first_part_go_and_then_the_rest(database: Database) -> None:
    """10 % leave; a route without reports asks; the word lets the rest follow."""
    async with telco(behaviour=Behaviour(dlr="never")) as there:
        route = route_to("simulator", there.url)
        route = replace(route, account=replace(route.account, dlr_url=""))
        await a_wave(database, route, range(200), ramp=Ramp(10, 10, 600))
        async with running(database, route):
            await left(there, 20)
            async with asyncio.timeout(20):
                while (await the_wave(database, "dot-1")).ramp_state == "trial":
                    await mind_ramps(database, (route,), now_ms)
                    await asyncio.sleep(0.05)
            asking = await the_wave(database, "dot-1")
            assert (asking.state, asking.ramp_state, there.counted()["mts"]) == (WaveState.RUNNING, "asking", 20)
            await waves.go_on(database, (route,), "dot-1", now_ms())
            await left(there, 200)
        assert there.counted()["twice"] == 0
