"""The user data header of a part of a longer text (3GPP TS 23.040 §9.2.3.24.1 and .8): which text, which part, of how many."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_SHORT_REF: Final = 0x00  # reference, total, number: a byte each
_LONG_REF: Final = 0x08  # the reference has two


@dataclass(frozen=True, slots=True)
class Part:
    """`ref`: what all parts of one text share, in hex, two digits or four; a sender's references soon come round again. `number` from 1."""

    ref: str
    number: int
    total: int


def part_of(udh: bytes) -> Part | None:
    """The part that `udh`, its length byte first, makes of a message; None for a whole one, and for a header that can't be read."""
    for element, data in _elements(udh):
        head = {_SHORT_REF: 1, _LONG_REF: 2}.get(element)
        if head is not None and len(data) == head + 2:
            total, number = data[head], data[head + 1]
            return Part(data[:head].hex(), number, total) if 1 <= number <= total and total > 1 else None
    return None


def _elements(udh: bytes) -> Iterator[tuple[int, bytes]]:
    """(identifier, data) of the header's elements, as far as it is whole."""
    at, end = 1, min(len(udh), 1 + udh[0]) if udh else 0
    while at + 2 <= end and at + 2 + udh[at + 1] <= end:
        yield udh[at], udh[at + 2 : at + 2 + udh[at + 1]]
        at += 2 + udh[at + 1]
