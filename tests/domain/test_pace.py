"""Pace as arithmetic: no sliding second goes over, whatever arrives when."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.pace import Pace, slots

BOOKINGS = st.lists(st.tuples(st.integers(0, 400_000), st.lists(st.integers(1, 12), min_size=1, max_size=40)), min_size=1, max_size=12)


@given(st.integers(1, 200), st.sampled_from([1.0, 2.0, 60.0]), BOOKINGS, st.booleans(), st.data())
def test_no_sliding_window_goes_over(limit: int, per_s: float, bookings: list[tuple[int, list[int]]], alone: bool, data) -> None:
    """Departures as late as they may be, and the jitter that the headroom bears besides; an MT larger than the limit is alone."""
    pace = Pace(limit, per_s)
    free = now = 0
    arrivals: list[tuple[int, int]] = []
    recent: list[tuple[int, int]] = []
    for wait, units in bookings:  # unless alone, each booking knows nothing of the last one: another process may have made it
        now += wait
        departures, free = slots(max(free, now), units, pace, recent if alone else (), alone=alone)
        recent = [each for each in [*recent, *zip(departures, units, strict=True)] if each[0] > free - pace.window_us]
        for departure, each in zip(departures, units, strict=True):
            late, jitter = data.draw(st.integers(0, pace.late_us)), data.draw(st.integers(0, pace.headroom_us - pace.late_us))
            arrivals.append((departure + late + jitter, each))
    arrivals.sort()
    for at, (begin, first) in enumerate(arrivals):
        inside = [units for moment, units in arrivals[at:] if moment < begin + round(per_s * 1_000_000)]
        assert sum(inside) <= limit or inside == [first], (inside, limit)


@pytest.mark.parametrize(("limit", "units", "used"), [(10, 1, 0.96), (100, 1, 0.96), (100, 3, 0.95), (10, 3, 0.86), (7, 2, 0.82)])
def test_a_steady_stream_uses_what_whole_messages_can(limit: int, units: int, used: float) -> None:
    """0.96 of the limit, or of as many whole messages as fit into it."""
    departures, free = slots(0, [units] * 1_000, Pace(limit))
    assert departures[0] == 0
    assert 1_000 * units / (free / 1e6) / limit == pytest.approx(used, abs=0.005)


def test_no_limit_costs_nothing() -> None:
    """limit 0."""
    assert slots(5, [100, 3], Pace(0)) == ([5, 5], 5)


def test_an_oversized_mt_is_followed_by_silence() -> None:
    """Five segments at two a second keep the route for 5/1.92 s."""
    assert Pace(2).cost_us(5) == round(5 * Pace(2).window_us / 2)
    assert Pace(2).units_held() == 1


def test_a_long_window_leaves_more_room_to_be_late() -> None:
    """A little over 20 ms in a second, 2.48 s in a minute; and 20 ms are left for the network."""
    assert [Pace(9, per_s).late_us for per_s in (1.0, 60.0)] == [21_667, 2_480_000]
