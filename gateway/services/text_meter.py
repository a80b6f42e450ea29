"""What a wave's texts cost, computed on every recipient's own text before anything is sent; alike ones are rendered once."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Final

from gateway.domain.cost import cost_vnd, vnd
from gateway.domain.segments import Alphabet, alphabet_of
from gateway.domain.sms_text import Objection, counted, examine, size_of
from gateway.domain.text_rules import CAUTIOUS, TextRules
from gateway.domain.text_signs import unaccented
from gateway.services.texts import BadText, Template, fields_of, filled, is_accented, language_for, render

REMEMBERED: Final = 10_000  # texts kept a language: those by village are few, personal ones are not worth keeping
SHOWN: Final = 100  # texts over the limit that are kept to be shown; all are counted
_ENCODE: Final[Callable[[object], str]] = json.JSONEncoder(ensure_ascii=False).encode
_Values = str | tuple[str, ...]


@dataclass(slots=True)
class Tally:
    """A sum over recipients. `plain_segments`: what their texts would be without accents."""

    recipients: int = 0
    segments: int = 0
    plain_segments: int = 0


@dataclass(frozen=True, slots=True)
class Sized:
    """One recipient's text as planned: the fields that it names as JSON (what `texts.render` takes), its alphabet and segments.

    `plain_segments`: of the text without accents. `sendable`: neither over the limit nor refused by the route.
    """

    parameters: str = field(repr=False)
    alphabet: Alphabet
    segments: int
    plain_segments: int
    sendable: bool


@dataclass(frozen=True, slots=True)
class Extreme:
    """A recipient's text that is worth showing. `row`: as the caller counts them."""

    row: int
    language: str
    text: str = field(repr=False)
    segments: int


@dataclass(frozen=True, slots=True)
class Totals:
    """What all texts come to. `over`: the first texts that may not be sent as they are; `over_count`: how many there are in all.

    `warnings`: signs that routes may refuse, each in its first text. `accents_from`: by language whose own words are plain, the fields that
    brought the first accents into a text.
    """

    by_alphabet: Mapping[Alphabet, Tally]
    by_language: Mapping[str, Tally]
    longest: Extreme | None
    over: tuple[Extreme, ...]
    over_count: int
    objections: tuple[Objection, ...]
    accents_from: Mapping[str, tuple[str, ...]]

    @property
    def recipients(self) -> int:
        """All that were added."""
        return sum(tally.recipients for tally in self.by_alphabet.values())

    @property
    def segments(self) -> int:
        """Of all texts, each as its recipient gets it."""
        return sum(tally.segments for tally in self.by_alphabet.values())

    @property
    def plain_segments(self) -> int:
        """Of all texts, if they had no accents."""
        return sum(tally.plain_segments for tally in self.by_alphabet.values())

    def lines(self, price_vnd: int = 0) -> tuple[str, ...]:
        """The totals in sentences, money at `price_vnd` a segment."""
        return tuple(_lines(self, price_vnd))


class TextMeter:
    """Measures the texts of a wave recipient by recipient. `max_segments` 0: any length. Raises BadText for a text that can't be read."""

    def __init__(self, texts: Mapping[str, Template], max_segments: int = 0, rules: TextRules = CAUTIOUS) -> None:
        self._max_segments, self._rules = max_segments, rules
        self._texts = {language: _Text(language, template) for language, template in texts.items()}
        self._chosen: dict[str | None, _Text] = {language: text for language, text in self._texts.items()}  # noqa: C416 # typed wider
        self._by_alphabet = {alphabet: Tally() for alphabet in Alphabet}
        self._longest: Extreme | None = None
        self._longest_rank = (0, 0)
        self._over: list[Extreme] = []
        self._over_count = 0
        self._warnings: dict[str, Objection] = {}

    def add(self, language: str | None, fields: Mapping[str, str], row: int = 0) -> Sized:
        """Measure the text of one recipient with all their `fields`. Raises BadText where one that the text names is missing."""
        text = self._chosen.get(language) or self._choose(language)
        try:
            values = text.values_of(fields)
        except KeyError as missing:
            raise BadText(f"the text names {{{{ {missing.args[0]} }}}}, which the person of row {row} has not; fill it in") from None
        sized = text.known.get(values) or self._measure(text, values, row)
        if not sized.sendable:
            self._note_over(text, sized, row)
        _count(text.tally, sized)
        _count(self._by_alphabet[sized.alphabet], sized)
        return sized

    def language_of(self, language: str | None) -> str:
        """The language in which somebody who reads `language` is written to."""
        return (self._chosen.get(language) or self._choose(language)).language

    def totals(self) -> Totals:
        """What was added so far."""
        return Totals(
            by_alphabet=self._by_alphabet,
            by_language={language: text.tally for language, text in self._texts.items()},
            longest=self._longest,
            over=tuple(self._over),
            over_count=self._over_count,
            objections=(*self._binding(), *self._warnings.values()),
            accents_from={language: text.accents_from for language, text in self._texts.items() if text.accents_from},
        )

    def _choose(self, language: str | None) -> "_Text":
        return self._chosen.setdefault(language, self._texts[language_for(self._texts, language)])

    def _measure(self, text: "_Text", values: _Values, row: int) -> Sized:
        fields, words = text.fill(values)
        alphabet, segments = size_of(words)
        plain = segments
        if alphabet is Alphabet.UCS2:
            text.note_accents(fields)
            _, plain = size_of(unaccented(words))
        sized = Sized(_ENCODE(fields), alphabet, segments, plain, self._may_go(words, alphabet, segments))
        if len(text.known) < REMEMBERED:
            text.known[values] = sized
        if (rank := (segments, len(words))) > self._longest_rank:
            self._longest_rank, self._longest = rank, Extreme(row, text.language, words, segments)
        if not self._rules.refused.isdisjoint(words):
            self._warn(words)
        return sized

    def _may_go(self, words: str, alphabet: Alphabet, segments: int) -> bool:
        if segments > self._max_segments > 0:
            return False
        if alphabet is Alphabet.UCS2:
            return self._rules.unicode and not len(words) > self._rules.most_ucs2 > 0
        return not len(words) > self._rules.most_gsm7 > 0

    def _note_over(self, text: "_Text", sized: Sized, row: int) -> None:
        self._over_count += 1
        if len(self._over) < SHOWN:
            self._over.append(Extreme(row, text.language, render(text.template, sized.parameters), sized.segments))

    def _warn(self, words: str) -> None:
        for objection in examine(words).objections:
            if not objection.binding:
                self._warnings.setdefault(objection.text.partition(" in “")[0].partition(" alone as")[0], objection)

    def _binding(self) -> Iterator[Objection]:
        """What stands against the first text that may not go; with the cure that is enough for it."""
        if not self._over:
            return
        first = self._over[0]
        more = f" ({counted(self._over_count, 'such text')})" if self._over_count > 1 else ""  # a caller may add alike people once
        cure = self._texts[first.language].cure if alphabet_of(first.text) is Alphabet.UCS2 else ""
        for objection in examine(first.text, 0, self._rules, self._max_segments).objections:
            if objection.binding:
                yield Objection(f"{objection.text}{more}", cure or objection.remedy, True)


def _count(tally: Tally, sized: Sized) -> None:
    tally.recipients += 1
    tally.segments += sized.segments
    tally.plain_segments += sized.plain_segments


def _lines(totals: Totals, price_vnd: int) -> Iterator[str]:
    cost = f", {vnd(cost_vnd(totals.segments, price_vnd))}" if price_vnd else ""
    yield f"{counted(totals.recipients, 'recipient')}, {counted(totals.segments, 'segment')}{cost}"
    if dear := totals.by_alphabet[Alphabet.UCS2].recipients:
        saved = totals.segments - totals.plain_segments
        money = f", {vnd(cost_vnd(saved, price_vnd))} less" if price_vnd and saved > 0 else ""
        yield f"{counted(dear, 'text')} in UCS-2; without accents all together {counted(totals.plain_segments, 'segment')}{money}"
    for language, names in totals.accents_from.items():
        yield f"the words of the text {language} are plain, but a field brings accents: write {_filtered(names)}"
    if totals.longest:
        yield f"the longest text has {counted(len(totals.longest.text), 'character')}, {counted(totals.longest.segments, 'segment')}"
    yield from map(str, totals.objections)


def _filtered(names: tuple[str, ...]) -> str:
    return " and ".join(f"{{{{ {name}|khong_dau }}}}" for name in names)


def measure(
    texts: Mapping[str, Template],
    people: Iterable[tuple[str | None, Mapping[str, str]]],
    max_segments: int = 0,
    rules: TextRules = CAUTIOUS,
) -> Totals:
    """The totals over `people`, each (language, fields), counted from row 0. Raises BadText."""
    meter = TextMeter(texts, max_segments, rules)
    for row, (language, fields) in enumerate(people):
        meter.add(language, fields, row)
    return meter.totals()


class _Text:
    """One language's template and what its texts came to. `values_of`: the values that it names: one bare, several in a tuple."""

    __slots__ = ("_names", "_plain", "accents_from", "known", "language", "tally", "template", "values_of")

    def __init__(self, language: str, template: Template) -> None:
        self.language, self.template = language, template
        self._names = tuple(sorted(fields_of(template)))
        self._plain = not is_accented(template)
        self.values_of: Callable[[Mapping[str, str]], _Values] = itemgetter(*self._names) if self._names else _nothing
        self.known: dict[_Values, Sized] = {}
        self.tally = Tally()
        self.accents_from: tuple[str, ...] = ()

    def fill(self, values: _Values) -> tuple[dict[str, str], str]:
        """The fields by name, and the text with them."""
        fields = dict(zip(self._names, (values,) if isinstance(values, str) else values, strict=True))
        return fields, filled(self.template, fields)

    def note_accents(self, fields: Mapping[str, str]) -> None:
        """Remember which fields brought the first accents into a text whose own words are plain; a filter may have taken them out."""
        if self._plain and not self.accents_from:
            plain = {name: unaccented(value) for name, value in fields.items()}
            alone = {name: filled(self.template, {**plain, name: value}) for name, value in fields.items()}
            self.accents_from = tuple(name for name, words in alone.items() if alphabet_of(words) is Alphabet.UCS2)

    @property
    def cure(self) -> str:
        """What helps where a field alone brings the accents; "" elsewhere."""
        names = self.accents_from
        return f"the words are plain, but a field brings accents: write {_filtered(names)}" if names else ""


def _nothing(fields: Mapping[str, str]) -> _Values:
    return ()
