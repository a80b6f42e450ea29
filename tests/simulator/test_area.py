"""The telco's desk for area orders, over HTTP: once a ref, and counts that can be checked."""

import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from gateway.carriers import simulator
from gateway.carriers.orders import AreaOrder
from gateway.carriers.protocol import Accepted, Account
from gateway.carriers.wire import HttpRequest
from gateway.domain.failure import Failure, Refused
from gateway.domain.secret import Secret
from gateway.services.order_counts import Ordered, differences, read_counts
from gateway.simulator.area import AreaDesk, counts_csv, counts_of
from gateway.simulator.behaviour import Behaviour
from gateway.simulator.http_server import http_server
from gateway.storage.orders import Count
from gateway.transport import HttpSender, http_sender

ORDER = AreaOrder(
    "dia-ban", {"vi": "ế" * 71, "en": "a"}, ("06577",), "2026-12-20", "2026-12-22", ("07:00", "21:00"), "Asia/Ho_Chi_Minh", 600, "12/CV", ""
)


@asynccontextmanager
async def desk(behaviour: Behaviour | None = None) -> AsyncIterator[tuple[Account, HttpSender]]:
    """A desk on a free port and an account there."""
    it = AreaDesk(lambda: behaviour or Behaviour())
    async with http_server(it.routes(), "127.0.0.1", 0, logging.getLogger("test")) as listening, http_sender(timeout_s=5) as send:
        yield Account("doi-tac", f"http://127.0.0.1:{listening.port}/sms", "u", Secret("p"), "8088"), send


async def test_an_order_is_taken_once_by_its_ref() -> None:
    async with desk() as (account, send):
        first = simulator.parse_order(await send(simulator.build_order(account, ORDER)))
        again = simulator.parse_order(await send(simulator.build_order(account, ORDER)))
        other = simulator.parse_order(await send(simulator.build_order(account, replace(ORDER, expected=601))))
        next_ = simulator.parse_order(await send(simulator.build_order(account, replace(ORDER, ref="dot-2"))))
    assert first == again == Accepted("AREA-1")
    assert other == Refused(Failure.RETRYABLE, "http-409")
    assert next_ == Accepted("AREA-2")


async def test_a_bad_order_and_a_bad_account_are_refused() -> None:
    async with desk() as (account, send):
        for bad in (replace(ORDER, area=()), replace(ORDER, texts={}), replace(ORDER, last="2026-12-19"), replace(ORDER, first="mai")):
            assert simulator.parse_order(await send(simulator.build_order(account, bad))) == Refused(Failure.RETRYABLE, "http-400")
        for body in (b"", b"[]", b"{}", b"[" * 2000):
            answer = await send(HttpRequest("POST", f"{account.url}/orders", {}, body))
            assert answer.status == 400
    async with desk(Behaviour(known_account=False)) as (account, send):
        assert simulator.parse_order(await send(simulator.build_order(account, ORDER))) == Refused(Failure.MISCONFIGURED, "account")


async def test_it_tells_what_was_ordered_and_counted_without_credentials() -> None:
    async with desk() as (account, send):
        await send(simulator.build_order(account, ORDER))
        shown = json.loads((await send(HttpRequest("GET", f"{account.url}/orders?ref=dia-ban"))).body)
        assert (await send(HttpRequest("GET", f"{account.url}/orders?ref=other"))).status == 404
        listed = (await send(HttpRequest("GET", f"{account.url}/orders.csv?ref=dia-ban"))).body
    assert shown["order"]["texts"] == dict(ORDER.texts)
    assert "password" not in shown["order"]
    assert sum(row["sent"] for row in shown["counts"]) == 600
    found = read_counts(listed, "bao-cao.csv", list(ORDER.texts))
    assert (found.faults, found.totals) == ((), 1)
    assert found.counts[0] == Count("vi", "Viettel", "2026-12-20", 100, 92, 5, 200)
    from datetime import date

    ordered = Ordered(ORDER.texts, date(2026, 12, 20), date(2026, 12, 22), 600)
    assert differences(ordered, found.counts) == ()


@pytest.mark.parametrize(("expected", "people"), [(None, 1_000), (0, 0), (7, 7)])
def test_counts_are_a_function_of_the_order(expected: int | None, people: int) -> None:
    order = {"ref": "a", "texts": {"vi": "a", "en": "b"}, "area": ["06577"], "days": ["2026-12-20", "2026-12-22"], "expected": expected}
    rows = counts_of(order)
    assert sum(row.sent for row in rows) == people
    assert counts_csv(order) == counts_csv(order)
