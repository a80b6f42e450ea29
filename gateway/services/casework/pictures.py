"""Pictures of a case: what was seen in the field. Kept whole in sealed files, shown without what they say of place and camera."""

import asyncio
import io
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.media import HEAD, Form, sniff
from gateway.domain.permission import Action, Actor
from gateway.services import pictures
from gateway.services.attachments import MOST
from gateway.services.casework.common import STALE, Act, done, none_such
from gateway.services.pictures import NotShown
from gateway.services.refusal import Refusal
from gateway.storage import cases
from gateway.storage.database import Database
from gateway.storage.seal import Keyring
from gateway.storage.sealed_files import PIECE, SealedFiles
from gateway.storage.work_events import What

MOST_OF_A_CASE = 60
MOST_AT_ONCE = 10
_SHOWABLE = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})


@dataclass(frozen=True, slots=True)
class _Kept:
    """A picture whose content is on the disk. `digest`: hex."""

    digest: str
    media: str
    size: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A JPEG without metadata."""

    body: bytes = field(repr=False)


async def add_pictures(
    database: Database, files: SealedFiles, actor: Actor, case: int, version: int, contents: Sequence[bytes], now: int
) -> int:
    """Add pictures to a case; returns how many are new. Raises Forbidden, Refusal, OSError."""
    if not contents or len(contents) > MOST_AT_ONCE:
        raise Refusal(f"Xin chọn từ 1 đến {MOST_AT_ONCE} ảnh mỗi lần.")
    async with database.read() as connection:  # before anything is written to the disk
        await _admitted(connection, actor, case)
    media = [await asyncio.to_thread(_checked, content) for content in contents]
    kept = [await asyncio.to_thread(_keep, files, database.keyring, content, name) for content, name in zip(contents, media, strict=True)]

    async def unit(connection: AsyncConnection) -> int:
        found = await _admitted(connection, actor, case)
        if not await cases.step(connection, case, version):
            raise Refusal(STALE)
        there = len(await cases.pictures_of(connection, case))
        if there + len(kept) > MOST_OF_A_CASE:
            raise Refusal(f"Hồ sơ đã có {there} ảnh, nhiều nhất {MOST_OF_A_CASE}.")
        added = [await cases.add_picture(connection, case, None, each.digest, each.media, each.size, now) for each in kept]
        note = f"{sum(added)} ảnh"
        await done(connection, Act(actor, Action.CASE_WORK, What.CASE, case, found.commune, "picture added", found.number, note), now)
        return sum(added)

    return await database.write(unit)


async def show_picture(database: Database, files: SealedFiles, actor: Actor, case: int, picture: int) -> Shown:
    """One picture, smaller and bare of metadata. Raises Forbidden, Refusal."""
    actor.need(Action.CASE_READ)
    async with database.read() as connection:
        found = await cases.find(connection, case)
        kept = next((each for each in await cases.pictures_of(connection, case) if each.id == picture), None)
    if found is None or kept is None:
        raise none_such()
    actor.need(Action.CASE_READ, found.commune)
    try:
        return Shown(await asyncio.to_thread(_shown, files, bytes.fromhex(kept.digest)))
    except (NotShown, FileNotFoundError):
        raise Refusal("Ảnh này không mở được. Bản gốc vẫn được giữ; xin báo người giữ máy.") from None


async def _admitted(connection: AsyncConnection, actor: Actor, case: int) -> cases.Case:
    actor.need(Action.CASE_WORK)
    found = await cases.find(connection, case)
    if found is None:
        raise none_such()
    actor.need(Action.CASE_WORK, found.commune)
    return found


def _checked(content: bytes) -> str:
    """What the bytes are, whatever the browser called them. Raises Refusal."""
    media = sniff(content[:HEAD])
    if media is None or media.form is not Form.IMAGE or media.name not in _SHOWABLE:
        raise Refusal("Tệp này không phải ảnh mở được. Xin chọn ảnh JPG hoặc PNG.")
    if len(content) > MOST[Form.IMAGE]:
        raise Refusal("Ảnh nặng quá 20 MB. Xin thu nhỏ rồi gửi lại.")
    try:
        whole = pictures.look(io.BytesIO(content)).is_whole
    except NotShown:
        whole = False
    if not whole:
        raise Refusal("Ảnh này hỏng, hoặc lớn quá. Xin chọn ảnh khác.")
    return media.name


def _keep(files: SealedFiles, keyring: Keyring, content: bytes, media: str) -> _Kept:
    upload = keyring.blind(secrets.token_urlsafe(18), "upload")
    for at in range(0, len(content), PIECE):
        files.append(upload, at, content[at : at + PIECE])
    digest, size = files.digest(upload)
    files.settle(upload, digest)
    return _Kept(digest.hex(), media, size)


def _shown(files: SealedFiles, digest: bytes) -> bytes:
    with files.open(digest) as content:
        return pictures.shown(content)
