"""The scan-test sheet of a village: made, checked and read back like any piece, but never hung; so it stands in no pieces.toml."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from collateral.batch import Failed, Made, Ticket, make
from collateral.layout.scan_test import MODULES_MM
from collateral.load import PrintShop
from collateral.piece import Piece

_NAME: Final = "scan-test"
SHEET: Final = Piece(
    name=_NAME,
    code="QT-A4",
    title="Tờ thử quét mã",
    trim=(210, 297),
    bleed=0,
    safe=8,
    slug=0,
    marks=False,
    scale=1,
    stock="sheet",
    ink_limit=280,
    distance_m=0.3,
    scan_m=MODULES_MM[0] * 250 / 1000,  # its smallest modules are meant to fail from farther away
    small_scan_m=0.2,
    max_version=3,
    layouts={},
)


def make_scan_test(shop: PrintShop, village: str, lang: str, out: Path) -> Made | Failed:
    """The sheet as a PDF in the folder `out`. It borrows the village's first placement, so its link leads where a poster's would."""
    theme = next(iter(shop.themes))
    borrowed = [replace(placement, piece=_NAME) for placement in shop.deployment.placements_of(village)]
    pieces = {**shop.pieces, _NAME: replace(SHEET, layouts={theme: "scan_test"})}
    lent = replace(shop, pieces=pieces, deployment=replace(shop.deployment, placements=tuple(borrowed)))
    return make(lent, Ticket(village, _NAME, theme, lang), out)
