"""Typed fields of a wave's text: what a list's cell must hold, and how it is written in the text. Pure.

Cells come from offices: dots or spaces between thousands, "đ" behind an amount, dates with dashes or as a spreadsheet keeps them.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from gateway.domain.fault import Fault
from gateway.domain.fold import nfc
from gateway.domain.text_signs import HIDDEN, TYPOGRAPHY

LONGEST: Final = 160  # characters of one value: more is no field of a text message
_NAME: Final = re.compile(r"[a-z_][a-z0-9_]*")
_WHOLE: Final = re.compile(r"-?(?:\d{1,3}(?:[., ]\d{3})+|\d+)(?:[.,]0)?", re.ASCII)  # “1.234”, “1 234”, “1234”, and “12.0” of a spreadsheet
_AMOUNT: Final = re.compile(r"\s*(?:đồng|dong|vnđ|vnd|đ|d|₫)\s*$", re.IGNORECASE)
_DAY_FIRST: Final = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", re.ASCII)
_YEAR_FIRST: Final = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]00:00(?::00(?:\.0+)?)?)?", re.ASCII)  # as an XLSX cell reads
_CLEAN: Final = str.maketrans({**dict.fromkeys(HIDDEN), **{sign: " " for sign, (_, plain) in TYPOGRAPHY.items() if plain.isspace()}})


class FieldKind(StrEnum):
    """What a field holds."""

    TEXT = "text"
    INT = "int"
    DATE = "date"
    MONEY = "money"


class BadField(ValueError):
    """A declaration of a field that can't be read; the message says how to write it."""


class BadValue(ValueError):
    """A value that is not of its field's kind. `remedy`: what to write."""

    def __init__(self, text: str, remedy: str) -> None:
        super().__init__(text)
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Field:
    """A field by its name in the text. `optional`: an empty value is no fault; the text has to do without it."""

    name: str
    kind: FieldKind = FieldKind.TEXT
    optional: bool = False


def parse_field(declared: str) -> Field:
    """ "so_tien:money", "ten:text?" (optional), "ten". Raises BadField."""
    name, _, kind = declared.strip().partition(":")
    optional = kind.endswith("?") or name.endswith("?")
    name, kind = name.rstrip("?").strip(), kind.rstrip("?").strip() or FieldKind.TEXT
    if not _NAME.fullmatch(name):
        raise BadField(f"“{declared}” names no field; write a name of a-z, 0-9 and _, then a colon and its kind, like so_tien:money")
    if kind not in tuple(FieldKind):
        raise BadField(f"“{declared}” is of no known kind; write {name}: and one of {', '.join(FieldKind)}")
    return Field(name, FieldKind(kind), optional)


def fill(
    fields: Sequence[Field], cells: Mapping[str, str], accented: bool, file: str, line: int
) -> tuple[dict[str, str], tuple[Fault, ...]]:
    """The values as the text shows them, and a fault for each that is not of its kind; a row with a fault is not to be sent.

    `accented`: whether the text has accents: “1.000 đ”, else “1000d”. A fault shows no value: it may be a person's.
    """
    values: dict[str, str] = {}
    faults: list[Fault] = []
    for field in fields:
        try:
            values[field.name] = value_of(field, cells.get(field.name, ""), accented)
        except BadValue as why:
            faults.append(Fault(file, line, field.name, str(why), why.remedy))
    return values, tuple(faults)


def value_of(field: Field, cell: str, accented: bool = False) -> str:
    """`cell` as `field` is written in a text. Raises BadValue."""
    value = clean(cell)
    if not value:
        if field.optional:
            return ""
        raise BadValue("The cell is empty", f"Fill it in, or let the text do without it: {{% if {field.name} %}}…{{% endif %}}")
    if field.kind is FieldKind.TEXT:
        return _text(value)
    if field.kind is FieldKind.DATE:
        return _date(value)
    return _money(value, accented) if field.kind is FieldKind.MONEY else grouped(_whole(value))


def clean(cell: str) -> str:
    """NFC, on one line, single plain spaces, nothing hidden: what a copied cell was meant to say."""
    if not cell.isascii():
        cell = nfc(cell.translate(_CLEAN))
    return " ".join(cell.split())


def grouped(number: int) -> str:
    """ "1.234": thousands with dots, as the country writes them."""
    return f"{number:,}".replace(",", ".")


def _text(value: str) -> str:
    if len(value) > LONGEST:
        raise BadValue(f"The cell has {len(value)} characters", f"Shorten it to {LONGEST}")
    if not value.isprintable():
        raise BadValue("The cell holds characters that no phone can show", "Type it again instead of copying it")
    return value


def _whole(value: str) -> int:
    if not _WHOLE.fullmatch(value):
        raise BadValue("The cell is no whole number", "Write digits only, like 1234 or 1.234")
    digits = re.sub(r"[., ]", "", re.sub(r"[.,]0$", "", value))
    if len(digits) > 15:
        raise BadValue("The number has more than 15 digits", "Write it in full as a smaller number, or declare the field as text")
    return int(digits)


def _money(value: str, accented: bool) -> str:
    amount = _whole(_AMOUNT.sub("", value))
    if amount < 0:
        raise BadValue("The amount is below 0", "Write it without the minus sign")
    if accented:
        return f"{grouped(amount)} đ"
    return f"{amount if amount < 10_000 else grouped(amount)}d"  # “1000d” as on our replies; long amounts are read by their dots


def _date(value: str) -> str:
    if found := _DAY_FIRST.fullmatch(value):
        day, month, year = map(int, found.groups())
    elif found := _YEAR_FIRST.fullmatch(value):
        year, month, day = map(int, found.groups())
    else:
        raise BadValue("The cell is no date", "Write day/month/year with four digits of the year, like 27/07/2027")
    try:
        return date(year, month, day).strftime("%d/%m/%Y") if year >= 1000 else _no_such_day()
    except ValueError:
        return _no_such_day()


def _no_such_day() -> str:
    raise BadValue("There is no such day", "Write the day first, then the month, like 27/07/2027")
