"""A PDF file put together from ready objects, and how PDF writes numbers, names and strings (ISO 32000-1 §7.3, §7.5).

What a run's files share (a face's subset, a drawing) is written once a process and spliced into each file as it is: building the objects
anew and walking through them twice took 10 ms a poster, this takes 2.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Iterable, Mapping
from math import log10
from typing import Final

_HEADER: Final = b"%%PDF-%b\n%%\xe2\xe3\xcf\xd3\n"  # the second line says that the file is binary
_CATALOG, _TREE = 1, 2  # where the catalog and the page tree stand
_ESCAPED: Final = re.compile(rb"[()\\]")
_IRREGULAR: Final = re.compile(rb"[^!-~]|[#()<>\[\]{}/%]")


class PdfFile:
    """Objects in the order in which they are added; an object once added is not changed. `catalog`: its entries beside the page tree."""

    def __init__(self) -> None:
        self.catalog: dict[str, bytes] = {}
        self.info: int | None = None
        self._bodies: list[bytes] = [b"", b""]
        self._pages: list[int] = []

    def add(self, body: bytes) -> int:
        """The number under which it can be referred to."""
        self._bodies.append(body)
        return len(self._bodies)

    def add_page(self, entries: Mapping[str, bytes]) -> None:
        """`entries`: all but its type and its parent."""
        self._pages.append(self.add(dictionary({"Type": b"/Page", "Parent": ref(_TREE), **entries})))

    def digest(self) -> str:
        """A name for what has been added so far, in 64 hexadecimal digits."""
        return hashlib.sha256(b"\0".join(self._bodies)).hexdigest()

    def written(self, version: str) -> bytes:
        """The file. Its ID is drawn from its content, so that the same objects give the same bytes."""
        kids = b" ".join(map(ref, self._pages))
        self._bodies[_CATALOG - 1] = dictionary({"Type": b"/Catalog", "Pages": ref(_TREE), **self.catalog})
        self._bodies[_TREE - 1] = dictionary({"Type": b"/Pages", "Count": b"%d" % len(self._pages), "Kids": b"[%b]" % kids})
        objects = [b"%d 0 obj\n%b\nendobj\n" % each for each in enumerate(self._bodies, 1)]
        head = _HEADER % version.encode()
        body = b"".join((head, *objects))
        return body + _table(len(head), objects) + self._trailer(body)

    def _trailer(self, body: bytes) -> bytes:
        identity = b"<%b>" % hashlib.sha256(body).hexdigest()[:32].encode()
        entries = {"Size": b"%d" % (len(self._bodies) + 1), "Root": ref(_CATALOG), "ID": b"[%b %b]" % (identity, identity)}
        if self.info is not None:
            entries["Info"] = ref(self.info)
        return b"trailer\n%b\nstartxref\n%d\n%%%%EOF\n" % (dictionary(entries), len(body))


def _table(at: int, objects: Iterable[bytes]) -> bytes:
    """Where each object begins; the first of them at byte `at`. An entry is 20 bytes long."""
    rows = [b"0000000000 65535 f \n"]
    for each in objects:
        rows.append(b"%010d 00000 n \n" % at)
        at += len(each)
    return b"xref\n0 %d\n%b" % (len(rows), b"".join(rows))


def ref(number: int) -> bytes:
    return b"%d 0 R" % number


def dictionary(entries: Mapping[str, bytes]) -> bytes:
    return b"<<%b>>" % b" ".join(b"/%b %b" % (key.encode(), value) for key, value in entries.items())


def stream(data: bytes, entries: Mapping[str, bytes]) -> bytes:
    """`data` as it is; a filter stands among the `entries`."""
    return b"%b\nstream\n%b\nendstream" % (dictionary({**entries, "Length": b"%d" % len(data)}), data)


def deflated(data: bytes, **entries: bytes) -> bytes:
    """A stream of `data`, packed."""
    return stream(zlib.compress(data), {**entries, "Filter": b"/FlateDecode"})


def name(text: str) -> bytes:
    """With its slash; what is no regular character as #xx."""
    return b"/" + _IRREGULAR.sub(lambda found: b"#%02X" % found[0][0], text.encode())


def string(text: str) -> bytes:
    """As it is where it is ASCII, else as UTF-16 with its mark."""
    if text.isascii():
        return b"(%b)" % _ESCAPED.sub(rb"\\\g<0>", text.encode())
    return b"<feff%b>" % text.encode("utf-16-be").hex().encode()


def number(value: float) -> str:
    """To six decimals, or six digits after the first: far finer than a press sees."""
    size = abs(value)
    if size <= 1e-7:
        return "0"
    decimals = 6 if size <= 1 else max(0, 6 - int(log10(size)))
    text = f"{value:.{decimals}f}"
    if decimals:
        text = text.rstrip("0").rstrip(".")
    return text[1:] if text[0] == "0" and len(text) > 1 else text


def numbers(values: Iterable[float]) -> str:
    return " ".join(map(number, values))
