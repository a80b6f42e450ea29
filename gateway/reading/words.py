"""A text as words: cleaned once, cut once, with the place of each word kept.

Everything here looks at no more than the first 4,000 characters and runs in time linear in them. Spans are (start, end) in characters of
the cleaned text, which differs from the received one only by compatibility forms, invisible characters and length.
"""

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.domain.fold import unaccent

LOOKED_AT: Final = 4_000  # characters; a longer text is kept whole elsewhere, but nobody reports a grave after the fortieth SMS part
Span = tuple[int, int]

_WORD: Final = re.compile(r"[^\W_]+")
# Zero width space and joiners, byte order mark, direction marks: phones and web pages add them, nobody types them (field.md §3.1).
_INVISIBLE: Final = dict.fromkeys(
    [*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2065), *range(0x2066, 0x206A), 0xFEFF, 0]
)


@dataclass(frozen=True, slots=True)
class Word:
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
    return tuple(Word(m[0], unaccent(m[0]).lower(), m.start(), m.end()) for m in _WORD.finditer(text))


def is_marked(word: Word) -> bool:
    """True if the word was typed with Vietnamese marks, so that they may be relied on."""
    return not word.raw.isascii()


def shouted(words: Sequence[Word]) -> bool:
    """True if the text is written in capitals throughout: then a capital says nothing."""
    letters = [word for word in words if word.raw.isalpha() and len(word.raw) > 1]
    return len(letters) > 2 and sum(word.raw.isupper() for word in letters) * 5 > len(letters) * 4


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
