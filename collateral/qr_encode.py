"""The modules of a QR symbol (ISO/IEC 18004 §7), the same as stock `qrcode` makes them, some fifty times sooner.

Segments, capacities, block structure and function patterns are qrcode's own. What differs is how they are held: a symbol is one integer,
the module in row r and column c its bit r · side + c, and a second one read down the columns. A mask is then one XOR, and a rule of the
mask search is a few shifts and a population count, where qrcode walks eight times through lists of lists.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain, zip_longest
from operator import itemgetter
from typing import Any, Final

from qrcode import QRCode
from qrcode.base import EXP_TABLE, LOG_TABLE, rs_blocks
from qrcode.util import BIT_LIMIT_TABLE, mask_func, mode_sizes_for_version, optimal_data_chunks

_MASKS: Final = 8
_LEAST_CHUNK: Final = 20  # characters: qrcode's own default for changing the mode within a payload
_PADDING: Final = (0xEC, 0x11)  # §7.4.10


@dataclass(frozen=True, slots=True)
class _Grid:
    """What all symbols of one version share.

    `blank`, `blank_down`: function patterns by rows and by columns, format and version information left light, as qrcode scores them.
    `masks`: each mask over the data modules, by rows and by columns. `arranged`, `arranged_down`: the data bits (a string, then one "0")
    into the symbol's order, highest bit first. The other three hold a bit a module: in no row's last column; in no row's last ten; all.
    """

    side: int
    room: int
    blank: int
    blank_down: int
    masks: tuple[tuple[int, int], ...]
    arranged: Callable[[str], tuple[str, ...]]
    arranged_down: Callable[[str], tuple[str, ...]]
    but_last: int
    but_ten: int
    full: int


def fits(payload: str, version: int, level: int) -> bool:
    """Whether the payload's bits go into that version at that level (qrcode's constant)."""
    room: int = BIT_LIMIT_TABLE[level][version]
    return _segment_bits(payload, version).length <= room


def modules(payload: str, version: int, level: int) -> tuple[tuple[bool, ...], ...]:
    """The rows of the symbol, True where dark, in the best of eight masks. It must fit."""
    grid = _grid(version)
    bits = _data_bits(payload, version, level, grid.room) + "0"
    data, down = (int("".join(order(bits)), 2) for order in (grid.arranged, grid.arranged_down))
    across, below = data | grid.blank, down | grid.blank_down
    best = min(range(_MASKS), key=lambda mask: _penalty(across ^ grid.masks[mask][0], below ^ grid.masks[mask][1], grid))
    return _rows((data ^ grid.masks[best][0]) | _functions(version, level, best), grid.side)


def _rows(symbol: int, side: int) -> tuple[tuple[bool, ...], ...]:
    dark = f"{symbol:0{side * side}b}"[::-1]  # lowest bit first: row by row from the upper left
    return tuple(tuple(module == "1" for module in dark[at : at + side]) for at in range(0, side * side, side))


class _Bits:
    """Numbers written one after the other, highest bit first; qrcode's segments write themselves into it."""

    def __init__(self) -> None:
        self.value = 0
        self.length = 0

    def put(self, number: int, length: int) -> None:
        self.value = self.value << length | number
        self.length += length


@lru_cache(maxsize=256)
def _segment_bits(payload: str, version: int) -> _Bits:
    """Mode, length and characters of each segment (§7.4)."""
    bits, sizes = _Bits(), mode_sizes_for_version(version)
    for segment in optimal_data_chunks(payload, minimum=_LEAST_CHUNK):
        bits.put(segment.mode, 4)
        bits.put(len(segment), sizes[segment.mode])
        segment.write(bits)
    return bits


def _data_bits(payload: str, version: int, level: int, room: int) -> str:
    """Data and error correction codewords in their final order, as `room` zeros and ones (§7.4.9 to §7.6)."""
    written, limit = _segment_bits(payload, version), BIT_LIMIT_TABLE[level][version]
    ended = min(limit, written.length + 4)
    filled = -(-ended // 8) * 8
    words = (written.value << (filled - written.length)).to_bytes(filled // 8, "big")
    words += bytes(_PADDING[i % 2] for i in range((limit - filled) // 8))
    return "".join(f"{word:08b}" for word in _interleaved(words, version, level)).ljust(room, "0")


def _interleaved(words: bytes, version: int, level: int) -> Iterator[int]:
    """The blocks' data words by turns, then their error correction words by turns (§7.6)."""
    data, corrections, at = [], [], 0
    for block in rs_blocks(version, level):
        data.append(words[at : at + block.data_count])
        corrections.append(_correction(data[-1], block.total_count - block.data_count))
        at += block.data_count
    turns = chain(zip_longest(*data), zip_longest(*corrections))
    return (word for turn in turns for word in turn if word is not None)


def _correction(block: bytes, count: int) -> bytes:
    """`count` Reed-Solomon words: the rest of the block by the generator, one table look-up a word."""
    multiples, top, kept = _multiples(count), 8 * (count - 1), (1 << 8 * count) - 1
    rest = 0
    for word in block:
        rest = (rest << 8 & kept) ^ multiples[word ^ rest >> top]
    return rest.to_bytes(count, "big")


@cache
def _multiples(count: int) -> tuple[int, ...]:
    """The generator polynomial of degree `count` (annex A), its leading term left out, times each of 0 to 255; packed, a byte a term."""
    terms = [1]
    for power in range(count):
        raised = [_product(term, EXP_TABLE[power]) for term in terms]
        terms = [a ^ b for a, b in zip([*terms, 0], [0, *raised], strict=True)]
    return tuple(int.from_bytes(bytes(_product(term, factor) for term in terms[1:]), "big") for factor in range(256))


def _product(a: int, b: int) -> int:
    """In GF(256) with qrcode's tables."""
    return EXP_TABLE[(LOG_TABLE[a] + LOG_TABLE[b]) % 255] if a and b else 0


def _penalty(across: int, down: int, grid: _Grid) -> float:
    """The four features of §7.8.3 added up; qrcode scores them with blank format information, and so do we."""
    equal = grid.but_last & ~(across ^ across >> 1)
    blocks = equal & equal >> grid.side & ~(across ^ across >> grid.side)
    share = across.bit_count() / grid.side**2
    lines = _runs(equal) + _runs(grid.but_last & ~(down ^ down >> 1))
    finders = _like_finders(across, grid) + _like_finders(down, grid)
    return lines + 3 * blocks.bit_count() + 40 * finders + 10 * int(abs(share * 100 - 50) / 5)


def _runs(equal: int) -> int:
    """A run of L ≥ 5 alike costs L − 2: one for every five in a row, and two for the run. `equal`: modules like their right neighbour."""
    pairs = equal & equal >> 1
    five = pairs & pairs >> 2
    return five.bit_count() + 2 * (five & ~(five << 1)).bit_count()


def _like_finders(lines: int, grid: _Grid) -> int:
    """How often 1011101 stands with four light modules before or behind it, within a line."""
    light = grid.full ^ lines
    two = light & light >> 1
    four = two & two >> 2
    finder = lines & light >> 1 & lines >> 2 & lines >> 3 & lines >> 4 & light >> 5 & lines >> 6
    return (finder & four >> 7 & grid.but_ten).bit_count() + (four & finder >> 4 & grid.but_ten).bit_count()


@cache
def _grid(version: int) -> _Grid:
    code = _blank(version, 0, 0, test=True)
    side, places = code.modules_count, list(_places(code.modules))
    index = {place: at for at, place in enumerate(places)}
    order = [(row, column) for row in reversed(range(side)) for column in reversed(range(side))]
    masks = [[place for place in places if covers(*place)] for covers in map(mask_func, range(_MASKS))]
    dark = [(row, column) for row, column in order if code.modules[row][column]]
    return _Grid(
        side=side,
        room=len(places),
        blank=_packed(dark, side),
        blank_down=_packed(map(_turned, dark), side),
        masks=tuple((_packed(mask, side), _packed(map(_turned, mask), side)) for mask in masks),
        arranged=itemgetter(*(index.get(place, len(places)) for place in order)),
        arranged_down=itemgetter(*(index.get(_turned(place), len(places)) for place in order)),
        but_last=_packed(((row, column) for row, column in order if column < side - 1), side),
        but_ten=_packed(((row, column) for row, column in order if column < side - 10), side),
        full=(1 << side * side) - 1,
    )


@lru_cache(maxsize=256)
def _functions(version: int, level: int, mask: int) -> int:
    """Function patterns with format and version information, by rows."""
    rows = _blank(version, level, mask, test=False).modules
    side = len(rows)
    return _packed(((row, column) for row in range(side) for column in range(side) if rows[row][column]), side)


def _blank(version: int, level: int, mask: int, *, test: bool) -> Any:
    """qrcode's symbol with its function patterns set, None where data goes; `test`: format and version information light."""
    code = QRCode(version=version, error_correction=level)
    code.modules_count = side = 17 + 4 * version
    code.modules = [[None] * side for _ in range(side)]
    for row, column in ((0, 0), (side - 7, 0), (0, side - 7)):
        code.setup_position_probe_pattern(row, column)
    code.setup_position_adjust_pattern()
    code.setup_timing_pattern()
    code.setup_type_info(test, mask)
    if version >= 7:
        code.setup_type_number(test)
    return code


def _places(rows: Sequence[Sequence[bool | None]]) -> Iterator[tuple[int, int]]:
    """Where data bits go, in their order: pairs of columns from the right, up and down by turns, past the timing column (§7.7.3)."""
    side = len(rows)
    for turn, right in enumerate((*range(side - 1, 6, -2), 5, 3, 1)):
        for row in range(side) if turn % 2 else reversed(range(side)):
            yield from ((row, column) for column in (right, right - 1) if rows[row][column] is None)


def _turned(place: tuple[int, int]) -> tuple[int, int]:
    return place[1], place[0]


def _packed(places: Iterable[tuple[int, int]], side: int) -> int:
    return sum(1 << row * side + column for row, column in places)
