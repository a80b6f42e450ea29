"""QR codes for the yardsticks: stock qrcode, a payload made once, its dark modules as runs. No read-back."""

from collections.abc import Iterator
from functools import lru_cache

import qrcode

QUIET = 4


@lru_cache(maxsize=1024)
def matrix(payload: str) -> tuple[tuple[bool, ...], ...]:
    """Rows with quiet zone."""
    code = qrcode.QRCode(border=QUIET)
    code.add_data(payload)
    code.make()
    return tuple(tuple(row) for row in code.get_matrix())


def runs(payload: str) -> Iterator[tuple[int, int, int]]:
    """(x, y, length) of dark runs, in modules."""
    for y, row in enumerate(matrix(payload)):
        start = None
        for x, dark in enumerate((*row, False)):
            if dark and start is None:
                start = x
            elif not dark and start is not None:
                yield start, y, x - start
                start = None


@lru_cache(maxsize=1024)
def svg(payload: str) -> str:
    """The code as an SVG picture."""
    side = len(matrix(payload))
    path = "".join(f"M{x} {y}h{length}v1h-{length}z" for x, y, length in runs(payload))
    paper = f'<path fill="#fff" d="M0 0h{side}v{side}H0z"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}">{paper}<path d="{path}"/></svg>'
