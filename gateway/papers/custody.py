"""The sheet that goes with a piece of evidence: what it is, through whose hands it went, and two columns to sign for the next."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from reportlab.platypus.flowables import Flowable

from gateway.papers.page import Letterhead, Paper, Signature, facts, paragraph, pdf, section, table

_WIDTHS = (0.07, 0.17, 0.22, 0.22, 0.16, 0.16)


@dataclass(frozen=True, slots=True)
class CustodyStep:
    """One hand-over. `at`: "09:41 23/11/2026"; `word`: how the receiver confirmed, or that nobody has yet."""

    number: int
    at: str
    giver: str = field(repr=False)
    receiver: str = field(repr=False)
    place: str = field(repr=False)
    seal: str
    condition: str = field(repr=False)
    word: str


@dataclass(frozen=True, slots=True)
class CustodySheet:
    """All that the sheet says. `origin`: the case or the tip; `giver`, `receiver`: who signs, "" where a pen writes the name."""

    head: Letterhead
    number: str
    kind: str
    title: str = field(repr=False)
    details: str = field(repr=False)
    origin: str
    steps: Sequence[CustodyStep]
    giver: str = field(default="", repr=False)
    receiver: str = field(default="", repr=False)


def custody_pdf(sheet: CustodySheet) -> bytes:
    """The sheet for signature. The same sheet, the same bytes."""
    signers = (Signature("Người giao", sheet.giver), Signature("Người nhận", sheet.receiver))
    subject = f"Giao nhận {sheet.kind.lower()} số {sheet.number}"
    return pdf(Paper(sheet.head, "BIÊN BẢN", subject, _body(sheet), signers))


def _body(sheet: CustodySheet) -> list[Flowable]:
    rows = [
        [str(each.number), each.at, each.giver, each.receiver, each.place, f"{each.seal or '–'}\n{each.condition}\n{each.word}"]
        for each in sheet.steps
    ]
    header = ("Lần", "Lúc", "Người giao", "Người nhận", "Nơi giao nhận", "Niêm phong, tình trạng")
    return [
        section("1. Hiện vật"),
        facts([("Số sổ", sheet.number), ("Loại", sheet.kind), ("Tên", sheet.title), ("Mô tả", sheet.details), ("Thuộc", sheet.origin)]),
        section("2. Các lần giao nhận"),
        table(header, rows, _WIDTHS, small=True),
        section("3. Cam kết"),
        paragraph(
            "Hai bên đã cùng xem hiện vật, niêm phong và tình trạng ghi ở dòng cuối của bảng trên. "
            "Bên nhận chịu trách nhiệm giữ gìn cho tới khi giao tiếp cho người khác bằng biên bản. "
            "Biên bản lập thành hai bản, mỗi bên giữ một bản."
        ),
    ]
