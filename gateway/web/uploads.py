"""Forms and files as streams: never more than a piece in memory, whatever a body claims to be or how long it goes on."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Final

from aiohttp import BodyPartReader, MultipartReader, web
from aiohttp.http_exceptions import BadHttpMessage

from gateway.carriers.wire import decode_text, form_fields
from gateway.domain.fold import nfc
from gateway.services.attachments import Attachments, Refused, Why

MB: Final = 1_000_000
FORM_LIMIT: Final = 256_000  # bytes of a form's words that are kept
BODY_LIMIT: Final = 80 * MB  # of any body; what comes beyond is not even thrown away
MOST_PHOTOS: Final = 5  # at a time
PHOTO_LIMIT: Final = 10 * MB
_PIECE: Final = 64 * 1024
_MOST_PARTS: Final = 60


@dataclass(slots=True)
class Form:
    """What a form brought. `is_long`: more words than are kept; `problems`: (sentence's name, its number) of files that were not taken."""

    fields: dict[str, str] = field(default_factory=dict, repr=False)
    is_long: bool = False
    kept: int = 0
    problems: list[tuple[str, int]] = field(default_factory=list)


async def read_form(request: web.Request) -> Form:
    """The words of a form, urlencoded or multipart; its files are passed over. Raises HTTPRequestEntityTooLarge."""
    if request.content_type == "multipart/form-data":
        return await _read_parts(request, None)
    body, is_long = await _start_of(request)
    fields = {name: nfc(decode_text(value)).replace("\0", "").strip() for name, value in form_fields(body).items()}
    return Form(fields, is_long)


async def _start_of(request: web.Request) -> tuple[bytes, bool]:
    """The first 256 KB of a body; the rest is read and dropped, so that the answer finds a reader."""
    kept, size = bytearray(), 0
    async for chunk in request.content.iter_chunked(_PIECE):
        size += len(chunk)
        kept += chunk[: max(0, FORM_LIMIT - len(kept))]
        _measure(size)
    return bytes(kept), size > FORM_LIMIT


def _measure(size: int) -> None:
    if size > BODY_LIMIT:
        raise web.HTTPRequestEntityTooLarge(BODY_LIMIT, size)


@dataclass(slots=True)
class Receiver:
    """Where a form's photos go: onto `tip`, at `now` (epoch ms)."""

    attachments: Attachments
    tip: int
    now: int


async def read_photos(request: web.Request, receiver: Receiver) -> Form:
    """Words and photos of the photos page. Raises StorageDown, OSError, HTTPRequestEntityTooLarge."""
    if request.content_type != "multipart/form-data":
        return await read_form(request)
    return await _read_parts(request, receiver)


async def _read_parts(request: web.Request, receiver: Receiver | None) -> Form:
    """All parts of a multipart body. One that breaks off is taken as far as it came: the words before it are not lost."""
    form, meter, photos = Form(), _Meter(), 0
    try:
        reader = await request.multipart()
        for _ in range(_MOST_PARTS):
            if (part := await reader.next()) is None:
                break
            if isinstance(part, MultipartReader):
                continue  # parts within a part: no browser sends them, and what follows passes over them
            if part.filename is None:
                form.is_long |= await _keep_words(part, form, meter)
            elif receiver is not None and part.filename:
                photos += 1
                await _keep_photo(part, form, receiver, meter, photos)
            else:
                await meter.drop(part)
    except (BadHttpMessage, ValueError, AssertionError, LookupError):  # aiohttp's words for a body that is no multipart
        pass
    return form


@dataclass(slots=True)
class _Meter:
    """How much of a body came so far."""

    size: int = 0

    async def pieces(self, part: BodyPartReader) -> AsyncIterator[bytes]:
        while chunk := await part.read_chunk(_PIECE):
            self.size += len(chunk)
            _measure(self.size)
            yield chunk

    async def drop(self, part: BodyPartReader) -> int:
        """Read the rest of a part and forget it; returns its bytes."""
        before = self.size
        async for _ in self.pieces(part):
            pass
        return self.size - before


async def _keep_words(part: BodyPartReader, form: Form, meter: _Meter) -> bool:
    """Put a part's words into the form; True: they were longer than is kept."""
    kept, size = bytearray(), 0
    async for chunk in meter.pieces(part):
        size += len(chunk)
        kept += chunk[: max(0, FORM_LIMIT - len(kept))]
    if part.name and len(part.name) < 40:
        form.fields.setdefault(part.name, nfc(decode_text(bytes(kept))).replace("\0", "").strip())
    return size > FORM_LIMIT


class _TooBig(Exception):
    """A photo of more than 10 MB."""


async def _keep_photo(part: BodyPartReader, form: Form, receiver: Receiver, meter: _Meter, number: int) -> None:
    if number > MOST_PHOTOS:
        await meter.drop(part)
        if number == MOST_PHOTOS + 1:
            form.problems.append(("photo_many", 0))
        return
    before = meter.size

    async def within() -> AsyncIterator[bytes]:
        async for chunk in meter.pieces(part):
            if meter.size - before > PHOTO_LIMIT:
                raise _TooBig
            yield chunk

    try:
        await receiver.attachments.keep(receiver.tip, within(), part.headers.get("Content-Type", "")[:100], receiver.now)
        form.kept += 1
    except _TooBig:
        await meter.drop(part)
        form.problems.append(("photo_big", (meter.size - before + MB - 1) // MB))
    except Refused as why:
        await meter.drop(part)
        if why.why is not Why.EMPTY:
            form.problems.append(_PROBLEMS.get(why.why, ("not_a_photo", 0)))


_PROBLEMS: Final = {Why.TOO_MANY: ("photo_many", 0), Why.TOO_LARGE: ("photo_big", 20)}
