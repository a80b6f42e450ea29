"""Finished print files as sources of other sheets: opened, stripped of their own marks, held against each other, written as PDF/X again."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pikepdf

from collateral.note import SHEET_KEY, CodeNote, SheetNote
from collateral.pdfx import Titles, to_pdfx
from collateral.press import CONDITIONS, Press
from collateral.refusal import refused
from collateral.shop.placing import Matrix


@dataclass(frozen=True, slots=True)
class Source:
    """A print file: its pages, what it says of itself, and for which press it was made."""

    file: Path
    document: pikepdf.Pdf
    note: SheetNote
    press: Press


def source_of(file: Path) -> Source:
    """Raises Refused where it is no print file of ours."""
    try:
        document = pikepdf.open(io.BytesIO(file.read_bytes()))
        note = SheetNote.from_json(str(document.trailer.Info[SHEET_KEY]))
        for page in document.pages:
            _strip(document, page)
        return Source(file, document, note, _press(document))
    except OSError as why:
        raise refused(str(file), "", f"the file can't be read: {why.strerror}", "Look at its name and permissions") from why
    except (pikepdf.PdfError, KeyError, AttributeError, ValueError) as why:
        raise refused(str(file), "", "this is no print file of ours", "Make it with: tinbao print make") from why


def _strip(document: pikepdf.Pdf, page: pikepdf.Page) -> None:
    """Leave the piece and take away its own marks and slug, which draw_pdf sets behind it: cut off, they would still be found as text."""
    depth, kept = 0, []
    for instruction in pikepdf.parse_content_stream(page):
        kept.append(instruction)
        operator = str(instruction.operator)
        depth += (operator == "q") - (operator == "Q")
        if operator == "Q" and depth == 0:
            break
    page.Contents = document.make_stream(pikepdf.unparse_content_stream(kept))


def _press(document: pikepdf.Pdf) -> Press:
    """What the file was made for. ValueError where it names no registered condition."""
    identifier = str(document.Root.OutputIntents[0].OutputConditionIdentifier)
    if identifier not in CONDITIONS:
        raise ValueError(identifier)
    return Press(level="x1a" if "/GTS_PDFXVersion" in document.trailer.Info else "x4", condition=identifier)


def alike(first: Source, other: Source) -> None:
    """Refused where the two can't lie on one sheet."""
    ours, theirs = first.note, other.note
    for what, a, b in (
        ("size", ours.trim_mm, theirs.trim_mm),
        ("bleed", ours.bleed_mm, theirs.bleed_mm),
        ("press", first.press, other.press),
    ):
        if a != b:
            raise refused(str(other.file), "", f"its {what} is not that of {first.file.name}", "Impose pieces of one kind at a time")
    if ours.scale != 1:
        raise refused(str(first.file), "", f"it is drawn at 1:{ours.scale}", "Only what is drawn at its own size goes onto a sheet")


def written(pdf: bytes, first: Source, what: str, note: SheetNote, out: Path) -> None:
    """`pdf` at `out` as PDF/X of the first source's press, titled `what` and dated as it is; whole or not at all."""
    title = f"{what} – {note.trim_mm[0]:g} × {note.trim_mm[1]:g} mm"
    titles = Titles(title, title, str(first.document.trailer.Info.get("/Author", "")), _dated(first))
    part = out.with_name(f".{out.name}.part")
    try:
        part.write_bytes(to_pdfx(pdf, titles, note, first.press))
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)


def sheet_note(first: Source, piece: str, sheet: tuple[float, float], pages: int, codes: tuple[CodeNote, ...]) -> SheetNote:
    """What the sheet says of itself: many pieces are nobody's village."""
    return replace(first.note, piece=piece, code="", village="", trim_mm=sheet, safe_mm=0.0, bleed_mm=0.0, pages=pages, codes=codes)


def _dated(first: Source) -> date:
    stamp = str(first.document.trailer.Info.CreationDate)  # D:YYYYMMDD…
    return date(int(stamp[2:6]), int(stamp[6:8]), int(stamp[8:10]))


def moved(code: CodeNote, matrix: Matrix, on: int) -> CodeNote:
    """The code as it stands on the sheet's page `on`."""
    a, _, _, d, e, f = matrix
    left, bottom, w, h = code.box_pt
    corners = [(a * x + e, d * y + f) for x, y in ((left, bottom), (left + w, bottom + h))]
    at = min(x for x, _ in corners), min(y for _, y in corners)
    return replace(code, page=on, box_pt=(round(at[0], 3), round(at[1], 3), w, h))
