"""QR symbols/s in the best of eight masks, all payloads different: ours beside stock qrcode, which makes the same modules."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import qrcode
from qrcode.constants import ERROR_CORRECT_M

from collateral import qr_encode
from tests.benchmarks.table import Row, beside

_VERSION = 2
_STOCK_SHARE = 10  # stock makes so many times fewer, or the run would wait for it alone


def run(folder: Path, count: int, rounds: int) -> list[Row]:
    """`count`: symbols a round."""
    del folder
    ours, stock = [], []
    for at in range(rounds):
        payloads = [f"HTTPS://TINBAO.EXAMPLE/Q/{at}{number:06}" for number in range(count)]
        ours.append(_rate(lambda payload: qr_encode.modules(payload, _VERSION, ERROR_CORRECT_M), payloads))
        stock.append(_rate(_stock, payloads[::_STOCK_SHARE]))
        print(f"codes {at + 1}/{rounds}: ours {ours[-1]:,.0f}/s, stock {stock[-1]:,.0f}/s", file=sys.stderr)
    return [beside("QR symbols, version 2-M", "symbols/s", ours, "stock qrcode", stock)]


def _rate(make: Callable[[str], object], payloads: list[str]) -> float:
    make("WARM")
    began = time.perf_counter()
    for payload in payloads:
        make(payload)
    return len(payloads) / (time.perf_counter() - began)


def _stock(payload: str) -> None:
    code = qrcode.QRCode(version=_VERSION, error_correction=ERROR_CORRECT_M)
    code.add_data(payload)
    code.make(fit=False)
