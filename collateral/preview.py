"""PNG pictures of finished files, cut to the trim, for looking at; colours are only near the printed ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pypdfium2


def write_pngs(pdf: bytes, stem: Path, width_px: int) -> tuple[Path, ...]:
    """One PNG a page beside `stem` ("…-1.png"), the trim `width_px` wide. Returns the files."""
    document: Any = pypdfium2.PdfDocument(pdf)
    try:
        return tuple(_write_page(document[i], stem.with_name(f"{stem.name}-{i + 1}.png"), width_px) for i in range(len(document)))
    finally:
        document.close()


def _write_page(page: Any, file: Path, width_px: int) -> Path:
    width, height = page.get_size()
    left, bottom, right, top = page.get_trimbox()
    bitmap = page.render(scale=width_px / (right - left), crop=(left, bottom, width - right, height - top))
    bitmap.to_pil().convert("RGB").save(file, "PNG", optimize=False)
    page.close()
    return file
