"""Dates as ISO prefixes, no more precise than they were written: "1979", "1979-02", "1979-02-17"; and what each is the date of.

Always day before month; two figures are a year of the 1900s (field.md §3.1). A lunar date keeps its year and is flagged: the day would need
the calendar of that year, and the 12th lunar month often falls into the next one.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from gateway.reading.field import Field
from gateway.reading.passage import COMMA, STOP, Passage, lexicon
from gateway.reading.words import Span, word_set

MOST: Final = 30  # dates read in one text: who sends more has sent a list, which a person reads
FIRST, LAST = 1930, 1995  # years of the wars and of the burials after them
_MONTHS: Final = ("gieng", "hai", "ba", "tu", "nam", "sau", "bay", "tam", "chin", "muoi", "muoi mot", "muoi hai")
_MONTH_OF: Final = {
    **{name: i for i, name in enumerate(_MONTHS, 1)}, "mot": 11, "chap": 12, "bon": 4,
    **{name: i for i, names in enumerate(
        ("january|jan", "february|feb", "march|mar", "april|apr", "may", "june|jun", "july|jul", "august|aug", "september|sep|sept",
         "october|oct", "november|nov", "december|dec"), 1) for name in names.split("|")},
}  # fmt: skip
_SEP: Final = r"\s?[/.\-]\s?"
_YEAR: Final = r"((?:19)?\d\d)(?!\d)"
_NAME: Final = "|".join(sorted({*_MONTHS, "mot", "chap", "bon"}, key=len, reverse=True))
_FIGURES: Final = re.compile(r"[3-9]\d")  # no date of these years goes without
_NO_DIGIT: Final = r"(?<![\d/.\-])"
_AFTER: Final = r"(?![/.\-]?\d)"
# What the patterns below can't do without, each found in a third of their time; most texts have none (find_dates: 37 -> 12 µs a text).
_PARTED: Final = re.compile(r"\d\s?[/.\-]\s?\d")
_TWO: Final = re.compile(r" [3-9]\d(?!\d)")
_MONTH: Final = re.compile("jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec")
_DMY: Final = re.compile(rf"(?<!\d)(?<!\d[/.\-])(\d{{1,2}}){_SEP}(\d{{1,2}})(?:{_SEP}|,?\snam\s|\s(?=19)){_YEAR}{_AFTER}")
_WORDED: Final = re.compile(rf"t(?<!\wt)(?:hang ({_NAME}|\d{{1,2}})|h?[ .]?(\d{{1,2}}))(?:{_SEP}|,?\s(?:nam\s)?|\s?\(){_YEAR}{_AFTER}")
_DAY_BEFORE: Final = re.compile(r"(?<![\w/.\-])(\d{1,2})\s\Z")
_MY: Final = re.compile(rf"{_NO_DIGIT}(\d{{1,2}}){_SEP}{_YEAR}{_AFTER}")
_Y4: Final = re.compile(r"19(?<![\d.,]19)[3-9]\d(?![\d]|[.,]\d)")
_Y2: Final = re.compile(r"\b(?:nam|hoi|mua kho|mua mua|tet) ([3-9]\d)(?![\d/.]|%| ?(?:tuoi|km|m|nguoi|ngoi|mo|cai|ngay)\b)")
_BARE_Y2: Final = re.compile(
    r"\b(?:bo doi|hs|hy sinh|hi sinh|chon|mat|chet|khoang|dau|cuoi|giua|truoc|he|xuan) ([4-8]\d)(?=\s*(?:\Z|[,.;)]))"
)
_ENGLISH: Final = re.compile(
    r"\b(?:(\d{1,2})(?:st|nd|rd|th)? )?(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}"
    r"(?: (\d{1,2})(?:st|nd|rd|th)?,?)? (19\d\d)\b"
)
_STEMS: Final = ("giap", "at", "binh", "dinh", "mau", "ky", "canh", "tan", "nham", "quy")  # the ten can, in their order
_BRANCHES: Final = (
    "ty",
    "suu",
    "dan",
    "mao",
    "thin",
    "ty",
    "ngo",
    "mui",
    "than",
    "dau",
    "tuat",
    "hoi",
)  # the twelve chi; Tý and Tỵ fold alike
_STEM: Final = rf"{'|'.join(_STEMS)}|ki|qui"
_BRANCH: Final = rf"{'|'.join(sorted(set(_BRANCHES)))}|ti|suu|mui|mieu|meo|thinh"
_CAN_CHI: Final = re.compile(rf"\b(?:nam |tet |xuan |({_NAME}) )?({_STEM}) ({_BRANCH})\b")
_NAMED: Final = re.compile(rf"(?:{_STEM}) (?:{_BRANCH})\b")  # what _CAN_CHI can't do without
_LUNAR: Final = re.compile(r"\b(?:am lich|thang gieng|thang chap|mung \d|mong \d|tet|ram|al)\b")
_SPELLED_BRANCH: Final = {"ti": "ty", "mieu": "mao", "meo": "mao", "thinh": "thin"}
_SPELLED_STEM: Final = {"ki": "ky", "qui": "quy"}


class Date(NamedTuple):
    """`value`: an ISO prefix. `span`: of the date alone. `lunar`: said by the lunar calendar."""

    value: str
    span: Span
    lunar: bool = False
    sure: bool = True


# --- finding ---


def find_dates(text: Passage) -> tuple[Date, ...]:
    """Every date of the wars' years, in the order of the text; none overlaps another."""
    low = text.low
    found: list[Date] = []
    if _FIGURES.search(low):
        for find in _finders(low):
            _add(found, find(low))
    if _NAMED.search(low):
        _add(found, _can_chi(text))
    if not found:
        return ()
    begin = text.words[0].start if text.words else 0
    found = [date for date in found if date.span[0] >= begin]
    return tuple(sorted(_merged(low, found), key=lambda date: date.span))


def _finders(low: str) -> Iterator[Callable[[str], Iterator[Date]]]:
    """Those that may find a date in `low`, which has figures, in the order in which they beat each other."""
    parted = _PARTED.search(low) is not None
    if parted:
        yield _full
    yield _worded
    if " 19" in low and _MONTH.search(low):
        yield _english
    if parted:
        yield _month_year
    yield _years
    if _TWO.search(low):
        yield _short_years


def _add(found: list[Date], more: Iterator[Date]) -> None:
    for date in more:
        if len(found) >= MOST:
            return
        if all(date.span[1] <= each.span[0] or date.span[0] >= each.span[1] for each in found):
            found.append(date)


def _full(low: str) -> Iterator[Date]:
    for m in _DMY.finditer(low):
        if (value := _iso(m[3], m[2], m[1])) is not None:
            yield Date(value, m.span(), lunar=_said_lunar(low, m.span()))


def _worded(low: str) -> Iterator[Date]:
    for m in _WORDED.finditer(low):
        month = m[1] or m[2]
        day = _DAY_BEFORE.search(low, max(0, m.start() - 4), m.start())
        if (value := _iso(m[3], month if month.isdecimal() else str(_MONTH_OF[month]), day[1] if day else None)) is not None:
            span = (day.start() if day else m.start(), m.end())
            lunar = _said_lunar(low, span)
            yield Date(value[:4] if lunar else value, span, lunar)


def _english(low: str) -> Iterator[Date]:
    for m in _ENGLISH.finditer(low):
        if (value := _iso(m[4], str(_MONTH_OF[m[2]]), m[1] or m[3])) is not None:
            yield Date(value, m.span())


def _month_year(low: str) -> Iterator[Date]:
    for m in _MY.finditer(low):
        if (value := _iso(m[2], m[1], None)) is not None:
            yield Date(value, m.span(), sure=len(m[2]) == 4 or low[: m.start()].endswith(("thang ", "hs ", "hy sinh ", "hi sinh ")))


def _years(low: str) -> Iterator[Date]:
    return (Date(m[0], m.span(), _said_lunar(low, m.span())) for m in _Y4.finditer(low) if FIRST <= int(m[0]) <= LAST)


def _short_years(low: str) -> Iterator[Date]:
    for m in _Y2.finditer(low):
        if FIRST <= 1900 + int(m[1]) <= LAST:
            yield Date(f"19{m[1]}", m.span(1), sure=low.startswith(("nam", "hoi"), m.start()))
    for m in _BARE_Y2.finditer(low):
        yield Date(f"19{m[1]}", m.span(1), sure=False)


def _can_chi(text: Passage) -> Iterator[Date]:
    """ "Kỷ Mùi" -> 1979, the only such year within the wars; Tý and Tỵ are told apart by what the stem allows."""
    for m in _CAN_CHI.finditer(text.low):
        stem = _STEMS.index(_SPELLED_STEM.get(m[2], m[2]))
        branch = _SPELLED_BRANCH.get(m[3], m[3])
        years = [y for y in range(FIRST, LAST + 1) if (y - 4) % 10 == stem and _BRANCHES[(y - 4) % 12] == branch]
        named = m[0] != f"{m[2]} {m[3]}" or text.text[m.start(2)].isupper()
        if len(years) == 1 and named:
            yield Date(str(years[0]), m.span(), lunar=True)


def _said_lunar(low: str, span: Span) -> bool:
    return _LUNAR.search(low, max(0, span[0] - 30), min(len(low), span[1] + 10)) is not None


def _iso(year: str, month: str, day: str | None) -> str | None:
    y, m = int(year) if len(year) == 4 else 1900 + int(year), int(month)
    if not (FIRST <= y <= LAST and 1 <= m <= 12):
        return None
    if day is None:
        return f"{y}-{m:02d}"
    return f"{y}-{m:02d}-{int(day):02d}" if 1 <= int(day) <= _days(y, m) else None


def _days(year: int, month: int) -> int:
    if month == 2:
        return 29 if year % 4 == 0 else 28
    return 30 if month in (4, 6, 9, 11) else 31


def _merged(low: str, found: Sequence[Date]) -> Iterator[Date]:
    """ "năm Quý Tỵ 1953", "Tết Mậu Thân (1968)": one date said twice."""
    dates = sorted(found, key=lambda date: date.span)
    for i, date in enumerate(dates):
        before = dates[i - 1] if i else None
        after = dates[i + 1] if i + 1 < len(dates) else None
        twice = [each for each in (before, after) if each and each.value[:4] == date.value[:4] and _touch(low, each.span, date.span)]
        if any(len(each.value) > len(date.value) or (each.value == date.value and each.span < date.span) for each in twice):
            continue
        yield date._replace(lunar=date.lunar or any(each.lunar for each in twice))


def _touch(low: str, a: Span, b: Span) -> bool:
    first, then = sorted((a, b))
    between = low[first[1] : then[0]].strip(" (),-")
    return between in ("", "nam", "tuc", "tuc nam", "duong lich", "la nam")


# --- meaning ---

_ROLES: Final = lexicon(
    {
        """
        hy sinh|hi sinh|hs|h s|hsinh|mất|tử trận|từ trần|ngã xuống|chết|bị giết|thiệt mạng|giỗ|ngày giỗ|tử nạn|died|killed|hi xinh|
        hy xinh
        """: "death",
        """
        chôn|chôn cất|mai táng|an táng|chôn tạm|vùi|lấp|đắp mộ|mộ|ngôi mộ|nấm mộ|buried|burial|grave|graves|bia
        """: "burial",
        "sinh|sinh năm|sn|năm sinh|sinh ngày|ns|born": "birth",
        """
        nhập ngũ|đi bộ đội|lên đường|đi b|tòng quân|nn|vào bộ đội|đi lính|ra đi|xuất ngũ|về hưu|enlisted|served|phục viên
        """: "service",
        """
        bốc|cất bốc|quy tập|cải táng|sang cát|tìm thấy|di chuyển|xây|làm đường|lấy mẫu|giấy báo tử số|giấy báo|cấp ngày|chuyển về
        """: "later",
    }
)
_SAME: Final = word_set("ngay thang nam vao khoang hoi luc tu cuoi dau giua mua tet duoc o tai mung")


_COMMA_COUNTS: Final = 3  # words
_NOT_BESIDE: Final = 6  # words


class Cue(NamedTuple):
    """A word that says what a date is the date of."""

    first: int
    last: int
    role: str


def cues(text: Passage) -> tuple[Cue, ...]:
    """The words that say what dates mean, in order."""
    return tuple(Cue(*hit) for hit in _ROLES.all(text))


def read_dates(text: Passage, dates: Sequence[Date], found: Sequence[Cue]) -> Iterator[Field]:
    """death_date and burial_date, the surest of each; a lunar one with its flag. Births stand with the names, see people."""
    if not dates:
        return
    best: dict[str, tuple[float, Date]] = {}
    for role, confidence, date in _meant(text, dates, found):
        if confidence > best.get(role, (0.0, date))[0]:
            best[role] = (confidence, date)
    for role, (confidence, date) in best.items():
        yield Field(f"{role}_date", date.value, confidence if date.sure else confidence - 0.1, date.span)
        if date.lunar:
            yield Field(f"{role}_date_lunar", True, confidence, date.span)


def _meant(text: Passage, dates: Sequence[Date], found: Sequence[Cue]) -> Iterator[tuple[str, float, Date]]:
    starts = [word.start for word in text.words]
    for date in dates:
        first, last = bisect_left(starts, date.span[0]), bisect_left(starts, date.span[1])
        between = [each for each in dates if each is not date]
        before, after = _before(text, found, between, first), _behind(text, found, between, last)
        if before is None and after is None:
            yield "burial", 0.5, date  # "mộ ở đầu bản, năm 1979" names no verb
            continue
        cue, far = min(filter(None, (before, after)), key=lambda each: each[1])
        if cue.role in ("death", "burial"):
            yield cue.role, 0.95 if far == 0 else max(0.6, 0.9 - far / 50), date
            if cue.role == "burial" and any(each.role == "death" and 0 <= cue.first - each.last < 2 for each in found):
                yield "death", 0.7, date  # "hy sinh và chôn tại đây năm 1979"
            if cue.role == "death" and _and_buried(text, cue):
                yield "burial", 0.6, date
            elif cue.role == "death" and far > _NOT_BESIDE and any(each.role == "burial" for each in found):
                yield "burial", 0.4, date._replace(value=date.value[:4])  # fell and were buried: the year at most


def _and_buried(text: Passage, cue: Cue) -> bool:
    """True for "hy sinh và chôn (tại đây) năm 1979"."""
    return any(text.plain(i) in ("chon", "tang") for i in range(cue.last, cue.last + 3))


def _before(text: Passage, found: Sequence[Cue], dates: Sequence[Date], at: int) -> tuple[Cue, int] | None:
    """(the nearest cue before word `at` in its sentence with no other date between, how far off it is)."""
    cue = next((cue for cue in reversed(found) if cue.last <= at), None)
    if cue is None or STOP in text.gaps[cue.last - 1 : at]:
        return None
    begin, end = text.words[cue.first].start, text.words[at - 1].end
    if any(begin < date.span[0] < end for date in dates):
        return None
    return cue, sum(text.plain(i) not in _SAME for i in range(cue.last, at)) + _COMMA_COUNTS * text.gaps[cue.last - 1 : at].count(COMMA)


def _behind(text: Passage, found: Sequence[Cue], dates: Sequence[Date], behind: int) -> tuple[Cue, int] | None:
    """The same for cues from word `behind` on. Births and enlistments are told before their year, never after it."""
    cue = next((cue for cue in found if cue.first >= behind), None)
    if cue is None or cue.role in ("birth", "service") or STOP in text.gaps[max(behind - 1, 0) : cue.first]:
        return None
    begin, end = text.words[behind].start, text.words[cue.first].start
    if any(begin <= date.span[0] < end for date in dates):
        return None
    return cue, 1 + cue.first - behind + _COMMA_COUNTS * text.gaps[max(behind - 1, 0) : cue.first].count(COMMA)
