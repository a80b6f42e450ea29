"""A4 in the form of Nghị định 30/2020/NĐ-CP, Phụ lục I (field.md §2.7): heads, place and date, title, body, signatures, Nơi nhận.

Margins: top and bottom 20 mm, left 30, right 15; tables may lie on landscape pages. Page number Arabic, 13 pt, centred in the top margin,
not on the first page.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any, Final
from xml.sax.saxutils import escape

from reportlab import rl_config
from reportlab.lib.colors import black
from reportlab.lib.enums import TA_CENTER, TA_JUSTIFY, TA_LEFT, TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, CondPageBreak, Frame, KeepTogether, PageTemplate, Paragraph, Spacer, Table
from reportlab.platypus.flowables import Flowable

from gateway.papers.faces import BOLD, BOLD_ITALIC, FAMILY, ITALIC, REGULAR, face, legible
from gateway.papers.words import long_day

rl_config.useA85 = 0  # as print sets it: in one process the last to be imported would decide how our bytes look

LEFT, RIGHT, TOP, BOTTOM = (float(side * mm) for side in (30, 15, 20, 20))
BODY_WIDTH: Final = float(A4[0]) - LEFT - RIGHT
LANDSCAPE_WIDTH: Final = float(A4[1]) - LEFT - RIGHT
_LEADING: Final = 1.32  # of the size: between single and 1.5, and clear of stacked marks (Ễ above Ậ)
_RULE_WEIGHT: Final = 0.7  # pt
_BEGINNING: Final = 40 * mm  # a heading and the first rows of its table
COUNTRY: Final = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"
MOTTO: Final = "Độc lập - Tự do - Hạnh phúc"


@dataclass(frozen=True, slots=True)
class Letterhead:
    """`superior` may be "". `number`: what stands behind "Số:", "" leaves room for the pen. `place`: "Thống Nhất"."""

    superior: str
    issuer: str
    place: str
    day: date
    number: str = ""


@dataclass(frozen=True, slots=True)
class Signature:
    """A column to sign in. `name`: printed under the room for the signature; "" where a pen writes it."""

    role: str
    name: str = ""
    note: str = "(Ký, ghi rõ họ tên)"


@dataclass(frozen=True, slots=True)
class Paper:
    """A whole paper. `mark`: words on top of every page ("DỰ THẢO"), or "". `body`: what `paragraph`, `facts`, `table`, `boxed` … make."""

    head: Letterhead
    title: str
    subject: str
    body: Sequence[Flowable] = field(repr=False)
    signatures: tuple[Signature, ...] = ()
    recipients: tuple[str, ...] = ()
    mark: str = ""
    landscape: bool = False

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of a page, points."""
        return (float(A4[1]), float(A4[0])) if self.landscape else (float(A4[0]), float(A4[1]))

    @property
    def line(self) -> float:
        """Width between the margins, points."""
        return self.size[0] - LEFT - RIGHT


class Rule(Flowable):  # type: ignore[misc] # reportlab ships no types
    """A short rule in the middle of the line that it stands in. Points."""

    def __init__(self, length: float, after: float = 0.0) -> None:
        super().__init__()
        self._length, self._after = length, after
        self._indent = 0.0

    def wrap(self, width: float, _height: float) -> tuple[float, float]:
        self._indent = max(0.0, (width - self._length) / 2)
        return width, 4 + self._after

    def draw(self) -> None:
        self.canv.setLineWidth(_RULE_WEIGHT)
        self.canv.line(self._indent, self._after, self._indent + self._length, self._after)


def pdf(paper: Paper) -> bytes:
    """The paper as PDF: the same paper, the same bytes."""
    _register()
    out = io.BytesIO()
    title = f"{paper.title} {paper.subject}".strip()
    document = BaseDocTemplate(
        out, pagesize=paper.size, invariant=1, pageCompression=1, title=title, author=paper.head.issuer, lang="vi-VN"
    )
    frame = Frame(LEFT, BOTTOM, paper.line, paper.size[1] - TOP - BOTTOM, 0, 0, 0, 0)
    document.addPageTemplates(
        PageTemplate(frames=[frame], pagesize=paper.size, onPage=lambda canvas, it: _furniture(canvas, it.page, paper))
    )
    document.build(_story(paper))
    return out.getvalue()


def _story(paper: Paper) -> list[Flowable]:
    story = [_heads(paper.head, paper.line), Spacer(0, 14), paragraph(paper.title, "title")]
    if paper.subject:
        story.append(paragraph(paper.subject, "subject"))
    story += [Rule(_width(paper.subject or paper.title, BOLD, 14) * 0.35, after=12), *_headed(paper.body)]
    if paper.signatures:
        story.append(KeepTogether([Spacer(0, 16), _signatures(paper.signatures, paper.line)]))
    if paper.recipients:
        story.append(KeepTogether([Spacer(0, 8), *_recipients(paper.recipients)]))
    return story


def _headed(body: Sequence[Flowable]) -> Iterator[Flowable]:
    """A heading stays with what it heads: with the beginning of a table that may break, with the whole of anything else."""
    for at, each in enumerate(body):
        following = body[at + 1] if at + 1 < len(body) else None
        if isinstance(each, Paragraph) and each.style.name in ("section", "caption"):
            each.keepWithNext = not isinstance(following, Table)
            yield CondPageBreak(_BEGINNING)
        yield each


def _furniture(canvas: Canvas, number: int, paper: Paper) -> None:
    width, height = paper.size
    canvas.saveState()
    if number > 1:
        canvas.setFont(REGULAR, 13)
        canvas.drawCentredString(width / 2, height - 14 * mm, str(number))
    if paper.mark:
        canvas.setFont(BOLD, 13)
        canvas.drawRightString(width - RIGHT, height - 14 * mm, legible(paper.mark))
    canvas.restoreState()


# --- heads, signatures, recipients ---


def _heads(head: Letterhead, line: float) -> Table:
    narrow, wide = line * 0.4, line * 0.6
    superior = _balanced(head.superior.upper(), REGULAR, 12, narrow)
    issuer = _balanced(head.issuer.upper(), BOLD, 12, narrow)
    left: list[Flowable] = [paragraph(superior, "superior")] if superior else []
    left += [paragraph(issuer, "head"), Rule(max(_width(line, BOLD, 12) for line in issuer.split("\n")) * 0.42)]
    right = [paragraph(COUNTRY, "head"), paragraph(MOTTO, "motto"), Rule(_width(MOTTO, BOLD, 13))]
    number = paragraph(f"Số: {head.number or '......../........'}", "centred")
    day = paragraph(f"{head.place}, {long_day(head.day)}", "place")
    return bare([[left, right], [number, day]], [narrow, wide])


def _signatures(columns: Sequence[Signature], line: float) -> Table:
    each = line / len(columns)
    cells = [
        [paragraph(column.role.upper(), "head13"), paragraph(column.note, "note"), Spacer(0, 62), paragraph(column.name, "head13")]
        for column in columns
    ]
    return bare([cells], [each] * len(columns))


def _recipients(names: Sequence[str]) -> list[Flowable]:
    return [paragraph("Nơi nhận:", "to"), *(paragraph(f"- {name}{'.' if name == names[-1] else ';'}", "list") for name in names)]


def bare(rows: Sequence[Sequence[Any]], widths: Sequence[float]) -> Table:  # Any: flowables or lists of them
    """A table without rules or padding: columns side by side."""
    zero = [(f"{side}PADDING", (0, 0), (-1, -1), 0) for side in ("LEFT", "RIGHT", "TOP")]
    return Table(rows, widths, style=[("VALIGN", (0, 0), (-1, -1), "TOP"), ("BOTTOMPADDING", (0, 0), (-1, -1), 6), *zero])


def _balanced(text: str, name: str, size: float, room: float) -> str:
    """`text` on one line if it fits, else on two whose longer one is as short as can be: a head never breaks off its last word."""
    if "\n" in text or _width(text, name, size) <= room:
        return text
    words = text.split(" ")
    ways = [(" ".join(words[:at]), " ".join(words[at:])) for at in range(1, len(words))]
    return "\n".join(min(ways, key=lambda way: max(_width(line, name, size) for line in way), default=(text,)))


# --- the body ---


def paragraph(text: str, style: str = "body") -> Paragraph:
    """Running text in one of our styles; line breaks of `text` stay."""
    return Paragraph(escape(legible(text)).replace("\n", "<br/>"), _styles()[style])


def section(title: str) -> Paragraph:
    """A numbered heading, kept with what follows."""
    return paragraph(title, "section")


def facts(rows: Sequence[tuple[str, str]]) -> Table:
    """Label and value, one row each, ruled."""
    cells = [[paragraph(label, "cell"), paragraph(value, "cell")] for label, value in rows]
    return _ruled(cells, [BODY_WIDTH * 0.34, BODY_WIDTH * 0.66], header=False)


def table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    widths: Sequence[float],
    numbers: frozenset[int] = frozenset(),
    *,
    line: float = BODY_WIDTH,
    small: bool = False,
    bold_last: bool = False,
) -> Table:
    """A ruled table whose header comes again on each page. `widths`: shares of `line`. `numbers`: columns set to the right.

    `small`: 9 pt, for many columns. `bold_last`: the last row holds sums.
    """
    size = "9" if small else ""
    cells = [[paragraph(cell, f"th{size}") for cell in header]]
    for at, row in enumerate(rows, 1):
        strong = "sum" if bold_last and at == len(rows) else ""
        cells.append([paragraph(cell, f"{strong}{'number' if column in numbers else 'cell'}{size}") for column, cell in enumerate(row)])
    total = sum(widths)
    return _ruled(cells, [line * width / total for width in widths], header=True)


def boxed(text: str) -> Table:
    """A text in full, as the handset shows it: its line breaks and its spaces, nothing added."""
    kept = escape(legible(text)).replace("  ", "&nbsp; ").replace("\n", "<br/>")
    return _ruled([[Paragraph(kept, _styles()["phone"])]], [BODY_WIDTH], header=False, padding=6)


def together(*parts: Flowable) -> Flowable:
    """Parts that stay on one page if one page holds them."""
    return KeepTogether(list(parts))


def _ruled(cells: Sequence[Sequence[Any]], widths: Sequence[float], *, header: bool, padding: float = 3.5) -> Table:  # Any: flowables
    style: list[tuple[Any, ...]] = [
        ("GRID", (0, 0), (-1, -1), 0.5, black),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("TOPPADDING", (0, 0), (-1, -1), padding - 2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), padding),
        ("LEFTPADDING", (0, 0), (-1, -1), 5),
        ("RIGHTPADDING", (0, 0), (-1, -1), 5),
    ]
    if header:
        style.append(("VALIGN", (0, 0), (-1, 0), "MIDDLE"))
    # A text longer than a page goes on on the next one.
    return Table(cells, widths, style=style, repeatRows=int(header), spaceBefore=3, spaceAfter=8, splitInRow=1)


# --- type ---


def _width(text: str, name: str, size: float) -> float:
    _register()
    return float(pdfmetrics.stringWidth(legible(text), name, size))


@cache
def _register() -> None:
    """Our faces, known to reportlab once a process."""
    for name in (REGULAR, BOLD, ITALIC, BOLD_ITALIC):
        pdfmetrics.registerFont(TTFont(name, io.BytesIO(face(name).data)))
    pdfmetrics.registerFontFamily(FAMILY, normal=REGULAR, bold=BOLD, italic=ITALIC, boldItalic=BOLD_ITALIC)


def _style(name: str, size: float, align: int, **more: float) -> ParagraphStyle:
    return ParagraphStyle(name, fontName=REGULAR, fontSize=size, leading=size * _LEADING, alignment=align, splitLongWords=1, **more)


@cache
def _styles() -> dict[str, ParagraphStyle]:
    _register()
    plain = {
        "body": _style("body", 13, TA_JUSTIFY, spaceBefore=3, spaceAfter=3, firstLineIndent=10 * mm),
        "flat": _style("flat", 13, TA_LEFT, spaceBefore=3, spaceAfter=3),
        "basis": _style("basis", 13, TA_JUSTIFY, spaceAfter=3, firstLineIndent=10 * mm),
        "section": _style("section", 13, TA_LEFT, spaceBefore=7, spaceAfter=4),
        "caption": _style("caption", 13, TA_LEFT, spaceBefore=5, spaceAfter=3),
        "small": _style("small", 11, TA_LEFT, spaceBefore=2, spaceAfter=3),
        "cell": _style("cell", 12, TA_LEFT),
        "number": _style("number", 12, TA_RIGHT),
        "th": _style("th", 12, TA_CENTER),
        "sumcell": _style("sumcell", 12, TA_LEFT),
        "sumnumber": _style("sumnumber", 12, TA_RIGHT),
        "cell9": _style("cell9", 9, TA_LEFT),
        "number9": _style("number9", 9, TA_RIGHT),
        "th9": _style("th9", 9, TA_CENTER),
        "sumcell9": _style("sumcell9", 9, TA_LEFT),
        "sumnumber9": _style("sumnumber9", 9, TA_RIGHT),
        "phone": _style("phone", 13, TA_LEFT),
        "title": _style("title", 14, TA_CENTER),
        "subject": _style("subject", 14, TA_CENTER),
        "superior": _style("superior", 12, TA_CENTER),
        "head": _style("head", 12, TA_CENTER),
        "head13": _style("head13", 13, TA_CENTER),
        "motto": _style("motto", 13, TA_CENTER),
        "centred": _style("centred", 13, TA_CENTER),
        "addressee": _style("addressee", 13, TA_CENTER, spaceAfter=9),
        "place": _style("place", 13, TA_CENTER),
        "note": _style("note", 12, TA_CENTER),
        "to": _style("to", 12, TA_LEFT),
        "list": _style("list", 11, TA_LEFT),
    }
    for font, names in _FONTS.items():
        for name in names:
            plain[name].fontName = font
    return plain


_FONTS: Final = {
    BOLD: ("section", "th", "th9", "sumcell", "sumnumber", "sumcell9", "sumnumber9", "title", "subject", "head", "head13", "motto"),
    ITALIC: ("basis", "place", "note", "small"),
    BOLD_ITALIC: ("to",),
}
