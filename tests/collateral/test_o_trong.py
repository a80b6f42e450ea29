"""Concept B on sheets: the empty line is found, and it leads to the code."""

from dataclasses import replace
from datetime import date

import pytest

from collateral.batch import Ticket, lay_out, make
from collateral.display import Clip, Fill, Picture, Stroke
from collateral.geometry import flattened
from collateral.marks import Imprint, Marks
from tests.collateral.conftest import with_village
from tests.collateral.test_layout import said

SIZES = {"poster-a4": 210, "poster-a3": 297, "poster-a2": 420, "poster-a1": 594, "poster-a0": 841}
LANGS = ["vi", "en", "lo"]


def page_of(shop, piece="poster-a3", lang="vi"):
    order, (page,) = lay_out(shop, Ticket("TN01", piece, "o-trong", lang))
    return order, page


def text_of(page, words):
    return next(text for text in page.texts if words in "".join(run.text for run in text.runs))


def subpaths(op) -> list[float]:
    """Where each subpath of a joined path begins, as y."""
    return [segment.points[0].y for segment in op.path.segments if segment.op == "M"]


def test_one_row_of_the_wall_has_no_star_and_says_why(shop):
    _, page = page_of(shop)
    rules, stars = (subpaths(op) for op in page.ops[2:4])
    assert len(rules) == len(stars) == 12
    gap = max(range(11), key=lambda i: rules[i + 1] - rules[i])
    assert rules[gap + 1] - rules[gap] == pytest.approx(2 * 16.3)
    assert rules[gap] < text_of(page, "chưa biết tên").y < rules[gap] + 16.3
    assert (gap + 1) / 13 == pytest.approx(2 / 3, abs=0.05)  # two thirds down: never centred, never last


def test_the_rule_under_the_missing_name_is_the_stroke_that_ends_round_the_code(shop):
    order, page = page_of(shop)
    above, below = (op for op in page.ops if isinstance(op, Clip))
    rule, round_the_code = (flattened(stroke.path) for stroke in above.inside)
    name, (code,) = text_of(page, "chưa biết tên"), page.codes
    assert rule[0].x < name.box.x
    assert rule[0].y > name.box.bottom
    assert rule[-1] == round_the_code[0]
    inside = [p for p in round_the_code if code.box.x < p.x < code.box.right and code.box.y < p.y < code.box.bottom]
    assert not inside
    assert round_the_code[-1].x > round_the_code[0].x + 10  # it stops short: never closed
    assert above.box.bottom == below.box.y  # one line, two colours, exactly at the seam
    assert [stroke.ink for clip in (above, below) for stroke in clip.inside] == [order.palette.gold] * 2 + [order.palette.gilt] * 2


def test_the_headline_stands_on_the_walls_rules(shop):
    _, page = page_of(shop)
    rules = subpaths(page.ops[2])
    lines = [text_of(page, words).y for words in ("Có thể", "bác biết", "nơi anh", "nằm lại.")]
    assert lines == pytest.approx([rules[1], rules[3], rules[5], rules[7]])


@pytest.mark.parametrize("piece", SIZES)
def test_every_size_is_the_same_picture(shop, piece):
    k = SIZES[piece] / 297
    (_, a3), (_, other) = page_of(shop), page_of(shop, piece)
    assert [line for line in said(other) if "AP-" not in line] == [
        line.replace("TN0101U", other.codes[0].symbol.payload[-7:]) for line in said(a3) if "AP-" not in line
    ]
    assert other.codes[0].box.w == pytest.approx(SIZES[piece] / 3)
    for words in ("Có thể", "chưa biết tên", "Thôn Nà Lải", "0300 000 101", "Không tự ý"):
        assert text_of(other, words).box.x == pytest.approx(text_of(a3, words).box.x * k, rel=0.01)
        assert text_of(other, words).y == pytest.approx(text_of(a3, words).y * k)


@pytest.mark.parametrize("piece", SIZES)
@pytest.mark.parametrize("lang", LANGS)
def test_small_print_never_falls_under_what_a_press_holds(shop, piece, lang):
    _, page = page_of(shop, piece, lang)
    assert min(run.size_pt for text in page.texts for run in text.runs if text.level == 5) >= 8  # reversed out of the field


@pytest.mark.parametrize("lang", ["en", "lo"])
def test_abroad_nobody_reaches_a_short_code(shop, lang):
    _, page = page_of(shop, lang=lang)
    text = "\n".join(said(page))
    assert "+84 300 000 101" in text
    assert not any(absent in text for absent in ("8088", "*", "đ/tin"))
    assert "Thôn Nà Lải" in text


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("name", ["Đông Khuổi Tẳng", "Khuổi Tẳng - Phiêng Bưa 2"])
def test_a_kind_on_a_line_of_its_own_stays_on_the_field(shop, lang, name):
    """Ivory words above the seam would be gone."""
    _, page = page_of(with_village(shop, kind="tổ dân phố", name=name), lang=lang)
    seam = next(op for op in page.ops if isinstance(op, Clip)).box.bottom
    assert text_of(page, "Tổ dân phố").box.y > seam + 1


def test_stars_are_never_on_the_field_nor_outlined(shop):
    order, page = page_of(shop)
    stars = page.ops[3]
    assert isinstance(stars, Fill)
    assert stars.ink == order.palette.gold
    assert not any(isinstance(op, Stroke) and op.ink == order.palette.gold for op in page.ops)


@pytest.mark.parametrize("lang", LANGS)
def test_the_file_passes_and_its_code_reads_back(shop, lang, tmp_path):
    made = make(shop, Ticket("TN01", "poster-a3", "o-trong", lang), tmp_path)
    assert made.qr == ("HTTPS://TINBAO.EXAMPLE/Q/TN0101U",)


@pytest.mark.parametrize("lang", LANGS)
def test_on_a_lift_screen_modules_are_whole_pixels(shop, lang):
    order, (page,) = lay_out(shop, Ticket("TN01", "lift", "o-trong", lang))
    (code,) = page.codes
    assert (code.x, code.y, code.module_mm) == (round(code.x), round(code.y), round(code.module_mm))
    assert code.module_mm >= order.piece.least_module_mm
    assert [page.ops[0].path.bounds().bottom, page.ops[1].path.bounds().bottom] == [round(page.ops[1].path.bounds().y), 1920]


@pytest.mark.parametrize("lang", LANGS)
def test_the_screen_has_the_same_empty_row_and_its_code_reads_back(shop, lang, tmp_path):
    _, (page,) = lay_out(shop, Ticket("TN01", "lift", "o-trong", lang))
    above, _ = (op for op in page.ops if isinstance(op, Clip))
    rule = flattened(above.inside[0].path)
    rules = subpaths(page.ops[2])
    assert rule[0].y not in rules
    assert max(y for y in rules if y < rule[0].y) < min(
        text.box.y for text in page.texts if text.box.bottom < rule[0].y and text.y > rules[8]
    )
    assert len(make(shop, Ticket("TN01", "lift", "o-trong", lang), tmp_path).qr) == 1


SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><path d="M0 0H10V10H0Z" fill="#b01818"/></svg>'


@pytest.mark.parametrize(
    ("piece", "theme"), [(p, t) for p in SIZES for t in ("o-trong", "ban-do")] + [("leaflet-a5", "ban-do"), ("leaflet-a4", "ban-do")]
)
@pytest.mark.parametrize("lang", LANGS)
def test_there_is_room_for_emblem_and_imprint(shop, piece, theme, lang, tmp_path):
    """In every language and with the longest name: the slots of pieces.toml stay empty until a commune fills them."""
    (tmp_path / "mark.svg").write_text(SVG)
    imprint = Imprint("12/GP-SVHTTDL", date(2026, 6, 1), 5000, "Công ty In Thí Dụ, Lạng Sơn")
    with_marks = replace(
        with_village(shop, kind="tổ dân phố", name="Khuổi Tẳng - Phiêng Bưa 2"), marks=Marks(tmp_path / "mark.svg", None, imprint)
    )
    _, pages = lay_out(with_marks, Ticket("TN01", piece, theme, lang))
    assert "Giấy phép số 12/GP-SVHTTDL" in "\n".join(line for page in pages for line in said(page))
    assert sum(isinstance(op, Picture) for page in pages for op in page.ops) == (piece in SIZES)


@pytest.mark.parametrize("lang", LANGS)
def test_the_trifold_has_room_for_its_imprint(shop, lang):
    imprint = Imprint("12/GP-SVHTTDL", date(2026, 6, 1), 500)
    _, pages = lay_out(replace(shop, marks=Marks(imprint=imprint)), Ticket("TN01", "leaflet-trifold", "o-trong", lang))
    assert "Không kinh doanh" in "\n".join(said(pages[1]))
