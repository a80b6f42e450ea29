"""The placement register: what hangs where. On paper to be filled in while hanging; as a workbook that `placements import` reads back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from collateral.display import Page
from collateral.load import PrintShop
from collateral.shop.paper import Column, Writer, written
from collateral.shop.workbook import Cell, Tab
from gateway.domain.hanging import COLUMNS, Hanging, read_hangings
from gateway.domain.placement import Placement
from gateway.domain.table import read_table

FILE: Final = "hung.csv"  # beside placements.csv: what has been hung so far

_COLUMNS: Final = (
    Column("Mã", 25, strong=True), Column("Thôn", 46), Column("Loại", 36), Column("Vị trí", 46), Column("Ngày treo", 22),
    Column("Vĩ độ", 20), Column("Kinh độ", 20), Column("Ảnh", 26), Column("Người treo", 20),
)  # fmt: skip
_TAB: Final = (
    ("Mã", 12.0), ("Thôn", 26.0), ("Loại", 22.0), ("Vị trí", 30.0), ("Ngày treo", 14.0), ("Vĩ độ", 12.0), ("Kinh độ", 12.0),
    ("Ảnh", 22.0), ("Người treo", 20.0), ("Ghi chú", 30.0),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Register:
    """The placements of some villages and pieces, with what is known of each from the hanging (by placement code)."""

    shop: PrintShop
    placements: Sequence[Placement]
    hung: Mapping[str, Hanging]

    def row(self, placement: Placement) -> tuple[str, ...]:
        """Ten cells, as the workbook's heads name them."""
        village = self.shop.deployment.villages[placement.village]
        piece = self.shop.pieces.get(placement.piece)
        known = self.hung.get(placement.code)
        name, kind = f"{village.title} ({village.code})", piece.title if piece else placement.piece
        if known is None:
            return (placement.code, name, kind, placement.spot, "", "", "", "", "", "")
        lat, lon = ("" if degrees is None else f"{degrees:.6f}" for degrees in (known.lat, known.lon))
        day = f"{known.hung_on:%d/%m/%Y}"
        return (placement.code, name, kind, placement.spot, day, lat, lon, known.photo, known.by, known.note)

    @property
    def rows(self) -> Iterator[tuple[str, ...]]:
        return map(self.row, self.placements)


def register_of(shop: PrintShop, villages: Iterable[str], pieces: Iterable[str], hung: Iterable[Hanging] = ()) -> Register:
    """The register of those villages and pieces, in the order of placements.csv."""
    wanted, kinds = set(villages), set(pieces)
    placements = [each for each in shop.deployment.placements if each.village in wanted and each.piece in kinds]
    return Register(shop, placements, {each.code: each for each in hung})


def register_pages(register: Register) -> Iterator[Page]:
    """The register on A4, landscape."""
    campaign = register.shop.deployment.campaign
    writer = Writer(f"Sổ theo dõi treo, phát – {campaign.commune_title}", landscape=True)

    def write(writer: Writer) -> Iterator[None]:
        writer.title("Sổ theo dõi treo, phát", f"{campaign.issuer}. Treo xong ghi ngày, tọa độ và tên ảnh chụp, gửi lại bảng tính cho xã.")
        yield from writer.table(_COLUMNS, (row[:9] for row in register.rows), least=8.5)

    return written(writer, write)


def register_tab(register: Register) -> Tab:
    """The register as a sheet whose heads the import knows."""
    rows: Iterator[Sequence[Cell]] = iter(register.rows)
    return Tab("Sổ treo", _TAB, rows)


def load_hangings(printing: PrintShop) -> list[Hanging]:
    """What is known to hang; nothing where nobody has imported a register yet. Rows that can't be used are left out."""
    deployment = printing.deployment
    try:
        data = (deployment.path / FILE).read_bytes()
    except FileNotFoundError:
        return []
    table = read_table(data, file=FILE, columns=COLUMNS)
    return read_hangings(table, deployment.placements, deployment.villages)[0]
