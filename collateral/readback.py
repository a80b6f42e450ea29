"""Every page rasterised as a press would see it (PDFium) and every code read back as a phone would (ZXing).

PDFium must not run in threads: four of them aborted the process in three runs of three (ground.md §7). Processes only.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pypdfium2
import zxingcpp

from collateral.finding import Finding
from collateral.geometry import PT_PER_MM
from collateral.note import CodeNote, SheetNote
from collateral.qr import QUIET_ZONE

_QR: Final = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
_PAGE_DPI: Final = 100.0  # the whole page: finds a covered, doubled or foreign code
_MOST_PIXELS: Final = 40_000_000  # a page said to be a kilometre wide must not eat the machine
_CROP_PX: Final = 8.0  # pixels a module when one code is looked at closely
_WHITE: Final = 250  # of 255: anything darker in the quiet zone is ink
_MODULE_SLACK: Final = 0.03
_TEXT_SLACK_PT: Final = 0.75


@dataclass(frozen=True, slots=True)
class Read:
    """`payloads`: what the pages' codes say, in page order, each page's sorted."""

    payloads: tuple[str, ...]
    findings: tuple[Finding, ...]


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
        seen = sorted(code.text for code in _codes(page, _scale(page)))
        findings: list[Finding] = []
        if note is not None:
            findings += [*_compared(number, seen, note), *_closely(page, number, note), *_text_outside(page, number, note)]
        page.close()
        return Read(tuple(seen), tuple(findings))
    except (pypdfium2.PdfiumError, ValueError) as why:  # ValueError: the page is too small for the crop
        return Read((), (Finding("page.render", number, f"PDFium can't draw the page: {why}"),))


def _scale(page: Any) -> float:
    """Pixels a point, less where the page is huge."""
    width, height = page.get_size()
    return float(min(_PAGE_DPI / 72, math.sqrt(_MOST_PIXELS / max(1.0, width * height))))


def _codes(page: Any, scale: float, crop: tuple[float, float, float, float] = (0, 0, 0, 0)) -> list[Any]:
    return list(zxingcpp.read_barcodes(_pixels(page, scale, crop), formats=_QR))


def _pixels(page: Any, scale: float, crop: tuple[float, float, float, float]) -> Any:
    """Grey pixels as rows; `crop`: points cut off left, bottom, right, top."""
    bitmap = page.render(scale=scale, grayscale=True, crop=crop)
    return memoryview(bytes(bitmap.buffer)).cast("B", (bitmap.height, bitmap.stride))


def _compared(number: int, seen: Sequence[str], note: SheetNote) -> Iterator[Finding]:
    """Codes that should be there and can't be read; codes that nobody announced."""
    wanted = Counter(code.payload for code in note.codes_on(number))
    for payload in (wanted - Counter(seen)).elements():
        yield Finding("code.unread", number, f"the code {payload} can't be read: it is covered, missing or too small")
    for payload in (Counter(seen) - wanted).elements():
        yield Finding("code.foreign", number, f"there is a code that does not belong here: {payload}")


def _closely(page: Any, number: int, note: SheetNote) -> Iterator[Finding]:
    """Each announced code by itself: read at press resolution, its module measured, its quiet zone white."""
    for code in note.codes_on(number):
        yield from _one_code(page, number, code, note)


def _one_code(page: Any, number: int, code: CodeNote, note: SheetNote) -> Iterator[Finding]:
    side = code.modules + 2 * QUIET_ZONE
    crop = _crop(page, code)
    pixels = _pixels(page, _CROP_PX * side / code.box_pt[2], crop) if min(crop) > -1 else None  # outside: the page was cut
    found = [seen for seen in zxingcpp.read_barcodes(pixels, formats=_QR) if seen.text == code.payload] if pixels else []
    if not found:
        yield Finding("code.place", number, f"the code {code.payload} can't be read where the file says that it stands")
        return
    module_mm = _module_px(found[0].position, code.modules) / _CROP_PX * code.box_pt[2] / side / PT_PER_MM * note.scale
    if abs(module_mm / code.module_mm - 1) > _MODULE_SLACK:
        yield Finding("code.size", number, f"the code {code.payload} has modules of {module_mm:.2f} mm, not of {code.module_mm:.2f} mm")
    if module_mm < note.least_module_mm * (1 - _MODULE_SLACK):
        yield Finding("code.size", number, f"modules of {module_mm:.2f} mm are too small, the least is {note.least_module_mm:.2f} mm")
    if (darkest := _darkest_border(pixels)) < _WHITE:
        yield Finding("code.quiet-zone", number, f"there is ink in the quiet zone of {code.payload} (grey {darkest} of 255)")


def _crop(page: Any, code: CodeNote) -> tuple[float, float, float, float]:
    width, height = page.get_size()
    x, y, w, h = code.box_pt
    return (x, y, width - x - w, height - y - h)


def _module_px(position: Any, modules: int) -> float:
    """Mean length of the four sides over the modules a side."""
    corners = [(p.x, p.y) for p in (position.top_left, position.top_right, position.bottom_right, position.bottom_left)]
    return sum(math.dist(a, b) for a, b in zip(corners, (*corners[1:], corners[0]), strict=True)) / 4 / modules


def _darkest_border(pixels: Any) -> int:
    """The darkest pixel of the quiet zone, half a module left out at both its edges: smoothing mixes in what lies beside."""
    rows: list[list[int]] = pixels.tolist()
    edge = int(_CROP_PX / 2)
    zone = int(QUIET_ZONE * _CROP_PX) - 2 * edge
    side = len(rows)
    inner = [row[edge : side - edge] for row in rows[edge : side - edge]]
    return min(min(map(min, inner[:zone])), min(map(min, inner[-zone:])), min(min(*row[:zone], *row[-zone:]) for row in inner))


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
