"""Pace as arithmetic: no sliding second goes over, whatever arrives when."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.pace import LATE_US, Pace, next_slot


@given(
    st.integers(2, 400), st.lists(st.tuples(st.integers(0, 400_000), st.integers(1, 3), st.integers(0, LATE_US)), min_size=1, max_size=300)
)
def test_no_sliding_second_goes_over(limit: int, arrivals: list[tuple[int, int, int]]) -> None:
    """Departures up to 20 ms late included; an MT larger than the limit leaves alone."""
    pace = Pace(limit)
    free = now = 0
    departures: list[tuple[int, int]] = []
    for wait, segments, late in arrivals:
        now += wait
        start = max(free, now)
        free = next_slot(free, now, segments, pace)
        departures.append((start + late, segments))
    departures.sort()
    for at, (begin, first) in enumerate(departures):
        inside = [segments for moment, segments in departures[at:] if moment < begin + 1_000_000]
        assert sum(inside) <= max(limit, first) or sum(inside[:-1]) <= limit


def test_no_limit_costs_nothing() -> None:
    """limit 0."""
    assert next_slot(5, 3, 100, Pace(0)) == 5


def test_an_oversized_mt_is_followed_by_silence() -> None:
    """Five segments at two a second keep the route for 5/1.94 s."""
    assert next_slot(0, 0, 5, Pace(2)) == round(5_000_000 / 1.94)
    assert Pace(2).units_held() == 1
