"""Which letters make a Vietnamese syllable: the measure of how Vietnamese a text is, and of what keystrokes can mean.

A syllable is onset + rhyme + tone. The tables are the spelling rules of the national alphabet, written down here: c, g, ng stand before
a, o, u and k, gh, ngh before e, i; a rhyme that ends in c, ch, p or t has only the tones sắc and nặng; ă and â never end a syllable.
They say what may be a syllable, not what is a word: some 16,000 forms, of which the language uses a third.
"""

import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Final, NamedTuple

from gateway.domain.fold import unaccent
from gateway.reading.words import word_set

LEVEL, ACUTE, GRAVE, HOOK, TILDE, DOT = range(6)  # ngang, sắc, huyền, hỏi, ngã, nặng: the order of the VNI digits 0-5
_MARKS: Final = ("", "\u0301", "\u0300", "\u0309", "\u0303", "\u0323")
VOWELS: Final = "aăâeêioôơuưy"

_BEFORE_ANY: Final = word_set("b ch d đ h kh l m n nh p ph r s t th tr v x")
_LIPS: Final = word_set("b m p ph v")
_BACK: Final = frozenset("aăâoôơuư")
_RHYMES: Final = word_set(
    """
    a ac ach ai am an ang anh ao ap at au ay  ăc ăm ăn ăng ăp ăt  âc âm ân âng âp ât âu ây
    e ec em en eng eo ep et  ê êch êm ên ênh êp êt êu  i ia ich im in inh ip it iu  iêc iêm iên iêng iêp iêt iêu
    o oc oi om on ong ooc oong op ot  ô ôc ôi ôm ôn ông ôp ôt  ơ ơi ơm ơn ơp ơt
    u ua uc ui um un ung up ut  uôc uôi uôm uôn uông uôt  ư ưa ưc ưi ưm ưn ưng ưt ưu  ươc ươi ươm ươn ương ươp ươt ươu  y
    """
)
# With a rounded beginning, written o or u: not behind lips, and behind c the letter is q.
_ROUNDED: Final = word_set(
    """
    oa oac oach oai oam oan oang oanh oao oap oat oay  oăc oăm oăn oăng oăt  oe oen oeo oet
    uân uâng uât uây  uê uêch uênh uơ  uy uya uych uyên uyêt uynh uyt uyu
    """
)
_BEHIND_QU: Final = word_set("ai au ăp en eo ep et ên êt it ôc ơn ơt")  # beside the rounded ones
_SHORTENED: Final = ("đt", "đc", "sđt", "đv")  # điện thoại, đồng chí, số điện thoại, đơn vị: written like words, so spoiled like words
_BORROWED: Final = ("kan", "buyt", "voan", "boa", "moa", "phuy", "đăk", "lăk", "yêm", "yên", "yêng", "yêt", "yêu")  # Bắc Kạn, Đắk Lắk


class Spelled(NamedTuple):
    """A syllable without its tone: what stands before the rhyme, and the rhyme."""

    onset: str
    rhyme: str


def _bare() -> Iterator[Spelled]:
    """Every onset with every rhyme it may stand before."""
    for rhyme in sorted(_RHYMES | _ROUNDED):
        back, front = rhyme[0] in _BACK, rhyme[0] in "eêi"
        rounded = rhyme in _ROUNDED
        yield from (Spelled(onset, rhyme) for onset in _BEFORE_ANY if not (rounded and onset in _LIPS))
        yield from (Spelled(onset, rhyme) for onset in ("g", "ng") if back)
        if not rhyme.startswith("iê"):
            yield Spelled("", rhyme)
        if front:
            yield from (Spelled(onset, rhyme) for onset in ("gh", "ngh"))
        if front or rhyme == "y":
            yield Spelled("k", rhyme)
        if rhyme[0] == "i" and rhyme not in ("ia", "iu"):
            yield Spelled("g", rhyme)  # gì, gìn, giếng: one i is both onset and rhyme
        elif rhyme[0] not in "iy" and not rounded:
            yield Spelled("gi", rhyme)
        if back and not rounded:
            yield Spelled("c", rhyme)
        if rounded:  # oa behind q is written qua
            yield Spelled("qu", rhyme[1:])
    yield from (Spelled("qu", rhyme) for rhyme in _BEHIND_QU)
    yield from (Spelled("", borrowed) for borrowed in _BORROWED)


def _places(spelled: Spelled) -> tuple[int, ...]:
    """Indexes of the letters in the whole syllable that may bear its tone: the new place first, then the old one (hoà, hòa)."""
    rhyme, at = spelled.rhyme, len(spelled.onset)
    marked = [i for i, letter in enumerate(rhyme) if letter in "ăâêôơư"]
    vowels = [i for i, letter in enumerate(rhyme) if letter in VOWELS]
    if marked:
        return (at + marked[-1],)
    if len(vowels) == 1:
        return (at + vowels[0],) if spelled.onset != "qu" or rhyme != "y" else (at, at - 1)
    if len(vowels) == 3 or len(rhyme) > len(vowels):
        return (at + vowels[1],)
    return (at + 1, at) if rhyme in ("oa", "oe", "uy") else (at + vowels[0],)


@cache
def _tables() -> tuple[dict[tuple[str, int], str], frozenset[str], frozenset[str]]:
    """((toneless, tone) -> syllable, all syllables, all of them without any mark); lower case, NFC. Made at the first doubtful text."""
    spelled: dict[tuple[str, int], str] = {}
    every: set[str] = set()
    for bare in _bare():
        toneless = "".join(bare)
        tones = (ACUTE, DOT) if toneless.endswith(("c", "ch", "p", "t", "k")) else (LEVEL, ACUTE, GRAVE, HOOK, TILDE, DOT)
        for tone in tones:
            forms = [unicodedata.normalize("NFC", toneless[: place + 1] + _MARKS[tone] + toneless[place + 1 :]) for place in _places(bare)]
            spelled.setdefault((toneless, tone), forms[0])
            every.update(forms)
    spelled |= {(short, LEVEL): short for short in _SHORTENED}
    every |= set(_SHORTENED)
    return spelled, frozenset(every), frozenset(map(unaccent, every))


def with_tone(toneless: str, tone: int) -> str | None:
    """The syllable `toneless` (lower case, with its vowel marks) in `tone` (0-5), NFC; None if there is no such syllable."""
    return _tables()[0].get((toneless, tone))


def is_syllable(word: str) -> bool:
    """True for a lower-case NFC word that is a syllable in full: "mộ", "hòa" and "hoà", but neither "mộc2" nor unaccented "lietsi"."""
    return word in _tables()[1]


def is_plain(word: str) -> bool:
    """True for a lower-case word that is a syllable without its marks: "lieu", "duoc"."""
    return word in _tables()[2]
