"""The outbox: MTs from `queued` to settled. The statements are the queue; there is no broker (ADR 0002).

A turn of a dispatcher is one transaction of these units in this order: settle what came back, mark what goes next, claim what follows.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, bindparam, case, delete, func, insert, literal_column, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert  # its ON CONFLICT compiles and runs on SQLite too; pinned by tests/storage
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import ReturningUpdate

from gateway.domain.failure import Failure
from gateway.domain.message import DlrStatus, MtState, after_dlr
from gateway.domain.msisdn import Msisdn
from gateway.storage.database import now_us
from gateway.storage.schema import NO_WAVE, attempt, contact, dispatcher, dlr, mt, request, route_state

BLAST: Final = 0
PRIORITY: Final = 1  # replies before blasts


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


@dataclass(frozen=True, slots=True)
class ClaimedMt:
    """A leased row: in memory only, it can't have left yet. `slot_us`: its departure on the database's clock; 0: any time."""

    id: int
    ref: str
    wave: int
    lane: int
    is_reply: bool
    bidx: bytes
    msisdn: Msisdn
    body: str | None = field(repr=False)
    parameters: str | None = field(repr=False)
    segments: int
    attempts: int
    expires_at: int
    slot_us: int = 0


@dataclass(frozen=True, slots=True)
class Settlement:
    """What an answer makes of an MT. `counted`: whether it used up an attempt."""

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


async def enqueue(connection: AsyncConnection, mts: Sequence[NewMt], now: int) -> int:
    """Insert `mts` as queued; one whose (send_id, person) or reply_to is already there is left alone. Returns how many are new."""
    new = 0
    for start in range(0, len(mts), _CHUNK):
        some = mts[start : start + _CHUNK]
        await connection.execute(upsert(mt).on_conflict_do_nothing(), [_row(each, now) for each in some])
        new += await connection.scalar(select(func.count()).where(mt.c.ref.in_([each.ref for each in some]))) or 0
    return new


def _row(new: NewMt, now: int) -> dict[str, Any]:  # Any: a row's values
    return {
        "ref": new.ref,
        "wave": new.wave,
        "reply_to": new.reply_to,
        "send_id": new.send_id,
        "bidx": new.bidx,
        "msisdn": new.msisdn.e164,
        "parameters": new.parameters,
        "body": new.body,
        "lane": new.lane,
        "route": new.route,
        "state": MtState.QUEUED.value,
        "due_at": new.due_at,
        "expires_at": new.expires_at,
        "segments": new.segments,
        "created_at": now,
    }


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
CLAIM: Final = (  # one (route, lane, wave) by equality, due_at the only range: a million paused or future rows cost nothing
    update(mt)
    .where(mt.c.id.in_(select(_due.c.id)))
    .values(state=literal_column("'claimed'"), owner=bindparam("owner_"))
    .returning(
        mt.c.id, mt.c.ref, mt.c.wave, mt.c.lane, mt.c.reply_to, mt.c.bidx, mt.c.msisdn, mt.c.body, mt.c.parameters, mt.c.segments,
        mt.c.attempts, mt.c.expires_at,
    )
)  # fmt: skip


async def claim(connection: AsyncConnection, *, route: str, lane: int, wave: int, now: int, limit: int, owner: str) -> list[ClaimedMt]:
    """Lease up to `limit` due MTs to `owner`, oldest first."""
    values = {"route_": route, "lane_": lane, "wave_": wave, "now_": now, "limit_": limit, "owner_": owner}
    rows = (await connection.execute(CLAIM, values)).all()
    return sorted(map(_claimed, rows), key=lambda each: each.id)  # RETURNING promises no order


def _claimed(row: Row[Any]) -> ClaimedMt:  # Any: the columns of CLAIM or of the whole table
    return ClaimedMt(
        row.id,
        row.ref,
        row.wave,
        row.lane,
        row.reply_to is not None,
        row.bidx,
        Msisdn(row.msisdn),
        row.body,
        row.parameters,
        row.segments,
        row.attempts,
        row.expires_at,
    )


async def hand_back(connection: AsyncConnection, ids: Collection[int], owner: str) -> None:
    """Return what was claimed but not sent to the queue: a drain, or a slot too far away."""
    if ids:
        held = update(mt).where(mt.c.id.in_(ids), mt.c.owner == owner, mt.c.state == literal_column("'claimed'"))
        await connection.execute(held.values(state=literal_column("'queued'"), owner=None))


async def opted_out(connection: AsyncConnection, people: Collection[bytes]) -> frozenset[bytes]:
    """Those of `people` (blind indexes) who said stop."""
    if not people:
        return frozenset()
    rows = await connection.execute(select(contact.c.bidx).where(contact.c.bidx.in_(people), contact.c.opted_out_at.is_not(None)))
    return frozenset(row.bidx for row in rows)


async def end_unsent(connection: AsyncConnection, ids: Collection[int], state: MtState, code: str) -> None:
    """End claimed MTs that must not go: expired, suppressed."""
    if ids:
        await connection.execute(update(mt).where(mt.c.id.in_(ids)).values(state=state.value, owner=None, code=code))


# --- pace ---


async def ensure_route(connection: AsyncConnection, route: str) -> None:
    """The row that holds a route's slots and holds."""
    await connection.execute(upsert(route_state).values(route=route).on_conflict_do_nothing())


async def book(connection: AsyncConnection, route: str, cost_us: int) -> tuple[int, int]:
    """Book `cost_us` of the route's time. (start of the booking, now): µs of the database's clock (ADR 0006)."""
    clock = now_us(connection.dialect.name)
    statement = text(
        f"UPDATE route_state SET next_slot_us = CASE WHEN next_slot_us > {clock} THEN next_slot_us ELSE {clock} END + :cost "  # noqa: S608 # two constants
        f"WHERE route = :route RETURNING next_slot_us, {clock}"
    )
    end, now = (await connection.execute(statement, {"cost": cost_us, "route": route})).one()
    return end - cost_us, now


# --- send ---


def _mark(name: ColumnElement[str]) -> ReturningUpdate[int]:
    """claimed -> sending as part of the request `name`; the owner is asked again: who slept through its lease must not send."""
    held = mt.c.id.in_(bindparam("ids", expanding=True)), mt.c.owner == bindparam("owner_"), mt.c.state == literal_column("'claimed'")
    return update(mt).where(*held).values(state=literal_column("'sending'"), request=name).returning(mt.c.id)


_MARK_SINGLES: Final = _mark(mt.c.ref)  # a request of one MT has its name
_MARK_BATCH: Final = _mark(bindparam("request_"))


@dataclass(frozen=True, slots=True)
class NewRequest:
    """A request about to be written. `ids`: its MTs in ascending order, which is their order in the body."""

    ref: str
    ids: tuple[int, ...]
    body_hash: bytes


async def mark_sending(connection: AsyncConnection, route: str, requests: Sequence[NewRequest], owner: str, now: int) -> frozenset[int]:
    """Commit `sending` just before the wire; only these can become uncertain. Returns the ids that are still ours."""
    if not requests:
        return frozenset()
    marked: set[int] = set()
    if singles := [each.ids[0] for each in requests if len(each.ids) == 1]:
        marked |= set((await connection.scalars(_MARK_SINGLES, {"ids": singles, "owner_": owner})).all())
    for each in requests:
        if len(each.ids) > 1:
            values = {"ids": each.ids, "owner_": owner, "request_": each.ref}
            taken = set((await connection.scalars(_MARK_BATCH, values)).all())
            if taken.issuperset(each.ids):
                marked |= taken
            else:  # another process has some of its members: the request as built can't go
                await connection.execute(update(mt).where(mt.c.id.in_(taken)).values(state=literal_column("'queued'"), owner=None))
    rows = [
        {"our_ref": each.ref, "route": route, "body_hash": each.body_hash, "state": "open", "sent_at": now}
        for each in requests
        if marked.issuperset(each.ids)
    ]
    if rows:  # a repeated attempt has the same reference: its row begins anew
        statement = upsert(request)
        fresh = {name: statement.excluded[name] for name in ("route", "body_hash", "state", "sent_at")}
        await connection.execute(statement.on_conflict_do_update(index_elements=["our_ref"], set_=fresh), rows)
    return frozenset(marked)


SETTLE: Final = (  # a DLR that came first has moved the MT already: its word stands, the rest is filled in
    update(mt)
    .where(mt.c.id == bindparam("id_"))
    .values(
        state=case((mt.c.state.in_([literal_column("'sending'"), literal_column("'uncertain'")]), bindparam("state_")), else_=mt.c.state),
        owner=None,
        route=bindparam("route_"),
        due_at=bindparam("due_"),
        carrier_ref=func.coalesce(bindparam("carrier_ref_"), mt.c.carrier_ref),
        charged_segments=func.coalesce(bindparam("charged_"), mt.c.charged_segments),
        failure=bindparam("failure_"),
        code=bindparam("code_"),
        attempts=mt.c.attempts + bindparam("counted_"),
        sent_at=bindparam("now_"),
    )
)
_CLOSE_REQUEST: Final = (
    update(request).where(request.c.our_ref == bindparam("ref_")).values(state=bindparam("state_"), resolve_at=bindparam("resolve_"))
)


async def settle(connection: AsyncConnection, settlements: Sequence[Settlement], requests: Iterable[tuple[str, bool]], now: int) -> None:
    """Write what answers made of their MTs, and of their requests: (our_ref, lost)."""
    if not settlements:
        return
    await connection.execute(SETTLE, [_settled(each, now) for each in settlements])
    closed = [{"ref_": ref, "state_": "lost" if lost else "settled", "resolve_": now if lost else None} for ref, lost in requests]
    if closed:
        await connection.execute(_CLOSE_REQUEST, closed)
    if noted := [_attempt(each, now) for each in settlements if each.attempts or each.state is MtState.UNCERTAIN]:
        await connection.execute(insert(attempt), noted)


def _settled(each: Settlement, now: int) -> dict[str, Any]:  # Any: a row's values
    return {
        "id_": each.id,
        "state_": each.state.value,
        "route_": each.route,
        "due_": each.due_at,
        "carrier_ref_": each.carrier_ref,
        "charged_": each.charged_segments,
        "failure_": each.failure.value if each.failure else None,
        "code_": each.code,
        "counted_": int(each.counted),
        "now_": now,
    }


def _attempt(each: Settlement, now: int) -> dict[str, Any]:  # Any: a row's values
    return {"mt": each.id, "route": each.route, "number": each.attempts + 1, "outcome": each.state.value, "code": each.code, "at": now}


# --- DLRs ---

_PENDING: Final = select(
    dlr.c.id.label("dlr"), dlr.c.status, dlr.c.code.label("dlr_code"), mt.c.id, mt.c.state, mt.c.route, mt.c.request
).where(dlr.c.matched_at.is_(None))
_BY_OUR_REF: Final = _PENDING.join_from(dlr, mt, mt.c.ref == dlr.c.ref).where(dlr.c.ours)
_BY_CARRIER_REF: Final = _PENDING.join_from(dlr, mt, (mt.c.route == dlr.c.route) & (mt.c.carrier_ref == dlr.c.ref)).where(~dlr.c.ours)


async def match_dlrs(connection: AsyncConnection, now: int, limit: int = 2_000) -> int:
    """Apply unmatched reports to their MTs. Both the hook and the settling side call it in a second transaction, upkeep again.

    Whichever runs last sees both rows committed; the row locks make the other wait on PostgreSQL, the one writer on SQLite.
    Returns how many reports found their MT.
    """
    matched = 0
    for pending in (_BY_OUR_REF, _BY_CARRIER_REF):
        rows = (await connection.execute(pending.order_by(dlr.c.id).limit(limit).with_for_update())).all()
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


# --- processes that live and die ---


async def beat(connection: AsyncConnection, owner: str, now: int) -> None:
    """Say that `owner` lives."""
    statement = upsert(dispatcher).values(id=owner, heartbeat_at=now)
    await connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_={"heartbeat_at": statement.excluded.heartbeat_at}))


async def recover(connection: AsyncConnection, dead_before: int, now: int) -> tuple[int, int]:
    """Take over from dispatchers whose last heartbeat lies before `dead_before`: claimed goes back, sending becomes uncertain.

    Returns (handed back, uncertain).
    """
    await connection.execute(delete(dispatcher).where(dispatcher.c.heartbeat_at < dead_before))
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


async def pause(connection: AsyncConnection, route: str, until: int) -> None:
    """No departure on `route` before `until`: the carrier said so, or it refuses too often."""
    await connection.execute(update(route_state).where(route_state.c.route == route).values(paused_until=until))


async def route_condition(connection: AsyncConnection, route: str) -> tuple[str | None, int]:
    """(why the route is held or None, epoch ms until which it pauses)."""
    row = (
        await connection.execute(select(route_state.c.hold_code, route_state.c.paused_until).where(route_state.c.route == route))
    ).one_or_none()
    return (row.hold_code, row.paused_until) if row else (None, 0)


# --- counts ---


async def counts(connection: AsyncConnection, *, wave: int | None = None, send_id: str | None = None) -> dict[str, int]:
    """MTs by state, and their segments: of a wave, of one `send`, or of all."""
    chosen = select(mt.c.state, func.count().label("n"), func.sum(mt.c.segments).label("segments")).group_by(mt.c.state)
    if wave is not None:
        chosen = chosen.where(mt.c.wave == wave)
    if send_id is not None:
        chosen = chosen.where(mt.c.send_id == send_id)
    found = {state.value: 0 for state in MtState} | {"segments": 0}
    for row in await connection.execute(chosen):
        found[row.state] = row.n
        found["segments"] += int(row.segments)
    return found


async def sent_directly(connection: AsyncConnection, route: str, since: int) -> int:
    """Direct sends by `route` since then: what `max_unapproved` counts."""
    direct = (mt.c.wave == NO_WAVE, mt.c.reply_to.is_(None), mt.c.route == route, mt.c.created_at >= since)
    return await connection.scalar(select(func.count()).where(*direct)) or 0
