"""Faces in a PDF: of each the letters that the file says, as TrueType fonts of at most 255 letters (ISO 32000-1 §9.6.3, §9.10.3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Final

from collateral.font_subset import Program
from collateral.pdf_file import PdfFile, deflated, dictionary, name, number, numbers, ref
from collateral.shaping import shaper
from collateral.type import Face

_MOST: Final = 255  # letters a font, beside the mark for a missing one
_NO_BREAK: Final = "\xa0"
_SYMBOLIC: Final = 1 << 2  # font flags (ISO 32000-1 table 123): codes of its own …
_FORCE_BOLD: Final = 1 << 18  # … and bold also where it is small
_SEMIBOLD: Final = 600
_UNICODES_BEGIN: Final = """/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> def
/CMapName /Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<00> <ff>
endcodespacerange"""
_UNICODES_END: Final = """endcmap
CMapName currentdict /CMap defineresource pop
end
end"""


class Letters:
    """The letters that a file says in one face. They are numbered by their place in Unicode: what says the same has the same subset."""

    def __init__(self, face: Face, title: str, said: Iterable[str]) -> None:
        points = sorted(set(map(ord, set(said) - {_NO_BREAK})) | ({0x20} if _NO_BREAK in said else set()))
        self._face = face
        self._parts = [tuple(points[at : at + _MOST]) for at in range(0, len(points), _MOST)]
        self._titles = [f"{title}+{part}" for part in range(len(self._parts))]
        self._at = {chr(point): (part, code) for part, each in enumerate(self._parts) for code, point in enumerate(each, 1)}
        self._at[_NO_BREAK] = self._at.get(" ", (0, 0))

    def codes(self, text: str) -> Iterator[tuple[str, bytes]]:
        """`text` by font: the font's name among the resources, and a byte a letter."""
        places = [self._at[letter] for letter in text]
        if len(self._parts) == 1:
            yield self._titles[0], bytes(code for _, code in places)
            return
        for part, run in groupby(places, itemgetter(0)):
            yield self._titles[part], bytes(code for _, code in run)

    def put_into(self, file: PdfFile) -> dict[str, bytes]:
        """Its fonts added to the file; what the resources call them, and where they stand."""
        return {
            title: ref(_embedded(file, self._face, part, at))
            for at, (title, part) in enumerate(zip(self._titles, self._parts, strict=True))
        }


def _embedded(file: PdfFile, face: Face, points: Sequence[int], part: int) -> int:
    program, unicodes, descriptor, font = _objects(face, tuple(points), part)
    described = file.add(descriptor % file.add(program))
    return file.add(font % (file.add(unicodes), described))


@lru_cache(maxsize=64)
def _objects(face: Face, points: tuple[int, ...], part: int) -> tuple[bytes, bytes, bytes, bytes]:
    """Font program, ToUnicode, descriptor and font; %d where a number is still to come. Kept: most faces say the same in every village."""
    letters = [chr(point) for point in points]
    program = _program(face).subset((0, *map(shaper(face).number, letters)))
    called = name(f"{'ABCDEFGHIJ'[part] * 6}+{face.name}")
    measures = _measures(face)
    descriptor = {"Type": b"/FontDescriptor", "FontName": called, **measures, "FontFile2": b"%d 0 R"}
    widths = numbers(1000 * face.glyph(letter).advance for letter in letters)
    font = {
        "Type": b"/Font",
        "Subtype": b"/TrueType",
        "BaseFont": called,
        "FirstChar": b"0",
        "LastChar": b"%d" % len(points),
        "Widths": b"[%b %b]" % (measures["MissingWidth"], widths.encode()),
        "ToUnicode": b"%d 0 R",
        "FontDescriptor": b"%d 0 R",
    }
    return deflated(program, Length1=b"%d" % len(program)), deflated(_unicodes(points)), dictionary(descriptor), dictionary(font)


def _unicodes(points: Sequence[int]) -> bytes:
    """The map from codes to Unicode, in rows of at most a hundred."""
    rows = [f"<{code:02x}> <{chr(point).encode('utf-16-be').hex()}>" for code, point in enumerate(points, 1)]
    hundreds = [rows[at : at + 100] for at in range(0, len(rows), 100)]
    chars = (line for each in hundreds for line in (f"{len(each)} beginbfchar", *each, "endbfchar"))
    return "\n".join((_UNICODES_BEGIN, *chars, _UNICODES_END)).encode()


def _measures(face: Face) -> dict[str, bytes]:
    """What the descriptor says of the whole face, in thousandths of an em. Viewers that have the font embedded hardly look at it."""
    head, os2 = face.table("head"), face.table("OS/2")
    share, weight = 1000 / head.unitsPerEm, os2.usWeightClass
    measures = {
        "Ascent": share * os2.sTypoAscender,
        "Descent": share * os2.sTypoDescender,
        "CapHeight": share * (getattr(os2, "sCapHeight", 0) or os2.sTypoAscender),
        "ItalicAngle": face.table("post").italicAngle,
        "StemV": 50 + int((weight / 65) ** 2),  # a rule of thumb: the files don't say it
        "Flags": _SYMBOLIC | (_FORCE_BOLD if weight >= _SEMIBOLD else 0),
        "MissingWidth": share * face.table("hmtx")[".notdef"][0],
    }
    box = numbers(share * side for side in (head.xMin, head.yMin, head.xMax, head.yMax))
    return {"FontBBox": b"[%b]" % box.encode(), **{key: number(value).encode() for key, value in measures.items()}}


@cache
def _program(face: Face) -> Program:
    return Program(face.data)
