"""What read-back sees on the rendered page: each module where it belongs, white where paper is, black and white far apart."""

import io
import math
from dataclasses import replace

import pikepdf
import pytest

from collateral.qr import symbol_of, symbols
from collateral.readback import read_back
from tests.collateral.conftest import PIECES


def edited(pdf: bytes, change) -> bytes:
    """`pdf` with its first page's operators changed."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as document:
        page = document.pages[0]
        page.obj.Contents = document.make_stream(change(page.Contents.read_bytes()))
        document.save(out)
    return out.getvalue()


def rules(pdf: bytes, note) -> set[str]:
    return {finding.rule for finding in read_back(pdf, note).findings}


def box(drawn, column: float, row: float, side: float) -> str:
    """Where a square of `side` modules stands on the page, `column` and `row` modules from the code's upper left."""
    code = drawn.note.codes[0]
    x, y, w, h = code.box_pt
    module = w / (code.modules + 8)
    return f"{x + (4 + column) * module} {y + h - (4 + row + side) * module} {side * module} {side * module} re f"


@pytest.mark.parametrize("piece", PIECES)
def test_one_module_turned_is_a_finding(drawn, piece):
    """Any reader would mend it; but paper that starts with a fault has one less to give away."""
    each = drawn[piece]
    row, column = next((y, x) for y in range(10, 15) for x in range(10, 15) if not symbol_of(each.note.codes[0].payload, 2).rows[y][x])
    pdf = edited(each.pdf, lambda content: content + f" q 0 0 0 1 k {box(each, column + 0.1, row + 0.1, 0.8)} Q".encode())
    found = read_back(pdf, each.note).findings
    assert [finding.rule for finding in found] == ["code.module"]
    assert found[0].text.startswith("1 of the 625 modules")


def test_a_pale_code_is_a_finding(drawn):
    """Modules of K60 read well on a good phone and badly in the dusk."""
    each = drawn["poster-a3"]
    pdf = edited(each.pdf, lambda content: content.replace(b"0 0 0 1 k", b"0 0 0 .6 k"))
    assert rules(pdf, each.note) == {"code.contrast"}


@pytest.mark.parametrize(("ink", "rule"), [("0 .2 1 0", "code.quiet-zone"), ("0 .02 .1 0", "code.quiet-zone")])
def test_no_tint_at_all_in_the_quiet_zone(drawn, ink, rule):
    each = drawn["poster-a3"]
    pdf = edited(each.pdf, lambda content: content + f" q {ink} k {box(each, -3, -3, 1.5)} Q".encode())
    assert rules(pdf, each.note) == {rule}


def test_a_note_that_does_not_fit_its_code_is_a_finding(drawn):
    """A file may say anything of itself."""
    each = drawn["poster-a3"]
    code = replace(each.note.codes[0], modules=21)
    found = rules(each.pdf, replace(each.note, codes=(code,)))
    assert "code.module" in found


def test_a_smaller_code_is_held_to_its_own_distance(drawn):
    each = drawn["leaflet-a5"]
    code = each.note.codes[0]
    fine, coarse = (replace(each.note, least_module_mm=9, codes=(replace(code, least_mm=least),)) for least in (1.2, 1.5))
    assert rules(each.pdf, fine) == set()
    assert rules(each.pdf, coarse) == {"code.size"}


@pytest.mark.parametrize(("turn", "invert"), [(0, False), (37, False), (90, False), (180, False), (0, True)])
def test_a_foreign_code_is_seen_however_it_lies(drawn, turn, invert):
    """Upright, turned, or light on dark: somebody else's code must not be on our paper."""
    each = drawn["leaflet-a5"]
    symbol = symbols(("HTTPS://EXAMPLE.COM/STICKER",), 3)[0]
    bars = " ".join(f"{x} {-y - 1} {length} 1 re" for x, y, length in symbol.bars())
    cos, sin = math.cos(math.radians(turn)) * 3, math.sin(math.radians(turn)) * 3
    ground, ink = ("0 0 0 1 k", "0 0 0 0 k") if invert else ("0 0 0 0 k", "0 0 0 1 k")
    side = symbol.with_quiet_zone
    op = f" q {cos:.6f} {sin:.6f} {-sin:.6f} {cos:.6f} 250 420 cm {ground} 0 {-side} {side} {side} re f {ink} {bars} f Q"
    assert "code.foreign" in rules(edited(each.pdf, lambda content: content + op.encode()), each.note)


# --- files that say nothing of themselves ---


@pytest.mark.parametrize("piece", PIECES)
def test_a_good_code_of_an_unknown_file_is_no_finding(drawn, piece):
    assert rules(drawn[piece].pdf, None) == set()


@pytest.mark.parametrize(("ink", "found"), [("0 .02 .1 0", set()), ("0 .2 1 0", {"code.quiet-zone"}), ("0 1 1 .1", {"code.quiet-zone"})])
def test_paper_round_an_unknown_code_may_be_ivory_but_not_gold_or_red(drawn, ink, found):
    each = drawn["poster-a3"]
    pdf = edited(each.pdf, lambda content: content + f" q {ink} k {box(each, -3, 10, 1.5)} Q".encode())
    assert rules(pdf, None) == found


def test_a_pale_unknown_code_is_a_finding(drawn):
    pdf = edited(drawn["poster-a3"].pdf, lambda content: content.replace(b"0 0 0 1 k", b"0 0 0 .6 k"))
    assert rules(pdf, None) == {"code.contrast"}


def test_an_unknown_code_light_on_dark_is_a_finding(drawn):
    symbol = symbols(("HTTPS://EXAMPLE.COM/STICKER",), 3)[0]
    bars = " ".join(f"{x} {-y - 1} {length} 1 re" for x, y, length in symbol.bars())
    side = symbol.with_quiet_zone
    op = f" q 3 0 0 3 250 420 cm 0 0 0 1 k 0 {-side} {side} {side} re f 0 0 0 0 k {bars} f Q"
    assert "code.quiet-zone" in rules(edited(drawn["leaflet-a5"].pdf, lambda content: content + op.encode()), None)
