"""Dialogues as rows: where each stands, sealed; found again by session, or by person. A USSD session is one row, a question by SMS too.

`session` is a keyed hash of the carrier's id: some carriers put the number into it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final

from sqlalchemy import ColumnElement, bindparam, func, insert, literal_column, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.storage.new_rows import NewRows
from gateway.storage.schema import dialogue, tip, tip_event

USSD: Final = "ussd"


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A row; `id` 0: not stored yet. `slots`: JSON of all that the talk knows. Times in epoch ms."""

    id: int
    channel: str
    bidx: bytes
    session: str | None
    language: str
    step: str
    slots: str | None = field(repr=False)
    tip: int | None
    mo: int | None
    last_input: str | None = field(repr=False)
    last_screen: str | None = field(repr=False)
    started_at: int
    touched_at: int
    ended_at: int | None = None
    how: str | None = None


_COLUMNS: Final = [dialogue.c[each.name] for each in fields(Dialogue)]
_open: Final[ColumnElement[bool]] = literal_column("ended_at IS NULL")
_SESSIONS: Final = (  # served by dialogue_session; held, so that a repeat which comes at once waits for the first
    select(*_COLUMNS)
    .where(dialogue.c.channel == USSD, dialogue.c.session.in_(bindparam("sessions_", expanding=True)), dialogue.c.session.is_not(None))
    .order_by(dialogue.c.id)
    .with_for_update()
)
_OF_PEOPLE: Final = (  # served by dialogue_person (bidx, touched_at)
    select(*_COLUMNS)
    .where(dialogue.c.bidx.in_(bindparam("people_", expanding=True)), dialogue.c.touched_at >= bindparam("since_"))
    .order_by(dialogue.c.touched_at, dialogue.c.id)
    .with_for_update()
)
_SILENT: Final = (  # served by dialogue_open (touched_at) WHERE ended_at IS NULL
    select(*_COLUMNS)
    .where(_open, dialogue.c.channel == bindparam("channel_"), dialogue.c.touched_at < bindparam("before_"))
    .order_by(dialogue.c.touched_at)
    .limit(bindparam("limit_"))
    .with_for_update(skip_locked=True)
)
_SET: Final = ("session", "step", "slots", "tip", "mo", "last_input", "last_screen", "touched_at", "ended_at", "how")
_SAVE: Final = (
    update(dialogue)
    .where(dialogue.c.id == bindparam("id_"))
    .values({name: bindparam(f"{name}_", type_=dialogue.c[name].type) for name in _SET})
)
_NEW: Final = NewRows(dialogue, *(each.name for each in fields(Dialogue) if each.name != "id"))
_END: Final = (
    update(dialogue)
    .where(_open, dialogue.c.channel == bindparam("channel_"), dialogue.c.touched_at < bindparam("before_"))
    .values(ended_at=bindparam("now_"), how=bindparam("how_"))
)


async def by_sessions(connection: AsyncConnection, sessions: Collection[str]) -> dict[str, Dialogue]:
    """The USSD dialogues of `sessions`, held until the transaction ends."""
    found = await connection.execute(_SESSIONS, {"sessions_": sorted(sessions)})
    return {each.session: each for row in found if (each := _row(row)).session is not None}


async def of_people(connection: AsyncConnection, people: Collection[bytes], channels: Collection[str], since: int) -> dict[bytes, Dialogue]:
    """The latest dialogue on `channels` of each of `people` that was touched at `since` or later, held until the transaction ends."""
    if not people:
        return {}
    found = await connection.execute(_OF_PEOPLE, {"people_": list(people), "since_": since})
    return {each.bidx: each for row in found if (each := _row(row)).channel in channels}


async def silent(connection: AsyncConnection, channel: str, before: int, limit: int) -> list[Dialogue]:
    """Open dialogues on `channel` untouched since `before`, oldest first."""
    return [_row(row) for row in await connection.execute(_SILENT, {"channel_": channel, "before_": before, "limit_": limit})]


async def end_silent(connection: AsyncConnection, channel: str, before: int, now: int, how: str) -> int:
    """End open dialogues on `channel` untouched since `before`; returns how many."""
    return (await connection.execute(_END, {"channel_": channel, "before_": before, "now_": now, "how_": how})).rowcount


def _row(row: Any) -> Dialogue:  # Any: a row
    return Dialogue(row.id, row.channel, bytes(row.bidx), *row[3:])


async def save(connection: AsyncConnection, rows: Sequence[Dialogue]) -> None:
    """Store `rows`: those without an id are new. Those that exist come first: a session may pass from one to the other."""
    known = [{f"{name}_": getattr(each, name) for name in _SET} | {"id_": each.id} for each in rows if each.id]
    if known:
        await connection.execute(_SAVE, known)
    await _NEW.add(connection, [each for each in rows if not each.id])


# -- the tip behind a dialogue -----------------------------------------------------------------------------------------------------------

_MAY: Final = (
    update(tip)
    .where(tip.c.id == bindparam("tip_"))
    .values(
        may_call=func.coalesce(bindparam("may_call_", type_=tip.c.may_call.type), tip.c.may_call),
        may_publish=func.coalesce(bindparam("may_publish_", type_=tip.c.may_publish.type), tip.c.may_publish),
    )
)


@dataclass(frozen=True, slots=True)
class Consent:
    """An informant's own word: whether we may call, whether we may name them. `evidence`: JSON, the words shown and what was answered."""

    tip: int
    may_call: bool | None
    may_publish: bool | None
    evidence: str = field(repr=False)
    at: int


async def consent(connection: AsyncConnection, given: Sequence[Consent]) -> None:
    """Note what informants allow, each with its evidence; a word not given leaves the earlier one."""
    if not given:
        return
    await connection.execute(_MAY, [{"tip_": each.tip, "may_call_": each.may_call, "may_publish_": each.may_publish} for each in given])
    events = [{"tip": each.tip, "kind": "consent", "note": each.evidence, "at": each.at} for each in given]
    await connection.execute(insert(tip_event), events)
