"""Cloth, boards and backdrops: every size of them, in every language, with the names that villages really have."""

import math
import re
from dataclasses import replace

import pytest

from collateral.batch import Ticket, draw_ticket, lay_out
from collateral.check import check_file
from collateral.display import Clip, Code, Stroke
from collateral.geometry import PT_PER_MM, flattened
from collateral.load import load_shop
from collateral.refusal import Refused
from collateral.type import CAP_HEIGHT
from gateway.deployment import BadDeployment, shipped
from gateway.domain.msisdn import Msisdn
from tests.collateral.conftest import with_village

BANNERS = ("banner-4", "banner-5", "banner-h", "banner-8", "banner-10")
COLUMNS = ("phuon", "standee")
BOARDS = ("board-3x4", "board-4x6", "board-6x12", "backdrop", "board-3x4-bi")
LARGE = (*BANNERS, *COLUMNS, *BOARDS)
SCREENS = ("led-16x9", "led-9x16", "led-p10", "lift", "lower-third")
LANGS = ("vi", "en", "lo")


def laid_out(shop, piece: str, lang: str = "vi"):
    order, pages = lay_out(shop, Ticket("TN01", piece, "nguon", lang))
    return order, pages[0]


def said(page) -> list[str]:
    return ["".join(run.text for run in text.runs) for text in page.texts]


def cap_mm(page, words: str) -> float:
    """Cap height of the first line that holds `words`."""
    text = next(text for text in page.texts if words in "".join(run.text for run in text.runs))
    run = max(text.runs, key=lambda run: run.size_pt)
    return run.size_pt / PT_PER_MM * CAP_HEIGHT[run.face]


@pytest.mark.parametrize("piece", LARGE)
def test_it_says_whom_to_call_what_to_text_and_where(shop, piece):
    text = "\n".join(said(laid_out(shop, piece)[1]))
    for wanted in ("0300 000 101", "LS TN01", "8088 (1.000 đ/tin)", "Thôn Nà Lải", "TN01"):
        assert wanted in text, wanted


@pytest.mark.parametrize("lang", ["en", "lo"])
@pytest.mark.parametrize("piece", [piece for piece in LARGE if piece != "board-3x4-bi"])
def test_abroad_the_address_and_the_long_number_stand_in_their_place(shop, piece, lang):
    order, page = laid_out(shop, piece, lang)
    text = "\n".join(said(page))
    assert "+84 300 000 101" in text
    assert order.link.removeprefix("HTTPS://") in text
    assert "8088" not in text


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("piece", LARGE)
def test_the_code_serves_its_distance_and_stands_on_paper(shop, piece, lang):
    order, page = laid_out(shop, piece, lang)
    (code,) = page.codes
    assert code.module_mm >= order.piece.least_module_mm
    assert order.piece.safe_box.holds(code.box, slack=0.05)


@pytest.mark.parametrize("piece", LARGE)
def test_one_stroke_leads_from_the_lotus_round_the_code(shop, piece):
    """The stem ends where the frame begins, the frame runs round the code and stays open; it is drawn once in each field's colour."""
    order, page = laid_out(shop, piece)
    (code,) = page.codes
    clips = [op for op in page.ops if isinstance(op, Clip)]
    assert [clip.inside[0].ink for clip in clips] == [order.palette.gilt, order.palette.gold]
    stem, frame = (flattened(part.path) for part in clips[0].inside)
    assert stem[-1] == pytest.approx(frame[0])
    xs, ys = [p.x for p in frame[1:]], [p.y for p in frame[1:]]
    assert frame[0].x == pytest.approx(min(xs)) or frame[0].y == pytest.approx(max(ys))  # it comes upright, or level on a banner
    assert (min(xs) + max(xs)) / 2 == pytest.approx((code.box.x + code.box.right) / 2)
    assert min(xs) < code.box.x < code.box.right < max(xs)
    assert min(ys) < code.box.y < code.box.bottom < max(ys)
    assert frame[0] != pytest.approx(frame[-1])


def strokes(page) -> list[Stroke]:
    return [op for op in page.ops if isinstance(op, Stroke)] + [part for op in page.ops if isinstance(op, Clip) for part in op.inside]


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("piece", [*LARGE, *SCREENS])
@pytest.mark.parametrize("named", ["thôn|Nà Lải", "tổ dân phố|Khuổi Tẳng - Phiêng Bưa 2", "thôn|Ẳng Ổn"])
def test_the_stroke_touches_neither_words_nor_code(shop, piece, lang, named):
    """Lotus, stem and frame keep their distance from every letter and from the white square."""
    kind, name = named.split("|")
    _, page = laid_out(with_village(shop, kind=kind, name=name), piece, lang)
    for stroke in strokes(page):
        clear = stroke.width_mm / 2 + min(page.width, page.height) / 250
        for x, y in flattened(stroke.path, 12):
            for text in page.texts:
                box = text.box.inset(-clear)
                if box.x < x < box.right and box.y < y < box.bottom:
                    near = [b for b in text.letters if b.x - clear < x < b.right + clear and b.y - clear < y < b.bottom + clear]
                    assert not near, f"the stroke runs through {''.join(run.text for run in text.runs)}"
            square = page.codes[0].box
            near = min(max(x, square.x), square.right), min(max(y, square.y), square.bottom)
            assert math.dist(near, (x, y)) >= stroke.width_mm / 2


@pytest.mark.parametrize("piece", LARGE)
def test_one_line_weight(shop, piece):
    """Lotus, stem and frame are one stroke."""
    assert len({round(stroke.width_mm, 6) for stroke in strokes(laid_out(shop, piece)[1])}) == 1


@pytest.mark.parametrize("piece", [*BANNERS, *BOARDS])
def test_the_ink_of_a_column_begins_on_one_line(shop, piece):
    """Left edges align: what is said on the reader's side begins at one x, large digits at most a twentieth of their height before it."""
    page = laid_out(shop, piece)[1]
    code = page.codes[0]
    column = [text for text in page.texts if text.ink != laid_out(shop, piece)[0].palette.ivory and text.box.y > code.box.y - 1]
    left = [text.box.x for text in column if text.level >= 3]
    assert max(left) - min(left) <= 0.05 * max(text.box.h for text in column)


@pytest.mark.parametrize(
    ("piece", "lines", "least_mm"),
    [("banner-4", 3, 140), ("banner-5", 3, 190), ("banner-h", 2, 190), ("banner-8", 2, 220), ("banner-10", 2, 250)],
)
def test_a_banner_gives_its_width_to_the_ask_and_the_number(shop, piece, lines, least_mm):
    """Short cloth breaks the ask once more rather than shrink the number; eight metres hold the poster's own sentence."""
    order, page = laid_out(shop, piece)
    asks = [text for text in page.texts if text.ink == order.palette.ivory]
    assert len(asks) == lines
    assert cap_mm(page, "0300 000 101") >= least_mm
    assert ("nơi yên nghỉ" in " ".join(said(page))) == (piece in ("banner-8", "banner-10"))


@pytest.mark.parametrize("piece", BANNERS)
def test_all_villages_of_a_banner_have_one_seam(shop, piece):
    """The choice of the ask depends on how numbers are written, not on their digits."""

    def seam(number: str) -> float:
        page = laid_out(with_village(shop, contact=Msisdn(number)), piece)[1]
        return page.ops[0].path.bounds().right

    assert seam("+84300000101") == seam("+84311111111") == seam("+84300000000")


@pytest.mark.parametrize(("piece", "theme"), [("board-6x12", "nguon"), ("board-6x12", "ban-do"), ("board-3x4", "nguon")])
def test_the_number_is_the_widest_line_of_a_board(shop, piece, theme):
    """Not so where all its digits are narrow: the line to text is nearly as long then as in other villages."""
    widths = {}
    for number in ("+84300000101", "+84311111111"):
        village = with_village(shop, contact=Msisdn(number))
        order, (page,) = lay_out(village, Ticket("TN01", piece, theme, "vi"))
        lines = dict(zip(said(page), page.texts, strict=True))
        widths[number] = [lines[line].box.w for line in (order.words.fields["number"], re.sub(r"[*~]", "", order.in_writing()))]
    (number, writing), (narrow, as_long) = widths.values()
    assert writing <= number + 0.01
    assert narrow < number + 1
    assert as_long > 0.9 * writing


@pytest.mark.parametrize("lang", LANGS)
def test_the_ask_of_a_standee_stands_clear_of_the_lotus(shop, lang):
    order, page = laid_out(shop, "standee", lang)
    petals = [op.path.bounds() for op in page.ops if isinstance(op, Stroke) and op.ink == order.palette.gilt]
    asks = [text.box for text in page.texts if text.level == 2]
    assert min(petal.y for petal in petals) - max(ask.bottom for ask in asks) > 15 or max(ask.right for ask in asks) < min(
        p.x for p in petals
    )


def test_cloth_that_hangs_has_its_code_at_the_foot_and_a_stand_a_metre_up(shop):
    hung, standing = (laid_out(shop, piece)[1] for piece in COLUMNS)
    assert hung.codes[0].box.y > 0.7 * hung.height
    centre = standing.height - (standing.codes[0].box.y + standing.codes[0].box.bottom) / 2
    assert 900 <= centre <= 1400  # press.md §4.2, §5


def test_the_foot_that_a_stand_swallows_stays_empty(shop):
    order, page = laid_out(shop, "standee")
    assert max(text.box.bottom for text in page.texts) <= page.height - order.piece.finishing.hidden


@pytest.mark.parametrize(("lang", "other"), [("vi", "Do you remember"), ("en", "Do you remember"), ("lo", "ຖ້າທ່ານຮູ້")])
def test_a_bilingual_board_says_the_ask_twice_vietnamese_first(shop, lang, other):
    order, page = laid_out(shop, "board-3x4-bi", lang)
    lines = said(page)
    first = next(i for i, line in enumerate(lines) if "Ai biết mộ liệt sĩ" in line)
    second = next(i for i, line in enumerate(lines) if other in line)
    assert first < second
    assert order.copy.lang == "vi"
    assert any("0300 000 101" in line for line in lines)
    assert any("+84 300 000 101" in line for line in lines)


@pytest.mark.parametrize("lang", ["vi", "en"])
@pytest.mark.parametrize("piece", [*LARGE, *SCREENS])
@pytest.mark.parametrize(
    "named",
    [
        "thôn|Pò Mạ",
        "thôn|Khuổi Tẳng Nà Sla",
        "tổ dân phố|Đông Khuổi Tẳng",
        "thôn|Ẳng Ổn",
        "tổ dân phố|Khuổi Tẳng - Phiêng Bưa 2",
        "khu phố|Đầu Cầu Ỷ Tý",
    ],
)
def test_long_and_tall_names_fit(shop, piece, lang, named):
    kind, name = named.split("|")
    text = " ".join(said(laid_out(with_village(shop, kind=kind, name=name), piece, lang)[1]))
    assert name in text
    assert kind.lower() in text.lower()


@pytest.mark.parametrize("piece", LARGE)
def test_a_name_that_fits_nowhere_is_refused_by_village_and_piece(shop, piece):
    with pytest.raises(Refused, match=f"^TN01 {piece}"):
        laid_out(with_village(shop, name="Nguyễn Văn Trỗi Khuổi Tẳng Phiêng Bưa Nà Sla Lũng Mười Hợp Thành 12"), piece)


@pytest.mark.parametrize("piece", ["banner-4", "phuon", "board-6x12"])
def test_a_code_too_small_for_a_farther_scan_is_refused(shop, piece):
    farther = replace(shop.pieces[piece], scan_m=shop.pieces[piece].scan_m * 1.2)
    with pytest.raises(Refused, match="leaves modules of"):
        laid_out(replace(shop, pieces={piece: farther}), piece)


@pytest.mark.parametrize("piece", ["banner-4", "phuon", "board-4x6"])
def test_words_too_small_for_the_distance_are_refused(shop, piece):
    """A piece that claims to be read from farther than its letters allow is not made."""
    farther = replace(shop.pieces[piece], distance_m=shop.pieces[piece].distance_m * 3)
    with pytest.raises(Refused, match="capitals of"):
        laid_out(replace(shop, pieces={piece: farther}), piece)


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("piece", LARGE)
def test_the_finished_file_passes_its_checks(shop, piece, lang, tmp_path):
    drawn = draw_ticket(shop, Ticket("TN01", piece, "nguon", lang))
    file = tmp_path / drawn.name
    file.write_bytes(drawn.pdf)
    assert [str(finding) for finding in check_file(file) if finding.severity == "error"] == []


@pytest.mark.parametrize(
    ("piece", "name"), [("board-6x12", "TN01_board-6x12_nguon_vi_TL1-10_12000x6000mm.pdf"), ("phuon", "TN01_phuon_nguon_vi_800x2500mm.pdf")]
)
def test_the_scale_stands_in_the_name(shop, piece, name):
    assert draw_ticket(shop, Ticket("TN01", piece, "nguon", "vi")).name == name


def test_no_code_is_drawn_twice(shop):
    for piece in LARGE:
        assert sum(isinstance(op, Code) for op in laid_out(shop, piece)[1].ops) == 1


@pytest.mark.parametrize(
    ("section", "key", "wrong", "said"),
    [
        ("nguon_banner", "asks", '[["một"]]', "nguon_banner.asks"),
        ("nguon_banner", "asks", "[]", "Asks and caller need a wording each"),
        ("nguon_board", "place", "[]", "Asks and place need a wording each"),
        ("nguon_screen", "caller", "[]", "Caller needs a wording"),
        ("nguon_column", "ask", '["1", "2", "3", "4"]', "nguon_column.ask"),
    ],
)
def test_a_deck_that_leaves_a_piece_without_words_is_named(deployment_copy, section, key, wrong, said):
    path = deployment_copy()
    deck = shipped("templates") / "print" / "vi.toml"
    (path / "templates" / "print").mkdir(parents=True)
    head, tail = deck.read_text("utf-8").split(f"[{section}]\n")
    spoiled = re.sub(rf"^{key} = .*$", f"{key} = {wrong}", tail, count=1, flags=re.MULTILINE)
    (path / "templates" / "print" / "vi.toml").write_text(f"{head}[{section}]\n{spoiled}", "utf-8")
    with pytest.raises(BadDeployment) as raised:
        load_shop(path)
    assert said in str(raised.value)
