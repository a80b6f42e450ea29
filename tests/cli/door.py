"""A door for tests of one command group: the global options and nothing else."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from typer.testing import CliRunner

from gateway.cli.context import Door


@dataclass
class Ran:
    exit_code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        return json.loads(self.stdout)


def run(
    add_commands: Callable[[typer.Typer], None], config_dir: Path, *words: str | Path, json: bool = False, stdin: str | None = None
) -> Ran:
    """Run one command as the door would; a traceback fails the test."""
    app = typer.Typer()

    @app.callback()
    def door(ctx: typer.Context) -> None:
        ctx.obj = Door(config_dir, json)

    add_commands(app)
    result = CliRunner().invoke(app, [str(word) for word in words], input=stdin)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ran(result.exit_code, result.stdout, result.stderr)
