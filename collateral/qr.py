"""QR symbols as matrices (ISO/IEC 18004): the smallest version, then the highest error correction that this version still holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import qrcode
from qrcode.constants import ERROR_CORRECT_H, ERROR_CORRECT_L, ERROR_CORRECT_M, ERROR_CORRECT_Q
from qrcode.exceptions import DataOverflowError

QUIET_ZONE: Final = 4  # modules of paper on every side (ISO/IEC 18004 §9.1)
_LEVELS: Final = (ERROR_CORRECT_H, ERROR_CORRECT_Q, ERROR_CORRECT_M)  # never L on paper: a scratch would end it
_NAMES: Final = {ERROR_CORRECT_L: "L", ERROR_CORRECT_M: "M", ERROR_CORRECT_Q: "Q", ERROR_CORRECT_H: "H"}


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
        return tuple((QUIET_ZONE + x, QUIET_ZONE + y, length) for y, row in enumerate(self.rows) for x, length in _runs(row))


def _runs(row: Sequence[bool]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    start = 0
    for x in range(len(row) + 1):
        dark = x < len(row) and row[x]
        if not dark:
            if x > start:
                found.append((start, x - start))
            start = x + 1
    return found


def symbols(payloads: Sequence[str], max_version: int) -> tuple[Symbol, ...]:
    """One symbol a payload, all of one version, so that equal squares hold equal modules. TooLong where `max_version` can't hold one."""
    version = max(_least_version(payload, max_version) for payload in payloads)
    return tuple(_symbol(payload, version) for payload in payloads)


@lru_cache(maxsize=1024)
def _least_version(payload: str, max_version: int) -> int:
    for version in range(1, max_version + 1):
        if _encoded(payload, version, ERROR_CORRECT_M) is not None:
            return version
    raise TooLong(f"{len(payload)} characters need more than QR version {max_version} at level M")


@lru_cache(maxsize=1024)
def _symbol(payload: str, version: int) -> Symbol:
    for level in _LEVELS:
        if (code := _encoded(payload, version, level)) is not None:
            code.make(fit=False)
            return Symbol(payload, version, _NAMES[level], tuple(tuple(bool(m) for m in row) for row in code.modules))
    raise TooLong(f"{len(payload)} characters do not fit QR version {version}")


def _encoded(payload: str, version: int, level: int) -> qrcode.QRCode | None:
    """A symbol ready to be made, or None if it would overflow. The mask is qrcode's own best of eight."""
    code = qrcode.QRCode(version=version, error_correction=level, border=QUIET_ZONE)
    code.add_data(payload)
    try:
        return code if code.best_fit(start=1) <= version else None
    except DataOverflowError:
        return None
    finally:
        code.version = version
