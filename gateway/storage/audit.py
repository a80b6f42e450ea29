"""The log of what was seen and changed: append-only, each row's hash covers the one before (ADR 0028).

Hashes are keyed, so that whoever may write to the database but lacks the installation's key can't mend the chain behind a change. The head
(how many rows, and the last hash) lies apart, keyed too, so that a cut tail shows. What it can't show: the database as a whole put back to
an older copy of itself. Who writes the head of `tinbao doctor` down on paper can tell that too.
"""

import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import LargeBinary, Row, bindparam, func, insert, select, text, type_coerce
from sqlalchemy.dialects.postgresql import insert as upsert  # its ON CONFLICT compiles and runs on SQLite too
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.permission import Action, Actor
from gateway.storage.schema import audit, setting
from gateway.storage.seal import Destroyed, Keyring, Unsealable

_LOCK_ID: Final = 0x71BA1  # any constant of ours: one process at a time adds to the chain
_HEAD: Final = "audit_head"
_START: Final = b"\0" * 32
_PIECE: Final = 1_000  # rows


@dataclass(frozen=True, slots=True)
class Entry:
    """What somebody did. `object`: kind:id, as tip:7K3M9P; `detail`: JSON values, sealed; never a number in the clear outside it."""

    actor: Actor | None
    action: Action | str
    object: str
    detail: Mapping[str, Any] = field(default_factory=dict, repr=False)  # Any: JSON
    commune: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain: how many rows there are and the last one's hash."""

    count: int = 0
    hash: bytes = _START

    @property
    def print_(self) -> str:
        """For people and paper: "1234 a1b2-c3d4-e5f6"."""
        signs = self.hash.hex()[:12]
        return f"{self.count} {signs[:4]}-{signs[4:8]}-{signs[8:]}"


# --- writing ---


async def note(connection: AsyncConnection, entry: Entry, now: int) -> None:
    """Add `entry` in the transaction of what it tells of, so that neither is there without the other. Best done last: it takes a lock."""
    await note_all(connection, [entry], now)


async def note_all(connection: AsyncConnection, entries: Iterable[Entry], now: int) -> None:
    """Add `entries`, in their order."""
    keyring = _keyring(connection)
    head = await _take_head(connection)
    rows = []
    for entry in entries:
        row = _row(keyring, entry, now)
        head = Head(head.count + 1, _chained(keyring, head.hash, row))
        rows.append({**row, "hash": head.hash})
    if rows:
        await connection.execute(insert(audit), rows)
        kept = upsert(setting).values(name=_HEAD, value=_sealed(keyring, head))
        await connection.execute(kept.on_conflict_do_update(index_elements=["name"], set_={"value": kept.excluded.value}))


def _row(keyring: Keyring, entry: Entry, now: int) -> dict[str, Any]:  # Any: the columns of the table
    detail = json.dumps(dict(entry.detail), ensure_ascii=False, default=str) if entry.detail else None
    return {
        "at": now,
        "user": entry.actor.user if entry.actor else None,
        "commune": entry.commune or (entry.actor.commune if entry.actor else ""),
        "action": str(entry.action),
        "object": entry.object,
        "detail": detail,
        "digest": None if detail is None else _digest(keyring, detail),
    }


async def _take_head(connection: AsyncConnection) -> Head:
    """The head, for whom nobody else adds until this transaction ends. SQLite's BEGIN IMMEDIATE is that lock already."""
    if connection.dialect.name == "postgresql":
        await connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK_ID})"))
    return await head(connection) or Head()


async def head(connection: AsyncConnection) -> Head | None:
    """The stored head; None: there is none, or it is none of ours."""
    stored = await connection.scalar(select(setting.c.value).where(setting.c.name == _HEAD))
    if stored is None or len(stored) != 72:
        return None
    found = Head(int.from_bytes(stored[:8], "big"), bytes(stored[8:40]))
    return found if bytes(stored) == _sealed(_keyring(connection), found) else None


def _sealed(keyring: Keyring, head: Head) -> bytes:
    """Count, hash, and a keyed hash of both."""
    return head.count.to_bytes(8, "big") + head.hash + keyring.blind(f"{head.count}/{head.hash.hex()}", "audit.head")


def _digest(keyring: Keyring, detail: str) -> bytes:
    return keyring.blind(detail, "audit.detail")


def _chained(keyring: Keyring, before: bytes, row: Mapping[str, Any]) -> bytes:  # Any: the columns of the table
    digest = bytes(row["digest"]).hex() if row["digest"] is not None else None
    told = [before.hex(), row["at"], row["user"], row["commune"], row["action"], row["object"], digest]
    return keyring.blind(json.dumps(told, ensure_ascii=False), "audit.chain")


def _keyring(connection: AsyncConnection) -> Keyring:
    found: Keyring = connection.dialect.keyring  # type: ignore[attr-defined] # set where the engine is made
    return found


# --- proving ---


@dataclass(frozen=True, slots=True)
class Broken:
    """The first row that doesn't fit. `row`: its id, 0: the end of the chain; `why`: one sentence."""

    row: int
    why: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What came of going through the whole chain. `rows`: how many fit; `lost`: how many details nobody can open any more."""

    rows: int
    head: Head
    lost: int
    broken: Broken | None


_RAW: Final = select(
    audit.c.id, audit.c.at, audit.c.user, audit.c.commune, audit.c.action, audit.c.object, audit.c.digest, audit.c.hash,
    type_coerce(audit.c.detail, LargeBinary).label("sealed"),
)  # fmt: skip
_NEXT: Final = _RAW.where(audit.c.id > bindparam("after_")).order_by(audit.c.id).limit(_PIECE)


async def prove(connection: AsyncConnection) -> Proof:
    """Go through the chain from its beginning; stops at the first row that was changed, put in, or stands where one was taken out."""
    keyring, found, lost = _keyring(connection), Head(), 0
    stored = await head(connection)
    async for row in _rows(connection):
        if bytes(row.hash) != _chained(keyring, found.hash, row._asdict()):
            return Proof(found.count, found, lost, Broken(row.id, "the row was changed or put in, or one before it was taken out"))
        state = _state_of(keyring, row)
        if state == "changed":
            return Proof(found.count, found, lost, Broken(row.id, "the row's detail was changed"))
        lost += state == "lost"
        found = Head(found.count + 1, bytes(row.hash))
    return Proof(found.count, found, lost, _end(stored, found))


def _end(stored: Head | None, found: Head) -> Broken | None:
    if stored == found or (stored is None and not found.count):
        return None
    known = f"{stored.count} rows were written" if stored else "its end is not marked, or the mark is forged"
    return Broken(0, f"{known}, {found.count} are there: the end was cut off or put back")


def _state_of(keyring: Keyring, row: Row[Any]) -> str:  # Any: the columns of the table
    """Of a row's detail: right, changed, or lost with its destroyed key."""
    if row.sealed is None or row.digest is None:
        return "right" if row.sealed is None and row.digest is None else "changed"
    try:
        detail = keyring.open(bytes(row.sealed), "audit.detail").decode()
    except Destroyed:
        return "lost"
    except (Unsealable, UnicodeDecodeError):
        return "changed"
    return "right" if bytes(row.digest) == _digest(keyring, detail) else "changed"


async def _rows(connection: AsyncConnection) -> AsyncIterator[Row[Any]]:  # Any: the columns of the table
    after = -1
    while piece := (await connection.execute(_NEXT, {"after_": after})).all():
        for row in piece:
            yield row
        after = piece[-1].id


# --- reading ---


@dataclass(frozen=True, slots=True)
class Noted:
    """A row, opened. `detail`: its JSON; empty where its key was destroyed."""

    id: int
    at: int
    user: int | None
    commune: str
    action: str
    object: str
    detail: Mapping[str, Any] = field(repr=False)  # Any: JSON


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows: of one commune, of one user, of actions that begin so, of one object, from and before a time (epoch ms)."""

    commune: str | None = None
    user: int | None = None
    action: str = ""
    object: str = ""
    since: int | None = None
    before: int | None = None
    below: int | None = None  # id: the page after the row of that id


async def wanted(connection: AsyncConnection, which: Wanted, most: int) -> list[Noted]:
    """Rows, the newest first."""
    chosen = select(audit).order_by(audit.c.id.desc()).limit(most)
    conditions = [
        (which.commune, audit.c.commune == which.commune),
        (which.user, audit.c.user == which.user),
        (which.action or None, func.substr(audit.c.action, 1, len(which.action)) == which.action),
        (which.object or None, audit.c.object == which.object),
        (which.since, audit.c.at >= (which.since or 0)),
        (which.before, audit.c.at < (which.before or 0)),
        (which.below, audit.c.id < (which.below or 0)),
    ]
    for value, condition in conditions:
        if value is not None:
            chosen = chosen.where(condition)
    return [_noted(row) for row in await connection.execute(chosen)]


def _noted(row: Row[Any]) -> Noted:  # Any: the columns of the table
    return Noted(row.id, row.at, row.user, row.commune, row.action, row.object, json.loads(row.detail) if row.detail else {})


async def actions(connection: AsyncConnection) -> Sequence[str]:
    """Every action that was ever noted."""
    return list(await connection.scalars(select(audit.c.action).distinct().order_by(audit.c.action)))
