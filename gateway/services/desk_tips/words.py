"""A tip's own words with numbered underlines, and the table of what was drawn out of them. No number stands in full in either.

The places of fields are characters of the text as the reader saw it (cleaned and repaired), so that text is what is shown; where it
differs from what arrived, the page has both.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from gateway.domain.masked import masked
from gateway.domain.msisdn import BadMsisdn, Msisdn
from gateway.domain.tip_work import certainty
from gateway.reading.repair import repair
from gateway.reading.words import clean

Span = tuple[int, int]
VILLAGE: Final = "village"
# What the table shows, in its order; what nobody corrects by hand stands in FIXED.
LABELS: Final[Mapping[str, str]] = {
    "grave_count": "Số mộ", "landmark": "Mốc", "burial_place": "Nơi chôn", "burial_date": "Ngày chôn", "martyr_name": "Tên liệt sĩ",
    "rank": "Cấp bậc", "unit": "Đơn vị", "unit_code": "Ký hiệu, hòm thư", "birth_year": "Năm sinh", "hometown": "Quê",
    "enlistment_date": "Nhập ngũ", "death_date": "Ngày hy sinh", "death_place": "Nơi hy sinh", "witness": "Người kể", "relation": "Quan hệ",
    "relics": "Kỷ vật", "documents": "Giấy tờ", "contact_phone": "Liên hệ", "coords": "Tọa độ", "coords_unsettled": "Tọa độ chưa rõ hệ",
    "known_place": "Địa danh", "commune": "Xã nhắc tới", "commune_candidates": "Xã nào", "case_code": "Mã tin nhắc tới", "part": "Phần",
    "place": "Chỗ đó", "who": "Gọi thì gặp", "answers": "Trả lời thêm",
}  # fmt: skip
FIXED: Final = frozenset({"coords", "coords_unsettled", "known_place", "case_code", "part", "answers", "commune", "commune_candidates"})
AS_WRITTEN: Final = frozenset({"unit", "unit_code"})  # never interpreted (field.md §2.5)
_NOT_SHOWN: Final = frozenset({"confidence", "read", "lang", "urgent", "village_candidates"})
_NO_NUMBERS: Final = ("_date", "_year")  # their digits are read as days, so they are nobody's telephone
_RELATIONS: Final = {
    "me": "mẹ", "cha": "cha", "vo": "vợ", "con": "con", "anh_chi_em": "anh, chị, em", "chau": "cháu", "dong_doi": "đồng đội",
    "nguoi_dan": "người dân", "khac": "khác",
}  # fmt: skip
CORRECTED_LIMIT: Final = 300  # characters of a field


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the words. `number`: of its underline, 0: none; `name`: the field a click on it corrects."""

    text: str = field(repr=False)
    number: int = 0
    name: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the table. `value`: as it stands now; `machine`: what the machine read where staff corrected it, else "".

    `numbers`: of the underlined words it came from; `sure`: 3, 2, 1 bars, 0: not read from words; `by_hand`: corrected.
    """

    name: str
    label: str
    value: str = field(repr=False)
    machine: str = field(default="", repr=False)
    numbers: tuple[int, ...] = ()
    sure: int = 0
    by_hand: bool = False
    is_fixed: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """What was said and what was read from it. `original`: the words as they arrived, "" where they are shown so anyway."""

    pieces: tuple[Piece, ...] = field(repr=False)
    lines: tuple[Line, ...] = field(repr=False)
    original: str = field(repr=False)
    candidates: tuple[str, ...] = ()
    village_sure: int = 0
    village_numbers: tuple[int, ...] = ()


def parsed(stored: str | None) -> dict[str, Any]:  # Any: JSON
    """A stored JSON object; {} where there is none, or its key was destroyed."""
    try:
        found = json.loads(stored) if stored else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def told(text: str, fields: str | None, corrected: str | None) -> Told:
    """The words of a tip and its table. `fields`, `corrected`: JSON as stored."""
    read, by_hand = parsed(fields), parsed(corrected)
    shown = clean(repair(text).text)
    places = _places(read, len(shown))
    numbered = _numbered({name: place[1] for name, place in places.items()})
    hidden = masked(shown, _not_numbers(places))
    lines = tuple(_line(name, read, by_hand, places, numbered) for name in _names(read, by_hand))
    candidates = read.get("village_candidates", ())
    return Told(
        tuple(_pieces(hidden, numbered)),
        lines,
        "" if shown.strip() == text.strip() else masked(text),
        tuple(str(each) for each in candidates) if isinstance(candidates, list) else (),
        1 if candidates else 3,
        numbered.get("village_candidates", (0, (0, 0)))[:1] if "village_candidates" in numbered else (),
    )


def hidden_words(text: str, fields: str | None = None) -> str:
    """A tip's words in one line, as the list shows them."""
    shown = clean(repair(text).text)
    return " ".join(masked(shown, _not_numbers(_places(parsed(fields), len(shown)))).split())


def _places(read: Mapping[str, Any], length: int) -> dict[str, tuple[float, Span]]:
    """Confidence and place by name; what lies outside the words is no place of theirs."""
    found = {}
    for name, place in (read.get("read") or {}).items():
        if isinstance(place, list) and len(place) == 3 and 0 <= place[1] < place[2] <= length:
            found[name] = (float(place[0]), (int(place[1]), int(place[2])))
    return found


def _not_numbers(places: Mapping[str, tuple[float, Span]]) -> list[Span]:
    return [span for name, (_, span) in places.items() if name == "coords" or name.endswith(_NO_NUMBERS)]


def _numbered(spans: Mapping[str, Span]) -> dict[str, tuple[int, Span]]:
    """(number, place) by field. Fields that share words share a number; the whole text is nobody's underline."""
    wanted = sorted((span, name) for name, span in spans.items() if name not in ("urgent", "lang", "part"))
    found: dict[str, tuple[int, Span]] = {}
    number, last = 0, (-1, -1)
    for span, name in sorted(wanted, key=lambda each: (each[0][0], -each[0][1])):
        if span[0] >= last[1]:
            number, last = number + 1, span
        found[name] = (number, last)
    return found


def _pieces(hidden: str, numbered: Mapping[str, tuple[int, Span]]) -> Iterable[Piece]:
    first: dict[int, tuple[Span, str]] = {}
    for name, (number, span) in numbered.items():
        first.setdefault(number, (span, VILLAGE if name == "village_candidates" else name))
    at = 0
    for number, (span, name) in sorted(first.items()):
        if at < span[0]:
            yield Piece(hidden[at : span[0]])
        yield Piece(hidden[span[0] : span[1]], number, name)
        at = span[1]
    if at < len(hidden):
        yield Piece(hidden[at:])


def _names(read: Mapping[str, Any], by_hand: Mapping[str, Any]) -> list[str]:
    """Names of the fields that are there, ours first, in our order."""
    there = [name for name in {**read, **by_hand} if name not in _NOT_SHOWN]
    order = list(LABELS)
    return sorted(there, key=lambda name: (order.index(name) if name in LABELS else len(order), name))


def _line(
    name: str,
    read: Mapping[str, Any],
    by_hand: Mapping[str, Any],
    places: Mapping[str, tuple[float, Span]],
    numbered: Mapping[str, tuple[int, Span]],
) -> Line:
    machine = shown_value(name, read[name]) if name in read else ""
    is_corrected = name in by_hand
    value = shown_value(name, by_hand[name]) if is_corrected else machine
    return Line(
        name,
        LABELS.get(name, name),
        value,
        machine if is_corrected else "",
        (numbered[name][0],) if name in numbered else (),
        3 if is_corrected else certainty(places[name][0]) if name in places else 0,
        is_corrected,
        name in FIXED or name not in LABELS,
    )


def shown_value(name: str, value: object) -> str:
    """A field's value as officers read it, numbers masked."""
    match value:
        case None:
            return ""
        case bool():
            return "có" if value else "không"
        case list() | tuple():
            return ", ".join(shown_value("", each) for each in value)
        case dict():
            return _of_mapping(name, value)
        case _:
            return _of_word(name, str(value))


def _of_mapping(name: str, value: Mapping[str, object]) -> str:
    if name == "coords" and "lat" in value:
        return f"{value['lat']:.5f}, {value['lon']:.5f} (sai khoảng {value.get('accuracy_m', 0):.0f} m, hệ {value.get('system', '?')})"
    if name == "known_place":
        return str(value.get("name", ""))
    return "; ".join(f"{shown_value('', key)}: {shown_value('', each)}" for key, each in value.items())


def _of_word(name: str, value: str) -> str:
    if name == "contact_phone":
        return phone(value)
    if name == "relation":
        return _RELATIONS.get(value, masked(value))
    if name.endswith(_NO_NUMBERS):
        return "/".join(reversed(value.split("-"))) if value.replace("-", "").isdigit() and len(value) <= 10 else masked(value)
    return masked(value)


def phone(value: str) -> str:
    """A number as anybody may see it: 0300 ··· ·15."""
    try:
        digits = Msisdn.parse(value).national.replace(" ", "")
    except BadMsisdn:
        return masked(value)
    return f"{digits[:4]} ··· ·{digits[-2:]}"


def kept_value(name: str, words: str) -> str | int | None:
    """A correction as it is kept. Raises ValueError with the words for whoever typed it."""
    said = " ".join(words.split())
    if not said:
        return None
    if len(said) > CORRECTED_LIMIT:
        raise ValueError(f"Dài quá {CORRECTED_LIMIT} chữ. Xin ghi ngắn lại, phần còn lại viết vào ghi chú.")
    if name in ("grave_count", "birth_year"):
        if not (said.isascii() and said.isdigit() and len(said) <= 4):
            raise ValueError("Ô này chỉ nhận số. Xin ghi bằng chữ số, ví dụ 2.")
        return int(said)
    if name == "contact_phone":
        try:
            return Msisdn.parse(said).e164
        except BadMsisdn:
            raise ValueError("Số này không đúng. Số di động có 10 chữ số.") from None
    return said


def corrected_with(stored: str | None, name: str, value: str | int | None) -> str:
    """The stored corrections with one more."""
    return json.dumps({**parsed(stored), name: value}, ensure_ascii=False)


def corrected_without(stored: str | None, name: str) -> str | None:
    """The stored corrections without one: the machine's reading counts again."""
    left = {key: value for key, value in parsed(stored).items() if key != name}
    return json.dumps(left, ensure_ascii=False) if left else None


def names_of(fields: str | None) -> Sequence[str]:
    """Names of what a reading drew out."""
    return list(parsed(fields))
