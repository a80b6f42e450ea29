"""Numbers as people write them; masked wherever they are shown."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.msisdn import BadMsisdn, Msisdn


@pytest.mark.parametrize(
    ("text", "e164"),
    [
        ("0300000101", "+84300000101"), ("0300 000 101", "+84300000101"), ("0300.000.101", "+84300000101"),
        ("+84 300 000 101", "+84300000101"), ("84300000101", "+84300000101"), ("+856 20 5555 1234", "+8562055551234"),
    ],
)  # fmt: skip
def test_parse(text: str, e164: str) -> None:
    """Possible suffices: 030 was given to no carrier."""
    assert Msisdn.parse(text).e164 == e164


@pytest.mark.parametrize("text", ["", "8088", "abc", "0300", "+84", "03000001011234567"])
def test_refused(text: str) -> None:
    """Without repeating the text."""
    with pytest.raises(BadMsisdn) as why:
        Msisdn.parse(text)
    assert text == "" or text not in str(why.value)


@given(st.integers(100_000_000, 999_999_999))
def test_the_short_cut_agrees_with_the_library(digits: int) -> None:
    """The two plain forms are read without phonenumbers: both must say the same."""
    text = f"0{digits:09d}"
    expected = phonenumbers.format_number(phonenumbers.parse(text, "VN"), phonenumbers.PhoneNumberFormat.E164)
    if phonenumbers.is_possible_number(phonenumbers.parse(text, "VN")):
        assert Msisdn.parse(text).e164 == expected


def test_masked() -> None:
    """The digits leave by name only."""
    number = Msisdn.parse("0300000101")
    assert "00000" not in f"{number} {number!r} {[number]}"
    assert number.national == "0300 000 101"
