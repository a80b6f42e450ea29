"""Workbooks (XLSX) that are the same bytes each time: openpyxl writes the clock into them in two places, here it stands still.

Texts stay texts: one that begins with "=" is no formula, an official code keeps its leading zero.
"""

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

Cell = str | int | float | None
_EPOCH: Final = datetime(2000, 1, 1)  # noqa: DTZ001 # a workbook's times carry no zone
_ZIP_DATE: Final = (2000, 1, 1, 0, 0, 0)
_UNWRITABLE: Final = {code: " " for code in range(32) if code not in (9, 10, 13)}  # XML 1.0 has no place for them


@dataclass(frozen=True, slots=True)
class Tab:
    """One sheet: a header (none: ()), rows, widths in characters. The header is bold and stays in view."""

    name: str
    header: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    widths: Sequence[float]


def workbook(tabs: Sequence[Tab], title: str) -> bytes:
    """The tabs as one XLSX."""
    from openpyxl import Workbook

    book = Workbook()
    book.properties.title = title
    book.properties.creator = "Tin Báo"
    book.properties.created = _EPOCH
    book.remove(book.worksheets[0])
    for tab in tabs:
        _add(book, tab)
    out = io.BytesIO()
    book.save(out)
    return _stilled(out.getvalue())


def _add(book, tab: Tab) -> None:  # type: ignore[no-untyped-def] # openpyxl's Workbook
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    sheet = book.create_sheet(tab.name)
    for line, cells in enumerate([tab.header, *tab.rows] if tab.header else tab.rows, 1):
        for column, value in enumerate(cells, 1):
            cell = sheet.cell(line, column, value.translate(_UNWRITABLE) if isinstance(value, str) else value)
            cell.alignment = Alignment(vertical="top", wrap_text=True)
            if isinstance(value, str):
                cell.data_type = "s"
                cell.number_format = "@"
            elif isinstance(value, int):
                cell.number_format = "#,##0"
            if tab.header and line == 1:
                cell.font = Font(bold=True)
    if tab.header:
        sheet.freeze_panes = "A2"
    for column, width in enumerate(tab.widths, 1):
        sheet.column_dimensions[get_column_letter(column)].width = width
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True


def _stilled(data: bytes) -> bytes:
    """The same parts without the time at which they were written."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for part in source.infolist():
            body = source.read(part)
            if part.filename == "docProps/core.xml":
                body = _still_modified(body)
            info = zipfile.ZipInfo(part.filename, _ZIP_DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            made.writestr(info, body)
    return out.getvalue()


def _still_modified(core: bytes) -> bytes:
    """openpyxl sets the time of saving whatever it was told."""
    head, tag, rest = core.partition(b"<dcterms:modified")
    if not tag:
        return core
    attributes, _, after = rest.partition(b">")
    _, end, tail = after.partition(b"</dcterms:modified>")
    return head + tag + attributes + b">" + _EPOCH.strftime("%Y-%m-%dT%H:%M:%SZ").encode() + end + tail
