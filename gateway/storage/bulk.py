"""The dispatcher's statements that move many rows in one step, for both engines (see `twice`)."""

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.message import MtState
from gateway.storage.new_rows import insert_rows
from gateway.storage.seal import Keyring
from gateway.storage.sqlite_writer import driver_of
from gateway.storage.twice import Twice, change, flat, in_one, read_rows, sqlite_words, twice

# --- claim ---

_SEAL: Final = "hex(substr(body, 2, 14))"  # key id and nonce, which name one sealing (storage/seal.py): a send's rows share its value
_DUE: Final = (  # first look, then stamp by id: one transaction with the write lock, so nobody comes between
    "SELECT json_group_array(json_array(id, ref, wave, lane, reply_to IS NOT NULL, "  # noqa: S608 # constants
    f"hex(msisdn), {_SEAL}, hex(parameters), language, "
    "segments, attempts, expires_at, origin)) FROM ("
    "SELECT id, ref, wave, lane, reply_to, msisdn, body, parameters, language, segments, attempts, expires_at, origin FROM mt "
    "WHERE route = ?1 AND lane = ?2 AND wave = ?3 AND state = 'queued' AND due_at <= ?4 ORDER BY due_at, id LIMIT ?5)"
)
_BODIES: Final = f"SELECT json_group_array(json_array({_SEAL}, hex(body))) FROM mt WHERE id IN (SELECT value FROM json_each(?1))"  # noqa: S608 # constants
_CLAIM: Final = "UPDATE mt SET state = 'claimed', owner = ?2 WHERE id IN (SELECT value FROM json_each(?1))"
_LEAVE: Final = "UPDATE mt SET state = 'sending', request = ref, owner = ?2 WHERE id IN (SELECT value FROM json_each(?1))"
_LEAVE_BATCH: Final = "UPDATE mt SET state = 'sending', request = ?3, owner = ?2 WHERE id IN (SELECT value FROM json_each(?1))"
_SEALED: Final = ((5, "msisdn"), (7, "mt.parameters"))  # column of _DUE, place
_BODY: Final = 6


def look(driver: sqlite3.Connection, keyring: Keyring, which: tuple[str, int, int, int, int]) -> list[list[Any]]:
    """What SQLite's claim of `which` (route, lane, wave, now, limit) takes, opened: the columns of `outbox.ClaimedMt`, oldest first.

    The same transaction must `lease` it or let it `leave`.
    """
    rows: list[list[Any]] = json.loads(driver.execute(_DUE, which).fetchone()[0])
    for at, place in _SEALED:
        opened = iter(keyring.open_each([bytes.fromhex(row[at]) for row in rows if row[at]], place))
        for row in rows:
            row[at] = next(opened).decode() if row[at] else None
    bodies = _bodies(driver, keyring, {row[_BODY]: row[0] for row in rows if row[_BODY]})
    for row in rows:
        row[_BODY] = bodies.get(row[_BODY])
    return rows


def _bodies(driver: sqlite3.Connection, keyring: Keyring, ids: Mapping[str, int]) -> dict[str, str]:
    """The words of each seal, read and opened once; `ids`: a row that bears it. Read for each row they were a tenth of a batch's time."""
    if not ids:
        return {}
    sealed = dict(json.loads(driver.execute(_BODIES, (flat(list(ids.values())),)).fetchone()[0]))
    opened = keyring.open_each(list(map(bytes.fromhex, sealed.values())), "mt.body")
    return dict(zip(sealed, map(bytes.decode, opened), strict=True))


def lease(driver: sqlite3.Connection, ids: list[int], owner: str) -> None:
    """What was looked at is `claimed`."""
    if ids:
        driver.execute(_CLAIM, (flat(ids), owner))


def leave(driver: sqlite3.Connection, ids: list[int], owner: str, request: str | None = None) -> None:
    """What was looked at is `sending` at once, in `request` or each in one of its own: a second change costs a blast a tenth."""
    if ids:
        driver.execute(_LEAVE if request is None else _LEAVE_BATCH, (flat(ids), owner, *((request,) if request else ())))


_STAY: Final = twice("UPDATE mt SET state = 'claimed', request = NULL WHERE id {of_1} AND owner = $2 AND state = 'sending'")


async def stay(connection: AsyncConnection, ids: list[int], owner: str) -> None:
    """What this transaction claimed as `leaving` and does not send after all is `claimed`, as any other."""
    if ids:
        await change(connection, _STAY, ids, owner)


# --- what must not go ---

_UNWILLING: Final = "SELECT bidx FROM contact WHERE (opted_out_at IS NOT NULL OR blocked_at IS NOT NULL) AND bidx IN ({})"
_PEOPLE_AT_ONCE: Final = 500


def opted_out(driver: sqlite3.Connection, people: Sequence[bytes]) -> frozenset[bytes]:
    """SQLite's `outbox.opted_out`: Core binds a person in five times the time."""
    pages = (people[start : start + _PEOPLE_AT_ONCE] for start in range(0, len(people), _PEOPLE_AT_ONCE))
    return frozenset(row[0] for some in pages for row in driver.execute(_UNWILLING.format(", ".join("?" * len(some))), some))


_HINDERED: Final = in_one(  # people by the unique index on contact.bidx, waves by their key
    "SELECT mt.id AS id, CASE WHEN contact.blocked_at IS NOT NULL THEN 'blocked' WHEN contact.opted_out_at IS NOT NULL THEN 'opted out' "
    "ELSE wave.state END AS why "
    "FROM mt LEFT JOIN contact ON contact.bidx = mt.bidx LEFT JOIN wave ON wave.id = mt.wave "
    "WHERE mt.id {of_1} AND mt.reply_to IS NULL AND mt.lane = 0 "
    "AND (contact.opted_out_at IS NOT NULL OR contact.blocked_at IS NOT NULL OR wave.state <> 'running')",
    "id",
    "why",
)
_PEOPLE: Final = "SELECT 1 FROM contact WHERE bidx IN (SELECT bidx FROM mt WHERE id = ANY(CAST($1 AS bigint[]))) ORDER BY bidx FOR UPDATE"
_LEFT: Final = in_one(  # by mt_member, a person's campaign messages
    "SELECT mt.id AS id, h.id AS other, h.state AS state, h.sent_at AS sent_at "
    "FROM mt JOIN mt AS h ON h.bidx = mt.bidx AND h.wave <> 0 AND h.id <> mt.id "
    "WHERE mt.id {of_1} AND (h.state IN ('claimed', 'sending') "
    "OR (h.state IN ('sent', 'delivered', 'uncertain') AND h.sent_at > $2))",
    "id",
    "other",
    "state",
    "sent_at",
)


async def hindered(connection: AsyncConnection, ids: list[int]) -> dict[int, str]:
    """Why some of the MTs `ids` must not go: "blocked", "opted out", or a wave's state but running. Replies and alerts always may."""
    return {row[0]: row[1] for row in await read_rows(connection, _HINDERED, ids)} if ids else {}


async def left_before(connection: AsyncConnection, ids: list[int], since: int, now: int) -> dict[int, list[tuple[int, int]]]:
    """Other campaign messages to the people of `ids` that left since then: (id, when), `now` for those about to. Only those with any.

    On PostgreSQL it locks these people first, in one order: of two processes that claim for one person at once, one sees the other's.
    """
    if not ids:
        return {}
    if connection.dialect.name == "postgresql":
        await connection.exec_driver_sql(_PEOPLE, (ids,))
    found: dict[int, list[tuple[int, int]]] = {}
    for id_, other, state, sent_at in await read_rows(connection, _LEFT, ids, since):
        found.setdefault(id_, []).append((other, now if state in ("claimed", "sending") else sent_at))
    return found


_POSTPONE: Final = Twice(
    "UPDATE mt SET state = 'queued', owner = NULL, due_at = json_extract(v.value, '$[1]') FROM json_each(?1) AS v "
    "WHERE mt.id = json_extract(v.value, '$[0]') AND mt.state = 'claimed'",
    "UPDATE mt SET state = 'queued', owner = NULL, due_at = v.at "
    "FROM unnest(CAST($1 AS bigint[]), CAST($2 AS bigint[])) AS v (id, at) WHERE mt.id = v.id AND mt.state = 'claimed'",
)


async def postpone(connection: AsyncConnection, until: Mapping[int, int]) -> None:
    """Return claimed MTs to the queue, each due at its own time: ids to epoch ms."""
    if until and driver_of(connection) is not None:
        await change(connection, _POSTPONE, [list(pair) for pair in until.items()])
    elif until:
        await change(connection, _POSTPONE, list(until), list(until.values()))


# --- mark ---

_MARK: Final = twice(  # a request of one MT has its name
    "UPDATE mt SET state = 'sending', request = ref WHERE id {of_1} AND owner = $2 AND state = 'claimed'"
)
_MARK_BATCH: Final = twice("UPDATE mt SET state = 'sending', request = $3 WHERE id {of_1} AND owner = $2 AND state = 'claimed'")
_MARKED: Final = "SELECT id FROM mt WHERE id IN (SELECT value FROM json_each(?1)) AND owner = ?2 AND state = 'sending'"
_REQUEST: Final = ("our_ref", "route", "body_hash", "state", "sent_at")
_ANEW: Final = (  # a repeated attempt has the same reference: its row begins anew
    " ON CONFLICT (our_ref) DO UPDATE SET route = excluded.route, body_hash = excluded.body_hash, state = excluded.state, "
    "sent_at = excluded.sent_at, resolve_at = NULL"
)
_REQUESTS_POSTGRES: Final = (
    f"INSERT INTO request ({', '.join(_REQUEST)}) "  # noqa: S608 # constants
    "SELECT r.ref, $3, r.hash, 'sent', $4 FROM unnest(CAST($1 AS text[]), CAST($2 AS bytea[])) AS r (ref, hash)" + _ANEW
)


async def mark(connection: AsyncConnection, ids: list[int], owner: str, request: str | None = None) -> frozenset[int]:
    """claimed -> sending, as part of `request` or each in one of its own. Those of `ids` that are still ours."""
    statement, values = (_MARK, (ids, owner)) if request is None else (_MARK_BATCH, (ids, owner, request))
    if (driver := driver_of(connection)) is None:
        rows = await connection.exec_driver_sql(f"{statement.postgres} RETURNING id", values)
        return frozenset(row[0] for row in rows)
    flattened = tuple(map(flat, values))
    if driver.execute(statement.sqlite, flattened).rowcount == len(ids):
        return frozenset(ids)
    return frozenset(row[0] for row in driver.execute(_MARKED, flattened[:2]))  # row by row only where some were missing


async def insert_requests(connection: AsyncConnection, route: str, rows: Sequence[tuple[str, bytes]], now: int) -> None:
    """Rows of requests about to be written: (our reference, hash of the bytes)."""
    if (driver := driver_of(connection)) is None:
        values = [ref for ref, _ in rows], [hash_ for _, hash_ in rows], route, now
        await connection.exec_driver_sql(_REQUESTS_POSTGRES, values)
        return
    insert_rows(driver, "request", _REQUEST, [(ref, route, hash_, "sent", now) for ref, hash_ in rows], _ANEW)


# --- settle ---

_SETTLE: Final = (  # a DLR that came first has moved the MT already: its word stands, the rest is filled in
    "UPDATE mt SET state = CASE WHEN state IN ('sending', 'uncertain') THEN $2 ELSE state END, owner = NULL, "
    "origin = CASE WHEN mt.route = $3 THEN mt.origin ELSE coalesce(mt.origin, mt.route) END, route = $3, due_at = $4, failure = $5, "
    "code = $6, attempts = attempts + $7, sent_at = $8"
)
_TAKEN: Final = (  # the most common word: it names no column of an index beside the state, and costs two thirds
    "UPDATE mt SET state = CASE WHEN state IN ('sending', 'uncertain') THEN 'sent' ELSE state END, owner = NULL, "
    "failure = NULL, code = $2, attempts = attempts + $3, sent_at = $4"
)


def _named(statement: str, refs: str, charges: str) -> Twice:
    """`statement` for MTs of which the carrier said something each; on PostgreSQL in the parameters `refs` and `charges`.

    SQLite takes an object, the reference by id, and in `refs` what it charges for each of these: an array a row would cost a fifth more.
    """
    return Twice(
        sqlite_words(f"{statement}, carrier_ref = coalesce(v.value, carrier_ref), charged_segments = coalesce({refs}, charged_segments) ")
        + "FROM json_each(?1) AS v WHERE mt.id = CAST(v.key AS INTEGER)",
        statement + ", carrier_ref = coalesce(v.ref, carrier_ref), charged_segments = coalesce(v.charged, charged_segments) "
        f"FROM unnest(CAST($1 AS bigint[]), CAST({refs} AS text[]), CAST({charges} AS bigint[])) AS v (id, ref, charged) "
        "WHERE mt.id = v.id",
    )


_SETTLE_ALIKE: Final = twice(_SETTLE + " WHERE id {of_1}")
_SETTLE_NAMED: Final = _named(_SETTLE, "$9", "$10")
_TAKEN_ALIKE: Final = twice(_TAKEN + " WHERE id {of_1}")
_TAKEN_NAMED: Final = _named(_TAKEN, "$5", "$6")


class Verdict(NamedTuple):
    """What a group of MTs that ended alike becomes."""

    state: str
    route: str
    due_at: int
    failure: str | None
    code: str
    counted: int


async def settle(connection: AsyncConnection, verdict: Verdict, named: Sequence[tuple[int, str | None, int | None]], now: int) -> None:
    """Write `verdict` for MTs with what their carrier gave: (id, its reference, the segments it charges)."""
    values: tuple[object, ...] = (verdict.state, verdict.route, verdict.due_at, verdict.failure, verdict.code, verdict.counted, now)
    alike, each = _SETTLE_ALIKE, _SETTLE_NAMED
    if verdict.state == MtState.SENT:  # by the route it was claimed for
        values, alike, each = (verdict.code, verdict.counted, now), _TAKEN_ALIKE, _TAKEN_NAMED
    if all(ref is None and charged is None for _, ref, charged in named):
        await change(connection, alike, [id_ for id_, _, _ in named], *values)
    elif driver_of(connection) is not None:
        for charged, refs_by_id in _by_charge(named).items():
            await change(connection, each, refs_by_id, *values, charged)
    else:
        ids, refs, charges = map(list, zip(*named, strict=True))
        await change(connection, each, ids, *values, refs, charges)


def _by_charge(named: Sequence[tuple[int, str | None, int | None]]) -> dict[int | None, dict[int, str | None]]:
    """The carrier's references by id, of those together for which it charges the same."""
    groups: dict[int | None, dict[int, str | None]] = {}
    for id_, ref, charged in named:
        groups.setdefault(charged, {})[id_] = ref
    return groups


_RELABEL: Final = Twice(
    "UPDATE request SET state = ?2, resolve_at = ?3 WHERE our_ref IN (SELECT value FROM json_each(?1))",
    "UPDATE request SET state = $2, resolve_at = CAST($3 AS bigint) WHERE our_ref = ANY(CAST($1 AS text[]))",
)


async def relabel_requests(connection: AsyncConnection, refs: Collection[str], state: str, resolve_at: int | None) -> None:
    """Requests whose answer did not come ("lost"), or was found after all ("settled")."""
    if refs:
        await change(connection, _RELABEL, list(refs), state, resolve_at)
