"""`tinbao report breach`: the notice of a breach of personal data, from what was written down at the desk."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.context import Door, fail, opened, run

if TYPE_CHECKING:
    from gateway.papers.document import Document


def add_to(report: typer.Typer) -> None:
    """Add `breach`."""
    report.command("breach", help="The notice of a breach of personal data, due within 72 hours, as PDF and DOCX.")(breach)


def breach(
    ctx: typer.Context,
    pdf: Annotated[Path | None, typer.Option(help="Write it as PDF.")] = None,
    docx: Annotated[Path | None, typer.Option(help="Write it as DOCX, to be filled in further.")] = None,
    number: Annotated[int | None, typer.Option("--id", help="Which breach; else the last one that was written down.")] = None,
) -> None:
    """Write the notice."""
    if pdf is None and docx is None:
        fail("Say where to: --pdf FILE, --docx FILE", 2)
    document = run(_document(ctx.obj, number))
    from gateway.papers.document_pdf import document_pdf
    from gateway.papers.docx import docx_file

    for path, made in ((pdf, document_pdf), (docx, docx_file)):
        if path is not None:
            try:
                path.write_bytes(made(document))
            except OSError as why:
                fail(f"{path} can't be written: {why.strerror}; choose another place")
            typer.echo(path)


async def _document(door: Door, number: int | None) -> Document:
    from gateway.paper_values import breach_paper
    from gateway.papers.person_request import breach_document
    from gateway.sending import now_ms
    from gateway.services.keeping import breaches
    from gateway.services.refusal import Refusal

    async with opened(door) as it:
        found = await breaches.newest(it.database, number)
        if found is None:
            raise Refusal("No such breach was written down: do it at the desk, /desk/requests/breaches")
        return breach_document(breach_paper(found, it.deployment, now_ms()))
