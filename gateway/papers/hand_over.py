"""A package of tips on paper: covering list, a sheet a tip, the slip that comes back. And the same list as a workbook. In Vietnamese."""

import io
from collections.abc import Callable, Iterator, Mapping
from datetime import date

from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.platypus.flowables import Flowable, Image

from gateway.domain.hand_over import Format, Package, TipSheet
from gateway.papers.page import BODY_WIDTH, Letterhead, Paper, Signature, boxed, facts, paragraph, pdf, section, table, together
from gateway.papers.workbook import Tab, workbook

_LIST = ("STT", "Mã tin", "Nhận lúc", "Thôn", "Loại", "Kết luận")
_HIGHEST = 85 * mm
_APART = "{} (tệp tiếng hoặc phim: giao riêng, không in được)"
_TAB = ("Mã tin", "Nhận lúc", "Kênh", "Thôn", "Loại", "Kết luận", "Lời kể", "Các trường", "Người báo", "Tệp kèm")


def renderer(issuer: str, place: str) -> Callable[[Package, Format, Mapping[str, bytes]], bytes]:
    """How a package's list becomes paper or a workbook: `issuer` and `place` for the head of the paper."""

    def render(package: Package, format_: Format, enclosed: Mapping[str, bytes]) -> bytes:
        return package_xlsx(package) if format_ is Format.XLSX else package_pdf(package, issuer, place, enclosed)

    return render


def package_pdf(package: Package, issuer: str, place: str, enclosed: Mapping[str, bytes]) -> bytes:
    """The whole package for signature, its pictures (JPEG of `enclosed`) with their tips. The same package, the same bytes."""
    head = Letterhead("", issuer, place, date.fromisoformat(package.day), package.number)
    signers = (Signature("Người giao", package.prepared_by), Signature("Người nhận"))
    subject = f"{len(package.tips)} tin chuyển {package.receiver}{_again(package)}"
    return pdf(
        Paper(
            head,
            "BIÊN BẢN CHUYỂN GIAO TIN BÁO",
            subject,
            list(_body(package, enclosed)),
            signers,
            (package.receiver, "Lưu: hồ sơ chuyển giao"),
        )
    )


def _body(package: Package, enclosed: Mapping[str, bytes]) -> Iterator[Flowable]:
    yield section("1. Danh sách")
    rows = [(str(at), tip.code, _when(tip), tip.village, tip.kind, tip.result) for at, tip in enumerate(package.tips, 1)]
    yield table(_LIST, rows, (9, 14, 23, 24, 21, 20), frozenset({0}))
    if package.note:
        yield section("Lời kèm")
        yield paragraph(package.note)
    yield section("2. Từng tin")
    for at, tip in enumerate(package.tips, 1):
        yield together(section(f"2.{at}. Tin {tip.code}"), facts(list(_facts(tip))))
        if tip.words:
            yield boxed(tip.words)
        for name in tip.attachments:
            yield (
                together(paragraph(name, "cell"), _picture(enclosed[name]))
                if _is_picture(name, enclosed)
                else paragraph(_APART.format(name))
            )
    yield section("3. Phiếu biên nhận (cắt gửi lại)")
    yield facts(
        [
            ("Gói", f"{package.number}{_again(package)}, {len(package.tips)} tin"),
            ("Mã biên nhận", package.receipt),
            ("Người nhận (ký, ghi rõ họ tên)", "………………………………………………"),
            ("Ngày nhận", "……/……/………"),
        ]
    )
    yield paragraph(f"Nhận xong xin gửi phiếu này về {package.sender}, hoặc gọi báo mã biên nhận.")


def _is_picture(name: str, enclosed: Mapping[str, bytes]) -> bool:
    return name.endswith(".jpg") and name in enclosed


def _picture(data: bytes) -> Image:
    """A picture as wide as half the page at most, and no higher than a third of one."""
    width, height = ImageReader(io.BytesIO(data)).getSize()
    factor = min(BODY_WIDTH / 2 / width, _HIGHEST / height)
    return Image(io.BytesIO(data), width * factor, height * factor, hAlign="LEFT")


def _again(package: Package) -> str:
    """A package that replaces another says so."""
    return f", lần {package.version}" if package.version > 1 else ""


def _facts(tip: TipSheet) -> Iterator[tuple[str, str]]:
    yield "Nhận lúc, kênh", f"{_when(tip)}, {tip.channel}"
    for label, value in (("Thôn", tip.village), ("Loại", tip.kind), ("Kết luận", tip.result), *tip.fields):
        if value:
            yield label, value
    yield "Người báo", tip.informant or "không chuyển (chưa có lời đồng ý, hoặc không chọn)"
    if tip.attachments:
        yield "Tệp kèm", ", ".join(tip.attachments)


def _when(tip: TipSheet) -> str:
    day, _, hour = tip.received.partition("T")
    return f"{date.fromisoformat(day):%d/%m/%Y} {hour[:5]}"


def package_xlsx(package: Package) -> bytes:
    """The list as a workbook; a second sheet takes the receiver's answers."""
    rows = [
        (
            tip.code, _when(tip), tip.channel, tip.village, tip.kind, tip.result, tip.words,
            "; ".join(f"{label}: {value}" for label, value in tip.fields), tip.informant, ", ".join(tip.attachments),
        )
        for tip in package.tips
    ]  # fmt: skip
    answers = [(tip.code, "", "") for tip in package.tips]
    tabs = (
        Tab("Tin báo", _TAB, rows, (12, 18, 14, 22, 22, 18, 60, 50, 18, 30)),
        Tab("Trả lời", ("Mã tin", "Tình trạng", "Ý kiến"), answers, (12, 24, 60)),
    )
    return workbook(tabs, f"Chuyển giao {package.number}")
