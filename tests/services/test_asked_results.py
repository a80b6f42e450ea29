"""Reports of a carrier that tells nothing by itself: asked for, ever more seldom, until all is said."""

import asyncio
import json
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.carriers.protocol import Account
from gateway.carriers.registry import CARRIERS
from gateway.carriers.wire import HttpRequest, HttpResponse, LostAnswer
from gateway.domain.secret import Secret
from gateway.services.asked_results import FIRST_MS, MOST, AskedResults
from gateway.services.routes import Route
from gateway.storage import outbox
from gateway.storage.asked_results import REFS, OpenMt, carrier_refs
from gateway.storage.database import Database
from gateway.storage.schema import mt
from tests.services.blasts import direct, number, route_to, rows
from tests.services.people import NOW

DAY_MS = 86_400_000
ADS = "http://127.0.0.1:9/MainService.svc/json/SendMultipleSMSBrandname_json/"


def ads(name: str = "ads") -> Route:
    account = Account(name, ADS, "K", Secret("hush"), "UBNDXA")
    return replace(route_to("simulator", "http://127.0.0.1:9", name=name), carrier=CARRIERS["esms-ads"], account=account)


class Vendor:
    """What eSMS knows of each number, by its own form of it, and how often it was asked about which request."""

    def __init__(self) -> None:
        self.known: dict[str, dict[str, object]] = {}
        self.asked: list[str] = []
        self.code = "100"
        self.is_silent = False

    def says(self, at: int, result: object, sent: object = True) -> None:
        phone = number(at).e164.replace("+84", "0")
        self.known[phone] = {"Phone": phone, "IsSent": sent, "SentResult": result, "NetworkName": "Viettel", "Retry": 0}

    async def take(self, request: HttpRequest) -> HttpResponse:
        found = parse_qs(urlsplit(request.url).query)
        self.asked.append(found["RefId"][0])
        assert urlsplit(request.url).path.endswith("/json/GetSmsReceiverStatus_get")
        if self.is_silent:
            raise LostAnswer("no answer")
        return HttpResponse(200, {}, json.dumps({"CodeResult": self.code, "ReceiverList": list(self.known.values())}).encode())


@dataclass(slots=True)
class Clock:
    """Epoch ms, as set."""

    now: int = NOW

    def __call__(self) -> int:
        return self.now


def remembered(asking: AskedResults) -> list[str]:
    """The references held in memory."""
    return sorted(ref for known in asking._known.values() for ref in known.requests)


@pytest.fixture
def vendor() -> Vendor:
    return Vendor()


async def taken(database: Database, people: range, ref: str, at: int = NOW, route: Route | None = None) -> None:
    """MTs that were sent together."""
    await direct(database, route or ads(), people)
    refs = [f"D0-{each}" for each in people]
    values = {"state": "sent", "carrier_ref": ref, "sent_at": at}
    await database.write(lambda connection: connection.execute(update(mt).where(mt.c.ref.in_(refs)).values(**values)))


async def states(database: Database, now: int) -> list[str]:
    await database.write(lambda connection: outbox.match_dlrs(connection, now))
    return [state for (state,) in await rows(database, mt.c.state)]


async def test_each_recipient_gets_its_own_result(database: Database, vendor: Vendor) -> None:
    """Arrived, failed, not sent there yet, not named; numbers of others change nothing."""
    await taken(database, range(1, 5), "S1")
    vendor.says(1, True)
    vendor.says(2, "False")
    vendor.says(3, None, sent=False)
    vendor.says(99, True)
    asking = AskedResults(database, [ads()], vendor.take, lambda: NOW)
    await asking.once(NOW + FIRST_MS)
    assert await states(database, NOW) == ["delivered", "failed", "sent", "sent"]
    assert vendor.asked == ["S1"]


async def test_it_is_asked_ever_more_seldom_and_no_more_when_all_is_said(database: Database, vendor: Vendor) -> None:
    """Five minutes after it was taken, 10 later, 20, 40 …; a restart begins anew, and stores nothing twice."""
    await taken(database, range(1, 3), "S1")
    vendor.says(1, True)
    asking = AskedResults(database, [ads()], vendor.take, lambda: NOW)
    times = []
    for minute in range(100):
        before = len(vendor.asked)
        await asking.once(NOW + minute * 60_000)
        times += [minute] * (len(vendor.asked) - before)
    assert times == [5, 15, 35, 75]
    again = AskedResults(database, [ads()], vendor.take, lambda: NOW)
    await again.once(NOW + DAY_MS)
    assert await states(database, NOW) == ["delivered", "sent"]
    vendor.says(2, True)
    await again.once(NOW + 2 * DAY_MS)
    assert await states(database, NOW) == ["delivered", "delivered"]
    asked = len(vendor.asked)
    for day in range(3, 6):
        await again.once(NOW + day * DAY_MS)
    assert len(vendor.asked) == asked


async def test_after_seven_days_the_vendor_knows_nothing_more(database: Database, vendor: Vendor) -> None:
    await taken(database, range(1, 3), "S1")
    asking = AskedResults(database, [ads()], vendor.take, lambda: NOW)
    await asking.once(NOW + 7 * DAY_MS + 1)
    assert vendor.asked == []


@pytest.mark.parametrize("code", ["105", "101", "999"])
async def test_a_refusal_or_a_lost_answer_is_asked_again(database: Database, vendor: Vendor, code: str) -> None:
    """Not known yet, wrong keys, a code of no table: later."""
    await taken(database, range(1, 2), "S1")
    vendor.says(1, True)
    vendor.code, vendor.is_silent = code, True
    asking = AskedResults(database, [ads()], vendor.take, lambda: NOW)
    await asking.once(NOW + FIRST_MS)
    vendor.is_silent = False
    await asking.once(NOW + FIRST_MS + 2 * FIRST_MS)
    assert await states(database, NOW) == ["sent"]
    vendor.code = "100"
    await asking.once(NOW + DAY_MS)
    assert (await states(database, NOW), len(vendor.asked)) == (["delivered"], 3)


async def test_few_requests_a_look_and_only_of_such_carriers(database: Database, vendor: Vendor) -> None:
    """The rest come in the next looks; a carrier that reports by itself is never asked."""
    for each in range(1, 2 * MOST):
        await taken(database, range(each, each + 1), f"S{each}")
    other = route_to("kannel", "http://127.0.0.1:9", name="other")
    await taken(database, range(50, 51), "X", route=other)
    asking = AskedResults(database, [ads(), other], vendor.take, lambda: NOW)
    await asking.once(NOW + FIRST_MS)
    assert vendor.asked == ["S1", "S2", "S3", "S4"]
    await asking.once(NOW + FIRST_MS)
    assert vendor.asked == [f"S{each}" for each in range(1, 2 * MOST)]
    async with database.read() as connection:
        assert await carrier_refs(connection, "ads", "", 99) == [(ref, NOW) for ref in vendor.asked]
        assert await carrier_refs(connection, "ads", "S2", 3) == [("S3", NOW), ("S4", NOW), ("S5", NOW)]
        assert await carrier_refs(connection, "nobody", "", 99) == []


async def test_only_what_the_vendor_still_knows_is_remembered(database: Database, vendor: Vendor) -> None:
    """A request a day for three weeks, every other one reported on: in memory are those of seven days, whatever became of them."""
    clock = Clock()
    asking = AskedResults(database, [ads()], vendor.take, clock)
    for day in range(21):
        clock.now = NOW + day * DAY_MS
        if day % 2:
            vendor.says(day, True)
        await taken(database, range(day, day + 1), f"S{day:02}", at=clock.now)
        for _ in range(3):  # three looks, so that all that is due was asked
            clock.now += FIRST_MS
            await asking.once(clock())
        await states(database, clock())
        assert len(remembered(asking)) == min(day + 1, 7)
    assert remembered(asking) == [f"S{day:02}" for day in range(14, 21)]
    clock.now += 8 * DAY_MS
    vendor.asked.clear()
    await asking.once(clock())
    assert (remembered(asking), vendor.asked) == ([], [])


async def test_a_long_walk_goes_on_in_the_next_look(database: Database, vendor: Vendor) -> None:
    """However many requests there ever were, a look walks over few of them; then it begins anew."""
    for each in range(7):
        await taken(database, range(each, each + 1), f"S{each}", at=NOW if each in (2, 6) else NOW - 8 * DAY_MS)
    asking = AskedResults(database, [ads()], vendor.take, lambda: NOW, walk=3)
    seen = []
    for _ in range(3):
        await asking.once(NOW + FIRST_MS)
        seen.append(list(vendor.asked))
    assert seen == [["S2"], ["S2"], ["S2", "S6"]]
    await taken(database, range(9, 10), "S0a")
    await asking.once(NOW + FIRST_MS)
    assert vendor.asked == ["S2", "S6", "S0a"]


async def test_the_walk_uses_its_index(database: Database) -> None:
    """It hops from reference to reference, and looks at one MT of each."""
    values = {"route_": "ads", "after_": "", "limit_": 9}

    async def plan(connection: AsyncConnection) -> str:
        if database.dialect == "postgresql":  # the table is empty: a scan would be cheaper
            await connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        compiled = REFS.compile(dialect=connection.dialect)
        ordered = tuple(values.get(name, 1) for name in compiled.positiontup or ())  # LIMIT 1 binds one of its own
        explain = "EXPLAIN QUERY PLAN" if database.dialect == "sqlite" else "EXPLAIN"
        return "\n".join(str(tuple(row)) for row in await connection.exec_driver_sql(f"{explain} {compiled}", ordered))

    found = await database.write(plan)
    assert "mt_carrier_ref" in found
    assert "SCAN mt" not in found, found
    assert "Seq Scan on mt" not in found


async def test_it_ends_when_told_and_runs_not_at_all_without_such_a_route(database: Database, vendor: Vendor) -> None:
    stop = asyncio.Event()
    await AskedResults(database, [route_to("kannel", "http://127.0.0.1:9")], vendor.take, lambda: NOW).run(stop)
    await taken(database, range(1, 2), "S1")
    running = asyncio.create_task(AskedResults(database, [ads()], vendor.take, lambda: NOW + FIRST_MS).run(stop))
    async with asyncio.timeout(20):
        while not vendor.asked:
            await asyncio.sleep(0.01)
        stop.set()
        await running


def test_no_number_in_a_repr() -> None:
    assert "300" not in repr(OpenMt("REF", number(1), NOW))
