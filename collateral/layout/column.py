"""The column of words that ends a sheet: whose village it is, whom to call, what to text. One list of measures a layout."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from collateral.display import Text
from collateral.ink import Ink
from collateral.layout.scaled import Scaled
from collateral.setting import Style
from collateral.type import BOLD, MEDIUM, REGULAR


@dataclass(frozen=True, slots=True)
class Inks:
    """`place`: village and commune; `words`: the rest; `number`: the number to call."""

    place: Ink
    words: Ink
    number: Ink


@dataclass(frozen=True, slots=True)
class Column:
    """Baselines and sizes (pt) in the layout's drawn measures, mm.

    A name on two lines takes `step` more; the air round the commune's line pays for it: the block begins `up` higher, what follows stands
    `down` lower.
    """

    x: float
    width: float
    name_y: float
    name_pt: float
    step: float
    kind_rise: float
    kind_pt: float
    commune_drop: float
    commune_pt: float
    caller_y: float
    caller_pt: float
    number_y: float
    sms_y: float
    sms_pt: float
    ways_y: float
    ways_pt: float
    up: float
    down: float

    def moved(self, x: float, y: float) -> Column:
        """The same column `x` to the right and `y` down."""
        ys = {name: getattr(self, name) + y for name in ("name_y", "caller_y", "number_y", "sms_y", "ways_y")}
        return replace(self, x=self.x + x, **ys)

    def set_on(self, sheet: Scaled, inks: Inks) -> Iterator[Text]:
        """The column's lines. Raises Refused where a name or number does not fit."""
        name = sheet.name(Style(BOLD, self.name_pt, inks.place), self.width)
        extra = (len(name.lines) - 1) * self.step
        top = self.name_y - (self.up if extra else 0.0)
        if name.kind:
            yield sheet.line(name.kind, self.x, top - self.kind_rise, Style(MEDIUM, self.kind_pt, inks.place))
        for i, text in enumerate(name.lines):
            yield sheet.line(text, self.x, top + i * self.step, Style(BOLD, name.size_pt / sheet.k, inks.place), width=self.width)
        commune = sheet.order.words.say(sheet.order.copy.shared.commune)
        commune_style = Style(MEDIUM, self.commune_pt, inks.place)
        yield sheet.fitted(commune, self.x, top + self.commune_drop + extra, commune_style, self.width, least=0.8)
        yield from self._ways(sheet, inks, crowded=extra > 0)

    def _ways(self, sheet: Scaled, inks: Inks, *, crowded: bool) -> Iterator[Text]:
        say, shared, texts = sheet.order.words.say, sheet.order.copy.shared, sheet.order.words.has("short_code")
        shift = self.down if crowded else 0.0
        called = shift + (2.4 if crowded and not texts else 0.0)  # where there is no line to text, its air serves
        caller = Style(MEDIUM, self.caller_pt, inks.words)
        caller = caller if crowded else sheet.roomy(caller)
        yield sheet.caller(self.x, self.caller_y + called, caller, self.width)
        yield sheet.number(self.x, self.number_y + called, Style(BOLD, 90, inks.number, level=3), self.width)
        if texts:
            sms = Style(REGULAR, self.sms_pt, inks.words, strong=BOLD, aside=0.6, level=3)
            yield sheet.fitted(say(shared.sms), self.x, self.sms_y + shift, sms, self.width, least=0.7)
        if ways := sheet.order.ways():
            yield sheet.fitted(
                ways, self.x, self.ways_y + shift, Style(REGULAR, self.ways_pt, inks.words, strong=BOLD), self.width, least=0.6
            )
