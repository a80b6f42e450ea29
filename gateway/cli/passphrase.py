"""Asking for a passphrase: typed without echo, or a line of stdin where there is no terminal; never an argument, never the environment."""

import sys

import typer

from gateway.cli.context import fail

_NONE: str = "no passphrase was given; type it, or hand it over as a line on stdin"


def ask(prompt: str, *, new: bool = False) -> str:
    """The passphrase as typed. `new`: typed twice at a terminal; a script hands it over once, a line for each that is asked for."""
    if sys.stdin.isatty():
        typed: str = typer.prompt(prompt, hide_input=True, confirmation_prompt="Once more" if new else False, err=True)
        return typed
    try:
        line = sys.stdin.buffer.readline().decode("utf-8")  # in a locale without UTF-8 the text layer would let anything pass
    except UnicodeDecodeError:
        fail("the passphrase on stdin is no UTF-8; save it so, or type it")
    if not (passphrase := line.rstrip("\r\n")):
        fail(_NONE)
    return passphrase
