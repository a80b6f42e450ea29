"""How a text is cut into radio-sized segments (3GPP TS 23.038 §6.2.1, TS 23.040 §9.2.3.24.1)."""

from collections.abc import Iterator
from enum import Enum
from typing import Final

BASIC: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION: Final = "\f^{}\\[~]|€"

_SEPTETS: Final = {c: 1 for c in BASIC if c != "\x1b"} | dict.fromkeys(EXTENSION, 2)


class Alphabet(Enum):
    """The alphabet a whole text travels in. `single`: units in a text of one segment; `joined`: in each of several, the UDH takes the rest."""

    GSM7 = ("gsm7", 160, 153)
    UCS2 = ("ucs2", 70, 67)

    def __init__(self, label: str, single: int, joined: int) -> None:
        self.label, self.single, self.joined = label, single, joined


def outside_gsm7(text: str) -> tuple[str, ...]:
    """The characters, each once and in order, that force the whole text into UCS-2."""
    return tuple(dict.fromkeys(c for c in text if c not in _SEPTETS))


def alphabet_of(text: str) -> Alphabet:
    """GSM7 if every character has a place in its two tables, else UCS2. Normalise first (`fold.nfc`)."""
    return Alphabet.GSM7 if all(c in _SEPTETS for c in text) else Alphabet.UCS2


def _units(character: str, alphabet: Alphabet) -> int:
    """Septets (an extension character takes its escape along), or 16-bit units (2 above U+FFFF)."""
    return _SEPTETS[character] if alphabet is Alphabet.GSM7 else 1 + (character > "\uffff")


def split(text: str) -> tuple[str, ...]:
    """The parts of `text` in order; an escape pair or a surrogate pair is never parted. An empty text is one empty part."""
    alphabet = alphabet_of(text)
    if sum(_units(c, alphabet) for c in text) <= alphabet.single:
        return (text,)
    return tuple(_parts(text, alphabet))


def _parts(text: str, alphabet: Alphabet) -> Iterator[str]:
    start = used = 0
    for at, character in enumerate(text):
        cost = _units(character, alphabet)
        if used + cost > alphabet.joined:
            yield text[start:at]
            start, used = at, 0
        used += cost
    yield text[start:]


def segments_of(text: str) -> int:
    """What a carrier charges: the number of parts."""
    return len(split(text))
