"""How a text is cut into radio-sized segments (3GPP TS 23.038 §6.2.1, TS 23.040 §9.2.3.24.1)."""

from collections.abc import Iterator
from enum import Enum
from typing import Final

BASIC: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION: Final = "\f^{}\\[~]|€"

_ESCAPE: Final = "\x1b"
_ESCAPED: Final = dict(zip(b"\x0a\x14\x28\x29\x2f\x3c\x3d\x3e\x40\x65", EXTENSION, strict=True))  # in its order

_GSM7: Final = frozenset(BASIC.replace("\x1b", "") + EXTENSION)
_TWO_SEPTETS: Final = frozenset(EXTENSION)  # an extension character takes its escape along


class Alphabet(Enum):
    """The alphabet a whole text travels in. `single`: units in a text of one segment; `joined`: in each of several, beside the UDH."""

    GSM7 = ("gsm7", 160, 153)
    UCS2 = ("ucs2", 70, 67)

    def __init__(self, label: str, single: int, joined: int) -> None:
        self.label, self.single, self.joined = label, single, joined


def outside_gsm7(text: str) -> tuple[str, ...]:
    """The characters, each once and in order, that force the whole text into UCS-2."""
    return tuple(dict.fromkeys(c for c in text if c not in _GSM7))


def alphabet_of(text: str) -> Alphabet:
    """GSM7 if every character has a place in its two tables, else UCS2. Normalise first (`fold.nfc`)."""
    return Alphabet.GSM7 if _GSM7.issuperset(text) else Alphabet.UCS2


def _units(character: str, alphabet: Alphabet) -> int:
    """Septets, or 16-bit units."""
    return 1 + (character in _TWO_SEPTETS if alphabet is Alphabet.GSM7 else character > "\uffff")


def _length(text: str, alphabet: Alphabet) -> int:
    """Units of the whole; plain texts, the most, are not looked at letter by letter: a wave measures a million."""
    if alphabet is Alphabet.GSM7:
        return len(text) if _TWO_SEPTETS.isdisjoint(text) else sum(_units(c, alphabet) for c in text)
    return len(text) if max(text) <= "\uffff" else sum(_units(c, alphabet) for c in text)


def split(text: str) -> tuple[str, ...]:
    """The parts of `text` in order; an escape pair or a surrogate pair is never parted. An empty text is one empty part."""
    alphabet = alphabet_of(text)
    if _length(text, alphabet) <= alphabet.single:
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


def read_septets(octets: bytes) -> str | None:
    """The text of septets, one an octet, as SMPP carries the default alphabet (TS 23.038 §6.2.1.1); None where one has no letter."""
    text, escaped = [], False
    for octet in octets:
        letter = _ESCAPED.get(octet) if escaped else BASIC[octet : octet + 1]
        if not letter:
            return None
        escaped = letter == _ESCAPE
        text.append("" if escaped else letter)
    return None if escaped else "".join(text)
