"""What sending costs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.cost import affordable, cost_vnd, vnd


@pytest.mark.parametrize(
    ("amount", "accented", "shown"),
    [
        (0, True, "0 đ"),
        (999, True, "999 đ"),
        (1_000, True, "1.000 đ"),
        (1_234_000, True, "1.234.000 đ"),
        (1_234_000, False, "1.234.000 VND"),
        (-5_000, True, "-5.000 đ"),
    ],
)
def test_dong_for_people(amount, accented, shown):
    assert vnd(amount, accented) == shown


@given(st.integers(0, 10**9), st.integers(0, 10**6), st.integers(1, 5_000))
def test_what_is_affordable_fits_and_one_more_does_not(limit, spent, price):
    """The ceiling is never passed, and used up to the last segment."""
    more = affordable(limit, spent, price)
    assert more is not None
    assert more >= 0
    if spent <= limit:
        assert spent + cost_vnd(more, price) <= limit < spent + cost_vnd(more + 1, price)
    else:
        assert more == 0


def test_no_limit_and_no_price_bind_nothing():
    assert affordable(None, 10**9, 350) is None
    assert affordable(0, 0, 0) is None
    assert affordable(0, 0, 350) == 0
