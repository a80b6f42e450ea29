"""Lists as offices hand them in (CSV of any Windows, XLSX): bytes in, rows with their line numbers and faults out. Pure, no file is opened.

A list is read line by line from what it is handed, so that a million rows need no more memory than ten.

What is understood: UTF-8 with or without its mark, UTF-16 with its mark, Windows-1258 (what a Vietnamese Excel still writes); comma,
semicolon, tab or bar; a `sep=` line or title lines above the header; header names in any case, spacing and accents, and their aliases.
"""

import codecs
import csv
import io
import unicodedata
import warnings
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import BinaryIO, Final

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


@dataclass(frozen=True, slots=True)
class Reading:
    """A list being read: `columns` in the file's order, `faults` of its header, then row by row what stands below it. Good for one walk."""

    file: str
    columns: tuple[str, ...]
    faults: tuple[Fault, ...]
    rows: Iterator[Row | Fault] = field(repr=False)


def read_table(data: bytes, *, file: str, columns: Sequence[Column]) -> Table:
    """Read `data` as a CSV, or as the first sheet of an XLSX. Never raises for what is in it: all that is wrong becomes faults."""
    reading = open_table(io.BytesIO(data), file=file, columns=columns)
    rows, faults = list[Row](), list(reading.faults)
    for found in reading.rows:
        if isinstance(found, Row):
            rows.append(found)
        else:
            faults.append(found)
    return Table(file, reading.columns, tuple(rows), tuple(faults))


def open_table(source: BinaryIO, *, file: str, columns: Sequence[Column]) -> Reading:
    """Begin to read the list in `source`, which can seek; the rows come one by one. Never raises for what is in it."""
    if source.read(4) == b"PK\x03\x04":
        return _reading(_sheet(source), file, columns, sheet=True)
    encoding = encoding_of(source)
    source.seek(0)
    if encoding == "utf-8-sig" and _is_binary(source.read(1000)):
        return Reading(file, (), (Fault(file, 1, "encoding", _NO_TEXT, _SAVE_AS),), iter(()))
    source.seek(0)
    lines = _lines(source, encoding)
    head = list(islice(lines, HEADER_WITHIN))
    return _reading(_records(chain(head, lines), _separator(head, columns)), file, columns)


_NO_TEXT: Final = "This is no text file, or UTF-16 without its byte order mark"


def _is_binary(head: bytes) -> bool:
    return b"\0" in head.split(b"\n", 1)[0]


def encoding_of(source: BinaryIO) -> str:
    """How `source` is encoded, all of it looked at: UTF-16 by its mark, Windows-1258 where UTF-8 reads worse, else UTF-8."""
    source.seek(0)
    head = source.read(2)
    if head in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    source.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    lost = letters = 0
    while piece := source.read(1 << 20):
        if not piece.isascii() or lost or letters:  # else nothing of it is in question, nor was the end of the piece before
            text = decoder.decode(piece)
            lost += text.count(LOST)
            letters += len(text) - len(text.encode("ascii", "ignore"))
    return "cp1258" if 2 * lost > letters else "utf-8-sig"  # more broken than whole: it is not UTF-8


def _lines(source: BinaryIO, encoding: str) -> Iterator[str]:
    """Lines without their ends, in NFC."""
    text = io.TextIOWrapper(source, encoding, "replace", newline=None)
    try:
        for line in text:
            line = line.removesuffix("\n")
            yield line if line.isascii() else unicodedata.normalize("NFC", line)  # cp1258 writes tone marks apart
    finally:
        text.detach()  # whoever opened the file closes it


# -- records: (line, cells), or (line, words) for a line that is none ------------------------------------------------------------------

_Record = tuple[int, list[str] | str]


def _records(lines: Iterable[str], separator: str) -> Iterator[_Record]:
    source, ahead, at = iter(lines), deque[str](), 0
    while True:
        line = ahead.popleft() if ahead else next(source, None)
        if line is None:
            return
        at += 1
        if "\0" in line:
            yield at, "The line holds a NUL character"
        elif LOST in line:
            yield at, "The line holds bytes that are no letters"
        elif '"' in line:
            ahead.extend(islice(source, QUOTED_WITHIN - 1 - len(ahead)))
            cells, taken = _quoted((line, *ahead), separator)
            yield at, cells
            for _ in range(taken - 1):
                ahead.popleft()
            at += taken - 1
        else:
            yield at, line.split(separator)


def _quoted(lines: Sequence[str], separator: str) -> tuple[list[str] | str, int]:
    """The record that begins with the first of `lines`, and how many it takes."""
    reader = csv.reader((line + "\n" for line in lines), delimiter=separator, strict=True)
    try:
        return next(reader), reader.line_num
    except csv.Error:
        return "A quotation mark is not closed", 1


def _sheet(source: BinaryIO) -> Iterator[_Record]:
    """Rows of the first sheet of an XLSX, with the values its formulas had when it was saved."""
    import openpyxl  # 150 ms: only those who bring a workbook pay for it

    at = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of styles and drop-down lists that it leaves out
        try:
            book = openpyxl.load_workbook(source, read_only=True, data_only=True)
            for at, cells in enumerate(book.worksheets[0].iter_rows(values_only=True), 1):
                yield at, [_cell(value) for value in cells]
            book.close()
        except (
            Exception
        ):  # a damaged workbook makes openpyxl raise whatever its parts meet: IndexError, TypeError, ParseError, BadZipFile …
            yield at + 1, "The workbook can't be opened: it is damaged, or locked with a password"


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


def _header(records: Sequence[_Record], columns: Sequence[Column]) -> tuple[int, list[str]]:
    """The header's line and cells: of the first lines the one that shows most of our columns."""
    names, best, found = _names(columns), (1, list[str]()), 0
    for line, cells in records:
        if isinstance(cells, str):
            continue
        known = sum(_key(cell) in names for cell in cells)
        if known > found or not best[1]:
            best, found = (line, cells), known
    return best


# -- table -------------------------------------------------------------------------------------------------------------------------------


def _reading(found: Iterator[_Record], file: str, columns: Sequence[Column], sheet: bool = False) -> Reading:
    first = _first(found)
    line, header = _header(first, columns)
    present, faults = _present(header, columns, file, line)
    missing = [column for column in columns if column.required and column.name not in present]
    faults += [Fault(file, line, c.name, "The column is missing", f"Add a column headed {_headings(c)}") for c in missing]
    shown = tuple(filter(None, present))
    if missing:
        broken = [_refused(file, at, words) for at, words in first if isinstance(words, str) and at <= line]
        return Reading(file, shown, (*broken, *faults), iter(()))
    below = chain((record for record in first if record[0] > line), found)
    return Reading(file, shown, tuple(faults), _rows(below, file, present, sheet))


def _first(found: Iterator[_Record]) -> list[_Record]:
    """The records among which the header is looked for."""
    first = list[_Record]()
    for record in found:
        first.append(record)
        if record[0] >= HEADER_WITHIN:
            break
    return first


def _present(header: Sequence[str], columns: Sequence[Column], file: str, line: int) -> tuple[list[str], list[Fault]]:
    """Our name of each column of the header, "" for one that has none, and a fault for each that stands there twice."""
    names, present, faults = _names(columns), list[str](), list[Fault]()
    for cell in header:
        key = _key(cell)
        name = names.get(key, key.replace(" ", "_"))
        if name and name in present:
            faults.append(Fault(file, line, name, "The column stands twice in the header", "Keep one of the two"))
        present.append(name if name not in present else "")
    return present, faults


def _headings(column: Column) -> str:
    return " or ".join(f"“{word}”" for word in (column.name, *column.aliases[:1]))


def _refused(file: str, line: int, words: str) -> Fault:
    remedy = _SAVE_AS if "quotation" not in words else "Close it, or take it out"
    return Fault(file, line, "row", words, remedy)


def _rows(records: Iterable[_Record], file: str, names: Sequence[str], sheet: bool) -> Iterator[Row | Fault]:
    width, whole = len(names), all(names)
    for line, cells in records:
        if isinstance(cells, str):
            yield _refused(file, line, cells)
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
            yield Fault(file, line, "row", text, "Put a text that holds the separator in quotation marks, or fill in what is missing")
            continue
        by_name = zip(names, cells, strict=True)
        yield Row(line, dict(by_name) if whole else {name: cell for name, cell in by_name if name})
