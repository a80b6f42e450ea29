"""The least an inbox does: an aiohttp handler that seals an MO, inserts it and answers after the commit; one transaction an MO.

sqlite3 in the event loop, WAL, `synchronous=FULL`, the same unique key as ours. As a program: prints its hook's URL, ends with its stdin.
"""

import asyncio
import hmac
import os
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import uvloop
from aiohttp import web
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.benchmarks.children import child, line_of, module

_SCHEMA = (
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
    "CREATE TABLE mo (id INTEGER PRIMARY KEY, route TEXT, carrier_id TEXT, content_key BLOB, bidx BLOB, sender BLOB, receiver TEXT,"
    " text BLOB, sent_at TEXT, received_at INTEGER, state TEXT, UNIQUE (route, carrier_id, content_key))"
)
_INSERT = (
    "INSERT INTO mo (route, carrier_id, content_key, bidx, sender, receiver, text, sent_at, received_at, state)"
    " VALUES ('tuyen', ?, ?, ?, ?, ?, ?, ?, ?, 'new') ON CONFLICT DO NOTHING"
)


class _Inbox:
    def __init__(self, database: sqlite3.Connection) -> None:
        self._database, self._key = database, os.urandom(32)
        self._cipher = AESGCM(os.urandom(32))

    async def receive(self, request: web.Request) -> web.Response:
        """One MO: sealed, inserted, committed, answered."""
        said = request.query
        keys = (self._blind("".join((said["from"], said["to"], said["text"]))), self._blind(said["from"]))
        values = (self._seal(said["from"]), said["to"], self._seal(said["text"]), said["ts"], time.time_ns() // 1_000_000)
        self._database.execute("BEGIN IMMEDIATE")
        self._database.execute(_INSERT, (said["id"], *keys, *values))
        self._database.execute("COMMIT")
        return web.Response()

    def _seal(self, text: str) -> bytes:
        nonce = os.urandom(12)
        return nonce + self._cipher.encrypt(nonce, text.encode(), b"mo")

    def _blind(self, text: str) -> bytes:
        return hmac.digest(self._key, text.encode(), "sha256")


@contextmanager
def bare_inbox(folder: Path) -> Iterator[str]:
    """The handler in a process of its own, for the length of the block: its hook's URL."""
    with child(*module("bare_inbox", str(folder / "bare.db"))) as process:
        yield line_of(process)


async def _main(path: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.executescript(_SCHEMA)
        app = web.Application()
        app.router.add_get("/mo", _Inbox(database).receive)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            print(f"http://127.0.0.1:{runner.addresses[0][1]}/mo?secret=s3cret", flush=True)
            await asyncio.to_thread(sys.stdin.readline)
        finally:
            await runner.cleanup()


if __name__ == "__main__":
    uvloop.run(_main(sys.argv[1]))
