"""Small files of every kind that people send, and files that lie; made by hand, so that what lies in them is known."""

import io
import struct
import zlib
from random import Random

from PIL import Image

HOME = (21.638512, 106.837844)  # where an invented person lives
CAMERA = "Thi Du Phone"


def jpeg(size: tuple[int, int] = (64, 48), *, gps: bool = True, progressive: bool = False, orientation: int = 1) -> bytes:
    """A photo with an exact position, unless told otherwise."""
    image = Image.effect_noise(size, 40).convert("RGB")
    image.putpixel((0, 0), (255, 0, 0))
    exif = Image.Exif()
    exif[0x0110], exif[0x0112] = CAMERA, orientation
    exif.get_ifd(0x8769)[0x9003] = "2026:11:18 18:06:40"
    if gps:
        exif.get_ifd(0x8825).update({1: "N", 2: _dms(HOME[0]), 3: "E", 4: _dms(HOME[1])})
    out = io.BytesIO()
    image.save(out, "JPEG", exif=exif, progressive=progressive)
    return out.getvalue()


def _dms(degrees: float) -> tuple[float, float, float]:
    minutes = degrees % 1 * 60
    return int(degrees), int(minutes), round(minutes % 1 * 60, 4)


def png(width: int, height: int, rows: bytes = b"", *, depth: int = 8, colours: int = 2) -> bytes:
    """A PNG whose header promises `width` x `height`, whatever `rows` hold."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, depth, colours, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


def bomb() -> bytes:
    """A whole PNG of 24 kB that unpacks to 200 megapixels: 600 MB as a picture."""
    return png(20_000, 10_000, bytes(10_000 * (1 + 2_500)), depth=1, colours=0)


def box(kind: bytes, body: bytes = b"", *, long: bool = False) -> bytes:
    if long:
        return struct.pack(">I4sQ", 1, kind, len(body) + 16) + body
    return struct.pack(">I4s", len(body) + 8, kind) + body


def mp4(brand: bytes = b"isom", *, long: bool = False, frames: int = 300) -> bytes:
    """A recording with its place in the user data of the movie and of a track, as phones write it."""
    place = box(b"\xa9xyz", b"\x00\x12\x15\xc7+21.6385+106.8378/")
    track = box(b"trak", box(b"tkhd", b"kept-1") + box(b"udta", box(b"name", b"nha ong Vi Du")))
    movie = box(b"moov", box(b"mvhd", b"kept-2") + track + box(b"udta", place, long=long) + box(b"meta", b"com.apple +21.6385+106.8378/"))
    return box(b"ftyp", brand + b"\x00\x00\x02\x00" + brand) + movie + box(b"mdat", b"frame" * frames)


def mp3() -> bytes:
    tag = b"TIT2 nha ong Vi Du"
    return (
        b"ID3\x04\x00\x00"
        + bytes((0, 0, 0, len(tag)))
        + tag
        + b"\xff\xfb\x90\x00"
        + b"sound" * 60
        + b"TAG"
        + b"nha ong Vi Du".ljust(125, b"\x00")
    )


def wav() -> bytes:
    body = (
        b"WAVE"
        b"fmt "
        + struct.pack("<I", 16)
        + bytes(16)
        + b"LIST"
        + struct.pack("<I", 14)
        + b"nha ong Vi Du "
        + b"data"
        + struct.pack("<I", 40)
        + b"sound" * 8
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def noise(size: int) -> bytes:
    return Random(7).randbytes(size)


KINDS = {
    "image/jpeg": jpeg(),
    "image/png": png(3, 2, b"\x00" * 20),
    "image/heic": box(b"ftyp", b"heic\x00\x00\x00\x00mif1heic") + box(b"meta", bytes(60)),
    "audio/amr": b"#!AMR\n" + noise(100),
    "audio/ogg": b"OggS" + noise(100),
    "audio/mpeg": mp3(),
    "audio/aac": b"\xff\xf1" + noise(100),
    "audio/wav": wav(),
    "audio/mp4": mp4(b"M4A "),
    "video/mp4": mp4(),
    "video/quicktime": mp4(b"qt  "),
    "video/3gpp": mp4(b"3gp4"),
    "video/webm": b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm" + noise(100),
}
LIES = {
    "zip": b"PK\x03\x04" + noise(100),
    "html": b"<html><script>alert(1)</script>" + b" " * 60,
    "svg": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>' + b" " * 20,
    "exe": b"MZ\x90\x00" + noise(100),
    "pdf": b"%PDF-1.7\n" + noise(100),
    "gzip": b"\x1f\x8b\x08" + noise(100),
    "text": b"\xef\xbb\xbfmo bo doi o bo suoi".ljust(80),
    "short": b"\xff\xd8",
    "riff": b"RIFF\x00\x00\x00\x00AVI " + noise(60),
    "mkv": b"\x1aE\xdf\xa3" + b"\x00" * 20 + b"matroska" + bytes(60),
    "ftyp": box(b"ftyp", b"jp2 \x00\x00\x00\x00") + bytes(60),
}
