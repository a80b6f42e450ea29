"""ICC profiles: what kind they are, read from header and description (ICC.1:2001-04 §6.1, §6.5.17; ICC.1:2010 §10.13)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from collateral.icc_maker import profile_bytes
from collateral.refusal import Refused, refused

INKS: Final = "CMYK"
PRINTER: Final = "prtr"
COMPONENTS: Final = {"GRAY": 1, "RGB": 3, "Lab": 3, "CMYK": 4}
_HEADER: Final = 128  # bytes
_MOST: Final = 16_000_000  # bytes; the largest profile of a press that we met has 3 MB
MODELLED: Final = "FOGRA39"


@dataclass(frozen=True, slots=True)
class Profile:
    """`kind`: "prtr", "mntr", "scnr" …; `space`: "CMYK", "RGB", "GRAY" …; `name`: what it calls itself."""

    data: bytes
    kind: str
    space: str
    name: str


def parsed(data: bytes) -> Profile:
    """The profile in `data`. ValueError where it is none."""
    if len(data) < _HEADER + 4 or data[36:40] != b"acsp" or struct.unpack(">I", data[:4])[0] > len(data):
        raise ValueError("this is no ICC profile")
    return Profile(data, data[12:16].decode("latin-1").strip(), data[16:20].decode("latin-1").strip(), _name(data))


def _name(data: bytes) -> str:
    """The text of the tag `desc`: "desc" in version 2, "mluc" in version 4; "" where there is none."""
    count = min(struct.unpack(">I", data[_HEADER : _HEADER + 4])[0], 200)
    for at in range(_HEADER + 4, min(_HEADER + 4 + 12 * count, len(data) - 11), 12):
        tag, start, size = struct.unpack(">4sII", data[at : at + 12])
        if tag == b"desc":
            return _text(data[start : start + size])
    return ""


def _text(tag: bytes) -> str:
    if tag[:4] == b"desc" and len(tag) > 12:
        return tag[12 : 12 + struct.unpack(">I", tag[8:12])[0]].split(b"\0")[0].decode("latin-1").strip()
    if tag[:4] == b"mluc" and len(tag) >= 28:
        size, start = struct.unpack(">II", tag[20:28])
        return tag[start : start + size].decode("utf-16-be", "replace").strip("\0 ")
    return ""


def profile_at(path: Path) -> Profile:
    """A press's profile from a file, read once as long as it stays as it is. Refused where it is missing or not of printed CMYK."""
    try:
        return _profile(path, path.stat().st_mtime_ns)
    except OSError as why:
        raise refused(path.name, "profile", f"the profile can't be read: {why.strerror}", "Look at its name and its permissions") from why


@lru_cache(maxsize=8)
def _profile(path: Path, _: int) -> Profile:
    try:
        with path.open("rb") as file:
            profile = parsed(file.read(_MOST))
    except ValueError as why:
        raise refused(path.name, "profile", str(why), "Ask the print shop for the .icc file of its press") from why
    if (profile.kind, profile.space) != (PRINTER, INKS):
        text = f"the profile is of class “{profile.kind}” for {profile.space}, a press needs “{PRINTER}” for {INKS}"
        raise refused(path.name, "profile", text, "Ask the print shop for the profile of its press, not of a screen or a scanner")
    return profile


@cache
def modelled_profile(condition: str = MODELLED) -> Profile:
    """The profile of a registered condition by our own model of it, not by measured sheets. Refused where we have no model."""
    if condition != MODELLED:
        raise _no_profile(condition)
    return parsed(profile_bytes())


def _no_profile(condition: str) -> Refused:
    text = f"PDF/X-4 embeds the profile of {condition}, and we have none"
    return refused("shops.toml", "profile", text, "Name the shop's .icc file as profile, or take PDF/X-1a")
