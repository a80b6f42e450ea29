"""The days that a report is about: both readings of the 25th, at its midnight, over years; weekends."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.period import (
    Kind,
    Reading,
    before,
    month,
    month_of,
    other_reading,
    quarter_of,
    read_period,
    span,
    week_of,
    weekend_note,
)

days = st.dates(date(2026, 1, 1), date(2028, 12, 31))


@given(days, st.sampled_from(Reading), st.integers(1, 28))
def test_months_cover_every_day_once(day: date, reading: Reading, cut: int) -> None:
    mine = month_of(day, reading, cut)
    assert day in mine
    earlier = before(mine, cut)
    assert earlier is not None
    assert earlier.last == mine.first - timedelta(days=1)
    assert month_of(mine.last + timedelta(days=1), reading, cut).first == mine.last + timedelta(days=1)
    assert mine.due is not None
    assert mine.due.day == cut


@given(days)
def test_weeks_and_quarters_cover_every_day_once(day: date) -> None:
    for of in (week_of, quarter_of):
        mine = of(day)
        assert day in mine
        earlier = before(mine)
        assert earlier is not None
        assert earlier.last == mine.first - timedelta(days=1)


def test_the_two_readings_of_november() -> None:
    cut = month(2026, 11, Reading.CUT)
    assert (cut.first, cut.last, cut.due) == (date(2026, 10, 26), date(2026, 11, 25), date(2026, 11, 25))
    calendar = other_reading(cut)
    assert calendar is not None
    assert (calendar.first, calendar.last, calendar.due) == (date(2026, 11, 1), date(2026, 11, 30), date(2026, 12, 25))
    assert other_reading(calendar) == cut


def test_the_25th_belongs_to_its_month_and_the_26th_to_the_next() -> None:
    assert month_of(date(2026, 12, 25), Reading.CUT).name == "tháng 12 năm 2026"
    assert month_of(date(2026, 12, 26), Reading.CUT).name == "tháng 1 năm 2027"
    assert month_of(date(2026, 12, 26), Reading.CALENDAR).name == "tháng 12 năm 2026"


@pytest.mark.parametrize("day", [date(2026, 7, 25), date(2026, 10, 25), date(2027, 4, 25), date(2027, 7, 25)])
def test_the_weekends_of_the_campaign(day: date) -> None:
    """field.md T59 names them."""
    assert weekend_note(day)
    assert weekend_note(date(2026, 11, 25)) == ""


def test_periods_as_people_write_them() -> None:
    today = date(2026, 11, 23)
    assert read_period(Kind.MONTH, "2026-11", Reading.CUT, today) == month(2026, 11, Reading.CUT)
    assert read_period(Kind.MONTH, "", Reading.CUT, today) == month(2026, 11, Reading.CUT)
    assert read_period(Kind.WEEK, "2026-W47", Reading.CUT, today).first == date(2026, 11, 16)
    assert read_period(Kind.QUARTER, "2026-Q4", Reading.CUT, today).first == date(2026, 10, 1)
    assert read_period(Kind.AD_HOC, "2026-11-01..2026-11-20", Reading.CUT, today).last == date(2026, 11, 20)
    for kind, text in (
        (Kind.MONTH, "11/2026"),
        (Kind.WEEK, "2026-W99"),
        (Kind.QUARTER, "2026-Q9"),
        (Kind.CLOSING, ""),
        (Kind.MONTH, "2026-13"),
    ):
        with pytest.raises(ValueError):
            read_period(kind, text, Reading.CUT, today)
    with pytest.raises(ValueError, match="before the first"):
        span(Kind.AD_HOC, date(2026, 2, 1), date(2026, 1, 1))
