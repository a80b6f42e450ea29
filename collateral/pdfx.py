"""reportlab's PDF into PDF/X-1a:2003 (ISO 15930-4), by pikepdf: what reportlab leaves out is added, what X-1a forbids is taken away."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date
from typing import Final

import pikepdf
from pikepdf import Array, Dictionary, Name, String

from collateral.note import SHEET_KEY, SheetNote

REGISTRY: Final = "http://www.color.org"
VERSION: Final = "PDF/X-1a:2003"


@dataclass(frozen=True, slots=True)
class Intent:
    """A printing condition of the ICC's characterisation registry: its name suffices, no profile is embedded."""

    identifier: str
    info: str


FOGRA39: Final = Intent("FOGRA39", "Coated sheets by offset, ISO 12647-2:2004, paper type 1 or 2 (characterisation FOGRA39)")


@dataclass(frozen=True, slots=True)
class Titles:
    """`dated`: written as creation and modification date; never the clock's, or the same input would give other bytes each day."""

    title: str
    subject: str
    author: str
    dated: date


def to_x1a(pdf: bytes, titles: Titles, note: SheetNote, intent: Intent = FOGRA39) -> bytes:
    """`pdf` as PDF/X-1a:2003. Same input, same bytes."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as document:
        for page in document.pages:
            for key in ("/Trans", "/Dur", "/Thumb", "/Annots"):
                if key in page.obj:
                    del page.obj[key]
        for key in ("/PageMode", "/Outlines"):
            if key in document.Root:
                del document.Root[key]
        document.Root.OutputIntents = document.make_indirect(Array([_intent(intent)]))
        document.docinfo = document.make_indirect(_info(titles, note))
        document.save(
            out, force_version="1.4", object_stream_mode=pikepdf.ObjectStreamMode.disable, deterministic_id=True, compress_streams=True
        )
    return out.getvalue()


def _intent(intent: Intent) -> Dictionary:
    return Dictionary(
        Type=Name.OutputIntent,
        S=Name.GTS_PDFX,
        OutputCondition=String(intent.info),
        OutputConditionIdentifier=String(intent.identifier),
        RegistryName=String(REGISTRY),
        Info=String(intent.info),
    )


def _info(titles: Titles, note: SheetNote) -> Dictionary:
    stamp = f"D:{titles.dated:%Y%m%d}000000Z"
    info = Dictionary(
        Title=String(titles.title),
        Subject=String(titles.subject),
        Author=String(titles.author),
        Creator=String("Tin Báo"),
        Producer=String("Tin Báo (reportlab, pikepdf)"),
        CreationDate=String(stamp),
        ModDate=String(stamp),
        Trapped=Name("/False"),
        GTS_PDFXVersion=String(VERSION),
    )
    info[SHEET_KEY] = String(note.to_json())
    return info
