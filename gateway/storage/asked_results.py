"""What carriers say only when asked: requests by the carrier's reference, and their MTs that nothing final is known of."""

from typing import Final, NamedTuple

from sqlalchemy import bindparam, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.msisdn import Msisdn
from gateway.storage.schema import mt

_mine = (mt.c.route == bindparam("route_"), mt.c.carrier_ref.is_not(None))
_first = select(func.min(mt.c.carrier_ref)).where(*_mine, mt.c.carrier_ref > bindparam("after_")).scalar_subquery()
_refs = select(_first.label("ref"), literal_column("1").label("n")).cte("refs", recursive=True)
_next = select(func.min(mt.c.carrier_ref)).where(*_mine, mt.c.carrier_ref > _refs.c.ref).scalar_subquery()
_walk = _refs.union_all(select(_next, _refs.c.n + 1).where(_refs.c.ref.is_not(None), _refs.c.n < bindparam("limit_")))
_taken = (  # of one MT: all of a request were taken at one time, and to look for the latest would read each of them
    select(mt.c.sent_at).where(*_mine, mt.c.carrier_ref == _walk.c.ref).limit(1).scalar_subquery()
)
REFS: Final = select(_walk.c.ref, _taken.label("at")).where(_walk.c.ref.is_not(None))  # hops by mt_carrier_ref

_OPEN: Final = select(mt.c.ref, mt.c.msisdn, mt.c.sent_at).where(
    mt.c.route == bindparam("route_"), mt.c.carrier_ref == bindparam("ref_"), mt.c.state == literal_column("'sent'")
)


class OpenMt(NamedTuple):
    """An MT that was taken. `ref`: ours; `sent_at`: epoch ms."""

    ref: str
    msisdn: Msisdn
    sent_at: int

    def __repr__(self) -> str:
        return f"OpenMt({self.ref})"


async def carrier_refs(connection: AsyncConnection, route: str, after: str, limit: int) -> list[tuple[str, int]]:
    """Up to `limit` references behind `after` that the carrier of `route` gave, in order, and when it took the request, epoch ms.

    A hop costs the same however many MTs share a reference.
    """
    rows = await connection.execute(REFS, {"route_": route, "after_": after, "limit_": limit})
    return sorted((row.ref, row.at or 0) for row in rows)


async def open_mts(connection: AsyncConnection, route: str, carrier_ref: str) -> list[OpenMt]:
    """The MTs of one request that were taken and not reported on."""
    rows = await connection.execute(_OPEN, {"route_": route, "ref_": carrier_ref})
    return [OpenMt(row.ref, Msisdn(row.msisdn), row.sent_at or 0) for row in rows]
