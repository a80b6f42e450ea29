"""Concept A on leaflets: the poster's picture in front, one stroke from the lotus round the code; on the back it leads to the answers."""

from dataclasses import replace

import pytest

from collateral.batch import Made, Ticket, lay_out, make
from collateral.display import Clip, Code, Stroke
from collateral.journal import fingerprint
from collateral.layout.ban_do_leaflet import BanDoLeaflet
from tests.collateral.conftest import with_village

PIECES = ("leaflet-a5", "leaflet-a4")
LANGS = ("vi", "en", "lo")


def pages_of(shop, piece: str, lang: str = "vi", theme: str = "nguon"):
    return lay_out(shop, Ticket("TN01", piece, theme, lang))


def said(page) -> list[str]:
    return ["".join(run.text for run in text.runs) for text in page.texts]


def are_apart(one, other) -> bool:
    return one.right <= other.x or other.right <= one.x or one.bottom <= other.y or other.bottom <= one.y


@pytest.mark.parametrize("piece", PIECES)
def test_one_stroke_runs_from_the_lotus_round_the_code(shop, piece):
    """Stem and frame meet in one point and change colour at the seam; the frame stays open."""
    order, (front, _) = pages_of(shop, piece)
    above, below = (op for op in front.ops if isinstance(op, Clip))
    assert {each.ink for each in above.inside} == {order.palette.gilt}
    assert {each.ink for each in below.inside} == {order.palette.gold}
    assert above.box.bottom == pytest.approx(below.box.y)
    stem, frame = (each.path for each in above.inside)
    assert stem.segments[-1][1][-1] == pytest.approx(frame.segments[0][1][0])
    assert frame.segments[-1][1][-1] != frame.segments[0][1][0]
    (code,) = (op for op in front.ops if isinstance(op, Code))
    assert frame.bounds().holds(code.box)


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("lang", LANGS)
def test_the_back_s_stem_ends_over_the_answers_clear_of_all_words(shop, piece, lang):
    order, (_, back) = pages_of(shop, piece, lang)
    stem = next(op for op in back.ops if isinstance(op, Stroke))
    assert stem.ink == order.palette.gold
    lotus = [op.path.bounds() for op in back.ops if isinstance(op, Stroke) and op.ink == stem.ink]
    for box in lotus[1:]:
        assert all(are_apart(text.box, box) for text in back.texts)
    line_y = stem.path.bounds().bottom
    assert not any(text.box.y < line_y < text.box.bottom for text in back.texts)


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("lang", LANGS)
def test_it_says_what_the_map_leaflet_says_but_for_the_headline(shop, piece, lang):
    ours, theirs = (pages_of(shop, piece, lang, theme)[1] for theme in ("nguon", "ban-do"))
    assert said(ours[1]) == said(theirs[1])
    assert set(said(theirs[0])) - set(said(ours[0])) <= {*said(theirs[0])[:2]}


@pytest.mark.parametrize(("piece", "codes"), [("leaflet-a5", 1), ("leaflet-a4", 3)])
@pytest.mark.parametrize("lang", LANGS)
def test_the_file_passes_and_its_codes_read_back(shop, piece, codes, lang, tmp_path):
    made = make(shop, Ticket("TN01", piece, "nguon", lang), tmp_path)
    assert isinstance(made, Made), made
    assert len(made.qr) == codes


@pytest.mark.parametrize("name", ["Khu tái định cư 12 Lũng Mười Nà Lải", "Phiêng Bưa Nà Sla Lũng Mười Tằm Mốc"])
@pytest.mark.parametrize("piece", PIECES)
def test_long_names_stay_under_the_seam(shop, piece, name):
    order, (front, _) = pages_of(with_village(shop, name=name), piece)
    seam = next(op for op in front.ops if isinstance(op, Clip)).box.bottom
    place = [text.box for text in front.texts if text.ink == order.palette.field]
    assert min(box.y for box in place) > seam + 1


def test_words_of_another_section_decide_too(shop):
    """What the back says stands in the map leaflet's section: changed, the leaflet is made anew."""
    copy = shop.copies["vi"]
    other = replace(copy.section(BanDoLeaflet), confidence="Mọi thông tin được giữ kín.")
    changed = replace(shop, copies={**shop.copies, "vi": replace(copy, sections={**copy.sections, BanDoLeaflet: other})})
    ticket = Ticket("TN01", "leaflet-a5", "nguon", "vi")
    assert fingerprint(changed, ticket) != fingerprint(shop, ticket)
    assert fingerprint(changed, replace(ticket, piece="poster-a3")) == fingerprint(shop, replace(ticket, piece="poster-a3"))
