"""The days that a report is about, and the day it is due. Pure; all days are of the deployment's own calendar.

"Định kỳ ngày 25 hằng tháng" (TN VIII.1đ) can be read in two ways (field.md §1.4): the 25th as the cut (26th to 25th, due the same day), or
as the day of delivery (a calendar month, due on the 25th of the next). A deployment chooses; reports say which and give the other too.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

_DAY: Final = timedelta(days=1)
_SATURDAY: Final = 5
CUT_DAY: Final = 25
_WEEKDAYS: Final = ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật")
_ROMAN: Final = ("I", "II", "III", "IV")


class Kind(StrEnum):
    """Reports of TN V.4c."""

    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    AD_HOC = "ad-hoc"
    MID_TERM = "mid-term"
    CLOSING = "closing"


class Reading(StrEnum):
    """How a deployment reads "the 25th"."""

    CUT = "cut"
    CALENDAR = "calendar"


@dataclass(frozen=True, slots=True)
class Period:
    """`first` to `last`, both included. `name`: "tháng 11 năm 2026". `due`: by when its report goes up, None: no day is set."""

    kind: Kind
    first: date
    last: date
    name: str
    reading: Reading | None = None
    due: date | None = None

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    @property
    def days(self) -> str:
        """ "26/10/2026 - 25/11/2026"."""
        return f"{self.first:%d/%m/%Y} - {self.last:%d/%m/%Y}"


def week_of(day: date) -> Period:
    """Monday to Sunday around `day`, due on that Sunday."""
    first = day - timedelta(days=day.weekday())
    last = first + 6 * _DAY
    year, number, _ = first.isocalendar()
    return Period(Kind.WEEK, first, last, f"tuần {number} năm {year}", due=last)


def month(year: int, number: int, reading: Reading, cut_day: int = CUT_DAY) -> Period:
    """The month that the plan would call `number` of `year`. `cut_day`: 1..28."""
    name = f"tháng {number} năm {year}"
    start = date(year, number, 1)
    before, after = (start - _DAY).replace(day=1), _next_month(start)
    if reading is Reading.CUT:
        last = start.replace(day=cut_day)
        return Period(Kind.MONTH, before.replace(day=cut_day) + _DAY, last, name, reading, last)
    return Period(Kind.MONTH, start, after - _DAY, name, reading, after.replace(day=cut_day))


def month_of(day: date, reading: Reading, cut_day: int = CUT_DAY) -> Period:
    """The month that `day` counts to."""
    after_cut = reading is Reading.CUT and day.day > cut_day
    start = _next_month(day.replace(day=1)) if after_cut else day
    return month(start.year, start.month, reading, cut_day)


def quarter_of(day: date) -> Period:
    """The calendar quarter around `day`, due on its last day."""
    number = (day.month - 1) // 3
    first = date(day.year, 3 * number + 1, 1)
    last = _next_month(date(day.year, 3 * number + 3, 1)) - _DAY
    return Period(Kind.QUARTER, first, last, f"quý {_ROMAN[number]} năm {day.year}", due=last)


def span(kind: Kind, first: date, last: date) -> Period:
    """Days that somebody chose: an ad hoc report, a mid-term or closing review. Raises ValueError."""
    if last < first:
        raise ValueError("the last day lies before the first")
    return Period(kind, first, last, f"từ ngày {first:%d/%m/%Y} đến ngày {last:%d/%m/%Y}")


def before(period: Period, cut_day: int = CUT_DAY) -> Period | None:
    """The period that this one is compared with: the one of its kind that ended the day before; None for a review of the whole."""
    day = period.first - _DAY
    match period.kind:
        case Kind.WEEK:
            return week_of(day)
        case Kind.MONTH:
            return month_of(day, period.reading or Reading.CUT, cut_day)
        case Kind.QUARTER:
            return quarter_of(day)
        case Kind.AD_HOC:
            return span(Kind.AD_HOC, period.first - (period.last - period.first + _DAY), day)
    return None


def other_reading(period: Period, cut_day: int = CUT_DAY) -> Period | None:
    """The same month as the other reading of "the 25th" has it; None for what is no month."""
    if period.reading is None:
        return None
    other = Reading.CALENDAR if period.reading is Reading.CUT else Reading.CUT
    named = period.last if period.reading is Reading.CUT else period.first
    return month(named.year, named.month, other, cut_day)


def weekday(day: date) -> str:
    """ "thứ Tư"."""
    return _WEEKDAYS[day.weekday()]


def weekend_note(due: date) -> str:
    """What to say of a deadline on a Saturday or Sunday, else ""."""
    if due.weekday() < _SATURDAY:
        return ""
    friday = due - timedelta(days=due.weekday() - _SATURDAY + 1)
    return f"Ngày {due:%d/%m/%Y} là {weekday(due)}; nên gửi từ {weekday(friday)}, ngày {friday:%d/%m/%Y}."


def read_period(kind: Kind, text: str, reading: Reading, today: date, cut_day: int = CUT_DAY) -> Period:
    """A period as people name it: "2026-11" a month, "2026-Q4", "2026-W47", "2026-11-01..2026-11-20"; "" the one of today. ValueError."""
    said = text.strip().upper()
    match kind:
        case Kind.WEEK:
            return week_of(date.fromisocalendar(int(said[:4]), int(said.partition("W")[2]), 1) if said else today)
        case Kind.MONTH if said:
            return month(int(said[:4]), int(said[5:7]), reading, cut_day)
        case Kind.MONTH:
            return month_of(today, reading, cut_day)
        case Kind.QUARTER:
            return quarter_of(date(int(said[:4]), 3 * int(said.partition("Q")[2]), 1) if said else today)
    first, _, last = said.partition("..")
    return span(kind, date.fromisoformat(first), date.fromisoformat(last) if last else today)


def _next_month(first: date) -> date:
    return (first.replace(day=28) + timedelta(days=4)).replace(day=1)
