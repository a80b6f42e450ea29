"""An emblem's SVG as plain shapes: outlines and flat inks. What a press can't print as it stands, and all that reaches out of the file or
acts by itself, is refused by name; nothing is ever fetched (SVG 1.1 §8.3 paths, §7.4 transforms, F.6 arcs)."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final
from xml.etree import ElementTree

from collateral.display import Drawing, Shape
from collateral.geometry import CLOSE, Path, Point, Segment, circle, line, rectangle
from collateral.geometry import Box as Rect
from collateral.ink import Ink
from collateral.matrix import IDENTITY, Matrix, applied, growth, moved, times

ToInk = Callable[[str], Ink]  # a CSS colour -> ink; ValueError if it is none

_MOST: Final = 3_000_000  # bytes
_MOST_SEGMENTS: Final = 60_000
_SKIPPED: Final = frozenset(("defs", "title", "desc", "metadata", "style", "namedview", "symbol"))
_ACTIVE: Final = frozenset(
    ("script", "handler", "listener", "foreignObject", "animate", "animateTransform", "animateMotion", "set", "iframe", "a")
)
_UNPRINTABLE: Final[Mapping[str, str]] = {
    "text": "letters", "image": "a picture", "use": "copies of other elements", "filter": "effects", "mask": "a mask",
    "clipPath": "a clipping path", "linearGradient": "a gradient", "radialGradient": "a gradient", "pattern": "a pattern",
}  # fmt: skip
_NUMBER: Final = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_COMMAND: Final = re.compile(r"([MmZzLlHhVvCcSsQqTtAa])([^MmZzLlHhVvCcSsQqTtAa]*)")
_ARC: Final = re.compile(r"[\s,]*".join([f"({_NUMBER.pattern})"] * 3 + ["([01])"] * 2 + [f"({_NUMBER.pattern})"] * 2))
_TAKES: Final = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "S": 4, "Q": 4, "T": 2, "A": 7, "Z": 0}
_INHERITED: Final = ("fill", "fill-rule", "stroke", "stroke-width")
_OPACITIES: Final = ("opacity", "fill-opacity", "stroke-opacity")


class BadDrawing(ValueError):
    """Why a file can't be printed, in one sentence; `remedy`: what its maker does about it."""

    def __init__(self, text: str, remedy: str) -> None:
        super().__init__(text)
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class _Look:
    """What an element passes on to those inside it."""

    matrix: Matrix
    style: Mapping[str, str]
    opacity: float


def drawing(svg: bytes, to_ink: ToInk) -> Drawing:
    """The SVG's shapes in its own units, y down. Raises BadDrawing."""
    root = _root(svg)
    x, y, width, height = _view(root)
    classes = _classes(root)
    look = _Look((1, 0, 0, 1, -x, -y), {"fill": "black", "stroke": "none", "stroke-width": "1", "fill-rule": "nonzero"}, 1.0)
    shapes = tuple(_shapes(root, look, classes, to_ink))
    if not shapes:
        raise BadDrawing("the drawing is empty", "Save it again with its shapes as paths")
    if sum(len(shape.path.segments) for shape in shapes) > _MOST_SEGMENTS:
        raise BadDrawing(f"the drawing has more than {_MOST_SEGMENTS:,} pieces", "Simplify its paths: this is a traced photograph")
    return Drawing(width, height, shapes)


def _root(svg: bytes) -> ElementTree.Element:
    """Parsed without document type: entities could read files or grow without end."""
    if len(svg) > _MOST:
        raise BadDrawing(f"the drawing is larger than {_MOST // 1_000_000} MB", "Simplify it, or save it as CMYK TIFF")
    if b"<!ENTITY" in svg or b"\0" in svg:  # no other alphabet than UTF-8's, where the first could hide
        raise BadDrawing("the drawing defines entities of its own, or is not UTF-8", "Save it as plain SVG")
    try:
        root = ElementTree.fromstring(svg)  # noqa: S314 entities were refused above, and expat resolves nothing from outside
    except ElementTree.ParseError as why:
        raise BadDrawing(f"this is no SVG: {why}", "Ask for the file again: it is damaged") from why
    if _tag(root) != "svg":
        raise BadDrawing(f"this is no SVG but <{_tag(root)}>", "Name an .svg file")
    for element in root.iter():
        _refuse_foreign(element)
    return root


def _tag(element: ElementTree.Element) -> str:
    return str(element.tag).rsplit("}", 1)[-1] if isinstance(element.tag, str) else ""


def _refuse_foreign(element: ElementTree.Element) -> None:
    """Scripts, event attributes, links outward."""
    name = _tag(element)
    if name in _ACTIVE:
        raise BadDrawing(f"the drawing holds <{name}>", "Save it as plain SVG, without scripts and links")
    for key, value in element.attrib.items():
        key = key.rsplit("}", 1)[-1]
        if key.lower().startswith("on"):
            raise BadDrawing(f"the drawing reacts to {key}", "Save it as plain SVG, without scripts and links")
        if (key == "href" and not value.startswith("#")) or re.search(r"url\(\s*['\"]?(?!#)", value):
            raise BadDrawing(f"the drawing refers to {value[:60]}, outside itself; that was not fetched", "Embed what it needs as paths")
    if name == "style" and re.search(r"@import|url\(\s*['\"]?(?!#)", element.text or ""):
        raise BadDrawing("the drawing's style sheet refers to something outside; that was not fetched", "Save it as plain SVG")


def _view(root: ElementTree.Element) -> tuple[float, float, float, float]:
    box = [float(v) for v in _NUMBER.findall(root.get("viewBox", ""))]
    if len(box) != 4:
        box = [0.0, 0.0, *(float((_NUMBER.findall(root.get(key, "")) or ["0"])[0]) for key in ("width", "height"))]
    if not (0 < box[2] < 1e6 and 0 < box[3] < 1e6):
        raise BadDrawing("the drawing does not say how large it is", "Save it with a viewBox")
    return box[0], box[1], box[2], box[3]


def _classes(root: ElementTree.Element) -> dict[str, dict[str, str]]:
    """The style sheet's rules for single classes, as drawing programs write them."""
    sheet = re.sub(r"/\*.*?\*/", "", " ".join(e.text or "" for e in root.iter() if _tag(e) == "style"), flags=re.DOTALL)
    found: dict[str, dict[str, str]] = {}
    for names, body in re.findall(r"([^{}]+)\{([^{}]*)\}", sheet):
        for name in names.split(","):
            if name.strip().startswith("."):
                found.setdefault(name.strip()[1:], {}).update(_declared(body))
    return found


def _declared(text: str) -> dict[str, str]:
    pairs = (part.split(":", 1) for part in text.split(";") if ":" in part)
    return {key.strip().lower(): value.strip() for key, value in pairs}


def _shapes(element: ElementTree.Element, above: _Look, classes: Mapping[str, Mapping[str, str]], to_ink: ToInk) -> Iterator[Shape]:
    name = _tag(element)
    if name in _UNPRINTABLE:
        raise BadDrawing(
            f"the drawing holds {_UNPRINTABLE[name]} (<{name}>)", "Turn all into paths with flat colours, or save it as CMYK TIFF"
        )
    own: dict[str, str] = {key: element.attrib[key] for key in (*_INHERITED, *_OPACITIES, "display", "visibility") if key in element.attrib}
    for each in element.get("class", "").split():
        own |= classes.get(each, {})
    own |= _declared(element.get("style", ""))
    if own.get("display") == "none" or own.get("visibility") == "hidden":
        return
    for effect in ("filter", "mask", "clip-path"):
        if own.get(effect, element.get(effect, "none")) != "none":
            raise BadDrawing(f"the drawing uses {effect}", "Turn all into paths with flat colours, or save it as CMYK TIFF")
    look = _Look(
        times(_transform(element.get("transform", "")), above.matrix),
        {**above.style, **{key: own[key] for key in _INHERITED if key in own and own[key] != "inherit"}},
        above.opacity * _share(own.get("opacity", "1")),
    )
    if name in ("svg", "g", "switch"):
        for inner in element:
            if _tag(inner) not in _SKIPPED:
                yield from _shapes(inner, look, classes, to_ink)
    elif (path := _outline(element, name)) is not None and path.segments:
        yield from _painted(moved(path, look.matrix), look, own, to_ink)


def _painted(path: Path, look: _Look, own: Mapping[str, str], to_ink: ToInk) -> Iterator[Shape]:
    """First the fill, then the line, as SVG paints. Alpha is flattened against paper."""
    style = look.style
    if style["fill"] != "none":
        ink = _thinned(_ink(style["fill"], to_ink), look.opacity * _share(own.get("fill-opacity", "1")))
        yield Shape(path, ink, even_odd=style["fill-rule"] == "evenodd")
    width = _length(style["stroke-width"]) * growth(look.matrix)
    if style["stroke"] != "none" and width > 0:
        yield Shape(path, _thinned(_ink(style["stroke"], to_ink), look.opacity * _share(own.get("stroke-opacity", "1"))), width=width)


def _ink(colour: str, to_ink: ToInk) -> Ink:
    """ "device-cmyk(0 1 1 .1)" is taken as it stands; all else goes through the press's profile."""
    if found := re.fullmatch(r"device-cmyk\(([^)]*)\)", colour.strip(), re.IGNORECASE):
        parts = [float(v) * (1 if "%" in found[1] else 100) for v in _NUMBER.findall(found[1])]
        if len(parts) == 4:
            return Ink(parts[0], parts[1], parts[2], parts[3])
    try:
        return to_ink("black" if colour.strip() == "currentColor" else colour.strip())
    except ValueError as why:
        raise BadDrawing(f"“{colour[:40]}” is no flat colour", "Give every shape a flat colour") from why


def _thinned(ink: Ink, share: float) -> Ink:
    return replace(ink, c=ink.c * share, m=ink.m * share, y=ink.y * share, k=ink.k * share) if share < 1 else ink


def _share(text: str) -> float:
    found = _NUMBER.match(text.strip())
    value = float(found[0]) if found else 1.0
    return min(1.0, max(0.0, value / 100 if "%" in text else value))


def _length(text: str) -> float:
    found = _NUMBER.match(text.strip())
    return float(found[0]) if found else 0.0


# --- outlines ---


def _outline(element: ElementTree.Element, name: str) -> Path | None:
    """The element's path in its own units; None for what is no shape."""

    def number(key: str) -> float:
        return _length(element.get(key, "0"))

    match name:
        case "path":
            return path_of(element.get("d", ""))
        case "rect" if number("rx") or number("ry"):
            raise BadDrawing("the drawing holds a rectangle with round corners", "Turn all into paths")
        case "rect":
            return rectangle(Rect(number("x"), number("y"), number("width"), number("height")))
        case "circle":
            return circle(Point(number("cx"), number("cy")), number("r"))
        case "ellipse":
            round_one = circle(Point(0, 0), 1)
            return moved(round_one, (number("rx"), 0, 0, number("ry"), number("cx"), number("cy")))
        case "line":
            return line((Point(number("x1"), number("y1")), Point(number("x2"), number("y2"))))
        case "polygon" | "polyline":
            at = [float(v) for v in _NUMBER.findall(element.get("points", ""))]
            corners = tuple(Point(x, y) for x, y in zip(at[::2], at[1::2], strict=False))
            return line(corners, close=name == "polygon") if corners else None
        case _:
            return None


def path_of(data: str) -> Path:
    """SVG path data as M, L, C and Z, absolute. Raises BadDrawing where it breaks off."""
    pen = _PathPen()
    for command, written in _COMMAND.findall(data):
        count, numbers = _TAKES[command.upper()], _numbers(command, written)
        if (not pen.drawn and command not in "Mm") or (len(numbers) % count if count else numbers) or (count and not numbers):
            raise BadDrawing("a path breaks off", "Save the drawing again: it is damaged")
        for at in range(0, max(1, len(numbers)), count or 1):
            further = {"M": "L", "m": "l"}.get(command, command) if at else command  # further pairs after a move are lines
            pen.draw(further, numbers[at : at + count])
    return Path(tuple(pen.drawn))


def _numbers(command: str, written: str) -> list[float]:
    """An arc's two flags are one digit each and may stand without a space behind them."""
    if command in "Aa":
        return [float(each) for arc in _ARC.findall(written) for each in arc]
    return [float(each) for each in _NUMBER.findall(written)]


class _PathPen:
    """Follows path data: where the pen is, where the subpath began, and the last handle, which S and T mirror."""

    def __init__(self) -> None:
        self.drawn: list[Segment] = []
        self._at = self._start = self._handle = Point(0, 0)
        self._last = ""

    def draw(self, command: str, n: list[float]) -> None:
        kind, base = command.upper(), self._at if command.islower() else Point(0, 0)
        points = [Point(base.x + x, base.y + y) for x, y in zip(n[::2], n[1::2], strict=False)] if kind not in "HVAZ" else []
        match kind:
            case "M":
                self._start = self._to("M", points[0])
            case "L":
                self._to("L", points[0])
            case "H":
                self._to("L", Point(base.x + n[0], self._at.y))
            case "V":
                self._to("L", Point(self._at.x, base.y + n[0]))
            case "C":
                self._cubic(*points)
            case "S":
                self._cubic(self._mirrored("CS"), *points)
            case "Q":
                self._quadratic(*points)
            case "T":
                self._quadratic(self._mirrored("QT"), points[0])
            case "A":
                for one, two, end in _arc(self._at, n, Point(base.x + n[5], base.y + n[6])):
                    self._cubic(one, two, end)
            case _:
                self.drawn.append(CLOSE)
                self._at = self._start
        self._last = kind

    def _to(self, op: str, end: Point) -> Point:
        self.drawn.append(Segment(op, (end,)))
        self._at = self._handle = end
        return end

    def _cubic(self, one: Point, two: Point, end: Point) -> None:
        self.drawn.append(Segment("C", (one, two, end)))
        self._handle, self._at = two, end

    def _quadratic(self, middle: Point, end: Point) -> None:
        a = self._at
        one = Point(a.x + (middle.x - a.x) * 2 / 3, a.y + (middle.y - a.y) * 2 / 3)
        two = Point(end.x + (middle.x - end.x) * 2 / 3, end.y + (middle.y - end.y) * 2 / 3)
        self._cubic(one, two, end)
        self._handle = middle

    def _mirrored(self, after: str) -> Point:
        if self._last not in after:
            return self._at
        return Point(2 * self._at.x - self._handle.x, 2 * self._at.y - self._handle.y)


def _arc(start: Point, n: list[float], end: Point) -> Iterator[tuple[Point, Point, Point]]:
    """An elliptical arc as cubics of at most a quarter turn (SVG 1.1 appendix F.6.5, F.6.6)."""
    rx, ry, turn = abs(n[0]), abs(n[1]), math.radians(n[2])
    if not rx or not ry or start == end:
        yield start, end, end
        return
    cos, sin = math.cos(turn), math.sin(turn)
    dx, dy = (start.x - end.x) / 2, (start.y - end.y) / 2
    x, y = cos * dx + sin * dy, -sin * dx + cos * dy
    grown = max(1.0, math.sqrt((x / rx) ** 2 + (y / ry) ** 2))
    rx, ry = rx * grown, ry * grown
    square = (rx * y) ** 2 + (ry * x) ** 2
    root = math.sqrt(max(0.0, ((rx * ry) ** 2 - square) / square)) * (-1 if bool(n[3]) == bool(n[4]) else 1)
    cx, cy = root * rx * y / ry, -root * ry * x / rx
    first = math.atan2((y - cy) / ry, (x - cx) / rx)
    sweep = math.atan2((-y - cy) / ry, (-x - cx) / rx) - first
    sweep += 2 * math.pi if n[4] and sweep < 0 else -2 * math.pi if not n[4] and sweep > 0 else 0
    centre = Point(cos * cx - sin * cy + (start.x + end.x) / 2, sin * cx + cos * cy + (start.y + end.y) / 2)
    place: Matrix = (cos * rx, sin * rx, -sin * ry, cos * ry, centre.x, centre.y)
    pieces = max(1, math.ceil(abs(sweep) / (math.pi / 2) - 1e-9))
    step = sweep / pieces
    reach = 4 / 3 * math.tan(step / 4)
    for i in range(pieces):
        a, b = first + i * step, first + (i + 1) * step
        one = applied(place, Point(math.cos(a) - reach * math.sin(a), math.sin(a) + reach * math.cos(a)))
        two = applied(place, Point(math.cos(b) + reach * math.sin(b), math.sin(b) - reach * math.cos(b)))
        yield one, two, applied(place, Point(math.cos(b), math.sin(b))) if i < pieces - 1 else end


# --- transforms ---


def _transform(text: str) -> Matrix:
    found = IDENTITY
    for name, inner in re.findall(r"(\w+)\s*\(([^)]*)\)", text):
        found = times(_one_transform(name, [float(v) for v in _NUMBER.findall(inner)]), found)
    return found


def _one_transform(name: str, n: list[float]) -> Matrix:
    match name, len(n):
        case "matrix", 6:
            return n[0], n[1], n[2], n[3], n[4], n[5]
        case "translate", 1 | 2:
            return 1, 0, 0, 1, n[0], n[1] if len(n) > 1 else 0
        case "scale", 1 | 2:
            return n[0], 0, 0, n[-1], 0, 0
        case "rotate", 1 | 3:
            cos, sin = math.cos(math.radians(n[0])), math.sin(math.radians(n[0]))
            x, y = (n[1], n[2]) if len(n) > 1 else (0.0, 0.0)
            return cos, sin, -sin, cos, x - cos * x + sin * y, y - sin * x - cos * y
        case "skewX", 1:
            return 1, 0, math.tan(math.radians(n[0])), 1, 0, 0
        case "skewY", 1:
            return 1, math.tan(math.radians(n[0])), 0, 1, 0, 0
        case _:
            raise BadDrawing(f"the drawing moves something by “{name}”", "Save the drawing again: it is damaged")
