"""Lists of people's numbers as offices keep them (CSV, XLSX): row by row a contact, or why there is none. Pure, no file is opened."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from gateway.domain.fault import Fault
from gateway.domain.msisdn import BadMsisdn, Msisdn
from gateway.domain.number_repair import Repaired, masked, read_number, remedy_for
from gateway.domain.table import Column, Row, open_table
from gateway.domain.village import Village

COLUMNS: Final = (
    Column("msisdn", ("số điện thoại", "điện thoại", "sđt", "số đt", "số thuê bao", "phone", "di động")),
    Column("village", ("mã thôn", "thôn", "thôn bản")),
    Column("name", ("họ tên", "họ và tên", "tên"), required=False),
    Column("language", ("ngôn ngữ",), required=False),
    Column("tags", ("nhãn", "nhóm"), required=False),
    Column("consent", ("đồng ý", "nguồn đồng ý"), required=False),
    Column("legal_basis", ("căn cứ", "căn cứ pháp lý"), required=False),
)
OWN: Final = frozenset(column.name for column in COLUMNS)
NAME_FIELD: Final = "ten"  # what a text calls the column of names
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}")
_LANGUAGES: Final = {"": "vi", "việt": "vi", "tiếng việt": "vi", "anh": "en", "tiếng anh": "en", "lào": "lo", "tiếng lào": "lo"}


@dataclass(frozen=True, slots=True)
class Contact:
    """A person's number as a list gives it. `fields`: the list's further columns, for a wave's text. `repaired`: what the cell needed.

    `written`: the cell as a report may show it, where it was repaired.
    """

    line: int
    msisdn: Msisdn
    village: str
    name: str = field(default="", repr=False)
    language: str = "vi"
    tags: tuple[str, ...] = ()
    consent: str = ""
    legal_basis: str = ""
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)
    repaired: Repaired | None = None
    written: str = field(default="", repr=False)

    def cells(self) -> dict[str, str]:
        """What a text may name of this row."""
        return {NAME_FIELD: self.name, **self.fields}


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A row of which no contact was made. `written`: its number's cell, masked."""

    fault: Fault
    written: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class ContactList:
    """A list being read; good for one walk. `columns` in the file's order; `faults`: of its header, and then `rows` is empty."""

    file: str
    columns: tuple[str, ...]
    faults: tuple[Fault, ...]
    rows: Iterator[Contact | LeftOut] = field(repr=False)

    @property
    def field_names(self) -> tuple[str, ...]:
        """What a text may name beside village and campaign."""
        return (NAME_FIELD, *(column for column in self.columns if column not in OWN))


def open_contacts(source: BinaryIO, file: str, villages: Mapping[str, Village]) -> ContactList:
    """Begin to read the list in `source`, which can seek. A number that stands twice comes twice."""
    reading = open_table(source, file=file, columns=COLUMNS)
    return ContactList(file, reading.columns, reading.faults, _contacts(reading.rows, file, villages))


def repeated(file: str, line: int, before: int) -> Fault:
    """The fault of a row whose number stands in the line `before` too."""
    return Fault(file, line, "msisdn", f"The number stands in line {before} already", "Keep one of the two rows")


class _BadCell(ValueError):
    """A cell that can't be used: field, text and remedy of its Fault, in this order."""


def _contacts(rows: Iterator[Row | Fault], file: str, villages: Mapping[str, Village]) -> Iterator[Contact | LeftOut]:
    reader = _Reader(villages)
    for row in rows:
        if isinstance(row, Fault):
            yield LeftOut(row)
            continue
        try:
            yield reader.contact(row)
        except _BadCell as why:
            yield LeftOut(Fault(file, row.line, *why.args), masked(row["msisdn"]))


class _Reader:
    """Rows to contacts. What cells of villages, languages and tags mean is remembered: a list says the same few things over and over."""

    def __init__(self, villages: Mapping[str, Village]) -> None:
        self._villages, self._by_name = villages, _unique_names(villages)
        self._codes: dict[str, str | None] = {}
        self._tags: dict[str, tuple[str, ...]] = {}

    def contact(self, row: Row) -> Contact:
        """Raises _BadCell."""
        cells = row.cells
        msisdn, repaired = _number(_named(cells, "msisdn"))
        village = self._village(_named(cells, "village"))
        written = masked(cells["msisdn"]) if repaired is not None else ""
        more = {name: cell for name, cell in cells.items() if name not in OWN} if len(cells) > 2 else {}
        get = cells.get
        return Contact(
            row.line, msisdn, village, get("name", ""), _language(get("language", "")), self._split(get("tags", "")),
            get("consent", ""), get("legal_basis", ""), more, repaired, written,
        )  # fmt: skip

    def _village(self, cell: str) -> str:
        if cell not in self._codes:
            self._codes[cell] = _village_code(cell, self._villages, self._by_name)
        if (code := self._codes[cell]) is None:
            raise _BadCell("village", f"“{cell}” is no village of villages.csv", "Write the village code, e.g. TN07")
        return code

    def _split(self, cell: str) -> tuple[str, ...]:
        if not cell:
            return ()
        if cell not in self._tags:
            if len(self._tags) > 10_000:  # a column of free text is no column of tags, and not worth keeping
                self._tags.clear()
            self._tags[cell] = tuple(filter(None, (tag.strip() for tag in re.split(r"[;,|]", cell))))
        return self._tags[cell]


def _named(cells: Mapping[str, str], column: str) -> str:
    if not (cell := cells.get(column, "")):
        raise _BadCell(column, "The cell is empty", "Fill it in")
    return cell


def _number(cell: str) -> tuple[Msisdn, Repaired | None]:
    try:
        return read_number(cell)
    except BadMsisdn as why:
        raise _BadCell("msisdn", f"The number can't be used: {why}", remedy_for(why)) from why


def _language(cell: str) -> str:
    """The language's code; a list may write its Vietnamese name."""
    if cell in ("", "vi"):
        return "vi"
    word = " ".join(cell.lower().split())
    code = _LANGUAGES.get(word, word)
    if not _LANGUAGE.fullmatch(code):
        raise _BadCell("language", f"“{cell[:24]}” is no language", "Write its code: vi, en, lo")
    return code


def _unique_names(villages: Mapping[str, Village]) -> dict[str, str]:
    """Codes by name and title, lower case with all accents, where exactly one village is called so."""
    found: dict[str, set[str]] = {}
    for village in villages.values():
        for word in (village.name, village.title):
            found.setdefault(word.lower(), set()).add(village.code)
    return {word: codes.pop() for word, codes in found.items() if len(codes) == 1}


def _village_code(cell: str, villages: Mapping[str, Village], by_name: Mapping[str, str]) -> str | None:
    code = cell.upper().replace(" ", "")
    return code if code in villages else by_name.get(" ".join(cell.lower().split()))
