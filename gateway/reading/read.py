"""One inbound text in, what the gateway understands out. Pure: nothing is stored, nothing is logged."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.domain.keyword import Keyword, Kind
from gateway.domain.msisdn import BadMsisdn, Msisdn
from gateway.domain.village import Village
from gateway.reading.keyword import Aliases, is_case_code, read_keyword
from gateway.reading.kind import matter, read_kind
from gateway.reading.urgency import Urgency, read_urgency
from gateway.reading.village import Gazetteer, VillageReading, code_at, code_of, gazetteer, read_village
from gateway.reading.words import Word, words_of

_URGENT_KINDS: Final = frozenset({Kind.TIP, Kind.QUESTION, Kind.DNA})  # who asks what to do with a shell stands beside it too


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text says. `village`: a listed code or None, then perhaps `village_candidates`. `confidence`: 0..1, of the kind.

    `fields`: by the names of README_sample_mo: case_code, contact_phone (E.164), urgent, village_candidates. `rest`: the cleaned words
    behind the keyword. Never log a Reading: its repr hides the words, but fields may hold a number.
    """

    keyword: Keyword | None
    village: str | None
    village_candidates: tuple[str, ...]
    kind: Kind
    confidence: float
    urgent: Urgency | None = None
    fields: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict, repr=False)
    rest: str = field(default="", repr=False)


def read(text: str, channel: str, villages: Mapping[str, Village] | Gazetteer, aliases: Aliases, home: Iterable[str] = ()) -> Reading:
    """Read one text. `channel`: sms, ussd, qr_web (or web), zalo. `home`: see gazetteer(); build that once where many texts are read."""
    places = villages if isinstance(villages, Gazetteer) else gazetteer(villages, home)
    spelled = read_keyword(text, aliases, places)
    place = read_village(spelled.rest, places, after_keyword=spelled.keyword is not None)
    words = _content(words_of(spelled.rest), place, places)
    kind = read_kind(matter(spelled.keyword, channel, words, spelled.rest, place_named=place.code is not None))
    urgent = read_urgency(words) if kind.kind in _URGENT_KINDS else None
    return Reading(
        keyword=spelled.keyword,
        village=place.code,
        village_candidates=place.candidates,
        kind=kind.kind,
        confidence=kind.confidence,
        urgent=urgent,
        fields=_fields(spelled.keyword, words, place, urgent),
        rest=spelled.rest,
    )


def _content(words: Sequence[Word], place: VillageReading, places: Gazetteer) -> tuple[Word, ...]:
    """The words less the village's and the commune's own, which say where and not what."""
    start, end = place.span or (0, 0)
    taken = {i for i, word in enumerate(words) if start <= word.start < end}
    if (code := code_at(words, 0, places)) is not None:
        taken |= set(range(code[1]))
    taken |= {i for i, word in enumerate(words) if place.code is not None and code_of(word.plain, places) == place.code}
    for name in places.home:
        for i in range(min(4, len(words))):  # only where it is part of the address at the beginning
            if tuple(word.plain for word in words[i : i + len(name)]) == name:
                taken |= set(range(i, i + len(name)))
    return tuple(word for i, word in enumerate(words) if i not in taken)


def _fields(
    keyword: Keyword | None, words: Sequence[Word], place: VillageReading, urgent: Urgency | None
) -> dict[str, str | tuple[str, ...]]:
    found: dict[str, str | tuple[str, ...]] = {}
    if (code := _case_code(keyword, words)) is not None:
        found["case_code"] = code
    if (phone := _only_phone(words)) is not None:
        found["contact_phone"] = phone
    if place.candidates:
        found["village_candidates"] = place.candidates
    if urgent is not None:
        found["urgent"] = urgent
    return found


def _case_code(keyword: Keyword | None, words: Sequence[Word]) -> str | None:
    """A tip code behind TT, or behind "mã (tin)"; as typed, in capitals. Whether it checks out is the look-up's concern."""
    for i, word in enumerate(words):
        named = keyword is Keyword.TT or len(words) == 1 or any(before.plain == "ma" for before in words[max(0, i - 2) : i])
        if named and is_case_code(word.plain):
            return word.plain.upper()
    return None


def _only_phone(words: Sequence[Word]) -> str | None:
    """The one 10-digit number beginning with 0 in the text, in E.164; None if there are two. Groups may be parted: 0300 000 012."""
    found = set()
    for i in range(len(words)):
        digits = ""
        for word in words[i : i + 4]:
            if not (word.plain.isascii() and word.plain.isdigit()) or len(digits) + len(word.plain) > 10:
                break
            digits += word.plain
            if len(digits) == 10 and digits.startswith("0"):
                found.add(digits)
                break
    return _e164(found.pop()) if len(found) == 1 else None


def _e164(digits: str) -> str | None:
    try:
        return Msisdn.parse(digits).e164
    except BadMsisdn:
        return None
