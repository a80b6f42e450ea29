"""A saddle-stitched booklet as arithmetic: which pages stand side by side so that folded leaves, laid into each other, read in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

Spread = tuple[int | None, int | None]
_MOST_PAGES: Final = 64  # sixteen leaves: staples hold no more of 120 g/m²


@dataclass(frozen=True, slots=True)
class Leaf:
    """A leaf to be folded once: its pages from 0, left and right as one looks at that side, None where blank.

    `depth`: how many leaves lie round it.
    """

    depth: int
    front: Spread
    back: Spread


def leaves(pages: int) -> tuple[Leaf, ...]:
    """The leaves of so many pages, the outermost first; what is missing to a multiple of four stays blank at the end.

    ValueError where that is no booklet.
    """
    if not 2 < pages <= _MOST_PAGES:
        raise ValueError(f"a booklet has 3 to {_MOST_PAGES} pages, not {pages}")
    last = -(-pages // 4) * 4 - 1

    def known(*spread: int) -> Spread:
        left, right = (at if at < pages else None for at in spread)
        return left, right

    return tuple(
        Leaf(depth, known(last - 2 * depth, 2 * depth), known(2 * depth + 1, last - 2 * depth - 1)) for depth in range((last + 1) // 4)
    )


def crept(depth: int, thickness: float) -> float:
    """How far towards the fold a page stands, mm: a leaf inside others is pushed out by them, and the knife takes from its fore-edge."""
    return depth * thickness
