"""VIQR, Vietnamese in plain ASCII (RFC 1456): a vowel, its hat (breve "(", circumflex "^", horn "+"), its tone ("'`?~."); đ is dd.

The RFC wants a backslash before a mark that is punctuation; nobody types it. So a mark counts only right behind its vowel and where a
syllable comes of it, and one at the end of a word is punctuation if a sentence can end there.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final, NamedTuple

from gateway.reading.syllables import is_syllable
from gateway.reading.words import word_set

_HATS: Final = {"a(": "ă", "a^": "â", "e^": "ê", "o^": "ô", "o+": "ơ", "u+": "ư", "o*": "ơ", "u*": "ư"}  # * for +: VIQR's common variant
_TONES: Final = {"'": "\u0301", "`": "\u0300", "?": "\u0309", "~": "\u0303", ".": "\u0323"}
_SURE: Final = frozenset("(^+`")  # marks that nothing else puts behind a vowel; a tilde draws out a word in chats
_LONGEST: Final = 60  # characters of a run: several words may hang together by their full stops, but no more
_RUN: Final = re.compile(r"[A-Za-z(^+*'`?~.\\]+")
MARKS: Final = "(^+`"  # a text without any has no SIGN: four looks for a letter cost a tenth of a search for a class
SIGN: Final = re.compile(r"[aeiouyAEIOUY][(^+`]")
# Everyday words of tips that end in such a mark: there it is the tone, even at the end and before a capital (cụ Nguyễn, ở Lạng Sơn, có mộ).
_EVERYDAY: Final = word_set(
    """
    ạ mộ chị cụ mẹ bị bộ họ vợ thị sự vụ vị tự hệ trị hạ tạ độ ở kể để thể chủ tổ tử chỉ nhỏ mả đỏ mỏ sở trẻ cổ
    """
)


def _units() -> Iterator[tuple[str, str]]:
    """(as typed, letter) for every marked letter, in both cases; the hat may also come behind the tone."""
    yield from (("dd", "đ"), ("DD", "Đ"), ("Dd", "Đ"), ("dD", "Đ"))
    for typed, letter in [*((vowel, vowel) for vowel in "aeiouy"), *_HATS.items()]:
        orders = [(typed, letter), *((typed + tone, letter + mark) for tone, mark in _TONES.items())]
        orders += [(typed[0] + tone + typed[1:], letter + mark) for tone, mark in _TONES.items() if len(typed) > 1]
        for keys, composed in orders:
            one = unicodedata.normalize("NFC", composed)
            yield from ((keys, one), (keys[0].upper() + keys[1:], one.upper()))


_UNIT: Final = dict(_units())


class Decoded(NamedTuple):
    """`text` in Unicode. `made`: words with marks that became syllables; `sure`: those of them with several letters and a mark that
    is no punctuation; `odd`: words with such a mark that became none."""

    text: str
    made: int
    sure: int
    odd: int


def from_viqr(text: str) -> Decoded:
    """`text` with its words of VIQR decoded; a word that comes out as no syllable stays as typed. No longer than `text`."""
    parts, made, sure, odd, done = [], 0, 0, 0, 0
    for run in _RUN.finditer(text):
        if run.end() - run.start() > _LONGEST:
            continue
        parts.append(text[done : run.start()])
        done = run.end()
        for word in _words(run[0], text[done : done + 3]):
            is_made = word.is_marked and is_syllable(word.letters.lower())
            parts.append(word.letters if is_made or not word.is_marked else word.typed)
            made, sure, odd = (
                made + is_made,
                sure + (is_made and word.is_sure and len(word.letters) > 1),
                odd + (word.is_sure and not is_made),
            )
    return Decoded("".join([*parts, text[done:]]), made, sure, odd)


class _Word(NamedTuple):
    """Letters with their marks set, or one other sign. `typed`: what stood there."""

    letters: str
    typed: str
    is_marked: bool = False

    @property
    def is_sure(self) -> bool:
        return self.is_marked and not _SURE.isdisjoint(self.typed)


def _words(run: str, following: str) -> Iterator[_Word]:
    """The words and signs of one run. `following`: the three characters behind it."""
    at = 0
    while at < len(run):
        start, letters = at, []
        while at < len(run) and run[at].isalpha():
            taken = _taken(run, start, at, following)
            letters.append(_UNIT.get(run[at : at + taken], run[at]))
            at += taken
        if letters:
            yield _Word("".join(letters), run[start:at], any(not letter.isascii() for letter in letters))
        if at < len(run):
            escaped = run[at] == "\\" and at + 1 < len(run) and not run[at + 1].isalpha()
            yield _Word(run[at + escaped], run[at : at + 1 + escaped])
            at += 1 + escaped


def _taken(run: str, start: int, at: int, following: str) -> int:
    """How many characters from `at` on are one letter with its marks; 1 where it has none. The word began at `start`."""
    taken = next((n for n in (3, 2) if at + n <= len(run) and run[at : at + n] in _UNIT), 1)
    ambiguous = taken > 1 and run[at + taken - 1] in "?."
    return taken - 1 if ambiguous and _is_punctuation(run, start, at + taken, following) else taken


def _is_punctuation(run: str, start: int, end: int, following: str) -> bool:
    """True if the mark before `end` ends a sentence rather than sets a tone: nothing, a new line or a capital comes behind it."""
    if end < len(run):
        dots = run[end : end + 2].count(run[end - 1])  # one more is the full stop behind the tone, two are "..."
        return dots > 1 or (run[end].isupper() and run[end - 2].islower())
    behind = following.lstrip(" ")
    ends = not behind or behind[0] in "\r\n"
    goes_on = not behind[:1].isupper() or run[start].isupper()  # a name goes on with a capital: Gia? DDi.nh
    if goes_on and not ends:
        return False
    return next(_words(run[start:end], "a")).letters.lower() not in _EVERYDAY
