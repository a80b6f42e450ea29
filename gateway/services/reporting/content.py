"""What a report says, as it was made: head, text, tables. Frozen as JSON; DOCX, PDF and XLSX are drawn from it and from nothing else."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from gateway.domain.paper_text import Block, Grid, blocks_of


@dataclass(frozen=True, slots=True)
class Words:
    """What staff write in a report; each line is a point of its own."""

    highlights: tuple[str, ...] = ()
    difficulties: tuple[str, ...] = ()
    proposals: tuple[str, ...] = ()

    def json(self) -> str:
        """As it is stored, sealed; half a character is none."""
        return json.dumps(asdict(self), ensure_ascii=False).encode("utf-8", "ignore").decode()

    @classmethod
    def read(cls, text: str | None) -> "Words":
        """From `json`."""
        found: Mapping[str, list[str]] = json.loads(text) if text else {}
        return cls(**{name: tuple(lines) for name, lines in found.items()})


@dataclass(frozen=True, slots=True)
class Content:
    """`marked`: the text in our mark-up; `grids`: its tables. `number_ending`: "BC-UBND". `day`: on which it was made."""

    superior: str
    issuer: str
    place: str
    day: date
    number_ending: str
    title: str
    subject: str
    marked: str = field(repr=False)
    grids: Mapping[str, Grid] = field(repr=False)
    signer: tuple[str, ...] = ()
    signer_name: str = ""
    recipients: tuple[str, ...] = ()

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The text as blocks."""
        return blocks_of(self.marked, self.grids)

    def json(self) -> str:
        """As it is stored, sealed."""
        return json.dumps(asdict(self), ensure_ascii=False, default=_plain)

    @classmethod
    def read(cls, text: str) -> "Content":
        """From `json`."""
        found: dict[str, Any] = json.loads(text)  # Any: JSON
        grids = {name: _grid(stored) for name, stored in found.pop("grids").items()}
        day = date.fromisoformat(found.pop("day"))
        stated: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in found.items()}
        return cls(**stated, grids=grids, day=day)


def _grid(stored: Mapping[str, Any]) -> Grid:  # Any: JSON
    rows = tuple(tuple(row) for row in stored["rows"])
    header, widths, numbers = tuple(stored["header"]), tuple(stored["widths"]), frozenset(stored["numbers"])
    return Grid(header, rows, widths, numbers, stored["caption"], stored["strong"])


def _plain(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, frozenset):
        return sorted(value)
    raise TypeError(type(value).__name__)
