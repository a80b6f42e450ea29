"""Lists as offices hand them in (CSV of any Windows, XLSX): bytes in, rows with their line numbers and faults out. Pure, no file is opened.

What is understood: UTF-8 with or without its mark, UTF-16 with its mark, Windows-1258 (what a Vietnamese Excel still writes); comma,
semicolon, tab or bar; a `sep=` line or title lines above the header; header names in any case, spacing and accents, and their aliases.
"""

import csv
import io
import unicodedata
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.domain.fault import Fault
from gateway.domain.fold import fold

SEPARATORS: Final = (",", ";", "\t", "|")
HEADER_WITHIN: Final = 10  # lines searched for the header: offices write a title or two above it
QUOTED_WITHIN: Final = 20  # lines a quoted cell may span; a quotation mark never closed must not swallow the file
LOST: Final = "\ufffd"  # stands where bytes were no letters
_SAVE_AS = "In Excel choose Save As, “CSV UTF-8 (comma delimited)”"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a list: its name in our files, what offices write for it, whether the list is of use without it."""

    name: str
    aliases: tuple[str, ...] = ()
    required: bool = True


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the line it begins on (from 1), its cells (NFC, stripped) by column name; columns not asked for by their folded header."""

    line: int
    cells: Mapping[str, str] = field(repr=False)  # may hold people's names and numbers

    def __getitem__(self, column: str) -> str:
        """The cell, or "" where the list has no such column."""
        return self.cells.get(column, "")


@dataclass(frozen=True, slots=True)
class Table:
    """A list as read: `columns` in the file's order, the good `rows`, and a fault for each row or column that could not be used."""

    file: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...] = field(repr=False)
    faults: tuple[Fault, ...]


def read_table(data: bytes, *, file: str, columns: Sequence[Column]) -> Table:
    """Read `data` as a CSV, or as the first sheet of an XLSX. Never raises for what is in it: all that is wrong becomes faults."""
    if data.startswith(b"PK\x03\x04"):
        return _table(_sheet(data), file, columns, sheet=True)
    text = decode(data)
    if "\0" in text[:1000].split("\n", 1)[0]:
        fault = Fault(file, 1, "encoding", "This is no text file, or UTF-16 without its byte order mark", _SAVE_AS)
        return Table(file, (), (), (fault,))
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return _table(_records(lines, _separator(lines, columns)), file, columns)


def decode(data: bytes) -> str:
    """Text of `data` in NFC. Bytes that are no letters become U+FFFD. Windows-1258 is taken where UTF-8 reads worse."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = data.decode("utf-16", "replace")
    else:
        text = data.decode("utf-8-sig", "replace")
        if LOST in text and 2 * text.count(LOST) > sum(letter > "\x7f" for letter in text):  # more broken than whole: it is not UTF-8
            text = data.decode("cp1258", "replace")
    return unicodedata.normalize("NFC", text)  # cp1258 writes tone marks apart


# -- records: (line, cells), or (line, words) for a line that is none ------------------------------------------------------------------

_Record = tuple[int, list[str] | str]


def _records(lines: Sequence[str], separator: str) -> Iterator[_Record]:
    at = 0
    while at < len(lines):
        line, taken = lines[at], 1
        cells: list[str] | str
        if "\0" in line:
            cells = "The line holds a NUL character"
        elif LOST in line:
            cells = "The line holds bytes that are no letters"
        elif '"' in line:
            cells, taken = _quoted(lines, at, separator)
        else:
            cells = line.split(separator)
        yield at + 1, cells
        at += taken


def _quoted(lines: Sequence[str], at: int, separator: str) -> tuple[list[str] | str, int]:
    """The record that begins at `at`, and how many lines it takes."""
    reader = csv.reader((line + "\n" for line in lines[at : at + QUOTED_WITHIN]), delimiter=separator, strict=True)
    try:
        return next(reader), reader.line_num
    except csv.Error:
        return "A quotation mark is not closed", 1


def _sheet(data: bytes) -> Iterator[_Record]:
    """Rows of the first sheet of an XLSX, with the values its formulas had when it was saved."""
    import openpyxl  # 150 ms: only those who bring a workbook pay for it

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of styles and drop-down lists that it leaves out
        try:
            book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
            rows = [[_cell(value) for value in cells] for cells in book.worksheets[0].iter_rows(values_only=True)]
            book.close()
        except (
            Exception
        ):  # a damaged workbook makes openpyxl raise whatever its parts meet: IndexError, TypeError, ParseError, BadZipFile …
            yield 1, "The workbook can't be opened: it is damaged, or locked with a password"
            return
    yield from enumerate(rows, 1)


def _cell(value: object) -> str:
    """A workbook's value in the words of a CSV: a whole number has no ".0"."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return unicodedata.normalize("NFC", str(value))


# -- header ------------------------------------------------------------------------------------------------------------------------------


def _key(header: str) -> str:
    return " ".join(fold(header.replace("_", " ").replace("-", " ").strip("\ufeff* ")).split())


def _names(columns: Sequence[Column]) -> dict[str, str]:
    return {_key(word): column.name for column in columns for word in (column.name, *column.aliases)}


def _separator(lines: Sequence[str], columns: Sequence[Column]) -> str:
    """The separator under which the first lines show most of our columns; `sep=;` settles it."""
    head = lines[:HEADER_WITHIN]
    if head and head[0].lower().startswith("sep=") and head[0][4:5] in SEPARATORS:
        return head[0][4:5]
    names = _names(columns)

    def known(separator: str) -> int:
        return max((sum(_key(cell.strip('"')) in names for cell in line.split(separator)) for line in head), default=0)

    return max(SEPARATORS, key=known)  # the first of equals, so a comma


def _header(records: Iterator[_Record], columns: Sequence[Column]) -> tuple[int, list[str]]:
    """The header's line and cells: of the first lines the one that shows most of our columns."""
    names, best, found = _names(columns), (1, list[str]()), 0
    for line, cells in records:
        if line > HEADER_WITHIN:
            break
        if isinstance(cells, str):
            continue
        known = sum(_key(cell) in names for cell in cells)
        if known > found or not best[1]:
            best, found = (line, cells), known
    return best


# -- table -------------------------------------------------------------------------------------------------------------------------------


def _table(found: Iterator[_Record], file: str, columns: Sequence[Column], sheet: bool = False) -> Table:
    records = list(found)
    line, header = _header(iter(records), columns)
    names, present, faults = _names(columns), list[str](), list[Fault]()
    for cell in header:
        key = _key(cell)
        name = names.get(key, key.replace(" ", "_"))
        if name and name in present:
            faults.append(Fault(file, line, name, "The column stands twice in the header", "Keep one of the two"))
        present.append(name if name not in present else "")
    missing = [column for column in columns if column.required and column.name not in present]
    faults += [Fault(file, line, c.name, "The column is missing", f"Add a column headed {_headings(c)}") for c in missing]
    if missing:
        broken = [_refused(file, at, words) for at, words in records if isinstance(words, str) and at <= line]
        return Table(file, tuple(filter(None, present)), (), (*broken, *faults))
    rows = list(_rows([record for record in records if record[0] > line], file, present, faults, sheet))
    return Table(file, tuple(filter(None, present)), tuple(rows), tuple(faults))


def _headings(column: Column) -> str:
    return " or ".join(f"“{word}”" for word in (column.name, *column.aliases[:1]))


def _refused(file: str, line: int, words: str) -> Fault:
    remedy = _SAVE_AS if "quotation" not in words else "Close it, or take it out"
    return Fault(file, line, "row", words, remedy)


def _rows(records: Sequence[_Record], file: str, names: Sequence[str], faults: list[Fault], sheet: bool) -> Iterator[Row]:
    width = len(names)
    for line, cells in records:
        if isinstance(cells, str):
            faults.append(_refused(file, line, cells))
            continue
        cells = [cell.strip() for cell in cells]
        if not any(cells):
            continue
        if len(cells) > width and not any(cells[width:]):
            cells = cells[:width]
        if sheet and len(cells) < width:  # a workbook leaves empty cells at the end out
            cells += [""] * (width - len(cells))
        if len(cells) != width:
            text = f"The row has {len(cells)} cells, the header {width}"
            faults.append(
                Fault(file, line, "row", text, "Put a text that holds the separator in quotation marks, or fill in what is missing")
            )
            continue
        yield Row(line, {name: cell for name, cell in zip(names, cells, strict=True) if name})
