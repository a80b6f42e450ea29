"""A text as words: cleaned once, cut once, with the place of each word kept.

Everything here looks at no more than the first 4,000 characters and runs in time linear in them. Spans are (start, end) in characters of
the cleaned text, which differs from the received one only by compatibility forms, invisible characters and length.
"""

import re
import unicodedata
from collections.abc import Collection, Sequence
from itertools import accumulate
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

_WORD: Final = re.compile(r"([^\W_]+)")
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
    low, made = folded(text), tuple.__new__  # made(Word, …): half the time of Word(…), which calls it through Python
    parts = _WORD.split(text)  # one call for all of them: what parts words at even places, words at odd ones
    ends = list(accumulate(map(len, parts)))
    return tuple([made(Word, (raw, low[a:b], a, b)) for raw, a, b in zip(parts[1::2], ends[::2], ends[1::2], strict=False)])


def words_behind(words: Sequence[Word], begin: int) -> tuple[Word, ...]:
    """The words of text[begin:], from those of the text; cheaper than cutting it again. Of a word that lies across, its end is one."""
    if not begin:
        return tuple(words)
    made, first = tuple.__new__, next((i for i, word in enumerate(words) if word.end > begin), len(words))
    behind = [made(Word, (raw, plain, start - begin, end - begin)) for raw, plain, start, end in words[first:]]
    if behind and (over := -behind[0].start) > 0:
        behind[0] = Word(behind[0].raw[over:], behind[0].plain[over:], 0, behind[0].end)
    return tuple(behind)


def folded(text: str) -> str:
    """`text` without marks, in small letters, every character in its old place: what is found in it stands there in `text` too."""
    return text.lower() if text.isascii() else text.translate(_FOLDED)


def is_marked(word: Word) -> bool:
    """True if the word was typed with Vietnamese marks, so that they may be relied on."""
    return not word.raw.isascii()


def shouted(words: Sequence[Word]) -> bool:
    """True if the text is written in capitals throughout: then a capital says nothing."""
    raws = [raw for raw, _, _, _ in words]
    if sum(map(str.isupper, raws)) < 3:  # at once for most texts; fewer are no four fifths of three
        return False
    letters = [raw.isupper() for raw in raws if len(raw) > 1 and raw.isalpha()]
    return len(letters) > 2 and sum(letters) * 5 > len(letters) * 4


def phrases(*groups: str) -> re.Pattern[str]:
    """A pattern that finds whether any of the phrases, separated by "|", stands as whole words in `flat()`.

    Literals only, as a tree by their letters: each word is tried against a handful of first letters and not against 70 phrases (a third
    of the time).
    """
    return re.compile(f" {_tree({p.strip() for group in groups for p in group.split('|') if p.strip()})}(?= )")


def _tree(phrases: Collection[str]) -> str:
    """A pattern of just these phrases: what they share at their beginning is written once."""
    behind: dict[str, set[str]] = {}
    for phrase in filter(None, phrases):
        behind.setdefault(phrase[0], set()).add(phrase[1:])
    branches = "|".join(re.escape(letter) + _tree(rest) for letter, rest in sorted(behind.items()))
    if "" in phrases:
        return f"(?:{branches})?" if branches else ""
    return branches if len(behind) == 1 else f"(?:{branches})"


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
