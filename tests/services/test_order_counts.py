"""A partner's list as offices write it, and what of it is not as it was ordered."""

import io
from dataclasses import replace
from datetime import date, datetime

import pytest
from openpyxl import Workbook

from gateway.papers.order import counts_form_xlsx
from gateway.services.order_counts import Ordered, differences, read_counts
from gateway.storage.orders import Count
from tests.papers.sheets import ORDER

HEAD = "Mẫu;Nhà mạng;Ngày;Đã gửi;Đến máy;Lỗi;Số bản tin tính cước\n"
VARIANTS = ["vi", "en"]
TWO_SEGMENTS, ONE_SEGMENT = "ế" * 71, "a" * 160
ORDERED = Ordered({"vi": TWO_SEGMENTS, "en": ONE_SEGMENT}, date(2026, 12, 20), date(2026, 12, 22), 1_000)


def read(rows: str, variants: list[str] = VARIANTS, head: str = HEAD):
    return read_counts((head + rows).encode(), "bao-cao.csv", variants)


@pytest.mark.parametrize(
    ("row", "count"),
    [
        ("vi;Viettel;20/12/2026;100;90;5;200", Count("vi", "Viettel", "2026-12-20", 100, 90, 5, 200)),
        ("Mẫu 1;VTL;2026-12-20;100;90;5;200", Count("vi", "Viettel", "2026-12-20", 100, 90, 5, 200)),
        ("2;GPC;20-12-2026;1.234;1.000;;1234", Count("en", "VinaPhone", "2026-12-20", 1234, 1000, 0, 1234)),
        ("tiếng Việt;Local;20.12.26;1,234;1 000;0;2.468", Count("vi", "Local", "2026-12-20", 1234, 1000, 0, 2468)),
        ("EN;;46376;7.0;7;0;7", Count("en", "", "2026-12-20", 7, 7, 0, 7)),
        ("B;Viettel;2026-12-20 00:00:00;7;7;0;7", Count("B", "Viettel", "2026-12-20", 7, 7, 0, 7)),
    ],
)
def test_a_row_in_the_words_of_offices(row: str, count: Count) -> None:
    found = read(row)
    assert (found.counts, found.faults) == ((count,), ())


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (";Viettel;20/12/2026;1;1;0;1", "bao-cao.csv:2: variant: The row names no text, and the order has several. Write one of vi, en"),
        ("vi;Viettel;hôm qua;1;1;0;1", "bao-cao.csv:2: day: “hôm qua” is no day. Write it like 22/12/2026"),
        ("vi;Viettel;31/2/2026;1;1;0;1", "bao-cao.csv:2: day: “31/2/2026” is no day. Write it like 22/12/2026"),
        ("vi;Viettel;20/12/2026;nhiều;1;0;1", "bao-cao.csv:2: sent: “nhiều” is no whole number. Write digits only, 0 for none"),
        ("vi;Viettel;20/12/2026;-5;1;0;1", "bao-cao.csv:2: sent: “-5” is no whole number. Write digits only, 0 for none"),
        ("vi;Viettel;20/12/2026;1.5;1;0;1", "bao-cao.csv:2: sent: “1.5” is no whole number. Write digits only, 0 for none"),
        ("vi;Viettel;20/12/2026;9.1E+08;1;0;1", "bao-cao.csv:2: sent: “9.1E+08” is no whole number. Write digits only, 0 for none"),
        ("vi;Viettel;20/12/2026;5;;0;1", "bao-cao.csv:2: delivered: The cell is empty. Write digits only, 0 for none"),
        (
            "vi;Viettel;20/12/2026;99999999999;1;0;1",
            "bao-cao.csv:2: sent: “99999999999” is more than there are people. Look at it once more",
        ),
        ("vi;Viettel;20/12/2026;5", "bao-cao.csv:2: row: The row has 4 cells, the header 7. Put a text"),
    ],
)
def test_a_bad_row_is_named_by_its_line(row: str, said: str) -> None:
    found = read(row + "\nvi;Viettel;21/12/2026;1;1;0;2")
    assert str(found.faults[0]).startswith(said)
    assert len(found.faults) == 1
    assert len(found.counts) == 1  # the good rest is kept


def test_sums_and_rows_that_nobody_filled_in_are_left_out() -> None:
    found = (
        read("Báo cáo;;;;;;\n", head="").counts + read("vi;Viettel;20/12/2026;1;1;0;2\nen;;21/12/2026;;;;\nTổng cộng;;;1;1;0;2\n").counts
    )
    assert len(found) == 1
    assert read("vi;Viettel;20/12/2026;1;1;0;2\nCộng;;;1;1;0;2\n;Tổng;;1;1;0;2\n").totals == 2


def test_the_same_row_twice_is_a_fault() -> None:
    found = read("vi;VTL;20/12/2026;1;1;0;2\nMẫu 1;Viettel;2026-12-20;5;5;0;10\n")
    assert [str(fault) for fault in found.faults] == [
        "bao-cao.csv:3: row: The text, network and day of line 2 come again. Put both into one row"
    ]
    assert found.counts[0].sent == 1


def test_a_missing_column_is_named() -> None:
    found = read("vi;1\n", head="Mẫu;Đã gửi\n")
    assert {fault.field for fault in found.faults} == {"day", "delivered", "charged_segments"}
    assert found.counts == ()


def test_the_only_text_of_an_order_needs_no_name() -> None:
    assert read("Viettel;20/12/2026;1;1;1\n", ["vi"], "Nhà mạng;Ngày;Đã gửi;Đến máy;Số bản tin\n").counts[0].variant == "vi"


def test_our_own_form_comes_back_filled_in() -> None:
    """As a workbook, with days as days; the rows left empty are no faults."""
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(counts_form_xlsx(ORDER)))
    sheet = book.worksheets[0]
    for column, value in enumerate(("Viettel", datetime(2026, 12, 20), 1200, 1100, 50, 2400), 2):  # noqa: DTZ001 # as Excel holds it
        cell = sheet.cell(2, column)
        cell.value, cell.number_format = value, "General"
    out = io.BytesIO()
    book.save(out)
    found = read_counts(out.getvalue(), "so-lieu.xlsx", VARIANTS)
    assert (found.counts, found.faults) == ((Count("vi", "Viettel", "2026-12-20", 1200, 1100, 50, 2400),), ())


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04junk", b"\xff\xfe\x00", b"\x00\x01", b"Ng\xe0y;gui"])
def test_bytes_that_are_no_list_are_faults(data: bytes) -> None:
    found = read_counts(data, "x", VARIANTS)
    assert found.faults
    assert found.counts == ()


def test_an_empty_workbook_is_a_fault() -> None:
    out = io.BytesIO()
    Workbook().save(out)
    assert read_counts(out.getvalue(), "x.xlsx", VARIANTS).faults


# --- held against the order ---


def count(variant: str = "vi", day: str = "2026-12-20", sent: int = 100, **more: int) -> Count:
    charged = more.pop("charged", sent * (2 if variant == "vi" else 1))
    return Count(variant, "Viettel", day, sent, more.pop("delivered", sent), more.pop("failed", 0), charged)


def test_counts_that_agree_say_nothing() -> None:
    charged_on_delivery = count("en", sent=100, delivered=90, failed=10, charged=90)
    assert differences(ORDERED, [count(), charged_on_delivery]) == ()


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ([count("vi")], "nothing is reported of the text en, which was ordered"),
        ([count(), count("en"), count("B", charged=100)],
         "B, Viettel, 2026-12-20: no text of this order is called “B” (there are vi, en); 100 messages"),
        ([count(day="2026-12-23"), count("en")],
         "vi, Viettel, 2026-12-23: outside the ordered days 2026-12-20 to 2026-12-22; 100 messages"),
        ([count(delivered=90, failed=20), count("en")], "vi, Viettel, 2026-12-20: 110 results of 100 messages"),
        ([count(charged=300), count("en")],
         "vi, Viettel, 2026-12-20: 300 segments are charged for 100 messages of 2 each (3.00 a message): 100 too many"),
        ([count(charged=100), count("en")],
         "vi, Viettel, 2026-12-20: 100 segments are charged for 100 messages of 2 each (1.00 a message): 100 too few"),
        ([count(sent=0, charged=5), count("en")],
         "vi, Viettel, 2026-12-20: 5 segments are charged for 0 messages of 2 each: 5 too many"),
        ([count(sent=600), count("en", sent=500)], "1,100 messages were sent to 1,000 expected subscribers, 100 too many"),
    ],
)  # fmt: skip
def test_what_is_not_as_ordered_is_said(counts: list[Count], said: str) -> None:
    assert differences(ORDERED, counts) == (said,)


def test_the_ceiling_is_held_against_what_is_charged() -> None:
    dear = replace(ORDERED, price_vnd=300, cost_ceiling=90_000)
    assert differences(dear, [count(), count("en")]) == ()
    (said,) = differences(replace(dear, cost_ceiling=89_999), [count(), count("en")])
    assert said == "the charged segments cost 90.000 đ, over the ceiling of 89.999 đ"


def test_no_counts_are_no_difference() -> None:
    assert differences(ORDERED, []) == ()
