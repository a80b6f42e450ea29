"""What an outside system may read: the MTs it sent, and the tips of its commune. A page costs its own rows, wherever it begins."""

from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Row, Select, bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.msisdn import Msisdn
from gateway.storage.clients import Client
from gateway.storage.schema import client_mt, mt, tip, tip_work


@dataclass(frozen=True, slots=True)
class SentMt:
    """An MT of a client. Times are epoch ms; `due_at` 0: at once; `to` masks itself."""

    id: int
    ref: str
    to: Msisdn
    state: str
    route: str
    segments: int
    created_at: int
    due_at: int
    expires_at: int
    sent_at: int | None
    failure: str | None
    code: str | None


# PostgreSQL gives ids before it commits: who reads on behind an id would miss a row below it that is committed later. So a page waits for
# those who write at this moment (SHARE lets nobody else do so meanwhile, which is the time of one SELECT).
_QUIET: Final = {"client_mt": text("LOCK TABLE client_mt IN SHARE MODE"), "tip": text("LOCK TABLE tip IN SHARE MODE")}


async def _settle(connection: AsyncConnection, table: str) -> None:
    if connection.dialect.name == "postgresql":
        await connection.execute(_QUIET[table])


_MT: Final[Select[Any]] = select(  # Any: a row's values
    mt.c.id, mt.c.ref, mt.c.msisdn, mt.c.state, mt.c.route, mt.c.segments, mt.c.created_at, mt.c.due_at, mt.c.expires_at, mt.c.sent_at,
    mt.c.failure, mt.c.code,
).select_from(client_mt.join(mt, mt.c.id == client_mt.c.mt)).where(
    client_mt.c.client == bindparam("client_"), client_mt.c.commune == bindparam("commune_")
)  # fmt: skip
_BY_REF: Final = _MT.where(mt.c.ref == bindparam("ref_"))
_MT_PAGE: Final = _MT.where(client_mt.c.mt > bindparam("after_")).order_by(client_mt.c.mt).limit(bindparam("limit_"))
_MT_PAGE_OF_STATE: Final = _MT_PAGE.where(mt.c.state == bindparam("state_"))


async def message(connection: AsyncConnection, by: Client, ref: str) -> SentMt | None:
    """The MT of that name; None: there is none, or somebody else sent it."""
    row = (await connection.execute(_BY_REF, {"client_": by.id, "commune_": by.commune, "ref_": ref})).one_or_none()
    return _sent(row) if row else None


async def messages(connection: AsyncConnection, by: Client, after: int, limit: int, state: str | None) -> list[SentMt]:
    """MTs of `by` behind the one of id `after`, the oldest first. Whoever goes on behind the last misses none."""
    await _settle(connection, "client_mt")
    values = {"client_": by.id, "commune_": by.commune, "after_": after, "limit_": limit}
    page: Select[Any] = _MT_PAGE  # Any: a row's values
    if state is not None:
        page, values = _MT_PAGE_OF_STATE, {**values, "state_": state}
    return [_sent(row) for row in await connection.execute(page, values)]


def _sent(row: Row[Any]) -> SentMt:  # Any: a row's values
    id_, ref, to, *more = tuple(row)
    return SentMt(id_, ref, Msisdn(to or ""), *more)


# --- tips ---


@dataclass(frozen=True, slots=True)
class OutsideTip:
    """A tip as stored; whoever passes it on masks its words. `fields`, `corrected`: JSON; `kind`: what staff sorted it as."""

    id: int
    code: str
    channel: str
    village: str | None
    urgent: str | None
    state: str
    received_at: int
    language: str
    text: str = field(repr=False)
    fields: str | None = field(repr=False)
    kind: str | None
    corrected: str | None = field(repr=False)


_TIP: Final[Select[Any]] = (  # Any: a row's values
    select(
        tip.c.id, tip.c.code, tip.c.channel, tip.c.village, tip.c.urgent, tip.c.state, tip.c.received_at, tip.c.language, tip.c.text,
        tip.c.fields, tip_work.c.kind, tip_work.c.corrected,
    )
    .select_from(tip.outerjoin(tip_work, tip_work.c.tip == tip.c.id))
    .where(tip.c.commune == bindparam("commune_"))
)  # fmt: skip
_BY_CODE: Final = _TIP.where(tip.c.code == bindparam("code_"))
_TIP_PAGE: Final = _TIP.where(tip.c.id > bindparam("after_")).order_by(tip.c.id).limit(bindparam("limit_"))


async def tip_by_code(connection: AsyncConnection, commune: str, code: str) -> OutsideTip | None:
    """The tip of that code; None: there is none in that commune."""
    row = (await connection.execute(_BY_CODE, {"commune_": commune, "code_": code})).one_or_none()
    return OutsideTip(*tuple(row)) if row else None


async def tips(connection: AsyncConnection, commune: str, after: int, limit: int) -> list[OutsideTip]:
    """Tips of a commune behind the one of id `after`, in the order in which they were stored; as with `messages`, none is missed."""
    await _settle(connection, "tip")
    values = {"commune_": commune, "after_": after, "limit_": limit}
    return [OutsideTip(*tuple(row)) for row in await connection.execute(_TIP_PAGE, values)]
