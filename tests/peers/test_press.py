"""All villages × pieces before independent witnesses: qpdf, Poppler, Ghostscript, MuPDF, zbar. `tests/peers/install` brings them."""

import io
import re
import shutil
import subprocess
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pikepdf
import pytest
import zxingcpp
from PIL import Image, ImageFont, features

from collateral.batch import Made, make_all, tickets_for
from collateral.load import load_shop
from collateral.note import SheetNote
from collateral.type import BOLD, REGULAR, SLOGAN, face
from gateway.deployment import shipped_deployment

TOOLS = ("qpdf", "pdffonts", "pdfinfo", "pdftotext", "pdftoppm", "gs", "mutool", "zbarimg")
PIECES = ("poster-a3", "banner-h", "leaflet-a5")
TRIM_MM = {"poster-a3": (297, 420), "banner-h": (600, 80), "leaflet-a5": (148, 210)}  # as drawn: the banner is at 1:10
PLATE_DPI = 48
MM = 72 / 25.4


def run(*command: object) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command[0]}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> dict[str, list[Made]]:
    """All files by piece."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    assert not missing, f"run tests/peers/install: {missing}"
    shop = load_shop(shipped_deployment())
    tickets = tickets_for(shop, "all", "all", "", "vi")
    results = list(make_all(shop, tickets, tmp_path_factory.mktemp("press"), jobs=2))
    assert len(results) == 90
    assert [result for result in results if not isinstance(result, Made)] == []
    return {piece: [result for result in results if result.ticket.piece == piece] for piece in PIECES}


@pytest.fixture(params=PIECES)
def files(made, request) -> list[Made]:
    return made[request.param]


def note_of(file: Path) -> SheetNote:
    with pikepdf.open(file) as document:
        return SheetNote.from_json(str(document.docinfo["/TinBao"]))


def test_qpdf_finds_no_error(files):
    for each in files:
        assert "No syntax or stream encoding errors" in run("qpdf", "--check", each.file)
        assert "not encrypted" in run("qpdf", "--show-encryption", each.file)


def test_every_font_is_embedded_and_ours(files):
    for each in files:
        rows = run("pdffonts", each.file).splitlines()[2:]
        assert rows
        for row in rows:
            assert re.search(r"TrueType .* yes yes yes", row), row
            assert re.match(r"[A-Z]{6}\+(BeVietnamPro|NotoSerif)-", row), row


def test_boxes_are_the_formats(files):
    for each in files:
        told = run("pdfinfo", "-box", each.file)
        boxes = {name: [float(v) for v in values.split()] for name, values in re.findall(r"(\w+Box):\s+([\d. ]+)", told)}
        trim, bleed = boxes["TrimBox"], boxes["BleedBox"]
        wanted = [side * MM for side in TRIM_MM[each.ticket.piece]]
        assert [trim[2] - trim[0], trim[3] - trim[1]] == pytest.approx(wanted, abs=0.015)
        assert [bleed[2] - bleed[0], bleed[3] - bleed[1]] == pytest.approx([side + 6 * MM for side in wanted], abs=0.03)
        assert re.search(r"JavaScript:\s+no", told)
        assert re.search(r"PDF version:\s+1\.4", told)
        assert "PDF/X-1a" in told


def test_poppler_reads_the_words(files):
    for each in files:
        text = run("pdftotext", "-layout", each.file, "-")
        village = each.ticket.village
        for wanted in (f"LS {village}", "8088", "1.000 đ/tin", "*8088#", "0300 000 100", f"0300 000 1{village[2:]}"):
            assert wanted in text, (each.file, wanted)


def test_mupdf_paints_in_cmyk_and_opaque(files):
    for each in files[:5]:
        trace = run("mutool", "trace", each.file)
        assert set(re.findall(r'colorspace="([^"(]+)', trace)) <= {"DeviceCMYK", "DeviceGray", "Separation"}
        assert set(re.findall(r' alpha="([^"]+)"', trace)) <= {"1"}


def plates(file: str, page: int, folder: Path) -> dict[str, Image.Image]:
    """Ghostscript's separations of one page, 255 = no ink."""
    device = ("-sDEVICE=tiffsep", f"-r{PLATE_DPI}", f"-sOutputFile={folder / 'plate.tif'}")
    run("gs", "-q", "-dSAFER", "-dBATCH", "-dNOPAUSE", *device, f"-dFirstPage={page}", f"-dLastPage={page}", file)
    found = {re.search(r"\((.+)\)", path.name)[1]: Image.open(path).copy() for path in folder.glob("plate(*.tif")}
    for path in folder.glob("plate*"):
        path.unlink()
    return found


def cropped(image: Image.Image, box_pt: Sequence[float]) -> Image.Image:
    """`box_pt`: x, y, w, h from the lower left."""
    x, y, w, h = (value * PLATE_DPI / 72 for value in box_pt)
    return image.crop((round(x), round(image.height - y - h), round(x + w), round(image.height - y)))


def test_four_plates_the_code_on_black_alone_and_the_ink_within_its_limit(files, tmp_path):
    for each in files:
        note = note_of(Path(each.file))
        for page in range(1, each.pages + 1):
            separations = plates(each.file, page, tmp_path)
            assert set(separations) == {"Cyan", "Magenta", "Yellow", "Black"}
            for code in (code for code in note.codes if code.page == page):
                inside = (code.box_pt[0] + 2, code.box_pt[1] + 2, code.box_pt[2] - 4, code.box_pt[3] - 4)
                inked = {name: cropped(plate, inside).getextrema()[0] < 255 for name, plate in separations.items()}
                assert inked == {"Cyan": False, "Magenta": False, "Yellow": False, "Black": True}
            assert most_ink(each.file, page, separations) <= note.ink_limit


def most_ink(file: str, page: int, separations: dict[str, Image.Image]) -> float:
    """The heaviest spot inside the bleed, percent; the marks outside are meant to carry all inks."""
    with pikepdf.open(file) as document:
        left, bottom, right, top = (float(v) for v in document.pages[page - 1].obj.BleedBox)
    layers = [cropped(plate, (left, bottom, right - left, top - bottom)).tobytes() for plate in separations.values()]
    return max(1020 - c - m - y - k for c, m, y, k in zip(*layers, strict=True)) / 2.55


def test_zbar_and_zxing_read_every_code_off_poppler_s_picture(files, tmp_path):
    for each in files:
        run("pdftoppm", "-r", 110, "-gray", "-png", each.file, tmp_path / "page")
        by_zbar, by_zxing = [], []
        for picture in sorted(tmp_path.glob("page*.png")):
            by_zbar += read_by_zbar(picture)
            by_zxing += read_by_zxing(picture)
            picture.unlink()
        assert by_zbar == by_zxing == list(each.qr), each.file


def read_by_zbar(picture: Path) -> list[str]:
    """zbarimg exits 4 where it finds no code: a page without one is fine here."""
    command = ["zbarimg", "-q", "--raw", "-Sdisable", "-Sqrcode.enable", picture]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.split("\n")[:-1]


def read_by_zxing(picture: Path) -> list[str]:
    with Image.open(picture) as image:
        grey = image.convert("L")
    return [code.text for code in zxingcpp.read_barcodes(memoryview(grey.tobytes()).cast("B", (grey.height, grey.width)))]


@pytest.mark.skipif(not features.check("raqm"), reason="this Pillow was built without HarfBuzz")
@pytest.mark.parametrize(("name", "texts"), [(BOLD, None), (REGULAR, None), (SLOGAN, ("UỐNG NƯỚC", "NHỚ NGUỒN", "TA LÝ VĂN"))])
def test_harfbuzz_kerns_alike(name, texts):
    """Our advances with the font's pairs, in thousandths of an em, are HarfBuzz's."""
    shaped = ImageFont.truetype(io.BytesIO(face(name).data), 1000, layout_engine=ImageFont.Layout.RAQM)
    for text in texts or [village.title for village in load_shop(shipped_deployment()).deployment.villages.values()]:
        pairs = sum(face(name).kern_em(a, b) for a, b in pairwise(text))
        ours = sum(face(name).glyph(letter).advance for letter in text) + pairs
        assert ours * 1000 == pytest.approx(shaped.getlength(text, features=["kern", "-liga"]), abs=0.6), text
