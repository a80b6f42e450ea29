"""Processor time, where a test must hold that something is cheap. Ratios are `make bench`'s; this only catches a tenfold."""

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


def least_cpu_s(act: Callable[[], object], rounds: int = 5) -> float:
    """The least of several runs of `act`, s of this thread: a busy machine, or a collection among a suite's objects, spoils one of them."""
    runs = []
    for _ in range(rounds):
        with uncollected():
            began = time.thread_time()
            act()
            runs.append(time.thread_time() - began)
    return min(runs)


@contextmanager
def uncollected() -> Iterator[None]:
    """No collection meanwhile: among the millions of objects of a suite near its end one takes several seconds, whoever is measured."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
