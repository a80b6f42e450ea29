"""What fits on a USSD screen, and how a longer text is turned into pages (carriers.md §5.1). Pure."""

from collections.abc import Iterator
from typing import Final

from gateway.domain.segments import EXTENSION, Alphabet, alphabet_of

UCS2_OF_160: Final = 70  # several networks cut UCS-2 there, though 80 would fit
_DOUBLE: Final = frozenset(EXTENSION)


def room(text: str, septets: int) -> int:
    """Units that a screen of `septets` has for `text`: septets, or 16-bit units where it needs UCS-2."""
    return septets if alphabet_of(text) is Alphabet.GSM7 else septets * UCS2_OF_160 // 160


def units(text: str, alphabet: Alphabet) -> int:
    """Length of `text` in septets or 16-bit units."""
    if alphabet is Alphabet.GSM7:
        return len(text) + sum(c in _DOUBLE for c in text)
    return len(text) + sum(c > "\uffff" for c in text)


def pages(text: str, septets: int, more: str) -> tuple[str, ...]:
    """`text` as screens; each but the last ends in a line `more`. Broken between lines, else between words, else anywhere."""
    alphabet, limit = alphabet_of(text + more), room(text + more, septets)
    if units(text, alphabet) <= limit:
        return (text,)
    tail = f"\n{more}"
    parts = list(_packed(text, alphabet, max(1, limit - units(tail, alphabet))))
    return (*(part + tail for part in parts[:-1]), parts[-1])


def _packed(text: str, alphabet: Alphabet, limit: int) -> Iterator[str]:
    page = ""
    for line in text.split("\n"):
        for piece in _pieces(line, alphabet, limit):
            longer = f"{page}\n{piece}" if page else piece
            if page and units(longer, alphabet) > limit:
                yield page
                longer = piece
            page = longer
    yield page


def _pieces(line: str, alphabet: Alphabet, limit: int) -> Iterator[str]:
    """`line` in pieces that fit, between words where it can be."""
    piece = ""
    for word in line.split(" "):
        longer = f"{piece} {word}" if piece else word
        if piece and units(longer, alphabet) > limit:
            yield piece
            longer = word
        while units(longer, alphabet) > limit:
            cut = next(at for at in range(limit, 0, -1) if units(longer[:at], alphabet) <= limit)
            yield longer[:cut]
            longer = longer[cut:]
        piece = longer
    yield piece
