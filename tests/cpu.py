"""Processor time, where a test must hold that something is cheap. Ratios are `make bench`'s; this only catches a tenfold."""

import gc
import time
from collections.abc import Callable


def least_cpu_s(act: Callable[[], object], rounds: int = 5) -> float:
    """The least of several runs of `act`, s of this thread: a busy machine, or a collection among a suite's objects, spoils one of them."""
    runs = []
    for _ in range(rounds):
        gc.disable()
        try:
            began = time.thread_time()
            act()
            runs.append(time.thread_time() - began)
        finally:
            gc.enable()
    return min(runs)
