"""Inks: process colours and the registration colour, in percent."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Ink:
    """Percent of cyan, magenta, yellow and black. `registration`: every plate at 100 % (Separation "All"), for marks alone."""

    c: float
    m: float
    y: float
    k: float
    registration: bool = False

    def __post_init__(self) -> None:
        if not all(0 <= part <= 100 for part in (self.c, self.m, self.y, self.k)):
            raise ValueError("an ink part lies between 0 and 100 percent")

    @property
    def total(self) -> float:
        """Total area coverage in percent; presses limit it (press.md §1.3)."""
        return self.c + self.m + self.y + self.k

    @property
    def overprints(self) -> bool:
        """Pure black is printed over the ground: no white seam when a plate slips. Never light inks: overprinted they vanish."""
        return not (self.c or self.m or self.y or self.registration) and self.k == 100


PAPER: Final = Ink(0, 0, 0, 0)
BLACK: Final = Ink(0, 0, 0, 100)
REGISTRATION: Final = Ink(100, 100, 100, 100, registration=True)
