"""The inbox: MOs and DLRs as they came, each once (ADR 0009).

Every row has an id on its route: the carrier's, or where it gives none one of ours ("~…", made at arrival), by which a spooled copy
of a row that was committed after all is known again. Alike in content is a different question, asked only where the carrier gives no id.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import bindparam, func, literal_column, select, text, tuple_, union_all, update
from sqlalchemy.dialects.postgresql import insert as upsert  # its ON CONFLICT compiles and runs on SQLite too; pinned by tests/storage
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.storage import bulk_inbox
from gateway.storage.schema import dlr, dna_request, mo, mt, tip
from gateway.storage.seal import Keyring
from gateway.storage.sqlite_writer import driver_of
from gateway.storage.twice import blob, change_rows, read_rows

OURS: Final = "~"  # begins the ids that we give
ALIKE_MS: Final = 600_000  # the same words by the same person within ten minutes are one MO, where the carrier gives no id
DIRECT: Final = frozenset({"web", "ussd", "zalo"})  # channels in which the same words twice are two messages
NEW: Final = "new"
PART: Final = "part"  # waits for the other parts of its text
DONE: Final = "done"
UNREADABLE: Final = "unreadable"
IN_RESPONSE: Final = "response"  # mt.code of a reply that went with our answer to the carrier's call
OTHER_WORDS: Final = "same id, other words"

Key = tuple[str, str, bytes]  # what is unique: route, id, content key


@dataclass(frozen=True, slots=True)
class NewMo:
    """An MO as it came. `sender`: E.164, or as the carrier writes it; "" where none is known. `carrier_id`: never empty, see the module.

    `part_…`: of a part of a longer text what its carrier says: the reference all parts share, its number from 1, how many there are.
    """

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
    part_ref: str | None = None
    part_number: int | None = None
    part_total: int | None = None

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
    """What became of an arrival: the row it is, or the row it repeats. `alarm`: what storing it noted on its row."""

    id: int
    repeat: bool = False
    alarm: str | None = None


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
    part_ref: str | None = None


# --- keys ---


def content_key(keyring: Keyring, new: NewMo) -> bytes:
    """Keyed hash of who said what. The carrier's time counts only where it gives no id: a retry under one id may carry a new time."""
    when = "" if new.is_given else str(new.sent_at or "")
    parts: tuple[str, ...] = (new.route, new.sender, new.receiver, when, new.text, new.raw or "")
    if new.part_ref is not None:  # two parts of one text may hold the same words
        parts += (new.part_ref, str(new.part_number))
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
    ids, late = await _insert(connection, keyring, fresh)
    missed = await _known(connection, [key for key in fresh if key not in ids])
    stored = _stored(keys, ids, known | missed, twins)
    await _count_repeats(connection, keys, twins, stored)
    if not late:
        return stored
    await connection.execute(_ALARM, [{"mo_": row} for row in late])
    return [replace(at, alarm=OTHER_WORDS) if at.id in late else at for at in stored]


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
    if (driver := driver_of(connection)) is not None:
        return {keys[at]: id_ for at, id_, _ in bulk_inbox.known(driver, keys)}
    wanted = tuple_(mo.c.route, mo.c.carrier_id, mo.c.content_key).in_(list(dict.fromkeys(keys)))
    found = await connection.execute(select(mo.c.id, mo.c.route, mo.c.carrier_id, mo.c.content_key).where(wanted))
    return {(row.route, row.carrier_id, bytes(row.content_key)): row.id for row in found}


async def _insert(connection: AsyncConnection, keyring: Keyring, fresh: Mapping[Key, NewMo]) -> tuple[dict[Key, int], list[int]]:
    """The ids of what was new, and those of them that came under an id which had already brought other words."""
    if not fresh:
        return {}, []
    if (driver := driver_of(connection)) is not None:
        keys = list(fresh)
        bulk_inbox.insert(driver, keyring, [_row(key, new, keyring) for key, new in fresh.items()])
        found = bulk_inbox.known(driver, keys)
        return {keys[at]: id_ for at, id_, _ in found}, [id_ for at, id_, first in found if first != id_ and fresh[keys[at]].is_given]
    rows = [dict(zip(bulk_inbox.COLUMNS, _row(key, new, keyring), strict=True)) for key, new in fresh.items()]
    returned = await connection.execute(_INSERT, rows)
    ids = {(row.route, row.carrier_id, bytes(row.content_key)): row.id for row in returned}
    return ids, await _with_other_words(connection, {key: ids[key] for key in ids if not key[1].startswith(OURS)})


_FIELDS: Final = attrgetter(*bulk_inbox.COLUMNS[:-2])


def _row(key: Key, new: NewMo, keyring: Keyring) -> tuple[Any, ...]:  # Any: a row's values
    return (*_FIELDS(new), key[2], _person_of(keyring, new))


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


async def _with_other_words(connection: AsyncConnection, ids: Mapping[Key, int]) -> list[int]:
    """Rows that came under an id which had already brought other words."""
    if not ids:
        return []
    pairs = {key[:2] for key in ids}
    first = await connection.execute(
        select(mo.c.route, mo.c.carrier_id, func.min(mo.c.id).label("first"))
        .where(tuple_(mo.c.route, mo.c.carrier_id).in_(list(pairs)))
        .group_by(mo.c.route, mo.c.carrier_id)
        .having(func.count() > 1)
    )
    firsts = {(row.route, row.carrier_id): row.first for row in first}
    return [row for key, row in ids.items() if firsts.get(key[:2], row) != row]


async def add_dlrs(connection: AsyncConnection, arrivals: Sequence[NewDlr]) -> None:
    """Store reports, each (route, ref, recipient, status) once; matching them is the outbox's."""
    rows = [{each.name: getattr(new, each.name) for each in fields(new)} for new in arrivals]
    await connection.execute(_INSERT_DLR, rows)


_INSERT_DLR: Final = upsert(dlr).on_conflict_do_nothing(index_elements=["route", "ref", "recipient", "status"])

# --- handling ---


@dataclass(frozen=True, slots=True)
class Handled:
    """What was made of an MO: `action` a kind or why nothing was, `alarm` what the desk should look at, `wave` which one it answers.

    `tip`: the tip that its words were added to; a tip that was made of it is found by itself. `language`: if it is not Vietnamese.
    """

    id: int
    action: str
    alarm: str | None = None
    state: str = DONE
    wave: int | None = None
    tip: int | None = None
    language: str | None = None


async def these_mos(connection: AsyncConnection, keyring: Keyring, ids: Collection[int]) -> list[Mo]:
    """Those of `ids` nobody has looked at, oldest first. Raises Unsealable."""
    return [_opened(keyring, row) for row in await read_rows(connection, bulk_inbox.THESE, sorted(ids))]


def _opened(keyring: Keyring, row: Sequence[Any]) -> Mo:  # Any: a row's values
    id_, route, channel, bidx, sender, receiver, words, raw, placement, received_at, alarm, part_ref = row
    return Mo(
        id_, route, channel, blob(bidx), _open(keyring, sender, "msisdn") or "", receiver, _open(keyring, words, "mo.text") or "",
        _open(keyring, raw, "mo.raw"), placement, received_at, alarm, part_ref,
    )  # fmt: skip


def _open(keyring: Keyring, value: object, place: str) -> str | None:
    """A sealed column; SQLite's hex() makes "" of NULL."""
    return keyring.open(blob(value), place).decode() if value else None


def as_stored(keyring: Keyring, new: NewMo, stored: Stored) -> Mo:
    """The MO that `new` is now, without reading its row."""
    return Mo(
        stored.id, new.route, new.channel, _person_of(keyring, new), new.sender, new.receiver, new.text, new.raw, new.placement,
        new.received_at, stored.alarm or new.alarm, new.part_ref,
    )  # fmt: skip


async def still_new(connection: AsyncConnection, ids: Collection[int]) -> set[int]:
    """Those of `ids` nobody has looked at meanwhile, held until the transaction ends."""
    return {row[0] for row in await read_rows(connection, bulk_inbox.STILL, sorted(ids))}


async def new_ids(connection: AsyncConnection, limit: int, after: int = 0) -> list[int]:
    """Ids of up to `limit` MOs behind id `after` that nobody has looked at, oldest first. Nothing is opened, and nothing held: `still_new`
    asks again."""
    return [row[0] for row in await read_rows(connection, bulk_inbox.NEW, after, limit)]


async def mark(connection: AsyncConnection, handled: Sequence[Handled]) -> None:
    """Note what was made of MOs."""
    rows = [(each.id, each.state, each.action, each.alarm, each.wave, each.tip, each.language) for each in handled]
    await change_rows(connection, bulk_inbox.DONE, rows)


async def given_for(connection: AsyncConnection, ids: Collection[int]) -> dict[int, tuple[str | None, str | None]]:
    """What MOs `ids` were given: a code (of a tip before a registration's) and the words of the reply; only those with either."""
    codes = union_all(
        select(dna_request.c.mo, dna_request.c.code).where(dna_request.c.mo.in_(ids)), select(tip.c.mo, tip.c.code).where(tip.c.mo.in_(ids))
    )
    given: dict[int, tuple[str | None, str | None]] = {row.mo: (row.code, None) for row in await connection.execute(codes)}
    for row in await connection.execute(select(mt.c.reply_to, mt.c.body).where(mt.c.reply_to.in_(ids))):
        given[row.reply_to] = given.get(row.reply_to, (None, None))[0], row.body
    return given


async def went_in_response(connection: AsyncConnection, ids: Collection[int]) -> None:
    """The replies to MOs `ids` have gone with our answers to their carrier's calls; those that wait as MTs are sent by that."""
    gone = update(mt).where(mt.c.reply_to.in_(ids), mt.c.state == literal_column("'queued'"))
    await connection.execute(gone.values(state="sent", sent_at=mt.c.created_at, code=IN_RESPONSE))


async def replies_since(connection: AsyncConnection, ids: Collection[int], since: int) -> dict[int, int]:
    """How many replies were made since `since` for the people of MOs `ids`, by MO; only those with any."""
    return {row[0]: row[1] for row in await read_rows(connection, bulk_inbox.REPLIES, sorted(ids), since)}


async def helped_since(connection: AsyncConnection, ids: Collection[int], since: int) -> set[int]:
    """Those of MOs `ids` whose senders got a reply since `since` to something that was not understood."""
    return {row[0] for row in await read_rows(connection, bulk_inbox.HELPED, sorted(ids), since)} if ids else set()


async def actions(connection: AsyncConnection) -> dict[str, int]:
    """How many handled MOs became what."""
    counted = select(mo.c.action, func.count().label("n")).where(mo.c.state == DONE).group_by(mo.c.action)
    return {row.action: row.n for row in await connection.execute(counted)}
