"""What a map shows: places of the land, the candidates of a tip with their reasons, coordinates with how far they may be off."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Spot:
    """A village or commune. WGS84 degrees; `is_own`: of the commune the map is of."""

    code: str
    title: str
    latitude: float
    longitude: float
    is_own: bool = True


@dataclass(frozen=True, slots=True)
class Candidate:
    """A village that may be meant. `letter`: A, B …; `reasons`: why, in words; `is_chosen`: the tip stands on it."""

    letter: str
    spot: Spot
    households: int
    reasons: tuple[str, ...]
    is_chosen: bool = False


@dataclass(frozen=True, slots=True)
class Fix:
    """A coordinate of the tip. WGS84 degrees, `radius_m`: how far it may be off; `source`: who or what gave it, in words."""

    latitude: float = field(repr=False)
    longitude: float = field(repr=False)
    radius_m: float
    source: str
