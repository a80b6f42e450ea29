"""Subscriber numbers as lists hold them: what a spreadsheet or the year 2018 did to them is undone, and told. Pure."""

import re
import unicodedata
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from gateway.domain.msisdn import BadMsisdn, Msisdn


class Repaired(StrEnum):
    """What had to be done before a number could be used."""

    ZERO = "leading zero put back"
    DECIMAL = "decimal point taken away"
    COUNTRY = "country code read without its +"
    OLD = "11-digit number of before 2018 changed to its 10-digit one"
    SEPARATORS = "spaces, dots or quotation marks taken out"


@dataclass(frozen=True, slots=True)
class Repair:
    """One number that was repaired, for the list that a person looks over. `shown` is masked."""

    file: str
    line: int
    what: Repaired
    shown: str = field(repr=False)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what} ({self.shown})"


# The change from 11 to 10 digits, final since 15/11/2018; the last seven digits stayed (carriers.md §6.3).
_OLD: Final = {
    **{f"016{n}": f"03{n}" for n in range(2, 10)},  # Viettel
    **dict(zip(("0120", "0121", "0122", "0126", "0128"), ("070", "079", "077", "076", "078"), strict=True)),  # MobiFone
    **dict(zip(("0123", "0124", "0125", "0127", "0129"), ("083", "084", "085", "081", "082"), strict=True)),  # VinaPhone
    **dict(zip(("0186", "0188", "0199"), ("056", "058", "059"), strict=True)),  # Vietnamobile, Gmobile
}
_SCIENTIFIC: Final = re.compile(r"[+-]?\d+([.,]\d+)?[eE][+-]?\d+")
_DECIMAL: Final = re.compile(r"(\d{9,12})[.,]0+")
_SEPARATORS: Final = re.compile(r"[\s.\-()'’`\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
_PLAIN: Final = re.compile(r"(?:0|\+84)([1-9]\d{8})", re.ASCII)  # as nearly every row of a good list: a million rows are read by it
_SHOWN: Final = 3  # characters at the beginning of a cell that a report shows
_TWO: Final = re.compile(r"\d{9,}\s*[/;,]\s*\+?\d{9,}")


def read_number(text: str) -> tuple[Msisdn, Repaired | None]:
    """The number that a cell holds, and what had to be repaired in it. Raises BadMsisdn; its message never repeats the cell."""
    if plain := _PLAIN.fullmatch(text):
        return Msisdn("+84" + plain[1]), None
    written = unicodedata.normalize("NFKC", text).strip()
    if _SCIENTIFIC.fullmatch(written):
        raise BadMsisdn("the spreadsheet has rounded the number and its digits are lost")
    if _TWO.search(written):
        raise BadMsisdn("two numbers stand in one cell")
    decimal = _DECIMAL.fullmatch(written)
    digits = decimal[1] if decimal else _SEPARATORS.sub("", written)
    national, repaired = _national(digits)
    if decimal is not None and repaired is None:
        repaired = Repaired.DECIMAL
    elif repaired is None and digits != text:
        repaired = Repaired.SEPARATORS
    return Msisdn.parse(national), repaired


def masked(cell: str) -> str:
    """A cell that should hold a number as a report may show it: its first three and last two characters, signs, and no other digit."""
    shown = cell[:24]
    last = len(shown) - 2
    return "".join(c if at < _SHOWN or at >= last or not c.isalnum() or c in "eE" else "x" for at, c in enumerate(shown))


def remedy_for(problem: BadMsisdn) -> str:
    """What a person does about it."""
    if "digits are lost" in str(problem):
        return "Format the column as Text in the spreadsheet, type the number again and save anew"
    if "two numbers" in str(problem):
        return "Give each number a row of its own"
    return "Write it as 0 and nine digits, or in full with + and the country code"


def _national(digits: str) -> tuple[str, Repaired | None]:
    """`digits` with the zero, the country code or the old prefix put right, and which of these it was."""
    repaired = None
    if digits.startswith("00"):  # the international prefix as dialled
        digits, repaired = "+" + digits[2:], Repaired.COUNTRY
    elif re.fullmatch(r"840?\d{9,10}", digits) and len(digits) >= 11:
        digits, repaired = "+" + digits, Repaired.COUNTRY
    elif re.fullmatch(r"[1-9]\d{8}|1[268-9]\d{8}|2\d{9}", digits):  # mobile; mobile of before 2018; landline
        digits, repaired = "0" + digits, Repaired.ZERO
    if digits.startswith("+84"):
        rest = digits[3:].lstrip("0")  # +84 (0)300 … is a common slip
        if (current := _OLD.get("0" + rest[:3])) is not None and len(rest) == 10:
            return current + rest[3:], Repaired.OLD
        return "+84" + rest, repaired
    if len(digits) == 11 and (current := _OLD.get(digits[:4])) is not None:
        return current + digits[4:], Repaired.OLD
    return digits, repaired
