"""Good files spoiled on purpose, one fault each, and the rule that must find it: what really arrives at a press."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import pikepdf
from pikepdf import Array, Dictionary, Name, String

from collateral.finding import Finding
from collateral.icc import modelled_profile
from collateral.note import SheetNote
from collateral.preflight import preflight
from collateral.readback import read_back

Plant = Callable[[pikepdf.Pdf], None]


@dataclass(frozen=True, slots=True)
class Broken:
    """`plant`: what is done to the good file of `piece` at `level`; `rule`: what finds it; `names`: words that the finding says."""

    plant: Plant
    rule: str
    names: str = ""
    piece: str = "poster-a3"
    level: str = "x1a"


def found_in(pdf: bytes) -> tuple[Finding, ...]:
    """All that preflight and read-back say."""
    checked = preflight(pdf)
    return checked.findings + read_back(pdf, checked.note).findings


def spoiled(pdf: bytes, plant: Plant, **saving: object) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as document:
        plant(document)
        document.save(out, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none, **saving)
    return out.getvalue()


def paint(content: bytes) -> Plant:
    """Add operators at the end of the first page."""

    def plant(document: pikepdf.Pdf) -> None:
        document.pages[0].contents_add(document.make_stream(b"q " + content + b" Q"))

    return plant


def state(**entries: object) -> Plant:
    def plant(document: pikepdf.Pdf) -> None:
        document.pages[0].Resources.ExtGState["/Bad"] = Dictionary(**entries)
        paint(b"/Bad gs")(document)

    return plant


def put(*way: str, value: object) -> Plant:
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


def image(data: bytes = b"\0\0\0\0", **entries: object) -> Plant:
    def plant(document: pikepdf.Pdf) -> None:
        stream = document.make_stream(data, Type=Name.XObject, Subtype=Name.Image, Width=1, Height=1, BitsPerComponent=8)
        for key, value in {"ColorSpace": Name.DeviceCMYK, **entries}.items():
            stream[f"/{key}"] = value(document) if callable(value) else value
        document.pages[0].Resources["/XObject"] = Dictionary(Im=stream)
        paint(b"20 0 0 20 60 60 cm /Im Do")(document)

    return plant


def form(content: bytes, **entries: object) -> Plant:
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


def note_of(document: pikepdf.Pdf) -> SheetNote:
    return SheetNote.from_json(str(document.docinfo["/TinBao"]))


def on_code(operators: str) -> Plant:
    """Paint over the first code; {x}, {y}, {w}: its square in pt."""

    def plant(document: pikepdf.Pdf) -> None:
        x, y, w, _ = note_of(document).codes[0].box_pt
        paint(operators.format(x=x, y=y, w=w).encode())(document)

    return plant


def rewritten(pattern: bytes, by: bytes) -> Plant:
    """The first page's operators with `pattern` replaced."""

    def plant(document: pikepdf.Pdf) -> None:
        page = document.pages[0]
        page.contents_coalesce()
        content = page.Contents.read_bytes()
        changed = re.sub(pattern, by, content)
        assert changed != content, pattern
        page.Contents = document.make_stream(changed)

    return plant


def gold_code(document: pikepdf.Pdf) -> None:
    """The modules in gold instead of black: the colour set just before the symbol's own coordinates."""
    rewritten(rb"0 0 0 1 k(?=\s+[\d.]+ 0 0 -[\d.]+ [\d.]+ [\d.]+ cm)", b"0 .2 1 0 k")(document)


def shrunk_code(document: pikepdf.Pdf) -> None:
    """A code beside its white square: smaller modules, and the ground in its quiet zone."""
    x, y, w, _ = note_of(document).codes[0].box_pt
    paint(f".2 1 1 .3 k {x} {y} {w} {w * 0.12:.2f} re f".encode())(document)


def text(content: str) -> Plant:
    """`content`: operators between BT and ET; {font}: the first font's name."""

    def plant(document: pikepdf.Pdf) -> None:
        font = next(iter(document.pages[0].Resources.Font.keys()))
        paint(f"BT {content.format(font=font)} ET".encode())(document)

    return plant


def spot(name: str, recipe: tuple[float, ...], operators: bytes, under: str = "/Spot") -> Plant:
    def plant(document: pikepdf.Pdf) -> None:
        tint = Dictionary(FunctionType=2, Domain=Array([0, 1]), C0=Array([0, 0, 0, 0]), C1=Array(list(recipe)), N=1)
        resources = document.pages[0].Resources
        if "/ColorSpace" not in resources:
            resources["/ColorSpace"] = Dictionary()
        resources.ColorSpace[under] = Array([Name.Separation, Name(f"/{name}"), Name.DeviceCMYK, tint])
        paint(operators)(document)

    return plant


def both(*plants: Plant) -> Plant:
    def plant(document: pikepdf.Pdf) -> None:
        for each in plants:
            each(document)

    return plant


def profile(**changes: object) -> Plant:
    """The X-4 file's profile with bytes or keys exchanged."""

    def plant(document: pikepdf.Pdf) -> None:
        stream = document.Root.OutputIntents[0].DestOutputProfile
        for key, value in changes.items():
            if key == "data":
                stream.write(value)
            else:
                stream[f"/{key}"] = value

    return plant


def of_class(kind: bytes, space: bytes) -> bytes:
    data = modelled_profile().data
    return data[:12] + kind + space + data[20:]


def xmp(old: bytes, new: bytes) -> Plant:
    def plant(document: pikepdf.Pdf) -> None:
        data = document.Root.Metadata.read_bytes()
        assert old in data
        document.Root.Metadata = document.make_stream(data.replace(old, new), Type=Name.Metadata, Subtype=Name.XML)

    return plant


def gradient(document: pikepdf.Pdf) -> None:
    ends = Dictionary(FunctionType=2, Domain=Array([0, 1]), C0=Array([1, 1, 1, 1]), C1=Array([0, 0, 0, 0]), N=1)
    shading = Dictionary(ShadingType=2, ColorSpace=Name.DeviceCMYK, Coords=Array([0, 0, 9, 9]), Function=ends)
    document.pages[0].Resources["/Shading"] = Dictionary(Sh=shading)
    paint(b"/Sh sh")(document)


def scaled_page(factor: float) -> Plant:
    def plant(document: pikepdf.Pdf) -> None:
        document.pages[0].contents_add(document.make_stream(f"q {factor} 0 0 {factor} 0 0 cm".encode()), prepend=True)
        document.pages[0].contents_add(document.make_stream(b"Q"))

    return plant


def other_scale(document: pikepdf.Pdf) -> None:
    """The banner as if it had been drawn at 1:20."""
    document.docinfo["/TinBao"] = String(str(document.docinfo["/TinBao"]).replace('"scale":10', '"scale":20'))


BROKEN: Final[Mapping[str, Broken]] = {
    "RGB fill": Broken(paint(b"1 0 0 rg 0 0 9 9 re f"), "colour.rgb"),
    "RGB stroke": Broken(paint(b"1 0 0 RG"), "colour.rgb"),
    "RGB by name": Broken(paint(b"/DeviceRGB cs"), "colour.rgb"),
    "RGB in a form": Broken(form(b"1 0 0 rg"), "colour.rgb", "in form /Fm"),
    "RGB image": Broken(image(ColorSpace=Name.DeviceRGB), "colour.rgb", "image /Im"),
    "indexed RGB image": Broken(image(ColorSpace=Array([Name.Indexed, Name.DeviceRGB, 0, String("abc")])), "colour.rgb"),
    "ICC image": Broken(image(ColorSpace=Array([Name.ICCBased, Dictionary()])), "colour.space"),
    "too much ink": Broken(paint(b"1 1 1 1 k"), "colour.ink"),
    "alpha": Broken(state(ca=0.5), "page.transparency"),
    "stroke alpha": Broken(state(CA=0.5), "page.transparency"),
    "blend mode": Broken(state(BM=Name.Multiply), "page.transparency"),
    "soft mask": Broken(state(SMask=Dictionary(S=Name.Alpha)), "page.transparency"),
    "image mask": Broken(image(SMask=mask), "page.transparency"),
    "form group": Broken(form(b"", Group=Dictionary(S=Name.Transparency)), "page.transparency"),
    "page group": Broken(put("page", "/Group", value=Dictionary(S=Name.Transparency, CS=Name.DeviceRGB)), "page.transparency"),
    "transfer function": Broken(state(TR2=Name.Identity), "state.keys"),
    "missing state": Broken(paint(b"/Nowhere gs"), "resource.missing"),
    "missing font": Broken(paint(b"BT /Nowhere 9 Tf ET"), "resource.missing"),
    "missing space": Broken(paint(b"/Nowhere cs"), "resource.missing"),
    "form's own resources": Broken(form(b"/F1 9 Tf"), "resource.missing"),
    "PostScript": Broken(paint(b"PS"), "content.operator"),
    "intent gone": Broken(put("root", "/OutputIntents", value=None), "intent.count"),
    "intent twice": Broken(lambda d: d.Root.OutputIntents.append(d.Root.OutputIntents[0]), "intent.count"),
    "intent unknown": Broken(lambda d: d.Root.OutputIntents[0].update({"/OutputConditionIdentifier": String("OURS")}), "intent.condition"),
    "no registry": Broken(lambda d: d.Root.OutputIntents[0].update({"/RegistryName": String("")}), "intent.condition"),
    "font not embedded": Broken(unembed, "font.embedded"),
    "base 14 font": Broken(base_14, "font.embedded"),
    "box of two numbers": Broken(put("page", "/TrimBox", value=Array([10, 10])), "box.shape"),
    "trim outside bleed": Broken(put("page", "/BleedBox", value=Array([60, 60, 700, 700])), "box.nest"),
    "bleed outside media": Broken(put("page", "/BleedBox", value=Array([-9, -9, 900, 1300])), "box.nest"),
    "no trim": Broken(put("page", "/TrimBox", value=None), "box.trim"),
    "trim and art": Broken(put("page", "/ArtBox", value=Array([50, 50, 60, 60])), "box.trim"),
    "other size": Broken(put("page", "/TrimBox", value=Array([50, 50, 800, 1100])), "box.size"),
    "annotation": Broken(put("page", "/Annots", value=Array([Dictionary(Subtype=Name.Link)])), "page.annotations", "Link"),
    "user unit": Broken(put("page", "/UserUnit", value=10), "page.keys"),
    "JavaScript": Broken(put("root", "/OpenAction", value=Dictionary(S=Name.JavaScript, JS=String("x"))), "file.active"),
    "JavaScript by name": Broken(put("root", "/Names", value=Dictionary(JavaScript=Dictionary())), "file.active"),
    "form fields": Broken(put("root", "/AcroForm", value=Dictionary()), "file.active"),
    "layers": Broken(put("root", "/OCProperties", value=Dictionary()), "file.active"),
    "no version key": Broken(put("info", "/GTS_PDFXVersion", value=None), "info.version"),
    "title empty": Broken(put("info", "/Title", value=String(" ")), "info.missing"),
    "trapped unknown": Broken(put("info", "/Trapped", value=Name.Unknown), "info.trapped"),
    "note gone": Broken(put("info", "/TinBao", value=None), "info.piece"),
    "page twice": Broken(lambda d: d.pages.append(d.pages[0]), "page.count"),
    "LZW": Broken(
        lambda d: d.Root.update({"/X": d.make_indirect(pikepdf.Stream(d, b"\x80\x0b\x60\x50\x22\x0c\x0c\x85\x01", Filter=Name.LZWDecode))}),
        "stream.filter",
    ),
    "RGB inline image": Broken(paint(b"BI /W 1 /H 1 /BPC 8 /CS /RGB ID abc EI"), "colour.rgb", "inline image"),
    "RGB pattern": Broken(paint(b"/Pattern cs /Nowhere scn"), "resource.missing"),
    "RGB page blend at X-4": Broken(
        put("page", "/Group", value=Dictionary(S=Name.Transparency, CS=Name.DeviceRGB)), "colour.rgb", "Group", level="x4"
    ),
    "RGB at X-4": Broken(paint(b"1 0 0 rg"), "colour.rgb", level="x4"),
    "Lab at X-1a": Broken(
        both(put("page", "/Resources", "/ColorSpace", value=Dictionary(L=Array([Name.Lab, Dictionary()]))), paint(b"/L cs")), "colour.space"
    ),
    "too much ink in a gradient": Broken(gradient, "colour.ink", "gradient"),
    "too much ink in a picture": Broken(
        image(ColorSpace=Name.DeviceCMYK, data=b"\xff\xff\xff\xff"), "colour.ink", "a picture carries 400 %"
    ),
    "rich black text": Broken(text("{font} 20 Tf .5 .4 .4 1 k 100 300 Td <0102> Tj"), "text.black"),
    "text in registration colour": Broken(
        spot("All", (1, 1, 1, 1), b"BT /F1 20 Tf /Spot cs 1 scn 100 300 Td <0102> Tj ET"), "colour.registration"
    ),
    "text too small": Broken(text("{font} 4 Tf 0 0 0 .8 k 100 300 Td <0102> Tj"), "text.size"),
    "light text too small": Broken(text("{font} 7 Tf 0 .02 .1 0 k 100 300 Td <0102> Tj"), "text.size"),
    "black text knocks out": Broken(text("{font} 20 Tf 0 0 0 1 k 100 300 Td <0102> Tj"), "overprint.black"),
    "white overprints": Broken(both(state(op=True, OP=True, OPM=1), paint(b"/Bad gs 0 0 0 0 k 60 60 9 9 re f")), "overprint.white"),
    "red overprints": Broken(both(state(op=True, OP=True, OPM=1), paint(b"/Bad gs 0 1 1 0 k 60 60 9 9 re f")), "overprint.colour"),
    "a hair of a line": Broken(paint(b"0 0 0 1 K 0 w 60 60 m 90 90 l S"), "line.thin"),
    "a line too thin": Broken(paint(b"0 0 0 1 K .1 w 60 60 m 90 90 l S"), "line.thin", "path at"),
    "two names of one spot ink": Broken(
        both(
            spot("PANTONE 187 C", (0, 1, 0.8, 0.2), b"/Spot cs 1 scn"), spot("Pantone 187C", (0, 1, 0.8, 0.2), b"/Twin cs 1 scn", "/Twin")
        ),
        "spot.name",
    ),
    "two recipes of one spot ink": Broken(
        both(spot("Red", (0, 1, 0.8, 0.2), b"/Spot cs 1 scn"), spot("Red", (0, 1, 1, 0), b"/Twin cs 1 scn", "/Twin")), "spot.recipe"
    ),
    "a cut line that knocks out": Broken(spot("CutContour", (0, 1, 0, 0), b"/Spot CS 1 SCN 1 w 60 60 m 90 90 l S"), "overprint.cut"),
    "a picture of few pixels": Broken(image(), "image.resolution"),
    "LZW in an inline image": Broken(paint(b"BI /W 1 /H 1 /BPC 8 /CS /G /F /LZW ID abc EI"), "stream.filter", "inline image"),
    "a line too thin in a form that shrinks it": Broken(
        form(b"0 0 0 1 K 1 w 0 0 m 9 9 l S", Matrix=Array([0.1, 0, 0, 0.1, 0, 0])), "line.thin", "in form /Fm"
    ),
    "an OPI picture": Broken(image(OPI=Dictionary()), "xobject.keys"),
    "halftone of its own": Broken(state(HT=Dictionary(HalftoneType=6)), "state.keys"),
    "stray Helvetica on the page": Broken(
        lambda d: d.pages[0].Resources.Font.update(
            {"/Helv": Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name("/Helvetica-Bold"))}
        ),
        "font.embedded",
        "fourteen",
    ),
    "no bleed": Broken(lambda d: d.pages[0].obj.update({"/BleedBox": d.pages[0].obj.TrimBox}), "box.bleed"),
    "attached file": Broken(put("root", "/Names", value=Dictionary(EmbeddedFiles=Dictionary())), "file.active"),
    "viewer told to clip": Broken(put("root", "/ViewerPreferences", value=Dictionary(PrintArea=Name.TrimBox)), "file.viewer"),
    "profile of a screen": Broken(profile(data=of_class(b"mntr", b"CMYK")), "intent.profile", "mntr", level="x4"),
    "profile for RGB": Broken(profile(data=of_class(b"prtr", b"RGB ")), "intent.profile", "3 inks|RGB", level="x4"),
    "profile that is none": Broken(profile(data=b"not a profile"), "intent.profile", level="x4"),
    "profile gone at X-4": Broken(lambda d: d.Root.OutputIntents[0].__delitem__("/DestOutputProfile"), "intent.profile", level="x4"),
    "XMP without an id": Broken(xmp(b"xmpMM:DocumentID>", b"xmpMM:Document>"), "xmp.missing", "DocumentID", level="x4"),
    "XMP of another day": Broken(xmp(b"<xmp:CreateDate>2026", b"<xmp:CreateDate>2025"), "xmp.differs", level="x4"),
    "XMP lost at X-4": Broken(put("root", "/Metadata", value=None), "info.version", level="x4"),
    "code covered": Broken(on_code("0 0 0 0 k {x} {y} {w} {w} re f"), "code.unread"),
    "code gone from the banner": Broken(on_code("0 0 0 0 k {x} {y} {w} {w} re f"), "code.unread", piece="banner-h"),
    "code in gold": Broken(gold_code, "code"),
    "short quiet zone": Broken(shrunk_code, "code.quiet-zone"),
    "page shrunk to fit": Broken(scaled_page(0.7), "code"),
    "wrong scale": Broken(other_scale, "box.size", piece="banner-h"),
    "text off the safe area": Broken(text("{font} 14 Tf 44 600 Td <01020304> Tj"), "text.safe"),
}
