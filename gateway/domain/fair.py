"""Fair turns: waves that share a route get equal segments, whatever a message of theirs takes. Pure.

Each wave has an account of segments. A turn fills the accounts like communicating vessels: the room goes to the least served first, up to
one common level. What a claim really took is booked afterwards, so that a wrong guess is put right by the next turn.
"""

from collections.abc import Collection, Mapping, Sequence
from math import floor

_ROUNDING = 1e-9


class FairShare:
    """The accounts of the waves of one route in one process."""

    def __init__(self) -> None:
        self._accounts: dict[int, float] = {}  # longest not served first: that decides between equals
        self._offered: dict[int, int] = {}
        self._idle: set[int] = set()

    def shares(self, waves: Sequence[tuple[int, float]], room: int) -> list[tuple[int, int]]:
        """(wave, MTs to claim), least served first, together `room`; `waves` are (id, mean segments of an MT).

        Name the waves that may send now. One that is not named is forgotten, and starts again at the least served of the others when it
        is: from 0 it would starve them until it had caught up. To use what some left unclaimed, ask again without them.
        """
        means = {id_: max(1.0, mean) for id_, mean in waves}
        self._settle(means)
        order = sorted(means, key=self._accounts.__getitem__)
        level = self._level(order, means, room)
        counts = {id_: floor(max(0.0, level - self._accounts[id_]) / means[id_] + _ROUNDING) for id_ in order}
        for id_ in order[: max(0, room - sum(counts.values()))]:  # what rounding left
            counts[id_] += 1
        self._offered = {id_: count for id_, count in counts.items() if count}
        return list(self._offered.items())

    def served(self, id_: int, segments: int, mts: int | None = None) -> None:
        """`segments` were claimed of wave `id_`, in `mts` MTs. Say so of each wave that was asked, also where it was 0.

        One that had fewer MTs than offered has no more for now: it is not owed what it did not take, and goes on from the least served of
        the others. Without `mts` that is seen only when there were fewer segments than MTs offered. Say nothing of one that was not asked
        after all (the pace was used up): it comes first in the next turn. Negative segments give back what did not depart.
        """
        if id_ not in self._accounts:
            return
        if segments < 0:
            self._accounts[id_] += segments
        else:
            self._accounts[id_] = self._accounts.pop(id_) + segments
            if (segments if mts is None else mts) < self._offered.get(id_, 0):
                self._idle.add(id_)

    def _settle(self, named: Collection[int]) -> None:
        """Accounts for exactly the waves `named`; new and idle ones stand no lower than the least served of the others."""
        known = {id_: account for id_, account in self._accounts.items() if id_ in named}
        least = min((account for id_, account in known.items() if id_ not in self._idle), default=0.0)
        self._accounts = {id_: max(account, least) for id_, account in known.items()}
        self._accounts |= {id_: least for id_ in named if id_ not in known}
        self._idle.clear()

    def _level(self, order: Sequence[int], means: Mapping[int, float], room: int) -> float:
        """The level to which `room` MTs lift the least served accounts."""
        level = weight = filled = 0.0
        for at, id_ in enumerate(order):
            weight += 1 / means[id_]
            filled += self._accounts[id_] / means[id_]
            level = (room + filled) / weight
            if at + 1 == len(order) or level <= self._accounts[order[at + 1]]:
                break
        return level
