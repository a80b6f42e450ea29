"""Our display lists as Typst pages: the same words, ornaments and codes. Typst sets the words and writes the PDF."""

import json
from collections.abc import Sequence
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path as Folder
from typing import Any

from collateral.display import Clip, Code, Fill, Op, Page, Run, Stroke, Text
from collateral.geometry import Path, Point
from collateral.ink import Ink
from collateral.type import BOLD, MEDIUM, REGULAR, SEMIBOLD, SLOGAN, slogan_font
from tests.benchmarks.stock_code import svg

_FACES = {
    REGULAR: ("Be Vietnam Pro", 400),
    MEDIUM: ("Be Vietnam Pro", 500),
    SEMIBOLD: ("Be Vietnam Pro", 600),
    BOLD: ("Be Vietnam Pro", 700),
    SLOGAN: ("Noto Serif", 600),
}
_HEAD = """#set page(width: {width}mm, height: {height}mm, margin: 0mm)
#set text(top-edge: "baseline", bottom-edge: "baseline", hyphenate: false, lang: "vi")
#let put(x, y, body) = place(top + left, dx: x, dy: y, body)
#let t(family, weight, size, track, ink, words) = text(font: family, weight: weight, size: size, tracking: track, fill: ink, words)
#let qr(side, picture) = image(bytes(picture), format: "svg", width: side, height: side)
"""
_VERBS = {"M": "move", "L": "line", "C": "cubic"}


class _Press:
    """Compiles pages with one compiler, so that what it remembers from one page helps with the next."""

    def __init__(self, folder: Folder) -> None:
        import typst

        fonts = folder / "fonts"
        fonts.mkdir(parents=True)
        for name in (REGULAR, MEDIUM, SEMIBOLD, BOLD):
            (fonts / f"{name}.ttf").write_bytes((files("fontpkg_be_vietnam_pro") / "files" / f"{name}.ttf").read_bytes())
        (fonts / f"{SLOGAN}.ttf").write_bytes(slogan_font())
        self._compiler: Any = typst.Compiler(root=str(folder), font_paths=[str(fonts)], ignore_system_fonts=True)

    def ready(self, pages: Sequence[Page]) -> tuple[str, tuple[str, ...]]:
        """What stands outside the clock: the source, with a mark for each code, and the codes' payloads."""
        payloads = tuple(code.symbol.payload for page in pages for code in page.codes)
        bodies = "\n#pagebreak()\n".join("\n".join(f"#{_op(op)}" for op in page.ops) for page in pages)
        return _HEAD.format(width=pages[0].width, height=pages[0].height) + bodies, payloads

    def press(self, page: tuple[str, tuple[str, ...]]) -> bytes:
        """The PDF."""
        source, payloads = page
        for payload in payloads:
            source = source.replace(_mark(payload), json.dumps(svg(payload)))
        pdf: bytes = self._compiler.compile(input=source.encode())
        return pdf


def new_press(folder: Folder) -> _Press:
    return _Press(folder)


def is_installed() -> bool:
    return find_spec("typst") is not None


def _mark(payload: str) -> str:
    return f"\0{payload}\0"


def _op(op: Op) -> str:
    match op:
        case Fill():
            return f"put(0mm, 0mm, curve(fill: {_ink(op.ink)}, {_path(op.path)}))"
        case Stroke():
            pen = f'(paint: {_ink(op.ink)}, thickness: {op.width_mm:.4f}mm, cap: "round", join: "round")'
            return f"put(0mm, 0mm, curve(stroke: {pen}, {_path(op.path)}))"
        case Text():
            return f"put({op.x:.4f}mm, {op.y:.4f}mm, box(width: 600mm, {{ {' '.join(_run(run, op.ink) for run in op.runs)} }}))"
        case Clip():
            inside = " ".join(f"{_op(each)};" for each in op.inside)
            back = f"place(top + left, dx: {-op.box.x:.4f}mm, dy: {-op.box.y:.4f}mm, box(width: 600mm, height: 900mm, {{ {inside} }}))"
            return f"put({op.box.x:.4f}mm, {op.box.y:.4f}mm, box(width: {op.box.w:.4f}mm, height: {op.box.h:.4f}mm, clip: true, {back}))"
        case Code():
            return f"put({op.x:.4f}mm, {op.y:.4f}mm, qr({op.box.w:.4f}mm, {_mark(op.symbol.payload)}))"


def _run(run: Run, ink: Ink) -> str:
    """Kerning is Typst's own; what ours adds to every letter is the tracking."""
    family, weight = _FACES[run.face]
    track = run.after_em[-1] * run.size_pt
    return (
        f"t({json.dumps(family)}, {weight}, {run.size_pt:.3f}pt, {track:.4f}pt, {_ink(ink)}, {json.dumps(run.text, ensure_ascii=False)});"
    )


def _path(path: Path) -> str:
    return ", ".join("curve.close()" if op == "Z" else f"curve.{_VERBS[op]}({', '.join(map(_point, at))})" for op, at in path.segments)


def _point(at: Point) -> str:
    return f"({at.x:.4f}mm, {at.y:.4f}mm)"


def _ink(ink: Ink) -> str:
    return f"cmyk({ink.c:g}%, {ink.m:g}%, {ink.y:g}%, {ink.k:g}%)"
