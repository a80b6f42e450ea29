"""An ICC profile of the press model: version 2, class printer, CMYK to Lab and back (ICC.1:2001-04). Same bytes everywhere, no clock.

Paper is white for all intents, so that one table each way serves the three.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import Final

from collateral.press_model import PAPER_WHITE, Lab, cover, covers_for, lab_of, tone

NAME: Final = "Tin Bao: model of FOGRA39, coated, 300 % (no measured profile)"
_RIGHTS: Final = "Made by Tin Bao from published characterisation figures; free to use and to embed"
_INKS: Final = 9  # nodes an ink; the model is near even between them, since the tables before them take the dot gain
_LIGHTS: Final = 17  # nodes of L*, of a* and of b*
_DEEPEST: Final = 10.0  # L* of the darkest grey within the ink limit; below, that grey
_REACH: Final = 104.0  # no ink of the condition is more to a* or b*; beyond, the nearest that is printed
_STEPS: Final = 256
_TOP: Final = 65535
_GAMUT: Final = 4.0  # ΔE*ab off what was asked for: out of gamut
_D50: Final = (0.9642, 1.0, 0.8249)
_HEADER: Final = 128
_EVEN: Final = (65536, 0, 0, 0, 65536, 0, 0, 0, 65536)  # the matrix that changes nothing
_STRAIGHT: Final = (0, _TOP)  # the table that changes nothing
Tables = Sequence[Sequence[int]]


def profile_bytes() -> bytes:
    to_lab = _lut(_INKS, _dot_gain(), _colours(), [_STRAIGHT] * 3)
    inks, misses = _separated()
    to_inks = _lut(_LIGHTS, _lab_scales(), inks, _plate_tones())
    gamut = _lut(_LIGHTS, _lab_scales(), misses, [_STRAIGHT])
    tags = {
        b"desc": _desc(NAME),
        b"cprt": b"text\0\0\0\0" + _RIGHTS.encode("ascii") + b"\0",
        b"wtpt": b"XYZ \0\0\0\0" + _xyz(PAPER_WHITE),
        **dict.fromkeys((b"A2B0", b"A2B1", b"A2B2"), to_lab),
        **dict.fromkeys((b"B2A0", b"B2A1", b"B2A2"), to_inks),
        b"gamt": gamut,
    }
    return _assembled(tags)


def _assembled(tags: dict[bytes, bytes]) -> bytes:
    """Header (§6.1), tag table and data; tags with the same bytes share them."""
    places: dict[bytes, int] = {}
    body, start = b"", _HEADER + 4 + 12 * len(tags)
    for data in tags.values():
        if data not in places:
            places[data] = start + len(body)
            body += data + bytes(-len(data) % 4)
    table = b"".join(struct.pack(">4sII", tag, places[data], len(data)) for tag, data in tags.items())
    size = start + len(body)
    header = struct.pack(">I4xI4s4s4s6H4s28xI", size, 0x02400000, b"prtr", b"CMYK", b"Lab ", 2026, 1, 1, 0, 0, 0, b"acsp", 0)
    return (header + _xyz(_D50)).ljust(_HEADER, b"\0") + struct.pack(">I", len(tags)) + table + body


def _xyz(values: Sequence[float]) -> bytes:
    return struct.pack(">3i", *(round(value * 65536) for value in values))


def _desc(text: str) -> bytes:
    """textDescriptionType (§6.5.17): ASCII; no Unicode, no ScriptCode."""
    return b"desc\0\0\0\0" + struct.pack(">I", len(text) + 1) + text.encode("ascii") + b"\0" + bytes(8 + 3 + 67)


def _lut(nodes: int, before: Tables, grid: Iterable[int], after: Tables) -> bytes:
    """lut16Type (§6.5.8): tables before the grid and after it, one a channel."""
    head = struct.pack(">4s4xBBBx9i2H", b"mft2", len(before), len(after), nodes, *_EVEN, len(before[0]), len(after[0]))
    numbers = array("H", [number for table in before for number in table])
    numbers.extend(grid)
    numbers.extend(number for table in after for number in table)
    return head + struct.pack(f">{len(numbers)}H", *numbers)


def _of_one(value: float) -> int:
    return round(min(1.0, max(0.0, value)) * _TOP)


def _dot_gain() -> list[list[int]]:
    return [[_of_one(cover(ink, at / (_STEPS - 1))) for at in range(_STEPS)] for ink in range(4)]


def _plate_tones() -> list[list[int]]:
    return [[_of_one(tone(ink, at / (_STEPS - 1))) for at in range(_STEPS)] for ink in range(4)]


def _lab_scales() -> list[list[int]]:
    """From 16 bits of Lab (§6.3.4.2) to the grid: as far as inks reach."""
    encoded = [at * _TOP / (_STEPS - 1) for at in range(_STEPS)]
    wide = [_of_one((each / 256 - 128 + _REACH) / (2 * _REACH)) for each in encoded]
    return [[_of_one((each / 652.8 - _DEEPEST) / (100 - _DEEPEST)) for each in encoded], wide, wide]


def _colours() -> Iterator[int]:
    """The grid of A2B: Lab of every node, black first to change."""
    for covers in product([at / (_INKS - 1) for at in range(_INKS)], repeat=4):
        light, a, b = lab_of(covers)
        yield from (round(light * 652.8), round((a + 128) * 256), round((b + 128) * 256))


def _separated() -> tuple[list[int], list[int]]:
    """The grids of B2A and of the gamut; each node starts from its neighbour's inks."""
    inks, misses, covers = [], [], [0.0] * 4
    for wanted in _asked():
        covers, miss = covers_for(wanted, covers)
        inks += [_of_one(each) for each in covers]
        misses.append(_TOP if miss > _GAMUT else 0)
    return inks, misses


def _asked() -> Iterator[Lab]:
    wide = [_REACH * (2 * at / (_LIGHTS - 1) - 1) for at in range(_LIGHTS)]
    for at in range(_LIGHTS):
        yield from ((_DEEPEST + (100 - _DEEPEST) * at / (_LIGHTS - 1), a, b) for a in wide for b in wide)
