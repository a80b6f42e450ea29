"""Inks: process colours and the registration colour, in percent."""

import re
from dataclasses import dataclass
from typing import Final

_LIGHT: Final = re.compile("#[0-9A-Fa-f]{6}")


@dataclass(frozen=True, slots=True)
class Ink:
    """Percent of cyan, magenta, yellow and black. `registration`: every plate at 100 % (Separation "All"), for marks alone.

    `spot`: the name of an ink of its own, printed solid from its own plate; the percentages then only say how it looks on screen.
    """

    c: float
    m: float
    y: float
    k: float
    registration: bool = False
    spot: str = ""
    light: str = ""  # on a screen: "#961619", sRGB; such an ink is never printed

    def __post_init__(self) -> None:
        if self.light and not _LIGHT.fullmatch(self.light):
            raise ValueError(f"“{self.light}” is no colour of a screen: write it as #RRGGBB")
        if not all(0 <= part <= 100 for part in (self.c, self.m, self.y, self.k)):
            raise ValueError("an ink part lies between 0 and 100 percent")

    @property
    def rgb(self) -> tuple[int, int, int]:
        """Red, green and blue of 255. ValueError for an ink that is printed."""
        if not self.light:
            raise ValueError("a printed ink has no light")
        return int(self.light[1:3], 16), int(self.light[3:5], 16), int(self.light[5:7], 16)

    @property
    def total(self) -> float:
        """Total area coverage in percent; presses limit it (press.md §1.3)."""
        return 100 if self.spot else self.c + self.m + self.y + self.k

    @property
    def overprints(self) -> bool:
        """Pure black is printed over the ground: no white seam when a plate slips. Never light inks: overprinted they vanish.

        The cutter's line must knock nothing out of the picture under it.
        """
        if self.spot:
            return self.spot == CUT_LINE
        return not (self.c or self.m or self.y or self.registration) and self.k == 100


CUT_LINE: Final = "CutContour"  # the name that plotters look for
PAPER: Final = Ink(0, 0, 0, 0)
BLACK: Final = Ink(0, 0, 0, 100)
RULE: Final = Ink(0, 0, 0, 40)
REGISTRATION: Final = Ink(100, 100, 100, 100, registration=True)
CUT: Final = Ink(0, 100, 0, 0, spot=CUT_LINE)
