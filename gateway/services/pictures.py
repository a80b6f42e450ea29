"""Photos: their size and what they say of place and time from the header alone, and a copy to show that says nothing of it.

A picture is decoded only to be shown, only when its header promises few enough pixels, and one at a time: a 200-megapixel photo, or a file
of 4 kB that calls itself one, costs what its header costs.
"""

import io
import threading
import warnings
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO, Any, Final, cast

from PIL import ExifTags, Image, ImageOps

FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF")
MOST_PIXELS: Final = 64_000_000  # of a baseline JPEG, which is decoded at an eighth of its size or more
MOST_DECODED: Final = 16_000_000  # of all that must be decoded whole: 64 MB
SHOWN: Final = 2_048  # pixels of the longer side
_QUALITY: Final = 85
_WORDS: Final = 80  # characters that are kept of a camera's name
_ONE_AT_A_TIME: Final = threading.Lock()
BinaryFile = IO[bytes] | io.RawIOBase


class NotShown(Exception):
    """The picture can't be shown; the message says why."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What a header says. `meta`: place (WGS84 degrees), time and camera, as far as the file has them."""

    width: int
    height: int
    is_whole: bool  # it may be decoded
    meta: Mapping[str, Any] = field(repr=False)  # Any: JSON


@contextmanager
def _opened(file: BinaryFile):  # type: ignore[no-untyped-def] # an image, or NotShown
    """Pillow's image, its pixels untouched. Whatever hostile bytes make Pillow raise is one refusal."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of its own limit on pixels, and of broken metadata: ours comes first
            with Image.open(cast("IO[bytes]", file), formats=FORMATS) as image:  # read, seek and tell are all that Pillow needs
                yield image
    except NotShown:
        raise
    except Exception as why:  # struct.error, SyntaxError, OverflowError, DecompressionBombError …: there is no common one
        raise NotShown(f"the picture is damaged ({type(why).__name__})") from None


def look(file: BinaryFile) -> Picture:
    """What the picture's header says. Raises NotShown for one that is damaged."""
    with _opened(file) as image:
        width, height = image.size
        return Picture(width, height, _may_decode(image), _meta(image))


def _may_decode(image: Image.Image) -> bool:
    pixels = image.width * image.height
    is_scaled = image.format == "JPEG" and not image.info.get("progressive")  # a progressive one is held whole while it is decoded
    return 0 < pixels <= (MOST_PIXELS if is_scaled else MOST_DECODED)


def shown(file: BinaryFile) -> bytes:
    """A JPEG of at most SHOWN pixels a side, upright, without any metadata. Raises NotShown."""
    with _ONE_AT_A_TIME, _opened(file) as image:
        if not _may_decode(image):
            raise NotShown("the picture has too many pixels to be opened safely; it is kept whole")
        image.draft("RGB", (SHOWN, SHOWN))
        upright = ImageOps.exif_transpose(image)
        small = upright.convert("RGB")
        small.thumbnail((SHOWN, SHOWN))
        bare = Image.new("RGB", small.size)
        bare.paste(small)
        out = io.BytesIO()
        bare.save(out, "JPEG", quality=_QUALITY)
        return out.getvalue()


# --- what the file says of itself ---


def _meta(image: Image.Image) -> dict[str, Any]:  # Any: JSON
    try:
        exif = image.getexif()
        own, place = dict(exif.get_ifd(ExifTags.IFD.Exif)), dict(exif.get_ifd(ExifTags.IFD.GPSInfo))
    except Exception:  # as above: the picture is good without it
        return {}
    named = {"camera": _words(exif.get(ExifTags.Base.Model)), "taken_at": _moment(own.get(ExifTags.Base.DateTimeOriginal))}
    return {name: value for name, value in named.items() if value} | _position(place)


def _words(value: object) -> str:
    return "".join(c for c in value if c.isprintable())[:_WORDS].strip() if isinstance(value, str) else ""


def _moment(value: object) -> str:
    """ISO 8601 of "2026:11:18 18:06:40", the camera's own local time."""
    try:
        return datetime.strptime(str(value)[:19], "%Y:%m:%d %H:%M:%S").isoformat()  # noqa: DTZ007 # a camera knows no zone
    except ValueError:
        return ""


def _position(place: Mapping[int, Any]) -> dict[str, float]:  # Any: rationals, bytes, whatever the file holds
    try:
        latitude = _degrees(place[ExifTags.GPS.GPSLatitude], place.get(ExifTags.GPS.GPSLatitudeRef) == "S")
        longitude = _degrees(place[ExifTags.GPS.GPSLongitude], place.get(ExifTags.GPS.GPSLongitudeRef) == "W")
    except (KeyError, TypeError, ValueError, ZeroDivisionError, IndexError, OverflowError):
        return {}
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):  # also not a number
        return {}
    return {"latitude": latitude, "longitude": longitude}


def _degrees(parts: Any, negative: bool) -> float:  # Any: three rationals
    degrees, minutes, seconds = (float(part) for part in parts)
    return round(degrees + minutes / 60 + seconds / 3600, 6) * (-1 if negative else 1)
