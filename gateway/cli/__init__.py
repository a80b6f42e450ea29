"""The `tinbao` command: a table of contents. Each command reads arguments, calls one use case and prints."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.context import Door, complain
from gateway.process import write_whole


def command() -> typer.Typer:
    """The whole command, put together on demand: importing one of its modules needs none of the others."""
    from collateral import cli as collateral_cli
    from gateway.cli import (
        backup,
        check,
        clients,
        codes,
        contacts,
        demo,
        doctor,
        duty,
        init,
        keeping,
        keys,
        placements,
        read,
        report,
        routes,
        send,
        serve,
        tips,
        users,
        villages,
        wave,
    )

    app = typer.Typer(
        help="SMS/USSD and QR campaign gateway, and printable collateral for every village.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(_door)
    groups = (
        init, check, doctor, demo, serve, send, wave, contacts, read, tips, duty, report, collateral_cli, villages, placements, codes,
        routes, users, clients, keys, backup, keeping,
    )  # fmt: skip
    for module in groups:
        module.add_commands(app)
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


def main() -> None:
    """Run the command; what goes wrong is one sentence on stderr and an exit code (0 done, 1 failed, 2 usage, 78 misconfigured)."""
    write_whole()
    if sys.platform == "win32":
        for stream in (sys.stdout, sys.stderr):
            stream.reconfigure(encoding="utf-8")  # type: ignore[union-attr] # consoles there default to a code page without Vietnamese
    with complain():
        command()()
