"""The paper that a wave is approved by: what is said to whom, how often, what it costs, when, and by whose order. In Vietnamese."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from reportlab.platypus.flowables import Flowable

from gateway.domain.language import language_name
from gateway.papers.faces import legible
from gateway.papers.page import Letterhead, Paper, Signature, boxed, facts, paragraph, pdf, section, table, together
from gateway.papers.words import dong, fingerprint_groups, grouped, in_words, short_day

DRAFT = "DỰ THẢO - CHƯA ĐƯỢC DUYỆT"
_ALPHABETS = {"gsm7": "GSM-7 (không dấu)", "ucs2": "UCS-2 (có dấu)"}


@dataclass(frozen=True, slots=True)
class SheetText:
    """A text as the handset shows it. `alphabet`: "gsm7" or "ucs2". `fields`: what differs by person; the text is then one person's.

    `recipients`: how many people get it, None: not known to us.
    """

    language: str
    text: str = field(repr=False)
    alphabet: str
    characters: int
    segments: int
    price_vnd: int
    fields: tuple[str, ...] = ()
    recipients: int | None = None

    @property
    def measure(self) -> str:
        """The line under the text: what it is charged as."""
        alphabet = _ALPHABETS.get(self.alphabet, self.alphabet)
        cost = f"; {dong(self.segments * self.price_vnd)} một người nhận" if self.price_vnd else ""
        people = "" if self.recipients is None else f"; {grouped(self.recipients)} người nhận"
        own = f" Tính theo một người nhận; phần thay đổi theo người: {', '.join(self.fields)}." if self.fields else ""
        return f"Bảng mã {alphabet}; {grouped(self.characters)} ký tự; {self.segments} bản tin tính cước{cost}{people}.{own}"


@dataclass(frozen=True, slots=True)
class Approved:
    """Who approved, on which local day and minute ("22/12/2026 08:15"), in which way, by which document."""

    approver: str
    at: str
    way: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that the paper says. Money is VND; `hours`, `starts`, `pace`, `ramp` are words; `day` is printed as the paper's date.

    `left_out`: (why, how many). `fingerprint`: SHA-256 of what is approved.
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
    audience: int
    audience_rule: tuple[str, ...]
    left_out: tuple[tuple[str, int], ...]
    texts: tuple[SheetText, ...]
    segments: int
    price_vnd: int
    cost_ceiling: int | None
    hours: str
    starts: str
    pace: str
    ramp: str
    planner: str
    tested_on: tuple[str, ...]
    fingerprint: bytes
    approved: Approved | None = None
    recipients: tuple[str, ...] = ("Lưu: VT, hồ sơ đợt nhắn tin",)


def sheet_pdf(sheet: Sheet) -> bytes:
    """The paper for signature. The same sheet, the same bytes."""
    head = Letterhead(sheet.superior, sheet.issuer, sheet.place, sheet.day)
    signers = (Signature("Người lập", sheet.planner), Signature("Người duyệt", sheet.approved.approver if sheet.approved else ""))
    return pdf(Paper(head, "PHIẾU TRÌNH DUYỆT", f"Đợt nhắn tin “{sheet.wave}”", list(_body(sheet)), signers, sheet.recipients))


def _body(sheet: Sheet) -> Iterator[Flowable]:
    for basis in sheet.legal_basis:
        yield paragraph(f"Căn cứ {basis};", "basis")
    yield paragraph(directed_by(sheet.document, sheet.document_day), "basis")
    yield paragraph(f"Để thực hiện {sheet.campaign}, trình duyệt đợt nhắn tin với nội dung sau:")
    yield section("1. Đợt nhắn tin")
    yield facts(list(_what(sheet)))
    yield section("2. Nội dung tin nhắn")
    for number, text in enumerate(sheet.texts, 1):
        yield shown(number, len(sheet.texts), text.language, text.text, text.measure)
    yield section("3. Số lượng và kinh phí")
    yield facts(list(_money(sheet)))
    if sheet.left_out:
        yield from _left_out(sheet.left_out)
    yield section("4. Người lập, gửi thử và phê duyệt")
    yield facts(list(_who(sheet)))
    yield paragraph("Mã xác nhận được tính từ toàn bộ nội dung nêu trên; nội dung thay đổi thì mã đổi và đợt nhắn tin không chạy được./.")


def directed_by(document: str, day: date | None) -> str:
    """ "Thực hiện văn bản chỉ đạo số …": the directing document, or room to write it."""
    number = document or "………………………"
    return f"Thực hiện văn bản chỉ đạo số {number} ngày {short_day(day) if day else '……/……/………'};"


def shown(number: int, of: int, language: str, text: str, measure: str) -> Flowable:
    """A text in its box between its caption and its measure."""
    name = language_name(language)
    parts = [paragraph(f"Mẫu {number} - {name} ({language})" if of > 1 else f"Bằng {name}", "caption"), boxed(text)]
    parts.append(paragraph(measure, "small"))
    if legible(text) != text:
        parts.append(paragraph("Ký tự mà phông chữ này không in được ghi bằng mã Unicode trong ngoặc vuông.", "small"))
    return together(*parts)


def _what(sheet: Sheet) -> Iterator[tuple[str, str]]:
    yield "Tên đợt", sheet.wave
    yield "Tuyến gửi", f"{sheet.route} (nhà mạng, cổng: {sheet.carrier}); tên người gửi: {sheet.sender_id}"
    yield "Người nhận", "\n".join(sheet.audience_rule)
    yield "Khung giờ trong ngày", sheet.hours
    yield "Bắt đầu", sheet.starts
    yield "Tốc độ", sheet.pace
    if sheet.ramp:
        yield "Gửi thăm dò", sheet.ramp


def _money(sheet: Sheet) -> Iterator[tuple[str, str]]:
    cost = sheet.segments * sheet.price_vnd
    yield "Số người nhận", f"{grouped(sheet.audience)} người ({in_words(sheet.audience)})"
    yield "Tổng số bản tin tính cước", f"{grouped(sheet.segments)} bản tin ({in_words(sheet.segments)})"
    yield "Đơn giá một bản tin", dong(sheet.price_vnd) if sheet.price_vnd else "0 đồng (không ghi trong cấu hình tuyến)"
    yield "Kinh phí dự kiến", f"{dong(cost)} ({in_words(cost)} đồng)"
    ceiling = sheet.cost_ceiling
    yield "Mức trần kinh phí", "không đặt" if ceiling is None else f"{dong(ceiling)} ({in_words(ceiling)} đồng); đến mức này đợt tự dừng"


def _left_out(rows: Sequence[tuple[str, int]]) -> Iterator[Flowable]:
    yield paragraph("Người không được gửi, đã loại khỏi số người nhận:", "caption")
    yield table(("Lý do", "Số người"), [(why, grouped(count)) for why, count in rows], (4, 1), frozenset({1}))


def _who(sheet: Sheet) -> Iterator[tuple[str, str]]:
    yield "Người lập", sheet.planner or "không ghi tên"
    yield "Đã gửi thử lúc", ", ".join(sheet.tested_on) if sheet.tested_on else "chưa gửi thử"
    approved = sheet.approved
    yield "Phê duyệt", f"{approved.approver}, {approved.at}, {approved.way}" if approved else "chưa duyệt"
    yield "Mã xác nhận (SHA-256)", fingerprint_groups(sheet.fingerprint)
