"""Concept A on sheets and small things: A sizes, the blank poster and its decal, wallet card, table card, sign, round and square decals."""

import io
from dataclasses import replace
from itertools import pairwise

import pikepdf
import pytest

from collateral.batch import Ticket, draw_ticket, lay_out
from collateral.display import Clip, Code, Page, Stroke, Text, Turned
from collateral.draw_pdf import _broken, _fold_marks
from collateral.geometry import Box, Path, Point, flattened
from collateral.ink import BLACK, CUT
from collateral.layout.nguon_answer import FIELD, STEM_X, entered
from collateral.ornament import Pen, small_lotus
from collateral.preflight import preflight
from collateral.readback import read_back
from collateral.refusal import Refused
from collateral.setting import Setter, Style
from collateral.type import BOLD, face
from tests.collateral.conftest import with_campaign, with_village

SHEETS = ("poster-a4", "poster-a3", "poster-a2", "poster-a1", "poster-a0")
DECALS = ("decal-village", "decal-round", "decal-square")
SMALL = (*DECALS, "wallet-card", "table-card", "house-sign")
PIECES = (*SHEETS, "poster-a3-blank", *SMALL)
LANGS = ("vi", "en", "lo")
NAMES = (  # design §2.6, step by step
    ("thôn", "Khuổi Tẳng Nà Sla"),
    ("tổ dân phố", "Đông Khuổi Tẳng"),
    ("tổ dân phố", "Khuổi Tẳng - Phiêng Bưa 2"),
    ("khu phố", "Khu tái định cư 12 Lũng Mười Nà Lải"),
)


def pages_of(shop, piece: str, lang: str = "vi") -> tuple[Page, ...]:
    return lay_out(shop, Ticket("TN01", piece, "nguon", lang))[1]


def said(text: Text) -> str:
    return "".join(run.text for run in text.runs)


def words(shop, piece: str, lang: str = "vi") -> str:
    return "\n".join(said(text) for page in pages_of(shop, piece, lang) for text in page.texts)


def strokes(page: Page) -> list[Stroke]:
    """All lines of the page, clipped ones too."""
    ops = [inner for op in page.ops for inner in (op.inside if isinstance(op, Clip) else (op,))]
    return [op for op in ops if isinstance(op, Stroke)]


def ends(path: Path) -> tuple[Point, Point]:
    way = flattened(path)
    return way[0], way[-1]


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("piece", PIECES)
def test_every_piece_passes_in_every_language(shop, piece, lang):
    """Preflight finds nothing, every code reads back, and a second run gives the same bytes."""
    ticket = Ticket("TN01", piece, "nguon", lang)
    drawn = draw_ticket(shop, ticket)
    read = read_back(drawn.pdf, drawn.note)
    assert (*preflight(drawn.pdf).findings, *read.findings) == ()
    assert sorted(read.payloads) == sorted(code.payload for code in drawn.note.codes)
    assert draw_ticket(shop, ticket).pdf == drawn.pdf


@pytest.mark.parametrize("piece", [piece for piece in PIECES if piece != "poster-a3-blank"])
def test_every_piece_says_whom_to_call(shop, piece):
    assert "0300 000 101" in words(shop, piece)
    assert "Thôn Nà Lải" in words(shop, piece)
    assert "Ban CHQS" in words(with_village(shop, contact=None, contact_name=""), piece) or piece in DECALS


@pytest.mark.parametrize("lang", ["en", "lo"])
@pytest.mark.parametrize("piece", PIECES)
def test_abroad_there_is_no_short_code(shop, piece, lang):
    text = words(shop, piece, lang)
    assert "8088" not in text
    if piece != "poster-a3-blank":
        assert "+84 300 000 101" in text


@pytest.mark.parametrize("piece", SHEETS)
def test_a_sizes_are_one_picture(shop, piece):
    """Design §2.1: everything grows by u; fitted sizes round to a tenth of a point, the price keeps its least size."""
    drawn, sheet = pages_of(shop, "poster-a3")[0], pages_of(shop, piece)[0]
    k = sheet.width / drawn.width
    assert len(sheet.ops) == len(drawn.ops)
    for one, other in zip(drawn.texts, sheet.texts, strict=True):
        has_price = any("đ/tin" in run.text for run in one.runs)
        assert (other.y, other.box.h) == pytest.approx((one.y * k, one.box.h * k), rel=0.04 if has_price else 0.02)
        if one.box.right < 200:  # what ends at the right edge also depends on the piece's own code
            assert other.box.x == pytest.approx(one.box.x * k, abs=0.02)
    assert sheet.codes[0].module_mm == pytest.approx(3.0 * k)


@pytest.mark.parametrize(("piece", "module_mm"), [("poster-a2", 4.24), ("poster-a1", 6.0), ("poster-a0", 8.49), ("wallet-card", 0.9)])
def test_codes_are_as_large_as_designed(shop, piece, module_mm):
    code = next(code for page in pages_of(shop, piece) for code in page.codes)
    assert code.module_mm == pytest.approx(module_mm, abs=0.01)
    assert code.module_mm >= shop.pieces[piece].least_module_mm


@pytest.mark.parametrize("piece", [*SHEETS, "decal-round", "decal-square", "table-card", "house-sign"])
def test_one_stroke_from_the_lotus_round_the_code(shop, piece):
    """The stroke begins on the lotus, does not break on its way, goes round the code and stops short of closing."""
    page = pages_of(shop, piece)[0]
    ways = [op.inside for op in page.ops if isinstance(op, Clip)]
    assert [[part.path for part in way] for way in ways[:1]] == [[part.path for part in way] for way in ways[1:]]
    way = [part.path for part in ways[0] if isinstance(part, Stroke)]
    for before, after in pairwise(way):
        assert ends(before)[1] == pytest.approx(ends(after)[0])
    code = page.codes[-1].box
    around = [point for path in way for point in flattened(path)]
    assert min(p.x for p in around) < code.x < code.right < max(p.x for p in around)
    assert min(p.y for p in around) < code.y < code.bottom < max(p.y for p in around)
    assert ends(way[-1])[1] != pytest.approx(ends(way[-1])[0], abs=5 * ways[0][0].width_mm)


def test_the_wallet_cards_stroke_crosses_the_edge_at_one_x(shop):
    """Out over the front's foot, in over the back's head, at the same x: the sheet is turned over its long edge (design §4.9)."""
    front, back = pages_of(shop, "wallet-card")
    piece = shop.pieces["wallet-card"]
    (leaves,) = [ends(stroke.path)[1] for stroke in strokes(front) if ends(stroke.path)[1].y > piece.trim[1]]
    (enters,) = [ends(stroke.path)[0] for stroke in strokes(back)]
    assert leaves == pytest.approx((66.5, piece.trim[1] + piece.bleed))
    assert enters == pytest.approx((66.5, -piece.bleed))


def test_the_wallet_card_carries_the_villages_keyword_and_its_price(shop):
    text = words(shop, "wallet-card")
    assert "LS TN01 nội dung\ngửi 8088 (1.000 đ/tin)" in text
    assert "Không tự ý đào bới." in text


def test_a_long_commune_loses_its_province_on_the_card_first(shop):
    long = with_campaign(shop, province_name="tỉnh Bà Rịa - Vũng Tàu")
    assert "xã Thống Nhất" in words(long, "wallet-card").splitlines()
    with pytest.raises(Refused, match="wallet-card"):
        pages_of(with_campaign(shop, commune_title="xã Thống Nhất Khuổi Tẳng Nà Sla Phiêng Bưa"), "wallet-card")


@pytest.mark.parametrize("lang", LANGS)
def test_stuck_on_the_blank_poster_the_decal_completes_it(shop, lang):
    """Line for line what the whole poster prints there, the stroke included."""
    whole, blank, decal = (pages_of(shop, piece, lang)[0] for piece in ("poster-a3", "poster-a3-blank", "decal-village"))
    assert (decal.width, decal.height) == (FIELD.w, FIELD.h)
    stuck = {(said(t), round(t.box.x + FIELD.x, 2), round(t.box.y + FIELD.y, 2)) for t in decal.texts if "/Q/" not in said(t)}
    printed = {(said(t), round(t.box.x, 2), round(t.box.y, 2)) for t in whole.texts if "/Q/" not in said(t)}
    under = {(said(t), round(t.box.x, 2), round(t.box.y, 2)) for t in blank.texts}
    assert stuck <= printed
    foot = {text for text, _, _ in printed - stuck - under}
    assert len(foot) == 1  # the piece's own code, which differs
    code, printed_code = decal.codes[0].box, whole.codes[0].box
    assert (code.x + FIELD.x, code.y + FIELD.y) == pytest.approx((printed_code.x, printed_code.y))
    assert ends(strokes(decal)[0].path)[0].x == pytest.approx(STEM_X)


def test_the_blank_field_is_blank_but_for_what_the_decal_covers(shop):
    (page,) = pages_of(shop, "poster-a3-blank")
    covered = FIELD.inset(2)  # the decal may lie 2 mm off
    assert not page.codes
    assert "Nà Lải" not in words(shop, "poster-a3-blank")
    for text in page.texts:
        assert covered.holds(text.box) or text.box.bottom < FIELD.y or text.box.y > FIELD.bottom, said(text)
    ticks = page.ops[[isinstance(op, Text) and said(op).startswith("Dán tem") for op in page.ops].index(True) - 1]
    assert isinstance(ticks, Stroke)
    assert covered.holds(ticks.path.bounds())


@pytest.mark.parametrize("piece", PIECES)
def test_only_decals_are_cut_out_by_a_plotter(shop, piece):
    cut = [op for page in pages_of(shop, piece) for op in page.ops if isinstance(op, Stroke) and op.ink == CUT]
    assert len(cut) == (piece in DECALS)
    for line in cut:
        trim, found = shop.pieces[piece].trim_box, line.path.bounds()
        assert (found.x, found.y, found.w, found.h) == pytest.approx((trim.x, trim.y, trim.w, trim.h), abs=0.01)


@pytest.mark.parametrize("piece", DECALS)
def test_the_cut_is_a_plate_of_its_own_and_overprints(shop, piece):
    with pikepdf.open(draw_to_memory(shop, piece)) as pdf:
        page = pdf.pages[0]
        names = {str(space[1]) for space in page.Resources.ColorSpace.values()}
        states = list(page.Resources.ExtGState.values())
    assert "/CutContour" in names
    assert any(bool(state.get("/OP")) for state in states)


def draw_to_memory(shop, piece: str) -> io.BytesIO:
    return io.BytesIO(draw_ticket(shop, Ticket("TN01", piece, "nguon", "vi")).pdf)


def test_text_outside_the_round_is_refused(shop):
    """The corners of the square safe area lie outside the circle."""
    piece = shop.pieces["decal-round"]
    wider = replace(shop, pieces={**shop.pieces, "decal-round": replace(piece, safe=8)})
    with pytest.raises(Refused, match="outside the round safe area"):
        pages_of(wider, "decal-round")
    pages_of(replace(shop, pieces={**shop.pieces, "decal-round": replace(piece, safe=5)}), "decal-round")


def test_both_faces_of_the_table_card_say_the_same(shop):
    (page,) = pages_of(shop, "table-card")
    ridge = page.height / 2
    near, far = [t for t in page.texts if t.box.y > ridge], [t for t in page.texts if t.box.bottom < ridge]
    assert sorted(map(said, near)) == sorted(map(said, far))
    one, other = page.codes
    assert one.symbol == other.symbol
    assert one.box.x + other.box.right == pytest.approx(page.width)
    assert one.box.y + other.box.bottom == pytest.approx(page.height)


def test_the_table_card_is_folded_at_its_ridge_and_feet(shop):
    (page,) = pages_of(shop, "table-card")
    first, ridge, last = page.folds_y
    assert ridge == page.height / 2
    assert ridge - first == last - ridge
    assert all(first < text.box.y and text.box.bottom < last for text in page.texts)


def test_fold_marks_lie_outside_the_bleed(shop):
    (page,), piece = pages_of(shop, "table-card"), shop.pieces["table-card"]
    marks = [mark.path.bounds() for mark in _fold_marks(page, piece)]
    assert len(marks) == 12  # two dashes at both edges, three folds
    assert {round(mark.y, 6) for mark in marks} == {round(y, 6) for y in page.folds_y}
    assert all(mark.right < piece.bleed_box.x or mark.x > piece.bleed_box.right for mark in marks)
    assert all(piece.media_box.holds(mark) for mark in marks)


def test_what_is_turned_is_checked_where_it_comes_to_stand():
    text = Setter(face, "TN01").line("Nà Lải", 10, 20, Style(BOLD, 20, BLACK))
    (placed,) = Turned(Point(50, 50), (text,)).placed()
    assert isinstance(placed, Text)
    assert (placed.box.x, placed.box.bottom) == pytest.approx((100 - text.box.right, 100 - text.box.y))
    assert placed.letters[0].right == pytest.approx(100 - text.letters[0].x)
    assert Page(100, 100, (Turned(Point(50, 50), (text,)),)).texts == (placed,)


def test_a_code_on_its_head_is_held_against_its_modules(shop):
    """A turned code reads like any other; one wrong module is found all the same."""
    drawn = draw_ticket(shop, Ticket("TN01", "table-card", "nguon", "vi"))
    assert read_back(drawn.pdf, drawn.note).findings == ()
    first, second = drawn.note.codes
    swapped = replace(drawn.note, codes=(replace(first, payload=first.payload[:-1] + "0"), second))
    assert {finding.rule for finding in read_back(drawn.pdf, swapped).findings} & {"code.unread", "code.place", "code.foreign"}


@pytest.mark.parametrize("piece", [piece for piece in PIECES if piece != "poster-a3-blank"])
@pytest.mark.parametrize(("kind", "name"), NAMES)
def test_long_names_fit_and_the_code_never_moves(shop, piece, kind, name):
    longer = with_village(shop, kind=kind, name=name, contact_name="Nguyễn Trần Hoàng Thị Minh Họa")
    usual, found = ([code.box for page in pages_of(each, piece) for code in page.codes] for each in (shop, longer))
    assert found == usual
    for part in name.split(" - "):
        assert part.split()[0] in words(longer, piece)


@pytest.mark.parametrize("piece", [piece for piece in PIECES if piece != "poster-a3-blank"])
def test_a_name_of_sixty_letters_is_refused_by_village_and_piece(shop, piece):
    with pytest.raises(Refused, match=f"^TN01 {piece}"):
        pages_of(with_village(shop, name="Khuổi" * 12), piece)


@pytest.mark.parametrize("piece", SMALL)
def test_a_piece_smaller_than_its_code_needs_is_refused(shop, piece):
    far = replace(shop, pieces={**shop.pieces, piece: replace(shop.pieces[piece], scan_m=3.0)})
    with pytest.raises(Refused, match="scanning from 3 m needs"):
        pages_of(far, piece)


def test_the_small_lotus_is_five_petals_two_of_them_mirrored():
    pen = Pen(BLACK, 0.4, BLACK)
    petals = [op.path for op in small_lotus(Point(0, 0), 1, pen)[::2]]
    assert len(petals) == 5
    for one, other in ((0, 1), (2, 3)):
        assert [(-p.x, p.y) for p in flattened(petals[one])] == flattened(petals[other])


def test_an_entering_stroke_lands_on_the_edge_and_stops_short():
    box = Box(10, 20, 40, 40)
    way = flattened(entered(box, 2, Point(30, 0), 26))
    assert (way[0], way[-1]) == (Point(30, 0), Point(26, 20))
    assert max(p.y for p in way) == box.bottom
    assert min(p.x for p in way) == box.x
    assert all(p.y <= box.bottom and p.x <= box.right for p in way)


@pytest.mark.parametrize(
    ("text", "room", "lines"),
    [
        ("ab · cd · ef", 12, ["ab · cd · ef"]),
        ("ab · cd · ef", 7, ["ab · cd", "ef"]),
        ("abcdefgh · ij", 4, ["abcdefgh", "ij"]),
        ("a", 0, ["a"]),
    ],
)
def test_the_slug_breaks_at_its_dots(text, room, lines):
    assert _broken(text, lambda part: len(part) <= room) == lines


def test_codes_stand_upright_but_on_the_far_face(shop):
    (page,) = pages_of(shop, "table-card")
    assert sum(isinstance(op, Turned) for op in page.ops) == 1
    assert not any(isinstance(op, Turned) for piece in PIECES if piece != "table-card" for side in pages_of(shop, piece) for op in side.ops)
    assert sum(isinstance(op, Code) for op in page.ops) == 1


@pytest.mark.parametrize(
    ("piece", "left"), [("poster-a3", 19.8), ("poster-a3-blank", 19.8), ("wallet-card", 6), ("table-card", 12), ("house-sign", 26)]
)
def test_left_edges_are_one_line(shop, piece, left):
    """Ink begins at the margin, whatever a letter's side bearing (design §2.1)."""
    for page in pages_of(shop, piece):
        column = [
            text.box.x for text in page.texts if text.box.x < page.width / 4 and text.box.y > (page.height / 2 if page.folds_y else 0)
        ]
        assert len(column) >= 4
        assert column == pytest.approx([left] * len(column), abs=0.01)


def test_without_ussd_the_table_card_does_not_name_it(shop):
    assert "Bấm *8088#" in words(shop, "table-card")
    assert "Bấm" not in words(with_campaign(shop, ussd=""), "table-card")


@pytest.mark.parametrize("piece", ["wallet-card", "decal-round", "decal-square"])
def test_an_address_too_long_to_be_typed_from_a_small_thing_is_refused(shop, piece):
    with pytest.raises(Refused, match=f"^TN01 {piece}"):
        pages_of(with_campaign(shop, link_base="HTTPS://TIMLIETSI.THONGNHAT.LANGSON.EXAMPLE"), piece)


@pytest.mark.parametrize("piece", [piece for piece in PIECES if piece != "poster-a3-blank"])
def test_no_number_at_all_is_refused(shop, piece):
    with pytest.raises(Refused, match="no number to call"):
        pages_of(with_village(with_campaign(shop, hotline=None), contact=None), piece)


def test_blank_field_and_decal_grow_together(shop):
    """A pair for A2 is two rows of pieces.toml."""
    k = 420 / 297
    blank = replace(shop.pieces["poster-a3-blank"], trim=(420, 594))
    decal = replace(shop.pieces["decal-village"], trim=(FIELD.w * k, FIELD.h * k), scan_m=0.9)
    larger = replace(shop, pieces={**shop.pieces, "poster-a3-blank": blank, "decal-village": decal})
    (poster,), (sticker,) = pages_of(larger, "poster-a3-blank"), pages_of(larger, "decal-village")
    assert poster.width == 420
    assert sticker.codes[0].module_mm == pytest.approx(3.0 * k)
    assert sticker.codes[0].box.x == pytest.approx((173.2 - FIELD.x) * k)
