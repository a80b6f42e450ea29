"""A theme: the inks and faces of one concept, for sheets and for cloth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as made
from typing import ClassVar, Final, Literal, get_args

from collateral.ink import BLACK, PAPER, RULE, Ink
from collateral.uncoated import Paper

Recipe = tuple[float, float, float, float]
Role = Literal["field", "ivory", "gilt", "gold", "grey"]

_SCREEN: Final[
    Mapping[str, str]
] = {  # sRGB by role (design §4.10, ivory 7:1 on red); the code's panel at 80 %: full white blooms on an LED wall
    "field": "#961619",
    "ivory": "#F0EAD6",
    "gilt": "#F5D280",
    "gold": "#B98F35",
    "grey": "#5A5A5A",
    "black": "#000000",
    "paper": "#CCCCCC",
    "rule": "#B4AFA2",
}


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
    rule: Ink = RULE  # lines to write on, and the wall's


@dataclass(frozen=True, slots=True)
class Theme:
    """Percent of C, M, Y, K by role. `cloth`: what differs on hiflex, whose big solids carry less ink (press.md §1.3).

    `uncoated`: what differs on paper that soaks the ink up, where black itself is a dark grey.
    `screen`: what differs from the house's screen colours, "#RRGGBB" by role.
    `house`: the houses of the map from memory, on stilts as in the mountains or tiled with three bays as in the plains.
    """

    __pydantic_config__: ClassVar[Mapping[str, str]] = {"extra": "forbid"}

    title: str
    field: Recipe
    ivory: Recipe
    gilt: Recipe
    gold: Recipe
    grey: Recipe
    cloth: Mapping[Role, Recipe] = made(default_factory=dict)
    uncoated: Mapping[Role, Recipe] = made(default_factory=dict)
    screen: Mapping[str, str] = made(default_factory=dict)
    house: Literal["stilt", "tiled"] = "stilt"
    name: str = ""

    def palette(self, stock: str, paper: Paper = "coated") -> Palette:
        """The inks for a stock, "sheet" (of that paper) or "cloth"; for "screen" and "overlay" their lights."""
        if stock in ("screen", "overlay"):
            return Palette(**{role: Ink(0, 0, 0, 0, light=light) for role, light in (dict(_SCREEN) | dict(self.screen)).items()})
        roles: dict[Role, Recipe] = {role: getattr(self, role) for role in get_args(Role)}
        if stock == "cloth":
            roles |= self.cloth
        elif paper == "uncoated":
            roles |= self.uncoated
        return Palette(**{role: Ink(*recipe) for role, recipe in roles.items()})
