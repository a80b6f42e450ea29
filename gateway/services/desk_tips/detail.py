"""One tip, whole: its words and what was read from them, its work, its likes, its history, and who else looks at it now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.deployment import Deployment
from gateway.domain.masked import masked
from gateway.domain.permission import Action, Actor
from gateway.domain.tip_work import Done, Flag, Sort, State, Workflow, guess, may_move
from gateway.domain.village import Village
from gateway.services.desk_tips import words as told
from gateway.services.desk_tips.edits import mine, readers_of
from gateway.services.desk_tips.likes import Beside, beside
from gateway.services.desk_tips.words import Told
from gateway.storage import tip_changes, tip_desk, tips
from gateway.storage.database import Database
from gateway.storage.tip_changes import FIELD, LINK, NOTE, Change
from gateway.storage.tip_queue import Held

K = TypeVar("K", bound=str)
_EVENTS: Final = {
    "received": "nhận tin", "added": "người báo kể thêm", "corrected": "người báo sửa lại", "written": "đã nhắn hỏi người báo",
    "consent": "ghi lời đồng ý của người báo", "attachment refused": "một tệp gửi kèm bị từ chối",
    "handed over": "đã chuyển giao", "receiver answered": "nơi nhận trả lời",
}  # fmt: skip
_ACTIONS: Final = {
    "sort": "phân loại", "correct": "sửa trường", "assign": "giao việc", "note": "ghi chú", "verify": "ghi kết luận", "move": "chuyển bước",
    "link": "xem hai tin giống nhau", "undo": "hoàn tác",
}  # fmt: skip
_WHATS: Final = {
    "state": "bước", "urgent": "gấp", "village": "thôn", "kind": "loại", "flags": "cần biết trước", "assignee": "người làm",
    "result": "kết luận", "done": "đã làm",
}  # fmt: skip
_URGENT: Final = {"remains": "hài cốt lộ ra", "uxo": "bom mìn"}
_VERDICTS: Final = {tip_desk.LINKED: "nối với", tip_desk.APART: "không cùng chỗ với", tip_desk.UNDECIDED: "chưa quyết với"}


@dataclass(frozen=True, slots=True)
class Step:
    """A line of the history. `batch`: what can be undone, 0: nothing; `words`: a note, or what the informant added, numbers masked."""

    at: int
    who: str
    what: str
    words: str = field(default="", repr=False)
    batch: int = 0
    is_undone: bool = False


@dataclass(frozen=True, slots=True)
class Detail:
    """What the page of a tip shows. `others`: who else has it open; `guess`: the machine's kind; `moves`: states it may go to.

    `group`: codes of the tips that people linked with it. `sender`: masked; "" where no number stands behind it.
    """

    tip: Held
    told: Told = field(repr=False)
    village: Village | None
    village_by_hand: bool
    state: str
    kind: str
    guess: Sort
    flags: tuple[Flag, ...]
    done: tuple[Done, ...]
    moves: tuple[State, ...]
    sender: str
    history: tuple[Step, ...] = field(repr=False)
    likes: tuple[Beside, ...] = field(repr=False)
    group: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    readers: tuple[str, ...] = ()

    @property
    def code(self) -> str:
        return self.tip.code

    @property
    def id(self) -> int:
        return self.tip.id

    @property
    def is_urgent(self) -> bool:
        return self.tip.urgent is not None and self.tip.state != State.CONCLUDED


async def show(database: Database, deployment: Deployment, actor: Actor, code: str, now: int) -> Detail:
    """The tip of `code` as this person may see it; notes that they have it open. Raises Forbidden."""

    async with database.read() as connection:
        tip = await mine(connection, actor, Action.TIP_READ, code)
        found = await _detail(connection, deployment, actor, tip, now)

    async def unit(connection: AsyncConnection) -> None:
        await tip_desk.closed(connection, now)
        await tip_desk.opened(connection, tip.id, tip.commune, actor.user, actor.name, now)

    await database.write(unit)
    return found


async def _detail(connection: AsyncConnection, deployment: Deployment, actor: Actor, tip: Held, now: int) -> Detail:
    changes = await tip_changes.history(connection, tip.id)
    workflow = deployment.workflow
    codes = await tip_desk.codes_of(connection, await tip_desk.group_of(connection, tip.id))
    return Detail(
        tip=tip,
        told=told.told(tip.text, tip.fields, tip.corrected),
        village=deployment.villages.get(tip.village or ""),
        village_by_hand=any(change.what == "village" and not change.undone_by for change in changes),
        state=workflow.state(tip.state),
        kind=workflow.sort(tip.kind),
        guess=guess(told.names_of(tip.fields), tip.urgent),
        flags=tuple(Flag(each) for each in (tip.flags or "").split(",") if each in list(Flag)),
        done=tuple(Done(each) for each in (tip.done or "").split(",") if each in list(Done)),
        moves=tuple(state for state in State if may_move(tip.state, state)),
        sender=told.phone(tip.sender) if tip.sender.startswith("+") else "",
        history=await _history(connection, deployment, tip, changes),
        likes=tuple(await beside(connection, deployment, tip)),
        group=tuple(sorted(code for id_, code in codes.items() if id_ != tip.id)),
        others=tuple(await tip_desk.others(connection, tip.id, actor.user, now)),
        readers=tuple(await readers_of(connection, tip.commune)),
    )


@dataclass(frozen=True, slots=True)
class Presence:
    """Who else has a tip open, and the version it is at now."""

    others: tuple[str, ...]
    version: int
    by: str


async def still_open(database: Database, actor: Actor, code: str, now: int) -> Presence:
    """A page says that it is still open, and learns whether it is still up to date."""

    async def unit(connection: AsyncConnection) -> Presence:
        tip = await mine(connection, actor, Action.TIP_READ, code)
        await tip_desk.opened(connection, tip.id, tip.commune, actor.user, actor.name, now)
        others = await tip_desk.others(connection, tip.id, actor.user, now)
        return Presence(tuple(others), tip.version, tip.touched_by or "")

    return await database.write(unit)


# --- history ---


async def _history(connection: AsyncConnection, deployment: Deployment, tip: Held, changes: Sequence[Change]) -> tuple[Step, ...]:
    steps = [
        Step(event.at, "", _EVENTS.get(event.kind, event.kind), masked(event.note or ""))
        for event in await tips.events_of(connection, tip.id)
    ]
    ids = [int(change.after.partition(":")[2]) for change in changes if change.what == LINK and change.after]
    codes = await tip_desk.codes_of(connection, ids)
    return tuple(sorted([*steps, *steps_of(changes, deployment.workflow, codes)], key=lambda step: step.at))


def steps_of(changes: Sequence[Change], workflow: Workflow, codes: dict[int, str]) -> list[Step]:
    """A tip's changes as lines, one a batch."""
    by_batch: dict[int, list[Change]] = {}
    for change in changes:
        by_batch.setdefault(change.batch, []).append(change)
    steps = []
    for batch, each in by_batch.items():
        first, notes = each[0], [change.words for change in each if change.what == NOTE and change.words]
        said = "; ".join(said_of(change, workflow, codes) for change in each if change.what != NOTE)
        action = _ACTIONS.get(first.action, first.action)
        can = first.undone_by is None and any(change.what != NOTE for change in each)
        steps.append(
            Step(
                first.at,
                first.name,
                f"{action}: {said}" if said else action,
                masked(" ".join(notes)),
                batch if can else 0,
                first.undone_by is not None,
            )
        )
    return steps


def said_of(change: Change, workflow: Workflow, codes: dict[int, str]) -> str:
    """One change in words: "bước: Mới → Đã phân loại"."""
    if change.what.startswith(FIELD):
        name = change.what.removeprefix(FIELD)
        label = told.LABELS.get(name, name)
        return f"{label}: {_field(name, change.was)} → {_field(name, change.words)}"
    if change.what == LINK:
        verdict, _, other = (change.after or "").partition(":")
        return f"{_VERDICTS.get(verdict, verdict)} {codes.get(int(other or 0), '')}"
    before, after = _value(change.what, change.before, workflow), _value(change.what, change.after, workflow)
    return f"{_WHATS.get(change.what, change.what)}: {before} → {after}"


def _field(name: str, stored: str | None) -> str:
    if stored is None:
        return "máy đọc"
    value = told.shown_value(name, told.parsed(f'{{"value": {stored}}}').get("value"))
    return f"“{value}”" if value else "không có"


def _value(what: str, stored: str | None, workflow: Workflow) -> str:
    if stored is None:
        return "chưa có" if what != "urgent" else "không"
    named: dict[str, dict[str, str]] = {
        "state": _plain(workflow.states),
        "kind": _plain(workflow.sorts),
        "result": _plain(workflow.results),
        "flags": _plain(workflow.flags),
        "done": _plain(workflow.done),
        "urgent": _URGENT,
    }
    return ", ".join(named.get(what, {}).get(each, each) for each in stored.split(","))


def _plain(names: Mapping[K, str]) -> dict[str, str]:
    return {str(key): name for key, name in names.items()}
