"""Segmentation against a codec that knows nothing of ours: `gsm0338` (MIT), tables by Unicode names.

They differ in one character of 1,114,112. U+001B: the codec writes it as septet 0x1B, which is no character but "escape to extension table"
(3GPP TS 23.038 §6.2.1, note 1): the handset would read it together with the next letter. So it has no place in GSM 7, and ours is right.
Form feed (0x1B 0x0A, two septets), line feed and carriage return are the same in both; no-break space, tab and back-tick are in neither.
"""

import sys

import pytest
from gsm0338 import Codec
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.domain.segments import BASIC, EXTENSION, Alphabet, alphabet_of, outside_gsm7, read_septets, segments_of, split

ESCAPE = "\x1b"
CODEC = Codec()
letters = st.one_of(
    st.sampled_from(BASIC.replace(ESCAPE, "") + EXTENSION * 5),
    st.sampled_from("ăâđêôơưàảãáạệộĂÂĐỆ \u00a0`’“–…"),
    st.characters(exclude_categories=["Cs"]),
)
texts = st.one_of(
    st.text(alphabet=st.sampled_from(BASIC.replace(ESCAPE, "") + EXTENSION * 5), max_size=700),
    st.text(alphabet=letters, max_size=350),
    st.builds(
        lambda plain, at, more: "a" * plain + at + more, st.integers(145, 165), st.sampled_from(EXTENSION), st.text(letters, max_size=9)
    ),
)


def septets(text: str) -> bytes | None:
    """The codec's septets of `text`, one a byte; None if it has none for some character."""
    try:
        return bytes(CODEC.encode(text)[0])
    except UnicodeEncodeError:
        return None


def parts_of_septets(encoded: bytes) -> int:
    """Parts of 153 septets beside a header, none of which ends on an escape (3GPP TS 23.040 §9.2.3.24.1)."""
    if len(encoded) <= 160:
        return 1
    count = at = 0
    while at < len(encoded):
        end = at + 153
        at = end - 1 if encoded[at:end].endswith(b"\x1b") and len(encoded[at:end]) == 153 else end
        count += 1
    return count


def parts_of_utf16(text: str) -> int:
    """Parts of 67 units, none of which ends on the first half of a surrogate pair."""
    encoded = text.encode("utf-16-be")
    if len(encoded) <= 140:
        return 1
    count = at = 0
    while at < len(encoded):
        end = at + 134
        at = end - 2 if end < len(encoded) and 0xD8 <= encoded[end - 2] <= 0xDB else end
        count += 1
    return count


def test_every_character_of_unicode_has_the_same_length():
    """None, one or two septets, for each code point that is no surrogate."""
    unicode = "".join(chr(point) for point in range(sys.maxunicode + 1) if not 0xD800 <= point <= 0xDFFF)
    theirs = {character: len(encoded) for character in unicode if (encoded := septets(character)) is not None}
    outside = set(outside_gsm7(unicode))
    ours = {character: 1 + (character in EXTENSION) for character in unicode if character not in outside}
    assert len(theirs) == 128 + 10
    assert dict(theirs.items() - ours.items()) == {ESCAPE: 1}
    assert not ours.items() - theirs.items()


def test_our_table_stands_in_the_order_of_the_septets():
    """BASIC[n] is septet n; an extension character is the escape and one septet."""
    assert septets(BASIC) == bytes(range(128))
    assert [len(septets(character) or b"") for character in EXTENSION] == [2] * 10


def test_the_escape_alone_makes_a_text_ucs2():
    """Sent as a septet it would turn the e after it into a euro sign."""
    assert CODEC.decode(septets("\x1be") or b"")[0] == "€"
    assert alphabet_of("\x1be") is Alphabet.UCS2
    assert outside_gsm7("a\x1be") == (ESCAPE,)


@pytest.mark.parametrize(
    ("character", "length"), [("\f", 2), ("\n", 1), ("\r", 1), ("\u00a0", None), ("\t", None), ("`", None), ("ç", None)]
)
def test_the_doubtful_ones(character, length):
    """Those on which other tables differ."""
    encoded = septets(character)
    assert (None if encoded is None else len(encoded)) == length
    assert (alphabet_of(character) is Alphabet.GSM7) is (length is not None)


@given(texts)
@example("a" * 152 + "€" + "b" * 8)
@example("€" * 77)
@example("a" * 153 + "€" * 76 + "b")
@example("ệ" + "😀" * 35)
@example("ệ" * 134)
@example("ệ" * 201)
@example("a" * 66 + "😀" + "ệ" * 66)
def test_segments_agree_for_every_text(text):
    """Alphabet, number of parts, and what each part holds."""
    text = text.replace(ESCAPE, "")
    encoded = septets(text)
    assert (alphabet_of(text) is Alphabet.GSM7) is (encoded is not None)
    assert segments_of(text) == (parts_of_utf16(text) if encoded is None else parts_of_septets(encoded))
    parts = split(text)
    if encoded is not None:
        assert b"".join(septets(part) or b"" for part in parts) == encoded
        assert all(len(septets(part) or b"") <= (153 if len(parts) > 1 else 160) for part in parts)


@given(st.text(alphabet=letters, max_size=100))
def test_the_characters_named_are_those_the_codec_has_no_septet_for(text):
    """What an officer is shown."""
    assert set(outside_gsm7(text)) == {character for character in text if character == ESCAPE or septets(character) is None}


@given(texts)
def test_septets_are_read_as_the_codec_wrote_them(text: str) -> None:
    if ESCAPE not in text and (encoded := septets(text)) is not None:
        assert read_septets(encoded) == text


@given(st.binary(max_size=40))
def test_what_are_no_septets_is_no_text(octets: bytes) -> None:
    text = read_septets(octets)
    assert text is None or septets(text) == octets
