"""Carriers that take an order over HTTP: send these texts to your own subscribers in this area, in these days and hours.

build_order -> HttpRequest ~> HttpResponse -> parse_order -> Accepted | Refused

An order is known by its `ref`, our wave's name: a carrier that gets it twice has one order. So a lost answer is asked again, with the
same bytes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeGuard

from gateway.carriers.protocol import Accepted, Account, Carrier
from gateway.carriers.wire import HttpRequest, HttpResponse
from gateway.domain.failure import Refused


@dataclass(frozen=True, slots=True)
class AreaOrder:
    """`texts` by variant; `area`: official codes of communes; days ISO 8601, both belong to it; `hours` "07:00", "21:00", local.

    `approval`: hex of what a second person approved, "" where the route asks for none.
    """

    ref: str
    texts: Mapping[str, str] = field(repr=False)
    area: tuple[str, ...]
    first: str
    last: str
    hours: tuple[str, str]
    timezone: str
    expected: int | None
    document: str
    approval: str


class TakesOrders(Carrier, Protocol):
    """A carrier with an interface for orders."""

    def build_order(self, account: Account, order: AreaOrder) -> HttpRequest:
        """The request that places `order`, the same bytes each time."""

    def parse_order(self, response: HttpResponse) -> Accepted | Refused:
        """Whether the carrier took it; `carrier_ref`: its own name of it."""


def takes_orders(carrier: Carrier) -> TypeGuard[TakesOrders]:
    """Whether `carrier` has `build_order` and `parse_order`; a paper goes to all others."""
    return hasattr(carrier, "build_order") and hasattr(carrier, "parse_order")
