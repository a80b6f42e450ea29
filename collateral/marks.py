"""What a commune adds to its pieces: emblem, sponsor, imprint. And what the law asks of pieces that hang outdoors (press.md §5.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import ClassVar, Final

from collateral.finding import Finding
from collateral.piece import Piece

_MOST_DAYS: Final = 15  # a banner hangs no longer (Luật Quảng cáo 16/2012/QH13 Art. 27)
_BOARD_M2: Final = 20.0  # from here on a building permit: metal-framed on a building (Art. 31)
_FREE_M2: Final = 40.0  # the same, free-standing


@dataclass(frozen=True, slots=True)
class Sponsor:
    """Who pays, and the logo's file beside pieces.toml."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = {"extra": "forbid"}

    name: str
    file: Path


@dataclass(frozen=True, slots=True)
class Imprint:
    """What the Publishing Law wants on leaflets and posters that are publications. Empty parts are left out."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = {"extra": "forbid"}

    licence: str = ""
    dated: date | None = None
    copies: int = 0
    printer: str = ""

    @property
    def line(self) -> str:
        """ "Giấy phép số 12/GP-SVHTTDL ngày 1/6/2026 · In 500 bản tại … · Không kinh doanh"; "" where nothing is known."""
        parts = []
        if self.licence:
            parts.append(
                f"Giấy phép số {self.licence}" + (f" ngày {self.dated.day}/{self.dated.month}/{self.dated.year}" if self.dated else "")
            )
        if self.copies or self.printer:
            bearing = (f"{self.copies} bản" if self.copies else "", f"tại {self.printer}" if self.printer else "")
            parts.append(" ".join(filter(None, ("In", *bearing))))
        return " · ".join((*parts, "Không kinh doanh")) if parts else ""


@dataclass(frozen=True, slots=True)
class Marks:
    """The table `marks` of pieces.toml. Files are named from the folder that it stands in."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = {"extra": "forbid"}

    emblem: Path | None = None
    sponsor: Sponsor | None = None
    imprint: Imprint = Imprint()

    def at(self, folder: Path) -> Marks:
        """With its files' whole paths."""
        sponsor = replace(self.sponsor, file=folder / self.sponsor.file) if self.sponsor else None
        return replace(self, emblem=folder / self.emblem if self.emblem else None, sponsor=sponsor)


def outdoor(piece: Piece) -> Iterator[Finding]:
    """What the commune must see to before the piece hangs: warnings, for a file can't know the spot."""
    if piece.hang_from and piece.hang_until and (days := (piece.hang_until - piece.hang_from).days + 1) > _MOST_DAYS:
        text = f"{piece.title} is to hang {days} days, a banner hangs {_MOST_DAYS} at most"
        yield Finding("place.days", 0, text, "warning", piece.name)
    area = piece.trim[0] * piece.trim[1] * piece.unit_mm**2 / 1e6
    if area >= _FREE_M2:
        text = f"{piece.title} has {area:.0f} m²: free-standing it needs a building permit, on a building too"
        yield Finding("place.permit", 0, text, "warning", piece.name)
    elif area >= _BOARD_M2:
        text = f"{piece.title} has {area:.0f} m²: on a building, or as a screen, it needs a building permit"
        yield Finding("place.permit", 0, text, "warning", piece.name)
