"""Rules that bind waves and not answers: caps, cost, hours, ramp, pause, a pace of one's own; and that replies pass all of them."""

import asyncio
import time
from dataclasses import replace

import pytest

from gateway.domain.caps import DAY_MS, Caps
from gateway.domain.pace import Pace
from gateway.domain.ramp import Ramp
from gateway.domain.wave import WaveState
from gateway.domain.window import Window
from gateway.sending import now_ms
from gateway.services.claims import Claims
from gateway.simulator.behaviour import Behaviour
from gateway.simulator.telco import telco
from gateway.storage import outbox, wave_mts, waves
from gateway.storage.database import Database, open_database
from gateway.storage.schema import contact, mt, route_state, wave
from gateway.storage.seal import Keyring
from tests.harness import eventually
from tests.services.blasts import (
    FOREVER,
    a_wave,
    change,
    count_of,
    counts,
    direct,
    know,
    number,
    person,
    reply,
    route_to,
    rows,
    running,
    until,
    wave_row,
)

QUIET = Behaviour(dlr="never")


@pytest.fixture(params=["simulator", "kannel"])
def carrier(request: pytest.FixtureRequest) -> str:
    """One that fills requests up, and one whose MTs are marked `sending` with their claim."""
    return str(request.param)


def sent_before(at_ms: int):
    """Changes an MT into one that left then."""
    return {"state": "sent", "sent_at": at_ms}


async def test_a_capped_mt_waits_for_its_time(database: Database, carrier: str) -> None:
    """One of yesterday's wave left 23 hours ago: today's MT to the same person is due in an hour, at the next opening of its window."""
    now = now_ms()
    await a_wave(database, route_to(carrier, ""), [1], "hom-qua")
    await change(database, mt, **sent_before(now - DAY_MS + 3_600_000))
    async with telco(behaviour=QUIET) as there:
        route = route_to(carrier, there.url)
        today = await a_wave(database, route, [1, 2], "hom-nay")
        async with running(database, route, caps=Caps(1, 3)):
            await until(database, sent=2, queued=1)
            await asyncio.sleep(0.3)
        assert there.counted()["distinct"] == 1
    ((due_at,),) = await rows(database, mt.c.due_at, state="queued")
    assert abs(due_at - (now + 3_600_000)) < 10
    assert await counts(database, wave=today) == {"sent": 1, "queued": 1}


async def test_a_capped_mt_that_would_come_too_late_is_suppressed(database: Database, carrier: str) -> None:
    """Its window opens after it expires."""
    now = now_ms()
    await a_wave(database, route_to(carrier, ""), [1], "hom-qua")
    await change(database, mt, **sent_before(now - 3_600_000))
    async with telco(behaviour=QUIET) as there:
        route = route_to(carrier, there.url)
        await a_wave(database, route, [1], "hom-nay", mt=lambda each: replace(each, expires_at=now + DAY_MS // 2))
        async with running(database, route, caps=Caps(1, 3)):
            await until(database, suppressed=1)
    assert await rows(database, mt.c.code, state="suppressed") == [("capped",)]


async def test_answers_and_direct_sends_know_no_caps(database: Database, carrier: str) -> None:
    """The week is full, and still the reply and the direct send go."""
    async with telco(behaviour=QUIET) as there:
        route = route_to(carrier, there.url)
        for day in range(3):
            await a_wave(database, route, [1], f"dot-{day}")
        await change(database, mt, **sent_before(now_ms() - 1_000))
        await direct(database, route, [1])
        await reply(database, route, 1)
        async with running(database, route, caps=Caps(1, 3)):
            await until(database, sent=5)
        assert there.counted()["distinct"] == 2


async def test_of_two_waves_to_one_person_one_goes(database: Database, carrier: str) -> None:
    """Both are claimed in one turn: the older MT goes, the other waits a day."""
    async with telco(behaviour=QUIET) as there:
        route = route_to(carrier, there.url, concurrency=64)
        first = await a_wave(database, route, range(20), "dot-1")
        second = await a_wave(database, route, range(10, 30), "dot-2")
        async with running(database, route, caps=Caps(1, 3)):
            await until(database, sent=30)
            await asyncio.sleep(0.3)
        assert there.counted()["distinct"] == 30
    assert await counts(database, wave=first) == {"sent": 20}
    assert await counts(database, wave=second) == {"sent": 10, "queued": 10}


async def test_two_processes_that_claim_one_person_at_once(postgres_url: str, keyring: Keyring, carrier: str) -> None:
    """Two real connections, two waves, the same ten people: while one transaction is open the other waits, then finds them capped."""
    from tests.conftest import _empty

    async with open_database(postgres_url, keyring, migrate=True) as one, open_database(postgres_url, keyring) as two:
        await one.write(_empty)
        route, now = route_to(carrier, ""), now_ms()
        for name in ("dot-1", "dot-2"):
            await a_wave(one, route, range(10), name)
        claimed, may_commit = asyncio.Event(), asyncio.Event()
        kept: list[int] = []

        async def claim(database: Database, owner: str, name: str, wait: bool) -> None:
            claims = Claims(route, [route], owner, "Asia/Ho_Chi_Minh", Caps(1, 3))

            async def unit(connection) -> None:
                others = await waves.find(connection, "dot-2" if name == "dot-1" else "dot-1")
                await connection.execute(wave.update().where(wave.c.id == others.id).values(state="running"))
                await claims.refresh(connection, now)
                claims._running = {id_: each for id_, each in claims._running.items() if id_ != others.id}
                kept.append(len((await claims.blasts(connection, now, 100)).mts))
                if wait:
                    claimed.set()
                    await may_commit.wait()

            await database.write(unit)

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(claim(one, "a", "dot-1", wait=True))
            await claimed.wait()
            later = tasks.create_task(claim(two, "b", "dot-2", wait=False))
            await asyncio.sleep(0.3)
            assert not later.done()
            may_commit.set()
        assert kept == [10, 0]
        assert await counts(one) == {"claimed" if carrier == "simulator" else "sending": 10, "queued": 10}


async def test_a_wave_stops_at_its_approved_cost(database: Database) -> None:
    """Ceiling 1,050 đ, 100 đ a segment: ten go, the wave is paused and says why, the rest is back in the queue."""
    async with telco(behaviour=QUIET) as there:
        route = route_to("kannel", there.url, price_vnd=100)
        id_ = await a_wave(database, route, range(40), cost_ceiling=1_050)
        async with running(database, route):
            await until(database, sent=10)
            await asyncio.sleep(0.3)
        assert there.counted()["distinct"] == 10
    found = await wave_row(database, id_)
    assert (found.state, found.spent) == (WaveState.PAUSED, 1_000)
    assert "cost" in found.reason
    assert await counts(database) == {"sent": 10, "queued": 30}


async def test_a_route_stops_at_its_budget_and_still_answers(database: Database) -> None:
    """Budget 500 đ a day: five sends go, the route says why and till when; a reply goes all the same."""
    async with telco(behaviour=QUIET) as there:
        route = route_to("kannel", there.url, price_vnd=100, daily_budget_vnd=500)
        await direct(database, route, range(20))
        async with running(database, route):
            await until(database, sent=5)
            await reply(database, route, 900)
            await until(database, sent=6)
            await asyncio.sleep(0.3)
        assert there.counted()["distinct"] == 6
    async with database.read() as connection:
        condition = await outbox.route_condition(connection, "r")
    assert condition.spent_vnd == 600
    assert (condition.pause_why or "").startswith("the daily budget of 500")
    assert now_ms() < condition.paused_until <= now_ms() + DAY_MS


async def test_what_nobody_took_costs_nothing(database: Database, carrier: str) -> None:
    """Every second one is refused for good: its money comes back."""
    async with telco(behaviour=replace(QUIET, refuse_every=2)) as there:
        route = route_to(carrier, there.url, price_vnd=100)
        id_ = await a_wave(database, route, range(40), cost_ceiling=1_000_000)
        async with running(database, route):
            await until(database, sent=20, failed=20)
    async with database.read() as connection:
        assert (await outbox.route_condition(connection, "r")).spent_vnd == 2_000
    assert (await wave_row(database, id_)).spent == 2_000


async def test_a_reply_overtakes_a_paced_blast(database: Database) -> None:
    """2,000 MTs at 40 a second wait; a reply is sent within a second."""
    async with telco(behaviour=QUIET) as there:
        route = route_to("kannel", there.url, pace=Pace(40))
        await direct(database, route, range(2_000))
        async with running(database, route):
            await until(database, sent=5)
            began = time.monotonic()
            await reply(database, route, 5_000)
            async with asyncio.timeout(5):
                while await rows(database, mt.c.state, lane=outbox.PRIORITY) != [("sent",)]:
                    await asyncio.sleep(0.01)
            assert time.monotonic() - began <= 1.0


async def test_a_reply_overtakes_a_blast_without_a_pace(database: Database) -> None:
    """The list of what is claimed is full, the carrier slow: the reply is next all the same."""
    async with telco(behaviour=replace(QUIET, delay_s=0.2)) as there:
        route = route_to("kannel", there.url, concurrency=4)
        await direct(database, route, range(500))
        async with running(database, route):
            await until(database, sent=4)
            began = time.monotonic()
            await reply(database, route, 5_000)
            async with asyncio.timeout(5):
                while await rows(database, mt.c.state, lane=outbox.PRIORITY) != [("sent",)]:
                    await asyncio.sleep(0.01)
            assert time.monotonic() - began <= 1.0


async def test_a_wave_keeps_a_pace_of_its_own(database: Database) -> None:
    """20 a second on a route without a limit: no second sees more, and it is used."""
    async with telco(behaviour=QUIET) as there:
        route = route_to("kannel", there.url)
        await a_wave(database, route, range(100), pace_limit=20)
        async with running(database, route):
            await until(database, sent=1)
            await asyncio.sleep(2)
            seen = there.counted()["distinct"]
        assert 32 <= seen <= 45


async def test_only_the_trial_goes_first(database: Database) -> None:
    """10 % of 60 while the ramp is on trial; nothing more while a person is asked; then the rest."""
    async with telco(behaviour=QUIET) as there:
        route = route_to("kannel", there.url)
        id_ = await a_wave(database, route, range(60), ramp=Ramp(10, 5, 60))
        async with running(database, route):
            await until(database, sent=6)
            await asyncio.sleep(0.6)
            assert await counts(database) == {"sent": 6, "queued": 54}
            await database.write(lambda connection: wave_mts.set_ramp(connection, id_, waves.ASKING, None))
            await asyncio.sleep(0.8)
            assert there.counted()["distinct"] == 6
            await database.write(lambda connection: wave_mts.set_ramp(connection, id_, waves.PASSED, None))
            await until(database, sent=60)


@pytest.mark.parametrize(("to", "left"), [(WaveState.PAUSED, "queued"), (WaveState.CANCELLED, "cancelled")])
async def test_pause_and_cancel_take_effect_at_once(database: Database, to: WaveState, left: str) -> None:
    """What departs after a second: nothing. What was claimed goes back, or ends with a cancelled wave."""
    async with telco(behaviour=replace(QUIET, delay_s=0.05)) as there:
        route = route_to("kannel", there.url, concurrency=4, pace=Pace(100))
        id_ = await a_wave(database, route, range(400))
        async with running(database, route):
            await until(database, sent=20)
            await database.write(lambda connection: waves.move(connection, id_, to, now_ms()))
            await asyncio.sleep(1.0)
            seen = there.counted()["distinct"]
            await asyncio.sleep(0.5)
            assert there.counted()["distinct"] == seen
            found = await counts(database)
            assert "claimed" not in found
            assert found["sent"] == seen


async def test_a_closed_window_sends_nothing_and_a_reply_all_the_same(database: Database) -> None:
    """A window that is shut now."""
    local = (now_ms() // 60_000 + 7 * 60) % 1440
    async with telco(behaviour=QUIET) as there:
        route = route_to("kannel", there.url)
        await a_wave(database, route, range(10), window=Window((local + 60) % 1440, (local + 120) % 1440))
        await reply(database, route, 77)
        async with running(database, route):
            await until(database, sent=1)
            await asyncio.sleep(0.6)
        assert there.counted()["distinct"] == 1


async def test_a_wave_does_not_go_before_its_start(database: Database) -> None:
    """`starts_at` lies an hour ahead."""
    async with telco(behaviour=QUIET) as there:
        route = route_to("kannel", there.url)
        await a_wave(database, route, range(10), starts_at=now_ms() + 3_600_000)
        async with running(database, route):
            await asyncio.sleep(0.6)
        assert there.counted()["distinct"] == 0


async def test_equal_waves_get_equal_segments(database: Database) -> None:
    """One writes texts of three segments, the other of one: both get the same share of the pace, within a tenth."""
    async with telco(behaviour=QUIET) as there:
        route = route_to("kannel", there.url, pace=Pace(120))
        long = await a_wave(database, route, range(600), "dai", mt=lambda each: replace(each, segments=3))
        short = await a_wave(database, route, range(600, 2_000), "ngan")

        async def sent_segments(least: int = 0) -> dict[int, int]:
            sent = {id_: (await counts(database, wave=id_)).get("sent", 0) * segments for id_, segments in ((long, 3), (short, 1))}
            return sent if sum(sent.values()) >= least else {}

        async with running(database, route):
            await eventually(lambda: sent_segments(700), seconds=60)  # the last claim goes back unsent: of few it would be a large part
    by_wave = await sent_segments()
    assert abs(by_wave[long] - by_wave[short]) <= 0.1 * sum(by_wave.values()) / 2 + 6


async def test_a_blocked_person_gets_no_wave_and_no_send(database: Database, carrier: str) -> None:
    """Blocked after the claim's list was made, opted out likewise."""
    async with telco(behaviour=QUIET) as there:
        route = route_to(carrier, there.url)
        await a_wave(database, route, range(4))
        await database.write(
            lambda c: c.execute(contact.update().where(contact.c.bidx == person(database, 0)).values(blocked_at=1, blocked_why="x"))
        )
        await database.write(lambda c: c.execute(contact.update().where(contact.c.bidx == person(database, 1)).values(opted_out_at=1)))
        async with running(database, route):
            await until(database, sent=2, suppressed=2)
        assert there.counted()["distinct"] == 2
    assert sorted(await rows(database, mt.c.code, state="suppressed")) == [("blocked",), ("opted out",)]


async def test_too_late_is_expired(database: Database) -> None:
    """An MT whose time ran out while it waited for its slot."""
    async with telco(behaviour=QUIET) as there:
        route = route_to("kannel", there.url)
        await a_wave(database, route, range(3), mt=lambda each: replace(each, expires_at=5))
        async with running(database, route):
            await until(database, expired=3)
        assert there.counted()["distinct"] == 0


__all__ = ["FOREVER", "count_of", "know", "number", "route_state"]
