"""Caps: never too many in any rolling 24 h or 7 x 24 h, and never a millisecond later than needed."""

from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.domain.caps import DAY_MS, WEEK_MS, Caps, free_at

NOON = 1_790_000_000_000
HOUR = 3_600_000
some_caps = st.builds(Caps, st.integers(0, 4), st.integers(0, 6))
# Whole half-days as often as any milliseconds: the edges of windows meet there.
half_days = st.integers(-20, 20).map(lambda each: NOON + each * DAY_MS // 2)
some_times = st.lists(st.one_of(half_days, st.integers(NOON - 2 * WEEK_MS, NOON + 10 * DAY_MS)), max_size=25)


def most_in_any(times: list[int], window_ms: int) -> int:
    """The fullest window [t, t + window_ms)."""
    return max((sum(first <= each < first + window_ms for each in times) for first in times), default=0)


def worst(times: list[int], moment: int, window_ms: int) -> int:
    """The fullest window that `moment` lies in, one message at `moment` included."""
    near = [each for each in times if abs(each - moment) < window_ms]
    return 1 + max(sum(first <= each < first + window_ms for each in near) for first in [*(e for e in near if e <= moment), moment])


def breaks(times: list[int], moment: int, caps: Caps) -> bool:
    return any(cap and worst(times, moment, window_ms) > cap for cap, window_ms in ((caps.per_day, DAY_MS), (caps.per_week, WEEK_MS)))


def local(text: str) -> int:
    return int(datetime.fromisoformat(f"{text}+07:00").astimezone(UTC).timestamp() * 1000)


@given(some_caps, st.lists(st.integers(0, 3 * DAY_MS), max_size=40))
def test_who_sends_at_the_free_moment_never_goes_over(caps, waits):
    """However often one comes: the windows roll, whatever the calendar shows."""
    left: list[int] = []
    now = NOON
    for wait in waits:
        now = free_at(left, now + wait, caps)
        left.append(now)
    assert not caps.per_day or most_in_any(left, DAY_MS) <= caps.per_day
    assert not caps.per_week or most_in_any(left, WEEK_MS) <= caps.per_week


@given(some_caps, some_times, st.randoms(use_true_random=False))
@example(Caps(1, 0), [NOON + DAY_MS], Random(1))  # 24 h to the next one: just enough
@example(Caps(2, 0), [NOON - DAY_MS + 1, NOON + 1], Random(1))  # the two lie 24 h apart: one fits between them
def test_the_free_moment_is_free_and_the_first_such(caps, left, chance):
    """A millisecond earlier would break a cap, and so would any moment before; what others booked ahead counts too."""
    moment = free_at(left, NOON, caps)
    assert moment >= NOON
    assert not breaks(left, moment, caps)
    if moment > NOON:
        edges = {NOON, moment - 1, *(each + shift for each in left for shift in (-WEEK_MS, -DAY_MS, DAY_MS, WEEK_MS))}
        assert all(breaks(left, each, caps) for each in edges if NOON <= each < moment)
        assert all(breaks(left, chance.randrange(NOON, moment), caps) for _ in range(20))


@given(some_caps, some_times, st.integers(0, 2**32))
def test_the_order_of_the_list_is_nothing(caps, left, seed):
    """Rows come from an index, or from two tables."""
    shuffled = list(left)
    Random(seed).shuffle(shuffled)
    assert free_at(shuffled, NOON, caps) == free_at(left, NOON, caps)


@given(some_caps, some_times, st.integers(0, WEEK_MS))
def test_waiting_to_the_free_moment_changes_nothing(caps, left, wait):
    """Asked again later, in another process or after a restart: the same moment, or now."""
    moment = free_at(left, NOON, caps)
    assert free_at(left, moment, caps) == moment
    later = min(NOON + wait, moment)
    assert free_at(left, later, caps) == moment


@given(some_times)
def test_no_cap_is_no_wait(left):
    assert free_at(left, NOON, Caps(0, 0)) == NOON


@pytest.mark.parametrize(
    ("left", "now", "free"),
    [
        ([], "2026-07-24 21:00", "2026-07-24 21:00"),
        (["2026-07-24 20:59"], "2026-07-25 07:00", "2026-07-25 20:59"),  # midnight lies between, and changes nothing
        (["2026-07-24 08:00"], "2026-07-25 08:00", "2026-07-25 08:00"),  # the last moment of the 24 h is free again
        (["2026-07-24 08:00"], "2026-07-25 07:59", "2026-07-25 08:00"),
        (["2026-07-24 08:00", "2026-07-25 08:00", "2026-07-26 08:00"], "2026-07-28 07:00", "2026-07-31 08:00"),  # the week's three
        (["2026-07-20 08:00", "2026-07-25 08:00", "2026-07-27 07:00"], "2026-07-27 07:30", "2026-07-28 07:00"),  # week over, day not
        (["2026-12-31 23:30"], "2027-01-01 07:00", "2027-01-01 23:30"),
        (["2026-07-27 09:00"], "2026-07-27 08:30", "2026-07-28 09:00"),  # the clock was put back half an hour
    ],
)
def test_one_a_day_and_three_a_week(left, now, free):
    """The defaults of field.md §2.1."""
    assert free_at([local(each) for each in left], local(now), Caps()) == local(free)


def test_more_than_the_cap_may_already_have_left():
    """It was lowered since, or was higher in another commune: the wait is for the whole surplus to age."""
    left = [NOON + hour * HOUR for hour in range(5)]
    assert free_at(left, NOON + 5 * HOUR, Caps(2, 0)) == NOON + 3 * HOUR + DAY_MS


def test_what_is_booked_ahead_counts():
    """The week is free again in 5 days, and then the one of 4.5 days ahead has had the day."""
    left = [NOON + half * DAY_MS // 2 for half in (-6, -4, -2, 9)]
    assert free_at(left, NOON, Caps(1, 3)) == NOON + 11 * DAY_MS // 2


def test_a_cap_is_not_negative():
    with pytest.raises(ValueError, match="0 means no cap"):
        Caps(-1, 3)
