"""Letters of two old fonts' encodings, as they look when read as Latin-1: TCVN3 (ABC) and VNI-Windows.

TCVN3: TCVN 5712:1993, character set VN3: one byte a letter. It has no code for a capital with a tone; its capitals (.VnTimeH) are small
codes drawn large, so that a capital's neighbours must say what it is. Code AD, the soft hyphen of Latin-1, is the letter ư.

VNI-Windows (VNI Software, 1987 on; the table its fonts and every converter share): a plain vowel, ô for ơ or ö for ư, and behind it one
byte for tone and hat together; i and y-dot, đ, ơ and ư are single bytes. The second byte has two cases, whose letter is the base's.
"""

import re
from typing import Final

# In code order: a0-af, then b5 up to fe. Read as: µ is à, ¶ is ả, · is ã …
_TCVN3_CODES: Final = "¡¢£¤¥¦§¨©ª«¬\u00ad®µ¶·¸¹»¼½¾ÆÇÈÉÊËÌÎÏÐÑÒÓÔÕÖ×ØÜÝÞßáâãäåæçèéêëìíîïñòóôõö÷øùúûüýþ"
_TCVN3_LETTERS: Final = "ĂÂÊÔƠƯĐăâêôơưđàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ"
_TCVN3: Final = dict(zip(_TCVN3_CODES, _TCVN3_LETTERS, strict=True))
_TCVN3_MAP: Final = str.maketrans(_TCVN3)

# Base, then its five tones (sắc huyền hỏi ngã nặng) as second byte -> letter. The rows are the bases and hats of VNI-Windows.
_VNI_PLAIN: Final = "ùøûõï"
_VNI_ROWS: Final = (  # (base, second bytes, letters)
    *(
        (base, _VNI_PLAIN, letters)
        for base, letters in zip("aeouyôö", ["áàảãạ", "éèẻẽẹ", "óòỏõọ", "úùủũụ", "ýỳỷỹ_", "ớờởỡợ", "ứừửữự"], strict=True)
    ),
    ("a", "âáàåãä", "âấầẩẫậ"),
    ("e", "âáàåãä", "êếềểễệ"),
    ("o", "âáàåãä", "ôốồổỗộ"),
    ("a", "êéèúüë", "ăắằẳẵặ"),
)
_VNI_ONE: Final = dict(zip("ôöñæóòî", "ơưđỉĩịỵ", strict=True))
_VNI_PAIR: Final = {base + mark: letter for base, marks, letters in _VNI_ROWS for mark, letter in zip(marks, letters, strict=True)}
_VNI: Final = re.compile("[aeouyôö][ùøûõïâáàåãäêéèúüë]|[ôöñæóòî]", re.IGNORECASE)
_LETTERS: Final = re.compile(r"[^\W\d_]+")
_SMALL: Final = re.compile("[a-z]")


def from_tcvn3(text: str) -> str:
    """`text` (TCVN3 read as Latin-1 or cp1252) in Unicode; what is no code of TCVN3 stays. As long as `text`."""
    found = text.translate(_TCVN3_MAP)
    least = 0 if _SMALL.search(text) is None else 2  # capitals that a word must show to be written in capitals
    return _LETTERS.sub(lambda word: word[0].upper() if _is_capital(text[word.start() : word.end()], least) else word[0], found)


def _is_capital(typed: str, least: int) -> bool:
    """True if the plain letters a word was typed with are capitals, `least` of them: LIÖT is LIỆT, Mé is Mộ."""
    plain = [c for c in typed if c.isascii()]
    return len(plain) >= least and all(c.isupper() for c in plain)


def from_vni(text: str) -> str:
    """`text` (VNI-Windows read as Latin-1 or cp1252) in Unicode; what is no pair and no letter of VNI stays. No longer than `text`."""
    return _VNI.sub(_vni_letter, text)


def _vni_letter(found: re.Match[str]) -> str:
    typed = found[0]
    low = typed.lower()
    letter = _VNI_PAIR.get(low) or "".join(_VNI_ONE.get(c, c) for c in low)
    return letter.upper() if typed[0].isupper() else letter
