"""Parts of longer texts that wait for each other, and the whole MO that their words are joined into. The parts' rows stay."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import literal_column, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.storage import bulk_inbox
from gateway.storage.inbox import NewMo, add_mos
from gateway.storage.schema import mo
from gateway.storage.seal import Keyring
from gateway.storage.twice import blob, change_rows, read_rows


@dataclass(frozen=True, slots=True)
class Waiting:
    """A part that waits. `ref`, `number`, `total`: see `inbox.NewMo`."""

    id: int
    route: str
    channel: str
    bidx: bytes
    sender: str = field(repr=False)
    receiver: str
    text: str = field(repr=False)
    ref: str
    number: int
    total: int
    received_at: int
    sent_at: int | None


@dataclass(frozen=True, slots=True)
class Parked:
    """An MO that is a part by its own words: it waits from now on."""

    id: int
    ref: str
    number: int
    total: int


# Two processes that store two parts of one text at once would each miss the other's: whoever comes second waits and sees both.
_LOCK: Final = text(
    "SELECT count(pg_advisory_xact_lock(hashtextextended(encode(person.bidx, 'hex'), 4))) "
    "FROM (SELECT DISTINCT bidx FROM mo WHERE id = ANY(CAST(:ids AS bigint[])) ORDER BY bidx) AS person"
)


async def waiting_with(connection: AsyncConnection, keyring: Keyring, ids: Collection[int], since: int) -> list[Waiting]:
    """All parts that came after `since` from the senders of parts `ids` to the same numbers, oldest first. Nobody joins them meanwhile."""
    if connection.dialect.name == "postgresql":
        await connection.execute(_LOCK, {"ids": sorted(ids)})
    return [_opened(keyring, row) for row in await read_rows(connection, bulk_inbox.WAITING_WITH, sorted(ids), since)]


async def any_until(connection: AsyncConnection, until: int) -> bool:
    """Whether a part that came until then waits still; served by mo_part."""
    waiting = select(mo.c.id).where(mo.c.state == literal_column("'part'"), mo.c.received_at <= until).limit(1)
    return await connection.scalar(waiting) is not None


async def overdue(connection: AsyncConnection, keyring: Keyring, until: int) -> list[Waiting]:
    """Parts that came until then and wait still, oldest first, at most 1,000."""
    return [_opened(keyring, row) for row in await read_rows(connection, bulk_inbox.OVERDUE, until)]


def _opened(keyring: Keyring, row: Sequence[Any]) -> Waiting:  # Any: a row's values
    id_, route, channel, bidx, sender, receiver, words, *rest = row
    return Waiting(
        id_, route, channel, blob(bidx), keyring.open(blob(sender), "msisdn").decode(), receiver,
        keyring.open(blob(words), "mo.text").decode(), *rest,
    )  # fmt: skip


async def park(connection: AsyncConnection, parked: Sequence[Parked]) -> None:
    """Let MOs wait as parts."""
    await change_rows(connection, bulk_inbox.PARKED, [(each.id, each.ref, each.number, each.total) for each in parked])


async def store_wholes(connection: AsyncConnection, keyring: Keyring, wholes: Sequence[tuple[NewMo, Sequence[int]]]) -> dict[int, int]:
    """Store what parts (their ids) were joined into and let them point to it; the id of the whole by each part's."""
    if not wholes:
        return {}
    stored = await add_mos(connection, keyring, [whole for whole, _ in wholes])
    found = {part: at.id for at, (_, parts) in zip(stored, wholes, strict=True) for part in parts}
    await change_rows(connection, bulk_inbox.JOINED, list(found.items()))
    return found
