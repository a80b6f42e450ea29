"""What else a text says: a living witness, a wish to be called, visited or forgotten, which part of a cut text it is, its language."""

import re
from collections.abc import Iterator
from typing import Final

from gateway.domain.keyword import Kind
from gateway.reading.field import Field
from gateway.reading.passage import STOP, Passage, listed
from gateway.reading.words import flat, phrases, word_set

_PARTS: Final = 10  # more would be a fraction or a date
_PART: Final = re.compile(r"\s*[(\[]?(\d{1,2})\s?/\s?(\d{1,2})[)\].:]?(?=\s|\Z)")
_CALLBACK: Final = phrases(
    """
    goi lai|goi cho toi|goi toi|lien he lai|lien lac lai|goi lai cho|goi dien cho toi|goi dien lai|alo lai|goi cho em|goi cho chau|
    goi cho minh|goi cho tui|
    dien lai|goi so nay|lien he so nay|lien he voi toi|lien he toi|call me
    """
)
_VISIT: Final = phrases("tai nha|den nha|tan nha|ve nha lay|den tan nha|toi nha")
_ERASE: Final = phrases("xoa so|xoa ten|xoa thong tin|xoa du lieu|xoa het|xoa so cua|delete my|remove my number|xoa giup so")
_ELDERS: Final = listed(
    """
    cụ|cụ bà|cụ ông|già làng|nhân chứng|bà|ông|người già|bà cụ|ông cụ|người|bác|mế|bà cháu|ông cháu|ông lão|bà lão
    """
)
_KNOWS: Final = listed(
    """
    từng chôn|từng chôn cất|chứng kiến|còn nhớ|vẫn nhớ|nhớ rõ|biết chỗ|biết nơi|biết vị trí|còn minh mẫn|tận mắt|trực tiếp chôn|
    đi chôn|chôn cất|còn sống|nhớ chỗ|khiêng|dẫn đường được|tham gia chôn|biết rõ|đã chôn|biết chính xác|còn nhớ chỗ|có mặt
    """
)
_FIRST: Final = word_set("toi em minh tui")
_REACH: Final = 14
_LAO: Final = re.compile("[\u0e80-\u0eff]")
_ENGLISH: Final = word_set(
    """
    this that of near and was were have is are with buried soldiers soldier grave graves veteran behind father served found know
    remains from they at by during us for there still saw located you your we i in river village who where when what how
    """
)


def read_asides(text: Passage, kind: Kind) -> Iterator[Field]:
    """Wishes and witnesses of a text of this kind."""
    said = flat([word.plain for word in text.words])
    if kind in (Kind.TIP, Kind.QUESTION, Kind.DNA) and _CALLBACK.search(said):
        yield _whole("callback", text, 0.8)
    if kind is Kind.DNA and _VISIT.search(said):
        yield _whole("home_visit", text, 0.8)
    if kind is Kind.OPTOUT and _ERASE.search(said):
        yield _whole("erasure", text, 0.9)
    if kind is Kind.TIP:
        yield from _witness(text)


def _whole(name: str, text: Passage, confidence: float) -> Field:
    return Field(name, True, confidence, text.span(0, len(text.words)))


def read_part(text: str) -> Iterator[Field]:
    """ "(1/2)" at the very beginning of the cleaned text: cut and numbered by hand."""
    m = _PART.match(text)
    if m is not None and 1 <= int(m[1]) <= int(m[2]) <= _PARTS and int(m[2]) > 1:
        yield Field("part", f"{int(m[1])}/{int(m[2])}", 0.95, m.span())


def read_language(text: str) -> Iterator[Field]:
    """ "lo" or "en"; Vietnamese is not said. A quarter of the words must be English, and none that Vietnamese spells alike counts."""
    if _LAO.search(text):
        yield Field("lang", "lo", 0.95, (0, len(text)))
    elif text.isascii() and _may_be_english(text):
        words = text.lower().split()
        english = sum(word.strip(".,") in _ENGLISH for word in words)
        if english >= 3 and english * 4 > len(words):
            yield Field("lang", "en", 0.9, (0, len(text)))


def _may_be_english(text: str) -> bool:
    """False for nearly all Vietnamese: fewer than three words in a plain cut are English (a third of the time of the careful one)."""
    return sum(map(_ENGLISH.__contains__, text.lower().replace(".", " ").replace(",", " ").split())) >= 3


def _witness(text: Passage) -> Iterator[Field]:
    """Somebody else than the writer who saw or did it and can still tell: "cụ bà 92 tuổi từng chôn cất …"."""
    for hit in _KNOWS.all(text):
        for i in range(hit.first - 1, max(-1, hit.first - _REACH), -1):
            if text.gaps[i] == STOP:
                break
            elder = _ELDERS.at(text, i)
            if elder is not None and _is_other(text, i, elder.last, hit.first):
                yield Field("witness", True, 0.75, text.span(i, hit.last))
                return


def _is_other(text: Passage, first: int, last: int, knows: int) -> bool:
    """A bare "người" needs "có" before it; "tôi", "em" beside the verb tell of themselves."""
    if text.plain(first) == "nguoi" and text.plain(first - 1) not in ("co", "mot"):
        return False
    if (
        text.plain(first) in ("bac", "ong", "ba")
        and text.plain(first - 1) not in ("co", "la", "mot", "nha", "")
        and text.plain(last) not in _FIRST | {"chau"}
    ):
        return False
    return text.plain(knows - 1) not in _FIRST
