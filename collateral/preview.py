"""PNG pictures of finished files, cut to the trim, for looking at; colours are only near the printed ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdfium2


def write_pngs(pdf: bytes, stem: Path, width_px: int) -> tuple[Path, ...]:
    """One PNG a page beside `stem` ("…-1.png"), the trim `width_px` wide. Returns the files."""
    written = []
    for number, picture in enumerate(page_pictures(pdf, (width_px, 0)), 1):
        file = stem.with_name(f"{stem.name}-{number}.png")
        picture.save(file, "PNG", optimize=False)
        written.append(file)
    return tuple(written)


def page_pictures(file: bytes, size_px: tuple[int, int]) -> Iterator[Any]:
    """Each page of a PDF cut to its trim, or a PNG itself, as a PIL image no larger than `size_px`; a height of 0 does not bind."""
    if file.startswith(b"\x89PNG"):
        yield _png(file, size_px)
        return
    document: Any = pypdfium2.PdfDocument(file)
    try:
        for page in document:
            yield _picture(page, size_px)
            page.close()
    finally:
        document.close()


def _picture(page: Any, size_px: tuple[int, int]) -> Any:
    width, height = page.get_size()
    left, bottom, right, top = page.get_trimbox()
    scale = min(size_px[0] / (right - left), size_px[1] / (top - bottom) if size_px[1] else float("inf"))
    return page.render(scale=scale, crop=(left, bottom, width - right, height - top)).to_pil().convert("RGB")


def _png(file: bytes, size_px: tuple[int, int]) -> Any:
    import io

    from PIL import Image

    picture = Image.open(io.BytesIO(file)).convert("RGBA")
    ground = Image.new("RGBA", picture.size, (128, 128, 128, 255))  # what lies under an overlay
    seen = Image.alpha_composite(ground, picture).convert("RGB")
    seen.thumbnail((size_px[0], size_px[1] or size_px[0] * 10))
    return seen
