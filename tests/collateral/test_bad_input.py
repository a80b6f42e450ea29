"""What clerks' lists really hold: a bad row costs its own file and says what to do about it; the others are printed (issue: bad input)."""

import unicodedata
from dataclasses import replace

import pytest

from collateral.batch import Failed, Made, Ticket, draw_ticket, make_all
from collateral.load import PrintShop
from tests.collateral.conftest import with_campaign, with_village

NEIGHBOURS = ("TN02", "TN03")
PIECES = {"poster-a3": "nguon", "wallet-card": "nguon", "led-p10": "nguon"}  # a sheet, a thing for the hand, a screen
SIXTY = "Khu tái định cư Phiêng Bưa Nà Sla Lũng Mười Tằm Mốc Khuổi Kẹn"


def with_piece(shop: PrintShop, **changes: object) -> PrintShop:
    return replace(shop, pieces={**shop.pieces, "poster-a3": replace(shop.pieces["poster-a3"], **changes)})


def without_numbers(shop: PrintShop) -> PrintShop:
    return with_campaign(with_village(shop, contact=None), hotline=None)


@pytest.mark.parametrize(
    ("piece", "spoil", "said", "remedy"),
    [
        ("poster-a3", lambda shop: with_village(shop, name="Nà 漢 Lải"), "no glyph for 漢 (U+6F22)", "Write the text with other letters"),
        ("wallet-card", lambda shop: with_village(shop, name="Nà 🪦 Lải"), "no glyph for 🪦", "Write the text with other letters"),
        ("led-p10", lambda shop: with_village(shop, name="Nà \ue000 Lải"), "no glyph for", "Write the text with other letters"),
        ("poster-a3", lambda shop: with_village(shop, name=SIXTY), "does not fit", "Shorten"),
        ("wallet-card", lambda shop: with_village(shop, name=SIXTY), "does not fit", "Shorten"),
        ("led-p10", lambda shop: with_village(shop, name=SIXTY * 2), "mm and has", "Shorten"),
        ("poster-a3", without_numbers, "number", "contact|hotline"),
    ],
)
def test_one_bad_village_is_named_and_the_rest_done(shop, tmp_path, piece, spoil, said, remedy):
    tickets = [Ticket("TN01", piece, PIECES[piece], "vi"), *(Ticket(code, "poster-a3", "nguon", "vi") for code in NEIGHBOURS)]
    bad, *others = make_all(spoil(shop), tickets, tmp_path)
    assert isinstance(bad, Failed)
    assert "TN01" in bad.error
    assert said in bad.error
    assert any(each in bad.error for each in remedy.split("|")), bad.error
    assert all(isinstance(each, Made) for each in others), others
    assert sorted(map(str, tmp_path.iterdir())) == sorted(each.file for each in others)


@pytest.mark.parametrize("piece", PIECES)
def test_decomposed_letters_print_as_composed_ones(shop, piece):
    """NFD extracts perfectly and looks wrong (press.md §0): the same bytes as from NFC."""
    name = "Phiêng Bưa Ẩ"
    drawn = [
        draw_ticket(with_village(shop, name=unicodedata.normalize(form, name)), Ticket("TN01", piece, PIECES[piece], "vi"))
        for form in ("NFC", "NFD")
    ]
    assert drawn[0].pdf == drawn[1].pdf


@pytest.mark.parametrize(
    ("changes", "said", "remedy"),
    [
        ({"trim": (40, 57)}, "mm", "Make the piece larger"),  # smaller than its code needs
        ({"scan_m": 3.0}, "module", "Make the piece larger"),  # scanned from farther than its size can serve
        ({"distance_m": 9.0}, "read from 9 m it needs", "set it larger"),  # read from farther than its words can serve
    ],
)
def test_a_piece_that_can_not_serve_is_refused_and_the_others_printed(shop, tmp_path, changes, said, remedy):
    spoilt = with_piece(shop, **changes)
    bad, good = make_all(spoilt, [Ticket("TN01", "poster-a3", "nguon", "vi"), Ticket("TN01", "wallet-card", "nguon", "vi")], tmp_path)
    assert isinstance(bad, Failed)
    assert said in bad.error
    assert any(each in bad.error for each in remedy.split("|")), bad.error
    assert isinstance(good, Made)
