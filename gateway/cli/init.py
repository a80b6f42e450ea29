"""`tinbao init`: a deployment of one's own, with a fresh key."""

from pathlib import Path
from typing import Annotated, Final

import typer

from gateway.cli.context import Door, fail
from gateway.cli.faults import AsJson, print_json

_TRAVELS: Final = (".toml", ".csv", ".j2", ".md")  # never a database or a key that lies in the folder


def add_commands(app: typer.Typer) -> None:
    """Add `init`."""
    app.command(help="Copy the shipped deployment into a new folder to start from, with a fresh key.")(init)


def init(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")],
    as_json: AsJson = False,
) -> None:
    """Make `folder` a deployment and print the recovery key once: it is kept on paper and nowhere else."""
    from gateway.deployment import shipped_deployment
    from gateway.keys import recovery_key

    door: Door = ctx.obj
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        fail(f"{folder} is not empty. Name a new folder: nothing of yours is written over")
    try:
        key = make_deployment(shipped_deployment(), folder)
    except OSError as why:
        fail(f"{folder} can't be written: {why.strerror}. Name a folder of yours on a disk with room")
    paper = recovery_key(key)
    if door.json or as_json:
        print_json({"deployment": str(folder), "key_file": str(folder / KEY_FILE), "recovery_key": paper})
        return
    print(f"Made {folder}. Edit its files, then: tinbao --config {folder} check\n")
    print(f"Recovery key. Write it on paper and lock it away; without it and {KEY_FILE} no tip can ever be read again:\n\n  {paper}")


KEY_FILE: Final = Path("var/tinbao.key")  # what the shipped gateway.toml says by default


def make_deployment(source: Path, folder: Path) -> bytes:
    """Copy what travels of the deployment `source` to `folder`, make a key; returns its 32 bytes."""
    from gateway.keys import create_key_file

    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(source.rglob("*")):
        if path.is_file() and path.suffix in _TRAVELS:
            target = folder / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())  # the content alone: an installed file may be read-only
    (folder / ".gitignore").write_text("var/\n*.key\n")
    return create_key_file(folder / KEY_FILE)
