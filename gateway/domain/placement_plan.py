"""How many of each piece a village needs, by its households and by how far villages lie apart. Rules in, placements out; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.domain.code import next_placement_number
from gateway.domain.hanging import distance_km
from gateway.domain.placement import Placement
from gateway.domain.village import Village


@dataclass(frozen=True, slots=True)
class Rule:
    """How a piece is spread. `per_households`: one for so many households begun, at most `most` a village; 0: one a village.

    `within_km` above 0: one serves every village so near, and stands where it serves most households. `spots`: where they go, in order.
    """

    spots: tuple[str, ...]
    per_households: int = 0
    most: int = 10
    within_km: float = 0.0

    def wanted(self, village: Village) -> int:
        """How many the village should have by its households."""
        return max(1, min(self.most, -(-village.households // self.per_households))) if self.per_households else 1


def proposed(villages: Mapping[str, Village], placements: Sequence[Placement], rules: Mapping[str, Rule]) -> list[Placement]:
    """What is missing by the rules, village by village, numbered above all numbers that a village ever had. ValueError: numbers used up."""
    there: dict[str, list[Placement]] = {code: [] for code in villages}
    for placement in placements:
        there.setdefault(placement.village, []).append(placement)
    planned: list[Placement] = []
    wanted = {piece: _wanted(villages, there, piece, rule) for piece, rule in rules.items()}
    for code in villages:
        number = max((each.number for each in there[code]), default=0)
        for piece, rule in rules.items():
            had = [each.spot for each in there[code] if each.piece == piece]
            for spot in _spots(rule.spots, had, wanted[piece].get(code, 0) - len(had)):
                number = next_placement_number(code, number)
                planned.append(Placement(code, number, piece, spot))
    return planned


def _wanted(villages: Mapping[str, Village], there: Mapping[str, Sequence[Placement]], piece: str, rule: Rule) -> dict[str, int]:
    """How many of the piece each village should have, what it has included."""
    if not rule.within_km:
        return {code: rule.wanted(village) for code, village in villages.items()}
    has = {code: sum(each.piece == piece for each in there[code]) for code in villages}
    served = {code for code in villages if any(has[other] and _near(villages[code], villages[other], rule.within_km) for other in villages)}
    for code in _covering(villages, served, rule.within_km):
        has[code] += 1
    return has


def _covering(villages: Mapping[str, Village], served: set[str], km: float) -> list[str]:
    """Villages to stand in, so that each not yet served has one near: time and again the one that serves most households more.

    A village whose position nobody knows is near itself alone. Among equals the first in the list.
    """
    reach = {code: [other for other in villages if _near(villages[code], villages[other], km)] for code in villages}
    open_to, chosen = {code for code in villages if code not in served}, list[str]()
    while open_to:
        gain = {code: sum(1 + villages[other].households for other in reach[code] if other in open_to) for code in villages}
        best = max(villages, key=lambda code: (gain[code], code in open_to))
        chosen.append(best)
        open_to -= set(reach[best])
    return chosen


def _near(a: Village, b: Village, km: float) -> bool:
    if a.code == b.code:
        return True
    if a.lat is None or a.lon is None or b.lat is None or b.lon is None:
        return False
    return distance_km((a.lat, a.lon), (b.lat, b.lon)) <= km


def _spots(spots: Sequence[str], had: Sequence[str], count: int) -> list[str]:
    """The first `count` spots that have none yet; when all have one, they come again with a number."""
    found: list[str] = []
    turn = 1
    while len(found) < count:
        named = [spot if turn == 1 else f"{spot} {turn}" for spot in spots or ("",)]
        found += [spot for spot in named if spot not in had or not spot]
        turn += 1
    return found[: max(0, count)]
