"""Numbers as people write them in a sentence: figures, and words up to some dozens."""

from typing import Final, NamedTuple

from gateway.reading.passage import NONE, Passage, lexicon

_UNITS: Final = lexicon(
    {
        "một|mọt|one": 1,
        "hai|two": 2,
        "ba|three": 3,
        "bốn|tư|four": 4,
        "năm|lăm|five": 5,
        "sáu|six": 6,
        "bảy|bẩy|seven": 7,
        "tám|eight": 8,
        "chín|nine": 9,
        "ten": 10,
        "eleven": 11,
        "twelve": 12,
        "fifteen": 15,
        "twenty": 20,
        "thirty": 30,
    }
)
_TENS: Final = lexicon({"mươi|chục": 10})
_TEN: Final = lexicon({"mười": 10})
_VAGUE: Final = lexicon({"dăm|dăm ba|dăm bảy": 5, "chục|hơn chục|gần chục": 10, "đôi": 2})
_FIRST: Final = _UNITS.firsts | _TEN.firsts | _VAGUE.firsts
MOST: Final = 999  # graves in one place; a larger number counts something else


class Number(NamedTuple):
    """Words `first`..`last` (exclusive) say `value`. `sure`: False for "dăm" (about five), "hai ba" (two or three)."""

    first: int
    last: int
    value: int
    sure: bool = True


def number_places(text: Passage) -> list[int]:
    """Words with which a number may begin."""
    return sorted([*text.places(_FIRST), *[i for i in text.figured if text.keys[i].isdigit()]])


def number_at(text: Passage, i: int) -> Number | None:
    """The number that begins at word `i`; None for none, a year, a part of a date or a longer figure."""
    plain = text.plain(i)
    if plain.isdigit():
        return _figure(text, i, plain)
    if text.key(i) not in _FIRST:
        return None
    if (ten := _TEN.at(text, i)) is not None and text.gaps[i] == NONE and (unit := _UNITS.at(text, i + 1)) and unit.value < 10:
        return Number(i, i + 2, 10 + unit.value)
    if ten is not None:
        return Number(i, i + 1, 10)
    if (hit := _UNITS.at(text, i)) is not None:
        return _from_unit(text, hit.first, hit.last, hit.value)
    vague = _VAGUE.at(text, i)
    return Number(i, vague.last, vague.value, sure=False) if vague else None


def _figure(text: Passage, i: int, plain: str) -> Number | None:
    if not plain.isascii() or len(plain) > 3 or not 0 < int(plain) <= MOST or (len(plain) > 1 and plain[0] == "0" and int(plain) > 9):
        return None
    around = text.text[max(0, text.words[i].start - 1) : text.words[i].start] + text.text[text.words[i].end : text.words[i].end + 1]
    if any(sign in around for sign in "./") and not around.endswith("."):  # "17/2", "0300.000.026"
        return None
    following = text.plain(i + 1)
    if following.isdecimal() and text.text[text.words[i].end : text.words[i + 1].start] == "-" and int(plain) < int(following) <= MOST:
        return Number(i, i + 2, int(plain), sure=False)  # "5-6": at least five
    return Number(i, i + 1, int(plain))


def _from_unit(text: Passage, first: int, last: int, value: int) -> Number:
    """ "hai", "hai mươi", "hai mươi ba", "hai chục", "hai ba" (two or three)."""
    if text.gaps[first] == NONE and (tens := _TENS.at(text, last)) is not None and value < 10:
        unit = _UNITS.at(text, tens.last) if text.gaps[tens.last - 1] == NONE else None
        more = unit.value if unit is not None and unit.value < 10 else 0
        return Number(first, unit.last if unit and more else tens.last, value * 10 + more, sure=text.plain(last) != "chuc")
    following = _UNITS.at(text, last) if text.gaps[last - 1] == NONE else None
    if following is not None and following.value == value + 1:
        return Number(first, following.last, value, sure=False)
    return Number(first, last, value)
