"""Values for papers, all invented; and a look at a finished PDF."""

from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256

import pypdfium2

from gateway.papers.order import Area, OrderPaper
from gateway.papers.wave_sheet import Approved, Sheet, SheetText

ACCENTED = "Xã Thống Nhất kính báo: ai biết phần mộ bộ đội xin nhắn LS gửi 8088.\nKhông tự ý đào bới."
PLAIN = "Xa Thong Nhat: ai biet mo bo doi xin nhan LS gui 8088"
TEXTS = (SheetText("vi", ACCENTED, "ucs2", len(ACCENTED), 2, 350), SheetText("en", PLAIN, "gsm7", len(PLAIN), 1, 350))
APPROVED = Approved("Trần Văn Bình", "08:15 ngày 21/12/2026", "duyệt bằng mật khẩu")

SHEET = Sheet(
    superior="Ủy ban nhân dân xã Thống Nhất", issuer="Ban Chỉ đạo xã", place="Thống Nhất", day=date(2027, 2, 5),
    campaign="Chiến dịch 500 ngày đêm", legal_basis=("Kế hoạch số 238/KH-UBND ngày 15/6/2026 của UBND tỉnh Lạng Sơn",),
    document="12/CV-BCĐ", document_day=date(2026, 12, 20), wave="tri-an-22-12", route="viettel", carrier="kannel", sender_id="8088",
    audience=12_345, audience_rule=("Thôn: Nà Lải (TN01)",), left_out=(("Đã nhắn từ chối (TC)", 31),), texts=TEXTS, segments=24_690,
    price_vnd=350, cost_ceiling=9_000_000, hours="07:00 - 21:00", starts="07:00 ngày 22/12/2026", pace="20 bản tin một giây", ramp="",
    planner="Nguyễn Thị Hoa", tested_on=("16:00 ngày 20/12/2026",), fingerprint=sha256(b"x").digest(),
)  # fmt: skip

ORDER = OrderPaper(
    superior=SHEET.superior, issuer=SHEET.issuer, place=SHEET.place, day=SHEET.day, campaign=SHEET.campaign,
    legal_basis=SHEET.legal_basis, document="12/CV-BCĐ", document_day=date(2026, 12, 20), wave="dia-ban-22-12", route="viettel",
    carrier="simulator", sender_id="8088", texts=TEXTS, area=(Area("06577", "xã Thống Nhất", "tỉnh Lạng Sơn"),), first=date(2026, 12, 20),
    last=date(2026, 12, 22), hours=("07:00", "21:00"), timezone="Asia/Ho_Chi_Minh", expected=6_000, price_vnd=350, cost_ceiling=None,
    planner="Nguyễn Thị Hoa", fingerprint=sha256(b"y").digest(),
)  # fmt: skip


def long_sheet() -> Sheet:
    """A sheet of three pages and more."""
    texts = tuple(replace(TEXTS[0], text=ACCENTED * 8, language=code) for code in ("vi", "en", "lo", "zh"))
    return replace(SHEET, texts=texts, audience_rule=tuple(f"Thôn: số {number}" for number in range(20)))


@dataclass(frozen=True)
class Seen:
    """A PDF as a reader sees it: the words of each page, and where there is ink, in mm from the page's edges."""

    pages: tuple[str, ...]
    sizes: tuple[tuple[int, int], ...]
    margins: tuple[tuple[float, float, float, float], ...]  # left, right, top, bottom

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.pages).split())


def look(data: bytes) -> Seen:
    """Open and rasterise every page."""
    document = pypdfium2.PdfDocument(data)
    pages, sizes, margins = [], [], []
    for page in document:
        pages.append(page.get_textpage().get_text_range())
        sizes.append((round(page.get_width() / 72 * 25.4), round(page.get_height() / 72 * 25.4)))
        image = page.render(scale=2, grayscale=True).to_pil()
        left, top, right, bottom = image.point(lambda value: 255 if value < 200 else 0).getbbox()
        mm = 25.4 / 72 / 2
        margins.append((left * mm, (image.width - right) * mm, top * mm, (image.height - bottom) * mm))
    document.close()
    return Seen(tuple(pages), tuple(sizes), tuple(margins))
