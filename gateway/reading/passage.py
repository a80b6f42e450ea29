"""A text laid out for drawing fields out of it: words, what parts them, and phrases that are looked for by whole words.

Tables are written with their marks. A word typed with marks must have the marks of the table's ("mỏ" is no "mộ"), one typed without says
nothing against it ("mo" may be), so one table serves accented, unaccented and half-accented texts.
"""

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
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


class _Padded(dict[int, str]):
    """Words by their places; "" beyond either end."""

    def __missing__(self, i: int) -> str:
        return ""


@dataclass(frozen=True, slots=True)
class Passage:
    """`text`: cleaned. `low`: folded, the same length. `words` of it from `start` on (0 unless a keyword was cut off); `gaps`: what follows
    each word, one of NONE, COMMA, STOP. `loud`: capitals throughout, so that they say nothing. `bare`: typed without any marks. `keys`: the
    words as tables spell them.

    By place and by word, for rules ask hundreds of times a text, so that no answer may cost a call of Python's own: `plain(i)`, `key(i)`:
    word `i` folded, and as tables spell it, "" beyond either end; `capital(i)`: whether it begins with a capital that means something,
    `capitals`: all such words; `figured`: words that are not all letters; `where`: the places of each key.
    """

    text: str
    low: str
    words: tuple[Word, ...]
    gaps: tuple[str, ...]
    loud: bool
    bare: bool
    keys: tuple[str, ...]
    plain: Callable[[int], str]
    key: Callable[[int], str]
    capitals: frozenset[int]
    capital: Callable[[object], bool]
    figured: Sequence[int]
    where: Mapping[str, Sequence[int]]

    def span(self, first: int, last: int) -> Span:
        """Characters from word `first` to before word `last`."""
        return self.words[first].start, self.words[last - 1].end

    def said(self, first: int, last: int) -> str:
        """What was typed from word `first` to before word `last`, signs and all."""
        start, end = self.span(first, last)
        return self.text[start:end]

    def places(self, keys: Set[str]) -> list[int]:
        """Where words stand that tables spell as one of `keys`, in order."""
        where = self.where
        return sorted([i for key in where.keys() & keys for i in where[key]])


def passage(text: str, words: Sequence[Word] | None = None) -> Passage:
    """Lay out a cleaned text. `words`: those to look at; all of them if None."""
    words = tuple(words_of(text) if words is None else words)
    raws, plain, starts, ends = zip(*words, strict=True) if words else ((), (), (), ())
    between = [text[end:start] for end, start in zip(ends, starts[1:], strict=False)]
    gaps = [NONE if signs == " " else _gap(signs, words[i], words[i + 1]) for i, signs in enumerate(between)] + [STOP][: len(words)]
    keys = tuple([_SPELT.get(word, word) for word in plain])
    where: dict[str, list[int]] = {}
    for i, key in enumerate(keys):
        if key in where:
            where[key].append(i)
        else:
            where[key] = [i]
    loud = shouted(words)
    capitals = frozenset([i for i, raw in enumerate(raws) if raw[0].isupper()] if not loud else ())
    figured = [i for i, key in enumerate(keys) if not key.isalpha()]
    by_place = _Padded(enumerate(plain)).__getitem__, _Padded(enumerate(keys)).__getitem__
    bare = text.isascii()
    return Passage(text, folded(text), words, tuple(gaps), loud, bare, keys, *by_place, capitals, capitals.__contains__, figured, where)


def _gap(between: str, before: Word, after: Word) -> str:
    """A full stop inside a number, a unit chain or initials ("T.V.H", "c3.d2") parts nothing."""
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
    """A table of phrases; made by lexicon(). `longer`: by their first two words, the longest first; `alone`: single words; `firsts`: what
    any begins with.

    Tables are asked 140 times a text, and two answers of three are "none": that costs two look-ups and no more. By two words, because ten
    phrases begin with "mộ".
    """

    longer: Mapping[tuple[str, str], tuple[_Entry[Value], ...]]
    alone: Mapping[str, tuple[_Entry[Value], ...]]
    firsts: frozenset[str]

    def at(self, text: Passage, i: int) -> Hit[Value] | None:
        """The longest phrase that begins at word `i`, unparted by commas."""
        key = text.key(i)  # no phrase begins with nothing
        if key not in self.firsts:
            return None
        for plain, marks, value in self.longer.get((key, text.key(i + 1)), ()):
            last = i + len(plain)
            if text.keys[i:last] == plain and not any(text.gaps[i : last - 1]) and (text.bare or _marks_agree(text.words[i:last], marks)):
                return tuple.__new__(Hit, (i, last, value))  # in half the time of Hit(…)
        for _, marks, value in self.alone.get(key, ()):
            if text.bare or _marks_agree(text.words[i : i + 1], marks):
                return tuple.__new__(Hit, (i, i + 1, value))
        return None

    def before(self, text: Passage, i: int) -> Hit[Value] | None:
        """The longest phrase of up to four words that ends right before word `i`."""
        for first in range(max(0, i - _LONGEST), i):
            if text.key(first) in self.firsts and (hit := self.at(text, first)) is not None and hit.last == i:
                return hit
        return None

    def each(self, text: Passage) -> Iterable[Hit[Value]]:
        """The longest phrase at every word where one begins; one may lie inside another."""
        return () if self.firsts.isdisjoint(text.where) else self._each(text)

    def _each(self, text: Passage) -> Iterator[Hit[Value]]:
        for i in text.places(self.firsts):
            if (hit := self.at(text, i)) is not None:
                yield hit

    def all(self, text: Passage) -> Iterable[Hit[Value]]:
        """Every phrase, left to right, none inside another."""
        return () if self.firsts.isdisjoint(text.where) else self._all(text)

    def _all(self, text: Passage) -> Iterator[Hit[Value]]:
        behind = 0
        for i in text.places(self.firsts):
            if i >= behind and (hit := self.at(text, i)) is not None:
                behind = hit.last
                yield hit


def _marks_agree(typed: Sequence[Word], marks: Sequence[str]) -> bool:
    """True if the marks that were typed are the table's."""
    return all(word.raw.isascii() or marks_of(word.raw) == right for word, right in zip(typed, marks, strict=True))


def lexicon(table: Mapping[str, Value]) -> Lexicon[Value]:
    """A lexicon of phrases separated by "|" -> value; line ends are spaces."""
    longer: dict[tuple[str, str], list[_Entry[Value]]] = {}
    alone: dict[str, list[_Entry[Value]]] = {}
    for phrases, value in table.items():
        for words in [phrase.split() for phrase in phrases.split("|")]:
            plain = tuple(_SPELT.get(folded(word), folded(word)) for word in words)
            entry = _Entry(plain, tuple(map(marks_of, words)), value)
            (longer.setdefault((plain[0], plain[1]), []) if len(plain) > 1 else alone.setdefault(plain[0], [])).append(entry)
    return Lexicon(
        {first: tuple(sorted(these, key=lambda e: -len(e.plain))) for first, these in longer.items()},
        {word: tuple(these) for word, these in alone.items()},
        frozenset(alone) | {first for first, _ in longer},
    )


def listed(phrases: str) -> Lexicon[bool]:
    """A lexicon that only says that a phrase is one of these."""
    return lexicon({phrases: True})


@lru_cache(maxsize=4_096)  # syllables of one language
def marks_of(word: str) -> str:
    """The marks of a word in code order: the same for "Hoà" and "Hòa", different for "Lải" and "Lài"."""
    decomposed = unicodedata.normalize("NFD", word.lower())
    return "".join(sorted(c for c in decomposed if "\u0300" <= c <= "\u036f" or c == "đ"))
