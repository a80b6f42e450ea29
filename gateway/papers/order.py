"""A partner order on paper (PDF), as a workbook (XLSX) and for a machine (JSON); and the form in which the partner's counts come back.

The carrier sends to its own subscribers in an area (field.md §2.2): it gets texts, area and time from us, no number, and gives counts.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from reportlab.platypus.flowables import Flowable

from gateway.domain.language import language_name
from gateway.papers.page import Letterhead, Paper, Signature, facts, paragraph, pdf, section, table
from gateway.papers.wave_sheet import DRAFT, Approved, SheetText, directed_by, shown
from gateway.papers.words import dong, fingerprint_groups, grouped, in_words, short_day
from gateway.papers.workbook import Cell, Tab, workbook

COUNT_HEADER: Final = ("Mẫu", "Nhà mạng", "Ngày", "Đã gửi", "Đến máy", "Lỗi", "Số bản tin tính cước")
FORMAT: Final = "tinbao-order/1"


@dataclass(frozen=True, slots=True)
class Area:
    """A commune of the order: official five-digit code, "xã Thống Nhất", "tỉnh Lạng Sơn"."""

    code: str
    name: str
    province: str


@dataclass(frozen=True, slots=True)
class OrderPaper:
    """All that the partner is told. Money is VND. `expected`: subscribers we think are there, None: unknown. `hours`: ("07:00", "21:00").

    `approved` None: a draft, and every page says so. A variant is named by its language.
    """

    superior: str
    issuer: str
    place: str
    day: date
    campaign: str
    legal_basis: tuple[str, ...]
    document: str
    document_day: date | None
    wave: str
    route: str
    carrier: str
    sender_id: str
    texts: tuple[SheetText, ...]
    area: tuple[Area, ...]
    first: date
    last: date
    hours: tuple[str, str]
    timezone: str
    expected: int | None
    price_vnd: int
    cost_ceiling: int | None
    planner: str
    fingerprint: bytes = field(repr=False)
    needs_approval: bool = True
    approved: Approved | None = None

    @property
    def draft(self) -> bool:
        """Whether nobody may act on it yet."""
        return self.approved is None and self.needs_approval

    @property
    def most_segments(self) -> int:
        """Of the longest text."""
        return max(text.segments for text in self.texts)

    @property
    def most_cost(self) -> int | None:
        """If everybody expected gets the longest text."""
        return None if self.expected is None else self.expected * self.most_segments * self.price_vnd


# --- PDF ---


def order_pdf(order: OrderPaper) -> bytes:
    """The order on paper. The same order, the same bytes."""
    head = Letterhead(order.superior, order.issuer, order.place, order.day)
    signers = (Signature("Người lập", order.planner), Signature("Người duyệt", order.approved.approver if order.approved else ""))
    subject = f"Gửi thuê bao trên địa bàn - đợt “{order.wave}”"
    recipients = (f"Doanh nghiệp viễn thông (tuyến {order.route})", "Lưu: VT, hồ sơ đợt nhắn tin")
    return pdf(Paper(head, "PHIẾU YÊU CẦU NHẮN TIN", subject, list(_body(order)), signers, recipients, DRAFT if order.draft else ""))


def _body(order: OrderPaper) -> Iterator[Flowable]:
    yield paragraph(f"Kính gửi: Doanh nghiệp viễn thông (tuyến {order.route})", "addressee")
    for basis in order.legal_basis:
        yield paragraph(f"Căn cứ {basis};", "basis")
    yield paragraph(directed_by(order.document, order.document_day), "basis")
    yield paragraph(
        f"Để thực hiện {order.campaign}, đề nghị quý doanh nghiệp gửi tin nhắn dưới đây đến thuê bao của mình trên địa bàn đã nêu. "
        "Cơ quan yêu cầu không cung cấp và không nhận lại số thuê bao nào."
    )
    yield section("1. Địa bàn")
    yield table(("Mã xã", "Xã, phường", "Tỉnh, thành phố"), [(each.code, each.name, each.province) for each in order.area], (1, 2, 2))
    yield section("2. Nội dung tin nhắn")
    for number, text in enumerate(order.texts, 1):
        yield shown(number, len(order.texts), text.language, text.text, text.measure)
    yield section("3. Thời gian và số lượng")
    yield facts(list(_when(order)))
    yield section("4. Phê duyệt")
    yield facts(list(_approval(order)))
    yield section("5. Số liệu báo lại")
    yield paragraph(
        f"Sau khi gửi, đề nghị báo lại theo từng mẫu, nhà mạng và ngày, đúng các cột: {'; '.join(COUNT_HEADER)}. "
        f"Tên mẫu ghi như trong phiếu này ({', '.join(text.language for text in order.texts)}); mẫu bảng tính gửi kèm./."
    )


def _when(order: OrderPaper) -> Iterator[tuple[str, str]]:
    days = short_day(order.first) if order.first == order.last else f"{short_day(order.first)} đến {short_day(order.last)}"
    yield "Ngày gửi", days
    yield "Khung giờ trong ngày", f"{order.hours[0]} - {order.hours[1]}"
    yield "Tên người gửi", order.sender_id
    yield "Số lần gửi", "mỗi thuê bao một lần"
    expected = order.expected
    yield "Số thuê bao dự kiến", "do doanh nghiệp xác định" if expected is None else f"{grouped(expected)} ({in_words(expected)})"
    if order.price_vnd:
        yield "Đơn giá một bản tin", dong(order.price_vnd)
    if order.price_vnd and order.most_cost is not None:
        yield "Kinh phí cao nhất dự kiến", f"{dong(order.most_cost)} ({in_words(order.most_cost)} đồng)"
    if order.cost_ceiling is not None:
        yield "Mức trần kinh phí", f"{dong(order.cost_ceiling)} ({in_words(order.cost_ceiling)} đồng)"


def _approval(order: OrderPaper) -> Iterator[tuple[str, str]]:
    day = f" ngày {short_day(order.document_day)}" if order.document_day else ""
    yield "Mã đợt", order.wave
    yield "Văn bản chỉ đạo", f"{order.document}{day}" if order.document else "không ghi"
    yield "Người lập", order.planner or "không ghi tên"
    approved = order.approved
    waived = "tuyến này không yêu cầu phê duyệt" if not order.needs_approval else "chưa duyệt, không được gửi theo bản này"
    yield "Phê duyệt", f"{approved.approver}, {approved.at}, {approved.way}" if approved else waived
    yield "Mã xác nhận (SHA-256)", fingerprint_groups(order.fingerprint)


# --- XLSX ---


def order_xlsx(order: OrderPaper) -> bytes:
    """The order as a workbook of three sheets."""
    title = f"Phiếu yêu cầu nhắn tin {order.wave}"
    about = [("Mã đợt", order.wave), *([("", DRAFT)] if order.draft else []), ("Tuyến", order.route), *_when(order), *_approval(order)]
    texts: list[tuple[Cell, ...]] = [
        (text.language, language_name(text.language), text.text, text.alphabet, text.characters, text.segments) for text in order.texts
    ]
    return workbook(
        (
            Tab("Phiếu", ("Mục", "Nội dung"), list(dict.fromkeys(about)), (28, 70)),
            Tab("Nội dung", ("Mẫu", "Ngôn ngữ", "Nội dung", "Bảng mã", "Số ký tự", "Số bản tin"), texts, (8, 16, 90, 10, 10, 12)),
            Tab("Địa bàn", ("Mã xã", "Xã, phường", "Tỉnh"), [(each.code, each.name, each.province) for each in order.area], (10, 30, 30)),
        ),
        title,
    )


def counts_form_xlsx(order: OrderPaper) -> bytes:
    """The form for the partner's counts: its header is what the import understands; a row for each text and day, to be filled in."""
    days = [date.fromordinal(at) for at in range(order.first.toordinal(), min(order.last.toordinal(), order.first.toordinal() + 31) + 1)]
    rows: list[tuple[Cell, ...]] = [(text.language, None, short_day(day), None, None, None, None) for text in order.texts for day in days]
    return workbook((Tab("Số liệu", COUNT_HEADER, rows, (10, 16, 14, 12, 12, 12, 24)),), f"Số liệu đợt {order.wave}")


# --- JSON ---


def order_json(order: OrderPaper) -> bytes:
    """The order for a machine, UTF-8."""
    approved = order.approved
    made = {
        "format": FORMAT,
        "wave": order.wave,
        "draft": order.draft,
        "route": order.route,
        "sender_id": order.sender_id,
        "variants": [
            {"variant": text.language, "text": text.text, "alphabet": text.alphabet, "characters": text.characters,
             "segments": text.segments}
            for text in order.texts
        ],
        "area": [{"code": each.code, "name": each.name, "province": each.province} for each in order.area],
        "days": {"first": order.first.isoformat(), "last": order.last.isoformat()},
        "hours": {"from": order.hours[0], "to": order.hours[1], "timezone": order.timezone},
        "expected": order.expected,
        "price_vnd": order.price_vnd,
        "most_cost_vnd": order.most_cost,
        "cost_ceiling_vnd": order.cost_ceiling,
        "document": {"number": order.document, "date": order.document_day.isoformat() if order.document_day else None},
        "planner": order.planner,
        "approval": {"approver": approved.approver, "at": approved.at, "way": approved.way} if approved else None,
        "fingerprint": order.fingerprint.hex(),
    }  # fmt: skip
    return (json.dumps(made, ensure_ascii=False, indent=2) + "\n").encode()
