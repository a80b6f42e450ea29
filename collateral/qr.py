"""QR symbols as matrices (ISO/IEC 18004): the smallest version, then the highest error correction that this version still holds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from qrcode.constants import ERROR_CORRECT_H, ERROR_CORRECT_M, ERROR_CORRECT_Q

from collateral.qr_encode import fits, modules

QUIET_ZONE: Final = 4  # modules of paper on every side (ISO/IEC 18004 §9.1)
_LEVELS: Final = {"H": ERROR_CORRECT_H, "Q": ERROR_CORRECT_Q, "M": ERROR_CORRECT_M}  # never L on paper: a scratch would end it
_DARK: Final = re.compile(rb"\x01+")


class TooLong(ValueError):
    """The payload needs a larger version than the piece allows."""


@dataclass(frozen=True, slots=True)
class Symbol:
    """`rows`: True where a module is dark, top row first, without quiet zone."""

    payload: str
    version: int
    level: str
    rows: tuple[tuple[bool, ...], ...]

    @property
    def modules(self) -> int:
        """Modules a side: 17 + 4 × version."""
        return len(self.rows)

    @property
    def with_quiet_zone(self) -> int:
        return self.modules + 2 * QUIET_ZONE

    def bars(self) -> tuple[tuple[int, int, int], ...]:
        """The dark modules as row runs: x, y and length in modules from the quiet zone's corner.

        One rectangle a module would show seams in 29 % of the joints when Ghostscript smooths (press.md §2.6).
        """
        runs = ((y, run.span()) for y, row in enumerate(self.rows) for run in _DARK.finditer(bytes(row)))
        return tuple((QUIET_ZONE + start, QUIET_ZONE + y, end - start) for y, (start, end) in runs)


def symbols(payloads: Sequence[str], max_version: int) -> tuple[Symbol, ...]:
    """One symbol a payload, all of one version, so that equal squares hold equal modules. TooLong where `max_version` can't hold one."""
    version = max(_least_version(payload, max_version) for payload in payloads)
    return tuple(symbol_of(payload, version) for payload in payloads)


def _least_version(payload: str, max_version: int) -> int:
    for version in range(1, max_version + 1):
        if fits(payload, version, ERROR_CORRECT_M):
            return version
    raise TooLong(f"{len(payload)} characters need more than QR version {max_version} at level M")


@lru_cache(maxsize=256)
def symbol_of(payload: str, version: int) -> Symbol:
    """The payload in that version, at the highest level that holds it. TooLong where it does not fit."""
    for name, level in _LEVELS.items():
        if fits(payload, version, level):
            return Symbol(payload, version, name, modules(payload, version, level))
    raise TooLong(f"{len(payload)} characters do not fit QR version {version}")
