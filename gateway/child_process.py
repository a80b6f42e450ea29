"""What a process of ours does first: whoever stops us stops it too, and nothing else does."""

import os
import signal
import threading
from multiprocessing import parent_process


def follow_parent() -> None:
    """In the child. A terminal and a service manager signal all of a service's processes: the parent ends its own, or this ends with it."""
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()


def _end_with_parent() -> None:
    if (parent := parent_process()) is not None:
        parent.join()
        os._exit(1)
