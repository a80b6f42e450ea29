"""reportlab's PDF into PDF/X-1a:2003 (ISO 15930-4) or PDF/X-4 (ISO 15930-7), by pikepdf: what reportlab leaves out is added, what the
standard forbids is taken away."""

from __future__ import annotations

import hashlib
import io
import zlib
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Final
from xml.sax.saxutils import escape

import pikepdf
from pikepdf import Array, Dictionary, Name, Stream, String

from collateral.icc import Profile, modelled_profile, profile_at
from collateral.note import SHEET_KEY, SheetNote
from collateral.press import CONDITIONS, LEVELS, OFFICE, REGISTRY, Press

CREATOR: Final = "Tin Báo"
_PRODUCER: Final = "Tin Báo (reportlab, pikepdf)"
_VERSIONS: Final = {"x1a": "1.4", "x4": "1.6"}
_XMP: Final = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/"
 xmlns:pdf="http://ns.adobe.com/pdf/1.3/" xmlns:pdfxid="http://www.npes.org/pdfx/ns/id/">
<pdfxid:GTS_PDFXVersion>{version}</pdfxid:GTS_PDFXVersion>
<dc:format>application/pdf</dc:format>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{subject}</rdf:li></rdf:Alt></dc:description>
<dc:creator><rdf:Seq><rdf:li>{author}</rdf:li></rdf:Seq></dc:creator>
<xmp:CreatorTool>{creator}</xmp:CreatorTool>
<xmp:CreateDate>{stamp}</xmp:CreateDate><xmp:ModifyDate>{stamp}</xmp:ModifyDate><xmp:MetadataDate>{stamp}</xmp:MetadataDate>
<xmpMM:DocumentID>uuid:{uuid}</xmpMM:DocumentID><xmpMM:VersionID>1</xmpMM:VersionID><xmpMM:RenditionClass>default</xmpMM:RenditionClass>
<pdf:Producer>{producer}</pdf:Producer><pdf:Trapped>False</pdf:Trapped>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>"""


@dataclass(frozen=True, slots=True)
class Titles:
    """`dated`: written as creation and modification date; never the clock's, or the same input would give other bytes each day."""

    title: str
    subject: str
    author: str
    dated: date


def to_pdfx(pdf: bytes, titles: Titles, note: SheetNote, press: Press = OFFICE) -> bytes:
    """`pdf` at the press's level, for its printing condition. Same input, same bytes. Refused where its profile is unfit or missing."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as document:
        _tidy(document)
        document.Root.OutputIntents = document.make_indirect(Array([_intent(document, press)]))
        document.docinfo = document.make_indirect(_info(titles, note, press))
        if press.level == "x4":
            document.Root.Metadata = _metadata(document, titles, hashlib.sha256(pdf).hexdigest())
        document.save(
            out,
            force_version=_VERSIONS[press.level],
            object_stream_mode=pikepdf.ObjectStreamMode.disable,  # X-1a forbids them, and old presses stumble over them
            deterministic_id=True,
            compress_streams=False,  # what is worth it is compressed: trying again costs 2.4 ms a file for 52 bytes
        )
    return out.getvalue()


def condition_named(press: Press) -> str:
    """What the slug and the job ticket call the printing condition."""
    return press.condition or _own(press).name


def _tidy(document: pikepdf.Pdf) -> None:
    for page in document.pages:
        for key in ("/Trans", "/Dur", "/Thumb", "/Annots"):
            if key in page.obj:
                del page.obj[key]
    for key in ("/PageMode", "/Outlines"):
        if key in document.Root:
            del document.Root[key]


def _intent(document: pikepdf.Pdf, press: Press) -> Dictionary:
    """A registered condition stands under its name; a shop's own profile under what it calls itself, and then without a registry."""
    registered = CONDITIONS.get(press.condition)
    info = registered.info if registered else f"Profile of the press: {_own(press).name}"
    if press.level == "x4" and not press.profile:
        info = f"{info}; the profile embedded is Tin Báo's model of it, not measured"
    intent = Dictionary(
        Type=Name.OutputIntent,
        S=Name.GTS_PDFX,
        OutputCondition=String(info),
        OutputConditionIdentifier=String(condition_named(press)),
        Info=String(info),
    )
    if registered:
        intent.RegistryName = String(REGISTRY)
    if press.level == "x4" or not registered:
        profile = _own(press) if press.profile else modelled_profile(press.condition)
        intent.DestOutputProfile = document.make_indirect(
            Stream(document, _deflated(profile), N=4, Alternate=Name.DeviceCMYK, Filter=Name.FlateDecode)
        )
    return intent


def _own(press: Press) -> Profile:
    """The shop's profile. ValueError where it has none; Press sees to that."""
    if press.profile is None:
        raise ValueError("the press has no profile of its own")
    return profile_at(press.profile)


@cache
def _deflated(profile: Profile) -> bytes:
    """Kept: a megabyte takes longer to pack than a poster to draw."""
    return zlib.compress(profile.data, 9)


def _info(titles: Titles, note: SheetNote, press: Press) -> Dictionary:
    stamp = f"D:{titles.dated:%Y%m%d}000000Z"
    info = Dictionary(
        Title=String(titles.title),
        Subject=String(titles.subject),
        Author=String(titles.author),
        Creator=String(CREATOR),
        Producer=String(_PRODUCER),
        CreationDate=String(stamp),
        ModDate=String(stamp),
        Trapped=Name("/False"),
    )
    if press.level == "x1a":  # X-4 says it in its XMP alone
        info["/GTS_PDFXVersion"] = String(LEVELS["x1a"])
    info[SHEET_KEY] = String(note.to_json())
    return info


def _metadata(document: pikepdf.Pdf, titles: Titles, digest: str) -> Stream:
    """XMP, equal to Info; uncompressed, so that presses' software finds it without reading the PDF. No id is drawn by lot."""
    filled = _XMP.format(
        version=LEVELS["x4"],
        title=escape(titles.title),
        subject=escape(titles.subject),
        author=escape(titles.author),
        creator=CREATOR,
        producer=_PRODUCER,
        stamp=f"{titles.dated:%Y-%m-%d}T00:00:00Z",
        uuid="-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:32])),
    )
    return Stream(document, filled.encode(), Type=Name.Metadata, Subtype=Name.XML)
