"""What one person changes in one tip: kind and flags, a field, who works on it, a note, a result. Nothing is written over unseen.

An edit names the version of the tip that its writer saw. Against an older one it changes nothing and comes back with what the others did
meanwhile, so that both stand side by side; a note is only added and never collides.
"""

import json
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.deployment import Deployment
from gateway.domain.permission import Action, Actor, Elsewhere
from gateway.domain.tip_work import NEEDS_VERIFIER, URGENT, Done, Flag, Result, Sort, State, may_move
from gateway.services.desk_tips import words as told
from gateway.services.refusal import Refusal
from gateway.storage import audit, tip_changes, tip_queue, users
from gateway.storage.audit import Entry
from gateway.storage.database import Database
from gateway.storage.tip_changes import FIELD, NOTE, Batch, Change, Logged
from gateway.storage.tip_queue import Held

NOTE_LIMIT: Final = 2_000  # characters


@dataclass(frozen=True, slots=True)
class Saved:
    """Done. `batch`: what undoes it."""

    batch: int


@dataclass(frozen=True, slots=True)
class Conflict:
    """Somebody was quicker. `now`: the tip as it stands; `theirs`: what changed since the version that the writer saw."""

    now: Held = field(repr=False)
    theirs: tuple[Change, ...] = field(repr=False)


Act = Callable[[AsyncConnection, int, Held], Awaitable[None]]


async def mine(connection: AsyncConnection, actor: Actor, action: Action, code: str) -> Held:
    """The tip of `code`, if this person may do `action` to it. Raises Forbidden; what isn't there looks like what is another commune's."""
    actor.need(action)
    found = await tip_queue.held(connection, code)
    if found is None:
        raise Elsewhere("there is nothing of this name in your commune")
    actor.need(action, found.commune)
    return found


async def edit(
    database: Database, actor: Actor, action: Action, code: str, seen: int | None, what: str, act: Act, now: int
) -> Saved | Conflict:
    """Run `act` on the tip in one transaction, as one batch. `seen`: the version its writer saw; None: it collides with nothing."""

    async def unit(connection: AsyncConnection) -> Saved | Conflict:
        found = await mine(connection, actor, action, code)
        version = (await tip_changes.hold(connection, [found.id]))[found.id]
        current = await tip_queue.held_by_id(connection, found.id) or found
        if seen is not None and seen != version:
            return Conflict(current, tuple(tip_changes.since(await tip_changes.history(connection, found.id), seen)))
        batch = await tip_changes.begin(connection, Batch(found.commune, actor.user, actor.name, what, now))
        await act(connection, batch, current)
        if not await tip_changes.finish(connection, batch, actor.name, now):
            raise Refusal("Không có gì khác so với trước, nên chưa ghi.")
        entry = Entry(actor, action, f"tip:{found.code}", {"what": what, "batch": batch}, found.commune)
        await audit.note(connection, entry, now)
        return Saved(batch)

    return await database.write(unit)


# --- what can be changed ---


async def classify(
    database: Database, actor: Actor, code: str, seen: int, sort: Sort, flags: Collection[Flag], now: int
) -> Saved | Conflict:
    """One of the eight kinds, and what must be known first. A new tip is sorted by it; remains and ordnance are urgent."""

    async def act(connection: AsyncConnection, batch: int, tip: Held) -> None:
        await sort_as(connection, batch, [tip.id], sort)
        await tip_changes.put(connection, batch, "flags", [tip.id], ",".join(sorted(flags)) or None)

    return await edit(database, actor, Action.TIP_SORT, code, seen, "sort", act, now)


async def sort_as(connection: AsyncConnection, batch: int, ids: Collection[int], sort: Sort) -> None:
    """Give all `ids` a kind, and what follows from it."""
    await tip_changes.put(connection, batch, "kind", ids, sort)
    await tip_changes.put(connection, batch, "urgent", ids, URGENT.get(sort))
    fresh = await tip_changes.movable(connection, ids, [State.NEW])
    if fresh:
        await tip_changes.put(connection, batch, "state", fresh, State.SORTED)


async def correct(
    database: Database, deployment: Deployment, actor: Actor, code: str, seen: int, name: str, said: str, now: int
) -> Saved | Conflict:
    """What a field should say; "" says that it should say nothing. The machine's reading and the words stay as they are. Raises Refusal."""
    if name == told.VILLAGE:
        return await _move_to(database, deployment, actor, code, seen, said, now)
    if name not in told.LABELS or name in told.FIXED:
        raise Refusal("Trường này không sửa được ở đây. Xin viết vào ghi chú.")
    try:
        value = told.kept_value(name, said)
    except ValueError as why:
        raise Refusal(str(why)) from None

    async def act(connection: AsyncConnection, batch: int, tip: Held) -> None:
        by_hand = told.parsed(tip.corrected)
        was = by_hand.get(name, told.parsed(tip.fields).get(name))
        if value == was and name in by_hand:
            return
        change = Logged(tip.id, tip.commune, FIELD + name, _json(was), _json(value), "by hand" if name in by_hand else "machine")
        await tip_changes.log(connection, batch, [change])
        await tip_changes.set_corrected(connection, tip.id, told.corrected_with(tip.corrected, name, value))

    return await edit(database, actor, Action.TIP_SORT, code, seen, "correct", act, now)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


async def _move_to(
    database: Database, deployment: Deployment, actor: Actor, code: str, seen: int, village: str, now: int
) -> Saved | Conflict:
    async def act(connection: AsyncConnection, batch: int, tip: Held) -> None:
        known = deployment.villages.get(village)
        if village and (known is None or known.commune != tip.commune):
            raise Refusal("Không có thôn này trong sổ của xã. Xin chọn trong danh sách.")
        await tip_changes.put(connection, batch, "village", [tip.id], village or None)

    return await edit(database, actor, Action.TIP_SORT, code, seen, "correct", act, now)


async def assign(database: Database, actor: Actor, code: str, seen: int, name: str, now: int) -> Saved | Conflict:
    """Who works on it; "": nobody. Raises Refusal."""

    async def act(connection: AsyncConnection, batch: int, tip: Held) -> None:
        await must_be_reader(connection, name, tip.commune)
        await tip_changes.put(connection, batch, "assignee", [tip.id], name or None)

    return await edit(database, actor, Action.TIP_SORT, code, seen, "assign", act, now)


async def must_be_reader(connection: AsyncConnection, name: str, commune: str) -> None:
    """Raises Refusal unless `name` is "" or somebody who may sort tips of `commune`."""
    if name and name not in await readers_of(connection, commune):
        raise Refusal("Không giao được cho người này: không có trong danh sách người đọc tin của xã.")


async def readers_of(connection: AsyncConnection, commune: str) -> list[str]:
    """Names of those who may sort a commune's tips."""
    everybody = await users.everybody(connection)
    return sorted(each.name for each in everybody if each.is_enabled and each.actor.may(Action.TIP_SORT) and each.actor.sees(commune))


async def note(database: Database, actor: Actor, code: str, said: str, now: int) -> Saved | Conflict:
    """Add a note; it can't be taken away, only answered by another. Raises Refusal."""
    if not said.strip() or len(said) > NOTE_LIMIT:
        raise Refusal(f"Ghi chú phải có chữ, nhiều nhất {NOTE_LIMIT} chữ. Xin sửa rồi bấm ghi lại.")

    async def act(connection: AsyncConnection, batch: int, tip: Held) -> None:
        await tip_changes.log(connection, batch, [Logged(tip.id, tip.commune, NOTE, words=said.strip())])

    return await edit(database, actor, Action.TIP_SORT, code, None, "note", act, now)


async def move(database: Database, actor: Actor, code: str, seen: int, state: State, now: int) -> Saved | Conflict:
    """Take a tip to another state, by the table of legal moves. Raises Refusal."""
    action = Action.TIP_VERIFY if state in NEEDS_VERIFIER else Action.TIP_SORT

    async def act(connection: AsyncConnection, batch: int, tip: Held) -> None:
        if not may_move(tip.state, state):
            raise Refusal("Tin này không chuyển thẳng sang bước đó được. Xin chuyển từng bước.")
        await tip_changes.put(connection, batch, "state", [tip.id], state)

    return await edit(database, actor, action, code, seen, "move", act, now)


async def verify(
    database: Database, actor: Actor, code: str, seen: int, result: Result, done: Collection[Done], said: str, now: int
) -> Saved | Conflict:
    """What a verification found and what was done for it. A result concludes the tip; "can't tell yet" leaves it in verification."""
    if len(said) > NOTE_LIMIT:
        raise Refusal(f"Ghi chú dài quá {NOTE_LIMIT} chữ. Xin viết ngắn lại.")

    async def act(connection: AsyncConnection, batch: int, tip: Held) -> None:
        ids = [tip.id]
        await tip_changes.put(connection, batch, "result", ids, result)
        await tip_changes.put(connection, batch, "done", ids, ",".join(sorted(done)) or None)
        await tip_changes.put(connection, batch, "state", ids, State.VERIFYING if result is Result.OPEN else State.CONCLUDED)
        if said.strip():
            await tip_changes.log(connection, batch, [Logged(tip.id, tip.commune, NOTE, words=said.strip())])

    return await edit(database, actor, Action.TIP_VERIFY, code, seen, "verify", act, now)
