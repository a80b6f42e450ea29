"""What a person's later messages do to their earlier tip: the words become an event of it, and what is read from them joins its fields."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.storage.schema import tip, tip_event
from gateway.storage.twice import in_one, read_rows

ADDED: Final = "added"
CORRECTED: Final = "corrected"

LATEST: Final = in_one(  # served by the index on tip.bidx; written_at is later than received_at
    "SELECT mo.id AS id, (SELECT t.id FROM tip AS t WHERE t.bidx = mo.bidx AND coalesce(t.written_at, t.received_at) > $2 "
    "ORDER BY coalesce(t.written_at, t.received_at) DESC, t.id DESC LIMIT 1) AS tip FROM mo WHERE mo.id {of_1}",
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
    """A tip that later words may join. `fields`: JSON of what was read so far. `spoken_at`: when it was told, or staff last wrote of it."""

    id: int
    code: str
    bidx: bytes
    village: str | None
    fields: str = field(repr=False)
    urgent: str | None
    state: str
    received_at: int
    spoken_at: int


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


_TOLD: Final = select(
    tip.c.id, tip.c.code, tip.c.bidx, tip.c.village, tip.c.fields, tip.c.urgent, tip.c.state, tip.c.received_at,
    func.coalesce(tip.c.written_at, tip.c.received_at),
).with_for_update()  # fmt: skip
_BY_ID: Final = _TOLD.where(tip.c.id.in_(bindparam("tips_", expanding=True)))
_BY_CODE: Final = _TOLD.where(tip.c.code.in_(bindparam("codes_", expanding=True)))


async def latest_tips(connection: AsyncConnection, ids: Collection[int], since: int) -> dict[int, Told]:
    """The tip that was last spoken of, since then, by or to the person of each of MOs `ids`; only where there is one."""
    if not ids:
        return {}
    latest = {row[0]: row[1] for row in await read_rows(connection, LATEST, sorted(ids), since) if row[1] is not None}
    tips = await told(connection, latest.values())
    return {mo: tips[id_] for mo, id_ in latest.items() if id_ in tips}


async def tips_by_code(connection: AsyncConnection, codes: Collection[str]) -> dict[str, Told]:
    """Those of the tips with `codes` that exist."""
    found = await connection.execute(_BY_CODE, {"codes_": sorted(codes)}) if codes else ()
    return {row.code: _told(row) for row in found}


async def told(connection: AsyncConnection, tips: Collection[int]) -> dict[int, Told]:
    """Those of `tips`, by id, held until the transaction ends: who adds at once must not undo the other."""
    found = await connection.execute(_BY_ID, {"tips_": sorted(set(tips))}) if tips else ()
    return {row.id: _told(row) for row in found}


def _told(row: Any) -> Told:  # Any: a row
    return Told(row.id, row.code, bytes(row.bidx), row.village, row.fields or "{}", *row[5:])


_JOIN: Final = (
    update(tip)
    .where(tip.c.id == bindparam("tip_"))
    .values(
        village=bindparam("village_"),
        commune=func.coalesce(bindparam("commune_", type_=tip.c.commune.type), tip.c.commune),
        fields=bindparam("fields_", type_=tip.c.fields.type),
        urgent=bindparam("urgent_"),
    )
)


async def join(connection: AsyncConnection, joining: Sequence[Joining], commune_of: Callable[[str], str]) -> None:
    """Store words as events of their tips, and what the tips say with them. `commune_of` a village: whose desk reads such a tip."""
    if not joining:
        return
    events = [{"tip": each.tip, "kind": each.kind, "note": each.note, "at": each.at} for each in joining]
    await connection.execute(insert(tip_event), events)
    tips = [
        {
            "tip_": each.tip,
            "village_": each.village,
            "commune_": commune_of(each.village) if each.village else None,
            "fields_": each.fields,
            "urgent_": each.urgent,
        }
        for each in joining
    ]
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
