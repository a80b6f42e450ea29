"""The queue of tips as the desk reads it: pages by cursor, counts, one tip with its work, sealed words to search.

Urgent tips come first, then the newest. That is two walks down an index, one after the other, so a page costs its own rows however many
tips there are; a cursor names the walk and the last row of it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, exists, func, literal_column, or_, select, tuple_, type_coerce
from sqlalchemy import Row as SqlRow
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import NullType

from gateway.domain.tip_work import State
from gateway.storage.schema import mo, tip, tip_change, tip_event, tip_work, wave

OPEN_WORK: Final = "todo"
URGENT: Final = "urgent"
WAITING: Final = "waiting"
ALL: Final = "all"
QUEUES: Final = (OPEN_WORK, URGENT, WAITING, ALL)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which tips. `commune` None: all communes; every other None or "": no matter. `since`, `until`: epoch ms, from and below."""

    commune: str | None
    queue: str = ALL
    village: str = ""
    channel: str = ""
    kind: str = ""
    state: str = ""
    placement: str = ""
    assignee: str = ""
    wave: int | None = None
    since: int | None = None
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last row of a page. `rank`: 0 among the urgent, 1 behind them."""

    rank: int
    received_at: int
    id: int

    def __str__(self) -> str:
        return f"{self.rank}-{self.received_at}-{self.id}"

    @classmethod
    def read(cls, text: str) -> "Cursor | None":
        """None for what is no cursor: the list then begins at its beginning."""
        parts = text.split("-")
        if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) < 17 for part in parts):
            return None
        return cls(*map(int, parts))


@dataclass(frozen=True, slots=True)
class Row:
    """A tip in the list. `waits`: its informant was asked and has not answered."""

    id: int
    code: str
    commune: str
    channel: str
    village: str | None
    placement: str | None
    urgent: str | None
    state: str
    received_at: int
    text: str = field(repr=False)
    kind: str | None = None
    assignee: str | None = None
    flags: str | None = None
    result: str | None = None
    waits: bool = False

    @property
    def first(self) -> bool:
        """Whether it stands among the urgent."""
        return self.urgent is not None and self.state != State.CONCLUDED

    @property
    def cursor(self) -> Cursor:
        return Cursor(0 if self.first else 1, self.received_at, self.id)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many tips each queue holds."""

    todo: int
    urgent: int
    waiting: int
    all: int


_ANSWERED: Final = exists().where(mo.c.tip == tip.c.id, mo.c.received_at > tip.c.written_at)
_WAITS: Final = and_(tip.c.written_at.is_not(None), ~_ANSWERED)
# Literals: a bound value would keep PostgreSQL's generic plans from the partial indexes.
_OPEN: Final[ColumnElement[bool]] = literal_column("tip.state <> 'concluded'")
_IS_URGENT: Final[ColumnElement[bool]] = literal_column("tip.urgent IS NOT NULL")
_NOT_URGENT: Final = or_(literal_column("tip.urgent IS NULL"), literal_column("tip.state = 'concluded'"))
_FROM: Final = tip.outerjoin(tip_work, tip_work.c.tip == tip.c.id)
_ROW: Final = select(
    tip.c.id, tip.c.code, tip.c.commune, tip.c.channel, tip.c.village, tip.c.placement, tip.c.urgent, tip.c.state, tip.c.received_at,
    tip.c.text, tip_work.c.kind, tip_work.c.assignee, tip_work.c.flags, tip_work.c.result, case((_WAITS, True), else_=False).label("waits"),
).select_from(_FROM)  # fmt: skip
_COLUMNS: Final = {"village": tip.c.village, "channel": tip.c.channel, "state": tip.c.state, "placement": tip.c.placement,
                   "kind": tip_work.c.kind, "assignee": tip_work.c.assignee}  # fmt: skip


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [column == value for name, column in _COLUMNS.items() if (value := getattr(wanted, name))]
    if wanted.commune is not None:
        found.append(tip.c.commune == wanted.commune)
    if wanted.wave is not None:
        found.append(tip.c.wave == wanted.wave)
    if wanted.since is not None:
        found.append(tip.c.received_at >= wanted.since)
    if wanted.until is not None:
        found.append(tip.c.received_at < wanted.until)
    return found + _OF_QUEUE[wanted.queue]


_OF_QUEUE: Final[Mapping[str, list[ColumnElement[bool]]]] = {
    OPEN_WORK: [_OPEN, ~_WAITS],
    URGENT: [_OPEN, _IS_URGENT],
    WAITING: [_OPEN, _WAITS],
    ALL: [],
}


def _walk(wanted: Wanted, rank: int, after: Cursor | None, limit: int) -> Select[Any]:  # Any: a row's values
    of_rank = [_IS_URGENT, _OPEN] if rank == 0 else [_NOT_URGENT]
    found = _ROW.where(*_conditions(wanted), *of_rank).order_by(tip.c.received_at.desc(), tip.c.id.desc()).limit(limit)
    if after is None or after.rank != rank:
        return found
    return found.where(tuple_(tip.c.received_at, tip.c.id) < tuple_(after.received_at, after.id))


async def page(connection: AsyncConnection, wanted: Wanted, after: Cursor | None, limit: int) -> list[Row]:
    """At most `limit` tips behind `after`: the urgent ones first, each part newest first."""
    found: list[Row] = []
    for rank in (0, 1):
        if len(found) < limit and (after is None or after.rank <= rank):
            rows = await connection.execute(_walk(wanted, rank, after, limit - len(found)))
            found += [Row(*row) for row in rows]
    return found


async def ids_of(connection: AsyncConnection, wanted: Wanted, limit: int) -> list[int]:
    """Ids of the tips wanted, newest first, at most `limit`."""
    found = select(tip.c.id).select_from(_FROM).where(*_conditions(wanted)).order_by(tip.c.received_at.desc(), tip.c.id.desc())
    return [row[0] for row in await connection.execute(found.limit(limit))]


async def counts(connection: AsyncConnection, commune: str | None) -> Counts:
    """What each queue of a commune holds."""
    mine = [] if commune is None else [tip.c.commune == commune]
    is_open, is_urgent = case((_OPEN, True), else_=False), case((_IS_URGENT, True), else_=False)
    grouped = await connection.execute(select(is_open, is_urgent, func.count()).where(*mine).group_by(is_open, is_urgent))
    by = {(bool(row[0]), bool(row[1])): row[2] for row in grouped}
    waiting = int(await connection.scalar(select(func.count()).select_from(tip).where(*mine, _OPEN, _WAITS)) or 0)
    still_open = by.get((True, True), 0) + by.get((True, False), 0)
    return Counts(still_open - waiting, by.get((True, True), 0), waiting, sum(by.values()))


_BY_IDS: Final = _ROW.where(tip.c.id.in_(bindparam("ids_", expanding=True)))


async def rows_of(connection: AsyncConnection, ids: Collection[int], commune: str | None) -> list[Row]:
    """Those of `ids` that lie in `commune`, in the order of the list."""
    if not ids:
        return []
    mine = [] if commune is None else [tip.c.commune == commune]
    rows = [Row(*row) for row in await connection.execute(_BY_IDS.where(*mine), {"ids_": list(ids)})]
    return sorted(rows, key=lambda row: (not row.first, -row.received_at, -row.id))


async def rows_of_commune(connection: AsyncConnection, ids: Collection[int], commune: str | None) -> list[int]:
    """Those of `ids` that lie in `commune`."""
    mine = [] if commune is None else [tip.c.commune == commune]
    found = select(tip.c.id).where(tip.c.id.in_(bindparam("ids_", expanding=True)), *mine)
    return [row[0] for row in await connection.execute(found, {"ids_": list(ids)})]


# --- one tip ---


@dataclass(frozen=True, slots=True)
class Held:
    """A tip with what staff made of it. `fields`, `corrected`: JSON. `wave_started`: when the wave it answers began, epoch ms."""

    id: int
    code: str
    commune: str
    channel: str
    village: str | None
    placement: str | None
    urgent: str | None
    state: str
    received_at: int
    language: str
    may_call: bool | None
    may_publish: bool | None
    written_at: int | None
    wave: int | None
    wave_name: str | None
    wave_started: int | None
    sender: str = field(repr=False)
    text: str = field(repr=False)
    fields: str | None = field(repr=False)
    version: int = 0
    kind: str | None = None
    flags: str | None = None
    assignee: str | None = None
    result: str | None = None
    done: str | None = None
    corrected: str | None = field(default=None, repr=False)
    touched_at: int | None = None
    touched_by: str | None = None
    waits: bool = False


_HELD: Final[Select[Any]] = (
    select(
        tip.c.id, tip.c.code, tip.c.commune, tip.c.channel, tip.c.village, tip.c.placement, tip.c.urgent, tip.c.state, tip.c.received_at,
        tip.c.language, tip.c.may_call, tip.c.may_publish, tip.c.written_at, tip.c.wave, wave.c.name, wave.c.started_at, tip.c.sender,
        tip.c.text, tip.c.fields, func.coalesce(tip_work.c.version, 0), tip_work.c.kind, tip_work.c.flags, tip_work.c.assignee,
        tip_work.c.result, tip_work.c.done, tip_work.c.corrected, tip_work.c.touched_at, tip_work.c.touched_by,
        case((_WAITS, True), else_=False),
    )
    .select_from(_FROM.outerjoin(wave, wave.c.id == tip.c.wave))
)  # fmt: skip
_BY_CODE: Final = _HELD.where(tip.c.code == bindparam("code_"))
_BY_ID: Final = _HELD.where(tip.c.id == bindparam("id_"))


async def held(connection: AsyncConnection, code: str) -> Held | None:
    """The tip of a code as stored."""
    row = (await connection.execute(_BY_CODE, {"code_": code})).one_or_none()
    return None if row is None else Held(*row)


async def held_by_id(connection: AsyncConnection, tip_id: int) -> Held | None:
    """The tip of an id."""
    row = (await connection.execute(_BY_ID, {"id_": tip_id})).one_or_none()
    return None if row is None else Held(*row)


async def waves_of(connection: AsyncConnection, commune: str | None) -> list[tuple[int, str]]:
    """(id, name) of the waves that tips of a commune answer, the newest first; at most 50."""
    mine = [tip.c.wave.is_not(None)] if commune is None else [tip.c.wave.is_not(None), tip.c.commune == commune]
    answered = exists().where(tip.c.wave == wave.c.id, *mine)
    found = select(wave.c.id, wave.c.name).where(answered).order_by(wave.c.id.desc()).limit(50)
    return [(row[0], row[1]) for row in await connection.execute(found)]


# --- words to search ---


SealedWords = SqlRow[int, int, bytes]  # id of a row, id of its tip, what was said of it, unopened
_SAID: Final[Mapping[str, Select[Any]]] = {  # by the place of the seal: rows behind an id, oldest first, as they lie there
    "tip.text": select(tip.c.id, tip.c.id.label("tip"), type_coerce(tip.c.text, NullType())),
    "tip_event.note": select(tip_event.c.id, tip_event.c.tip, type_coerce(tip_event.c.note, NullType()))
    .join(tip, tip.c.id == tip_event.c.tip)
    .where(tip_event.c.note.is_not(None)),
    "tip_change.words": select(tip_change.c.id, tip_change.c.tip, type_coerce(tip_change.c.words, NullType()))
    .join(tip, tip.c.id == tip_change.c.tip)
    .where(tip_change.c.words.is_not(None)),
}
_ROW_ID: Final = {"tip.text": tip.c.id, "tip_event.note": tip_event.c.id, "tip_change.words": tip_change.c.id}
PLACES: Final = tuple(_SAID)


async def sealed_words(connection: AsyncConnection, place: str, commune: str | None, after: int, limit: int) -> Sequence[SealedWords]:
    """At most `limit` sealed texts of one place and commune behind the row `after`."""
    mine = [] if commune is None else [func.coalesce(tip.c.commune, "") == commune]  # no index of it: rows come in the order of their ids
    found = _SAID[place].where(_ROW_ID[place] > after, *mine).order_by(_ROW_ID[place]).limit(limit)
    rows: Sequence[SealedWords] = (await connection.execute(found)).all()
    return rows


async def how_many(connection: AsyncConnection, commune: str | None) -> int:
    """How many tips there are: fewer than were read means that some were erased."""
    mine = [] if commune is None else [tip.c.commune == commune]
    return int(await connection.scalar(select(func.count()).select_from(tip).where(*mine)) or 0)


async def ids_by_code(connection: AsyncConnection, code: str) -> set[int]:
    """The tip of a code."""
    return {row[0] for row in await connection.execute(select(tip.c.id).where(tip.c.code == code))}


async def ids_by_sender(connection: AsyncConnection, bidx: bytes) -> set[int]:
    """Tips that one person told."""
    return {row[0] for row in await connection.execute(select(tip.c.id).where(tip.c.bidx == bidx))}


async def in_commune(connection: AsyncConnection, ids: Collection[int], wanted: Wanted) -> list[Row]:
    """Those of `ids` that are wanted, in the order of the list."""
    if not ids:
        return []
    rows = [Row(*row) for row in await connection.execute(_BY_IDS.where(*_conditions(wanted)), {"ids_": list(ids)})]
    return sorted(rows, key=lambda row: (not row.first, -row.received_at, -row.id))
