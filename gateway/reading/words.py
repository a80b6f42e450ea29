"""A text as words: cleaned once, cut once, with the place of each word kept.

Everything here looks at no more than the first 4,000 characters and runs in time linear in them. Spans are (start, end) in characters of
the cleaned text, which differs from the received one only by compatibility forms, invisible characters and length.
"""

import re
import unicodedata
from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from gateway.domain.fold import unaccent

LOOKED_AT: Final = 4_000  # characters; a longer text is kept whole elsewhere, but nobody reports a grave after the fortieth SMS part
Span = tuple[int, int]


def _one(character: str) -> str:
    """The character without its marks, small; itself where that would be two."""
    bare = unaccent(character).lower()
    return bare if len(bare) == 1 else character


# Latin with its Vietnamese page, Greek and Cyrillic: one translation costs less than a normalisation a word.
_FOLDED: Final = {code: ord(_one(chr(code))) for span in ((0x41, 0x5B), (0xC0, 0x530), (0x1E00, 0x1F00)) for code in range(*span)}

_WORD: Final = re.compile(r"[^\W_]+")
# Zero width space and joiners, byte order mark, direction marks: phones and web pages add them, nobody types them (field.md §3.1).
_INVISIBLE: Final = dict.fromkeys(
    [*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2065), *range(0x2066, 0x206A), 0xFEFF, 0]
)


class Word(NamedTuple):
    """One run of letters and digits. `raw`: as typed; `plain`: folded (no marks, lower case)."""

    raw: str
    plain: str
    start: int
    end: int


def clean(text: str) -> str:
    """The first 4,000 characters in NFKC (full-width letters become plain), without invisible characters.

    NFKC can lengthen a text many times over (U+FDFA becomes 18 characters), so the result is cut as well.
    """
    return unicodedata.normalize("NFKC", text[:LOOKED_AT]).translate(_INVISIBLE)[:LOOKED_AT]


def words_of(text: str) -> tuple[Word, ...]:
    """The words of a cleaned text, in order."""
    low = folded(text)
    return tuple([Word(text[a:b], low[a:b], a, b) for a, b in [m.span() for m in _WORD.finditer(text)]])


def folded(text: str) -> str:
    """`text` without marks, in small letters, every character in its old place: what is found in it stands there in `text` too."""
    return text.lower() if text.isascii() else text.translate(_FOLDED)


def is_marked(word: Word) -> bool:
    """True if the word was typed with Vietnamese marks, so that they may be relied on."""
    return not word.raw.isascii()


def shouted(words: Sequence[Word]) -> bool:
    """True if the text is written in capitals throughout: then a capital says nothing."""
    letters = [raw.isupper() for raw, *_ in words if len(raw) > 1 and raw.isalpha()]
    return len(letters) > 2 and sum(letters) * 5 > len(letters) * 4


def phrases(*groups: str) -> re.Pattern[str]:
    """A pattern that finds any of the phrases, separated by "|", as whole words of `flat()`.

    Literals only, so it can't backtrack.
    """
    found = sorted({p.strip() for group in groups for p in group.split("|") if p.strip()}, key=len, reverse=True)
    return re.compile(f" (?:{'|'.join(re.escape(p) for p in found)})(?= )")


def word_set(words: str) -> frozenset[str]:
    """The words of a table, written as running text."""
    return frozenset(words.split())


def flat(words: Sequence[str]) -> str:
    """Words joined by single spaces, with one before and one after: what `phrases()` searches."""
    return f" {' '.join(words)} "


def near(words: Sequence[str], first: Collection[str], then: Collection[str], within: int) -> bool:
    """True if a word of `then` stands at most `within` words after a word of `first`."""
    last = -within - 1
    for i, word in enumerate(words):
        if word in then and i - last <= within:
            return True
        if word in first:
            last = i
    return False
