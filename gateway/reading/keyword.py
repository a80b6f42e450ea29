"""The keyword of a text: its first word or words, whatever the hand made of them.

Position decides, because the same letters mean other things further on: LS is Lạng Sơn or liệt sĩ, TC and TT are ranks and offices, DK is
ammunition (field.md §2.9). Words that would take somebody off the list count only where the whole message says so.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple

from gateway.domain.keyword import Keyword
from gateway.domain.village import Village
from gateway.reading.village import Gazetteer, code_at, code_of, gazetteer
from gateway.reading.words import Span, Word, clean, is_marked, phrases, shouted, word_set, words_behind, words_of

Aliases = Mapping[Keyword, Sequence[str]]

_SHAPE: Final = str.maketrans("015i|y", "olslll")  # O/0, I/l/1, S/5 look alike on a screen; kí is kỳ, sỹ is sĩ
_FORWARDED: Final = frozenset({"fwd", "fw", "re", "tr", "vv"})
_COMPOSE: Final = frozenset({"soan", "tin", "nhan", "cu", "phap", "noi", "dung"})  # the poster's "Soạn tin:", copied
_PART: Final = re.compile(r"\s*[(\[]?\d{1,2}\s?/\s?\d{1,2}[)\].:]?")  # "(1/2)": long texts are cut and numbered by hand
_LEADING: Final = re.compile(r"\A[\s.,:;\-–—_\"'”’»)\]}>=*#/]+")
# Slips that are words themselves: only a village code behind them makes them a keyword (README_sample_mo: KS, LA).
_NEIGHBOURS: Final = {
    Keyword.LS: frozenset({"ks", "la", "ld", "lz", "lx", "ps", "lss", "lls", "sl", "is", "15", "i5"}),
    Keyword.ADN: frozenset({"and", "adm", "abn", "asn", "afn", "addn"}),
}
_ENGLISH: Final = word_set(
    """
    the this that it there they we you he she my his i am are was were to of in grave soldier soldiers
    """
)
# "Hội CCB", "hồi năm 68", "hồi đó": hoi as first word that asks nothing. Capitals of its own ("HOI ccb xa…") still ask.
_NOT_ASKING: Final = word_set(
    """
    ccb cuu phu nong nguoi dong do ay truoc xua chien con nho chong thanh van khuyen dan chu ki ky luc
    """
)
_OUT_WORDS: Final = word_set(
    """
    all ls tin nhan het tat ca chien dich quang cao vu gui toi so nay di nhe ngay nua roi khong muon phien qua dk dang ky sms a
    cho chuong trinh thong xin dung cam on lam ban can bo ko k tc huy stop tu choi moi please messages
    """
)
_IN_WORDS: Final = word_set(
    """
    nhan tin chien dich lai thong bao ls cho toi thon ban xa xom all nhe voi a so nay ngay gui sms xin cam on dk dang ky start em
    cua ve ma
    """
)
_ASKS_TO_RECEIVE: Final = phrases("nhan tin|nhan lai tin|nhan thong tin|nhan thong bao|nhan sms")
_NO_OPT_IN: Final = phrases(
    """
    lay mau|adn|dna|mo|hai cot|chon|bo doi|dan|bom|ngay hoi|o dau|the nao|lam sao|con|manh
    """
)
_NO_LOOK_UP: Final = phrases("mo|hai cot|liet si|ls|chon|bo doi|xuong|hy sinh|hs")


@dataclass(frozen=True, slots=True)
class KeywordReading:
    """`keyword`: canonical or None. `rest`: the cleaned text without it. `span`: of the keyword in the cleaned text.

    `begin`: where in the cleaned text the words behind the keyword begin. `head`: where the village code stood, if it came before the
    keyword; `rest` then begins with it. `words`: of `rest`.
    """

    keyword: Keyword | None
    rest: str
    span: Span | None = None
    begin: int = 0
    head: Span | None = None
    words: tuple[Word, ...] = field(default=(), repr=False)

    def in_text(self, span: Span) -> Span:
        """A span of `rest` as one of the cleaned text."""
        if self.head is None:
            return span[0] + self.begin, span[1] + self.begin
        length = self.head[1] - self.head[0]
        shift = self.head[0] if span[0] < length else self.begin - length
        return span[0] + shift, span[1] + shift


class Spellings(NamedTuple):
    """`keywords`: shape of every alias -> keyword. `glued`: what a code may be stuck to, the longest first; `known`: an alias, no slip."""

    keywords: Mapping[str, Keyword]
    glued: tuple[tuple[str, Keyword, bool], ...]


def read_keyword(text: str, aliases: Aliases, villages: Mapping[str, Village] | Gazetteer) -> KeywordReading:
    """The keyword at the beginning of `text`: behind a copied "Soạn:", a part number or "Fwd:", or behind the village code."""
    return keyword_in(clean(text), aliases, villages if isinstance(villages, Gazetteer) else gazetteer(villages))


def keyword_in(text: str, aliases: Aliases | Spellings, places: Gazetteer) -> KeywordReading:
    """The same for a cleaned text."""
    part = _PART.match(text)
    begin = part.end() if part else 0
    every = words_of(text)
    words = tuple([word for word in every if word.start >= begin]) if begin else every
    spellings = aliases if isinstance(aliases, Spellings) else spellings_of(aliases)
    start = _behind_prefix(words, spellings)
    found = _keyword_at(words, start, spellings, places)
    if found is None and (code := code_at(words, start, places)) is not None:
        found = _keyword_at(words, start + code[1], spellings, places)
        found = found if found and found[0] in (Keyword.LS, Keyword.ADN) else None
    if found is None:
        rest = text[begin:].lstrip()
        begin = len(text) - len(rest)
        return KeywordReading(None, rest.rstrip(), None, begin, None, words_behind(every, begin))
    keyword, first, end = found
    head = (words[start].start, first) if first and _is_code_before(words, start, first, places) else None
    rest = _LEADING.sub("", text[end:], count=1)
    begin = len(text) - len(rest)
    if head is None:
        return KeywordReading(keyword, rest, (first, end), begin, None, words_behind(every, begin))
    rest = text[head[0] : head[1]] + rest
    return KeywordReading(keyword, rest, (first, end), begin, head, words_of(rest))


def _is_code_before(words: Sequence[Word], start: int, first: int, places: Gazetteer) -> bool:
    return start < len(words) and words[start].start < first and code_at(words, start, places) is not None


def spellings_of(aliases: Aliases) -> Spellings:
    """The aliases of one deployment, arranged for reading."""
    return _spellings(tuple((keyword, tuple(aliases.get(keyword, ()))) for keyword in Keyword))


@lru_cache(maxsize=8)  # one deployment's aliases serve all its texts
def _spellings(aliases: tuple[tuple[Keyword, tuple[str, ...]], ...]) -> Spellings:
    """Every alias by its shape; single spaces, no signs. The keyword itself is always one."""
    found: dict[str, Keyword] = {}
    for keyword, spelt in aliases:
        for alias in (*spelt, keyword.value):
            words = [word.plain for word in words_of(alias)]
            found[_shape(" ".join(words))] = found[_shape("".join(words))] = keyword
    slips = {_shape(slip): keyword for keyword, these in _NEIGHBOURS.items() for slip in these}
    every = sorted({**slips, **found}.items(), key=lambda item: -len(item[0]))
    return Spellings(found, tuple((spelling, keyword, spelling in found) for spelling, keyword in every))


def _shape(word: str) -> str:
    return word.translate(_SHAPE)


def _behind_prefix(words: Sequence[Word], spellings: Spellings) -> int:
    """Index of the first word behind what people copy or their phones add before a keyword."""
    i = 1 if words and words[0].plain in _FORWARDED else 0
    if i < len(words) and words[i].plain in ("soan", "cu"):
        while i < len(words) and words[i].plain in _COMPOSE and _shape(words[i].plain) not in spellings.keywords:
            i += 1
    return i


def _keyword_at(words: Sequence[Word], i: int, spellings: Spellings, places: Gazetteer) -> tuple[Keyword, int, int] | None:
    """(keyword, first character, end) if one begins at word `i`: letter by letter, in up to three words, glued to a code, or a slip."""
    if i >= len(words):
        return None
    for n in (3, 2, 1):
        spelled = [word.plain for word in words[i : i + n]]
        letters = len(spelled) > 1 and all(len(word) == 1 for word in spelled)
        keyword = spellings.keywords.get(_shape(("" if letters else " ").join(spelled))) if len(spelled) == n else None
        if keyword and _stands(keyword, words, i, i + n, places):
            return keyword, words[i].start, words[i + n - 1].end
    return _glued(words, i, spellings, places) or _neighbour(words, i, places)


def _glued(words: Sequence[Word], i: int, spellings: Spellings, places: Gazetteer) -> tuple[Keyword, int, int] | None:
    """A keyword with its code stuck to it: "LSTN07", "LSTN 07", "KSTN07", "LSNAMDENG", "LS07"; also "TT7K3M9P"."""
    word = words[i]
    if word.plain.startswith("tt") and is_case_code(word.plain[2:]):
        return Keyword.TT, word.start, word.start + 2
    following = words[i + 1].plain if i + 1 < len(words) else ""
    shape = _shape(word.plain)
    for spelling, keyword, known in spellings.glued:
        tail = word.plain[len(spelling) :]
        if not tail or not shape.startswith(spelling):
            continue
        code = code_of(tail, places) or (tail in places.letters and code_of(tail + following, places))
        if code or (known and (tail in places.glued or _code_shaped(keyword, tail, places))):
            return keyword, word.start, word.start + len(spelling)
    return None


def _code_shaped(keyword: Keyword, tail: str, places: Gazetteer) -> bool:
    """True for a code of the right letters that is not in the list, or its number alone: no word, so a keyword stands before it."""
    if keyword is Keyword.LS and tail.isdigit() and len(tail) == 2:  # never for DK: DK82 is ammunition
        return True
    return any(tail.startswith(letters) and tail[len(letters) :].isdigit() for letters in places.letters)


def _neighbour(words: Sequence[Word], i: int, places: Gazetteer) -> tuple[Keyword, int, int] | None:
    """A slip to a neighbouring key, rescued by the village code behind it."""
    if code_at(words, i + 1, places) is None:
        return None
    found = next((keyword for keyword, slips in _NEIGHBOURS.items() if words[i].plain in slips), None)
    return (found, words[i].start, words[i].end) if found else None


def _stands(keyword: Keyword, words: Sequence[Word], first: int, last: int, places: Gazetteer) -> bool:
    """True if a spelling of `keyword` at words `first`..`last` is meant as the keyword."""
    rest = words[last:]
    match keyword:
        case Keyword.LS | Keyword.ADN:
            return _is_no_word(words, first, last, places)
        case Keyword.HOI:
            return _asks(words, first)
        case Keyword.TC:
            return all(word.plain in _OUT_WORDS or _is_tail(word) or code_of(word.plain, places) for word in rest)
        case Keyword.DK:
            return _opts_in(rest, places)
        case Keyword.TT:
            looked_up = bool(rest) and is_case_code(rest[0].plain)
            return looked_up or not _NO_LOOK_UP.search(_flat(rest)) or words[first].plain.startswith("tra")


def _is_no_word(words: Sequence[Word], first: int, last: int, places: Gazetteer) -> bool:
    """False where the spelling is an ordinary word here: English "is" and "and", the number 15."""
    plain = words[first].plain
    if last - first > 1 or plain not in _NEIGHBOURS[Keyword.LS] | _NEIGHBOURS[Keyword.ADN]:
        return True
    if code_at(words, last, places) is not None:
        return True
    english = sum(word.plain in _ENGLISH for word in words) > 1 or (last < len(words) and words[last].plain in _ENGLISH)
    return plain in ("is", "and") and words[first].raw.isupper() and not english


def _asks(words: Sequence[Word], first: int) -> bool:
    """True if "hoi" is Hỏi: by its marks, by capitals of its own, or because nothing behind it makes it hội or hồi."""
    word = words[first]
    if is_marked(word):
        return word.raw.lower() in ("hỏi", "hỏỉ")
    following = [word.plain for word in words[first + 1 : first + 3]]
    if word.raw.isupper() and not shouted(words):
        return True
    in_a_year = len(following) == 2 and following[0] == "nam" and following[1].isdigit()
    return not following or (following[0] not in _NOT_ASKING and not in_a_year)


def _opts_in(rest: Sequence[Word], places: Gazetteer) -> bool:
    """True if what follows DK adds no more than a village, a name or the wish to receive."""
    name_words = {word for form in places.names for word in form} | {word for form in places.home for word in form} | places.letters
    if all(w.plain in _IN_WORDS or w.plain in name_words or _is_tail(w) or code_of(w.plain, places) for w in rest):
        return True
    text = _flat(rest)
    return not _NO_OPT_IN.search(text) and (bool(_ASKS_TO_RECEIVE.search(text)) or (len(rest) < 8 and code_at(rest, 0, places) is not None))


def _is_tail(word: Word) -> bool:
    """True for the short code, or its stand-in, of a copied "gửi 8xxx"."""
    return 2 <= len(word.plain) <= 5 and word.plain[0].isdigit() and not word.plain.strip("0123456789x")


def is_case_code(word: str) -> bool:
    """True if a word looks like a tip code: six characters, digits and letters mixed, without I, L, O, U."""
    return (
        len(word) == 6 and word.isascii() and word.isalnum() and not word.isdigit() and not word.isalpha() and not set(word) & set("ilou")
    )


def _flat(words: Sequence[Word]) -> str:
    return f" {' '.join(word.plain for word in words)} "
