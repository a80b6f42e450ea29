"""Lists as offices hand them in."""

import io
import time
import zipfile

import openpyxl
import pytest

from gateway.domain.table import Column, Table, open_table, read_table
from tests.cpu import uncollected

COLUMNS = (Column("msisdn", ("số điện thoại",)), Column("village", ("mã thôn",)), Column("name", ("họ và tên",), required=False))
TEXT = "Số điện thoại,Mã thôn,Họ và tên\n0300000101,TN01,Hoàng Thị Ví Dụ\n0300000102,TN02,Đàm Văn Hư Cấu\n"


def read(data: bytes | str) -> Table:
    return read_table(data if isinstance(data, bytes) else data.encode(), file="list.csv", columns=COLUMNS)


def cp1258(text: str) -> bytes:
    """`text` as Windows-1258 writes it: letters with their vowel sign, tone marks apart."""
    import unicodedata

    tones = {"\u0300", "\u0301", "\u0303", "\u0309", "\u0323"}
    out = []
    for letter in unicodedata.normalize("NFC", text):
        parts = unicodedata.normalize("NFD", letter)
        marks = "".join(mark for mark in parts if mark in tones)
        out.append(unicodedata.normalize("NFC", "".join(mark for mark in parts if mark not in tones)) + marks)
    return "".join(out).encode("cp1258")


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("utf-16"),
        b"\xfe\xff" + TEXT.encode("utf-16-be"),
        cp1258(TEXT),
        TEXT.replace(",", ";").encode(),
        TEXT.replace(",", "\t").encode(),
        ("sep=;\n" + TEXT.replace(",", ";")).encode(),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace("\n", "\r").encode(),
        TEXT.replace("Số điện thoại", "  SO  DIEN_THOẠI ").encode(),
        TEXT.replace("Hoàng", '"Hoàng').replace("Dụ", 'Dụ"').encode(),
    ],
    ids=["utf-8", "bom", "utf-16le", "utf-16be", "cp1258", "semicolon", "tab", "sep=", "crlf", "cr", "header", "quoted"],
)
def test_the_same_list_in_every_dress(data):
    table = read(data)
    assert table.faults == ()
    assert [dict(row.cells) for row in table.rows] == [
        {"msisdn": "0300000101", "village": "TN01", "name": "Hoàng Thị Ví Dụ"},
        {"msisdn": "0300000102", "village": "TN02", "name": "Đàm Văn Hư Cấu"},
    ]


def test_a_missing_column_is_one_fault_at_the_header():
    table = read("số điện thoại,tên\n0300000101,Ví Dụ\n")
    (fault,) = table.faults
    assert (fault.file, fault.line, fault.field) == ("list.csv", 1, "village")
    assert "village" in fault.remedy
    assert "mã thôn" in fault.remedy


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\xff\xfe", b"PK\x03\x04 no workbook", b"\x00\x01\x02" * 50, b'"'])
def test_what_is_no_list_is_a_fault_and_never_raises(data):
    table = read(data)
    assert table.rows == ()
    assert table.faults


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (b"0300000102,TN02,a,b", "4 cells"),
        (b"0300000102", "1 cells"),
        (b"0300000102,TN\x0002,a", "NUL"),
        (b'0300000102,TN02,"a', "quotation"),
        ("0300000102,TN02,Đà N".encode() + b"\xe1\xba" + "ẵng".encode(), "no letters"),
    ],
)
def test_a_bad_row_costs_only_itself(bad, words):
    good = "0300000103,TN03,Hoàng Thị Tưởng Tượng Đặng Đường".encode()
    table = read(b"msisdn,village,name\n\n0300000101,TN01,a\n" + bad + b"\n" + good + b"\n")
    assert [row.line for row in table.rows] == [3, 5]
    (fault,) = table.faults
    assert fault.line == 4
    assert words in fault.text


def test_rows_keep_their_line_after_a_text_over_two_lines():
    table = read('msisdn,village,name\n0300000101,TN01,"a\nb"\n0300000102,TN02,c\n')
    assert [(row.line, row["name"]) for row in table.rows] == [(2, "a\nb"), (4, "c")]
    assert table.faults == ()


def test_title_lines_above_the_header_are_passed_over():
    table = read("DANH SÁCH HỘ DÂN,,\nThôn Nà Lải,,\n" + TEXT)
    assert (len(table.rows), table.rows[0].line, table.faults) == (2, 4, ())


def test_empty_cells_behind_the_last_column_are_no_fault():
    assert len(read("msisdn,village\n0300000101,TN01,,\n").rows) == 1


def test_a_column_that_stands_twice_is_told():
    (fault,) = read("msisdn,village,mã thôn\n0300000101,TN01,TN02\n").faults
    assert (fault.field, fault.line) == ("village", 1)


def test_columns_not_asked_for_come_by_their_folded_header():
    assert read("msisdn,village,Nhà Văn Hóa\n0300000101,TN01,x\n").rows[0]["nha_van_hoa"] == "x"


def test_a_row_hides_its_cells():
    assert "0300000101" not in repr(read(TEXT))


def test_workbook():
    book = openpyxl.Workbook()
    for row in (["Số điện thoại", "Mã thôn", "Họ và tên"], [300000101, "TN01", "Ví Dụ"], [None, None, None], ["0300000102", "TN02", None]):
        book.active.append(row)
    data = io.BytesIO()
    book.save(data)
    table = read(data.getvalue())
    assert table.faults == ()
    assert [(row.line, row["msisdn"], row["name"]) for row in table.rows] == [(2, "300000101", "Ví Dụ"), (4, "0300000102", "")]


@pytest.mark.parametrize("keep", [0.2, 0.5, 0.9])
def test_a_damaged_workbook_is_a_fault(keep):
    data = io.BytesIO()
    openpyxl.Workbook().save(data)
    (first, *_) = read(data.getvalue()[: int(len(data.getvalue()) * keep)]).faults
    assert "can't be opened" in first.text


def test_100_000_rows():
    data = ("msisdn,village,name\n" + "".join(f"0300{n:06d},TN01,Hoàng Thị Ví Dụ\n" for n in range(100_000))).encode()
    with uncollected():
        start = time.process_time()
        table = read(data)
        assert time.process_time() - start < 5  # 0.4 s alone; a quadratic reader needs minutes
    assert len(table.rows) == 100_000


def test_100_000_open_quotation_marks():
    start = time.process_time()
    assert len(read("msisdn,village,name\n" + '0300000101,TN01,"a\n' * 20_001).faults) > 1
    assert time.process_time() - start < 10


def test_a_long_list_takes_no_more_memory_than_a_short_one():
    """Row by row: only what the reader looks ahead is held."""
    import tracemalloc

    source = io.BytesIO(b"msisdn,village,name\n" + b"0300000101,TN01,Vi Du\n" * 50_000)
    tracemalloc.start()
    try:
        reading = open_table(source, file="list.csv", columns=COLUMNS)
        assert sum(1 for _ in reading.rows) == 50_000
        assert tracemalloc.get_traced_memory()[1] < 2_500_000  # the file's bytes, read once to know its encoding, come in pieces of 1 MB
    finally:
        tracemalloc.stop()


def test_a_broken_end_of_a_workbook_keeps_the_rows_before_it():
    """Rows come as they are read; what can't be read any more is a fault at its place."""
    book = openpyxl.Workbook()
    for at in range(300):
        book.active.append(["msisdn", "village"] if not at else [300000101 + at, "TN01"])
    data = io.BytesIO()
    book.save(data)
    out = io.BytesIO()
    with zipfile.ZipFile(data) as whole, zipfile.ZipFile(out, "w") as broken:
        for item in whole.infolist():
            part = whole.read(item)
            broken.writestr(item, part[: len(part) // 2] if item.filename.endswith("sheet1.xml") else part)
    table = read(out.getvalue())
    assert 50 < len(table.rows) < 299
    assert "can't be opened" in table.faults[-1].text
