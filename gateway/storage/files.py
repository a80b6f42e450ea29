"""Locks on files, which end with their process however it ends: the dispatcher's (ADR 0002) and the spool's."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def dispatcher_lock(database: Path) -> Iterator[bool]:
    """Whether we are the dispatcher of the file `database`; held till the block ends, or the process, however it ends."""
    path = database.with_name(f"{database.name}.lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        yield taken(file)


def taken(file: IO[bytes], *, wait: bool = False) -> bool:
    """Lock `file` until it is closed. False: another process has it and we don't `wait`."""
    try:
        if sys.platform == "win32":
            import msvcrt  # not elsewhere

            msvcrt.locking(file.fileno(), msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
        else:
            import fcntl  # not on Windows

            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
