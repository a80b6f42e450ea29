"""An order says on paper, in its workbook and as JSON the same; a draft can't be taken for one."""

import io
import json
from dataclasses import replace
from datetime import date

import pytest
from openpyxl import load_workbook

from gateway.papers.order import COUNT_HEADER, counts_form_xlsx, order_json, order_pdf, order_xlsx
from tests.papers.sheets import ACCENTED, APPROVED, ORDER, PLAIN, look

FINAL = replace(ORDER, approved=APPROVED)


def rows(data: bytes, sheet: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in load_workbook(io.BytesIO(data))[sheet].iter_rows(values_only=True)]


def test_the_paper_says_where_what_when_and_by_whose_order() -> None:
    text = look(order_pdf(FINAL)).text
    for words in (
        "PHIẾU YÊU CẦU NHẮN TIN",
        "06577 xã Thống Nhất tỉnh Lạng Sơn",
        ACCENTED.replace("\n", " "),
        PLAIN,
        "20/12/2026 đến 22/12/2026",
        "07:00 - 21:00",
        "6.000 (sáu nghìn)",
        "4.200.000 đồng (bốn triệu hai trăm nghìn đồng)",  # 6,000 x 2 segments x 350
        "dia-ban-22-12",
        "12/CV-BCĐ ngày 20/12/2026",
        "Trần Văn Bình, 08:15 ngày 21/12/2026",
        "Mẫu; Nhà mạng; Ngày; Đã gửi; Đến máy; Lỗi; Số bản tin tính cước",
    ):
        assert words in text
    assert "DỰ THẢO" not in text


def test_a_draft_says_so_everywhere() -> None:
    seen = look(order_pdf(ORDER))
    assert all("DỰ THẢO - CHƯA ĐƯỢC DUYỆT" in page for page in seen.pages)
    assert "chưa duyệt, không được gửi theo bản này" in seen.text
    assert (None, None) not in rows(order_xlsx(ORDER), "Phiếu")
    assert "DỰ THẢO - CHƯA ĐƯỢC DUYỆT" in [row[1] for row in rows(order_xlsx(ORDER), "Phiếu")]
    assert json.loads(order_json(ORDER))["draft"] is True


def test_where_no_approval_is_asked_for_it_is_no_draft() -> None:
    assert "tuyến này không yêu cầu phê duyệt" in look(order_pdf(replace(ORDER, needs_approval=False))).text


def test_the_workbook_holds_texts_and_codes_as_text() -> None:
    made = order_xlsx(replace(FINAL, texts=(replace(FINAL.texts[0], text="=1+1\nhai"), FINAL.texts[1])))
    texts, area = rows(made, "Nội dung"), rows(made, "Địa bàn")
    assert texts[1][0] == "vi"
    assert texts[1][2] == "=1+1\nhai"
    assert load_workbook(io.BytesIO(made))["Nội dung"]["C2"].data_type == "s"  # no formula
    assert area[1] == ("06577", "xã Thống Nhất", "tỉnh Lạng Sơn")  # the zero stands


def test_the_json_is_what_a_machine_needs() -> None:
    made = json.loads(order_json(FINAL))
    assert made["format"] == "tinbao-order/1"
    assert [(each["variant"], each["text"], each["segments"]) for each in made["variants"]] == [("vi", ACCENTED, 2), ("en", PLAIN, 1)]
    assert made["area"] == [{"code": "06577", "name": "xã Thống Nhất", "province": "tỉnh Lạng Sơn"}]
    assert made["days"] == {"first": "2026-12-20", "last": "2026-12-22"}
    assert made["hours"] == {"from": "07:00", "to": "21:00", "timezone": "Asia/Ho_Chi_Minh"}
    assert (made["expected"], made["most_cost_vnd"], made["fingerprint"]) == (6000, 4_200_000, FINAL.fingerprint.hex())
    assert made["approval"]["approver"] == "Trần Văn Bình"


def test_the_form_for_counts_has_a_row_for_each_text_and_day() -> None:
    table = rows(counts_form_xlsx(FINAL), "Số liệu")
    assert table[0] == COUNT_HEADER
    assert [row[0] for row in table[1:]] == ["vi"] * 3 + ["en"] * 3
    assert table[1][2] == "20/12/2026"


@pytest.mark.parametrize("make", [order_pdf, order_xlsx, order_json, counts_form_xlsx])
def test_the_same_order_gives_the_same_bytes(make) -> None:
    assert make(ORDER) == make(replace(ORDER))


def test_a_single_day_and_an_unknown_number_of_subscribers() -> None:
    text = look(order_pdf(replace(FINAL, last=date(2026, 12, 20), expected=None))).text
    assert "Ngày gửi 20/12/2026 Khung" in text
    assert "do doanh nghiệp xác định" in text
    assert "Kinh phí cao nhất" not in text
