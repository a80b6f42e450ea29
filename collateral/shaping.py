"""Text as HarfBuzz sets it, and letters as outlines. It knows where a Lao vowel stands: unshaped, Lao is unreadable (press.md §2.4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import uharfbuzz as hb

from collateral.display import Placed, Run, Text
from collateral.geometry import CLOSE, PT_PER_MM, Box, Path, Point, Segment, joined
from collateral.type import Face


@dataclass(frozen=True, slots=True)
class Shape:
    """Glyphs from the pen's start at (0, 0), and how far the pen has moved at their end, in em."""

    glyphs: tuple[Placed, ...]
    advance: float


class Shaper:
    """One font file in HarfBuzz's hands. Composite glyphs come out whole: taken part by part, ບໍ່ lost its marks (design §2.7)."""

    def __init__(self, data: bytes) -> None:
        self._font: Any = hb.Font(hb.Face(data))
        self._em: float = self._font.face.upem

    def shape(self, text: str) -> Shape:
        """A stretch of Lao. Script and language are said, not guessed: a guess asks the machine's locale."""
        buffer: Any = hb.Buffer()
        buffer.add_str(text)
        buffer.direction, buffer.script, buffer.language = "ltr", "Laoo", "lo"
        hb.shape(self._font, buffer, {})
        glyphs, pen = [], 0
        for info, position in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
            glyphs.append(Placed(info.codepoint, (pen + position.x_offset) / self._em, position.y_offset / self._em))
            pen += position.x_advance
        return Shape(tuple(glyphs), pen / self._em)

    def number(self, character: str) -> int:
        """The glyph of one character by itself. KeyError if the file has none."""
        if (glyph := self._font.get_nominal_glyph(ord(character))) is None:
            raise KeyError(character)
        return int(glyph)

    def ink(self, glyph: int) -> Box | None:
        """Where the glyph has ink, in em from its origin, y down; None for a blank."""
        extents = self._font.get_glyph_extents(glyph)
        if extents is None or not extents.width:
            return None
        em = self._em
        return Box(extents.x_bearing / em, -extents.y_bearing / em, extents.width / em, -extents.height / em)

    def outline(self, glyph: int) -> Path:
        """The glyph's contours in em, y up, as HarfBuzz draws them; empty for a blank."""
        segments: list[Segment] = []
        self._font.draw_glyph(glyph, _PENCIL, (segments, self._em))
        return Path(tuple(segments))


def _pencil() -> Any:
    """Writes contours down as segments; curves come as cubics, whatever the file holds."""
    draw: Any = hb.DrawFuncs()
    draw.set_move_to_func(lambda x, y, sheet: _note(sheet, "M", x, y))
    draw.set_line_to_func(lambda x, y, sheet: _note(sheet, "L", x, y))
    draw.set_cubic_to_func(lambda ax, ay, bx, by, x, y, sheet: _note(sheet, "C", ax, ay, bx, by, x, y))
    draw.set_close_path_func(lambda sheet: sheet[0].append(CLOSE))
    return draw


def _note(sheet: tuple[list[Segment], float], op: str, *at: float) -> None:
    segments, em = sheet
    segments.append(Segment(op, tuple(Point(x / em, y / em) for x, y in zip(at[::2], at[1::2], strict=True))))


_PENCIL: Final = _pencil()


@lru_cache(maxsize=32)
def shaper(face: Face) -> Shaper:
    """The face's shaper, kept: a face is read once a process."""
    return Shaper(face.data)


@lru_cache(maxsize=512)
def shaped(face: Face, text: str) -> Shape:
    """`text` as the face sets it. Kept: the same lines stand in every village."""
    return shaper(face).shape(text)


@lru_cache(maxsize=4096)
def outline(face: Face, glyph: int) -> Path:
    """A glyph's contours in em, y up; kept."""
    return shaper(face).outline(glyph)


def glyphs(run: Run, face: Face) -> tuple[Placed, ...]:
    """What is drawn for a run, shaped or letter by letter, from its pen start."""
    return run.glyphs or tuple(_letters(run, face))


@lru_cache(maxsize=64)
def outlined(run: Run, face: Face) -> Path:
    """The run's letters as one path, in mm from the line's pen start on the baseline, y down. Fill it non-zero: contours may overlap."""
    em = run.size_pt / PT_PER_MM
    return joined(outline(face, at.glyph).placed(Point(run.x + at.x * em, -at.y * em), em, flip=True) for at in glyphs(run, face))


def _letters(run: Run, face: Face) -> Iterator[Placed]:
    """The glyphs of a run that is set letter by letter."""
    x = 0.0
    for character, after in zip(run.text, run.after_em, strict=True):
        yield Placed(shaper(face).number(character), x, 0.0)
        x += face.glyph(character).advance + after


def drawn(text: Text, faces: Callable[[str], Face]) -> Path:
    """The whole line as one path on the piece, in mm: for painters that know no fonts."""
    return joined(outlined(run, faces(run.face)) for run in text.runs).placed(Point(text.x, text.y))
