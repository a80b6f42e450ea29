"""What shops ask for: level, printing condition, their own profile, a spot ink; and what is no profile of a press."""

import hashlib
import io
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pikepdf
import pytest
from pikepdf import Name
from PIL import ImageCms

from collateral.batch import Failed, Made, Ticket, draw_ticket, lay_out, make
from collateral.contrast import contrast
from collateral.display import Page, Stroke
from collateral.draw_pdf import draw
from collateral.geometry import Point, circle, line
from collateral.icc import modelled_profile, parsed, profile_at
from collateral.ink import BLACK, CUT, Ink
from collateral.journal import fingerprint
from collateral.preflight import preflight
from collateral.press import CONDITIONS, Press
from collateral.refusal import Refused
from collateral.setting import Setter
from collateral.type import face
from tests.collateral.conftest import ticket

SHOP_S = "Shop 7: press in the yard"
POSTER = ticket("poster-a3")
DRAW_X4 = """
import hashlib
from collateral.batch import draw_ticket
from collateral.load import load_shop
from collateral.press import Press
from gateway.deployment import shipped_deployment
from tests.collateral.conftest import ticket
print(hashlib.sha256(draw_ticket(load_shop(shipped_deployment()), ticket("poster-a3"), Press("x4")).pdf).hexdigest())
"""


@pytest.fixture
def own(tmp_path) -> Path:
    """A shop's own profile: ours under another name of the same length."""
    data = modelled_profile().data.replace(b"Tin Bao: model of FOGRA39", SHOP_S.encode())
    (tmp_path / "shop.icc").write_bytes(data)
    return tmp_path / "shop.icc"


def opened(pdf: bytes) -> pikepdf.Pdf:
    return pikepdf.open(io.BytesIO(pdf))


@pytest.mark.parametrize("condition", CONDITIONS)
def test_every_condition_is_registered_and_named(shop, condition):
    drawn = draw_ticket(shop, POSTER, Press(condition=condition))
    checked = preflight(drawn.pdf)
    assert (checked.findings, checked.note.ink_limit) == ((), min(280, CONDITIONS[condition].ink_limit))
    with opened(drawn.pdf) as document:
        (intent,) = document.Root.OutputIntents
        assert (str(intent.OutputConditionIdentifier), str(intent.RegistryName)) == (condition, "http://www.color.org")
        assert "/DestOutputProfile" not in intent


def inks_of(pdf: bytes) -> set[tuple[float, ...]]:
    with opened(pdf) as document:
        return {tuple(float(v) for v in i.operands) for i in pikepdf.parse_content_stream(document.pages[0], "k")}


def test_less_ink_is_more_black(shop):
    """Deep red carries 250 %; a condition that takes 240 gets its grey part in black, and the same contrast."""
    palette = shop.themes["nguon"].palette("sheet")
    assert Press(condition="FOGRA52").inks(palette, 280).field == Ink(15, 95, 95, 35)
    assert contrast(Ink(15, 95, 95, 35), palette.ivory) == pytest.approx(contrast(palette.field, palette.ivory), rel=0.02)


def test_uncoated_paper_has_a_recipe_of_its_own(shop):
    """Deep red would print too light there for ivory words; 240 % is what the paper takes (press.md §1.3)."""
    inks = inks_of(draw_ticket(shop, POSTER, Press(condition="FOGRA52")).pdf)
    assert (0.2, 1, 0.6, 0.59) in inks
    assert max(map(sum, inks)) <= 2.4
    assert (0.2, 1, 0.6, 0.59) not in inks_of(draw_ticket(shop, POSTER).pdf)


def test_contrast_is_judged_by_the_paper_printed_on(shop):
    """The coated recipe on uncoated paper: 4.0 where the slogan needs 4.5. Nothing is printed, and the remedy is named."""
    coated = replace(shop, themes={name: replace(theme, uncoated={}) for name, theme in shop.themes.items()})
    draw_ticket(coated, POSTER, Press(condition="FOGRA51"))
    with pytest.raises(Refused, match=r"stands off its ground by 4\.0 on uncoated paper, it needs 4\.5") as why:
        draw_ticket(coated, POSTER, Press(condition="FOGRA47"))
    assert "uncoated in the theme" in str(why.value)


def test_every_sheet_can_be_read_on_uncoated_paper_too(shop):
    for name, piece in shop.pieces.items():
        for theme in piece.layouts if piece.stock == "sheet" else ():
            for lang in shop.copies:
                lay_out(shop, Ticket("TN01", name, theme, lang), Press(condition="FOGRA47"))


def test_a_piece_may_have_a_printing_condition_of_its_own(shop, own):
    """The shop's press prints it under that name; where the shop brings a profile, the profile says all."""
    poster = replace(shop.pieces["poster-a3"], condition="FOGRA52")
    changed = replace(shop, pieces={**shop.pieces, "poster-a3": poster})
    drawn = draw_ticket(changed, POSTER)
    assert drawn.pdf == draw_ticket(shop, POSTER, Press(condition="FOGRA52")).pdf
    assert (preflight(drawn.pdf).findings, drawn.note.ink_limit) == ((), 240)
    assert Press(condition="", profile=own).for_condition("FOGRA52") == Press(condition="", profile=own)
    assert fingerprint(changed, POSTER) != fingerprint(shop, POSTER)


def test_x4_embeds_the_profile_and_says_in_xmp_what_info_says(shop):
    with opened(draw_ticket(shop, POSTER, Press("x4")).pdf) as document:
        (intent,) = document.Root.OutputIntents
        profile = parsed(intent.DestOutputProfile.read_bytes())
        assert (profile.kind, profile.space, intent.DestOutputProfile.N) == ("prtr", "CMYK", 4)
        assert document.pdf_version == "1.6"
        assert "/GTS_PDFXVersion" not in document.docinfo
        assert "/Filter" not in document.Root.Metadata
        with document.open_metadata(set_pikepdf_as_editor=False) as xmp:
            assert xmp["pdfxid:GTS_PDFXVersion"] == "PDF/X-4"
            assert xmp["dc:title"] == str(document.docinfo.Title)
            assert xmp["pdf:Trapped"] == "False"
            assert xmp["xmp:CreateDate"].replace("-", "").startswith(str(document.docinfo.CreationDate)[2:10])


def test_x4_is_the_same_in_another_process(shop):
    here = hashlib.sha256(draw_ticket(shop, POSTER, Press("x4")).pdf).hexdigest()
    for seed in ("1", "7"):
        done = subprocess.run(
            [sys.executable, "-c", DRAW_X4], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == here


def test_x4_of_a_condition_without_a_profile_is_refused(shop):
    with pytest.raises(Refused, match="JC200103"):
        draw_ticket(shop, POSTER, Press("x4", condition="JC200103"))


def test_x4_says_that_the_profile_is_a_model(shop, own):
    """A shop that proofs by it must know that nobody measured it; a shop's own profile is its own matter."""
    for press, modelled in ((Press("x4"), True), (Press("x4", profile=own), False), (Press(), False)):
        with opened(draw_ticket(shop, POSTER, press).pdf) as document:
            (intent,) = document.Root.OutputIntents
            assert [("Tin Báo's model" in str(intent[key])) for key in ("/Info", "/OutputCondition")] == [modelled] * 2
            assert str(intent.OutputConditionIdentifier) == "FOGRA39"


def test_a_shop_s_own_profile_stands_under_its_own_name(shop, own):
    """Embedded at X-1a too, and without a registry that does not know it."""
    drawn = draw_ticket(shop, POSTER, Press(condition="", profile=own))
    assert preflight(drawn.pdf).findings == ()
    with opened(drawn.pdf) as document:
        (intent,) = document.Root.OutputIntents
        assert str(intent.OutputConditionIdentifier) == parsed(own.read_bytes()).name
        assert str(intent.OutputConditionIdentifier).startswith(SHOP_S)
        assert "/RegistryName" not in intent
        assert bytes(intent.DestOutputProfile.read_bytes()) == own.read_bytes()


def test_a_shop_s_profile_serves_its_condition_at_x4(shop, own):
    pdf = draw_ticket(shop, POSTER, Press("x4", condition="FOGRA51", profile=own)).pdf
    with opened(pdf) as document:
        assert str(document.Root.OutputIntents[0].OutputConditionIdentifier) == "FOGRA51"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(), "mntr"),
        (b"not a profile", "no ICC profile"),
        (b"", "no ICC profile"),
        (modelled_profile().data[:500], "no ICC profile"),
    ],
)
def test_profiles_of_another_class_are_refused(shop, tmp_path, data, said):
    (tmp_path / "press.icc").write_bytes(data)
    with pytest.raises(Refused, match=said) as why:
        profile_at(tmp_path / "press.icc")
    assert "press.icc" in str(why.value)
    failed = make(shop, POSTER, tmp_path, Press(condition="", profile=tmp_path / "press.icc"))
    assert isinstance(failed, Failed)
    assert list(tmp_path.glob("*.pdf")) == []


def test_a_profile_that_is_not_there_is_refused():
    with pytest.raises(Refused, match="can't be read"):
        profile_at(Path("none.icc"))


@pytest.mark.parametrize("wrong", [{"condition": "FOGRA99"}, {"condition": ""}, {"spot": "All"}, {"spot": "CutContour"}, {"spot": "black"}])
def test_a_press_that_means_nothing_is_no_press(wrong):
    with pytest.raises(ValueError, match=r"there is no|no name"):
        Press(**wrong)


def test_the_deep_red_as_a_spot_ink(shop, tmp_path):
    made = make(shop, POSTER, tmp_path, Press(spot="PANTONE 187 C"))
    assert isinstance(made, Made), made
    with pikepdf.open(made.file) as document:
        spaces = [space for space in document.pages[0].Resources.ColorSpace.values() if space[0] == Name.Separation]
        assert {str(space[1]) for space in spaces} == {"/All", "/PANTONE 187 C"}
        inks = {tuple(float(v) for v in i.operands) for i in pikepdf.parse_content_stream(document.pages[0], "k")}
    assert (0.2, 1, 1, 0.3) not in inks


def test_a_cut_line_overprints(shop):
    """A spot of its own that knocks nothing out; preflight would find it otherwise."""
    piece = shop.pieces["poster-a3"]
    page = Page(*piece.trim, (Stroke(circle(Point(100, 100), 40), CUT, 0.25), Stroke(line((Point(0, 0), Point(9, 9))), BLACK, 1)))
    with opened(draw([page], piece, "", Setter(face, "test"))) as document:
        (space,) = (s for s in document.pages[0].Resources.ColorSpace.values() if s[1] == "/CutContour")
        assert (space[0], space[2]) == (Name.Separation, Name.DeviceCMYK)
        assert any(state.get("/OP") for state in document.pages[0].Resources.ExtGState.values())


def test_spot_inks_count_as_one_plate():
    assert Ink(20, 100, 100, 30, spot="PANTONE 187 C").total == 100
    assert not Ink(0, 0, 0, 100, spot="Black 6").overprints
    assert CUT.overprints
