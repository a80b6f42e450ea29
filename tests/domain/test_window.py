"""Hours of the day, by local clocks, also where those are put forward and back."""

from datetime import UTC, datetime, time
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.domain.window import Window, local_day, moment_of

HOME = "Asia/Ho_Chi_Minh"
DAY = Window(7 * 60, 21 * 60)
NIGHT = Window(21 * 60, 6 * 60)
ZONES = (HOME, "Asia/Vientiane", "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu")
minutes = st.integers(0, 1439)
windows = st.builds(Window, minutes, minutes)
moments = st.integers(1_700_000_000_000, 1_830_000_000_000)


def ms(text: str, offset: str = "+07:00") -> int:
    return int(datetime.fromisoformat(text + offset).astimezone(UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("window", "at", "is_open", "opens", "closes"),
    [
        (DAY, "2026-07-27 06:59:59.999", False, "2026-07-27 07:00", None),
        (DAY, "2026-07-27 07:00", True, None, "2026-07-27 21:00"),
        (DAY, "2026-07-27 20:59:59.999", True, None, "2026-07-27 21:00"),
        (DAY, "2026-07-27 21:00", False, "2026-07-28 07:00", None),
        (DAY, "2026-12-31 23:00", False, "2027-01-01 07:00", None),
        (NIGHT, "2026-07-27 23:00", True, None, "2026-07-28 06:00"),
        (NIGHT, "2026-07-28 05:59", True, None, "2026-07-28 06:00"),
        (NIGHT, "2026-07-28 06:00", False, "2026-07-28 21:00", None),
    ],
)
def test_a_window_opens_and_shuts(window, at, is_open, opens, closes):
    """None: the moment itself."""
    moment = ms(at)
    assert window.open_at(moment, HOME) is is_open
    assert window.opens_at(moment, HOME) == (ms(opens) if opens else moment)
    assert window.closes_at(moment, HOME) == (ms(closes) if closes else moment)


@given(minutes, moments)
def test_a_window_that_ends_where_it_begins_is_always_open(minute, at):
    window = Window(minute, minute)
    assert window.open_at(at, HOME)
    assert window.opens_at(at, HOME) == at
    assert window.closes_at(at, HOME) is None


@given(windows, moments, st.sampled_from(ZONES))
@example(Window(0, 1), ms("2026-07-27 00:00"), HOME)
def test_the_next_opening_is_open_and_the_first(window, at, zone):
    """The window is shut at every moment before it, back to `at`."""
    opens = window.opens_at(at, zone)
    assert opens >= at
    assert window.open_at(opens, zone)
    if opens > at:
        assert not window.open_at(at, zone)
        assert not window.open_at(opens - 1, zone)
        assert not any(window.open_at(each, zone) for each in range(at, opens, 61_000))


@given(windows, moments, st.sampled_from(ZONES))
def test_the_closing_is_the_first_moment_that_is_shut(window, at, zone):
    closes = window.closes_at(at, zone)
    if window.first == window.last:
        assert closes is None
        return
    assert closes is not None
    assert closes >= at
    assert not window.open_at(closes, zone)
    assert all(window.open_at(each, zone) for each in range(at, closes, 61_000))


@given(windows, moments)
def test_without_daylight_saving_a_window_opens_every_24_hours(window, at):
    """Viet Nam: UTC+7, all year."""
    if window.first == window.last:
        return
    times = [at]
    for _ in range(3):
        times.append(window.opens_at(window.closes_at(window.opens_at(times[-1], HOME), HOME) or 0, HOME))
    assert all(later - earlier == 86_400_000 for earlier, later in pairwise(times[1:]))


@pytest.mark.parametrize(
    ("window", "at", "opens"),
    [
        # Berlin, 29/3/2026: 02:00 becomes 03:00 (at 01:00 UTC); 25/10/2026: 03:00 becomes 02:00 again (at 01:00 UTC).
        (Window(150, 300), ms("2026-03-29 00:10", "+00:00"), ms("2026-03-29 01:00", "+00:00")),  # 02:30 never comes: open from 03:00
        (Window(130, 170), ms("2026-03-29 00:10", "+00:00"), ms("2026-03-30 00:10", "+00:00")),  # skipped whole: tomorrow at 02:10
        (Window(130, 170), ms("2026-10-25 00:50", "+00:00"), ms("2026-10-25 01:10", "+00:00")),  # 02:10 comes twice
        (Window(120, 170), ms("2026-10-25 00:55", "+00:00"), ms("2026-10-25 01:00", "+00:00")),  # shut at 02:55, 02:00 once more
    ],
)
def test_where_the_clock_shifts(window, at, opens):
    """No hour is lost, none is opened that is not shown."""
    assert window.opens_at(at, "Europe/Berlin") == opens


def test_a_day_that_never_was():
    """Samoa went from 29 to 31 December 2011."""
    at = ms("2011-12-29 22:00", "-10:00")
    assert DAY.opens_at(at, "Pacific/Apia") == ms("2011-12-31 07:00", "+14:00")


@given(windows, moments, st.sampled_from(ZONES))
def test_open_at_reads_the_clock_on_the_wall(window, at, zone):
    """The definition, said another way: minutes as a list."""
    from zoneinfo import ZoneInfo

    local = datetime.fromtimestamp(at // 1000, UTC).astimezone(ZoneInfo(zone))
    length = (window.last - window.first) % 1440 or 1440
    inside = {(window.first + each) % 1440 for each in range(length)}
    assert window.open_at(at, zone) is (local.hour * 60 + local.minute in inside)


def test_from_the_times_of_the_campaign():
    """And back to words."""
    assert Window.between(time(7), time(21)) == DAY
    assert Window.between(time(6, 30), time(21, 45, 59)) == Window(390, 1305)
    assert str(DAY) == "07:00-21:00"
    assert str(NIGHT) == "21:00-06:00"


@pytest.mark.parametrize(("first", "last"), [(-1, 5), (0, 1440), (1440, 0)])
def test_a_window_is_two_times_of_day(first, last):
    with pytest.raises(ValueError, match="00:00 to 23:59"):
        Window(first, last)


def test_days_and_moments():
    """Local calendars."""
    day = datetime(2026, 7, 27, tzinfo=UTC).date()
    assert moment_of(day, 7 * 60, HOME) == ms("2026-07-27 07:00")
    assert local_day(ms("2026-07-27 00:00") - 1, HOME).day == 26
    assert local_day(ms("2026-07-27 00:00"), HOME) == day
