"""Concept C: the path from memory, its houses, and leaflets with smaller codes."""

import math
from dataclasses import replace

import pytest

from collateral.batch import Ticket, lay_out, make
from collateral.display import Fill, Stroke
from collateral.geometry import flattened
from collateral.load import shop_of
from collateral.refusal import Refused
from gateway.deployment import BadDeployment, load_deployment
from tests.collateral.conftest import with_campaign, with_village
from tests.collateral.test_layout import said

LANGS = ["vi", "en", "lo"]
SHEETS = ["poster-a4", "poster-a3", "poster-a2", "poster-a1", "poster-a0"]


def laid_out(shop, piece, lang="vi"):
    return lay_out(shop, Ticket("TN01", piece, "ban-do", lang))


def text_of(page, words):
    return next(text for text in page.texts if words in "".join(run.text for run in text.runs))


@pytest.mark.parametrize("piece", [*SHEETS, "leaflet-a5", "leaflet-a4"])
def test_the_path_is_dotted_and_becomes_the_frame(shop, piece):
    """.8u under the last dot the stroke begins, on the frame's left edge; it goes round the code and stops short."""
    order, pages = laid_out(shop, piece)
    page = pages[0]
    frame = max((op for op in page.ops if isinstance(op, Stroke) and op.ink == order.palette.field), key=lambda op: op.width_mm)
    way = flattened(frame.path)
    path = next(op for op in page.ops if isinstance(op, Fill) and op.ink == order.palette.field and op.path.bounds().h > 15 * order.unit)
    last = [segment.points[0] for segment in path.path.segments if segment.op == "M"][-1]
    assert way[0].x == pytest.approx(last.x, abs=0.2 * order.unit)
    assert way[0].y - last.y == pytest.approx(0.8 * order.unit, abs=0.05 * order.unit)
    (code,) = page.codes
    assert way[0].x < code.box.x
    assert max(point.y for point in way) > code.box.bottom
    assert way[-1].x - way[0].x == pytest.approx(2.2 * order.unit)


def test_the_path_has_no_corner(shop):
    """Between two steps of the path it never turns by more than a bend of the way: memory, but no zigzag."""
    order, pages = laid_out(shop, "poster-a3")
    path = next(op for op in pages[0].ops if isinstance(op, Fill) and op.ink == order.palette.field and op.path.bounds().h > 60)
    dots = [segment.points[0] for segment in path.path.segments if segment.op == "M"]
    turns = [math.atan2(b.y - a.y, b.x - a.x) for a, b in zip(dots, dots[1:], strict=False)]  # noqa: RUF007 # reads like the rule
    assert max(abs(b - a) for a, b in zip(turns, turns[1:], strict=False)) < math.radians(40)  # noqa: RUF007


@pytest.mark.parametrize("lang", LANGS)
def test_the_three_steps_stand_in_line(shop, lang):
    _, (page,) = laid_out(shop, "poster-a3", lang)
    for row in (270.8, 279.4):
        steps = [text for text in page.texts if text.y == pytest.approx(row)]
        assert len(steps) == 3
        assert len({run.size_pt for text in steps for run in text.runs}) == 1
        assert [text.box.x for text in steps] == pytest.approx([19.8, 66.3, 112.9], abs=0.01)


@pytest.mark.parametrize("piece", SHEETS)
def test_every_size_is_the_same_picture(shop, piece):
    (order, (page,)), (_, (a3,)) = laid_out(shop, piece), laid_out(shop, "poster-a3")
    k = order.unit / 4.95
    assert page.codes[0].box.w == pytest.approx(99 * k)
    for words in ("Kể lại", "Thôn Nà Lải", "0300 000 101", "Không tự ý"):
        assert (text_of(page, words).box.x, text_of(page, words).y) == pytest.approx(
            (text_of(a3, words).box.x * k, text_of(a3, words).y * k), rel=0.01
        )


@pytest.mark.parametrize("piece", ["poster-a3", "leaflet-a5", "leaflet-a4"])
def test_ha_tinh_has_tiled_houses_and_nothing_else_is_moved(shop, piece):
    tiled = replace(shop, themes={**shop.themes, "ban-do": replace(shop.themes["ban-do"], house="tiled")})
    (_, stilts), (_, bays) = laid_out(shop, piece), laid_out(tiled, piece)
    assert said(stilts[0]) == said(bays[0])
    assert stilts[0].codes == bays[0].codes
    mine, other = (set(page.ops) for page in (stilts[0], bays[0]))
    assert 0 < len(other - mine) <= 7  # plinth, walls and roof with their outlines, and the lines
    assert 0 < len(mine - other) <= 10  # two houses of walls, roof and lines
    assert stilts[1:] == bays[1:]


def test_a_house_that_nobody_drew_is_refused(deployment_copy):
    path = deployment_copy()
    text = (path / "pieces.toml").read_text()
    assert 'house = "stilt"' in text
    (path / "pieces.toml").write_text(text.replace('house = "stilt"', 'house = "castle"'))
    with pytest.raises(BadDeployment, match="house"):
        shop_of(load_deployment(path))


def test_leaflets_carry_smaller_codes_each_under_its_own_verb(shop):
    _, (front, back) = laid_out(shop, "leaflet-a4")
    assert [code.role for code in front.codes] == ["link"]
    assert [(code.role, code.symbol.payload.lower()) for code in back.codes] == [("call", "tel:0300000101"), ("sms", "smsto:8088:ls tn01")]
    for code, verb, below in zip(back.codes, ("Gọi trưởng thôn", "Nhắn"), ("Quét để gọi", "bấm Gửi"), strict=True):
        assert text_of(back, verb).box.x == pytest.approx(code.box.x, abs=0.01)
        assert text_of(back, verb).box.bottom < code.box.y < code.box.bottom < text_of(back, below).box.y
    assert len({code.symbol.version for code in back.codes}) == 1
    assert back.codes[1].box.x - back.codes[0].box.right >= 8 * back.codes[0].module_mm


def test_with_an_official_account_there_are_three(shop):
    _, (_, back) = laid_out(with_campaign(shop, zalo="https://zalo.me/1234567890123456789"), "leaflet-a4")
    assert [code.role for code in back.codes] == ["call", "sms", "zalo"]
    assert "Gặp Ban" not in "\n".join(said(back))


@pytest.mark.parametrize("lang", ["en", "lo"])
def test_abroad_one_texts_a_number_that_can_be_reached(shop, lang):
    _, (_, back) = laid_out(shop, "leaflet-a4", lang)
    text = "\n".join(said(back))
    assert "+84 300 000 088" in text
    assert any("300000088" in code.symbol.payload for code in back.codes)
    assert "8088" not in text.replace("000 088", "")
    _, (_, without) = laid_out(with_campaign(shop, number_abroad=None), "leaflet-a4", lang)
    assert [code.role for code in without.codes] == ["call"]
    assert "LS TN01" not in "\n".join(said(without))


@pytest.mark.parametrize("piece", ["leaflet-a5", "leaflet-a4"])
@pytest.mark.parametrize("lang", LANGS)
def test_the_way_on_the_back_leads_to_the_answers(shop, piece, lang):
    """The dotted way ends where the solid line begins, and that line's other end is the column's edge."""
    order, (_, back) = laid_out(shop, piece, lang)
    fills = [op for op in back.ops if isinstance(op, Fill) and op.ink == order.palette.field and op.path.bounds().x > 0]
    way = max(fills, key=lambda op: op.path.bounds().h)
    divider = next(op for op in back.ops if isinstance(op, Stroke) and len(op.path.segments) == 2)
    last = [segment.points[0] for segment in way.path.segments if segment.op == "M"][-1]
    (sure,), (edge,) = (segment.points for segment in divider.path.segments)
    assert last.y == pytest.approx(sure.y, abs=0.1)
    assert 0 < last.x - sure.x < 1.5 * order.unit
    assert edge.x == pytest.approx(4 * order.unit, abs=0.1)


@pytest.mark.parametrize(("piece", "codes"), [("poster-a3", 1), ("leaflet-a5", 1), ("leaflet-a4", 3)])
@pytest.mark.parametrize("lang", LANGS)
def test_the_file_passes_and_its_codes_read_back(shop, piece, codes, lang, tmp_path):
    assert len(make(shop, Ticket("TN01", piece, "ban-do", lang), tmp_path).qr) == codes


@pytest.mark.parametrize("piece", ["board-3x4", "board-4x6", "board-6x12"])
@pytest.mark.parametrize("lang", LANGS)
def test_on_boards_the_land_reaches_both_edges_and_the_path_the_code(shop, piece, lang):
    order, (page,) = laid_out(shop, piece, lang)
    bleed = order.piece.bleed_box
    lines = [op.path.bounds() for op in page.ops if isinstance(op, Stroke) and op.ink == order.palette.gold]
    assert min(box.x for box in lines) < bleed.x
    assert max(box.right for box in lines) > bleed.right
    path = [op for op in page.ops if isinstance(op, Fill) and op.ink == order.palette.field][-1]
    last = [segment.points[0] for segment in path.path.segments if segment.op == "M"][-1]
    solid = next(op for op in page.ops if isinstance(op, Stroke) and op.ink == order.palette.field)
    start = solid.path.segments[0].points[0]
    assert abs(start.x - last.x) < 2 * solid.width_mm
    assert 0 < start.y - last.y < 5 * solid.width_mm


@pytest.mark.parametrize("piece", ["board-3x4", "board-4x6", "board-6x12"])
def test_nothing_is_drawn_behind_the_words(shop, piece):
    """The land stays clear of the line over it and of the answer under it."""
    order, (page,) = laid_out(shop, piece)
    land = [op.path.bounds() for op in page.ops if isinstance(op, Stroke) and op.ink == order.palette.gold]
    for text in page.texts:
        assert not any(
            box.x < text.box.right and text.box.x < box.right and box.y < text.box.bottom and text.box.y < box.bottom for box in land
        )


def test_the_number_on_a_board_has_capitals_of_300_mm(shop):
    """press.md §8.4, on boards of 4 m and more."""
    for piece in ("board-4x6", "board-6x12"):
        _, (page,) = laid_out(shop, piece)
        digits = text_of(page, "0300 000 101").letters
        assert max(box.h for box in digits) >= 300


@pytest.mark.parametrize("piece", ["board-3x4", "board-4x6", "board-6x12"])
def test_a_long_name_first_loses_the_commune(shop, piece):
    _, (page,) = laid_out(with_village(shop, kind="tổ dân phố", name="Khuổi Tẳng - Phiêng Bưa 2"), piece)
    assert any(line.lower() == "tổ dân phố khuổi tẳng - phiêng bưa 2" for line in said(page)) != (piece == "board-6x12")


@pytest.mark.parametrize("name", ["Khu tái định cư 12 Lũng Mười Nà Lải", "Phiêng Bưa Nà Sla Lũng Mười Tằm Mốc"])
def test_the_longest_names_take_two_lines_over_the_number(shop, name):
    order, (page,) = laid_out(with_village(shop, kind="khu phố", name=name), "board-3x4")
    found = " ".join(said(page))
    assert name.split()[0] in found
    assert name.split()[-1] in found
    assert text_of(page, name.split()[-1]).box.bottom < text_of(page, "0300").box.y - 0.05 * order.piece.trim[1] / 10
    with pytest.raises(Refused, match="not even on two lines"):
        laid_out(with_village(shop, name=" ".join(["Khuổi"] * 12)), "board-3x4")


@pytest.mark.parametrize("piece", ["leaflet-a5", "leaflet-a4"])
def test_a_long_name_of_a_person_gives_way_to_the_office(shop, piece):
    """Better the office alone than letters that nobody over 60 can read."""
    long = with_village(shop, contact_name="Nguyễn Thị Phương Thảo Khánh Huyền")
    assert "Gọi trưởng thôn" in said(laid_out(long, piece)[1][0])
    assert "Gọi trưởng thôn Hoàng Văn Thí Dụ" in said(laid_out(shop, piece)[1][0])
