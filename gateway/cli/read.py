"""`tinbao read`: a dry run. Inbound texts in, what the gateway understands out; nothing is stored, no key or database is needed."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

if TYPE_CHECKING:  # `tinbao --help` needs none of it
    from gateway.reading import Gazetteer, Reading


def add_commands(app: typer.Typer) -> None:
    """Put `read` into `app`. The context's object carries `config_dir`."""
    app.command("read")(read_command)


def read_command(
    ctx: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="Texts, one a line; else standard input.", dir_okay=False)] = None,
    jsonl: Annotated[bool, typer.Option("--jsonl", help='Lines {"id","channel","text"} in, a JSON line each out.')] = False,
) -> None:
    """Show what the gateway understands of inbound texts. Nothing is stored or sent."""
    from gateway.deployment import load_deployment
    from gateway.reading import gazetteer_of, read

    deployment = load_deployment(ctx.obj.config_dir)
    places = gazetteer_of(deployment)
    show = _jsonl_of if jsonl else _lines_of
    with _opened(file) as lines:
        failed = show(lines, lambda text, channel: read(text, channel, places, deployment.keywords.aliases), places)
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


def _jsonl_of(lines: Iterable[bytes], reading: Callable[[str, str], "Reading"], _: "Gazetteer") -> int:
    """One JSON line for each line that is not blank; a broken one gives {"id": null, "error"}. Returns how many were broken."""
    broken = 0
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            message = _message(line)
            _print_json({"id": message["id"], **_as_json(reading(message["text"], message["channel"]))})
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


def _print_json(answer: dict[str, Any]) -> None:
    """UTF-8 whatever the terminal speaks; an id with half a surrogate pair leaves as its JSON escape."""
    typer.echo(json.dumps(answer, ensure_ascii=False).encode("utf-8", "backslashreplace"))


def _lines_of(lines: Iterable[bytes], reading: Callable[[str, str], "Reading"], places: "Gazetteer") -> int:
    for line in lines:
        text = line.decode("utf-8-sig", "replace").rstrip("\r\n")
        typer.echo(f"{text}\n    {_in_words(reading(text, 'sms'), places)}".encode())
    return 0


def _in_words(found: "Reading", places: "Gazetteer") -> str:
    """ "LS · TN07 Bản Chang · tip (95 %) · urgent: uxo"."""
    village = f"{found.village} {places.titles[found.village]}" if found.village else " or ".join(found.village_candidates) + "?"
    parts = [
        found.keyword or "no keyword",
        village if village != "?" else "no village",
        f"{found.kind} ({found.confidence:.0%})",
        *(f"{name}: {value}" for name, value in found.fields.items() if name != "village_candidates"),
    ]
    return " · ".join(parts)
