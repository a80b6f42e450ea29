"""Lists mask, exports are whole and run nowhere."""

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest
from openpyxl import load_workbook

from gateway.services.tips import COLUMNS, CannotExport, export_tips, list_tips, local_time, mask, neutral, show_tip
from gateway.storage.schema import tip
from tests.services.people import NOW, arrive, deployment, inbound, rows, said


async def _tell(database, *texts: str) -> None:
    await arrive(database, *(said(text, channel="web", placement="TN07") for text in texts))
    await inbound(database).process_once(NOW)


def _csv(path: Path) -> list[dict[str, str]]:
    raw = path.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline="")))


async def test_the_list_masks_numbers_in_the_words_too(database) -> None:
    await _tell(database, "Mộ ở bờ suối, gọi 0300 000 077")
    (found,) = await list_tips(database)
    assert (found.sender, found.text) == ("+843…11", "Mộ ở bờ suối, gọi 0300…77")
    assert "300000077" not in (found.fields or "")


async def test_a_tip_is_shown_by_its_code_as_typed(database) -> None:
    await _tell(database, "Mộ ở bờ suối")
    (stored,) = await rows(database, tip)
    found = await show_tip(database, f" {stored.code[:3].lower()}-{stored.code[3:]} ")
    assert found is not None
    assert (found.tip.code, found.tip.village) == (stored.code, "TN07")
    assert await show_tip(database, "ZZZZZZ") is None
    assert await show_tip(database, "x" * 500) is None


@pytest.mark.parametrize("name", ["tin.csv", "tin.XLSX"])
async def test_an_export_is_whole_private_and_runs_nowhere(database, tmp_path, name) -> None:
    texts = ["=HYPERLINK(1)", "+84", "-1+1", "@SUM(A1)", 'Mộ, "bờ" suối\nhai dòng', "chuông \x07 reo"]
    await _tell(database, *texts)
    assert await export_tips(database, deployment(), tmp_path / name) == 6
    if name.endswith("csv"):
        table = _csv(tmp_path / name)
    else:
        sheet = load_workbook(tmp_path / name).worksheets[0]
        values = [[cell or "" for cell in row] for row in sheet.iter_rows(values_only=True)]
        table = [dict(zip(values[0], row, strict=True)) for row in values[1:]]
    assert tuple(table[0]) == COLUMNS
    assert [row["text"] for row in table[:4]] == ["'=HYPERLINK(1)", "'+84", "'-1+1", "'@SUM(A1)"]
    assert table[4]["text"].replace("\r", "") == texts[4]
    assert {row["sender"] for row in table} == {"0300 000 011"}
    assert table[0]["village_name"] == deployment().villages["TN07"].title
    assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir() if "half" in path.name] == []


async def test_dna_requests_are_in_no_export(database, tmp_path) -> None:
    await arrive(database, said("ADN TN07 Vi Van Gia Dinh"))
    await inbound(database).process_once(NOW)
    assert await export_tips(database, deployment(), tmp_path / "a.csv") == 0


async def test_a_place_that_cannot_be_written_is_named_with_a_remedy(database, tmp_path) -> None:
    with pytest.raises(CannotExport, match="Close it where it is open"):
        await export_tips(database, deployment(), tmp_path / "no" / "a.csv")
    with pytest.raises(CannotExport, match=r"must end in \.csv or \.xlsx"):
        await export_tips(database, deployment(), tmp_path / "a.doc")


async def test_a_village_that_left_the_list_is_still_exported(database, tmp_path) -> None:
    await _tell(database, "Mộ ở bờ suối")
    await export_tips(database, replace(deployment(), villages={}), tmp_path / "a.csv")
    assert [(row["village"], row["village_name"]) for row in _csv(tmp_path / "a.csv")] == [("TN07", "")]


@pytest.mark.parametrize(("text", "shown"), [
    ("0300000011", "0300…11"), ("+84 300-000.011", "+84 …11"), ("gọi 0300 000 011 nhé", "gọi 0300…11 nhé"), ("năm 1979", "năm 1979"),
    ("17/02/1979", "17/02/1979"), ("e 12", "e 12")])  # fmt: skip
def test_mask(text, shown) -> None:
    assert mask(text) == shown


@pytest.mark.parametrize("first", list("=+-@\t\r"))
def test_neutral(first) -> None:
    assert neutral(first + "x") == f"'{first}x"
    assert neutral("x" + first) == "x" + first


def test_times_are_local() -> None:
    assert local_time(NOW, "Asia/Ho_Chi_Minh") == "2026-11-18 18:06"
