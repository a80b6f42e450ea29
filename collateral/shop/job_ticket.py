"""The job ticket: what the print shop is asked to do, on paper and as a workbook."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from collateral.display import Page
from collateral.load import PrintShop
from collateral.piece import Finishing, Piece
from collateral.shop.job import Approval, FileRow, Head, groups
from collateral.shop.paper import Column, Writer, written
from collateral.shop.proof import Kind, sizes
from collateral.shop.shops import Shop, Work
from collateral.shop.workbook import Cell, Tab

_TABLE: Final = (
    Column("Loại", 34, strong=True), Column("Khổ thành phẩm, tràn lề", 40), Column("Giấy, chất liệu", 36), Column("Gia công", 42),
    Column("Tệp", 10), Column("Bản", 12),
)  # fmt: skip
_KIND_TAB: Final = (
    ("Loại", 24.0), ("Mã loại", 12.0), ("Mẫu", 12.0), ("Tiếng", 8.0), ("Rộng (mm)", 11.0), ("Cao (mm)", 11.0), ("Tràn lề (mm)", 12.0),
    ("Tỉ lệ tệp", 10.0), ("Giấy, chất liệu", 34.0), ("Gia công", 40.0), ("Số tệp", 9.0), ("Số bản", 9.0), ("Ghi chú", 30.0),
)  # fmt: skip
_FILE_TAB: Final = (("Tệp", 60.0), ("Thôn", 10.0), ("Loại", 16.0), ("Trang", 8.0), ("Số bản", 9.0), ("SHA-256", 70.0))
_FACT_TAB: Final = (("Mục", 24.0), ("Nội dung", 80.0))


@dataclass(frozen=True, slots=True)
class JobTicket:
    """An approved job, as the shop is told of it. `works`: how each piece is made, by name."""

    printing: PrintShop
    shop: Shop
    head: Head
    approval: Approval
    kinds: Sequence[Kind]

    @property
    def facts(self) -> Iterator[tuple[str, str]]:
        campaign = self.printing.deployment.campaign
        yield "Bên đặt in", f"{campaign.issuer}, {campaign.issuer_address}"
        yield "Cơ sở in", ", ".join(filter(None, (self.shop.title, self.shop.address)))
        yield "Người liên hệ", self.shop.contact
        yield "Hạn giao", f"{self.head.deadline:%d/%m/%Y}" if self.head.deadline else ""
        yield "Điều kiện in", self.head.press
        yield "Số lượng", f"{self.head.files} tệp, {self.head.copies} bản in"
        yield "Duyệt in", f"{self.approval.by}, {self.approval.on:%d/%m/%Y}"
        yield "Mã xác nhận", groups(self.head.hash)

    def work(self, kind: Kind) -> Work:
        """How the shop makes it; a piece that shops.toml does not name is made as the piece says."""
        return self.shop.pieces.get(kind.piece) or Work(paper="")


def finishing_words(piece: Piece, work: Work) -> str:
    """What is done to the print: the shop's own words, and what the piece needs."""
    needed = _words_of(piece.finishing) if piece.finishing else []
    if piece.contour:
        needed.append("bế theo đường CutContour")
    return "; ".join(filter(None, (work.finishing, *needed))) or "Cắt thành phẩm"


def paper_words(shop: Shop, piece: Piece, work: Work) -> str:
    """On which paper, and for which printing condition where that is the piece's own."""
    own = shop.press.for_condition(piece.condition)
    return ", ".join(filter(None, (work.paper, "" if own == shop.press else f"điều kiện in {own.condition}")))


def _words_of(finishing: Finishing) -> list[str]:
    said = []
    if finishing.hem:
        said.append(f"may biên {finishing.hem:g} mm")
    if finishing.pocket:
        said.append(f"may ống {finishing.pocket:g} mm trên dưới")
    if finishing.eyelet:
        said.append(f"đóng khoen Ø {finishing.eyelet:g} mm ở góc và cách nhau ≤ {finishing.every:g} mm")
    if finishing.seams:
        said.append(f"nối khổ tại {', '.join(f'{x:g}' for x in finishing.seams)} mm")
    if finishing.hidden:
        said.append(f"chân khung che {finishing.hidden:g} mm")
    return said


def ticket_pages(ticket: JobTicket) -> Iterator[Page]:
    """The ticket on A4."""
    writer = Writer(f"Phiếu đặt in – {ticket.shop.title}")

    def write(writer: Writer) -> Iterator[None]:
        writer.title("Phiếu đặt in", ticket.printing.deployment.campaign.name)
        writer.facts(ticket.facts)
        writer.heading("Nội dung")
        yield from writer.table(_TABLE, (_cells(ticket, kind) for kind in ticket.kinds))
        writer.heading("Yêu cầu chung")
        writer.words("In đúng tệp PDF/X kèm theo, không mở lại bằng phần mềm khác, không co giãn, không đổi nền mã.")
        writer.words("Mã phải còn đủ viền trắng quanh; không cán bóng. In một bản, quét thử rồi mới in hết.")
        writer.words("Tệp ghi TL1-10 vẽ ở tỉ lệ 1:10: in phóng 1000 %.")
        writer.signatures((("Bên đặt in", "Ký, ghi rõ họ tên"), ("Cơ sở in", "Ký nhận, ghi rõ họ tên, ngày")))

    return written(writer, write)


def _cells(ticket: JobTicket, kind: Kind) -> tuple[str, ...]:
    piece, work = ticket.printing.pieces[kind.piece], ticket.work(kind)
    name = f"{piece.title} ({ticket.printing.themes[kind.theme].title}, {kind.lang})"
    return (
        name,
        sizes(piece),
        ", ".join(filter(None, (paper_words(ticket.shop, piece, work), work.note))),
        finishing_words(piece, work),
        str(kind.files),
        str(kind.copies),
    )


def ticket_tabs(ticket: JobTicket, rows: Iterable[FileRow]) -> tuple[Tab, ...]:
    """The ticket as sheets: facts, kinds, and a row a file, walked through once."""
    facts: list[tuple[Cell, ...]] = [fact for fact in ticket.facts if fact[1]]
    kinds = [_kind_row(ticket, kind) for kind in ticket.kinds]
    files = ((row.file, row.village, row.piece, row.pages, row.copies, row.sha256) for row in rows)
    return Tab("Phiếu", _FACT_TAB, facts), Tab("Loại", _KIND_TAB, kinds), Tab("Tệp", _FILE_TAB, files)


def _kind_row(ticket: JobTicket, kind: Kind) -> tuple[Cell, ...]:
    piece, work = ticket.printing.pieces[kind.piece], ticket.work(kind)
    scale = f"1:{piece.scale}"
    return (
        piece.title, piece.code, kind.theme, kind.lang, piece.trim[0], piece.trim[1], piece.bleed, scale,
        paper_words(ticket.shop, piece, work), finishing_words(piece, work), kind.files, kind.copies, work.note,
    )  # fmt: skip
