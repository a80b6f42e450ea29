"""A drawing as PDF/X-1a:2003 (ISO 15930-4) or PDF/X-4 (ISO 15930-7): what makes a PDF one of them is added.

A file of ours gets it before it is written. One that was put together by others is read by pikepdf, and what the standard forbids is
taken away.
"""

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
from pikepdf import Array, Dictionary, Name, Stream

from collateral.icc import Profile, modelled_profile, profile_at
from collateral.note import SHEET_KEY, SheetNote
from collateral.pdf_file import PdfFile, dictionary, ref, stream, string
from collateral.press import CONDITIONS, LEVELS, OFFICE, REGISTRY, Press

CREATOR: Final = "Tin Báo"
_PRODUCER: Final = CREATOR
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


def finished(file: PdfFile, titles: Titles, note: SheetNote, press: Press = OFFICE) -> bytes:
    """`file` at the press's level, for its printing condition. Same input, same bytes. Refused where its profile is unfit or missing."""
    digest = file.digest()
    intent, profile = _intent(press), _embedded(press)
    if profile is not None:
        entries = {"N": b"4", "Alternate": b"/DeviceCMYK", "Filter": b"/FlateDecode"}
        intent["DestOutputProfile"] = ref(file.add(stream(_deflated(profile), entries)))
    file.catalog["OutputIntents"] = b"[%b]" % ref(file.add(dictionary(intent)))
    file.info = file.add(dictionary(_info(titles, note, press)))
    if press.level == "x4":
        xmp = stream(_xmp(titles, digest), {"Type": b"/Metadata", "Subtype": b"/XML"})
        file.catalog["Metadata"] = ref(file.add(xmp))
    return file.written(_VERSIONS[press.level])


def to_pdfx(pdf: bytes, titles: Titles, note: SheetNote, press: Press = OFFICE) -> bytes:
    """The same of a file that is written already."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as document:
        _tidy(document)
        document.Root.OutputIntents = document.make_indirect(Array([_with_profile(document, press)]))
        document.docinfo = document.make_indirect(_parsed(_info(titles, note, press)))
        if press.level == "x4":
            data = _xmp(titles, hashlib.sha256(pdf).hexdigest())
            document.Root.Metadata = Stream(document, data, Type=Name.Metadata, Subtype=Name.XML)
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


def _intent(press: Press) -> dict[str, bytes]:
    """A registered condition stands under its name; a shop's own profile under what it calls itself, and then without a registry."""
    registered = CONDITIONS.get(press.condition)
    info = registered.info if registered else f"Profile of the press: {_own(press).name}"
    if press.level == "x4" and not press.profile:
        info = f"{info}; the profile embedded is Tin Báo's model of it, not measured"
    intent = {
        "Type": b"/OutputIntent",
        "S": b"/GTS_PDFX",
        "OutputCondition": string(info),
        "OutputConditionIdentifier": string(condition_named(press)),
        "Info": string(info),
    }
    return {**intent, "RegistryName": string(REGISTRY)} if registered else intent


def _embedded(press: Press) -> Profile | None:
    """The profile that the file carries: at X-4 always, at X-1a only for a condition that is not registered."""
    if press.level != "x4" and press.condition in CONDITIONS:
        return None
    return _own(press) if press.profile else modelled_profile(press.condition)


def _with_profile(document: pikepdf.Pdf, press: Press) -> Dictionary:
    intent = _parsed(_intent(press))
    if (profile := _embedded(press)) is not None:
        packed = Stream(document, _deflated(profile), N=4, Alternate=Name.DeviceCMYK, Filter=Name.FlateDecode)
        intent.DestOutputProfile = document.make_indirect(packed)
    return intent


def _parsed(entries: dict[str, bytes]) -> Dictionary:
    found: Dictionary = pikepdf.Object.parse(dictionary(entries))  # type: ignore[assignment]  # always what its text is
    return found


def _own(press: Press) -> Profile:
    """The shop's profile. ValueError where it has none; Press sees to that."""
    if press.profile is None:
        raise ValueError("the press has no profile of its own")
    return profile_at(press.profile)


@cache
def _deflated(profile: Profile) -> bytes:
    """Kept: a megabyte takes longer to pack than a poster to draw."""
    return zlib.compress(profile.data, 9)


def _info(titles: Titles, note: SheetNote, press: Press) -> dict[str, bytes]:
    stamp = string(f"D:{titles.dated:%Y%m%d}000000Z")
    info = {
        "Title": string(titles.title),
        "Subject": string(titles.subject),
        "Author": string(titles.author),
        "Creator": string(CREATOR),
        "Producer": string(_PRODUCER),
        "CreationDate": stamp,
        "ModDate": stamp,
        "Trapped": b"/False",
        SHEET_KEY[1:]: string(note.to_json()),
    }
    if press.level == "x1a":  # X-4 says it in its XMP alone
        info["GTS_PDFXVersion"] = string(LEVELS["x1a"])
    return info


def _xmp(titles: Titles, digest: str) -> bytes:
    """XMP, equal to Info; uncompressed, so that presses' software finds it without reading the PDF. No id is drawn by lot."""
    return _XMP.format(
        version=LEVELS["x4"],
        title=escape(titles.title),
        subject=escape(titles.subject),
        author=escape(titles.author),
        creator=CREATOR,
        producer=_PRODUCER,
        stamp=f"{titles.dated:%Y-%m-%d}T00:00:00Z",
        uuid="-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:32])),
    ).encode()
