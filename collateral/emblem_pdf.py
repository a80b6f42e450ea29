"""A one-page PDF emblem as plain shapes: its fills and lines in CMYK, grey or spots are read, everything else is refused by name."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import pikepdf
from pikepdf import Dictionary

from collateral.display import Drawing, Shape
from collateral.geometry import CLOSE, Path, Point, Segment
from collateral.ink import BLACK, Ink
from collateral.matrix import Matrix, applied, growth, times
from collateral.svg import BadDrawing

_FAULTS: Final = (pikepdf.PdfError, pikepdf.PasswordError, KeyError, AttributeError, IndexError, TypeError, OverflowError)
_FLATTEN: Final = "Turn letters into outlines and all else into flat CMYK shapes, or save it as CMYK TIFF"
_IGNORED: Final = frozenset(("J", "j", "M", "d", "ri", "i", "BMC", "BDC", "EMC", "MP", "DP", "BX", "EX"))
_UNPRINTABLE: Final = {"BT": "letters", "Tj": "letters", "Do": "a picture or form", "sh": "a gradient", "INLINE IMAGE": "a picture",
                       "rg": "RGB colours", "RG": "RGB colours"}  # fmt: skip


@dataclass(slots=True)
class _State:
    matrix: Matrix
    fill: Ink = BLACK
    stroke: Ink = BLACK
    width: float = 1.0


def drawing_of_page(pdf: bytes, within_limit: Callable[[Ink], Ink]) -> Drawing:
    """The first page's shapes in points, y down. Raises BadDrawing."""
    try:
        with pikepdf.open(io.BytesIO(pdf)) as document:
            page = document.pages[0]
            _refuse_alpha(page)
            box = [float(v) for v in page.obj.get("/TrimBox", page.mediabox)]
            reader = _Reader(box[0], box[3], within_limit)
            for instruction in pikepdf.parse_content_stream(page):
                reader.take(str(instruction.operator), instruction.operands)
    except _FAULTS as why:
        raise BadDrawing("this is no PDF that can be read", "Ask for the file again, or for an SVG") from why
    if not reader.shapes:
        raise BadDrawing("the page is empty", _FLATTEN)
    return Drawing(box[2] - box[0], box[3] - box[1], tuple(reader.shapes))


def _refuse_alpha(page: pikepdf.Page) -> None:
    resources: Any = page.obj.get("/Resources", Dictionary())
    for state in resources.get("/ExtGState", Dictionary()).values():
        if float(state.get("/ca", 1)) != 1 or float(state.get("/CA", 1)) != 1 or str(state.get("/SMask", "/None")) != "/None":
            raise BadDrawing("the page holds alpha", _FLATTEN)


class _Reader:
    """Follows the page's operators (ISO 32000-1 §8.5)."""

    def __init__(self, left: float, top: float, within_limit: Callable[[Ink], Ink]) -> None:
        self.shapes: list[Shape] = []
        self._state = _State((1, 0, 0, -1, -left, top))
        self._saved: list[_State] = []
        self._path: list[Segment] = []
        self._at = Point(0, 0)
        self._within_limit = within_limit
        self._clipping = False

    def take(self, operator: str, operands: Any) -> None:
        if operator in _UNPRINTABLE:
            raise BadDrawing(f"the page holds {_UNPRINTABLE[operator]}", _FLATTEN)
        match operator:
            case "q":
                self._saved.append(replace(self._state))
            case "Q":
                self._state = self._saved.pop() if self._saved else self._state
            case "cm":
                self._state.matrix = times(_six(operands), self._state.matrix)
            case "w":
                self._state.width = float(operands[0])
            case "k" | "K" | "g" | "G":
                self._colour(operator, [float(v) for v in operands])
            case "m" | "l" | "c" | "v" | "y" | "re" | "h":
                self._draw(operator, [float(v) for v in operands])
            case "W" | "W*":
                self._clipping = True
            case "f" | "F" | "f*" | "B" | "B*" | "b" | "b*" | "S" | "s" | "n":
                self._paint(operator)
            case "gs":
                return  # overprint and line settings; alpha would need a state of its own, which the page's check of our file finds
            case _ if operator not in _IGNORED:
                raise BadDrawing(f"the page uses “{operator}”, which an emblem needs not", _FLATTEN)

    def _colour(self, operator: str, parts: list[float]) -> None:
        k = [0.0, 0.0, 0.0, 1 - parts[0]] if operator in "gG" else parts
        c, m, y, black = (round(100 * min(1.0, max(0.0, v)), 2) for v in k)
        ink = self._within_limit(Ink(c, m, y, black))
        if operator in "kg":
            self._state.fill = ink
        else:
            self._state.stroke = ink

    def _draw(self, operator: str, n: list[float]) -> None:
        match operator:
            case "m" | "l":
                self._add(operator.upper(), Point(*n))
            case "c":
                self._add("C", Point(n[0], n[1]), Point(n[2], n[3]), Point(n[4], n[5]))
            case "v":
                self._add("C", self._at, Point(n[0], n[1]), Point(n[2], n[3]))
            case "y":
                self._add("C", Point(n[0], n[1]), Point(n[2], n[3]), Point(n[2], n[3]))
            case "re":
                x, y, w, h = n
                for op, at in zip("MLLL", ((x, y), (x + w, y), (x + w, y + h), (x, y + h)), strict=True):
                    self._add(op, Point(*at))
                self._path.append(CLOSE)
            case _:
                self._path.append(CLOSE)

    def _add(self, op: str, *points: Point) -> None:
        self._path.append(Segment(op, tuple(applied(self._state.matrix, point) for point in points)))
        self._at = points[-1]

    def _paint(self, operator: str) -> None:
        """A clip to the whole page is what programs write by habit; any other would be lost."""
        if self._clipping and len(self._path) > 5:
            raise BadDrawing("the page uses a clipping path", _FLATTEN)
        if operator in ("s", "b", "b*"):
            self._path.append(CLOSE)
        path, self._path, self._clipping = Path(tuple(self._path)), [], False
        if operator == "n" or not path.segments:
            return
        if operator not in ("S", "s"):
            self.shapes.append(Shape(path, self._state.fill, even_odd="*" in operator))
        if operator not in ("f", "F", "f*"):
            width = max(self._state.width, 0.01) * growth(self._state.matrix)
            self.shapes.append(Shape(path, self._state.stroke, width=width))


def _six(operands: Any) -> Matrix:
    a, b, c, d, e, f = (float(v) for v in operands)
    return a, b, c, d, e, f
