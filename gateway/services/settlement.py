"""What an answer makes of an MT. Pure: the five words of Failure (STYLE §9) and nothing of any carrier."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from gateway.carriers.protocol import Accepted, Outcome
from gateway.carriers.wire import HttpRequest
from gateway.domain.failure import Failure, Refused
from gateway.domain.message import MtState
from gateway.services.routes import Route, next_route
from gateway.storage.outbox import AT_ONCE, ClaimedMt, Settlement
from gateway.storage.seal import Keyring

MAX_ATTEMPTS: Final = 50  # with the waits of `backoff_ms`, seven hours: a carrier may be down for a night shift


def backoff_ms(attempts: int) -> int:
    """Wait before attempt `attempts` + 1: 5 s, doubled each time, at most 10 minutes."""
    return min(5_000 << min(attempts, 16), 600_000)


def settlement(
    mt: ClaimedMt, outcome: Outcome, route: Route, routes: Sequence[Route], now: int, *, was_uncertain: bool = False
) -> Settlement:
    """What `outcome` makes of `mt`. `was_uncertain`: an earlier answer was lost, so another route might send it a second time."""
    if isinstance(outcome, Accepted):
        return taken((mt,), (outcome,), route, now)[0]
    base = Settlement(mt.id, mt.ref, MtState.QUEUED, route.name, AT_ONCE, failure=outcome.kind, code=outcome.code, attempts=mt.attempts)
    if outcome.maybe_sent:
        return base._replace(state=MtState.UNCERTAIN)
    match outcome.kind:
        case Failure.PERMANENT:
            return base._replace(state=MtState.FAILED)
        case Failure.UNROUTABLE:
            onward = None if was_uncertain else next_route(routes, mt.origin or route.name, route.name, mt.msisdn)
            return base._replace(route=onward) if onward else base._replace(state=MtState.FAILED)
        case Failure.THROTTLED:
            return base._replace(due_at=now + round((outcome.retry_after_s or 1.0) * 1000), counted=False)
        case Failure.MISCONFIGURED:
            return base._replace(counted=False)
        case Failure.RETRYABLE if mt.attempts + 1 >= MAX_ATTEMPTS:
            return base._replace(state=MtState.FAILED)
        case Failure.RETRYABLE:
            return base._replace(due_at=now + max(backoff_ms(mt.attempts), round((outcome.retry_after_s or 0) * 1000)))


def taken(mts: Sequence[ClaimedMt], outcomes: Sequence[Accepted], route: Route, now: int) -> list[Settlement]:
    """What becomes of `mts`, all accepted, as nearly all are: in half the time that they take one by one and by name."""
    make, sent, name = Settlement._make, MtState.SENT, route.name
    return [
        make((mt.id, mt.ref, sent, name, now, outcome.carrier_ref, outcome.segments, None, "", True, mt.attempts))
        for mt, outcome in zip(mts, outcomes, strict=True)
    ]


def known(mts: Sequence[ClaimedMt], outcomes: Sequence[Outcome]) -> tuple[Outcome, ...]:
    """`outcomes` of `mts`; a word of no table that an MT brings home for the second time is an operator's affair."""
    if len(mts) == len(outcomes) and not any(mt.attempts for mt in mts):  # hardly any has a second attempt
        return tuple(outcomes)
    return tuple(
        replace(outcome, kind=Failure.MISCONFIGURED, code=f"unknown answer {outcome.code}")
        if isinstance(outcome, Refused) and outcome.unknown and mt.attempts
        else outcome
        for mt, outcome in zip(mts, outcomes, strict=True)
    )


def unwritten(mt: ClaimedMt, route: Route) -> Settlement:
    """An MT marked `sending` whose request was not written after all: back to the queue, as if nothing had been.

    Due at once, not now: a clock that is then put back an hour must not keep it for an hour.
    """
    return Settlement(mt.id, mt.ref, MtState.QUEUED, route.name, AT_ONCE, counted=False)


def cost_correction(mt: ClaimedMt, settled: Settlement, price_vnd: int) -> int:
    """What to add to the cost booked for `mt` (VND): all of it back where nobody took it, else what the carrier charges otherwise."""
    if settled.state in (MtState.SENT, MtState.UNCERTAIN):
        return (settled.charged_segments - mt.segments) * price_vnd if settled.charged_segments is not None else 0
    return -mt.segments * price_vnd


class BodyHash:
    """What tells whether a repeat is the same request, byte for byte; keyed, or a known text would let numbers be tried.

    BLAKE2b takes a key in the same pass (RFC 7693), and unlike HMAC keeps the GIL: giving it up in the writer's thread costs a wait.
    """

    def __init__(self, keyring: Keyring) -> None:
        self._key = keyring.blind("body", "request")

    def of(self, request: HttpRequest) -> bytes:
        """32 bytes."""
        return hashlib.blake2b(request.url.encode() + b"\0" + request.body, key=self._key, digest_size=32).digest()
