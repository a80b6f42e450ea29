"""The list of waves: what needs a person first."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.domain.permission import Action, Actor
from gateway.domain.wave import WaveKind, WaveState
from gateway.services.wave_desk.live import reason
from gateway.storage import wave_desk as rows
from gateway.storage import waves as wave_rows
from gateway.storage.database import Database
from gateway.storage.wave_desk import Draft
from gateway.storage.waves import ASKING

GROUPS: Final = (  # heading, states
    ("Cần người quyết", (WaveState.PLANNED, WaveState.PAUSED)),
    ("Đã duyệt, chờ gửi", (WaveState.APPROVED,)),
    ("Đang gửi", (WaveState.RUNNING,)),
    ("Đang lập", (WaveState.PLANNING,)),
    ("Đã xong", (WaveState.DONE, WaveState.CANCELLED)),
)


@dataclass(frozen=True, slots=True)
class Line:
    """A wave in the list. `needs`: what a person has to do, "" if nothing; money is VND, times epoch ms."""

    id: int
    name: str
    state: str
    needs: str
    reason: str
    audience: int
    spent: int
    ceiling: int | None
    starts_at: int
    started_at: int | None
    ended_at: int | None
    created_at: int
    asked_at: int | None


@dataclass(frozen=True, slots=True)
class Group:
    """Waves under one heading."""

    heading: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """All that a person sees: drafts, and waves in groups that are not empty."""

    drafts: tuple[Draft, ...]
    groups: tuple[Group, ...]


async def waves(database: Database, actor: Actor, kind: WaveKind) -> Listed:
    """The waves of the communes that `actor` sees. Raises Forbidden."""
    actor.need(Action.WAVE_READ)
    async with database.read() as connection:
        found = await rows.waves_of(connection, actor.communes, kind.value)
        drafts = await rows.drafts(connection, actor.communes, kind.value)
    lines = [
        Line(
            row.id, row.name, row.state, _needs(row, actor), reason(row.reason), row.audience, row.spent, row.cost_ceiling, row.starts_at,
            row.started_at, row.ended_at, row.created_at, row.asked_at,
        )
        for row in found
    ]  # fmt: skip
    return Listed(tuple(drafts), tuple(_grouped(lines)))


def _grouped(lines: Sequence[Line]) -> Iterable[Group]:
    urgent = [each for each in lines if each.needs]
    for heading, states in GROUPS:
        mine = urgent if states == GROUPS[0][1] else [each for each in lines if each.state in states and not each.needs]
        if states == GROUPS[0][1]:
            mine = mine + [each for each in lines if each.state in states and not each.needs]
        if mine:
            yield Group(heading, tuple(mine))


def _needs(row: object, actor: Actor) -> str:
    """What somebody has to do about a wave, in words for this person."""
    state, ramp, planner = row.state, row.ramp_state, row.planner  # type: ignore[attr-defined] # a row of `waves_of`
    if ramp == ASKING and state in (WaveState.RUNNING, WaveState.PAUSED):
        return "Phần gửi trước đã đi: gửi tiếp hay dừng?"
    if state == WaveState.PAUSED:
        return "Đang tạm dừng: gửi tiếp hay hủy?"
    if state == WaveState.PLANNED:
        may = actor.may(Action.WAVE_APPROVE) and planner != actor.user
        return "Chờ duyệt: mời xem và quyết" if may else "Chờ người thứ hai duyệt"
    return ""


async def waiting(database: Database, actor: Actor) -> int:
    """How many waves wait for this person's yes; 0 for who may not say it."""
    if not actor.may(Action.WAVE_APPROVE):
        return 0
    async with database.read() as connection:
        return await rows.waiting(connection, actor.communes, actor.user)


@dataclass(frozen=True, slots=True)
class Known:
    """What a commune's book offers a planner: people by village and language, tags, earlier waves that people got."""

    villages: Mapping[str, int]
    languages: Mapping[str, int]
    tags: tuple[str, ...]
    earlier: tuple[str, ...]


async def known(database: Database, actor: Actor, commune: str) -> Known:
    """What may be chosen for a wave of `commune`. Raises Forbidden."""
    actor.need(Action.WAVE_READ, commune)
    async with database.read() as connection:
        villages, languages = await rows.places_and_languages(connection, commune)
        tags = await rows.tags(connection, commune)
        earlier = await rows.waves_of(connection, commune, WaveKind.OWN.value)
    went = [row.name for row in earlier if row.started_at is not None]
    return Known(villages, languages, tuple(tags), tuple(went[:20]))


async def id_of(database: Database, actor: Actor, name: str) -> int | None:
    """The id of wave `name`, if there is one that this person sees."""
    actor.need(Action.WAVE_READ)
    async with database.read() as connection:
        wave = await wave_rows.find(connection, name)
    return wave.id if wave is not None and actor.sees(wave.commune) else None
