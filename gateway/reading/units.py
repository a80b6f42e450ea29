"""Units as veterans write them: "c3 d2 e777", "đại đội 2 tiểu đoàn 5", "C trg c11, K4 (d4), E 777"; and wartime cover codes.

A letter is a unit only with a number beside it (field.md §3.2: e is also em, a anh, b bác, c cô). Cover codes and mailboxes are written
down as they stand and never decoded (field.md §2.5).
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from gateway.reading.field import Field
from gateway.reading.passage import COMMA, NONE, STOP, Passage, lexicon
from gateway.reading.words import word_set

LEVELS: Final = "abcdef"  # tiểu đội, trung đội, đại đội, tiểu đoàn, trung đoàn, sư đoàn
_LED: Final = frozenset({*"abcdef", "doi", "doan"})  # "d trưởng", "tiểu đoàn trưởng"
_EACH: Final = re.compile(r"([a-f])(\d{1,4})")
_NAMED: Final = lexicon(
    {
        "tiểu đội": "a",
        "trung đội": "b",
        "đại đội|đại đội đặc công|đại đội trinh sát|đại đội công binh": "c",
        "tiểu đoàn|tiểu đoàn bộ binh|tiểu đoàn đặc công|tiểu đoàn công binh|tiểu đoàn trinh sát|tiểu đoàn pháo binh": "d",
        "trung đoàn|trung đoàn bộ binh|trung đoàn pháo binh|trung đoàn công binh": "e",
        "sư đoàn|sư|sư đoàn bộ binh": "f",
    }
)
_BEGINS: Final = _NAMED.firsts | set(LEVELS)  # words of letters only with which a part begins
# Behind these a letter with a number is a hill, a weapon, a front or a bomber.
_NOT_BEHIND: Final = word_set(
    """
    doi diem cao cd bat bay bom no dan sung tran truong hill hang luu nha khoi duong kenh moc
    """
)
_WEAPONS: Final = word_set("b40 b41 b52 b57 b72 a72 a12 f1 f105 f4 c130 c47 c119 c123 d74 d44")
_BETWEEN: Final = word_set("thuoc cua trg truong pho va la trong")
_LONGEST: Final = 30  # characters of a glued chain: six parts
_CHAIN: Final = 2  # words that may stand between two parts of one chain


class _Part(NamedTuple):
    level: str
    number: str
    first: int
    last: int
    plain: bool  # a letter and a number in one word, or spelled out; not "e 777" or K4, which need company


def read_units(text: Passage) -> Iterator[Field]:
    """The unit that the text says most about, smallest part first: "c3/d2/e777"; and mailbox or cover codes."""
    places = sorted([*text.places(_BEGINS), *[i for i in text.figured if text.keys[i][-1].isdecimal()]])
    parts = [part for i in places for part in _parts_at(text, i)]
    chains = [chain for chain in _chains(text, parts) if _stands(chain)]
    if chains:
        best = max(chains, key=lambda chain: len({part.level for part in chain}))  # the first of equals
        levels = {part.level: part.number for part in reversed(best)}
        value = "/".join(level + levels[level] for level in LEVELS if level in levels)
        yield Field("unit", value, 0.95 if len(levels) > 1 else 0.8, text.span(best[0].first, best[-1].last))
    yield from _codes(text)


def _parts_at(text: Passage, i: int) -> Iterator[_Part]:
    word = text.words[i]
    plain = word.plain
    if text.plain(i - 1) in _NOT_BEHIND and not (text.plain(i - 1) == "truong" and text.plain(i - 2) in _LED):
        return
    if len(plain) > 1 and plain[0] in LEVELS and plain[1:].isdecimal() and len(plain) < 6:
        if plain not in _WEAPONS:
            yield _Part(plain[0], _number(plain[1:]), i, i + 1, plain=True)
    elif (glued := _glued(plain)) is not None:
        yield from (_Part(level, _number(number), i, i + 1, plain=True) for level, number in glued)
    elif len(plain) > 1 and plain[0] == "k" and plain[1:].isdecimal() and len(plain) < 4:
        yield _Part("d", _number(plain[1:]), i, i + 1, plain=False)  # K4: a battalion (field.md §3.2)
    elif len(plain) == 1 and plain in LEVELS and _is_number(text, i + 1) and text.gaps[i] == NONE:
        yield _Part(plain, _number(text.plain(i + 1)), i, i + 2, plain=False)
    elif (hit := _NAMED.at(text, i)) is not None and text.gaps[hit.last - 1] == NONE and (found := _after_name(text, hit.last)):
        yield _Part(hit.value, found[0], i, found[1], plain=True)


def _glued(plain: str) -> list[tuple[str, str]] | None:
    """The parts of "c3d2e777"."""
    if not (3 < len(plain) <= _LONGEST and plain[0] in LEVELS and plain[-1].isdecimal()):
        return None
    parts = _EACH.findall(plain)
    return parts if "".join(level + number for level, number in parts) == plain else None


def _after_name(text: Passage, i: int) -> tuple[str, int] | None:
    """(number, index behind it) after "tiểu đoàn": "5", "K5", "số 5"."""
    i += text.plain(i) == "so"
    plain = text.plain(i)
    digits = plain.lstrip("kabcdef") if len(plain) > 1 else plain
    return (_number(digits), i + 1) if digits.isdecimal() and len(digits) < 5 else None


def _is_number(text: Passage, i: int) -> bool:
    plain = text.plain(i)
    return plain.isdecimal() and len(plain) < 5 and not (len(plain) == 4 and plain.startswith("19"))


def _number(digits: str) -> str:
    return digits.lstrip("0") or "0"


def _chains(text: Passage, parts: Sequence[_Part]) -> Iterator[list[_Part]]:
    """Parts that stand close together; another part of a level that is already there begins a new chain, unless it says the same."""
    chain: list[_Part] = []
    said: dict[str, str] = {}
    for part in parts:
        if chain and part.first < chain[-1].last and part.first != chain[-1].first:
            continue  # the number of "K4" inside "tiểu đoàn K4"
        if chain and (not _near(text, chain[-1], part) or said.get(part.level, part.number) != part.number):
            yield chain
            chain, said = [], {}
        chain.append(part)
        said[part.level] = part.number
    if chain:
        yield chain


def _near(text: Passage, before: _Part, part: _Part) -> bool:
    between = [text.plain(i) for i in range(before.last, part.first)]
    return (
        len(between) <= _CHAIN
        and STOP not in text.gaps[before.last - 1 : part.first]
        and all(len(word) == 1 or word in _BETWEEN for word in between)
    )


def _stands(chain: Sequence[_Part]) -> bool:
    """True if a chain is a unit: two parts, or one from company up, or any spelled out in words."""
    levels = {part.level for part in chain}
    if len(levels) > 1:
        return any(part.plain for part in chain)
    only = chain[0]
    long = only.level in "ef" and len(only.number) > 1 and only.last - only.first == 2  # "E 777"
    return (only.plain and (only.level in "cdef" or only.last - only.first > 1)) or long


# --- cover codes ---

_CODE_CUES: Final = lexicon(
    {"hòm thư": True, "hộp thư": True, "ht": True, "phiên hiệu": False, "mật danh": False, "ký hiệu": False, "đơn vị": False, "ctv": False}
)
_LETTERS: Final = re.compile(r"[a-z]{1,2}\d{0,2}")
_SHORT: Final = re.compile(r"(?:p|q|h|n|v|z|x|kt|kn|ja|yk|kb|tb|kh)\d{0,3}")


def _codes(text: Passage) -> Iterator[Field]:
    for cue in _CODE_CUES.all(text):
        i = cue.last + (text.plain(cue.last) in ("so", "la", "ghi"))
        found = _mailbox(text, i) or (None if cue.value else _cover(text, i))
        if found is not None:
            yield Field("unit_code", found[0], 0.9 if cue.value else 0.75, text.span(i, found[1]))
            return


def _mailbox(text: Passage, i: int) -> tuple[str, int] | None:
    """ "12.345 YK" -> "12345 YK": digits in groups, then up to two letters."""
    digits, at = "", i
    while text.plain(at).isdecimal() and len(digits) < 6 and (at == i or text.gaps[at - 1] != COMMA):
        digits, at = digits + text.plain(at), at + 1
    if len(digits) < 4:
        return _mailbox_glued(text, i)
    if at < len(text.words) and text.gaps[at - 1] == NONE and _LETTERS.fullmatch(text.plain(at)) and _is_code(text, at):
        return f"{digits} {text.words[at].raw}", at + 1
    return digits, at


def _is_code(text: Passage, i: int) -> bool:
    return text.words[i].raw.isupper() or _SHORT.fullmatch(text.plain(i)) is not None


def _mailbox_glued(text: Passage, i: int) -> tuple[str, int] | None:
    """ "12345YK"."""
    word = text.plain(i)
    digits = word.rstrip("abcdefghijklmnopqrstuvwxyz")
    if 4 <= len(digits) <= 6 and digits.isdecimal() and 1 <= len(word) - len(digits) <= 2:
        return f"{digits} {text.words[i].raw[len(digits) :]}", i + 1
    return None


def _cover(text: Passage, i: int) -> tuple[str, int] | None:
    """ "p2", "KN", "JA": with a number, or in capitals."""
    word = text.plain(i)
    if _SHORT.fullmatch(word) and (word[-1].isdigit() or (len(word) == 2 and text.words[i].raw.isupper() and not text.loud)):
        return text.words[i].raw, i + 1
    return None
