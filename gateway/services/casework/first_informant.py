"""Who told first, among the tips of a case (HT PL VII.1): by the time a tip reached us, and honest about what that time can't say. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gateway.domain.tip import BY_STAFF
from gateway.storage.cases import CaseTip

CLOSE_MS: Final = 5 * 60_000  # carriers hold a text back for minutes: nearer than this, the order is a person's to decide


@dataclass(frozen=True, slots=True)
class Told:
    """A tip in its order. `rank`: of the person, 1 told first; `again`: the same person told before.

    `is_close`: another person told less than five minutes before; `by_staff`: the time is when staff typed it in, the paper knows better.
    """

    tip: CaseTip
    rank: int
    again: bool
    is_close: bool
    by_staff: bool


def in_order(tips: Sequence[CaseTip]) -> tuple[Told, ...]:
    """The tips of a case by the time they reached us; who told twice keeps the rank of the first time."""
    ranks: dict[bytes, int] = {}
    found: list[Told] = []
    for each in sorted(tips, key=lambda tip: (tip.received_at, tip.id)):
        again = each.bidx in ranks
        rank = ranks.setdefault(each.bidx, len(ranks) + 1)
        before = found[-1].tip if found else None
        is_close = before is not None and before.bidx != each.bidx and each.received_at - before.received_at < CLOSE_MS
        found.append(Told(each, rank, again, is_close, each.channel in BY_STAFF))
    return tuple(found)
