"""Laying out in the measures of one drawn size, for every size of that shape: A sheets are the same picture, larger or smaller."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from collateral.display import Code, Text
from collateral.geometry import PT_PER_MM, Box, Point
from collateral.ink import Ink
from collateral.layout.order import NameBlock, Order, name_block
from collateral.refusal import Refused
from collateral.setting import Style

_LEADING: Final = {"lo": 1.5}  # em: Lao stacks vowel and tone over a letter (design §2.7)


@dataclass(frozen=True, slots=True)
class Scaled:
    """An order whose measures are those of the drawn size; `k`: how many times larger the piece is. Gives display ops of the final size."""

    order: Order
    k: float

    def point(self, x: float, y: float) -> Point:
        return Point(x * self.k, y * self.k)

    def box(self, x: float, y: float, w: float, h: float) -> Box:
        return Box(x * self.k, y * self.k, w * self.k, h * self.k)

    def line(
        self, text: str, x: float, y: float, style: Style, *, width: float | None = None, align: Literal["left", "right", "centre"] = "left"
    ) -> Text:
        """One line, as Setter.line sets it. Raises Refused."""
        room = None if width is None else width * self.k
        return self.order.setter.line(text, x * self.k, y * self.k, self._final(style), width=room, align=align)

    def fitted(self, text: str, x: float, y: float, style: Style, width: float, least: float = 0.0) -> Text:
        """The line in the size that fills `width`, as Setter.fitted sets it. Raises Refused."""
        return self.order.setter.fitted(text, x * self.k, y * self.k, self._final(style), width * self.k, least=least)

    def caller(self, x: float, y: float, style: Style, width: float) -> Text:
        """Whom to call: office and name, the office alone where a long name leaves no room. Raises Refused where even that is too long."""
        template, say = self.order.copy.shared.caller, self.order.words.say
        try:
            return self.fitted(say(template), x, y, style, width, least=0.75)
        except Refused:
            return self.fitted(say(template.replace("{caller}", "{head}")), x, y, style, width, least=0.7)

    def lines(
        self, texts: Sequence[str], x: float, y: float, step: float, style: Style, width: float, least: float = 0.8
    ) -> Iterator[Text]:
        """The templates `texts` filled, one under the other in one size: the style's, or what the widest line and the leading leave.

        Refused where that is under `least` of it, leading apart: a script that stacks its marks is set smaller in the same steps.
        """
        said, style = [self.order.words.say(text) for text in texts], self._final(self.within(style, step))
        setter, room = self.order.setter, width * self.k
        size = max([least * style.size_pt, min(setter.size_to_fit(text, style, room) for text in said)])
        for i, text in enumerate(said):
            yield setter.line(text, x * self.k, (y + i * step) * self.k, style.at(size), width=room)

    def within(self, style: Style, step: float) -> Style:
        """The style, no larger than lines `step` apart allow in the order's language."""
        leading = _LEADING.get(self.order.copy.lang)
        return style if leading is None else style.at(min(style.size_pt, step / leading * PT_PER_MM))

    def roomy(self, style: Style) -> Style:
        """The style where there is air round the line: a tenth larger for a script with small letters (design §2.7)."""
        return style.at(style.size_pt * 1.1) if self.order.copy.lang in _LEADING else style

    def number(self, x: float, y: float, style: Style, width: float) -> Text:
        return self.order.number(x * self.k, y * self.k, self._final(style), width * self.k)

    def name(self, style: Style, width: float) -> NameBlock:
        """How the village's name stands; its size is final."""
        return name_block(self.order.setter, self.order.village, self._final(style), width * self.k)

    def web_code(self, x: float, y: float, square: float) -> Code:
        return self.order.web_code(x * self.k, y * self.k, square * self.k)

    def address(self, centre_x: float, y: float, size_pt: float, ink: Ink, width: float) -> Text:
        return self.order.address(centre_x * self.k, y * self.k, size_pt * self.k, ink, width * self.k)

    def least(self, drawn_pt: float, final_pt: float) -> float:
        """The drawn size, at least `final_pt` on the piece: the smallest sheets keep their small print readable."""
        return max(drawn_pt, final_pt / self.k)

    def _final(self, style: Style) -> Style:
        return style.at(style.size_pt * self.k)
