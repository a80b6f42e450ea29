"""Layouts: an order in, pages as display lists out. Pure; `pieces.toml` names them."""

from collections.abc import Callable, Mapping
from typing import Final

from collateral.display import Page
from collateral.layout import ban_do_leaflet, nguon_banner, nguon_sheet
from collateral.layout.order import Order

Layout = Callable[[Order], tuple[Page, ...]]

LAYOUTS: Final[Mapping[str, Layout]] = {
    "nguon_sheet": nguon_sheet.lay_out,
    "nguon_banner": nguon_banner.lay_out,
    "ban_do_leaflet": ban_do_leaflet.lay_out,
}
