"""The serif of our papers: Noto Serif, narrowed to the widths of Times New Roman, which Nghị định 30/2020 names and no free licence gives.

A sign that the face lacks never prints as a box: it stands as its code point, so that what is signed is exact.
"""

import io
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

FAMILY: Final = "TinBaoPaper"
REGULAR: Final = f"{FAMILY}-Regular"
BOLD: Final = f"{FAMILY}-Bold"
ITALIC: Final = f"{FAMILY}-Italic"
BOLD_ITALIC: Final = f"{FAMILY}-BoldItalic"
WIDTH: Final = 84  # per cent: a line of Vietnamese is then as long as in Times New Roman, measured
_FACES: Final = {
    REGULAR: ("NotoSerif", 400),
    BOLD: ("NotoSerif", 700),
    ITALIC: ("NotoSerif-Italic", 400),
    BOLD_ITALIC: ("NotoSerif-Italic", 700),
}
_RANGES: Final = (  # Latin, all Vietnamese, the Greek capitals of GSM-7, plain signs; more letters would take longer to make
    (0x20, 0x7F), (0xA0, 0x180), (0x1A0, 0x1B1), (0x391, 0x3AA), (0x1EA0, 0x1EFA), (0x2010, 0x2027), (0x20AB, 0x20AD),
)  # fmt: skip
REPERTOIRE: Final = frozenset(chr(code) for first, after in _RANGES for code in range(first, after))


@dataclass(frozen=True, slots=True)
class Face:
    """A font file by the name it is embedded under."""

    name: str
    data: bytes


def legible(text: str) -> str:
    """`text` (NFC) with a code point in the place of each sign that our face lacks or that can't be seen: "[U+0E81]"."""
    return "".join(c if c in covered() or c == "\n" else f"[U+{ord(c):04X}]" for c in unicodedata.normalize("NFC", text))


@cache
def covered() -> frozenset[str]:
    """The characters that all faces have and that can be seen."""
    from fontTools.ttLib import TTFont

    maps = [set(TTFont(io.BytesIO(face(name).data), lazy=True).getBestCmap()) for name in _FACES]
    return frozenset(chr(code) for code in set.intersection(*maps) if code != 0xAD)  # a soft hyphen can't be seen


@cache
def face(name: str) -> Face:
    """One of the four; made once a process in half a second. The same bytes in every process: no time stamp is written."""
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont
    from fontTools.varLib.instancer import instantiateVariableFont

    source, weight = _FACES[name]
    data = (files("fontpkg_noto_serif") / "files" / f"{source}[wdth,wght].ttf").read_bytes()
    font: Any = TTFont(io.BytesIO(data), lazy=True, recalcTimestamp=False)
    options = Options(name_IDs=["*"], notdef_outline=True, hinting=False, drop_tables=["GSUB", "GPOS", "GDEF", "DSIG"])
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=sorted(map(ord, REPERTOIRE)))
    subsetter.subset(font)
    made: Any = instantiateVariableFont(font, {"wght": weight, "wdth": WIDTH})
    made.recalcTimestamp = False
    for identifier in (1, 3, 4, 6):  # reportlab silently keeps the first of two fonts of one PostScript name
        made["name"].setName(name, identifier, 3, 1, 0x409)
    out = io.BytesIO()
    made.save(out)
    return Face(name, out.getvalue())
