"""A face without its hints is the same face."""

import io
from importlib.resources import files

import pytest
from fontTools.pens.recordingPen import RecordingPen
from fontTools.ttLib import TTFont

from collateral.type import BOLD, MEDIUM, REGULAR, SEMIBOLD
from collateral.unhinted import unhinted


@pytest.mark.parametrize("name", [REGULAR, MEDIUM, SEMIBOLD, BOLD])
def test_outlines_and_widths_stay(name):
    source = (files("fontpkg_be_vietnam_pro") / "files" / f"{name}.ttf").read_bytes()
    bare = unhinted(source)
    before, after = (TTFont(io.BytesIO(font), lazy=True) for font in (source, bare))
    assert len(bare) < 0.7 * len(source)
    assert before.getBestCmap() == after.getBestCmap()
    for letter in "aảạĐđƯữẶỆ0123456789&":
        glyph = before.getBestCmap()[ord(letter)]
        drawn = [RecordingPen(), RecordingPen()]
        for font, pen in zip((before, after), drawn, strict=True):
            font.getGlyphSet()[glyph].draw(pen)
        assert drawn[0].value == drawn[1].value
        assert before["hmtx"][glyph] == after["hmtx"][glyph]
    assert {"fpgm", "prep", "cvt ", "DSIG"}.isdisjoint(after.keys())
    assert unhinted(source) == bare
