"""3GPP TS 23.038 and TS 23.040 §9.2.3.24.1: 160/153 septets, 70/67 UCS-2 units."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.segments import Alphabet, alphabet_of, outside_gsm7, segments_of, split


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("", 1), ("a" * 160, 1), ("a" * 161, 2), ("a" * 306, 2), ("a" * 307, 3),
        ("€" * 80, 1), ("€" * 81, 2), ("a" * 152 + "€" * 5, 2),  # the escape and its letter cost two and stay together
        ("ệ" * 70, 1), ("ệ" * 71, 2), ("ệ" * 134, 2), ("ệ" * 135, 3),
        ("😀" * 35, 1), ("😀" * 36, 2), ("ệ" + "😀" * 35, 2),  # a surrogate pair is never parted
    ],
)  # fmt: skip
def test_segments_of(text: str, segments: int) -> None:
    """The edges of both alphabets."""
    assert segments_of(text) == segments


def test_an_escape_pair_is_not_parted() -> None:
    """The 153rd septet would hold the escape alone: the character moves on whole."""
    parts = split("a" * 152 + "€" + "b" * 20)
    assert parts[0] == "a" * 152
    assert parts[1].startswith("€")


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=700))
def test_parts_make_the_text_again_and_fit(text: str) -> None:
    """Whatever the text."""
    parts = split(text)
    alphabet = alphabet_of(text)
    assert "".join(parts) == text
    if len(parts) > 1:
        for part in parts:
            size = len(part.encode("utf-16-be")) // 2 if alphabet is Alphabet.UCS2 else len(part) + sum(c in "\f^{}\\[~]|€" for c in part)
            assert 0 < size <= alphabet.joined


def test_outside_gsm7_names_each_once() -> None:
    """What an officer is shown: à is in the table, ê and ộ are not (carriers.md §6.1)."""
    assert outside_gsm7("cà phê và mộ, mộ") == ("ê", "ộ")
    assert alphabet_of("à è é ù ì ò") is Alphabet.GSM7
