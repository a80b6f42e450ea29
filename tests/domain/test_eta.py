"""When a wave will be through: sending happens inside the window only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.eta import ends_at
from gateway.domain.window import Window

ZONE = "Asia/Ho_Chi_Minh"
NOON = 1_795_496_400_000  # 2026-11-24 12:00 in Ha Noi
HOUR = 3_600_000
DAY = 24 * HOUR


@pytest.mark.parametrize(
    ("window", "now", "hours", "end"),
    [
        (Window(0, 0), NOON, 100, NOON + 100 * HOUR),  # the whole day: no pause
        (Window(7 * 60, 21 * 60), NOON, 9, NOON + 9 * HOUR),  # just before it shuts
        (Window(7 * 60, 21 * 60), NOON, 10, NOON + 20 * HOUR),  # 9 h today, 1 h tomorrow from 07:00
        (Window(7 * 60, 21 * 60), NOON + 10 * HOUR, 1, NOON + 20 * HOUR),  # shut now: from 07:00
        (Window(7 * 60, 8 * 60), NOON, 3, NOON + 2 * DAY + 20 * HOUR),  # an hour a day
        (Window(21 * 60, 2 * 60), NOON, 6, NOON + DAY + 10 * HOUR),  # across midnight
    ],
)
def test_ends_at(window: Window, now: int, hours: int, end: int) -> None:
    assert ends_at(now, hours * HOUR, window, ZONE) == end


def test_what_takes_years_has_no_end() -> None:
    assert ends_at(NOON, 400 * HOUR, Window(7 * 60, 8 * 60), ZONE) is None


@given(st.integers(0, 1439), st.integers(0, 1439), st.integers(0, 7 * DAY), st.integers(0, 40 * HOUR))
def test_it_ends_where_the_window_is_open(first: int, last: int, after: int, work: int) -> None:
    """Never before the work could be done, and at a moment right behind one when the window was open."""
    window = Window(first, last)
    end = ends_at(NOON + after, work, window, ZONE)
    if end is not None:
        assert end >= NOON + after + work
        assert not work or window.open_at(end - 1, ZONE)
