"""One inbound text in, what the gateway understands out. Pure: nothing is stored, nothing is logged."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.domain.keyword import Keyword, Kind
from gateway.domain.village import Village
from gateway.reading.asides import read_language, read_part
from gateway.reading.coordinates import Point, read_points
from gateway.reading.field import Field, Value
from gateway.reading.fields import read_fields
from gateway.reading.keyword import Aliases, KeywordReading, Spellings, is_case_code, keyword_in
from gateway.reading.kind import matter, read_kind
from gateway.reading.passage import Passage, passage
from gateway.reading.places import PlaceNames
from gateway.reading.repair import Spoiling, repair
from gateway.reading.urgency import Urgency, read_urgency
from gateway.reading.village import Gazetteer, VillageReading, code_at, code_of, codelike, gazetteer, home_words, village_in
from gateway.reading.words import Span, Word, clean, folded, words_of

_MERIDIAN: Final = re.compile(r"\b(?:ktt|kinh tuyen truc|kinh tuyen)[ .:=]{0,2}\d{2,3}[ °.,'’]{0,2}\d{0,2}")
_NO_NAMES: Final = PlaceNames()
_URGENT_KINDS: Final = frozenset({Kind.TIP, Kind.QUESTION, Kind.DNA})  # who asks what to do with a shell stands beside it too


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text says. `village`: a listed code or None, then perhaps `village_candidates`. `confidence`: 0..1, of the kind.

    `text`: cleaned and repaired; spans are in its characters. `found`: every field with confidence and span, see fields.py; `fields`: their
    values by the names of README_sample_mo. `rest`: the words behind the keyword. `was`: how the
    text had been spoiled before its repair. Never log a Reading: its repr hides the words.
    """

    keyword: Keyword | None
    village: str | None
    village_candidates: tuple[str, ...]
    kind: Kind
    confidence: float
    urgent: Urgency | None = None
    fields: Mapping[str, Value] = field(default_factory=dict, repr=False)
    rest: str = field(default="", repr=False)
    text: str = field(default="", repr=False)
    found: tuple[Field, ...] = field(default=(), repr=False)
    keyword_span: Span | None = None
    village_span: Span | None = None
    was: Spoiling = ""


def read(
    text: str,
    channel: str,
    villages: Mapping[str, Village] | Gazetteer,
    aliases: Aliases | Spellings,
    home: Iterable[str] = (),
    names: PlaceNames | None = None,
) -> Reading:
    """Read one text. `channel`: sms, ussd, qr_web (or web), zalo. `home`: see gazetteer(); build that, and spellings_of(), once where many
    texts are read.

    `names`: communes, battles and other places beyond the villages, from place_names_of().
    """
    places = villages if isinstance(villages, Gazetteer) else gazetteer(villages, home)
    repaired = repair(text)  # before the cleaning: TCVN3 writes ư as a soft hyphen
    text = clean(repaired.text)
    spelled = keyword_in(text, aliases, places)
    words = spelled.words
    place = village_in(spelled.rest, words, places, after_keyword=spelled.keyword is not None)
    content = _content(words, place, places)
    kind = read_kind(matter(spelled.keyword, channel, content, spelled.rest, place_named=place.code is not None))
    urgent = read_urgency(content) if kind.kind in _URGENT_KINDS else None
    points = read_points(text, (names or _NO_NAMES).meridian)
    told = _told(text, spelled, words, points, places)
    found = (
        *_of_message(text, spelled, content, place, urgent),
        *map(_coords, points),
        *(_shifted(each, spelled.begin) for each in read_fields(told, kind.kind, places, names or _NO_NAMES)),
    )
    return Reading(
        keyword=spelled.keyword,
        village=place.code,
        village_candidates=place.candidates,
        kind=kind.kind,
        confidence=kind.confidence,
        urgent=urgent,
        fields={each.name: each.value for each in reversed(found)},  # of several positions the first
        rest=spelled.rest,
        text=text,
        found=found,
        keyword_span=spelled.span,
        was=repaired.was,
        village_span=spelled.in_text(place.span) if place.span else None,
    )


def _of_message(
    text: str, spelled: KeywordReading, content: Sequence[Word], place: VillageReading, urgent: Urgency | None
) -> Iterator[Field]:
    """What the message says of itself, whatever it tells."""
    whole = (0, len(text))
    if (code := _case_code(spelled.keyword, content)) is not None:
        yield Field("case_code", code.plain.upper(), 0.95, spelled.in_text((code.start, code.end)))
    if place.candidates:
        yield Field("village_candidates", place.candidates, 0.5, spelled.in_text(place.span) if place.span else whole)
    if urgent is not None:
        yield Field("urgent", urgent, 0.9, whole)
    yield from read_part(text)
    yield from read_language(text)


def _told(text: str, spelled: KeywordReading, words: Sequence[Word], points: Sequence[Point], places: Gazetteer) -> Passage:
    """What stands behind keyword and village code, without the figures of positions; `words`: of the text behind the keyword."""
    told = _without(text, points)[spelled.begin :]
    words = words_of(told) if points or spelled.head else words
    code = code_at(words, 0, places)
    return passage(told, words[code[1] if code else 0 :])


def _shifted(each: Field, by: int) -> Field:
    return each._replace(span=(each.span[0] + by, each.span[1] + by))


def _coords(point: Point) -> Field:
    """A settled position as README_sample_mo's "coords"; one that waits for an answer under a name of its own."""
    if point.latitude is None or point.longitude is None or point.accuracy_m is None:
        return Field(
            "coords_unsettled", {"system": point.system, "as_written": point.as_written, "note": point.note}, point.confidence, point.span
        )
    where: dict[str, str | float] = {"system": point.system, "lat": point.latitude, "lon": point.longitude, "accuracy_m": point.accuracy_m}
    return Field("coords", where | ({"note": point.note} if point.note else {}), point.confidence, point.span)


def _without(text: str, points: Sequence[Point]) -> str:
    """`text` with commas for its positions and their meridian, whose figures are no graves, years or telephone numbers."""
    meridians = [m.span() for m in _MERIDIAN.finditer(folded(text))] if points else []
    for start, end in (*(point.span for point in points), *meridians):
        text = f"{text[:start]}{',' * (end - start)}{text[end:]}"
    return text


def _content(words: Sequence[Word], place: VillageReading, places: Gazetteer) -> tuple[Word, ...]:
    """The words less the village's and the commune's own, which say where and not what."""
    taken = home_words(words, places)
    start, end = place.span or (0, 0)
    for i, word in enumerate(words):
        if word.start >= end:
            break
        if word.start >= start:
            taken.add(i)
    if (code := code_at(words, 0, places)) is not None:
        taken |= set(range(code[1]))
    if place.code is not None:
        taken |= {i for i in codelike(words, places) if code_of(words[i].plain, places) == place.code}
    if taken == set(range(len(taken))):  # as mostly: the address at the beginning
        return tuple(words[len(taken) :])
    return tuple([word for i, word in enumerate(words) if i not in taken])


def _case_code(keyword: Keyword | None, words: Sequence[Word]) -> Word | None:
    """A tip code behind TT, or behind "mã (tin)"; as typed. Whether it checks out is the look-up's concern."""
    for i, word in enumerate(words):
        if len(word.plain) == 6 and is_case_code(word.plain):
            named = keyword is Keyword.TT or len(words) == 1 or any(before.plain == "ma" for before in words[max(0, i - 2) : i])
            if named:
                return word
    return None
