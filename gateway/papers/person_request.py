"""Papers of personal data: the answer to a person's request, what is held of them, the notice of a breach."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.domain.paper_text import Block, Grid, Heading, Item, Text
from gateway.papers.document import Document, Signer
from gateway.papers.page import Letterhead

LAW: Final = "Căn cứ Luật Bảo vệ dữ liệu cá nhân số 91/2025/QH15 và Nghị định số 356/2025/NĐ-CP;"


@dataclass(frozen=True, slots=True)
class AnswerPaper:
    """The answer. `asked`: "xóa dữ liệu"; days are "23/11/2026"; `by`: how it was made sure who asks."""

    head: Letterhead
    number: int
    person: str = field(repr=False)
    asked: str
    received: str
    by: str
    answer: str = field(repr=False)
    is_refused: bool


def answer_document(paper: AnswerPaper) -> Document:
    """The letter; `document_pdf` and `docx_file` draw it."""
    blocks: list[Block] = [
        Text(LAW, is_ground=True),
        Text(f"Kính gửi: {paper.person}"),
        Text(f"Ngày {paper.received}, cơ quan chúng tôi nhận được yêu cầu của ông/bà về việc {paper.asked} (yêu cầu số {paper.number})."),
        Text(f"Người yêu cầu đã được xác minh: {paper.by}."),
        Text("Yêu cầu không thực hiện được, lý do như sau:" if paper.is_refused else "Kết quả thực hiện như sau:"),
        *(Text(line) for line in paper.answer.splitlines() if line.strip()),
        Text("Nếu không đồng ý, ông/bà có quyền khiếu nại theo quy định của pháp luật./."),
    ]
    subject = f"Về việc trả lời yêu cầu {paper.asked}"
    return Document(paper.head, "THÔNG BÁO", subject, blocks, Signer(("NGƯỜI PHỤ TRÁCH",)), ("Như trên", "Lưu: VT"))


@dataclass(frozen=True, slots=True)
class HeldPaper:
    """What is held. `facts`: (what, value); `items`: (day and time, kind in words, words)."""

    head: Letterhead
    person: str = field(repr=False)
    day: str
    facts: Sequence[tuple[str, str]] = field(repr=False)
    items: Sequence[tuple[str, str, str]] = field(repr=False)


def held_document(paper: HeldPaper) -> Document:
    """The list that a person gets who asks what we hold."""
    blocks: list[Block] = [
        Text(LAW, is_ground=True),
        Text(f"Dữ liệu cá nhân của {paper.person} mà hệ thống của xã đang giữ, tính đến {paper.day}:"),
        Heading(1, "1. Thông tin chung"),
        *(Item(f"{what}: {value}") for what, value in paper.facts),
        Heading(1, "2. Từng mục"),
    ]
    if paper.items:
        blocks.append(Grid(("Lúc", "Loại", "Nội dung"), tuple(paper.items), (0.2, 0.2, 0.6)))
    else:
        blocks.append(Text("Không có tin nhắn hay tin báo nào."))
    blocks.append(Text("Số điện thoại được lưu dưới dạng mã hóa và chỉ người có thẩm quyền mới xem được./."))
    return Document(paper.head, "BẢN TRÍCH", "Dữ liệu cá nhân đang lưu giữ", blocks)


@dataclass(frozen=True, slots=True)
class BreachPaper:
    """A notice. Times are "09:41 23/11/2026"; `people` 0: not known yet; `late`: the 72 hours are over, and why is to be said."""

    head: Letterhead
    number: int
    found: str
    began: str
    kinds: tuple[str, ...]
    people: int
    what: str = field(repr=False)
    measures: str = field(repr=False)
    contact: str
    is_late: bool


def breach_document(paper: BreachPaper) -> Document:
    """The notice to the specialised agency; `docx_file` and `document_pdf` draw it."""
    people = f"khoảng {paper.people:,} người".replace(",", ".") if paper.people else "chưa xác định được, sẽ báo bổ sung"
    blocks: list[Block] = [
        Text(LAW, is_ground=True),
        Text("Kính gửi: Cục An ninh mạng và phòng, chống tội phạm sử dụng công nghệ cao (A05), Bộ Công an"),
        Heading(1, "1. Sự việc"),
        Item(f"Phát hiện lúc: {paper.found}"),
        Item(f"Xảy ra lúc: {paper.began}"),
        *(Text(line) for line in paper.what.splitlines() if line.strip()),
        Heading(1, "2. Dữ liệu và người liên quan"),
        Item(f"Loại dữ liệu: {', '.join(paper.kinds)}"),
        Item(f"Số người: {people}"),
        Heading(1, "3. Biện pháp đã và đang thực hiện"),
        *(Text(line) for line in paper.measures.splitlines() if line.strip()),
        Heading(1, "4. Đầu mối liên hệ"),
        Item(paper.contact),
    ]
    if paper.is_late:
        blocks.append(Text("Thông báo này gửi sau 72 giờ kể từ khi phát hiện; lý do: ................................................"))
    blocks.append(Text("Cơ quan sẽ báo cáo bổ sung khi có thông tin mới./."))
    subject = "Về vi phạm quy định bảo vệ dữ liệu cá nhân"
    return Document(paper.head, "THÔNG BÁO", subject, blocks, Signer(("THỦ TRƯỞNG CƠ QUAN",)), ("Như trên", "Lưu: VT"))
