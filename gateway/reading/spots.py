"""Where the grave lies, in the words of the text: the spot that leads a person there (landmark), its name (burial_place), where he fell.

A spot begins at a word that says where ("ở", "cạnh", "dưới") or at a feature of the land ("đồi", "khe", "gốc đa"), and ends where the
sentence turns to something else. `terrain` holds the words.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from gateway.reading import terrain as land
from gateway.reading.country import FRONTS, PROVINCES
from gateway.reading.field import Field
from gateway.reading.passage import COMMA, NONE, STOP, Hit, Passage
from gateway.reading.words import Span

_LONGEST: Final = 15  # words
_HEADS: Final = frozenset({"goc", "mom", "vach"})  # of any tree or rock
_ENGLISH: Final = frozenset({"near", "behind", "beside", "under"})
_ARTICLES: Final = frozenset({"the", "a", "an", "our"})
_REACH: Final = 10  # words between "chôn" and its spot


class Spot(NamedTuple):
    """Words `first`..`last` (exclusive). `grave`: 2 behind "chôn", "mộ … ở", 1 before it, else 0. `died`: behind "hy sinh … tại"."""

    first: int
    last: int
    grave: int
    died: bool
    features: int


@dataclass(frozen=True, slots=True)
class Ground:
    """What a text says of the land, by the word where it begins: laid out once, for spots ask each word for it many times over.

    `where`, `features`: see _where_at(), _feature_at(). `villages`: index behind a village's name, which is a single piece. `troops`: "bo
    doi", see _is_troop().
    """

    where: Mapping[int, Hit[str]]
    features: Mapping[int, Hit[bool]]
    villages: Mapping[int, int]
    troops: frozenset[int]


def _ground(text: Passage, villages: Mapping[int, int]) -> Ground:
    troops = frozenset([i for i in text.where.get("bo", ()) if _is_troop(text, i)])
    where = {i: hit for i in text.places(land.WHERE.firsts) if (hit := _where_at(text, i, troops)) is not None}
    features = {i: feature for i in text.places(land.FEATURES.firsts) if (feature := _feature_at(text, i, troops)) is not None}
    return Ground(where, features, villages, troops)


def read_spots(text: Passage, taken: Collection[Span], villages: Mapping[int, int]) -> Iterator[Field]:
    """landmark, burial_place and death_place. `taken`: what is a name, a home or a date and therefore no spot; `villages`: see Ground."""
    free, ground = _free(text, taken), _ground(text, villages)
    spots = list(_spots(text, free, ground))
    yield from _death_place(text, spots, free, ground)
    here = [spot for spot in spots if not _is_far(text, spot) and not _is_address(text, spot, ground)]
    yield from _burial_place(text, here, ground)
    landmark = max((spot for spot in here if spot.features and spot.last - _inner(text, spot) > 1), key=_worth, default=None)
    if landmark is not None:
        first = _behind_village(text, landmark, ground)
        yield Field("landmark", text.said(first, landmark.last), (0.5, 0.7, 0.8)[landmark.grave], text.span(first, landmark.last))


def _worth(spot: Spot) -> tuple[int, int, int]:
    return spot.grave, min(spot.features, 3), -spot.first


def _inner(text: Passage, spot: Spot) -> int:
    """Where a spot begins without "ở"."""
    return spot.first + (text.plain(spot.first) in ("o", "tai", "noi"))


def _behind_village(text: Passage, spot: Spot, ground: Ground) -> int:
    """Where a spot begins without "ở" and without a village that a comma parts from it: "Nà Lài, cạnh miếu" leads to the shrine."""
    first = _inner(text, spot)
    behind = ground.villages.get(first, first)
    return behind if first < behind < spot.last and text.gaps[behind - 1] == COMMA else first


def _free(text: Passage, taken: Collection[Span]) -> Sequence[bool]:
    free = [True] * len(text.words)
    starts = [word.start for word in text.words] if taken else []
    for begin, end in taken:
        for i in range(bisect_left(starts, begin), bisect_left(starts, end)):
            free[i] = False
    return free


# --- finding spots ---


def _spots(text: Passage, free: Sequence[bool], ground: Ground) -> Iterator[Spot]:
    """Spots left to right; one that continues behind a comma ("Nà Lài, cạnh miếu thổ công") is one."""
    beginnings = sorted(ground.where.keys() | ground.features.keys())
    if not beginnings:
        return
    buried = [hit.first for hit in land.BURIED.all(text) if not _is_year(text, hit.first)]
    died = [hit.first for hit in land.DIED.all(text)]
    i = 0
    for at in beginnings:
        if at < i or not free[at] or not _begins(text, at, ground):
            continue
        i = at
        last, features = _end(text, i, free, ground)
        if last > i and (features or _names_at(text, i, ground)):
            grave = 2 if _governed(text, buried, i) else int(_grave_follows(text, last))
            yield Spot(i, last, grave, _governed(text, died, i), features)
        i = max(last, i + 1)


def _is_year(text: Passage, i: int) -> bool:
    """ "nam 79" is năm, not nằm."""
    return text.plain(i) == "nam" and text.plain(i + 1).isdecimal()


def _where_at(text: Passage, i: int, troops: frozenset[int]) -> Hit[str] | None:
    """A where-word, unless it is unaccented and mostly another word."""
    if text.words[i].raw.isascii() and (
        text.plain(i) in land.MARKED_WHERE or i in troops or (text.plain(i) == "trong" and text.plain(i + 1) in ("cay", "thong", "keo"))
    ):
        return None
    hit = land.WHERE.at(text, i)
    if hit is not None and hit.value == land.PART and not _part_stands(text, hit):
        return None
    return hit


def _part_stands(text: Passage, where: Hit[str]) -> bool:
    """ "bờ suối", "đầu bản": a part is one of something. "Đầu quay về …", "bia vỡ" are none."""
    if where.last - where.first > 1:
        return True
    if text.gaps[where.last - 1] != NONE:
        return False
    part, following = text.plain(where.first), text.plain(where.last)
    if following in land.ONLY_BESIDE or (following in land.MARKED_WHERE and text.words[where.last].raw.isascii()):
        return False
    if land.FEATURES.at(text, where.last) is not None or land.WHERE.at(text, where.last) is not None:
        return True
    return (part in _HEADS and following not in land.ENDS) or text.capital(where.last)


def _feature_at(text: Passage, i: int, troops: frozenset[int]) -> Hit[bool] | None:
    hit = land.FEATURES.at(text, i)
    if hit is None or (hit.last - i == 1 and text.words[i].raw.isascii() and (i - 1 in troops or not _bare_feature(text, i))):
        return None
    return hit


def _bare_feature(text: Passage, i: int) -> bool:
    """False for an unaccented feature that is another word here."""
    word, before, following = text.plain(i), text.plain(i - 1), text.plain(i + 1)
    if before in land.NOT_BEHIND.get(word, ()) or following in land.NOT_BEFORE.get(word, ()):
        return False
    if word in land.ONLY_BESIDE:
        return before in land.BESIDE_WORDS
    if word in land.MARKED_FEATURE:
        return before in land.BESIDE_WORDS or (word != "trai" and text.capital(i + 1))
    return True


def _is_troop(text: Passage, i: int) -> bool:
    """ "bo doi" is bộ đội unless its marks say bờ đồi."""
    return text.plain(i) == "bo" and text.plain(i + 1) == "doi" and text.words[i].raw.lower() in ("bo", "bộ")


def _begins(text: Passage, i: int, ground: Ground) -> bool:
    where = ground.where.get(i)
    if where is not None:
        if where.value == land.AT:
            return not _is_vague(text, i, ground) and text.gaps[i] == NONE
        if where.value == land.PART or _is_of_something(text, i, where, ground):
            return True
    feature = ground.features.get(i)
    if feature is None:
        return False
    known = text.plain(i) not in land.SHY or feature.last - i > 1 or not text.words[i].raw.isascii()
    return known or text.capital(feature.last) or text.plain(feature.last) in land.TAY or text.plain(i) == "doi"


def _is_of_something(text: Passage, i: int, where: Hit[str], ground: Ground) -> bool:
    """True if behind "cạnh", "dưới" something follows that a grave can be beside or under."""
    last = where.last
    if last in ground.features or last in ground.where or last in ground.villages:
        return True
    if text.plain(i) in _ENGLISH:
        return text.plain(last) in _ARTICLES
    return text.plain(i) in ("gan", "canh", "sat", "duoi", "cach") and text.gaps[last - 1] == NONE and text.plain(last) not in land.ENDS


def _is_vague(text: Passage, i: int, ground: Ground) -> bool:
    """ "ở đâu", "ở nhà", "ở đây" lead nowhere."""
    following = text.words[i + 1].raw.lower() if i + 1 < len(text.words) else ""
    if following == "nha" and i + 1 in ground.features and text.plain(i + 2) in ("ong", "ba", "toi", "van"):
        return False
    return following in ("đâu", "nhà", "mô", "nha", "day", "đây", "do", "đó", "cho", "chỗ", "ngoai", "ngoài")


def _end(text: Passage, i: int, free: Sequence[bool], ground: Ground) -> tuple[int, int]:
    """(index behind the spot, how many features it names)."""
    last, features = i, 0
    while last < min(i + _LONGEST, len(text.words)) and free[last]:
        if last > i and text.gaps[last - 1] != NONE:
            if not _goes_on(text, last, ground):
                break
            last += text.plain(last) == "co"  # "đồi 386, có tảng đá lớn"
        if last > i and last in ground.villages:
            last = ground.villages[last]
            continue
        where, feature = ground.where.get(last), ground.features.get(last)
        if last in ground.troops or (where is None and feature is None and last > i and _stops(text, last)):
            break
        if where is not None and feature is None and last > i and _turns(text, where):
            break
        features += feature is not None or (where is not None and where.value == land.PART)
        last = max([hit.last for hit in (where, feature) if hit is not None], default=last + 1)
    return min(last, len(text.words)), features


def _turns(text: Passage, where: Hit[str]) -> bool:
    """True for a where-word that begins another thought: "trước đây", "sau đó", or behind which nothing stands."""
    if where.last - where.first > 1 and text.plain(where.first) == "phia":
        return False
    if where.last >= len(text.words) or text.gaps[where.last - 1] != NONE:
        return True
    following = text.plain(where.last)
    return text.plain(where.first) != "cach" and (
        following in ("day", "do", "nay", "khi", "nam", "kia", "xua", "co", "chon", "gi", "tin", "dao", "trieu") or following.isdecimal()
    )


def _stops(text: Passage, at: int) -> bool:
    word, before = text.plain(at), text.plain(at - 1)
    if word in land.HELD.get(before, ()) or text.words[at].raw.lower() in land.NOUNS:
        return False
    if text.capital(at) and (text.capital(at - 1) or before in ("o", "tai", "noi") or land.NAMEABLE.before(text, at) is not None):
        return False
    if word == "da":
        return before not in land.STONES and text.words[at].raw.lower() not in ("đá", "đa")
    if word == "nam":
        return text.plain(at + 1).isdecimal() or before not in ("phia", "dong", "tay", "huong")
    if word.isdecimal():
        return (len(word) == 4 and word.startswith("19")) or (len(word) >= 3 and word.startswith("0"))
    if len(word) == 1 and word.isalpha():
        return True  # initials on a stone
    if word == "gia":
        return text.plain(at + 1) == "dinh"
    if word == "toi":
        return before not in ("nha", "ban", "thon", "xom", "lang", "cua", "nuong", "vuon", "ruong")
    return word in land.ENDS


def _goes_on(text: Passage, at: int, ground: Ground) -> bool:
    """True if behind a comma the spot is told further: "…, cách đường 200 m", "…, cạnh miếu"."""
    if text.gaps[at - 1] != COMMA:
        return False
    where = ground.where.get(at)
    if where is not None and where.value != land.AT:
        return not _turns(text, where)
    return text.plain(at) == "co" and text.plain(at + 1) in ("tang", "cay", "hon", "goc", "ho", "vach")


def _governed(text: Passage, verbs: Sequence[int], i: int) -> bool:
    """True if one of `verbs`, in order, stands before word `i`, in its sentence."""
    at = bisect_left(verbs, i) - 1
    return at >= 0 and i - verbs[at] <= _REACH and STOP not in text.gaps[verbs[at] : i]


def _grave_follows(text: Passage, last: int) -> bool:
    """ "trong vườn có mộ", "dưới gốc nghiến chôn 2 người": the grave is told behind its spot."""
    for at in range(last, min(last + 5, len(text.words))):
        if text.gaps[at - 1] == STOP:
            return False
        if land.BURIED.at(text, at) is not None and not _is_year(text, at):
            return True
    return False


# --- what they are ---


def _is_far(text: Passage, spot: Spot) -> bool:
    """True for a province or a front: no place where somebody could look for a grave."""
    i = spot.first + (text.plain(spot.first) in ("o", "tai", "noi", "ben", "trong"))
    return PROVINCES.at(text, i) is not None or FRONTS.at(text, i) is not None


def _is_address(text: Passage, spot: Spot, ground: Ground) -> bool:
    """True for a bare village ("o thon Na Sla", "ban chang co mo"): where it is read as the village, unless somebody lies buried "ở" it."""
    first = _inner(text, spot)
    named = first + (text.plain(first) in land.PLACES)
    behind = ground.villages.get(named, named)
    bare = behind >= spot.last > named or (text.plain(first) in land.PLACES and spot.last - first <= 3 and spot.features == 1)
    return bare and (spot.grave < 2 or text.plain(first) in land.PLACES)


def _death_place(text: Passage, spots: Sequence[Spot], free: Sequence[bool], ground: Ground) -> Iterator[Field]:
    """Where he fell: behind "hy sinh … tại"; a province or front there is surely no grave."""
    ends = {spot.first: spot.last for spot in spots}
    for hit in land.DIED.all(text):
        for i in range(hit.last, min(hit.last + _REACH, len(text.words))):
            if text.gaps[i - 1] == STOP or text.plain(i) in ("chon", "tang", "mo", "que", "nguoi"):
                break
            if not free[i]:
                continue
            last = _fell_at(text, i, ends, ground)
            if last is not None:
                first = i + (text.plain(i) in ("o", "tai", "ben", "noi", "trong"))
                if last <= first:
                    break
                yield Field("death_place", text.said(first, last), 0.85 if first > i else 0.7, text.span(first, last))
                return


def _fell_at(text: Passage, i: int, ends: Mapping[int, int], ground: Ground) -> int | None:
    """Index behind the place that begins at word `i`: "tại Quảng Trị", "ở đồi Khau Mạ", "biên giới phía Bắc"."""
    if (far := _far_end(text, i)) is not None and text.plain(i) != "k":
        return far
    if text.plain(i) not in ("o", "tai", "ben", "noi", "trong") or text.gaps[i] != NONE or _is_vague(text, i, ground):
        return None
    spot = ends.get(i, i)
    return _far_end(text, i + 1) or (spot if spot > i + 1 and not text.capital(i + 1) else None) or _capitals_end(text, i + 1)


def _far_end(text: Passage, i: int) -> int | None:
    hit = max((h for h in (PROVINCES.at(text, i), FRONTS.at(text, i)) if h), key=lambda h: h.last, default=None)
    if hit is None:
        return None
    last = hit.last
    while (
        last < len(text.words)
        and text.gaps[last - 1] == NONE
        and (text.capital(last) or text.plain(last) in ("phia", "bac", "tay", "mien", "nam"))
    ):
        if text.plain(last + 1).isdecimal():
            break
        last += 1
    return last


def _capitals_end(text: Passage, i: int) -> int | None:
    last = i
    while last < min(i + 5, len(text.words)) and text.capital(last) and (last == i or text.gaps[last - 1] == NONE):
        last += 1
    if last > i and last < len(text.words) and text.gaps[last - 1] == COMMA and (province := PROVINCES.at(text, last)) is not None:
        return province.last  # "Hướng Hóa, Quảng Trị"
    return last if last > i else None


def _burial_place(text: Passage, spots: Sequence[Spot], ground: Ground) -> Iterator[Field]:
    """The named spot behind "chôn" or "mộ"; else one behind "hy sinh tại"; else any named; else the unnamed one where the grave lies."""
    likely = [spot for spot in spots if spot.grave or spot.died or spot.features]
    named = [(spot, found) for spot in likely for found in [_name_in(text, spot, ground)] if found is not None]
    for spot, (first, last) in sorted(named, key=lambda each: (-each[0].grave, not each[0].died, each[0].first)):
        yield Field("burial_place", text.said(first, last), (0.5, 0.7, 0.9)[spot.grave], text.span(first, last))
        return
    for spot in spots:
        first = _inner(text, spot)
        if spot.grave and spot.features and spot.last - first > 1:
            yield Field("burial_place", text.said(first, spot.last), 0.5, text.span(first, spot.last))
            return


def _name_in(text: Passage, spot: Spot, ground: Ground) -> tuple[int, int] | None:
    """(first, last) of "bờ suối Khuổi Tẳng", "cao điểm 386", or of "Lũng Mười" right behind "ở"."""
    for i in range(spot.first, spot.last):
        hit = land.NAMEABLE.at(text, i) if text.plain(i) not in land.MARKED_FEATURE or i in ground.features else None
        if hit is not None and hit.last < len(text.words) and text.gaps[hit.last - 1] == NONE:
            last = _own_name_end(text, hit.last, ground)
            if last is not None:
                return _name_begin(text, i, spot.first), last
    first = _inner(text, spot)
    if text.plain(first) in land.TAY and (last := _own_name_end(text, first, ground)) is not None and last - first > 1:
        return first, last
    if first > spot.first and _names_at(text, spot.first, ground):
        last = _own_name_end(text, first, ground)
        return (first, last) if last is not None and last - first > 1 else None
    return None


def _name_begin(text: Passage, i: int, first: int) -> int:
    """Parts right before the feature belong to it: "bờ suối …", "chân đèo …"; not "cạnh", "gần", which are beside it."""
    while (
        i > first
        and text.gaps[i - 1] == NONE
        and (where := land.WHERE.at(text, i - 1)) is not None
        and where.value == land.PART
        and where.last == i
    ):
        i -= 1
    return i


def _own_name_end(text: Passage, i: int, ground: Ground) -> int | None:
    """Index behind a proper name that begins at word `i`: a village's, capitals, Tày words with what follows, or a number."""
    word = text.plain(i)
    if i in ground.villages:
        return ground.villages[i]
    if word.isdecimal() and 1 < len(word) < 5:
        return i + 1
    if text.capital(i) and text.words[i].raw.isalpha():
        last = i + 1
        while last < min(i + 4, len(text.words)) and text.capital(last) and text.gaps[last - 1] == NONE and text.words[last].raw.isalpha():
            last += 1
        return last
    if word in land.TAY and i + 1 < len(text.words) and text.gaps[i] == NONE and not _stops(text, i + 1):
        return i + 2
    return None


def _names_at(text: Passage, i: int, ground: Ground) -> bool:
    """True for "ở Lũng Mười": "at" and a village, capitals or Tày words."""
    where = ground.where.get(i)
    if where is None or where.value != land.AT or text.gaps[i] != NONE:
        return False
    return (
        i + 1 in ground.villages
        or (text.capital(i + 1) and text.capital(i + 2) and text.gaps[i + 1] == NONE)
        or text.plain(i + 1) in land.TAY
    )
