"""Where in a TOML text a key stands: a fault names its line. tomllib gives values without places. Pure."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

Path = tuple[str | int, ...]

_KEY: Final = r"""(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')"""
_DOTTED: Final = rf"{_KEY}(?:\s*\.\s*{_KEY})*"
_TABLE: Final = re.compile(rf"\s*\[\s*({_DOTTED})\s*\]\s*(?:#.*)?")
_ARRAY: Final = re.compile(rf"\s*\[\[\s*({_DOTTED})\s*\]\]\s*(?:#.*)?")
_ASSIGNED: Final = re.compile(rf"\s*({_DOTTED})\s*=(.*)")
_TOML_ERROR: Final = re.compile(r"\(at line (\d+), column \d+\)|\(at end of document\)")


class TomlPlaces:
    """Lines of the keys of `text`, which tomllib has read already."""

    def __init__(self, text: str) -> None:
        self._lines = dict(_places(text.splitlines()))

    def line(self, path: Sequence[str | int]) -> int | None:
        """Line (from 1) of the key at `path`, e.g. ("routes", 0, "tps"); of the nearest table above where it is inline or missing."""
        for end in range(len(path), 0, -1):
            if (line := self._lines.get(tuple(path[:end]))) is not None:
                return line
        return None


def error_line(message: str) -> int | None:
    """The line that tomllib's message names; None at the end of the document."""
    found = _TOML_ERROR.search(message)
    return int(found[1]) if found and found[1] else None


def error_text(message: str) -> str:
    """tomllib's message without its place."""
    return _TOML_ERROR.sub("", message).strip()


def _parts(dotted: str) -> Path:
    return tuple(part.strip("\"'") for part in re.findall(_KEY, dotted))


def _places(lines: Sequence[str]) -> Iterator[tuple[Path, int]]:
    table: Path = ()
    counts: dict[Path, int] = {}
    fence = ""  # the closing mark of a text over several lines
    for number, line in enumerate(lines, 1):
        if fence:
            fence = "" if fence in line else fence
        elif found := _ARRAY.fullmatch(line):
            name = _resolved(_parts(found[1]), counts)
            counts[name] = counts.get(name, -1) + 1
            table = (*name, counts[name])
            yield table, number
        elif found := _TABLE.fullmatch(line):
            table = _resolved(_parts(found[1]), counts)
            yield table, number
        elif found := _ASSIGNED.match(line):
            yield (*table, *_parts(found[1])), number
            fence = _opened(found[2])


def _resolved(name: Path, counts: dict[Path, int]) -> Path:
    """`name` with the index of the array element it speaks of: [routes.pace] after the second [[routes]] is routes.1.pace."""
    path: Path = ()
    for part in name[:-1]:
        path = (*path, part)
        if path in counts:
            path = (*path, counts[path])
    return (*path, name[-1])


def _opened(value: str) -> str:
    for fence in ('"""', "'''"):
        if value.count(fence) % 2:
            return fence
    return ""
