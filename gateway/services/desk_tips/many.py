"""One action on many tips, and the way back: set-based, one transaction, one batch. Undoing is a further change, and never an erasure."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.permission import Action, Actor, Elsewhere
from gateway.domain.tip_work import NEEDS_VERIFIER, Sort, State, sources_of
from gateway.services.desk_tips import words as told
from gateway.services.desk_tips.edits import must_be_reader, sort_as
from gateway.services.refusal import Refusal
from gateway.storage import audit, tip_changes, tip_desk, tip_queue
from gateway.storage.audit import Entry
from gateway.storage.database import Database
from gateway.storage.tip_changes import COLUMNS, FIELD, LINK, Batch, Change, Logged, Stored
from gateway.storage.tip_queue import Wanted

MOST: Final = 5_000  # tips an action
SORT: Final = "sort"
MOVE: Final = "move"
ASSIGN: Final = "assign"
DEEDS: Final = (SORT, MOVE, ASSIGN)


@dataclass(frozen=True, slots=True)
class Deed:
    """What is done to all. `what`: one of DEEDS; `value`: a kind, a state, a name ("": nobody)."""

    what: str
    value: str


@dataclass(frozen=True, slots=True)
class Moved:
    """`tips` changed, `left` stayed as they were: they had it already, or may not go there from where they stand."""

    batch: int
    tips: int
    left: int


async def do_to_many(database: Database, actor: Actor, chosen: Collection[int] | Wanted, deed: Deed, now: int) -> Moved:
    """Do one thing to the tips `chosen`: ids, or all that a filter finds. Raises Forbidden, Refusal."""
    action = Action.TIP_VERIFY if deed.what == MOVE and deed.value in NEEDS_VERIFIER else Action.TIP_SORT
    actor.need(action)

    async def unit(connection: AsyncConnection) -> Moved:
        ids = await _chosen(connection, actor, chosen)
        await tip_changes.hold(connection, ids)
        batch = await tip_changes.begin(connection, Batch(actor.commune, actor.user, actor.name, deed.what, now))
        await _do(connection, actor, batch, ids, deed)
        tips = await tip_changes.finish(connection, batch, actor.name, now)
        if not tips:
            raise Refusal("Không có tin nào thay đổi: các tin này đã ở đúng chỗ đó, hoặc không chuyển thẳng sang được.")
        detail = {"what": deed.what, "value": deed.value, "tips": tips}
        await audit.note(connection, Entry(actor, action, f"tip_batch:{batch}", detail, actor.commune), now)
        return Moved(batch, tips, len(ids) - tips)

    return await database.write(unit)


async def _chosen(connection: AsyncConnection, actor: Actor, chosen: Collection[int] | Wanted) -> list[int]:
    if isinstance(chosen, Wanted):
        if actor.communes is not None and chosen.commune != actor.communes:
            raise Elsewhere("there is nothing of this name in your commune")
        ids = await tip_queue.ids_of(connection, chosen, MOST + 1)
    else:
        ids = sorted(set(chosen))
        if len(ids) <= MOST and len(await tip_queue.rows_of_commune(connection, ids, actor.communes)) != len(ids):
            raise Elsewhere("there is nothing of this name in your commune")
    if not ids:
        raise Refusal("Chưa chọn tin nào. Xin đánh dấu ít nhất một tin.")
    if len(ids) > MOST:
        raise Refusal("Nhiều hơn 5.000 tin một lần. Xin lọc hẹp lại rồi làm từng phần.")
    return ids


async def _do(connection: AsyncConnection, actor: Actor, batch: int, ids: Sequence[int], deed: Deed) -> None:
    if deed.what == SORT and deed.value in list(Sort):
        await sort_as(connection, batch, ids, Sort(deed.value))
    elif deed.what == MOVE and deed.value in list(State):
        after = State(deed.value)
        if may := await tip_changes.movable(connection, ids, sources_of(after)):
            await tip_changes.put(connection, batch, "state", may, after)
    elif deed.what == ASSIGN:
        await must_be_reader(connection, deed.value, actor.commune)
        await tip_changes.put(connection, batch, "assignee", ids, deed.value or None)
    else:
        raise Refusal("Chưa chọn việc cần làm. Xin chọn lại.")


# --- undo ---


async def undo(database: Database, actor: Actor, batch: int, now: int) -> Moved:
    """Take a batch back where nobody has changed the same thing since; those tips are `left`. Raises Forbidden, Refusal."""
    actor.need(Action.TIP_SORT)

    async def unit(connection: AsyncConnection) -> Moved:
        found = await _undoable(connection, actor, batch)
        ids = await tip_changes.tips_of(connection, batch)
        await tip_changes.hold(connection, ids)
        back = await tip_changes.begin(connection, Batch(found.commune, actor.user, actor.name, "undo", now, batch))
        await _back(connection, actor, back, batch, now)
        tips = await tip_changes.finish(connection, back, actor.name, now)
        if not tips:
            raise Refusal("Không hoàn tác được: sau đó đã có người sửa, hoặc đó chỉ là ghi chú. Ghi chú thì viết thêm câu đính chính.")
        await tip_changes.mark_undone(connection, batch, back)
        await audit.note(connection, Entry(actor, "tip.undo", f"tip_batch:{batch}", {"tips": tips}, found.commune), now)
        return Moved(back, tips, len(ids) - tips)

    return await database.write(unit)


async def _undoable(connection: AsyncConnection, actor: Actor, batch: int) -> Stored:
    found = await tip_changes.batch_of(connection, batch)
    if found is None:
        raise Elsewhere("there is nothing of this name in your commune")
    actor.need(Action.TIP_SORT, found.commune)
    if found.undone_by is not None:
        raise Refusal("Việc này đã được hoàn tác rồi.")
    if await tip_changes.has_states(connection, batch, NEEDS_VERIFIER):
        actor.need(Action.TIP_VERIFY, found.commune)
    return found


async def _back(connection: AsyncConnection, actor: Actor, back: int, undone: int, now: int) -> None:
    for what in COLUMNS:
        await tip_changes.put_back(connection, back, undone, what)
    for tip_id, change in reversed(await tip_changes.changes_of(connection, undone, COLUMNS)):
        if change.what.startswith(FIELD):
            await _field_back(connection, back, tip_id, change)
        elif change.what == LINK:
            await _link_back(connection, actor, back, tip_id, change, now)


async def _field_back(connection: AsyncConnection, back: int, tip_id: int, change: Change) -> None:
    tip = await tip_queue.held_by_id(connection, tip_id)
    name = change.what.removeprefix(FIELD)
    if tip is None or change.words is None or told.parsed(tip.corrected).get(name, _NOTHING) != json.loads(change.words):
        return
    before = told.corrected_without(tip.corrected, name)
    if change.before != "machine" and change.was is not None:
        before = told.corrected_with(tip.corrected, name, json.loads(change.was))
    await tip_changes.log(connection, back, [Logged(tip_id, tip.commune, change.what, change.words, change.was, "by hand")])
    await tip_changes.set_corrected(connection, tip_id, before)


_NOTHING: Final = object()


async def _link_back(connection: AsyncConnection, actor: Actor, back: int, tip_id: int, change: Change, now: int) -> None:
    """`before`, `after` of a link: "verdict:other tip"."""
    was, _, other = (change.before or "").partition(":")
    said = (change.after or "").partition(":")[0]
    tip = await tip_queue.held_by_id(connection, tip_id)
    if tip is None or await tip_desk.verdict(connection, tip_id, int(other)) not in (said, was):
        return
    await tip_desk.decide(connection, tip_id, int(other), tip.commune, was, actor.user, now)
    await tip_changes.log(connection, back, [Logged(tip_id, tip.commune, LINK, before=change.after, after=change.before)])


async def last_deed(database: Database, actor: Actor) -> int | None:
    """The batch that U takes back: what this person did last."""
    actor.need(Action.TIP_SORT)
    async with database.read() as connection:
        found = await tip_changes.last_of(connection, actor.user)
    return None if found is None else found.id


@dataclass(frozen=True, slots=True)
class Deeds:
    """What was done in a commune lately, newest first, for the page of the history."""

    batches: tuple[Stored, ...]


async def deeds(database: Database, actor: Actor, below: int | None = None) -> Deeds:
    """The last hundred batches of this person's commune, behind the batch `below`."""
    actor.need(Action.TIP_READ)
    async with database.read() as connection:
        return Deeds(tuple(await tip_changes.batches(connection, actor.communes, below, 100)))
