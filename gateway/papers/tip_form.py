"""The paper form of a village, A4: what a person of 75 can read and fill in by hand, and a clerk can type in without guessing.

Letters of 14 pt and more, lines 11 mm apart, one box a digit of the number. Nothing must be filled in but the story. What is asked and in
which order: field.md §4.2; what is said of keeping and calling: §2.4.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from gateway.papers.faces import BOLD, ITALIC, REGULAR, face, legible

_LEFT, _RIGHT, _WIDTH, _HEIGHT = 18.0, 192.0, 210.0, 297.0  # mm
_LINE: Final = 11.0  # mm between lines to write on
_DIGIT: Final = 9.0  # mm, a box for one digit
_QR_MM: Final = 32.0  # with its quiet zone; a module of 0.9 mm is read from a hand's distance
_RED: Final = (0.541, 0.110, 0.102)
_GOLD: Final = (0.851, 0.663, 0.184)
_KEPT: Final = (
    "Xã chỉ dùng lời kể, tên và số để tìm kiếm, quy tập hài cốt liệt sĩ và liên hệ lại khi được đồng ý; giữ kín, không đưa cho ai khác."
)
_GREY: Final = (0.42, 0.37, 0.32)


@dataclass(frozen=True, slots=True)
class Qr:
    """A code as runs of dark modules (x, y, length from the quiet zone's corner), `side` modules with its quiet zone."""

    bars: Sequence[tuple[int, int, int]] = field(repr=False)
    side: int


@dataclass(frozen=True, slots=True)
class TipForm:
    """What stands on one village's form. `where`: to whom it is given back; `hotline` "" if there is none; `asked`: the consent asked."""

    commune: str
    issuer: str
    village: str
    code: str
    qr: Qr
    address: str
    where: str
    hotline: str
    asked: str


def pdf(forms: Sequence[TipForm]) -> bytes:
    """One page a village: the same forms, the same bytes."""
    _faces()
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=1, pageCompression=1, lang="vi-VN")
    canvas.setTitle("Phiếu báo tin" + (f" {forms[0].code}" if len(forms) == 1 else ""))
    canvas.setAuthor(legible(forms[0].issuer) if forms else "")
    for each in forms:
        _Page(canvas, each).draw()
        canvas.showPage()
    canvas.save()
    return out.getvalue()


@cache
def _faces() -> None:
    for name in (REGULAR, BOLD, ITALIC):
        pdfmetrics.registerFont(TTFont(name, io.BytesIO(face(name).data)))


class _Page:
    """A form being drawn; measures in mm from the sheet's upper left."""

    def __init__(self, canvas: Canvas, form: TipForm) -> None:
        self._canvas, self._form = canvas, form

    def draw(self) -> None:
        self._head()
        y = self._story(62.0)
        y = self._who(y + 5)
        self._consent(y + 7)
        self._foot()

    # --- parts ---

    def _head(self) -> None:
        form = self._form
        self._text(form.issuer.upper(), _LEFT, 19, 10.5, BOLD)
        self._text("PHIẾU BÁO TIN", _LEFT, 31, 27, BOLD, _RED)
        self._text("về mộ, nơi chôn cất, hài cốt, kỷ vật liệt sĩ", _LEFT, 39, 14)
        self._box(_LEFT, 44, 32, 11)
        self._text(form.code, _LEFT + 16, 52.2, 20, BOLD, align="centre")
        self._fitted(f"{form.village}, {form.commune}", _LEFT + 36, 51.8, 15, BOLD, _RIGHT - _QR_MM - _LEFT - 40)
        self._code(_RIGHT - _QR_MM + 3.5, 11)
        self._text("Quét để viết bằng điện thoại", _RIGHT, 47, 8.5, align="right")
        self._text(form.address, _RIGHT, 51, 7.5, align="right", ink=_GREY)
        self._rule(_LEFT, 58.5, _RIGHT, _GOLD, 1.2)

    def _story(self, y: float) -> float:
        self._text("1", _LEFT, y + 5.5, 17, BOLD, _RED)
        self._text("Xin kể điều ông bà biết", _LEFT + 7, y + 5.5, 16, BOLD)
        self._text("Ở đâu, gần chỗ gì, đi lối nào? Có mấy mộ, còn nguyên không?", _LEFT + 7, y + 12, 13)
        y = self._lines(y + 12, 6)
        self._text("2", _LEFT, y + 8, 17, BOLD, _RED)
        self._text("Năm nào, trận nào? Tên, quê, đơn vị, bia, kỷ vật (nhớ gì ghi nấy)", _LEFT + 7, y + 8, 13, BOLD)
        y = self._lines(y + 8, 3)
        self._text("3", _LEFT, y + 9, 17, BOLD, _RED)
        at = _LEFT + 7
        for words, wide in (("Tôi nhìn thấy", 43.0), ("Tôi tham gia chôn cất", 62.0), ("Tôi nghe kể lại", 40.0)):
            self._tick(at, y + 4.5)
            self._text(words, at + 8, y + 9, 13.5)
            at += wide + 12
        return y + 11

    def _who(self, y: float) -> float:
        self._text("4", _LEFT, y + 5.5, 17, BOLD, _RED)
        self._text("Họ tên", _LEFT + 7, y + 5.5, 14, BOLD)
        self._rule(_LEFT + 30, y + 6.5, _RIGHT, _GREY, 0.5)
        self._text("Điện thoại", _LEFT + 7, y + 18.5, 14, BOLD)
        for place in range(10):
            gap = 3 if place >= 7 else 1.5 if place >= 4 else 0
            self._box(_LEFT + 38 + place * _DIGIT + gap, y + 11.5, _DIGIT, 10)
        self._text("Không ghi tên, không ghi số", _RIGHT, y + 15.5, 9.8, ITALIC, align="right")
        self._text("thì tin vẫn được nhận.", _RIGHT, y + 20, 9.8, ITALIC, align="right")
        return y + 22

    def _consent(self, y: float) -> None:
        asked = [part.strip() + "?" for part in self._form.asked.split("?") if part.strip()]
        for number, words in enumerate(asked):
            base = y + number * 9
            self._text("5" if number == 0 else "", _LEFT, base + 4.5, 17, BOLD, _RED)
            self._text(words, _LEFT + 7, base + 4.5, 13.5)
            for at, word in ((138.0, "Có"), (162.0, "Không")):
                self._tick(at, base)
                self._text(word, at + 8, base + 4.5, 13.5)

    def _foot(self) -> None:
        form = self._form
        self._fill(_LEFT, 247, _RIGHT - _LEFT, 17)
        call = (
            f" Gặp xương lộ ra, bom, đạn: tránh xa và gọi ngay {form.hotline}."
            if form.hotline
            else " Gặp bom, đạn: tránh xa và báo xã ngay."
        )
        self._fitted(f"Xin không tự ý đào bới.{call}", _LEFT + 4, 254, 13, BOLD, _RIGHT - _LEFT - 8)
        self._fitted(f"Nộp lại cho trưởng thôn, hoặc {form.where}. Không mất tiền.", _LEFT + 4, 260.5, 12.5, REGULAR, _RIGHT - _LEFT - 8)
        self._fitted(_KEPT, _LEFT, 269, 8.5, REGULAR, _RIGHT - _LEFT, _GREY)
        self._fitted("Ông bà có thể xem, sửa, xóa hoặc rút lại điều đã kể: báo xã bằng mã tin.", _LEFT, 273, 8.5, REGULAR, 170, _GREY)
        self._rule(_LEFT, 276, _RIGHT, _GREY, 0.4)
        for at, words in ((_LEFT, "Tờ số"), (52, "Ngày"), (88, "Người nhận"), (146, "Mã tin")):
            self._text(words, at, 286, 10, ink=_GREY)
        for start, end in ((30, 49), (63, 85), (109, 143), (160, _RIGHT)):
            self._rule(start, 286.5, end, _GREY, 0.4)

    # --- strokes ---

    def _text(
        self,
        text: str,
        x: float,
        y: float,
        size: float,
        font: str = REGULAR,
        ink: tuple[float, float, float] = (0, 0, 0),
        align: str = "left",
    ) -> None:
        """Words with their baseline at `y`."""
        self._canvas.setFont(font, size)
        self._canvas.setFillColorRGB(*ink)
        draw = {"left": self._canvas.drawString, "right": self._canvas.drawRightString, "centre": self._canvas.drawCentredString}[align]
        draw(x * mm, (_HEIGHT - y) * mm, legible(text))

    def _fitted(
        self, text: str, x: float, y: float, size: float, font: str, room: float, ink: tuple[float, float, float] = (0, 0, 0)
    ) -> None:
        """Words made smaller where a long name would run out of `room`."""
        wide = float(pdfmetrics.stringWidth(legible(text), font, size)) / mm
        self._text(text, x, y, size * min(1.0, room / wide) if wide else size, font, ink)

    def _lines(self, y: float, count: int) -> float:
        """Lines to write on; returns where the last one lies."""
        for number in range(1, count + 1):
            self._rule(_LEFT, y + number * _LINE, _RIGHT, _GREY, 0.5)
        return y + count * _LINE

    def _rule(self, x: float, y: float, end: float, ink: tuple[float, float, float], weight: float) -> None:
        self._canvas.setStrokeColorRGB(*ink)
        self._canvas.setLineWidth(weight)
        self._canvas.line(x * mm, (_HEIGHT - y) * mm, end * mm, (_HEIGHT - y) * mm)

    def _box(self, x: float, y: float, w: float, h: float) -> None:
        self._canvas.setStrokeColorRGB(0, 0, 0)
        self._canvas.setLineWidth(0.9)
        self._canvas.rect(x * mm, (_HEIGHT - y - h) * mm, w * mm, h * mm, stroke=1, fill=0)

    def _tick(self, x: float, y: float) -> None:
        self._box(x, y, 5.5, 5.5)

    def _fill(self, x: float, y: float, w: float, h: float) -> None:
        self._canvas.setFillColorRGB(1.0, 0.941, 0.761)
        self._canvas.rect(x * mm, (_HEIGHT - y - h) * mm, w * mm, h * mm, stroke=0, fill=1)

    def _code(self, x: float, y: float) -> None:
        module = _QR_MM / self._form.qr.side
        self._canvas.setFillColorRGB(0, 0, 0)
        for left, top, length in self._form.qr.bars:
            up = _HEIGHT - y - (top + 1) * module
            self._canvas.rect((x + left * module) * mm, up * mm, length * module * mm, module * mm, stroke=0, fill=1)
