"""Long texts come in parts: cut by the network with a reference in their header, or cut and numbered by hand. One text, one tip, one reply.

The rules of what belongs together are the reading's (`reading/parts.py`, `reading/numbered.py`); here parts become one MO, whose row the
parts' rows point to. What stays incomplete for ten minutes is shown as far as it goes, never dropped.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.reading.numbered import join
from gateway.reading.parts import APART_MS, WAIT_MS, Assembled, Part, assembled, gathered
from gateway.storage import parts
from gateway.storage.inbox import OURS, Mo, NewMo
from gateway.storage.parts import Waiting
from gateway.storage.seal import Keyring

WHOLE: Final = "whole"  # the reference of what was joined, which no second look takes for a part
HAND: Final = "hand"  # the reference of parts that a person numbered
_MISSING: Final = " parts missing"


def is_incomplete(mo: Mo) -> bool:
    """Whether `mo` was joined from parts of which some never came."""
    return mo.alarm is not None and mo.alarm.endswith(_MISSING)


async def join_parts(connection: AsyncConnection, keyring: Keyring, ids: Collection[int], now: int) -> dict[int, int]:
    """Join the texts that parts `ids`, just stored, complete: the whole's id by each part's."""
    if not ids:
        return {}
    waiting = await parts.waiting_with(connection, keyring, ids, now - APART_MS)
    return await _store(connection, keyring, waiting, now, states=("complete",))


async def some_overdue(connection: AsyncConnection, now: int) -> bool:
    """Whether `show_overdue` may find anything; also on a connection that only reads."""
    return await parts.any_until(connection, now - WAIT_MS)


async def show_overdue(connection: AsyncConnection, keyring: Keyring, now: int) -> dict[int, int]:
    """Make MOs of texts whose first part came ten minutes ago, incomplete as they are: the whole's id by each part's."""
    late = await parts.overdue(connection, keyring, now - WAIT_MS)
    if not late:
        return {}
    beside = await parts.waiting_with(connection, keyring, [part.id for part in late], now - APART_MS)
    return await _store(connection, keyring, {part.id: part for part in (*late, *beside)}.values(), now, states=("complete", "partial"))


async def _store(
    connection: AsyncConnection, keyring: Keyring, waiting: Iterable[Waiting], now: int, *, states: Collection[str]
) -> dict[int, int]:
    rows = {part.id: part for part in waiting}
    wholes = []
    for together in gathered(map(_pure, rows.values())):
        found = assembled(together, now)
        if found.state in states:
            wholes.append((_whole([rows[id_] for id_ in found.ids], found), found.ids))
    return await parts.store_wholes(connection, keyring, wholes)


def _pure(row: Waiting) -> Part:
    return Part(row.id, row.bidx, row.receiver, row.ref, row.number, row.total, row.text, row.received_at)


def _whole(rows: Sequence[Waiting], found: Assembled) -> NewMo:
    """The MO that parts are joined into; where some are missing it says so. A lone part by hand keeps its words as they are."""
    first = rows[0]
    by_hand = first.ref == HAND and len(rows) > 1
    return NewMo(
        route=rows[-1].route,
        channel=first.channel,
        carrier_id=f"{OURS}whole-{min(found.ids)}",
        sender=first.sender,
        receiver=first.receiver,
        text=join(row.text for row in rows) if by_hand else first.text if first.ref == HAND else found.text,
        received_at=max(row.received_at for row in rows),
        sent_at=min((row.sent_at for row in rows if row.sent_at is not None), default=None),
        part_ref=WHOLE,
        alarm=f"{len(found.missing)} of {first.total}{_MISSING}" if found.missing else None,
    )
