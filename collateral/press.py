"""What a print shop asks of a file: PDF/X level, printing condition, a spot ink for the deep red, text as letters or as outlines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import ClassVar, Final, Literal

from collateral.ink import Ink
from collateral.theme import Palette
from collateral.uncoated import Paper

Level = Literal["x1a", "x4"]
LEVELS: Final[Mapping[Level, str]] = {"x1a": "PDF/X-1a:2003", "x4": "PDF/X-4"}
REGISTRY: Final = "http://www.color.org"


@dataclass(frozen=True, slots=True)
class Condition:
    """A printing condition by its name in the ICC's characterisation registry. `ink_limit`: the house's, percent (press.md §1.3).

    `paper`: by whose model it is judged how light its inks print.
    """

    identifier: str
    info: str
    ink_limit: float
    paper: Paper = "coated"


CONDITIONS: Final[Mapping[str, Condition]] = {
    condition.identifier: condition
    for condition in (
        Condition("FOGRA39", "Coated sheets by offset, ISO 12647-2:2004, paper type 1 or 2 (characterisation FOGRA39)", 280),
        Condition("FOGRA47", "Uncoated white sheets by offset, ISO 12647-2:2004, paper type 4 (characterisation FOGRA47)", 240, "uncoated"),
        Condition("FOGRA51", "Premium coated sheets by offset, ISO 12647-2:2013, PC 1 (characterisation FOGRA51)", 280),
        Condition("FOGRA52", "Wood-free uncoated sheets by offset, ISO 12647-2:2013, PC 5 (characterisation FOGRA52)", 240, "uncoated"),
        Condition("JC200103", "Japan Color 2001, coated sheets by offset", 280),
        Condition("JCW2003", "Japan Color for web offset, coated paper", 260),
        Condition("CGATS TR 001", "SWOP, publication printing on coated paper", 280),
        Condition("CGATS TR 006", "GRACoL, coated sheets by offset", 280),
    )
}


@dataclass(frozen=True, slots=True)
class Press:
    """`condition`: a name in CONDITIONS, or "" where the shop's own `profile` says all. `spot`: what the deep red is called in the shop's
    ink cupboard, "" for process red. `outlines`: all text as paths, for shops that ask for it. ValueError where nothing tells the colours.
    """

    __pydantic_config__: ClassVar[Mapping[str, str]] = {"extra": "forbid"}

    level: Level = "x1a"
    outlines: bool = False
    condition: str = "FOGRA39"
    profile: Path | None = None
    spot: str = ""

    def __post_init__(self) -> None:
        if self.condition not in CONDITIONS and (self.condition or self.profile is None):
            raise ValueError(f"there is no printing condition “{self.condition}”; there are: {', '.join(CONDITIONS)}")
        if self.spot.casefold() in ("all", "none", "cutcontour", "cyan", "magenta", "yellow", "black"):
            raise ValueError(f"“{self.spot}” is no name for a spot ink: presses know it as something else")

    @property
    def paper(self) -> Paper:
        """A shop's own profile without a registered name counts as coated: it says nothing of its paper."""
        return CONDITIONS[self.condition].paper if self.condition else "coated"

    def for_condition(self, of_piece: str) -> Press:
        """The press as it prints a piece of that condition; "" and a shop's own profile leave it as it is."""
        return replace(self, condition=of_piece) if of_piece and self.profile is None else self

    def ink_limit(self, of_piece: float) -> float:
        """The lower of what the piece and what the printing condition carries, percent."""
        return min(of_piece, CONDITIONS[self.condition].ink_limit) if self.condition else of_piece

    def inks(self, palette: Palette, of_piece: float) -> Palette:
        """The palette within the ink limit, with its deep red as a spot ink where the shop asked for one."""
        limit = self.ink_limit(of_piece)
        drier = {each.name: _undercolour_removed(getattr(palette, each.name), limit) for each in fields(palette)}
        if self.spot:
            drier["field"] = replace(drier["field"], spot=self.spot)
        return Palette(**drier)


def _undercolour_removed(ink: Ink, limit: float) -> Ink:
    """Grey that three colours mix, printed by black instead: the same colour with less ink. As far as there is grey in it."""
    by = min((ink.total - limit) / 2, ink.c, ink.m, ink.y)
    return replace(ink, c=ink.c - by, m=ink.m - by, y=ink.y - by, k=min(100.0, ink.k + by)) if by > 0 else ink


OFFICE: Final = Press()  # what every shop takes
