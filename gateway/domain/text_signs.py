"""Signs that spoil an SMS: what they are, where they stand, what to write instead. Pure.

Curly quotes, dashes, ellipsis and hard spaces pasted from Word are the usual culprits (carriers.md §6.1): one of them puts the whole text
into UCS-2.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from gateway.domain.fold import nfc, unaccent
from gateway.domain.segments import Alphabet, alphabet_of

LOST: Final = "?"  # stands where a sign has no place in GSM-7 and nothing like it has
_WORD: Final = re.compile(r"[^ \n\r\f]+")
_SHOWN: Final = 24  # letters of a word that are shown
_HARD_SPACES: Final = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"

TYPOGRAPHY: Final[Mapping[str, tuple[str, str]]] = {  # sign -> (what it is, what to write instead)
    **dict.fromkeys("“”„‟«»″〝〞", ("a curly quotation mark", '"')),
    **dict.fromkeys("‘’‚‛‹›′ʼ`´", ("a curly apostrophe", "'")),
    **dict.fromkeys("‐‑‒–—―−", ("a long dash", "-")),
    **dict.fromkeys("•·●▪◦", ("a bullet", "-")),
    **dict.fromkeys(_HARD_SPACES, ("a space that does not break", " ")),
    **dict.fromkeys("\u0085\u2028\u2029\v", ("a line break of Word", "\n")),
    **dict.fromkeys("ÐƉ", ("a foreign letter that looks like Đ", "D")),
    **dict.fromkeys("ðɖ", ("a foreign letter that looks like đ", "d")),
    "…": ("an ellipsis in one sign", "..."),
    "\t": ("a tab", " "),
    "₫": ("a đồng sign", "d"),
    "×": ("a times sign", "x"),
    "°": ("a degree sign", "o"),
    "⁄": ("a fraction stroke", "/"),
}

HIDDEN: Final[Mapping[str, str]] = {  # what can't be seen and has no business in an SMS; all other format characters count as hidden too
    "\u00ad": "a soft hyphen",
    "\u200b": "a zero-width space",
    "\u200c": "a zero-width non-joiner",
    "\u200d": "a zero-width joiner",
    "\u2060": "a word joiner",
    "\ufeff": "a byte order mark",
    **dict.fromkeys(map(chr, range(0xFE00, 0xFE10)), "a variation mark of an emoji"),
}

_MARKS: Final = {  # those of the vowel first, then the tones
    "\u0306": "a breve",
    "\u0302": "a circumflex",
    "\u031b": "a horn",
    "\u0300": "a grave accent",
    "\u0301": "an acute accent",
    "\u0309": "a hook above",
    "\u0303": "a tilde",
    "\u0323": "a dot below",
}


class SignKind(StrEnum):
    """Why a sign has no place in GSM-7."""

    ACCENT = "accent"
    TYPOGRAPHY = "typography"
    HIDDEN = "hidden"
    EMOJI = "emoji"
    SCRIPT = "script"


@dataclass(frozen=True, slots=True)
class Sign:
    """A character that a text has `count` times and that is worth a word. `instead`: what is written in its place; "": nothing.

    `position`: of its first place, in characters from 1. `word`, `word_number` (from 1): where that is.
    """

    character: str
    name: str
    kind: SignKind
    instead: str
    count: int
    position: int
    word: str = field(repr=False)
    word_number: int

    @property
    def shown(self) -> str:
        """The character in quotation marks, or its number where nothing would be seen."""
        if not self.character.isprintable() or is_bare_mark(self.character):
            return code_point(self.character)
        return f"'{self.character}'" if self.character in "“”" else f"“{self.character}”"

    @property
    def place(self) -> str:
        """ "in “Lạng”, word 3, character 12"; "alone as word 3, character 9"."""
        where = "alone as" if self.word == self.character else f"in “{self.word}”,"
        return f"{where} word {self.word_number}, character {self.position}"

    @property
    def remedy(self) -> str:
        """What to do about it."""
        if self.instead in (LOST, ""):
            return "leave it out"
        return "write a plain space" if self.instead.isspace() else f"write “{self.instead}”"

    def __str__(self) -> str:
        times = f", {self.count} times" if self.count > 1 else ""
        return f"{self.shown} ({self.name}) {self.place}{times}: {self.remedy}"


# -- without accents ---------------------------------------------------------------------------------------------------------------------


def unaccented(text: str) -> str:
    """`text` as it fits GSM-7: no accents, plain quotes and dashes, nothing hidden; “?” for what has no place there at all."""
    return nfc(text).translate(_GSM7)


class _Gsm7(dict[int, str]):
    """`instead_of` for `str.translate`, remembering what it met, as long as that is the letters of a language and no random bytes."""

    def __missing__(self, code: int) -> str:
        plain = instead_of(chr(code))
        if len(self) < 4096:
            self[code] = plain
        return plain


_GSM7: Final = _Gsm7()


def instead_of(character: str) -> str:
    """What stands for one character (NFC) in GSM-7; "" for what can't be seen, LOST for what has no like there."""
    if character.isascii() and alphabet_of(character) is Alphabet.GSM7:
        return character
    if character in TYPOGRAPHY:
        return TYPOGRAPHY[character][1]
    if _is_hidden(character):
        return ""
    bare = unaccent(character)
    if alphabet_of(bare) is Alphabet.GSM7:
        return bare
    compatible = unicodedata.normalize("NFKC", character)  # ﬁ, ½, №, full-width letters
    if compatible == character:
        return LOST
    found = "".join(map(instead_of, compatible))
    return LOST if LOST in found else found


def _is_hidden(character: str) -> bool:
    return character in HIDDEN or (unicodedata.category(character) in ("Cc", "Cf") and alphabet_of(character) is Alphabet.UCS2)


def is_broken(character: str) -> bool:
    """Half of a surrogate pair: no bytes can be made of it."""
    return "\ud800" <= character <= "\udfff"


def is_bare_mark(character: str) -> bool:
    """An accent without its letter."""
    return unicodedata.category(character) == "Mn"


# -- signs and their names ---------------------------------------------------------------------------------------------------------------


def signs(text: str, which: Iterable[str]) -> tuple[Sign, ...]:
    """Those of the characters `which` that `text` has, each once, in the order of the text."""
    places = sorted((at, character) for character in set(which) if (at := text.find(character)) >= 0)
    words = list(_WORD.finditer(text)) if places else []
    return tuple(_sign(text, words, at, character) for at, character in places)


def _sign(text: str, words: Sequence[re.Match[str]], at: int, character: str) -> Sign:
    number = max(1, bisect_right(words, at, key=re.Match.start))  # a sign that parts words belongs to the one before it
    word = "".join("▯" if _unseen(letter) else letter for letter in words[number - 1][0]) if words else ""
    shown = word if len(word) <= _SHOWN else f"{word[:_SHOWN]}…"
    kind = kind_of(character)
    return Sign(character, name_of(character), kind, instead_of(character), text.count(character), at + 1, shown, number)


def _unseen(character: str) -> bool:
    return not character.isprintable() or _is_hidden(character)


def kind_of(character: str) -> SignKind:
    """Why `character` has no place in GSM-7."""
    if character in TYPOGRAPHY:
        return SignKind.TYPOGRAPHY
    if _is_hidden(character):
        return SignKind.HIDDEN
    if alphabet_of(unaccent(character)) is Alphabet.GSM7:
        return SignKind.ACCENT
    if instead_of(character) != LOST:  # ½, №, ﬁ, full-width letters
        return SignKind.TYPOGRAPHY
    return SignKind.EMOJI if unicodedata.category(character) in ("So", "Sk", "Cn") or character > "\uffff" else SignKind.SCRIPT


def name_of(character: str) -> str:
    """What it is, e.g. "a with a circumflex and a dot below", "a curly quotation mark", "emoji grinning face"."""
    if character in TYPOGRAPHY:
        return TYPOGRAPHY[character][0]
    if _is_hidden(character):
        return HIDDEN.get(character, "a mark that can't be seen")
    if character in "đĐ":
        return f"{'d' if character == 'đ' else 'capital D'} with a stroke"
    if is_broken(character):
        return "half of a broken character"
    base, *marks = list(unicodedata.normalize("NFD", character))
    if marks and all(mark in _MARKS for mark in marks):
        letter = f"capital {base}" if base.isupper() else base
        return f"{letter} with {' and '.join(said for mark, said in _MARKS.items() if mark in marks)}"
    known = unicodedata.name(character, "").lower() or f"character {code_point(character)}"
    return f"emoji {known}" if kind_of(character) is SignKind.EMOJI else known


def code_point(character: str) -> str:
    """ "U+200B"."""
    return f"U+{ord(character):04X}"
