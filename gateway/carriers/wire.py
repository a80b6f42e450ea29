"""HTTP as plain values, the one seam between carriers and the network, and the readers that all carriers share.

No repr shows a query, a header's value or a body: numbers, words and passwords travel there.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, NamedTuple
from urllib.parse import quote, unquote_to_bytes

# Names that carriers were seen to use. A closed list: a hook's caller chooses the word, and Python knows codecs that are no charsets.
_CHARSETS: Final[Mapping[str, str]] = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "utf-8",
    "utf-16be": "utf-16-be",
    "utf-16": "utf-16-be",  # GSM knows one byte order (3GPP TS 23.038 §6.2.3)
    "ucs-2": "utf-16-be",
    "ucs2": "utf-16-be",
    "iso-8859-1": "iso-8859-1",
    "latin1": "iso-8859-1",
    "windows-1252": "cp1252",
}


_NUMBER: Final = re.compile(r"\d{8,}")  # a look-up may name it in the path
_MARK: Final = b"\xef\xbb\xbf"  # servers on Windows begin their JSON with it
_NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})


class NotSent(Exception):
    """Nothing of the request left this machine: it may go again."""


class PrivateTarget(NotSent):
    """The name leads into a private network, where nobody allowed a call to go."""


class LostAnswer(Exception):
    """Bytes of the request went out and no whole answer came: it may have been taken."""


class HttpRequest(NamedTuple):
    """One request as it goes out. `url` is absolute and already percent-encoded; `headers` need no Host and no Content-Length."""

    method: str
    url: str
    headers: Mapping[str, str] = _NO_HEADERS
    body: bytes = b""

    def __repr__(self) -> str:
        path = _NUMBER.sub("…", self.url.partition("?")[0])
        return f"HttpRequest({self.method} {path}, headers: {', '.join(self.headers)}; {len(self.body)} bytes)"


class HttpResponse(NamedTuple):
    """One answer. Header names are lower case."""

    status: int
    headers: Mapping[str, str] = _NO_HEADERS
    body: bytes = b""

    def __repr__(self) -> str:
        return f"HttpResponse({self.status}, headers: {', '.join(self.headers)}; {len(self.body)} bytes)"


@dataclass(frozen=True, slots=True)
class HookCall:
    """A carrier's call to a hook of ours, as it came: `query` raw, without "?"; header names lower case; `remote` the peer's address."""

    method: str
    path: str
    query: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    remote: str = ""


def form_fields(raw: bytes) -> dict[str, bytes]:
    """Fields of a query or an urlencoded form, values as bytes: their charset comes beside them. The first of two alike counts."""
    fields: dict[str, bytes] = {}
    for pair in raw.split(b"&"):
        name, _, value = pair.partition(b"=")
        if name:
            fields.setdefault(_unquote(name).decode("utf-8", "replace"), _unquote(value))
    return fields


def _unquote(raw: bytes) -> bytes:
    """Most values have nothing to undo, and the library's way costs 3 µs a field."""
    spaced = raw.replace(b"+", b" ")
    return unquote_to_bytes(spaced) if b"%" in spaced else spaced


def encoded(value: str) -> str:
    """`value` percent-encoded, all but letters, digits and -._~ (RFC 3986 §2.3). A number or reference takes a tenth of quote()'s time."""
    plain = value.removeprefix("+")
    if plain.isascii() and plain.isalnum():
        return value if plain is value else f"%2B{plain}"
    return quote(value, safe="")


def json_object(body: bytes) -> dict[str, Any]:  # Any: JSON
    """The object in `body`; anything else reads as an empty one. Broken UTF-8 becomes U+FFFD and the rest is kept."""
    try:
        value = json.loads(body.removeprefix(_MARK).decode("utf-8", "replace"))
    except (ValueError, RecursionError):  # a thousand brackets are no bug of ours
        return {}
    return value if isinstance(value, dict) else {}


def decode_text(raw: bytes, charset: str = "utf-8") -> str:
    """The words of a message; broken bytes become U+FFFD and NUL goes, so that a database takes them. An unknown charset reads as UTF-8."""
    codec = _CHARSETS.get(charset.strip().strip('"').lower(), "utf-8")
    return raw.decode(codec, "replace").replace("\0", "")


def exact_text(raw: bytes, charset: str) -> str | None:
    """The words of `raw` as they were meant, letter for letter; None: its bytes are not of `charset`, or nobody here knows that charset."""
    codec = _CHARSETS.get(charset.strip().strip('"').lower())
    try:
        return raw.decode(codec) if codec else None
    except UnicodeDecodeError:
        return None


def clean(text: str) -> str:
    """A header or JSON string that any database takes: lone surrogates become "?", NUL goes, blanks around it go."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "").strip()
