"""`tinbao keys`: the key back from paper; a fresh data key."""

from __future__ import annotations

import os
import secrets
import sys

import typer

from gateway.cli.context import Door, fail, opened, run
from gateway.cli.hand_over import add_receiver_keys


def add_commands(app: typer.Typer) -> None:
    """Add `keys`."""
    keys = typer.Typer(help="The key that seals the database.", no_args_is_help=True)
    keys.command("restore", help="Write the key file anew from the recovery key on paper; it is asked for, never an argument.")(restore)
    keys.command("rotate", help="Seal what comes with a fresh data key; what is sealed stays readable.")(rotate)
    add_receiver_keys(keys)
    app.add_typer(keys, name="keys")


def restore(ctx: typer.Context) -> None:
    """Ask for the recovery key and write the deployment's key file; an old one is never written over."""
    from gateway.keys import read_recovery_key, write_key_file
    from gateway.settings import load_settings

    door: Door = ctx.obj
    path = load_settings(door.config_dir, os.environ).key_file
    typed = typer.prompt("Recovery key", hide_input=True) if sys.stdin.isatty() else sys.stdin.readline()
    key = read_recovery_key(typed)
    try:
        write_key_file(path, key)
    except FileExistsError:
        fail(f"{path} is there already; move it away first: what is sealed with it could not be read without it")
    except OSError as error:
        fail(f"{path} can't be written: {error.strerror}. Look at the folder's permissions")
    typer.echo(f"Wrote {path}. Try it: tinbao --config {door.config_dir} tips list")


def rotate(ctx: typer.Context) -> None:
    """Make a data key. It begins in two minutes, when every process knows it; `serve` makes one a month by itself."""
    key_id = run(_rotate(ctx.obj))
    typer.echo(f"data key {key_id} seals what comes from in two minutes; make a backup, so that its key is in tinbao-keys.sealed")


async def _rotate(door: Door) -> int:
    from gateway.sending import now_ms
    from gateway.services.keeping.keys import rotate as make

    async with opened(door) as it:
        return await make(it.database, secrets.token_bytes, now_ms())
