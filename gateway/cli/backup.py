"""`tinbao backup`, `tinbao restore`: a copy of everything while everything runs, and the way back."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.context import Door, fail, opened, run
from gateway.cli.faults import AsJson, print_json

if TYPE_CHECKING:
    from gateway.cli.context import Opened
    from gateway.services.keeping.backup import Made, Places
    from gateway.services.keeping.drill import Drilled
    from gateway.services.keeping.restore import Restored
    from gateway.storage.seal import Keyring

KeysOption = Annotated[
    Path | None, typer.Option("--keys", metavar="FILE", help="The newest tinbao-keys.sealed; else it is looked for beside.")
]


def add_commands(app: typer.Typer) -> None:
    """Add `backup` and `restore`."""
    group = typer.Typer(help="A sealed copy of everything while everything runs.", invoke_without_command=True)
    group.callback()(backup)
    group.command("drill", help="Restore the newest backup into a temporary place, count and open it; a line for the record.")(drill)
    app.add_typer(group, name="backup")
    app.command(help="Restore a backup into an empty place. Nothing of it is sent by itself.")(restore)


def backup(
    ctx: typer.Context,
    to: Annotated[Path | None, typer.Option(metavar="DIR|FILE", help="A folder, or a new file that ends in .backup.")] = None,
    keep: Annotated[int | None, typer.Option(min=1, help="How many backups of ours the folder keeps.")] = None,
    keys_to: Annotated[Path | None, typer.Option(metavar="DIR", help="Another folder for the file of data keys.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a backup; the service runs on meanwhile. The key from paper is needed to open it: keep both apart."""
    if ctx.invoked_subcommand is not None:
        return
    if to is None:
        fail("Say where to: tinbao backup --to DIR", 2)
    made = run(_backup(ctx.obj, to, keep, keys_to))
    if as_json or ctx.obj.json:
        print_json({"backup": str(made.path), "keys": str(made.keys), "rows": made.rows, "files": made.files, "bytes": made.bytes,
                    "removed": list(made.removed)})  # fmt: skip
        return
    print(f"{made.path}: {made.rows:,} rows, {made.files:,} files, {made.bytes:,} bytes; data keys in {made.keys}")
    for name in made.removed:
        print(f"removed {name}")


async def _backup(door: Door, to: Path, keep: int | None, keys_to: Path | None) -> Made:
    from gateway.sending import now_ms
    from gateway.services.keeping.backup import Wish, make_backup

    async with opened(door) as it:
        return await make_backup(it.database, places_of(it), Wish(to, keys_to, keep), now_ms())


def places_of(it: Opened) -> Places:
    """Where what belongs to the deployment lies."""
    from gateway.services.attachments import folder_beside
    from gateway.services.keeping.backup import Places

    settings = it.settings
    return Places(settings.config_dir, settings.database, settings.spool_dir, folder_beside(settings.spool_dir), settings.key_file)


def drill(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the backups lie.")],
    keys: KeysOption = None,
    as_json: AsJson = False,
) -> None:
    """Prove the newest backup. Exit 1 where it can't be restored."""
    found = run(_drill(ctx.obj, folder, keys))
    done = found.restored
    if as_json or ctx.obj.json:
        print_json({"backup": str(found.path), "made_at": done.made_at, "rows": done.rows, "files": done.files, "schema": done.schema,
                    "opened": found.opened, "empty": found.empty, "gone": found.gone, "uncertain": done.uncertain})  # fmt: skip
        return
    print(
        f"{_day(done.made_at)} {found.path.name}: restored, {done.rows:,} rows and {done.files:,} files as written, schema {done.schema}, "
        f"key right, {found.log_rows:,} rows of the audit log fit, a value opened in {found.opened} sealed columns, "
        f"{found.empty} hold none, {found.gone} were destroyed"
    )


async def _drill(door: Door, folder: Path, keys: Path | None) -> Drilled:
    from gateway.keys import find_key
    from gateway.sending import now_ms
    from gateway.services.keeping.drill import drill
    from gateway.settings import load_settings

    return await drill(folder, find_key(load_settings(door.config_dir, os.environ), os.environ), now_ms(), keys)


def restore(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `tinbao backup` wrote.")],
    to: Annotated[Path, typer.Option(metavar="DIR", help="A new or empty folder for the deployment.")],
    database: Annotated[
        str | None, typer.Option(metavar="URL", help="An empty PostgreSQL database for the rows; else a SQLite file.")
    ] = None,
    keys: KeysOption = None,
    as_json: AsJson = False,
) -> None:
    """Restore FILE. The key comes from TINBAO_KEY, or the recovery key is asked for; it is never an argument."""
    if database is not None and not database.startswith("postgresql://"):
        fail("--database takes postgresql://user@host/name; for SQLite leave it out", 2)
    done = run(_restore(file, to, database, keys))
    if as_json or ctx.obj.json:
        print_json({"folder": str(done.folder), "made_at": done.made_at, "rows": done.rows, "files": done.files, "schema": done.schema,
                    "uncertain": done.uncertain, "paused": done.paused})  # fmt: skip
        return
    for line in _next_steps(done, database):
        print(line)


def _next_steps(done: Restored, database: str | None) -> list[str]:
    lines = [f"{done.folder}: as of {_day(done.made_at)}, {done.rows:,} rows, {done.files:,} files, all as written"]
    place = database.partition("@")[2] if database else "sqlite:///var/tinbao.db"
    lines.append(f"See that gateway.toml names this database: {place}")
    lines.append(f"Give it its key: tinbao --config {done.folder} keys restore, or TINBAO_KEY")
    if done.paused:
        lines.append(f"{done.paused:,} running waves are paused")
    if done.uncertain:
        lines.append(
            f"{done.uncertain:,} MTs may have left since and wait for a word: ask the telco, "
            "then tinbao wave resolve NAME --code restored --as sent, or --as again"
        )
    return lines


async def _restore(file: Path, to: Path, database: str | None, keys: Path | None) -> Restored:
    from gateway.sending import now_ms
    from gateway.services.keeping.restore import Source, restore

    return await restore(Source(file, _keyring(), keys), to, database, now_ms())


def _keyring() -> Keyring:
    from gateway.keys import VARIABLE, decode_key, read_recovery_key
    from gateway.storage.seal import Keyring

    if typed := os.environ.get(VARIABLE, "").strip():
        return Keyring.of(decode_key(typed, VARIABLE))
    typed = typer.prompt("Recovery key", hide_input=True) if sys.stdin.isatty() else sys.stdin.readline()
    return Keyring.of(read_recovery_key(typed))


def _day(at: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
