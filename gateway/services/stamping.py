"""The sending of carriers that want the time signed in each request (Stringee, V-COM): it is put on as the request leaves."""

from collections.abc import Callable
from typing import Final, Protocol

from gateway.carriers.protocol import Account
from gateway.carriers.session import Stamps
from gateway.carriers.wire import HttpRequest, HttpResponse, LostAnswer, NotSent

Answer = HttpResponse | NotSent | LostAnswer
Done = Callable[[Answer], None]


class Begins(Protocol):
    """What is asked of the transport."""

    def begin(self, request: HttpRequest, done: Done) -> Callable[[], None]:
        """Send; what is returned gives up."""

    def ticks_us(self) -> int:
        """The machine's monotonic clock, µs."""


class StampSender:
    """The transport as such a route's dispatcher sees it. `clock`: epoch ms."""

    def __init__(self, send: Begins, account: Account, carrier: Stamps, clock: Callable[[], int]) -> None:
        self._send: Final = send
        self._account, self._carrier, self._clock = account, carrier, clock

    def begin(self, request: HttpRequest, done: Done) -> Callable[[], None]:
        """Send it with the time of now."""
        return self._send.begin(self._carrier.stamped(self._account, request, self._clock()), done)

    def ticks_us(self) -> int:
        """The machine's monotonic clock, µs."""
        return self._send.ticks_us()
