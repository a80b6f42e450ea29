"""Passphrases: what is refused, and that only the right one fits."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.passphrase import COST, Cost, cleaned, fits, stored_form, weakness

NAME = "Nguyễn Thị Lan"
CHEAP = Cost(ln=4)
SALT = bytes(range(16))


@pytest.mark.parametrize("words", ["con trâu đen gặm cỏ", "correct horse battery", "8Hs!39#kQ2$z0p", "mẹ đi chợ về", "ຄົນ ບ້ານ ນາ ຫຼວງ"])
def test_good_ones(words: str) -> None:
    """Long ones, or four words, in any script."""
    assert weakness(words, NAME) is None


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("trau den co", "too short"),
        ("a b c d", "too short"),  # letters are no words
        ("co co co co", "too short"),  # nor is one word four times
        ("nguyen thi lan 79", "contains the name"),
        ("NguyễnThịLan@79", "contains the name"),
        ("aaaaaaaaaaaa", "repeats itself"),
        ("12121212121212", "repeats itself"),
        ("27072027-22122026", "everybody tries first"),
        ("matkhau@12345678", "everybody tries first"),
        ("Mật khẩu 2026 mới", "everybody tries first"),
        ("qwertyuiop[]123", "everybody tries first"),
        ("abcdefghijklmn", "everybody tries first"),
        ("TinBao-LietSi-2026", "everybody tries first"),
        ("", "too short"),
    ],
)
def test_weak_ones_are_named(words: str, why: str) -> None:
    """One sentence with the remedy."""
    found = weakness(cleaned(words), NAME)
    assert found is not None
    assert why in found
    assert "take" in found


def test_a_short_name_forbids_no_words() -> None:
    """“An” stands in many a word; alone it is none of one's own."""
    assert weakness("ban an com chua", "An") is None
    assert weakness("an an an an an an 123", "An") is not None


@given(st.text(min_size=1, max_size=30))
def test_two_keyboards_write_the_same(words: str) -> None:
    """Composed and decomposed, with blanks more or less."""
    assert cleaned(unicodedata.normalize("NFD", words)) == cleaned(f"  {words}\t") == cleaned(cleaned(words))


_KEYED = st.binary(min_size=32, max_size=32)  # what is hashed is a keyed hash already


@given(_KEYED, _KEYED, st.binary(min_size=16, max_size=16))
def test_only_the_right_one_fits(secret: bytes, other: bytes, salt: bytes) -> None:
    stored = stored_form(secret, salt, CHEAP)
    assert fits(secret, stored)
    assert fits(other, stored) is (other == secret)


def test_the_costs_are_those_of_owasp_and_stand_in_the_text() -> None:
    """N = 2^17, r = 8, p = 1 (128 MiB); a text made with others keeps them, so that costs can be raised."""
    assert (COST.ln, COST.r, COST.p) == (17, 8, 1)
    stored = stored_form(b"secret", SALT)
    assert re.fullmatch(r"\$scrypt\$ln=17,r=8,p=1\$[\w+/]{22}\$[\w+/]{43}", stored)
    assert fits(b"secret", stored)
    assert not fits(b"Secret", stored)
    assert stored_form(b"secret", SALT, CHEAP).startswith("$scrypt$ln=4,r=8,p=1$")


def test_the_same_passphrase_twice_looks_like_two() -> None:
    assert stored_form(b"secret", SALT, CHEAP) != stored_form(b"secret", SALT[::-1], CHEAP)
    with pytest.raises(ValueError, match="16 bytes"):
        stored_form(b"secret", b"short", CHEAP)


@pytest.mark.parametrize(
    "stored", ["", "plain", "$scrypt$ln=17,r=8,p=1$$", "$scrypt$ln=31,r=8,p=1$AAAA$AAAA", "$scrypt$ln=0,r=0,p=0$AAAA$AAAA"]
)
def test_a_damaged_text_is_named(stored: str) -> None:
    """Costs beyond reason are damage too: nobody may take our memory by a row."""
    with pytest.raises(ValueError, match="set it anew"):
        fits(b"secret", stored)
