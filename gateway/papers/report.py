"""A report's files: DOCX and PDF of its text, XLSX and CSV of its figures with the objects behind each."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from gateway.domain.figures import BY_NAME, NAMES, Count, Definition, Figure
from gateway.domain.paper_text import Block
from gateway.domain.vietnamese import shown
from gateway.papers.document import Document, Signer
from gateway.papers.page import Letterhead
from gateway.papers.workbook import Cell, Tab, workbook

DRAFT: Final = "DỰ THẢO"
MOST_LINES: Final = 60_000  # of sources in a workbook: more takes an office machine minutes to open; the CSV has them all
COLUMNS: Final = {"now": "Trong kỳ", "before": "Kỳ trước", "total": "Từ đầu Chiến dịch", "other": "Cách tính kỳ khác"}
KINDS: Final = {
    "tip": "tin báo", "wave": "đợt nhắn tin", "placement": "vị trí mã QR", "case": "hồ sơ vụ việc", "dna": "sổ ADN", "question": "câu hỏi",
}  # fmt: skip
COUNTED: Final[dict[Count, str]] = {
    Count.TIPS: "Tin báo", Count.LATER_MESSAGES: "Lượt nhắn bổ sung", Count.PHOTOS: "Ảnh", Count.RECORDINGS: "Ghi âm, ghi hình",
    Count.PAPERS: "Giấy tờ", Count.CONCLUDED: "Tin đã kết luận", Count.RIGHT: "Tin đúng hoặc đúng một phần",
    Count.FOUND: "Tin dẫn đến quy tập", Count.SENT: "Tin đã gửi", Count.DELIVERED: "Tin đến máy", Count.ANSWERS: "Người trả lời",
    Count.ORDERED: "Tin nhà mạng gửi theo địa bàn", Count.SCANS: "Lượt quét mã", Count.PLACEMENTS: "Mã đã cấp vị trí",
    Count.DNA_REQUESTS: "Đăng ký lấy mẫu ADN", Count.QUESTIONS: "Câu hỏi", Count.RECOVERED: "Hài cốt quy tập",
    Count.IDENTIFIED: "Hài cốt xác định danh tính", Count.COORDINATES: "Tọa độ xác minh", Count.SAMPLES: "Mẫu ADN đã lấy",
    Count.MATCHES: "Mẫu có kết quả",
}  # fmt: skip
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True, slots=True)
class FigureLine:
    """A frozen figure. `name`: definition:column; `was`: what an earlier report said."""

    name: str
    value: int
    of: int | None
    chosen: bool
    was: int | None = None
    was_of: int | None = None


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One object behind a count. `name`: count:column."""

    name: str
    kind: str
    object: str
    n: int


@dataclass(frozen=True, slots=True)
class ReportPaper:
    """All that a report's files show. `number`: "12/BC-UBND", or "      /BC-UBND" of a draft."""

    superior: str
    issuer: str
    place: str
    day: date
    number: str
    title: str
    subject: str
    blocks: Sequence[Block] = field(repr=False)
    signer: tuple[str, ...]
    signer_name: str
    recipients: tuple[str, ...]
    is_draft: bool
    figures: Sequence[FigureLine] = field(repr=False)
    sources: Sequence[SourceLine] = field(repr=False)


def document_of(paper: ReportPaper) -> Document:
    """The report as an official paper."""
    head = Letterhead(paper.superior, paper.issuer, paper.place, paper.day, paper.number)
    signer = Signer(paper.signer, paper.signer_name)
    return Document(head, paper.title, paper.subject, paper.blocks, signer, paper.recipients, DRAFT if paper.is_draft else "")


def report_xlsx(paper: ReportPaper) -> bytes:
    """Figures, definitions, and what each figure is the sum of."""
    traced = [each for each in paper.sources if not each.name.endswith(":total")] if _too_many(paper) else paper.sources
    lines = [(_column(each.name), _counted(each.name), KINDS.get(each.kind, each.kind), each.object, each.n) for each in traced]
    if _too_many(paper):
        lines.append(("Từ đầu Chiến dịch", "Quá nhiều dòng cho một bảng tính; xem tệp CSV kèm theo", "", "", 0))
    ways: list[tuple[Cell, ...]] = [(NAMES[each.kpi], each.rule, _formula(each)) for each in BY_NAME.values()]
    return workbook(
        (
            Tab("Số liệu", _FIGURES, [_figure_cells(each) for each in paper.figures], (20, 44, 60, 12, 12, 18, 14, 14, 14)),
            Tab("Cách tính", ("Chỉ số", "Cách tính", "Công thức"), ways, (44, 70, 60)),
            Tab("Nguồn", _SOURCES, lines, (20, 30, 16, 24, 10)),
        ),
        f"{paper.title} {paper.subject}".replace("\n", " "),
    )


_FIGURES: Final = (
    "Cột",
    "Chỉ số",
    "Cách tính",
    "Tử số",
    "Mẫu số",
    "Hiển thị",
    "Dùng chính thức",
    "Đã báo cáo: tử số",
    "Đã báo cáo: mẫu số",
)
_SOURCES: Final = ("Cột", "Số đếm", "Loại", "Mã", "Số lượng")


def _too_many(paper: ReportPaper) -> bool:
    return len(paper.sources) > MOST_LINES


def _figure_cells(line: FigureLine) -> tuple[Cell, ...]:
    definition = BY_NAME[line.name.partition(":")[0]]
    figure = Figure(definition, line.value, line.of)
    chosen = "x" if line.chosen else ""
    return (_column(line.name), NAMES[definition.kpi], definition.rule, line.value, line.of, shown(figure), chosen, line.was, line.was_of)


def _formula(definition: Definition) -> str:
    """ "(Tin báo + Ảnh) / Tin đã gửi"."""
    value = " + ".join(COUNTED[count] for count in definition.value)
    return f"({value}) / ({' + '.join(COUNTED[count] for count in definition.of)})" if definition.of else value


def _column(name: str) -> str:
    column = name.partition(":")[2]
    return COLUMNS.get(column, column)


def _counted(name: str) -> str:
    return COUNTED[Count(name.partition(":")[0])]


def roll_up_xlsx(title: str, names: Sequence[str], rows: Sequence[tuple[str, str, Sequence[Figure | None]]]) -> bytes:
    """The province's table: a commune a row, (name, where its figures come from, a figure a column); numerators and denominators apart."""
    header = ("Xã, phường", "Nguồn", *(part for name in names for part in (name, f"{name} (mẫu số)")))
    cells = [(commune, source, *(part for each in figures for part in _pair(each))) for commune, source, figures in rows]
    return workbook((Tab("Tổng hợp", header, cells, (28, 18, *[16] * (2 * len(names)))),), title)


def _pair(figure: Figure | None) -> tuple[int | None, int | None]:
    return (None, None) if figure is None else (figure.value, figure.of)


def sources_csv(paper: ReportPaper) -> bytes:
    """Every object behind every figure, for a spreadsheet that runs no formula of it. UTF-8 with a mark, as Excel wants it."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("column", "count", "kind", "object", "n"))
    writer.writerows(_csv_rows(paper.sources))
    return out.getvalue().encode("utf-8-sig")


def _csv_rows(sources: Iterable[SourceLine]) -> Iterator[tuple[str, str, str, str, int]]:
    for each in sources:
        count, _, column = each.name.partition(":")
        yield column, count, each.kind, f"'{each.object}" if each.object.startswith(_FORMULA) else each.object, each.n
