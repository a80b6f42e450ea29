"""Kannel's escape codes in the URLs that it calls: the get-url of an MO, the dlr-url of an MT. Pure.

Source: Kannel user guide 1.4.5, "Parameters (Escape Codes)", read beside its sources (urltrans). Two things differ, both so that nobody's
words can change a URL: `%S` is URL-encoded like all others ("*" still becomes "~"), and `%b` is the text in UTF-8, as after Kannel's
`mo-recode`, which is also what `%c` (0) and `%C` (UTF-8) say.

A "%" before any other character stands as it is, so "%20" stays; of "%A0" Kannel, and we, would fill in `%A`: it is written "%%A0".
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote_plus

DELIVERED: Final = 1  # bits of a dlr-mask, and the values of %d
FAILED: Final = 2
BUFFERED: Final = 4
ACCEPTED: Final = 8  # by the SMSC
REJECTED: Final = 16  # by the SMSC
ALL: Final = 31
_SAFE: Final = "-_.!~*'()"  # beside letters and digits; a blank becomes "+"
_ESCAPE: Final = re.compile(r"%(#[^#]*#[^#]*#|.)", re.DOTALL)
_UNDEFINED: Final = "-1"  # what Kannel writes for a number that it was not told


@dataclass(frozen=True, slots=True)
class Told:
    """What a URL tells of. `handset`: `%p`, the sender of an MO or the receiver of the MT that is reported on; `ours`: `%P`, the other end.

    `text`: the MO's words, or what the SMSC said of the MT; `dlr`: the value of a report, 0 for an MO. Times are epoch ms.
    """

    handset: str = field(repr=False)
    ours: str
    text: str = field(repr=False)
    at: int
    id: str
    smsc: str
    service: str
    dlr: int = 0
    foreign_id: str = ""
    account: str = ""


def fill(template: str, told: Told) -> str:
    """`template` with its escapes filled in, URL-encoded."""
    words = told.text.split()
    rest = iter(words[1:])
    values: dict[str, _Value] = {
        **_VALUES,
        "s": lambda _: _encoded(next(rest, "")),
        "S": lambda _: _encoded(next(rest, "").replace("*", "~")),
        "r": lambda _: _joined(rest),
    }

    def value(found: re.Match[str]) -> str:
        code = found[1]
        if code[0] == "#" and len(code) > 1:  # meta-data of an SMPP link, by group and name
            return ""
        return values[code](told) if code in values else found[0]

    return _ESCAPE.sub(value, template)


def _encoded(value: str) -> str:
    return quote_plus(value, safe=_SAFE, errors="replace")


def _joined(words: Iterator[str]) -> str:
    return "+".join(map(_encoded, words))


def _plus(number: str) -> str:
    return f"+{number[2:]}" if number.startswith("00") else number


def plain(value: str) -> str:
    """`value` as a header may hold it."""
    return "".join(letter if letter.isascii() and letter.isprintable() else "?" for letter in value)


def moment(told: Told) -> str:
    """ "2026-11-18+12:34:56": Kannel's clock is UTC."""
    return datetime.fromtimestamp(told.at // 1000, UTC).strftime("%Y-%m-%d+%H:%M:%S")


_Value = Callable[[Told], str]
_VALUES: Final[Mapping[str, _Value]] = {
    "%": lambda _: "%",
    "a": lambda told: _joined(iter(told.text.split())),
    "A": lambda told: _encoded(told.text),
    "b": lambda told: _encoded(told.text),
    "B": lambda _: "",  # billing: we know none
    "c": lambda _: "0",
    "C": lambda _: "UTF-8",
    "d": lambda told: str(told.dlr),
    "D": lambda _: "",  # meta-data of an SMPP link
    "f": lambda _: "",  # number of the SMSC
    "F": lambda told: _encoded(told.foreign_id),
    "i": lambda told: _encoded(told.smsc),
    "I": lambda told: _encoded(told.id),
    "k": lambda told: _encoded(told.text.split()[0]) if told.text.split() else "",
    "m": lambda _: _UNDEFINED,
    "M": lambda _: _UNDEFINED,
    "n": lambda told: _encoded(told.service),
    "o": lambda told: _encoded(told.account),
    "O": lambda _: "00",
    "p": lambda told: _encoded(told.handset),
    "P": lambda told: _encoded(told.ours),
    "q": lambda told: _encoded(_plus(told.handset)),
    "Q": lambda told: _encoded(_plus(told.ours)),
    "R": lambda _: "",
    "t": moment,
    "T": lambda told: str(told.at // 1000),
    "u": lambda _: "",  # parts were joined before
    "v": lambda _: "",
    "V": lambda _: "",
}
