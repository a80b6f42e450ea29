"""A commune's emblem, a campaign's mark or a sponsor's logo from a file, made printable: an SVG as shapes, a picture as CMYK pixels.

RGB goes through the model of the press, alpha is flattened on paper, what is black or grey stays on the black plate alone. What can't be
printed is refused, naming file and remedy; pieces that do not carry the mark are made all the same.
"""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

from PIL import Image, ImageChops, ImageCms, ImageColor, UnidentifiedImageError

from collateral.display import Drawing, Pixels
from collateral.emblem_pdf import drawing_of_page
from collateral.icc import modelled_profile
from collateral.ink import BLACK, PAPER, Ink
from collateral.refusal import refused
from collateral.svg import BadDrawing, drawing

_MOST_BYTES: Final = 60_000_000
_MOST_PIXELS: Final = 50_000_000  # of the file; 200 MB when opened
_KEPT: Final = 1200  # pixels of the longer side that reach the press: 300 ppi at 100 mm
_INK_LIMIT: Final = 220.0  # percent: what large solids on cloth carry, the least of all our stocks
_GREY_SPREAD: Final = 3  # of 255: as near to grey as this, a colour is meant as grey


def mark_at(path: Path) -> Drawing | Pixels:
    """The mark in the file, read once a process as long as it stays as it is. Raises Refused."""
    try:
        return _mark(path, path.stat().st_mtime_ns)
    except OSError as why:
        raise refused(path.name, "marks", f"the file can't be read: {why.strerror}", "Put it beside pieces.toml") from why


@lru_cache(maxsize=8)
def _mark(path: Path, _: int) -> Drawing | Pixels:
    with path.open("rb") as file:
        data = file.read(_MOST_BYTES + 1)
    try:
        return _read(path.suffix.lower(), data)
    except BadDrawing as why:
        raise refused(path.name, "marks", str(why), why.remedy) from why
    except RecursionError as why:
        raise refused(path.name, "marks", "its groups are nested without end", "Save the drawing again, ungrouped") from why


def _read(suffix: str, data: bytes) -> Drawing | Pixels:
    if len(data) > _MOST_BYTES:
        raise BadDrawing(f"the file is larger than {_MOST_BYTES // 1_000_000} MB", "Save it smaller: a mark needs no more")
    if suffix == ".svg":
        return drawing(data, ink_of)
    if suffix == ".pdf":
        return drawing_of_page(data, within_limit)
    return _pixels(data)


def ink_of(colour: str) -> Ink:
    """A CSS colour as ink. ValueError if it is none."""
    return _through_profile(ImageColor.getrgb(colour)[:3])


@cache
def _through_profile(rgb: tuple[int, ...]) -> Ink:
    """Greys on the black plate alone; the rest by the profile, in whole percent, within the ink limit."""
    if max(rgb) - min(rgb) <= _GREY_SPREAD:
        k = round(100 * (1 - sum(rgb) / 765))
        return PAPER if k == 0 else BLACK if k >= 95 else Ink(0, 0, 0, k)
    pixel: Any = ImageCms.applyTransform(Image.new("RGB", (1, 1), rgb), _to_press("RGB"))
    c, m, y, k = (round(part / 2.55) for part in pixel.getpixel((0, 0)))
    return within_limit(Ink(c, m, y, k))


def within_limit(ink: Ink) -> Ink:
    """Less of the three colours where all four are more than any press dries; black keeps the depth."""
    if ink.total <= _INK_LIMIT:
        return ink
    share = (_INK_LIMIT - ink.k) / (ink.c + ink.m + ink.y)
    return replace(ink, c=int(ink.c * share), m=int(ink.m * share), y=int(ink.y * share))


@cache
def _to_press(mode: str) -> Any:
    """From sRGB (or grey) to the press, perceptually, black kept deep. The same inks in every process."""
    press = ImageCms.ImageCmsProfile(io.BytesIO(modelled_profile().data))
    return ImageCms.buildTransform(ImageCms.createProfile("sRGB"), press, mode, "CMYK", ImageCms.Intent.RELATIVE_COLORIMETRIC,
                                   ImageCms.Flags.BLACKPOINTCOMPENSATION)  # fmt: skip


def _pixels(data: bytes) -> Pixels:
    """A TIFF, JPEG or PNG: bounded before it is opened, flattened, made smaller, converted."""
    picture = _opened(data)
    small = _fitted(picture)
    cmyk = small if small.mode == "CMYK" else _converted(small)
    return Pixels(cmyk.width, cmyk.height, _dried(cmyk).tobytes())


def _opened(data: bytes) -> Image.Image:
    """Only the header is read before the size is known."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd tags, and of sizes, for which our own bound is lower
            picture = Image.open(io.BytesIO(data), formats=("TIFF", "JPEG", "PNG"))
            if picture.width * picture.height > _MOST_PIXELS:
                raise _too_large()
            picture.load()
    except Image.DecompressionBombError as why:
        raise _too_large() from why
    except BadDrawing:
        raise
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, struct.error) as why:
        raise BadDrawing("this is no picture that can be opened", "Save it as SVG, CMYK TIFF, JPEG or PNG") from why
    return picture


def _too_large() -> BadDrawing:
    remedy = f"Save it with {_KEPT} pixels on its longer side: a mark shows no more"
    return BadDrawing(f"the picture has more than {_MOST_PIXELS // 1_000_000} million pixels", remedy)


def _fitted(picture: Image.Image) -> Image.Image:
    share = _KEPT / max(picture.size)
    plain = picture.convert("RGBA") if picture.mode in ("P", "LA", "PA") or "transparency" in picture.info else picture
    if share >= 1:
        return plain
    return plain.resize((max(1, round(plain.width * share)), max(1, round(plain.height * share))), Image.Resampling.LANCZOS)


def _converted(picture: Image.Image) -> Image.Image:
    """RGB or grey to ink; what shines through becomes paper."""
    if picture.mode == "RGBA":
        paper = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(paper, picture).convert("RGB")
    if picture.mode in ("1", "L", "I;16", "I", "F"):
        none = Image.new("L", picture.size, 0)
        return Image.merge("CMYK", (none, none, none, ImageChops.invert(picture.convert("L"))))
    converted: Any = ImageCms.applyTransform(picture.convert("RGB"), _to_press("RGB"))
    return Image.composite(Image.new("CMYK", picture.size), converted, _white(picture))


def _white(picture: Image.Image) -> Image.Image:
    """Where the picture is white: paper, not the profile's idea of it."""
    darkest = picture.convert("RGB").split()
    least = ImageChops.darker(ImageChops.darker(darkest[0], darkest[1]), darkest[2])
    return least.point(_at_most(254))


def _at_most(level: int) -> Callable[[int], int]:
    return lambda value: 255 if value > level else 0


def _dried(picture: Image.Image) -> Image.Image:
    """Less ink where the four together are more than any press dries: all colours of the picture alike, so that none shifts."""
    c, m, y, k = picture.split()
    mean = ImageChops.add(ImageChops.add(c, m, scale=2), ImageChops.add(y, k, scale=2), scale=2)
    most = float(mean.getextrema()[1]) * 4 / 2.55  # type: ignore[arg-type]
    if most <= _INK_LIMIT:
        return picture
    share = max(0.0, (_INK_LIMIT - 100) / (most - 100))  # black is kept: it carries the drawing
    return Image.merge("CMYK", (*(band.point(lambda value: int(value * share)) for band in (c, m, y)), k))
