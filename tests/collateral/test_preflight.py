"""Each fault, planted into a good file, is found by its rule; the good files have none."""

import io
from collections.abc import Callable

import pikepdf
import pypdfium2
import pytest
from pikepdf import Array, Dictionary, Name, String

from collateral.preflight import preflight
from collateral.readback import read_back
from tests.collateral.conftest import PIECES


def spoiled(pdf: bytes, plant: Callable[[pikepdf.Pdf], None], **saving: object) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as document:
        plant(document)
        document.save(out, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none, **saving)
    return out.getvalue()


def paint(content: bytes) -> Callable[[pikepdf.Pdf], None]:
    """Add operators at the end of the first page."""

    def plant(document: pikepdf.Pdf) -> None:
        document.pages[0].contents_add(document.make_stream(b"q " + content + b" Q"))

    return plant


def state(**entries: object) -> Callable[[pikepdf.Pdf], None]:
    def plant(document: pikepdf.Pdf) -> None:
        document.pages[0].Resources.ExtGState["/Bad"] = Dictionary(**entries)
        paint(b"/Bad gs")(document)

    return plant


def put(*way: str, value: object) -> Callable[[pikepdf.Pdf], None]:
    """Set a key under page 1, Root or Info."""

    def plant(document: pikepdf.Pdf) -> None:
        holder = {"page": document.pages[0].obj, "root": document.Root, "info": document.docinfo}[way[0]]
        for key in way[1:-1]:
            holder = holder[key]
        if value is None:
            del holder[way[-1]]
        else:
            holder[way[-1]] = value

    return plant


def unembed(document: pikepdf.Pdf) -> None:
    font = next(iter(document.pages[0].Resources.Font.values()))
    del font.FontDescriptor["/FontFile2"]


def base_14(document: pikepdf.Pdf) -> None:
    document.pages[0].Resources.Font["/Helv"] = document.make_indirect(
        Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
    )


def image(**entries: object) -> Callable[[pikepdf.Pdf], None]:
    def plant(document: pikepdf.Pdf) -> None:
        stream = document.make_stream(b"\0\0\0\0", Type=Name.XObject, Subtype=Name.Image, Width=1, Height=1, BitsPerComponent=8)
        for key, value in {"ColorSpace": Name.DeviceCMYK, **entries}.items():
            stream[f"/{key}"] = value(document) if callable(value) else value
        document.pages[0].Resources["/XObject"] = Dictionary(Im=stream)
        paint(b"/Im Do")(document)

    return plant


def form(content: bytes, **entries: object) -> Callable[[pikepdf.Pdf], None]:
    def plant(document: pikepdf.Pdf) -> None:
        stream = document.make_stream(
            content, Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 9, 9]), Resources=Dictionary(), **entries
        )
        document.pages[0].Resources["/XObject"] = Dictionary(Fm=stream)
        paint(b"/Fm Do")(document)

    return plant


def mask(document: pikepdf.Pdf) -> pikepdf.Stream:
    return document.make_stream(
        b"\0", Type=Name.XObject, Subtype=Name.Image, Width=1, Height=1, BitsPerComponent=8, ColorSpace=Name.DeviceGray
    )


PLANTED = {
    "RGB fill": (paint(b"1 0 0 rg 0 0 9 9 re f"), "colour.rgb"),
    "RGB stroke": (paint(b"1 0 0 RG"), "colour.rgb"),
    "RGB by name": (paint(b"/DeviceRGB cs"), "colour.rgb"),
    "RGB in a form": (form(b"1 0 0 rg"), "colour.rgb"),
    "RGB image": (image(ColorSpace=Name.DeviceRGB), "colour.rgb"),
    "indexed RGB image": (image(ColorSpace=Array([Name.Indexed, Name.DeviceRGB, 0, String("abc")])), "colour.rgb"),
    "ICC image": (image(ColorSpace=Array([Name.ICCBased, Dictionary()])), "colour.space"),
    "too much ink": (paint(b"1 1 1 1 k"), "colour.ink"),
    "alpha": (state(ca=0.5), "page.transparency"),
    "stroke alpha": (state(CA=0.5), "page.transparency"),
    "blend mode": (state(BM=Name.Multiply), "page.transparency"),
    "soft mask": (state(SMask=Dictionary(S=Name.Alpha)), "page.transparency"),
    "image mask": (image(SMask=mask), "page.transparency"),
    "form group": (form(b"", Group=Dictionary(S=Name.Transparency)), "page.transparency"),
    "page group": (put("page", "/Group", value=Dictionary(S=Name.Transparency, CS=Name.DeviceRGB)), "page.transparency"),
    "transfer function": (state(TR2=Name.Identity), "state.keys"),
    "missing state": (paint(b"/Nowhere gs"), "resource.missing"),
    "missing font": (paint(b"BT /Nowhere 9 Tf ET"), "resource.missing"),
    "missing space": (paint(b"/Nowhere cs"), "resource.missing"),
    "form's own resources": (form(b"/F1 9 Tf"), "resource.missing"),
    "PostScript": (paint(b"PS"), "content.operator"),
    "intent gone": (put("root", "/OutputIntents", value=None), "intent.count"),
    "intent twice": (lambda d: d.Root.OutputIntents.append(d.Root.OutputIntents[0]), "intent.count"),
    "intent unknown": (lambda d: d.Root.OutputIntents[0].update({"/OutputConditionIdentifier": String("OURS")}), "intent.condition"),
    "no registry": (lambda d: d.Root.OutputIntents[0].update({"/RegistryName": String("")}), "intent.condition"),
    "font not embedded": (unembed, "font.embedded"),
    "base 14 font": (base_14, "font.embedded"),
    "box of two numbers": (put("page", "/TrimBox", value=Array([10, 10])), "box.shape"),
    "trim outside bleed": (put("page", "/BleedBox", value=Array([60, 60, 700, 700])), "box.nest"),
    "bleed outside media": (put("page", "/BleedBox", value=Array([-9, -9, 900, 1300])), "box.nest"),
    "no trim": (put("page", "/TrimBox", value=None), "box.trim"),
    "trim and art": (put("page", "/ArtBox", value=Array([50, 50, 60, 60])), "box.trim"),
    "other size": (put("page", "/TrimBox", value=Array([50, 50, 800, 1100])), "box.size"),
    "annotation": (put("page", "/Annots", value=Array([Dictionary(Subtype=Name.Link)])), "page.keys"),
    "user unit": (put("page", "/UserUnit", value=10), "page.keys"),
    "JavaScript": (put("root", "/OpenAction", value=Dictionary(S=Name.JavaScript, JS=String("x"))), "file.active"),
    "JavaScript by name": (put("root", "/Names", value=Dictionary(JavaScript=Dictionary())), "file.active"),
    "form fields": (put("root", "/AcroForm", value=Dictionary()), "file.active"),
    "layers": (put("root", "/OCProperties", value=Dictionary()), "file.active"),
    "no version key": (put("info", "/GTS_PDFXVersion", value=None), "info.version"),
    "title empty": (put("info", "/Title", value=String(" ")), "info.missing"),
    "trapped unknown": (put("info", "/Trapped", value=Name.Unknown), "info.trapped"),
    "note gone": (put("info", "/TinBao", value=None), "info.piece"),
    "page twice": (lambda d: d.pages.append(d.pages[0]), "page.count"),
    "LZW": (
        lambda d: d.Root.update({"/X": d.make_indirect(pikepdf.Stream(d, b"\x80\x0b\x60\x50\x22\x0c\x0c\x85\x01", Filter=Name.LZWDecode))}),
        "stream.filter",
    ),
}


@pytest.mark.parametrize("piece", PIECES)
def test_our_files_are_clean(drawn, piece):
    assert preflight(drawn[piece].pdf).findings == ()


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_found(drawn, fault):
    plant, rule = PLANTED[fault]
    found = preflight(spoiled(drawn["poster-a3"].pdf, plant, force_version="1.4"))
    assert rule in {finding.rule for finding in found.findings}, found.findings


def test_later_versions_and_object_streams_are_found(drawn):
    pdf = spoiled(drawn["poster-a3"].pdf, lambda d: None, object_stream_mode=pikepdf.ObjectStreamMode.generate, min_version="1.6")
    assert {"file.version", "file.object-streams"} <= {finding.rule for finding in preflight(pdf).findings}


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


@pytest.mark.parametrize("cut", [100, 5_000, 30_000, 60_000])
def test_a_file_cut_short_is_a_finding(drawn, cut):
    assert preflight(drawn["poster-a3"].pdf[:cut]).findings


def cover(document: pikepdf.Pdf, note, share: float) -> None:
    x, y, w, h = note.codes[0].box_pt
    paint(f"0 0 0 0 k {x + 4} {y + 4} {w * share} {h * share} re f".encode())(document)


@pytest.mark.parametrize("piece", PIECES)
def test_every_code_reads_back(drawn, piece):
    read = read_back(drawn[piece].pdf, drawn[piece].note)
    assert read.findings == ()
    assert read.payloads == tuple(code.payload for code in drawn[piece].note.codes)


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
