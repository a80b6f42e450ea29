import io

import pytest

from collateral.geometry import PT_PER_MM
from collateral.ink import BLACK
from collateral.refusal import Refused
from collateral.setting import Setter, Style, points_for_cap
from collateral.type import BOLD, CAP_HEIGHT, LAO, LAO_BOLD, MEDIUM, REGULAR, SLOGAN, face

SETTER = Setter(face, "TN01 poster-a3")
ALL_LETTERS = "aàáảãạăằắẳẵặâầấẩẫậeèéẻẽẹêềếểễệiìíỉĩịoòóỏõọôồốổỗộơờớởỡợuùúủũụưừứửữựyỳýỷỹỵđ"


@pytest.mark.parametrize("name", [REGULAR, MEDIUM, BOLD])
def test_every_vietnamese_letter_is_there(name):
    assert not face(name).missing(ALL_LETTERS + ALL_LETTERS.upper() + "₫–·×“”")


def test_the_slogan_face_has_the_capitals_and_plain_small_letters():
    assert not face(SLOGAN).missing(ALL_LETTERS.upper() + "500 days and nights to bring them home")
    assert face(SLOGAN).missing("★ố★") == "★ố"


@pytest.mark.parametrize("name", [name for name in CAP_HEIGHT if name not in (LAO, LAO_BOLD)])
def test_cap_heights_are_the_fonts_own(name):
    assert face(name).glyph("H").top == pytest.approx(CAP_HEIGHT[name], abs=0.012)


@pytest.mark.parametrize("name", [LAO, LAO_BOLD])
def test_a_lao_letter_does_the_work_of_a_small_one(name):
    """Lao has no capitals: its letters count as Be Vietnam Pro's small ones, less the tenth that Lao is set larger (press.md §8.1)."""
    small, capital = (face(BOLD).glyph(letter).top for letter in "xH")
    assert face(name).glyph("ນ").top / small * capital / 1.1 == pytest.approx(CAP_HEIGHT[name], abs=0.02)


def test_the_fonts_kern_their_gaping_pairs():
    """ "LÝ" and "TA" gape without."""
    assert face(BOLD).kern_em("L", "Ý") < -0.1
    assert face(BOLD).kern_em("T", "A") < -0.05
    assert face(BOLD).kern_em("n", "n") == 0


def test_width_matches_reportlab_where_nothing_kerns():
    from reportlab.pdfbase.ttfonts import TTFont

    text = SETTER.line("nnn", 0, 0, Style(MEDIUM, 100, BLACK))
    bearings = face(MEDIUM).glyph("n").left + face(MEDIUM).glyph("n").advance - face(MEDIUM).glyph("n").right
    advance = TTFont(MEDIUM, io.BytesIO(face(MEDIUM).data)).stringWidth("nnn", 100)
    assert text.box.w == pytest.approx((advance - bearings * 100) / PT_PER_MM, abs=0.01)


def test_the_ink_begins_at_x_and_ends_there_when_aligned_right():
    left = SETTER.line("Thôn Nà Lải", 20, 50, Style(BOLD, 40, BLACK))
    assert left.box.x == pytest.approx(20)
    assert SETTER.line("Thôn Nà Lải", 100, 50, Style(BOLD, 40, BLACK), align="right").box.right == pytest.approx(100)
    assert left.box.y < 50 < left.box.bottom  # ả stands over it, nothing hangs under but the dot of no letter


def test_marks_stand_inside_the_box():
    plain, marked = (SETTER.line(t, 0, 0, Style(BOLD, 40, BLACK)).box for t in ("A", "Ẩ"))
    assert marked.y < plain.y


def test_a_missing_glyph_is_refused_by_name():
    with pytest.raises(Refused, match=r"no glyph for ★ \(U\+2605\)"):
        SETTER.line("sao ★", 0, 0, Style(BOLD, 40, BLACK))


@pytest.mark.parametrize("text", ["", " "])
def test_a_line_without_words_is_refused(text):
    """A deck's empty string must fail its own piece, not the batch."""
    with pytest.raises(Refused, match="A line has no letters"):
        SETTER.line(text, 0, 0, Style(BOLD, 40, BLACK))


def test_overflow_is_refused_with_both_widths():
    with pytest.raises(Refused, match=r'"Khuổi Tẳng" needs .* mm and has 10\.0 mm'):
        SETTER.line("Khuổi Tẳng", 0, 0, Style(BOLD, 40, BLACK), width=10)


def test_fitted_fills_its_column():
    text = SETTER.fitted("0300 000 101", 0, 0, Style(BOLD, 200, BLACK), 135.6)
    assert 135.2 < text.box.w <= 135.61


def test_what_is_said_aside_gives_way_first():
    """A long price makes itself small, by a seventh, before it makes small what must be typed."""
    style, text = Style(REGULAR, 40, BLACK, strong=BOLD, aside=0.6), "Nhắn **LS TN01** nội dung, gửi **8088** ~(15.000 đ/tin)~"
    needed = SETTER.width(text, style)
    sizes = [[SETTER.fitted(text, 0, 0, style, width).runs[i].size_pt for i in (0, -1)] for width in (needed, needed - 6, needed - 40)]
    assert sizes[0] == [40, 24]
    assert sizes[1] == [40, pytest.approx(21.5, abs=0.6)]
    assert sizes[2][0] < 40
    assert sizes[2][1] / sizes[2][0] == pytest.approx(0.51)
    assert SETTER.fitted(text, 0, 0, style.at(15), needed * 0.36).runs[-1].size_pt > 8  # never under what a press holds reversed


def test_fitted_refuses_under_its_least():
    with pytest.raises(Refused):
        SETTER.fitted("Thôn Khuổi Tẳng", 0, 0, Style(BOLD, 40, BLACK), 60, least=0.8)


def test_markup_sets_typed_words_bold_and_asides_small():
    style = Style(REGULAR, 20, BLACK, strong=BOLD, aside=0.5)
    runs = SETTER.line("Nhắn **LS TN01** gửi **8088** ~(1.000 đ/tin)~", 0, 0, style).runs
    assert [(run.text, run.face, run.size_pt) for run in runs] == [
        ("Nhắn ", REGULAR, 20),
        ("LS TN01", BOLD, 20),
        (" gửi ", REGULAR, 20),
        ("8088", BOLD, 20),
        (" ", REGULAR, 20),
        ("(1.000 đ/tin)", REGULAR, 10),
    ]


def test_points_for_cap():
    assert points_for_cap(BOLD, 10) == pytest.approx(38.3, abs=0.05)  # design §2.2: pt = 3.83 × cap height in mm


def test_the_slogan_font_is_the_same_bytes_each_time():
    from collateral.type import slogan_font

    assert slogan_font.__wrapped__() == slogan_font()
