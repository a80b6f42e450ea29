"""Carriers whose requests need something that is made or fetched as they leave: a session opened by a call of its own, or a time and a
signature. Either is put on after `build_send`, so that the same batch still gives the same bytes."""

from dataclasses import dataclass
from typing import Protocol, TypeGuard

from gateway.carriers.protocol import Account, Carrier
from gateway.carriers.wire import HttpRequest, HttpResponse
from gateway.domain.failure import Refused
from gateway.domain.secret import Secret


@dataclass(frozen=True, slots=True)
class Session:
    """What a log-in gave: `value` as the module writes it into requests, and how long it is good."""

    value: Secret
    lifetime_s: int


class LogsIn(Carrier, Protocol):
    """A carrier that sends within a session. Two of an account may end each other, so all processes share one."""

    def build_login(self, account: Account, chance: str) -> HttpRequest:
        """Open a session. `chance`: 32 random hex digits."""

    def parse_login(self, response: HttpResponse, chance: str) -> Session | Refused:
        """The session, or why there is none: MISCONFIGURED is the carrier's own no, which only a person can change."""

    def with_session(self, request: HttpRequest, session: Secret) -> HttpRequest:
        """`request` within the session."""

    def refuses_session(self, response: HttpResponse) -> bool:
        """Whether nothing but the session was wrong: nobody got anything, and a new one may help."""


class Stamps(Carrier, Protocol):
    """A carrier that wants the time of sending signed in each request."""

    def stamped(self, account: Account, request: HttpRequest, now_ms: int) -> HttpRequest:
        """`request` as it leaves now."""


def logs_in(carrier: Carrier) -> TypeGuard[LogsIn]:
    """Whether `carrier` has the four functions of LogsIn."""
    return hasattr(carrier, "build_login")


def stamps(carrier: Carrier) -> TypeGuard[Stamps]:
    """Whether `carrier` has `stamped`."""
    return hasattr(carrier, "stamped")
