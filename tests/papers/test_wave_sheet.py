"""The paper that a wave is approved by says all that the approval freezes."""

from dataclasses import replace

from gateway.papers.wave_sheet import sheet_pdf
from tests.papers.sheets import ACCENTED, APPROVED, PLAIN, SHEET, look


def test_it_says_who_gets_what_when_and_for_how_much() -> None:
    text = look(sheet_pdf(SHEET)).text
    for words in (
        "PHIẾU TRÌNH DUYỆT",
        "Đợt nhắn tin “tri-an-22-12”",
        "Căn cứ Kế hoạch số 238/KH-UBND ngày 15/6/2026 của UBND tỉnh Lạng Sơn;",
        "Thực hiện văn bản chỉ đạo số 12/CV-BCĐ ngày 20/12/2026;",
        "viettel (nhà mạng, cổng: kannel); tên người gửi: 8088",
        ACCENTED.replace("\n", " "),
        PLAIN,
        "Bảng mã UCS-2 (có dấu)",
        "2 bản tin tính cước; 700 đồng một người nhận.",
        "Bảng mã GSM-7 (không dấu)",
        "12.345 người (mười hai nghìn ba trăm bốn mươi lăm)",
        "24.690 bản tin",
        "8.641.500 đồng (tám triệu sáu trăm bốn mươi mốt nghìn năm trăm đồng)",
        "9.000.000 đồng (chín triệu đồng)",
        "07:00 - 21:00",
        "07:00 ngày 22/12/2026",
        "20 bản tin một giây",
        "Đã nhắn từ chối (TC) 31",
        "Nguyễn Thị Hoa",
        "16:00 ngày 20/12/2026",
        "2D71 1642 B726 B044",
        "chưa duyệt",
        "NGƯỜI LẬP",
        "NGƯỜI DUYỆT",
    ):
        assert words in text


def test_an_approval_is_on_it_with_its_person_and_its_hour() -> None:
    assert "Trần Văn Bình, 08:15 ngày 21/12/2026, duyệt bằng mật khẩu" in look(sheet_pdf(replace(SHEET, approved=APPROVED))).text


def test_what_is_missing_leaves_room_for_the_pen() -> None:
    text = look(sheet_pdf(replace(SHEET, document="", document_day=None, planner="", tested_on=(), cost_ceiling=None, left_out=()))).text
    for words in ("văn bản chỉ đạo số ………", "ngày ……/……/………", "chưa gửi thử", "không ghi tên", "không đặt"):
        assert words in text
    assert "Người không được gửi" not in text


def test_a_text_that_no_face_of_ours_has_is_still_exact() -> None:
    lao = replace(SHEET.texts[0], language="lo", text="ສະ")
    text = look(sheet_pdf(replace(SHEET, texts=(lao,)))).text
    assert "[U+0EAA][U+0EB0]" in text
    assert "mã Unicode trong ngoặc vuông" in text


def test_what_differs_by_person_is_named() -> None:
    own = replace(SHEET.texts[0], fields=("ma_thon", "thon"), recipients=500)
    text = look(sheet_pdf(replace(SHEET, texts=(own,)))).text
    assert "700 đồng một người nhận; 500 người nhận. Tính theo một người nhận; phần thay đổi theo người: ma_thon, thon." in text
