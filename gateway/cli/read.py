"""`tinbao read`: a dry run. Inbound texts in, what the gateway understands out; nothing is stored, no key or database is needed."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, Final

import typer

if TYPE_CHECKING:  # `tinbao --help` needs none of it
    from rich.console import RenderableType

    from gateway.reading import Gazetteer, Reading

# What a field tells of, by the beginning of its name -> how its words are shown.
_STYLES: Final = {
    "martyr": "bold cyan",
    "birth": "cyan",
    "hometown": "cyan",
    "rank": "cyan",
    "unit": "bold blue",
    "relation": "bright_blue",
    "death": "yellow",
    "burial_date": "bold yellow",
    "burial": "bold green",
    "landmark": "green",
    "coords": "bold green",
    "commune": "green",
    "grave": "bold magenta",
    "relics": "magenta",
    "documents": "magenta",
    "contact": "bold white",
    "urgent": "bold red",
    "case": "bold white",
}
_KEYWORD: Final = "reverse"
_VILLAGE: Final = "reverse green"
# Control characters could move the cursor: they are shown as their pictures, a tab as a space.
_CONTROLS: Final = {
    **{code: chr(0x2400 + code) for code in range(0x20)},
    **dict.fromkeys(range(0x7F, 0xA0), "\ufffd"),
    0x09: " ",
    0x0A: "\u23ce",
}


def add_commands(app: typer.Typer) -> None:
    """Put `read` into `app`. The context's object carries `config_dir`."""
    app.command("read")(read_command)


def read_command(
    ctx: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="Texts, one a line; else standard input.", dir_okay=False)] = None,
    text: Annotated[str | None, typer.Option("--text", "-t", help="One text, instead of a file.", show_default=False)] = None,
    channel: Annotated[
        str, typer.Option("--channel", help="How the texts came: sms, ussd, qr_web, zalo. Lines of --jsonl say it themselves.")
    ] = "sms",
    jsonl: Annotated[bool, typer.Option("--jsonl", help='Lines {"id","channel","text"} in, a JSON line each out.')] = False,
    spans: Annotated[
        bool, typer.Option("--spans", help="With --jsonl: the text as repaired, and every field's confidence and place in it.")
    ] = False,
) -> None:
    """Show what the gateway understands of inbound texts, in place. Nothing is stored or sent."""
    from gateway.deployment import load_deployment
    from gateway.reading import gazetteer_of, place_names_of, read

    deployment = load_deployment(ctx.obj.config_dir)
    places, names = gazetteer_of(deployment), place_names_of(deployment)

    def reading(text: str, channel: str) -> "Reading":
        return read(text, channel, places, deployment.keywords.aliases, names=names)

    if text is not None:
        _show(reading(text, channel), places)
        return
    with _opened(file) as lines:
        failed = _jsonl_of(lines, reading, spans=spans) if jsonl else _lines_of(lines, reading, channel, places)
    raise typer.Exit(1 if failed else 0)


@contextmanager
def _opened(file: Path | None) -> Iterator[BinaryIO]:
    if file is None:
        yield sys.stdin.buffer
        return
    try:
        with file.open("rb") as lines:
            yield lines
    except OSError as error:
        typer.echo(f"{file}: {error.strerror}. Name a file that can be read, or pipe the texts in.", err=True)
        raise typer.Exit(1) from None


def _jsonl_of(lines: Iterable[bytes], reading: Callable[[str, str], "Reading"], *, spans: bool) -> int:
    """One JSON line for each line that is not blank; a broken one gives {"id": null, "error"}. Returns how many were broken."""
    broken = 0
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            message = _message(line)
            found = reading(message["text"], message["channel"])
            _print_json({"id": message["id"], **_as_json(found), **(_with_spans(found) if spans else {})})
        except ValueError as error:
            broken += 1
            _print_json({"id": None, "error": str(error)})
            typer.echo(f"line {number}: {error}", err=True)
    return broken


def _message(line: bytes) -> dict[str, Any]:
    """id, channel and text of one line. Raises ValueError with a sentence for the person who made the file."""
    try:
        message = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise ValueError("The line is not UTF-8. Save the file as UTF-8.") from None
    except (ValueError, RecursionError):
        raise ValueError('The line is not JSON. Write {"id": "1", "channel": "sms", "text": "LS TN07 …"}.') from None
    if not isinstance(message, dict) or not isinstance(message.get("text"), str):
        raise ValueError('The line has no "text". Write {"id": "1", "channel": "sms", "text": "LS TN07 …"}.')
    channel = message.get("channel", "sms")
    if not isinstance(channel, str):
        raise ValueError('"channel" is no text. Write sms, ussd, qr_web or zalo.')
    return {"id": message.get("id"), "channel": channel, "text": message["text"]}


def _as_json(found: "Reading") -> dict[str, Any]:
    return {
        "keyword": found.keyword,
        "village": found.village,
        "village_candidates": list(found.village_candidates),
        "kind": found.kind,
        "fields": {name: list(value) if isinstance(value, tuple) else value for name, value in found.fields.items()},
        "confidence": found.confidence,
    }


def _with_spans(found: "Reading") -> dict[str, Any]:
    """The text that was read, and each field with its confidence and [start, end] in characters of that text."""
    fields = [{"name": f.name, "value": f.value, "confidence": round(f.confidence, 2), "span": list(f.span)} for f in found.found]
    return {"text": found.text, "found": fields}


def _print_json(answer: dict[str, Any]) -> None:
    """UTF-8 whatever the terminal speaks; an id with half a surrogate pair leaves as its JSON escape."""
    typer.echo(json.dumps(answer, ensure_ascii=False).encode("utf-8", "backslashreplace"))


# --- for people ---


def _lines_of(lines: Iterable[bytes], reading: Callable[[str, str], "Reading"], channel: str, places: "Gazetteer") -> int:
    for line in lines:
        _show(reading(line.decode("utf-8-sig", "replace").rstrip("\r\n"), channel), places)
    return 0


def _show(found: "Reading", places: "Gazetteer") -> None:
    """The text with its fields coloured in place, what it is, then a line a field. Colours only where the terminal has them."""
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    console.print(_coloured(found))
    console.print(f"    {_in_words(found, places)}", markup=False, style="bold")
    if found.found:
        console.print(_table(found))
    console.print()


def _coloured(found: "Reading") -> "RenderableType":
    """The text as it was read; a control character that could move the cursor is shown as its picture."""
    from rich.text import Text

    text = Text(_visible(found.text))
    for each in sorted(found.found, key=lambda each: each.span[0] - each.span[1]):  # the longest first, so that inner ones stay visible
        if not _is_whole(each.span, found.text):
            text.stylize(_style(each.name), *each.span)
    village = found.village_span if found.village else None
    for span, style in ((found.keyword_span, _KEYWORD), (village, _VILLAGE)):
        if span is not None:
            text.stylize(style, *span)
    return text


def _visible(text: str) -> str:
    return text.translate(_CONTROLS)


def _is_whole(span: tuple[int, int], text: str) -> bool:
    return span[1] - span[0] >= len(text.strip())


def _style(name: str) -> str:
    return next((style for beginning, style in _STYLES.items() if name.startswith(beginning)), "italic")


def _table(found: "Reading") -> "RenderableType":
    """Field, value, confidence and characters, in the order of the text."""
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    table.add_column(min_width=4)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_column(justify="right")
    table.add_column(justify="right", no_wrap=True)
    for each in sorted(found.found, key=lambda each: each.span):
        where = "whole text" if _is_whole(each.span, found.text) else f"{each.span[0]}-{each.span[1]}"
        table.add_row(
            "", Text(each.name, _style(each.name)), Text(_visible(_value(each.value))), f"{each.confidence:.0%}", Text(where, "dim")
        )
    return table


def _value(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{name} {each}" for name, each in value.items())
    return "yes" if value is True else str(value)


def _in_words(found: "Reading", places: "Gazetteer") -> str:
    """ "LS · TN07 Thôn Bản Chang · tip (95%)"."""
    village = f"{found.village} {places.titles[found.village]}" if found.village else " or ".join(found.village_candidates) + "?"
    parts = [found.keyword or "no keyword", village if village != "?" else "no village", f"{found.kind} ({found.confidence:.0%})"]
    return " · ".join([*parts, f"was {found.was}"] if found.was else parts)
