"""Whose number it is, by its prefix (carriers.md §6.2). Pure.

Only a first guess: numbers have been portable since November 2018, and price and sender registration follow the operator of today. A name
that an MO, a DLR or a look-up gives counts more.
"""

from collections.abc import Mapping
from typing import Final

from gateway.domain.msisdn import Msisdn

OPERATORS: Final[Mapping[str, tuple[str, ...]]] = {
    "Viettel": ("032", "033", "034", "035", "036", "037", "038", "039", "086", "096", "097", "098"),
    "VinaPhone": ("081", "082", "083", "084", "085", "088", "091", "094"),
    "MobiFone": ("070", "076", "077", "078", "079", "089", "090", "093"),  # 089 is shared with Local; which part is not known
    "Vietnamobile": ("052", "056", "058", "092"),
    "Gmobile": ("059", "0993", "0994", "0995", "0996", "0997", "0998", "0999"),
    "iTel": ("087",),
    "Wintel": ("055",),
    "VNSKY": ("0777",),  # this and FPT's: from memory, not from a public table
    "FPT": ("0775",),
}
# What carriers write for an operator. Beware: VN is VinaPhone, not Vietnamobile.
_WRITTEN: Final[Mapping[str, str]] = {
    **{name.casefold(): name for name in OPERATORS},
    **dict.fromkeys(("vt", "vtl", "viettel telecom"), "Viettel"),
    **dict.fromkeys(("vn", "vnp", "gpc", "vnpt", "vinaphone (vnpt)"), "VinaPhone"),
    **dict.fromkeys(("mb", "mbf", "vms"), "MobiFone"),
    **dict.fromkeys(("ht", "htc", "vm", "vnm"), "Vietnamobile"),
    **dict.fromkeys(("gtel", "gmobile (gtel)"), "Gmobile"),
    "itelecom": "iTel",
    "reddi": "Wintel",
    "fpt retail": "FPT",
}
_BY_PREFIX: Final[Mapping[str, str]] = {"+84" + prefix[1:]: name for name, prefixes in OPERATORS.items() for prefix in prefixes}


def operator_of(msisdn: Msisdn) -> str:
    """The operator to whom the number's prefix was given, longest prefix first; "" if none of these."""
    if len(msisdn.e164) != 12:  # +84 and nine digits
        return ""
    return _BY_PREFIX.get(msisdn.e164[:6]) or _BY_PREFIX.get(msisdn.e164[:5], "")


def read_operator(written: str) -> str:
    """The operator that a carrier's word names ("GPC", "VMS", "viettel"), or ""."""
    return _WRITTEN.get(" ".join(written.split()).casefold(), "")
