"""UTF-8 that was read as cp1252 or Latin-1 and shows "Má»™ liá»‡t", and letters that a page sent as "&#7897;": undone piece by piece, so
that what is good beside it stays.

A byte that cp1252 doesn't know (81 8D 8F 90 9D), a non-breaking space (A0) and a soft hyphen (AD) are often lost on the way. What may
have stood there is few letters: the syllable chooses.
"""

import html
import re
import unicodedata
from typing import Final

from gateway.reading.syllables import is_plain, is_syllable

_UNDEFINED: Final = "\x81\x8d\x8f\x90\x9d"  # in cp1252: programs keep them as C1 controls, or drop them


def _byte_of() -> dict[str, int]:
    """Character -> the byte that it was, under either reading: all of Latin-1 above 7F, and cp1252's 27 characters."""
    found = {chr(byte): byte for byte in range(0x80, 0x100)}
    for byte in range(0x80, 0xA0):
        if chr(byte) not in _UNDEFINED:
            found[bytes([byte]).decode("cp1252")] = byte
    return found


_BYTE: Final = _byte_of()
_TAIL: Final = "[" + "".join(re.escape(c) for c, byte in _BYTE.items() if byte < 0xC0) + "]"
_TWO: Final = "[\u00c2-\u00df]"
_THREE: Final = "[\u00e0-\u00ef]"
_FOUR: Final = "[\u00f0-\u00f4]"
_SEQUENCE: Final = re.compile(f"{_FOUR}{_TAIL}{_TAIL}{_TAIL}|{_THREE}{_TAIL}{_TAIL}|{_TWO}{_TAIL}")
SEQUENCE: Final = re.compile(f"{_THREE}{_TAIL}|{_TWO}{_TAIL}")  # how any such text begins to show itself
# What is left of a letter whose last byte was lost -> the letters it may have been, the commoner first.
_LOST: Final = {"á»": "ờềọỏỐ", "áº": "ậẠ", "Ã": "àÁÍÝ", "Ä": "Đ", "Æ": "Ơ"}
_STUMP: Final = re.compile("(á»|áº|Ã|Ä|Æ)([?\ufffd\u00a0 ]?)")  # perhaps with what stands for the byte
_BEHIND: Final = re.compile(r"(?:(?!á[»º])[^\W\d_]){0,7}")  # no syllable has more than seven letters
_ENTITY: Final = re.compile("&(?:#[0-9]{3,6}|#[xX][0-9a-fA-F]{2,5}|[a-zA-Z]{3,8});")
_DOUBLED: Final = 3  # times that a text is unwound at most


def from_mojibake(text: str) -> str:
    """`text` with every sequence that is UTF-8 decoded, up to three times over, then letters that lost a byte. No longer than `text`."""
    for _ in range(_DOUBLED):
        undone = _SEQUENCE.sub(_decoded, text)
        if undone == text:
            break
        text = undone
    return _STUMP.sub(lambda stump: _mended(stump, text), text).replace("â€", "”")


def from_entities(text: str) -> str:
    """`text` with the letters and marks that HTML's entities spell; signs (&amp; &lt; &copy;) stay. No longer than `text`."""
    return _ENTITY.sub(_letter_of, text)


def _letter_of(entity: re.Match[str]) -> str:
    c = html.unescape(entity[0])
    return c if len(c) == 1 and not c.isascii() and (c.isalpha() or unicodedata.combining(c)) else entity[0]


def _decoded(sequence: re.Match[str]) -> str:
    """The character that the sequence spells; the sequence itself where it is no UTF-8."""
    try:
        return bytes(_BYTE[c] for c in sequence[0]).decode("utf-8")
    except UnicodeDecodeError:
        return sequence[0]


def _mended(stump: re.Match[str], text: str) -> str:
    """The first letter that makes a syllable of its surroundings. A space was the lost byte only where what follows it is no word."""
    lead, gap = stump.groups()
    before = _letters_before(text, stump.start())
    behind = _BEHIND.match(text, stump.end())
    after = behind[0] if behind else ""
    if (not before or before[-1].isupper()) and is_syllable((before + lead + ("" if gap else after)).lower()):
        return stump[0]  # a good word in capitals: XÃ
    apart = gap == " " and (is_plain(after.lower()) or is_syllable(after.lower()) if after else not _ends(text, stump.end()))
    kept = gap if apart or (gap == "?" and not after) else ""  # a question mark at the end asks
    for letter in sorted(_LOST[lead], key=lambda letter: letter.isupper() != after[:1].isupper()):
        if is_syllable((before + letter + ("" if apart else after)).lower()):
            return letter + kept
    return stump[0]


def _ends(text: str, at: int) -> bool:
    return at == len(text) or text[at].isspace()


def _letters_before(text: str, end: int) -> str:
    start = end
    while start and end - start < 7 and text[start - 1].isalpha():
        start -= 1
    return text[start:end]
