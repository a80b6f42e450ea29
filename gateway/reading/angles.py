"""Latitude and longitude in degrees, however they were typed: decimals, degrees and minutes, words, superscripts that came out as letters.

Here latitudes lie under 25 and longitudes over 97, so the two are told apart by size, in whichever order they stand. A single angle is no
position.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import cos, hypot, radians
from typing import Final, NamedTuple

from gateway.reading.point import Candidate, Point, settled
from gateway.reading.words import Span

_DEGREE: Final = r"(?:\s{0,2}(?:°|\u030a|\*|do(?![a-z])|deg(?:rees?)?(?![a-z]))|o(?![a-z])|\^[0o]?)"  # NFKC makes º an o, ˚ a ring
_MINUTE: Final = r"\s{0,2}(?:['’′‘`]|\u0301|phut|(?:ph|p|min|m)(?![a-z]))"
_SECOND: Final = r"\s{0,2}(?:['’′‘`]{1,2}|[\"”“″]|\u0301\s?\u0301|giay|(?:gi|g|sec|s)(?![a-z]))"
_AXIS: Final = r"(?:n|b|e|d|bac|dong|vi|kinh)(?![a-z])"
_FRACTION: Final = r"(?:[.,]\d{1,8})?"
_MINUTES: Final = rf"(?P<min>\d{{1,2}}{_FRACTION})(?!\d)"
_SECONDS: Final = rf"(?P<sec>\d{{1,2}}{_FRACTION})(?!\d)"
# Seconds without their mark count where something ends them: "21°41'12 N", "21°41'12, 106°48'35", and before the next angle.
_ENDS: Final = rf"(?:{_SECOND}|(?=\s{{0,2}}(?:{_AXIS}|[,;)/-]|$|\d{{2,3}}{_DEGREE})))"
_HEMISPHERE: Final = r"(?<![a-z0-9])(?P<axis>[nbed])\s{0,2}[.:=]?\s{0,2}"
_PARTED: Final = r"[\s:-]{1,2}"

_FORMS: Final = (
    re.compile(rf"(?<![\d.,])(?P<deg>\d{{1,3}}){_DEGREE}\s{{0,2}}{_MINUTES}(?!{_DEGREE})(?:{_MINUTE})?(?:[\s,]{{0,2}}{_SECONDS}{_ENDS})?"),
    re.compile(rf"(?<!\d)(?P<deg>\d{{2,3}})0(?P<min>[0-5]\d){_MINUTE}(?:\s{{0,2}}{_SECONDS}{_ENDS})?"),  # 21041'12'': the ° became a 0
    re.compile(rf"{_HEMISPHERE}(?P<deg>\d{{1,3}}){_PARTED}{_MINUTES}(?:{_PARTED}{_SECONDS})?"),  # N21 40.815
    re.compile(rf"(?<![\d.,])(?P<deg>\d{{1,3}}){_PARTED}{_MINUTES}(?:{_PARTED}{_SECONDS})?\s{{0,2}}[nbed](?![a-z])"),  # 21-40-49N
    re.compile(rf"(?<![a-z0-9])(?P<axis>[nbed])\s?(?P<deg>\d{{2,3}})(?P<min>\d\d)(?P<sec>\d\d{_FRACTION})(?!\d)"),  # N214049
    re.compile(rf"(?<!\d)(?P<deg>\d{{2,3}})(?P<min>\d\d)(?P<sec>\d\d{_FRACTION})\s?(?P<axis>[nbed])(?![a-z])"),  # 214049N
)
_DECIMAL: Final = re.compile(r"(?<!\d)(?P<deg>\d{1,3}[.,]\d{1,15})(?!\d)")
_BARE: Final = re.compile(  # "21 40 49, 106 49 27", "21 40.815 106 49.463": only where a word says that it is a position
    r"(?<![\d.,/])(\d{1,3})[ :-](\d{1,2}(?:[.,]\d{1,6})?)(?:[ :-](\d{1,2}(?:[.,]\d{1,4})?))?[\s,;/-]{1,4}"
    r"(\d{1,3})[ :-](\d{1,2}(?:[.,]\d{1,6})?)(?:[ :-](\d{1,2}(?:[.,]\d{1,4})?))?(?![\d/])"
)
_MARK_BEFORE: Final = re.compile(
    r"(?:^|[^a-z])(?:[nbed]|bac|dong|north|east|lat|lon|lng|long|latitude|longitude|(?:vi|kinh) (?:do|tuyen)|vd|kd)(?: bac| dong)?"
    r"\s{0,2}[:=.]?\s{0,2}$"
)
_MARK_AFTER: Final = re.compile(
    r"\s{0,2}(?:°|\u030a|\*|o(?![a-z])|do(?![a-z])(?!\s?[cf](?![a-z]))|deg|[nbed](?![a-z])|bac(?![a-z])|dong(?![a-z])|north|east"
    r"|(?:vi|kinh) (?:do|bac|dong))"
)
_LETTER_AFTER: Final = re.compile(r"\s{0,2}°?\s?[nbed](?![a-z])")
_POSITION: Final = re.compile(
    r"(?<![a-z])(?:toa ?do|t/d|dinh vi|gps|vi tri|vi do|kinh do|lat|lon|lng|location|located|coord\w{0,7}|position|wgs|google|ban do|map)"
    r"(?![a-z])"
)
_MONEY: Final = re.compile(r"(?<![a-z])(?:d|dong|vnd|k|tr|trieu|ty|tien|gia|phi|luong|usd|kg|km|m|met|ha|m2|%)(?![a-z0-9])")
_GAP: Final = 28  # characters between the two halves: "vĩ độ Bắc, kinh độ Đông"
_OUTDOORS_M: Final = 20.0  # a phone under trees (field.md §4.3: 5-20 m in forest)
_LATITUDES: Final = (5.0, 25.0)
_LONGITUDES: Final = (97.0, 118.0)


class Angle(NamedTuple):
    """One half of a position, in degrees. `step`: what its last figure is worth, in degrees. `marked`: a sign or word says what it is.

    `decimals`: how many, of one in degrees alone; None of one with minutes.
    """

    span: Span
    value: float
    step: float
    marked: bool = True
    decimals: int | None = None


def read_angles(text: str, plain: str, most: int) -> Iterator[Point]:
    """The positions in degrees in `text`, at most `most`. `plain`: folded(text), with what is read already blanked."""
    angles = _angles(plain)
    used = -1
    for first, then in pairwise(angles):
        if most and first.span[0] > used and (point := _paired(text, plain, first, then)) is not None:
            used, most = then.span[1], most - 1
            yield point
    if used < 0:
        yield from _bare(text, plain, most)


def _angles(plain: str) -> list[Angle]:
    """Angles in the text's order; of forms that overlap the one listed first."""
    found = dict[int, Angle]()
    taken = bytearray(len(plain) + 1)
    for form in _FORMS:
        for m in form.finditer(plain):
            angle = _sexagesimal(m.span(), m["deg"], m["min"], m["sec"])
            if angle is not None and not any(taken[m.start() : m.end()]) and _fits(m.groupdict().get("axis"), angle.value):
                taken[m.start() : m.end()] = b"\1" * (m.end() - m.start())
                found[m.start()] = angle
    for m in _DECIMAL.finditer(plain):
        if not taken[m.start()] and _is_degrees(float(m["deg"].replace(",", "."))):
            found[m.start()] = _decimal(plain, m)
    return [found[start] for start in sorted(found)]


def _sexagesimal(span: Span, degrees: str, minutes: str, seconds: str | None) -> Angle | None:
    """None for what can't be degrees here: 75 minutes, 45 degrees."""
    parts = [float((part or "0").replace(",", ".")) for part in (degrees, minutes, seconds)]
    value = parts[0] + parts[1] / 60 + parts[2] / 3600
    if parts[1] >= 60 or parts[2] >= 60 or not _is_degrees(value):
        return None
    last = seconds or minutes
    return Angle(span, value, 10.0 ** -_decimals(last) / (3600 if seconds else 60))


def _fits(axis: str | None, value: float) -> bool:
    """False for a letter that belongs to the other angle: in "21 40.8 N 106 49.5 E" the N stands before the 106, too."""
    return axis is None or (axis in "nb") == (value <= _LATITUDES[1])


def _decimal(plain: str, m: re.Match[str]) -> Angle:
    marked = _MARK_AFTER.match(plain, m.end()) is not None or _MARK_BEFORE.search(plain[max(0, m.start() - 20) : m.start()]) is not None
    decimals = _decimals(m[0])
    return Angle(m.span(), float(m[0].replace(",", ".")), 10.0**-decimals, marked, decimals)


def _decimals(figures: str) -> int:
    return len(figures.replace(",", ".").partition(".")[2])


def _is_degrees(value: float) -> bool:
    return _LATITUDES[0] <= value <= _LATITUDES[1] or _LONGITUDES[0] <= value <= _LONGITUDES[1]


def _paired(text: str, plain: str, first: Angle, then: Angle) -> Point | None:
    """The position of two angles that stand together, or None."""
    between = plain[first.span[1] : then.span[0]]
    if (first.decimals is None) != (then.decimals is None) or len(between) > _GAP or any(map(str.isdigit, between)):
        return None
    confidence = _confidence(plain, first, then)
    return _position(text, (first.span[0], _end(plain, then)), first, then, confidence) if confidence else None


def _end(plain: str, angle: Angle) -> int:
    """The angle's end with the letter of its hemisphere."""
    after = _LETTER_AFTER.match(plain, angle.span[1])
    return after.end() if after else angle.span[1]


def _confidence(plain: str, first: Angle, then: Angle) -> float:
    """How sure it is that two angles are meant; 0: two prices as well as anything."""
    cued = _POSITION.search(plain[max(0, first.span[0] - 60) : first.span[0]]) is not None
    marked = first.marked and then.marked
    if first.decimals is None or then.decimals is None:
        return 0.97 if cued else 0.93
    least = min(first.decimals, then.decimals)
    if least >= 4:
        return 0.98 if cued or marked else 0.95
    if marked or (cued and not _MONEY.search(plain, first.span[1], then.span[1] + 12)):
        return 0.9 if least == 3 else 0.75
    return 0.7 if least == 3 and not _MONEY.search(plain, max(0, first.span[0] - 20), then.span[1] + 20) else 0.0


def _position(text: str, span: Span, first: Angle, then: Angle, confidence: float) -> Point | None:
    north, east = (first, then) if first.value < then.value else (then, first)
    if not (north.value <= _LATITUDES[1] and east.value >= _LONGITUDES[0]):
        return None
    return settled(wgs84(north.value, east.value, north.step, east.step), text, span, confidence)


def wgs84(latitude: float, longitude: float, step: float, east_step: float) -> Candidate:
    """A place in WGS84 degrees whose figures end at `step` and `east_step`: half of what they leave open, and the receiver's own."""
    rounding = hypot(step * 110_600, east_step * 111_320 * cos(radians(latitude))) / 2
    return Candidate(latitude, longitude, rounding + _OUTDOORS_M, "WGS84")


def _bare(text: str, plain: str, most: int) -> Iterator[Point]:
    """Positions of figures alone, behind a word that announces them."""
    for m in _BARE.finditer(plain):
        if most <= 0 or _POSITION.search(plain[max(0, m.start() - 40) : m.start()]) is None:
            continue
        halves = _halves(m)
        if halves is not None and (point := _position(text, m.span(), *halves, confidence=0.85)) is not None:
            most -= 1
            yield point


def _halves(m: re.Match[str]) -> tuple[Angle, Angle] | None:
    """Both angles, where they are written alike: all of seconds, or minutes with decimals."""
    parts: Sequence[str | None] = m.groups()
    if (parts[2] is None) != (parts[5] is None) or (parts[2] is None and not (_decimals(m[2]) and _decimals(m[5]))):
        return None
    first, then = _sexagesimal(m.span(), m[1], m[2], parts[2]), _sexagesimal(m.span(), m[4], m[5], parts[5])
    return (first, then) if first and then else None
