"""What a person's later messages do to their earlier tip: the words become an event of it, and what is read from them joins its fields."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.storage.schema import tip, tip_event
from gateway.storage.twice import in_one, read_rows

ADDED: Final = "added"
CORRECTED: Final = "corrected"

LATEST: Final = in_one(  # served by the index on tip.bidx
    "SELECT mo.id AS id, max(t.id) AS tip FROM mo JOIN tip AS t ON t.bidx = mo.bidx AND t.received_at > $2 "
    "WHERE mo.id {of_1} GROUP BY mo.id",
    "id",
    "tip",
)
TALKING: Final = in_one(  # served by dialogue_person (bidx, touched_at)
    "SELECT DISTINCT mo.id AS id FROM mo JOIN dialogue AS d ON d.bidx = mo.bidx AND d.touched_at > $2 AND d.ended_at IS NULL "
    "WHERE mo.id {of_1}",
    "id",
)
ON_DUTY: Final = in_one("SELECT mo.id AS id FROM mo JOIN duty ON duty.bidx = mo.bidx WHERE mo.id {of_1}", "id")


@dataclass(frozen=True, slots=True)
class Told:
    """A tip that later words may join. `fields`: JSON of what was read so far."""

    id: int
    code: str
    bidx: bytes
    village: str | None
    fields: str = field(repr=False)
    urgent: str | None
    state: str
    received_at: int


@dataclass(frozen=True, slots=True)
class Joining:
    """Words that join tip `tip` at `at`, and what is known of it with them."""

    tip: int
    kind: Literal["added", "corrected"]
    note: str = field(repr=False)
    at: int
    village: str | None
    fields: str = field(repr=False)
    urgent: str | None


async def latest_tips(connection: AsyncConnection, ids: Collection[int], since: int) -> dict[int, Told]:
    """The latest tip, received since then, of the person of each of MOs `ids`; only where there is one."""
    if not ids:
        return {}
    latest = {row[0]: row[1] for row in await read_rows(connection, LATEST, sorted(ids), since)}
    told = await _tips(connection, tip.c.id.in_(set(latest.values()))) if latest else {}
    return {mo: told[id_] for mo, id_ in latest.items() if id_ in told}


async def tips_by_code(connection: AsyncConnection, codes: Collection[str]) -> dict[str, Told]:
    """Those of the tips with `codes` that exist."""
    found = await _tips(connection, tip.c.code.in_(codes)) if codes else {}
    return {each.code: each for each in found.values()}


async def _tips(connection: AsyncConnection, which: Any) -> dict[int, Told]:  # Any: a condition
    columns = (tip.c.id, tip.c.code, tip.c.bidx, tip.c.village, tip.c.fields, tip.c.urgent, tip.c.state, tip.c.received_at)
    found = await connection.execute(select(*columns).where(which).with_for_update())  # who adds at once must not undo the other
    return {row.id: Told(row.id, row.code, bytes(row.bidx), row.village, row.fields or "{}", *row[5:]) for row in found}


_JOIN: Final = (
    update(tip)
    .where(tip.c.id == bindparam("tip_"))
    .values(village=bindparam("village_"), fields=bindparam("fields_", type_=tip.c.fields.type), urgent=bindparam("urgent_"))
)


async def join(connection: AsyncConnection, joining: Sequence[Joining]) -> None:
    """Store words as events of their tips, and what the tips say with them."""
    if not joining:
        return
    events = [{"tip": each.tip, "kind": each.kind, "note": each.note, "at": each.at} for each in joining]
    await connection.execute(insert(tip_event), events)
    tips = [{"tip_": each.tip, "village_": each.village, "fields_": each.fields, "urgent_": each.urgent} for each in joining]
    await connection.execute(_JOIN, tips)


async def urgent_tips(connection: AsyncConnection, why: Mapping[str, str]) -> dict[int, str]:
    """`why` (by tip code) by the tips' ids."""
    if not why:
        return {}
    found = await connection.execute(select(tip.c.id, tip.c.code).where(tip.c.code.in_(why)))
    return {row.id: why[row.code] for row in found}


async def in_dialogue(connection: AsyncConnection, ids: Collection[int], since: int) -> set[int]:
    """Those of MOs `ids` whose senders have a dialogue open that was touched since then."""
    return {row[0] for row in await read_rows(connection, TALKING, sorted(ids), since)} if ids else set()


async def on_duty(connection: AsyncConnection, ids: Collection[int]) -> set[int]:
    """Those of MOs `ids` that come from the duty list."""
    return {row[0] for row in await read_rows(connection, ON_DUTY, sorted(ids))} if ids else set()
