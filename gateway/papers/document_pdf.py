"""A `Document` as PDF: the same words in the same order as its DOCX, in our own faces."""

from collections.abc import Iterator, Sequence

from reportlab.lib.units import mm
from reportlab.platypus import KeepTogether, Spacer
from reportlab.platypus.flowables import Flowable

from gateway.papers.document import Block, Document, Grid, Heading, Item, Signer, Text
from gateway.papers.page import BODY_WIDTH, Paper, bare, paragraph, pdf, table

_SIGNING: float = 26 * mm


def document_pdf(document: Document) -> bytes:
    """The document as PDF: the same document, the same bytes."""
    body = [*_body(document.blocks), *_closing(document.signer, document.recipients)]
    return pdf(Paper(document.head, document.title.upper(), document.subject, body, mark=document.mark))


def _body(blocks: Sequence[Block]) -> Iterator[Flowable]:
    for block in blocks:
        match block:
            case Heading(level, text):
                yield paragraph(text, "section" if level < 3 else "body")
            case Text(text, is_ground):
                yield paragraph(text, "basis" if is_ground else "body")
            case Item(text):
                yield paragraph(f"- {text}")
            case Grid():
                yield from _grid(block)


def _grid(grid: Grid) -> Iterator[Flowable]:
    if grid.caption:
        yield paragraph(grid.caption, "caption")
    yield table(grid.header, grid.rows, grid.widths, grid.numbers, bold_last=grid.strong)


def _closing(signer: Signer | None, recipients: Sequence[str]) -> Iterator[Flowable]:
    if signer is None and not recipients:
        return
    left: list[Flowable] = [paragraph("Nơi nhận:", "to")] if recipients else []
    left += [paragraph(f"- {name}{'.' if at == len(recipients) else ';'}", "list") for at, name in enumerate(recipients, 1)]
    right: list[Flowable] = []
    if signer is not None:
        right = [*(paragraph(line.upper(), "head13") for line in signer.lines), Spacer(0, _SIGNING), paragraph(signer.name, "head13")]
    yield KeepTogether([Spacer(0, 12), bare([[left, right]], [BODY_WIDTH * 0.48, BODY_WIDTH * 0.52])])
