"""A ramp: a wave begins with a small part of its audience, waits for the reports, and only then goes on or stops itself. Pure."""

from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from math import ceil


class RampVerdict(Enum):
    """What follows on the trial."""

    WAIT = "wait"  # some have not left, or their reports may still come
    GO = "go"
    ABORT = "abort"  # too many failed
    ASK = "ask"  # nothing tells whether it arrived: a person decides


@dataclass(frozen=True, slots=True)
class Ramp:
    """The first `percent` of the audience; above `abort_percent` failures the wave stops; reports are waited for `wait_s` at most."""

    percent: float
    abort_percent: float
    wait_s: float

    def __post_init__(self) -> None:
        if not (0 < self.percent <= 100 and 0 <= self.abort_percent <= 100 and self.wait_s >= 0):
            raise ValueError("a ramp is a part of the audience over 0 to 100 %, a limit of 0 to 100 % and a wait of 0 s or more")

    def trial(self, audience: int) -> int:
        """How many go first: rounded up, so at least one of any audience."""
        return ceil(_exactly(self.percent) * audience / 100)

    def decide(
        self,
        *,
        sent: int,
        delivered: int,
        failed: int,
        open: int,  # noqa: A002 # the word of `message.OPEN`
        last_sent_at: int | None,
        now: int,
        has_dlr: bool,
    ) -> RampVerdict:
        """What follows, from the disjoint counts of the trial's MTs.

        `sent`: taken (or uncertain), without a final report; `failed`: refused for good or reported as failed; `open`: queued, claimed or
        sending. Suppressed and cancelled ones are in no count. `last_sent_at`, `now`: epoch ms; `has_dlr`: the route gives reports.
        """
        trial = sent + delivered + failed + open
        if self._too_many(failed, trial):  # no report that may still come makes it good
            return RampVerdict.ABORT
        if open:
            return RampVerdict.WAIT
        if not trial or not has_dlr:
            return RampVerdict.ASK
        if not sent:
            return RampVerdict.GO
        if now < (last_sent_at or 0) + round(self.wait_s * 1000):
            return RampVerdict.WAIT
        if not delivered:
            return RampVerdict.ASK
        return RampVerdict.ABORT if self._too_many(failed, delivered + failed) else RampVerdict.GO

    def _too_many(self, failed: int, of: int) -> bool:
        return failed * 100 > _exactly(self.abort_percent) * of


def _exactly(percent: float) -> Fraction:
    """1.1 as 11/10: in binary, 1.1 % of 1,000 would round up to 12."""
    return Fraction(str(percent))
