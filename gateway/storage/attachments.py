"""Attachments as rows: what was sent with a tip. The contents lie in `sealed_files`."""

from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Row, bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert  # its ON CONFLICT compiles and runs on SQLite too; pinned by tests/storage
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.storage.schema import attachment

KEPT: Final = "kept"
QUARANTINED: Final = "quarantined"  # sealed and kept, but never decoded or shown by us
PARTIAL: Final = "partial"  # an upload under way


@dataclass(frozen=True, slots=True)
class Attachment:
    """One photo or recording. `digest`: keyed hash of the content; `meta`: JSON of what the file says of itself; `state`: see above."""

    id: int
    tip: int
    mo: int | None
    digest: bytes = field(repr=False)
    media: str
    bytes: int
    meta: str | None = field(repr=False)
    state: str
    created_at: int


_MINE: Final = (attachment.c.tip == bindparam("tip_")) & (attachment.c.digest == bindparam("digest_"))
_ONE: Final = select(attachment).where(_MINE)
_UPLOAD: Final = select(attachment).where(attachment.c.digest == bindparam("digest_"), attachment.c.state == PARTIAL)
_OLD: Final = select(attachment.c.digest).where(attachment.c.state == PARTIAL, attachment.c.created_at < bindparam("before_"))
_OF_TIP: Final = select(attachment).where(attachment.c.tip == bindparam("tip_"), attachment.c.state != PARTIAL).order_by(attachment.c.id)
_ROOM: Final = select(func.count(), func.coalesce(func.sum(attachment.c.bytes), 0)).where(attachment.c.tip == bindparam("tip_"))
_DROP: Final = delete(attachment).where(attachment.c.id == bindparam("id_"))
_SETTLE: Final = (
    update(attachment)
    .where(attachment.c.id == bindparam("id_"))
    .values({name: bindparam(f"{name}_", type_=attachment.c[name].type) for name in ("digest", "media", "bytes", "meta", "state")})
)


def _attachment(row: Row[Any]) -> Attachment:  # Any: a row's values
    return Attachment(row.id, row.tip, row.mo, bytes(row.digest), row.media, row.bytes, row.meta, row.state, row.created_at)


async def room(connection: AsyncConnection, tip: int) -> tuple[int, int]:
    """(attachments, bytes) that a tip has already, uploads under way with what they announced."""
    row = (await connection.execute(_ROOM, {"tip_": tip})).one()
    return row[0], int(row[1])


async def begin(connection: AsyncConnection, tip: int, mo: int | None, upload: bytes, declared: str, announced: int, now: int) -> None:
    """A row for an upload under way; `announced`: bytes."""
    values = {"tip": tip, "mo": mo, "digest": upload, "media": declared, "bytes": announced, "state": PARTIAL, "created_at": now}
    await connection.execute(upsert(attachment).values(**values).on_conflict_do_nothing())


async def upload_of(connection: AsyncConnection, upload: bytes) -> Attachment | None:
    """The upload under way of that name."""
    row = (await connection.execute(_UPLOAD, {"digest_": upload})).first()
    return None if row is None else _attachment(row)


async def uploads_before(connection: AsyncConnection, before: int) -> list[bytes]:
    """Names of the uploads under way that began before then (epoch ms)."""
    return [bytes(row.digest) for row in await connection.execute(_OLD, {"before_": before})]


async def settle(
    connection: AsyncConnection, upload: Attachment, digest: bytes, media: str, size: int, meta: str, state: str
) -> Attachment:
    """The upload is whole. The same content on the same tip again is the row that is there."""
    known = (await connection.execute(_ONE, {"tip_": upload.tip, "digest_": digest})).one_or_none()
    if known is not None:
        await connection.execute(_DROP, {"id_": upload.id})
        return _attachment(known)
    values = {"id_": upload.id, "digest_": digest, "media_": media, "bytes_": size, "meta_": meta, "state_": state}
    await connection.execute(_SETTLE, values)
    return Attachment(upload.id, upload.tip, upload.mo, digest, media, size, meta, state, upload.created_at)


async def drop(connection: AsyncConnection, id_: int) -> None:
    """Forget an upload that came to nothing."""
    await connection.execute(_DROP, {"id_": id_})


async def of_tip(connection: AsyncConnection, tip: int) -> list[Attachment]:
    """What came with a tip, in the order it came; uploads under way are left out."""
    return [_attachment(row) for row in await connection.execute(_OF_TIP, {"tip_": tip})]


async def by_id(connection: AsyncConnection, id_: int) -> Attachment | None:
    """One attachment."""
    row = (await connection.execute(select(attachment).where(attachment.c.id == id_))).one_or_none()
    return None if row is None else _attachment(row)
