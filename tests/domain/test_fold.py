"""One form to keep, one to compare."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.fold import fold, nfc, unaccent

LETTERS = "".join(chr(c) for c in range(0x1EA0, 0x1EFA)) + "àáâãèéêìíòóôõùúýăđĩũơưÀÁÂÃÈÉÊÌÍÒÓÔÕÙÚÝĂĐĨŨƠƯ"


def test_all_134_letters_lose_their_marks() -> None:
    """ASCII is what remains, case kept."""
    assert len(LETTERS) == 134
    assert unaccent(LETTERS).isascii()
    assert unaccent("Đồng Đăng") == "Dong Dang"


def test_fold_matches_what_people_type() -> None:
    """NFD, capitals, double spaces."""
    assert fold(unicodedata.normalize("NFD", "  LIỆT   Sĩ ")) == "liet si"


@given(st.text(max_size=60))
def test_idempotent(text: str) -> None:
    """Doing it twice changes nothing."""
    assert nfc(nfc(text)) == nfc(text)
    assert fold(fold(text)) == fold(text)
