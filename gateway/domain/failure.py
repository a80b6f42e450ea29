"""Five words for everything a carrier ever answered; the dispatcher branches on nothing else (STYLE §9)."""

from dataclasses import dataclass
from enum import Enum


class Failure(Enum):
    """What a refusal means for the MT, its route and the operator."""

    PERMANENT = "permanent"  # no such subscriber, opted out: the MT is finished, the route goes on
    UNROUTABLE = "unroutable"  # this route can't reach this number: the next one may
    RETRYABLE = "retryable"  # refused before it was taken: backs off and goes again
    THROTTLED = "throttled"  # over the contract: waits, and the attempt is not counted
    MISCONFIGURED = "misconfigured"  # bad key, sender id, no balance: the MT stays, the route is held for the operator


@dataclass(frozen=True, slots=True)
class Refused:
    """A carrier's no. `code`: its own word. `maybe_sent`: a lost answer; the MT becomes `uncertain` and is never resent blindly.

    `unknown`: a word of no table. It goes once more; the second one holds the route, for a person to ask what it means.
    """

    kind: Failure
    code: str
    retry_after_s: float | None = None
    maybe_sent: bool = False
    unknown: bool = False
