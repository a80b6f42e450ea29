"""Subsets as a font reader sees them: the letters asked for, with their outlines and widths, and nothing else."""

import io

import pytest
from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.ttLib import TTFont

from collateral.font_subset import Program
from collateral.shaping import shaper
from collateral.type import BOLD, LAO, SLOGAN, face


def drawn(font: TTFont, glyph: str) -> tuple[list, tuple[int, int]]:
    pen = DecomposingRecordingPen(font.getGlyphSet())
    font.getGlyphSet()[glyph].draw(pen)
    return pen.value, font["hmtx"][glyph]


@pytest.mark.parametrize(("name", "said"), [(BOLD, "Thôn Nà Lải ợ"), (SLOGAN, "UỐNG NƯỚC"), (LAO, "ບໍ່")])
def test_a_code_shows_its_letter(name, said):
    """Composite letters bring their parts along; sums and places are those that a strict reader wants."""
    letters, whole = sorted(set(said)), TTFont(io.BytesIO(face(name).data))
    numbers = [shaper(face(name)).number(letter) for letter in letters]
    subset = TTFont(io.BytesIO(Program(face(name).data).subset((0, *numbers))), checkChecksums=2)
    codes, cmap = subset["cmap"].tables[0].cmap, whole.getBestCmap()
    for code, letter in enumerate(letters, 1):
        assert drawn(subset, codes[code]) == drawn(whole, cmap[ord(letter)])
    assert len(subset["glyf"].glyphs) < 4 * len(letters) + 2


def test_what_is_no_truetype_font_is_refused():
    with pytest.raises(ValueError, match="no TrueType"):
        Program(b"OTTO" + bytes(40))
