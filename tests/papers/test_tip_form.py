"""The paper form of a village: one page, all on the sheet, its code read back from the picture."""

from dataclasses import replace

import pypdfium2
import pytest
import zxingcpp

from gateway.papers.tip_form import pdf
from gateway.web.desk.intake.forms import form_of
from tests.services.people import deployment

DATA = deployment()
FORM = form_of(DATA, DATA.villages["TN07"])


def _page(content: bytes, number: int = 0):
    document = pypdfium2.PdfDocument(content)
    page = document[number]
    found = page.get_textpage().get_text_bounded(), page.render(scale=2).to_pil().convert("L"), page.get_size()
    document.close()
    return found


def test_a_form_says_what_is_asked_and_its_code_reads_back() -> None:
    text, picture, size = _page(pdf([FORM]))
    for words in (
        "PHIẾU BÁO TIN",
        "TN07",
        "Thôn Bản Chang, xã Thống Nhất",
        "Xã có được gọi lại cho ông bà không?",
        "Xin không tự ý đào bới",
    ):
        assert words in text
    assert [found.text for found in zxingcpp.read_barcodes(picture)] == ["HTTPS://TINBAO.EXAMPLE/V/TN07"]
    assert tuple(map(round, size)) == (595, 842)


def test_the_same_forms_are_the_same_bytes_one_page_a_village() -> None:
    forms = [FORM, form_of(DATA, DATA.villages["TN01"])]
    assert pdf(forms) == pdf(forms)
    assert "TN01" in _page(pdf(forms), 1)[0]


@pytest.mark.parametrize(
    "form", [FORM, replace(FORM, village="Tổ dân phố " + "Rất Dài " * 12, where="Ban Chỉ huy quân sự " * 6, hotline="")]
)
def test_nothing_runs_off_the_paper(form) -> None:
    _, picture, (width, _) = _page(pdf([form]))
    margin = round(12 * 72 / 25.4 * picture.width / width)  # 12 mm that an office printer can't reach or a hand holds
    edges = (picture.crop((0, 0, margin, picture.height)), picture.crop((picture.width - margin, 0, picture.width, picture.height)))
    assert [edge.getextrema() for edge in edges] == [(255, 255), (255, 255)]
