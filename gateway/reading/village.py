"""Which village a text settles: by its code or by its name, or none.

A wrong village sends people to the wrong hill, a missing one costs a question back. So a code must be in the list, a name needs a word
that says a place is meant (thôn, bản, ở) or the spot right behind the keyword, and whatever pulls two ways gives candidates, no code.
"""

import itertools
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.domain.code import read_placement_code
from gateway.domain.fold import fold
from gateway.domain.village import Village
from gateway.reading.words import Span, Word, clean, is_marked, shouted, word_set, words_of

# What a hand makes of a digit in a code (README_sample_mo: O/0, I/l/1, 5/S).
_AS_DIGITS: Final = str.maketrans("oilsz|", "011521")
_CODE: Final = re.compile(r"([A-Z]+)0*(\d+)")
_VILLAGE_WORDS: Final = frozenset({"thon", "xom", "ban", "tdp", "lang", "buon", "khu", "ap"})
_MA: Final = frozenset({"ma", "code"})
_AT: Final = frozenset({"o", "tai"})
# A name behind one of these is another thing's name, or only near: "cầu Đông Khọn", "gần thôn Pò Mạ", "quê Tân Lập".
_OTHER_THINGS: Final = word_set(
    """
    cau suoi khe doi deo hang cho cong truong ho dap song nui duong xa huyen tinh phuong rung kho don tram pho thac vuc bai dinh
    chua mieu ben cua ga que quan ten ong ba anh chi co chu bac cu em dong lan nuong ngam den
    """
)
_ONLY_NEAR: Final = word_set("gan canh giap giua sat ben qua tu den sang cach hon que dien huong khoi voi ngoai ra")
# Behind a name these make it a longer, different one: "Bản Chang Thượng".
_LONGER: Final = frozenset({"thuong", "trung", "ha", "noi", "dong", "tay", "bac"})
_COUNTED: Final = word_set(
    """
    mo ngoi nguoi bo liet ls anh dc dong hai cai chiec ba chien cum khu noi ho cu nam thang tuoi nha km
    """
)
# Syllables of everyday speech: a name made of them alone, in small letters without marks, may be no name ("ban moi" = bạn mời).
_EVERYDAY: Final = word_set("co hong luot ban moi song hoa hop thanh tan lap don coc sau nhan dong ha muoi mo na la")
# Larger places: a village of that name elsewhere is not ours ("thôn Tân Lập, huyện Bắc Sơn").
_LARGER: Final = frozenset({"xa", "phuong", "huyen", "tinh", "tp", "tx", "quan"})
_XA_IS_FAR: Final = word_set(
    """
    lam nha duong day toi minh ta nay cu moi khoang hon qua nhat la khong ko va da co em chung tui
    """
)
_NUMERALS: Final = {"i": "1", "ii": "2", "iii": "3", "iv": "4"}


@dataclass(frozen=True, slots=True)
class VillageReading:
    """`code`: the settled village or None, then `candidates` holds the choices that the text names. `span`: of the words read."""

    code: str | None
    candidates: tuple[str, ...] = ()
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """The village list, arranged for reading; make it once with `gazetteer()`. `home`: folded names of the places the villages lie in."""

    codes: Mapping[tuple[str, int], str]
    names: Mapping[tuple[str, ...], tuple[str, ...]]  # folded words -> codes
    written: Mapping[str, tuple[tuple[str, str], ...]]  # code -> for each word (folded, marks)
    glued: Mapping[str, tuple[str, ...]]  # "namdeng" -> codes
    titles: Mapping[str, str]  # code -> "Thôn Nà Lải"
    lengths: Mapping[str, tuple[int, ...]]  # first words of names -> how many words they have, the longest first
    beginnings: frozenset[str]  # first words of names, and glued ones
    letters: frozenset[str]  # what codes begin with, small
    home: frozenset[tuple[str, ...]] = field(default=frozenset())
    at_home: frozenset[str] = field(default=frozenset())  # first words of home


@dataclass(frozen=True, slots=True)
class _Mention:
    """Words `first`..`last` (exclusive) name one of `codes`. `sure`: the context says that this village itself is meant."""

    first: int
    last: int
    codes: tuple[str, ...]
    sure: bool


def gazetteer(villages: Mapping[str, Village], home: Iterable[str] = ()) -> Gazetteer:
    """Arrange `villages` for reading. `home`: names of their commune, province and former units: "xã Thống Nhất" is no other place."""
    names: dict[tuple[str, ...], list[str]] = {}
    glued: dict[str, list[str]] = {}
    for code, village in villages.items():
        words = tuple(fold(village.name).split())
        for form in (words, words[:-1]) if words[-1].isdigit() and len(words) > 1 else (words,):
            names.setdefault(form, []).append(code)
            if len(form) > 1:
                glued.setdefault("".join(form), []).append(code)
    lengths: dict[str, set[int]] = {}
    for form in names:
        lengths.setdefault(form[0], set()).add(len(form))
    codes = {(m[1].lower(), int(m[2])): code for code in villages if (m := _CODE.fullmatch(code.upper()))}
    homes = frozenset(tuple(fold(name).split()) for name in home)
    return Gazetteer(
        codes=codes,
        names={form: tuple(codes) for form, codes in names.items()},
        written={code: tuple(_marks(word) for word in village.name.split()) for code, village in villages.items()},
        glued={form: tuple(codes) for form, codes in glued.items()},
        titles={code: village.title for code, village in villages.items()},
        lengths={first: tuple(sorted(these, reverse=True)) for first, these in lengths.items()},
        beginnings=frozenset(form[0] for form in names) | glued.keys(),
        letters=frozenset(letters for letters, _ in codes),
        home=homes,
        at_home=frozenset(name[0] for name in homes if name),
    )


def read_village(text: str, villages: Mapping[str, Village] | Gazetteer, *, after_keyword: bool = False) -> VillageReading:
    """The village that `text` settles. `after_keyword`: the text begins right behind a keyword, so its first words say where.

    A code there beats other codes; a name that clearly says another village than the code leaves both as candidates.
    """
    places = villages if isinstance(villages, Gazetteer) else gazetteer(villages)
    text = clean(text)
    return village_in(text, words_of(text), places, after_keyword=after_keyword)


def village_in(text: str, words: Sequence[Word], places: Gazetteer, *, after_keyword: bool) -> VillageReading:
    """The same for a cleaned text that has been cut into words."""
    start = _after_home(words, places) if after_keyword else 0
    by_code = list(_codes(words, places, start, text))
    by_name = list(_names(words, places, start if after_keyword else -1, text))
    head = [m for m in by_code if m.first == start]
    return _settle(words, head or by_code, by_name)


def code_at(words: Sequence[Word], i: int, places: Gazetteer) -> tuple[str, int] | None:
    """(village code, how many words) where word `i` begins a listed code: "TN07", "TNO7", "tn 07", "tn-7", or a placement code."""
    if i >= len(words):
        return None
    if (code := code_of(words[i].plain, places)) is not None:
        return code, 1
    if i + 1 < len(words) and words[i].plain in places.letters and (code := code_of(words[i].plain + words[i + 1].plain, places)):
        return code, 2
    return None


def code_of(word: str, places: Gazetteer) -> str | None:
    """The listed village code that a folded word spells, slips allowed; None for a code that is not in the list."""
    if word.isalpha():
        return None
    for letters in places.letters:
        tail = word[len(letters) :]
        if word.startswith(letters) and 1 <= len(tail) <= 4 and any(c.isdigit() for c in tail):
            digits = tail.translate(_AS_DIGITS)
            if digits.isascii() and digits.isdigit():
                return places.codes.get((letters, int(digits)))
    if 5 < len(word) <= 9 and any(c.isdigit() for c in word) and (placement := read_placement_code(word)) is not None:
        return placement[0] if placement[0] in places.written else None
    return None


def _settle(words: Sequence[Word], by_code: Sequence[_Mention], by_name: Sequence[_Mention]) -> VillageReading:
    """One village if all that is sure agrees on it; otherwise all that was named, in the list's order."""
    if by_code:
        named = _narrowed([m.codes for m in by_name if m.sure], {c for m in by_code for c in m.codes})
        surest = [m for m in by_code if m.sure] or by_code
        agreed = {c for m in surest for c in m.codes} | named
        span = (words[surest[0].first].start, words[surest[0].last - 1].end)
        if len(agreed) == 1 and surest[0].sure:
            return VillageReading(next(iter(agreed)), (), span)
        both = _named_by_both(by_code, by_name)
        return VillageReading(both, () if both else tuple(sorted(agreed)), span)
    sure = [m for m in by_name if m.sure]
    chosen = sure or by_name
    if not chosen:
        return VillageReading(None)
    codes = {c for m in chosen for c in m.codes}
    first = next((m for m in chosen if len(m.codes) == 1), chosen[0])
    span = (words[first.first].start, words[first.last - 1].end)
    if sure and len(codes) == 1:
        return VillageReading(codes.pop(), (), span)
    return VillageReading(None, tuple(sorted(codes)), span)


def _narrowed(named: Iterable[tuple[str, ...]], coded: Collection[str]) -> set[str]:
    """Codes the names add to those already given by code: a name that fits one of these ("Na Lai" beside TN01) adds nothing."""
    return {code for codes in named if not set(codes) & set(coded) for code in codes}


def _named_by_both(by_code: Sequence[_Mention], by_name: Sequence[_Mention]) -> str | None:
    """The village of a doubtful code ("TM10", "tn 3 mo") whose name also stands in the text; None if another is surely named."""
    doubtful = {c for m in by_code for c in m.codes}
    sure = [m for m in by_name if m.sure]
    both = doubtful & {c for m in (sure or by_name) if len(m.codes) == 1 for c in m.codes}
    return next(iter(both)) if len(both) == 1 and len({c for m in sure for c in m.codes}) <= 1 else None


def _codes(words: Sequence[Word], places: Gazetteer, start: int, text: str) -> Iterator[_Mention]:
    """Every code in the text. Spaced ones ("tn 07") need the place of a code; a slip in the letters ("TM10") is never sure."""
    for i in codelike(words, places, start):
        word = words[i]
        if (found := code_at(words, i, places)) is not None:
            code, taken = found
            in_place = i == start or (i > 0 and words[i - 1].plain in _VILLAGE_WORDS | _MA)
            if taken == 1 or in_place:
                yield _Mention(i, i + taken, (code,), taken == 1 or not _is_count(words, i + 1, text))
        elif i == start and (code_like := _slipped_letters(word.plain, places)):
            yield _Mention(i, i + 1, (code_like,), sure=False)


def codelike(words: Sequence[Word], places: Gazetteer, start: int = -1) -> list[int]:
    """Which words may begin a code, without a look at what they spell; and word `start`."""
    return [i for i, word in enumerate(words) if not word.plain.isalpha() or word.plain in places.letters or i == start]


def _is_count(words: Sequence[Word], i: int, text: str) -> bool:
    """True if word `i` may be a number of graves or years, no part of a code or name: unpadded, spaced, before a counted noun."""
    if i + 1 >= len(words) or words[i].plain.startswith(("0", "o")) or words[i + 1].plain not in _COUNTED:
        return False
    return text[words[i - 1].end : words[i].start].isspace() and text[words[i].end : words[i + 1].start].isspace()


def _slipped_letters(word: str, places: Gazetteer) -> str | None:
    """The village whose code has the same length and number as `word` and letters that differ in one place ("tm10")."""
    near = {
        code
        for (letters, number), code in places.codes.items()
        if len(word) == len(code)
        and word[len(letters) :].isdigit()
        and int(word[len(letters) :]) == number
        and _one_apart(word[: len(letters)], letters)
    }
    return near.pop() if len(near) == 1 else None


def _one_apart(typed: str, letters: str) -> bool:
    return sum(a != b for a, b in zip(typed, letters, strict=True)) == 1 and typed.isalpha()


def _names(words: Sequence[Word], places: Gazetteer, start: int, text: str) -> Iterator[_Mention]:
    """Every village name in the text, longest first at each place; overlapping ones ("Keo Co Hong") are all there and none is sure.

    `start`: index of the first word behind a keyword, -1 where there is no keyword.
    """
    found = [
        (i, n, codes)
        for i in [i for i, word in enumerate(words) if word.plain in places.beginnings]
        for n, codes in [_name_at(words, i, places, text)]
        if codes
    ]
    if not found:
        return
    loud = shouted(words)
    larger, elsewhere_for_sure = _larger_places(words, places)
    covered = Counter(at for i, n, _ in found for at in range(i, i + n))
    for i, n, codes in found:
        overlaps = any(covered[at] > 1 for at in range(i, i + n))
        elsewhere = elsewhere_for_sure or (bool(places.home) and i + n in larger) or (i > 0 and words[i - 1].plain in _OTHER_THINGS)
        sure = not overlaps and not elsewhere and _is_meant(words, i, n, start, loud)
        yield _Mention(i, i + n, codes, sure)


def _name_at(words: Sequence[Word], i: int, places: Gazetteer, text: str) -> tuple[int, tuple[str, ...]]:
    """(number of words, codes) of the longest name that begins at word `i`; (0, ()) if none does."""
    for n in places.lengths.get(words[i].plain, ()):
        if i + n > len(words):
            continue
        form = tuple([word.plain for word in words[i : i + n]])
        form = (*form[:-1], _NUMERALS.get(form[-1], form[-1])) if n > 1 else form
        codes = tuple(code for code in places.names.get(form, ()) if _marks_agree(words[i : i + n], places.written[code]))
        if codes and not (form[-1].isdigit() and _is_count(words, i + n - 1, text)):
            return n, codes
    return (1, places.glued[words[i].plain]) if words[i].plain in places.glued else (0, ())


def _is_meant(words: Sequence[Word], i: int, n: int, start: int, loud: bool) -> bool:
    """True if the words round a name say that the village itself is meant."""
    before = [word.plain for word in words[max(0, i - 3) : i]]
    if i + n < len(words) and words[i + n].plain in _LONGER and words[i + n].raw[:1].isupper() and not loud:
        return False
    if before and before[-1] in _VILLAGE_WORDS:
        return not set(before[:-1]) & _ONLY_NEAR
    if i == start or (i == start + 1 and start >= 0 and before[-1] in _AT):
        return not _everyday(words[i : i + n], loud)
    if i == 0 and start < 0:  # "Bản Mới có mộ …": at the very beginning a name must look like one
        return _typed_as_name(words[:n], loud)
    if before and before[-1] in _AT:
        return not {"que", "nguoi"} & set(before[:-1]) and not _everyday(words[i : i + n], loud)
    return False


def _typed_as_name(name: Sequence[Word], loud: bool) -> bool:
    return any(map(is_marked, name)) or (not loud and all(word.raw[:1].isupper() or word.raw.isdigit() for word in name))


def _everyday(name: Sequence[Word], loud: bool) -> bool:
    """True if a name typed like this may be plain speech: small letters (or capitals throughout), no marks, everyday syllables only."""
    return not _typed_as_name(name, loud) and all(word.plain in _EVERYDAY for word in name if not word.plain.isdigit())


def _larger_places(words: Sequence[Word], places: Gazetteer) -> tuple[frozenset[int], bool]:
    """Where a commune, district or province that is not ours may be named: (indexes of "xa", "huyen" …, whether one is so for sure).

    Sure is a capital of its own; without one "xa" is also far.
    """
    found, sure = set(), False
    for i, (word, following) in enumerate(itertools.pairwise(words)):
        if word.plain not in _LARGER or following.plain in _XA_IS_FAR or following.raw.isdigit() or _is_home(words, i + 1, places):
            continue
        found.add(i)
        sure = sure or (following.raw[:1].isupper() and not following.raw.isupper())
    return frozenset(found), sure


def _is_home(words: Sequence[Word], i: int, places: Gazetteer) -> bool:
    return any(_stands_at(name, words, i) for name in places.home)


def home_words(words: Sequence[Word], places: Gazetteer) -> set[int]:
    """Which words are the commune's or province's own, where that is part of the address at the beginning."""
    begins = [i for i in range(min(4, len(words))) if _may_be_home(words, i, places)]
    return {at for i in begins for name in places.home if _stands_at(name, words, i) for at in range(i, i + len(name))}


def _may_be_home(words: Sequence[Word], i: int, places: Gazetteer) -> bool:
    return i < len(words) and words[i].plain in places.at_home


def _stands_at(name: Sequence[str], words: Sequence[Word], i: int) -> bool:
    return tuple([word.plain for word in words[i : i + len(name)]]) == name


def _after_home(words: Sequence[Word], places: Gazetteer) -> int:
    """Index of the first word behind a leading "(xã) Thống Nhất (cũ)": people put their commune between keyword and village."""
    i = 1 if words and words[0].plain == "xa" else 0
    taken = max((len(name) for name in places.home if _stands_at(name, words, i)), default=0) if _may_be_home(words, i, places) else 0
    if not taken:
        return 1 if words and words[0].plain in _MA else 0
    i += taken
    return i + 1 if i < len(words) and words[i].plain == "cu" else i


def _marks_agree(typed: Sequence[Word], written: Sequence[tuple[str, str]]) -> bool:
    """True if every word typed with marks has the marks of the name's word; one typed without says nothing ("na Lài")."""
    return all(not is_marked(word) or _marks(word.raw) == right for word, right in zip(typed, written, strict=False))


def _marks(word: str) -> tuple[str, str]:
    """(folded word, its marks in code order): the same for "Hoà" and "Hòa", different for "Lải" and "Lài"."""
    decomposed = unicodedata.normalize("NFD", word.lower())
    return fold(word), "".join(sorted(c for c in decomposed if "\u0300" <= c <= "\u036f" or c == "đ"))
