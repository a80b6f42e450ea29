"""All that one text tells beyond keyword, village and kind, each with its confidence and the words it came from."""

from collections.abc import Iterator, Sequence
from typing import Final

from gateway.domain.keyword import Kind
from gateway.reading.asides import read_asides
from gateway.reading.dates import cues, find_dates, read_dates
from gateway.reading.field import Field
from gateway.reading.graves import read_graves
from gateway.reading.kin import read_relation
from gateway.reading.old_places import read_places
from gateway.reading.passage import Passage
from gateway.reading.people import OTHER, Name, find_names, read_people
from gateway.reading.phones import read_phone
from gateway.reading.place_names import KnownMention, read_known_places
from gateway.reading.places import PlaceNames
from gateway.reading.relics import read_relics
from gateway.reading.spots import read_spots
from gateway.reading.units import read_units
from gateway.reading.village import Gazetteer

_COMMUNES: Final = frozenset({"xã", "phường", "thị trấn"})
_TELLING: Final = frozenset({Kind.TIP, Kind.DNA, Kind.QUESTION})  # who asks about a grave or offers a sample names the fallen too


def read_fields(text: Passage, kind: Kind, places: Gazetteer, wider: PlaceNames) -> Iterator[Field]:
    """Fields by the names of README_sample_mo, in no order; spans in the passage's own text."""
    yield from read_phone(text)
    yield from read_asides(text, kind)
    if kind not in _TELLING or not text.words:
        return
    villages = village_names(text, places)
    names = [name for name in find_names(text) if villages.get(name.first, 0) < name.last]  # a village's name is nobody's
    persons = tuple(_person(text, names))
    yield from _communes(text, wider, persons)
    yield from map(_known, read_known_places(text, wider.known))
    yield from persons
    yield from read_units(text)
    yield from read_relation(text, kind)
    if kind is Kind.TIP:
        yield from read_graves(text)
        yield from read_relics(text)
        taken = [each.span for each in persons] + [text.span(name.first, name.last) for name in names if name.role != OTHER]
        yield from read_spots(text, taken, villages)


def _communes(text: Passage, wider: PlaceNames, persons: Sequence[Field]) -> Iterator[Field]:
    """The commune of today that is named, by its present or former name; several where the name leaves it open. A home is none of them."""
    homes = [each.span for each in persons if each.name in ("hometown", "death_place")]
    for place in read_places(text, wider.old):
        if place.kind in _COMMUNES and not any(begin <= place.span[0] < end for begin, end in homes):
            if len(place.new_codes) == 1:
                yield Field("commune", place.new_codes[0], place.confidence, place.span)
            else:
                yield Field("commune_candidates", place.new_codes, place.confidence, place.span)


def _known(place: KnownMention) -> Field:
    """A battle or a place abroad: a lead for the search, never a position."""
    where: dict[str, str | float] = {"name": place.name, "lat": place.latitude, "lon": place.longitude, "accuracy_m": place.radius_m}
    return Field("known_place", where, place.confidence, place.span)


def village_names(text: Passage, places: Gazetteer) -> dict[int, int]:
    """Index behind a village's name by the word where it begins: the "co" of "Keo Co" and the "dong" of "Hang Dong" are no words of
    their own."""
    found = {}
    for i in [i for i, word in enumerate(text.words) if word.plain in places.lengths]:
        for n in places.lengths[text.plain(i)]:
            if n > 1 and i + n <= len(text.words) and tuple([word.plain for word in text.words[i : i + n]]) in places.names:
                found[i] = i + n
                break
    return found


def _person(text: Passage, names: Sequence[Name]) -> Iterator[Field]:
    dates = find_dates(text)
    birth = None
    for field in read_people(text, names, dates):
        birth = field.span if field.name == "birth_year" else birth
        yield field
    others = [date for date in dates if birth is None or date.span[1] <= birth[0] or date.span[0] >= birth[1]]
    yield from read_dates(text, others, cues(text) if others else ())
