"""What the dispatcher's tests share: routes to a telco, running dispatchers, waves of invented people, counts."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from sqlalchemy import func, select, update

from gateway.carriers.protocol import Account
from gateway.carriers.registry import CARRIERS
from gateway.domain.caps import Caps
from gateway.domain.msisdn import Msisdn
from gateway.domain.pace import Pace
from gateway.domain.secret import Secret
from gateway.domain.wave import WaveState
from gateway.domain.window import Window
from gateway.services.dispatch import Dispatcher
from gateway.services.routes import Route
from gateway.storage import outbox, wave_mts, waves
from gateway.storage.database import Database
from gateway.storage.outbox import NewMt
from gateway.storage.schema import contact, mt
from gateway.storage.schema import wave as wave_table
from gateway.storage.waves import NewWave
from gateway.transport import http_sender

FOREVER = 10**15
NO_CAPS = Caps(0, 0)
PATHS = {"kannel": "/cgi-bin/sendsms", "simulator": "/sms"}


def route_to(carrier: str, url: str, **changes: Any) -> Route:
    """A route to the telco at `url`."""
    values: dict[str, Any] = {
        "name": "r", "carrier": CARRIERS[carrier], "pace": Pace(0), "prefixes": (), "concurrency": 16,
        "on_lost_answer": "hold", "max_unapproved": 0, "rehearsal": True,
        "account": Account("r", url + PATHS[carrier], "demo", Secret("demo"), "8088", "http://127.0.0.1:9/hooks/r/dlr?secret=s"),
    }  # fmt: skip
    return Route(**(values | changes))


def number(at: int) -> Msisdn:
    return Msisdn(f"+84300{at:06d}")


@asynccontextmanager
async def running(
    database: Database, *routes: Route, timeout_s: float = 5, drain_s: float = 5, owner: str = "me", caps: Caps = NO_CAPS
) -> AsyncIterator[tuple[Dispatcher, ...]]:
    """Dispatchers of `routes` for the length of the block."""
    stop = asyncio.Event()
    async with http_sender(timeout_s=timeout_s, connections=64) as send, asyncio.TaskGroup() as tasks:
        dispatchers = tuple(Dispatcher(route, routes, database, send, owner, "Asia/Ho_Chi_Minh", drain_s, caps) for route in routes)
        await database.write(lambda connection: outbox.beat(connection, owner))
        for dispatcher in dispatchers:
            tasks.create_task(dispatcher.run(stop))
        try:
            yield dispatchers
        finally:
            stop.set()


async def counts(database: Database, wave: int | None = None) -> dict[str, int]:
    """MTs by state, those there are: of a wave, or of all."""
    async with database.read() as connection:
        found = await (outbox.counts(connection) if wave is None else wave_mts.by_state(connection, wave))
    return {state: count for state, count in found.items() if count and state != "segments"}


async def until(database: Database, seconds: float = 20, **states: int) -> None:
    """Until there are at least so many MTs of each state."""
    async with asyncio.timeout(seconds):
        found = await counts(database)
        while any(found.get(state, 0) < count for state, count in states.items()):
            await asyncio.sleep(0.01)
            found = await counts(database)


async def a_wave(database: Database, route: Route, people: Collection[int], name: str = "dot-1", **more: Any) -> int:
    """A running wave to `people`. `mt`: a function that changes each NewMt; the rest are fields of NewWave."""
    change: Callable[[NewMt], NewMt] = more.pop("mt", lambda each: each)
    new = NewWave(name, "06577", route.name, {"vi": "Tri an {{ thon }}"}, Window(0, 0), {}, planning="t")
    mts = [
        change(NewMt(f"{name}-{at}".upper(), number(at), person(database, at), route.name, 1, 0, FOREVER, parameters='{"thon": "Na Ngoi"}'))
        for at in people
    ]

    async def unit(connection) -> int:
        id_ = await waves.create(connection, replace(new, **more), 1)
        assert id_ is not None
        await outbox.enqueue(connection, [replace(each, wave=id_) for each in mts], 1)
        assert await waves.planned(connection, id_, "t", len(mts), sum(each.segments for each in mts))
        assert await waves.move(connection, id_, WaveState.RUNNING, 2)
        return id_

    await know(database, people)
    return await database.write(unit)


def person(database: Database, at: int) -> bytes:
    return database.keyring.blind(number(at).e164, "msisdn")


async def know(database: Database, people: Collection[int]) -> None:
    """Contacts of `people`, those that are not there yet."""
    from sqlalchemy.dialects.postgresql import insert as upsert

    rows = [{"bidx": person(database, at), "msisdn": number(at).e164, "commune": "06577", "created_at": 1} for at in people]
    await database.write(lambda connection: connection.execute(upsert(contact).on_conflict_do_nothing(), rows))


async def direct(database: Database, route: Route, people: Collection[int], **more: Any) -> None:
    """Direct sends to `people`, or replies with `lane` and `reply_to`."""
    body = more.pop("body", "Tri an")
    rows = [
        NewMt(f"D{more.get('lane', 0)}-{at}", number(at), person(database, at), route.name, 1, 0, FOREVER, body=body, **more)
        for at in people
    ]
    await database.write(lambda connection: outbox.enqueue(connection, rows, 1))


async def reply(database: Database, route: Route, at: int, mo: int = 1) -> None:
    """A reply to somebody's MO."""
    await direct(database, route, [at], lane=outbox.PRIORITY, reply_to=mo, body="Da nhan")


async def rows(database: Database, *columns: Any, **where: Any) -> list[tuple[Any, ...]]:
    """Columns of mt, ordered by id."""
    chosen = select(*columns).order_by(mt.c.id)
    for name, value in where.items():
        chosen = chosen.where(mt.c[name] == value)
    async with database.read() as connection:
        return [tuple(row) for row in await connection.execute(chosen)]


async def wave_row(database: Database, id_: int) -> Any:
    async with database.read() as connection:
        return (await connection.execute(select(wave_table).where(wave_table.c.id == id_))).one()


async def change(database: Database, table: Any, **values: Any) -> None:
    """Set columns of all rows of a table."""
    await database.write(lambda connection: connection.execute(update(table).values(**values)))


async def count_of(database: Database, table: Any) -> int:
    async with database.read() as connection:
        return await connection.scalar(select(func.count()).select_from(table)) or 0
