"""Every page rasterised as a press would see it (PDFium) and every code read back as a phone would (ZXing).

PDFium must not run in threads: four of them aborted the process in three runs of three (ground.md §7). Processes only.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from ctypes import Array, c_ubyte
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import compress
from typing import Any, Final

import pypdfium2
import zxingcpp

from collateral.finding import Finding
from collateral.geometry import PT_PER_MM
from collateral.note import CodeNote, SheetNote
from collateral.qr import QUIET_ZONE, TooLong, symbol_of

_QR: Final = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
_FOREIGN_DPI: Final = 100.0  # a page that does not say what stands on it
_PAGE_DPI: Final = 55.0  # a page of ours: a foreign code of 0.7 mm a module still has the 1.4 pixels that ZXing needs (press.md §4.2) …
_PAGE_PX: Final = 3.0  # … and the smallest of our own modules these
_MOST_PIXELS: Final = 40_000_000  # a page said to be a kilometre wide must not eat the machine
_ROOM: Final = 4_000_000  # pixels; the room for a page of fewer is kept
_CROP_PX: Final = 8  # pixels a module when one code is looked at closely
_WHITE: Final = 250  # of 255: anything darker in the quiet zone is ink
_PURE_WHITE: Final = b"\xff"
_LEAST_GAP: Final = 170  # of 255, between the darkest light module and the lightest dark one (press.md §4.3)
_MODULE_SLACK: Final = 0.03
_TEXT_SLACK_PT: Final = 0.75


@dataclass(frozen=True, slots=True)
class Read:
    """`payloads`: what the pages' codes say, in page order, each page's sorted."""

    payloads: tuple[str, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """Grey pixels, 0 black to 255 white, row by row; a row's `stride` may be longer than its `width`."""

    width: int
    height: int
    stride: int
    pixels: bytes

    def rows(self) -> Iterator[bytes]:
        return (self.pixels[at : at + self.width] for at in range(0, self.height * self.stride, self.stride))

    def codes(self) -> list[Any]:
        """What ZXing reads."""
        return _read(self.pixels, self.height, self.stride)

    def saying(self, payload: str) -> Any:
        """The code that says `payload`, None if there is none. A light one on dark ground is only looked for where no dark one says it."""
        plain = _read(self.pixels, self.height, self.stride, inverted=False)
        return _saying(payload, plain) or _saying(payload, self.codes())


def _read(pixels: bytes | Array[c_ubyte], height: int, stride: int, *, inverted: bool = True) -> list[Any]:
    """ZXing's finder knows no up or down, so neither turned nor smaller copies are searched. `inverted`: also light codes on dark."""
    image = memoryview(pixels).cast("B", (height, stride))
    return list(zxingcpp.read_barcodes(image, formats=_QR, try_rotate=False, try_downscale=False, try_invert=inverted))


def _saying(payload: str, codes: Sequence[Any]) -> Any:
    return next((code for code in codes if code.text == payload), None)


def read_back(pdf: bytes, note: SheetNote | None) -> Read:
    """Rasterise and read all pages of `pdf`, and hold them against what the file says of itself. Never raises for what a file holds."""
    try:
        document: Any = pypdfium2.PdfDocument(pdf)
    except pypdfium2.PdfiumError as why:
        return Read((), (Finding("page.render", 0, f"PDFium can't open the file: {why}"),))
    try:
        pages = [_read_page(document, number, note) for number in range(1, len(document) + 1)]
        return Read(tuple(code for page in pages for code in page.payloads), tuple(finding for page in pages for finding in page.findings))
    finally:
        document.close()


def _read_page(document: Any, number: int, note: SheetNote | None) -> Read:
    try:
        page: Any = document[number - 1]
        announced = note.codes_on(number) if note else ()
        scale = _scale(page, note, announced)
        read = _codes_on(page, scale)
        seen = sorted(code.text for code in read)
        findings: list[Finding] = []
        if note is None:
            findings += [finding for code in read for finding in _strange_code(page, number, code, scale)]
        else:
            findings += [*_compared(number, seen, announced), *_text_outside(page, number, note)]
            findings += [
                replace(finding, thing=f"the {code.role} code") for code in announced for finding in _one_code(page, number, code, note)
            ]
        page.close()
        return Read(tuple(seen), tuple(findings))
    except (pypdfium2.PdfiumError, ValueError) as why:  # ValueError: the page is too small for the crop
        return Read((), (Finding("page.render", number, f"PDFium can't draw the page: {why}"),))


def _scale(page: Any, note: SheetNote | None, codes: Sequence[CodeNote]) -> float:
    """Pixels a point: enough for the smallest code that is announced, and for foreign ones; less where the page is huge."""
    needed = max((_PAGE_PX * (code.modules + 2 * QUIET_ZONE) / code.box_pt[2] for code in codes), default=0.0)
    width, height = page.get_size()
    wanted = max(needed, _PAGE_DPI / 72) if note else _FOREIGN_DPI / 72
    return float(min(wanted, math.sqrt(_MOST_PIXELS / max(1.0, width * height))))


def _codes_on(page: Any, scale: float) -> list[Any]:
    """The codes of the whole page, read where it was drawn: to copy half a million pixels, and to let the system find and clear room for
    them anew for each page, would cost 0.4 ms of the 6 that a poster's reading takes.
    """
    bitmap = page.render(scale=scale, grayscale=True, bitmap_maker=_in_room)
    return _read(bitmap.buffer, bitmap.height, bitmap.stride)


def _in_room(width: int, height: int, format: int, **options: Any) -> Any:  # noqa: A002 - PDFium calls it so
    """A bitmap in room that was used before, where it is no larger than a page usually is; what stood there is painted over."""
    size = width * height
    room = _room(size) if format == pypdfium2.raw.FPDFBitmap_Gray and size <= _ROOM else None
    return pypdfium2.PdfBitmap.new_native(width, height, format, buffer=room, **options)


@lru_cache(maxsize=2)
def _room(size: int) -> Array[c_ubyte]:
    return (c_ubyte * size)()


def pictured(page: Any, scale: float, crop: tuple[float, float, float, float] = (0, 0, 0, 0)) -> Picture:
    """`scale`: pixels a point; `crop`: points cut off left, bottom, right, top."""
    bitmap = page.render(scale=scale, grayscale=True, crop=crop)
    return Picture(bitmap.width, bitmap.height, bitmap.stride, bytes(bitmap.buffer))


def _compared(number: int, seen: Sequence[str], announced: Sequence[CodeNote]) -> Iterator[Finding]:
    """Codes that should be there and can't be read; codes that nobody announced."""
    wanted = Counter(code.payload for code in announced)
    for payload in (wanted - Counter(seen)).elements():
        yield Finding("code.unread", number, f"the code {payload} can't be read: it is covered, missing or too small")
    for payload in (Counter(seen) - wanted).elements():
        yield Finding("code.foreign", number, f"there is a code that does not belong here: {payload}")


def _one_code(page: Any, number: int, code: CodeNote, note: SheetNote) -> Iterator[Finding]:
    """An announced code by itself: read at press resolution, its module measured, its quiet zone white, its modules black and white."""
    side = code.modules + 2 * QUIET_ZONE
    crop = _crop_to(page, code.box_pt)
    picture = pictured(page, _CROP_PX * side / code.box_pt[2], crop) if min(crop) > -1 else None  # outside: the page was cut
    found = picture.saying(code.payload) if picture else None
    if picture is None or found is None:
        yield Finding("code.place", number, f"the code {code.payload} can't be read where the file says that it stands")
        return
    module_mm = _module_px(found.position, code.modules) / _CROP_PX * code.box_pt[2] / side / PT_PER_MM * note.scale
    if abs(module_mm / code.module_mm - 1) > _MODULE_SLACK:
        yield Finding("code.size", number, f"the code {code.payload} has modules of {module_mm:.2f} mm, not of {code.module_mm:.2f} mm")
    if module_mm < (least := code.least_mm or note.least_module_mm) * (1 - _MODULE_SLACK):
        yield Finding("code.size", number, f"modules of {module_mm:.2f} mm are too small, the least is {least:.2f} mm")
    if (darkest := darkest_border(picture)) < _WHITE:
        yield Finding("code.quiet-zone", number, f"there is ink in the quiet zone of {code.payload} (grey {darkest} of 255)")
    corners = found.position
    yield from _modules(picture, number, code, turned=corners.top_left.y > corners.bottom_left.y)


def _crop_to(page: Any, box_pt: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """What to cut off left, bottom, right and top so that `box_pt` (x, y, w, h) is left."""
    width, height = page.get_size()
    x, y, w, h = box_pt
    return (x, y, width - x - w, height - y - h)


def _module_px(position: Any, modules: int) -> float:
    """Mean length of the four sides over the modules a side."""
    corners = [(p.x, p.y) for p in (position.top_left, position.top_right, position.bottom_right, position.bottom_left)]
    return sum(math.dist(a, b) for a, b in zip(corners, (*corners[1:], corners[0]), strict=True)) / 4 / modules


def darkest_border(picture: Picture) -> int:
    """The darkest pixel of the quiet zone of a code that fills the picture.

    Half a module is left out at both its edges: smoothing mixes in what lies beside.
    """
    edge = _CROP_PX // 2
    zone = QUIET_ZONE * _CROP_PX - 2 * edge
    inner = [row[edge : len(row) - edge] for row in picture.rows()][edge : picture.height - edge]
    border = b"".join((*inner[:zone], *inner[-zone:], *(side for row in inner for side in (row[:zone], row[-zone:]))))
    return min(border.translate(None, _PURE_WHITE), default=_PURE_WHITE[0])  # nearly all goes away at once


def _modules(picture: Picture, number: int, code: CodeNote, *, turned: bool) -> Iterator[Finding]:
    """The middle of each module held against what was encoded: nothing lies over the code, and its light and dark are far apart.

    Error correction is for dirt and scratches in the village; a file that already spends some of it is not printed.
    """
    try:
        symbol = symbol_of(code.payload, (code.modules - 17) // 4)
    except TooLong:
        yield Finding("code.module", number, f"{code.payload} does not fit the {code.modules} modules that the file says it has")
        return
    lines = _middles(picture, code.modules)
    if turned:  # the far face of a table card stands on its head
        lines = [line[::-1] for line in reversed(lines)]
    dark = [value for line, row in zip(lines, symbol.rows, strict=True) for value in compress(line, row)]
    light = [value for line, row in zip(lines, symbol.rows, strict=True) for value in compress(line, (not module for module in row))]
    middle = (min(min(dark), min(light)) + max(max(dark), max(light))) / 2
    if wrong := sum(value >= middle for value in dark) + sum(value < middle for value in light):
        text = f"{wrong} of the {code.modules**2} modules of {code.payload} are not as they were encoded: something lies over the code"
        yield Finding("code.module", number, text)
    elif (gap := min(light) - max(dark)) < _LEAST_GAP:
        text = f"light and dark modules of {code.payload} lie {gap} of 255 steps of grey apart, readers need {_LEAST_GAP}"
        yield Finding("code.contrast", number, text)


def _middles(picture: Picture, modules: int) -> list[bytes]:
    """The grey in the middle of each module of a code that fills the picture, row by row."""
    middles = slice(QUIET_ZONE * _CROP_PX + _CROP_PX // 2, (QUIET_ZONE + modules) * _CROP_PX, _CROP_PX)
    return [row[middles] for row in list(picture.rows())[middles]]


def _strange_code(page: Any, number: int, code: Any, scale: float) -> Iterator[Finding]:
    """A code of a file that says nothing of itself: paper round it, light and dark far apart? One that lies askew is left."""
    payload, modules = code.text, 17 + 4 * int(code.extra.get("Version", 0))
    square = _square(page, code.position, scale, (0.0, 0.0), modules)
    for _ in range(2):  # the first look is too coarse to say where a module ends
        if square is None:
            return
        if min(crop := _crop_to(page, square)) < 0:
            yield Finding("code.quiet-zone", number, f"{payload} stands too near the edge of the page", thing="a code")
            return
        fine = _CROP_PX * (modules + 2 * QUIET_ZONE) / square[2]
        picture = pictured(page, fine, crop)
        found = [seen for seen in picture.codes() if seen.text == payload]
        square = _square(page, found[0].position, fine, (crop[0], crop[3]), modules) if found else None
    values = [value for row in _middles(picture, modules) for value in row]
    middle = (min(values) + max(values)) / 2
    dark, light = max(value for value in values if value <= middle), min(value for value in values if value >= middle)
    if light - dark < _LEAST_GAP:
        text = f"light and dark modules of {payload} lie {light - dark} of 255 steps of grey apart, readers need {_LEAST_GAP}"
        yield Finding("code.contrast", number, text, thing="a code")
    elif darkest_border(picture) < dark + _LEAST_GAP:
        yield Finding("code.quiet-zone", number, f"round {payload} there are not 4 modules of paper", thing="a code")


def _square(page: Any, position: Any, scale: float, corner: tuple[float, float], modules: int) -> tuple[float, float, float, float] | None:
    """x, y, w, h in pt of an upright code with its quiet zone, seen in a picture whose upper left is `corner`; None if it lies askew."""
    corners = (position.top_left, position.top_right, position.bottom_right, position.bottom_left)
    left, top = min(p.x for p in corners) / scale, min(p.y for p in corners) / scale
    side = _module_px(position, modules) * modules / scale
    across = max(p.x for p in corners) / scale - left
    if modules < 21 or abs(across / side - 1) > _MODULE_SLACK:
        return None
    zone = QUIET_ZONE * side / modules
    whole = side + 2 * zone
    return (corner[0] + left - zone, page.get_size()[1] - corner[1] - top - side - zone, whole, whole)


def _text_outside(page: Any, number: int, note: SheetNote) -> Iterator[Finding]:
    """Text on the piece (not in the slug) that leaves the safe area."""
    trim, bleed = page.get_trimbox(), page.get_bleedbox()
    safe = note.safe_mm / note.scale * PT_PER_MM - _TEXT_SLACK_PT
    area = (trim[0] + safe, trim[1] + safe, trim[2] - safe, trim[3] - safe)
    text = page.get_textpage()
    for i in range(text.count_rects()):
        left, bottom, right, top = text.get_rect(i)
        on_piece = left < bleed[2] and right > bleed[0] and bottom < bleed[3] and top > bleed[1]
        if on_piece and not (left >= area[0] and right <= area[2] and bottom >= area[1] and top <= area[3]):
            words = text.get_text_bounded(left, bottom, right, top).strip()
            yield Finding("text.safe", number, f'"{words}" leaves the safe area')
    text.close()
