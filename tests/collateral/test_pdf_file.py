"""How PDF writes numbers, names and strings, and that a reader finds every object."""

import io

import pikepdf
import pytest

from collateral.pdf_file import PdfFile, deflated, dictionary, name, number, ref, string


@pytest.mark.parametrize(
    ("value", "written"),
    [(0, "0"), (1e-8, "0"), (0.5, ".5"), (-0.25, "-0.25"), (1, "1"), (-12.5, "-12.5"), (1275.59055, "1275.591"), (1e-5, ".00001")],
)
def test_numbers_are_short_and_never_in_powers(value, written):
    assert number(value) == written


@pytest.mark.parametrize("text", ["", "Thôn Nà Lải", "a (b) \\ c", "😀"])
def test_strings_come_back(text):
    assert str(pikepdf.Object.parse(string(text))) == text


def test_names_come_back():
    assert str(pikepdf.Object.parse(name("PANTONE 187/C#(ộ)"))) == "/PANTONE 187/C#(ộ)"


def test_a_reader_finds_every_object():
    file = PdfFile()
    for said in (b"0 0 1 1 re f", b""):
        file.add_page({"MediaBox": b"[0 0 9 9]", "Resources": b"<<>>", "Contents": ref(file.add(deflated(said)))})
    file.info = file.add(dictionary({"Title": string("ộ")}))
    data = file.written("1.4")
    with pikepdf.open(io.BytesIO(data), attempt_recovery=False) as document:
        assert [page.Contents.read_bytes() for page in document.pages] == [b"0 0 1 1 re f", b""]
        assert (str(document.docinfo.Title), document.pdf_version, document.check_pdf_syntax()) == ("ộ", "1.4", [])
    assert file.written("1.4") == data
