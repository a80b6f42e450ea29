"""Every piece in every theme and language before independent witnesses: qpdf, Poppler, Ghostscript, MuPDF, zbar. `tests/peers/install`
brings them. One village has all pieces; the three that go to every village are held against their words in all of them."""

import io
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pikepdf
import pytest
import zxingcpp
from PIL import Image, ImageChops, ImageFont, features

from collateral.batch import Made, make_all, tickets_for
from collateral.load import PrintShop, load_shop
from collateral.note import SheetNote
from collateral.press import Press
from collateral.type import BOLD, REGULAR, SLOGAN, face
from gateway.deployment import shipped_deployment

TOOLS = ("qpdf", "pdffonts", "pdfinfo", "pdftotext", "pdftoppm", "pdfimages", "gs", "mutool", "zbarimg")
EVERYWHERE = ("poster-a3", "banner-h", "leaflet-a5")
PROCESSES = ("Cyan", "Magenta", "Yellow", "Black")
PLATE_PIXELS = 1_500_000
MM = 72 / 25.4


def run(*command: object) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command[0]}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def shop() -> PrintShop:
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    assert not missing, f"run tests/peers/install: {missing}"
    return load_shop(shipped_deployment())


def all_made(results: Iterable[object]) -> list[Made]:
    results = list(results)
    assert [result for result in results if not isinstance(result, Made)] == []
    return results


@pytest.fixture(scope="module")
def files(shop, tmp_path_factory) -> list[Made]:
    """All print files of TN01: pieces × themes × languages."""
    tickets = [ticket for ticket in tickets_for(shop, "TN01", "all", "all", "all") if not shop.pieces[ticket.piece].on_screen]
    assert {(t.piece, t.theme, t.lang) for t in tickets} == {
        (name, theme, lang) for name, piece in shop.pieces.items() if not piece.on_screen for theme in piece.layouts for lang in shop.copies
    }
    return all_made(make_all(shop, tickets, tmp_path_factory.mktemp("press"), jobs=2))


@pytest.fixture(scope="module")
def in_every_village(shop, tmp_path_factory) -> list[Made]:
    tickets = [ticket for piece in EVERYWHERE for ticket in tickets_for(shop, "all", piece, "", "vi")]
    assert len(tickets) == len(EVERYWHERE) * len(shop.deployment.villages)
    return all_made(make_all(shop, tickets, tmp_path_factory.mktemp("villages"), jobs=2))


def at_once(check, files: Sequence[Made]) -> None:
    """The witnesses are processes of their own: two at a time."""
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(check, files))


def note_of(file: str) -> SheetNote:
    with pikepdf.open(file) as document:
        return SheetNote.from_json(str(document.docinfo["/TinBao"]))


def test_qpdf_finds_no_error(files):
    def check(each: Made) -> None:
        assert "No syntax or stream encoding errors" in run("qpdf", "--check", each.file)
        assert "not encrypted" in run("qpdf", "--show-encryption", each.file)

    at_once(check, files)


def test_every_font_is_embedded_and_ours(files):
    def check(each: Made) -> None:
        rows = run("pdffonts", each.file).splitlines()[2:]
        assert rows
        for row in rows:
            assert re.search(r"(TrueType|CID TrueType) .* yes yes yes", row), row
            assert re.match(r"[A-Z]{6}\+(BeVietnamPro|NotoSerif|NotoSansLao|NotoSerifLao)-", row), row

    at_once(check, files)


def test_boxes_are_the_formats(files, shop):
    def check(each: Made) -> None:
        told, piece = run("pdfinfo", "-box", each.file), shop.pieces[each.ticket.piece]
        boxes = {name: [float(v) for v in values.split()] for name, values in re.findall(r"(\w+Box):\s+([\d. ]+)", told)}
        trim, bleed = boxes["TrimBox"], boxes["BleedBox"]
        wanted = [side / piece.scale * MM for side in piece.trim]
        assert [trim[2] - trim[0], trim[3] - trim[1]] == pytest.approx(wanted, abs=0.015)
        beyond = 2 * piece.bleed / piece.scale * MM
        assert [bleed[2] - bleed[0], bleed[3] - bleed[1]] == pytest.approx([side + beyond for side in wanted], abs=0.03)
        assert re.search(r"JavaScript:\s+no", told)
        assert re.search(r"PDF version:\s+1\.4", told)
        assert "PDF/X-1a" in told

    at_once(check, files)


def test_poppler_reads_the_words(in_every_village):
    def check(each: Made) -> None:
        text = run("pdftotext", "-layout", each.file, "-")
        village = each.ticket.village
        for wanted in (f"LS {village}", "8088", "1.000 đ/tin", "*8088#", "0300 000 100", f"0300 000 1{village[2:]}"):
            assert wanted in text, (each.file, wanted)

    at_once(check, in_every_village)


def test_abroad_the_number_has_its_country_and_no_short_code(files):
    """Neither is reached from Laos (field.md §6)."""
    for each in files:
        if each.ticket.lang != "vi" and not each.ticket.piece.endswith("-bi") and each.qr:
            text = run("pdftotext", "-layout", each.file, "-")
            assert "8088" not in text, each.file
            assert "0300 000 101" not in text, each.file


def test_pictures_are_in_ink_and_opaque(files):
    """The shipped pieces have none; those with an emblem are in tests/collateral/test_emblem.py."""

    def check(each: Made) -> None:
        assert run("pdfimages", "-list", each.file).splitlines()[2:] == []

    at_once(check, files)


def test_an_emblem_s_pixels_are_cmyk_and_fine_enough(shop, tmp_path):
    """From a picture in RGB with alpha; on A3 in its slot of 48 mm."""
    Image.new("RGBA", (900, 900), (218, 37, 29, 128)).save(tmp_path / "emblem.png")
    marked = replace(shop, marks=replace(shop.marks, emblem=tmp_path / "emblem.png"))
    (made,) = all_made(make_all(marked, tickets_for(marked, "TN01", "poster-a3", "nguon", "vi"), tmp_path))
    (row,) = run("pdfimages", "-list", made.file).splitlines()[2:]
    columns = row.split()
    assert columns[2:3] + columns[5:8] == ["image", "cmyk", "4", "8"]
    assert int(columns[12]) >= 300
    assert "No syntax" in run("qpdf", "--check", made.file)


@pytest.mark.parametrize("piece", EVERYWHERE)
def test_x4_and_a_spot_ink_print_as_ordered(shop, tmp_path, piece):
    """Poppler sees PDF 1.6, Ghostscript a fifth plate."""
    tickets = tickets_for(shop, "TN01", piece, "", "vi")
    (made,) = all_made(make_all(shop, tickets, tmp_path, press=Press("x4", spot="PANTONE 187 C")))
    assert "No syntax" in run("qpdf", "--check", made.file)
    assert re.search(r"PDF version:\s+1\.6", run("pdfinfo", made.file))
    _, separations = plates(made, 1, tmp_path)
    assert set(separations) == {*PROCESSES, "PANTONE 187 C"}
    assert separations["PANTONE 187 C"].getextrema()[0] < 10


def test_mupdf_paints_in_cmyk_and_opaque(files):
    def check(each: Made) -> None:
        trace = run("mutool", "trace", each.file)
        assert set(re.findall(r'colorspace="([^"(]+)', trace)) <= {"DeviceCMYK", "DeviceGray", "Separation"}
        assert set(re.findall(r' alpha="([^"]+)"', trace)) <= {"1"}

    at_once(check, [each for each in files if each.ticket.lang == "vi"])


def plates(each: Made, page: int, folder: Path) -> tuple[float, dict[str, Image.Image]]:
    """Ghostscript's separations of one page at so many dpi, 255 = no ink."""
    with pikepdf.open(each.file) as document:
        left, bottom, right, top = (float(v) for v in document.pages[page - 1].mediabox)
    dpi = int(72 * min(1.0, (PLATE_PIXELS / ((right - left) * (top - bottom))) ** 0.5))
    stem = Path(each.file).stem
    device = ("-sDEVICE=tiffsep", f"-r{dpi}", f"-sOutputFile={folder / stem}.tif")
    run("gs", "-q", "-dSAFER", "-dBATCH", "-dNOPAUSE", *device, f"-dFirstPage={page}", f"-dLastPage={page}", each.file)
    found = {re.search(r"\((.+)\)", path.name)[1]: Image.open(path).copy() for path in folder.glob(f"{stem}(*.tif")}
    for path in folder.glob(f"{stem}*"):
        path.unlink()
    return dpi, found


def cropped(image: Image.Image, box_pt: Sequence[float], dpi: float) -> Image.Image:
    """`box_pt`: x, y, w, h from the lower left."""
    x, y, w, h = (value * dpi / 72 for value in box_pt)
    return image.crop((round(x), round(image.height - y - h), round(x + w), round(image.height - y)))


def test_four_plates_the_code_on_black_alone_and_the_ink_within_its_limit(files, shop, tmp_path):
    def check(each: Made) -> None:
        note, contour = note_of(each.file), {"CutContour"} if shop.pieces[each.ticket.piece].contour else set()
        for page in range(1, each.pages + 1):
            dpi, separations = plates(each, page, tmp_path)
            assert set(separations) == {*PROCESSES, *contour}, each.file
            for code in note.codes_on(page):
                margin = 72 / dpi
                inside = [code.box_pt[0] + margin, code.box_pt[1] + margin, code.box_pt[2] - 2 * margin, code.box_pt[3] - 2 * margin]
                inked = {name: cropped(separations[name], inside, dpi).getextrema()[0] < 255 for name in PROCESSES}
                assert inked == {"Cyan": False, "Magenta": False, "Yellow": False, "Black": True}, each.file
            assert most_ink(each.file, page, dpi, separations) <= note.ink_limit + 2, each.file

    at_once(check, [each for each in files if each.ticket.lang == "vi"])


def most_ink(file: str, page: int, dpi: float, separations: Mapping[str, Image.Image]) -> float:
    """The heaviest spot inside the bleed, percent, to 1.6 %; the marks outside are meant to carry all inks."""
    with pikepdf.open(file) as document:
        left, bottom, right, top = (float(v) for v in document.pages[page - 1].obj.BleedBox)
    c, m, y, k = (ImageChops.invert(cropped(separations[name], (left, bottom, right - left, top - bottom), dpi)) for name in PROCESSES)
    mean = ImageChops.add(ImageChops.add(c, m, scale=2), ImageChops.add(y, k, scale=2), scale=2)
    return mean.getextrema()[1] * 4 / 2.55


def test_zbar_and_zxing_read_every_code_off_poppler_s_picture(files, in_every_village, tmp_path):
    def check(each: Made) -> None:
        folder = tmp_path / Path(each.file).stem
        folder.mkdir()
        run("pdftoppm", "-r", dpi_to_read(each.file), "-gray", "-png", each.file, folder / "page")
        by_zbar, by_zxing = [], []
        for picture in sorted(folder.glob("page*.png")):
            by_zbar += read_by_zbar(picture)
            by_zxing += read_by_zxing(picture)
        shutil.rmtree(folder)
        assert sorted(by_zbar) == sorted(by_zxing) == sorted(each.qr), each.file

    at_once(check, [*(each for each in files if each.ticket.lang == "vi"), *in_every_village])


def dpi_to_read(file: str) -> int:
    """Four pixels and a half for the smallest module, as a phone sees it from the piece's own distance."""
    note = note_of(file)
    least = min((code.module_mm for code in note.codes), default=10.0) / note.scale
    return max(30, min(200, round(4.5 * 25.4 / least)))


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
