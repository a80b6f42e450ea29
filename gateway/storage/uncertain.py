"""MTs whose answer never came, a wave at a time: which requests carried them, and a person's word on what is left (ADR 0005)."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row, bindparam, case, func, insert, literal_column, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.message import MtState
from gateway.domain.msisdn import Msisdn
from gateway.storage.outbox import ClaimedMt
from gateway.storage.schema import attempt, mt, request
from gateway.storage.wave_mts import CHUNK

BY_WORD: Final = "by word"  # the code of an attempt that a person settled


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A request of which some MTs are uncertain, in the order of its body."""

    ref: str
    route: str
    sent_at: int
    mts: tuple[ClaimedMt, ...]


_REQUESTS: Final = (
    select(request.c.our_ref, request.c.route, request.c.sent_at)
    .where(
        request.c.our_ref > bindparam("after_"),
        request.c.our_ref.in_(select(mt.c.request).where(mt.c.wave == bindparam("wave_"), mt.c.state == literal_column("'uncertain'"))),
    )
    .order_by(request.c.our_ref)
    .limit(bindparam("limit_"))
)
_MEMBERS: Final = (
    select(mt).where(mt.c.request.in_(bindparam("refs_", expanding=True)), mt.c.state == literal_column("'uncertain'")).order_by(mt.c.id)
)
_some = (
    select(mt.c.id)
    .where(
        mt.c.wave == bindparam("wave_"),
        mt.c.state == literal_column("'uncertain'"),
        (func.coalesce(mt.c.code, "") == bindparam("only_")) | (bindparam("only_") == literal_column("'*'")),
    )
    .limit(CHUNK)
    .with_for_update(skip_locked=True)
    .cte("some")
    .prefix_with("MATERIALIZED", dialect="postgresql")
)
_DECIDE: Final = (
    update(mt)
    .where(mt.c.id.in_(select(_some.c.id)), mt.c.state == literal_column("'uncertain'"))
    .values(
        state=bindparam("state_"),
        owner=None,
        due_at=0,
        # what goes again has a day for it; what is settled keeps its time
        expires_at=case((mt.c.expires_at < bindparam("until_"), bindparam("until_")), else_=mt.c.expires_at),
    )
    .returning(mt.c.id, mt.c.route, mt.c.attempts, mt.c.request)
)
_CLOSE: Final = (  # nobody asks after a request any more of which no MT is uncertain
    update(request)
    .where(
        request.c.our_ref == bindparam("ref_"),
        ~select(mt.c.id).where(mt.c.request == bindparam("ref_"), mt.c.state == literal_column("'uncertain'")).exists(),
    )
    .values(state="settled", resolve_at=None)
)


async def requests_of(connection: AsyncConnection, wave_id: int, after: str, limit: int = 200) -> list[Doubtful]:
    """Requests of a wave with uncertain MTs, by reference, the ones behind `after`."""
    rows = (await connection.execute(_REQUESTS, {"wave_": wave_id, "after_": after, "limit_": limit})).all()
    members: dict[str, list[ClaimedMt]] = {row.our_ref: [] for row in rows}
    for member in (await connection.execute(_MEMBERS, {"refs_": list(members)})).all() if rows else ():
        members[member.request].append(_asked(member))
    return [Doubtful(row.our_ref, row.route, row.sent_at, tuple(members[row.our_ref])) for row in rows]


def _asked(row: Row[Any]) -> ClaimedMt:  # Any: the columns of _MEMBERS
    """Without words: a carrier is asked by references."""
    return ClaimedMt(
        id=row.id,
        ref=row.ref,
        wave=row.wave,
        lane=row.lane,
        is_reply=row.reply_to is not None,
        msisdn=Msisdn(row.msisdn),
        body=None,
        parameters=None,
        language=None,
        segments=row.segments,
        attempts=row.attempts,
        expires_at=row.expires_at,
        origin=row.origin,
    )


_STILL: Final = (
    select(mt.c.id)
    .where(mt.c.id.in_(bindparam("ids_", expanding=True)), mt.c.state == literal_column("'uncertain'"))
    .order_by(mt.c.id)
    .with_for_update()
)


async def still(connection: AsyncConnection, ids: Collection[int]) -> frozenset[int]:
    """Those of `ids` that are uncertain still, locked: upkeep asks as well, and a report may have come."""
    return frozenset((await connection.scalars(_STILL, {"ids_": list(ids)})).all())


async def decide_some(connection: AsyncConnection, wave_id: int, state: MtState, only: str, now: int, until: int) -> int:
    """Settle up to CHUNK uncertain MTs by a person's word, with a row of `attempt` each. How many; 0: none is left.

    `only`: the code they became uncertain with, "*": any. `until`: what goes again lives at least until then; 0: as it is.
    """
    values = {"wave_": wave_id, "state_": state.value, "only_": only, "until_": until}
    rows = (await connection.execute(_DECIDE, values)).all()
    if rows:
        noted = [
            {"mt": row.id, "route": row.route, "number": row.attempts, "outcome": state.value, "code": BY_WORD, "at": now} for row in rows
        ]
        await connection.execute(insert(attempt), noted)
        if refs := {row.request for row in rows} - {None}:
            await connection.execute(_CLOSE, [{"ref_": ref} for ref in refs])
    return len(rows)
