"""What the parts of PDF/X allow: ISO 15930-1 (X-1a:2001), -3 (X-3:2002), -4 (X-1a:2003), -6 (X-3:2003), -7 (X-4); press.md §1.1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from collateral.press import CONDITIONS

_OLD_FILTERS: Final = frozenset(("/LZWDecode", "/LZW", "/JBIG2Decode", "/JPXDecode", "/Crypt"))
_NEW_FILTERS: Final = frozenset(("/LZWDecode", "/LZW", "/Crypt"))
_FOGRA: Final = frozenset(f"FOGRA{n}" for n in range(27, 61))
REGISTERED: Final = _FOGRA | frozenset(CONDITIONS) | frozenset(f"CGATS TR {n:03}" for n in range(1, 7)) | {"JCN2002", "IFRA26", "EUROSB104"}


@dataclass(frozen=True, slots=True)
class Standard:
    """`headers`: PDF versions. `streams`: object and cross-reference streams. `managed`: colours by profile (ICCBased, Lab, CalRGB).

    `in_xmp`: the version stands in the XMP, not in Info. `profile`: the intent embeds its profile; else a registered name suffices.
    """

    name: str
    headers: tuple[str, ...]
    transparency: bool = False
    streams: bool = False
    layers: bool = False
    managed: bool = False
    in_xmp: bool = False
    profile: bool = False
    filters: frozenset[str] = _OLD_FILTERS


X1A_2003: Final = Standard("PDF/X-1a:2003", ("1.3", "1.4"))
_X4: Final = Standard("PDF/X-4", ("1.3", "1.4", "1.5", "1.6"), True, True, True, True, True, True, _NEW_FILTERS)
STANDARDS: Final[Mapping[str, Standard]] = {
    standard.name: standard
    for standard in (
        Standard("PDF/X-1a:2001", ("1.3", "1.4")),
        X1A_2003,
        Standard("PDF/X-3:2002", ("1.3", "1.4"), managed=True),
        Standard("PDF/X-3:2003", ("1.3", "1.4"), managed=True),
        _X4,
        replace(_X4, name="PDF/X-4p", profile=False),  # the profile lies outside
    )
}
