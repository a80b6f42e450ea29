"""A refusal that names its place and its remedy (DESIGN §3.16)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with what a person wrote. `line` counts from 1; None: the file as a whole. `text` never holds a number or a tip."""

    file: str
    line: int | None
    field: str
    text: str
    remedy: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        where = f"{place}: {self.field}" if self.field else place
        return f"{where}: {self.text}. {self.remedy}"
