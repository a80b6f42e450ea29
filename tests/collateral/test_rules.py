"""What can't be read where people stand, on that ground or on that stock, is not printed; what we ship can be."""

from dataclasses import replace

import pytest

from collateral.batch import Ticket, lay_out
from collateral.display import Clip, Fill, Page, Stroke
from collateral.geometry import Box, Point, circle, line, rectangle
from collateral.ink import BLACK, Ink
from collateral.layout.rules import faults, judged
from collateral.refusal import Refused
from collateral.setting import Setter, Style
from collateral.type import BOLD, MEDIUM, REGULAR, SLOGAN, face
from tests.collateral.conftest import with_campaign, with_village

SETTER = Setter(face, "TN01 poster-a3")
GREY = Ink(0, 0, 0, 75)


@pytest.fixture
def order(shop):
    return lay_out(shop, Ticket("TN01", "poster-a3", "nguon", "vi"))[0]


def page(*ops, ground=None) -> Page:
    return Page(297, 420, ((Fill(rectangle(Box(0, 0, 297, 420)), ground),) if ground else ()) + ops)


def words(text: str = "Nà Lải", size_pt: float = 40, ink: Ink = BLACK, y: float = 100, x: float = 30, name: str = BOLD, level: int = 4):
    return SETTER.line(text, x, y, Style(name, size_pt, ink, level=level))


def said(order, laid: Page) -> list[str]:
    return [str(fault) for fault in faults(order, laid)]


def test_what_must_be_read_is_large_enough_for_the_distance(order):
    """A3 is read from 1 m: 5 mm of capitals, 19 pt (press.md §8.2)."""
    assert said(order, page(words(size_pt=19.2, level=3))) == []
    [fault] = said(order, page(words(size_pt=17, level=3)))
    assert 'TN01 poster-a3: layout: "Nà Lải" has capitals of 4.4 mm, read from 1 m it needs 5.0 mm' in fault
    assert said(order, page(words(size_pt=17))) == []  # level 4 is read at arm's length


def test_the_number_is_large_enough_for_the_elderly(order):
    """Theirs is the number: twice what is legible (design §2.2)."""
    assert said(order, page(words("0300 000 101", 39, level=3))) == []
    assert "it needs 10.0 mm" in said(order, page(words("0300 000 101", 34, level=3)))[0]
    assert said(order, page(words("0300 000 999", 34, level=3))) == []  # some other number


def test_the_distance_is_the_piece_s(order):
    far = replace(order, piece=replace(order.piece, distance_m=4))
    assert len(said(far, page(words(size_pt=40, level=2)))) == 1


def test_what_is_said_aside_may_be_smaller(order):
    aside = SETTER.line("gửi 8088 ~(1.000 đ/tin)~", 30, 100, Style(REGULAR, 20, BLACK, aside=0.6, level=3))
    assert said(order, page(aside)) == []


@pytest.mark.parametrize(
    ("size_pt", "ink", "ground", "good"),  # press.md §1.4: 6 pt from one plate, 8 pt reversed or from several
    [
        (6, "grey", "ivory", True),
        (5.7, "grey", "ivory", False),
        (8, "ivory", "field", True),
        (7.5, "ivory", "field", False),
        (7.5, "field", "ivory", False),
        (7.5, "black", "ivory", True),
    ],
)
def test_small_print_is_as_large_as_the_press_holds(order, size_pt, ink, ground, good):
    palette = order.palette
    found = said(order, page(words(size_pt=size_pt, ink=getattr(palette, ink), level=5), ground=getattr(palette, ground)))
    assert (found == []) is good, found


def test_cloth_holds_no_capitals_under_ten_millimetres(order):
    cloth = replace(order, piece=replace(order.piece, stock="cloth"))
    assert said(cloth, page(words(size_pt=39))) == []
    assert "on cloth the least is 10 mm" in said(cloth, page(words(size_pt=37)))[0]


def test_a_screen_needs_rows_of_pixels(order):
    screen = replace(order, piece=replace(order.piece, stock="screen", pixel_mm=10, distance_m=1))
    assert said(screen, page(words(size_pt=28))) == []
    assert "pixels, the least is 7" in said(screen, page(words(size_pt=20)))[0]


@pytest.mark.parametrize(
    ("size_pt", "ink", "ground", "level", "good"),
    [
        (16, "ivory", "field", 4, True),
        (16, "field", "ivory", 4, True),
        (16, "black", "ivory", 4, True),
        (16, "gilt", "field", 4, False),
        (16, "grey", "ivory", 4, False),
        (16, "grey", "ivory", 5, True),
        (39, "gilt", "field", 4, True),  # large: capitals of a hundredth of the distance
        (39, "gold", "ivory", 4, False),  # never text (design §2.3)
        (78, "black", "field", 1, False),
    ],
)
def test_text_stands_off_its_ground(order, size_pt, ink, ground, level, good):
    palette = order.palette
    found = said(order, page(words(size_pt=size_pt, ink=getattr(palette, ink), level=level), ground=getattr(palette, ground)))
    assert (found == []) is good, found


def test_the_ground_is_what_was_painted_last_under_the_words(order):
    """A disc, a clipped field, half a field: each counts."""
    ink = order.palette
    light = words(ink=ink.ivory, x=100, y=100)
    disc, half = Fill(circle(Point(120, 95), 40), ink.field), Fill(rectangle(Box(0, 0, 118, 420)), ink.field)
    assert said(order, page(disc, light, ground=ink.ivory)) == []
    assert said(order, page(Clip(Box(80, 60, 90, 60), (Fill(rectangle(Box(0, 0, 297, 420)), ink.field),)), light, ground=ink.ivory)) == []
    assert "stands off its ground by 1.0" in said(order, page(Clip(Box(0, 0, 9, 9), (disc,)), light, ground=ink.ivory))[0]
    assert said(order, page(half, light, ground=ink.ivory))  # its right half stands on ivory
    assert said(order, page(light))  # no ground: paper


@pytest.mark.parametrize(
    ("upper", "lower", "step", "good"),  # design §2.2: 1.22 only where nothing hangs over a stacked mark
    [
        ("nơi anh nằm", "Ai nhớ lại", 1.22, True),
        ("Gặp một", "Ẩm Ẩm Ẩm", 1.22, False),
        ("Gặp một", "Ẩm Ẩm Ẩm", 1.5, True),
        ("ຄ່ຳ ຢູ່", "ປີ້ ນ້ຳ", 1.3, False),
    ],
)
def test_marks_stand_clear_of_the_line_above(order, upper, lower, step, good):
    em = 40 * 25.4 / 72
    found = said(order, page(words(upper), words(lower, y=100 + step * em)))
    assert (found == []) is good, found
    if not good:
        assert "Give the lines more leading" in found[0]


def test_gold_is_a_line_and_a_slogan(order):
    """At most a tenth of the piece (press.md §8.1)."""
    ink = order.palette
    slogan = words("NHỚ NGUỒN", 78, ink.gilt, name=SLOGAN, level=1)
    stroke = Stroke(line((Point(10, 200), Point(280, 400))), ink.gilt, 0.95)
    assert said(order, page(slogan, stroke, ground=ink.field)) == []
    bar = Fill(rectangle(Box(0, 300, 297, 45)), ink.gold)
    assert "Gold covers 13% of Áp phích A3" in said(order, page(slogan, bar, ground=ink.field))[0]
    assert said(order, page(Fill(rectangle(Box(0, 300, 297, 45)), ink.field))) == []


def test_the_first_fault_stops_the_piece(order):
    with pytest.raises(Refused, match="stands off its ground"):
        judged(order, [page(words(size_pt=16, ink=order.palette.gilt), ground=order.palette.field)])
    assert judged(order, [page(words())]) == (page(words()),)


def shipped_tickets(shop, lang: str) -> list[Ticket]:
    return [Ticket("TN01", piece, theme, lang) for piece, made in shop.pieces.items() for theme in made.layouts]


@pytest.mark.parametrize("lang", ["vi", "en", "lo"])
def test_every_piece_in_every_theme_can_be_read(shop, lang):
    refusals = []
    for ticket in shipped_tickets(shop, lang):
        try:
            lay_out(shop, ticket)
        except Refused as why:
            refusals.append(f"{ticket.piece} {ticket.theme}: {why}")
    assert refusals == []


@pytest.mark.parametrize(("kind", "name"), [("tổ dân phố", "Đông Khuổi Tẳng"), ("thôn", "Phiêng Ẩm - Gặp Ặng 2"), ("khu phố", "Ỷ Tý")])
def test_no_name_brings_the_marks_together(shop, kind, name):
    """The names of design §2.6 and worse: a dot under, a stack over."""
    for ticket in shipped_tickets(shop, "vi"):
        lay_out(with_village(shop, kind=kind, name=name), ticket)


def test_the_smallest_of_a_campaign_still_reads(shop):
    bare = with_campaign(shop, ussd="", free_by_contract="HD 12/2026")
    for ticket in shipped_tickets(shop, "vi"):
        lay_out(bare, ticket)


def test_medium_weighs_as_regular():
    """Both stand in the same Lao face; nothing is set in a weight that is not there."""
    assert {run.face for name in (REGULAR, MEDIUM) for run in SETTER.line("ກ", 0, 0, Style(name, 20, BLACK)).runs} == {
        "NotoSansLao-Regular"
    }
