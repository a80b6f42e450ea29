"""What staff change in tips: logged and applied by the same statements for one tip and for thousands, undone by a further change.

A change first logs what was (`tip_change`), then sets what the log says, so the log can't tell another story than the rows. All of it runs
in one transaction that holds the tips' work rows, in the order of their ids: two people never log the same `before`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import BindParameter, Column, Table, Text, bindparam, cast, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import insert as upsert  # its ON CONFLICT compiles and runs on SQLite too; pinned by tests/storage
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.storage.schema import tip, tip_batch, tip_change, tip_work

# What can change, and where it stands. Values are words of enums, codes and user names.
_TIP: Final = ("state", "urgent", "village")
_WORK: Final = ("kind", "flags", "assignee", "result", "done")
COLUMNS: Final = (*_TIP, *_WORK)
FIELD: Final = "field:"  # + the name of a field that was corrected
NOTE: Final = "note"
LINK: Final = "link"
_SILENT: Final = (NOTE, LINK)  # what is only added, and so collides with nobody's edit


@dataclass(frozen=True, slots=True)
class Batch:
    """One action of one person."""

    commune: str
    user: int
    name: str
    what: str
    at: int
    undoes: int | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """A batch as stored. `tips`: how many it changed; `undone_by`: the batch that took it back."""

    id: int
    commune: str
    user: int
    name: str
    what: str
    tips: int
    undoes: int | None
    undone_by: int | None
    at: int


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a tip's history. `was`, `words`: JSON of a field, or a note's text."""

    batch: int
    name: str
    at: int
    action: str
    undoes: int | None
    undone_by: int | None
    what: str
    before: str | None
    after: str | None
    was: str | None = field(default=None, repr=False)
    words: str | None = field(default=None, repr=False)


def _home(what: str) -> tuple[Table, Column[Any], Column[Any]]:  # Any: a column's value
    """The table, its tip id and the column where `what` stands."""
    return (tip, tip.c.id, tip.c[what]) if what in _TIP else (tip_work, tip_work.c.tip, tip_work.c[what])


async def begin(connection: AsyncConnection, batch: Batch) -> int:
    """Store an action; returns its id."""
    values = {
        "commune": batch.commune, "user": batch.user, "name": batch.name, "what": batch.what, "at": batch.at, "undoes": batch.undoes,
    }  # fmt: skip
    return int(await connection.scalar(insert(tip_batch).values(**values).returning(tip_batch.c.id)))


_IDS: Final[BindParameter[Any]] = bindparam("ids_", expanding=True)  # Any: a list of ids
_ENSURE: Final = (
    upsert(tip_work).from_select(["tip", "commune"], select(tip.c.id, tip.c.commune).where(tip.c.id.in_(_IDS))).on_conflict_do_nothing()
)
_HOLD: Final = select(tip_work.c.tip, tip_work.c.version).where(tip_work.c.tip.in_(_IDS)).order_by(tip_work.c.tip).with_for_update()


async def hold(connection: AsyncConnection, ids: Collection[int]) -> Mapping[int, int]:
    """Give `ids` their work rows and hold them for this transaction; returns version by tip."""
    await connection.execute(_ENSURE, {"ids_": sorted(ids)})
    return {row[0]: row[1] for row in await connection.execute(_HOLD, {"ids_": sorted(ids)})}


async def movable(connection: AsyncConnection, ids: Collection[int], states: Collection[str]) -> list[int]:
    """Those of `ids` that stand in one of `states`."""
    found = select(tip.c.id).where(tip.c.id.in_(_IDS), tip.c.state.in_(sorted(states)))
    return [row[0] for row in await connection.execute(found, {"ids_": sorted(ids)})]


async def put(connection: AsyncConnection, batch: int, what: str, ids: Collection[int], after: str | None) -> None:
    """Set `what` of all `ids` to `after`, logged; tips that have it already are left out. They must be held."""
    _, _, column = _home(what)
    names = ["batch", "tip", "commune", "what", "before", "after"]
    changing = (
        select(literal(batch), tip.c.id, tip.c.commune, literal(what), column, cast(literal(after), Text))
        .select_from(tip.join(tip_work, tip_work.c.tip == tip.c.id))
        .where(tip.c.id.in_(_IDS), column.is_distinct_from(after))
    )
    await connection.execute(insert(tip_change).from_select(names, changing), {"ids_": sorted(ids)})
    await _apply(connection, batch, what)


async def _apply(connection: AsyncConnection, batch: int, what: str) -> None:
    """Set what the log of `batch` says of `what`."""
    table, key, column = _home(what)
    logged = (tip_change.c.batch == batch, tip_change.c.what == what)
    said = select(tip_change.c.after).where(*logged, tip_change.c.tip == key).scalar_subquery()
    await connection.execute(update(table).where(key.in_(select(tip_change.c.tip).where(*logged))).values({column.name: said}))


@dataclass(frozen=True, slots=True)
class Logged:
    """A change whose words are sealed, applied by whoever logs it."""

    tip: int
    commune: str
    what: str
    was: str | None = field(default=None, repr=False)
    words: str | None = field(default=None, repr=False)
    before: str | None = None
    after: str | None = None


async def log(connection: AsyncConnection, batch: int, changes: Sequence[Logged]) -> None:
    """Store changes that `put` can't: words, and links."""
    names = ("tip", "commune", "what", "was", "words", "before", "after")
    if changes:
        rows = [{"batch": batch} | {name: getattr(each, name) for name in names} for each in changes]
        await connection.execute(insert(tip_change), rows)


async def set_corrected(connection: AsyncConnection, tip_id: int, corrected: str | None) -> None:
    """Keep a tip's corrected fields (JSON); the machine's own reading stays where it is."""
    await connection.execute(update(tip_work).where(tip_work.c.tip == tip_id).values(corrected=corrected))


async def finish(connection: AsyncConnection, batch: int, name: str, now: int) -> int:
    """Count the batch's tips and move their versions on; returns how many tips it changed."""
    mine = select(tip_change.c.tip).where(tip_change.c.batch == batch)
    loud = mine.where(tip_change.c.what.not_in(_SILENT))
    bump = update(tip_work).where(tip_work.c.tip.in_(loud)).values(version=tip_work.c.version + 1, touched_at=now, touched_by=name)
    await connection.execute(bump)
    tips = int(await connection.scalar(select(func.count(tip_change.c.tip.distinct())).where(tip_change.c.batch == batch)) or 0)
    await connection.execute(update(tip_batch).where(tip_batch.c.id == batch).values(tips=tips))
    return tips


# --- back again ---

_BATCH: Final = select(*[tip_batch.c[name] for name in Stored.__dataclass_fields__])


async def batch_of(connection: AsyncConnection, batch: int) -> Stored | None:
    """A batch by its id, held against a second undo."""
    row = (await connection.execute(_BATCH.where(tip_batch.c.id == batch).with_for_update())).one_or_none()
    return None if row is None else Stored(*row)


async def last_of(connection: AsyncConnection, user: int) -> Stored | None:
    """What a person did last and has not undone; None where that was an undo."""
    mine = _BATCH.where(tip_batch.c.user == user, tip_batch.c.undone_by.is_(None), tip_batch.c.undoes.is_(None))
    row = (await connection.execute(mine.order_by(tip_batch.c.id.desc()).limit(1))).one_or_none()
    return None if row is None else Stored(*row)


async def tips_of(connection: AsyncConnection, batch: int) -> list[int]:
    """Ids of the tips that a batch changed."""
    found = select(tip_change.c.tip).where(tip_change.c.batch == batch).distinct()
    return [row[0] for row in await connection.execute(found)]


async def put_back(connection: AsyncConnection, batch: int, undone: int, what: str) -> None:
    """Log and set, as `batch`, what stood before `undone`, where nobody has changed it since."""
    _, _, column = _home(what)
    back = (
        select(literal(batch), tip.c.id, tip.c.commune, literal(what), column, tip_change.c.before)
        .select_from(tip_change.join(tip, tip.c.id == tip_change.c.tip).join(tip_work, tip_work.c.tip == tip.c.id))
        .where(tip_change.c.batch == undone, tip_change.c.what == what, column.is_not_distinct_from(tip_change.c.after))
    )
    await connection.execute(insert(tip_change).from_select(["batch", "tip", "commune", "what", "before", "after"], back))
    await _apply(connection, batch, what)


async def mark_undone(connection: AsyncConnection, undone: int, by: int) -> None:
    """`undone` was taken back by the batch `by`."""
    await connection.execute(update(tip_batch).where(tip_batch.c.id == undone).values(undone_by=by))


_CHANGE: Final = (
    select(
        tip_batch.c.id, tip_batch.c.name, tip_batch.c.at, tip_batch.c.what, tip_batch.c.undoes, tip_batch.c.undone_by, tip_change.c.what,
        tip_change.c.before, tip_change.c.after, tip_change.c.was, tip_change.c.words,
    )
    .join(tip_batch, tip_batch.c.id == tip_change.c.batch)
    .order_by(tip_change.c.id)
)  # fmt: skip


async def history(connection: AsyncConnection, tip_id: int) -> list[Change]:
    """Everything that staff changed in a tip, the first thing first."""
    return [Change(*row) for row in await connection.execute(_CHANGE.where(tip_change.c.tip == tip_id))]


async def changes_of(connection: AsyncConnection, batch: int, what: Collection[str] = ()) -> list[tuple[int, Change]]:
    """(tip, change) of one batch, those of some names only where any are given: `put_back` needs none of it for a column."""
    found = _CHANGE.add_columns(tip_change.c.tip).where(tip_change.c.batch == batch)
    if what:
        found = found.where(tip_change.c.what.not_in(sorted(what)))
    return [(row[-1], Change(*row[:-1])) for row in await connection.execute(found)]


def since(changes: Sequence[Change], version: int) -> list[Change]:
    """Those of a tip's changes that came after its `version`: each batch that speaks moved it on by one."""
    loud = list(dict.fromkeys(each.batch for each in changes if each.what not in _SILENT))
    later = set(loud[version:])
    return [each for each in changes if each.batch in later and each.what not in _SILENT]


async def has_states(connection: AsyncConnection, batch: int, states: Collection[str]) -> bool:
    """Whether a batch took a tip to, or from, one of `states`."""
    touched = tip_change.c.before.in_(sorted(states)) | tip_change.c.after.in_(sorted(states))
    found = select(tip_change.c.id).where(tip_change.c.batch == batch, tip_change.c.what == "state", touched).limit(1)
    return await connection.scalar(found) is not None


async def batches(connection: AsyncConnection, commune: str | None, below: int | None, limit: int) -> list[Stored]:
    """What was done in a commune, newest first."""
    found = _BATCH.order_by(tip_batch.c.id.desc()).limit(limit)
    if commune is not None:
        found = found.where(tip_batch.c.commune == commune)
    if below is not None:
        found = found.where(tip_batch.c.id < below)
    return [Stored(*row) for row in await connection.execute(found)]
