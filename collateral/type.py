"""Faces: widths, kerning, coverage and ink extents, read from the font files. Layout gets them as an argument."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from hashlib import sha256
from importlib.resources import files
from typing import Any, Final

from collateral.unhinted import unhinted

REGULAR: Final = "BeVietnamPro-Regular"
MEDIUM: Final = "BeVietnamPro-Medium"
SEMIBOLD: Final = "BeVietnamPro-SemiBold"
BOLD: Final = "BeVietnamPro-Bold"
SLOGAN: Final = "NotoSerif-SemiBold"  # instanced from the variable font, see slogan_font()
LAO: Final = "NotoSansLao-Regular"  # both instanced from the variable font, see lao_font()
LAO_BOLD: Final = "NotoSansLao-Bold"
LAO_SLOGAN: Final = "Lao-Slogan"  # a role: the bold face, or the serif one that a deployment has of its own
# em, measured; Lao has no capitals: its letters (.561) do the work of Be Vietnam Pro's small ones (.53), less the tenth that Lao
# is set larger
CAP_HEIGHT: Final[Mapping[str, float]] = {REGULAR: 0.74, MEDIUM: 0.74, SEMIBOLD: 0.74, BOLD: 0.74, SLOGAN: 0.714, LAO: 0.71, LAO_BOLD: 0.71}
LAO_FOR: Final[Mapping[str, str]] = {REGULAR: LAO, MEDIUM: LAO, SEMIBOLD: LAO_BOLD, BOLD: LAO_BOLD, SLOGAN: LAO_SLOGAN}
_SLOGAN_LETTERS: Final = (  # capitals with all Vietnamese marks, plain small letters, digits and signs: what a slogan may be set in
    "AÀÁẢÃẠĂẰẮẲẴẶÂẦẤẨẪẬBCDĐEÈÉẺẼẸÊỀẾỂỄỆFGHIÌÍỈĨỊJKLMNOÒÓỎÕỌÔỒỐỔỖỘƠỜỚỞỠỢPQRSTUÙÚỦŨỤƯỪỨỬỮỰVWXYỲÝỶỸỴZ0123456789 .,:;!?–-/’“”"
    "abcdefghijklmnopqrstuvwxyz"  # the English slogan stands in sentence case
)
_LAO_LETTERS: Final = range(0x0E80, 0x0F00)
_LAO_LETTER: Final = "ນ"  # one without ascender: as high as most
_LAO_NEEDED: Final = "ກຂຄງຈສຊຍດຕຖທນບປຜຝພຟມຢຣລວຫອຮໜໝະັາຳິີຶືຸູົຼຽເແໂໃໄໆ່້໊໋໌ໍ"  # what Lao is written with


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

    @cached_property
    def cap_em(self) -> float:
        """Cap height in em; of a Lao face from elsewhere, what its letters are worth beside ours."""
        return CAP_HEIGHT.get(self.name) or self.glyph(_LAO_LETTER).top / face(LAO).glyph(_LAO_LETTER).top * CAP_HEIGHT[LAO]

    def table(self, tag: str) -> Any:
        """One of the file's tables, as fontTools reads it."""
        return self._font[tag]

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
    if name == LAO_SLOGAN:
        return face(LAO_BOLD)
    if name not in CAP_HEIGHT:
        raise KeyError(name)
    if name == SLOGAN:
        return Face(name, slogan_font())
    if name in (LAO, LAO_BOLD):
        return Face(name, lao_font(400 if name == LAO else 700))
    return Face(name, unhinted((files("fontpkg_be_vietnam_pro") / "files" / f"{name}.ttf").read_bytes()))


def faces_with(own: Mapping[str, Face]) -> Callable[[str], Face]:
    """Our faces, with a deployment's own in place of some; those are also found by the names that their files bear."""
    by_name = {**own, **{each.name: each for each in own.values()}}
    return lambda name: by_name.get(name) or face(name)


def own_lao(data: bytes, weight: int) -> Face:
    """A deployment's Lao face; a variable one at `weight`. ValueError says what is wrong with the file.

    It gets a name of its own: two files with one PostScript name silently become one (press.md §2.2).
    """
    from fontTools.ttLib import TTFont, TTLibError

    name = f"Lao-{weight}-{sha256(data).hexdigest()[:8]}"
    try:
        font: Any = TTFont(io.BytesIO(data), lazy=True, recalcTimestamp=False)
        if "glyf" not in font:
            raise ValueError("its letters are PostScript outlines, a .ttf with TrueType outlines is needed")
        if "fvar" in font:
            font = TTFont(io.BytesIO(_instance(data, weight, (0x20, *_LAO_LETTERS), ["*"], [])), lazy=True, recalcTimestamp=False)
        font["name"].removeNames(nameID=6)
        font["name"].setName(name, 6, 3, 1, 0x409)
        out = io.BytesIO()
        font.save(out)
    except (TTLibError, struct.error, EOFError) as why:
        raise ValueError(f"this is no font: {why}") from why
    found = Face(name, out.getvalue())
    if lacking := found.missing(_LAO_NEEDED):
        raise ValueError(f"it has no glyph for {lacking[:10]}")
    return found


@cache
def slogan_font() -> bytes:
    """Noto Serif at weight 600, slogan letters only."""
    source = files("fontpkg_noto_serif") / "files" / "NotoSerif[wdth,wght].ttf"
    return _instance(source.read_bytes(), 600, map(ord, _SLOGAN_LETTERS), features=["kern"], drop=["GSUB", "GDEF"])


@cache
def lao_font(weight: int) -> bytes:
    """Noto Sans Lao at a weight, Lao letters and the blank only: digits and Latin stand in Be Vietnam Pro beside it."""
    source = files("justmytype_intl_sea") / "fonts" / "ofl" / "notosanslao" / "NotoSansLao[wdth,wght].ttf"
    return _instance(source.read_bytes(), weight, (0x20, *_LAO_LETTERS), features=["*"], drop=[])


def _instance(variable: bytes, weight: int, letters: Iterable[int], features: list[str], drop: list[str]) -> bytes:
    """One weight of a variable font at width 100. Subset first: instancing the whole font takes seconds, this well under one.

    The same bytes in every process: no time stamp is written.
    """
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont
    from fontTools.varLib.instancer import instantiateVariableFont

    options = Options(layout_features=features, name_IDs=["*"], notdef_outline=True, hinting=False, drop_tables=["DSIG", *drop])
    font: Any = TTFont(io.BytesIO(variable), lazy=True, recalcTimestamp=False)
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=letters)
    subsetter.subset(font)
    instanced: Any = instantiateVariableFont(font, {"wght": weight, "wdth": 100}, updateFontNames=True)
    instanced.recalcTimestamp = False
    out = io.BytesIO()
    instanced.save(out)
    return out.getvalue()
