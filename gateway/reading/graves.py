"""How many graves, or how many lie in one: "3 mộ", "hai chú bộ đội chôn", "mộ tập thể 5 người"."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Final

from gateway.reading.field import Field
from gateway.reading.numbers import Number, number_at, number_places
from gateway.reading.passage import NONE, STOP, Passage, listed
from gateway.reading.words import word_set

_CLASSIFIER: Final = listed("ngôi|nấm|cái|chiếc|phần|huyệt|bộ|cụm|khu|thi|hòm|hố|hầm")
_GRAVES: Final = listed(
    """
    mộ|mồ|mộ phần|mả|mã|nấm mộ|nấm đất|nấm mồ|ngôi mộ|ngôi mả|ngôi|hài cốt|bộ hài cốt|thi hài|tử sĩ|liệt sĩ|ls|lsĩ|liệt sỹ|xác|huyệt|
    phần mộ|grave|graves|bodies|bộ xương|cái mộ|cái mả|chiếc mộ|remains
    """
)
_PEOPLE: Final = listed(
    """
    bộ đội|người|thương binh|anh|chú|bác|đồng chí|đc|dc|đ c|chiến sĩ|chiến sỹ|chú bộ đội|anh bộ đội|đồng đội|bạn|anh em|chị|cô|lính|chàng|
    thanh niên|tnxp|cô gái|người lính|nữ|ông|soldiers|soldier|men|nva|vietnamese|north|nva soldiers|enemy|quân|du kích|vệ quốc
    """
)
_LIE: Final = listed(
    """
    chôn|chôn cất|an táng|mai táng|hy sinh|hi sinh|hs|mộ|mồ|mất|chết|nằm|nằm lại|ngã xuống|bị chết|vùi|quy tập|buried|bury|graves|
    killed|died|tử trận|hài cốt|mộ tập thể|bỏ mạng|xác|tử sĩ
    """
)
_ALL: Final = frozenset({"ca"})  # "mất cả 3", "hy sinh cả năm"
_LIVING: Final = word_set("ke biet con song tuoi dang bao di")
_ONE: Final = listed("ngôi mộ|ngôi mả|nấm mộ|nấm mồ|nấm đất")
_MANY_BEFORE: Final = word_set("cac nhung may nhieu vai")
_REACH: Final = 60  # words: a long story counts its dead near the burial
_CLOSE: Final = 8


def read_graves(text: Passage) -> Iterator[Field]:
    """grave_count: a counted grave before counted people, and these only where people lie buried or fell."""
    best: tuple[float, Number, int] | None = None
    places = number_places(text)
    lie = [hit.first for hit in _LIE.all(text)] if places else []
    for i in places:
        number = number_at(text, i)
        if number is None or _is_inner(text, i):
            continue
        for confidence, last in _counted(text, number, lie):
            if best is None or confidence > best[0]:
                best = (confidence, number, last)
    if best is not None:
        yield Field("grave_count", best[1].value, best[0] if best[1].sure else best[0] / 2, text.span(best[1].first, best[2]))
    else:
        yield from _single(text)


def _is_inner(text: Passage, i: int) -> bool:
    """True for the "ba" of "hai mươi ba", and for the number of a hill, a year or a unit before which its noun stands."""
    if i == 0 or text.gaps[i - 1] != NONE:
        return False
    before = text.plain(i - 1)
    if (
        before in ("nam", "thang", "ngay", "diem", "doi", "thu", "so", "khu", "to", "mung", "lop", "dot", "lan")
        and text.plain(i).isdecimal()
    ):
        return before != "nam" or text.words[i - 1].raw.lower() != "nấm"
    earlier = number_at(text, i - 1)
    return earlier is not None and earlier.last > i


def _counted(text: Passage, number: Number, lie: list[int]) -> Iterator[tuple[float, int]]:
    """(confidence, index behind what was counted)."""
    if text.gaps[number.last - 1] != NONE and not _behind_all(text, number, lie):
        return
    at = number.last
    classifier = _CLASSIFIER.at(text, at)
    grave = _GRAVES.at(text, at) or (classifier and _GRAVES.at(text, classifier.last))
    if grave:
        if not (text.plain(number.first) in ("nam", "ba", "tu") and text.plain(at) == "mo" and _other_word(text, number)):
            yield 0.95, grave.last
        return
    person = _PEOPLE.at(text, at)
    if person is not None and lie and text.plain(person.last) not in _LIVING and not _another_word(text, number):
        near, same = _nearest(text, lie, number.first)
        if near <= _REACH:
            yield (0.85 if same and near < _CLOSE else 0.7 if same else 0.5), person.last
    elif _behind_all(text, number, lie):
        yield 0.8, number.last


def _nearest(text: Passage, lie: Sequence[int], at: int) -> tuple[int, bool]:
    """(words to the nearest word of lying, whether one stands in the same sentence); the last before and the first behind are looked at."""
    behind = bisect_left(lie, at)
    both = lie[max(0, behind - 1) : behind + 1]
    same = any(STOP not in text.gaps[min(i, at) : max(i, at)] for i in both if abs(i - at) <= _REACH)
    return min(abs(i - at) for i in both), same


def _behind_all(text: Passage, number: Number, lie: list[int]) -> bool:
    return text.plain(number.first - 1) in _ALL and (behind := bisect_left(lie, number.first) - 1) >= 0 and number.first - lie[behind] <= 3


def _other_word(text: Passage, number: Number) -> bool:
    """ "nam mo" is a mound (nấm mộ), "tu mo" from the grave; counted they would have a classifier."""
    return text.words[number.first].raw.isascii()


def _another_word(text: Passage, number: Number) -> bool:
    """An unaccented number that is another word before people: "ba bac" (bà bác), "tu anh", "nam nguoi" is five all the same."""
    plain, raw = text.plain(number.first), text.words[number.first].raw.lower()
    if plain == "tu":
        return raw != "tư"
    if plain == "mot":
        return False
    return plain == "ba" and text.plain(number.last) in ("toi", "con", "noi", "ngoai")


def _single(text: Passage) -> Iterator[Field]:
    """One: "ngôi mộ nằm sát gốc đa" speaks of a single grave unless "các", "mấy" stand before it."""
    for hit in _ONE.all(text):
        if text.words[hit.first].raw.lower() == "nam":
            continue  # nấm mộ, or "in the year … graves"
        if text.plain(hit.first - 1) not in _MANY_BEFORE and number_at(text, hit.first - 1) is None:
            yield Field("grave_count", 1, 0.6, text.span(hit.first, hit.last))
            return
