"""The directing document as clerks write it."""

from datetime import date

import pytest

from gateway.domain.document import BadDocument, Document

TODAY = date(2026, 11, 18)


@pytest.mark.parametrize("day", ["2026-06-15", "15/6/2026", "15.06.2026", " 15-6-2026 "])
def test_days(day: str) -> None:
    found = Document.read(" Số:  238/KH-UBND ", day, TODAY)
    assert (found.number, found.day, str(found)) == ("238/KH-UBND", date(2026, 6, 15), "238/KH-UBND, 15/6/2026")


@pytest.mark.parametrize(
    "number",
    [
        "238/KH-UBND",
        "50/QĐ-BCĐQG",
        "91/2020/NĐ-CP",
        "26/QĐ-TTg",
        "298/2017/TT-BQP",
        "1234/UBND-VX",
        "12-HD/BTGTU",
        "05-KH/ĐU",
        "7a/CV-BCHQS",
    ],
)
def test_usual_numbers(number: str) -> None:
    """Of the state (Nghị định 30/2020/NĐ-CP) and of the Party; also typed with loose marks (NFD)."""
    import unicodedata

    assert Document.read(unicodedata.normalize("NFD", number), "2026-06-15", TODAY).remark is None


@pytest.mark.parametrize("number", ["kế hoạch 238", "238", "KH-238/ubnd", "238/kh-ubnd"])
def test_unusual_numbers_are_remarked_on_and_taken(number: str) -> None:
    remark = Document.read(number, "2026-06-15", TODAY).remark
    assert remark is not None
    assert number in remark


@pytest.mark.parametrize(
    ("number", "day", "why"),
    [
        ("", "2026-06-15", "is no number of a document; write it like 238/KH-UBND"),
        ("kế hoạch", "2026-06-15", "is no number of a document"),
        ("1" * 61, "2026-06-15", "is no number of a document"),
        ("238/KH-UBND", "hôm qua", "“hôm qua” is no day; write it like 2026-06-15 or 15/6/2026"),
        ("238/KH-UBND", "31/2/2026", "is no day"),
        ("238/KH-UBND", "2026-11-19", "is not signed yet"),
    ],
)
def test_what_is_none_is_refused(number: str, day: str, why: str) -> None:
    with pytest.raises(BadDocument, match=why):
        Document.read(number, day, TODAY)


def test_today_is_signed() -> None:
    assert Document.read("238/KH-UBND", "2026-11-18", TODAY).day == TODAY
