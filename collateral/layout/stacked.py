"""Lines of large type: where words are set smaller they close up instead of drifting apart, and long ones give way to shorter wordings."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Final, TypeAlias

from collateral.display import Text
from collateral.geometry import PT_PER_MM
from collateral.layout.order import Order
from collateral.layout.scaled import Scaled
from collateral.refusal import Refused
from collateral.setting import Style
from collateral.type import CAP_HEIGHT

LAO_CLOSER: Final = 1.25  # Lao lines stand so much farther apart than Latin ones of that size
Ask: TypeAlias = tuple[str, str] | tuple[str, str, str]  # the lines of one wording
_SHRUNK: Final = 0.8  # no line of a name is set smaller (design §2.6)
_WORTH: Final = 0.96  # a line hardly smaller than drawn stays where it was drawn


def stacked(sheet: Scaled, texts: Sequence[str], at: tuple[float, float], step: float, style: Style, width: float) -> list[Text]:
    """The templates `texts` in one size, from the first baseline `at`, drawn measures; smaller lines close up round their common middle.

    Raises Refused where they would be set under half the style's size.
    """
    x, y = at
    said = list(sheet.lines(texts, x, y, step, style, width, least=0.5))
    size = max(run.size_pt for text in said for run in text.runs) / sheet.k
    shrunk = size / style.size_pt
    closer = shrunk * (LAO_CLOSER if sheet.order.copy.lang == "lo" else 1.0)
    if closer > _WORTH:
        return said
    cap = style.size_pt / PT_PER_MM * CAP_HEIGHT[style.face]
    top = y - cap * (1 - shrunk) / 2 + step * (1 - closer) * (len(said) - 1) / 2
    return list(sheet.lines(texts, x, top, step * closer, style.at(size), width, least=0.9))


def fullest(order: Order, wordings: Sequence[str], at: tuple[float, float], style: Style, width: float) -> Text:
    """The first of the templates, fullest first, that fits `width` in at least 80 % of the style's size. Refused where none does."""
    *longer, shortest = (order.words.say(wording) for wording in wordings)
    for text in longer:
        with suppress(Refused):
            return order.setter.fitted(text, *at, style, width, least=_SHRUNK)
    return order.setter.fitted(shortest, *at, style, width, least=_SHRUNK)
