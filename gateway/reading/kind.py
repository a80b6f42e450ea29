"""What a text is: tip, question, registration, and so on; the keyword first, then the words (README_sample_mo, "kind").

Rules over the tables of `phrasebook`, in the order in which they beat each other. Nothing inside a tip ever takes
a person off the list: opting out needs a short message without one word about graves.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.domain.keyword import Keyword, Kind
from gateway.reading import phrasebook as say
from gateway.reading.keyword import is_case_code
from gateway.reading.words import Word, flat, near


@dataclass(frozen=True, slots=True)
class KindReading:
    """`confidence`: 0..1, set by how much evidence the rule asks for, not measured."""

    kind: Kind
    confidence: float


@dataclass(frozen=True, slots=True)
class Matter:
    """What the rules look at. `words`: of the text without keyword, village and copied instruction; `said`: spelled out, see flat()."""

    keyword: Keyword | None
    channel: str
    words: tuple[Word, ...]
    text: str
    said: str
    place_named: bool = False

    @property
    def grave(self) -> bool:
        return bool(
            say.GRAVE.search(self.said)
            or say.RELIC.search(self.said)
            or _counted_graves(self.plain)
            or _units(self.plain)
            or near(self.plain, {"chon"}, say.FALLEN, 3)
        )

    @property
    def plain(self) -> list[str]:
        return self.said.split()


def matter(keyword: Keyword | None, channel: str, words: Sequence[Word], text: str, *, place_named: bool) -> Matter:
    """Gather what the rules need. `text`: what the words were cut from, for signs such as "?"."""
    plain = [word.plain for word in words]
    said = flat(list(map(say.SPELLED_OUT.get, plain, plain)))
    for me in say.ME if " hoi " in said else ():
        said = said.replace(f" cho {me} hoi ", " cho hoi ")  # "cho em hỏi" offers no em for a sample
    return Matter(keyword, channel, tuple(words), text, said, place_named)


def read_kind(about: Matter) -> KindReading:
    """The first rule that holds decides."""
    return next((KindReading(kind, confidence) for kind, confidence, holds in _RULES if holds(about)), KindReading(Kind.UNKNOWN, 0.3))


def is_empty(about: Matter) -> bool:
    """Nothing but keyword, village, punctuation or a copied instruction. A bare TT, TC, DK says all it has to say."""
    return all(word.plain in say.FILLER or _is_short_code(word.plain) for word in about.words) and not _lao(about.text)


def _lao(text: str) -> bool:
    return any("\u0e80" <= c <= "\u0eff" for c in text)


def _is_short_code(word: str) -> bool:
    return 3 <= len(word) <= 5 and word[0].isdigit() and not word.strip("0123456789x")


def _opts_out(about: Matter) -> bool:
    if any(phrase in about.text for phrase in say.LAO_STOP):
        return True
    if len(about.words) > 16 or about.grave or say.SAMPLE.search(about.said):
        return False
    if " nhan duoc " in about.said and " khong nhan duoc tin " in about.said:
        return False
    plain = about.plain
    refuses = near(plain, say.NEVER, say.SENT, 3) and near(plain, say.SENT, say.OBJECT, 4)
    return bool(say.OPT_OUT.search(about.said)) or (refuses and not asks(about))


def _says_only_stop(about: Matter) -> bool:
    """True for "Dừng" alone; without its mark it may be "đúng" (right)."""
    return len(about.words) == 1 and about.words[0].raw.lower() in ("dừng", "ngừng", "ngưng")


def _opts_in(about: Matter) -> bool:
    return bool(say.OPT_IN.search(about.said)) and not (about.grave or say.SAMPLE.search(about.said) or asks(about))


def asks(about: Matter) -> bool:
    """True if the text has the marks of a question."""
    if say.ASKS.search(about.said) or any(sign in about.text for sign in say.LAO_ASKS):
        return True
    if _where(about.words) or (
        about.plain and about.plain[-1] in say.CLOSING and len(about.plain) > 3 and near(about.plain, {"co", "da", "phai"}, say.CLOSING, 12)
    ):
        return True
    return about.text.rstrip(" .!)\n").endswith("?") and about.text.count("?") < 3  # a hop that drops letters leaves many


def _where(words: Sequence[Word]) -> bool:
    """True for "ở đâu"; "ở đầu bản" and its unaccented form are a place."""
    for i, word in enumerate(words[:-1]):
        following = words[i + 1]
        if (
            word.plain in ("o", "tai", "cho", "ve", "tu")
            and following.plain == "dau"
            and following.raw.lower() not in ("đầu", "đấu", "dầu")
        ):
            after = words[i + 2].plain if i + 2 < len(words) else ""
            if following.raw.lower() == "đâu" or after not in say.HEADED:
                return True
    return False


def _counted_graves(plain: Sequence[str]) -> bool:
    """True for "2 mo", "mo 2 nguoi", "co mo", "mo o": `mo` alone may also be mô, mỏ, mơ or mở."""
    return any(
        word == "mo"
        and ((i > 0 and (plain[i - 1].isdigit() or plain[i - 1] in say.BEFORE_MO)) or (i + 1 < len(plain) and plain[i + 1] in say.AFTER_MO))
        for i, word in enumerate(plain)
    )


def _units(plain: Sequence[str]) -> bool:
    """True for units as written: "c5", "e888"; one letter a-f and a number (field.md §3.2)."""
    return sum(len(word) > 1 and word[0] in "bcdef" and word[1:].isdigit() for word in plain) > 0


def _is_trial(about: Matter) -> bool:
    return all(word.plain in say.TRIAL for word in about.words) or all(word.plain in say.POLITE for word in about.words)


def _is_abuse(about: Matter) -> bool:
    if say.INSULT.search(about.said) and not asks(about):
        return not (about.keyword is Keyword.LS and about.grave)
    if say.PSYCHIC.search(about.said) and say.FEES.search(about.said):
        return about.keyword is not Keyword.LS and not say.DOUBTS.search(about.said) and "?" not in about.text
    return bool(say.SPAM.search(about.said)) and not about.grave


def _asks_after_tip(about: Matter) -> bool:
    if len(about.words) == 1 and is_case_code(about.words[0].plain):
        return about.keyword is None
    code = " ma " in about.said and any(is_case_code(word.plain) for word in about.words)
    follows = bool(say.FOLLOWS_UP.search(about.said))
    if code and (follows or asks(about) or len(about.words) < 5):
        return True
    return follows and bool(say.OWN_TIP.search(about.said)) and not (_counted_graves(about.plain) and not asks(about))


def _registers(about: Matter) -> bool:
    """Registers for sampling, changes an appointment, or offers a relative."""
    if say.SAMPLE.search(about.said):
        if about.keyword is Keyword.LS and (_counted_graves(about.plain) or " bao tin " in about.said):
            return False
        kin = bool(say.KIN.search(about.said))
        return kin or (bool(say.REGISTERS.search(about.said)) and not _only_asks(about)) or not asks(about)
    return about.keyword is None and bool(say.KIN.search(about.said)) and _offers_kin(about)


def _only_asks(about: Matter) -> bool:
    """True for "dang ky lay mau o dau": how or where, with nobody offered."""
    return asks(about) and not _names_kin(about)


def _names_kin(about: Matter) -> bool:
    """True if the text says for whom: "cho me", "cho ba"."""
    return bool(say.FOR_KIN.search(about.said))


def _offers_kin(about: Matter) -> bool:
    aged = near(about.plain, {str(age) for age in range(30, 110)}, {"tuoi", "t"}, 1)
    return not say.NO_KIN_OFFER.search(about.said) and (aged or bool(say.AT_HAND.search(about.said))) and not asks(about)


def _tells(about: Matter) -> bool:
    return (about.grave or " mo " in about.said) and bool(say.TELLS.search(about.said)) and not _lost_or_sought(about)


def _lost_or_sought(about: Matter) -> bool:
    return asks(about) and bool(say.SOUGHT.search(about.said)) and not _counted_graves(about.plain)


def _tip_by_keyword(about: Matter) -> bool:
    return about.keyword is Keyword.LS and (about.grave or not asks(about))


def _tip_by_words(about: Matter) -> bool:
    if any(sign in about.text for sign in say.LAO_TELLS):
        return True
    return about.grave and (_tells(about) or not asks(about))


def _tip_by_step(about: Matter) -> bool:
    """On USSD and the web form the question was already put; whatever names a spot answers it."""
    asked = about.channel in ("ussd", "qr_web", "web")
    return asked and len(about.words) > 1 and (about.channel == "ussd" or bool(say.PLACE.search(about.said)))


def _is_number(about: Matter) -> bool:
    return all(word.plain.isdigit() for word in about.words)


_RULES: Final[tuple[tuple[Kind, float, Callable[[Matter], bool]], ...]] = (
    (Kind.OPTOUT, 0.99, lambda m: m.keyword is Keyword.TC),
    (Kind.DNA, 0.85, lambda m: m.keyword is Keyword.DK and _registers(m)),
    (Kind.OPTIN, 0.98, lambda m: m.keyword is Keyword.DK),
    (Kind.QUESTION, 0.7, lambda m: m.keyword is Keyword.TT and m.grave),
    (Kind.STATUS, 0.98, lambda m: m.keyword is Keyword.TT),
    (Kind.OPTOUT, 0.9, _says_only_stop),
    (Kind.EMPTY, 0.98, is_empty),
    (Kind.UNKNOWN, 0.8, lambda m: _is_trial(m) and m.keyword is not Keyword.HOI),
    (Kind.OPTOUT, 0.9, lambda m: m.keyword is not Keyword.HOI and _opts_out(m)),
    (Kind.DNA, 0.97, lambda m: m.keyword is Keyword.ADN),
    (Kind.ABUSE, 0.85, _is_abuse),
    (Kind.STATUS, 0.85, _asks_after_tip),
    (Kind.QUESTION, 0.97, lambda m: m.keyword is Keyword.HOI),
    (Kind.DNA, 0.85, _registers),
    (Kind.TIP, 0.95, _tip_by_keyword),
    (Kind.QUESTION, 0.8, lambda m: m.keyword is Keyword.LS),
    (Kind.UNKNOWN, 0.6, _is_number),
    (Kind.OPTIN, 0.85, _opts_in),
    (Kind.TIP, 0.85, _tip_by_words),
    (Kind.QUESTION, 0.75, lambda m: asks(m) and bool(say.TOPIC.search(m.said) or _lao(m.text))),
    (Kind.TIP, 0.6, _tip_by_step),
    (Kind.TIP, 0.5, lambda m: m.place_named and len(m.words) > 3),
)
