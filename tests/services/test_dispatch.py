"""The dispatcher against the fake telco over real HTTP, on both engines."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import select, update

from gateway.carriers.protocol import Accepted, Account
from gateway.carriers.registry import CARRIERS
from gateway.carriers.wire import HttpRequest, HttpResponse
from gateway.domain.failure import Failure, Refused
from gateway.domain.message import MtState
from gateway.domain.msisdn import Msisdn
from gateway.domain.pace import Pace
from gateway.domain.secret import Secret
from gateway.sending import now_ms
from gateway.services.dispatch import Dispatcher
from gateway.services.refusal import Refusal
from gateway.services.routes import Route
from gateway.services.sends import Order, enqueue
from gateway.services.settlement import MAX_ATTEMPTS, backoff_ms, settlement, unwritten
from gateway.services.upkeep import Upkeep
from gateway.simulator.behaviour import Behaviour
from gateway.simulator.telco import Telco, telco
from gateway.storage import outbox
from gateway.storage.database import Database
from gateway.storage.outbox import AT_ONCE, ClaimedMt
from gateway.storage.schema import mt, request
from gateway.transport import http_sender


def route_to(carrier: str, url: str, **changes: object) -> Route:
    paths = {"kannel": "/cgi-bin/sendsms", "simulator": "/sms"}
    values: dict[str, object] = {
        "name": "r", "carrier": CARRIERS[carrier], "pace": Pace(0), "prefixes": (), "concurrency": 16,
        "on_lost_answer": "hold", "max_unapproved": 0, "rehearsal": True,
        "account": Account("r", url + paths[carrier], "demo", Secret("demo"), "8088", "http://127.0.0.1:9/hooks/r/dlr?secret=s"),
    }  # fmt: skip
    return Route(**(values | changes))


def numbers(count: int) -> tuple[Msisdn, ...]:
    return tuple(Msisdn(f"+84300{at:06d}") for at in range(count))


@asynccontextmanager
async def running(database: Database, *routes: Route, timeout_s: float = 5, drain_s: float = 5) -> AsyncIterator[None]:
    """Dispatchers of `routes` for the length of the block."""
    stop = asyncio.Event()
    async with http_sender(timeout_s=timeout_s, connections=16) as send, asyncio.TaskGroup() as tasks:
        for route in routes:
            dispatcher = Dispatcher(route, routes, database, send, "me", "Asia/Ho_Chi_Minh", drain_s)
            tasks.create_task(dispatcher.run(stop))
        try:
            yield
        finally:
            stop.set()


async def counts(database: Database, **which: object) -> dict[str, int]:
    async with database.read() as connection:
        found = await outbox.counts(connection, **which)
    return {state: count for state, count in found.items() if count and state != "segments"}


async def until(database: Database, state: str, count: int) -> None:
    async with asyncio.timeout(20):
        while (await counts(database)).get(state, 0) < count:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("carrier", ["kannel", "simulator"])
async def test_each_mt_arrives_once(database: Database, carrier: str) -> None:
    """300 MTs: the telco counts 300 distinct, all are `sent`; the same id again adds nothing."""
    async with telco(behaviour=Behaviour(dlr="never")) as there:
        route = route_to(carrier, there.url)
        async with running(database, route):
            await enqueue(database, route, Order("a", numbers(300), "Tri an 27/7"), now_ms())
            again = await enqueue(database, route, Order("a", numbers(300), "Tri an 27/7"), now_ms())
            await until(database, "sent", 300)
        assert again.accepted == 0
        assert there.counted()["distinct"] == 300
        assert there.counted()["twice"] == 0
    assert await counts(database) == {"sent": 300}


async def test_a_lost_answer_is_uncertain_and_not_resent(database: Database) -> None:
    """The telco takes and resets: every tenth answer is lost, none is sent twice."""
    async with telco(behaviour=Behaviour(dlr="never", reset_after_read_every=10)) as there:
        route = route_to("kannel", there.url)
        async with running(database, route):
            await enqueue(database, route, Order("a", numbers(100), "Tri an"), now_ms())
            await until(database, "sent", 90)
        assert there.counted()["distinct"] == 100
        assert there.counted()["twice"] == 0
    assert await counts(database) == {"sent": 90, "uncertain": 10}


async def test_resend_stays_inside_the_dedupe_window(database: Database) -> None:
    """on_lost_answer = resend: the same bytes again, counted once by the telco."""
    async with telco(behaviour=Behaviour(dlr="never", reset_after_read_every=1)) as there:
        route = route_to("simulator", there.url, on_lost_answer="resend")
        async with running(database, route):
            await enqueue(database, route, Order("a", numbers(30), "Tri an"), now_ms())
            await until(database, "uncertain", 30)
        there.behaviour = Behaviour(dlr="never")
        async with http_sender(timeout_s=5) as send:
            await Upkeep(database, [route], send, "me", now_ms, _nothing).once()
        assert there.counted()["distinct"] == 30
    assert await counts(database) == {"sent": 30}


async def test_ask_believes_the_carrier(database: Database) -> None:
    """on_lost_answer = ask: found is sent; not found proves nothing for ten minutes, then it goes again."""
    async with telco(behaviour=Behaviour(dlr="never", drop_every=1)) as there:
        route = route_to("simulator", there.url, on_lost_answer="ask")
        async with running(database, route):
            await enqueue(database, route, Order("a", numbers(3), "Tri an"), now_ms())
            await until(database, "uncertain", 3)
        there.behaviour = Behaviour(dlr="never")
        async with http_sender(timeout_s=5) as send:
            await Upkeep(database, [route], send, "me", now_ms, _nothing).once()
            assert await counts(database) == {"uncertain": 3}
            long_ago = now_ms() - 700_000
            await database.write(lambda connection: connection.execute(request.update().values(sent_at=long_ago, resolve_at=long_ago)))
            await Upkeep(database, [route], send, "me", now_ms, _nothing).once()
    assert await counts(database) == {"queued": 3}


async def test_an_answer_that_says_nothing_is_no_word_of_the_carriers(database: Database) -> None:
    """on_lost_answer = ask: ten minutes on, whoever answers in the telco's place makes nothing go again."""
    async with telco(behaviour=Behaviour(dlr="never", reset_after_read_every=1)) as there:
        route = route_to("simulator", there.url, on_lost_answer="ask")
        async with running(database, route):
            await enqueue(database, route, Order("a", numbers(3), "Tri an"), now_ms())
            await until(database, "uncertain", 3)

        async def portal(_request: HttpRequest) -> HttpResponse:
            return HttpResponse(200, {}, b"<html>Please log in</html>")

        long_ago = now_ms() - 700_000
        await database.write(lambda connection: connection.execute(request.update().values(sent_at=long_ago, resolve_at=long_ago)))
        await Upkeep(database, [route], portal, "me", now_ms, _nothing).once()
        assert await counts(database) == {"uncertain": 3}
        async with database.read() as connection:
            assert min(await connection.scalars(select(request.c.resolve_at))) > now_ms() + 10_000  # asked again, and not in every round
        await database.write(lambda connection: connection.execute(request.update().values(resolve_at=long_ago)))
        async with http_sender(timeout_s=5) as send:  # and the telco itself is believed afterwards
            await Upkeep(database, [route], send, "me", now_ms, _nothing).once()
    assert await counts(database) == {"sent": 3}


async def _nothing() -> None:
    """No spool here."""


async def test_opted_out_after_queueing_is_suppressed(database: Database) -> None:
    """The rule is asked again as the MT departs."""
    await enqueue(database, route_to("simulator", ""), Order("a", numbers(2), "Tri an"), now_ms())
    person = database.keyring.blind(numbers(1)[0].e164, "msisdn")
    await database.write(lambda connection: _opt_out(connection, person))
    async with telco(behaviour=Behaviour(dlr="never")) as there, running(database, route_to("simulator", there.url)):
        await until(database, "sent", 1)
    assert await counts(database) == {"sent": 1, "suppressed": 1}


async def _opt_out(connection, person: bytes) -> None:
    from gateway.storage.schema import contact

    await connection.execute(contact.insert().values(bidx=person, msisdn="+84300000000", commune="06577", opted_out_at=1, created_at=1))


async def test_a_drain_hands_back_what_was_claimed(database: Database) -> None:
    """At one a second, the claimed wait for their slots; a stop gives them back."""
    async with telco(behaviour=Behaviour(dlr="never")) as there:
        route = route_to("simulator", there.url, pace=Pace(8))
        await enqueue(database, route, Order("a", numbers(30), "Tri an"), now_ms())
        async with running(database, route):
            await until(database, "sent", 1)
        sent = there.counted()["distinct"]
    assert await counts(database) == {"sent": sent, "queued": 30 - sent}


async def test_the_drain_has_an_end(database: Database) -> None:
    """A telco that never answers: after drain_s what is on the wire is uncertain, the rest is back in the queue."""
    async with telco(behaviour=Behaviour(dlr="never", stall_every=1)) as there:
        route = route_to("kannel", there.url, concurrency=4)
        await enqueue(database, route, Order("a", numbers(10), "Tri an"), now_ms())
        async with running(database, route, timeout_s=60, drain_s=0.2):
            await until(database, "sending", 4)
    assert await counts(database) == {"uncertain": 4, "queued": 6}


async def test_misconfigured_holds_the_route_and_fails_nothing(database: Database) -> None:
    """A bad password: all stay queued, the route is held with the carrier's word."""
    async with telco(behaviour=Behaviour(known_account=False)) as there:
        route = route_to("kannel", there.url)
        await enqueue(database, route, Order("a", numbers(40), "Tri an"), now_ms())
        async with running(database, route), asyncio.timeout(10):
            while not await _held(database):
                await asyncio.sleep(0.01)
    assert await counts(database) == {"queued": 40}


async def test_a_word_of_no_table_goes_once_more_and_then_holds_the_route(database: Database) -> None:
    """The first time it may be a whim; the second holds the route under the word, and nothing fails."""
    async with telco(behaviour=Behaviour(refuse_every=1, refuse_code="weather")) as there:
        route = route_to("simulator", there.url, concurrency=1)
        await enqueue(database, route, Order("a", numbers(1), "Tri an"), now_ms())
        async with running(database, route):
            await _tried(database, 1)
            assert await _held(database) is None
            await database.write(lambda connection: connection.execute(update(mt).values(due_at=AT_ONCE)))  # not after five seconds
            async with asyncio.timeout(10):
                while not await _held(database):
                    await asyncio.sleep(0.01)
    assert await _held(database) == "unknown answer weather"
    assert await counts(database) == {"queued": 1}


async def _tried(database: Database, attempts: int) -> None:
    async with asyncio.timeout(10):
        while True:
            async with database.read() as connection:
                if (await connection.execute(select(mt.c.attempts).where(mt.c.state == "queued"))).scalar() == attempts:
                    return
            await asyncio.sleep(0.01)


async def _held(database: Database) -> str | None:
    async with database.read() as connection:
        return (await outbox.route_condition(connection, "r")).hold_code


async def test_take_over_after_a_death(database: Database) -> None:
    """claimed goes back, sending becomes uncertain, nothing else moves."""
    await enqueue(database, route_to("simulator", ""), Order("a", numbers(5), "Tri an"), now_ms())

    async def die(connection) -> None:
        await outbox.beat(connection, "dead")
        claimed = await outbox.claim(connection, route="r", lane=0, wave=0, now=now_ms(), limit=4, owner="dead")
        some = [outbox.NewRequest(mt.ref, (mt.id,), b"h") for mt in claimed[:1]]
        await outbox.mark_sending(connection, "r", some, "dead", 1)

    await database.write(die)
    assert await counts(database) == {"queued": 1, "claimed": 3, "sending": 1}
    async with http_sender(timeout_s=5) as send:
        assert await Upkeep(database, [], send, "me", now_ms, _nothing).take_over(alone=True) == (3, 1)
    assert await counts(database) == {"queued": 4, "uncertain": 1}


async def test_max_unapproved_binds_the_door(database: Database) -> None:
    """Many small sends are no way round it."""
    route = route_to("simulator", "", max_unapproved=20)
    await enqueue(database, route, Order("a", numbers(15), "Tri an"), now_ms())
    with pytest.raises(Refusal, match="at most 20 recipients"):
        await enqueue(database, route, Order("b", numbers(6), "Tri an"), now_ms())


_MT = ClaimedMt(1, "R", 0, 0, False, Msisdn("+84300000001"), "x", None, None, 1, 0, 0)


@pytest.mark.parametrize(
    ("outcome", "attempts", "state", "counted"),
    [
        (Accepted("c1", 1), 0, MtState.SENT, True),
        (Refused(Failure.PERMANENT, "absent"), 0, MtState.FAILED, True),
        (Refused(Failure.UNROUTABLE, "foreign"), 0, MtState.QUEUED, True),
        (Refused(Failure.RETRYABLE, "busy"), 0, MtState.QUEUED, True),
        (Refused(Failure.RETRYABLE, "busy"), MAX_ATTEMPTS - 1, MtState.FAILED, True),
        (Refused(Failure.RETRYABLE, "no answer", maybe_sent=True), 0, MtState.UNCERTAIN, True),
        (Refused(Failure.THROTTLED, "429", 3), 0, MtState.QUEUED, False),
        (Refused(Failure.MISCONFIGURED, "account"), 0, MtState.QUEUED, False),
    ],
)
def test_settlement_of(outcome, attempts: int, state: MtState, counted: bool) -> None:
    """Five words decide, never a carrier's code."""

    first, second = route_to("simulator", "", fallback=("second",)), route_to("simulator", "", name="second")
    settled = settlement(_MT._replace(attempts=attempts), outcome, first, [first, second], 1_000)
    assert (settled.state, settled.counted) == (state, counted)
    assert settled.route == ("second" if getattr(outcome, "kind", None) is Failure.UNROUTABLE else "r")


def test_what_never_left_waits_for_no_clock() -> None:
    """A clock put back an hour while it was on its way would keep it for that hour; what was refused for good time waits by it."""
    route = route_to("kannel", "http://127.0.0.1:9")
    assert unwritten(_MT, route).due_at == AT_ONCE
    assert settlement(_MT, Refused(Failure.MISCONFIGURED, "401"), route, [route], 1_000).due_at == AT_ONCE
    assert settlement(_MT, Refused(Failure.RETRYABLE, "busy"), route, [route], 1_000).due_at == 1_000 + backoff_ms(0)


def test_backoff_doubles_to_ten_minutes() -> None:
    """5 s, 10 s, 20 s … 600 s."""
    assert [backoff_ms(n) for n in (0, 1, 2, 9)] == [5_000, 10_000, 20_000, 600_000]


__all__ = ["Telco"]
