"""What was wrong in a list of people, or mended: the first lines on stderr, all of them in a report file; no number in full anywhere."""

from __future__ import annotations

import csv
from heapq import heappush, heappushpop
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from gateway.cli.context import fail
from gateway.cli.faults import SHOWN
from gateway.storage.sorted_file import SortedFile

if TYPE_CHECKING:
    from types import TracebackType

    from gateway.services.contact_lists import Note

HEAD: Final = ("line", "what", "column", "read", "became", "remedy")
_SPREAD: Final = 12  # bits of a line's number below the byte that sorts it: a workbook has 2^20 lines


class ListReport:
    """Takes notes in any order; shows and writes them by line as its block ends. A context manager."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._all = SortedFile()
        self._first: list[tuple[int, int, str]] = []  # a heap of the lowest lines, negated
        self._repaired = self._left_out = 0

    def __enter__(self) -> ListReport:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with self._all:
            self._say()
            if self._path is not None:
                self._write(self._path)

    def tell(self, note: Note) -> None:
        """Take a note; `contact_lists.Tell`."""
        self._repaired, self._left_out = self._repaired + (note.fault is None), self._left_out + (note.fault is not None)
        entry = (-note.line, -self._repaired - self._left_out, str(note))
        if len(self._first) < SHOWN:
            heappush(self._first, entry)
        else:
            heappushpop(self._first, entry)
        if self._path is not None:
            key = bytes([min(255, note.line >> _SPREAD)]) + note.line.to_bytes(8, "big")
            self._all.add((key, *_cells(note)))

    def _say(self) -> None:
        for _, _, line in sorted(self._first, reverse=True):
            typer.echo(line, err=True)
        if (more := self._repaired + self._left_out - len(self._first)) > 0:
            where = f" in {self._path.name}" if self._path else "; --report FILE.csv writes them all"
            typer.echo(f"and {more:,} more{where}", err=True)
        if self._repaired + self._left_out > 1:
            typer.echo(f"{_rows(self._left_out)} left out, {_rows(self._repaired)} repaired", err=True)

    def _write(self, path: Path) -> None:
        try:
            with path.open("w", encoding="utf-8-sig", newline="") as file:  # with the mark: Excel reads it
                writer = csv.writer(file)
                writer.writerow(HEAD)
                for page in self._all.pages(10_000):
                    writer.writerows(record[1:] for record in page)
        except OSError as why:
            fail(f"{path} can't be written: {why.strerror}; name another file with --report")


def _cells(note: Note) -> tuple[str, ...]:
    if note.fault is None:
        return str(note.line), note.what, "msisdn", note.read, note.became, ""
    return str(note.line), f"left out: {note.fault.text}", note.fault.field, note.read, "", note.fault.remedy


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"
