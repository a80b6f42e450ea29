"""Other processes of a run: each is started here, and ended here by its own handle."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from subprocess import PIPE, Popen

PATIENCE_S = 20.0


def module(name: str, *arguments: str) -> tuple[str, ...]:
    """The command that runs a module of this package."""
    return (sys.executable, "-m", f"tests.benchmarks.{name}", *arguments)


@contextmanager
def child(*command: str) -> Iterator[Popen[str]]:
    """A process that talks by lines, for the length of the block; its stdin closed, it ends."""
    process = Popen(command, stdin=PIPE, stdout=PIPE, text=True, start_new_session=True)
    try:
        yield process
    finally:
        end(process)


def end(process: Popen[str] | Popen[bytes]) -> None:
    """End it in an orderly way, else by force."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    process.terminate()
    try:
        process.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def must(ran: subprocess.CompletedProcess[str]) -> None:
    """RuntimeError with what it said where a command failed."""
    if ran.returncode:
        raise RuntimeError(ran.stderr)


def line_of(process: Popen[str]) -> str:
    """Its next line. RuntimeError where it ended instead."""
    assert process.stdout is not None
    line = process.stdout.readline().strip()
    if not line:
        raise RuntimeError(f"{process.args!r} said nothing more")
    return line


def until(holds: Callable[[], bool], seconds: float, what: str) -> None:
    """Ask again and again, seldom enough to cost nothing. RuntimeError after `seconds`."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what}: not within {seconds:.0f} s")
        time.sleep(0.2)
