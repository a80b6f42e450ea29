"""What spoils a text, done on purpose: encoders from Unicode to each old form, written from the standards and not from gateway.reading."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

TONES: Final = {"\u0301": 0, "\u0300": 1, "\u0309": 2, "\u0303": 3, "\u0323": 4}  # sắc huyền hỏi ngã nặng
HATS: Final = {"\u0302": "^", "\u031b": "+", "\u0306": "("}

LOWER: Final = "".join(
    unicodedata.normalize("NFC", vowel + tone) for vowel in "aăâeêioôơuưy" for tone in ("", *TONES)
).translate(dict.fromkeys(map(ord, "aeiouy"))) + "đ"  # fmt: skip
LETTERS: Final = LOWER + LOWER.upper()

# TCVN 5712:1993, VN3: the code of every small letter, by the standard's columns (hexadecimal).
_TCVN3_SMALL: Final = {
    "à": 0xB5, "ả": 0xB6, "ã": 0xB7, "á": 0xB8, "ạ": 0xB9, "ă": 0xA8, "ằ": 0xBB, "ẳ": 0xBC, "ẵ": 0xBD, "ắ": 0xBE, "ặ": 0xC6,
    "â": 0xA9, "ầ": 0xC7, "ẩ": 0xC8, "ẫ": 0xC9, "ấ": 0xCA, "ậ": 0xCB, "è": 0xCC, "ẻ": 0xCE, "ẽ": 0xCF, "é": 0xD0, "ẹ": 0xD1,
    "ê": 0xAA, "ề": 0xD2, "ể": 0xD3, "ễ": 0xD4, "ế": 0xD5, "ệ": 0xD6, "ì": 0xD7, "ỉ": 0xD8, "ĩ": 0xDC, "í": 0xDD, "ị": 0xDE,
    "ò": 0xDF, "ỏ": 0xE1, "õ": 0xE2, "ó": 0xE3, "ọ": 0xE4, "ô": 0xAB, "ồ": 0xE5, "ổ": 0xE6, "ỗ": 0xE7, "ố": 0xE8, "ộ": 0xE9,
    "ơ": 0xAC, "ờ": 0xEA, "ở": 0xEB, "ỡ": 0xEC, "ớ": 0xED, "ợ": 0xEE, "ù": 0xEF, "ủ": 0xF1, "ũ": 0xF2, "ú": 0xF3, "ụ": 0xF4,
    "ư": 0xAD, "ừ": 0xF5, "ử": 0xF6, "ữ": 0xF7, "ứ": 0xF8, "ự": 0xF9, "ỳ": 0xFA, "ỷ": 0xFB, "ỹ": 0xFC, "ý": 0xFD, "ỵ": 0xFE,
    "đ": 0xAE,
}  # fmt: skip
_TCVN3_CAPITAL: Final = {"Ă": 0xA1, "Â": 0xA2, "Ê": 0xA3, "Ô": 0xA4, "Ơ": 0xA5, "Ư": 0xA6, "Đ": 0xA7}
_VNI_TONES: Final = {"": "ùøûõï", "\u0302": "áàåãä", "\u0306": "éèúüë", "\u031b": "ùøûõï"}  # by hat
_VNI_HAT_ALONE: Final = {"\u0302": "â", "\u0306": "ê"}
_VNI_I: Final = {"ì": "ì", "í": "í", "ỉ": "æ", "ĩ": "ó", "ị": "ò", "ỵ": "î", "đ": "ñ"}


def _parts(letter: str) -> tuple[str, str, str]:
    """(plain letter, its hat or "", its tone or "")."""
    base, *marks = unicodedata.normalize("NFD", letter)
    return base, next((m for m in marks if m in HATS), ""), next((m for m in marks if m in TONES), "")


def tcvn3(text: str) -> str:
    """TCVN3 as a program shows it that knows Latin-1. A capital with a tone has no code: its small one stands there, as under .VnTimeH."""
    codes = _TCVN3_SMALL | _TCVN3_CAPITAL
    return "".join(chr(codes[c]) if c in codes else chr(codes[c.lower()]) if c.lower() in codes else c for c in text)


def vni(text: str) -> str:
    """VNI-Windows as a program shows it that knows Latin-1; the second byte takes the base's case."""
    return "".join(map(_vni, text))


def _vni(letter: str) -> str:
    low = letter.lower()
    if low in _VNI_I:
        return _VNI_I[low].upper() if letter != low else _VNI_I[low]
    base, hat, tone = _parts(low)
    if not hat and not tone:
        return letter
    first = {"o": "ô", "u": "ö"}[base] if hat == "\u031b" else base
    second = _VNI_TONES[hat][TONES[tone]] if tone else _VNI_HAT_ALONE.get(hat, "")
    return (first + second).upper() if letter != low else first + second


def viqr(text: str) -> str:
    """RFC 1456: vowel, hat, tone."""
    return "".join(map(_viqr, text))


def _viqr(letter: str) -> str:
    if letter in "đĐ":
        return "dd" if letter == "đ" else "DD"
    base, hat, tone = _parts(letter)
    return base + HATS.get(hat, "") + ("'`?~."[TONES[tone]] if tone else "")


def telex(text: str, *, tone_last: bool = True) -> str:
    """Telex keys, word by word; the tone at the end of the word or right behind its vowel."""
    return _typed(text, {"\u0302": "", "\u0306": "w", "\u031b": "w"}, "sfrxj", "d", tone_last)


def vni_keys(text: str, *, tone_last: bool = False) -> str:
    """VNI keys, word by word."""
    return _typed(text, {"\u0302": "6", "\u0306": "8", "\u031b": "7"}, "12345", "9", tone_last)


def _typed(text: str, hats: dict[str, str], tones: str, stroke: str, tone_last: bool) -> str:
    def word(found: re.Match[str]) -> str:
        keys = _word_typed(found[0], hats, tones, stroke, tone_last)
        return keys.upper() if len(found[0]) > 1 and found[0].isupper() else keys  # caps lock

    return re.sub(r"[^\W\d_]+", word, text)


def _word_typed(word: str, hats: dict[str, str], tones: str, stroke: str, tone_last: bool) -> str:
    keys, last = "", ""
    for letter in word:
        if letter in "đĐ":
            keys += ("d" if letter == "đ" else "D") + stroke
            continue
        base, hat, tone = _parts(letter)
        key = tones[TONES[tone]] if tone else ""
        keys += base + ((hats[hat] or base.lower()) if hat else "") + ("" if tone_last else key)
        last = key if tone_last and key else last
    return keys + last


def mojibake(text: str, charset: str = "cp1252") -> str:
    """UTF-8 read as `charset`; a byte that cp1252 does not know is shown as the control character, as browsers do."""
    return "".join(_read(byte, charset) for byte in text.encode("utf-8"))


def _read(byte: int, charset: str) -> str:
    return chr(byte) if byte in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else bytes([byte]).decode(charset)


def syllables_with(letter: str) -> Iterator[str]:
    """Syllables of everyday words round a letter: open, and before each ending that may follow."""
    low = letter.lower()
    for onset in ("b", "m", "t", "h", "ng", "k", "q" + "u", ""):
        for ending in ("", "n", "ng", "m", "t", "c", "i", "u", "p", "nh"):
            yield onset + low + ending
