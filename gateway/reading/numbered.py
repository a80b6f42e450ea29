"""Long texts that people cut and number by hand: "(1/2) …", "2/3. …", "phan 2: …", "tiep theo: …", "… (con nua)".

The same signs mean other things: 1/2 is half a month, 2/9 a day, "LS TN07 1/2" a slip, "p2" a cover code, "phan mo" a grave and "tiep tuc"
an ordinary word. So a fraction counts in brackets, before a sign, or in front of words that measure nothing; a word counts before a
colon or in brackets.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from gateway.domain.fold import nfc, unaccent
from gateway.reading.parts import MISSING
from gateway.reading.words import word_set

_MOST: Final = 9  # parts that a hand numbers; field.md §3.1 knows two to four
_MOST_SIGNED: Final = 6  # "2/9:" is a day
_MOST_BARE: Final = 4  # without brackets or sign "1/5 …" is one too
_LOOKED_AT: Final = 60  # characters at either end: where people put such a sign
_HEAD_WORDS: Final = 3  # before the brackets: keyword and village ("LS TN 07 (1/2) …")

_FRACTION: Final = r"(?:phan |part |tin )?(\d{1,2}) ?/ ?(\d{1,2})"
_BRACKETED: Final = re.compile(rf"[(\[{{<] ?{_FRACTION} ?[)\]}}>][.:\-]?")
_BARE: Final = re.compile(rf"{_FRACTION}( ?[.:)\-–])?(?=[^\W\d]|\s)")
_COUNTED: Final = re.compile(r"[(\[]?(?:phan|part|tin|tin nhan|p) ?(?:thu |so )?(\d|mot|nhat|hai|ba|tu|bon|dau|cuoi) ?[:.)\]\-–]")
_GOES_ON: Final = re.compile(
    r"[(\[](?:tiep|tiep theo|tt|cont|continued)[)\]][.:]?"
    r"|(?:noi tiep|tiep theo|tiep|tiep tin tren|tiep tin truoc|con tiep|cont|continued) ?[:.]"
)
_MORE: Final = re.compile(r"[(\[](?:con nua|con tiep|con|xem tiep|to be continued)[)\]]$|(?:con nua|con tiep|xem tiep|to be continued)$")
_NUMERALS: Final = {"mot": 1, "nhat": 1, "dau": 1, "hai": 2, "ba": 3, "tu": 4, "bon": 4}
_MEASURED: Final = word_set(  # what has halves and thirds, what follows a day, and what a day begins
    """
    thang nam ngay gio phut tieng tuan km m met ha sao mau lit kg cay so nguoi mo ngoi phan con quang duong doan chang tuoi trong cua cai
    hai doi suon nui am dl duong al lich sang chieu dem trua luc la vua qua toi nay the dung hy hs chet mat chon gia dan lang thon xa don
    vi quan tieu dai trung su c d e f of month year mile the
    """
)
_QUOTES: Final = " \t\r\n\"'“”‘’*-–•"


@dataclass(frozen=True, slots=True)
class Numbered:
    """A part of a longer text. `number`: from 1; None where it only says that it goes on, or that more follows (`more`). `total`: if said.

    `rest`: its words without the sign, NFC.
    """

    number: int | None
    total: int | None
    rest: str = field(repr=False)
    more: bool = False


def numbered(text: str) -> Numbered | None:
    """The part that `text` says it is; None for a text that is whole."""
    text = nfc(text).strip()
    head, tail = _folded(text[:_LOOKED_AT]), _folded(text[-_LOOKED_AT:])
    start = len(head) - len(head.lstrip(_QUOTES))
    found = _fraction(text, head, tail, start) or _word(text, head, start)
    more = _MORE.search(tail.rstrip(" .…"))
    if more is None:
        return found
    cut = len(text) - len(tail) + more.start()  # both ends are folded letter by letter, so places agree
    if found is None:
        return Numbered(None, None, text[:cut].rstrip(), more=True)
    return Numbered(found.number, found.total, found.rest[: len(found.rest) - len(text) + cut].rstrip(), more=True)


def join(parts: Iterable[str]) -> str:
    """The words of one person's texts, in order of arrival, as the one text they were: by their numbers, MISSING for those that lack."""
    placed = _placed(parts)
    words: list[str] = []
    reached = 0
    for number, _, rest in placed:
        words += [MISSING] if number > reached + 1 else []
        words.append(rest)
        reached = max(reached, number)
    return " ".join([*words, *([MISSING] if reached < _total(placed) else [])])


def missing(parts: Iterable[str]) -> tuple[int, ...]:
    """Numbers of the parts that have not come, as far as the others say how many there are."""
    placed = _placed(parts)
    there = {number for number, _, _ in placed}
    return tuple(number for number in range(1, _total(placed) + 1) if number not in there)


_Placed = tuple[int, int, str]  # number, total or 0, words


def _placed(parts: Iterable[str]) -> list[_Placed]:
    """The parts by number, each with the same words once. One without a number stands behind the last that had come before it."""
    found: dict[tuple[int, str], _Placed] = {}
    last = 0
    for text in parts:
        part = numbered(text)
        number = part.number if part and part.number else max(last, 1)
        rest = part.rest if part else nfc(text).strip()
        found.setdefault((number, rest), (number, (part.total if part else 0) or 0, rest))
        last = number
    return sorted(found.values(), key=lambda each: each[0])


def _total(placed: Iterable[_Placed]) -> int:
    return max((max(number, total) for number, total, _ in placed), default=0)


def _folded(text: str) -> str:
    """`text` without marks in lower case, character by character, so that places in it are places in `text`."""
    return "".join((unaccent(c).lower() or " ")[0] for c in text)


def _fraction(text: str, head: str, tail: str, start: int) -> Numbered | None:
    """ "1/2" in brackets near the beginning or at the very end, or bare at the beginning."""
    found = _BRACKETED.search(head)
    if found and _is_address(text[: found.start()].strip(_QUOTES)):
        return _part(found, text[: found.start()].strip(_QUOTES), text[found.end() :], _MOST)
    last = tail.rfind("(")
    if last >= 0 and (found := _BRACKETED.fullmatch(tail, last)):
        return _part(found, text[: len(text) - len(tail) + last], "", _MOST)
    if (found := _BARE.match(head, start)) is None:
        return None
    following = head[found.end() :].split()
    if found[3] is None and (not following or following[0].strip(".,:;") in _MEASURED or following[0][0].isdigit()):
        return None
    return _part(found, "", text[found.end() :], _MOST_SIGNED if found[3] else _MOST_BARE)


def _is_address(before: str) -> bool:
    """True for what may stand before the brackets: nothing, or a keyword and a village ("LS TN 07", "LIETSI Na Lai", "ls tn07")."""
    words = before.split()
    return not words or (len(words) <= _HEAD_WORDS and (words[0].isupper() or any(c.isdigit() for c in before)))


def _part(found: re.Match[str], before: str, after: str, most: int) -> Numbered | None:
    number, total = int(found[1]), int(found[2])
    rest = f"{before.strip()} {after.strip()}".strip()
    return Numbered(number, total, rest) if 1 <= number <= total and 2 <= total <= most and rest else None


def _word(text: str, head: str, start: int) -> Numbered | None:
    """ "phan 2:", "tin thu hai:", "tiep theo:", "(tiep)" at the beginning."""
    if found := _COUNTED.match(head, start):
        said = found[1]
        number = int(said) if said.isdigit() else _NUMERALS.get(said)  # "cuoi": the last, whichever it is
        rest = text[found.end() :].strip()
        return Numbered(number, None, rest) if number != 0 and rest else None
    found = _GOES_ON.match(head, start)
    rest = text[found.end() :].strip() if found else ""
    return Numbered(None, None, rest) if rest else None
