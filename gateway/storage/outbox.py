"""The outbox: MTs from `queued` to settled. The statements are the queue; there is no broker (ADR 0002).

A turn of a dispatcher is one transaction of these units in this order: settle what came back, mark what goes next, claim what follows.
"""

import secrets
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import Any, Final, NamedTuple

from sqlalchemy import Row, bindparam, delete, func, insert, literal_column, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert  # its ON CONFLICT compiles and runs on SQLite too; pinned by tests/storage
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.failure import Failure
from gateway.domain.message import OPEN, DlrStatus, MtState, after_dlr
from gateway.domain.msisdn import Msisdn
from gateway.domain.operator import Operators
from gateway.storage import bulk
from gateway.storage.bulk import Verdict
from gateway.storage.database import CLOCK_US, now_us
from gateway.storage.new_rows import insert_rows
from gateway.storage.schema import NO_WAVE, attempt, contact, dispatcher, dlr, mo, mt, request, route_state
from gateway.storage.schema import wave as waves
from gateway.storage.seal import Keyring
from gateway.storage.sqlite_writer import driver_of

BLAST: Final = 0
PRIORITY: Final = 1  # replies before blasts
AT_ONCE: Final = 0  # due_at of what waits for no clock


@dataclass(frozen=True, slots=True)
class NewMt:
    """An MT to enqueue; either `body` (replies, direct sends) or `parameters` for its wave's template (a JSON object)."""

    ref: str
    msisdn: Msisdn
    bidx: bytes
    route: str
    segments: int
    due_at: int
    expires_at: int
    lane: int = BLAST
    wave: int = NO_WAVE
    reply_to: int | None = None
    send_id: str | None = None
    body: str | None = field(default=None, repr=False)
    parameters: str | None = field(default=None, repr=False)
    language: str | None = None
    operator: str | None = None  # as a look-up said; None: by the prefix


class ClaimedMt(NamedTuple):
    """A leased row: in memory only, it can't have left yet. `origin`: the route it was meant for, where it has moved since."""

    id: int
    ref: str
    wave: int
    lane: int
    is_reply: bool
    msisdn: Msisdn
    body: str | None
    parameters: str | None
    language: str | None
    segments: int
    attempts: int
    expires_at: int
    origin: str | None = None

    def __repr__(self) -> str:
        return f"ClaimedMt({self.id}, {self.ref})"


class Settlement(NamedTuple):
    """What an answer makes of an MT. `counted`: whether it used up an attempt; `attempts`: how many it had before."""

    id: int
    ref: str
    state: MtState
    route: str
    due_at: int = 0
    carrier_ref: str | None = None
    charged_segments: int | None = None
    failure: Failure | None = None
    code: str = ""
    counted: bool = True
    attempts: int = 0


_CHUNK: Final = 5_000  # values in one IN: PostgreSQL takes 32,767 parameters a statement


# --- enqueue ---

_BASE32: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" * 8  # the letter of each byte: 5 of its bits


def new_refs(count: int) -> list[str]:
    """`count` names for MTs that no one can guess, since they come back in DLRs: 16 characters A-Z2-7, in order.

    The first 20 bits are the same for all, 60 random ones are each one's own: so they stand at one place of the unique indexes.
    """
    letters = secrets.token_bytes(4 + 12 * count).translate(_BASE32).decode()
    head = letters[:4]
    return sorted([head + letters[at : at + 12] for at in range(4, len(letters), 12)])


_COLUMNS: Final = (
    "ref", "wave", "reply_to", "send_id", "bidx", "msisdn", "parameters", "body", "language", "operator", "lane", "route", "state",
    "due_at", "expires_at", "segments", "created_at",
)  # fmt: skip


async def enqueue(connection: AsyncConnection, mts: Sequence[NewMt], now: int) -> int:
    """Insert `mts` as queued; one whose (send_id, person), (wave, person) or reply_to is there already is left alone. How many are new."""
    if (driver := driver_of(connection)) is not None:  # a third of Core's time, and a blast is enqueued while somebody waits
        before = driver.total_changes
        keyring, operators = connection.dialect.keyring, connection.dialect.operators  # type: ignore[attr-defined]
        insert_rows(driver, mt.name, _COLUMNS, _sealed(mts, now, keyring, operators), "ON CONFLICT DO NOTHING")
        return driver.total_changes - before
    new, operators = 0, connection.dialect.operators  # type: ignore[attr-defined]
    for start in range(0, len(mts), _CHUNK):
        some = mts[start : start + _CHUNK]
        await connection.execute(
            upsert(mt).on_conflict_do_nothing(), [dict(zip(_COLUMNS, _values(each, now, operators), strict=True)) for each in some]
        )
        new += await connection.scalar(select(func.count()).where(mt.c.ref.in_([each.ref for each in some]))) or 0
    return new


def _values(new: NewMt, now: int, operators: Operators) -> tuple[Any, ...]:  # Any: a row's values
    """In the order of `_COLUMNS`, not sealed yet."""
    return (
        new.ref, new.wave, new.reply_to, new.send_id, new.bidx, new.msisdn.e164, new.parameters, new.body, new.language,
        new.operator or operators.of(new.msisdn) or None, new.lane, new.route, MtState.QUEUED.value, new.due_at, new.expires_at,
        new.segments, now,
    )  # fmt: skip


def _sealed(mts: Sequence[NewMt], now: int, keyring: Keyring, operators: Operators) -> list[tuple[Any, ...]]:  # Any: a row's values
    """Rows of `_values`, with what SQLAlchemy would seal sealed; column by column, since a nonce by itself costs as much as a seal."""
    columns: list[Sequence[Any]] = list(zip(*[_values(each, now, operators) for each in mts], strict=True))
    if mts:
        for at, place in ((_COLUMNS.index("msisdn"), "msisdn"), (_COLUMNS.index("parameters"), "mt.parameters")):
            columns[at] = keyring.seal_texts(columns[at], place)
        columns[_COLUMNS.index("body")] = _sealed_bodies(mts, keyring)
    return list(zip(*columns, strict=True))


def _sealed_bodies(mts: Sequence[NewMt], keyring: Keyring) -> list[bytes | None]:
    """A send's one body is sealed once: that its rows are alike, its id tells. Others each by itself, or equal replies would show."""
    whose = [(each.send_id, each.body) if each.send_id is not None else (at, each.body) for at, each in enumerate(mts)]
    distinct = list(dict.fromkeys(whose))
    sealed = dict(zip(distinct, keyring.seal_texts([body for _, body in distinct], "mt.body"), strict=True))
    return [sealed[each] for each in whose]


# --- claim ---

_due = (
    select(mt.c.id)
    .where(
        mt.c.route == bindparam("route_"),
        mt.c.lane == bindparam("lane_"),
        mt.c.wave == bindparam("wave_"),
        mt.c.state == literal_column("'queued'"),  # a bound value would keep PostgreSQL from the partial index
        mt.c.due_at <= bindparam("now_"),
    )
    .order_by(mt.c.due_at, mt.c.id)
    .limit(bindparam("limit_"))
    .with_for_update(skip_locked=True)
    .cte("due")
    .prefix_with("MATERIALIZED", dialect="postgresql")  # else a planner may run the LIMIT more than once
)
_COLUMNS_CLAIMED: Final = (
    mt.c.id, mt.c.ref, mt.c.wave, mt.c.lane, mt.c.reply_to, mt.c.msisdn, mt.c.body, mt.c.parameters, mt.c.language, mt.c.segments,
    mt.c.attempts, mt.c.expires_at, mt.c.origin,
)  # fmt: skip
CLAIM: Final = (  # one (route, lane, wave) by equality, due_at the only range: a million paused or future rows cost nothing
    update(mt)
    .where(mt.c.id.in_(select(_due.c.id)))
    .values(state=literal_column("'claimed'"), owner=bindparam("owner_"))
    .returning(*_COLUMNS_CLAIMED)
)
LEAVE: Final = (
    update(mt)
    .where(mt.c.id.in_(select(_due.c.id)))
    .values(state=literal_column("'sending'"), request=mt.c.ref, owner=bindparam("owner_"))
    .returning(*_COLUMNS_CLAIMED)
)


_IS_REPLY: Final = ClaimedMt._fields.index("is_reply")
_MSISDN: Final = ClaimedMt._fields.index("msisdn")


class Leaving(NamedTuple):
    """What a claim leased, oldest first. `requests`: of those that it made `sending` at once, by id, the request they are to go in."""

    mts: list[ClaimedMt]
    requests: dict[int, str]


async def claim(connection: AsyncConnection, *, route: str, lane: int, wave: int, now: int, limit: int, owner: str) -> list[ClaimedMt]:
    """Lease up to `limit` due MTs to `owner`, oldest first."""
    return (await claim_leaving(connection, route=route, lane=lane, wave=wave, now=now, limit=limit, owner=owner, size=0)).mts


async def claim_leaving(
    connection: AsyncConnection, *, route: str, lane: int, wave: int, now: int, limit: int, owner: str, size: int
) -> Leaving:
    """`claim` of what is to go with this transaction, up to `size` a request: it is marked `sending` with the claim.

    `bulk.stay` is for those that do not go after all, or go in another request. PostgreSQL knows only by its claim's answer who shares a
    request: there what goes in company stays claimed. `size` 0: nothing is to go.
    """
    if (driver := driver_of(connection)) is not None:
        keyring: Keyring = connection.dialect.keyring  # type: ignore[attr-defined] # set where the engine is made
        rows = bulk.look(driver, keyring, (route, lane, wave, now, limit))
        for row in rows:
            row[_IS_REPLY], row[_MSISDN] = bool(row[_IS_REPLY]), Msisdn(row[_MSISDN])
        mts = list(map(ClaimedMt._make, rows))
        return Leaving(mts, _leased(driver, mts, owner, size))
    values = {"route_": route, "lane_": lane, "wave_": wave, "now_": now, "limit_": limit, "owner_": owner}
    found = (await connection.execute(LEAVE if size == 1 else CLAIM, values)).all()
    mts = sorted(map(_claimed, found), key=attrgetter("id"))  # RETURNING promises no order
    return Leaving(mts, {mt.id: mt.ref for mt in mts} if size == 1 else {})


def request_name(first: ClaimedMt, count: int) -> str:
    """Our reference of a request of `count` MTs: after its first member, and its attempt where there are more.

    So a repeat after a refusal is a request of its own.
    """
    return first.ref if count == 1 else f"{first.ref}B{first.attempts}"


def _leased(driver: sqlite3.Connection, mts: Sequence[ClaimedMt], owner: str, size: int) -> dict[int, str]:
    """SQLite's stamp on what a claim looked at; the requests of what is `sending` by it."""
    if not size:
        bulk.lease(driver, [mt.id for mt in mts], owner)
        return {}
    alone, batches = _likely(mts, size)
    bulk.leave(driver, [mt.id for mt in alone], owner)
    requests = {mt.id: mt.ref for mt in alone}
    for members in batches:
        ids, name = [mt.id for mt in members], request_name(members[0], len(members))
        bulk.leave(driver, ids, owner, name)
        requests |= dict.fromkeys(ids, name)
    return requests


def _likely(mts: Sequence[ClaimedMt], size: int) -> tuple[list[ClaimedMt], list[list[ClaimedMt]]]:
    """Those that will go alone, and the batches of up to `size` in which the others will: who shares a text, in the order of their ids."""
    if size == 1:
        return list(mts), []
    groups: dict[tuple[str | None, str | None, str | None], list[ClaimedMt]] = {}
    for each in sorted(mts, key=attrgetter("id")):
        groups.setdefault((each.body, each.parameters, each.language), []).append(each)
    batches = [some[at : at + size] for some in groups.values() for at in range(0, len(some), size)]
    return [some[0] for some in batches if len(some) == 1], [some for some in batches if len(some) > 1]


def _claimed(row: Row[Any]) -> ClaimedMt:  # Any: the columns of CLAIM or of the whole table
    return ClaimedMt(
        row.id,
        row.ref,
        row.wave,
        row.lane,
        row.reply_to is not None,
        Msisdn(row.msisdn),
        row.body,
        row.parameters,
        row.language,
        row.segments,
        row.attempts,
        row.expires_at,
        row.origin,
    )


async def hand_back(connection: AsyncConnection, ids: Collection[int], owner: str) -> None:
    """Return what was claimed but not sent to the queue: a drain, or a slot too far away."""
    if ids:
        held = update(mt).where(mt.c.id.in_(ids), mt.c.owner == owner, mt.c.state == literal_column("'claimed'"))
        await connection.execute(held.values(state=literal_column("'queued'"), owner=None))


async def opted_out(connection: AsyncConnection, people: Collection[bytes]) -> frozenset[bytes]:
    """Those of `people` (blind indexes) who said stop, or are on the block list."""
    if not people:
        return frozenset()
    if (driver := driver_of(connection)) is not None:
        return bulk.opted_out(driver, list(people))
    unwilling = contact.c.opted_out_at.is_not(None) | contact.c.blocked_at.is_not(None)
    rows = await connection.execute(select(contact.c.bidx).where(contact.c.bidx.in_(people), unwilling))
    return frozenset(row.bidx for row in rows)


_ANSWERED: Final = (
    select(mt.c.id, mo.c.carrier_id)
    .join_from(mt, mo, mt.c.reply_to == mo.c.id)
    .where(mt.c.id.in_(bindparam("ids_", expanding=True)), mo.c.route == bindparam("route_"))
)


async def mos_answered(connection: AsyncConnection, route: str, ids: Collection[int]) -> dict[int, str]:
    """The carrier's ids of the MOs that the MTs `ids` reply to, where these came on `route` and bore one of the carrier's."""
    if not ids:
        return {}
    rows = await connection.execute(_ANSWERED, {"ids_": list(ids), "route_": route})
    return {row.id: row.carrier_id for row in rows if row.carrier_id and not row.carrier_id.startswith("~")}


async def end_unsent(connection: AsyncConnection, ids: Collection[int], state: MtState, code: str) -> None:
    """End claimed MTs that must not go: expired, cancelled, suppressed."""
    if ids:
        await connection.execute(update(mt).where(mt.c.id.in_(ids)).values(state=state.value, owner=None, code=code))


_AWAY: Final = (  # by mt_wave, state by state: of the queued rest there may be a million
    select(func.count())
    .select_from(mt)
    .where(
        mt.c.wave == bindparam("wave_"),
        mt.c.state.in_([literal_column(f"'{state}'") for state in ("claimed", "sending", "sent", "uncertain", "delivered", "failed")]),
    )
)


async def away(connection: AsyncConnection, wave_id: int) -> int:
    """How many MTs of a wave have left the queue to be sent, its row locked: two processes must not both let the same ones go."""
    if connection.dialect.name == "postgresql":
        await connection.execute(select(waves.c.id).where(waves.c.id == wave_id).with_for_update())
    return await connection.scalar(_AWAY, {"wave_": wave_id}) or 0


# --- pace ---

FAR_US: Final = 120_000_000  # processes book half a second ahead, and one long MT each: a slot beyond this was booked by a clock gone wrong
_PULLED_IN: Final = (  # and then a moment of silence, in which what was booked by that clock has left
    "CASE WHEN next_slot_us > {now} + :far THEN {now} + :silence WHEN next_slot_us > {now} + :ahead THEN next_slot_us"
    " ELSE {now} + :ahead END + :cost"
)


async def ensure_route(connection: AsyncConnection, route: str) -> int:
    """The row that holds a route's slots and holds. The time by the database's clock, µs."""
    await connection.execute(upsert(route_state).values(route=route).on_conflict_do_nothing())
    return await now_us(connection)


async def book(connection: AsyncConnection, route: str, cost_us: int, silence_us: int = 1_000_000, ahead_us: int = 0) -> tuple[int, int]:
    """Book `cost_us` of the route's time, at the earliest `ahead_us` from now. (start of the booking, now): µs of the database's clock
    (ADR 0006).

    A clock that was put back leaves the next slot far ahead: it is pulled in to `silence_us` from now.
    """
    statement = "UPDATE route_state SET next_slot_us = {slot} WHERE route = :key RETURNING next_slot_us"
    return await _book(connection, statement, route, cost_us, silence_us, ahead_us)


async def book_wave(connection: AsyncConnection, wave_id: int, cost_us: int) -> tuple[int, int]:
    """The same of the pace that a wave has of its own."""
    return await _book(
        connection, "UPDATE wave SET next_slot_us = {slot} WHERE id = :key RETURNING next_slot_us", wave_id, cost_us, 1_000_000
    )


async def _book(
    connection: AsyncConnection, statement: str, key: str | int, cost_us: int, silence_us: int, ahead_us: int = 0
) -> tuple[int, int]:
    values: dict[str, object] = {"key": key, "cost": cost_us, "far": FAR_US + 10 * cost_us, "silence": silence_us, "ahead": ahead_us}
    if connection.dialect.name == "sqlite":
        clock, values["now"] = ":now", await now_us(connection)
    else:
        clock = CLOCK_US
    booked = text(f"{statement.format(slot=_PULLED_IN.format(now=clock))}, {clock}")
    end, now = (await connection.execute(booked, values)).one()
    return end - cost_us, now


# --- send ---


class NewRequest(NamedTuple):
    """A request about to be written. `ids`: its MTs in ascending order, which is their order in the body."""

    ref: str
    ids: tuple[int, ...]
    body_hash: bytes


async def leaving(connection: AsyncConnection, route: str, requests: Sequence[NewRequest], now: int) -> None:
    """The requests of MTs that this transaction claimed as leaving."""
    await bulk.insert_requests(connection, route, [(each.ref, each.body_hash) for each in requests], now)


async def mark_sending(connection: AsyncConnection, route: str, requests: Sequence[NewRequest], owner: str, now: int) -> frozenset[int]:
    """Commit `sending` just before the wire; only these can become uncertain. Returns the ids that are still ours.

    The owner is asked again: who slept through its lease must not send.
    """
    marked: set[int] = set()
    if singles := [each.ids[0] for each in requests if len(each.ids) == 1]:
        marked |= await bulk.mark(connection, singles, owner)
    for each in requests:
        if len(each.ids) > 1:
            taken = await bulk.mark(connection, list(each.ids), owner, each.ref)
            if taken.issuperset(each.ids):
                marked |= taken
            else:  # another process has some of its members: the request as built can't go
                await connection.execute(update(mt).where(mt.c.id.in_(taken)).values(state=literal_column("'queued'"), owner=None))
    if rows := [(each.ref, each.body_hash) for each in requests if marked.issuperset(each.ids)]:
        await bulk.insert_requests(connection, route, rows, now)
    return frozenset(marked)


async def settle(
    connection: AsyncConnection, settlements: Sequence[Settlement], now: int, lost: Collection[str] = (), found: Collection[str] = ()
) -> None:
    """Write what answers made of their MTs. Of requests, by our references, only the odd ones: `lost` got no answer, `found` had lost it.

    An answered request is known by its MTs: a row touched once more for each would cost a blast a tenth of its speed.
    """
    for verdict, alike in _verdicts(settlements).items():
        await bulk.settle(connection, verdict, alike, now)
    await bulk.relabel_requests(connection, lost, "lost", now)
    await bulk.relabel_requests(connection, found, "settled", None)
    if noted := [_attempt(each, now) for each in settlements if each.attempts or each.state is MtState.UNCERTAIN]:
        await connection.execute(insert(attempt), noted)


def _verdicts(settlements: Iterable[Settlement]) -> dict[Verdict, list[tuple[int, str | None, int | None]]]:
    """Those that end alike together: most of a turn is one statement."""
    groups: dict[Verdict, list[tuple[int, str | None, int | None]]] = {}
    last: tuple[Any, ...] = ()  # of a run of like ones only the first makes a Verdict: that costs four times the comparison
    alike: list[tuple[int, str | None, int | None]] = []
    for id_, _ref, state, route, due_at, carrier_ref, charged, failure, code, counted, _attempts in settlements:
        now = (state, route, due_at, failure, code, counted)
        if now != last:
            verdict = Verdict(state.value, route, due_at, failure.value if failure else None, code, int(counted))
            last, alike = now, groups.setdefault(verdict, [])
        alike.append((id_, carrier_ref, charged))
    return groups


def _attempt(each: Settlement, now: int) -> dict[str, Any]:  # Any: a row's values
    return {"mt": each.id, "route": each.route, "number": each.attempts + 1, "outcome": each.state.value, "code": each.code, "at": now}


# --- DLRs ---

_PENDING: Final = select(
    dlr.c.id.label("dlr"), dlr.c.status, dlr.c.code.label("dlr_code"), mt.c.id, mt.c.state, mt.c.route, mt.c.request
).where(dlr.c.matched_at.is_(None))
_BY_OUR_REF: Final = _PENDING.join_from(dlr, mt, mt.c.ref == dlr.c.ref).where(dlr.c.ours)
_BY_CARRIER_REF: Final = _PENDING.join_from(dlr, mt, (mt.c.route == dlr.c.route) & (mt.c.carrier_ref == dlr.c.ref)).where(~dlr.c.ours)
_ANY_EARLY: Final = select(dlr.c.id).where(dlr.c.matched_at.is_(None), dlr.c.received_at >= bindparam("since_"), ~dlr.c.ours).limit(1)


async def match_dlrs(connection: AsyncConnection, now: int, limit: int = 2_000, since: int = 0) -> int:
    """Apply unmatched reports that came `since` then to their MTs. The hook's and the settling side call it, each in a second transaction,
    and upkeep again.

    Whichever runs last sees both rows committed; the row locks make the other wait on PostgreSQL, the one writer on SQLite.
    Returns how many reports found their MT.
    """
    matched = 0
    for pending in (_BY_OUR_REF, _BY_CARRIER_REF):
        chosen = pending.where(dlr.c.received_at >= since).order_by(dlr.c.id).limit(limit)
        rows = (await connection.execute(chosen.with_for_update())).all()
        if not rows:
            continue
        states: dict[int, tuple[MtState, str]] = {}
        for row in rows:
            before, code = states.get(row.id, (MtState(row.state), ""))
            after = after_dlr(before, DlrStatus(row.status))
            states[row.id] = (after, row.dlr_code if after is not before else code)
        changes = [{"id_": id_, "state_": state.value, "code_": code} for id_, (state, code) in states.items()]
        moved = update(mt).where(mt.c.id == bindparam("id_")).values(state=bindparam("state_"), code=bindparam("code_"))
        await connection.execute(moved, changes)
        await connection.execute(
            update(dlr).where(dlr.c.id == bindparam("dlr_")).values(matched_at=now), [{"dlr_": row.dlr} for row in rows]
        )
        matched += len(rows)
    return matched


async def early_reports(connection: AsyncConnection, since: int) -> bool:
    """Whether a report under a carrier's own reference waits for its MT: after an answer that gives one, `match_dlrs` is worth its time."""
    return await connection.scalar(_ANY_EARLY, {"since_": since}) is not None


# --- processes that live and die ---


async def beat(connection: AsyncConnection, owner: str) -> None:
    """Say, by the database's clock, that `owner` lives."""
    statement = upsert(dispatcher).values(id=owner, heartbeat_at=await now_us(connection) // 1000)
    await connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_={"heartbeat_at": statement.excluded.heartbeat_at}))


async def heartbeats(connection: AsyncConnection) -> dict[str, int]:
    """The last heartbeat of every dispatcher, ms of the database's clock."""
    return {row.id: row.heartbeat_at for row in await connection.execute(select(dispatcher))}


async def recover(connection: AsyncConnection, dead: Mapping[str, int]) -> tuple[int, int]:
    """Take over from `dead` dispatchers whose heartbeat is still the one named: claimed goes back, sending becomes uncertain.

    What belongs to nobody known goes the same way. Returns (handed back, uncertain).
    """
    now = await now_us(connection) // 1000
    for id_, beaten in dead.items():
        await connection.execute(delete(dispatcher).where(dispatcher.c.id == id_, dispatcher.c.heartbeat_at == beaten))
    orphaned = mt.c.owner.not_in(select(dispatcher.c.id))
    back = update(mt).where(mt.c.state == literal_column("'claimed'"), orphaned).values(state=literal_column("'queued'"), owner=None)
    lost = (
        update(mt)
        .where(mt.c.state == literal_column("'sending'"), orphaned)
        .values(state=literal_column("'uncertain'"), owner=None, code="process died", sent_at=now)
        .returning(mt.c.request)
    )
    returned = (await connection.execute(back)).rowcount
    requests = (await connection.scalars(lost)).all()
    if requests:
        closing = update(request).where(request.c.our_ref == bindparam("ref_")).values(state="lost", resolve_at=now)
        await connection.execute(closing, [{"ref_": ref} for ref in set(requests)])
    return returned, len(requests)


async def leave(connection: AsyncConnection, owner: str) -> None:
    """A dispatcher says good-bye after its drain."""
    await connection.execute(delete(dispatcher).where(dispatcher.c.id == owner))


async def expire(connection: AsyncConnection, now: int) -> int:
    """End what is too late to be worth sending."""
    late = update(mt).where(mt.c.state == literal_column("'queued'"), mt.c.expires_at <= now).values(state=MtState.EXPIRED.value)
    return (await connection.execute(late)).rowcount


# --- lost answers ---


@dataclass(frozen=True, slots=True)
class LostRequest:
    """A request without an answer, with its members in the order of its body."""

    ref: str
    sent_at: int
    body_hash: bytes
    mts: tuple[ClaimedMt, ...]


async def lost_requests(connection: AsyncConnection, route: str, now: int, limit: int = 50) -> list[LostRequest]:
    """Requests of `route` whose turn it is to be asked after or resent."""
    lost = (
        select(request)
        .where(request.c.route == route, request.c.state == literal_column("'lost'"), request.c.resolve_at <= now)
        .order_by(request.c.resolve_at)
        .limit(limit)
    )
    rows = (await connection.execute(lost)).all()
    members = (
        select(mt).where(mt.c.request.in_([row.our_ref for row in rows]), mt.c.state == literal_column("'uncertain'")).order_by(mt.c.id)
    )
    mts: dict[str, list[ClaimedMt]] = {}
    for row in (await connection.execute(members)).all() if rows else []:
        mts.setdefault(row.request, []).append(_claimed(row))
    return [LostRequest(row.our_ref, row.sent_at, row.body_hash, tuple(mts.get(row.our_ref, ()))) for row in rows]


async def languages(connection: AsyncConnection, wave_ids: Collection[int]) -> dict[int, str]:
    """The language of waves for people whose own has no text."""
    rows = await connection.execute(select(waves.c.id, waves.c.language).where(waves.c.id.in_(wave_ids))) if wave_ids else ()
    return {row.id: row.language for row in rows}


async def ask_again(connection: AsyncConnection, refs: Collection[str], at: int | None) -> None:
    """When a lost request is looked at next; None: a DLR or a person decides."""
    if refs:
        await connection.execute(update(request).where(request.c.our_ref.in_(refs)).values(resolve_at=at))


# --- holds ---


async def hold(connection: AsyncConnection, route: str, code: str, now: int) -> None:
    """Hold a route for the operator: its settings are wrong, its MTs stay queued."""
    await connection.execute(update(route_state).where(route_state.c.route == route).values(hold_code=code, held_at=now))


async def release(connection: AsyncConnection, route: str) -> bool:
    """Let a held route go on. False: it was not held."""
    held = update(route_state).where(route_state.c.route == route, route_state.c.hold_code.is_not(None))
    return (await connection.execute(held.values(hold_code=None, held_at=None))).rowcount > 0


async def pause(connection: AsyncConnection, route: str, until: int, why: str) -> None:
    """No departure on `route` before `until`, and why, in words for people: it throttles, refuses too often, its money is spent."""
    await connection.execute(update(route_state).where(route_state.c.route == route).values(paused_until=until, pause_why=why))


@dataclass(frozen=True, slots=True)
class RouteCondition:
    """What stands in a route's way. `hold_code`: the carrier's word, if it is held; `paused_until`: ms; `spent_vnd` on `spent_day`.

    `now_us`: when this was read, by the database's clock.
    """

    hold_code: str | None = None
    held_at: int | None = None
    paused_until: int = 0
    pause_why: str | None = None
    spent_vnd: int = 0
    spent_day: int = 0
    now_us: int = 0


CONDITION_COLUMNS: Final = tuple(route_state.c[name] for name in RouteCondition.__slots__[:-1])
_CONDITION: Final = select(*CONDITION_COLUMNS).where(route_state.c.route == bindparam("route_"))
_LOCKED_CONDITION: Final = _CONDITION.with_for_update()
_CONDITION_SQLITE: Final = f"SELECT {', '.join(RouteCondition.__slots__[:-1])} FROM route_state WHERE route = ?"  # noqa: S608 # constants


async def route_condition(connection: AsyncConnection, route: str, *, lock: bool = False) -> RouteCondition:
    """The condition of `route`; `lock` keeps its row until the transaction ends, taken first so that two processes never wait crosswise."""
    row: Sequence[Any] | None  # Any: a row's values
    if (driver := driver_of(connection)) is not None:  # once a turn: Core's share of it would be seen
        row = driver.execute(_CONDITION_SQLITE, (route,)).fetchone()
    else:
        row = (await connection.execute(_LOCKED_CONDITION if lock else _CONDITION, {"route_": route})).one_or_none()
    return replace(RouteCondition(*row) if row else RouteCondition(), now_us=await now_us(connection))


# --- counts ---


_OPEN: Final = (
    select(mt.c.id)
    .where(mt.c.send_id == bindparam("send_"), mt.c.state.in_([literal_column(f"'{state.value}'") for state in OPEN]))
    .limit(1)
)


async def is_open(connection: AsyncConnection, send_id: str) -> bool:
    """Whether anything of one `send` has yet to end: of what is under way the first few rows tell, where `counts` reads them all."""
    return await connection.scalar(_OPEN, {"send_": send_id}) is not None


async def counts(connection: AsyncConnection, *, send_id: str | None = None) -> dict[str, int]:
    """MTs by state, and their segments: of one `send`, or of all. Those of a wave: `wave_mts.by_state`."""
    chosen = select(mt.c.state, func.count().label("n"), func.sum(mt.c.segments).label("segments")).group_by(mt.c.state)
    if send_id is not None:
        chosen = chosen.where(mt.c.send_id == send_id)
    found = {state.value: 0 for state in MtState} | {"segments": 0}
    for row in await connection.execute(chosen):
        found[row.state] = row.n
        found["segments"] += int(row.segments)
    return found
