"""The leaflet folded twice: panels, folds, the slip that becomes a paper tip."""

from random import Random

import pytest

from collateral.batch import Ticket, lay_out, make
from collateral.display import Clip, Stroke
from collateral.geometry import Box, flattened
from gateway.domain.code import tip_code
from tests.collateral.conftest import with_village
from tests.collateral.test_layout import said

LANGS = ["vi", "en", "lo"]


def sides(shop, lang="vi"):
    return lay_out(shop, Ticket("TN01", "leaflet-trifold", "o-trong", lang))[1]


def panels(page) -> list[Box]:
    edges = (0.0, *page.folds_x, page.width)
    return [Box(left, 0, right - left, page.height) for left, right in zip(edges, edges[1:], strict=False)]  # noqa: RUF007 # reads like the rule


def test_the_panels_fold_into_each_other(shop):
    """Two of 100 mm, the one folded in 3 mm narrower; the same creases on both sides of the paper."""
    outside, inside = sides(shop)
    assert [panel.w for panel in panels(outside)] == [97, 100, 100]
    assert [panel.w for panel in panels(inside)] == [100, 100, 97]
    assert sorted(inside.width - x for x in inside.folds_x) == list(outside.folds_x)


@pytest.mark.parametrize("lang", LANGS)
def test_no_word_and_no_code_lies_on_a_fold(shop, lang):
    for page in sides(shop, lang):
        for thing in (*page.texts, *page.codes):
            assert any(panel.inset(4).holds(thing.box) for panel in panels(page)), thing


def test_each_panel_says_its_own(shop):
    """Outside from the left: the slip's back, the back, the cover. Inside: what, how, the slip: its back lies behind it."""
    outside, inside = sides(shop)
    where = {
        "".join(run.text for run in text.runs): next(i for i, panel in enumerate(panels(page)) if panel.holds(text.box))
        for page in (outside, inside)
        for text in page.texts
    }
    wanted = {"Phần người nhận ghi": 0, "Quét mã để báo tin": 1, "chưa biết tên": 2, "Không tự ý đào bới.": 0, "Báo tin thế nào?": 1}
    wanted |= {"Điều tôi nhớ": 2, "Có thể": 2, "Ông bà,": 0, "Sau đó thì sao?": 1}
    assert {words: where[words] for words in wanted} == wanted


def test_the_empty_row_runs_over_the_fold_and_becomes_the_frame(shop):
    outside, _ = sides(shop)
    back, cover = (op for op in outside.ops if isinstance(op, Clip))
    rule, round_the_code = (flattened(stroke.path) for stroke in back.inside)
    assert (back.box.right, cover.box.x) == (197, 197)  # it changes colour on the fold
    assert rule[0].x == 288  # the cover's right edge
    assert rule[-1] == round_the_code[0]
    name = next(text for text in outside.texts if "".join(run.text for run in text.runs) == "chưa biết tên")
    assert 0 < rule[0].y - name.box.bottom < 5
    (code,) = outside.codes
    assert all(not (code.box.x < p.x < code.box.right and code.box.y < p.y < code.box.bottom) for p in round_the_code)
    assert round_the_code[-1].x < round_the_code[0].x - 3  # open at its top right


def test_the_slip_is_for_old_hands_and_for_the_desk(shop):
    """Lines at least a centimetre apart; on its back a box for each character of the tip code."""
    outside, inside = sides(shop)
    rules = max((op for op in inside.ops if isinstance(op, Stroke)), key=lambda op: len(op.path.segments))
    ys = [segment.points[0].y for segment in rules.path.segments if segment.op == "M"]
    assert len(ys) == 14
    assert min(b - a for a, b in zip(ys, ys[1:], strict=False)) >= 10  # noqa: RUF007 # reads like the rule
    boxes = [op for op in outside.ops if isinstance(op, Stroke) and sum(segment.op == "Z" for segment in op.path.segments) > 1]
    assert [sum(segment.op == "Z" for segment in op.path.segments) for op in boxes] == [len(tip_code(Random(1)))]


@pytest.mark.parametrize("lang", LANGS)
def test_safety_confidence_and_consent_stand_on_it(shop, lang):
    outside, inside = ("\n".join(said(page)) for page in sides(shop, lang))
    first = {"vi": ("Không tự ý đào bới.", "bảo mật"), "en": ("do not dig", "confidence"), "lo": ("ຢ່າຂຸດເອງ", "ຄວາມລັບ")}[lang]
    assert first[0] in inside
    assert first[1] in outside


def test_a_long_name_takes_two_lines_at_the_covers_foot(shop):
    outside, _ = sides(with_village(shop, kind="tổ dân phố", name="Khuổi Tẳng - Phiêng Bưa 2"))
    assert "Tổ dân phố Khuổi Tẳng - Phiêng Bưa 2" in said(outside)
    assert "xã Thống Nhất, tỉnh Lạng Sơn" not in said(outside)
    assert "xã Thống Nhất" in said(outside)


@pytest.mark.parametrize("lang", LANGS)
def test_the_file_passes_and_its_code_reads_back(shop, lang, tmp_path):
    made = make(shop, Ticket("TN01", "leaflet-trifold", "o-trong", lang), tmp_path)
    assert (made.pages, len(made.qr)) == (2, 1)
