"""Orders over HTTP: every carrier that takes them builds the same bytes each time, gives no secret away and reads any answer."""

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.carriers.orders import AreaOrder, TakesOrders, takes_orders
from gateway.carriers.protocol import Accepted, Account
from gateway.carriers.registry import CARRIERS
from gateway.carriers.wire import HttpResponse
from gateway.domain.failure import Failure, Refused
from gateway.domain.secret import Secret

ACCOUNT = Account("doi-tac", "http://127.0.0.1:9/sms", "u", Secret("geheim"), "8088")
ORDER = AreaOrder(
    "dia-ban", {"vi": "Xã kính báo"}, ("06577",), "2026-12-20", "2026-12-22", ("07:00", "21:00"), "Asia/Ho_Chi_Minh", None, "12/CV", "ab"
)
TAKERS: Sequence[TakesOrders] = [carrier for carrier in CARRIERS.values() if takes_orders(carrier)]


def test_some_take_orders_and_some_do_not() -> None:
    assert {carrier.NAME for carrier in TAKERS} == {"simulator"}
    assert not takes_orders(CARRIERS["kannel"])


@pytest.mark.parametrize("carrier", TAKERS, ids=lambda carrier: carrier.NAME)
def test_the_same_order_is_the_same_bytes(carrier: TakesOrders) -> None:
    first, again = carrier.build_order(ACCOUNT, ORDER), carrier.build_order(ACCOUNT, ORDER)
    assert (first.method, first.url, first.headers, first.body) == (again.method, again.url, again.headers, again.body)
    assert "geheim" not in repr(first)
    assert "geheim" not in first.url
    assert "Xã" not in repr(ORDER)


@pytest.mark.parametrize("carrier", TAKERS, ids=lambda carrier: carrier.NAME)
@given(status=st.integers(100, 599), body=st.binary(max_size=200))
def test_no_bytes_make_a_parser_raise_and_none_is_a_yes(carrier: TakesOrders, status: int, body: bytes) -> None:
    assert isinstance(carrier.parse_order(HttpResponse(status, {}, body)), Refused)


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, {"order": {"ref": "dia-ban", "id": "AREA-1"}}, Accepted("AREA-1")),
        (200, {"order": {"ref": "dia-ban"}}, Refused(Failure.RETRYABLE, "http-200", maybe_sent=True)),
        (200, {"order": {"id": "a b\n"}}, Refused(Failure.RETRYABLE, "http-200", maybe_sent=True)),
        (500, {"order": {"id": "AREA-1"}}, Refused(Failure.RETRYABLE, "http-500", maybe_sent=True)),
        (403, {"error": "account"}, Refused(Failure.MISCONFIGURED, "account")),
        (409, {"error": "other-words"}, Refused(Failure.RETRYABLE, "http-409")),
        (503, {"error": "busy"}, Refused(Failure.RETRYABLE, "busy")),
    ],
)
def test_the_simulator_s_answers(status: int, body: object, expected: object) -> None:
    simulator = next(carrier for carrier in TAKERS if carrier.NAME == "simulator")
    assert simulator.parse_order(HttpResponse(status, {}, json.dumps(body).encode())) == expected
