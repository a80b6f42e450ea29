"""A sheet for trying codes on real phones: what each kind of code opens, and how small its modules may get. Office paper, A4, no bleed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from collateral.display import Op, Page, Stroke, Text
from collateral.geometry import Box, Point, line, rectangle
from collateral.layout.order import Order, checked
from collateral.qr import QUIET_ZONE
from collateral.setting import Style
from collateral.type import BOLD, MEDIUM, REGULAR, SEMIBOLD
from collateral.wording import STRICT

MODULES_MM: Final = (0.33, 0.5, 0.8, 1.2, 1.6)  # from offset's finest to a leaflet's usual (press.md §4.2)
_LEFT: Final = 15.0
_RIGHT: Final = 195.0
_RULER: Final = 100.0
_SQUARE: Final = 26.6  # of the codes that are tried for what they open: 0.8 mm a module at version 2, of 33 with its quiet zone
_WORDS_X: Final = 46.0
_ROWS_Y: Final = 61.0
_ROW: Final = 34.2
_BOXES_X: Final = tuple(122.0 + 19.6 * n for n in range(4))
_BOX: Final = 7.0
_SIZES_Y: Final = 199.0
_GROUND_Y: Final = 258.0  # where the smaller and smaller codes stand
_HAIR: Final = 0.25


@dataclass(frozen=True, slots=True)
class ScanTest:
    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT

    title: str
    how: tuple[str, ...]
    ruler: str
    phones: tuple[str, str, str, str]
    opens: Mapping[str, tuple[str, str]]  # role -> what the code is, what must open
    sizes: str
    decimal: str  # what stands between 0 and 33 in this language
    distance: str  # a line to write on, in centimetres
    signed: str


def lay_out(order: Order) -> tuple[Page, ...]:
    """The sheet's one page. Raises Refused."""
    ops = [*_head(order), *_kinds(order), *_sizes(order), *_foot(order)]
    codes = len(MODULES_MM) + 1 + len(order.small_payloads)
    return checked([Page(*order.piece.trim, tuple(ops))], order.piece, order.setter.place, most_codes=codes)


def _head(order: Order) -> Iterator[Op]:
    """Title, how to use the sheet, and a line that shows whether the printer has scaled it."""
    ink, say, line_of, copy = order.palette, order.words.say, order.setter.line, order.said(ScanTest)
    yield line_of(say(copy.title), _LEFT, 22, Style(SEMIBOLD, 24, ink.field))
    yield line_of(f"{order.village.title} · {order.link.rpartition('/')[2]}", _RIGHT, 22, Style(MEDIUM, 11, ink.field), align="right")
    for i, text in enumerate(copy.how):
        yield line_of(say(text), _LEFT, 30 + 5.4 * i, Style(REGULAR, 10.5, ink.black), width=_RIGHT - _LEFT)
    y = 46.0
    yield _rule(order, Point(_LEFT, y), Point(_LEFT + _RULER, y), weight=0.5)
    for x in (_LEFT, _LEFT + _RULER):
        yield _rule(order, Point(x, y - 1.5), Point(x, y + 1.5))
    yield line_of(say(copy.ruler), _LEFT + _RULER + 4, y + 1.3, Style(REGULAR, 9.5, ink.black), width=_RIGHT - _LEFT - _RULER - 4)


def _kinds(order: Order) -> Iterator[Op]:
    """A row for each kind of code: the code, what it says, what must open, a box to tick for each phone."""
    ink, copy = order.palette, order.said(ScanTest)
    for x, text in zip(_BOXES_X, copy.phones, strict=True):
        yield from _stacked(order, text, x + _BOX / 2)
    payloads = {"link": order.link, **order.small_payloads}
    for i, (role, payload) in enumerate(payloads.items()):
        y = _ROWS_Y + _ROW * i
        left = _LEFT - QUIET_ZONE * _SQUARE / 33  # the symbol stands flush with the words above, its quiet zone hangs out
        yield order.web_code(left, y, _SQUARE) if role == "link" else order.small_code(role, left, y, _SQUARE)
        what, opens = copy.opens[role]
        for text, down, style in (
            (order.words.say(what), 9.4, Style(BOLD, 13, ink.field)),
            (order.words.say(opens), 15.8, Style(REGULAR, 10, ink.black)),
            (payload, 21.4, Style(MEDIUM, 8, ink.black)),
        ):
            yield order.setter.fitted(text, _WORDS_X, y + down, style, _BOXES_X[0] - _WORDS_X - 6, least=0.6)
        yield from (Stroke(rectangle(Box(x, y + (_SQUARE - _BOX) / 2, _BOX, _BOX)), ink.black, _HAIR) for x in _BOXES_X)


def _stacked(order: Order, text: str, centre_x: float) -> Iterator[Text]:
    """A column's head on two lines: program, then phone."""
    for i, part in enumerate(text.split(" · ")):
        yield order.setter.line(part, centre_x, 55.0 + 4.4 * i, Style(MEDIUM, 9, order.palette.black), align="centre")


def _sizes(order: Order) -> Iterator[Op]:
    """The same code smaller and smaller, each with a line for how far away it was still read; eight modules of the larger one between."""
    ink, copy = order.palette, order.said(ScanTest)
    yield order.setter.line(order.words.say(copy.sizes), _LEFT, _SIZES_Y, Style(SEMIBOLD, 13, ink.field), width=_RIGHT - _LEFT)
    x, side = _LEFT, order.web_code(0, 0, 1000).symbol.with_quiet_zone
    for before, module in zip((0.0, *MODULES_MM), MODULES_MM, strict=False):
        x += (8 if before else -QUIET_ZONE) * module
        yield (code := order.web_code(x, _GROUND_Y - (side - QUIET_ZONE) * module, module * side))
        left, right = x + QUIET_ZONE * module, code.box.right - QUIET_ZONE * module
        yield order.setter.line(f"{module:g}".replace(".", copy.decimal), left, _GROUND_Y + 10.5, Style(BOLD, 9.5, ink.black))
        yield _rule(order, Point(left, _GROUND_Y + 17), Point(right, _GROUND_Y + 17))
        x = code.box.right
    yield order.setter.line(order.words.say(copy.distance), _LEFT, _GROUND_Y + 22, Style(REGULAR, 9, ink.black), width=_RIGHT - _LEFT)


def _foot(order: Order) -> Iterator[Op]:
    yield order.setter.line(order.words.say(order.said(ScanTest).signed), _LEFT, 287, Style(REGULAR, 9, order.palette.black))


def _rule(order: Order, start: Point, end: Point, weight: float = _HAIR) -> Stroke:
    return Stroke(line((start, end)), order.palette.black, weight)
