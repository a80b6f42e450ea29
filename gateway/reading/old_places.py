"""Communes and districts as people still call them, and which communes of today they became (field.md §5).

A name alone is often a person's, a bridge's or an everyday word (Tân Thành, Chiến Thắng, Thống Nhất). So it counts where something says
that a place is meant: its kind ("xã"), "cũ", its district, a word like "ở" or "quê", or capitals that belong to no longer name. What one
old commune was divided into, and what several of one name became, are given side by side.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from gateway.deployment import Merger
from gateway.domain.fold import fold
from gateway.reading.passage import NONE, STOP, Passage, marks_of
from gateway.reading.pipelines import MERIDIANS
from gateway.reading.words import Span, is_marked, word_set

_KINDS: Final = {  # what stands before a name, folded -> kind; the longer first
    ("thi", "tran"): "thị trấn", ("thi", "xa"): "thị xã", ("thanh", "pho"): "thành phố", ("xa",): "xã", ("x",): "xã", ("phuong",): "phường",
    ("p",): "phường", ("tt",): "thị trấn", ("huyen",): "huyện", ("h",): "huyện", ("tx",): "thị xã", ("tp",): "thành phố", ("tinh",): "tỉnh",
    ("commune",): "xã", ("district",): "huyện", ("province",): "tỉnh",
}  # fmt: skip
_DISTRICTS: Final = frozenset({"huyện", "thị xã", "thành phố", "quận"})
_WHERE: Final = word_set("o tai que thuoc den tu ve qua dia ban in at from near")
_VILLAGES: Final = word_set("thon ban xom lang khu khoi to ap buon tdp")
# A name behind one of these is a person's, or another thing's that was called after the place.
_SURNAMES: Final = word_set("nguyen tran le pham hoang vu vo phan truong bui dang do ho ngo duong ly vi nong la be trieu luong ha mai dinh")
_OTHERS: Final = _SURNAMES | word_set(
    """
    ong ba anh chi co bac cu em chu mo liet si sy ls ten dong dc van thi cau suoi deo cho truong dap song nui pho hang ai nga chua den quan
    nha ga ben don
    """
)
_BEFORE_A_NAME: Final = word_set("xa phuong huyen tinh thi thanh tp tx tt")
_PROVINCES: Final = frozenset(tuple(name.split()) for name in MERIDIANS)


class Unit(NamedTuple):
    """What a name may mean. `kind`: xã … thành phố. `within`: its district of before 2025, "" for what has none.

    `codes`: communes of today, likeliest first.
    """

    name: str
    kind: str
    within: str
    province: str
    codes: tuple[str, ...]
    divided: bool = False

    @property
    def title(self) -> str:
        """ "xã Hữu Lân, huyện Lộc Bình"."""
        return ", ".join(filter(None, (f"{self.kind} {self.name}", self.within)))


class PlaceMention(NamedTuple):
    """A place that a text names. `name`: spelled rightly, with its district where only one fits. `new_codes`: the communes of today that it
    may mean, likeliest first. `confidence`: 0..1. `span`: in the text."""

    name: str
    kind: str
    new_codes: tuple[str, ...]
    confidence: float
    span: Span


@dataclass(frozen=True, slots=True)
class OldPlaces:
    """The names, arranged for reading; made once by old_places(). By folded words, and which words a name can begin with, longest first."""

    units: Mapping[tuple[str, ...], tuple[Unit, ...]]
    lengths: Mapping[str, tuple[int, ...]]


class _Found(NamedTuple):
    """A name at words `first`..`last` (exclusive), with its kind before it and "cũ" behind; `at`: the name's own first word."""

    first: int
    at: int
    last: int
    kind: str
    former: bool
    units: tuple[Unit, ...]


def old_places(mergers: Iterable[Merger]) -> OldPlaces:
    """Arrange the rows of old_communes.csv: old communes, the dissolved districts, and the communes of today."""
    units = dict[tuple[str, ...], list[Unit]]()
    for unit in (*_today(mergers := tuple(mergers)), *_former(mergers), *_districts(mergers)):
        units.setdefault(tuple(fold(unit.name).split()), []).append(unit)
    lengths = dict[str, set[int]]()
    for words in units:
        lengths.setdefault(words[0], set()).add(len(words))
    by_words = {words: tuple(these) for words, these in units.items()}
    return OldPlaces(by_words, {word: tuple(sorted(these, reverse=True)) for word, these in lengths.items()})


def _today(mergers: Sequence[Merger]) -> Iterator[Unit]:
    for code, name, kind, province in dict.fromkeys((m.new_code, m.new_name, m.new_kind, m.province) for m in mergers):
        yield Unit(name, kind, "", province, (code,))


def _former(mergers: Sequence[Merger]) -> Iterator[Unit]:
    rows = dict[str, list[Merger]]()
    for merger in mergers:
        rows.setdefault(merger.code, []).append(merger)
    for these in rows.values():
        first = these[0]
        codes = tuple(m.new_code for m in sorted(these, key=lambda m: not m.likely))
        yield Unit(first.name, first.kind, first.district, first.province, codes, len(these) > 1)


def _districts(mergers: Sequence[Merger]) -> Iterator[Unit]:
    codes = dict[tuple[str, str], dict[str, None]]()
    for merger in mergers:
        codes.setdefault((merger.district, merger.province), {})[merger.new_code] = None
    for (district, province), these in codes.items():
        kind = next(kind for kind in _DISTRICTS if district.lower().startswith(kind))
        yield Unit(district[len(kind) :].strip(), kind, "", province, tuple(these))


def read_places(text: Passage, places: OldPlaces) -> tuple[PlaceMention, ...]:
    """The communes and districts that `text` names, in its order. Nothing for a name that may as well be a person's or a bridge's."""
    found = list(_names(text, places))
    mentions, used = list[PlaceMention](), -1
    for i, name in enumerate(found):
        if name.first < used:
            continue
        district = found[i + 1] if i + 1 < len(found) and _belongs(text, name, found[i + 1]) else None
        mention, used = _mention(text, name, district), name.last
        if mention is None and district is not None:
            continue
        if mention is not None:
            mentions.append(mention)
            used = district.last if district is not None and _narrowed(name.units, district) else used
    return tuple(mentions)


# -- finding names ----------------------------------------------------------------------------------------------------------------------


def _names(text: Passage, places: OldPlaces) -> Iterator[_Found]:
    """Every name of the list, left to right, none inside another."""
    used = 0
    for at in [at for at, word in enumerate(text.words) if word.plain in places.lengths]:
        if at < used:
            continue
        for length in places.lengths[text.plain(at)]:
            units = _units(text, at, at + length, places)
            if units:
                first, kind = _kind(text, at, used)
                last = at + length + _former_words(text, at + length)
                yield _Found(first, at, last, kind, last > at + length, units)
                used = last
                break


def _units(text: Passage, first: int, last: int, places: OldPlaces) -> tuple[Unit, ...]:
    if last > len(text.words):
        return ()
    words = text.words[first:last]
    units = places.units.get(tuple([word.plain for word in words]), ())
    if not units or any(text.gaps[first : last - 1]):
        return ()
    if not any(map(is_marked, words)):
        return units
    typed = [word.raw for word in words]
    exact = tuple(unit for unit in units if all(map(_same_marks, typed, unit.name.split())))
    return exact or tuple(unit for unit in units if all(map(_marks_agree, typed, unit.name.split())))


def _same_marks(typed: str, written: str) -> bool:
    return marks_of(typed) == marks_of(written)


def _marks_agree(typed: str, written: str) -> bool:
    """A word typed with marks must have those of the name's word; one typed without says nothing, unless all the others are right."""
    return typed.isascii() or _same_marks(typed, written)


def _kind(text: Passage, at: int, used: int) -> tuple[int, str]:
    """Where the name begins with its kind, and the kind; "" without one. "xa" is one, far as it may be: a name follows."""
    for length in (2, 1):
        words = tuple(text.plain(i) for i in range(at - length, at))
        if at - length >= used and words in _KINDS and _stands_before(text, at):
            return at - length, _KINDS[words]
    return at, ""


def _stands_before(text: Passage, at: int) -> bool:
    """True if nothing parts the word before `at` from it, but for the point of an abbreviation: "TT. Lộc Bình"."""
    return text.gaps[at - 1] == NONE or (text.gaps[at - 1] == STOP and len(text.plain(at - 1)) <= 2)


def _former_words(text: Passage, last: int) -> int:
    """1 where "cũ" follows, also in brackets; "cụ" and "củ" are other words."""
    if last >= len(text.words) or text.gaps[last - 1] == STOP or text.plain(last) != "cu":
        return 0
    return int(text.words[last].raw.lower() in ("cu", "cũ"))


# -- what they mean ---------------------------------------------------------------------------------------------------------------------


def _belongs(text: Passage, name: _Found, district: _Found) -> bool:
    """True if the second name may be the district or province that the first lies in: it follows at once."""
    near = district.first - name.last <= 0 and text.gaps[name.last - 1] != STOP
    return near and district.kind in ("", *_DISTRICTS) and any(unit.kind in _DISTRICTS for unit in district.units)


def _narrowed(units: Sequence[Unit], district: _Found | None) -> tuple[Unit, ...]:
    """The units that lie in one of the district's meanings."""
    if district is None:
        return ()
    titles = {f"{unit.kind} {unit.name}" for unit in district.units if unit.kind in _DISTRICTS}
    return tuple(unit for unit in units if unit.within in titles)


def _mention(text: Passage, name: _Found, district: _Found | None) -> PlaceMention | None:
    narrowed = _narrowed(name.units, district) if name.kind not in _DISTRICTS else ()
    units = narrowed or _of_kind(name)
    units = _in_province(text, name, units)
    confidence = _confidence(text, name, bool(narrowed))
    if not units or not confidence:
        return None
    codes = tuple(dict.fromkeys(code for unit in units for code in unit.codes))
    if len(codes) > 1 and units[0].kind not in _DISTRICTS:
        confidence = min(confidence, 0.7 if len(units) == 1 else 0.5)
    last = district.last if district is not None and narrowed else name.last
    return PlaceMention(_title(units, codes), units[0].kind, codes, confidence, text.span(name.first, last))


def _title(units: Sequence[Unit], codes: Sequence[str]) -> str:
    """The one unit's full title; of several of one name no more than what they share."""
    former = [unit for unit in units if unit.within]
    if len(former) == 1 and len(units) == 1:
        return former[0].title
    return f"{units[0].kind} {units[0].name}"


def _of_kind(name: _Found) -> tuple[Unit, ...]:
    """The units that the words around the name leave. A district never stands for the commune of its name, nor that for a district."""
    if name.kind in _DISTRICTS:
        return tuple(unit for unit in name.units if unit.kind in _DISTRICTS)
    communes = tuple(unit for unit in name.units if unit.kind not in _DISTRICTS and (unit.within or not name.former))
    said = tuple(unit for unit in communes if unit.kind == name.kind)
    return () if name.kind == "tỉnh" else said or communes


def _in_province(text: Passage, name: _Found, units: tuple[Unit, ...]) -> tuple[Unit, ...]:
    """Where the units lie in two provinces, those of the one that the text names."""
    if len({unit.province for unit in units}) < 2:
        return units
    said = f" {' '.join(word.plain for word in text.words)} "
    named = tuple(unit for unit in units if f" {fold(unit.province).removeprefix('tinh ')} " in said)
    return named or units


def _confidence(text: Passage, name: _Found, placed: bool) -> float:
    """How sure it is that the place is meant; 0 for a name that stands there like any other words."""
    if name.kind:
        kinds = {unit.kind for unit in name.units}
        return 0.95 if placed else 0.9 if name.kind in kinds else 0.7
    before = text.plain(name.at - 1) if name.at and text.gaps[name.at - 1] == NONE else ""
    if before in _OTHERS or before in _VILLAGES or _is_part(text, name, before, placed):
        return 0.0
    if placed:
        return 0.9
    if name.former:
        return 0.8
    if tuple(word.plain for word in text.words[name.at : name.last]) in _PROVINCES:
        return 0.0
    if before in _WHERE:
        return 0.6
    if text.plain(name.at) in _SURNAMES:  # Trần Phú, Hoàng Văn Thụ: people first
        return 0.0
    if name.at == 0:
        return 0.6
    return 0.5 if all(text.capital(i) for i in range(name.at, name.last)) else 0.0


def _is_part(text: Passage, name: _Found, before: str, placed: bool) -> bool:
    """True in the middle of a longer name: "Nguyễn Hữu Lân", "Tân Thành Long"."""
    if before and before not in _WHERE and text.capital(name.at - 1) and name.at > 1:
        return True
    after = name.last < len(text.words) and text.gaps[name.last - 1] == NONE and text.capital(name.last)
    return after and not placed and text.plain(name.last) not in _BEFORE_A_NAME and text.words[name.last].raw.isalpha()
