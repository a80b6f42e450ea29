"""A proposal to commend whoever told us, as an official paper (field.md §2.7): grounds, who, for what, who told first, both offices."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.papers.document import Block, Document, Grid, Heading, Item, Signer, Text
from gateway.papers.page import Letterhead

RULES: Final = (
    "Căn cứ Quyết định số 75/2013/QĐ-TTg của Thủ tướng Chính phủ, được sửa đổi, bổ sung bởi Quyết định số 35/2017/QĐ-TTg;"  # field.md §2.6
)


@dataclass(frozen=True, slots=True)
class ProposalPaper:
    """All that the paper says. `told`: (order, code, when it reached us, by what) of each tip; `decided`: who signed for the other office.

    `consent`: how the person agreed to be named. No sum is printed: the scale is the board's (field.md §2.6).
    """

    head: Letterhead
    number: str
    grounds: tuple[str, ...]
    person: str = field(repr=False)
    merit: str = field(repr=False)
    case: str
    results: tuple[str, ...]
    told: Sequence[tuple[str, str, str, str]]
    code: str
    consent: str = field(repr=False)
    proposer: str
    proposed_on: str
    decided: str = ""
    recipients: tuple[str, ...] = ("Ban Chỉ đạo xã", "Phòng Văn hóa - Xã hội", "Lưu: VT")


def proposal_document(paper: ProposalPaper) -> Document:
    """The paper; `docx_file` and `document_pdf` draw it."""
    signer = Signer(("CHỈ HUY TRƯỞNG",))
    mark = "" if paper.decided else "CHƯA CÓ CHỮ KÝ THỨ HAI"
    return Document(
        paper.head,
        "TỜ TRÌNH",
        "Về việc đề nghị khen thưởng người cung cấp thông tin về liệt sĩ",
        _blocks(paper),
        signer,
        paper.recipients,
        mark,
    )


def _blocks(paper: ProposalPaper) -> list[Block]:
    grounds: list[Block] = [Text(f"Căn cứ {each};", is_ground=True) for each in paper.grounds]
    return [
        *grounds,
        Text(RULES, is_ground=True),
        Heading(1, "I. NGƯỜI ĐƯỢC ĐỀ NGHỊ"),
        Item(f"Họ và tên: {paper.person}"),
        Item(f"Thành tích: {paper.merit}"),
        Item(f"Ý kiến của người được đề nghị: {paper.consent}"),
        Heading(1, "II. KẾT QUẢ TỪ TIN BÁO"),
        Item(f"Tin báo {paper.code}, hồ sơ {paper.case}"),
        *(Item(each) for each in paper.results),
        Heading(1, "III. THỨ TỰ TIN BÁO CỦA HỒ SƠ"),
        Text("Thứ tự theo giờ tin tới máy của xã. Tin do cán bộ nhập tính theo giờ nhập; giờ kể ghi trên giấy."),
        Grid(("Thứ tự", "Mã tin", "Giờ nhận", "Qua"), tuple(paper.told), (0.15, 0.2, 0.4, 0.25)),
        Heading(1, "IV. HAI CƠ QUAN THỐNG NHẤT"),
        Item(f"Ban Chỉ huy Quân sự: {paper.proposer} đề nghị ngày {paper.proposed_on}."),
        Item(paper.decided or "Phòng Văn hóa - Xã hội: chưa ký."),
        Text("Kính đề nghị cấp có thẩm quyền xem xét, quyết định./."),
    ]
