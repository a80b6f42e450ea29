"""Each fault, planted into a good file, is found by its rule; the good files have none."""

import io
import re
from pathlib import Path
from random import Random

import pikepdf
import pypdfium2
import pytest
from pikepdf import Array, Dictionary, Name

from collateral import finding
from collateral.batch import draw_ticket
from collateral.finding import Finding
from collateral.preflight import preflight
from collateral.press import Press
from collateral.readback import read_back
from tests.collateral.broken import BROKEN, form, found_in, paint, spoiled
from tests.collateral.conftest import PIECES, ticket


@pytest.mark.parametrize("piece", PIECES)
def test_our_files_are_clean(drawn, piece):
    assert preflight(drawn[piece].pdf).findings == ()


@pytest.fixture(scope="session")
def good(shop, drawn):
    """Files to spoil, by level and piece."""
    of_x4 = {"poster-a3": draw_ticket(shop, ticket("poster-a3"), Press("x4"))}
    return {"x1a": drawn, "x4": of_x4}


def test_x4_is_clean_too(good):
    assert preflight(good["x4"]["poster-a3"].pdf).findings == ()


@pytest.mark.parametrize("fault", BROKEN)
def test_a_planted_fault_is_found(good, fault):
    """By its rule, with what it speaks of and what to do about it."""
    broken = BROKEN[fault]
    pdf = spoiled(good[broken.level][broken.piece].pdf, broken.plant, force_version="1.4" if broken.level == "x1a" else "1.6")
    found = [finding for finding in found_in(pdf) if finding.rule.startswith(broken.rule)]
    assert found, found_in(pdf)
    assert all(finding.remedy for finding in found)
    assert any(name in f"{finding.text} {finding.thing}" for finding in found for name in broken.names.split("|")), found


def test_there_are_faults_enough():
    assert len(BROKEN) >= 80


OPERANDS = (b"1", b"-3.5", b"/Bad", b"/F1", b"(x)", b"[1 2]", b"<<>>", b"null", b"true", b"99999999999", b"/DeviceRGB")
OPERATORS = b"q Q cm w gs k K g rg cs CS sc scn SCN Tf Tr Tm Td BT ET Tj TJ ' \" f B S sh Do m re l W n BMC".split()


@pytest.mark.parametrize("seed", range(60))
def test_operators_thrown_together_never_raise(drawn, seed):
    """Missing, surplus and wrong operands, forms that draw themselves: findings, never an exception."""
    chance = Random(seed)
    soup = b" ".join(b" ".join([*chance.choices(OPERANDS, k=chance.randrange(5)), chance.choice(OPERATORS)]) for _ in range(80))

    def plant(document: pikepdf.Pdf) -> None:
        form(soup)(document)
        stream = document.pages[0].Resources.XObject.Fm
        stream.Resources = Dictionary(
            XObject=Dictionary(Bad=stream), ExtGState=Dictionary(Bad=Array([1])), ColorSpace=Dictionary(Bad=Name.Bad)
        )

    assert preflight(spoiled(drawn["poster-a3"].pdf, plant)).findings


def test_a_finding_names_the_first_object_and_counts_the_others(drawn):
    """Fifty red squares are one finding, with its place at final size."""
    squares = b" ".join(b"1 0 0 rg %d 100 5 5 re f" % (100 + 8 * i) for i in range(50))
    (finding,) = preflight(spoiled(drawn["poster-a3"].pdf, paint(squares), force_version="1.4")).findings
    assert (finding.rule, finding.thing) == ("colour.rgb", "path at 20 × 400 mm and 49 more")
    ink = b" ".join(b"0 0 0 1 K .1 w %d 200 m 300 300 l S" % (100 + i) for i in range(3))
    (finding,) = preflight(spoiled(drawn["poster-a3"].pdf, paint(ink), force_version="1.4")).findings
    assert finding.thing == "path at 20 × 364 mm and 2 more"
    assert str(finding).startswith("page 1: a line of 0.10 pt at final size")
    assert str(finding).endswith("Draw the line at least 0.25 pt wide at final size [line.thin]")


def test_every_rule_has_a_remedy_of_its_own():
    """Whoever adds a rule says what to do about it."""
    sources = [path.read_text("utf-8") for path in Path(finding.__file__).parent.rglob("*.py")]
    rules = {rule for source in sources for rule in re.findall(r"(?:Finding|_find|_house)\(\s*\"([a-z0-9]+\.[a-z0-9-]+)\"", source)}
    assert len(rules) > 40
    assert [rule for rule in sorted(rules) if Finding(rule, 0, "").remedy == Finding("no.such", 0, "").remedy] == []


def test_later_versions_and_object_streams_are_found(drawn):
    pdf = spoiled(drawn["poster-a3"].pdf, lambda d: None, object_stream_mode=pikepdf.ObjectStreamMode.generate, min_version="1.6")
    assert {"file.version", "file.object-streams"} <= {finding.rule for finding in preflight(pdf).findings}


def test_a_file_without_id_is_found(drawn):
    pdf = drawn["poster-a3"].pdf
    assert {finding.rule for finding in preflight(pdf.replace(b"/ID [", b"/XD [")).findings} == {"file.id"}


def test_encryption_is_found(drawn):
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(drawn["poster-a3"].pdf)) as document:
        document.save(out, encryption=pikepdf.Encryption(owner="x", user=""))
    pdf = out.getvalue()
    assert "file.encrypted" in {finding.rule for finding in preflight(pdf).findings}


@pytest.mark.parametrize(
    "garbage",
    [b"", b"%PDF-1.4\n", b"\0" * 500, "xin chào".encode(), b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 9 0 R>>endobj trailer<</Root 1 0 R>>"],
)
def test_garbage_is_a_finding(garbage):
    found = preflight(garbage)
    assert found.note is None
    assert found.findings
    assert all(finding.severity == "error" for finding in found.findings)
    read_back(garbage, None)


@pytest.mark.parametrize("cut", [0.01, 0.2, 0.6, 0.98])
def test_a_file_cut_short_is_a_finding(drawn, cut):
    assert preflight(drawn["poster-a3"].pdf[: int(len(drawn["poster-a3"].pdf) * cut)]).findings


def cover(document: pikepdf.Pdf, note, share: float) -> None:
    x, y, w, h = note.codes[0].box_pt
    paint(f"0 0 0 0 k {x + 4} {y + 4} {w * share} {h * share} re f".encode())(document)


@pytest.mark.parametrize("piece", PIECES)
def test_every_code_reads_back(drawn, piece):
    read = read_back(drawn[piece].pdf, drawn[piece].note)
    assert read.findings == ()
    assert sorted(read.payloads) == sorted(code.payload for code in drawn[piece].note.codes)


@pytest.mark.parametrize("piece", PIECES)
def test_a_covered_code_is_a_finding(drawn, piece):
    note = drawn[piece].note
    pdf = spoiled(drawn[piece].pdf, lambda d: cover(d, note, 0.6))
    assert {"code.unread", "code.place"} <= {finding.rule for finding in read_back(pdf, note).findings}


def test_a_code_that_moved_is_a_finding(drawn):
    """Readable, but not where it was made to stand: somebody edited the page."""
    note = drawn["poster-a3"].note

    def move(document: pikepdf.Pdf) -> None:
        document.pages[0].contents_add(document.make_stream(b"q 1 0 0 1 -90 60 cm"), prepend=True)
        document.pages[0].contents_add(document.make_stream(b"Q"))

    rules = {finding.rule for finding in read_back(spoiled(drawn["poster-a3"].pdf, move), note).findings}
    assert "code.place" in rules
    assert "code.unread" not in rules


def test_modules_of_another_size_are_a_finding(drawn):
    """The code shrunk in its own place: it still reads, yet from less far away than promised."""
    note = drawn["poster-a3"].note
    x, y, w, _ = note.codes[0].box_pt

    def shrink(document: pikepdf.Pdf) -> None:
        matrix = f"q .93 0 0 .93 {(x + w / 2) * 0.07} {(y + w / 2) * 0.07} cm"
        document.pages[0].contents_add(document.make_stream(matrix.encode()), prepend=True)
        document.pages[0].contents_add(document.make_stream(b"Q"))

    assert "code.size" in {finding.rule for finding in read_back(spoiled(drawn["poster-a3"].pdf, shrink), note).findings}


def test_ink_in_the_quiet_zone_is_a_finding(drawn):
    note = drawn["poster-a3"].note
    x, y, _, _ = note.codes[0].box_pt
    pdf = spoiled(drawn["poster-a3"].pdf, paint(f"0 0 0 .4 k {x + 15} {y + 15} 6 6 re f".encode()))
    assert {finding.rule for finding in read_back(pdf, note).findings} == {"code.quiet-zone"}


def test_a_shrunk_page_is_a_finding(drawn):
    """A file scaled by someone's fit-to-page: codes are smaller than announced, and not where they were."""
    note = drawn["poster-a3"].note

    def shrink(document: pikepdf.Pdf) -> None:
        document.pages[0].contents_add(document.make_stream(b"q .7 0 0 .7 0 0 cm"), prepend=True)
        document.pages[0].contents_add(document.make_stream(b"Q"))

    assert read_back(spoiled(drawn["poster-a3"].pdf, shrink), note).findings


def test_a_foreign_code_is_a_finding(drawn):
    """A sticker over nothing: another page's code stands where none was announced."""
    note = drawn["leaflet-a5"].note
    pdf = spoiled(drawn["leaflet-a5"].pdf, lambda d: d.pages.__setitem__(1, d.pages[0]))
    assert "code.foreign" in {finding.rule for finding in read_back(pdf, note).findings}


def test_text_outside_the_safe_area_is_a_finding(drawn):
    note = drawn["poster-a3"].note
    font = "/F1"
    pdf = spoiled(drawn["poster-a3"].pdf, paint(f"BT {font} 14 Tf 44 600 Td (\\001\\002 AAAA) Tj ET".encode()))
    assert "text.safe" in {finding.rule for finding in read_back(pdf, note).findings}


def test_readback_closes_what_it_opens(drawn):
    """PDFium complains at exit about documents left open; a second read of the same bytes works."""
    for _ in range(3):
        read_back(drawn["leaflet-a5"].pdf, drawn["leaflet-a5"].note)
    document = pypdfium2.PdfDocument(drawn["leaflet-a5"].pdf)
    assert len(document) == 2
    document.close()
