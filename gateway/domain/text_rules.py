"""What routes take of a text: signs that they refuse, hard limits, whether accents go at all. Data, and one look-up; pure.

Sources: field.md §2.2 (signs that aggregators refuse), carriers.md §6.1 ("Hard limits seen").
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

INSTEAD_OF_REFUSED: Final[Mapping[str, str]] = {  # words and signs that routes take; "": leave it out
    "#": "số",
    "&": "và",
    "%": "phần trăm",
    "@": "tại",
    "{": "(",
    "}": ")",
    "[": "(",
    "]": ")",
    "\\": "/",
    "<": "dưới",
    ">": "trên",
}


@dataclass(frozen=True, slots=True)
class TextRules:
    """What a route takes. `unicode`: texts that need UCS-2. `refused`: signs. `most_gsm7`, `most_ucs2`: characters, 0: no limit known."""

    unicode: bool = True
    refused: frozenset[str] = frozenset(INSTEAD_OF_REFUSED)
    most_gsm7: int = 0
    most_ucs2: int = 0


CAUTIOUS: Final = TextRules()  # a Vietnamese brandname behind any carrier, as long as its contract says nothing else
KNOWN: Final[Mapping[str, TextRules]] = {  # by the carrier's name; each limit as its own page gives it
    "viettel": TextRules(most_gsm7=480),
    "intercom": TextRules(most_gsm7=495),
    "vmg": TextRules(most_gsm7=612, most_ucs2=266),
}


def rules_for(carrier: str, unicode: bool) -> TextRules:
    """The rules of the carrier called `carrier`; `unicode` is its capability."""
    return replace(KNOWN.get(carrier, CAUTIOUS), unicode=unicode)
