"""Numbers and days as a Vietnamese paper says them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.papers.words import dong, fingerprint_groups, grouped, in_words, long_day, short_day


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "không"),
        (5, "năm"),
        (10, "mười"),
        (15, "mười lăm"),
        (20, "hai mươi"),
        (21, "hai mươi mốt"),
        (24, "hai mươi tư"),
        (55, "năm mươi lăm"),
        (101, "một trăm lẻ một"),
        (114, "một trăm mười bốn"),
        (1_005, "một nghìn không trăm lẻ năm"),
        (1_234, "một nghìn hai trăm ba mươi tư"),
        (12_345, "mười hai nghìn ba trăm bốn mươi lăm"),
        (1_000_000, "một triệu"),
        (8_641_500, "tám triệu sáu trăm bốn mươi mốt nghìn năm trăm"),
        (2_000_000_001, "hai tỷ không trăm lẻ một"),
        (1_000_000_000_000, "một nghìn tỷ"),
    ],
)
def test_numbers_in_words(number: int, words: str) -> None:
    assert in_words(number) == words


def test_a_negative_count_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="not negative"):
        in_words(-1)


_VALUES = {
    "không": 0, "một": 1, "mốt": 1, "hai": 2, "ba": 3, "bốn": 4, "tư": 4, "năm": 5, "lăm": 5, "sáu": 6, "bảy": 7, "tám": 8, "chín": 9,
}  # fmt: skip


def _read(words: str) -> int:
    """A reader of its own, that works from left to right."""
    if " tỷ" in words:
        high, low = words.rsplit(" tỷ", 1)
        return _read(high) * 1_000_000_000 + (_read(low.strip()) if low.strip() else 0)
    total = group = 0
    for word in words.split():
        if word in ("triệu", "nghìn"):
            total += group * (1_000_000 if word == "triệu" else 1_000)
            group = 0
        elif word == "trăm":
            group *= 100
        elif word == "mươi":
            group = group // 100 * 100 + group % 100 * 10 if group >= 100 else group * 10
        elif word == "mười":
            group += 10
        elif word != "lẻ":
            group = group + _VALUES[word] if group % 100 < 20 or group % 10 == 0 else group
    return total + group


@given(st.integers(0, 10**15))
def test_words_read_back(number: int) -> None:
    """No two sums of money have the same words."""
    assert _read(in_words(number)) == number


@pytest.mark.parametrize(
    ("day", "long"),
    [
        (date(2027, 2, 5), "ngày 05 tháng 02 năm 2027"),
        (date(2026, 3, 31), "ngày 31 tháng 3 năm 2026"),
        (date(2026, 1, 9), "ngày 09 tháng 01 năm 2026"),
        (date(2026, 12, 22), "ngày 22 tháng 12 năm 2026"),
    ],
)
def test_days_as_the_decree_writes_them(day: date, long: str) -> None:
    """Leading zeros for days below 10 and the months 1 and 2 only."""
    assert long_day(day) == long


def test_sums_and_short_days() -> None:
    assert (grouped(1_234_567), dong(0), short_day(date(2026, 3, 1))) == ("1.234.567", "0 đồng", "01/03/2026")
    assert fingerprint_groups(bytes(range(4))) == "0001 0203"
