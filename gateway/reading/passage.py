"""A text laid out for drawing fields out of it: words, what parts them, and phrases that are looked for by whole words.

Tables are written with their marks. A word typed with marks must have the marks of the table's ("mỏ" is no "mộ"), one typed without says
nothing against it ("mo" may be), so one table serves accented, unaccented and half-accented texts.
"""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final, Generic, NamedTuple, TypeVar

from gateway.reading.words import Span, Word, folded, shouted, words_of

Value = TypeVar("Value")
NONE: Final = ""  # between two words of one phrase
COMMA: Final = ","  # comma, colon, bracket, dash: the same sentence goes on
STOP: Final = "."  # another sentence
_SENTENCE: Final = frozenset(".!?…\n")
_CLAUSE: Final = frozenset(",;:()[]\"“”'–—-")
# One sound, two spellings (field.md §3.1: sĩ/sỹ, hi/hy, kỉ/kỷ); only where i and y are the whole rhyme.
_SPELT: Final = {"sy": "si", "ky": "ki", "hy": "hi", "ty": "ti", "my": "mi", "ly": "li", "quy": "qui"}
_LONGEST: Final = 4  # words of a phrase that is looked for backwards


@dataclass(frozen=True, slots=True)
class Passage:
    """`text`: cleaned. `low`: folded, the same length. `words` of it from `start` on (0 unless a keyword was cut off); `gaps`: what follows
    each word, one of NONE, COMMA, STOP. `loud`: capitals throughout, so that they say nothing. `keys`: the words as tables spell them.

    By their place and by what they say, for tables are asked hundreds of times a text: `folds` and `spelt`: each word folded, and as tables
    spell it; `where`: the places of each such word.
    """

    text: str
    low: str
    words: tuple[Word, ...]
    gaps: tuple[str, ...]
    loud: bool
    keys: tuple[str, ...]
    folds: Mapping[int, str]
    spelt: Mapping[int, str]
    where: Mapping[str, Sequence[int]]

    def span(self, first: int, last: int) -> Span:
        """Characters from word `first` to before word `last`."""
        return self.words[first].start, self.words[last - 1].end

    def said(self, first: int, last: int) -> str:
        """What was typed from word `first` to before word `last`, signs and all."""
        start, end = self.span(first, last)
        return self.text[start:end]

    def plain(self, i: int) -> str:
        """Word `i`, folded; "" beyond either end."""
        return self.folds.get(i, "")

    def places(self, keys: Set[str]) -> list[int]:
        """Where words stand that tables spell as one of `keys`, in order."""
        return sorted([i for key in self.where.keys() & keys for i in self.where[key]])

    def capital(self, i: int) -> bool:
        """True if word `i` begins with a capital that means something."""
        return 0 <= i < len(self.words) and not self.loud and self.words[i].raw[0].isupper()


def passage(text: str, words: Sequence[Word] | None = None) -> Passage:
    """Lay out a cleaned text. `words`: those to look at; all of them if None."""
    words = tuple(words_of(text) if words is None else words)
    gaps = tuple([_gap(text[a.end : b.start], a, b) for a, b in pairwise(words)]) + ((STOP,) if words else ())
    keys = tuple([_SPELT.get(word.plain, word.plain) for word in words])
    where: dict[str, list[int]] = {}
    for i, key in enumerate(keys):
        where.setdefault(key, []).append(i)
    folds = dict(enumerate([word.plain for word in words]))
    return Passage(text, folded(text), words, gaps, shouted(words), keys, folds, dict(enumerate(keys)), where)


def _gap(between: str, before: Word, after: Word) -> str:
    """A full stop inside a number, a unit chain or initials ("T.V.H", "c3.d2") parts nothing."""
    if between == " ":
        return NONE
    signs = between.strip(" ")
    if signs and _SENTENCE.intersection(signs):
        letters = before.raw.isalpha() and after.raw.isalpha() and len(before.raw) > 1
        return STOP if len(signs) < len(between) or "\n" in signs or letters else NONE
    if signs and _CLAUSE.intersection(signs):
        return NONE if signs == "-" == between else COMMA
    return NONE


# --- phrases ---


class Hit(NamedTuple, Generic[Value]):
    """A phrase of a table at words `first`..`last` (exclusive)."""

    first: int
    last: int
    value: Value


class _Entry(NamedTuple, Generic[Value]):
    plain: tuple[str, ...]
    marks: tuple[str, ...]
    value: Value


@dataclass(frozen=True, slots=True)
class Lexicon(Generic[Value]):
    """A table of phrases, by their first word, the longest first; made by lexicon()."""

    entries: Mapping[str, tuple[_Entry[Value], ...]]

    def at(self, text: Passage, i: int) -> Hit[Value] | None:
        """The longest phrase that begins at word `i`, unparted by commas."""
        for entry in self.entries.get(text.spelt.get(i, ""), ()):  # no phrase begins with nothing
            last = i + len(entry.plain)
            if text.keys[i:last] == entry.plain and self._is(entry, text, i, last):
                return Hit(i, last, entry.value)
        return None

    def _is(self, entry: _Entry[Value], text: Passage, first: int, last: int) -> bool:
        """True if the marks that were typed are the table's and nothing parts the words."""
        for word, marks in zip(text.words[first:last], entry.marks, strict=True):
            if not word.raw.isascii() and marks_of(word.raw) != marks:
                return False
        return last - first == 1 or not any(text.gaps[first : last - 1])

    def before(self, text: Passage, i: int) -> Hit[Value] | None:
        """The longest phrase of up to four words that ends right before word `i`."""
        for first in range(max(0, i - _LONGEST), i):
            if (hit := self.at(text, first)) is not None and hit.last == i:
                return hit
        return None

    def each(self, text: Passage) -> Iterator[Hit[Value]]:
        """The longest phrase at every word where one begins; one may lie inside another."""
        for i in text.places(self.entries.keys()):
            if (hit := self.at(text, i)) is not None:
                yield hit

    def all(self, text: Passage) -> Iterator[Hit[Value]]:
        """Every phrase, left to right, none inside another."""
        behind = 0
        for hit in self.each(text):
            if hit.first >= behind:
                behind = hit.last
                yield hit


def lexicon(table: Mapping[str, Value]) -> Lexicon[Value]:
    """A lexicon of phrases separated by "|" -> value; line ends are spaces."""
    entries: dict[str, list[_Entry[Value]]] = {}
    for phrases, value in table.items():
        for words in [phrase.split() for phrase in phrases.split("|")]:
            plain = tuple(_SPELT.get(folded(word), folded(word)) for word in words)
            entries.setdefault(plain[0], []).append(_Entry(plain, tuple(map(marks_of, words)), value))
    return Lexicon({first: tuple(sorted(these, key=lambda e: -len(e.plain))) for first, these in entries.items()})


def listed(phrases: str) -> Lexicon[bool]:
    """A lexicon that only says that a phrase is one of these."""
    return lexicon({phrases: True})


@lru_cache(maxsize=4_096)  # syllables of one language
def marks_of(word: str) -> str:
    """The marks of a word in code order: the same for "Hoà" and "Hòa", different for "Lải" and "Lài"."""
    decomposed = unicodedata.normalize("NFD", word.lower())
    return "".join(sorted(c for c in decomposed if "\u0300" <= c <= "\u036f" or c == "đ"))
