"""What a printed or typed code leads to, from memory: the deployment's lists by code, and what was changed since they were printed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gateway.deployment import Deployment
from gateway.domain.code import read_placement_code
from gateway.domain.placement import Placement
from gateway.domain.village import Village
from gateway.services.links import Links, neighbours

_VILLAGE: Final = re.compile(r"([A-Z]+?)([0-9OIL]{1,3})")
_DIGITS: Final = str.maketrans("OIL", "011")
_LONGEST: Final = 40  # characters of a path that are looked at
_LIKE_A_CODE: Final = re.compile(
    r"(?=\w?[A-Z])(?=\D{0,5}\d)[0-9A-Z]{4,11}"
)  # a letter among the first two signs, a digit among the first six


@dataclass(frozen=True, slots=True)
class Place:
    """Where a visitor came by. `source`: the code as printed, or the village's. `placement`: None on a village's own page.

    `is_listed`: placements.csv has it. `is_off`: the code was switched off.
    """

    village: Village
    source: str
    placement: Placement | None
    is_listed: bool = True
    is_off: bool = False

    @property
    def base(self) -> str:
        """The page's own path, in small letters: what is passed on is told apart from what was scanned."""
        return f"/{'q' if self.placement else 'v'}/{self.source.lower()}"


@dataclass(frozen=True, slots=True)
class Meant:
    """A place that a mistyped code may mean. `signs`: of its code, each with whether it differs from what was typed."""

    href: str
    signs: tuple[tuple[str, bool], ...]
    words: str


class Places:
    """The codes of one deployment."""

    def __init__(self, deployment: Deployment, links: Links) -> None:
        self._villages, self._links = deployment.villages, links
        self._placements: Mapping[str, Placement] = {each.code: each for each in deployment.placements}

    def find(self, kind: str, code: str) -> Place | None:
        """The place behind a placement's code ("Q") or a village's ("V"), in any case, with look-alikes; None: nothing of ours."""
        place = self._village(code) if kind in "Vv" else self._placement(code[:_LONGEST])
        if place is None or (changed := self._links.of(place.source)) is None:
            return place
        if changed.disabled_at is not None:
            return Place(place.village, place.source, place.placement, place.is_listed, is_off=True)
        target = self.anywhere(changed.target) if changed.target else None
        return Place(target.village, place.source, place.placement, place.is_listed) if target else place

    def anywhere(self, code: str) -> Place | None:
        """What `code` was printed for, be it a placement's or a village's."""
        return self._placement(code[:_LONGEST]) or self._village(code)

    def _village(self, code: str) -> Place | None:
        village = self._villages.get(_village_code(code))
        return Place(village, village.code, None) if village else None

    def _placement(self, code: str) -> Place | None:
        if (exact := self._placements.get(code.upper())) is not None:
            return Place(self._villages[exact.village], exact.code, exact)
        found = read_placement_code(code)
        village = self._villages.get(found[0]) if found else None
        if found is None or village is None:
            return None
        printed = Placement(village.code, found[1], "", "")  # a code that checks out is ours, though its line be gone from the file
        listed = self._placements.get(printed.code)
        return Place(village, printed.code, listed or printed, is_listed=listed is not None)

    def meant(self, typed: str) -> list[Meant]:
        """At most three places that a code may mean that leads nowhere."""
        cleaned = cleaned_code(typed)
        return [self._meant(cleaned, code) for code in neighbours(cleaned, self._placements)]

    def _meant(self, typed: str, code: str) -> Meant:
        placement = self._placements[code]
        if len(typed) == len(code):
            differs = [a != b for a, b in zip(typed, code, strict=True)]
        else:  # one left out or too many: where the two part
            differs = [i == _first_difference(typed, code) for i in range(len(code))]
        words = ", ".join(filter(None, (self._villages[placement.village].title, placement.spot)))
        return Meant(f"/q/{code.lower()}", tuple(zip(code, differs, strict=True)), words)


def cleaned_code(typed: str) -> str:
    """What was typed, as a code can be written: capitals and digits. "" where it can be no code with a slip: nobody's words or number
    are shown again, or kept.
    """
    cleaned = "".join(c for c in typed[:_LONGEST].upper() if c.isascii() and c.isalnum())
    return cleaned if _LIKE_A_CODE.fullmatch(cleaned) else ""


def _first_difference(one: str, other: str) -> int:
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other) - 1))


def _village_code(typed: str) -> str:
    """ "tn1", "TN-01", "TNO1" -> "TN01"."""
    cleaned = "".join(c for c in typed[:20].upper() if c.isascii() and c.isalnum())
    parts = _VILLAGE.fullmatch(cleaned)
    return f"{parts[1]}{int(parts[2].translate(_DIGITS)):02}" if parts else cleaned
