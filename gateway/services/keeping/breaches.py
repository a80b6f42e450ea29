"""A breach of personal data: written down when it is discovered, told within 72 hours, with what was done."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.breach import Data
from gateway.domain.permission import Action, Actor
from gateway.services.refusal import Refusal
from gateway.storage import audit, breaches
from gateway.storage.audit import Entry
from gateway.storage.breaches import Breach
from gateway.storage.database import Database


@dataclass(frozen=True, slots=True)
class NewBreach:
    """The facts. Times: epoch ms; `people` 0: not known yet."""

    commune: str
    found_at: int
    began_at: int | None
    kinds: tuple[Data, ...]
    people: int
    what: str = field(repr=False)
    measures: str = field(repr=False)


async def write_down(database: Database, actor: Actor, new: NewBreach, now: int) -> int:
    """Its id. Raises Refusal, Forbidden."""
    actor.need(Action.REQUEST_WORK, new.commune)
    if not new.kinds or not new.what or not new.measures:
        raise Refusal("Xin chọn loại dữ liệu, ghi chuyện gì đã xảy ra và đã làm gì.")
    if new.found_at > now or (new.began_at is not None and new.began_at > new.found_at):
        raise Refusal("Giờ phát hiện phải trước lúc này, và giờ xảy ra phải trước giờ phát hiện.")
    if new.people < 0:
        raise Refusal("Số người không thể âm.")
    row = {
        "commune": new.commune, "found_at": new.found_at, "began_at": new.began_at, "kinds": ",".join(new.kinds), "people": new.people,
        "what": new.what, "measures": new.measures, "user": actor.user, "made_at": now,
    }  # fmt: skip

    async def unit(connection: AsyncConnection) -> int:
        id_ = await breaches.add(connection, row)
        await _note(connection, actor, id_, new.commune, "written", now)
        return id_

    return await database.write(unit)


async def _note(connection: AsyncConnection, actor: Actor, id_: int, commune: str, what: str, now: int) -> None:
    await audit.note(connection, Entry(actor, "breach.work", f"breach:{id_}", {"what": what}, commune), now)


async def listed(database: Database, actor: Actor) -> Sequence[Breach]:
    """Those of the actor's communes."""
    actor.need(Action.REQUEST_WORK)
    async with database.read() as connection:
        return await breaches.listed(connection, actor.communes)


async def find(database: Database, actor: Actor, id_: int) -> Breach:
    """One. Raises Refusal, Forbidden."""
    async with database.read() as connection:
        return await _found(connection, actor, id_)


async def _found(connection: AsyncConnection, actor: Actor, id_: int) -> Breach:
    actor.need(Action.REQUEST_WORK)
    found = await breaches.find(connection, id_)
    if found is None:
        raise Refusal(f"Không có sự cố số {id_}.")
    actor.need(Action.REQUEST_WORK, found.commune)
    return found


async def told(database: Database, actor: Actor, id_: int, who: str, now: int) -> None:
    """`who`: agency | people. Raises Refusal, Forbidden."""

    async def unit(connection: AsyncConnection) -> None:
        found = await _found(connection, actor, id_)
        if not await breaches.told(connection, id_, who, now):
            raise Refusal("Việc báo này đã được ghi rồi.")
        await _note(connection, actor, id_, found.commune, f"told {who}", now)

    await database.write(unit)


async def newest(database: Database, id_: int | None = None) -> Breach | None:
    """That one, or the last one that was written down, for the command."""
    async with database.read() as connection:
        if id_ is not None:
            return await breaches.find(connection, id_)
        found = await breaches.listed(connection, None)
    return found[0] if found else None
