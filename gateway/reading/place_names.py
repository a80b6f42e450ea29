"""Battles and places in Laos that people name, from the deployment's known_places.csv: a lead for those who search, never a position."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from gateway.deployment import KnownPlace
from gateway.reading.passage import NONE, Hit, Lexicon, Passage, lexicon
from gateway.reading.words import Span, is_marked, word_set, words_of

_WHERE: Final = word_set(
    """
    o tai tran dich truong mat khu tinh huyen muong ban doi cao diem den tu ve qua near at in of battle province district tx tp xa vung
    """
)
_OTHERS: Final = word_set("ong ba anh chi bac cu em chu liet si ten van thi nguyen tran le pham hoang vu duong pho")


class KnownMention(NamedTuple):
    """A known place that a text names. WGS84 degrees of its middle; `radius_m`: how far around it people mean. `confidence`: 0..1."""

    name: str
    kind: str
    area: str
    latitude: float
    longitude: float
    radius_m: int
    confidence: float
    span: Span


KnownPlaces = Lexicon[KnownPlace]


def known_places(table: Iterable[KnownPlace]) -> KnownPlaces:
    """Arrange the rows of known_places.csv for reading."""
    return lexicon({"|".join(map(_as_words, (place.name, *place.spellings))): place for place in table})


def _as_words(spelling: str) -> str:
    return " ".join(word.raw for word in words_of(spelling))


def read_known_places(text: Passage, places: KnownPlaces) -> tuple[KnownMention, ...]:
    """The known places that `text` names, in its order."""
    found, last = list[KnownMention](), -1
    for hit in places.all(text):
        if confidence := _confidence(text, hit, chained=hit.first == last):
            place, last = hit.value, hit.last
            position = place.latitude, place.longitude, place.radius_m
            found.append(KnownMention(place.name, place.kind, place.area, *position, confidence, text.span(hit.first, hit.last)))
    return tuple(found)


def _confidence(text: Passage, hit: Hit[KnownPlace], chained: bool) -> float:
    """Marks, capitals or a word before make a name of it; two small plain syllables may be any two words, but behind another such name."""
    before = text.plain(hit.first - 1) if hit.first and text.gaps[hit.first - 1] == NONE else ""
    placed, person = before in _WHERE, before in _OTHERS
    if any(is_marked(word) for word in text.words[hit.first : hit.last]) or text.capital(hit.first):
        return 0.85 if placed else 0.0 if person else 0.8
    return 0.6 if placed or chained or (hit.last - hit.first > 2 and not person) else 0.0
