"""Photos, audio and video that come with a tip: sealed, named by their content, shown without what they say of the person.

What a file is, its bytes decide. What is no photo and no recording is refused and noted on the tip; what is one but can't be opened safely
(too many pixels, damaged) is quarantined: kept sealed, shown never. An upload may come in pieces and go on after a restart on either side.
Never more than a piece of 1 MiB is in memory. The caller asks by tip id: who may add to which tip is the caller's to know.
"""

import asyncio
import hashlib
import json
import os
import secrets
from collections.abc import AsyncIterable, AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, NoReturn

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.media import HEAD, Damaged, Form, Media, Span, personal_spans, position_in, sniff
from gateway.services import pictures
from gateway.services.pictures import NotShown
from gateway.storage import attachments as rows
from gateway.storage import tips
from gateway.storage.attachments import KEPT, QUARANTINED, Attachment
from gateway.storage.database import Database
from gateway.storage.seal import Unsealable
from gateway.storage.sealed_files import PIECE, OutOfOrder, SealedFiles, SealedReader

MB: Final = 1_000_000
MOST: Final = {Form.IMAGE: 20 * MB, Form.AUDIO: 30 * MB, Form.VIDEO: 100 * MB}
MOST_OF_A_TIP: Final = 20  # uploads under way too
MOST_BYTES_OF_A_TIP: Final = 200 * MB
UPLOAD_LIFE_MS: Final = 3 * 24 * 3_600_000
_DECLARED: Final = 100  # characters that are noted of a declared type
SUFFIX: Final = {
    "image/jpeg": ".jpg", "image/png": ".png", "image/gif": ".gif", "image/webp": ".webp", "image/heic": ".heic", "audio/amr": ".amr",
    "audio/ogg": ".ogg", "audio/mpeg": ".mp3", "audio/aac": ".aac", "audio/wav": ".wav", "audio/mp4": ".m4a", "video/mp4": ".mp4",
    "video/quicktime": ".mov", "video/3gpp": ".3gp", "video/webm": ".webm",
}  # fmt: skip # ours, never the sender's
__all__ = ["Attachments", "NotShown", "OutOfOrder", "Refused", "Why"]


class Why(StrEnum):
    """Why an attachment is refused."""

    NO_MEDIA = "no photo, audio or video"
    TOO_LARGE = "too large"
    TOO_MANY = "too many on one tip"
    EMPTY = "empty"
    UNKNOWN_UPLOAD = "no such upload"


class Refused(Exception):
    """An attachment that is not taken. `why`: for the channel's short answer; nothing of the content."""

    def __init__(self, why: Why) -> None:
        super().__init__(f"the attachment is not taken: {why}")
        self.why = why


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a look at a whole upload found."""

    media: Media
    digest: bytes
    size: int
    state: str
    meta: dict[str, Any]  # Any: JSON


def folder_beside(spool: Path) -> Path:
    """Where the contents lie: beside the spool, in the folder of the deployment's data."""
    return spool.parent / "attachments"


class Attachments:
    """Takes and gives attachments; contents lie under `folder`, which all processes of a database must share."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database, self._files = database, SealedFiles(folder, database.keyring)
        self.folder = folder

    @property
    def files(self) -> SealedFiles:
        """Where contents lie: what else is kept as a sealed file (pictures of a case) lies beside them, in the same backup."""
        return self._files

    # --- taking ---

    async def keep(self, tip: int, content: bytes | AsyncIterable[bytes], declared: str, now: int, mo: int | None = None) -> Attachment:
        """Take a whole file, e.g. a form's or what a channel fetched. Raises Refused, StorageDown, OSError."""
        upload = await self.begin(tip, declared, 0, now, mo)
        offset = 0
        try:
            async for piece in _pieces(content):
                offset = await self.append(upload, offset, piece, now)
        except Refused:
            raise
        except BaseException:  # the channel broke off: nothing may stay behind
            await self.give_up(upload)
            raise
        return await self.finish(upload, now)

    async def begin(self, tip: int, declared: str, announced: int, now: int, mo: int | None = None) -> str:
        """The name of a new upload, which nobody can guess; `announced`: bytes, 0 where unknown. Raises Refused."""
        if announced > max(MOST.values()):
            raise Refused(Why.TOO_LARGE)
        upload = secrets.token_urlsafe(18)

        async def unit(connection: AsyncConnection) -> None:
            count, size = await rows.room(connection, tip)
            if count >= MOST_OF_A_TIP:
                raise Refused(Why.TOO_MANY)
            if size + announced > MOST_BYTES_OF_A_TIP:
                raise Refused(Why.TOO_LARGE)
            await rows.begin(connection, tip, mo, self._name(upload), _printable(declared), announced, now)

        await self._database.write(unit)
        return upload

    async def offset(self, upload: str) -> int:
        """Where the next piece belongs. Raises Refused: no such upload, it is finished or was given up."""
        await self._row(upload)
        return await asyncio.to_thread(self._files.size, self._name(upload))

    async def append(self, upload: str, offset: int, piece: bytes, now: int) -> int:
        """Keep a piece (at most 1 MiB) for good; returns where the next one belongs. Raises Refused, OutOfOrder, OSError.

        A file that can't be a photo or recording is refused with its first piece, one that grows too large with the piece that does it.
        """
        row = await self._row(upload)
        name = self._name(upload)
        head = piece if offset == 0 else await asyncio.to_thread(self._head, name)
        media = sniff(head) if len(head) >= HEAD else None
        if len(head) >= HEAD and media is None:
            await self._refuse(row, upload, Why.NO_MEDIA, now)
        if offset + len(piece) > (MOST[media.form] if media else min(MOST.values())):
            if offset > (there := await asyncio.to_thread(self._files.size, name)):
                raise OutOfOrder(there)  # a browser that lost its place has not sent too much
            await self._refuse(row, upload, Why.TOO_LARGE, now)
        return await asyncio.to_thread(self._files.append, name, offset, piece)

    async def finish(self, upload: str, now: int) -> Attachment:
        """The upload is whole. The same content again on one tip is the attachment that is there. Raises Refused, OSError."""
        row = await self._row(upload)
        name = self._name(upload)
        if not await asyncio.to_thread(self._files.size, name):
            await self._refuse(row, upload, Why.EMPTY, now)
        seen = await asyncio.to_thread(self._look, name, row.media)
        if seen is None:
            await self._refuse(row, upload, Why.NO_MEDIA, now)
        if await self._others(row) + seen.size > MOST_BYTES_OF_A_TIP:
            await self._refuse(row, upload, Why.TOO_LARGE, now)
        await asyncio.to_thread(self._files.settle, name, seen.digest)
        meta = json.dumps(seen.meta, ensure_ascii=False)
        return await self._database.write(
            lambda connection: rows.settle(connection, row, seen.digest, seen.media.name, seen.size, meta, seen.state)
        )

    async def give_up(self, upload: str) -> None:
        """Forget an upload under way."""
        await self._forget(self._name(upload))

    async def _forget(self, name: bytes) -> None:
        async def unit(connection: AsyncConnection) -> None:
            if (row := await rows.upload_of(connection, name)) is not None:
                await rows.drop(connection, row.id)

        await self._database.write(unit)
        await asyncio.to_thread(self._files.drop, name)

    async def sweep(self, now: int) -> int:
        """Forget uploads that nobody has gone on with for three days; returns how many. Upkeep comes round with it."""
        before = now - UPLOAD_LIFE_MS
        async with self._database.read() as connection:
            began = await rows.uploads_before(connection, before)
        old = [name for name in began if (await asyncio.to_thread(self._files.changed_at, name) or 0) * 1000 < before]
        for name in old:
            await self._forget(name)
        return len(old)

    def _name(self, upload: str) -> bytes:
        """By which the file and the row are found: the upload's own name stands nowhere."""
        return self._database.keyring.blind(upload, "upload")

    async def _row(self, upload: str) -> Attachment:
        async with self._database.read() as connection:
            row = await rows.upload_of(connection, self._name(upload))
        if row is None:
            raise Refused(Why.UNKNOWN_UPLOAD)
        return row

    async def _others(self, row: Attachment) -> int:
        """Bytes that came with the same tip before."""
        async with self._database.read() as connection:
            return (await rows.room(connection, row.tip))[1] - row.bytes

    async def _refuse(self, row: Attachment, upload: str, why: Why, now: int) -> NoReturn:
        """Forget the upload, leave word of it on the tip, and raise Refused."""
        note = json.dumps({"attachment": why, "declared": row.media}, ensure_ascii=False)
        await self.give_up(upload)
        if why is not Why.EMPTY:  # a form without a photo sends an empty one
            await self._database.write(lambda connection: tips.add_event(connection, row.tip, tips.ATTACHMENT_REFUSED, note, now))
        raise Refused(why)

    def _head(self, name: bytes) -> bytes:
        with self._files.open(name, partial=True) as content:
            return content.read_at(0, HEAD)

    def _look(self, name: bytes, declared: str) -> _Seen | None:
        """Sniff, hash and read the metadata of a whole upload; None: it is nothing that we take."""
        digest, size = self._files.digest(name)
        with self._files.open(name, partial=True) as content:
            media = sniff(content.read_at(0, HEAD))
            if media is None:
                return None
            state, meta = _described(media, content)
        return _Seen(media, digest, size, state, meta | ({"declared": declared} if declared != media.name else {}))

    # --- giving ---

    async def of_tip(self, tip: int) -> list[Attachment]:
        """What came with a tip."""
        async with self._database.read() as connection:
            return await rows.of_tip(connection, tip)

    async def content(self, attachment: Attachment) -> AsyncIterator[bytes]:
        """The content as it came, for the desk alone: it may hold the sender's home. Raises Unsealable where it is not what was stored."""
        whole = hashlib.sha256()
        with self._files.open(attachment.digest) as content:
            for piece in content.pieces():
                whole.update(piece)
                yield piece
                await asyncio.sleep(0)
        if not self._files.is_digest(whole, attachment.digest):
            raise Unsealable("an attachment is not what was stored: restore it from a backup")

    async def shown(self, attachment: Attachment) -> tuple[str, AsyncIterator[bytes]]:
        """(media type, content) without metadata: a smaller JPEG of a picture, a recording with its tags blanked. Raises NotShown."""
        if attachment.state != KEPT:
            raise NotShown(f"the file is {attachment.state}; it is kept whole")
        if Media(attachment.media).form is Form.IMAGE:
            picture = await asyncio.to_thread(self._picture, attachment)
            return "image/jpeg", _once(picture)
        return attachment.media, self._recording(attachment)

    async def write_out(self, attachments: Sequence[Attachment], to: Path, name: str, *, original: bool = False) -> tuple[list[Path], int]:
        """Write what is shown of each into the folder `to` (files of mode 0600), or with `original` what came; (files, how many were not).

        Raises OSError, Unsealable.
        """
        await asyncio.to_thread(to.mkdir, mode=0o700, parents=True, exist_ok=True)
        written: list[Path] = []
        for number, each in enumerate(attachments, 1):
            try:
                media, content = (each.media, self.content(each)) if original else await self.shown(each)
                path = to / f"{name}-{number}{SUFFIX[media]}"
                with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                    async for piece in content:
                        file.write(piece)
                written.append(path)
            except NotShown:
                continue
        return written, len(attachments) - len(written)

    def _picture(self, attachment: Attachment) -> bytes:
        with self._whole(attachment) as content:
            return pictures.shown(content)

    def _whole(self, attachment: Attachment) -> SealedReader:
        """The content of an attachment, its end not missing. Raises Unsealable."""
        content = self._files.open(attachment.digest)
        if content.size != attachment.bytes:
            content.close()
            raise Unsealable("an attachment is not as long as it was: restore it from a backup")
        return content

    async def _recording(self, attachment: Attachment) -> AsyncIterator[bytes]:
        with self._whole(attachment) as content:
            spans = personal_spans(attachment.media, content.read_at, content.size)
            for piece in _blanked(content, spans):
                yield piece
                await asyncio.sleep(0)


def _described(media: Media, content: SealedReader) -> tuple[str, dict[str, Any]]:  # Any: JSON
    """(state, meta) by header and boxes alone."""
    try:
        if media.form is Form.IMAGE:
            if media.name == "image/heic":  # nothing here decodes it
                return QUARANTINED, {}
            picture = pictures.look(content)
            meta = {"width": picture.width, "height": picture.height, **picture.meta}
            return KEPT if picture.is_whole else QUARANTINED, meta
        spans = personal_spans(media.name, content.read_at, content.size)
    except (NotShown, Damaged):
        return QUARANTINED, {}
    position = position_in(content.read_at, spans)
    return KEPT, {} if position is None else {"latitude": position[0], "longitude": position[1]}


def _blanked(content: SealedReader, spans: tuple[Span, ...]) -> Iterator[bytes]:
    """The content with every span's bytes 0; a box keeps its length and becomes "free" (ISO/IEC 14496-12 §8.1.2), so nothing moves."""
    at = 0
    for piece in content.pieces():
        bare = bytearray(piece)
        for span in spans:
            _put(bare, at, span.start + span.header, None, span.length - span.header)
            if span.header:
                _put(bare, at, span.start + 4, b"free", 4)
        yield bytes(bare)
        at += len(piece)


def _put(piece: bytearray, at: int, start: int, new: bytes | None, length: int) -> None:
    """Write `new`, or zeros, which belong at `start` of the content, into the piece that lies at `at`, as far as they meet."""
    low, high = max(start, at), min(start + length, at + len(piece))
    if low < high:
        piece[low - at : high - at] = bytes(high - low) if new is None else new[low - start : high - start]


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def _pieces(content: bytes | AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """`content` in pieces of 1 MiB, however it comes."""
    held = bytearray()
    async for part in _slices(content) if isinstance(content, bytes) else content:
        held += part
        while len(held) >= PIECE:
            yield bytes(held[:PIECE])
            del held[:PIECE]
    if held:
        yield bytes(held)


async def _slices(content: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(content), PIECE):
        yield content[at : at + PIECE]


def _printable(text: str) -> str:
    return "".join(c for c in text if c.isprintable())[:_DECLARED]
