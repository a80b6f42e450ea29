"""Golden pictures: how every piece looks in every theme. `python -m tests.collateral.golden` makes them anew and shows what changed.

A picture has about 45,000 pixels of at most 48 colours. Two are compared by tiles, each tile's mean colour with its counterpart's: another
version of PDFium smooths letters another way and passes; a line that moves by a tenth of its height does not.
"""

import argparse
import io
import math
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pypdfium2
from PIL import Image, ImageChops

from collateral.batch import Ticket, draw_ticket
from collateral.load import PrintShop, load_shop
from gateway.deployment import shipped_deployment

FOLDER = Path(__file__).parent / "golden"
MOST_BYTES = 12_288
VILLAGE = "TN01"
_PIXELS = 45_000
_COLOURS = 48
_TILE_PX = 6
_LEAST_DIFFERENCE = 14  # of 255, in one tile and channel: under it nobody sees a difference side by side


def tickets(shop: PrintShop) -> list[Ticket]:
    """Every piece in every theme, in Vietnamese (a bilingual one with English); the A3 poster in all languages."""
    kinds = [(name, theme, "en" if piece.bilingual else "vi") for name, piece in shop.pieces.items() for theme in piece.layouts]
    kinds += [("poster-a3", "nguon", lang) for lang in shop.copies if lang != "vi"]
    return [Ticket(VILLAGE, *kind) for kind in kinds]


def pictures(shop: PrintShop, ticket: Ticket) -> Iterator[tuple[str, Image.Image]]:
    """File name and picture of each page, cut to the trim."""
    drawn = draw_ticket(shop, ticket)
    for number, page in enumerate(_pages(drawn.pdf), 1):
        yield f"{ticket.piece}_{ticket.theme}_{ticket.lang}-{number}.png", _few_colours(page)


def _pages(data: bytes) -> Iterator[Image.Image]:
    if not data.startswith(b"%PDF"):  # a screen's picture
        screen = Image.open(io.BytesIO(data)).convert("RGBA")
        yield _sized(Image.alpha_composite(Image.new("RGBA", screen.size, "grey"), screen).convert("RGB"))
        return
    document = pypdfium2.PdfDocument(data)
    try:
        for page in document:
            left, bottom, right, top = page.get_trimbox()
            width, height = page.get_size()
            scale = 3 * math.sqrt(_PIXELS / ((right - left) * (top - bottom)))
            crop = (left, bottom, width - right, height - top)
            yield _sized(page.render(scale=scale, crop=crop).to_pil().convert("RGB"))
            page.close()
    finally:
        document.close()


def _sized(picture: Image.Image) -> Image.Image:
    shrink = math.sqrt(_PIXELS / (picture.width * picture.height))
    return picture.resize((round(picture.width * shrink), round(picture.height * shrink)), Image.Resampling.BOX)


def _few_colours(picture: Image.Image) -> Image.Image:
    return picture.quantize(_COLOURS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)


def difference(old: Image.Image, new: Image.Image) -> int:
    """The largest difference of two tiles that should be alike, 0 to 255; 255 where the pictures have not one size."""
    if old.size != new.size:
        return 255
    tiles = max(1, round(old.width / _TILE_PX)), max(1, round(old.height / _TILE_PX))
    both = (picture.convert("RGB").resize(tiles, Image.Resampling.BOX) for picture in (old, new))
    return max(most for _, most in ImageChops.difference(*both).getextrema())


def is_alike(old: Image.Image, new: Image.Image) -> bool:
    """Whether a person would call the two the same picture."""
    return difference(old, new) < _LEAST_DIFFERENCE


def beside(old: Image.Image | None, new: Image.Image) -> Image.Image:
    """Old, new, and their difference three times as strong, in a row."""
    now = new.convert("RGB")
    before = old.convert("RGB").resize(now.size) if old else Image.new("RGB", now.size, "white")
    changed = ImageChops.difference(before, now).point(lambda value: min(255, 3 * value))
    row = Image.new("RGB", (3 * now.width + 20, now.height), "grey")
    for at, picture in enumerate((before, now, changed)):
        row.paste(picture, (at * (now.width + 10), 0))
    return row


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests.collateral.golden", description="Makes the golden pictures anew and shows what changed.")
    parser.add_argument("pieces", nargs="*", metavar="piece", help="without one: all")
    parser.add_argument("--look", action="store_true", help="only show, keep the old ones")
    chosen, shop = parser.parse_args(), load_shop(shipped_deployment())
    shown, current = Path(tempfile.mkdtemp(prefix="tinbao-golden-")), set()
    for ticket in tickets(shop):
        if chosen.pieces and ticket.piece not in chosen.pieces:
            continue
        for name, picture in pictures(shop, ticket):
            current.add(name)
            file = FOLDER / name
            old = Image.open(file) if file.exists() else None
            if old is not None and is_alike(old, picture):
                continue
            beside(old, picture).save(shown / name)
            print(f"{name}: {'new' if old is None else f'differs by {difference(old, picture)}'}")
            if not chosen.look:
                FOLDER.mkdir(exist_ok=True)
                picture.save(file, optimize=True)
    gone = set() if chosen.pieces else {file.name for file in FOLDER.glob("*.png")} - current
    for name in sorted(gone):
        print(f"{name}: no piece makes it any more")
        if not chosen.look:
            (FOLDER / name).unlink()
    print(f"side by side: {shown}", file=sys.stderr)


if __name__ == "__main__":
    main()
