"""What a file says of itself in Info, so that a covered or missing code can be found later without the data it was made from."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Final

from pydantic import TypeAdapter

SHEET_KEY: Final = "/TinBao"


@dataclass(frozen=True, slots=True)
class CodeNote:
    """Where a code stands: page from 1; box x, y, w, h in pt from the media's lower left, quiet zone included; final module in mm."""

    page: int
    role: str
    payload: str
    modules: int
    module_mm: float
    box_pt: tuple[float, float, float, float]
    least_mm: float = 0.0  # the least module from where this code is scanned; 0: the sheet's

    def __post_init__(self) -> None:
        x, y, w, h = self.box_pt
        if not (self.page >= 1 and 21 <= self.modules <= 177 and 0 < self.module_mm < 1000):  # QR versions 1 to 40
            raise ValueError("no such code")
        if not (0 <= x < 14_400 and 0 <= y < 14_400 and 1 < w <= 14_400 and abs(w - h) < 0.01):  # a PDF page ends at 14,400 pt
            raise ValueError("no such square")


@dataclass(frozen=True, slots=True)
class SheetNote:
    """The piece, its scale, size and limits, and its codes. Read back from files of any origin: a note that exists makes sense."""

    piece: str
    code: str
    village: str
    theme: str
    lang: str
    scale: int
    trim_mm: tuple[float, float]
    safe_mm: float
    distance_m: float
    least_module_mm: float
    ink_limit: float
    pages: int
    codes: tuple[CodeNote, ...]
    bleed_mm: float = 0.0

    def __post_init__(self) -> None:
        if not (
            1 <= self.scale <= 1000
            and all(0 < side < 1_000_000 for side in self.trim_mm)
            and 0 <= self.safe_mm < 100_000
            and 0 <= self.bleed_mm < 1000
        ):
            raise ValueError("no such sheet")
        if not (self.pages >= 1 and 0 < self.ink_limit <= 400 and self.least_module_mm > 0 and self.distance_m > 0):
            raise ValueError("no such limits")

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> SheetNote:
        """Reads what to_json wrote. ValueError if it is anything else."""
        return _NOTE.validate_json(text)

    def codes_on(self, page: int) -> tuple[CodeNote, ...]:
        """The codes of one page, counted from 1."""
        return tuple(code for code in self.codes if code.page == page)


_NOTE: Final = TypeAdapter(SheetNote)
