"""How uncoated paper prints: the ink sinks in, dots gain more, and black is a dark grey. Yule-Nielsen's Neugebauer model, n = 2, forwards.

Sixteen solids and each ink's dot gain, of FOGRA29 (ISO 12647-2, paper type 4), measured; FOGRA47 and FOGRA52 name the same kind of paper.
Contrast alone asks it: no file is converted by it. Beside the measured sheets: tests/peers/test_press_model.py.
"""

from __future__ import annotations

from functools import cache
from math import prod
from typing import Final, Literal

from collateral.press_model import Inks, Lab

Paper = Literal["coated", "uncoated"]

# L*, a*, b* (D50), relative to the paper: cyan, magenta, yellow, black off or on, black first to change, as in press_model.
_SOLIDS: Final[tuple[Lab, ...]] = (
    (100, 0, 0), (33.71, 1.93, 3.11), (92.87, -2.3, 83.45), (31.9, -1.69, 5.17),
    (57.77, 61.27, -2.6), (31, 6.05, 4.26), (55.11, 57.07, 32.33), (29.95, 1.81, 5.08),
    (61.92, -28.09, -42.31), (29.78, -0.04, -2.42), (54.86, -44.76, 20.41), (29.05, -3.67, 2.09),
    (40.63, 8.02, -31.88), (27.99, 3.64, 0.64), (37, -3.62, 0.61), (27.81, -0.07, 3.15),
)  # fmt: skip
_GAINS: Final = ((0.066, 0.03), (0.108, 0.03), (0.03, 0.07), (0.09, 0.02))  # at 50 %, and how much more in shadows than in lights


def printed(tones: Inks) -> tuple[float, float, float]:
    """X, Y, Z of a tint, of paper = 1: what spreads in the paper mixes by square roots."""
    covers = [tone + 4 * tone * (1 - tone) * (gain + more * (2 * tone - 1)) for tone, (gain, more) in zip(tones, _GAINS, strict=True)]
    parts = [prod(cover if at & bit else 1 - cover for cover, bit in zip(covers, (8, 4, 2, 1), strict=True)) for at in range(16)]
    x, y, z = (sum(part * root for part, root in zip(parts, roots, strict=True)) ** 2 for roots in _roots())
    return x, y, z


@cache
def _roots() -> tuple[tuple[float, ...], ...]:
    """Square roots of X, of Y and of Z, solid by solid."""
    solids = [_xyz(lab) for lab in _SOLIDS]
    return tuple(tuple(solid[channel] ** 0.5 for solid in solids) for channel in range(3))


def _xyz(lab: Lab) -> tuple[float, float, float]:
    """ISO 11664-4 backwards, of paper = 1; no solid is so dark that the straight foot is met."""
    y = (lab[0] + 16) / 116
    return (y + lab[1] / 500) ** 3, y**3, (y - lab[2] / 200) ** 3
