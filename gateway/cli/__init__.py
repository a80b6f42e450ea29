"""The `tinbao` command: a table of contents. Each command reads arguments, calls one use case and prints."""

import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Final

import typer

from gateway.cli.context import Door, complain
from gateway.process import write_whole

_BY_THEIR_NAME: Final = (
    "init", "check", "doctor", "demo", "serve", "send", "wave", "contacts", "read", "tips", "duty", "report", "print", "villages",
    "placements", "codes", "routes", "users", "clients", "keys", "backup",
)  # fmt: skip
_HOMES: Final[Mapping[str, str]] = {  # the module that adds each command or group, in the order of the help
    **{name: f"gateway.cli.{name}" for name in _BY_THEIR_NAME},
    "print": "collateral.cli",
    "migrate": "gateway.cli.serve",
    "restore": "gateway.cli.backup",
    "purge": "gateway.cli.keeping",
    "erase": "gateway.cli.keeping",
}


def command(named: str | None = None) -> typer.Typer:
    """The whole command, put together on demand; or what `named` needs of it, since building the rest takes a tenth of a start."""
    homes = [_HOMES[named]] if named is not None and named in _HOMES else list(dict.fromkeys(_HOMES.values()))
    app = typer.Typer(
        help="SMS/USSD and QR campaign gateway, and printable collateral for every village.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(_door)
    for home in homes:
        import_module(home).add_commands(app)
    return app


def _door(
    ctx: typer.Context,
    config: Annotated[
        Path | None, typer.Option(help="The deployment's folder; TINBAO_CONFIG, else the shipped one.", metavar="DIR")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Machine-readable results on stdout.")] = False,
) -> None:
    from gateway.deployment import shipped_deployment

    chosen = config or (Path(named) if (named := os.environ.get("TINBAO_CONFIG")) else shipped_deployment())
    ctx.obj = Door(chosen, json)


def _first_word(arguments: Sequence[str]) -> str | None:
    """The command that `arguments` name: the first that is no global option, nor what `--config` is given."""
    for before, word in pairwise(("", *arguments)):
        if before != "--config" and not word.startswith("-"):
            return word
    return None


def main() -> None:
    """Run the command; what goes wrong is one sentence on stderr and an exit code (0 done, 1 failed, 2 usage, 78 misconfigured)."""
    write_whole()
    if sys.platform == "win32":
        for stream in (sys.stdout, sys.stderr):
            stream.reconfigure(encoding="utf-8")  # type: ignore[union-attr] # consoles there default to a code page without Vietnamese
    with complain():
        command(_first_word(sys.argv[1:]))()
