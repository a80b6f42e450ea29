"""A route as the use cases see it: a carrier, our account there, its pace and its rules."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from gateway.carriers.protocol import Account, Carrier
from gateway.domain.cost import FREE, Prices
from gateway.domain.msisdn import Msisdn
from gateway.domain.pace import Pace
from gateway.services.refusal import Refusal


@dataclass(frozen=True, slots=True)
class Route:
    """How an MSISDN is reached. `prefixes`: E.164 with "+"; empty: any. `fallback`: routes for numbers that this one can't reach.

    `rehearsal`: behind it is no real subscriber. Money is VND: `price_vnd` a segment, `daily_budget_vnd` a local day, 0: no limit.
    Where operators have `prices` of their own, `price_vnd` is the worst of them: what is approved and booked is never too little. The
    fields after it are for the choice of a route (services/routing.py).
    """

    name: str
    carrier: Carrier
    account: Account
    pace: Pace
    prefixes: tuple[str, ...]
    concurrency: int
    on_lost_answer: Literal["resend", "ask", "hold"]
    max_unapproved: int
    rehearsal: bool
    price_vnd: int = 0
    daily_budget_vnd: int = 0
    fallback: tuple[str, ...] = ()
    prices: Prices = FREE
    priority: int = 100
    operators: tuple[str, ...] = ()
    best_for: tuple[str, ...] = ()
    unicode: bool = True
    long: bool = True
    look_up: bool = False

    def reaches(self, msisdn: Msisdn) -> bool:
        """Whether its carrier knows such addresses, and this route's prefixes admit the number."""
        return msisdn.e164.startswith(self.carrier.CAPABILITIES.addresses) and (not self.prefixes or msisdn.e164.startswith(self.prefixes))

    @property
    def tariff(self) -> Prices:
        """What a segment costs, by operator."""
        return self.prices if self.prices.by_operator else Prices(self.price_vnd)

    def __repr__(self) -> str:
        return f"Route({self.name})"


def route_named(routes: Sequence[Route], name: str) -> Route:
    """The enabled route called `name`. Raises Refusal."""
    for route in routes:
        if route.name == name:
            return route
    raise Refusal(f"there is no enabled route {name}; enabled are: {', '.join(route.name for route in routes)}")


def next_route(routes: Sequence[Route], origin: str, current: str, msisdn: Msisdn) -> str | None:
    """Where an MT of route `origin`, which `current` can't reach, goes next: the one after it in `origin`'s fallback that admits `msisdn`.

    Each route of the list is tried once, in its order; None: none is left, or the route is not enabled any more.
    """
    by_name = {route.name: route for route in routes}
    ways = (origin, *by_name[origin].fallback) if origin in by_name else ()
    later = ways[ways.index(current) + 1 :] if current in ways else ()
    return next((name for name in later if name in by_name and by_name[name].reaches(msisdn)), None)


def leading_to(routes: Sequence[Route], name: str) -> tuple[str, ...]:
    """The routes whose MTs may come to `name`: itself, and those that name it in their fallback."""
    return tuple(route.name for route in routes if route.name == name or name in route.fallback)
