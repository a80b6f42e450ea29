"""A page in the form of Nghị định 30/2020: margins, heads, numbers, and no sign that prints as a box."""

import re
from dataclasses import replace
from datetime import date
from subprocess import run
from sys import executable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.papers.faces import REPERTOIRE, covered, legible
from gateway.papers.page import Letterhead, Paper, Signature, boxed, paragraph, pdf, table
from gateway.papers.wave_sheet import sheet_pdf
from tests.papers.sheets import SHEET, long_sheet, look

HEAD = Letterhead("", "Ủy ban nhân dân xã Thống Nhất", "Thống Nhất", date(2027, 2, 5), "12/TTr-UBND")
VIETNAMESE = "AaĂăÂâBbCcDdĐđEeÊêGgHhIiKkLlMmNnOoÔôƠơPpQqRrSsTtUuƯưVvXxYy"
TONES = "àảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ"


def test_every_vietnamese_letter_has_its_glyph() -> None:
    assert set(VIETNAMESE + TONES + TONES.upper() + "“”–…₫") <= covered()
    assert len(REPERTOIRE - covered()) < 25  # controls and a few signs that Noto Serif lacks


def test_what_cannot_be_printed_stands_as_its_code() -> None:
    """A box on a paper that is signed would say nothing."""
    assert legible("ສ😀\u200bẪ") == "[U+0EAA][U+1F600][U+200B]Ẫ"
    assert legible("A\u0323\u0302\n") == "Ậ\n"  # composed first


def test_heads_and_place() -> None:
    seen = look(pdf(Paper(HEAD, "BÁO CÁO", "Về việc thử", [paragraph("Nội dung./.")], (Signature("Chủ tịch"),), ("Như trên", "Lưu: VT"))))
    text = seen.text
    for words in (
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập - Tự do - Hạnh phúc",
        "ỦY BAN NHÂN DÂN",
        "Số: 12/TTr-UBND",
        "Thống Nhất, ngày 05 tháng 02 năm 2027",
        "BÁO CÁO",
        "CHỦ TỊCH",
        "Nơi nhận:",
        "- Như trên;",
        "- Lưu: VT.",
    ):
        assert words in text
    assert seen.sizes == ((210, 297),)


@pytest.mark.parametrize("landscape", [False, True])
def test_nothing_stands_in_the_margins(landscape: bool) -> None:
    """Left 30-35, right 15-20, top and bottom 20-25 mm; the page number alone stands above."""
    cells = [["Ẫ" * 40, "x" * 200, "1.234.567"]] * 90
    body = [paragraph("Đẫm " * 200), boxed("z" * 500), table(("Một", "Hai", "Ba"), cells, (1, 2, 1), line=460)]
    paper = Paper(HEAD, "BẢNG", "", body, (Signature("A"), Signature("B", "Nguyễn Văn A" * 9)), ("x" * 300,), "DỰ THẢO", landscape)
    seen = look(pdf(paper))
    assert len(seen.pages) > 2
    assert seen.sizes[0] == ((297, 210) if landscape else (210, 297))
    for left, right, top, bottom in seen.margins:
        assert left >= 29.5
        assert right >= 14.5
        assert top >= 9
        assert bottom >= 19.5


def test_pages_are_numbered_from_the_second_on() -> None:
    pages = look(sheet_pdf(long_sheet())).pages
    assert len(pages) > 2
    assert not re.match(r"\s*1\s", pages[0])
    for number, page in enumerate(pages[1:], 2):
        assert re.match(rf"\s*{number}\s", page)


def test_a_mark_stands_on_every_page() -> None:
    paper = Paper(HEAD, "A", "", [paragraph("x " * 3000)], mark="DỰ THẢO")
    assert all("DỰ THẢO" in page for page in look(pdf(paper)).pages)


def test_a_long_name_of_a_body_breaks_in_two_like_lines() -> None:
    head = replace(HEAD, superior="Ủy ban nhân dân xã Thống Nhất", issuer="Ban Chỉ đạo")
    lines = look(pdf(Paper(head, "A", "", []))).pages[0].splitlines()
    assert "ỦY BAN NHÂN DÂN" in [line.strip() for line in lines]
    assert "XÃ THỐNG NHẤT" in [line.strip() for line in lines]


def test_words_of_a_person_are_no_markup() -> None:
    seen = look(pdf(Paper(HEAD, "<b>A & B</b>", "", [boxed("<font size=40>to</font> &amp; <thon>  hai\nba")])))
    assert "<b>A & B</b>" in seen.text
    assert "<font size=40>to</font> &amp; <thon>" in seen.text


@pytest.mark.parametrize("text", ["Ẫ " * 2000, "dòng\n" * 800, "x" * 4000, "\n" * 500])
def test_a_text_longer_than_a_page_is_printed_whole(text: str) -> None:
    """4,000 characters are the most that a template may have."""
    sheet = replace(SHEET, texts=(replace(SHEET.texts[0], text=text),))
    seen = look(sheet_pdf(sheet))
    printed = "".join(seen.pages)
    for letter in set(text) - {"\n", " "}:
        assert printed.count(letter) >= text.count(letter)
    assert all(bottom > 19 for *_, bottom in seen.margins)


@settings(max_examples=25)
@given(st.text(max_size=200))
def test_no_text_keeps_a_paper_from_being_printed(text: str) -> None:
    paper = Paper(HEAD, "A", text, [boxed(text), paragraph(text), table((text,), [[text]], (1,))], (Signature(text, text),), (text,), text)
    assert look(pdf(paper)).pages


def test_the_same_values_give_the_same_bytes_in_every_process() -> None:
    """A second process makes its own faces; and one that prints posters too sets reportlab in its own way."""
    code = "from tests.papers.sheets import SHEET; from gateway.papers.wave_sheet import sheet_pdf; import hashlib; "
    code += "print(hashlib.sha256(sheet_pdf(SHEET)).hexdigest())"
    hashes = {run([executable, "-c", code], capture_output=True, text=True, check=True).stdout for _ in range(2)}
    beside = run([executable, "-c", f"import collateral.draw_pdf; {code}"], capture_output=True, text=True, check=True).stdout
    from hashlib import sha256

    assert hashes | {beside} == {sha256(sheet_pdf(SHEET)).hexdigest() + "\n"}
