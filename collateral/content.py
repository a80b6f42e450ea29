"""What a page paints, object by object, and the forms it draws, each against its own resources (ISO 32000-1 §8, §9): in which inks, how
large, whether it overprints. Standard rules hold for files of any origin, house rules for ours alone."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import pikepdf
from pikepdf import Array, Dictionary, Name, Stream
from PIL import Image, ImageChops

from collateral.finding import Finding
from collateral.geometry import PT_PER_MM, Point
from collateral.matrix import IDENTITY, Matrix, applied, growth, times
from collateral.note import SheetNote
from collateral.standard import Standard

_DEVICE: Final = frozenset(("/DeviceCMYK", "/DeviceGray", "/Pattern", "/CMYK", "/G"))  # the last two: inside inline images
_RGB: Final = frozenset(("/DeviceRGB", "/RGB"))
_MANAGED: Final = frozenset(("/ICCBased", "/Lab", "/CalRGB", "/CalGray"))
_SPOTS: Final = frozenset(("/Separation", "/DeviceN"))
_OPERATORS: Final = "q Q cm w gs k K g G rg RG cs CS sc scn SC SCN Tf Tr Tm Td TD BT Tj TJ ' \" f F f* B B* b b* S s sh Do PS BI ID EI"
_PLACES: Final = "m re"  # only read to say where a faulty object stands
_NAMED: Final[Mapping[str, str]] = {"Tf": "/Font", "Do": "/XObject", "gs": "/ExtGState", "sh": "/Shading"}
_LEAST_PT: Final = 6.0  # text in one ink (press.md §1.4)
_LEAST_REVERSED_PT: Final = 8.0  # light text: its ground runs into it
_LEAST_LINE_PT: Final = 0.25
_HAIRLINE_PT: Final = 0.05
_INK_SLACK: Final = 1.5  # percent: colours are written and pictures stored in steps of 1/255
_MOST_PIXELS: Final = 20_000_000
_DEEPEST: Final = 12


@dataclass(frozen=True, slots=True)
class Limits:
    """What a file is held against. `rgb`: its intent prints RGB; `warn_ink`, `most_ink`: percent; `origin`: the trim's upper left, pt."""

    standard: Standard
    rgb: bool
    warn_ink: float
    most_ink: float
    note: SheetNote | None
    origin: tuple[float, float] = (0.0, 0.0)

    @property
    def scale(self) -> float:
        return self.note.scale if self.note else 1.0


@dataclass(frozen=True, slots=True)
class _Colour:
    """`kind`: cmyk, grey, spot, all, managed or other; `parts`: from 0 to 1."""

    kind: Literal["cmyk", "grey", "spot", "all", "managed", "other"]
    parts: tuple[float, ...]
    names: tuple[str, ...] = ()

    @property
    def total(self) -> float:
        """Percent of ink."""
        match self.kind:
            case "cmyk" | "spot":
                return 100 * sum(self.parts)
            case "grey":
                return 100 * (1 - sum(self.parts))
            case _:
                return 0.0

    @property
    def is_light(self) -> bool:
        return self.kind in ("cmyk", "grey") and self.total < 60

    @property
    def is_paper(self) -> bool:
        return self.kind in ("cmyk", "grey") and self.total == 0

    @property
    def is_black_alone(self) -> bool:
        return self.kind == "cmyk" and self.parts == (0, 0, 0, 1)

    @property
    def is_rich_black(self) -> bool:
        return self.kind == "cmyk" and len(self.parts) == 4 and self.parts[3] >= 0.6 and sum(self.parts[:3]) >= 0.6


_BLACK: Final = _Colour("grey", (0.0,))


@dataclass(slots=True)
class _State:
    """The graphics state as far as a press cares."""

    fill: _Colour = _BLACK
    stroke: _Colour = _BLACK
    fill_over: bool = False
    stroke_over: bool = False
    width: float = 1.0
    render: int = 0
    size: float = 0.0
    matrix: Matrix = IDENTITY
    text: Matrix = IDENTITY


def walked(page: pikepdf.Page, number: int, limits: Limits) -> tuple[tuple[Finding, ...], Collection[tuple[str, str]]]:
    """Findings about what the page paints, each once, with its first object and how many more; and its spot inks, each with its recipe."""
    quick = _Walk(number, limits, places=False)
    quick.page(page)
    if not quick.found:
        return (), quick.spots
    slow = _Walk(number, limits, places=True)
    slow.page(page)
    return tuple(slow.merged()), slow.spots


class _Walk:
    """One page's walk. `places`: also follow where paths begin, to name the place of what is wrong; dear."""

    def __init__(self, number: int, limits: Limits, *, places: bool) -> None:
        self.found: dict[Finding, int] = {}
        self.spots: set[tuple[str, str]] = set()
        self._things: dict[Finding, str] = {}
        self._page = number
        self._limits = limits
        self._places = places
        self._operators = f"{_OPERATORS} {_PLACES}" if places else _OPERATORS
        self._seen: set[tuple[int, int]] = set()
        self._judged: set[tuple[object, ...]] = set()
        self._colours: dict[tuple[object, ...], _Colour] = {}
        self._unplaced: dict[_Colour, Finding] = {}
        self._where: list[str] = []
        self._doing = ""
        self._start: tuple[float, float] | None = None
        self._state = _State()
        self._resources: Any = Dictionary()
        self._hands: dict[str, Callable[[str, Any], None]] = self._handlers()

    def page(self, page: pikepdf.Page) -> None:
        self._content(page.obj, page.obj)

    def merged(self) -> Iterator[Finding]:
        for finding, count in self.found.items():
            more = f" and {count - 1} more" if count > 1 else ""
            yield replace(finding, thing=self._things[finding] + more)

    def _handlers(self) -> dict[str, Callable[[str, Any], None]]:
        table: dict[str, Callable[[str, Any], None]] = {
            "cm": self._concat, "w": self._line_width, "gs": self._graphics_state, "Tf": self._font, "Tr": self._render_mode,
            "BT": self._begin_text, "Tm": self._text_matrix, "Td": self._move_text, "TD": self._move_text, "sh": self._shading,
            "Do": self._draw, "PS": self._forbidden, "INLINE IMAGE": self._inline_image, "m": self._begin_path, "re": self._begin_path,
        }  # fmt: skip
        table |= dict.fromkeys(("k", "K", "g", "G", "rg", "RG"), self._device_colour)
        table |= dict.fromkeys(("cs", "CS"), self._space_set)
        table |= dict.fromkeys(("sc", "scn", "SC", "SCN"), self._colour_set)
        table |= dict.fromkeys(("Tj", "TJ", "'", '"'), self._show)
        return table | dict.fromkeys(("f", "F", "f*", "B", "B*", "b", "b*", "S", "s"), self._paint)

    def _content(self, holder: Any, stream: Any) -> None:
        """`holder`: whose Resources count; `stream`: what to read, a page, form or pattern."""
        outer, saved = self._resources, []
        self._resources = _inherited(holder, "/Resources")
        for instruction in pikepdf.parse_content_stream(stream, self._operators):
            operator = str(instruction.operator)
            if operator == self._doing == "Tj" and not self._places:
                continue  # kerned letters: nothing was set since the one before
            self._doing = operator
            if operator == "q":
                saved.append(replace(self._state))
            elif operator == "Q":
                self._state = saved.pop() if saved else self._state
            else:
                self._hands[operator](operator, instruction.operands)
        self._resources = outer

    def _inner(self, name: str, holder: Any, stream: Any) -> None:
        """A form or pattern: its changes of the state end with it."""
        if len(self._where) >= _DEEPEST:
            return
        state = replace(self._state)
        self._where.append(name)
        matrix = stream.get("/Matrix")
        if matrix is not None:
            self._concat("cm", matrix)
        self._content(holder, stream)
        self._where.pop()
        self._state = state

    def _find(self, rule: str, text: str, severity: Literal["error", "warning"] = "error", thing: str = "") -> None:
        finding = Finding(rule, self._page, text, severity)
        self.found[finding] = self.found.get(finding, 0) + 1
        self._things.setdefault(finding, thing or self._thing())

    def _house(self, rule: str, text: str, thing: str = "") -> None:
        """A rule that only our own files are held to."""
        if self._limits.note is not None:
            self._find(rule, text, thing=thing)

    def _thing(self) -> str:
        """The object at hand: what it is, where it stands in mm from the trim's upper left at final size, in which form."""
        what = "text" if self._doing in ("Tj", "TJ", "'", '"') else "path" if self._doing in _PATHS else f"operator {self._doing}"
        at = (self._state.text[4], self._state.text[5]) if what == "text" else self._start if what == "path" else None
        place = f" at {self._mm(at)}" if at else ""
        return what + place + "".join(f" in {name}" for name in reversed(self._where))

    def _mm(self, at: tuple[float, float]) -> str:
        (x, y), (left, top) = applied(self._state.matrix, Point(*at)), self._limits.origin
        factor = self._limits.scale / PT_PER_MM
        return f"{(x - left) * factor:.0f} × {(top - y) * factor:.0f} mm"

    # --- state ---

    def _concat(self, _: str, operands: Any) -> None:
        a, b, c, d, e, f = (float(v) for v in operands)
        self._state.matrix = times((a, b, c, d, e, f), self._state.matrix)

    def _line_width(self, _: str, operands: Any) -> None:
        self._state.width = float(operands[0])

    def _render_mode(self, _: str, operands: Any) -> None:
        self._state.render = int(operands[0])

    def _begin_text(self, _: str, __: Any) -> None:
        self._state.text = IDENTITY

    def _text_matrix(self, _: str, operands: Any) -> None:
        a, b, c, d, e, f = (float(v) for v in operands)
        self._state.text = (a, b, c, d, e, f)

    def _move_text(self, _: str, operands: Any) -> None:
        self._state.text = times((1, 0, 0, 1, float(operands[0]), float(operands[1])), self._state.text)

    def _begin_path(self, _: str, operands: Any) -> None:
        self._start = (float(operands[0]), float(operands[1]))

    def _forbidden(self, operator: str, _: Any) -> None:
        self._find("content.operator", f"the operator {operator} is forbidden")

    def _font(self, operator: str, operands: Any) -> None:
        self._state.size = abs(float(operands[1]))
        self._named(operator, operands[0])

    def _named(self, operator: str, name: Any) -> Any:
        """The resource that an operator names; None, and a finding, where there is none: a form inherits nothing from its page."""
        found = self._resources.get(_NAMED[operator], Dictionary()).get(str(name))
        if found is None:
            self._find("resource.missing", f"{operator} names {name}, which is not among the resources")
        return found

    def _graphics_state(self, operator: str, operands: Any) -> None:
        if (state := self._named(operator, operands[0])) is None:
            return
        if "/OP" in state or "/op" in state:
            self._state.stroke_over = bool(state.get("/OP", self._state.stroke_over))
            self._state.fill_over = bool(state.get("/op", state.get("/OP", False)))
        if "/Font" in state:
            self._state.size = abs(float(state.Font[1]))
        if "/LW" in state:
            self._state.width = float(state.LW)
        thing = f"graphics state {operands[0]}"
        if not self._limits.standard.transparency:
            self._transparent_state(state, thing)
        for key in ("/TR", "/HTP"):
            if key in state:
                self._find("state.keys", f"a graphics state holds {key[1:]}", thing=thing)
        if str(state.get("/TR2", "/Default")) != "/Default":
            self._find("state.keys", "a graphics state holds a transfer function", thing=thing)
        halftone = state.get("/HT")
        if isinstance(halftone, (Dictionary, Stream)) and (halftone.get("/HalftoneType") not in (1, 5) or "/HalftoneName" in halftone):
            self._find("state.keys", "a graphics state holds a halftone of another type than 1 or 5, or one by name", thing=thing)

    def _transparent_state(self, state: Any, thing: str) -> None:
        for key in ("/ca", "/CA"):
            if float(state.get(key, 1)) != 1:
                self._find("page.transparency", f"a graphics state sets {key[1:]} to {float(state[key]):g}", thing=thing)
        modes = state.get("/BM", Name.Normal)
        if any(str(mode) not in ("/Normal", "/Compatible") for mode in (modes if isinstance(modes, Array) else [modes])):
            self._find("page.transparency", f"a graphics state blends by {state.BM}", thing=thing)
        if str(state.get("/SMask", "/None")) != "/None":
            self._find("page.transparency", "a graphics state holds a soft mask", thing=thing)

    # --- colour ---

    def _device_colour(self, operator: str, operands: Any) -> None:
        key = (operator, *map(str, operands))
        if (colour := self._colours.get(key)) is None:
            parts = tuple(float(v) for v in operands)
            kind: Literal["cmyk", "grey", "other"] = "cmyk" if operator in "kK" else "grey" if operator in "gG" else "other"
            colour = self._colours[key] = _Colour(kind, parts)
        self._set(operator in ("k", "g", "rg"), colour)
        known = len(self.found)
        if colour.kind == "other":
            self._rgb(f"the operator {operator} sets an RGB colour")
        self._inked(colour.total)
        if len(self.found) > known:
            self._unplaced[colour] = list(self.found)[-1]

    def _place(self, colour: _Colour) -> None:
        """What was found when the colour was set gets the place of what is first painted in it."""
        if (finding := self._unplaced.pop(colour, None)) is not None:
            self._things[finding] = self._thing()

    def _set(self, fills: bool, colour: _Colour) -> None:
        if fills:
            self._state.fill = colour
        else:
            self._state.stroke = colour

    def _rgb(self, text: str, thing: str = "") -> None:
        """RGB is right only where the intent prints RGB, or a default space says what it means."""
        default = self._limits.standard.managed and "/DefaultRGB" in self._resources.get("/ColorSpace", Dictionary())
        if not (default or (self._limits.rgb and self._limits.standard.managed)):
            self._find("colour.rgb", text, thing=thing)

    def _inked(self, total: float, what: str = "a colour", thing: str = "") -> None:
        if total > self._limits.most_ink + _INK_SLACK:
            self._find("colour.ink", f"{what} carries {total:.0f} % ink, the limit is {self._limits.most_ink:.0f} %", thing=thing)
        elif total > self._limits.warn_ink + _INK_SLACK:
            text = f"{what} carries {total:.0f} % ink, more than the {self._limits.warn_ink:.0f} % that every press dries"
            self._find("colour.ink", text, "warning", thing)

    def _space_set(self, operator: str, operands: Any) -> None:
        self._set(operator == "cs", self._space(operands[0]))

    def _space(self, space: Any, thing: str = "") -> _Colour:
        """A colour space by name or as an array, judged; as a colour whose parts are not set yet."""
        if isinstance(space, Array):
            return self._array_space(space, thing)
        name = str(space)
        if name in _RGB:
            self._rgb("the colour space DeviceRGB is forbidden", thing)
            return _Colour("other", ())
        if name in _DEVICE:
            return _Colour("cmyk" if "CMYK" in name else "grey" if "G" in name else "other", ())
        found = self._resources.get("/ColorSpace", Dictionary()).get(name) if name.startswith("/") else None
        if found is None or str(found) == name:
            self._find("resource.missing", f"the colour space {name} is not among the resources", thing=thing)
            return _Colour("other", ())
        return self._space(found, thing or f"colour space {name}")

    def _array_space(self, space: Any, thing: str) -> _Colour:
        family = str(space[0])
        if family in _SPOTS:
            self._space(space[2], thing)
            return self._spot(space, family)
        if family in ("/Indexed", "/I", "/Pattern"):
            if len(space) > 1:
                self._space(space[1], thing)
            return _Colour("other", ())
        if len(space) == 1:
            return self._space(space[0], thing)
        if family not in _MANAGED or not self._limits.standard.managed:
            self._find("colour.space", f"the colour space {family[1:]} is forbidden", thing=thing)
        return _Colour("managed", ())

    def _spot(self, space: Any, family: str) -> _Colour:
        names = tuple(str(name)[1:] for name in (space[1] if family == "/DeviceN" else [space[1]]))
        if family == "/Separation" and names[0] not in ("All", "None"):
            self.spots.add((names[0], f"{space[2]} {_solid(space[3])}"))
        return _Colour("all" if names == ("All",) else "spot", (), names)

    def _colour_set(self, operator: str, operands: Any) -> None:
        fills = operator in ("sc", "scn")
        now = self._state.fill if fills else self._state.stroke
        if len(operands) and isinstance(operands[-1], Name):
            self._pattern(operands[-1])
            return
        colour = replace(now, parts=tuple(float(v) for v in operands))
        self._set(fills, colour)
        self._inked(colour.total)

    def _pattern(self, name: Any) -> None:
        pattern = self._resources.get("/Pattern", Dictionary()).get(str(name))
        if pattern is None:
            self._find("resource.missing", f"the pattern {name} is not among the resources")
        elif isinstance(pattern, Stream):
            if self._new(pattern):
                self._inner(f"pattern {name}", pattern, pattern)
        elif "/Shading" in pattern:
            self._shaded(pattern.Shading, f"pattern {name}")

    def _shading(self, operator: str, operands: Any) -> None:
        if (shading := self._named(operator, operands[0])) is not None:
            self._shaded(shading, f"shading {operands[0]}")

    def _shaded(self, shading: Any, thing: str) -> None:
        space = self._space(shading.get("/ColorSpace"), thing)
        if space.kind == "cmyk":
            for ends in _ends(shading.get("/Function")):
                self._inked(100 * sum(ends), "a gradient", thing)

    # --- painting ---

    def _show(self, _: str, __: Any) -> None:
        state = self._state
        if state.render in (3, 7):  # invisible, or clipping alone
            return
        colour, over = (state.stroke, state.stroke_over) if state.render == 1 else (state.fill, state.fill_over)
        self._place(colour)
        size = round(state.size * growth(state.text) * growth(state.matrix) * self._limits.scale, 2)
        if self._is_new("text", colour, over, size):
            self._text_judged(colour, over, size)

    def _text_judged(self, colour: _Colour, over: bool, size: float) -> None:
        self._overprinted(colour, over)
        if colour.kind == "all":
            self._find("colour.registration", "text is set in registration colour")
        if colour.is_rich_black:
            severity: Literal["error", "warning"] = "error" if self._limits.note else "warning"
            self._find("text.black", f"text is set in a black of four inks ({colour.total:.0f} %)", severity)
        if colour.is_black_alone and not over:
            self._house("overprint.black", "black text knocks its ground out: a white seam shows when a plate slips")
        least = _LEAST_REVERSED_PT if colour.is_light else _LEAST_PT
        if size < least - 0.05:
            self._house("text.size", f"text of {size:.1f} pt at final size, the least is {least:g} pt")

    def _paint(self, operator: str, _: Any) -> None:
        state = self._state
        if operator not in ("S", "s"):
            self._place(state.fill)
            if self._is_new("fill", state.fill, state.fill_over):
                self._filled(state.fill, state.fill_over)
        if operator not in ("f", "F", "f*"):
            self._place(state.stroke)
            width = round(state.width * growth(state.matrix) * self._limits.scale, 3)
            if self._is_new("stroke", state.stroke, state.stroke_over, width):
                self._stroked(state.stroke, state.stroke_over, width)

    def _filled(self, colour: _Colour, over: bool) -> None:
        self._overprinted(colour, over)
        if colour.kind == "all":
            self._house("colour.registration", "a solid is painted in registration colour")

    def _stroked(self, colour: _Colour, over: bool, width: float) -> None:
        self._overprinted(colour, over)
        if "CutContour" in colour.names and not over:
            self._find("overprint.cut", "the cutter's line does not overprint: it leaves a white line in the picture")
        if width < _HAIRLINE_PT:
            self._find("line.thin", "a line has no width of its own: it is as thin as the press can print", "warning")
        elif width < _LEAST_LINE_PT - 0.01:
            self._house("line.thin", f"a line of {width:.2f} pt at final size, the least is {_LEAST_LINE_PT} pt")

    def _overprinted(self, colour: _Colour, over: bool) -> None:
        if over and colour.is_paper:
            self._find("overprint.white", "white overprints: it will not be there on paper")
        elif over and colour.kind == "cmyk" and not colour.is_black_alone:
            self._house("overprint.colour", "an ink other than K100 overprints: it mixes with its ground")

    def _is_new(self, *key: object) -> bool:
        """Whether this kind of object has not been judged yet; where places are wanted every object is, to be counted."""
        if self._places:
            return True
        return not (key in self._judged or self._judged.add(key))  # type: ignore[func-returns-value]

    # --- objects ---

    def _new(self, thing: Any) -> bool:
        seen = thing.objgen in self._seen
        self._seen.add(thing.objgen)
        return not seen or thing.objgen == (0, 0)

    def _draw(self, operator: str, operands: Any) -> None:
        if (thing := self._named(operator, operands[0])) is None or not self._new(thing):
            return
        name, kind = str(operands[0]), thing.get("/Subtype")
        for key in ("/OPI", "/Ref", "/Alternates"):
            if key in thing:
                self._find("xobject.keys", f"an object holds {key[1:]}", thing=name)
        if kind == Name.Form:
            self._form(name, thing)
        elif kind == Name.Image:
            self._image(thing, f"image {name} at {self._mm((0, 1))}")
        else:
            self._find("xobject.kind", f"an object of kind {kind} is forbidden", thing=name)

    def _form(self, name: str, form: Any) -> None:
        group = form.get("/Group", Dictionary())
        if group.get("/S") == Name.Transparency and not self._limits.standard.transparency:
            self._find("page.transparency", "a form is a transparency group", thing=f"form {name}")
        if "/Subtype2" in form or "/PS" in form:
            self._find("content.operator", "a form holds PostScript", thing=f"form {name}")
        outer = Dictionary(Resources=self._resources)
        self._inner(f"form {name}", form if "/Resources" in form else outer, form)

    def _image(self, image: Any, thing: str) -> None:
        if not self._limits.standard.transparency and ("/SMask" in image or image.get("/SMaskInData", 0)):
            self._find("page.transparency", "an image holds a soft mask", thing=thing)
        if image.get("/ImageMask"):
            return
        space = self._space(image.get("/ColorSpace"), thing) if "/ColorSpace" in image else None
        if space is not None and space.kind == "cmyk" and (heaviest := _heaviest(image)) is not None:
            self._inked(heaviest, "a picture", thing)
        self._resolution(image, thing)

    def _resolution(self, image: Any, thing: str) -> None:
        """Two pixels for what the eye splits at the piece's distance, 87 ppi at 1 m; no more than 225 anywhere (press.md §1.4)."""
        note, m = self._limits.note, self._state.matrix
        if note is None or not (m[0] or m[1]):
            return
        have = int(image.Width) / (math.hypot(m[0], m[1]) / 72 * note.scale)
        need = max(25.0, min(225.0, 150 / note.distance_m))
        if have < need - 1:
            self._find("image.resolution", f"a picture has {have:.0f} ppi at final size and needs {need:.0f}", thing=thing)

    def _inline_image(self, _: str, operands: Any) -> None:
        image = operands[0]
        self._space(image.colorspace if image.colorspace is not None else Name.DeviceGray, "inline image")
        for name in image.filters:
            if name in self._limits.standard.filters:
                self._find("stream.filter", f"the filter {name} is forbidden", thing="inline image")


_PATHS: Final = frozenset(("f", "F", "f*", "B", "B*", "b", "b*", "S", "s"))


def _inherited(holder: Any, key: str) -> Any:
    """A page attribute that may stand at the page tree's upper nodes."""
    for _ in range(100):
        if holder is None:
            break
        if key in holder:
            return holder[key]
        holder = holder.get("/Parent")
    return Dictionary()


def _solid(function: Any) -> str:
    """What a spot ink's recipe says of the full tint, as text to compare."""
    if isinstance(function, Stream):
        return function.read_bytes()[:2000].hex()
    return " ".join(f"{float(part):.3f}" for part in function.get("/C1", Array()))


def _ends(function: Any) -> Iterator[tuple[float, ...]]:
    """The colours at the ends of a gradient's pieces (function types 2 and 3)."""
    if isinstance(function, Dictionary) and function.get("/FunctionType") == 2:
        yield from (tuple(float(part) for part in function.get(key, Array())) for key in ("/C0", "/C1"))
    elif isinstance(function, Dictionary):
        for part in function.get("/Functions", Array()):
            yield from _ends(part)


def _heaviest(image: Any) -> float | None:
    """The most ink of a CMYK picture's pixels in percent, to 1.6 %; None where it can't be told."""
    size = int(image.Width), int(image.Height)
    if size[0] * size[1] > _MOST_PIXELS or image.get("/BitsPerComponent", 8) != 8:
        return None
    try:
        picture = _jpeg(image) if image.get("/Filter") == Name.DCTDecode else Image.frombytes("CMYK", size, image.read_bytes())
    except (pikepdf.PdfError, ValueError, OSError):
        return None
    if picture.mode != "CMYK":
        return None
    c, m, y, k = (ImageChops.invert(picture) if _upside_down(image) else picture).split()
    most = ImageChops.add(ImageChops.add(c, m, scale=2), ImageChops.add(y, k, scale=2), scale=2).getextrema()[1]
    return float(most) * 4 / 2.55  # type: ignore[arg-type]


def _jpeg(image: Any) -> Image.Image:
    """A JPEG's ink. Adobe's are stored upside down, which PIL undoes by itself."""
    picture = Image.open(io.BytesIO(image.read_raw_bytes()))
    picture.load()
    return picture


def _upside_down(image: Any) -> bool:
    """Whether 0 is full ink: told by Decode, except in a JPEG, where PIL has seen to it."""
    return image.get("/Filter") != Name.DCTDecode and [float(v) for v in image.get("/Decode", Array())][:2] == [1, 0]
