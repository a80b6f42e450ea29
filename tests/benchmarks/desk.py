"""ms that an officer waits at a desk with 100,000 sealed tips: a page of the list, a search, likely duplicates, 2,000 tips moved and back.

The tips are invented, half of them with marks, each with its words' keyed hashes; every 20th looks like the one before. All of it goes
through the use cases that the pages call. A search is measured with an empty memory (every word is opened) and again with a full one.
"""

import os
import random
import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import uvloop

from gateway.deployment import load_deployment, shipped_deployment
from gateway.domain.fold import unaccent
from gateway.domain.permission import Actor, Role
from gateway.domain.tip_work import Sort
from gateway.process import work_hard
from gateway.services.corroboration import hashes_of, link, pairs_of
from gateway.services.desk_tips import many
from gateway.services.desk_tips.detail import show
from gateway.services.desk_tips.likes import undecided
from gateway.services.desk_tips.many import Deed
from gateway.services.desk_tips.queue import Filters, list_tips
from gateway.services.desk_tips.search import SearchMemory, search
from gateway.storage import tip_queue
from gateway.storage.database import Database, open_database
from gateway.storage.seal import Keyring
from tests import postgres
from tests.benchmarks.table import Row, alone
from tests.chaos.arena import new_database

MOVED = 2_000  # tips in one action
_NOW = 1_800_000_000_000  # epoch ms
_COMMUNE = "06577"
_WHERE = [
    "gốc đa",
    "miếu thổ công",
    "bờ suối",
    "đồi sim",
    "chân núi đá",
    "cầu treo",
    "trường cũ",
    "giếng làng",
    "rừng nghiến",
    "nương ngô",
    "khe cạn",
    "bãi bồi",
]
_WHO = ["ông nội kể", "cụ trong bản nói", "mẹ tôi thấy", "dân quân chôn", "người già trong thôn", "thợ săn gặp", "bố tôi chôn"]
_SIDE = ["đầu bản", "cuối thôn", "bên phải đường", "phía tây", "cạnh nhà ông Ví Dụ", "sau nhà văn hóa", "giữa hai con suối", "gần cột mốc"]
_MO = "id, route, channel, content_key, bidx, sender, receiver, text, received_at, repeats, state, action, tip"
_TIP = "id, code, commune, mo, channel, village, bidx, sender, text, fields, urgent, state, received_at, language, linked_at"
_SHINGLE, _LINK = "hash, tip", "id, tip, other, likeness, at"


@dataclass(frozen=True)
class _Rows:
    """What is put into both databases, in the order of the columns above."""

    mos: list[tuple[object, ...]]
    tips: list[tuple[object, ...]]
    shingles: list[tuple[object, ...]]
    links: list[tuple[object, ...]]


def run(folder: Path, count: int, rounds: int) -> list[Row]:
    """Both engines."""
    work_hard()  # as `serve` does
    keyring = Keyring.of(os.urandom(32))
    made = _made(keyring, count)
    server, watch = postgres.start()
    try:
        return uvloop.run(_rows(folder, keyring, made, rounds, server))
    finally:
        postgres.stop(watch)


def _texts(count: int) -> Iterator[str]:
    drawn = random.Random(7)
    text = ""
    for at in range(count):
        if at % 20:
            name = f"{drawn.choice(['Nông', 'Hoàng', 'Vi', 'Lý', 'Bế', 'Đàm'])} Văn {drawn.choice(['Ví Dụ', 'Thử', 'Mẫu', 'Giả Định'])}"
            where, age = f"{drawn.choice(_WHERE)} {drawn.choice(_SIDE)}", f"{1945 + drawn.randrange(45)}"
            unit = f"c{at % 9 + 1} d{at % 7 + 1} e{at % 900}"
            text = f"LS TN{at % 30 + 1:02d} {drawn.choice(_WHO)} có {at % 5 + 1} mộ bộ đội ở {where}, chôn năm {age}, liệt sĩ {name} {unit}"
            text += f" quê số {drawn.randrange(10**6)}"
        yield unaccent(text) if at % 2 else text


def _made(keyring: Keyring, count: int) -> _Rows:
    sender, fields = keyring.seal(b"+84300000011", "msisdn"), keyring.seal(b"{}", "tip.fields")
    rows = _Rows([], [], [], [])
    for at, text in enumerate(_texts(count), 1):
        person, when = at.to_bytes(32, "big"), _NOW - (count - at) * 1000
        words = keyring.seal(text.encode(), "mo.text")
        rows.mos.append((at, "r", "sms", person, person, sender, "8088", words, when, 0, "done", "tip", at))
        urgent, state = ("remains" if at % 997 == 0 else None), ("new", "sorted", "verifying", "concluded")[at % 4]
        own = keyring.seal(text.encode(), "tip.text")
        village = f"TN{at % 30 + 1:02d}"
        rows.tips.append((at, f"{at:06X}", _COMMUNE, at, "sms", village, person, sender, own, fields, urgent, state, when, "vi", when))
        rows.shingles.extend((value, at) for value in hashes_of(keyring, pairs_of(text)))
        if at % 20 == 1 and at > 1:
            rows.links.append((at, at, at - 1, 0.9, when))
    return rows


async def _fill(url: str, made: _Rows) -> None:
    tables = (("mo", _MO, made.mos), ("tip", _TIP, made.tips), ("tip_shingle", _SHINGLE, made.shingles), ("tip_link", _LINK, made.links))
    if url.startswith("sqlite"):
        with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
            for name, columns, rows in tables:
                marks = ", ".join("?" * len(columns.split(", ")))
                connection.executemany(f"INSERT INTO {name} ({columns}) VALUES ({marks})", rows)  # noqa: S608 # names of ours
        connection.close()
        return
    connection = await asyncpg.connect(url)
    for name, columns, rows in tables:
        await connection.copy_records_to_table(name, records=rows, columns=columns.split(", "))
    await connection.execute("ANALYZE")
    await connection.close()


async def _ms(act: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await act()
    return (time.perf_counter() - began) * 1000


async def _rows(folder: Path, keyring: Keyring, made: _Rows, rounds: int, server: str) -> list[Row]:
    found = []
    for engine in ("SQLite", "PostgreSQL"):
        url = f"sqlite:///{folder / 'desk.db'}" if engine == "SQLite" else await new_database(server, "desk")
        async with open_database(url, keyring, migrate=True):
            pass
        await _fill(url, made)
        async with open_database(url, keyring) as database:
            times: dict[str, list[float]] = {}
            for at in range(rounds):
                for name, ms in (await _measured(database, len(made.tips), at)).items():
                    times.setdefault(name, []).append(ms)
        found += [alone(f"{name}, {engine}", "ms", times[name], most=most) for name, most in _BARS.items()]
    return found


_LISTED, _COLD, _WARM = "desk: the slowest of 4 pages of the list", "desk: search, every tip opened", "desk: search, words in memory"
_ALIKE, _MANY, _BACK = "desk: duplicates of a tip, and those that wait", f"desk: {MOVED:,} tips moved", f"desk: {MOVED:,} tips moved back"
_BARS = {_LISTED: 300.0, _COLD: 1000.0, _WARM: 1000.0, _ALIKE: 300.0, _MANY: 2000.0, _BACK: 2000.0}


async def _measured(database: Database, count: int, at: int) -> dict[str, float]:
    deployment, actor = load_deployment(shipped_deployment()), Actor(1, "Hoàng Văn Thí Dụ", frozenset({Role.READER}), _COMMUNE)
    middle = str(tip_queue.Cursor(1, _NOW - count * 500, 0))
    pages = [
        await _ms(lambda: list_tips(database, deployment, actor, Filters())),
        await _ms(lambda: list_tips(database, deployment, actor, Filters(), middle)),
        await _ms(lambda: list_tips(database, deployment, actor, Filters(queue="all", village="TN07", state="verifying"))),
        await _ms(lambda: list_tips(database, deployment, actor, Filters(queue="all", kind=Sort.PAPERS))),
    ]
    memory = SearchMemory()
    cold = await _ms(lambda: search(database, memory, deployment, actor, "mieu tho cong giua", _NOW))
    warm = await _ms(lambda: search(database, memory, deployment, actor, "nghien nong van", _NOW))
    memory.forget()
    tip_id = 20 * (at + 5) + 1

    async def alike() -> None:
        await show(database, deployment, actor, f"{tip_id:06X}", _NOW)
        await undecided(database, actor)
        await database.write(lambda connection: link(connection, tip_id, next(iter(_texts(2))), _NOW))

    alike_ms = await _ms(alike)
    ids = list(range(1 + at * MOVED * 4, 1 + (at + 1) * MOVED * 4, 4))  # all of one state
    moved: list[many.Moved] = []

    async def move() -> None:
        moved.append(await many.do_to_many(database, actor, ids, Deed(many.SORT, Sort.WITNESS), _NOW))

    there = await _ms(move)
    assert moved[0].tips == MOVED
    back = await _ms(lambda: many.undo(database, actor, moved[0].batch, _NOW))
    return {_LISTED: max(pages), _COLD: cold, _WARM: warm, _ALIKE: alike_ms, _MANY: there, _BACK: back}
