"""Numbers are hidden in place; days, positions and counts stay readable."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.masked import masked

CASES = [
    ("lh 0300000015", "lh 0300····15"),
    ("lh 0300 000 015.", "lh 0300 ··· ·15."),
    ("0300.000.015 hoặc 0300-000-016", "0300.···.·15 hoặc 0300-···-·16"),
    ("+84 300 000 015", "+84 30· ··· ·15"),
    ("+84(0)300000015", "+84(0)3······15"),
    ("chôn 17-02-1979", "chôn 17-02-1979"),
    ("từ 1968 1972", "từ 1968 1972"),
    ("c3 d2 e777, 2 mộ", "c3 d2 e777, 2 mộ"),
    ("12345678", "1234··78"),
    ("1234567", "1234567"),
    ("０３００００００１５", "０３００····１５"),
    ("", ""),
]


@pytest.mark.parametrize(("text", "shown"), CASES)
def test_numbers_are_hidden_and_days_are_not(text, shown) -> None:
    assert masked(text) == shown


def test_what_was_read_as_a_day_or_a_position_stays() -> None:
    text = "12.3.1968-15.4.1972 lh 0300000015"
    assert masked(text, [(0, 19)]) == "12.3.1968-15.4.1972 lh 0300····15"
    assert masked(text) != text


@given(st.text(max_size=60), st.from_regex(r"0[1-9]\d{8}", fullmatch=True), st.text(max_size=60))
def test_no_number_stands_in_full_and_no_character_moves(before, number, after) -> None:
    text = f"{before} {number} {after}"
    shown = masked(text)
    assert number not in shown
    assert len(shown) == len(text)
    assert masked(shown) == shown or number not in masked(shown)
