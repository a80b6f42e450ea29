"""Screens: a display list as light. A PNG in native pixels, sRGB, codes in whole pixels; an overlay is transparent where nothing stands.

Players show such a file pixel by pixel. One that was scaled or smoothed on the way is found again by `read_screen`.
"""

from __future__ import annotations

import io
import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import pikepdf
import pypdfium2
import zxingcpp
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from collateral.display import Clip, Code, Fill, Op, Page, Picture, Stroke, Text, Turned
from collateral.finding import Finding
from collateral.geometry import PT_PER_MM, Box, Path, rectangle
from collateral.ink import Ink
from collateral.note import CodeNote, SheetNote
from collateral.piece import Piece
from collateral.qr import QUIET_ZONE
from collateral.readback import Read
from collateral.shaping import drawn
from collateral.theme import Palette
from collateral.type import Face

PNG: Final = b"\x89PNG\r\n\x1a\n"
NOTE_KEY: Final = "TinBao"
_MOST_PIXELS: Final = 40_000_000
_LEAST_GAP: Final = 170  # of 255, between the code's light and its dark (press.md §4.3)
_WHITEST: Final = 0.84 * 255  # a brighter panel blooms on an LED wall: modules look eaten (press.md §4.2)
_OPS: Final = {"M": "m", "L": "l", "C": "c"}
_QR: Final = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)


def paint(page: Page, piece: Piece, palette: Palette, faces: Callable[[str], Face], note: SheetNote) -> bytes:
    """The page as a PNG of `piece.trim` pixels, with what it says of itself in a text chunk. Same input, same bytes."""
    picture = _rendered(page, piece, faces)
    for code in page.codes:
        _stamp(picture, code, palette)
    info = PngInfo()
    info.add(b"sRGB", b"\0")  # perceptual: what the inks' values mean
    info.add_text(NOTE_KEY, note.to_json())
    out = io.BytesIO()
    picture.save(out, "PNG", pnginfo=info, optimize=False, compress_level=6)
    return out.getvalue()


def _rendered(page: Page, piece: Piece, faces: Callable[[str], Face]) -> Any:
    """All but the codes, smoothed by PDFium: a sheet of one point a pixel, with nothing on it but filled and stroked paths."""
    strokes = b"\n".join(part.encode() for op in page.ops for part in _Light(page.height, faces).drawn(op))
    with pikepdf.new() as sheet:
        sheet.add_blank_page(page_size=(page.width, page.height))
        sheet.pages[0].Contents = sheet.make_stream(b"1 J 1 j\n" + strokes)  # round caps and joins
        file = io.BytesIO()
        sheet.save(file)
    document: Any = pypdfium2.PdfDocument(file.getvalue())
    try:
        alpha = piece.stock == "overlay"
        picture = document[0].render(scale=1, fill_color=(0, 0, 0, 0 if alpha else 255)).to_pil()
        return picture.convert("RGBA" if alpha else "RGB")
    finally:
        document.close()


class _Light:
    """Display ops as PDF operators in RGB, pixels from the upper left corner into points from the lower left."""

    def __init__(self, height: float, faces: Callable[[str], Face]) -> None:
        self._height = height
        self._faces = faces

    def drawn(self, op: Op) -> Iterator[str]:
        match op:
            case Fill():
                yield f"{_rgb(op.ink)} rg {self._path(op.path)} f"
            case Stroke():
                yield f"{_rgb(op.ink)} RG {op.width_mm:g} w {self._path(op.path)} S"
            case Text():
                yield f"{_rgb(op.ink)} rg {self._path(drawn(op, self._faces))} f"
            case Clip():
                yield f"q {self._path(rectangle(op.box))} W n"
                for inner in op.inside:
                    yield from self.drawn(inner)
                yield "Q"
            case Turned():
                yield f"q -1 0 0 -1 {2 * op.about.x:g} {2 * (self._height - op.about.y):g} cm"
                for turned in op.inside:
                    yield from self.drawn(turned)
                yield "Q"
            case Picture():
                raise ValueError("a picture's file says inks, not light: a screen has no slot for it")
            case Code():
                return  # stamped afterwards, in whole pixels

    def _path(self, path: Path) -> str:
        return " ".join(
            f"{' '.join(f'{p.x:.3f} {self._height - p.y:.3f}' for p in at)} {_OPS[name]}" if at else "h" for name, at in path.segments
        )


def _rgb(ink: Ink) -> str:
    return " ".join(f"{part / 255:.4f}" for part in ink.rgb)


def _stamp(picture: Any, code: Code, palette: Palette) -> None:
    """The code in whole pixels, nothing smoothed. ValueError where a module is no whole number of them."""
    pixels, (x, y) = round(code.module_mm), (round(code.x), round(code.y))
    if (pixels, x, y) != (code.module_mm, code.x, code.y):
        raise ValueError(f"a module of {code.module_mm:g} pixels at ({code.x:g}, {code.y:g}) would be smoothed")
    side = code.symbol.with_quiet_zone
    small = Image.new("RGB", (side, side), palette.paper.rgb)
    for left, top, length in code.symbol.bars():
        small.paste(palette.black.rgb, (left, top, left + length, top + 1))
    picture.paste(small.resize((side * pixels, side * pixels), Image.Resampling.NEAREST), (x, y))


def read_screen(png: bytes) -> Read:
    """All findings about a screen's file: its size, each code's place, whole pixels, contrast and words. Never raises for what it holds."""
    width, height = (int.from_bytes(png[at : at + 4], "big") for at in (16, 20))  # PNG: the header chunk comes first
    if width * height > _MOST_PIXELS:
        return Read((), (Finding("screen.size", 1, f"{width} × {height} pixels are no screen"),))
    try:
        with Image.open(io.BytesIO(png), formats=["PNG"]) as opened:
            opened.load()
            note, grey = _note_of(opened), opened.convert("L")
    except (OSError, ValueError, SyntaxError) as why:
        return Read((), (Finding("screen.file", 0, f"this is no readable PNG: {why}"),))
    pixels = memoryview(grey.tobytes()).cast("B", (grey.height, grey.width))
    seen = sorted(code.text for code in zxingcpp.read_barcodes(pixels, formats=_QR))
    if note is None:
        return Read(tuple(seen), (Finding("info.piece", 0, "the picture does not say which piece it is: its codes can't be checked"),))
    findings = [*_size(grey, note), *_announced(seen, note)]
    findings += [finding for code in note.codes for finding in _one_code(grey, code, note)]
    return Read(tuple(seen), tuple(findings))


def _note_of(picture: Any) -> SheetNote | None:
    try:
        return SheetNote.from_json(str(picture.text[NOTE_KEY]))
    except (KeyError, ValueError):
        return None


def _size(picture: Any, note: SheetNote) -> Iterator[Finding]:
    if picture.size != tuple(note.trim_mm):
        width, height = note.trim_mm
        text = f"the picture has {picture.width} × {picture.height} pixels, the screen {width:g} × {height:g}"
        yield Finding("screen.size", 1, text)


def _announced(seen: Sequence[str], note: SheetNote) -> Iterator[Finding]:
    wanted = Counter(code.payload for code in note.codes)
    for payload in (wanted - Counter(seen)).elements():
        yield Finding("code.unread", 1, f"the code {payload} can't be read: it is covered, missing or smoothed")
    for payload in (Counter(seen) - wanted).elements():
        yield Finding("code.foreign", 1, f"there is a code that does not belong here: {payload}")


def _one_code(grey: Any, code: CodeNote, note: SheetNote) -> Iterator[Finding]:
    """The code's square, module by module: each one flat, all of two greys, the quiet zone light."""
    box, side = _square(code, note), code.modules + 2 * QUIET_ZONE
    pixels = round(box.w / side)
    if pixels < (least := math.ceil((code.least_mm or note.least_module_mm) - 1e-9)):
        yield Finding("code.size", 1, f"modules of {pixels} pixels are too small, the least is {least}")
    cut = grey.crop((round(box.x), round(box.y), round(box.x) + side * pixels, round(box.y) + side * pixels))
    small = cut.resize((side, side), Image.Resampling.NEAREST)
    if cut.tobytes() != small.resize(cut.size, Image.Resampling.NEAREST).tobytes():
        yield Finding("code.pixels", 1, f"the modules of {code.payload} are not whole pixels: the picture was scaled or smoothed")
        return
    dark, light = small.getextrema()
    if light - dark < _LEAST_GAP:
        yield Finding("code.contrast", 1, f"light and dark of {code.payload} are {light - dark} of 255 apart, {_LEAST_GAP} are needed")
    if light > _WHITEST:
        yield Finding("code.glare", 1, f"the panel of {code.payload} is too bright for a screen ({light} of 255)", "warning")
    inner = Image.new("L", (code.modules, code.modules), light)
    small.paste(inner, (QUIET_ZONE, QUIET_ZONE))
    if small.getextrema() != (light, light):
        yield Finding("code.quiet-zone", 1, f"the quiet zone of {code.payload} is not light all round")


def _square(code: CodeNote, note: SheetNote) -> Box:
    """Where the code stands, in pixels from the upper left corner."""
    x, y, w, h = (part / PT_PER_MM for part in code.box_pt)
    return Box(x, note.trim_mm[1] - y - h, w, h)
