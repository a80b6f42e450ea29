"""Whether a tip can't wait: remains lying open, or something that may still explode. Precise rather than complete."""

from collections.abc import Sequence
from typing import Final, Literal

from gateway.reading.words import Word, flat, near, phrases, word_set

Urgency = Literal["remains", "uxo"]

_FINDS: Final = word_set("thay gap dao duoc phat hien nhat lo trung co con nhieu xoi boi found")
_FINDS_NOW: Final = word_set("thay gap dao phat hien nhat lo trung xoi boi sat found")
_ORDNANCE: Final = phrases(
    """
    bom bi|luu dan|dau dan|qua bom|qua min|trai bom|qua dan|trai min|qua luu dan|vat no|dan coi|dan phao|dan b40|
    dan b41|bom min|min chua no|bom chua no|dan chua no|chua no|con no|kip no|thuoc no|vat lieu no|unexploded|uxo|
    landmine
    """
)
# What ordnance did long ago, and what is left when it has gone off: no danger today.
_PAST: Final = phrases(
    """
    manh bom|manh dan|manh vo|vo dan|ho bom|bi bom|trung bom|trung dan|trung min|dap min|vuong min|do bom|danh bom|
    nem bom|bom danh|nem luu dan|truoc day
    """
)
_BONES: Final = phrases(
    """
    hai cot|xuong nguoi|bo xuong|so nguoi|hop so|xuong cot|cot nguoi|bones|human remains
    """
)
_PUT_AWAY: Final = phrases(
    """
    da quy tap|da cat boc|da boc|da chon lai|da dua ve|tim hai cot|tim kiem hai cot|quy tap hai cot|da boc ve|cat boc
    """
)
# xuong unaccented is xương (bone) or xuống (down); these neighbours make it bone.
_BONE_BEFORE: Final = word_set("gap thay lo manh bo khuc dong duoc hom nhieu trung va")
_DOWN_TO: Final = word_set("suoi song doi ruong ho duoi day thung khe nui xe huyen cho nha ban thon xa ham")


def read_urgency(words: Sequence[Word]) -> Urgency | None:
    """ "uxo" before "remains": whoever stands beside ordnance must be told to step back first."""
    plain = [word.plain for word in words]
    said = flat(plain)
    if _ORDNANCE.search(said) and not _PAST.search(said) and (set(plain) & _FINDS or "chua no" in said or "con no" in said):
        return "uxo"
    if _PUT_AWAY.search(said):
        return None
    found = bool(set(plain) & _FINDS_NOW)
    return "remains" if found and (_BONES.search(said) or _bare_bones(words, plain)) else None


def _bare_bones(words: Sequence[Word], plain: Sequence[str]) -> bool:
    for i, word in enumerate(words):
        if word.plain != "xuong" or not near(plain[max(0, i - 12) : i + 1], _FINDS_NOW, {"xuong"}, 12):
            continue
        following = plain[i + 1] if i + 1 < len(plain) else ""
        if word.raw.lower() == "xương" or (word.raw.isascii() and i and plain[i - 1] in _BONE_BEFORE and following not in _DOWN_TO):
            return True
    return False
