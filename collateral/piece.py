"""A piece: one kind of print, as `pieces.toml` describes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar, Final, Literal

from collateral.geometry import Box

LEAST_PIXELS: Final = 4  # a module of a code on a screen (press.md §4.2)


@dataclass(frozen=True, slots=True)
class Finishing:
    """What the shop does to the printed cloth, mm at final size; 0: not done.

    `eyelet`: diameter of the rings, one in each corner and at most `every` mm apart, centres `edge` from the trim. `hem`: cloth beyond the
    trim that is turned back and sewn. `pocket`: flat width of the pole pockets along the upper and lower edge. `seams`: x where two
    lengths of cloth meet. `hidden`: strip at the foot that vanishes in a stand.
    """

    __pydantic_config__: ClassVar[Mapping[str, str]] = {"extra": "forbid"}

    eyelet: float = 0.0
    every: float = 500.0
    edge: float = 25.0
    hem: float = 0.0
    pocket: float = 0.0
    seams: tuple[float, ...] = ()
    hidden: float = 0.0

    def __post_init__(self) -> None:
        if min(self.eyelet, self.edge, self.hem, self.pocket, self.hidden, *self.seams, 0) < 0 or self.every < 50:
            raise ValueError("finishing measures are positive, and rings stand at least 50 mm apart")

    @property
    def reach(self) -> float:
        """How far from the trim nothing may stand, for a ring or a pole comes there."""
        return max(self.edge + self.eyelet / 2 if self.eyelet else 0.0, self.pocket)


@dataclass(frozen=True, slots=True)
class Slots:
    """Room that one theme's layout keeps free, mm at final size. `emblem`, `sponsor`: x, y, w, h; `imprint`: x, baseline, width, pt.

    `page`: from 1.
    """

    __pydantic_config__: ClassVar[Mapping[str, str]] = {"extra": "forbid"}

    emblem: tuple[float, float, float, float] | None = None
    sponsor: tuple[float, float, float, float] | None = None
    imprint: tuple[float, float, float, float] | None = None
    page: int = 1
    on_field: bool = False  # the imprint stands on the field of memory, in ivory


@dataclass(frozen=True, slots=True)
class Piece:
    """All measures in mm at final size; `scale`: 10 where the file is drawn at 1:10 (a PDF page ends at 5,080 mm).

    A screen's measures are pixels: stock "screen" fills it, "overlay" lies over a moving picture; `pixel_mm` is the pitch of its pixels.

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
    stock: Literal["sheet", "cloth", "screen", "overlay"]
    ink_limit: float
    distance_m: float
    scan_m: float
    max_version: int
    layouts: Mapping[str, str]
    name: str = ""
    condition: str = ""  # its own printing condition, e.g. "FOGRA52" for uncoated paper; "": the print shop's
    pixel_mm: float = 0.0
    bilingual: bool = False  # Vietnamese and, smaller, the language asked for
    finishing: Finishing | None = None
    contour: Literal["", "rounded", "circle"] = ""  # how a plotter cuts a decal out: a spot line along the trim
    small_scan_m: float = 0.0  # how far away its smaller codes are scanned; 0: it has none
    slots: Mapping[str, Slots] = field(default_factory=dict)  # theme name -> room for emblem, sponsor, imprint
    hang_from: date | None = None
    hang_until: date | None = None

    def __post_init__(self) -> None:
        if self.on_screen and not (self.pixel_mm > 0 and all(side == int(side) for side in self.trim)):
            raise ValueError("a screen has whole pixels and says their pitch in pixel_mm")

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
    def on_screen(self) -> bool:
        """Whether light shows it, not ink: a PNG in native pixels, no PDF."""
        return self.stock in ("screen", "overlay")

    @property
    def unit_mm(self) -> float:
        """Millimetres of one unit of the piece's measures: 1, and on screens the pitch."""
        return self.pixel_mm if self.on_screen else 1.0

    @property
    def unit(self) -> str:
        """What the piece's measures are written in: "mm", on screens "px"."""
        return "px" if self.on_screen else "mm"

    @property
    def least_module_mm(self) -> float:
        """distance / 250: about 4.5 camera pixels a module (press.md §4.2). On screens pixels, and never under four."""
        least = self.scan_m * 1000 / 250 / self.unit_mm
        return max(LEAST_PIXELS, least) if self.on_screen else least

    def scan_m_of(self, role: str) -> float:
        """From where one code is scanned: the main one ("link") from `scan_m`, the smaller ones with the piece in the hand."""
        return self.scan_m if role == "link" else self.small_scan_m

    def least_module_of(self, role: str) -> float:
        """The least module of one code, as least_module_mm."""
        return self.least_module_mm if role == "link" else self.small_scan_m * 1000 / 250 / self.unit_mm

    @property
    def size_text(self) -> str:
        """ "6000x800mm"; with "TL1-10_" before it where the file is drawn to a scale; "1920x1080px" on a screen."""
        if self.on_screen:
            return f"{self.trim[0]:g}x{self.trim[1]:g}px"
        size = f"{self.trim[0]:g}x{self.trim[1]:g}mm"
        return size if self.scale == 1 else f"TL1-{self.scale}_{size}"
