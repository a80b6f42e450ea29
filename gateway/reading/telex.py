"""Keystrokes of Vietnamese typing, sent raw because the keyboard program was off: Telex ("mooj lieetj six") and VNI ("mo65 lie6t5 si4").

Both are played back as the program would have played them, and count only where a syllable comes of it. The keys may stand behind their
vowel or at the end of the word. No standard describes them; these are the keys that every program since VietKey and UniKey has shared.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from gateway.reading.syllables import ACUTE, DOT, GRAVE, HOOK, LEVEL, TILDE, VOWELS, is_plain, is_syllable, with_tone
from gateway.reading.words import word_set

_LONGEST: Final = 12  # keys: nghieengf has eight; a word with more is none
_TELEX_TONES: Final = {"s": ACUTE, "f": GRAVE, "r": HOOK, "x": TILDE, "j": DOT}
_VNI_TONES: Final = {"1": ACUTE, "2": GRAVE, "3": HOOK, "4": TILDE, "5": DOT}
_HAT: Final = {"a": "â", "e": "ê", "o": "ô"}
_HORN: Final = {"o": "ơ", "u": "ư"}
_BREVE: Final = {"a": "ă"}
_VNI_HATS: Final[Mapping[str, Mapping[str, str]]] = {"6": _HAT, "7": _HORN, "8": _BREVE}

_VNI_DIGIT: Final = re.compile(r"[1-9](?<=[a-zA-Z].)")  # no _VNI_SIGN without it: looks from the few digits, not from every letter
_VNI_SIGN: Final = re.compile(r"[aeouAEOU][1-5]?[6-8]|[a-zA-Z][1-5]?[6-8]\b|[dD]9[aeiouyAEIOUY]")
_TELEX_STRONG: Final = re.compile(
    "(?:aa|ee|oo|aw|ow|uw|dd)[a-z]{0,4}[sfrxjwd]|dd[a-z]{0,2}(?:aa|ee|oo)|[sfrxj][a-z]{0,2}(?:aa|ee|oo|w)|w[sfrxj](?![a-z])"
)
_POLITE: Final = re.compile(r"(?<=\s)a5(?=[.!]?\s?\Z)")  # at the end it is the polite ạ; elsewhere a squad
_CHUNK: Final = re.compile(r"\S+")
_KEYED: Final = re.compile(r"[^\W\d_][^\W_]*\d[^\W_]*")  # a word with figures behind letters
_ADDRESS: Final = re.compile(r"[/@=\\_]|www\.")  # on the web or in a path: nothing in it is meant as keys
_WORD: Final = re.compile(r"[^\W_]+")
# Syllables by their keys that English has too. In a text of keystrokes they are rare; where they are many the text is English.
_ENGLISH: Final = word_set(
    """
    as is us or has his hers was how now see seen too been trees boots noon moon soon saw law war far car bus gas yes this its if of off
    mom tow row bow low cow tax fax max box fox fix mix next her need feet being keep meet meets room rooms
    """
)


class Played(NamedTuple):
    """`text` in Unicode. `made`: words that are a syllable only as keystrokes; `strong`: those of them that nobody types by chance;
    `odd`: words of small letters that are a syllable neither way; `english`: words made that English has too."""

    text: str
    made: int
    strong: int
    odd: int
    english: int


class _Syllable(NamedTuple):
    word: str
    is_strong: bool


def has_telex_signs(text: str) -> bool:
    """True if one word at least may be strong: a hat, horn or đ and another key. No text of keystrokes does without; most others do."""
    low = text.lower()
    typed = "w" in low or "oo" in low or "aa" in low or "ee" in low or "dd" in low
    return typed and _TELEX_STRONG.search(low) is not None


def has_vni_signs(text: str) -> bool:
    """True if one word at least is strong: no text of keystrokes does without. "TN16" looks like keys, but is no syllable (a play of the
    whole text costs 60 µs)."""
    if _VNI_DIGIT.search(text) is None or _VNI_SIGN.search(text) is None:
        return False
    keyed = [word.lower() for word in _KEYED.findall(text) if len(word) <= _LONGEST]
    return any(syllable.is_strong for syllable in map(_vni_keys, keyed) if syllable)


def from_telex(text: str) -> Played:
    """`text` with every word that is a syllable only as Telex keystrokes played. No longer than `text`."""
    return _played(text, _telex)


def from_vni_keys(text: str) -> Played:
    """`text` with every word that is a syllable only as VNI keystrokes played. No longer than `text`."""
    played = _played(text, _vni_keys)
    return played._replace(text=_POLITE.sub("ạ", played.text)) if played.made else played


def _played(text: str, play: Callable[[str], _Syllable | None]) -> Played:
    made = strong = odd = english = 0

    def word(typed: re.Match[str]) -> str:
        nonlocal made, strong, odd, english
        low = typed[0].lower()
        if (is_syllable(low) or is_plain(low)) and "oo" not in low:  # oong is a rhyme (xoong), but khoong is không far more often
            return typed[0]
        syllable = play(low) if len(low) <= _LONGEST else None
        if syllable is None:
            odd += _is_odd(typed[0]) and not is_plain(low)
            return typed[0]
        made, strong, english = made + 1, strong + syllable.is_strong, english + (low in _ENGLISH)
        return _in_case_of(typed[0], syllable.word)

    def chunk(found: re.Match[str]) -> str:
        return found[0] if _ADDRESS.search(found[0]) else _WORD.sub(word, found[0])

    return Played(_CHUNK.sub(chunk, text), made, strong, odd, english)


def _is_odd(typed: str) -> bool:
    """True for a word that speaks against Vietnamese: letters only, a vowel among them, no abbreviation in capitals."""
    return typed.isalpha() and not typed.isupper() and len(typed) > 2 and any(c in VOWELS for c in typed.lower())


def _in_case_of(typed: str, word: str) -> str:
    """`word` with the capitals of the keys: all of them, or the first."""
    letters = [c for c in typed if c.isalpha()]
    if len(letters) > 1 and all(c.isupper() for c in letters):
        return word.upper()
    return word[0].upper() + word[1:] if typed[0].isupper() else word


def _telex(keys: str) -> _Syllable | None:
    """The syllable that `keys` (lower case) type; None if none. Strong: a hat, horn or đ, and a tone or another of these."""
    out: list[str] = []
    tone, marks, vowel = LEVEL, 0, False
    for key in keys:
        if vowel and key in _TELEX_TONES:
            if tone:
                return None
            tone = _TELEX_TONES[key]
        elif (key == "w" and _horn_or_breve(out)) or (key in _HAT and _doubles(out, key)) or (key == "d" and _crosses(out)):
            marks += 1
        elif key == "w" and out and not vowel:  # alone behind an onset it is ư: mwowif
            out.append("ư")
            marks, vowel = marks + 1, True
        else:
            out.append(key)
            vowel = vowel or key in VOWELS
    return _spelled(out, tone, is_strong=marks > 1 or (marks == 1 and tone > 0))


def _vni_keys(keys: str) -> _Syllable | None:
    """As _telex(), of VNI's digits. Strong: a hat, horn or đ, and another digit, or a letter behind a digit."""
    out: list[str] = []
    tone, marks, digits = LEVEL, 0, sum(key.isdigit() for key in keys)
    if not digits or keys[0].isdigit() or (digits == 1 and len(keys) == 2 and keys[0] in "aeb"):  # a5, e6: units of an army
        return None
    for key in keys:
        if key in _VNI_TONES and not tone:
            tone = _VNI_TONES[key]
        elif (key in _VNI_HATS and _marks(out, _VNI_HATS[key])) or (key == "9" and _crosses(out)):
            marks += 1
        elif key.isdigit():
            return None
        else:
            out.append(key)
    return _spelled(out, tone, is_strong=marks > 0 and (digits > 1 or not keys[-1].isdigit()))


def _spelled(out: Sequence[str], tone: int, *, is_strong: bool) -> _Syllable | None:
    toneless = "".join(out)
    word = with_tone(toneless, tone) or with_tone(toneless.replace("ươ", "uơ"), tone)  # one key horns both: huow is huơ
    return _Syllable(word, is_strong) if word else None


def _crosses(out: list[str]) -> bool:
    """Make the d that begins the word đ; also that of sđt."""
    at = 1 if out[:1] == ["s"] else 0
    if out[at : at + 1] != ["d"]:
        return False
    out[at] = "đ"
    return True


def _doubles(out: list[str], vowel: str) -> bool:
    """Put the hat on the last vowel, if it is this one; consonants may stand behind it."""
    at = next((i for i in range(len(out) - 1, -1, -1) if out[i] in VOWELS), None)
    if at is None or out[at] != vowel:
        return False
    out[at] = _HAT[vowel]
    return True


def _horn_or_breve(out: list[str]) -> bool:
    """Telex w: a horn where there is an o or u, else a breve; ua takes the horn (mưa) but behind q (quăn), oa the breve (hoặc)."""
    letters = "".join(out)
    if "oa" in letters or "qua" in letters:
        return _marks(out, _BREVE)
    return _marks(out, _HORN) or _marks(out, _BREVE)


def _marks(out: list[str], hats: Mapping[str, str]) -> bool:
    """Set a hat of `hats` on the last vowel that takes it; one horn sets two in uo, and in uu the first."""
    letters = "".join(out)
    at = max(letters.rfind(vowel) for vowel in hats)
    if at < 0:
        return False
    if "u" in hats and at and letters[at - 1 : at + 1] in ("uo", "uu"):
        out[at - 1] = "ư"
    if letters[at - 1 : at + 1] != "uu":
        out[at] = hats[letters[at]]
    return True
