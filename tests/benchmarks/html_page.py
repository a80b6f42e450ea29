"""Our display lists as HTML for WeasyPrint: the words as placed text, ornaments and codes as inline SVG, process colours as RGB."""

from collections.abc import Sequence
from html import escape
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path as Folder
from typing import Any

from collateral.display import Clip, Code, Fill, Op, Page, Run, Stroke, Text
from collateral.geometry import PT_PER_MM
from collateral.ink import Ink
from collateral.type import BOLD, MEDIUM, REGULAR, SEMIBOLD, SLOGAN, slogan_font
from tests.benchmarks.stock_code import svg

_BASELINE_EM = 0.87  # of a line one em high, from its top: Be Vietnam Pro and Noto Serif lie within a hundredth
_CSS = """@page {{ size: {width}mm {height}mm; margin: 0 }} body {{ margin: 0 }}
section {{ position: relative; width: {width}mm; height: {height}mm; break-after: page }}
section > * {{ position: absolute; left: 0; top: 0 }} p {{ margin: 0; white-space: pre; line-height: 1 }}
"""


class _Press:
    """Writes pages with one font configuration: the font files are read once."""

    def __init__(self, folder: Folder) -> None:
        from weasyprint import CSS
        from weasyprint.text.fonts import FontConfiguration

        folder.mkdir(parents=True, exist_ok=True)
        self._fonts: Any = FontConfiguration()
        faces = []
        for name in (REGULAR, MEDIUM, SEMIBOLD, BOLD, SLOGAN):
            file = folder / f"{name}.ttf"
            file.write_bytes(slogan_font() if name == SLOGAN else (files("fontpkg_be_vietnam_pro") / "files" / file.name).read_bytes())
            faces.append(f'@font-face {{ font-family: "{name}"; src: url("{file.as_uri()}") }}')
        self._css: Any = CSS(string="\n".join(faces), font_config=self._fonts)

    def ready(self, pages: Sequence[Page]) -> tuple[str, tuple[str, ...]]:
        """What stands outside the clock: the HTML, with a mark for each code, and the codes' payloads."""
        payloads = tuple(code.symbol.payload for page in pages for code in page.codes)
        sides = "".join(f"<section>{''.join(_op(op, page) for op in page.ops)}</section>" for page in pages)
        return f"<style>{_CSS.format(width=pages[0].width, height=pages[0].height)}</style>{sides}", payloads

    def press(self, page: tuple[str, tuple[str, ...]]) -> bytes:
        """The PDF."""
        from weasyprint import HTML

        html, payloads = page
        for payload in payloads:
            html = html.replace(_mark(payload), svg(payload))
        pdf: bytes = HTML(string=html).write_pdf(stylesheets=[self._css], font_config=self._fonts)
        return pdf


def new_press(folder: Folder) -> _Press:
    return _Press(folder)


def is_installed() -> bool:
    """WeasyPrint also needs Pango of the system; without it its import fails with OSError."""
    if find_spec("weasyprint") is None:
        return False
    try:
        import weasyprint  # noqa: F401
    except OSError:
        return False
    return True


def _mark(payload: str) -> str:
    return f"<!--{payload}-->"


def _op(op: Op, page: Page) -> str:
    match op:
        case Text():
            return _line(op)
        case Code():
            side = op.box.w
            return (
                f'<div style="left:{op.x:.3f}mm;top:{op.y:.3f}mm;width:{side:.3f}mm;height:{side:.3f}mm">{_mark(op.symbol.payload)}</div>'
            )
        case Clip():
            box = op.box
            frame = f'viewBox="{box.x:.3f} {box.y:.3f} {box.w:.3f} {box.h:.3f}"'
            at = f'style="left:{box.x:.3f}mm;top:{box.y:.3f}mm;width:{box.w:.3f}mm;height:{box.h:.3f}mm;overflow:hidden"'
            return f"<svg {frame} {at}>{''.join(map(_shape, op.inside))}</svg>"
        case Fill() | Stroke():
            size = f'viewBox="0 0 {page.width} {page.height}" style="width:{page.width}mm;height:{page.height}mm"'
            return f"<svg {size}>{_shape(op)}</svg>"


def _shape(op: Fill | Stroke) -> str:
    path = " ".join(f"{verb}{' '.join(f'{p.x:.3f},{p.y:.3f}' for p in at)}" for verb, at in op.path.segments)
    if isinstance(op, Fill):
        return f'<path fill="{_ink(op.ink)}" d="{path}"/>'
    pen = f'stroke="{_ink(op.ink)}" stroke-width="{op.width_mm:.3f}" stroke-linecap="round" stroke-linejoin="round"'
    return f'<path fill="none" {pen} d="{path}"/>'


def _line(op: Text) -> str:
    em = max(run.size_pt for run in op.runs) / PT_PER_MM
    place = f"left:{op.x:.3f}mm;top:{op.y - _BASELINE_EM * em:.3f}mm;font-size:{em:.3f}mm;color:{_ink(op.ink)}"
    return f'<p style="{place}">{"".join(map(_run, op.runs))}</p>'


def _run(run: Run) -> str:
    style = f"font-family:{run.face};font-size:{run.size_pt:.3f}pt;letter-spacing:{run.after_em[-1]:.4f}em"
    return f'<span style="{style}">{escape(run.text)}</span>'


def _ink(ink: Ink) -> str:
    parts = (round(255 * (1 - part / 100) * (1 - ink.k / 100)) for part in (ink.c, ink.m, ink.y))
    return "#" + "".join(f"{part:02x}" for part in parts)
