"""Drafts of waves as rows: saved by version, with the list they are for and what was done with them."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Row, bindparam, delete, func, insert, literal_column, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.message import MtState
from gateway.storage.schema import approval, contact, mt, user, wave, wave_draft, wave_event, wave_list

WRITING: Final = "writing"
PLANNING: Final = "planning"
ASKED: Final = "asked"
RETURNED: Final = "returned"
LEFT: Final = "left"  # thrown away by its planner
OPEN: Final = (WRITING, RETURNED)  # may be written on


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft as stored. `body`: JSON values; `version` grows with each save; `wave`: name of the wave that it leads to."""

    id: int
    commune: str
    kind: str
    title: str
    body: Mapping[str, Any] = field(repr=False)  # Any: JSON
    version: int
    state: str
    wave: str | None
    tries: int
    planner: int
    planner_name: str
    trouble: str | None
    created_at: int
    changed_at: int
    changed_by: str
    asked_at: int | None

    @property
    def is_open(self) -> bool:
        """Whether it may be written on."""
        return self.state in OPEN


@dataclass(frozen=True, slots=True)
class StoredList:
    """A list of people beside its draft, without the file. `report`: counts, and notes on its rows."""

    draft: int
    name: str
    sha256: str
    basis: str = field(repr=False)
    report: Mapping[str, Any] = field(repr=False)  # Any: JSON
    uploaded_at: int


@dataclass(frozen=True, slots=True)
class Event:
    """Something that somebody did with a draft or its wave. `words`: why."""

    at: int
    user: str
    what: str
    words: str | None = field(repr=False)


# --- drafts ---

_BY: Final = user.alias("by")
_WHO: Final = user.alias("planner")
_DRAFT: Final = (
    select(wave_draft, _WHO.c.name.label("planner_name"), _BY.c.name.label("changed_name"))
    .join(_WHO, _WHO.c.id == wave_draft.c.planner)
    .join(_BY, _BY.c.id == wave_draft.c.changed_by)
)


async def add(connection: AsyncConnection, commune: str, kind: str, title: str, body: str, planner: int, now: int) -> int:
    """A new draft; returns its id. `body`: JSON."""
    values = {"commune": commune, "kind": kind, "title": title, "body": body, "planner": planner, "changed_by": planner}
    stamped = values | {"version": 1, "state": WRITING, "created_at": now, "changed_at": now}
    id_: int = (await connection.execute(insert(wave_draft).values(**stamped).returning(wave_draft.c.id))).scalar_one()
    return id_


async def save(connection: AsyncConnection, id_: int, version: int, title: str, body: str, by: int, now: int) -> bool:
    """Write over the `version` that was read. False: somebody else saved meanwhile, or it is no longer open."""
    mine = update(wave_draft).where(wave_draft.c.id == id_, wave_draft.c.version == version, wave_draft.c.state.in_(OPEN))
    values = {"title": title, "body": body, "version": version + 1, "changed_by": by, "changed_at": now}
    return (await connection.execute(mine.values(**values))).rowcount > 0


async def find(connection: AsyncConnection, id_: int) -> Draft | None:
    """The draft of that id."""
    row = (await connection.execute(_DRAFT.where(wave_draft.c.id == id_))).one_or_none()
    return _draft(row) if row else None


async def of_wave(connection: AsyncConnection, name: str) -> Draft | None:
    """The draft that led to wave `name`."""
    row = (await connection.execute(_DRAFT.where(wave_draft.c.wave == name).order_by(wave_draft.c.id.desc()).limit(1))).one_or_none()
    return _draft(row) if row else None


async def drafts(connection: AsyncConnection, commune: str | None, kind: str) -> list[Draft]:
    """Those that lead to no wave yet, the newest first. `commune` None: of all."""
    chosen = _DRAFT.where(wave_draft.c.kind == kind, wave_draft.c.state.in_((*OPEN, PLANNING)))
    if commune is not None:
        chosen = chosen.where(wave_draft.c.commune == commune)
    return [_draft(row) for row in await connection.execute(chosen.order_by(wave_draft.c.changed_at.desc()).limit(200))]


async def move(connection: AsyncConnection, id_: int, to: str, before: tuple[str, ...], **values: object) -> bool:
    """To another state, with further columns. False: it is in none of the states `before`."""
    mine = update(wave_draft).where(wave_draft.c.id == id_, wave_draft.c.state.in_(before))
    return (await connection.execute(mine.values(state=to, **values))).rowcount > 0


async def is_taken(connection: AsyncConnection, name: str, besides: int = 0) -> bool:
    """Whether a wave or another draft bears this name."""
    of_draft = select(wave_draft.c.id).where(
        or_(wave_draft.c.title == name, wave_draft.c.wave == name), wave_draft.c.id != besides, wave_draft.c.state != LEFT
    )
    found = await connection.scalar(of_draft.limit(1))
    return found is not None or await connection.scalar(select(wave.c.id).where(wave.c.name == name)) is not None


def _draft(row: Row[Any]) -> Draft:  # Any: the columns of the table
    return Draft(
        row.id, row.commune, row.kind, row.title, json.loads(row.body), row.version, row.state, row.wave, row.tries, row.planner,
        row.planner_name, row.trouble, row.created_at, row.changed_at, row.changed_name, row.asked_at,
    )  # fmt: skip


# --- lists ---


async def keep_list(
    connection: AsyncConnection, draft: int, commune: str, name: str, sha256: str, basis: str, data: bytes, report: str, now: int
) -> None:
    """The list of a draft; one before it is gone."""
    values = {
        "commune": commune, "name": name, "sha256": sha256, "basis": basis, "data": base64.b64encode(data).decode(), "report": report,
        "uploaded_at": now,
    }  # fmt: skip
    statement = upsert(wave_list).values(draft=draft, **values)
    await connection.execute(statement.on_conflict_do_update(index_elements=["draft"], set_=values))


_LIST: Final = (wave_list.c.draft, wave_list.c.name, wave_list.c.sha256, wave_list.c.basis, wave_list.c.report, wave_list.c.uploaded_at)


async def list_of(connection: AsyncConnection, draft: int) -> StoredList | None:
    """The list of a draft, without the file."""
    row = (await connection.execute(select(*_LIST).where(wave_list.c.draft == draft))).one_or_none()
    return StoredList(row.draft, row.name, row.sha256, row.basis, json.loads(row.report), row.uploaded_at) if row else None


async def file_of(connection: AsyncConnection, draft: int) -> bytes:
    """The bytes of a draft's list; empty: there is none."""
    data: str | None = await connection.scalar(select(wave_list.c.data).where(wave_list.c.draft == draft))
    return base64.b64decode(data) if data else b""


async def drop_list(connection: AsyncConnection, draft: int) -> None:
    """Take the list away."""
    await connection.execute(delete(wave_list).where(wave_list.c.draft == draft))


# --- events ---


async def note(
    connection: AsyncConnection, commune: str, by: int, what: str, now: int, *, draft: int | None = None, wave_id: int | None = None,
    words: str = "",
) -> None:  # fmt: skip
    """Write down what somebody did."""
    values = {"commune": commune, "user": by, "what": what, "at": now, "draft": draft, "wave": wave_id, "words": words or None}
    await connection.execute(insert(wave_event).values(**values))


async def events(connection: AsyncConnection, draft: int | None, wave_id: int | None) -> list[Event]:
    """What was done with a draft and its wave, the newest first."""
    of = [column == id_ for column, id_ in ((wave_event.c.draft, draft), (wave_event.c.wave, wave_id)) if id_ is not None]
    chosen = select(wave_event.c.at, user.c.name, wave_event.c.what, wave_event.c.words).join(user, user.c.id == wave_event.c.user)
    rows = await connection.execute(chosen.where(or_(*of)).order_by(wave_event.c.id.desc()).limit(50))
    return [Event(*row) for row in rows]


# --- waves ---

_ROW: Final = (
    wave.c.id, wave.c.name, wave.c.commune, wave.c.kind, wave.c.state, wave.c.reason, wave.c.route, wave.c.audience, wave.c.segments,
    wave.c.spent, wave.c.cost_ceiling, wave.c.starts_at, wave.c.started_at, wave.c.ended_at, wave.c.created_at, wave.c.ramp_state,
    wave.c.planner,
)  # fmt: skip


async def waves_of(connection: AsyncConnection, commune: str | None, kind: str) -> list[Any]:  # Any: rows with the columns of `_ROW`
    """Waves without their words, the newest first; with `asked_at` of the draft they come from."""
    asked = select(wave_draft.c.asked_at).where(wave_draft.c.wave == wave.c.name, wave_draft.c.state == ASKED).limit(1).scalar_subquery()
    chosen = select(*_ROW, asked.label("asked_at")).where(wave.c.kind == kind)
    if commune is not None:
        chosen = chosen.where(wave.c.commune == commune)
    return [*(await connection.execute(chosen.order_by(wave.c.id.desc()).limit(300)))]


async def name_of(connection: AsyncConnection, wave_id: int) -> tuple[str, str] | None:
    """(name, commune) of a wave."""
    row = (await connection.execute(select(wave.c.name, wave.c.commune).where(wave.c.id == wave_id))).one_or_none()
    return (row.name, row.commune) if row else None


_WAITING: Final = select(func.count()).where(
    wave.c.state == literal_column("'planned'"),
    select(wave_draft.c.id).where(wave_draft.c.wave == wave.c.name, wave_draft.c.state == literal_column("'asked'")).exists(),
)


async def waiting(connection: AsyncConnection, commune: str | None, besides: int) -> int:
    """How many waves wait for a second person's yes. `besides`: a planner whose own don't count."""
    chosen = _WAITING.where(wave.c.planner != besides)
    return await connection.scalar(chosen if commune is None else chosen.where(wave.c.commune == commune)) or 0


async def approver_of(connection: AsyncConnection, wave_id: int) -> tuple[str, int] | None:
    """(who, when) of a wave's last approval."""
    chosen = select(user.c.name, approval.c.at).join(user, user.c.id == approval.c.approver).where(approval.c.wave == wave_id)
    row = (await connection.execute(chosen.order_by(approval.c.id.desc()).limit(1))).one_or_none()
    return (row.name, row.at) if row else None


_BY_ROUTE: Final = (
    select(mt.c.route, mt.c.state, func.count().label("n")).where(mt.c.wave == bindparam("wave_")).group_by(mt.c.route, mt.c.state)
)


async def by_route(connection: AsyncConnection, wave_id: int) -> dict[str, dict[str, int]]:
    """A wave's MTs by route, then by state. It reads every row: for waves that a page may wait for."""
    found: dict[str, dict[str, int]] = {}
    for row in await connection.execute(_BY_ROUTE, {"wave_": wave_id}):
        found.setdefault(row.route, {state.value: 0 for state in MtState})[row.state] = row.n
    return found


async def places_and_languages(connection: AsyncConnection, commune: str | None) -> tuple[dict[str, int], dict[str, int]]:
    """How many people are known by village and by language."""
    chosen = select(contact.c.village, contact.c.language, func.count().label("n")).group_by(contact.c.village, contact.c.language)
    if commune is not None:
        chosen = chosen.where(contact.c.commune == commune)
    villages: dict[str, int] = {}
    languages: dict[str, int] = {}
    for row in await connection.execute(chosen):
        villages[row.village or ""] = villages.get(row.village or "", 0) + row.n
        languages[row.language] = languages.get(row.language, 0) + row.n
    return villages, languages


async def tags(connection: AsyncConnection, commune: str | None) -> list[str]:
    """Tags that people have, of the lists that came in."""
    chosen = select(contact.c.tags).where(contact.c.tags.is_not(None))
    if commune is not None:
        chosen = chosen.where(contact.c.commune == commune)
    if connection.dialect.name == "sqlite":  # the same few lists of tags again and again: each is read once
        chosen = chosen.distinct()
    found = {tag for each in (await connection.scalars(chosen.limit(20_000))) for tag in each or ()}
    return sorted(found)


async def trials(connection: AsyncConnection, send_ids: Sequence[str]) -> list[tuple[int, dict[str, int]]]:
    """When test messages went to the outbox (epoch ms), and how many of each are in which state; the newest first."""
    chosen = select(mt.c.send_id, mt.c.state, func.min(mt.c.created_at).label("at"), func.count().label("n"))
    named = chosen.where(mt.c.send_id.is_not(None), mt.c.send_id.in_(send_ids)).group_by(mt.c.send_id, mt.c.state)
    found: dict[int, dict[str, int]] = {}
    for row in await connection.execute(named):
        states = found.setdefault(row.at, {})
        states[row.state] = states.get(row.state, 0) + row.n
    return sorted(found.items(), reverse=True)
