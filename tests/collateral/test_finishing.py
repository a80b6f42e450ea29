import math
from dataclasses import replace

import pytest

from collateral.batch import Ticket, lay_out
from collateral.display import Fill, Stroke
from collateral.finishing import LINE, eyelets, finishing_ops
from collateral.piece import Finishing
from collateral.refusal import Refused


def laid_out(shop, piece: str):
    return lay_out(shop, Ticket("TN01", piece, "nguon", "vi"))


def finished(shop, piece: str, **changes):
    """The shop whose `piece` is finished in another way."""
    done = replace(shop.pieces[piece].finishing or Finishing(), **changes)
    return replace(shop, pieces={piece: replace(shop.pieces[piece], finishing=done)})


def test_rings_stand_in_the_corners_and_evenly_between(shop):
    """6 m with rings at most 500 mm apart: twelve fields of 496 mm along the long sides, two of 375 mm along the short ones."""
    banner = shop.pieces["banner-h"]
    rings = eyelets(banner)
    assert {(25, 25), (5975, 25), (25, 775), (5975, 775)} <= set(rings)
    assert len(rings) == 2 * 13 + 2 * 1
    along = sorted(ring.x for ring in rings if ring.y == 25)
    assert {round(b - a, 1) for a, b in zip(along, along[1:], strict=False)} == {495.8}  # noqa: RUF007 # reads like the rule


@pytest.mark.parametrize("length", [100, 549, 550, 551, 1051, 9999])
def test_rings_are_never_farther_apart_than_asked(shop, length):
    piece = replace(shop.pieces["banner-h"], trim=(length, 400))
    along = sorted({ring.x for ring in eyelets(piece)})
    assert all(b - a <= 500 + 1e-6 for a, b in zip(along, along[1:], strict=False))  # noqa: RUF007 # reads like the rule


def test_paper_is_only_cut(shop):
    assert finishing_ops(shop.pieces["poster-a3"]) == ()
    assert eyelets(shop.pieces["poster-a3"]) == ()


@pytest.mark.parametrize(("piece", "parts"), [("banner-h", 2 + 2 * 28), ("phuon", 1 + 1 + 4), ("standee", 2), ("board-6x12", 1 + 3)])
def test_the_layer_shows_what_is_to_be_done(shop, piece, parts):
    """Trim; hem; pockets with their hatching; seams; hidden foot; a ring as a hole and its rim."""
    ops = finishing_ops(shop.pieces[piece])
    assert len(ops) == parts
    assert {op.ink for op in ops if isinstance(op, Stroke)} == {LINE}


def test_the_layer_stays_on_the_cloth(shop):
    for piece in shop.pieces.values():
        for op in finishing_ops(piece):
            assert piece.bleed_box.holds(op.path.bounds(), slack=1e-6), piece.name


def test_rings_are_drawn_as_large_as_they_are(shop):
    ring = next(op for op in finishing_ops(shop.pieces["banner-h"]) if isinstance(op, Fill))
    assert ring.path.bounds().w == pytest.approx(max(12, 3 * 6000 / 800), rel=0.1)


def test_nothing_of_it_is_in_the_print_file(shop):
    for piece in ("banner-h", "phuon", "standee", "board-6x12"):
        assert LINE not in {getattr(op, "ink", None) for op in laid_out(shop, piece)[1][0].ops}


def test_a_ring_through_words_is_refused(shop):
    with pytest.raises(Refused, match="A ring would be punched through"):
        laid_out(finished(shop, "banner-h", edge=120), "banner-h")


def test_words_in_a_pole_pocket_are_refused(shop):
    with pytest.raises(Refused, match="would vanish in a pocket"):
        laid_out(finished(shop, "phuon", pocket=120), "phuon")


def test_words_in_the_stand_are_refused(shop):
    with pytest.raises(Refused, match="would vanish in a pocket or in the stand"):
        laid_out(finished(shop, "standee", hidden=200), "standee")


def test_a_seam_through_the_code_is_refused_and_elsewhere_taken(shop):
    assert laid_out(finished(shop, "board-4x6", seams=(3200,)), "board-4x6")
    with pytest.raises(Refused, match="The code lies on a seam"):
        laid_out(finished(shop, "board-4x6", seams=(5000,)), "board-4x6")


@pytest.mark.parametrize("piece", ["banner-4", "banner-h", "banner-10", "phuon", "standee"])
def test_the_safe_area_lies_within_what_rings_and_poles_take(shop, piece):
    assert shop.pieces[piece].finishing.reach <= shop.pieces[piece].safe


def test_every_ring_lies_on_the_cloth(shop):
    banner = shop.pieces["banner-10"]
    assert all(min(ring.x, ring.y) >= 25 - 1e-9 for ring in eyelets(banner))
    assert math.isclose(max(ring.x for ring in eyelets(banner)), 9975)


@pytest.mark.parametrize("wrong", [{"every": 0}, {"eyelet": -1}, {"seams": (100, -5)}, {"pocket": -60}])
def test_finishing_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError, match="finishing measures are positive"):
        Finishing(**wrong)
