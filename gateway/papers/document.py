"""An official paper as values: what `docx.py` and `document_pdf.py` both draw, so that the file and the print say the same.

For reports, proposals, letters of commendation: head, title, grounds, headings I. 1. a), paragraphs, items, tables, one signature on the
right and "Nơi nhận" on the left, as Nghị định 30/2020/NĐ-CP Phụ lục I has them (field.md §2.7).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway.domain.paper_text import Block, Grid, Heading, Item, Text
from gateway.papers.page import Letterhead

__all__ = ["Block", "Document", "Grid", "Heading", "Item", "Signer", "Text"]


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs. `lines`: "TM. ỦY BAN NHÂN DÂN", "KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH"; `name`: "" leaves room for the pen."""

    lines: tuple[str, ...]
    name: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A whole paper. `mark`: words on top of each page ("DỰ THẢO"), or "". `recipients`: the last is the archive."""

    head: Letterhead
    title: str
    subject: str
    blocks: Sequence[Block] = field(repr=False)
    signer: Signer | None = None
    recipients: tuple[str, ...] = ()
    mark: str = ""
