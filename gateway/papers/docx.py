"""A `Document` as DOCX in the layout of Nghị định 30/2020/NĐ-CP, Phụ lục I: what an office opens, corrects and signs.

A4, margins 20 top and bottom, 30 left, 15 right; Times New Roman; page number 13 pt, centred in the top margin, none on page 1. The same
document gives the same bytes. Text is text: python-docx escapes it, and what XML has no place for is dropped here.
"""

import io
import re
import zipfile
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import docx
from docx.document import Document as Book
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH as ALIGN
from docx.enum.text import WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.section import Section
from docx.shared import Length, Mm, Pt
from docx.table import Table, _Cell, _Row
from docx.text.paragraph import Paragraph

from gateway.papers.document import Block, Document, Grid, Heading, Item, Signer, Text
from gateway.papers.page import COUNTRY, MOTTO, Letterhead
from gateway.papers.words import long_day

FACE: Final = "Times New Roman"
BODY: Final = 14  # pt
LINE_MM: Final = 165  # between the margins
_FIRST_LINE: Final = Mm(12.7)
_SIGNING_MM: Final = 26  # room for a signature and a seal
_STILL: Final = datetime(2000, 1, 1)  # noqa: DTZ001 # a file's times carry no zone
_ZIP_DATE: Final = (2000, 1, 1, 0, 0, 0)
_UNWRITABLE: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0 §2.2


def docx_file(document: Document) -> bytes:
    """The document as a DOCX file."""
    book = docx.Document()
    _prepare(book, document)
    _heads(book, document.head)
    _title(book, document)
    for block in document.blocks:
        _add(book, block)
    _closing(book, document.signer, document.recipients)
    out = io.BytesIO()
    book.save(out)
    return _stilled(out.getvalue())


def clean(text: str) -> str:
    """`text` without what no XML file can hold."""
    return _UNWRITABLE.sub("", text)


# --- the sheet ---


def _prepare(book: Book, document: Document) -> None:
    style = book.styles["Normal"]
    style.font.name, style.font.size = FACE, Pt(BODY)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for script in ("w:ascii", "w:hAnsi", "w:eastAsia", "w:cs"):
        fonts.set(qn(script), FACE)
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), "vi-VN")
    style.element.get_or_add_rPr().append(language)
    core = book.core_properties
    core.title, core.author, core.language = clean(f"{document.title} {document.subject}")[:250], clean(document.head.issuer)[:250], "vi-VN"
    core.created = core.modified = _STILL
    core.last_modified_by, core.comments, core.revision = "", "", 1
    _sheet(book.sections[0], document.mark)


def _sheet(section: Section, mark: str) -> None:
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin = section.bottom_margin = Mm(20)
    section.left_margin, section.right_margin = Mm(30), Mm(15)
    section.header_distance, section.footer_distance = Mm(10), Mm(10)
    section.different_first_page_header_footer = True
    number = section.header.paragraphs[0]
    stops = number.paragraph_format.tab_stops
    stops.add_tab_stop(Mm(LINE_MM / 2), WD_TAB_ALIGNMENT.CENTER)
    stops.add_tab_stop(Mm(LINE_MM), WD_TAB_ALIGNMENT.RIGHT)
    number.style = "Normal"  # the header's own style has stops for another width
    number.add_run("\t")
    _page_number(number)
    if mark:
        first = section.first_page_header.paragraphs[0]
        first.style, first.alignment = "Normal", ALIGN.RIGHT
        _run(first, mark, 13, bold=True)
        _run(number, f"\t{mark}", 13, bold=True)


def _page_number(paragraph: Paragraph) -> None:
    run = paragraph.add_run()
    run.font.size = Pt(13)
    for kind, words in (("begin", ""), ("", "PAGE"), ("end", "")):
        element = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            element.set(qn("w:fldCharType"), kind)
        else:
            element.text = words
        run._r.append(element)  # noqa: SLF001 # python-docx has no word for fields


# --- heads and title ---


def _heads(book: Book, head: Letterhead) -> None:
    """Issuing body on the left, the country's name on the right; below them the number, and place and day."""
    table = _bare(book, (0.4, 0.6), 2)
    left, right = table.rows[0].cells
    bodies = [(line, False) for line in head.superior.upper().split("\n") if line] + [
        (line, True) for line in head.issuer.upper().split("\n")
    ]
    for at, (line, bold) in enumerate(bodies):
        _line(left, line, 13, bold=bold, first=at == 0)
    _rule(left, 22)
    _line(right, COUNTRY, 12, bold=True, first=True)
    _line(right, MOTTO, 14, bold=True)
    _rule(right, 62)
    number, day = table.rows[1].cells
    _line(number, f"Số: {head.number or '          '}", 13, first=True)
    _line(day, f"{head.place}, {long_day(head.day)}", 14, italic=True, first=True)


def _title(book: Book, document: Document) -> None:
    title = _paragraph(book, document.title.upper(), 14, ALIGN.CENTER, bold=True)
    title.paragraph_format.space_before = Pt(18)
    for line in filter(None, document.subject.split("\n")):
        _paragraph(book, line, 14, ALIGN.CENTER, bold=True)
    _rule(book, 45, after=12)


# --- the body ---


def _add(book: Book, block: Block) -> None:
    match block:
        case Heading(level, text):
            heading = _body(book, text, bold=level < 3, italic=level == 3)
            heading.paragraph_format.keep_with_next = True
            if level == 1:
                heading.paragraph_format.space_before = Pt(10)
        case Text(text, is_ground):
            _body(book, text, italic=is_ground)
        case Item(text):
            _body(book, f"- {text}")
        case Grid():
            _grid(book, block)


def _body(book: Book, text: str, *, bold: bool = False, italic: bool = False) -> Paragraph:
    made = _paragraph(book, text, BODY, ALIGN.JUSTIFY, bold=bold, italic=italic)
    made.paragraph_format.first_line_indent = _FIRST_LINE
    made.paragraph_format.space_after = Pt(6)
    made.paragraph_format.line_spacing = 1.15
    return made


def _grid(book: Book, grid: Grid) -> None:
    if grid.caption:
        caption = _paragraph(book, grid.caption, 13, ALIGN.LEFT, bold=True)
        caption.paragraph_format.keep_with_next = True
        caption.paragraph_format.space_before = Pt(6)
    table = book.add_table(rows=1, cols=len(grid.header))
    table.style, table.alignment, table.autofit = "Table Grid", WD_TABLE_ALIGNMENT.CENTER, False
    _fill(table.rows[0].cells, grid.header, frozenset(), bold=True, centred=True)
    _repeat(table)
    for at, row in enumerate(grid.rows, 1):
        added = table.add_row()
        _whole(added)
        _fill(added.cells, row, grid.numbers, bold=grid.strong and at == len(grid.rows))
    _widths(table, grid.widths)
    after = book.add_paragraph()
    after.paragraph_format.space_after = Pt(4)
    _small(after._p.get_or_add_pPr())  # noqa: SLF001 # the size of an empty line


def _fill(cells: Sequence[_Cell], texts: Sequence[str], numbers: frozenset[int], *, bold: bool, centred: bool = False) -> None:
    for column, (cell, text) in enumerate(zip(cells, texts, strict=True)):
        paragraph = cell.paragraphs[0]
        paragraph.alignment = ALIGN.CENTER if centred else ALIGN.RIGHT if column in numbers else ALIGN.LEFT
        paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(2)
        _run(paragraph, text, 12, bold=bold)


def _repeat(table: Table) -> None:
    """The header comes again on each page."""
    header = OxmlElement("w:tblHeader")
    header.set(qn("w:val"), "true")
    table.rows[0]._tr.get_or_add_trPr().append(header)  # noqa: SLF001 # python-docx has no word for it


# --- recipients and signature ---


def _closing(book: Book, signer: Signer | None, recipients: Sequence[str]) -> None:
    if signer is None and not recipients:
        return
    gap = book.add_paragraph()
    gap.paragraph_format.keep_with_next = True
    left, right = _bare(book, (0.48, 0.52), 1).rows[0].cells
    if recipients:
        _line(left, "Nơi nhận:", 12, bold=True, italic=True, first=True, align=ALIGN.LEFT)
        for at, name in enumerate(recipients, 1):
            _line(left, f"- {name}{'.' if at == len(recipients) else ';'}", 11, align=ALIGN.LEFT)
    if signer is not None:
        for at, line in enumerate(signer.lines):
            _line(right, line.upper(), 14, bold=True, first=at == 0)
        room = _line(right, "", 14)
        room.paragraph_format.space_before = Mm(_SIGNING_MM)
        _line(right, signer.name, 14, bold=True)


# --- small things ---


def _bare(book: Book, shares: Sequence[float], rows: int) -> Table:
    table: Table = book.add_table(rows=rows, cols=len(shares))
    table.alignment, table.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    _widths(table, shares)
    for row in table.rows:
        _whole(row)
    return table


def _whole(row: _Row) -> None:
    """A row that doesn't break across two pages."""
    row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))  # noqa: SLF001 # python-docx has no word for it


def _widths(table: Table, shares: Sequence[float]) -> None:
    """LibreOffice goes by the grid, Word by the cells: both are told."""
    total = sum(shares)
    for column, share in zip(table.columns, shares, strict=True):
        width = Mm(LINE_MM * share / total)
        column.width = width
        for cell in column.cells:
            cell.width = width


def _line(
    cell: _Cell, text: str, size: float, *, bold: bool = False, italic: bool = False, first: bool = False, align: ALIGN = ALIGN.CENTER
) -> Paragraph:
    paragraph: Paragraph = cell.paragraphs[0] if first else cell.add_paragraph()
    paragraph.alignment = align
    paragraph.paragraph_format.space_after = Pt(0)
    _run(paragraph, text, size, bold=bold, italic=italic)
    return paragraph


def _paragraph(book: Book, text: str, size: float, align: ALIGN, *, bold: bool = False, italic: bool = False) -> Paragraph:
    paragraph: Paragraph = book.add_paragraph()
    paragraph.alignment = align
    paragraph.paragraph_format.space_after = Pt(0)
    _run(paragraph, text, size, bold=bold, italic=italic)
    return paragraph


def _run(paragraph: Paragraph, text: str, size: float, *, bold: bool = False, italic: bool = False) -> None:
    run = paragraph.add_run(clean(text))
    run.font.size, run.bold, run.italic = Pt(size), bold, italic


def _rule(place: Book | _Cell, length_mm: float, after: float = 0) -> None:
    """A short rule in the middle: the upper border of an indented, empty paragraph."""
    line: Length = Mm(LINE_MM) if not isinstance(place, _Cell) else place.width or Mm(LINE_MM)
    paragraph = place.add_paragraph()
    side = max(0, (int(line) - int(Mm(length_mm))) // 2)
    paragraph.paragraph_format.left_indent = paragraph.paragraph_format.right_indent = Length(side)
    paragraph.paragraph_format.space_before, paragraph.paragraph_format.space_after = Pt(2), Pt(after)
    _run(paragraph, "", 4)
    borders, top = OxmlElement("w:pBdr"), OxmlElement("w:top")
    for name, value in (("val", "single"), ("sz", "6"), ("space", "1"), ("color", "000000")):
        top.set(qn(f"w:{name}"), value)
    borders.append(top)
    paragraph._p.get_or_add_pPr().insert_element_before(borders, *_AFTER_BORDERS)  # noqa: SLF001 # as above
    mark: Any = paragraph._p.get_or_add_pPr()  # noqa: SLF001 # the size of the empty line itself
    _small(mark)


_AFTER_BORDERS: Final = ("w:shd", "w:tabs", "w:suppressAutoHyphens", "w:spacing", "w:ind", "w:jc", "w:rPr")  # ISO/IEC 29500-1 §17.3.1.26


def _small(properties: Any) -> None:
    run, size = OxmlElement("w:rPr"), OxmlElement("w:sz")
    size.set(qn("w:val"), "8")
    run.append(size)
    properties.append(run)


def _stilled(data: bytes) -> bytes:
    """The same parts without the time at which they were packed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for part in source.infolist():
            info = zipfile.ZipInfo(part.filename, _ZIP_DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            made.writestr(info, source.read(part))
    return out.getvalue()
