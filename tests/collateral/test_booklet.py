"""Booklets: page numbers are read back from the imposed sheets as a binder would handle them: cut, stacked, folded, leafed through."""

import io
from dataclasses import replace
from datetime import date
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collateral.batch import Made, Ticket, make
from collateral.display import Fill, Page
from collateral.draw_pdf import draw
from collateral.geometry import PT_PER_MM, Box, rectangle
from collateral.ink import BLACK, Ink
from collateral.note import SHEET_KEY, SheetNote
from collateral.pdfx import Titles, to_pdfx
from collateral.preflight import preflight
from collateral.readback import read_back
from collateral.refusal import Refused
from collateral.setting import Setter, Style
from collateral.shop.booklet import leaves
from collateral.shop.booklet_pdf import bind_files
from collateral.shop.impose import Plan, Side, sheet_size, slots
from collateral.type import BOLD, face

SETTER = Setter(face, "booklet")
ONE_UP, TWO_UP, FOUR_UP = Plan((330, 230), order="booklet"), Plan(sheet_size("sra3"), order="booklet"), Plan((640, 450), order="booklet")
A5 = (148.0, 210.0)


def numbered(shop, out: Path, pages: int, first: int = 1) -> Path:
    """A print file of A5 pages that bear nothing but their numbers, on a ground that reaches into the bleed."""
    piece = replace(shop.pieces["leaflet-a5"], layouts={}, slots={})
    ground = Fill(rectangle(piece.bleed_box), Ink(0, 20, 40, 0))
    drawn = [
        Page(*piece.trim, (ground, SETTER.line(f"{first + at}", 74, 105, Style(BOLD, 90, BLACK), align="centre"))) for at in range(pages)
    ]
    note = SheetNote(
        piece="numbers", code="", village="", theme="", lang="vi", scale=1, trim_mm=piece.trim, safe_mm=piece.safe, distance_m=0.3,
        least_module_mm=1.0, ink_limit=280, pages=pages, codes=(), bleed_mm=piece.bleed,
    )  # fmt: skip
    out.write_bytes(to_pdfx(draw(drawn, piece, "", SETTER), Titles("numbers", "numbers", "", date(2026, 6, 1)), note))
    return out


Spreads = list[tuple[str, str]]


def spreads(sheets: Path, plan: Plan) -> tuple[list[Spreads], list[Spreads]]:
    """What stands left and right of the fold on each place of each sheet: fronts and backs, a place at a time, first as on its sheet."""
    read: dict[Side, list[Spreads]] = {Side.FRONT: [], Side.BACK: []}
    document = pypdfium2.PdfDocument(sheets)
    size = tuple(round(side / PT_PER_MM) for side in document[0].get_size())
    plan = replace(plan, sheet=size)
    for at, page in enumerate(document):
        side = Side.BACK if at % 2 else Side.FRONT
        text = page.get_textpage()
        read[side].append([halves(text, slot, size[1]) for slot in slots((2 * A5[0], A5[1]), plan, side)])
    document.close()
    return read[Side.FRONT], read[Side.BACK]


def halves(text, slot, height: float) -> tuple[str, str]:
    """The words left and right of the fold, looking at the place with its head up."""
    box = slot.box
    boxes = (Box(box.x, box.y, box.w / 2, box.h), Box(box.x + box.w / 2, box.y, box.w / 2, box.h))
    said = [
        text.get_text_bounded(*(v * PT_PER_MM for v in (half.x, height - half.bottom, half.right, height - half.y))).strip()
        for half in boxes
    ]
    left, right = reversed(said) if slot.head_down else said
    return left, right


def leafed_through(sheets: Path, plan: Plan) -> list[str]:
    """Cut the sheets, put the stacks upon each other, lay the folded leaves into each other, and turn the pages."""
    fronts, backs = spreads(sheets, plan)
    places = range(len(fronts[0]))
    stacked = [(front[place], back[place]) for place in places for front, back in zip(fronts, backs, strict=True)]
    leaf_by_leaf = [(front, back) for front, back in stacked if any((*front, *back))]
    inward = [page for front, back in leaf_by_leaf for page in (front[1], back[0])]
    return inward + [page for front, back in reversed(leaf_by_leaf) for page in (back[1], front[0])]


@pytest.mark.parametrize("pages", [4, 8, 16])
@pytest.mark.parametrize(
    "plan", [ONE_UP, TWO_UP, FOUR_UP, replace(TWO_UP, turned_over="short")], ids=["1-up", "2-up", "4-up", "head to foot"]
)
def test_the_pages_read_in_order(shop, tmp_path, pages, plan):
    """As many leaves on a sheet as go on, turned over either edge."""
    out = tmp_path / "booklet.pdf"
    sheets = bind_files([numbered(shop, tmp_path / "pages.pdf", pages)], plan, out, 0.1)
    with pikepdf.open(out) as document:
        assert len(document.pages) == 2 * sheets
    assert leafed_through(out, plan) == [str(at) for at in range(1, pages + 1)]
    assert preflight(out.read_bytes()).findings == ()


def test_pages_of_several_files_follow_each_other_and_the_rest_is_blank(shop, tmp_path):
    files = [numbered(shop, tmp_path / f"{first}.pdf", 2, first) for first in (1, 3, 5)]
    bind_files(files, ONE_UP, tmp_path / "booklet.pdf")
    assert leafed_through(tmp_path / "booklet.pdf", ONE_UP) == ["1", "2", "3", "4", "5", "6", "", ""]


@given(st.integers(3, 64))
def test_every_page_lies_once_and_faces_its_neighbour(pages):
    folded = leaves(pages)
    read = [page for leaf in folded for page in (leaf.front[1], leaf.back[0])]
    read += [page for leaf in reversed(folded) for page in (leaf.back[1], leaf.front[0])]
    assert read == [*range(pages), *[None] * (-pages % 4)]
    assert [leaf.depth for leaf in folded] == list(range(len(folded)))


def ground_of(picture, y: int) -> tuple[int, int]:
    """First and last column, of a picture of ten pixels a mm, that is neither paper nor words in row `y`."""
    columns = [x for x in range(picture.width) if sum(picture.getpixel((x, y))) < 740]
    return min(columns), max(columns)


def middle_of(picture, left: int, right: int) -> float:
    """Where the numeral between two columns stands."""
    dark = [x for x in range(left, right) if any(picture.getpixel((x, y))[0] < 90 for y in range(850, 1300, 9))]
    return (min(dark) + max(dark)) / 2


def test_inner_pages_creep_to_the_fold_and_never_over_it(shop, tmp_path):
    """Four leaves of half a millimetre: the innermost pages stand 1.5 mm nearer to the fold; the ground still ends where leaves are cut."""
    offsets = {}
    for thickness in (0.0, 0.5):
        out = tmp_path / f"{thickness}.pdf"
        bind_files([numbered(shop, tmp_path / "pages.pdf", 16)], ONE_UP, out, thickness)
        document = pypdfium2.PdfDocument(out)
        picture = document[6].render(scale=10 / PT_PER_MM).to_pil().convert("RGB")  # the innermost leaf's front
        offsets[thickness] = middle_of(picture, 200, 1600), middle_of(picture, 1700, 3100), ground_of(picture, 600)
        document.close()
    (left, right, _), (crept_left, crept_right, (begin, end)) = offsets[0.0], offsets[0.5]
    assert crept_left - left == pytest.approx(15, abs=1.5)
    assert right - crept_right == pytest.approx(15, abs=1.5)
    assert begin == pytest.approx(170 - 30 + 15, abs=2)  # the bleed crept along
    assert end == pytest.approx(170 + 2960 + 30 - 15, abs=2)


def test_nothing_shows_over_the_fold(shop, tmp_path):
    """A page's bleed would lie on its neighbour: each ends at the fold."""
    bind_files([numbered(shop, tmp_path / "pages.pdf", 4)], ONE_UP, tmp_path / "booklet.pdf", 0.3)
    with pikepdf.open(tmp_path / "booklet.pdf") as document:
        widths = {round(float(f.BBox[2] - f.BBox[0]) / PT_PER_MM, 2) for page in document.pages for f in page.Resources.XObject.values()}
    assert widths == {A5[0] + 3}


def test_three_languages_of_a_leaflet_make_a_booklet_whose_codes_read(shop, tmp_path):
    made = [make(shop, Ticket("TN01", "leaflet-a5", "ban-do", lang), tmp_path) for lang in ("vi", "en", "lo")]
    assert all(isinstance(each, Made) for each in made), made
    out, again = tmp_path / "booklet.pdf", tmp_path / "again.pdf"
    assert bind_files([Path(each.file) for each in made], TWO_UP, out, 0.12) == 1
    bind_files([Path(each.file) for each in made], TWO_UP, again, 0.12)
    assert out.read_bytes() == again.read_bytes()
    with pikepdf.open(io.BytesIO(out.read_bytes())) as document:
        note = SheetNote.from_json(str(document.trailer.Info[SHEET_KEY]))
    assert (note.pages, note.trim_mm, note.piece, len(note.codes)) == (2, (320, 450), "leaflet-a5 × 6", 3)
    assert preflight(out.read_bytes()).findings == ()
    assert read_back(out.read_bytes(), note).findings == ()


@pytest.mark.parametrize(
    ("pages", "plan", "thickness", "said"),
    [
        (2, ONE_UP, 0.1, "3 to 64 pages, not 2"),
        (68, ONE_UP, 0.1, "not 68"),
        (4, Plan((210, 297), order="booklet"), 0.1, "does not go onto a sheet"),
        (64, ONE_UP, 0.5, "creep 7.5 mm over the fold, words stand 5 mm"),
    ],
)
def test_what_makes_no_booklet_is_refused(shop, tmp_path, pages, plan, thickness, said):
    with pytest.raises(Refused, match=said) as why:
        bind_files([numbered(shop, tmp_path / "pages.pdf", pages)], plan, tmp_path / "x.pdf", thickness)
    assert "Take" in str(why.value)
    assert not (tmp_path / "x.pdf").exists()


def test_files_of_two_sizes_are_refused(shop, tmp_path):
    poster = make(shop, Ticket("TN01", "poster-a3", "nguon", "vi"), tmp_path)
    with pytest.raises(Refused, match="size is not that"):
        bind_files([numbered(shop, tmp_path / "pages.pdf", 4), Path(poster.file)], ONE_UP, tmp_path / "x.pdf")
