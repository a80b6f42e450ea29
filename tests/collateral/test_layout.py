from dataclasses import replace

import pytest

from collateral.batch import lay_out
from collateral.display import Page
from collateral.geometry import Box
from collateral.ink import BLACK
from collateral.layout.order import checked, name_block
from collateral.refusal import Refused
from collateral.setting import Setter, Style
from collateral.type import BOLD, face
from gateway.domain.msisdn import Msisdn
from tests.collateral.conftest import PIECES, ticket, with_campaign, with_village

SETTER = Setter(face, "TN01 poster-a3")


def said(page: Page) -> list[str]:
    return ["".join(run.text for run in text.runs) for text in page.texts]


def words(shop, piece) -> str:
    return "\n".join(line for page in lay_out(shop, ticket(piece))[1] for line in said(page))


@pytest.mark.parametrize("piece", PIECES)
def test_every_piece_tells_how_to_answer(shop, piece):
    """Number, SMS with its price beside it, USSD and the desk in digits, and the piece's own code."""
    text = words(shop, piece)
    for wanted in ("0300 000 101", "LS TN01", "8088 (1.000 đ/tin)", "*8088#", "0300 000 100", "Thôn Nà Lải"):
        assert wanted in text, wanted
    assert "miễn phí" not in text


@pytest.mark.parametrize("piece", ["poster-a3", "leaflet-a5"])
def test_safety_stands_on_paper(shop, piece):
    assert "Không tự ý đào bới." in words(shop, piece)
    assert "Gặp bom, mìn, đạn: tránh xa, báo ngay." in words(shop, piece)


def test_free_of_charge_needs_a_contract(shop):
    assert "miễn phí" in words(with_campaign(shop, free_by_contract="HD 12/2026"), "poster-a3")


def test_without_ussd_or_hotline_their_words_go(shop):
    bare = words(with_campaign(shop, ussd="", hotline=None), "poster-a3")
    assert "Bấm" not in bare
    assert "·" not in bare.split("AP-A3")[0]


def test_a_village_without_contact_names_the_desk(shop):
    text = words(with_village(shop, contact=None, contact_name=""), "poster-a3")
    assert "Gọi Ban CHQS xã Thống Nhất" in text
    assert "0300 000 100" in text
    assert "trưởng thôn" not in text


def test_no_number_at_all_is_refused(shop):
    with pytest.raises(Refused, match="no number to call"):
        lay_out(with_village(with_campaign(shop, hotline=None), contact=None), ticket("poster-a3"))


def test_the_list_may_name_the_office_or_not(shop):
    with_office = words(with_village(shop, contact_name="Trưởng thôn Hoàng Văn Thí Dụ"), "poster-a3")
    without = words(with_village(shop, contact_name="Hoàng Văn Thí Dụ"), "poster-a3")
    assert "Gọi trưởng thôn Hoàng Văn Thí Dụ" in with_office
    assert with_office == without


def test_decomposed_names_are_composed(shop):
    import unicodedata

    nfd = unicodedata.normalize("NFD", "Nà Lải")
    assert "Thôn Nà Lải" in words(with_village(shop, name=nfd), "poster-a3")


def test_foreign_numbers_fit_too(shop):
    assert "+856" in words(with_village(shop, contact=Msisdn("+8562099999999")), "poster-a3")


@pytest.mark.parametrize(
    ("kind", "name", "lines", "above", "size"),  # design §2.6 and its picture; the column is 135.6 mm, the size 40 pt
    [
        ("thôn", "Pò Mạ", ("Thôn Pò Mạ",), "", 40),
        ("thôn", "Khuổi Tẳng Nà Sla", ("Thôn Khuổi Tẳng Nà Sla",), "", 32.5),
        ("tổ dân phố", "Đông Khuổi Tẳng", ("Đông Khuổi Tẳng",), "Tổ dân phố", 40),
        ("tổ dân phố", "Khuổi Tẳng - Phiêng Bưa 2", ("Khuổi Tẳng -", "Phiêng Bưa 2"), "Tổ dân phố", 32),
        ("thôn", "Phiêng Bưa Nà Sla Khuổi Lậc", ("Phiêng Bưa Nà", "Sla Khuổi Lậc"), "Thôn", 32),
        ("khu phố", "Khu tái định cư 12 Lũng Mười Nà Lải", ("Khu tái định cư 12", "Lũng Mười Nà Lải"), "Khu phố", 32),
    ],
)
def test_long_names_step_by_step(shop, kind, name, lines, above, size):
    village = replace(shop.deployment.villages["TN01"], kind=kind, name=name)
    block = name_block(SETTER, village, Style(BOLD, 40, BLACK), 135.6)
    assert (block.lines, block.kind, block.size_pt) == (lines, above, size)


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("name", ["Nguyễn Văn Trỗi Khuổi Tẳng - Phiêng Bưa Nà Sla Lũng Mười 12", "Khuổi" * 12])
def test_a_name_too_long_for_all_steps_is_refused_by_village_and_piece(shop, piece, name):
    with pytest.raises(Refused, match=f"^TN01 {piece}"):
        lay_out(with_village(shop, name=name), ticket(piece))


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("kind_and_name", ["thôn|Khuổi Tẳng Nà Sla", "tổ dân phố|Đông Khuổi Tẳng", "tổ dân phố|Khuổi Tẳng - Phiêng Bưa 2"])
def test_the_code_never_moves(shop, piece, kind_and_name):
    kind, name = kind_and_name.split("|")
    usual = [code.box for page in lay_out(shop, ticket(piece))[1] for code in page.codes]
    long = [code.box for page in lay_out(with_village(shop, kind=kind, name=name), ticket(piece))[1] for code in page.codes]
    assert usual == long


def test_on_cloth_the_sentence_is_cut_before_the_name_shrinks(shop):
    long = with_village(shop, kind="tổ dân phố", name="Đông Khuổi Tẳng Nà Sla")
    assert "Tổ dân phố Đông Khuổi Tẳng Nà Sla" in words(long, "banner-h").splitlines()


@pytest.mark.parametrize(("piece", "module_mm"), [("poster-a3", 3.0), ("banner-h", 620 / 33), ("leaflet-a5", 1.3)])
def test_modules_are_as_large_as_designed(shop, piece, module_mm):
    code = next(code for page in lay_out(shop, ticket(piece))[1] for code in page.codes)
    assert code.module_mm == pytest.approx(module_mm)
    assert code.module_mm >= shop.pieces[piece].least_module_mm


def test_a_link_base_too_long_for_the_distance_is_refused(shop):
    with pytest.raises(Refused, match="Shorten link_base"):
        lay_out(with_campaign(shop, link_base="HTTPS://TIMLIETSI.THONGNHAT.EXAMPLE"), ticket("banner-h"))


def test_modules_too_small_for_the_distance_are_refused(shop):
    farther = replace(shop, pieces={"poster-a3": replace(shop.pieces["poster-a3"], scan_m=0.8)})
    with pytest.raises(Refused, match=r"leaves modules of 3\.00 mm, scanning from 0\.8 m needs 3\.20"):
        lay_out(farther, ticket("poster-a3"))


def text_at(x: float, y: float):
    return SETTER.line("Nà Lải", x, y, Style(BOLD, 20, BLACK))


def test_text_off_the_safe_area_is_refused(shop):
    piece = shop.pieces["poster-a3"]
    with pytest.raises(Refused, match="outside the safe area"):
        checked([Page(297, 420, (text_at(5, 100),))], piece, "TN01")


def test_text_that_runs_into_text_is_refused_but_marks_may_interlock(shop):
    piece = shop.pieces["poster-a3"]
    with pytest.raises(Refused, match="runs into"):
        checked([Page(297, 420, (text_at(50, 100), text_at(55, 101)))], piece, "TN01")
    assert checked([Page(297, 420, (text_at(50, 100), text_at(50, 108)))], piece, "TN01")


@pytest.mark.parametrize("piece", PIECES)
def test_fields_reach_into_the_bleed(shop, piece):
    """The grounds together cover the whole bleed box: no white edge when the knife slips."""
    order, pages = lay_out(shop, ticket(piece))
    bleed = order.piece.bleed_box
    for page in pages:
        grounds = [op.path.bounds() for op in page.ops[:2] if not hasattr(op, "width_mm")]
        left, top = min(b.x for b in grounds), min(b.y for b in grounds)
        assert Box(left, top, max(b.right for b in grounds) - left, max(b.bottom for b in grounds) - top).holds(bleed)
