"""The least a durable outbox does, on plain sqlite3 in one thread: claim, decrypt, JSON, settle. No HTTP, no rules, no order of lanes."""

import json
import os
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.benchmarks.load import WORDS, number

_TURN = 1_000  # rows a transaction
_REQUEST = 100  # recipients a request
_CLAIM = (
    "UPDATE mt SET state = 'sending' WHERE id IN (SELECT id FROM mt WHERE state = 'queued' ORDER BY id LIMIT ?) RETURNING id, msisdn, body"
)


def run_bare_outbox(folder: Path, count: int) -> float:
    """Rows a second through the loop; what fills the table stands outside the clock."""
    cipher = AESGCM(os.urandom(32))
    with closing(sqlite3.connect(folder / "bare.db", isolation_level=None)) as database:
        _filled(database, cipher, count)
        began, done = time.perf_counter(), 0
        while turned := _turn(database, cipher):
            done += turned
        assert done == count
        return count / (time.perf_counter() - began)


def _filled(database: sqlite3.Connection, cipher: AESGCM, count: int) -> None:
    database.executescript(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
        "CREATE TABLE mt (id INTEGER PRIMARY KEY, msisdn BLOB, body BLOB, state TEXT, carrier_ref TEXT, sent_at INTEGER);"
        "CREATE INDEX mt_due ON mt (id) WHERE state = 'queued'; BEGIN"
    )
    rows = ((_sealed(cipher, number(at)), _sealed(cipher, WORDS)) for at in range(count))
    database.executemany("INSERT INTO mt (msisdn, body, state) VALUES (?, ?, 'queued')", rows)
    database.execute("COMMIT")


def _turn(database: sqlite3.Connection, cipher: AESGCM) -> int:
    """Claim, commit, build the requests, settle, commit."""
    database.execute("BEGIN IMMEDIATE")
    rows = database.execute(_CLAIM, (_TURN,)).fetchall()
    database.execute("COMMIT")
    answers = [answer for at in range(0, len(rows), _REQUEST) for answer in _exchange(cipher, rows[at : at + _REQUEST])]
    database.execute("BEGIN IMMEDIATE")
    database.executemany("UPDATE mt SET state = 'sent', carrier_ref = ?, sent_at = ? WHERE id = ?", answers)
    database.execute("COMMIT")
    return len(rows)


def _exchange(cipher: AESGCM, rows: Sequence[tuple[int, bytes, bytes]]) -> list[tuple[str, int, int]]:
    """A request's JSON out and an answer's JSON in."""
    messages = [{"ref": f"R{id_:011d}", "to": _opened(cipher, msisdn)} for id_, msisdn, _ in rows]
    texts = {_opened(cipher, body) for _, _, body in rows}
    body = json.dumps({"messages": messages, "text": texts.pop(), "from": "8088"}).encode()
    assert body
    answer = json.dumps({"results": [{"ref": row["ref"], "status": "accepted", "id": f"C{row['ref']}"} for row in messages]})
    return [(row["id"], 0, int(row["ref"][1:])) for row in json.loads(answer)["results"]]


def _sealed(cipher: AESGCM, text: str) -> bytes:
    nonce = os.urandom(12)
    return nonce + cipher.encrypt(nonce, text.encode(), b"mt")


def _opened(cipher: AESGCM, sealed: bytes) -> str:
    return cipher.decrypt(sealed[:12], sealed[12:], b"mt").decode()
