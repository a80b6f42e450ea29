"""Routes that refuse, throttle, hold or can't reach; clocks that jump; batches; and the race of a report with its answer."""

import asyncio
import time
from dataclasses import replace

import pytest

from gateway.carriers.wire import HttpRequest, HttpResponse
from gateway.domain.message import MtState
from gateway.domain.pace import Pace
from gateway.sending import now_ms, within_drain
from gateway.services.dispatch import MOST_SOON_US, Dispatcher
from gateway.services.upkeep import DEAD_AFTER_MS, Deaths, Upkeep
from gateway.simulator.behaviour import Behaviour
from gateway.simulator.telco import telco
from gateway.storage import outbox
from gateway.storage.database import Database, open_database
from gateway.storage.outbox import Settlement
from gateway.storage.schema import dlr, mt, request, route_state
from gateway.storage.seal import Keyring
from gateway.transport import http_sender
from tests.services.blasts import a_wave, change, count_of, counts, direct, route_to, rows, running, until

QUIET = Behaviour(dlr="never")


async def condition(database: Database) -> outbox.RouteCondition:
    async with database.read() as connection:
        return await outbox.route_condition(connection, "r")


async def test_what_a_route_cannot_reach_goes_by_its_fallback(database: Database) -> None:
    """Every second number is foreign to the first route: the second sends it, and remembers where it was meant for."""
    async with telco(behaviour=replace(QUIET, refuse_every=2, refuse_code="foreign")) as narrow, telco(behaviour=QUIET) as wide:
        first = route_to("simulator", narrow.url, fallback=("wide",))
        second = route_to("simulator", wide.url, name="wide")
        await a_wave(database, first, range(20))
        await direct(database, first, range(20, 40))
        async with running(database, first, second):
            await until(database, sent=40)
        assert (narrow.counted()["distinct"], wide.counted()["distinct"]) == (20, 20)
    assert set(await rows(database, mt.c.route, mt.c.origin)) == {("r", None), ("wide", "r")}


async def test_an_uncertain_mt_goes_by_no_other_route(database: Database) -> None:
    """The answer was lost; asked again, the carrier says it can't reach the number: another route might send it twice."""
    async with telco(behaviour=replace(QUIET, drop_every=1)) as there:
        first = route_to("simulator", there.url, fallback=("wide",), on_lost_answer="resend")
        second = route_to("simulator", there.url, name="wide")
        await direct(database, first, range(3))
        async with running(database, first):
            await until(database, uncertain=3)
        there.behaviour = replace(QUIET, refuse_every=1, refuse_code="foreign")
        async with http_sender(timeout_s=5) as send:
            await Upkeep(database, [first, second], send, "me", now_ms, _nothing).once()
    assert await counts(database) == {"failed": 3}


async def test_a_process_that_has_not_dispatched_yet_books_ahead(database: Database) -> None:
    """Its first turns are slow: a slot nearer than the longest turn that is reckoned with would pass before its request is marked."""
    route = route_to("kannel", "http://127.0.0.1:9", pace=Pace(10))
    await direct(database, route, [1])
    await database.write(lambda connection: outbox.ensure_route(connection, "r"))
    before = (await condition(database)).now_us
    async with http_sender(timeout_s=5) as send:
        await Dispatcher(route, [route], database, send, "me", "Asia/Ho_Chi_Minh", 5).turn()
    async with database.read() as connection:
        (booked,) = await connection.scalars(route_state.select().with_only_columns(route_state.c.next_slot_us))
    assert booked - Pace(10).cost_us(1) >= before + MOST_SOON_US


async def test_a_silent_carrier_does_not_keep_the_process_from_its_end(database: Database) -> None:
    """It is asked about twenty lost requests, one after the other, when the end comes: the rest is left to the next process."""
    asked = asyncio.Event()

    async def silent(_request: HttpRequest) -> HttpResponse:
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    async with telco(behaviour=replace(QUIET, drop_every=1)) as there:
        route = route_to("simulator", there.url, on_lost_answer="ask")
        for at in range(20):
            await direct(database, route, [at])
        async with running(database, route):
            await until(database, uncertain=20)
    ended = asyncio.Event()
    upkeep = Upkeep(database, [route], silent, "me", now_ms, _nothing)
    work = asyncio.ensure_future(within_drain(upkeep.run(ended), ended, 0.05))
    async with asyncio.timeout(20):
        await asked.wait()
        ended.set()
        await work
    assert await counts(database) == {"uncertain": 20}


async def _nothing() -> None:
    """No spool here."""


async def test_a_route_that_refuses_everything_is_left_alone(database: Database) -> None:
    """After ten refusals in a row nothing more leaves, the claimed go back, and the route says why."""
    async with telco(behaviour=replace(QUIET, fail_every=1)) as there:
        route = route_to("kannel", there.url, concurrency=4)
        await direct(database, route, range(200))
        async with running(database, route) as (dispatcher,):
            async with asyncio.timeout(10):
                while not dispatcher.tally.open_until:
                    await asyncio.sleep(0.01)
            await asyncio.sleep(0.5)
            seen = there.counted()["requests"]
            await asyncio.sleep(0.5)
            assert there.counted()["requests"] == seen <= 16
            assert await counts(database) == {"queued": 200}
        found = await condition(database)
    assert "refused" in (found.pause_why or "")
    assert found.paused_until > now_ms()


async def test_a_held_route_goes_on_when_it_is_released(database: Database) -> None:
    """The password was wrong; the operator mends it and releases the route: all go, and nothing was lost or counted."""
    async with telco(behaviour=replace(QUIET, known_account=False)) as there:
        route = route_to("kannel", there.url)
        await direct(database, route, range(50))
        async with running(database, route):
            async with asyncio.timeout(10):
                while (await condition(database)).hold_code is None:
                    await asyncio.sleep(0.01)
            await asyncio.sleep(0.3)
            assert await counts(database) == {"queued": 50}
            there.behaviour = QUIET
            assert await database.write(lambda connection: outbox.release(connection, "r"))
            await until(database, sent=50)
    assert set(await rows(database, mt.c.attempts)) == {(1,)}


async def test_throttled_waits_and_counts_nothing(database: Database) -> None:
    """Every fifth request meets a 429: the route pauses, says why, and all arrive once."""
    async with telco(behaviour=replace(QUIET, throttle_every=20)) as there:
        route = route_to("kannel", there.url, concurrency=2)
        await direct(database, route, range(50))
        async with running(database, route):
            await until(database, sent=50)
        assert (there.counted()["distinct"], there.counted()["twice"]) == (50, 0)
    assert set(await rows(database, mt.c.attempts)) == {(1,)}
    assert "too fast" in ((await condition(database)).pause_why or "")


async def test_batches_are_filled(database: Database) -> None:
    """1,000 MTs with one text at 100 a request: ten requests, whatever the claims' sizes were."""
    async with telco(behaviour=QUIET) as there:
        route = route_to("simulator", there.url, pace=Pace(2_000))
        await a_wave(database, route, range(1_000))
        async with running(database, route):
            await until(database, sent=1_000)
        assert there.counted()["distinct"] == 1_000
    assert await count_of(database, request) <= 14


async def test_a_pace_in_requests_fills_each_of_them(database: Database) -> None:
    """SpeedSMS: so many requests, however many recipients each has."""
    async with telco(behaviour=QUIET) as there:
        route = route_to("simulator", there.url, pace=Pace(4, 1.0, "requests"))
        await direct(database, route, range(300))
        began = time.monotonic()
        async with running(database, route):
            await until(database, sent=300)
        assert there.counted()["requests"] <= 4
        assert time.monotonic() - began < 3


# --- clocks ---


@pytest.mark.parametrize("hours", [1, -1])
async def test_a_clock_that_jumps_neither_stops_nor_floods(sqlite_template, tmp_path, keyring: Keyring, hours: int) -> None:
    """20 a second while the machine's clock jumps by an hour: the pace goes on, no sliding second sees more."""
    import shutil

    path, shift = tmp_path / "jump.db", [0]
    shutil.copy(sqlite_template, path)
    clock_us = lambda: time.time_ns() // 1000 + shift[0]  # noqa: E731
    async with open_database(f"sqlite:///{path}", keyring, clock_us=clock_us) as database, telco(behaviour=QUIET) as there:
        route = route_to("kannel", there.url, pace=Pace(20))
        await direct(database, route, range(400))
        async with running(database, route):
            await until(database, sent=20)
            shift[0] = hours * 3_600_000_000
            before = there.counted()["distinct"]
            await asyncio.sleep(4)
            after = there.counted()["distinct"]
        assert there.counted()["peak_tps"] <= 20
        assert after - before >= 40  # a second and a bit of silence, where a clock was put back


async def test_a_slot_absurdly_far_ahead_is_pulled_in(database: Database) -> None:
    """What a clock that has been put back since left in the row."""
    async with telco(behaviour=QUIET) as there:
        route = route_to("kannel", there.url, pace=Pace(100))
        await database.write(lambda connection: outbox.ensure_route(connection, "r"))
        await change(database, route_state, next_slot_us=(now_ms() + 3_600_000) * 1000, paused_until=now_ms() + 2 * 3_600_000)
        await direct(database, route, range(10))
        async with running(database, route):
            await until(database, seconds=5, sent=10)


def test_a_jump_of_the_database_clock_kills_nobody() -> None:
    """Heartbeats that go on changing are alive, whatever they say; one that stays the same for ten seconds of ours is dead."""
    deaths = Deaths()
    assert deaths.among({"a": 100, "b": 200}, 0) == {}
    assert deaths.among({"a": 3_600_100, "b": 200}, 5_000) == {}
    assert deaths.among({"a": 3_602_100, "b": 200}, DEAD_AFTER_MS) == {"b": 200}
    assert deaths.among({"a": 2_100, "b": 4_000}, DEAD_AFTER_MS + 2_000) == {}


async def test_a_heartbeat_of_the_future_is_taken_over_at_the_start(database: Database) -> None:
    """A process that died with its clock an hour ahead: alone with the file, we take over all the same."""
    await direct(database, route_to("simulator", ""), range(3))

    async def die(connection) -> None:
        await outbox.beat(connection, "dead")
        await outbox.claim(connection, route="r", lane=0, wave=0, now=1, limit=3, owner="dead")

    from gateway.storage.schema import dispatcher

    await database.write(die)
    await change(database, dispatcher, heartbeat_at=now_ms() + 3_600_000)
    async with http_sender(timeout_s=5) as send:
        assert await Upkeep(database, [], send, "me", now_ms, _nothing).take_over(alone=True) == (3, 0)


# --- reports ---


@pytest.mark.parametrize("first", ["answer", "report"])
async def test_the_race_of_report_and_answer(postgres_url: str, keyring: Keyring, first: str) -> None:
    """Two real connections, both transactions open at once: whichever commits last, its second transaction finds the other's row."""
    from tests.conftest import _empty

    async with open_database(postgres_url, keyring, migrate=True) as hook, open_database(postgres_url, keyring) as ours:
        await ours.write(_empty)
        await direct(ours, route_to("simulator", ""), [1])
        (claimed,) = await ours.write(lambda c: outbox.claim(c, route="r", lane=0, wave=0, now=1, limit=1, owner="o"))
        await ours.write(lambda c: outbox.mark_sending(c, "r", [outbox.NewRequest(claimed.ref, (claimed.id,), b"h")], "o", 1))
        go = {"answer": asyncio.Event(), "report": asyncio.Event()}
        answer = Settlement(claimed.id, claimed.ref, MtState.SENT, "r", carrier_ref="c1")
        report = {"route": "r", "ref": "c1", "ours": False, "recipient": 0, "status": "delivered", "code": "0", "received_at": now_ms()}

        async def settle(connection) -> None:
            await outbox.settle(connection, [answer], 3)
            await go["answer"].wait()

        async def store(connection) -> None:
            await connection.execute(dlr.insert().values(**report))
            await go["report"].wait()

        async def side(database: Database, unit) -> None:
            await database.write(unit)
            await database.write(lambda connection: outbox.match_dlrs(connection, 4))

        async with asyncio.TaskGroup() as tasks:
            one, other = tasks.create_task(side(ours, settle)), tasks.create_task(side(hook, store))
            await asyncio.sleep(0.2)
            go[first].set()
            await (one if first == "answer" else other)
            assert await counts(ours) == ({"sent": 1} if first == "answer" else {"sending": 1})
            go["report" if first == "answer" else "answer"].set()
        assert await counts(ours) == {"delivered": 1}


async def test_an_unknown_report_is_kept_and_matched_later(database: Database) -> None:
    """It names a reference that nobody has yet; when the answer brings it, the two meet in the answer's turn."""
    async with telco(behaviour=QUIET) as there:
        route = route_to("simulator", there.url)
        report = {"route": "r", "ours": False, "recipient": 0, "status": "delivered", "code": "0", "received_at": now_ms()}
        await database.write(lambda c: c.execute(dlr.insert(), [report | {"ref": f"C{at:07d}"} for at in range(1, 4)]))
        assert await database.write(lambda c: outbox.match_dlrs(c, now_ms())) == 0
        await direct(database, route, range(3))
        async with running(database, route):
            await until(database, sent=0)
            async with asyncio.timeout(10):
                while (await counts(database)).get("queued") or (await counts(database)).get("claimed"):
                    await asyncio.sleep(0.01)
        refs = {ref for (ref,) in await rows(database, mt.c.carrier_ref)}
        assert len(refs) == 3
