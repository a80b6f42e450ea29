"""The campaign's calendar: phases and peak days."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.deployment import load_deployment, shipped_deployment
from gateway.domain.calendar import next_day, presets
from gateway.domain.campaign import Campaign, PeakDay
from gateway.domain.window import Window

days = st.dates(date(2026, 1, 1), date(2029, 12, 31))


@cache
def campaign() -> Campaign:
    """The shipped one: 27/7 and 22/12, three phases to 27/7/2027, 07:00-21:00 in Viet Nam."""
    return load_deployment(shipped_deployment()).campaign


def keys(today: date, of: Campaign | None = None) -> list[str]:
    return [f"{each.key} {each.day.isoformat()}" for each in presets(of or campaign(), today)]


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (date(2026, 6, 20), ["27/7-3 2026-07-24", "27/7 2026-07-27", "22/12-3 2026-12-19", "22/12 2026-12-22"]),
        (date(2026, 7, 24), ["27/7-3 2026-07-24", "27/7 2026-07-27", "22/12-3 2026-12-19", "22/12 2026-12-22"]),
        (date(2026, 7, 25), ["27/7 2026-07-27", "22/12-3 2026-12-19", "22/12 2026-12-22"]),  # the reminder's day is over
        (date(2026, 7, 27), ["27/7 2026-07-27", "22/12-3 2026-12-19", "22/12 2026-12-22"]),
        (date(2026, 7, 28), ["22/12-3 2026-12-19", "22/12 2026-12-22", "27/7-3 2027-07-24", "27/7 2027-07-27"]),
        (date(2026, 12, 23), ["27/7-3 2027-07-24", "27/7 2027-07-27"]),  # 22/12/2027 lies after the last phase
        (date(2027, 7, 28), []),
    ],
)
def test_each_peak_day_and_its_reminder(today, expected):
    """The next of each, soonest first; what is over is not offered."""
    assert keys(today) == expected


def test_a_preset_starts_when_the_window_opens_on_the_spot():
    """07:00 in Viet Nam is midnight UTC."""
    reminder, peak, *_ = presets(campaign(), date(2026, 7, 1))
    assert (reminder.name, peak.name) == ("Ngày Thương binh - Liệt sĩ (nhắc trước)", "Ngày Thương binh - Liệt sĩ")
    assert datetime.fromtimestamp(peak.starts_at_ms / 1000, UTC) == datetime(2026, 7, 27, tzinfo=UTC)
    assert peak.starts_at_ms - reminder.starts_at_ms == 3 * 86_400_000
    assert peak.window == Window(7 * 60, 21 * 60)


@given(days, st.sampled_from(["Asia/Ho_Chi_Minh", "Asia/Vientiane", "Europe/Berlin"]), st.times(), st.times())
def test_every_preset_opens_its_window(today, zone, first, last):
    """Not before today, in order, on its day by the local calendar, at a moment at which the wave may send."""
    window = (first.replace(second=0, microsecond=0), last.replace(second=0, microsecond=0))
    found = presets(replace(campaign(), timezone=zone, window=window), today)
    assert [each.day for each in found] == sorted(each.day for each in found)
    for each in found:
        assert each.day >= today
        assert each.window.open_at(each.starts_at_ms, zone)
        local = datetime.fromtimestamp(each.starts_at_ms / 1000, UTC).astimezone(ZoneInfo(zone))
        assert (local.date(), local.time()) == (each.day, window[0])


def test_the_turn_of_the_year_and_leap_days():
    """A reminder may lie in the year before; 29/2 comes every fourth year, 31/2 never."""
    new_year = replace(campaign(), phases=(), peak_days=(PeakDay(1, 1, "Tết dương lịch"),))
    assert keys(date(2026, 12, 1), new_year) == ["1/1-3 2026-12-29", "1/1 2027-01-01"]
    assert next_day(PeakDay(2, 29, ""), date(2026, 1, 1)) == date(2028, 2, 29)
    assert next_day(PeakDay(2, 29, ""), date(1896, 3, 1)) == date(1904, 2, 29)
    assert next_day(PeakDay(2, 31, ""), date(2026, 1, 1)) is None


@given(days, st.integers(1, 12), st.integers(1, 28))
def test_the_next_occurrence_is_within_a_year(today, month, day):
    found = next_day(PeakDay(month, day, ""), today)
    assert found is not None
    assert today <= found < today + timedelta(days=366)
    assert (found.month, found.day) == (month, day)


def test_a_window_through_the_night_opens_in_the_evening():
    """Midnight lies in it, but belongs to the evening before."""
    night = replace(campaign(), window=(time(21), time(6)))
    assert {datetime.fromtimestamp(each.starts_at_ms / 1000, UTC).hour for each in presets(night, date(2026, 6, 20))} == {14}
