"""Layouts: an order in, pages as display lists out. Pure; `pieces.toml` names them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from collateral.display import Page
from collateral.layout import (
    ban_do_board,
    ban_do_leaflet,
    ban_do_sheet,
    nguon_banner,
    nguon_board,
    nguon_card,
    nguon_column,
    nguon_decal,
    nguon_leaflet,
    nguon_screen,
    nguon_sheet,
    nguon_sign,
    nguon_tent,
    o_trong_screen,
    o_trong_sheet,
    o_trong_trifold,
    scan_test,
)
from collateral.layout.order import Order


@dataclass(frozen=True, slots=True)
class Layout:
    """How pages are laid out, and the section of the copy decks that says what stands on them. `besides`: of other layouts' sections."""

    lay_out: Callable[[Order], tuple[Page, ...]]
    words: type
    besides: tuple[type, ...] = ()


LAYOUTS: Final[Mapping[str, Layout]] = {
    "nguon_sheet": Layout(nguon_sheet.lay_out, nguon_sheet.NguonSheet),
    "nguon_blank": Layout(nguon_sheet.lay_out_blank, nguon_sheet.NguonBlank, (nguon_sheet.NguonSheet,)),
    "nguon_leaflet": Layout(nguon_leaflet.lay_out, nguon_leaflet.NguonLeaflet, (ban_do_leaflet.BanDoLeaflet,)),
    "nguon_leaflet_a4": Layout(nguon_leaflet.lay_out_a4, nguon_leaflet.NguonLeafletA4, (ban_do_leaflet.BanDoLeafletA4,)),
    "nguon_card": Layout(nguon_card.lay_out, nguon_card.NguonCard),
    "nguon_tent": Layout(nguon_tent.lay_out, nguon_tent.NguonTent),
    "nguon_sign": Layout(nguon_sign.lay_out, nguon_sign.NguonSign),
    "nguon_decal": Layout(nguon_decal.lay_out, nguon_decal.NguonDecal),
    "village_decal": Layout(nguon_decal.lay_out_village, nguon_decal.VillageDecal),
    "nguon_banner": Layout(nguon_banner.lay_out, nguon_banner.NguonBanner),
    "nguon_column": Layout(nguon_column.lay_out, nguon_column.NguonColumn),
    "nguon_board": Layout(nguon_board.lay_out, nguon_board.NguonBoard),
    "nguon_screen": Layout(nguon_screen.lay_out, nguon_screen.NguonScreen),
    "ban_do_leaflet": Layout(ban_do_leaflet.lay_out, ban_do_leaflet.BanDoLeaflet),
    "o_trong_sheet": Layout(o_trong_sheet.lay_out, o_trong_sheet.OTrongSheet),
    "ban_do_sheet": Layout(ban_do_sheet.lay_out, ban_do_sheet.BanDoSheet),
    "o_trong_trifold": Layout(o_trong_trifold.lay_out, o_trong_trifold.OTrongTrifold),
    "scan_test": Layout(scan_test.lay_out, scan_test.ScanTest),
    "ban_do_leaflet_a4": Layout(ban_do_leaflet.lay_out_a4, ban_do_leaflet.BanDoLeafletA4),
    "ban_do_board": Layout(ban_do_board.lay_out, ban_do_board.BanDoBoard),
    "o_trong_screen": Layout(o_trong_screen.lay_out, o_trong_screen.OTrongScreen),
}
