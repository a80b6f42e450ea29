"""Emblem, sponsor, imprint: in their slots, within the law, or the piece is not made."""

from dataclasses import replace
from datetime import date

import pytest

from collateral.batch import Failed, Made, Ticket, lay_out, make
from collateral.display import Drawing, Picture, Shape
from collateral.geometry import Box, rectangle
from collateral.ink import Ink
from collateral.layout.marked import Additions, marked
from collateral.load import load_shop
from collateral.marks import Imprint, outdoor
from collateral.piece import Slots
from collateral.refusal import Refused
from gateway.deployment import BadDeployment
from tests.collateral.conftest import ticket

LOGO = Drawing(5, 1, (Shape(rectangle(Box(0, 0, 5, 1)), Ink(100, 60, 0, 0)),))
ROUND = Drawing(1, 1, (Shape(rectangle(Box(0, 0, 1, 1)), Ink(0, 100, 80, 10)),))
PLACED = {"emblem": (229.2, 19.8, 48, 48), "sponsor": (229.2, 389.2, 48, 6.8), "imprint": (19.8, 411, 257.4, 10.5)}


@pytest.fixture
def poster(shop):
    """A3's order and bare pages, and a way to mark them with other slots."""
    order, _ = lay_out(shop, ticket("poster-a3"))
    bare = replace(order, piece=replace(order.piece, slots={}))
    _, pages = lay_out(replace(shop, pieces={**shop.pieces, "poster-a3": bare.piece}), ticket("poster-a3"))

    def mark(additions: Additions, campaign: dict[str, str] | None = None, **slots: object):
        piece = replace(order.piece, slots={"nguon": Slots(**{**PLACED, **slots})})
        other = replace(order, piece=piece, campaign=replace(order.campaign, **(campaign or {})))
        return marked(other, pages, "nguon", additions)[0].ops[len(pages[0].ops) :]

    return mark


def test_without_marks_nothing_changes(poster):
    assert poster(Additions()) == ()


def test_all_three_stand_in_their_slots(poster):
    emblem, sponsor, imprint = poster(Additions(ROUND, LOGO, "In 500 bản · Không kinh doanh"))
    assert isinstance(emblem, Picture)
    assert emblem.placed == Box(229.2, 19.8, 48, 48)
    assert sponsor.placed.right == pytest.approx(277.2)
    assert imprint.box.x == pytest.approx(19.8)


def test_every_slot_of_every_piece_has_its_room(shop):
    """In all themes and languages, beside texts of any length, with a long imprint."""
    said = "Giấy phép số 12/GP-SVHTTDL ngày 1/6/2026 · In 500 bản tại Cơ sở in Ví Dụ · Không kinh doanh"
    kinds = [(name, theme) for name, piece in shop.pieces.items() for theme in piece.slots]
    assert len(kinds) >= 15
    for name, theme in kinds:
        for lang in shop.copies:
            order, pages = lay_out(shop, Ticket("TN01", name, theme, lang))
            marked(order, pages, theme, Additions(ROUND, LOGO, said))


def test_a_long_imprint_takes_two_lines_that_end_where_one_would(poster):
    said = "Giấy phép số 12/GP-SVHTTDL ngày 1/6/2026 · In 500 bản tại Cơ sở in Ví Dụ · Không kinh doanh"
    upper, lower = poster(Additions(imprint=said), imprint=(180, 394, 90, 6.5))
    assert " · ".join("".join(run.text for run in text.runs) for text in (upper, lower)) == said
    assert upper.box.bottom < lower.box.y
    assert lower.y == 394


@pytest.mark.parametrize(
    ("slots", "said"),
    [
        ({"sponsor": (20, 240, 250, 170)}, "27 %|law allows 20"),
        ({"sponsor": (229.2, 150, 48, 7)}, "at the foot"),
        ({"sponsor": (20, 290, 48, 7), "emblem": (30, 299, 20, 20)}, "beside the emblem"),
        ({"sponsor": (240, 405, 48, 9)}, "safe area"),
        ({"sponsor": (30, 385, 48, 7)}, "runs into"),
        ({"emblem": (100, 30, 50, 50)}, "runs into"),
        ({"emblem": (250, 0, 40, 40)}, "safe area"),
        ({"imprint": (19.8, 405, 257.4, 10.5)}, "runs into"),
    ],
)
def test_marks_in_the_wrong_place_are_refused(poster, slots, said):
    square = replace(LOGO, width=1.47) if "27" in said else LOGO
    with pytest.raises(Refused, match=said):
        poster(Additions(ROUND, square, "In 500 bản · Không kinh doanh"), **slots)


def test_a_banner_s_sponsor_stands_on_the_right(shop):
    order, pages = lay_out(shop, ticket("banner-h"))
    left = replace(order, piece=replace(order.piece, slots={"nguon": Slots(sponsor=(3340, 690, 100, 20))}))
    with pytest.raises(Refused, match="on the right"):
        marked(left, pages, "nguon", Additions(sponsor=LOGO))


def test_a_sponsor_needs_the_issuer_s_address(poster):
    with pytest.raises(Refused, match="issuer_address"):
        poster(Additions(sponsor=LOGO), {"issuer_address": " "})


@pytest.mark.parametrize(
    ("imprint", "line"),
    [
        (Imprint(), ""),
        (
            Imprint("12/GP", date(2026, 6, 1), 500, "Cơ sở in Ví Dụ"),
            "Giấy phép số 12/GP ngày 1/6/2026 · In 500 bản tại Cơ sở in Ví Dụ · Không kinh doanh",
        ),
        (Imprint(copies=500), "In 500 bản · Không kinh doanh"),
        (Imprint(printer="Ví Dụ"), "In tại Ví Dụ · Không kinh doanh"),
        (Imprint("12/GP"), "Giấy phép số 12/GP · Không kinh doanh"),
    ],
)
def test_the_imprint_leaves_out_what_is_not_known(imprint, line):
    assert imprint.line == line


def test_a_banner_hangs_fifteen_days(shop):
    banner = shop.pieces["banner-h"]
    fortnight = replace(banner, hang_from=date(2027, 7, 13), hang_until=date(2027, 7, 27))
    assert list(outdoor(fortnight)) == []
    (warning,) = outdoor(replace(fortnight, hang_until=date(2027, 7, 28)))
    assert (warning.rule, warning.severity) == ("place.days", "warning")


@pytest.mark.parametrize(
    ("trim", "said"),
    [((4000, 3000), ""), ((6000, 4000), "on a building"), ((12000, 6000), "free-standing"), ((5000, 4000), "on a building")],
)
def test_large_boards_need_a_permit(shop, trim, said):
    found = [warning.text for warning in outdoor(replace(shop.pieces["banner-h"], trim=trim))]
    assert len(found) == bool(said)
    assert all(said in text for text in found)


def test_a_warning_comes_with_the_file(shop, tmp_path):
    piece = replace(shop.pieces["banner-h"], hang_from=date(2027, 7, 1), hang_until=date(2027, 7, 27))
    made = make(replace(shop, pieces={**shop.pieces, "banner-h": piece}), ticket("banner-h"), tmp_path)
    assert isinstance(made, Made)
    assert [warning.rule for warning in made.warnings] == ["place.days"]


def test_marks_are_read_from_beside_pieces_toml(deployment_copy, tmp_path):
    folder = deployment_copy()
    file = folder / "pieces.toml"
    table = 'emblem = "none.svg"\nimprint = { copies = 500 }'
    file.write_text(file.read_text("utf-8").replace("[marks]\n", f"[marks]\n{table}\n"), "utf-8")
    shop = load_shop(folder)
    assert shop.marks.emblem == folder / "none.svg"
    failed = make(shop, ticket("poster-a3"), tmp_path)
    assert isinstance(failed, Failed)
    assert "none.svg" in failed.error


def test_a_misspelt_mark_is_a_fault(deployment_copy):
    folder = deployment_copy()
    file = folder / "pieces.toml"
    file.write_text(file.read_text("utf-8").replace("[marks]\n", '[marks]\nemblme = "x.svg"\n'), "utf-8")
    with pytest.raises(BadDeployment, match="emblme"):
        load_shop(folder)
