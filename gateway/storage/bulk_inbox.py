"""The inbox's statements that move many rows in one step, for both engines (see `twice`)."""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Final

from gateway.storage.seal import Keyring
from gateway.storage.twice import Twice, in_one

COLUMNS: Final = (
    "route", "channel", "carrier_id", "sender", "receiver", "text", "received_at", "sent_at", "placement", "raw", "state", "action",
    "alarm", "part_ref", "part_number", "part_total", "content_key", "bidx",
)  # fmt: skip
_SEALED: Final = {"sender": "msisdn", "text": "mo.text", "raw": "mo.raw"}
_SEALS: Final = tuple(_SEALED.get(column) for column in COLUMNS)
_ROWS: Final = 64  # as many texts, which sqlite3 keeps compiled (`cached_statements`)

# --- receiving, SQLite: under its write lock what is not known cannot become known, so there is no conflict to look for ---

_KNOWN: Final = (  # served by the unique (route, carrier_id, content_key); the last is compared in hex, among the rows of one id
    "SELECT json_group_array(json_array(k.key, m.id, (SELECT min(f.id) FROM mo AS f WHERE f.route = m.route "
    "AND f.carrier_id = m.carrier_id))) FROM json_each(?1) AS k JOIN mo AS m ON m.route = json_extract(k.value, '$[0]') "
    "AND m.carrier_id = json_extract(k.value, '$[1]') AND hex(m.content_key) = json_extract(k.value, '$[2]')"
)
_INSERT: Final = f"INSERT INTO mo ({', '.join(COLUMNS)}) VALUES "  # noqa: S608 # constants


def known(driver: sqlite3.Connection, keys: Sequence[tuple[str, str, bytes]]) -> list[tuple[int, int, int]]:
    """Which of `keys` are stored: (place in `keys`, id, the first id under the same carrier's id)."""
    asked = json.dumps([(route, ident, content.hex().upper()) for route, ident, content in keys], separators=(",", ":"))
    return [(at, id_, first) for at, id_, first in json.loads(driver.execute(_KNOWN, (asked,)).fetchone()[0])]


def insert(driver: sqlite3.Connection, keyring: Keyring, rows: Sequence[Sequence[Any]]) -> None:  # Any: a row's values
    """Store rows of `COLUMNS`, sealing what must be."""
    for start in range(0, len(rows), _ROWS):
        some = rows[start : start + _ROWS]
        driver.execute(_insert(len(some)), [value for row in some for value in _sealed(keyring, row)])


@lru_cache(maxsize=_ROWS)
def _insert(count: int) -> str:
    row = f"({', '.join('?' * len(COLUMNS))})"
    return _INSERT + ", ".join([row] * count)  # constants


def _sealed(keyring: Keyring, row: Sequence[Any]) -> Iterable[Any]:  # Any: a row's values
    return [
        value if place is None or value is None else keyring.seal(value.encode(), place) for value, place in zip(row, _SEALS, strict=True)
    ]


# --- handling ---

_MO: Final = ("id", "route", "channel", "bidx", "sender", "receiver", "text", "raw", "placement", "received_at", "alarm", "part_ref")
_HEX: Final = frozenset({"bidx", "sender", "text", "raw"})


def _rows(columns: Sequence[str], rest: str) -> Twice:
    """A SELECT of `columns` of mo; SQLite gives the binary ones in hex."""
    shown = (f"hex({column})" if column in _HEX else column for column in columns)
    return in_one(f"SELECT {', '.join(columns)} FROM mo {rest}", *shown)  # noqa: S608 # constants


NEW: Final = in_one("SELECT id FROM mo WHERE state = 'new' AND id > $1 ORDER BY id LIMIT $2", "id")  # served by mo_new alone
THESE: Final = _rows(_MO, "WHERE id {of_1} AND state = 'new' ORDER BY id")
STILL: Final = Twice(  # other processes step over what one holds; SQLite's write lock is that already
    "SELECT json_group_array(json_array(id)) FROM mo WHERE id IN (SELECT value FROM json_each(?1)) AND state = 'new'",
    "SELECT id FROM mo WHERE id = ANY(CAST($1 AS bigint[])) AND state = 'new' ORDER BY id FOR UPDATE SKIP LOCKED",
)
DONE: Final = Twice(  # a tip that was made of the MO in this very unit is found by it
    "UPDATE mo SET state = json_extract(v.value, '$[1]'), action = json_extract(v.value, '$[2]'), alarm = json_extract(v.value, '$[3]'), "
    "wave = json_extract(v.value, '$[4]'), language = json_extract(v.value, '$[6]'), "
    "tip = coalesce(json_extract(v.value, '$[5]'), (SELECT t.id FROM tip AS t WHERE t.mo = mo.id)) "
    "FROM json_each(?1) AS v WHERE mo.id = json_extract(v.value, '$[0]')",
    "UPDATE mo SET state = v.state, action = v.action, alarm = v.alarm, wave = v.wave, language = v.language, "
    "tip = coalesce(v.tip, (SELECT t.id FROM tip AS t WHERE t.mo = mo.id)) "
    "FROM unnest(CAST($1 AS bigint[]), CAST($2 AS text[]), CAST($3 AS text[]), CAST($4 AS text[]), CAST($5 AS bigint[]), "
    "CAST($6 AS bigint[]), CAST($7 AS text[])) AS v (id, state, action, alarm, wave, tip, language) WHERE mo.id = v.id",
)
REPLIES: Final = in_one(  # served by mt_person (bidx, created_at)
    "SELECT mo.id AS id, count(*) AS replies FROM mo JOIN mt ON mt.bidx = mo.bidx "
    "WHERE mo.id {of_1} AND mt.created_at > $2 AND mt.reply_to IS NOT NULL GROUP BY mo.id",
    "id",
    "replies",
)
HELPED: Final = in_one(  # served by mo_person (bidx, received_at), then mt_reply
    "SELECT DISTINCT mo.id AS id FROM mo JOIN mo AS o ON o.bidx = mo.bidx AND o.received_at > $2 AND o.action IN ('unknown', 'abuse') "
    "JOIN mt ON mt.reply_to = o.id WHERE mo.id {of_1}",
    "id",
)

# --- parts ---

_PART: Final = (
    "id", "route", "channel", "bidx", "sender", "receiver", "text", "part_ref", "part_number", "part_total", "received_at", "sent_at",
)  # fmt: skip
WAITING_WITH: Final = _rows(  # served by mo_person; a part that came before $2 is not waited with any more
    _PART,
    "WHERE state = 'part' AND received_at > $2 AND (bidx, receiver) IN (SELECT m.bidx, m.receiver FROM mo AS m WHERE m.id {of_1}) "
    "ORDER BY id LIMIT 10000",
)
OVERDUE: Final = _rows(_PART, "WHERE state = 'part' AND received_at <= $1 ORDER BY received_at, id LIMIT 1000")  # served by mo_part
JOINED: Final = Twice(
    "UPDATE mo SET state = 'done', action = 'part', whole = json_extract(v.value, '$[1]') FROM json_each(?1) AS v "
    "WHERE mo.id = json_extract(v.value, '$[0]')",
    "UPDATE mo SET state = 'done', action = 'part', whole = v.whole FROM unnest(CAST($1 AS bigint[]), CAST($2 AS bigint[])) "
    "AS v (id, whole) WHERE mo.id = v.id",
)
PARKED: Final = Twice(
    "UPDATE mo SET state = 'part', part_ref = json_extract(v.value, '$[1]'), part_number = json_extract(v.value, '$[2]'), "
    "part_total = json_extract(v.value, '$[3]') FROM json_each(?1) AS v WHERE mo.id = json_extract(v.value, '$[0]')",
    "UPDATE mo SET state = 'part', part_ref = v.ref, part_number = v.number, part_total = v.total FROM unnest(CAST($1 AS bigint[]), "
    "CAST($2 AS text[]), CAST($3 AS bigint[]), CAST($4 AS bigint[])) AS v (id, ref, number, total) WHERE mo.id = v.id",
)
