"""Where pieces lie on sheets, and what a press gets: read as letters, and as pixels."""

from dataclasses import replace
from pathlib import Path

import pikepdf
import pytest

from collateral.batch import Made, make
from collateral.note import SHEET_KEY, SheetNote
from collateral.preflight import preflight
from collateral.readback import read_back
from collateral.refusal import Refused
from collateral.shop.calibration import calibration_pdf
from collateral.shop.impose import Plan, Side, cut_lines, filled, grid, oriented, sheet_size, slots
from collateral.shop.impose_pdf import impose_files
from tests.collateral.conftest import ticket

CARD = (85, 54)
A4 = Plan(sheet_size("a4"), gutter=6, margin=8)
LYING = Plan((200, 130), gutter=4, margin=4)


def sketch(places, plan, mm=20):
    """The sheet as letters, one every `mm`: the place's number, a dot where there is none."""
    width, height = plan.sheet

    def over(x, y):
        return next((str(n) for n, s in enumerate(places) if s.box.x <= x < s.box.right and s.box.y <= y < s.box.bottom), ".")

    return ["".join(over(x, y) for x in range(mm // 2, int(width), mm)) for y in range(mm // 2, int(height), mm)]


def test_places_run_row_by_row():
    assert sketch(slots(CARD, LYING), LYING) == [*[".00001111."] * 3, *[".22223333."] * 3]


def test_backs_lie_behind_their_fronts():
    """Turned about an upright axis the sheet is mirrored across, about a level one downward, and then backs stand on their heads."""
    over_short = replace(LYING, turned_over="short")
    assert sketch(slots(CARD, LYING, Side.BACK), LYING) == [*[".22223333."] * 3, *[".00001111."] * 3]
    assert {slot.head_down for slot in slots(CARD, LYING, Side.BACK)} == {True}
    assert sketch(slots(CARD, over_short, Side.BACK), LYING) == [*[".11110000."] * 3, *[".33332222."] * 3]
    assert {slot.head_down for slot in slots(CARD, over_short, Side.BACK)} == {False}


def test_tumbled_backs_stand_the_other_way():
    for plan in (LYING, replace(LYING, turned_over="short")):
        plain, tumbled = slots(CARD, plan, Side.BACK), slots(CARD, replace(plan, tumbled=True), Side.BACK)
        assert [slot.box for slot in plain] == [slot.box for slot in tumbled]
        assert [slot.head_down for slot in plain] == [not slot.head_down for slot in tumbled]


@pytest.mark.parametrize(
    ("sheet", "over", "upright"), [((210, 297), "long", True), ((210, 297), "short", False), ((297, 210), "long", False)]
)
def test_a_sheet_is_turned_over_one_of_its_edges(sheet, over, upright):
    assert Plan(sheet, turned_over=over).turns_about_upright is upright


def test_the_sheet_is_turned_where_more_go_on():
    assert grid(CARD, A4) == (2, 4)
    assert (oriented(CARD, A4).sheet, grid(CARD, oriented(CARD, A4))) == ((297, 210), (3, 3))
    assert oriented((100, 100), A4).sheet == A4.sheet


def test_places_keep_off_the_edges_and_each_other():
    boxes = [slot.box for slot in slots(CARD, A4)]
    assert min(box.x for box in boxes) >= A4.margin - 1e-9
    assert max(box.bottom for box in boxes) <= A4.sheet[1] - A4.margin + 1e-9
    assert boxes[1].x - boxes[0].right == pytest.approx(A4.gutter)


def test_cut_stacks_lie_in_order():
    """Ten pieces, four places, three sheets: each place's stack goes on where the one before ends."""
    sheets = filled(10, 4, Plan(A4.sheet, order="stack"))
    assert sheets == [(0, 3, 6, 9), (1, 4, 7, None), (2, 5, 8, None)]
    assert [each for stack in zip(*sheets, strict=True) for each in stack if each is not None] == list(range(10))


def test_rows_begin_on_a_partly_used_sheet():
    assert filled(4, 4, Plan(A4.sheet, skip=2)) == [(None, None, 0, 1), (2, 3, None, None)]


def test_repeat_gives_each_a_sheet_of_its_own():
    assert filled(2, 3, Plan(A4.sheet, order="repeat")) == [(0, 0, 0), (1, 1, 1)]


def test_offsets_move_one_side_only():
    plan = Plan(A4.sheet, offsets=(0, 0, 0.5, -0.25))
    assert slots(CARD, plan) == slots(CARD, Plan(A4.sheet))
    moved, still = slots(CARD, plan, Side.BACK)[0].box, slots(CARD, Plan(A4.sheet), Side.BACK)[0].box
    assert (moved.x - still.x, moved.y - still.y) == pytest.approx((0.5, -0.25))


def test_marks_stand_outside_the_block():
    boxes = [slot.box for slot in slots(CARD, A4)]
    for x0, y0, x1, y1 in cut_lines(boxes, A4.sheet, 4, 5):
        assert not any(
            box.x < max(x0, x1) and min(x0, x1) < box.right and box.y < max(y0, y1) and min(y0, y1) < box.bottom for box in boxes
        )


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: sheet_size("b17"), "no sheet"),
        (lambda: sheet_size("9x9"), "no machine"),
        (lambda: Plan(A4.sheet, order="heap"), "no order"),
        (lambda: Plan(A4.sheet, turned_over="flat"), "long or its short"),
        (lambda: Plan(A4.sheet, offsets=(1, 2, 3)), "four numbers"),
        (lambda: Plan(A4.sheet, offsets=(1, 2, 3, float("nan"))), "four numbers"),
        (lambda: Plan(A4.sheet, order="stack", skip=1), "partly used"),
        (lambda: oriented((297, 420), A4), "does not go onto"),
        (lambda: oriented(CARD, Plan(A4.sheet, skip=9)), "has 9 places"),
    ],
)
def test_what_can_not_be_is_said(make, said):
    with pytest.raises(ValueError, match=said):
        make()


def note_of(path: Path) -> SheetNote:
    with pikepdf.open(path) as document:
        return SheetNote.from_json(str(document.trailer.Info[SHEET_KEY]))


@pytest.fixture(scope="module")
def leaflets(shop, tmp_path_factory) -> list[Path]:
    folder = tmp_path_factory.mktemp("leaflets")
    made = [make(shop, ticket("leaflet-a5", village), folder) for village in ("TN01", "TN02", "TN03")]
    assert all(isinstance(each, Made) for each in made), made
    return [Path(each.file) for each in made]


def test_a_sheet_is_a_press_file_whose_codes_read(leaflets, tmp_path):
    """Three leaflets on SRA3, four places: two pages, the fourth place empty; preflight and read-back take the sheet as any piece."""
    out = tmp_path / "sheet.pdf"
    assert impose_files(leaflets, Plan(sheet_size("sra3")), out) == 1
    pdf = out.read_bytes()
    note = note_of(out)
    assert (note.pages, note.trim_mm, note.piece) == (2, (320.0, 450.0), "leaflet-a5 × 4")
    assert len({code.payload for code in note.codes}) == 3
    assert [finding for finding in preflight(pdf).findings if finding.severity == "error"] == []
    read = read_back(pdf, note)
    assert read.findings == ()
    assert sorted(read.payloads) == sorted(code.payload for code in note.codes)
    assert list(tmp_path.iterdir()) == [out]


def test_backs_on_their_heads_read_too_and_bytes_repeat(leaflets, tmp_path):
    plan = Plan((450, 320), order="stack", turned_over="short")
    first, again = tmp_path / "a.pdf", tmp_path / "b.pdf"
    assert impose_files(leaflets, plan, first) == impose_files(leaflets, plan, again) == 1
    assert first.read_bytes() == again.read_bytes()
    note = note_of(first)
    assert note.trim_mm == (320, 450)
    assert read_back(first.read_bytes(), note).findings == ()


def test_a_short_gutter_takes_from_the_bleed_not_from_the_neighbour(leaflets, tmp_path):
    out = tmp_path / "tight.pdf"
    impose_files(leaflets[:1] * 2, Plan((330, 230), gutter=2, margin=5), out)
    with pikepdf.open(out) as document:
        (box,) = {tuple(float(v) for v in form.BBox) for form in document.pages[0].Resources.XObject.values()}
    assert (box[2] - box[0]) / 72 * 25.4 == pytest.approx(150, abs=0.01)


def test_files_of_two_kinds_are_refused(leaflets, shop, tmp_path):
    poster = make(shop, ticket("poster-a3"), tmp_path)
    with pytest.raises(Refused, match="size is not that of"):
        impose_files([leaflets[0], Path(poster.file)], Plan(sheet_size("sra3")), tmp_path / "x.pdf")
    (tmp_path / "foreign.pdf").write_bytes(b"%PDF-1.4 nothing")
    with pytest.raises(Refused, match="no print file of ours"):
        impose_files([tmp_path / "foreign.pdf"], A4, tmp_path / "x.pdf")
    with pytest.raises(Refused, match="can't be read"):
        impose_files([tmp_path / "none.pdf"], A4, tmp_path / "x.pdf")
    assert not (tmp_path / "x.pdf").exists()


def test_the_calibration_sheet_has_a_line_at_ten_millimetres_on_both_sides():
    import io

    import pypdfium2

    document = pypdfium2.PdfDocument(io.BytesIO(calibration_pdf((210, 297))))
    assert len(document) == 2
    for page in document:
        picture = page.render(scale=10 * 25.4 / 72, grayscale=True).to_pil()  # ten pixels a millimetre
        middle = picture.height // 3
        dark = [x for x in range(300) if picture.getpixel((x, middle)) < 128]
        assert dark
        assert 97 <= min(dark) <= max(dark) <= 103
    document.close()
