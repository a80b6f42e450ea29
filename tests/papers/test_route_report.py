"""The monthly accounts on paper and as a workbook."""

import io
from dataclasses import replace
from datetime import date

from openpyxl import load_workbook

from gateway.papers.route_report import AccountRow, AccountsPaper, PartnerRow, RouteAccount, accounts_pdf, accounts_xlsx
from tests.papers.sheets import look

ROW = AccountRow(date(2026, 11, 1), "Viettel", 1_234, 2_468, 2_470, 2, 1_200, 30, 4, 0, 5, 863_800, 864_500)
TOTAL = replace(ROW, day=None, operator="", mts=12_345_678, segments=24_691_356)
PARTNER = PartnerRow("dia-ban", "vi", "Viettel", date(2026, 11, 20), 6_000, 5_500, 300, 12_000, 4_200_000)
ACCOUNTS = AccountsPaper(
    "Ủy ban nhân dân xã Thống Nhất", "Ban Chỉ đạo xã", "Thống Nhất", date(2026, 12, 1), date(2026, 11, 1), "Asia/Ho_Chi_Minh",
    (RouteAccount("viettel", 350, (ROW, replace(ROW, operator="", charged=None, difference=None)), TOTAL, (PARTNER,)),),
)  # fmt: skip


def test_the_paper_shows_every_line_and_the_sum() -> None:
    seen = look(accounts_pdf(ACCOUNTS))
    assert seen.sizes[0] == (297, 210)
    text = seen.text
    for words in (
        "BẢNG ĐỐI SOÁT TIN NHẮN",
        "Tháng 11 năm 2026",
        "1. Tuyến viettel, đơn giá 350 đồng một bản tin",
        "01/11/2026 Viettel 1.234 2.468 2.470 2 1.200 30 4 0 5 863.800 864.500",
        "01/11/2026 chưa rõ 1.234 2.468 1.200",
        "Cộng",
        "12.345.678",
        "dia-ban vi Viettel 20/11/2026 6.000 5.500 300 12.000 4.200.000",
        "ĐẠI DIỆN NHÀ MẠNG",
        "Asia/Ho_Chi_Minh",
    ):
        assert words in text


def test_many_days_go_over_pages_with_their_header() -> None:
    route = replace(ACCOUNTS.routes[0], rows=(ROW,) * 90)
    seen = look(accounts_pdf(replace(ACCOUNTS, routes=(route,))))
    assert len(seen.pages) > 3
    assert all("mạng" in page for page in seen.pages[:-1])
    assert all(left > 29 and right > 14 and bottom > 19 for left, right, _, bottom in seen.margins)


def test_a_month_without_messages_says_so() -> None:
    assert "Trong tháng không có tin nhắn nào." in look(accounts_pdf(replace(ACCOUNTS, routes=()))).text


def test_the_workbook_has_numbers_to_count_with() -> None:
    book = load_workbook(io.BytesIO(accounts_xlsx(ACCOUNTS)))
    assert book.sheetnames == ["Theo ngày", "Cộng", "Theo địa bàn"]
    assert [cell.value for cell in book["Theo ngày"][2]][:8] == ["viettel", "01/11/2026", "Viettel", 1234, 2468, 2470, 2, 1200]
    assert book["Theo ngày"].max_row == 3
    assert [cell.value for cell in book["Cộng"][2]][:4] == ["viettel", "Cộng", None, 12_345_678]
    assert [cell.value for cell in book["Theo địa bàn"][2]][-5:] == [6000, 5500, 300, 12000, 4_200_000]
    assert accounts_xlsx(ACCOUNTS) == accounts_xlsx(replace(ACCOUNTS))
