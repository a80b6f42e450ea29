"""Contact sheets: many pieces as one PNG, to be looked at and compared. Colours are only near the printed ones."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, Final

from collateral.preview import page_pictures
from collateral.type import MEDIUM, face

_GROUND: Final = (222, 222, 220)
_INK: Final = (60, 60, 60)
_CELL: Final = (340, 360)  # pixels: the picture's room, its caption below
_GAP: Final = 28
_CAPTION: Final = 40
_COLUMNS: Final = 5
ON_A_SHEET: Final = 40


@dataclass(frozen=True, slots=True)
class Shown:
    """One page of a file and what is written under it."""

    caption: str
    picture: Any  # a PIL image


def shown(file: bytes, caption: str) -> Iterator[Shown]:
    """Every page of a print file, as large as a cell."""
    pictures = list(page_pictures(file, _CELL))
    for number, picture in enumerate(pictures, 1):
        yield Shown(caption if len(pictures) == 1 else f"{caption} {number}/{len(pictures)}", picture)


def write_contact_sheets(pictures: Iterable[Shown], stem: Path) -> Iterator[Path]:
    """Sheets "stem-1.png", "stem-2.png" …, `ON_A_SHEET` pictures each; a single one is "stem.png". Raises OSError."""
    left, number = iter(pictures), 0
    batch = list(islice(left, ON_A_SHEET))
    while batch:
        following = list(islice(left, ON_A_SHEET))
        number += 1
        file = stem.with_name(f"{stem.name}.png" if number == 1 and not following else f"{stem.name}-{number}.png")
        _sheet(batch).save(file, "PNG")
        yield file
        batch = following


def _sheet(pictures: list[Shown]) -> Any:
    from PIL import Image, ImageDraw

    rows = [pictures[at : at + _COLUMNS] for at in range(0, len(pictures), _COLUMNS)]
    heights = [max(each.picture.height for each in row) for row in rows]
    size = (len(rows[0]) * (_CELL[0] + _GAP) + _GAP, sum(heights) + len(rows) * (_CAPTION + _GAP) + _GAP)
    sheet = Image.new("RGB", size, _GROUND)
    pen, top = ImageDraw.Draw(sheet), _GAP
    for row, height in zip(rows, heights, strict=True):
        for column, each in enumerate(row):
            middle = _GAP + column * (_CELL[0] + _GAP) + _CELL[0] // 2
            sheet.paste(each.picture, (middle - each.picture.width // 2, top + height - each.picture.height))
            pen.text((middle, top + height + 10), each.caption, fill=_INK, font=_font(), anchor="ma")
        top += height + _CAPTION + _GAP
    return sheet


@cache
def _font() -> Any:
    from PIL import ImageFont

    return ImageFont.truetype(io.BytesIO(face(MEDIUM).data), 15)
