"""A print shop's job: made, proved, approved by hash, packed; and nothing packed that nobody approved."""

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pikepdf
import pypdfium2
import pytest

from collateral.batch import Failed, Made
from collateral.display import Stroke
from collateral.finishing import finishing_ops
from collateral.geometry import Point, line
from collateral.ink import Ink
from collateral.piece import Finishing
from collateral.press import Press
from collateral.refusal import Refused
from collateral.shop.job import MANIFEST, approve, approved, read_manifest
from collateral.shop.job_ticket import finishing_words, paper_words
from collateral.shop.package import Job, head_of, job_tickets, make_job, pack, press_words
from collateral.shop.paper import legible, wrapped
from collateral.shop.proof import fitted, kinds_of
from collateral.shop.register import FILE as HUNG
from collateral.shop.register import load_hangings, register_of
from collateral.shop.shops import Shop, Work, load_shops
from collateral.shop.workbook import Tab, write_workbook
from gateway.deployment import BadDeployment
from gateway.domain.hanging import COLUMNS, read_hangings
from gateway.domain.placement import Placement
from gateway.domain.table import read_table
from tests.collateral.conftest import with_village

SHOP = Shop(
    title="Cơ sở in Ví Dụ",
    pieces={"poster-a3": Work("Couché 150 g/m²", copies=3), "leaflet-a5": Work("Couché 120 g/m²", per_household=1, spare=5)},
    deadline=date(2026, 12, 10),
    name="in-vi-du",
)


def words(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    text = " ".join(page.get_textpage().get_text_range() for page in document)
    document.close()
    return " ".join(text.split())


def make(job: Job, village: str = "TN02", finishing=finishing_ops) -> list[Made | Failed]:
    return list(make_job(job, job_tickets(job.printing, job.shop, village, "vi"), 1, finishing))


@pytest.fixture(scope="module")
def made_once(shop, tmp_path_factory) -> Job:
    """One village's job with its proof, never touched."""
    job = Job(shop, SHOP, tmp_path_factory.mktemp("job"))
    results = make(job)
    assert all(isinstance(each, Made) for each in results), results
    return job


@pytest.fixture
def job(made_once, tmp_path) -> Job:
    """A copy that a test may approve and spoil."""
    import shutil

    shutil.copytree(made_once.folder, tmp_path / "job")
    return replace(made_once, folder=tmp_path / "job")


# --- what is printed ---


def test_a_job_is_every_spot_in_the_themes_asked_for(shop):
    more = (*shop.deployment.placements, Placement("TN02", 9, "poster-a3", "Chợ"))
    there = replace(shop, deployment=replace(shop.deployment, placements=more))
    asked = replace(SHOP, pieces={"poster-a3": Work("", themes=("o-trong", "ban-do")), "leaflet-a5": Work("")})
    assert [(each.piece, each.theme, each.placement) for each in job_tickets(there, asked, "TN02", "vi")] == [
        ("poster-a3", "o-trong", 0),
        ("poster-a3", "ban-do", 0),
        ("poster-a3", "o-trong", 9),
        ("poster-a3", "ban-do", 9),
        ("leaflet-a5", "ban-do", 0),
    ]


# --- the manifest ---


def test_the_manifest_tells_each_file_and_what_its_codes_say(job):
    head, rows = read_manifest(job.folder)
    rows = list(rows)
    assert (head.files, head.copies, head.press) == (2, 3 + 134, "PDF/X-1a:2003, FOGRA39")  # 127 households and 5 %
    assert [row.piece for row in rows] == ["poster-a3", "leaflet-a5"]
    for row in rows:
        assert hashlib.sha256((job.files / row.file).read_bytes()).hexdigest() == row.sha256
        assert row.codes
        assert all("zxing-cpp" in code.read_by and code.module_mm > 1 for code in row.codes)
    assert rows[0].codes[0].payload == "HTTPS://TINBAO.EXAMPLE/Q/TN0201M"


def test_the_hash_is_that_of_sha256sum(job):
    """Whoever has the files can compute it: sha256 and name a line, in the manifest's order."""
    head, rows = read_manifest(job.folder)
    lines = "".join(f"{row.sha256}  {row.file}\n" for row in rows)
    assert hashlib.sha256(lines.encode()).hexdigest() == head.hash


def test_json_and_csv_say_the_same(job):
    read = json.loads((job.folder / MANIFEST).read_text("utf-8"))
    table = list(csv.DictReader(io.StringIO((job.folder / "manifest.csv").read_text("utf-8-sig"))))
    assert [row["sha256"] for row in table] == [file["sha256"] for file in read["files"]]
    assert read["job"]["hash"] == head_of(job).hash


def test_lao_words_that_nobody_has_read_are_listed(shop, tmp_path):
    job = Job(shop, replace(SHOP, pieces={"poster-a3": Work("")}), tmp_path)
    results = list(make_job(job, job_tickets(shop, job.shop, "TN02", "lo"), 1, finishing_ops))
    if isinstance(results[0], Failed):
        pytest.skip(results[0].error)
    (row,) = read_manifest(tmp_path)[1]
    assert any("copy.draft" in warning for warning in row.warnings)
    assert "Lưu ý:" in words((tmp_path / "proof.pdf").read_bytes())


def test_one_failed_file_means_no_proof_and_the_others_stand(shop, tmp_path):
    spoiled = with_village(shop, name="Khuổi Tẳng " * 9)
    job = Job(spoiled, SHOP, tmp_path)
    results = list(make_job(job, job_tickets(spoiled, SHOP, "TN01", "vi"), 1, finishing_ops))
    assert any(isinstance(each, Failed) for each in results)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["files"]
    with pytest.raises(Refused, match="no manifest"):
        read_manifest(tmp_path)


def test_the_same_job_has_the_same_bytes(made_once, shop, tmp_path):
    again = Job(shop, SHOP, tmp_path)
    make(again)
    for name in (MANIFEST, "manifest.csv", "proof.pdf"):
        assert (tmp_path / name).read_bytes() == (made_once.folder / name).read_bytes(), name


# --- the proof ---


def test_the_proof_shows_the_hash_the_pieces_and_the_numbers(job):
    pdf = (job.folder / "proof.pdf").read_bytes()
    said = words(pdf)
    for wanted in (
        head_of(job).hash[:8],
        "Áp phích A3",
        "Thôn Nà Lài",
        "0300 000 102",
        "Người duyệt",
        "UỐNG NƯỚC",
    ):
        assert wanted in said, wanted


def test_the_pictures_in_the_proof_can_be_scanned(job):
    """They are the print files themselves: their codes read from the proof's pages."""
    import zxingcpp

    document = pypdfium2.PdfDocument(job.folder / "proof.pdf")
    seen = set()
    for page in document:
        bitmap = page.render(scale=4, grayscale=True)
        pixels = memoryview(bytes(bitmap.buffer)).cast("B", (bitmap.height, bitmap.stride))
        seen |= {code.text for code in zxingcpp.read_barcodes(pixels)}
    document.close()
    assert "HTTPS://TINBAO.EXAMPLE/Q/TN0201M" in seen


def test_finishing_lies_on_a_layer_of_the_proof_and_in_no_print_file(shop, tmp_path):
    marked = Ink(100, 0, 0, 0)
    job = Job(shop, replace(SHOP, pieces={"poster-a3": Work("")}), tmp_path)
    make(job, finishing=lambda piece: (Stroke(line((Point(0, 0), Point(*piece.trim))), marked, 2),))
    with pikepdf.open(tmp_path / "proof.pdf") as proof:
        (layer,) = proof.Root.OCProperties.OCGs
        assert str(layer.Name) == "Gia công"
        forms = [form for page in proof.pages for form in page.get("/Resources", {}).get("/XObject", {}).values()]
        assert [form.OC.Name == layer.Name for form in forms if "/OC" in form] == [True]
    for file in job.files.glob("*.pdf"):
        with pikepdf.open(file) as printed:
            assert "/OCProperties" not in printed.Root


# --- approval ---


def test_nothing_is_packed_before_it_is_approved(job, tmp_path):
    with pytest.raises(Refused, match="Nobody has approved"):
        pack(job, tmp_path / "out", as_zip=False)
    assert not (tmp_path / "out").exists()


def test_an_approval_names_who_when_and_what(job):
    approval = approve(job.folder, "Hoàng Văn Thí Dụ", date(2026, 11, 20), head_of(job).hash[:8].upper())
    assert approved(job.folder) == (head_of(job), approval)
    assert (approval.by, approval.on, approval.hash) == ("Hoàng Văn Thí Dụ", date(2026, 11, 20), head_of(job).hash)


@pytest.mark.parametrize("typed", ["00000000", "12", "not a hash"])
def test_another_paper_than_the_newest_is_not_taken(job, typed):
    with pytest.raises(Refused, match="The signed proof shows"):
        approve(job.folder, "A", date(2026, 11, 20), typed)


def change_a_byte(job: Job) -> None:
    file = next(job.files.glob("*.pdf"))
    file.write_bytes(file.read_bytes() + b"\n")


def lose_a_file(job: Job) -> None:
    next(job.files.glob("*.pdf")).unlink()


def edit_the_manifest(job: Job) -> None:
    path = job.folder / MANIFEST
    lines = path.read_text("utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if "leaflet-a5" not in line).replace("},\n]}", "}\n]}"), "utf-8")


def make_it_anew_from_other_data(job: Job) -> None:
    changed = replace(job.printing.deployment.villages["TN02"], contact_name="Vi Thị Khác")
    villages = {**job.printing.deployment.villages, "TN02": changed}
    make(replace(job, printing=replace(job.printing, deployment=replace(job.printing.deployment, villages=villages))))


@pytest.mark.parametrize("harm", [change_a_byte, lose_a_file, edit_the_manifest, make_it_anew_from_other_data])
def test_what_changed_after_the_approval_is_not_packed(job, tmp_path, harm: Callable[[Job], None]):
    approve(job.folder, "A", date(2026, 11, 20))
    harm(job)
    with pytest.raises(Refused):
        pack(job, tmp_path / "out", as_zip=True)
    assert not (tmp_path / "out").exists()


def test_a_changed_file_is_not_even_approved(job):
    change_a_byte(job)
    with pytest.raises(Refused, match="not the one that was checked"):
        approve(job.folder, "A", date(2026, 11, 20))


# --- the package ---

JOB = {"manifest.json", "manifest.csv", "proof.pdf", "approval.json"}
PAPERS = JOB | {"phieu-dat-in.pdf", "phieu-dat-in.xlsx", "so-treo.pdf", "so-treo.xlsx", "bang-anh.png"}


def test_a_package_has_the_files_by_village_and_all_papers(job, tmp_path):
    approve(job.folder, "Hoàng Văn Thí Dụ", date(2026, 11, 20))
    path = pack(job, tmp_path / "out", as_zip=False)
    assert path.name == f"in-vi-du_{head_of(job).hash[:8]}"
    assert {file.name for file in path.iterdir() if file.is_file()} == PAPERS
    assert {file.name for file in (path / "TN02 Thôn Nà Lài").iterdir()} == {row.file for row in read_manifest(job.folder)[1]}
    for row in read_manifest(job.folder)[1]:
        assert hashlib.sha256((path / "TN02 Thôn Nà Lài" / row.file).read_bytes()).hexdigest() == row.sha256
    assert [each.name for each in (tmp_path / "out").iterdir()] == [path.name]


def test_an_archive_holds_the_same_and_has_the_same_bytes_each_time(job, tmp_path):
    approve(job.folder, "Hoàng Văn Thí Dụ", date(2026, 11, 20))
    first, again = pack(job, tmp_path / "a", as_zip=True), pack(job, tmp_path / "b", as_zip=True)
    assert first.read_bytes() == again.read_bytes()
    with zipfile.ZipFile(first) as archive:
        assert archive.testzip() is None
        inside = {name.split("/", 1)[1] for name in archive.namelist()}
    assert inside >= PAPERS
    assert sum(name.startswith("TN02 Thôn Nà Lài/") for name in inside) == 2


def test_a_package_is_never_written_over(job, tmp_path):
    approve(job.folder, "A", date(2026, 11, 20))
    pack(job, tmp_path, as_zip=True)
    with pytest.raises(Refused, match="stands there already"):
        pack(job, tmp_path, as_zip=True)


def test_the_ticket_tells_the_shop_all_it_asks(job, tmp_path):
    approve(job.folder, "Hoàng Văn Thí Dụ", date(2026, 11, 20))
    path = pack(job, tmp_path / "out", as_zip=False)
    said = words((path / "phieu-dat-in.pdf").read_bytes())
    for wanted in ("10/12/2026", "FOGRA39", "297 × 420 mm, tràn lề 3 mm", "Couché 150 g/m²", "134", "Hoàng Văn Thí Dụ, 20/11/2026"):
        assert wanted in said, wanted
    import openpyxl

    book = openpyxl.load_workbook(path / "phieu-dat-in.xlsx")
    assert book.sheetnames == ["Phiếu", "Loại", "Tệp"]
    assert [row[0].value for row in book["Tệp"].iter_rows(min_row=2)] == [row.file for row in read_manifest(job.folder)[1]]
    assert book["Loại"]["E2"].value == 297


def test_finishing_is_told_in_the_shops_words(shop):
    piece = replace(shop.pieces["banner-h"], finishing=Finishing(eyelet=12, hem=30), contour="")
    assert finishing_words(piece, Work("", finishing="In UV")) == "In UV; may biên 30 mm; đóng khoen Ø 12 mm ở góc và cách nhau ≤ 500 mm"
    assert finishing_words(replace(piece, finishing=None), Work("")) == "Cắt thành phẩm"


def test_a_piece_s_own_printing_condition_stands_beside_its_paper(shop):
    """The shop's stands once for the job; where the shop brings a profile, that is what it prints by."""
    leaflet, work = replace(shop.pieces["leaflet-a5"], condition="FOGRA52"), Work("Giấy ford 80 g/m²")
    assert paper_words(SHOP, leaflet, work) == "Giấy ford 80 g/m², điều kiện in FOGRA52"
    assert paper_words(SHOP, shop.pieces["leaflet-a5"], work) == "Giấy ford 80 g/m²"
    own = replace(SHOP, press=Press(condition="", profile=Path("own.icc")))
    assert paper_words(own, leaflet, work) == "Giấy ford 80 g/m²"


def test_press_words():
    assert press_words(Press(level="x4", condition="FOGRA52", outlines=True)) == "PDF/X-4, FOGRA52, chữ đã chuyển thành nét"


# --- the register ---


def test_the_register_comes_back_as_it_went_out(job, shop, tmp_path):
    """Filled in in Excel, the workbook that we hand out is what the import takes."""
    import openpyxl

    approve(job.folder, "A", date(2026, 11, 20))
    book_path = pack(job, tmp_path / "out", as_zip=False) / "so-treo.xlsx"
    book = openpyxl.load_workbook(book_path)
    sheet = book.active
    assert [cell.value for cell in sheet[1]][:5] == ["Mã", "Thôn", "Loại", "Vị trí", "Ngày treo"]
    sheet["E2"], sheet["F2"], sheet["G2"], sheet["H2"] = date(2026, 11, 25), 21.6874, 106.7861, "a.jpg"
    book.save(tmp_path / "filled.xlsx")
    table = read_table((tmp_path / "filled.xlsx").read_bytes(), file="filled.xlsx", columns=COLUMNS)
    hung, faults = read_hangings(table, shop.deployment.placements, shop.deployment.villages)
    assert faults == []
    assert [(each.code, each.hung_on, each.photo) for each in hung] == [("TN0201M", date(2026, 11, 25), "a.jpg")]


def test_what_hangs_already_stands_in_the_next_register(shop, deployment_copy):
    config = deployment_copy()
    (config / HUNG).write_text("code,hung_on,lat,lon,photo\nTN0201M,2026-11-25,21.68,106.78,a.jpg\nTN0201M,never,,,\n")
    here = replace(shop, deployment=replace(shop.deployment, path=config))
    rows = list(register_of(here, ["TN02"], here.pieces, load_hangings(here)).rows)
    assert rows[0][4:8] == ("25/11/2026", "21.680000", "106.780000", "a.jpg")
    assert rows[1][4:8] == ("", "", "", "")


# --- shops.toml ---


def test_the_shipped_shops_are_good(shop):
    shops = load_shops(shop)
    assert list(shops) == ["in-offset", "in-bat"]
    assert shops["in-bat"].press.outlines
    assert shops["in-offset"].pieces["leaflet-a5"].copies_for(shop.deployment.villages["TN01"]) == 118


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[shops.a]\ntitle = "A"\n[shops.a.pieces.stamp]\npaper = ""\n', r"shops.toml:\d: shops.a.pieces: There is no piece “stamp”"),
        ('[shops.a]\ntitle = "A"\npress = { level = "x9" }\n[shops.a.pieces.poster-a3]\npaper = ""\n', "shops.toml:3"),
        (
            '[shops.a]\ntitle = "A"\npress = { profile = "none.icc" }\n[shops.a.pieces.poster-a3]\npaper = ""\n',
            "no profile none.icc",
        ),
        ('[shops.a]\ntitle = "A"\n[shops.a.pieces.poster-a3]\npaper = ""\ncopies = -1\n', "shops.toml:5"),
        ('[shops.a]\ntitle = "A"\n[shops.a.pieces.poster-a3]\npaper = ""\nthemes = ["baroque"]\n', "shops.toml:5: .*no theme “baroque”"),
        ("[shops]\n", "shops.toml"),
        ("[shops.a\n", "shops.toml:1"),
    ],
)
def test_a_wrong_shop_is_named_with_its_line(shop, deployment_copy, text, said):
    config = deployment_copy()
    (config / "shops.toml").write_text(text, "utf-8")
    with pytest.raises(BadDeployment, match=said):
        load_shops(replace(shop, deployment=replace(shop.deployment, path=config)))


# --- papers ---


def test_words_are_broken_at_blanks_and_long_ones_anywhere():
    from collateral.shop.paper import BODY, SETTER

    lines = wrapped("một hai ba " + "x" * 90, BODY, 40)
    assert lines[0] == "một hai ba"
    assert "".join(lines[1:]) == "x" * 90
    assert all(SETTER.width(said, BODY) <= 40 for said in lines)
    assert wrapped("148\u00a0×\u00a0210\u00a0mm", BODY, 40) == ["148\u00a0×\u00a0210\u00a0mm"]


def test_a_sign_without_a_glyph_stands_as_its_code_point():
    assert legible("Nà\tLải 😀 **x** ~y~") == "Nà Lải [U+1F600] *x* -y-"
    assert legible("bạt 440 g/m², 5 mm, 3 mét") == "bạt 440\u00a0g/m², 5\u00a0mm, 3 mét"


def test_pictures_are_never_enlarged():
    from collateral.geometry import Box

    assert fitted((85, 54), Box(0, 0, 174, 200)) == Box(44.5, 0, 85, 54)
    assert fitted((400, 200), Box(10, 10, 100, 100)) == Box(10, 10, 100, 50)


def test_kinds_count_files_and_copies(job):
    kinds = kinds_of(read_manifest(job.folder)[1])
    assert [(kind.piece, kind.files, kind.copies) for kind in kinds] == [("poster-a3", 1, 3), ("leaflet-a5", 1, 134)]


def test_a_workbook_keeps_texts_texts(tmp_path):
    import openpyxl

    with (tmp_path / "a.xlsx").open("wb") as out:
        write_workbook(out, (Tab("Sổ & <thử>", (("Mã", 10.0), ("Số", 8.0)), [("=1+1", 7), ("0012\x01", None), ("<b>&", 1.5)]),))
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx").active
    assert sheet.title == "Sổ & <thử>"
    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [["Mã", "Số"], ["=1+1", 7], ["0012 ", None], ["<b>&", 1.5]]
    assert sheet["A2"].data_type == "s"
    assert sheet.freeze_panes == "A2"
