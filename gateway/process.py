"""What a process of ours does first: how threads take turns, how seldom it looks for garbage, that words come whole, with whom it ends."""

import gc
import io
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import parent_process
from typing import Final

# How long a thread that wants the interpreter waits for the one that has it. SQLite's writer gives it up at each statement and would wait
# Python's 5 ms to get it back while the event loop is busy: a commit that takes 2 ms then takes 50.
_SWITCH_S: Final = 0.00005
# Rows and requests come by the ten thousand and hold no circles: Python looks for those after every 700 objects, and took a tenth of
# the time of a blast and of a day's texts for it.
_OBJECTS: Final = 50_000


def work_hard() -> None:
    """Settings for a process that handles many small things. What is loaded already is never looked through again."""
    sys.setswitchinterval(_SWITCH_S)
    gc.set_threshold(_OBJECTS, 20, 50)
    gc.freeze()


@contextmanager
def seldom_garbage() -> Iterator[None]:
    """The same for the length of a block, in a process that has other things to do too. One look costs as much as four posters."""
    before = gc.get_threshold()
    gc.set_threshold(_OBJECTS, 20, 50)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def write_whole() -> None:
    """Let stdout and stderr write all that they are given.

    With PYTHONUNBUFFERED, which containers like to set, Python writes to the pipe itself and drops what the pipe didn't take at once: a
    long list ended after 64 KB, and the command said 0.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        raw = getattr(stream, "buffer", None)
        if isinstance(raw, io.RawIOBase):
            encoding, errors = stream.encoding, stream.errors
            whole = io.BufferedWriter(stream.detach())
            setattr(sys, name, io.TextIOWrapper(whole, encoding, errors, line_buffering=True))


def follow_parent() -> None:
    """In the child. A terminal and a service manager signal all of a service's processes: the parent ends its own, or this ends with it."""
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()


def _end_with_parent() -> None:
    if (parent := parent_process()) is not None:
        parent.join()
        os._exit(1)
