"""Setting lines of text: measured before they are drawn, refused where a glyph is missing or the column is too narrow."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from collateral.display import Run, Text
from collateral.geometry import PT_PER_MM, Box
from collateral.ink import Ink
from collateral.refusal import Refused, refused
from collateral.type import CAP_HEIGHT, Face

_MARKUP: Final = re.compile(r"\*\*(.+?)\*\*|~(.+?)~")  # **typed literally**, ~said aside~


@dataclass(frozen=True, slots=True)
class Style:
    """How a line is set: the face of its words, of what is typed literally (**) and the size of an aside (~) beside them."""

    face: str
    size_pt: float
    ink: Ink
    strong: str = ""
    aside: float = 1.0
    tracking_em: float = 0.0

    def at(self, size_pt: float) -> Style:
        return replace(self, size_pt=size_pt)


def points_for_cap(face: str, cap_mm: float) -> float:
    """Size in points whose capitals are `cap_mm` high."""
    return cap_mm * PT_PER_MM / CAP_HEIGHT[face]


@dataclass(frozen=True, slots=True)
class Setter:
    """Sets lines for one piece; `place` names village and piece in a refusal."""

    faces: Callable[[str], Face]
    place: str

    def line(self, text: str, x: float, y: float, style: Style, *, width: float | None = None, align: str = "left") -> Text:
        """One line whose ink begins at `x` (ends there, or is centred on it, by `align`) with its baseline at `y`.

        Raises Refused where a glyph is missing or the ink is wider than `width` mm.
        """
        runs = self._runs(text, style)
        letters = self._letters(runs)
        left, right = letters[0].x, max(letter.right for letter in letters)
        if width is not None and right - left > width + 0.01:
            raise self._too_wide(text, right - left, width)
        start = x - {"left": left, "right": right, "centre": (left + right) / 2}[align]
        placed = tuple(Box(start + letter.x, y + letter.y, letter.w, letter.h) for letter in letters)
        top, bottom = min(letter.y for letter in placed), max(letter.bottom for letter in placed)
        return Text(start, y, runs, style.ink, Box(start + left, top, right - left, bottom - top), placed)

    def fitted(self, text: str, x: float, y: float, style: Style, width: float, least: float = 0.0) -> Text:
        """The line in the size that fills `width`, at most the style's own, to a tenth of a point; Refused under `least` of it."""
        size = self.size_to_fit(text, style, width)
        if size < style.size_pt * least:
            raise self._too_wide(text, self.width(text, style.at(style.size_pt * least)), width)
        return self.line(text, x, y, style.at(size), width=width)

    def size_to_fit(self, text: str, style: Style, width: float) -> float:
        """Widths grow in proportion to the size, so one measurement gives the answer."""
        return min(style.size_pt, int(width / self.width(text, style) * style.size_pt * 10) / 10)

    def width(self, text: str, style: Style) -> float:
        """Width of the line's ink in mm."""
        letters = self._letters(self._runs(text, style))
        return max(letter.right for letter in letters) - letters[0].x

    def _too_wide(self, text: str, needed: float, width: float) -> Refused:
        plain = _MARKUP.sub(lambda m: m[1] or m[2], text)
        return refused(self.place, "text", f'"{plain}" needs {needed:.1f} mm and has {width:.1f} mm', "Shorten the text or the name")

    def _runs(self, text: str, style: Style) -> tuple[Run, ...]:
        parts, end = [], 0
        for found in _MARKUP.finditer(text):
            parts += [(text[end : found.start()], style.face, 1.0), (found[1] or found[2], *self._voice(found, style))]
            end = found.end()
        parts.append((text[end:], style.face, 1.0))
        return tuple(self._run(words, face, style.size_pt * share, style.tracking_em) for words, face, share in parts if words)

    @staticmethod
    def _voice(found: re.Match[str], style: Style) -> tuple[str, float]:
        return (style.strong or style.face, 1.0) if found[1] else (style.face, style.aside)

    def _run(self, text: str, name: str, size_pt: float, tracking: float) -> Run:
        face = self.faces(name)
        if lacking := face.missing(text):
            listed = ", ".join(f"{c} (U+{ord(c):04X})" for c in lacking)
            raise refused(self.place, "text", f'{name} has no glyph for {listed} in "{text}"', "Write the text with other letters")
        kerns = [face.kern_em(a, b) for a, b in pairwise(text)] + [0.0]
        return Run(text, name, size_pt, tuple(round(tracking + kern, 4) for kern in kerns))

    def _letters(self, runs: Sequence[Run]) -> tuple[Box, ...]:
        """The ink of each letter, mm from the pen's start on the baseline. ValueError for a line without ink."""
        found: list[Box] = []
        x = 0.0
        for run in runs:
            face, em = self.faces(run.face), run.size_pt / PT_PER_MM
            for character, after in zip(run.text, run.after_em, strict=True):
                glyph = face.glyph(character)
                if glyph.right > glyph.left:
                    found.append(
                        Box(x + glyph.left * em, -glyph.top * em, (glyph.right - glyph.left) * em, (glyph.top - glyph.bottom) * em)
                    )
                x += (glyph.advance + after) * em
        if not found:
            raise ValueError(f"{self.place}: a line has no ink")
        return tuple(found)
