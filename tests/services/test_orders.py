"""A partner order from plan to done, on both engines: two persons, a carrier that loses its answers, counts that come twice."""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date

import pytest

from gateway.carriers.protocol import Account
from gateway.carriers.wire import HttpRequest, HttpResponse, LostAnswer, NotSent
from gateway.domain.document import Document
from gateway.domain.secret import Secret
from gateway.domain.wave import WaveKind, WaveState
from gateway.domain.window import Window
from gateway.services import approvals, orders
from gateway.services import waves as life
from gateway.services.orders import Wanted
from gateway.services.refusal import Refusal
from gateway.services.routes import Route
from gateway.services.texts import BadText
from gateway.simulator.area import AreaDesk
from gateway.simulator.behaviour import Behaviour
from gateway.simulator.http_server import http_server
from gateway.storage import orders as rows
from gateway.storage import waves
from gateway.transport import http_sender
from tests.services.people import NOW, deployment
from tests.services.staff import bound_route, two_persons

ROUTE = replace(bound_route("doi-tac"), max_unapproved=20)
OPEN = replace(ROUTE, max_unapproved=0)
DATA = deployment()
ZONE = DATA.campaign.timezone
WANTED = Wanted(
    "dia-ban", {"vi": "Xa Thong Nhat tri an. Gui {{ dau_so }}", "en": "Text {{ dau_so }}"}, ("06577",), date(2026, 12, 20),
    date(2026, 12, 22), Window(420, 1260), 600, document=Document("238/KH-UBND", date(2026, 6, 15)),
)  # fmt: skip
COUNTS = "Mẫu;Nhà mạng;Ngày;Đã gửi;Đến máy;Lỗi;Số bản tin\nvi;Viettel;20/12/2026;300;280;10;300\nen;Viettel;20/12/2026;300;290;5;300\n"


async def plan(database, wanted: Wanted = WANTED, route: Route = ROUTE):
    return await orders.plan(database, route, DATA.campaign, DATA.communes, wanted, NOW)


async def approved(database, wanted: Wanted = WANTED):
    """A planned and approved order."""
    planner, approver = await two_persons(database)
    await plan(database, replace(wanted, planner=planner.id))
    await approvals.approve(database, (ROUTE,), wanted.name, approver, NOW)
    return await orders.find(database, wanted.name)


async def test_an_order_is_a_wave_of_the_partner(database) -> None:
    order, new = await plan(database)
    assert new
    wave = order.wave
    assert (wave.kind, wave.state, wave.audience, wave.segments) == (WaveKind.PARTNER, WaveState.PLANNED, 600, 600)
    assert dict(wave.texts) == {"vi": "Xa Thong Nhat tri an. Gui 8088", "en": "Text 8088"}  # the words themselves
    assert (order.first, order.last, order.expected, order.placed.area) == (date(2026, 12, 20), date(2026, 12, 22), 600, ("06577",))
    assert wave.starts_at == 1_797_724_800_000  # 2026-12-20 07:00 at UTC+7
    again, new = await plan(database, replace(WANTED, expected=5))
    assert (new, again.expected) == (False, 600)


async def test_the_same_again_is_asked_about(database) -> None:
    await plan(database)
    with pytest.raises(Refusal, match=r"order dia-ban of the last seven days has the same texts for the same area; if it is meant, add"):
        await plan(database, replace(WANTED, name="dia-ban-2"))
    async with database.read() as connection:
        assert await waves.find(connection, "dia-ban-2") is None  # nothing of it stays
    assert (await plan(database, replace(WANTED, name="dia-ban-2", again=True)))[1]


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"area": ()}, Refusal, "the order names no area; add --area"),
        ({"area": ("99999",)}, Refusal, "99999 is no commune of communes.csv"),
        ({"first": date(2026, 12, 23)}, Refusal, "an order is for 1 to 31 days, and 2026-12-23 to 2026-12-22 is not"),
        ({"last": date(2027, 1, 20)}, Refusal, "an order is for 1 to 31 days"),
        ({"first": date(2026, 11, 1), "last": date(2026, 11, 2)}, Refusal, "the day 2026-11-02 has gone by, today is 2026-11-18"),
        ({"name": "a/b"}, Refusal, "“a/b” is no name for a wave"),
        ({"name": ""}, Refusal, "“” is no name for a wave"),
        ({"texts": {"vi": "x" * 161}}, Refusal, "text vi: "),
        ({"texts": {"vi": "Chao {{ ten }}"}}, BadText, "the text vi names {{ ten }}, and everybody in an area gets the same; leave it out"),
        ({"texts": {"vi": "Chao {{ thon"}}, BadText, "line 1: "),
        ({"texts": {"vi": "{{ '{{ a }}' }}"}}, BadText, ""),
        ({"cost_ceiling": 600 * 350 - 1}, Refusal, "the order may cost 210.000 đ, over its ceiling of 209.999 đ"),
    ],
)
async def test_what_can_not_be_ordered_leaves_nothing(database, change, error, said: str) -> None:
    wanted = replace(WANTED, **change)
    with pytest.raises(error) as refused:
        await plan(database, wanted)
    assert str(refused.value).startswith(said)
    async with database.read() as connection:
        assert await waves.everything(connection) == []


async def test_nothing_is_handed_over_without_a_second_person(database) -> None:
    await plan(database)
    with pytest.raises(Refusal, match="is not approved"):
        await orders.hand_over(database, (ROUTE,), "dia-ban", NOW)
    order = await orders.find(database, "dia-ban")
    assert (order.wave.state, order.placed.ordered_at) == (WaveState.PLANNED, None)


async def test_an_approved_order_is_handed_over_once(database) -> None:
    await approved(database)
    order = await orders.hand_over(database, (ROUTE,), "dia-ban", NOW + 5)
    assert (order.wave.state, order.placed.ordered_at) == (WaveState.RUNNING, NOW + 5)
    again = await orders.hand_over(database, (ROUTE,), "dia-ban", NOW + 9)
    assert again.placed.ordered_at == NOW + 5
    assert again.wave.started_at == NOW + 5


async def test_a_route_without_a_limit_needs_no_approval(database) -> None:
    await plan(database, route=OPEN)
    assert (await orders.hand_over(database, (OPEN,), "dia-ban", NOW)).wave.state is WaveState.RUNNING


async def test_what_was_approved_is_what_goes(database) -> None:
    """The area and the days are in the fingerprint."""
    from gateway.storage.schema import wave as table

    order = await approved(database)

    async def unit(connection) -> None:
        await connection.execute(table.update().values(audience_rule={**order.wave.audience_rule, "area": ["06577", "00001"]}))

    await database.write(unit)
    with pytest.raises(Refusal, match="audience changed since then"):
        await orders.hand_over(database, (ROUTE,), "dia-ban", NOW)


async def test_an_order_that_somebody_only_started_is_still_handed_over(database) -> None:
    """`wave start` is no handing over: nobody has it yet."""
    from gateway.storage.schema import wave as table

    await approved(database)
    await database.write(lambda connection: connection.execute(table.update().values(state="running")))
    order = await orders.hand_over(database, (ROUTE,), "dia-ban", NOW + 7)
    assert (order.wave.state, order.placed.ordered_at) == (WaveState.RUNNING, NOW + 7)


async def test_a_cancelled_order_goes_nowhere(database) -> None:
    await approved(database)
    await life.cancel(database, "dia-ban", NOW)
    for act in (orders.hand_over(database, (ROUTE,), "dia-ban", NOW), send(database, _never)):
        with pytest.raises(Refusal, match="is cancelled"):
            await act


async def test_our_own_wave_is_no_order(database) -> None:
    from tests.services.wave_rows import make_wave

    await make_wave(database, "tri-an")
    with pytest.raises(Refusal, match="wave tri-an is sent by ourselves and is no partner order"):
        await orders.find(database, "tri-an")
    with pytest.raises(Refusal, match="there is no order nie"):
        await orders.find(database, "nie")


# --- over HTTP ---


async def _never(_request: HttpRequest) -> HttpResponse:
    raise AssertionError("nothing may be sent")


async def send(database, http: Callable, route: Route = ROUTE, now: int = NOW):
    return await orders.send(database, (route,), "dia-ban", ZONE, http, now)


@asynccontextmanager
async def telco() -> AsyncIterator[Route]:
    """A real desk of the fake telco, and a route to it."""
    desk = AreaDesk(lambda: Behaviour())
    async with http_server(desk.routes(), "127.0.0.1", 0, logging.getLogger("test")) as listening:
        yield replace(ROUTE, account=Account("doi-tac", f"http://127.0.0.1:{listening.port}/sms", "u", Secret("p"), "8088"))


async def test_an_order_over_http_is_placed_once(database) -> None:
    await approved(database)
    async with telco() as route, http_sender(timeout_s=5) as http:
        order, placed = await send(database, http, route)
        assert placed
        assert (order.wave.state, order.placed.carrier_ref, order.placed.ordered_at) == (WaveState.RUNNING, "AREA-1", NOW)
    again, placed = await send(database, _never, route)
    assert (placed, again.placed.carrier_ref) == (False, "AREA-1")


async def test_an_unapproved_order_never_reaches_the_wire(database) -> None:
    await plan(database)
    with pytest.raises(Refusal, match="is not approved"):
        await send(database, _never)


async def test_a_carrier_without_orders_gets_a_paper(database) -> None:
    from gateway.carriers.registry import CARRIERS

    await approved(database)
    with pytest.raises(Refusal, match="takes no orders over HTTP; write the document instead"):
        await send(database, _never, replace(ROUTE, carrier=CARRIERS["kannel"]))


@pytest.mark.parametrize(
    "answer",
    [HttpResponse(403, {}, b'{"error":"account"}'), NotSent("no connection"), HttpResponse(503, {}, b'{"error":"busy"}')],
    ids=["refused", "not sent", "busy"],
)
async def test_a_plain_no_leaves_the_order_unplaced(database, answer) -> None:
    await approved(database)

    async def http(_request: HttpRequest) -> HttpResponse:
        if isinstance(answer, Exception):
            raise answer
        return answer

    with pytest.raises(Refusal, match="nothing was ordered"):
        await send(database, http)
    order = await orders.find(database, "dia-ban")
    assert (order.wave.state, order.placed.ordered_at, order.placed.carrier_ref) == (WaveState.APPROVED, None, None)


async def test_a_lost_answer_is_asked_again_with_the_same_bytes(database) -> None:
    """The first request arrives and its answer is lost; the second is known by its ref."""
    await approved(database)
    seen: list[bytes] = []
    async with telco() as route, http_sender(timeout_s=5) as real:

        async def losing(request: HttpRequest) -> HttpResponse:
            seen.append(request.body)
            await real(request)
            raise LostAnswer("reset")

        with pytest.raises(Refusal, match="was lost"):
            await send(database, losing, route)
        order = await orders.find(database, "dia-ban")
        assert (order.placed.ordered_at, order.placed.carrier_ref) == (NOW, None)

        async def honest(request: HttpRequest) -> HttpResponse:
            seen.append(request.body)
            return await real(request)

        order, _ = await send(database, honest, route, NOW + 1_000)
    assert seen[0] == seen[1]
    assert (order.placed.carrier_ref, order.placed.ordered_at) == ("AREA-1", NOW)


async def test_paper_first_and_http_after_is_one_order(database) -> None:
    await approved(database)
    await orders.hand_over(database, (ROUTE,), "dia-ban", NOW)
    with pytest.raises(Refusal):
        await send(database, _refuse, now=NOW + 1)
    order = await orders.find(database, "dia-ban")
    assert (order.wave.state, order.placed.ordered_at) == (WaveState.RUNNING, NOW)  # the paper stands


async def _refuse(_request: HttpRequest) -> HttpResponse:
    return HttpResponse(403, {}, b'{"error":"account"}')


# --- counts ---


async def ordered(database):
    await plan(database, route=OPEN)
    return await orders.hand_over(database, (OPEN,), "dia-ban", NOW)


async def take(database, text: str = COUNTS):
    return await orders.import_counts(database, (OPEN,), "dia-ban", text.encode(), "bao-cao.csv", NOW)


async def test_counts_come_in_once(database) -> None:
    await ordered(database)
    first = await take(database)
    assert (len(first.new), first.changed, first.same, first.faults, first.differences) == (2, (), 0, (), ())
    again = await take(database)
    assert (again.new, again.changed, again.same) == ((), (), 2)
    async with database.read() as connection:
        assert len(await rows.counts_of(connection, (await orders.find(database, "dia-ban")).wave.id)) == 2


async def test_a_later_list_replaces_and_says_what_changed(database) -> None:
    await ordered(database)
    await take(database)
    later = await take(database, COUNTS.replace("300;280;10;300", "400;380;10;400"))
    ((before, after),) = later.changed
    assert (before.sent, after.sent, later.same) == (300, 400, 1)
    assert later.differences == ("700 messages were sent to 600 expected subscribers, 100 too many",)
    async with database.read() as connection:
        found = await rows.counts_of(connection, (await orders.find(database, "dia-ban")).wave.id)
    assert sum(count.sent for count in found) == 700


async def test_a_list_with_a_bad_row_keeps_the_good_ones(database) -> None:
    await ordered(database)
    found = await take(database, COUNTS + "vi;Viettel;mai;1;1;1;1\n")
    assert len(found.new) == 2
    assert [str(fault) for fault in found.faults] == ["bao-cao.csv:4: day: “mai” is no day. Write it like 22/12/2026"]


async def test_how_it_stands(database) -> None:
    await ordered(database)
    before = await orders.stands(database, (OPEN,), "dia-ban")
    assert (before.counts, before.differences, before.answers) == ((), (), {})
    await take(database)
    after = await orders.stands(database, (OPEN,), "dia-ban")
    assert sum(count.sent for count in after.counts) == 600
    assert after.differences == ()


async def test_what_was_not_handed_over_has_no_counts(database) -> None:
    await plan(database)
    with pytest.raises(Refusal, match="was not handed over, so there is nothing to count"):
        await take(database)


async def test_an_order_is_done_when_somebody_says_so(database) -> None:
    await ordered(database)
    with pytest.raises(Refusal, match="has no counts yet"):
        await orders.close(database, "dia-ban", NOW)
    await take(database)
    assert (await orders.close(database, "dia-ban", NOW + 1)).wave.state is WaveState.DONE
    with pytest.raises(Refusal, match="is done and can't be closed"):
        await orders.close(database, "dia-ban", NOW + 2)
    late = await take(database, COUNTS.replace("300;280;10;300", "301;280;10;301"))  # a late correction is still taken in
    assert len(late.changed) == 1
