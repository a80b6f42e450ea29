"""How light an ink prints, and how far text stands off its ground: through the model of the press, seen as sRGB, as WCAG measures."""

from __future__ import annotations

from functools import cache
from typing import Final

from collateral import press_model, uncoated
from collateral.ink import Ink
from collateral.uncoated import Paper

# Paper (D50) to linear sRGB (Bradford's adaptation, IEC 61966-2-1), for X, Y, Z of paper = 1; each row sums to 1.
_TO_SCREEN: Final = ((3.0218, -1.6169, -0.4047), (-0.9437, 1.9161, 0.0276), (0.0694, -0.2290, 1.1597))
_PRINTED: Final = {"coated": press_model.printed, "uncoated": uncoated.printed}


@cache
def luminance(ink: Ink, paper: Paper = "coated") -> float:
    """Relative luminance, 0 to 1: of the paper's, for the eye takes the paper for white."""
    if ink.light:
        return _of_light(ink.rgb)
    light = _PRINTED[paper]((ink.c / 100, ink.m / 100, ink.y / 100, ink.k / 100))
    red, green, blue = (min(1.0, max(0.0, sum(a * b for a, b in zip(row, light, strict=True)))) for row in _TO_SCREEN)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _of_light(rgb: tuple[int, int, int]) -> float:
    """Of a screen (WCAG 2.2, relative luminance)."""
    parts = (value / 255 for value in rgb)
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(a: Ink, b: Ink, paper: Paper = "coated") -> float:
    """1 to 21 (WCAG 2.2)."""
    light, dark = sorted((luminance(a, paper), luminance(b, paper)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
