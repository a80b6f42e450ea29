"""Vietnamese text: one normal form, one way to drop the marks, one way to compare.

NFD text doubles the length of an SMS and prints every mark in the wrong place, so NFC is made at the door. Đ/đ never decompose in
Unicode and are mapped by hand (UAX #15; carriers.md §6.1).
"""

import re
import unicodedata
from typing import Final

_D: Final = str.maketrans("đĐ", "dD")
_PILED: Final = re.compile(r"[^\w\s]{9}")  # marks are neither letters nor spaces; a run of other signs is looked at in vain
_MARKS: Final = 4  # on one letter, where marks are piled up: Vietnamese sets two, Lao three
_SPACES: Final = re.compile(r"\s+")


def nfc(text: str) -> str:
    """`text` composed (NFC): what is stored, measured and printed. Linear: a pile of marks is thinned, as putting it in order takes the
    square of its number (UAX #15, canonical ordering; a form's 256 kB of them would take 30 s)."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", _thinned(text))


def _thinned(text: str) -> str:
    """`text` with at most four combining marks on a letter where more than eight signs stand together."""
    if not _PILED.search(text):
        return text
    kept, run = [], 0
    for c in text:
        run = run + 1 if unicodedata.combining(c) else 0
        if run <= _MARKS:
            kept.append(c)
    return "".join(kept)


def unaccent(text: str) -> str:
    """`text` without tone and vowel marks, đ as d; letters keep their case."""
    if text.isascii():  # most of what residents type
        return text
    decomposed = unicodedata.normalize("NFD", _thinned(text))
    return unicodedata.normalize("NFC", "".join(c for c in decomposed if not "\u0300" <= c <= "\u036f")).translate(_D)


def fold(text: str) -> str:
    """`text` for matching only: no marks, lower case, single spaces, none at the ends."""
    return _SPACES.sub(" ", unaccent(text).lower()).strip()
