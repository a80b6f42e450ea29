"""The finished file held against the part of PDF/X that it names (ISO 15930) and the house rules: a walk through its objects and operators.

No free tool checks PDF/X. Files of any origin are held against the standard; our own, known by their note, against the house rules too.
Looks are read-back's concern (readback.py).
"""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

import pikepdf
from pikepdf import Array, Dictionary, Name, Stream

from collateral.content import Limits, walked
from collateral.finding import Finding
from collateral.geometry import PT_PER_MM
from collateral.icc import COMPONENTS, INKS, PRINTER, Profile, parsed
from collateral.note import SHEET_KEY, SheetNote
from collateral.pdfx import CREATOR
from collateral.press import REGISTRY
from collateral.standard import REGISTERED, STANDARDS, X1A_2003, Standard

_WARN_INK: Final = 280.0  # percent, of a file that tells no limit of its own; the registered coated conditions end at 330
_MOST_INK: Final = 330.0
_BASE_14: Final = re.compile(r"/?(Helvetica|Courier|Times)(-|$)|/?(Symbol|ZapfDingbats|Times-Roman)$")
_STREAMS: Final = re.compile(rb"/Type\s*/(?:ObjStm|XRef)\b")
_ROOT_KEYS: Final = frozenset(("/AcroForm", "/OpenAction", "/AA", "/JavaScript", "/Collection"))
_PAGE_KEYS: Final = frozenset(("/AA", "/Trans", "/UserUnit", "/PresSteps"))
_CLIP_KEYS: Final = ("/ViewArea", "/ViewClip", "/PrintArea", "/PrintClip")
_BOXES: Final = ("/MediaBox", "/CropBox", "/TrimBox", "/ArtBox", "/BleedBox")
_PDF_FAULTS: Final = (  # RuntimeError: too deep a nesting, and pikepdf's word for pictures of odd depth
    pikepdf.PdfError, ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError, RuntimeError,
)  # fmt: skip
_XMP_LIMIT: Final = 4_000_000  # bytes
_PROFILE_LIMIT: Final = 16_000_000
_BOX_SLACK: Final = 0.01  # pt


@dataclass(frozen=True, slots=True)
class Checked:
    """`note`: what the file says of itself, None where it is not ours; `standard`: what it calls itself, "" where that is nothing known."""

    note: SheetNote | None
    findings: tuple[Finding, ...]
    standard: str = ""


def preflight(pdf: bytes) -> Checked:
    """All findings about `pdf`. Bytes that are no PDF are a finding, never an exception."""
    try:
        with pikepdf.open(io.BytesIO(pdf)) as document:
            return _checked(pdf, document)
    except pikepdf.PasswordError:
        return Checked(None, (Finding("file.encrypted", 0, "the file opens with a password only"),))
    except _PDF_FAULTS as why:
        return Checked(None, (Finding("file.pdf", 0, f"this is no readable PDF: {_first_line(why)}"),))


def _checked(pdf: bytes, document: pikepdf.Pdf) -> Checked:
    note, named = _note(document), _named_standard(document)
    standard = STANDARDS.get(named, X1A_2003)
    limits = _limits(document, standard, note)
    findings = [*_file(pdf, document, standard), *_info(document, named), *_intent(document, standard)]
    findings += [*_streams(document, standard), *_fonts(document, ours=note is not None), *_ours(document, note)]
    if standard.in_xmp:
        findings += _metadata(document)
    spots: dict[str, str] = {}
    for number, page in enumerate(document.pages, 1):
        boxes, wrong = _boxes(page, number)
        findings += wrong or _boxes_judged(boxes, number, note)
        findings += _page(page, number, standard, boxes)
        trim = boxes.get("/TrimBox") or boxes.get("/MediaBox") or (0, 0, 0, 0)
        found, inks = walked(page, number, replace(limits, origin=(trim[0], trim[3])))
        findings += [*found, *_spots(spots, inks, number)]
    return Checked(note, tuple(dict.fromkeys(findings)), named if named in STANDARDS else "")


def _limits(document: pikepdf.Pdf, standard: Standard, note: SheetNote | None) -> Limits:
    rgb = any(_space_of(intent) == "RGB" for intent in _intents(document))
    return Limits(standard, rgb, note.ink_limit if note else _WARN_INK, note.ink_limit if note else _MOST_INK, note)


def syntax(pdf: bytes) -> tuple[Finding, ...]:
    """What qpdf's parser complains of when it decodes every stream; dear, and only of use for files that came from elsewhere."""
    try:
        with pikepdf.open(io.BytesIO(pdf)) as document:
            return tuple(Finding("file.syntax", 0, problem.splitlines()[0]) for problem in document.check_pdf_syntax() if problem)
    except (pikepdf.PdfError, pikepdf.PasswordError):  # said by preflight
        return ()


def _first_line(why: Exception) -> str:
    return (str(why).splitlines() or [type(why).__name__])[0][:200]


# --- what the file calls itself ---


def _named_standard(document: pikepdf.Pdf) -> str:
    """The part of PDF/X that Info or, from X-4 on, the XMP names. The 2001 part of X-1a names its class in a key of its own."""
    info = document.trailer.get("/Info", Dictionary())
    version = str(info.get("/GTS_PDFXVersion", ""))
    if version == "PDF/X-1:2001":
        return str(info.get("/GTS_PDFXConformance", ""))
    return version or _tag(_xmp(document), "GTS_PDFXVersion")


def _xmp(document: pikepdf.Pdf) -> str:
    """The XMP as text, "" where there is none."""
    stream = document.Root.get("/Metadata")
    if not isinstance(stream, Stream):
        return ""
    return bytes(stream.read_bytes())[:_XMP_LIMIT].decode("utf-8", "replace")


def _tag(xmp: str, name: str) -> str:
    """The text of an element or attribute, whatever its prefix; the first entry of a list."""
    found = re.search(rf"<[\w.-]*:?{name}>\s*(?:<rdf:(?:Alt|Seq|Bag)>\s*<rdf:li[^>]*>)?([^<]*)<", xmp)
    found = found or re.search(rf"\s[\w.-]*:?{name}\s*=\s*[\"']([^\"']*)[\"']", xmp)
    return found[1].strip() if found else ""


def _note(document: pikepdf.Pdf) -> SheetNote | None:
    try:
        return SheetNote.from_json(str(document.trailer.Info[SHEET_KEY]))
    except (KeyError, AttributeError, ValueError, TypeError):
        return None


def _ours(document: pikepdf.Pdf, note: SheetNote | None) -> Iterator[Finding]:
    """A file that calls itself ours carries its note, or nobody could check its codes, size and scale."""
    if note is None and str(document.trailer.get("/Info", Dictionary()).get("/Creator", "")) == CREATOR:
        yield Finding("info.piece", 0, "Info does not say which piece this is: codes, size and scale can't be checked")
    elif note is not None and len(document.pages) != note.pages:
        yield Finding("page.count", 0, f"the file has {len(document.pages)} pages, it was made with {note.pages}")


# --- the file ---


def _file(pdf: bytes, document: pikepdf.Pdf, standard: Standard) -> Iterator[Finding]:
    if document.pdf_version not in standard.headers:
        yield Finding("file.version", 0, f"the header says PDF {document.pdf_version}, {standard.name} is {' or '.join(standard.headers)}")
    if not standard.streams and _STREAMS.search(pdf):
        yield Finding("file.object-streams", 0, "object or cross-reference streams are PDF 1.5")
    if document.is_encrypted:
        yield Finding("file.encrypted", 0, "the file is encrypted")
    ids = document.trailer.get("/ID")
    if not isinstance(ids, Array) or len(ids) != 2:
        yield Finding("file.id", 0, "the trailer has no ID of two strings")
    yield from _active(document, standard)


def _active(document: pikepdf.Pdf, standard: Standard) -> Iterator[Finding]:
    """Forms, actions, layers: what a page might do instead of being there."""
    root = document.Root
    for key in sorted(_ROOT_KEYS & set(root.keys())):
        if not (key == "/OpenAction" and isinstance(root[key], Array)):  # a mere place to open at
            yield Finding("file.active", 0, f"the catalog holds {key}: forms and actions are forbidden")
    if "/OCProperties" in root and not standard.layers:
        yield Finding("file.active", 0, f"the catalog holds /OCProperties: {standard.name} knows no layers")
    names = root.get("/Names", Dictionary())
    for key in ("/JavaScript", "/EmbeddedFiles"):
        if key in names:
            yield Finding("file.active", 0, f"the file holds {key[1:]}")
    for key in _CLIP_KEYS:
        area = root.get("/ViewerPreferences", Dictionary()).get(key)
        if area is not None and str(area) not in ("/MediaBox", "/BleedBox"):
            yield Finding("file.viewer", 0, f"the viewer is told to use {area} as {key[1:]}; only MediaBox or BleedBox may stand there")


def _info(document: pikepdf.Pdf, named: str) -> Iterator[Finding]:
    info = document.trailer.get("/Info", Dictionary())
    if named not in STANDARDS:
        yield Finding(
            "info.version", 0, f"the file calls itself {named or 'nothing'}, not {X1A_2003.name} or another part of PDF/X that we know"
        )
    for key in ("/Title", "/CreationDate", "/ModDate"):
        if not str(info.get(key, "")).strip():
            yield Finding("info.missing", 0, f"Info has no {key[1:]}")
    if info.get("/Trapped") not in (Name("/True"), Name("/False")):
        yield Finding("info.trapped", 0, "Info's Trapped is neither True nor False")


def _metadata(document: pikepdf.Pdf) -> Iterator[Finding]:
    """XMP as ISO 15930-7 §6.6 wants it: readable without a filter, complete, and saying what Info says."""
    stream, info = document.Root.get("/Metadata"), document.trailer.get("/Info", Dictionary())
    if isinstance(stream, Stream) and "/Filter" in stream:
        yield Finding("xmp.filter", 0, "the XMP is compressed", "warning")
    xmp = _xmp(document)
    for name in ("CreateDate", "ModifyDate", "MetadataDate", "DocumentID", "RenditionClass", "VersionID", "title"):
        if not _tag(xmp, name):
            yield Finding("xmp.missing", 0, f"the XMP has no {name}")
    for name, key in (("CreateDate", "/CreationDate"), ("ModifyDate", "/ModDate")):
        said, written = _digits(_tag(xmp, name)), _digits(str(info.get(key, "")))
        if said and written and said != written:
            yield Finding("xmp.differs", 0, f"the XMP's {name} is not Info's {key[1:]}")


def _digits(stamp: str) -> str:
    """The date and time of day; zones are written in too many ways to compare."""
    return re.sub(r"\D", "", stamp)[:14]


# --- the intent ---


def _intents(document: pikepdf.Pdf) -> list[Any]:
    return [intent for intent in document.Root.get("/OutputIntents", Array()) if intent.get("/S") == Name.GTS_PDFX]


def _space_of(intent: Any) -> str:
    """The colour space of the intent's own profile, "" where it has none or one that can't be read."""
    try:
        return _embedded(intent).space if "/DestOutputProfile" in intent else ""
    except (ValueError, AttributeError, zlib.error, pikepdf.PdfError):
        return ""


def _embedded(intent: Any) -> Profile:
    """The intent's profile. Those packed as we pack them are kept: a run's files share one, and a megabyte takes longer than a page."""
    stream = intent.DestOutputProfile
    if stream.get("/Filter") == Name.FlateDecode and "/DecodeParms" not in stream:
        return _unpacked(stream.read_raw_bytes())
    return parsed(stream.read_bytes())


@lru_cache(maxsize=2)
def _unpacked(packed: bytes) -> Profile:
    data = zlib.decompressobj().decompress(packed, _PROFILE_LIMIT)
    return parsed(data)


def _intent(document: pikepdf.Pdf, standard: Standard) -> Iterator[Finding]:
    intents = _intents(document)
    if len(intents) != 1:
        yield Finding("intent.count", 0, f"there are {len(intents)} output intents of kind GTS_PDFX, there must be one")
        return
    intent = intents[0]
    identifier = str(intent.get("/OutputConditionIdentifier", ""))
    registered = identifier in REGISTERED and str(intent.get("/RegistryName", "")) == REGISTRY
    if not identifier:
        yield Finding("intent.condition", 0, "the output intent names no printing condition")
    elif "/DestOutputProfile" in intent:
        yield from _profile(intent, standard)
    elif standard.profile:
        yield Finding("intent.profile", 0, f"{standard.name} embeds the profile of its printing condition, and there is none")
    elif not registered and "/DestOutputProfileRef" not in intent:
        yield Finding("intent.condition", 0, f"the printing condition {identifier} is not registered and no profile is embedded")
    if not registered and not str(intent.get("/Info", "")):
        yield Finding("intent.info", 0, "the output intent has no Info text")


def _profile(intent: Any, standard: Standard) -> Iterator[Finding]:
    """The embedded profile: of a press, for the inks that the file is in."""
    stream = intent.DestOutputProfile
    try:
        profile = _embedded(intent)
    except (ValueError, AttributeError, zlib.error, pikepdf.PdfError):
        yield Finding("intent.profile", 0, "the output intent's profile is no ICC profile")
        return
    if profile.kind != PRINTER:
        yield Finding("intent.profile", 0, f"the output intent's profile is of class “{profile.kind}”, not of a press (“{PRINTER}”)")
    if profile.space != INKS and not (standard.managed and profile.space in COMPONENTS):
        yield Finding("intent.profile", 0, f"the output intent's profile is for {profile.space}, {standard.name} prints {INKS}")
    if int(stream.get("/N", 0)) != COMPONENTS.get(profile.space):
        yield Finding("intent.profile", 0, f"the output intent says {stream.get('/N')} inks, its profile is for {profile.space}")


# --- streams and fonts ---


def _streams(document: pikepdf.Pdf, standard: Standard) -> Iterator[Finding]:
    for thing in document.objects:
        if isinstance(thing, Stream):
            filters = thing.get("/Filter", Array())
            for name in [filters] if isinstance(filters, Name) else list(filters):
                if str(name) in standard.filters:
                    yield Finding("stream.filter", 0, f"the filter {name} is forbidden", thing=f"object {thing.objgen[0]}")
            if "/F" in thing and "/Length" in thing and not isinstance(thing.F, Name):
                yield Finding("stream.file", 0, "a stream lies in another file", thing=f"object {thing.objgen[0]}")


def _fonts(document: pikepdf.Pdf, *, ours: bool) -> Iterator[Finding]:
    """Fonts wherever they stand: as objects of their own, or written straight into a page's resources."""
    fonts: list[Any] = [thing for thing in document.objects if isinstance(thing, Dictionary) and thing.get("/Type") == Name.Font]
    for page in document.pages:
        named = page.obj.get("/Resources", Dictionary()).get("/Font", Dictionary())
        fonts += [font for font in named.values() if font.objgen == (0, 0)]
    for font in fonts:
        yield from _font(font, ours=ours)


def _font(font: Any, *, ours: bool) -> Iterator[Finding]:
    name, kind = str(font.get("/BaseFont", "/unnamed"))[1:], font.get("/Subtype")
    thing = f"font {name}"
    if kind == Name.Type3:
        if ours:
            yield Finding("font.type3", 0, f"{name} is a Type 3 font", thing=thing)
        return
    if kind in (Name.CIDFontType0, Name.CIDFontType2):
        return  # met through the Type 0 font above it
    inner = font.DescendantFonts[0] if kind == Name.Type0 else font
    descriptor = inner.get("/FontDescriptor", Dictionary())
    if not any(key in descriptor for key in ("/FontFile", "/FontFile2", "/FontFile3")):
        why = ": it is one of the fourteen that every viewer has and no press" if _BASE_14.match(name) else ""
        yield Finding("font.embedded", 0, f"{name} is not embedded{why}", thing=thing)
    if ours and "/ToUnicode" not in font:
        yield Finding("font.unicode", 0, f"{name} has no ToUnicode map: its text can't be searched or checked", "warning", thing)


# --- pages ---


def _boxes(page: pikepdf.Page, number: int) -> tuple[dict[str, tuple[float, ...]], list[Finding]]:
    """The page's boxes, and a finding where one is no rectangle."""
    boxes: dict[str, tuple[float, ...]] = {}
    for key in _BOXES:
        raw = page.mediabox if key == "/MediaBox" else page.obj.get(key)
        if raw is None:
            continue
        box = tuple(float(v) for v in raw)
        if len(box) != 4 or box[0] >= box[2] or box[1] >= box[3]:
            return boxes, [Finding("box.shape", number, f"{key[1:]} is no rectangle of four numbers", thing=key[1:])]
        boxes[key] = box
    return boxes, []


def _boxes_judged(boxes: Mapping[str, tuple[float, ...]], number: int, note: SheetNote | None) -> Iterator[Finding]:
    if ("/TrimBox" in boxes) == ("/ArtBox" in boxes):
        yield Finding("box.trim", number, "a page has either a TrimBox or an ArtBox")
        return
    inner = boxes.get("/TrimBox") or boxes["/ArtBox"]
    for outer_key, box in (("/BleedBox", inner), ("/CropBox", inner), ("/MediaBox", inner), ("/MediaBox", boxes.get("/BleedBox"))):
        outer = boxes.get(outer_key)
        if outer is not None and box is not None and not _holds(outer, box):
            yield Finding("box.nest", number, f"{outer_key[1:]} does not hold the box inside it", thing=outer_key[1:])
    if note is not None and "/TrimBox" in boxes:
        yield from _trim_size(boxes["/TrimBox"], number, note)
        yield from _bleed_size(boxes["/TrimBox"], boxes.get("/BleedBox") or boxes["/TrimBox"], number, note)


def _holds(outer: tuple[float, ...], inner: tuple[float, ...]) -> bool:
    low = outer[0] <= inner[0] + _BOX_SLACK and outer[1] <= inner[1] + _BOX_SLACK
    return low and outer[2] >= inner[2] - _BOX_SLACK and outer[3] >= inner[3] - _BOX_SLACK


def _trim_size(trim: tuple[float, ...], number: int, note: SheetNote) -> Iterator[Finding]:
    for have, want in zip((trim[2] - trim[0], trim[3] - trim[1]), note.trim_mm, strict=True):
        if abs(have - want / note.scale * PT_PER_MM) > _BOX_SLACK:
            text = f"the trim is {have / PT_PER_MM * note.scale:.1f} mm at final size, the piece says {want:g} mm"
            yield Finding("box.size", number, text, thing="TrimBox")


def _bleed_size(trim: tuple[float, ...], bleed: tuple[float, ...], number: int, note: SheetNote) -> Iterator[Finding]:
    least = min(trim[0] - bleed[0], trim[1] - bleed[1], bleed[2] - trim[2], bleed[3] - trim[3]) / PT_PER_MM * note.scale
    if least < note.bleed_mm - 2 * _BOX_SLACK / PT_PER_MM * note.scale:
        text = f"the bleed is {max(least, 0):.1f} mm at final size, the piece says {note.bleed_mm:g} mm"
        yield Finding("box.bleed", number, text, thing="BleedBox")


def _page(page: pikepdf.Page, number: int, standard: Standard, boxes: Mapping[str, tuple[float, ...]]) -> Iterator[Finding]:
    for key in sorted(_PAGE_KEYS & set(page.obj.keys())):
        yield Finding("page.keys", number, f"the page holds {key[1:]}, which no press reads alike", thing=key[1:])
    group = page.obj.get("/Group", Dictionary())
    if group.get("/S") == Name.Transparency and not standard.transparency:
        yield Finding("page.transparency", number, "the page is a transparency group", thing="Group")
    elif group.get("/CS") == Name.DeviceRGB:
        yield Finding("colour.rgb", number, "the page blends in RGB, under inks", thing="Group")
    printed = boxes.get("/BleedBox") or boxes.get("/TrimBox") or boxes.get("/ArtBox") or boxes.get("/MediaBox")
    for note in page.obj.get("/Annots", Array()):
        if _prints_inside(note, printed):
            yield Finding(
                "page.annotations", number, f"an annotation ({str(note.get('/Subtype'))[1:]}) lies on what is printed", thing="Annots"
            )


def _prints_inside(annotation: Any, printed: tuple[float, ...] | None) -> bool:
    """Whether it reaches into the bleed; trap nets and printer's marks are there for the press."""
    if annotation.get("/Subtype") in (Name.TrapNet, Name.PrinterMark):
        return False
    rect = [float(v) for v in annotation.get("/Rect", Array())]
    if len(rect) != 4 or printed is None:
        return True
    left, right, low, high = min(rect[0], rect[2]), max(rect[0], rect[2]), min(rect[1], rect[3]), max(rect[1], rect[3])
    return left < printed[2] and right > printed[0] and low < printed[3] and high > printed[1]


def _spots(known: dict[str, str], inks: Collection[tuple[str, str]], number: int) -> Iterator[Finding]:
    """One ink, one name, one recipe: a press makes a plate a name."""
    for name, recipe in sorted(inks):
        for other, written in known.items():
            if name != other and _same_ink(name, other):
                yield Finding("spot.name", number, f"the spot inks “{other}” and “{name}” look like one ink on two plates", thing=name)
            if name == other and recipe != written:
                yield Finding("spot.recipe", number, f"the spot ink “{name}” has two recipes", thing=name)
        known.setdefault(name, recipe)


def _same_ink(name: str, other: str) -> bool:
    return re.sub(r"[\W_]", "", name).casefold() == re.sub(r"[\W_]", "", other).casefold()
