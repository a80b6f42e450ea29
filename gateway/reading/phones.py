"""The number to call: ten figures that begin with 0 however they are parted, +84, or an 11-digit one of before 2018."""

import re
from collections.abc import Iterator
from typing import Final

from gateway.domain.msisdn import BadMsisdn
from gateway.domain.number_repair import read_number
from gateway.reading.field import Field
from gateway.reading.passage import Passage
from gateway.reading.words import phrases

_NUMBER: Final = re.compile(r"(?<![\w+.])(?:\+?84[ .\-]?\(?0?\)?|0)" + r"[ .\-]?\d" * 9 + r"\d?(?![.,]?\d)", re.ASCII)
_CALL: Final = phrases("lh|lien he|goi|sdt|dt|so dt|dien thoai|so dien thoai|goi lai|zalo|alo|lien lac|call|so")
_LOOK_BACK: Final = 30  # characters in which "LH" announces a number


def read_phone(text: Passage) -> Iterator[Field]:
    """contact_phone in E.164: the only number, or of several the first that is announced as one to call."""
    found: dict[str, tuple[bool, tuple[int, int]]] = {}
    for m in _NUMBER.finditer(text.low):
        number = _e164(m[0])
        if number is not None and number not in found:
            before = text.low[max(0, m.start() - _LOOK_BACK) : m.start()]
            found[number] = (_CALL.search(f" {' '.join(before.replace(':', ' ').split())} ") is not None, m.span())
    announced = [(number, span) for number, (called, span) in found.items() if called]
    if len(found) == 1:
        number, (called, span) = next(iter(found.items()))
        yield Field("contact_phone", number, 0.95 if called else 0.85, span)
    elif announced:
        yield Field("contact_phone", announced[0][0], 0.7, announced[0][1])


def _e164(written: str) -> str | None:
    digits = "".join(c for c in written if c.isdigit())
    if digits.startswith("84") and not (10 < len(digits) < 13):
        return None
    if digits.startswith("840"):
        digits = digits[2:]
    try:
        return read_number(digits if digits.startswith("0") else f"+{digits}")[0].e164
    except BadMsisdn:
        return None
