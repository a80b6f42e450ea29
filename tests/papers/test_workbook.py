"""A workbook holds no clock and no formula."""

import io
import re
import zipfile

from openpyxl import load_workbook

from gateway.papers.workbook import Tab, workbook

TAB = Tab("Một", ("Mã", "Chữ", "Số"), [("06577", "=HYPERLINK(1)", 1234), ("00001", "a\x0bb", None)], (10, 20, 10))


def test_no_part_of_it_tells_the_time() -> None:
    """Neither the archive's entries nor its properties, whatever openpyxl wrote there."""
    made = workbook((TAB,), "Thử")
    assert workbook((TAB,), "Thử") == made
    archive = zipfile.ZipFile(io.BytesIO(made))
    assert {each.date_time for each in archive.infolist()} == {(2000, 1, 1, 0, 0, 0)}
    core = archive.read("docProps/core.xml").decode()
    assert core.count("2000-01-01T00:00:00Z") == 2
    assert set(re.findall(r"20\d\d-\d\d-\d\dT", core)) == {"2000-01-01T"}


def test_texts_stay_texts() -> None:
    sheet = load_workbook(io.BytesIO(workbook((TAB,), "Thử")))["Một"]
    assert [cell.value for cell in sheet[2]] == ["06577", "=HYPERLINK(1)", 1234]
    assert sheet["B2"].data_type == "s"
    assert sheet["B3"].value == "a b"  # a sign that XML has no place for
    assert sheet.freeze_panes == "A2"
