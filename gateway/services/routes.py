"""A route as the use cases see it: a carrier, our account there, its pace and its rules."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from gateway.carriers.protocol import Account, Carrier
from gateway.domain.msisdn import Msisdn
from gateway.domain.pace import Pace
from gateway.services.refusal import Refusal


@dataclass(frozen=True, slots=True)
class Route:
    """How an MSISDN is reached. `prefixes`: E.164 with "+"; empty: any. `rehearsal`: behind it is no real subscriber."""

    name: str
    carrier: Carrier
    account: Account
    pace: Pace
    prefixes: tuple[str, ...]
    concurrency: int
    on_lost_answer: Literal["resend", "ask", "hold"]
    max_unapproved: int
    rehearsal: bool

    def reaches(self, msisdn: Msisdn) -> bool:
        """Whether this route's prefixes admit the number."""
        return not self.prefixes or msisdn.e164.startswith(self.prefixes)

    def __repr__(self) -> str:
        return f"Route({self.name})"


def route_named(routes: Sequence[Route], name: str) -> Route:
    """The enabled route called `name`. Raises Refusal."""
    for route in routes:
        if route.name == name:
            return route
    raise Refusal(f"there is no enabled route {name}; enabled are: {', '.join(route.name for route in routes)}")


def next_route(routes: Sequence[Route], current: str, msisdn: Msisdn) -> str | None:
    """The route after `current`, in the order of the settings, that reaches `msisdn`; None if there is none left."""
    names = [route.name for route in routes]
    later = routes[names.index(current) + 1 :] if current in names else ()
    return next((route.name for route in later if route.reaches(msisdn)), None)
