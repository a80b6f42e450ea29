"""The monthly accounts of a route (đối soát) on paper and as a workbook. In Vietnamese."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from reportlab.platypus.flowables import Flowable

from gateway.papers.page import LANDSCAPE_WIDTH, Letterhead, Paper, Signature, paragraph, pdf, section, table
from gateway.papers.words import dong, grouped, short_day
from gateway.papers.workbook import Cell, Tab, workbook

_HEADER: Final = (
    "Ngày", "Nhà mạng", "Tin (MT)", "Bản tin ta tính", "Bản tin nhà mạng tính", "Chênh lệch", "Đến máy", "Lỗi", "Chưa báo", "Chưa rõ",
    "Bị từ chối", "Chi phí ta tính", "Chi phí nhà mạng tính",
)  # fmt: skip
_WIDTHS: Final = (2.0, 2.1, 1.9, 2.1, 2.1, 1.6, 1.9, 1.5, 1.6, 1.3, 1.4, 2.5, 2.5)
_PARTNER_HEADER: Final = ("Đợt", "Mẫu", "Nhà mạng", "Ngày", "Đã gửi", "Đến máy", "Lỗi", "Bản tin tính cước", "Chi phí")
_NOTE: Final = (
    "Bản tin là đoạn tính cước của tin nhắn. “Bản tin nhà mạng tính”: theo trả lời của nhà mạng khi nhận tin, để trống nếu nhà mạng không "
    "báo; khi đó chi phí lấy theo số ta tính. “Chưa báo”: nhà mạng đã nhận nhưng chưa có báo phát. “Chưa rõ”: mất trả lời, có thể đã gửi."
)


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One day on one operator's network. Segments and VND; `charged`, costs None: not known."""

    day: date | None
    operator: str
    mts: int
    segments: int
    charged: int | None
    difference: int | None
    delivered: int
    failed: int
    open: int
    uncertain: int
    refused: int
    cost_ours: int | None
    cost_carrier: int | None


@dataclass(frozen=True, slots=True)
class PartnerRow:
    """A partner's count of an area order. `cost`: VND for the charged segments, None: the route's price is not known."""

    wave: str
    variant: str
    operator: str
    day: date
    sent: int
    delivered: int
    failed: int
    charged_segments: int
    cost: int | None


@dataclass(frozen=True, slots=True)
class RouteAccount:
    """A route's month. `total`: the sum of `rows`."""

    route: str
    price_vnd: int | None
    rows: tuple[AccountRow, ...]
    total: AccountRow | None
    partners: tuple[PartnerRow, ...]


@dataclass(frozen=True, slots=True)
class AccountsPaper:
    """A month for all routes. `month`: its first day; `day`: the paper's date."""

    superior: str
    issuer: str
    place: str
    day: date
    month: date
    timezone: str
    routes: tuple[RouteAccount, ...]

    @property
    def title(self) -> str:
        """ "Tháng 11 năm 2026"."""
        return f"Tháng {self.month.month} năm {self.month.year}"


def accounts_pdf(accounts: AccountsPaper) -> bytes:
    """The accounts on A4 landscape. The same accounts, the same bytes."""
    head = Letterhead(accounts.superior, accounts.issuer, accounts.place, accounts.day)
    signers = (Signature("Người lập"), Signature("Đại diện nhà mạng"))
    body = list(_body(accounts))
    return pdf(Paper(head, "BẢNG ĐỐI SOÁT TIN NHẮN", accounts.title, body, signers, ("Lưu: VT",), landscape=True))


def _body(accounts: AccountsPaper) -> Iterator[Flowable]:
    if not accounts.routes:
        yield paragraph("Trong tháng không có tin nhắn nào.")
    for number, route in enumerate(accounts.routes, 1):
        price = f", đơn giá {dong(route.price_vnd)} một bản tin" if route.price_vnd else ""
        yield section(f"{number}. Tuyến {route.route}{price}")
        if route.rows:
            rows = [_shown(row) for row in (*route.rows, *([route.total] if route.total else []))]
            yield table(
                _HEADER, rows, _WIDTHS, frozenset(range(2, 13)), line=LANDSCAPE_WIDTH, small=True, bold_last=route.total is not None
            )
        if route.partners:
            yield paragraph("Số liệu doanh nghiệp báo của các đợt gửi theo địa bàn:", "caption")
            yield table(
                _PARTNER_HEADER, [_partner(row) for row in route.partners], (3, 1, 2, 2, 2, 2, 2, 2, 2), frozenset(range(4, 9)),
                line=LANDSCAPE_WIDTH, small=True,
            )  # fmt: skip
    yield paragraph(f"{_NOTE} Ngày tính theo giờ {accounts.timezone}.", "small")


def _shown(row: AccountRow) -> tuple[str, ...]:
    counts = (row.mts, row.segments, row.charged, row.difference, row.delivered, row.failed, row.open, row.uncertain, row.refused)
    money = (row.cost_ours, row.cost_carrier)
    day = short_day(row.day) if row.day else "Cộng"
    return (day, _operator(row), *("" if each is None else grouped(each) for each in (*counts, *money)))


def _operator(row: AccountRow) -> str:
    return row.operator or ("chưa rõ" if row.day else "")


def _partner(row: PartnerRow) -> tuple[str, ...]:
    cost = "" if row.cost is None else grouped(row.cost)
    return (row.wave, row.variant, row.operator, short_day(row.day), *map(grouped, _counts(row)), cost)


def _counts(row: PartnerRow) -> tuple[int, int, int, int]:
    return row.sent, row.delivered, row.failed, row.charged_segments


def accounts_xlsx(accounts: AccountsPaper) -> bytes:
    """The accounts as a workbook: a row a route, operator and day; the partners' counts on a sheet of their own."""
    header = ("Tuyến", *_HEADER)
    rows = [(route.route, *_cells(row)) for route in accounts.routes for row in route.rows]
    partners = [
        (route.route, row.wave, row.variant, row.operator, short_day(row.day), *_counts(row), row.cost)
        for route in accounts.routes
        for row in route.partners
    ]
    totals = [(route.route, *_cells(route.total)) for route in accounts.routes if route.total]
    tabs = (
        Tab("Theo ngày", header, rows, (14, 12, 14, *[13] * 11)),
        Tab("Cộng", header, totals, (14, 12, 14, *[13] * 11)),
        Tab("Theo địa bàn", ("Tuyến", *_PARTNER_HEADER), partners, (14, 24, 8, 14, 12, 12, 12, 12, 18, 14)),
    )
    return workbook(tabs, f"Đối soát tin nhắn {accounts.title}")


def _cells(row: AccountRow) -> Sequence[Cell]:
    return (
        short_day(row.day) if row.day else "Cộng", _operator(row), row.mts, row.segments, row.charged, row.difference, row.delivered,
        row.failed, row.open, row.uncertain, row.refused, row.cost_ours, row.cost_carrier,
    )  # fmt: skip
