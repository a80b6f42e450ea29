"""Emblems from files of any origin: what a press can print of them, and why not."""

import io
import math
import os
from math import dist

import pikepdf
import pytest
from pikepdf import Dictionary, Name
from PIL import Image, ImageDraw

from collateral.batch import Failed, Made, draw_ticket, make
from collateral.display import Drawing, Picture, Pixels, Shape
from collateral.emblem import ink_of, mark_at
from collateral.geometry import Box, Point, circle, flattened
from collateral.ink import BLACK, PAPER, Ink
from collateral.load import load_shop
from collateral.preflight import preflight
from collateral.press_model import cover, lab_of
from collateral.refusal import Refused
from collateral.svg import BadDrawing, drawing, path_of
from tests.collateral.conftest import ticket

STAR = "M50 18l7.6 23.4h24.6L62.3 55.9l7.6 23.4L50 64.8 30.1 79.3l7.6-23.4L17.8 41.4h24.6z"
EMBLEM = f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100"><style>.a{{fill:#ffcd00}}</style>
<circle cx="50" cy="50" r="48" fill="#da251d"/><path class="a" d="{STAR}"/></svg>"""


def svg(inner: str, head: str = 'viewBox="0 0 100 100"') -> bytes:
    return f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" {head}>{inner}</svg>'.encode()


def shapes(inner: str) -> tuple[Shape, ...]:
    return drawing(svg(inner), ink_of).shapes


# --- colours ---


@pytest.mark.parametrize(
    ("colour", "ink"),
    [("#000", BLACK), ("#0a0a0a", BLACK), ("white", PAPER), ("#fff", PAPER), ("#808080", Ink(0, 0, 0, 50)), ("grey", Ink(0, 0, 0, 50))],
)
def test_black_and_grey_stay_on_the_black_plate(colour, ink):
    assert ink_of(colour) == ink


def test_flag_colours_become_clean_inks():
    """press.md §1.3: flag red is 7/93/92/0 and flag yellow 2/0/91/0 by a profile of measured sheets. Ours takes other inks of one look."""
    red, yellow = ink_of("#DA251D"), ink_of("#FFFF00")
    assert [red.c, red.m, red.y, red.k] == pytest.approx([7, 93, 92, 0], abs=5)
    assert dist(look(red), look(Ink(7, 93, 92, 0))) < 1.5
    assert yellow.y > 85
    assert yellow.c + yellow.m + yellow.k < 12
    assert dist(look(yellow), look(Ink(2, 0, 91, 0))) < 6  # it keeps the hue of a screen's yellow, which is greener than ink


def look(ink: Ink) -> tuple[float, float, float]:
    """L*, a*, b* as the press prints it."""
    return lab_of([cover(at, part / 100) for at, part in enumerate((ink.c, ink.m, ink.y, ink.k))])


@pytest.mark.parametrize("colour", ["#100800", "#001a10", "#0a0018", "#200000"])
def test_dark_colours_keep_the_ink_limit(colour):
    assert ink_of(colour).total <= 220


def test_inks_written_as_inks_are_taken_as_they_stand():
    assert shapes('<rect width="9" height="9" fill="device-cmyk(0 1 1 .1)"/>')[0].ink == Ink(0, 100, 100, 10)


def test_alpha_is_flattened_on_paper():
    whole, half = shapes('<rect width="9" height="9" fill="#000"/><g opacity=".5"><rect width="9" height="9" fill="#000"/></g>')
    assert (whole.ink, half.ink) == (BLACK, Ink(0, 0, 0, 50))


# --- outlines ---


def box_of(path) -> Box:
    return path.bounds()


@pytest.mark.parametrize(
    ("data", "box"),
    [
        ("M10 10h20v30H10z", Box(10, 10, 20, 30)),
        ("m10,10 20,0 0,30 -20,0z", Box(10, 10, 20, 30)),
        ("M10,10L30,10L30,40L10,40Z", Box(10, 10, 20, 30)),
        ("M.5.5.25.25", Box(0.25, 0.25, 0.25, 0.25)),
        ("M1e1 1E1l2e1,3e1", Box(10, 10, 20, 30)),
        ("M0 0C0 10 20 10 20 0S40-10 40 0", Box(0, -10, 40, 20)),
    ],
)
def test_paths(data, box):
    found = box_of(path_of(data))
    assert (found.x, found.y, found.w, found.h) == pytest.approx((box.x, box.y, box.w, box.h))


@pytest.mark.parametrize(
    "data",
    [
        "M10 0A10 10 0 0 1-10 0A10 10 0 0 1 10 0",
        "M10 0a10 10 0 11-20 0a10,10 0 1120 0z",
        "M10 0A10 10 0 0 1 0 10",
        "M10 0A10 10 0 1 0 0 10",
    ],
)
def test_arcs_are_round(data):
    """Flags may stand without a space behind them."""
    radii = [math.hypot(p.x, p.y) for p in flattened(path_of(data))]
    assert radii == pytest.approx([10] * len(radii), abs=0.01)


def test_an_arc_too_small_for_its_ends_grows():
    """SVG 1.1 F.6.6: radii that can't span the distance are enlarged."""
    ends = flattened(path_of("M0 0A1 1 0 0 1 20 0"))
    assert min(p.y for p in ends) == pytest.approx(-10, abs=0.01)


def test_quadratics_mirror_their_handle():
    path = path_of("M0 0Q10 10 20 0T40 0")
    assert [round(p.y, 3) for p in flattened(path, 2)] == [0, 5, 0, -5, 0]


@pytest.mark.parametrize("data", ["10 10", "M10", "M0 0L5", "L5 5", "M0 0C1 1 2 2", "M0 0A5 5 0 2 0 9 9"])
def test_broken_paths_are_refused(data):
    with pytest.raises(BadDrawing):
        drawing(svg(f'<path d="{data}"/>'), ink_of)


def test_transforms_apply_from_the_right():
    (moved,) = shapes('<g transform="translate(10 20) scale(2)"><rect x="1" y="1" width="2" height="3" transform="rotate(90)"/></g>')
    found = box_of(moved.path)
    assert (found.x, found.y, found.w, found.h) == pytest.approx((10 - 8, 20 + 2, 6, 4))


def test_strokes_grow_with_their_transform():
    (line,) = shapes('<g transform="scale(3)"><line x1="0" y1="0" x2="9" y2="0" stroke="red" stroke-width="2" fill="none"/></g>')
    assert line.width == 6


def test_styles_win_over_attributes_and_are_inherited():
    red, blue, rule = shapes(
        '<g fill="red"><rect width="1" height="1"/><rect width="1" height="1" fill="green" style="fill:blue"/></g>'
        '<path d="M0 0h1v1z" fill-rule="evenodd"/>'
    )
    assert (red.ink, blue.ink) == (ink_of("red"), ink_of("blue"))
    assert rule.even_odd


def test_what_is_hidden_is_not_printed():
    assert len(shapes('<rect width="1" height="1"/><g display="none"><rect width="1" height="1"/></g>')) == 1


# --- what is refused ---


@pytest.mark.parametrize(
    ("inner", "said"),
    [
        ("<script>alert(1)</script>", "script"),
        ('<rect width="1" height="1" onload="x()"/>', "onload"),
        ('<image xlink:href="http://example.org/x.png"/>', "not fetched"),
        ('<use xlink:href="file:///etc/passwd#x"/>', "not fetched"),
        ('<rect fill="url(http://example.org/#g)" width="1" height="1"/>', "not fetched"),
        ('<style>@import url("http://example.org/x.css");</style>', "not fetched"),
        ('<a xlink:href="#x"><rect width="1" height="1"/></a>', "<a>"),
        ("<foreignObject/>", "foreignObject"),
        ("<text>Xã</text>", "letters"),
        ('<rect width="1" height="1" filter="url(#f)"/>', "filter"),
        ('<rect width="1" height="1" fill="url(#g)"/>', "no flat colour"),
        ('<g clip-path="url(#c)"><rect width="1" height="1"/></g>', "clip-path"),
        ('<rect width="5" height="5" rx="1"/>', "round corners"),
        ('<rect width="5" height="5" fill="nonsense"/>', "no flat colour"),
        ("", "empty"),
    ],
)
def test_drawings_are_refused_by_name(inner, said):
    with pytest.raises(BadDrawing, match=said) as why:
        drawing(svg(inner), ink_of)
    assert why.value.remedy


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg",
        b"\x89PNG",
        b"<html/>",
        svg("<rect width='1' height='1'/>", ""),
        b'<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><svg viewBox="0 0 1 1">&b;</svg>',
        b'<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg viewBox="0 0 1 1"><title>&x;</title></svg>',
        '<?xml version="1.0" encoding="utf-16"?><svg/>'.encode("utf-16"),
        b"<svg viewBox='0 0 1 1'>" + b" " * 3_100_000 + b"</svg>",
    ],
)
def test_files_that_are_no_plain_svg_are_refused(data):
    with pytest.raises(BadDrawing):
        drawing(data, ink_of)


def test_a_pit_of_groups_is_refused(tmp_path):
    (tmp_path / "deep.svg").write_bytes(svg("<g>" * 20_000 + "</g>" * 20_000))
    with pytest.raises(Refused, match="nested"):
        mark_at(tmp_path / "deep.svg")


# --- pictures ---


def saved(folder, picture: Image.Image, name: str, **how: object):
    picture.save(folder / name, **how)
    return mark_at(folder / name)


def test_rgb_becomes_ink_and_white_becomes_paper(tmp_path):
    picture = Image.new("RGB", (40, 20), "white")
    ImageDraw.Draw(picture).rectangle((0, 0, 19, 19), fill="#da251d")
    mark = saved(tmp_path, picture, "mark.png")
    pixels = Image.frombytes("CMYK", (mark.width, mark.height), mark.data)
    assert pixels.getpixel((30, 10)) == (0, 0, 0, 0)
    red = [part / 2.55 for part in pixels.getpixel((5, 5))]
    assert red == pytest.approx([7, 93, 92, 0], abs=5.5)
    assert dist(look(Ink(*red)), look(Ink(7, 93, 92, 0))) < 1.5


def test_alpha_is_flattened_in_pictures(tmp_path):
    mark = saved(tmp_path, Image.new("RGBA", (10, 10), (218, 37, 29, 0)), "clear.png")
    assert set(mark.data) == {0}


def test_a_cmyk_tiff_is_taken_as_it_stands(tmp_path):
    mark = saved(tmp_path, Image.new("CMYK", (10, 10), (0, 255, 204, 26)), "mark.tif")
    assert mark.data[:4] == bytes((0, 255, 204, 26))


def test_grey_goes_to_the_black_plate(tmp_path):
    assert saved(tmp_path, Image.new("L", (4, 4), 55), "grey.png").data[:4] == bytes((0, 0, 0, 200))


def test_too_much_ink_is_taken_out_of_the_colours(tmp_path):
    data = saved(tmp_path, Image.new("CMYK", (4, 4), (255, 255, 255, 255)), "heavy.tif").data
    assert sum(data[:4]) / 2.55 <= 221
    assert data[3] == 255


def test_large_pictures_are_made_smaller(tmp_path):
    mark = saved(tmp_path, Image.new("RGB", (3000, 1500), "red"), "large.png")
    assert (mark.width, mark.height) == (1200, 600)


def test_a_picture_of_16_384_pixels_a_side_is_refused_unopened(tmp_path):
    """Its header is enough: 268 million pixels packed into a few kilobytes must not eat the machine."""
    Image.new("1", (16_384, 16_384)).save(tmp_path / "huge.png")
    with pytest.raises(Refused, match="50 million pixels"):
        mark_at(tmp_path / "huge.png")


@pytest.mark.parametrize("name", ["x.png", "x.tif", "x.jpg", "x.pdf", "x.svg"])
@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\n" + b"\0" * 40, b"II*\0" + b"\xff" * 60, b"\xff\xd8\xff" + b"a" * 80])
def test_garbage_is_refused(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(Refused) as why:
        mark_at(tmp_path / name)
    assert why.value.fault.remedy


def test_a_picture_cut_short_is_refused(tmp_path):
    whole = io.BytesIO()
    Image.effect_noise((200, 200), 90).save(whole, "PNG")
    (tmp_path / "cut.png").write_bytes(whole.getvalue()[:5000])
    with pytest.raises(Refused, match="opened"):
        mark_at(tmp_path / "cut.png")


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(Refused, match=r"none\.svg.*can't be read"):
        mark_at(tmp_path / "none.svg")


# --- PDF ---


def page(folder, content: bytes, **resources: object):
    document = pikepdf.new()
    document.add_blank_page(page_size=(100, 50))
    document.pages[0].Contents = document.make_stream(content)
    document.pages[0].Resources = Dictionary(**resources)
    document.save(folder / "mark.pdf")
    return mark_at(folder / "mark.pdf")


def test_a_pdf_s_shapes_are_read(tmp_path):
    mark = page(tmp_path, b"q 2 0 0 2 10 5 cm 0 1 .8 .2 k 0 0 10 10 re f Q 0 0 0 1 K 3 w 0 0 m 50 50 l S")
    square, line = mark.shapes
    assert (mark.width, mark.height) == (100, 50)
    assert square.path.bounds() == Box(10, 25, 20, 20)
    assert (square.ink, line.ink, line.width) == (Ink(0, 100, 80, 20), BLACK, 3)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"1 0 0 rg 0 0 9 9 re f", "RGB"),
        (b"BT ET", "letters"),
        (b"/X Do", "picture"),
        (b"/S sh", "gradient"),
        (b"0 0 m 1 1 l 2 2 l 3 0 l 4 4 l 5 5 l h W n 0 0 9 9 re f", "clipping"),
        (b"/Pattern cs", "cs"),
        (b"", "empty"),
    ],
)
def test_pages_are_refused_by_name(tmp_path, content, said):
    with pytest.raises(Refused, match=said):
        page(tmp_path, content)


def test_a_page_with_alpha_is_refused(tmp_path):
    with pytest.raises(Refused, match="alpha"):
        page(tmp_path, b"/G gs 0 0 9 9 re f", ExtGState=Dictionary(G=Dictionary(Type=Name.ExtGState, ca=0.5)))


# --- on the piece ---


def with_marks(folder, table: str):
    """The copied deployment's shop, with a table of marks."""
    file = folder / "pieces.toml"
    file.write_text(file.read_text("utf-8").replace("[marks]\n", f"[marks]\n{table}\n"), "utf-8")
    return load_shop(folder)


def test_an_emblem_is_printed_in_its_slot(deployment_copy, tmp_path):
    folder = deployment_copy()
    (folder / "emblem.svg").write_text(EMBLEM)
    shop = with_marks(folder, 'emblem = "emblem.svg"')
    made = make(shop, ticket("poster-a3"), tmp_path)
    assert isinstance(made, Made), made
    with pikepdf.open(made.file) as document:
        assert "/XObject" not in document.pages[0].Resources or not document.pages[0].Resources.XObject.keys()


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "CMYK", "L"])
def test_a_picture_is_printed_in_cmyk_without_alpha(deployment_copy, mode):
    folder = deployment_copy()
    Image.new(mode, (800, 800)).save(folder / "emblem.tif")
    pdf = draw_ticket(with_marks(folder, 'emblem = "emblem.tif"'), ticket("poster-a3")).pdf
    assert preflight(pdf).findings == ()
    with pikepdf.open(io.BytesIO(pdf)) as document:
        (image,) = document.pages[0].Resources.XObject.values()
        assert (image.ColorSpace, "/SMask" in image) == (Name.DeviceCMYK, False)


def test_a_picture_of_few_pixels_is_not_printed(deployment_copy, tmp_path):
    folder = deployment_copy()
    Image.new("CMYK", (60, 60)).save(folder / "emblem.tif")
    failed = make(with_marks(folder, 'emblem = "emblem.tif"'), ticket("poster-a3"), tmp_path)
    assert isinstance(failed, Failed)
    assert "ppi" in failed.error


def test_a_bad_emblem_stops_its_pieces_and_no_others(deployment_copy, tmp_path):
    folder = deployment_copy()
    (folder / "emblem.svg").write_bytes(svg("<script/>"))
    shop = with_marks(folder, 'emblem = "emblem.svg"')
    failed, made = make(shop, ticket("poster-a3"), tmp_path), make(shop, ticket("leaflet-a5"), tmp_path)
    assert isinstance(failed, Failed)
    assert "emblem.svg" in failed.error
    assert isinstance(made, Made)
    assert [file for file in os.listdir(tmp_path) if "poster" in file] == []


def test_a_mark_keeps_its_shape():
    """Fitted into the slot and centred."""
    placed = Picture(Box(10, 10, 40, 20), Drawing(1, 1, (Shape(circle(Point(0.5, 0.5), 0.5), BLACK),))).placed
    assert placed == Box(20, 10, 20, 20)
    assert Picture(Box(0, 0, 10, 10), Pixels(20, 10, b"")).placed == Box(0, 2.5, 10, 5)
