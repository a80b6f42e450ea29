"""The finished files as objects: what reportlab leaves out is there, what X-1a forbids is not."""

import hashlib
import io
import os
import subprocess
import sys

import pikepdf
import pytest
from pikepdf import Name

from collateral.batch import draw_ticket
from collateral.note import SheetNote
from tests.collateral.conftest import PIECES, ticket

DRAW_ALL = """
import hashlib
from collateral.batch import draw_ticket
from collateral.load import load_shop
from gateway.deployment import shipped_deployment
from tests.collateral.conftest import PIECES, ticket
shop = load_shop(shipped_deployment())
for each in (ticket("leaflet-a5", "TN02"), *map(ticket, PIECES)):
    print(hashlib.sha256(draw_ticket(shop, each).pdf).hexdigest())
"""
MM = 72 / 25.4


@pytest.fixture(params=PIECES)
def piece(request):
    return request.param


@pytest.fixture
def pdf(drawn, piece):
    with pikepdf.open(io.BytesIO(drawn[piece].pdf)) as document:
        yield document


def test_boxes_are_four_numbers_and_nest(pdf, piece, shop):
    made = shop.pieces[piece]
    for page in pdf.pages:
        trim, bleed, media = ([float(v) for v in page.obj[key]] for key in ("/TrimBox", "/BleedBox", "/MediaBox"))
        assert (trim[2] - trim[0], trim[3] - trim[1]) == pytest.approx([side / made.scale * MM for side in made.trim], abs=0.01)
        assert [trim[0] - bleed[0], trim[1] - bleed[1], bleed[2] - trim[2], bleed[3] - trim[3]] == pytest.approx(
            [made.bleed / made.scale * MM] * 4, abs=0.01
        )
        assert media[0] < bleed[0]
        assert media[1] < bleed[1]
        assert media[2] > bleed[2]
        assert media[3] > bleed[3]
        assert "/CropBox" not in page.obj
        assert "/ArtBox" not in page.obj
        assert "/UserUnit" not in page.obj


def test_the_intent_is_a_registered_name(pdf):
    (intent,) = pdf.Root.OutputIntents
    assert (intent.S, str(intent.OutputConditionIdentifier), str(intent.RegistryName)) == (Name.GTS_PDFX, "FOGRA39", "http://www.color.org")
    assert "/DestOutputProfile" not in intent
    assert str(intent.Info)


def test_info_names_standard_title_and_scale(pdf, piece):
    info = pdf.docinfo
    assert str(info["/GTS_PDFXVersion"]) == "PDF/X-1a:2003"
    assert info.Trapped == Name("/False")
    assert str(info.Title).endswith("Thôn Nà Lải")
    assert ("1:10" if piece == "banner-h" else "1:1") in str(info.Subject)
    assert "/GTS_PDFXConformance" not in info  # only X-1a:2001 has it


def test_info_carries_what_later_checks_need(pdf, piece):
    note = SheetNote.from_json(str(pdf.docinfo["/TinBao"]))
    assert (note.piece, note.village, note.scale) == (piece, "TN01", 10 if piece == "banner-h" else 1)
    assert [code.payload for code in note.codes if code.role == "link"] == [f"HTTPS://TINBAO.EXAMPLE/Q/{note.code}"]


def test_header_id_and_no_streams_of_later_versions(pdf, drawn, piece):
    assert pdf.pdf_version == "1.4"
    assert len(pdf.trailer.ID) == 2
    assert not pdf.is_encrypted
    assert b"/ObjStm" not in drawn[piece].pdf
    assert b"/XRef" not in drawn[piece].pdf


def test_fonts_are_ours_embedded_and_distinct(pdf):
    names = []
    for page in pdf.pages:
        for font in page.Resources.Font.values():
            assert "/FontFile2" in font.FontDescriptor
            assert "/ToUnicode" in font
            names.append(str(font.BaseFont))
    assert not any("Helvetica" in name for name in names)
    assert {name.split("+")[1] for name in names} <= {f"BeVietnamPro-{w}" for w in ("Regular", "Medium", "SemiBold", "Bold")} | {
        "NotoSerif-SemiBold"
    }


def test_the_scale_stands_in_file_name_and_slug(drawn, piece, shop):
    import pypdfium2

    assert drawn[piece].name.endswith(f"_{shop.pieces[piece].size_text}.pdf")
    assert ("_TL1-10_" in drawn[piece].name) == (shop.pieces[piece].scale == 10)
    document = pypdfium2.PdfDocument(drawn[piece].pdf)
    text = document[0].get_textpage().get_text_range()
    document.close()
    assert f"tỉ lệ 1:{shop.pieces[piece].scale} " in text


def test_text_comes_out_as_it_went_in(drawn):
    """Extraction and picture are two things; here the first: NFC, in order, in spite of kerning."""
    import pypdfium2

    document = pypdfium2.PdfDocument(drawn["poster-a3"].pdf)
    text = document[0].get_textpage().get_text_range()
    document.close()
    for wanted in ("UỐNG NƯỚC", "NHỚ NGUỒN", "Ai biết nơi yên nghỉ của liệt sĩ,", "Thôn Nà Lải", "0300 000 101", "AP-A3 · TN0101U"):
        assert wanted in text


def operators(page) -> list[tuple[list[float | str], str]]:
    return [([str(o) for o in i.operands], str(i.operator)) for i in pikepdf.parse_content_stream(page)]


def test_marks_are_in_registration_colour_and_cloth_has_none(pdf, piece):
    for page in pdf.pages:
        registration = [op for op in operators(page) if op[1] == "CS" and op[0] != ["/DeviceCMYK"]]
        assert bool(registration) == (piece != "banner-h")
        if registration:
            (space,) = page.Resources.ColorSpace.values()
            assert (space[0], space[1], space[2]) == (Name.Separation, Name.All, Name.DeviceCMYK)


def test_overprint_is_black_texts_alone(pdf):
    """Light text with overprint still on would vanish: inside each state that overprints, only K100 is set."""
    for page in pdf.pages:
        overprinting = {name for name, state in page.Resources.ExtGState.items() if state.get("/op") or state.get("/OP")}
        depth, on = 0, None
        for operands, operator in operators(page):
            depth += {"q": 1, "Q": -1}.get(operator, 0)
            if operator == "gs" and operands[0] in overprinting:
                on = depth
            if on is not None and depth < on:
                on = None
            if on is not None and operator == "k":
                assert [float(v) for v in operands] == [0, 0, 0, 1]
        assert overprinting
        assert on is None


def test_same_input_same_bytes_in_two_processes(drawn):
    """Also with another hash seed, and after other pieces were drawn."""
    runs = [_sha256_in_another_process(seed) for seed in ("1", "7")]
    assert runs[0] == runs[1] == [hashlib.sha256(drawn[piece].pdf).hexdigest() for piece in PIECES]


def _sha256_in_another_process(hash_seed: str) -> list[str]:
    command = [sys.executable, "-c", DRAW_ALL]
    done = subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": hash_seed}, capture_output=True, text=True, check=True)
    return done.stdout.split()[1:]


def test_another_village_gives_other_bytes(shop, drawn):
    assert draw_ticket(shop, ticket("poster-a3", "TN02")).pdf != drawn["poster-a3"].pdf
