"""Options that mean the same in every command that has them: the hours of a wave, and the document that directs it."""

from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.context import fail

if TYPE_CHECKING:
    from gateway.domain.document import Document
    from gateway.domain.window import Window

Number = Annotated[str | None, typer.Option(help="Number of the directing document, e.g. 238/KH-UBND.")]
Day = Annotated[str | None, typer.Option(help="Its day, e.g. 2026-06-15.")]


def stated_document(number: str | None, day: str | None, timezone: str) -> "Document | None":
    """The document of the two options, None without them; a number that looks odd is remarked on. Ends the command where it is none."""
    from gateway.domain.document import BadDocument, Document
    from gateway.domain.window import local_day
    from gateway.sending import now_ms

    both_or_none(number, day)
    if number is None or day is None:
        return None
    try:
        read = Document.read(number, day, local_day(now_ms(), timezone))
    except BadDocument as error:
        fail(str(error), 2)
    if read.remark:
        typer.echo(read.remark, err=True)
    return read


def stated_window(text: str) -> "Window":
    """The hours of --window. Ends the command where they are none."""
    from datetime import time

    from gateway.domain.window import Window

    try:
        first, last = (time.fromisoformat(part.strip()) for part in text.split("-"))
    except ValueError:
        fail(f"“{text}” is no window; write it like 07:00-21:00", 2)
    return Window.between(first, last)


def both_or_none(number: str | None, day: str | None) -> None:
    """One of the two alone ends the command."""
    if (number is None) is not (day is None):
        fail("a document has a number and a day: --document 238/KH-UBND --document-date 2026-06-15", 2)
