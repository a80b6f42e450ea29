"""The document that directs a wave: its number and its day (field.md P8: no wave before the guidance is there). Pure."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Final, Self

from gateway.domain.fold import nfc

# Nghị định 30/2020/NĐ-CP: "238/KH-UBND", "91/2020/NĐ-CP", "07/CT-TTg"; of the Party: "12-HD/BTGTU".
_USUAL: Final = re.compile(r"\d{1,5}[a-zđ]?(?:/\d{4})?[/-][A-ZĐ][A-Za-zĐđ]*(?:[-/.&][A-ZĐ][A-Za-zĐđ0-9]*)*")
_SAID: Final = re.compile(r"số\s*:?\s*(?=\d)", re.IGNORECASE)
_ISO: Final = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_WRITTEN: Final = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")
MOST_CHARACTERS: Final = 60


class BadDocument(ValueError):
    """No document as written; the message says how to write it."""


@dataclass(frozen=True, slots=True)
class Document:
    """A directing document. `number`: as it is printed in its head; `day`: the day it was signed."""

    number: str
    day: date

    @classmethod
    def read(cls, number: str, day: str, today: date) -> Self:
        """From what a clerk types; `day` as 2026-06-15 or 15/6/2026. Raises BadDocument."""
        cleaned = _SAID.sub("", " ".join(nfc(number).split()), count=1)
        if not cleaned or len(cleaned) > MOST_CHARACTERS or not any(map(str.isdigit, cleaned)):
            raise BadDocument(f"“{number.strip()[:MOST_CHARACTERS]}” is no number of a document; write it like 238/KH-UBND")
        signed = _day(day)
        if signed > today:
            raise BadDocument(f"a document of {signed.isoformat()} is not signed yet; a wave waits for it")
        return cls(cleaned, signed)

    @property
    def remark(self) -> str | None:
        """A word of doubt for the clerk where the number doesn't look like one; papers of other bodies may, so it is no refusal."""
        if _USUAL.fullmatch(self.number):
            return None
        return f"“{self.number}” does not look like a document's number (238/KH-UBND); look at it once more"

    def __str__(self) -> str:
        return f"{self.number}, {self.day.day}/{self.day.month}/{self.day.year}"


def _day(text: str) -> date:
    iso, written = _ISO.fullmatch(text.strip()), _WRITTEN.fullmatch(text.strip())
    year, month, day = iso.groups() if iso else written.groups()[::-1] if written else ("", "", "")
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        raise BadDocument(f"“{text.strip()[:20]}” is no day; write it like 2026-06-15 or 15/6/2026") from None
