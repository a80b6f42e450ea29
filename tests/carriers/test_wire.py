"""Readers that all carriers share: whatever came, a text that a database takes."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.carriers.protocol import outcome_from_status
from gateway.carriers.wire import HttpResponse, clean, decode_text, encoded, form_fields


@pytest.mark.parametrize(
    ("raw", "fields"),
    [
        (b"a=1&b=2", {"a": b"1", "b": b"2"}),
        (b"a=x+y%2Bz&b=%C3%A0", {"a": b"x y+z", "b": "à".encode()}),
        (b"a=1&a=2", {"a": b"1"}),
        (b"a&b=&=c&&", {"a": b"", "b": b""}),
        (b"a=b=c", {"a": b"b=c"}),
        (b"%ff=1", {"\ufffd": b"1"}),
        (b"", {}),
    ],
)
def test_form_fields(raw: bytes, fields: dict[str, bytes]):
    assert form_fields(raw) == fields


@pytest.mark.parametrize(
    ("raw", "charset", "text"),
    [
        ("mộ".encode(), "UTF-8", "mộ"),
        ("mộ".encode("utf-16-be"), "UTF-16BE", "mộ"),
        ("mộ".encode("utf-16-be"), '"UCS-2" ', "mộ"),
        (b"m\xf4", "windows-1252", "mô"),
        (b"m\xf4", "", "m\ufffd"),
        (b"abc", "rot13", "abc"),
        (b"a\0b", "utf-8", "ab"),
    ],
)
def test_decode_text(raw: bytes, charset: str, text: str):
    assert decode_text(raw, charset) == text


def test_clean():
    assert clean(" a\0\udcffb ") == "a?b"


@pytest.mark.parametrize("status", range(100, 600))
def test_no_status_alone_is_a_yes_and_only_refusals_may_be_repeated(status: int):
    """A 2xx in somebody else's words and a gateway's error came after our bytes went out."""
    refused = outcome_from_status(HttpResponse(status))
    assert refused.code == f"http-{status}"
    assert refused.maybe_sent == (not (300 <= status < 500 or status == 503))


@given(st.one_of(st.text(max_size=30), st.from_regex(r"\+?[A-Z0-9]{0,16}", fullmatch=True)))
def test_a_value_is_encoded_as_the_standard_library_does(value: str):
    """The short way for numbers and references gives the same."""
    assert encoded(value) == quote(value, safe="")
