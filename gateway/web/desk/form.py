"""What a form of the desk brought, read whole before a handler sees it: bounded in size and in time."""

import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import BinaryIO, Final, cast
from urllib.parse import parse_qsl

from aiohttp import web
from aiohttp.web_request import FileField

from gateway.services.refusal import Refusal

WORDS_LIMIT: Final = 4_000_000  # bytes of a form without files: 10,000 pasted rows
STRANGERS_LIMIT: Final = 16_000  # of a form that nobody signed in for
_PIECE: Final = 65_536


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of a form. `name`, `media`: as the browser says, to be believed in nothing; `stream` stands at its beginning."""

    name: str
    media: str
    stream: BinaryIO = field(repr=False)

    def read(self) -> bytes:
        """All its bytes."""
        self.stream.seek(0)
        return self.stream.read()


@dataclass(frozen=True, slots=True)
class Form:
    """Words and files by name."""

    words: Mapping[str, list[str]] = field(default_factory=dict, repr=False)
    uploads: Mapping[str, list[Upload]] = field(default_factory=dict, repr=False)

    def __contains__(self, name: str) -> bool:
        return name in self.words

    def text(self, name: str, default: str = "") -> str:
        """The words of a field, without blanks round them; `default` where there is no such field."""
        found = self.words.get(name)
        return found[0] if found else default

    def number(self, name: str) -> int | None:
        """A whole number, also as "1.234.567"; None: nothing was written. Raises Refusal."""
        written = self.text(name)
        digits = written.replace(".", "").replace("\u00a0", "").replace(" ", "")
        if not digits:
            return None
        if not (digits.isascii() and digits.removeprefix("-").isdigit() and len(digits) < 16):
            raise Refusal(f"“{written[:20]}” không phải là số. Xin chỉ ghi chữ số, ví dụ 1.250.")
        return int(digits)

    def one_of(self, name: str, choices: Collection[str], default: str | None = None) -> str:
        """A value of `choices`; another one, or none, is `default` where it is given. Raises Refusal."""
        found = self.text(name)
        if found in choices:
            return found
        if default is not None:
            return default
        raise Refusal("Chưa chọn, hoặc lựa chọn không còn nữa. Xin tải lại trang rồi chọn lại.")

    def all(self, name: str) -> list[str]:
        """Every value of a field, as of boxes that are ticked."""
        return list(self.words.get(name, ()))

    def file(self, name: str) -> Upload | None:
        """The file of a field; None: none was chosen."""
        found = self.files(name)
        return found[0] if found else None

    def files(self, name: str) -> list[Upload]:
        """All files of a field."""
        return list(self.uploads.get(name, ()))


async def read_form(request: web.Request, limit: int) -> Form:
    """The form of a POST; `limit`: bytes of its words. Raises HTTPRequestEntityTooLarge, ValueError: it is none."""
    if request.content_type == "multipart/form-data":
        return _from_parts(await request.post())
    body = bytearray()
    async for piece in request.content.iter_chunked(_PIECE):
        body += piece
        if len(body) > limit:
            raise web.HTTPRequestEntityTooLarge(limit, len(body))
    words: dict[str, list[str]] = {}
    for name, value in parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True):
        words.setdefault(name, []).append(cleaned(value))
    return Form(words)


def _from_parts(parts: Mapping[str, object]) -> Form:
    words: dict[str, list[str]] = {}
    uploads: dict[str, list[Upload]] = {}
    for name, value in parts.items():  # a MultiDict: a name comes as often as it was sent
        if isinstance(value, FileField):
            if value.filename:
                uploads.setdefault(name, []).append(Upload(_base(value.filename), value.content_type, cast("BinaryIO", value.file)))
        else:
            words.setdefault(name, []).append(cleaned(str(value)))
    return Form(words, uploads)


def cleaned(value: str) -> str:
    """NFC, with one kind of line end, without NUL and without blanks round it."""
    return unicodedata.normalize("NFC", value.replace("\0", "").replace("\r\n", "\n")).strip()


def _base(name: str) -> str:
    """A file's own name, without the folders some browsers send along."""
    return PurePath(name.replace("\\", "/")).name[:200]
