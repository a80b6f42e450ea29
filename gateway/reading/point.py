"""A place on the ground that somebody gave in figures."""

from dataclasses import dataclass
from typing import NamedTuple

from gateway.reading.words import Span


class Candidate(NamedTuple):
    """One way to understand what was written. WGS84 degrees; `accuracy_m`: radius in metres; `system`: "INDIAN1960_UTM48"."""

    latitude: float
    longitude: float
    accuracy_m: float
    system: str


@dataclass(frozen=True, slots=True)
class Point:
    """A coordinate as read. WGS84 degrees, radius in metres; all three None where the words settle none: `note` says what is missing.

    `candidates`: the other ways to understand the same figures; without a settled point, all of them. `as_written` is what stood at `span`
    of the text read. `confidence`: 0..1, that a place is meant and read as it was meant; never that the informant remembers well.
    """

    latitude: float | None
    longitude: float | None
    accuracy_m: float | None
    system: str
    as_written: str
    span: Span
    confidence: float
    candidates: tuple[Candidate, ...] = ()
    note: str = ""


def settled(found: Candidate, text: str, span: Span, confidence: float, others: tuple[Candidate, ...] = (), note: str = "") -> Point:
    """A point that the words settle, though `others` remain thinkable."""
    latitude, longitude = round(found.latitude, 7), round(found.longitude, 7)  # a centimetre
    return Point(latitude, longitude, round(found.accuracy_m), found.system, text[slice(*span)], span, confidence, others, note)


def unsettled(system: str, text: str, span: Span, confidence: float, candidates: tuple[Candidate, ...], note: str) -> Point:
    """What is a coordinate, and no point yet."""
    return Point(None, None, None, system, text[slice(*span)], span, confidence, candidates, note)
