"""Faces: widths, kerning, coverage and ink extents, read from the font files. Layout gets them as an argument."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Any, Final

REGULAR: Final = "BeVietnamPro-Regular"
MEDIUM: Final = "BeVietnamPro-Medium"
SEMIBOLD: Final = "BeVietnamPro-SemiBold"
BOLD: Final = "BeVietnamPro-Bold"
SLOGAN: Final = "NotoSerif-SemiBold"  # instanced from the variable font, see slogan_font()
CAP_HEIGHT: Final[Mapping[str, float]] = {REGULAR: 0.74, MEDIUM: 0.74, SEMIBOLD: 0.74, BOLD: 0.74, SLOGAN: 0.714}  # em, measured
_SLOGAN_LETTERS: Final = (  # capitals with all Vietnamese marks, digits and plain signs: what a slogan may be set in
    "AÀÁẢÃẠĂẰẮẲẴẶÂẦẤẨẪẬBCDĐEÈÉẺẼẸÊỀẾỂỄỆFGHIÌÍỈĨỊJKLMNOÒÓỎÕỌÔỒỐỔỖỘƠỜỚỞỠỢPQRSTUÙÚỦŨỤƯỪỨỬỮỰVWXYỲÝỶỸỴZ0123456789 .,:;!?–-/"
)


@dataclass(frozen=True, slots=True)
class Glyph:
    """Advance and ink extents in em; a blank has no extents."""

    advance: float
    left: float = 0.0
    right: float = 0.0
    top: float = 0.0
    bottom: float = 0.0


class Face:
    """One font file. `name` is its PostScript name, which must be unique: reportlab silently keeps the first of two (press.md §2.2)."""

    def __init__(self, name: str, data: bytes) -> None:
        from fontTools.ttLib import TTFont

        self.name = name
        self.data = data
        self._font: Any = TTFont(io.BytesIO(data), lazy=True)
        self._cmap: dict[int, str] = self._font.getBestCmap()
        self._upem: int = self._font["head"].unitsPerEm
        self._glyphs: dict[str, Glyph] = {}
        self._kerns: dict[tuple[str, str], float] = {}
        if self._font["name"].getDebugName(6) != name:
            raise ValueError(f"the font file for {name} calls itself {self._font['name'].getDebugName(6)}")

    def missing(self, text: str) -> str:
        """The characters of `text` that the face lacks, each once: they would print as boxes."""
        return "".join(dict.fromkeys(c for c in text if ord(c) not in self._cmap))

    def glyph(self, character: str) -> Glyph:
        """Measures of one character. KeyError if the face lacks it."""
        if (known := self._glyphs.get(character)) is None:
            known = self._glyphs[character] = self._measured(self._cmap[ord(character)])
        return known

    def _measured(self, name: str) -> Glyph:
        outline, em = self._font["glyf"][name], self._upem
        advance = self._font["hmtx"][name][0] / em
        if not outline.numberOfContours:
            return Glyph(advance)
        return Glyph(advance, outline.xMin / em, outline.xMax / em, outline.yMax / em, outline.yMin / em)

    def kern_em(self, left: str, right: str) -> float:
        """The font's own pair adjustment in em (GPOS feature "kern"; the first matching subtable decides)."""
        if (known := self._kerns.get((left, right))) is None:
            known = self._kerns[left, right] = self._kern(self._cmap[ord(left)], self._cmap[ord(right)])
        return known

    def _kern(self, *pair: str) -> float:
        for lookup in self._kern_lookups:
            for find in lookup:
                if (value := find(*pair)) is not None:
                    return value / self._upem
        return 0.0

    @cached_property
    def _kern_lookups(self) -> list[list[PairFinder]]:
        if "GPOS" not in self._font:
            return []
        table = self._font["GPOS"].table
        indices = sorted(
            {i for record in table.FeatureList.FeatureRecord if record.FeatureTag == "kern" for i in record.Feature.LookupListIndex}
        )
        return [[_pair_finder(sub) for sub in _pair_subtables(table.LookupList.Lookup[i])] for i in indices]


PairFinder = Callable[[str, str], int | None]


def _pair_subtables(lookup: Any) -> Iterator[Any]:
    for sub in lookup.SubTable:
        inner = getattr(sub, "ExtSubTable", sub)  # GPOS type 9 wraps the real one
        if inner.LookupType == 2:
            yield inner


def _pair_finder(sub: Any) -> PairFinder:
    """How one pair subtable answers: None where it does not speak of the pair, so that the next one is asked."""
    covered = {name: i for i, name in enumerate(sub.Coverage.glyphs)}
    if sub.Format == 1:
        sets = {name: {r.SecondGlyph: r.Value1 for r in sub.PairSet[i].PairValueRecord} for name, i in covered.items()}
        return lambda a, b: _advance(sets[a][b]) if a in sets and b in sets[a] else None
    first, second = sub.ClassDef1.classDefs, sub.ClassDef2.classDefs
    return lambda a, b: _advance(sub.Class1Record[first.get(a, 0)].Class2Record[second.get(b, 0)].Value1) if a in covered else None


def _advance(value: Any) -> int:
    return getattr(value, "XAdvance", 0) or 0 if value else 0


@cache
def face(name: str) -> Face:
    """The face of that PostScript name; read once a process. KeyError if we ship no such face."""
    if name not in CAP_HEIGHT:
        raise KeyError(name)
    return Face(name, slogan_font() if name == SLOGAN else (files("fontpkg_be_vietnam_pro") / "files" / f"{name}.ttf").read_bytes())


@cache
def slogan_font() -> bytes:
    """Noto Serif at weight 600, width 100, slogan letters only. Subset first: instancing the whole font takes seconds, this well under one.

    The same bytes in every process: no time stamp is written.
    """
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont
    from fontTools.varLib.instancer import instantiateVariableFont

    options = Options(layout_features=["kern"], name_IDs=["*"], notdef_outline=True, hinting=False, drop_tables=["GSUB", "GDEF", "DSIG"])
    source = files("fontpkg_noto_serif") / "files" / "NotoSerif[wdth,wght].ttf"
    font: Any = TTFont(io.BytesIO(source.read_bytes()), lazy=True, recalcTimestamp=False)
    subsetter = Subsetter(options)
    subsetter.populate(text=_SLOGAN_LETTERS)
    subsetter.subset(font)
    instanced: Any = instantiateVariableFont(font, {"wght": 600, "wdth": 100}, updateFontNames=True)
    instanced.recalcTimestamp = False
    out = io.BytesIO()
    instanced.save(out)
    return out.getvalue()
