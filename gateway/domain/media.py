"""What a file is by its first bytes, and where its metadata lies. Names and declared types are strangers' words and decide nothing.

Signatures: JPEG (ITU-T T.81 §B.1.1.3), PNG (ISO/IEC 15948 §5.2), WebP and WAVE (RIFF), HEIF (ISO/IEC 23008-12 §10), MP4 and 3GP
(ISO/IEC 14496-12 §4.3), Ogg (RFC 3533 §6), WebM (RFC 8794 §11.2), AMR (RFC 4867 §5), MP3 (ISO/IEC 11172-3 §2.4.1.3), ADTS.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

HEAD: Final = 64  # bytes that settle what a file is
_DEEPEST: Final = 6  # boxes within boxes; a recording's position lies in the fourth
_BOXES: Final = 2_000  # of one file; a phone writes a hundred
_POSITION: Final = re.compile(rb"([+-]\d{1,2}\.\d{1,8})([+-]\d{1,3}\.\d{1,8})")  # ISO 6709 annex H, as phones write it
_LOOKED_AT: Final = 65_536  # bytes of one metadata box


class Form(StrEnum):
    """What people send."""

    IMAGE = "image"
    AUDIO = "audio"
    VIDEO = "video"


@dataclass(frozen=True, slots=True)
class Media:
    """A type we take. `name`: e.g. image/jpeg."""

    name: str

    @property
    def form(self) -> Form:
        return Form(self.name.partition("/")[0])


_STARTS: Final[tuple[tuple[bytes, str], ...]] = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"#!AMR", "audio/amr"),
    (b"OggS", "audio/ogg"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\xff\xf3", "audio/mpeg"),
    (b"\xff\xf2", "audio/mpeg"),
    (b"\xff\xf1", "audio/aac"),
    (b"\xff\xf9", "audio/aac"),
)
_RIFF: Final[Mapping[bytes, str]] = {b"WEBP": "image/webp", b"WAVE": "audio/wav"}
_BRANDS: Final[tuple[tuple[bytes, str], ...]] = (  # of the first box of an ISO base media file
    (b"heic", "image/heic"),
    (b"heix", "image/heic"),
    (b"mif1", "image/heic"),
    (b"M4A", "audio/mp4"),
    (b"M4V", "video/mp4"),
    (b"qt  ", "video/quicktime"),
    (b"3g", "video/3gpp"),
    (b"isom", "video/mp4"),
    (b"iso", "video/mp4"),
    (b"mp4", "video/mp4"),
    (b"avc1", "video/mp4"),
    (b"MSNV", "video/mp4"),
    (b"dash", "video/mp4"),
)
TAKEN: Final = frozenset({"video/webm", *(name for _, name in (*_STARTS, *_BRANDS)), *_RIFF.values()})
BOXED: Final = frozenset({"audio/mp4", "video/mp4", "video/quicktime", "video/3gpp"})


def sniff(head: bytes) -> Media | None:
    """What begins with `head` (at least HEAD bytes, or the whole file); None: nothing that we take."""
    name = next((name for start, name in _STARTS if head.startswith(start)), None) or _container(head)
    return None if name is None else Media(name)


def _container(head: bytes) -> str | None:
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12])
    if head[4:8] == b"ftyp":
        return next((name for brand, name in _BRANDS if head[8:12].startswith(brand)), None)
    if head[:4] == b"\x1aE\xdf\xa3" and b"webm" in head[:HEAD]:
        return "video/webm"
    return None


# --- metadata of recordings ---

Read = Callable[[int, int], bytes]  # (offset, length) -> at most so many bytes


@dataclass(frozen=True, slots=True)
class Span:
    """`length` bytes from `start` that tell of the person, not of the recording. `header`: bytes of a box's head, 0: no box."""

    start: int
    length: int
    header: int = 0


class Damaged(ValueError):
    """The file is not built as its type says."""


def personal_spans(media: str, read: Read, size: int) -> tuple[Span, ...]:
    """Where a recording holds tags, place and time, in order: user data and metadata boxes, ID3. Raises Damaged.

    Ogg, WebM, AMR and ADTS have none that a phone fills.
    """
    if media in BOXED:
        return tuple(_boxes(read, 0, size, 0, [_BOXES]))
    if media == "audio/mpeg":
        return tuple(_id3(read, size))
    if media == "audio/wav":
        return tuple(_riff_lists(read, size))
    return ()


def position_in(read: Read, spans: tuple[Span, ...]) -> tuple[float, float] | None:
    """(latitude, longitude) of WGS84 that a phone noted in its recording."""
    for span in spans:
        found = _POSITION.search(read(span.start, min(span.length, _LOOKED_AT)))
        if found and abs(latitude := float(found[1])) <= 90 and abs(longitude := float(found[2])) <= 180:
            return latitude, longitude
    return None


_PERSONAL: Final = frozenset({b"udta", b"meta", b"uuid", b"XMP_", b"loci", b"cprt"})
_PARENTS: Final = frozenset({b"moov", b"trak", b"mdia", b"minf", b"moof", b"traf"})


def _boxes(read: Read, start: int, end: int, depth: int, left: list[int]) -> Iterator[Span]:
    """Personal boxes between two offsets (ISO/IEC 14496-12 §4.2: length, type, and for 1 a 64-bit length, for 0 the rest)."""
    while start < end:
        left[0] -= 1
        head = read(start, 16)
        if len(head) < 8 or left[0] < 0:
            raise Damaged("its boxes don't add up")
        length, kind, header = int.from_bytes(head[:4], "big"), head[4:8], 8
        if length == 1:
            length, header = int.from_bytes(head[8:16], "big"), 16
        elif length == 0:
            length = end - start
        if length < header or start + length > end:
            raise Damaged("its boxes don't add up")
        if kind in _PERSONAL:
            yield Span(start, length, header)
        elif kind in _PARENTS and depth < _DEEPEST:
            yield from _boxes(read, start + header, start + length, depth + 1, left)
        start += length


def _id3(read: Read, size: int) -> Iterator[Span]:
    """ID3v2 at the start (four 7-bit bytes of length), ID3v1 in the last 128 bytes."""
    head = read(0, 10)
    if head[:3] == b"ID3" and len(head) == 10:
        length = 10 + sum((byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
        if length > size:
            raise Damaged("its tag is longer than the file")
        yield Span(0, length)
    if size >= 128 and read(size - 128, 3) == b"TAG":
        yield Span(size - 128, 128)


def _riff_lists(read: Read, size: int) -> Iterator[Span]:
    """LIST and bext chunks of a WAVE file; each chunk is padded to an even length."""
    start, left = 12, _BOXES
    while start + 8 <= size and left:
        head, left = read(start, 8), left - 1
        length = min(int.from_bytes(head[4:8], "little"), size - start - 8)
        if head[:4] in (b"LIST", b"bext", b"id3 "):
            yield Span(start + 8, length)
        start += 8 + length + length % 2
