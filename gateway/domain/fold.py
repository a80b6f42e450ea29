"""Vietnamese text: one normal form, one way to drop the marks, one way to compare.

NFD text doubles the length of an SMS and prints every mark in the wrong place, so NFC is made at the door. Đ/đ never decompose in
Unicode and are mapped by hand (UAX #15; carriers.md §6.1).
"""

import re
import unicodedata
from typing import Final

_D: Final = str.maketrans("đĐ", "dD")
_SPACES: Final = re.compile(r"\s+")


def nfc(text: str) -> str:
    """`text` composed (NFC): what is stored, measured and printed."""
    return unicodedata.normalize("NFC", text)


def unaccent(text: str) -> str:
    """`text` without tone and vowel marks, đ as d; letters keep their case."""
    if text.isascii():  # most of what residents type
        return text
    decomposed = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", "".join(c for c in decomposed if not "\u0300" <= c <= "\u036f")).translate(_D)


def fold(text: str) -> str:
    """`text` for matching only: no marks, lower case, single spaces, none at the ends."""
    return _SPACES.sub(" ", unaccent(text).lower()).strip()
