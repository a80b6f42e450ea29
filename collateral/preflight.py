"""The finished file held against PDF/X-1a:2003 (ISO 15930-4) and the house rules: a walk through its objects and operators.

No free tool checks PDF/X; this walk takes about a millisecond a page. Looks are read-back's concern (readback.py).
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pikepdf
from pikepdf import Array, Dictionary, Name, Stream

from collateral.finding import Finding
from collateral.geometry import PT_PER_MM
from collateral.note import SHEET_KEY, SheetNote
from collateral.pdfx import REGISTRY, VERSION

HOUSE_INK_LIMIT: Final = 280.0
REGISTERED: Final = frozenset(
    ("FOGRA39", "FOGRA47", "FOGRA51", "FOGRA52", "JC200103", "JCW2003", "JCN2002", "CGATS TR 001", "CGATS TR 006")
)
_SPACES: Final = frozenset(("/DeviceCMYK", "/DeviceGray", "/Pattern"))
_FAMILIES: Final = frozenset(("/Separation", "/DeviceN", "/Indexed", "/Pattern"))
_FORBIDDEN_FILTERS: Final = frozenset(("/LZWDecode", "/JBIG2Decode", "/JPXDecode", "/Crypt"))
_ROOT_KEYS: Final = frozenset(("/AcroForm", "/OpenAction", "/AA", "/OCProperties", "/JavaScript", "/Collection"))
_PAGE_KEYS: Final = frozenset(("/Annots", "/AA", "/Trans", "/UserUnit", "/PresSteps"))
_NAMED: Final[Mapping[str, str]] = {"Tf": "/Font", "Do": "/XObject", "gs": "/ExtGState", "sh": "/Shading"}
_OPERATORS: Final = "rg RG k K cs CS Tf Do gs sh PS BX EX BI ID EI"  # the others paint and move, which is all right
_BUILT_IN: Final = frozenset(("/DeviceCMYK", "/DeviceGray", "/DeviceRGB", "/Pattern"))
_BOX_SLACK: Final = 0.01  # pt


@dataclass(frozen=True, slots=True)
class Checked:
    """`note`: what the file says of itself, None where it is not ours."""

    note: SheetNote | None
    findings: tuple[Finding, ...]


def preflight(pdf: bytes) -> Checked:
    """All findings about `pdf`. Bytes that are no PDF are a finding, never an exception."""
    try:
        with pikepdf.open(io.BytesIO(pdf)) as document:
            note = _note(document)
            findings = [*_file(pdf, document), *_info(document), *_intent(document), *_streams(document), *_ours(document, note)]
            limit = note.ink_limit if note else HOUSE_INK_LIMIT
            for number, page in enumerate(document.pages, 1):
                findings += [*_boxes(page, number, note), *_page(page, number), *_Walk(number, limit).content(page.obj, page.obj)]
            return Checked(note, tuple(dict.fromkeys(findings)))
    except (pikepdf.PdfError, pikepdf.PasswordError, ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError) as why:
        return Checked(None, (Finding("file.pdf", 0, f"this is no readable PDF: {_first_line(why)}"),))


def syntax(pdf: bytes) -> tuple[Finding, ...]:
    """What qpdf's parser complains of when it decodes every stream; dear, and only of use for files that came from elsewhere."""
    try:
        with pikepdf.open(io.BytesIO(pdf)) as document:
            return tuple(Finding("file.syntax", 0, problem.splitlines()[0]) for problem in document.check_pdf_syntax() if problem)
    except pikepdf.PdfError:  # said by preflight
        return ()


def _first_line(why: Exception) -> str:
    return (str(why).splitlines() or [type(why).__name__])[0][:200]


def _file(pdf: bytes, document: pikepdf.Pdf) -> Iterator[Finding]:
    if document.pdf_version not in ("1.3", "1.4"):
        yield Finding("file.version", 0, f"the header says PDF {document.pdf_version}, X-1a is 1.3 or 1.4")
    if b"/ObjStm" in pdf or b"/XRef" in pdf:
        yield Finding("file.object-streams", 0, "object or cross-reference streams are PDF 1.5")
    if document.is_encrypted:
        yield Finding("file.encrypted", 0, "the file is encrypted")
    ids = document.trailer.get("/ID")
    if not isinstance(ids, Array) or len(ids) != 2:
        yield Finding("file.id", 0, "the trailer has no ID of two strings")
    root = document.Root
    for key in sorted(_ROOT_KEYS & set(root.keys())):
        yield Finding("file.active", 0, f"the catalog holds {key}: forms, actions and layers are forbidden")
    if "/JavaScript" in root.get("/Names", Dictionary()):
        yield Finding("file.active", 0, "the file holds JavaScript")


def _info(document: pikepdf.Pdf) -> Iterator[Finding]:
    info = document.trailer.get("/Info", Dictionary())
    if str(info.get("/GTS_PDFXVersion", "")) != VERSION:
        yield Finding("info.version", 0, f"Info does not name {VERSION}")
    for key in ("/Title", "/CreationDate", "/ModDate"):
        if not str(info.get(key, "")).strip():
            yield Finding("info.missing", 0, f"Info has no {key[1:]}")
    if info.get("/Trapped") not in (Name("/True"), Name("/False")):
        yield Finding("info.trapped", 0, "Info's Trapped is neither True nor False")


def _intent(document: pikepdf.Pdf) -> Iterator[Finding]:
    intents = [i for i in document.Root.get("/OutputIntents", Array()) if i.get("/S") == Name.GTS_PDFX]
    if len(intents) != 1:
        yield Finding("intent.count", 0, f"there are {len(intents)} output intents of kind GTS_PDFX, there must be one")
        return
    identifier = str(intents[0].get("/OutputConditionIdentifier", ""))
    if not identifier:
        yield Finding("intent.condition", 0, "the output intent names no printing condition")
    elif "/DestOutputProfile" not in intents[0] and (identifier not in REGISTERED or str(intents[0].get("/RegistryName", "")) != REGISTRY):
        yield Finding("intent.condition", 0, f"the printing condition {identifier} is not registered and no profile is embedded")
    if not str(intents[0].get("/Info", "")):
        yield Finding("intent.info", 0, "the output intent has no Info text")


def _note(document: pikepdf.Pdf) -> SheetNote | None:
    try:
        return SheetNote.from_json(str(document.trailer.Info[SHEET_KEY]))
    except (KeyError, AttributeError, ValueError, TypeError):
        return None


def _ours(document: pikepdf.Pdf, note: SheetNote | None) -> Iterator[Finding]:
    if note is None:
        yield Finding("info.piece", 0, "Info does not say which piece this is: codes, size and scale can't be checked")
    elif len(document.pages) != note.pages:
        yield Finding("page.count", 0, f"the file has {len(document.pages)} pages, it was made with {note.pages}")


def _streams(document: pikepdf.Pdf) -> Iterator[Finding]:
    """Filters, and file-wide things that no page need name."""
    for thing in document.objects:
        if isinstance(thing, Stream):
            filters = thing.get("/Filter", Array())
            for name in [filters] if isinstance(filters, Name) else list(filters):
                if str(name) in _FORBIDDEN_FILTERS:
                    yield Finding("stream.filter", 0, f"the filter {name} is forbidden")
        if isinstance(thing, (Dictionary, Stream)) and thing.get("/Type") == Name.Font:
            yield from _font(thing)


def _font(font: Any) -> Iterator[Finding]:
    name, kind = str(font.get("/BaseFont", "/unnamed"))[1:], font.get("/Subtype")
    if kind == Name.Type3:
        yield Finding("font.type3", 0, f"{name} is a Type 3 font")
        return
    inner = font.DescendantFonts[0] if kind == Name.Type0 else font
    descriptor = inner.get("/FontDescriptor", Dictionary())
    if kind in (Name.CIDFontType0, Name.CIDFontType2):
        return  # met through the Type 0 font above it
    if not any(key in descriptor for key in ("/FontFile", "/FontFile2", "/FontFile3")):
        yield Finding("font.embedded", 0, f"{name} is not embedded")
    if "/ToUnicode" not in font:
        yield Finding("font.unicode", 0, f"{name} has no ToUnicode map: its text can't be searched or checked", "warning")


def _boxes(page: pikepdf.Page, number: int, note: SheetNote | None) -> Iterator[Finding]:
    boxes: dict[str, tuple[float, ...]] = {}
    for key in ("/MediaBox", "/CropBox", "/TrimBox", "/ArtBox", "/BleedBox"):
        raw = page.mediabox if key == "/MediaBox" else page.obj.get(key)
        if raw is None:
            continue
        box = tuple(float(v) for v in raw)
        if len(box) != 4 or box[0] >= box[2] or box[1] >= box[3]:
            yield Finding("box.shape", number, f"{key[1:]} is no rectangle of four numbers")
            return
        boxes[key] = box
    if ("/TrimBox" in boxes) == ("/ArtBox" in boxes):
        yield Finding("box.trim", number, "a page has either a TrimBox or an ArtBox")
        return
    yield from _nested(boxes, number)
    if note is not None and "/TrimBox" in boxes:
        yield from _trim_size(boxes["/TrimBox"], number, note)


def _nested(boxes: Mapping[str, tuple[float, ...]], number: int) -> Iterator[Finding]:
    inner = boxes.get("/TrimBox") or boxes["/ArtBox"]
    for outer_key, box in (("/BleedBox", inner), ("/CropBox", inner), ("/MediaBox", inner), ("/MediaBox", boxes.get("/BleedBox"))):
        outer = boxes.get(outer_key)
        if outer is not None and box is not None and not _holds(outer, box):
            yield Finding("box.nest", number, f"{outer_key[1:]} does not hold the box inside it")


def _holds(outer: tuple[float, ...], inner: tuple[float, ...]) -> bool:
    low = outer[0] <= inner[0] + _BOX_SLACK and outer[1] <= inner[1] + _BOX_SLACK
    return low and outer[2] >= inner[2] - _BOX_SLACK and outer[3] >= inner[3] - _BOX_SLACK


def _trim_size(trim: tuple[float, ...], number: int, note: SheetNote) -> Iterator[Finding]:
    for have, want in zip((trim[2] - trim[0], trim[3] - trim[1]), note.trim_mm, strict=True):
        if abs(have - want / note.scale * PT_PER_MM) > _BOX_SLACK:
            text = f"the trim is {have / PT_PER_MM * note.scale:.1f} mm at final size, the piece says {want:g} mm"
            yield Finding("box.size", number, text)


def _page(page: pikepdf.Page, number: int) -> Iterator[Finding]:
    for key in sorted(_PAGE_KEYS & set(page.obj.keys())):
        yield Finding("page.keys", number, f"the page holds {key[1:]}, which X-1a forbids")
    if page.obj.get("/Group", Dictionary()).get("/S") == Name.Transparency:
        yield Finding("page.transparency", number, "the page is a transparency group")


class _Walk:
    """The operators of a page and of the forms it draws, each against its own resources."""

    def __init__(self, number: int, ink_limit: float) -> None:
        self._page = number
        self._limit = ink_limit
        self._seen: set[tuple[int, int]] = set()

    def content(self, holder: Any, stream: Any) -> Iterator[Finding]:
        """`holder`: whose Resources count; `stream`: what to read, a page or a form."""
        resources = _inherited(holder, "/Resources")
        for instruction in pikepdf.parse_content_stream(stream, _OPERATORS):
            yield from self._operator(str(instruction.operator), instruction.operands, resources)
        for space in resources.get("/ColorSpace", Dictionary()).values():
            yield from self._space(space)
        for state in resources.get("/ExtGState", Dictionary()).values():
            yield from self._state(state)
        for thing in resources.get("/XObject", Dictionary()).values():
            yield from self._xobject(thing, holder)
        for shading in resources.get("/Shading", Dictionary()).values():
            yield from self._space(shading.get("/ColorSpace"))
        for pattern in resources.get("/Pattern", Dictionary()).values():
            yield from self._pattern(pattern)

    def _operator(self, operator: str, operands: Any, resources: Any) -> Iterator[Finding]:
        if operator in ("rg", "RG"):
            yield self._finding("colour.rgb", f"the operator {operator} sets an RGB colour")
        elif operator in ("k", "K"):
            yield from self._ink(sum(float(v) for v in operands) * 100)
        elif operator in ("cs", "CS"):
            yield from self._space(operands[0], resources)
        elif operator in _NAMED:
            kind = _NAMED[operator]
            if str(operands[0]) not in resources.get(kind, Dictionary()):
                yield self._finding("resource.missing", f"{operator} names {operands[0]}, which is not among the resources")
        elif operator == "INLINE IMAGE":
            yield from self._space(operands[0].colorspace)
        elif operator in ("PS", "BX", "EX"):
            yield self._finding("content.operator", f"the operator {operator} is forbidden")

    def _ink(self, total: float) -> Iterator[Finding]:
        if total > self._limit + 0.5:
            yield self._finding("colour.ink", f"a colour carries {total:.0f} % ink, the limit is {self._limit:.0f} %")

    def _space(self, space: Any, resources: Any = None) -> Iterator[Finding]:
        """A colour space, by name or as an array: CMYK, grey and spots of these."""
        if isinstance(space, Array):
            family = str(space[0])
            if family not in _FAMILIES:
                yield self._finding("colour.space", f"the colour space {family[1:]} is forbidden")
            elif len(space) > 1:
                yield from self._space(space[2] if family in ("/Separation", "/DeviceN") else space[1])
        elif space is not None and str(space) not in _SPACES:
            named = resources.get("/ColorSpace", Dictionary()) if resources is not None else Dictionary()
            if str(space) in _BUILT_IN:
                yield self._finding("colour.rgb", f"the colour space {str(space)[1:]} is forbidden")
            elif str(space) not in named:
                yield self._finding("resource.missing", f"the colour space {space} is not among the resources")

    def _state(self, state: Any) -> Iterator[Finding]:
        for key in ("/ca", "/CA"):
            if float(state.get(key, 1)) != 1:
                yield self._finding("page.transparency", f"a graphics state sets {key[1:]} to {float(state[key]):g}")
        if str(state.get("/BM", "/Normal")) not in ("/Normal", "/Compatible"):
            yield self._finding("page.transparency", f"a graphics state blends by {state.BM}")
        if str(state.get("/SMask", "/None")) != "/None":
            yield self._finding("page.transparency", "a graphics state holds a soft mask")
        for key in ("/TR", "/HTP"):
            if key in state:
                yield self._finding("state.keys", f"a graphics state holds {key[1:]}")
        if str(state.get("/TR2", "/Default")) != "/Default":
            yield self._finding("state.keys", "a graphics state holds a transfer function")

    def _xobject(self, thing: Any, holder: Any) -> Iterator[Finding]:
        if thing.objgen in self._seen:
            return
        self._seen.add(thing.objgen)
        for key in ("/OPI", "/Ref", "/Alternates"):
            if key in thing:
                yield self._finding("xobject.keys", f"an object holds {key[1:]}")
        if thing.get("/Subtype") == Name.Form:
            if thing.get("/Group", Dictionary()).get("/S") == Name.Transparency:
                yield self._finding("page.transparency", "a form is a transparency group")
            yield from self.content(thing if "/Resources" in thing else holder, thing)
        elif thing.get("/Subtype") == Name.Image:
            if "/SMask" in thing:
                yield self._finding("page.transparency", "an image holds a soft mask")
            yield from self._space(thing.get("/ColorSpace"))
        else:
            yield self._finding("xobject.kind", f"an object of kind {thing.get('/Subtype')} is forbidden")

    def _pattern(self, pattern: Any) -> Iterator[Finding]:
        if isinstance(pattern, Stream):
            yield from self.content(pattern, pattern)
        elif "/Shading" in pattern:
            yield from self._space(pattern.Shading.get("/ColorSpace"))

    def _finding(self, rule: str, text: str) -> Finding:
        return Finding(rule, self._page, text)


def _inherited(holder: Any, key: str) -> Any:
    """A page attribute that may stand at the page tree's upper nodes."""
    while holder is not None:
        if key in holder:
            return holder[key]
        holder = holder.get("/Parent")
    return Dictionary()
