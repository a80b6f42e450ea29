"""The monthly accounts: by route, network and local day, on both engines, whatever the clock of the place did."""

from dataclasses import replace
from datetime import date
from itertools import count

import pytest
from sqlalchemy import insert

from gateway.domain.caps import DAY_MS
from gateway.domain.cost import Prices
from gateway.domain.window import Window, moment_of
from gateway.services import orders, reports
from gateway.services.orders import Wanted
from gateway.services.refusal import Refusal
from gateway.services.reports import read_month, route_report, stretches
from gateway.storage.schema import mt
from tests.services.people import deployment
from tests.services.staff import bound_route

ZONE = "Asia/Ho_Chi_Minh"
ROUTES = (bound_route("viettel"), replace(bound_route("vina"), price_vnd=0))
NOON = 12 * 3_600_000
_people = count(1)


def at(day: date, ms: int = NOON, zone: str = ZONE) -> int:
    return moment_of(day, 0, zone) + ms


def row(state: str, sent_at: int | None, **more) -> dict[str, object]:
    person = next(_people)
    return {
        "ref": f"R{person}", "wave": 0, "bidx": person.to_bytes(8, "big"), "msisdn": f"+84300{person:06d}", "lane": 0, "route": "viettel",
        "operator": "Viettel", "state": state, "due_at": 0, "expires_at": 0, "segments": 2, "charged_segments": None, "failure": None,
        "created_at": 0, "sent_at": sent_at,
    } | more  # fmt: skip


async def store(database, *rows) -> None:
    await database.write(lambda connection: connection.execute(insert(mt), list(rows)))


async def test_every_state_has_its_column(database) -> None:
    day = date(2026, 11, 18)
    await store(
        database,
        row("delivered", at(day), charged_segments=3),
        row("sent", at(day), charged_segments=2),
        row("failed", at(day)),  # by a DLR: it was taken
        row("uncertain", at(day)),
        row("failed", at(day), failure="permanent"),  # refused: nobody charges it
        row("failed", at(day), failure="permanent", charged_segments=9),  # whatever was said of an earlier attempt
        row("sending", at(day)),
        row("queued", at(day)),  # a refused attempt, to be made again
        row("queued", None),
        row("suppressed", None),
    )
    found = await route_report(database, ROUTES, "2026-11", ZONE)
    (line,) = found.lines
    assert (line.route, line.operator, line.day, line.price_vnd) == ("viettel", "Viettel", day, 350)
    sums = line.sums
    assert (sums.mts, sums.segments, sums.delivered, sums.failed, sums.open, sums.uncertain, sums.refused) == (4, 8, 1, 1, 1, 1, 2)
    assert (sums.counted, sums.counted_segments, sums.charged, line.difference) == (2, 4, 5, 1)
    assert (line.cost_ours, line.cost_carrier) == (8 * 350, 9 * 350)
    assert found.totals[0].sums.mts == 4
    assert found.totals[0].day is None


async def test_days_are_those_of_the_place(database) -> None:
    """A message of 00:00:00.000 is of its own day, one a millisecond before of the day before; the months likewise."""
    first, last = date(2026, 11, 1), date(2026, 11, 30)
    await store(
        database,
        row("sent", at(first, -1)),
        row("sent", at(first, 0)),
        row("sent", at(first, DAY_MS - 1)),
        row("sent", at(last, 0)),
        row("sent", at(last, DAY_MS - 1)),
        row("sent", at(last, DAY_MS)),
    )
    found = await route_report(database, ROUTES, "2026-11", ZONE)
    assert [(line.day, line.sums.mts) for line in found.lines] == [(first, 2), (last, 2)]


async def test_routes_networks_and_days_are_apart(database) -> None:
    d1, d2 = date(2026, 11, 3), date(2026, 11, 2)
    await store(
        database,
        row("sent", at(d1)),
        row("sent", at(d2), operator=None),
        row("sent", at(d2), operator="VinaPhone"),
        row("sent", at(d2), route="vina"),
        row("sent", at(d2), route="old", segments=5),
    )
    found = await route_report(database, ROUTES, "2026-11", ZONE)
    assert [(line.route, line.day, line.operator) for line in found.lines] == [
        ("old", d2, "Viettel"),
        ("viettel", d2, ""),
        ("viettel", d2, "VinaPhone"),
        ("viettel", d1, "Viettel"),
        ("vina", d2, "Viettel"),
    ]
    old = found.lines[0]
    assert (old.price_vnd, old.cost_ours, old.cost_carrier) == (None, None, None)  # no longer enabled: nobody knows its price
    assert found.lines[-1].cost_ours == 0
    assert [(line.route, line.sums.mts) for line in found.totals] == [("old", 1), ("viettel", 3), ("vina", 1)]


async def test_a_day_on_which_clocks_change_is_one_day(database) -> None:
    """25 hours in Berlin on 25/10/2026; Viet Nam's days have 24."""
    zone, day = "Europe/Berlin", date(2026, 10, 25)
    start = moment_of(day, 0, zone)
    hours = 3_600_000
    await store(database, *(row("sent", start + hour * hours) for hour in (-1, 0, 1, 2, 3, 12, 24)), row("sent", start + 25 * hours))
    found = await route_report(database, ROUTES, "2026-10", zone)
    assert [(line.day.day, line.sums.mts) for line in found.lines if line.day] == [(24, 1), (25, 6), (26, 1)]


def test_a_month_is_one_stretch_where_clocks_stand_still() -> None:
    first, last = date(2026, 11, 1), date(2026, 11, 30)
    assert stretches(first, last, ZONE) == [(moment_of(first, 0, ZONE), moment_of(date(2026, 12, 1), 0, ZONE), 7 * 3_600_000)]
    assert [offset // 3_600_000 for _, _, offset in stretches(date(2026, 10, 1), date(2026, 10, 31), "Europe/Berlin")] == [2, 1]


@pytest.mark.parametrize(
    ("text", "last"), [("2026-11", date(2026, 11, 30)), ("2028-02", date(2028, 2, 29)), (" 2026-12 ", date(2026, 12, 31))]
)
def test_months(text: str, last: date) -> None:
    assert read_month(text) == (last.replace(day=1), last)


@pytest.mark.parametrize("text", ["2026-13", "11/2026", "", "tháng 11"])
def test_what_is_no_month(text: str) -> None:
    with pytest.raises(Refusal, match="is no month; write it like 2026-11"):
        read_month(text)


async def test_what_partners_counted_stands_beside(database) -> None:
    data, now = deployment(), at(date(2026, 11, 18))
    route = replace(bound_route("doi-tac"), max_unapproved=0)
    wanted = Wanted("dia-ban", {"vi": "Tri an"}, ("06577",), date(2026, 11, 29), date(2026, 12, 1), Window(420, 1260))
    await orders.plan(database, route, data.campaign, data.communes, wanted, now)
    await orders.hand_over(database, (route,), "dia-ban", now)
    head = "Mẫu;Nhà mạng;Ngày;Đã gửi;Đến máy;Lỗi;Số bản tin\n"
    text = head + "vi;Viettel;30/11/2026;5;4;1;5\nvi;Viettel;1/12/2026;7;7;0;7\n"
    await orders.import_counts(database, (route,), "dia-ban", text.encode(), "x.csv", now)
    found = await route_report(database, (*ROUTES, route), "2026-11", ZONE)
    (only,) = found.partners
    assert (only.route, only.wave, only.count.day, only.count.sent) == ("doi-tac", "dia-ban", "2026-11-30", 5)
    assert found.lines == ()


async def test_an_empty_month(database) -> None:
    assert await route_report(database, ROUTES, "2026-11", ZONE) == reports.RouteReport("2026-11", (), (), (), {"viettel": 350, "vina": 0})


async def test_each_operators_segments_at_its_own_price(database) -> None:
    """And the route's total is the sum of its days, not the highest price times all."""
    day = date(2026, 11, 18)
    await store(database, *(row("sent", at(day), operator=name) for name in ("Viettel", "Viettel", "iTel", "MobiFone", None)))
    tariff = Prices(320, {"Viettel": 250, "VinaPhone": 300, "Gmobile": 500})
    found = await route_report(database, [bound_route("viettel", price_vnd=tariff.worst, prices=tariff)], "2026-11", ZONE)
    assert {line.operator: (line.price_vnd, line.cost_ours) for line in found.lines} == {
        "Viettel": (250, 1_000), "iTel": (300, 600), "MobiFone": (320, 640), "": (320, 640),
    }  # fmt: skip
    assert [(total.price_vnd, total.cost_ours, total.cost_carrier) for total in found.totals] == [(500, 2_880, 2_880)]
