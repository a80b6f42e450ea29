"""DOCX and PDF of one document: the layout of Nghị định 30/2020, and no word that becomes mark-up."""

import io
import zipfile
from datetime import date

import docx
import pytest
from docx.shared import Pt
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from gateway.papers.document import Document, Grid, Heading, Item, Signer, Text
from gateway.papers.document_pdf import document_pdf
from gateway.papers.docx import FACE, clean, docx_file
from gateway.papers.page import Letterhead
from tests.papers.sheets import look

HEAD = Letterhead("", "ỦY BAN NHÂN DÂN\nXÃ THỐNG NHẤT", "Thống Nhất", date(2027, 2, 5), "12/BC-UBND")
GRID = Grid(("TT", "Chỉ số", "Số"), (("1", "Tin báo", "318"), ("", "Cộng", "318")), (1, 4, 2), frozenset({2}), "Bảng 1", True)
BLOCKS = (
    Text("Căn cứ Kế hoạch số 238/KH-UBND;", is_ground=True), Text("Báo cáo như sau:"), Heading(1, "I. KẾT QUẢ"), Heading(2, "1. Số liệu"),
    GRID, Item("một ý"), Text("Trên đây là báo cáo./."),
)  # fmt: skip
SIGNER = Signer(("TM. ỦY BAN NHÂN DÂN", "KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH"), "Nguyễn Văn Thí Dụ")
PAPER = Document(HEAD, "Báo cáo", "Kết quả tiếp nhận tin báo", BLOCKS, SIGNER, ("Ban Chỉ đạo xã", "Lưu: VT"))


def opened(document: Document = PAPER):
    return docx.Document(io.BytesIO(docx_file(document)))


def words(book) -> list[str]:
    """Every paragraph, those of tables too, in the order of the file."""
    return [node.text or "" for node in book.element.body.iter("{http://schemas.openxmlformats.org/wordprocessingml/2006/main}t")]


def test_the_sheet_is_that_of_the_decree() -> None:
    book = opened()
    section = book.sections[0]
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)
    margins = (section.top_margin, section.bottom_margin, section.left_margin, section.right_margin)
    assert [round(each.mm) for each in margins] == [20, 20, 30, 15]
    style = book.styles["Normal"]
    assert (style.font.name, style.font.size) == (FACE, Pt(14)) == ("Times New Roman", Pt(14))
    assert section.different_first_page_header_footer  # no number on page 1
    assert "PAGE" in etree.tostring(section.header._element).decode()
    assert section.first_page_header.paragraphs[0].text == ""


def test_all_parts_stand_in_their_order() -> None:
    text = "\n".join(words(opened()))
    parts = (
        "ỦY BAN NHÂN DÂN", "XÃ THỐNG NHẤT", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc", "Số: 12/BC-UBND",
        "Thống Nhất, ngày 05 tháng 02 năm 2027", "BÁO CÁO", "Kết quả tiếp nhận", "Căn cứ", "I. KẾT QUẢ", "Bảng 1", "318", "- một ý", "./.",
        "Nơi nhận:", "- Ban Chỉ đạo xã;", "- Lưu: VT.", "TM. ỦY BAN NHÂN DÂN", "KT. CHỦ TỊCH", "Nguyễn Văn Thí Dụ",
    )  # fmt: skip
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


def test_the_print_says_the_same_as_the_file() -> None:
    seen = " ".join(look(document_pdf(PAPER)).text.split())
    for part in words(opened()):
        assert " ".join(part.split()) in seen


def test_the_same_document_gives_the_same_bytes() -> None:
    assert docx_file(PAPER) == docx_file(PAPER)
    assert document_pdf(PAPER) == document_pdf(PAPER)


def test_a_draft_says_so_on_every_page() -> None:
    book = opened(Document(HEAD, "Báo cáo", "", BLOCKS, SIGNER, ("Lưu: VT",), "DỰ THẢO"))
    section = book.sections[0]
    assert section.first_page_header.paragraphs[0].text == "DỰ THẢO"
    assert "DỰ THẢO" in section.header.paragraphs[0].text


@given(st.text(max_size=60))
@settings(max_examples=60)
def test_whatever_is_written_stays_words(text: str) -> None:
    """Injection: XML of the file, fields, styles. What XML can't hold is dropped, all else comes back as it was."""
    grid = Grid(("a",), ((text,),), (1,))
    blocks = (Text(text), Item(text), Heading(1, text), grid)
    data = docx_file(Document(HEAD, "Báo cáo", text, blocks, Signer((text,), text), (text,)))
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        names = {name: etree.fromstring(parts.read(name)) for name in parts.namelist() if name.endswith(".xml")}
    tags = {etree.QName(node).localname for node in names["word/document.xml"].iter() if isinstance(node.tag, str)}
    assert not tags & {"hyperlink", "object", "instrText", "fldSimple", "altChunk", "attachedTemplate"}
    cell = opened_bytes(data).tables[1].rows[1].cells[0].text if clean(text) else ""
    assert cell.replace("\n", "").replace("\t", "") == clean(text).replace("\r", "").replace("\n", "").replace("\t", "")


def opened_bytes(data: bytes):
    return docx.Document(io.BytesIO(data))


@pytest.mark.parametrize("text", ["<w:p/>", "&amp;", "]]>", "{{7*7}}", "=1+1", "\x00\x0b\ufffe", "Ễ Ậ ₫ 🙂"])
def test_words_that_would_like_to_be_more(text: str) -> None:
    book = opened(Document(HEAD, "Báo cáo", "", (Text(text),)))
    assert clean(text) in [each.text for each in book.paragraphs]


def test_a_paper_without_signer_and_recipients() -> None:
    assert len(opened(Document(HEAD, "Thông báo", "", (Text("Nội dung./."),))).tables) == 1
    assert document_pdf(Document(HEAD, "Thông báo", "", (Text("Nội dung./."),))).startswith(b"%PDF")
