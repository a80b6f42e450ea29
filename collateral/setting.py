"""Setting lines of text: measured before they are drawn, refused where a glyph is missing or the column is too narrow."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import pairwise
from typing import Final
from unicodedata import category, is_normalized

from collateral.display import Placed, Run, Text
from collateral.geometry import PT_PER_MM, Box
from collateral.ink import Ink
from collateral.refusal import Refused, refused
from collateral.shaping import shaped, shaper
from collateral.type import CAP_HEIGHT, LAO_FOR, Face

_MARKUP: Final = re.compile(r"\*\*(.+?)\*\*|~(.+?)~")  # **typed literally**, ~said aside~
_ASIDE_YIELDS: Final = 0.85
_ASIDE_PT: Final = 8.5  # reversed out of several plates, 8 pt are the least (press.md §1.4)
_LAO: Final = re.compile(r"([\u0e80-\u0eff]+(?: +[\u0e80-\u0eff]+)*)")  # a stretch is shaped whole, blanks between its words too


@dataclass(frozen=True, slots=True)
class Style:
    """How a line is set: the face of its words, of what is typed literally (**) and the size of an aside (~) beside them.

    `level`: the line's rank (display.Text); levels 1 to 3 are held against the piece's reading distance.
    """

    face: str
    size_pt: float
    ink: Ink
    strong: str = ""
    aside: float = 1.0
    tracking_em: float = 0.0
    level: int = 4

    def at(self, size_pt: float) -> Style:
        return replace(self, size_pt=size_pt)


def points_for_cap(face: str, cap_mm: float) -> float:
    """Size in points whose capitals are `cap_mm` high."""
    return cap_mm * PT_PER_MM / CAP_HEIGHT[face]


@dataclass(frozen=True, slots=True)
class Setter:
    """Sets lines for one piece; `place` names village and piece in a refusal, and makes no difference to what is set."""

    faces: Callable[[str], Face]
    place: str = field(compare=False)

    def line(self, text: str, x: float, y: float, style: Style, *, width: float | None = None, align: str = "left") -> Text:
        """One line whose ink begins at `x` (ends there, or is centred on it, by `align`) with its baseline at `y`.

        Raises Refused where a glyph is missing or the ink is wider than `width` mm.
        """
        return _line(self, text, (x, y), style, width, align)

    def fitted(self, text: str, x: float, y: float, style: Style, width: float, least: float = 0.0) -> Text:
        """The line in the size that fills `width`, at most the style's own, to a tenth of a point; Refused under `least` of it.

        What is said aside (~) gives way first, by a seventh at most: what must be typed stays large beside a long price.
        """
        size = self.size_to_fit(text, style, width)
        if size < style.size_pt and "~" in text:
            style = self._yielding(text, style, width, size)
            size = self.size_to_fit(text, style, width)
        if size < style.size_pt * least:
            raise self.too_wide(text, self.width(text, style.at(style.size_pt * least)), width)
        return self.line(text, x, y, style.at(size), width=width)

    def _yielding(self, text: str, style: Style, width: float, size: float) -> Style:
        """The style with its aside as much smaller as the line is too long: at most by a seventh, and not under what a press holds."""
        least = replace(style, aside=max(style.aside * _ASIDE_YIELDS, min(style.aside, _ASIDE_PT / size)))
        full, shortest = self.width(text, style), self.width(text, least)
        share = min(1.0, (full - width) / max(full - shortest, 1e-9))
        return replace(style, aside=style.aside - share * (style.aside - least.aside))

    def size_to_fit(self, text: str, style: Style, width: float) -> float:
        """Widths grow in proportion to the size, so one measurement gives the answer."""
        return min(style.size_pt, int(width / self.width(text, style) * style.size_pt * 10) / 10)

    def width(self, text: str, style: Style) -> float:
        """Width of the line's ink in mm."""
        _, left, right = _set(self, text, style)
        return right - left

    def too_wide(self, text: str, needed: float, width: float) -> Refused:
        """What is said of a text that needs `needed` mm and has `width`."""
        plain = _MARKUP.sub(lambda m: m[1] or m[2], text)
        return refused(self.place, "text", f'"{plain}" needs {needed:.1f} mm and has {width:.1f} mm', "Shorten the text or the name")

    def runs(self, text: str, style: Style) -> tuple[Run, ...]:
        """The line by face and size. Raises Refused where a letter can't be set."""
        if not is_normalized("NFC", text):
            raise refused(self.place, "text", f'"{text}" holds decomposed letters, whose marks print astray', "Write it in NFC")
        runs: list[Run] = []
        x = 0.0
        for words, name, share in self._parts(text, style):
            runs.append(self._run(words, name, style.size_pt * share, style.tracking_em, x))
            x += runs[-1].width
        return tuple(runs)

    def _parts(self, text: str, style: Style) -> Iterator[tuple[str, str, float]]:
        """The text by voice and script: words, face, share of the size."""
        for words, name, share in self._voices(text, style):
            for i, stretch in enumerate(_LAO.split(words)):
                if stretch:
                    yield stretch, LAO_FOR.get(name, name) if i % 2 else name, share

    @staticmethod
    def _voices(text: str, style: Style) -> Iterator[tuple[str, str, float]]:
        end = 0
        for found in _MARKUP.finditer(text):
            yield text[end : found.start()], style.face, 1.0
            yield (found[1], style.strong or style.face, 1.0) if found[1] else (found[2], style.face, style.aside)
            end = found.end()
        yield text[end:], style.face, 1.0

    def _run(self, text: str, name: str, size_pt: float, tracking: float, x: float) -> Run:
        face = self.faces(name)
        spread = _spread(face, text, tracking)
        if spread.lacking:
            listed = ", ".join(f"{c} (U+{ord(c):04X})" for c in spread.lacking)
            raise refused(self.place, "text", f'{face.name} has no glyph for {listed} in "{text}"', "Write the text with other letters")
        if spread.orphan:
            text = f'"{spread.orphan}" begins with a mark that has no letter'
            raise refused(self.place, "text", text, "Correct the spelling in the copy deck")
        return Run(text, face.name, size_pt, spread.after_em, x, spread.advance * size_pt / PT_PER_MM, spread.glyphs)

    def reach(self, runs: Sequence[Run]) -> tuple[float, float]:
        """Where the line's ink begins and ends, mm from the pen's start. Refused where there is none."""
        inked = [(run, ink) for run in runs if (ink := self._ink(run))]
        if not inked:
            raise refused(self.place, "text", "a line has no letters", "Write its words in the copy deck, or leave its section out")
        left = min(run.x + min(box.x for box in ink) * _em(run) for run, ink in inked)
        return left, max(run.x + max(box.right for box in ink) * _em(run) for run, ink in inked)

    def boxes(self, run: Run, x: float, y: float) -> Iterator[Box]:
        """The ink of each letter where the line stands."""
        em, x = _em(run), x + run.x
        for box in self._ink(run):
            yield Box(x + box.x * em, y + box.y * em, box.w * em, box.h * em)

    def _ink(self, run: Run) -> tuple[Box, ...]:
        return _inked(self.faces(run.face), run.text, run.after_em)


@lru_cache(maxsize=1024)
def _set(setter: Setter, text: str, style: Style) -> tuple[tuple[Run, ...], float, float]:
    """The line's runs, and where its ink begins and ends. Kept, as whole lines are: most of a piece says the same in every village, and
    what it says there is measured several times. That halved the time of a layout. A refusal is never kept.
    """
    runs = setter.runs(text, style)
    return runs, *setter.reach(runs)


@lru_cache(maxsize=512)
def _line(setter: Setter, text: str, at: tuple[float, float], style: Style, width: float | None, align: str) -> Text:
    (x, y), (runs, left, right) = at, _set(setter, text, style)
    if width is not None and right - left > width + 0.01:
        raise setter.too_wide(text, right - left, width)
    start = x - {"left": left, "right": right, "centre": (left + right) / 2}[align]
    placed = tuple(box for run in runs for box in setter.boxes(run, start, y))
    top, bottom = min(letter.y for letter in placed), max(letter.bottom for letter in placed)
    return Text(start, y, runs, style.ink, Box(start + left, top, right - left, bottom - top), placed, style.level)


def _em(run: Run) -> float:
    return run.size_pt / PT_PER_MM


@dataclass(frozen=True, slots=True)
class _Spread:
    """A stretch of one face, in em. `lacking`: characters that the face lacks; `orphan`: a word that begins with a mark."""

    lacking: str
    orphan: str = ""
    after_em: tuple[float, ...] = ()
    advance: float = 0.0
    glyphs: tuple[Placed, ...] = ()


@lru_cache(maxsize=1024)
def _spread(face: Face, text: str, tracking: float) -> _Spread:
    """How `text` is spaced; kept: the same lines stand in every village. Lao has no tracking: it would tear the marks off their letters."""
    if lacking := face.missing(text):
        return _Spread(lacking)
    if _LAO.match(text):
        shape = shaped(face, text)
        return _Spread("", next((word for word in text.split() if category(word[0]) == "Mn"), ""), (), shape.advance, shape.glyphs)
    after = tuple(round(tracking + kern, 4) for kern in (*(face.kern_em(a, b) for a, b in pairwise(text)), 0.0))
    return _Spread("", "", after, sum(face.glyph(character).advance for character in text) + sum(after))


@lru_cache(maxsize=1024)
def _inked(face: Face, text: str, after_em: tuple[float, ...]) -> tuple[Box, ...]:
    """The ink of each letter, in em from the stretch's pen start, y down. A shaped stretch has no `after_em`."""
    if not after_em:
        font = shaper(face)
        inks = ((at, font.ink(at.glyph)) for at in shaped(face, text).glyphs)
        return tuple(Box(at.x + ink.x, ink.y - at.y, ink.w, ink.h) for at, ink in inks if ink is not None)
    found, x = [], 0.0
    for character, after in zip(text, after_em, strict=True):
        glyph = face.glyph(character)
        if glyph.right > glyph.left:
            found.append(Box(x + glyph.left, -glyph.top, glyph.right - glyph.left, glyph.top - glyph.bottom))
        x += glyph.advance + after
    return tuple(found)
