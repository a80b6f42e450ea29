"""A theme: the inks and faces of one concept, for sheets and for cloth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as made
from typing import ClassVar

from collateral.ink import BLACK, PAPER, Ink

Recipe = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Palette:
    """Inks by role (design §2.3)."""

    field: Ink  # the field of memory, and text on ivory
    ivory: Ink  # the reader's side, and text on the field
    gilt: Ink  # lines and slogan on the field
    gold: Ink  # the same line on ivory; never text
    grey: Ink  # level 5 text on ivory
    black: Ink = BLACK
    paper: Ink = PAPER


@dataclass(frozen=True, slots=True)
class Theme:
    """Percent of C, M, Y, K by role. `cloth`: what differs on hiflex, whose big solids carry less ink (press.md §1.3)."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = {"extra": "forbid"}

    title: str
    field: Recipe
    ivory: Recipe
    gilt: Recipe
    gold: Recipe
    grey: Recipe
    cloth: Mapping[str, Recipe] = made(default_factory=dict)
    name: str = ""

    def palette(self, stock: str) -> Palette:
        """The inks for a stock, "sheet" or "cloth"."""
        roles = {role: getattr(self, role) for role in ("field", "ivory", "gilt", "gold", "grey")}
        if stock == "cloth":
            roles |= self.cloth
        return Palette(**{role: Ink(*recipe) for role, recipe in roles.items()})
