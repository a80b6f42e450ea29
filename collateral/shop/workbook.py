"""Workbooks (XLSX, ECMA-376) written row by row: a register of a province's villages never lies in memory. Same rows, same bytes.

Texts are inline strings: one that begins with "=" is no formula, a code keeps its leading zero.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import IO, Final
from xml.sax.saxutils import escape, quoteattr

Cell = str | int | float | None
_DATE: Final = (2000, 1, 1, 0, 0, 0)  # zip entries carry a time; ours stands still
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_KIND: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_UNWRITABLE: Final = {code: " " for code in range(32) if code not in (9, 10, 13)}  # XML 1.0 has no place for them
_STYLES: Final = (  # 0: numbers; 1: text, wrapped; 2: head, bold
    f'{_HEAD}<styleSheet xmlns="{_MAIN}"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/>'
    '<name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill '
    'patternType="gray125"/></fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
    '<cellXfs count="3"><xf applyAlignment="1"><alignment vertical="top"/></xf>'
    '<xf numFmtId="49" applyNumberFormat="1" applyAlignment="1"><alignment vertical="top" wrapText="1"/></xf>'
    '<xf numFmtId="49" fontId="1" applyFont="1" applyAlignment="1"><alignment vertical="top" wrapText="1"/></xf></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


@dataclass(frozen=True, slots=True)
class Tab:
    """One sheet: its name, the head of each column with its width in characters, and rows, which are walked through once."""

    name: str
    columns: Sequence[tuple[str, float]]
    rows: Iterable[Sequence[Cell]]


def write_workbook(out: IO[bytes], tabs: Sequence[Tab]) -> None:
    """The tabs as one XLSX into `out`."""
    with zipfile.ZipFile(out, "w") as made:
        _part(made, "[Content_Types].xml", _content_types(len(tabs)))
        _part(made, "_rels/.rels", _relations((f"{_OFFICE}/officeDocument", "xl/workbook.xml")))
        _part(made, "xl/workbook.xml", _book(tabs))
        sheets = [(f"{_OFFICE}/worksheet", f"worksheets/sheet{n}.xml") for n in range(1, len(tabs) + 1)]
        _part(made, "xl/_rels/workbook.xml.rels", _relations(*sheets, (f"{_OFFICE}/styles", "styles.xml")))
        _part(made, "xl/styles.xml", _STYLES)
        for number, tab in enumerate(tabs, 1):
            with made.open(_entry(f"xl/worksheets/sheet{number}.xml"), "w", force_zip64=True) as sheet:
                _write_sheet(sheet, tab)


def _entry(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _DATE)
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


def _part(made: zipfile.ZipFile, name: str, text: str) -> None:
    made.writestr(_entry(name), text)


def _content_types(sheets: int) -> str:
    parts = [("/xl/workbook.xml", "sheet.main"), ("/xl/styles.xml", "styles")]
    parts += [(f"/xl/worksheets/sheet{n}.xml", "worksheet") for n in range(1, sheets + 1)]
    named = "".join(f'<Override PartName="{part}" ContentType="{_KIND}.{kind}+xml"/>' for part, kind in parts)
    relations = "application/vnd.openxmlformats-package.relationships+xml"
    return (
        f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" ContentType="{relations}"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{named}</Types>'
    )


def _relations(*targets: tuple[str, str]) -> str:
    each = "".join(f'<Relationship Id="rId{n}" Type="{kind}" Target="{target}"/>' for n, (kind, target) in enumerate(targets, 1))
    return f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{each}</Relationships>'


def _book(tabs: Sequence[Tab]) -> str:
    sheets = "".join(f'<sheet name={quoteattr(tab.name[:31])} sheetId="{n}" r:id="rId{n}"/>' for n, tab in enumerate(tabs, 1))
    return f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{sheets}</sheets></workbook>'


def _write_sheet(sheet: IO[bytes], tab: Tab) -> None:
    columns = "".join(f'<col min="{n}" max="{n}" width="{width:g}" customWidth="1"/>' for n, (_, width) in enumerate(tab.columns, 1))
    frozen = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
    views = f'<sheetViews><sheetView workbookViewId="0">{frozen}</sheetView></sheetViews>'
    sheet.write(f'{_HEAD}<worksheet xmlns="{_MAIN}">{views}<cols>{columns}</cols><sheetData>'.encode())
    sheet.write(_row(1, [head for head, _ in tab.columns], 2))
    for number, cells in enumerate(tab.rows, 2):
        sheet.write(_row(number, cells, 1))
    sheet.write(b'</sheetData><pageSetup paperSize="9" orientation="landscape"/></worksheet>')


def _row(number: int, cells: Sequence[Cell], style: int) -> bytes:
    return f'<row r="{number}">{"".join(_cell(f"{_letters(n)}{number}", cell, style) for n, cell in enumerate(cells))}</row>'.encode()


def _cell(at: str, cell: Cell, style: int) -> str:
    if cell is None or cell == "":
        return ""
    if isinstance(cell, str):
        return f'<c r="{at}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{escape(cell.translate(_UNWRITABLE))}</t></is></c>'
    return f'<c r="{at}"><v>{cell}</v></c>'


def _letters(column: int) -> str:
    """0 -> A, 25 -> Z, 26 -> AA."""
    high, low = divmod(column, 26)
    return (_letters(high - 1) if high else "") + chr(65 + low)
