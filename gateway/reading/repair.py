"""The first thing done to a text: letters that an old font, a keyboard program or a wrong decoder has spoiled become Unicode again.

Each kind is known by its evidence, and a text is changed only where what comes out is clearly more Vietnamese than what went in, by the
table of syllables. Plain and accented Vietnamese, English, Lao, codes, units, coordinates and addresses pass untouched. The result is
for reading only: the words as they came are kept elsewhere.

This stands before the cleaning of invisible characters, because TCVN3 writes ư as the soft hyphen (field.md §3.1).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from gateway.domain.fold import nfc
from gateway.reading.legacy import from_tcvn3, from_vni
from gateway.reading.mojibake import SEQUENCE, from_entities, from_mojibake
from gateway.reading.syllables import is_syllable
from gateway.reading.telex import Played, from_telex, from_vni_keys, has_telex_signs, has_vni_signs
from gateway.reading.viqr import MARKS as VIQR_MARKS
from gateway.reading.viqr import SIGN as VIQR_SIGN
from gateway.reading.viqr import from_viqr
from gateway.reading.words import LOOKED_AT

Spoiling = Literal["", "tcvn3", "vni", "viqr", "telex", "vni keys", "mojibake"]

# Letters and signs of Latin-1 that good Vietnamese has none of. Where none stands there is neither an old font nor a wrong decoder, and
# one alone proves nothing: people type § and ×. Bytes that no decoder took come as surrogates (PEP 383).
_FOREIGN: Final = re.compile(
    "[ÄÅÆÇËÎÏÐÑÖØÛÜÞßäåæçëîïðñöøûüþÿ¡¢£¤¥¦§¨©ª«¬\u00ad®¯µ¶·¸¹»¼½¾¿×÷\u0080-\u009f\udc80-\udcff]|Ã[€‚ƒˆ‰ŠŒ•™š\u0080-\u00bf]|Ã[’“”]\\w|â€"
)
_ESCAPED: Final = {0xDC00 + byte: byte for byte in range(0x80, 0x100)}
_GAP: Final = re.compile("[ \t\r\n]+")  # no other space: NEL and NBSP may be bytes of a letter
_LETTERS: Final = re.compile(r"[^\W\d_]+")
_UNICODE_ONLY: Final = re.compile(
    "[\u0102\u0103\u0110\u0111\u0128\u0129\u0168\u0169\u01a0\u01a1\u01af\u01b0\u1ea0-\u1ef9]"
)  # Ă đ ĩ ũ ơ ư ạ…


@dataclass(frozen=True, slots=True)
class Repaired:
    """`text`: NFC, at most 4,000 characters. `was`: what it had been, "" where nothing was changed. `sure`: 0..1, of the change."""

    text: str = field(repr=False)
    was: Spoiling = ""
    sure: float = 1.0


def repair(text: str) -> Repaired:
    """The first 4,000 characters of `text` in Unicode, as their writer saw them. Never raises; linear."""
    text = nfc(text[:LOOKED_AT])[:LOOKED_AT]
    if "&" in text and (spelt := from_entities(text)) != text:
        return Repaired(nfc(spelt), "mojibake", 0.9)
    found = _from_bytes(text) if not text.isascii() and _is_suspect(text) else None
    return found or _from_keys(text) or Repaired(text)


def _is_suspect(text: str) -> bool:
    """True if a sign stands there that good Vietnamese has not; or only letters of Latin-1, and they make no syllables ("chèi")."""
    if _FOREIGN.search(text):
        return True
    return _UNICODE_ONLY.search(text) is None and any(_standing(chunk) < 0 for chunk in _GAP.split(text))


# --- bytes: old fonts and wrong decoders ---


def _from_bytes(text: str) -> Repaired | None:
    raw = text.translate(_ESCAPED)
    found: list[Repaired | None] = []
    if SEQUENCE.search(raw):
        found.append(_undone(raw, nfc(from_mojibake(raw))))
    found += [_redrawn(raw, from_tcvn3(raw), "tcvn3"), _redrawn(raw, from_vni(raw), "vni")]
    return max((each for each in found if each), key=lambda each: each.sure, default=None)


def _undone(raw: str, text: str) -> Repaired | None:
    """`text` as repaired mojibake, if its words are better than those of `raw`. Lao and emoji are no worse than good."""
    before, after = [_standing(chunk) for chunk in _GAP.split(raw)], [_standing(chunk) for chunk in _GAP.split(text)]
    gained, odd = sum(after) - sum(before), after.count(-1)
    return Repaired(text, "mojibake", _sure(gained, odd)) if text != raw and gained > 0 and odd <= before.count(-1) // 2 else None


def _redrawn(raw: str, text: str, was: Spoiling) -> Repaired | None:
    """`text` as a font's encoding made Unicode, if that makes syllables of words that were none."""
    pairs = list(zip(_GAP.split(raw), _GAP.split(text), strict=True))
    changed = [(i, after, _standing(after)) for i, (before, after) in enumerate(pairs) if before != after and _has_plain_letter(before)]
    won = [i for i, _, standing in changed if standing == 1 and _standing(pairs[i][0]) != 1]
    if not won:
        return None
    if _UNICODE_ONLY.search(raw):
        return Repaired(_pasted(raw, pairs, won[0], won[-1]), was, _sure(len(won), 1)) if len(won) > 1 else None
    odd = sum(standing != 1 for _, _, standing in changed)
    enough = odd * 2 <= len(won) if len(won) > 1 else not odd and (len(changed) > 1 or _longest(pairs[won[0]][1]) > 2)
    return Repaired(text, was, _sure(len(won), odd)) if enough else None


def _has_plain_letter(chunk: str) -> bool:
    return any(c.isascii() and c.isalpha() for c in chunk)


def _longest(chunk: str) -> int:
    return max(map(len, _LETTERS.findall(chunk)), default=0)


def _pasted(raw: str, pairs: Sequence[tuple[str, str]], first: int, last: int) -> str:
    """`raw`, which has letters that no old font has, with old words pasted in: from the first to the last that became good."""
    chunks = [after if first <= i <= last and _standing(after) == 1 else before for i, (before, after) in enumerate(pairs)]
    gaps = [*_GAP.findall(raw), ""]
    return "".join(part for pair in zip(chunks, gaps, strict=True) for part in pair)


def _standing(chunk: str) -> int:
    """1 for a chunk whose marked words are all syllables, -1 for one with foreign letters or other marked words, 0 for the rest."""
    if chunk.isascii():
        return 0
    if _FOREIGN.search(chunk):
        return -1
    words = [word.lower() for word in _LETTERS.findall(chunk) if not word.isascii()]
    if not words or any(word[0] > "\u1eff" for word in words):  # Lao, emoji, signs
        return 0
    return 1 if all(map(is_syllable, words)) else -1


def _sure(good: int, odd: int) -> float:
    """How sure a change is that made `good` words right and left `odd` ones wrong: one word proves little, five alike nearly all."""
    return round(good / (good + odd) * (1 - 0.5**good), 2)


# --- keystrokes and VIQR ---


def _from_keys(text: str) -> Repaired | None:
    if any(map(text.__contains__, VIQR_MARKS)) and VIQR_SIGN.search(text):
        read = from_viqr(text)
        if (read.sure > 1 and read.odd * 2 <= read.made) or (read.sure and read.made > 1 and not read.odd):
            return Repaired(read.text, "viqr", _sure(read.made, read.odd))
    if has_vni_signs(text):
        played = from_vni_keys(text)
        if played.odd <= played.made and _is_enough(played):
            return Repaired(played.text, "vni keys", _sure(played.made, played.odd))
    if has_telex_signs(text) and _is_telex(played := from_telex(text)):
        return Repaired(played.text, "telex", _sure(played.made, played.odd))
    return None


def _is_telex(played: Played) -> bool:
    """Two words at least that are nothing else, one of them by no chance; few that are nothing at all, and few that are English."""
    return _is_enough(played) and played.odd * 2 < played.made and (played.english < 2 or played.english * 3 < played.made)


def _is_enough(played: Played) -> bool:
    """Two that nobody types by chance; or one with another two, or with one other where nothing speaks against it."""
    alone = played.odd == played.english == 0
    return played.strong > 1 or (played.strong == 1 and played.made > (1 if alone else 2))
