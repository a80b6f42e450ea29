"""What a spreadsheet or the year 2018 did to a number is undone, and told."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.msisdn import BadMsisdn, Msisdn
from gateway.domain.number_repair import Repair, Repaired, masked, read_number, remedy_for


@pytest.mark.parametrize(
    ("cell", "e164", "repaired"),
    [
        ("0300000101", "+84300000101", None),
        ("+84300000101", "+84300000101", None),
        ("300000101", "+84300000101", Repaired.ZERO),
        ("84300000101", "+84300000101", Repaired.COUNTRY),
        ("0084300000101", "+84300000101", Repaired.COUNTRY),
        ("0300 000 101", "+84300000101", Repaired.SEPARATORS),
        ("0300.000.101", "+84300000101", Repaired.SEPARATORS),
        ("'0300000101", "+84300000101", Repaired.SEPARATORS),
        ("+84 (0)300 000 101", "+84300000101", Repaired.SEPARATORS),
        ("\u202a0300000101\u202c", "+84300000101", Repaired.SEPARATORS),
        ("0300000101.0", "+84300000101", Repaired.DECIMAL),
        ("300000101.0", "+84300000101", Repaired.ZERO),
        ("2053812345", "+842053812345", Repaired.ZERO),
        ("+8562055512345", "+8562055512345", None),
    ],
)
def test_repairs(cell, e164, repaired):
    msisdn, what = read_number(cell)
    assert (msisdn.e164, what) == (e164, repaired)


@pytest.mark.parametrize(  # carriers.md §6.3
    ("old", "new"),
    [
        *((f"016{n}", f"03{n}") for n in range(2, 10)),
        *(("0120", "070"), ("0121", "079"), ("0122", "077"), ("0126", "076"), ("0128", "078")),
        *(("0123", "083"), ("0124", "084"), ("0125", "085"), ("0127", "081"), ("0129", "082")),
        *(("0186", "056"), ("0188", "058"), ("0199", "059")),
    ],
)
@pytest.mark.parametrize("form", ["{}0000101", "+84{}0000101", "84{}0000101", "no zero"])
def test_numbers_of_before_2018(old, new, form):
    cell = form.format(old[1:]) if form.startswith(("+", "8")) else f"{old[1:] if form == 'no zero' else old}0000101"
    assert read_number(cell) == (Msisdn(f"+84{new[1:]}0000101"), Repaired.OLD)


@pytest.mark.parametrize(
    "cell", ["9.1E+08", "3.00E+08", "3,00000101E+08", "abc", "", "03000", "0300000101 / 0300000102", "03000001011234567"]
)
def test_refused_with_a_remedy_and_without_the_cell(cell):
    with pytest.raises(BadMsisdn) as why:
        read_number(cell)
    assert remedy_for(why.value)
    assert not cell or cell not in str(why.value)


def test_two_numbers_in_one_cell_are_told_apart_from_one_too_long():
    with pytest.raises(BadMsisdn, match="two numbers") as why:
        read_number("0300000101; 0300000102")
    assert "row of its own" in remedy_for(why.value)


@pytest.mark.parametrize("cell", ["9.1E+08", "3.00E+08"])
def test_rounded_numbers_name_the_column_s_format(cell):
    with pytest.raises(BadMsisdn, match="digits are lost") as why:
        read_number(cell)
    assert "Text" in remedy_for(why.value)


@given(st.integers(100_000_000, 999_999_999))  # 00… dials abroad
def test_every_ten_digit_number_is_read_as_it_stands(number):
    assert read_number(f"0{number:09d}")[0].e164 == Msisdn.parse(f"0{number:09d}").e164


@given(st.text(max_size=20))
def test_no_cell_raises_anything_else(cell):
    with suppress(BadMsisdn):
        read_number(cell)


def test_a_repair_is_masked():
    msisdn, what = read_number("300000101")
    repair = Repair("a.csv", 7, what, str(msisdn))
    assert str(repair).startswith("a.csv:7: leading zero put back")
    assert "300000101" not in f"{repair}{repair!r}"


_CELLS = st.one_of(
    st.from_regex(r"(0|\+84|84|0084|)[0-9]{8,10}", fullmatch=True),
    st.from_regex(r"\+?[0-9 .]{8,13}", fullmatch=True),
    st.from_regex(r"(0|\+84)[1-9][0-9]{8}", fullmatch=True),
    st.text("0٣8४9+ ", min_size=8, max_size=13),  # digits of other scripts are digits to a careless pattern
)


@given(_CELLS)
def test_the_short_way_agrees_with_the_long_one(cell):
    """Nearly all rows are read by one pattern: what it takes, all other steps would have read the same, and without a repair."""
    try:
        msisdn, repaired = read_number(cell)
    except BadMsisdn:
        return
    assert read_number(f" {cell}")[0] == msisdn  # a blank in front leads the long way round
    if repaired is None:
        assert Msisdn.parse(cell) == msisdn


@pytest.mark.parametrize(
    ("cell", "shown"),
    [("01620000101", "016xxxxxx01"), ("9.1E+08", "9.1E+08"), ("300 000 101", "300 xxx x01"), ("", ""), ("một hai ba", "một xxx ba")],
)
def test_a_cell_is_shown_masked(cell, shown):
    assert masked(cell) == shown
