"""The text of an official paper: blocks, and the small mark-up in which templates write them. Pure.

    = Căn cứ …;            what the paper rests on
    # I. KẾT QUẢ           a heading; ## and ### below it
    - một ý                a point of a list
    @figures               the table of that name
    anything else          a paragraph; lines that follow each other are one, an empty line ends it

A value that is put into a template is `guarded`: whatever somebody typed, it stays words within its line.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

_HEADING: Final = re.compile(r"(#{1,3}) +(.+)")
_MARKS: Final = ("=", "#", "-", "@")
_GUARD: Final = "\ue000"  # of the private use area, which no value keeps: what follows it is no mark
_DROPPED: Final = ("Cc", "Co", "Cs", "Zl", "Zp")


@dataclass(frozen=True, slots=True)
class Heading:
    """A numbered heading; the number stands in the text. `level`: 1 to 3."""

    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph. `is_ground`: what the paper rests on ("Căn cứ …"), in italics."""

    text: str
    is_ground: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """A point of a list, behind a dash."""

    text: str


@dataclass(frozen=True, slots=True)
class Grid:
    """A ruled table. `widths`: shares of the line. `numbers`: columns set to the right. `strong`: the last row holds sums."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[float, ...]
    numbers: frozenset[int] = frozenset()
    caption: str = ""
    strong: bool = False


Block = Heading | Text | Item | Grid


class BadMarkup(ValueError):
    """A template names a table that there is none of."""


def guarded(value: object) -> str:
    """`value` as words of one line: no breaks, no signs that steer, no mark-up at its beginning."""
    text = re.sub(" {2,}", " ", "".join(" " if unicodedata.category(c) in _DROPPED else c for c in str(value))).strip()
    return f"{_GUARD}{text}" if text.startswith(_MARKS) else text


def blocks_of(marked: str, grids: Mapping[str, Grid]) -> tuple[Block, ...]:
    """The blocks of a text in our mark-up. Raises BadMarkup."""
    return tuple(_blocks(marked, grids))


def _blocks(marked: str, grids: Mapping[str, Grid]) -> Iterator[Block]:
    paragraph: list[str] = []
    for line in (*map(str.strip, marked.splitlines()), ""):
        if line and not line.startswith(_MARKS):
            paragraph.append(_plain(line))
            continue
        if paragraph:
            yield Text(" ".join(paragraph))
            paragraph = []
        if line:
            yield _marked(line, grids)


def _marked(line: str, grids: Mapping[str, Grid]) -> Block:
    if found := _HEADING.fullmatch(line):
        return Heading(len(found[1]), _plain(found[2]))
    rest = line[1:].strip()
    match line[0]:
        case "=":
            return Text(_plain(rest), is_ground=True)
        case "-":
            return Item(_plain(rest))
        case "@" if rest in grids:
            return grids[rest]
    raise BadMarkup(f"“{line[:60]}” is neither a heading nor one of the tables {', '.join(sorted(grids))}")


def _plain(text: str) -> str:
    """Words without the guard that a value may have brought."""
    return text.replace(_GUARD, "")
