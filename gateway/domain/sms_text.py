"""What a text costs, why, and what it would be without accents: said so that an officer can mend it. Pure.

Segmentation is `segments`' concern (3GPP TS 23.038, TS 23.040); here stands what people want to know of it (carriers.md §6.1).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from gateway.domain.cost import cost_vnd, vnd
from gateway.domain.fold import nfc, unaccent
from gateway.domain.segments import EXTENSION, Alphabet, alphabet_of, outside_gsm7, segments_of, split
from gateway.domain.text_rules import CAUTIOUS, INSTEAD_OF_REFUSED, TextRules
from gateway.domain.text_signs import LOST, Sign, SignKind, is_bare_mark, is_broken, signs, unaccented

_NEARLY: Final = 15  # so few characters in the last segment are worth a word
_NAMED: Final = 8  # letters of one kind that a sentence names
_DOUBLE: Final = frozenset(EXTENSION)


@dataclass(frozen=True, slots=True)
class Objection:
    """What a route or a rule has against a text. A binding one forbids to send it; else it is a warning."""

    text: str
    remedy: str
    binding: bool

    def __str__(self) -> str:
        return f"{self.text}; {self.remedy}"


@dataclass(frozen=True, slots=True)
class Measure:
    """A text as the radio takes it. `units`: septets or 16-bit units of all its parts; `room`: those left in the last part."""

    text: str = field(repr=False)
    alphabet: Alphabet
    units: int
    segments: int
    room: int

    @property
    def characters(self) -> int:
        """Letters, signs and spaces."""
        return len(self.text)


@dataclass(frozen=True, slots=True)
class TextReport:
    """A text looked at. Money is VND for one recipient. `composed`: characters saved by writing accents in one piece (NFC).

    `forcing`: the signs that put the whole text into UCS-2, each once, in order. `doubled`: signs of GSM-7 that count twice.
    `plain`: the text without accents, always GSM-7. `lost`: signs that become “?” there.
    """

    as_is: Measure
    plain: Measure
    price_vnd: int
    forcing: tuple[Sign, ...]
    doubled: tuple[Sign, ...]
    lost: tuple[Sign, ...]
    composed: int
    objections: tuple[Objection, ...]

    @property
    def cost_vnd(self) -> int:
        """Of the text as it is."""
        return cost_vnd(self.as_is.segments, self.price_vnd)

    @property
    def plain_cost_vnd(self) -> int:
        """Of the text without accents."""
        return cost_vnd(self.plain.segments, self.price_vnd)

    @property
    def saved_segments(self) -> int:
        """What is saved for each recipient by leaving the accents out; never less than 0."""
        return max(0, self.as_is.segments - self.plain.segments)

    @property
    def sendable(self) -> bool:
        """Whether nothing binding stands against it."""
        return not any(objection.binding for objection in self.objections)

    def lines(self) -> tuple[str, ...]:
        """The report in sentences, the most important first."""
        return tuple(_lines(self))

    def facts(self) -> dict[str, object]:
        """The report for a program: numbers, and the sentences that name signs."""
        return {
            "alphabet": self.as_is.alphabet.label, "characters": self.as_is.characters, "units": self.as_is.units,
            "segments": self.as_is.segments, "room": self.as_is.room, "cost_vnd": self.cost_vnd,
            "forces_ucs2": [str(sign) for sign in self.forcing],
            "plain": {"text": self.plain.text, "segments": self.plain.segments, "cost_vnd": self.plain_cost_vnd},
            "saved_segments": self.saved_segments, "lost": [str(sign) for sign in self.lost],
            "objections": [str(objection) for objection in self.objections], "sendable": self.sendable,
        }  # fmt: skip


def examine(text: str, price_vnd: int = 0, rules: TextRules = CAUTIOUS, max_segments: int = 0) -> TextReport:
    """Look at `text`, filled in for one recipient, for a route that charges `price_vnd` a segment. `max_segments` 0: any length."""
    composed = nfc(text)
    as_is, plain = measured(composed), measured(unaccented(composed))
    forcing = signs(composed, outside_gsm7(composed))
    return TextReport(
        as_is=as_is,
        plain=plain,
        price_vnd=price_vnd,
        forcing=forcing,
        doubled=signs(composed, EXTENSION) if as_is.alphabet is Alphabet.GSM7 else (),
        lost=tuple(sign for sign in forcing if sign.instead == LOST),
        composed=len(text) - len(composed),
        objections=tuple(_objections(as_is, plain, rules, max_segments)),
    )


# -- measuring ---------------------------------------------------------------------------------------------------------------------------


def measured(text: str) -> Measure:
    """`text`, in NFC, as parts and units."""
    alphabet, parts = alphabet_of(text), split(text)
    sizes = [_size(part, alphabet) for part in parts]
    most = alphabet.single if len(parts) == 1 else alphabet.joined
    return Measure(text, alphabet, sum(sizes), len(parts), most - sizes[-1])


def size_of(text: str) -> tuple[Alphabet, int]:
    """(alphabet, segments) of `text`: what `segments_of` says, by arithmetic where no unit is double; a wave measures a million."""
    alphabet = alphabet_of(text)
    single_units = _DOUBLE.isdisjoint(text) if alphabet is Alphabet.GSM7 else max(text) <= "\uffff"
    if not single_units:
        return alphabet, segments_of(text)
    return alphabet, 1 if len(text) <= alphabet.single else -(-len(text) // alphabet.joined)


def _size(part: str, alphabet: Alphabet) -> int:
    return len(part) + sum(c in _DOUBLE if alphabet is Alphabet.GSM7 else c > "\uffff" for c in part)


# -- objections --------------------------------------------------------------------------------------------------------------------------


def _objections(as_is: Measure, plain: Measure, rules: TextRules, max_segments: int) -> Iterator[Objection]:
    needs_ucs2 = as_is.alphabet is Alphabet.UCS2
    outside = signs(as_is.text, outside_gsm7(as_is.text))
    for sign in filter(lambda sign: is_broken(sign.character), outside):
        yield Objection(f"the text holds {sign.name} {sign.place}", "type it again instead of copying it", True)
    if needs_ucs2 and not rules.unicode:
        more = f", and {counted(len(outside) - 1, 'more such sign')}" if len(outside) > 1 else ""
        text = f"the route takes no accents, and the text has {outside[0].shown} ({outside[0].name}) {outside[0].place}{more}"
        yield Objection(text, f"write it without accents ({counted(plain.segments, 'segment')}) or choose a route that takes them", True)
    most = rules.most_ucs2 if needs_ucs2 else rules.most_gsm7
    if most and as_is.characters > most:
        text = f"the route takes {most} characters at most{' with accents' if needs_ucs2 else ''}, and the text has {as_is.characters}"
        yield Objection(text, _shorter(as_is.characters - most), True)
    if max_segments and as_is.segments > max_segments:
        yield over(as_is, plain, max_segments)
    for sign in signs(as_is.text, rules.refused):
        yield _refused(sign, needs_ucs2)


def over(as_is: Measure, plain: Measure, max_segments: int) -> Objection:
    """The objection to a text of more than `max_segments`, with the cure that helps: accents first, they are the dearest."""
    text = f"a text has {as_is.characters} characters, {as_is.segments} segments, over the limit of {max_segments}"
    cure = _shorter(_excess(as_is, max_segments))
    if as_is.alphabet is Alphabet.UCS2:
        fits = plain.segments <= max_segments
        cure = f"write it without accents or {cure}" if fits else f"write it without accents and {_shorter(_excess(plain, max_segments))}"
    return Objection(text, cure, True)


def _excess(measure: Measure, segments: int) -> int:
    """How many units it has more than fit into `segments`; at least 1, where double ones leave a gap at the end of a part."""
    return max(1, measure.units - (measure.alphabet.single if segments == 1 else measure.alphabet.joined * segments))


def _shorter(by: int) -> str:
    return f"shorten it by {counted(by, 'character')}"


def _refused(sign: Sign, accented: bool) -> Objection:
    word = INSTEAD_OF_REFUSED.get(sign.character, "")
    instead = word if accented else unaccent(word)
    remedy = f"write “{instead}”, or ask the carrier" if instead else "leave it out, or ask the carrier"
    return Objection(f"many Vietnamese routes refuse {sign.shown} {sign.place}", remedy, False)


# -- sentences ---------------------------------------------------------------------------------------------------------------------------


def _lines(report: TextReport) -> Iterator[str]:
    yield _headline(report)
    yield from (str(objection) for objection in report.objections)
    if report.as_is.segments > 1 and (excess := _excess(report.as_is, report.as_is.segments - 1)) <= _NEARLY:
        yield f"{counted(excess, 'character')} fewer would save a segment"
    yield from _culprits(report.forcing)
    if report.as_is.alphabet is Alphabet.UCS2:
        yield _saving(report)
    if report.lost:
        yield f"without accents these become “?”: {_some([f'{sign.shown} ({sign.name})' for sign in report.lost])}; write them otherwise"
    if report.doubled:
        counts = "counts" if len(report.doubled) == 1 else "count"
        yield f"{_some([sign.shown for sign in report.doubled])} {counts} double: two of the 160 places each time"
    if report.composed > 0:
        yield f"the accents came apart from their letters (NFD), {counted(report.composed, 'character')} more; they are sent joined"


def _headline(report: TextReport) -> str:
    as_is = report.as_is
    kind = "GSM-7, without accents" if as_is.alphabet is Alphabet.GSM7 else "UCS-2, with accents or special signs"
    cost = f", {vnd(report.cost_vnd)} a recipient" if report.price_vnd else ""
    room = f"room for {as_is.room} more in the last one" if as_is.segments > 1 else f"room for {as_is.room} more"
    return f"{counted(as_is.characters, 'character')}, {kind}: {counted(as_is.segments, 'segment')}{cost}; {room}"


def _culprits(forcing: tuple[Sign, ...]) -> Iterator[str]:
    """Accented letters in one sentence, since there are many and one cure; all other signs one by one."""
    accents = [sign for sign in forcing if sign.kind is SignKind.ACCENT]
    if accents:
        first = accents[0]
        letters = _some([sign.character if not is_bare_mark(sign.character) else sign.shown for sign in accents])
        yield f"accented letters force 16 bits a character: {letters}; the first is {first.shown} ({first.name}) {first.place}"
    yield from (f"{sign}; it forces 16 bits a character" for sign in forcing if sign.kind is not SignKind.ACCENT)


def _saving(report: TextReport) -> str:
    plain, saved = report.plain, report.saved_segments
    money = f" ({vnd(cost_vnd(saved, report.price_vnd))})" if report.price_vnd else ""
    gain = f"saves {counted(saved, 'segment')}{money} a recipient" if saved else "saves nothing"
    return f"without accents: {counted(plain.characters, 'character')}, {counted(plain.segments, 'segment')}, {gain}: {plain.text}"


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{' '.join(names[:_NAMED])}{more}"


def counted(number: int, noun: str) -> str:
    """ "1 segment", "1,200 segments"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
