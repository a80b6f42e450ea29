"""Screens: native pixels, whole pixels a module, light instead of ink; and files that a player or an editor has spoiled are found."""

import io
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
import zxingcpp
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from collateral.batch import Made, Ticket, draw_ticket, lay_out, make
from collateral.check import check_file
from collateral.contrast import contrast
from collateral.display import Fill
from collateral.geometry import Point, circle
from collateral.ink import Ink
from collateral.refusal import Refused
from collateral.screen import NOTE_KEY, paint, read_screen
from tests.collateral.conftest import with_campaign
from tests.collateral.distort import PLAIN, any_photo, sharp, taken

ROOT = Path(__file__).parents[2]
SCREENS = {"led-16x9": (1920, 1080), "led-9x16": (1080, 1920), "led-p10": (384, 192), "lift": (1080, 1920), "lower-third": (1920, 1080)}
LANGS = ("vi", "en", "lo")


def ticket(piece: str, lang: str = "vi") -> Ticket:
    return Ticket("TN01", piece, "nguon", lang)


@pytest.fixture(scope="module")
def pictures(shop) -> dict[str, bytes]:
    return {piece: draw_ticket(shop, ticket(piece)).pdf for piece in SCREENS}


def opened(png: bytes) -> Any:
    return Image.open(io.BytesIO(png))


def spoiled(png: bytes, change: Callable[[Any], Any]) -> bytes:
    """The picture changed in an editor that keeps its text chunk."""
    picture = opened(png)
    info = PngInfo()
    info.add_text(NOTE_KEY, picture.text[NOTE_KEY])
    out = io.BytesIO()
    change(picture.convert("RGB")).save(out, "PNG", pnginfo=info)
    return out.getvalue()


def rules(png: bytes) -> set[str]:
    return {finding.rule for finding in read_screen(png).findings}


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("piece", SCREENS)
def test_every_screen_is_made_and_read_back_in_every_language(shop, piece, lang, tmp_path):
    made = make(shop, ticket(piece, lang), tmp_path)
    assert isinstance(made, Made), made
    assert made.qr[0].startswith("HTTPS://TINBAO.EXAMPLE/Q/TN01")
    (file,) = tmp_path.iterdir()
    width, height = SCREENS[piece]
    assert file.name == f"TN01_{piece}_nguon_{lang}_{width}x{height}px.png"
    assert check_file(file) == ()


@pytest.mark.parametrize("piece", SCREENS)
def test_native_pixels_without_scaling(pictures, piece):
    assert opened(pictures[piece]).size == SCREENS[piece]


@pytest.mark.parametrize("piece", SCREENS)
def test_a_module_is_whole_pixels_at_least_four(shop, pictures, piece):
    order, pages = lay_out(shop, ticket(piece))
    (code,) = pages[0].codes
    assert code.module_mm == int(code.module_mm) >= 4
    assert (code.x, code.y) == (int(code.x), int(code.y))
    picture, pixels = opened(pictures[piece]).convert("RGB"), int(code.module_mm)
    for y, row in enumerate(code.symbol.rows, 4):
        for x, dark in enumerate(row, 4):
            at = int(code.x) + x * pixels, int(code.y) + y * pixels
            corners = {picture.getpixel((at[0] + dx, at[1] + dy)) for dx in (0, pixels - 1) for dy in (0, pixels - 1)}
            assert corners == {(order.palette.black if dark else order.palette.paper).rgb}


@pytest.mark.parametrize("piece", SCREENS)
def test_the_panel_does_not_bloom(shop, piece):
    """At most 84 % of white, and still 170 of 255 apart from the modules (press.md §4.2, §4.3)."""
    order, _ = lay_out(shop, ticket(piece))
    assert max(order.palette.paper.rgb) <= 0.84 * 255
    assert min(order.palette.paper.rgb) - max(order.palette.black.rgb) >= 170


@pytest.mark.parametrize("piece", SCREENS)
def test_words_stand_out_on_the_red(shop, piece):
    order, pages = lay_out(shop, ticket(piece))
    for text in pages[0].texts:
        assert contrast(text.ink, order.palette.field) >= (4.5 if text.level == 5 or text.ink == order.palette.gilt else 7)


def test_only_an_overlay_is_transparent(pictures):
    """Above the band nothing covers the moving picture; the band itself, words and code are opaque."""
    assert [opened(png).mode for png in pictures.values()] == ["RGB"] * 4 + ["RGBA"]
    alpha = opened(pictures["lower-third"]).getchannel("A")
    assert alpha.crop((0, 0, 1920, 711)).getextrema() == (0, 0)
    assert alpha.crop((0, 713, 1920, 1080)).getextrema() == (255, 255)


def test_no_dark_fringe_where_an_overlay_ends(shop):
    """Half covered pixels keep the ink's own colour: mixed with black they would show as a rim over the video."""
    order, pages = lay_out(shop, ticket("lower-third"))
    note = draw_ticket(shop, ticket("lower-third")).note
    dot = Fill(circle(Point(960, 300), 50), order.palette.field)
    picture = opened(paint(replace(pages[0], ops=(*pages[0].ops, dot)), order.piece, order.palette, order.setter.faces, note))
    row = [picture.getpixel((x, y)) for x in range(900, 1020) for y in range(240, 360)]
    half = [pixel for pixel in row if 0 < pixel[3] < 255]
    assert half
    assert all(abs(a - b) <= 4 for pixel in half for a, b in zip(pixel[:3], order.palette.field.rgb, strict=True))


def test_the_same_ticket_gives_the_same_bytes(shop, pictures):
    assert all(draw_ticket(shop, ticket(piece)).pdf == png for piece, png in pictures.items())


@pytest.mark.parametrize("seed", ["0", "4711"])
def test_another_process_with_another_hash_seed_gives_the_same_bytes(pictures, seed, tmp_path):
    from_shell = [sys.executable, "main.py", "print", "make", "--village", "TN01", "--piece", "led-p10", "--out", str(tmp_path)]
    done = subprocess.run(from_shell, cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert next(tmp_path.glob("*.png")).read_bytes() == pictures["led-p10"]


def test_abroad_the_address_stands_for_the_sms(shop):
    _, pages = lay_out(shop, ticket("led-16x9", "en"))
    said = "\n".join("".join(run.text for run in text.runs) for text in pages[0].texts)
    assert "TINBAO.EXAMPLE/Q/TN01" in said
    assert "8088" not in said


def test_a_longer_link_takes_fewer_pixels_but_whole_ones(shop):
    longer = with_campaign(shop, link_base="HTTPS://TIMLIETSI.EXAMPLE")
    wider = replace(longer, pieces={"led-16x9": replace(shop.pieces["led-16x9"], max_version=3)})
    _, pages = lay_out(wider, ticket("led-16x9"))
    (code,) = pages[0].codes
    assert code.module_mm == int(code.module_mm)


@pytest.mark.parametrize(
    ("piece", "trim", "module"),
    [
        ("led-16x9", (1280, 720), 9),
        ("led-16x9", (1920, 1200), 14),
        ("led-9x16", (768, 1366), 9),
        ("led-p10", (480, 240), 5),
        ("lower-third", (3840, 2160), 16),
    ],
)
def test_other_screens_of_that_shape_need_no_code(shop, piece, trim, module):
    """The arrangement grows and shrinks with the screen; a module takes the whole pixels that are left."""
    other = replace(shop.pieces[piece], trim=trim, scan_m=1, distance_m=shop.pieces[piece].distance_m / 2, safe=4)
    order, pages = lay_out(replace(shop, pieces={piece: other}), ticket(piece))
    (code,) = pages[0].codes
    assert code.module_mm == module
    png = paint(pages[0], order.piece, order.palette, order.setter.faces, draw_ticket(shop, ticket(piece)).note)
    assert opened(png).size == trim


def test_a_screen_too_small_for_four_pixels_is_refused(shop):
    tiny = replace(shop.pieces["led-p10"], trim=(320, 160))
    with pytest.raises(Refused, match=r"leaves modules of 3\.\d\d px, scanning from 10 m needs 4\.00"):
        lay_out(replace(shop, pieces={"led-p10": tiny}), ticket("led-p10"))


@pytest.mark.parametrize("piece", SCREENS)
def test_the_dimmed_panel_is_read_off_bad_photos_too(shop, piece):
    """Black on 80 % of white, taken askew, small, blurred and in poor light."""
    drawn, random = draw_ticket(shop, ticket(piece)), Random(piece)
    for code, picture in sharp(drawn.pdf, drawn.note):
        for photo in (*PLAIN.values(), *(any_photo(random) for _ in range(25))):
            seen = zxingcpp.read_barcodes(taken(picture, photo, random), formats=zxingcpp.BarcodeFormat.QRCode)
            assert [found.text for found in seen] == [code.payload], photo


def test_too_few_pixels_for_the_distance_are_refused(shop):
    farther = replace(shop, pieces={"led-p10": replace(shop.pieces["led-p10"], scan_m=13)})
    with pytest.raises(Refused, match="leaves modules of"):
        lay_out(farther, ticket("led-p10"))


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda picture: picture.resize((1280, 720)), "screen.size"),
        (lambda picture: picture.resize((960, 540)).resize((1920, 1080)), "code.pixels"),
        (lambda picture: picture.rotate(1, fillcolor=(150, 22, 25)), "code.pixels"),
        (lambda picture: _painted(picture, (1344, 534, 1806, 996), (204, 204, 204)), "code.unread"),
        (lambda picture: _painted(picture, (1344, 534, 1372, 548), (0, 0, 0)), "code.quiet-zone"),
        (lambda picture: picture.point(lambda value: 90 + value // 3), "code.contrast"),
        (lambda picture: picture.point(lambda value: min(255, value * 2)), "code.glare"),
        (lambda picture: _twice(picture), "code.foreign"),
    ],
    ids=["another size", "smoothed", "turned", "covered", "ink in the quiet zone", "faded", "too bright", "a second code"],
)
def test_what_a_player_or_an_editor_spoils_is_found(pictures, change, rule):
    assert rule in rules(spoiled(pictures["led-16x9"], change))


def test_a_jpeg_in_between_is_found(pictures):
    def through_jpeg(picture: Any) -> Any:
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=70)
        return Image.open(out)

    assert "code.pixels" in rules(spoiled(pictures["led-16x9"], through_jpeg))


def test_a_picture_of_unknown_origin_says_so(pictures):
    out = io.BytesIO()
    opened(pictures["led-p10"]).save(out, "PNG")
    assert rules(out.getvalue()) == {"info.piece"}


@pytest.mark.parametrize("seed", range(60))
def test_damaged_bytes_end_in_findings(pictures, seed):
    chance, png = Random(seed), bytearray(pictures["led-p10"])
    for _ in range(chance.randint(1, 20)):
        png[chance.randrange(8, len(png))] = chance.randrange(256)
    assert read_screen(bytes(png)).findings
    assert read_screen(bytes(png[: chance.randrange(8, len(png))])).findings


@pytest.mark.parametrize("side", [7_000, 10_000, 60_000])
def test_a_picture_said_to_be_gigantic_is_not_unpacked(side):
    from struct import pack
    from zlib import crc32

    header = pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunk = pack(">I", 13) + b"IHDR" + header + pack(">I", crc32(b"IHDR" + header))
    findings = read_screen(b"\x89PNG\r\n\x1a\n" + chunk + pack(">I", 0) + b"IEND" + pack(">I", crc32(b"IEND"))).findings
    assert [finding.rule for finding in findings] == ["screen.size"]


def test_a_theme_may_change_a_screen_colour(shop):
    theme = replace(shop.themes["nguon"], screen={"field": "#801010"})
    assert theme.palette("screen").field.rgb == (0x80, 0x10, 0x10)
    assert theme.palette("overlay").ivory.rgb == (0xF0, 0xEA, 0xD6)


@pytest.mark.parametrize("wrong", [{"pixel_mm": 0}, {"trim": (1920.5, 1080)}])
def test_a_screen_says_its_pixels(shop, wrong):
    with pytest.raises(ValueError, match="whole pixels"):
        replace(shop.pieces["led-16x9"], **wrong)


@pytest.mark.parametrize("light", ["961619", "#96161", "#9616195", "red"])
def test_a_light_is_six_hex_digits(light):
    with pytest.raises(ValueError, match="#RRGGBB"):
        Ink(0, 0, 0, 0, light=light)


def test_an_ink_has_no_light():
    with pytest.raises(ValueError, match="no light"):
        _ = Ink(0, 100, 100, 0).rgb


def _painted(picture: Any, box: tuple[int, int, int, int], colour: tuple[int, int, int]) -> Any:
    picture.paste(colour, box)
    return picture


def _twice(picture: Any) -> Any:
    picture.paste(picture.crop((1344, 534, 1806, 996)), (20, 600))
    return picture
