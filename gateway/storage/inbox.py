"""The inbox: MOs and DLRs as they came, each once (ADR 0009).

Every row has an id on its route: the carrier's, or where it gives none one of ours ("~…", made at arrival), by which a spooled copy
of a row that was committed after all is known again. Alike in content is a different question, asked only where the carrier gives no id.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final

from sqlalchemy import bindparam, func, literal_column, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert  # its ON CONFLICT compiles and runs on SQLite too; pinned by tests/storage
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.storage.schema import dlr, mo, mt
from gateway.storage.seal import Keyring

OURS: Final = "~"  # begins the ids that we give
ALIKE_MS: Final = 600_000  # the same words by the same person within ten minutes are one MO, where the carrier gives no id
DIRECT: Final = frozenset({"web", "ussd", "zalo"})  # channels in which the same words twice are two messages
NEW: Final = "new"
DONE: Final = "done"
UNREADABLE: Final = "unreadable"
OTHER_WORDS: Final = "same id, other words"

Key = tuple[str, str, bytes]  # what is unique: route, id, content key


@dataclass(frozen=True, slots=True)
class NewMo:
    """An MO as it came. `sender`: E.164, or as the carrier writes it; "" where none is known. `carrier_id`: never empty, see the module."""

    route: str
    channel: str
    carrier_id: str
    sender: str = field(repr=False)
    receiver: str
    text: str = field(repr=False)
    received_at: int
    sent_at: int | None = None
    placement: str | None = None
    raw: str | None = field(default=None, repr=False)
    state: str = NEW
    action: str | None = None
    alarm: str | None = None

    @property
    def is_given(self) -> bool:
        """Whether the id is the carrier's own."""
        return not self.carrier_id.startswith(OURS)


@dataclass(frozen=True, slots=True)
class NewDlr:
    """A report as it came."""

    route: str
    ref: str
    ours: bool
    recipient: int
    status: str
    code: str
    at: int | None
    received_at: int


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of an arrival: the row it is, or the row it repeats."""

    id: int
    repeat: bool = False


@dataclass(frozen=True, slots=True)
class Mo:
    """A stored MO to be made something of."""

    id: int
    route: str
    channel: str
    bidx: bytes
    sender: str = field(repr=False)
    receiver: str
    text: str = field(repr=False)
    raw: str | None = field(repr=False)
    placement: str | None
    received_at: int
    alarm: str | None


# --- keys ---


def content_key(keyring: Keyring, new: NewMo) -> bytes:
    """Keyed hash of who said what. The carrier's time counts only where it gives no id: a retry under one id may carry a new time."""
    when = "" if new.is_given else str(new.sent_at or "")
    parts = (new.route, new.sender, new.receiver, when, new.text, new.raw or "")
    return keyring.blind("\x1f".join(parts), "mo.content")


def person(keyring: Keyring, sender: str) -> bytes:
    """Blind index of a sender; alike for everybody's tables, so that a number is found in all of them."""
    return keyring.blind(sender, "msisdn")


def _person_of(keyring: Keyring, new: NewMo) -> bytes:
    """Nobody's number must not make all nameless people one person."""
    return person(keyring, new.sender) if new.sender else keyring.blind(f"{new.route}\x1f{new.carrier_id}", "nobody")


# --- receiving ---

_INSERT: Final = (  # what comes back is new; what doesn't, another process or an earlier call has stored
    upsert(mo)
    .on_conflict_do_nothing(index_elements=["route", "carrier_id", "content_key"])
    .returning(mo.c.id, mo.c.route, mo.c.carrier_id, mo.c.content_key)
)
_AGAIN: Final = update(mo).where(mo.c.id == bindparam("mo_")).values(repeats=mo.c.repeats + bindparam("more_"))
_ALARM: Final = update(mo).where(mo.c.id == bindparam("mo_")).values(alarm=OTHER_WORDS)
_LOCK: Final = text("SELECT count(pg_advisory_xact_lock(key)) FROM unnest(CAST(:keys AS bigint[])) AS key")


async def add_mos(connection: AsyncConnection, keyring: Keyring, arrivals: Sequence[NewMo]) -> list[Stored]:
    """Store `arrivals` in one transaction, each once; one Stored per arrival, in order. Repeats are counted on the row they repeat."""
    keys = [(new.route, new.carrier_id, content_key(keyring, new)) for new in arrivals]
    known = await _known(connection, keys)
    twins = await _twins(connection, keyring, [(key, new) for key, new in zip(keys, arrivals, strict=True) if key not in known])
    fresh = {key: new for key, new in zip(keys, arrivals, strict=True) if key not in known and key not in twins}
    ids = await _insert(connection, keyring, fresh)
    missed = await _known(connection, [key for key in fresh if key not in ids])
    stored = _stored(keys, ids, known | missed, twins)
    await _count_repeats(connection, keys, twins, stored)
    await _mark_other_words(connection, {key: ids[key] for key in ids if not key[1].startswith(OURS)})
    return stored


def _stored(keys: Sequence[Key], ids: Mapping[Key, int], known: Mapping[Key, int], twins: Mapping[Key, int | Key]) -> list[Stored]:
    seen: set[Key] = set()
    stored = []
    for key in keys:
        twin = twins.get(key)
        stored.append(
            Stored(known[key], repeat=True)
            if key in known
            else Stored(ids[key], repeat=key in seen)
            if twin is None
            else Stored(twin if isinstance(twin, int) else ids[twin], repeat=True)
        )
        seen.add(key)
    return stored


async def _known(connection: AsyncConnection, keys: Sequence[Key]) -> dict[Key, int]:
    if not keys:
        return {}
    wanted = tuple_(mo.c.route, mo.c.carrier_id, mo.c.content_key).in_(list(dict.fromkeys(keys)))
    found = await connection.execute(select(mo.c.id, mo.c.route, mo.c.carrier_id, mo.c.content_key).where(wanted))
    return {(row.route, row.carrier_id, bytes(row.content_key)): row.id for row in found}


async def _insert(connection: AsyncConnection, keyring: Keyring, fresh: Mapping[Key, NewMo]) -> dict[Key, int]:
    if not fresh:
        return {}
    rows = [{**_values(new), "content_key": key[2], "bidx": _person_of(keyring, new)} for key, new in fresh.items()]
    found = await connection.execute(_INSERT, rows)
    return {(row.route, row.carrier_id, bytes(row.content_key)): row.id for row in found}


def _values(new: NewMo) -> dict[str, Any]:  # Any: a row's values
    return {each.name: getattr(new, each.name) for each in fields(new)}


# --- alike ---


async def _twins(connection: AsyncConnection, keyring: Keyring, unknown: Sequence[tuple[Key, NewMo]]) -> dict[Key, int | Key]:
    """For arrivals without a carrier's id: the row, or the earlier arrival of this very call, whose words they repeat."""
    # By key: what came twice in one call is one arrival, not its own twin.
    asked = list({key: (key, new) for key, new in unknown if not new.is_given and new.channel not in DIRECT}.values())
    if not asked:
        return {}
    await _lock(connection, {key[2] for key, _ in asked})
    seen: dict[bytes, list[tuple[int, int | Key]]] = await _alike_rows(connection, asked)
    spoken = await _spoken_to(
        connection, {_person_of(keyring, new) for _, new in asked}, min(new.received_at for _, new in asked) - ALIKE_MS
    )
    twins: dict[Key, int | Key] = {}
    for key, new in asked:
        earlier = seen.setdefault(key[2], [])
        said = spoken.get(_person_of(keyring, new), ())
        twin = next((row for at, row in reversed(earlier) if _is_repeat(at, new.received_at, said)), None)
        if twin is None:
            earlier.append((new.received_at, key))
        else:
            twins[key] = twin
    return twins


def _is_repeat(first_at: int, again_at: int, spoken_at: Iterable[int]) -> bool:
    """Within ten minutes, and nothing was sent to this person in between: who answers us in the same words means them."""
    low, high = sorted((first_at, again_at))
    return high - low <= ALIKE_MS and not any(low <= at <= high for at in spoken_at)


async def _lock(connection: AsyncConnection, contents: Iterable[bytes]) -> None:
    """One process at a time may decide about these words. SQLite's BEGIN IMMEDIATE is that lock already."""
    if connection.dialect.name == "postgresql":
        keys = sorted(int.from_bytes(content[:8], "big", signed=True) for content in contents)  # sorted: no deadlock
        await connection.execute(_LOCK, {"keys": keys})


async def _alike_rows(connection: AsyncConnection, asked: Sequence[tuple[Key, NewMo]]) -> dict[bytes, list[tuple[int, int | Key]]]:
    times = [new.received_at for _, new in asked]
    found = await connection.execute(
        select(mo.c.id, mo.c.content_key, mo.c.received_at)
        .where(
            mo.c.content_key.in_({key[2] for key, _ in asked}),
            mo.c.received_at.between(min(times) - ALIKE_MS, max(times) + ALIKE_MS),
            mo.c.carrier_id.startswith(OURS),
        )
        .order_by(mo.c.received_at)
    )
    rows: dict[bytes, list[tuple[int, int | Key]]] = {}
    for row in found:
        rows.setdefault(bytes(row.content_key), []).append((row.received_at, row.id))
    return rows


async def _spoken_to(connection: AsyncConnection, people: Iterable[bytes], since: int) -> dict[bytes, list[int]]:
    """When something was sent to each of `people`, UTC epoch ms."""
    found = await connection.execute(select(mt.c.bidx, mt.c.sent_at).where(mt.c.bidx.in_(set(people)), mt.c.sent_at >= since))
    times: dict[bytes, list[int]] = {}
    for row in found:
        times.setdefault(bytes(row.bidx), []).append(row.sent_at)
    return times


# --- repeats and alarms ---


async def _count_repeats(connection: AsyncConnection, keys: Sequence[Key], twins: Collection[Key], stored: Sequence[Stored]) -> None:
    """A carrier's retry is counted; a row of ours that comes once more out of the spool is the same arrival."""
    retries = (at.id for key, at in zip(keys, stored, strict=True) if at.repeat and (key in twins or not key[1].startswith(OURS)))
    if more := Counter(retries):
        await connection.execute(_AGAIN, [{"mo_": row, "more_": count} for row, count in more.items()])


async def _mark_other_words(connection: AsyncConnection, ids: Mapping[Key, int]) -> None:
    """Alarm on rows that came under an id which had already brought other words."""
    if not ids:
        return
    pairs = {key[:2] for key in ids}
    first = await connection.execute(
        select(mo.c.route, mo.c.carrier_id, func.min(mo.c.id).label("first"))
        .where(tuple_(mo.c.route, mo.c.carrier_id).in_(list(pairs)))
        .group_by(mo.c.route, mo.c.carrier_id)
        .having(func.count() > 1)
    )
    firsts = {(row.route, row.carrier_id): row.first for row in first}
    late = [{"mo_": row} for key, row in ids.items() if firsts.get(key[:2], row) != row]
    if late:
        await connection.execute(_ALARM, late)


async def add_dlrs(connection: AsyncConnection, arrivals: Sequence[NewDlr]) -> None:
    """Store reports, each (route, ref, recipient, status) once; matching them is the outbox's."""
    rows = [{each.name: getattr(new, each.name) for each in fields(new)} for new in arrivals]
    await connection.execute(_INSERT_DLR, rows)


_INSERT_DLR: Final = upsert(dlr).on_conflict_do_nothing(index_elements=["route", "ref", "recipient", "status"])

# --- processing ---

_TAKE: Final = (  # served by mo_new (id) WHERE state = 'new'; other processes step over what one holds
    select(
        mo.c.id,
        mo.c.route,
        mo.c.channel,
        mo.c.bidx,
        mo.c.sender,
        mo.c.receiver,
        mo.c.text,
        mo.c.raw,
        mo.c.placement,
        mo.c.received_at,
        mo.c.alarm,
    )
    .where(mo.c.state == literal_column("'new'"))
    .order_by(mo.c.id)
    .limit(bindparam("limit_"))
    .with_for_update(skip_locked=True)
)
_DONE: Final = (
    update(mo)
    .where(mo.c.id == bindparam("mo_"))
    .values(state=bindparam("state_"), action=bindparam("action_"), alarm=bindparam("alarm_"), wave=bindparam("wave_"))
)


@dataclass(frozen=True, slots=True)
class Handled:
    """What was made of an MO: `action` a kind or why nothing was, `alarm` what the desk should look at, `wave` which one it answers."""

    id: int
    action: str
    alarm: str | None = None
    state: str = DONE
    wave: int | None = None


async def take_new(connection: AsyncConnection, limit: int, ids: Collection[int] | None = None) -> list[Mo]:
    """Up to `limit` MOs nobody has looked at, oldest first, held until the transaction ends; or just those of `ids`."""
    statement = _TAKE if ids is None else _TAKE.where(mo.c.id.in_(ids))
    return [Mo(*row) for row in await connection.execute(statement, {"limit_": limit})]


async def new_ids(connection: AsyncConnection, limit: int) -> list[int]:
    """Ids of MOs nobody has looked at, oldest first; nothing is opened and nothing held."""
    new = select(mo.c.id).where(mo.c.state == literal_column("'new'")).order_by(mo.c.id).limit(limit)
    return list(await connection.scalars(new))


async def mark(connection: AsyncConnection, handled: Sequence[Handled]) -> None:
    """Note what was made of MOs."""
    rows = [{"mo_": each.id, "state_": each.state, "action_": each.action, "alarm_": each.alarm, "wave_": each.wave} for each in handled]
    if rows:
        await connection.execute(_DONE, rows)


async def replies_since(connection: AsyncConnection, people: Collection[bytes], since: int) -> dict[bytes, int]:
    """How many replies were made for each of `people` since `since`; served by mt_person (bidx, created_at)."""
    found = await connection.execute(
        select(mt.c.bidx, func.count().label("replies"))
        .where(mt.c.bidx.in_(people), mt.c.created_at > since, mt.c.reply_to.is_not(None))
        .group_by(mt.c.bidx)
    )
    return {bytes(row.bidx): row.replies for row in found}


async def actions(connection: AsyncConnection) -> dict[str, int]:
    """How many handled MOs became what."""
    counted = select(mo.c.action, func.count().label("n")).where(mo.c.state == DONE).group_by(mo.c.action)
    return {row.action: row.n for row in await connection.execute(counted)}
