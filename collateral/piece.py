"""A piece: one kind of print, as `pieces.toml` describes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from collateral.geometry import Box


@dataclass(frozen=True, slots=True)
class Piece:
    """All measures in mm at final size; `scale`: 10 where the file is drawn at 1:10 (a PDF page ends at 5,080 mm).

    `distance_m`: how far away it is read; `scan_m`: how far away its code is scanned, which sets the least module (distance / 250).
    `ink_limit`: percent of total area coverage. `layouts`: theme name -> layout name.
    """

    __pydantic_config__: ClassVar[Mapping[str, str]] = {"extra": "forbid"}

    code: str
    title: str
    trim: tuple[float, float]
    bleed: float
    safe: float
    slug: float
    marks: bool
    scale: int
    stock: Literal["sheet", "cloth"]
    ink_limit: float
    distance_m: float
    scan_m: float
    max_version: int
    layouts: Mapping[str, str]
    name: str = ""

    @property
    def trim_box(self) -> Box:
        return Box(0, 0, *self.trim)

    @property
    def safe_box(self) -> Box:
        """Where text and codes may stand."""
        return self.trim_box.inset(self.safe)

    @property
    def bleed_box(self) -> Box:
        return self.trim_box.inset(-self.bleed)

    @property
    def media_box(self) -> Box:
        return self.bleed_box.inset(-self.slug)

    @property
    def least_module_mm(self) -> float:
        """distance / 250: about 4.5 camera pixels a module (press.md §4.2)."""
        return self.scan_m * 1000 / 250

    @property
    def size_text(self) -> str:
        """ "6000x800mm"; with "TL1-10_" before it where the file is drawn to a scale."""
        size = f"{self.trim[0]:g}x{self.trim[1]:g}mm"
        return size if self.scale == 1 else f"TL1-{self.scale}_{size}"
