"""A small picture of a printed piece, its main code framed: which sheet somebody stood at. Made in a process of its own."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Final

import pypdfium2
from PIL import Image, ImageDraw

from collateral.batch import Drawn, Ticket, draw_ticket
from collateral.load import load_shop
from collateral.preview import page_pictures
from collateral.refusal import Refused
from gateway.process import follow_parent

SIDE_PX: Final = 260  # the longer side
MOST_BYTES: Final = 40_000
_COLOURS: Final = (64, 32, 16, 8)
_FRAME: Final = (255, 216, 77)  # strong yellow with a dark line round it: seen on red, ivory and white


def begin() -> None:
    """What a process that makes pictures does first: it ends with ours."""
    follow_parent()


def make_picture(deployment: Path, village: str, number: int, piece: str) -> bytes | None:
    """The piece as a PNG of at most MOST_BYTES with its main code framed; None where it can't be drawn."""
    shop = load_shop(deployment)
    if piece not in shop.pieces:
        return None
    theme = next(iter(shop.pieces[piece].layouts))
    try:
        drawn = draw_ticket(shop, Ticket(village, piece, theme, "vi", number))
    except Refused:
        return None
    return _small(*_framed(drawn))


Frame = tuple[float, float, float, float]


def _framed(drawn: Drawn) -> tuple[Image.Image, Frame | None]:
    """The page with the main code, and where the code stands on the picture as (left, top, right, bottom) in parts of its sides."""
    note = drawn.note
    code = next((each for each in note.codes if "/Q/" in each.payload.upper()), None)
    at = code.page if code else 1
    picture = next(each for number, each in enumerate(page_pictures(drawn.pdf, (SIDE_PX, SIDE_PX)), 1) if number == at)
    if code is None or drawn.pdf.startswith(b"\x89PNG"):
        return picture, None
    x, y, w, h = code.box_pt
    left, bottom, wide, high = _trim(drawn.pdf, code.page)
    return picture, ((x - left) / wide, 1 - (y + h - bottom) / high, (x + w - left) / wide, 1 - (y - bottom) / high)


def _trim(pdf: bytes, page: int) -> Frame:
    """Left, bottom, width and height of a page's trim, pt."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        left, bottom, right, top = document[page - 1].get_trimbox()
        return left, bottom, right - left, top - bottom
    finally:
        document.close()


def _small(image: Image.Image, frame: Frame | None) -> bytes:
    if frame is not None:
        box = [frame[0] * image.width - 3, frame[1] * image.height - 3, frame[2] * image.width + 3, frame[3] * image.height + 3]
        draw = ImageDraw.Draw(image)
        draw.rectangle([box[0] - 2, box[1] - 2, box[2] + 2, box[3] + 2], outline=(28, 23, 20), width=2)
        draw.rectangle(box, outline=_FRAME, width=3)
    for colours in _COLOURS:
        out = io.BytesIO()
        image.quantize(colours).save(out, "PNG", optimize=True)
        if out.tell() <= MOST_BYTES:
            break
    return out.getvalue()
