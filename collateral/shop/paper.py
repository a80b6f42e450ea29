"""A4 papers of the office: what goes with the print files and is signed, read and filled in by hand. One column of words, tables, boxes.

Set by the same setter and drawn by the same pen as the pieces. What a face lacks stands as its code point: no paper fails for a name.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

import pikepdf
from pikepdf import Dictionary, Name, String

from collateral.display import Op, Page, Stroke, Text
from collateral.draw_pdf import draw
from collateral.geometry import PT_PER_MM, Box, Point, line, rectangle
from collateral.ink import BLACK, Ink
from collateral.piece import Piece
from collateral.setting import Setter, Style
from collateral.type import BOLD, MEDIUM, REGULAR, SEMIBOLD, face

MARGIN: Final = 18.0
GREY: Final = Ink(0, 0, 0, 70)
HAIR: Final = Ink(0, 0, 0, 40)
RED: Final = Ink(20, 100, 100, 30)
_HAIR_MM: Final = 0.2
_BODY_PT: Final = 9.5
_LEADING: Final = 1.5  # of the size: clear of stacked marks
_FOOT_MM: Final = 10.0
_UNIT: Final = re.compile(r"(?<=\d) (?=(?:mm|cm|m|g/m²|%|đ)(?!\w))")  # what follows a number stays with it
_PAGES_AT_ONCE: Final = 24  # drawn, and forgotten: a register of a province has hundreds
TITLE: Final = Style(BOLD, 17, RED)
HEAD: Final = Style(SEMIBOLD, 11, BLACK)
BODY: Final = Style(REGULAR, _BODY_PT, BLACK, strong=SEMIBOLD)
SMALL: Final = Style(REGULAR, 8, GREY)
SETTER: Final = Setter(face, "office paper")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its head and its width in mm. `strong`: its cells stand in Medium."""

    head: str
    width: float
    strong: bool = False


def step(style: Style) -> float:
    """From baseline to baseline, mm."""
    return style.size_pt / PT_PER_MM * _LEADING


def legible(text: str) -> str:
    """`text` in one line, without markup, a code point in the place of what the face lacks, units held to their numbers."""
    plain = _UNIT.sub("\u00a0", " ".join(_words(text.replace("**", "*").replace("~", "-"))))
    lacking = set(face(REGULAR).missing(plain))
    return "".join(f"[U+{ord(c):04X}]" if c in lacking else c for c in plain)


def _words(text: str) -> list[str]:
    """What may be parted; a no-break space holds a number to its unit."""
    return [word for word in re.split(r"[ \t\r\n]+", text) if word]


def wrapped(text: str, style: Style, width: float) -> list[str]:
    """`text` broken at blanks, and inside a word that is longer than a line: codes and file names are."""
    lines: list[str] = []
    for word in _words(text):
        if lines and SETTER.width(f"{lines[-1]} {word}", style) <= width:
            lines[-1] += f" {word}"
            continue
        while SETTER.width(word, style) > width and len(word) > 1:
            kept = _longest(word, style, width)
            lines.append(word[:kept])
            word = word[kept:]
        lines.append(word)
    return lines


def _longest(word: str, style: Style, width: float) -> int:
    """How many letters of `word` fit; at least one."""
    return max((i for i in range(1, len(word)) if SETTER.width(word[:i], style) <= width), default=1)


class Writer:
    """Fills pages from top to bottom; full ones can be taken while it writes. mm from the sheet's upper left corner."""

    def __init__(self, footer: str, *, landscape: bool = False) -> None:
        self.width, self.height = (297.0, 210.0) if landscape else (210.0, 297.0)
        self.y = MARGIN
        self._footer = legible(footer)
        self._ops: list[Op] = []
        self._full: list[Page] = []
        self._number = 0

    @property
    def column(self) -> float:
        """Width between the margins."""
        return self.width - 2 * MARGIN

    @property
    def full(self) -> float:
        """mm of height that an empty page has."""
        return self.height - 2 * MARGIN - _FOOT_MM

    @property
    def left(self) -> float:
        """mm of height that are left on the page."""
        return self.height - MARGIN - _FOOT_MM - self.y

    @property
    def pages(self) -> int:
        """How many pages are begun."""
        return self._number + 1

    def draw(self, *ops: Op) -> None:
        self._ops += ops

    def room(self, height: float) -> bool:
        """Turns the page where less than `height` mm is left; whether it did."""
        if height <= self.left or not self._ops:
            return False
        self.turn()
        return True

    def turn(self) -> None:
        """Go on on a new page; nothing happens on one that is empty."""
        if not self._ops and self._number:
            return
        self._number += 1
        y = self.height - MARGIN
        number = SETTER.line(str(self._number), self.width - MARGIN, y, SMALL, align="right")
        foot = SETTER.fitted(self._footer, MARGIN, y, SMALL, self.column - 15)
        self._full.append(Page(self.width, self.height, (*self._ops, foot, number)))
        self._ops, self.y = [], MARGIN

    def line(self, text: str, style: Style, *, x: float = MARGIN, width: float | None = None) -> Text | None:
        """One line at the cursor, which stays; None where the text is empty."""
        if not (said := legible(text)):
            return None
        return SETTER.fitted(said, x, self.y, style, width or self.column - (x - MARGIN))

    def words(self, text: str, style: Style = BODY, *, after: float = 0.0) -> None:
        """A paragraph in the full width, then `after` mm."""
        for said in wrapped(legible(text), style, self.column):
            self.room(step(style))
            self.y += step(style)
            self.draw(SETTER.line(said, MARGIN, self.y, style))
        self.y += after

    def title(self, text: str, under: str = "") -> None:
        self.words(text, TITLE, after=1)
        if under:
            self.words(under, Style(MEDIUM, 10, GREY))
        self.y += 4

    def heading(self, text: str) -> None:
        """Never alone at the foot of a page."""
        self.room(28)
        self.y += 4
        self.words(text, HEAD, after=1.5)

    def facts(self, rows: Iterable[tuple[str, str]], label: float = 42.0) -> None:
        """What it is, and then its value; empty values are left out."""
        for what, value in rows:
            if not (lines := wrapped(legible(value), BODY, self.column - label)):
                continue
            self.room(step(BODY) * len(lines) + 1)
            for i, said in enumerate(lines):
                self.y += step(BODY)
                if i == 0:
                    self.draw(SETTER.fitted(legible(what), MARGIN, self.y, Style(REGULAR, _BODY_PT, GREY), label - 3))
                self.draw(SETTER.line(said, MARGIN + label, self.y, BODY))
            self.y += 0.8

    def table(self, columns: Sequence[Column], rows: Iterable[Sequence[str]], *, least: float = 0.0) -> Iterator[None]:
        """A table whose head comes again on every page, its rows at least `least` mm high: room for a hand.

        Hands back after each row, so that full pages can be taken.
        """
        self.room(24)
        self._head(columns)
        for row in rows:
            cells = [wrapped(legible(cell), _cell(column), column.width - 3) for column, cell in zip(columns, row, strict=True)]
            height = max(step(BODY) * max(map(len, cells)) + 2.0, least)
            if self.room(height):
                self._head(columns)
            self._row(columns, cells, height)
            yield

    def _head(self, columns: Sequence[Column]) -> None:
        cells = [wrapped(legible(column.head), SMALL, column.width - 3) for column in columns]
        top = self.y
        for x, lines in zip(_lefts(columns), cells, strict=True):
            self.draw(*(SETTER.line(said, x, top + step(SMALL) * (i + 1), SMALL) for i, said in enumerate(lines)))
        self.y = top + step(SMALL) * max(map(len, cells)) + 1.2
        self.draw(self.rule(self.y, BLACK, 0.35))

    def _row(self, columns: Sequence[Column], cells: Sequence[Sequence[str]], height: float) -> None:
        for column, x, lines in zip(columns, _lefts(columns), cells, strict=True):
            self.draw(*(SETTER.line(said, x, self.y + step(BODY) * (i + 0.95), _cell(column)) for i, said in enumerate(lines)))
        self.y += height
        self.draw(self.rule(self.y))

    def rule(self, y: float, ink: Ink = HAIR, weight: float = _HAIR_MM) -> Stroke:
        """A line from margin to margin."""
        return Stroke(line((Point(MARGIN, y), Point(self.width - MARGIN, y))), ink, weight)

    def signatures(self, roles: Sequence[tuple[str, str]]) -> None:
        """Boxes side by side, each with a role and what is printed under it, and room for a hand."""
        height, gap = 38.0, 6.0
        width = (self.column - gap * (len(roles) - 1)) / len(roles)
        self.room(height + 8)
        self.y += 6
        for i, (role, under) in enumerate(roles):
            x = MARGIN + i * (width + gap)
            self.draw(Stroke(rectangle(Box(x, self.y, width, height)), GREY, 0.3))
            self.draw(SETTER.fitted(legible(role), x + 4, self.y + 7, Style(SEMIBOLD, 9.5, BLACK), width - 8))
            if under:
                self.draw(SETTER.fitted(legible(under), x + 4, self.y + height - 4, SMALL, width - 8))
        self.y += height

    def take(self) -> list[Page]:
        """The pages that are full; each is handed out once."""
        full, self._full = self._full, []
        return full

    def finish(self) -> list[Page]:
        """What was not taken yet, the last page too."""
        if self._ops or not self._number:
            self.turn()
        return self.take()


def _cell(column: Column) -> Style:
    return Style(MEDIUM if column.strong else REGULAR, _BODY_PT, BLACK)


def _lefts(columns: Sequence[Column]) -> Iterator[float]:
    x = MARGIN
    for column in columns:
        yield x
        x += column.width


def written(writer: Writer, write: Callable[[Writer], Iterator[None]]) -> Iterator[Page]:
    """The pages of what `write` writes, each as soon as it is full."""
    for _ in write(writer):
        yield from writer.take()
    yield from writer.finish()


def paper_pdf(pages: Iterable[Page], title: str) -> bytes:
    """The pages as one PDF, drawn a few at a time. Same pages, same bytes; no PDF/X, for it is no print file."""
    pages = iter(pages)
    with pikepdf.new() as whole:
        while batch := tuple(islice(pages, _PAGES_AT_ONCE)):
            with pikepdf.open(io.BytesIO(draw(batch, plain_sheet(batch[0].width, batch[0].height), "", SETTER))) as part:
                whole.pages.extend(part.pages)
        for page in whole.pages:
            for key in ("/Trans", "/TrimBox", "/BleedBox"):
                if key in page.obj:
                    del page.obj[key]
        return saved(whole, title)


def saved(document: pikepdf.Pdf, title: str) -> bytes:
    """The document's bytes under a title, without clock or chance."""
    document.docinfo = document.make_indirect(Dictionary(Title=String(title), Creator=String("Tin Báo"), Trapped=Name("/False")))
    out = io.BytesIO()
    document.save(out, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.disable, compress_streams=True)
    return out.getvalue()


def plain_sheet(width: float, height: float) -> Piece:
    """Paper as a piece: no bleed, no marks, no slug."""
    return Piece(
        code="", title="", trim=(width, height), bleed=0, safe=0, slug=0, marks=False, scale=1, stock="sheet", ink_limit=280,
        distance_m=0.4, scan_m=0.4, max_version=3, layouts={},
    )  # fmt: skip
