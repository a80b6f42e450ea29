"""A gateway that is killed while calls to an outside system are due: what it said yes to is told, at least once, whatever became of it.

The system counts what it is called with; the hook's 200s are the other count. Between two lives an hour passes, by a stranger's hand in
the database: leases of the dead end, and so do the waits for what was answered with a no.
"""

import asyncio
import json
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from random import Random
from urllib.parse import parse_qs, urlencode, urlsplit

import asyncpg
from aiohttp import ClientError, ClientSession, web

from gateway.simulator.telco import telco
from tests.chaos.laws import Broken
from tests.harness import Gateway, deployment, eventually, route, wait_for_port
from tests.services.outside_rows import HOST, Theirs, theirs

A_LIFE = 40  # MOs, at most, each with a call and an event
WRITERS = 4
_HOUR = "UPDATE callback SET due_at = due_at - 3600000, created_at = created_at - 3600000 WHERE state = 'waiting'"
_STATES = "SELECT state, count(*) FROM callback GROUP BY state"


@dataclass(frozen=True)
class Found:
    """What a round saw. `told`: calls that arrived, each counted once; `again`: how often one came that had come before; `noes`: how many
    were answered with a no, or not at all."""

    accepted: int
    told: int
    again: int
    noes: int


@dataclass
class Mood:
    """How the system takes calls: now and then with a no after it has heard, or by hanging up; in the end always with a yes."""

    random: Random
    is_fair: bool = False
    noes: int = 0

    async def answer(self, request: web.Request) -> web.Response:
        fate = 0.5 if self.is_fair else self.random.random()
        self.noes += not 0.05 <= fate <= 0.95
        if fate < 0.05 and request.transport is not None:
            request.transport.close()
        return web.Response(status=500 if fate > 0.95 else 200)


@dataclass
class Round:
    """A gateway, and the system it calls. `accepted`: texts that got a 200; `numbers`: of what is written next."""

    gateway: Gateway
    server: Theirs
    database: str
    mood: Mood
    accepted: set[str] = field(default_factory=set)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def handed_on(self) -> list[str]:
        """The texts of MOs that the system was called with."""
        return [parse_qs(urlsplit(path).query)["text"][0] for _, path, _, _ in self.server.seen if path.startswith("/mo")]

    def events(self) -> list[str]:
        """The tips that it was told of."""
        return [json.loads(body)["data"]["tip"] for _, path, _, body in self.server.seen if path == "/hook"]


async def run_round(folder: Path, database: str | None, kills: int, seed: int) -> Found:
    """`kills` lives that end by SIGKILL, a last one that ends by itself. Raises Broken."""
    random = Random(seed)
    async with _arena(folder, database, random) as it:
        for _ in range(kills):
            await _life(it, random)
            await _asked(it.database, _HOUR)
        it.mood.is_fair = True
        with it.gateway.serving() as process:
            await _until_told(it)
            if process.poll() is not None:
                raise Broken("the gateway ended by itself")
            tips = [row["code"] for row in await _tips(it.gateway)]
        _hold(it, tips)
        told = it.handed_on() + it.events()
    return Found(len(it.accepted), len(set(told)), len(told) - len(set(told)), it.mood.noes)


@asynccontextmanager
async def _arena(folder: Path, database: str | None, random: Random) -> AsyncIterator[Round]:
    mood = Mood(random)
    async with telco() as there, theirs(mood.answer) as server:
        gateway = deployment(folder, routes=route("k", "kannel", f"{there.url}/cgi-bin/sendsms"), database=database)
        settings = gateway.folder / "gateway.toml"
        settings.write_text(settings.read_text("utf-8").replace("[service]\n", f'[service]\ncallback_hosts = ["{HOST}"]\n', 1), "utf-8")
        addresses = ("--mo-url", f"{server.url}/mo?text=%b", "--webhook", f"{server.url}/hook", "--callback-host", HOST)
        scopes = ("--scope", "tips", "--scope", "webhooks", "--event", "tip.received")
        added = await asyncio.to_thread(gateway.run, "clients", "add", "crm", *scopes, *addresses)
        if added.returncode:
            raise RuntimeError(added.stderr)
        yield Round(gateway, server, database or f"sqlite:///{folder / 'var' / 'tinbao.db'}", mood)


async def _life(it: Round, random: Random) -> None:
    """Start, let people write, kill while calls are due."""
    process = it.gateway.start()
    try:
        await asyncio.to_thread(wait_for_port, it.gateway.public, process)
        before = len(it.server.seen)
        goal = before + random.randrange(1, A_LIFE)
        async with ClientSession() as session, asyncio.TaskGroup() as people:
            for _ in range(WRITERS):
                people.create_task(_write(it, session, A_LIFE // WRITERS))
            await eventually(lambda: _called(it, goal), seconds=60, pause=0.002)
            await asyncio.sleep(random.uniform(0, 0.02))
            process.kill()
    finally:
        process.kill()
        await asyncio.to_thread(process.wait)


async def _write(it: Round, session: ClientSession, many: int) -> None:
    """Texts of different people, one after the other; a gateway that dies is no fault of theirs."""
    with suppress(ClientError, ConnectionError):
        for _ in range(many):
            number = next(it.numbers)
            text = f"LS TN{number % 30 + 1:02d} co mo o chan doi, nha thu {number}"
            query = {
                "secret": "s3cret",
                "from": f"+84300{number:06d}",
                "to": "8088",
                "text": text,
                "id": str(number),
                "ts": int(time.time()),
            }
            async with session.get(f"{it.gateway.url}/hooks/k/mo?{urlencode(query)}") as answer:
                if answer.status == 200:
                    it.accepted.add(text)


async def _called(it: Round, goal: int) -> bool:
    return len(it.server.seen) >= goal


async def _until_told(it: Round) -> None:
    """Until nothing waits any more."""
    try:
        await eventually(lambda: _nothing_waits(it), seconds=60, pause=0.5)
    except TimeoutError:
        raise Broken(f"calls wait for ever: {await _asked(it.database, _STATES)}") from None


async def _nothing_waits(it: Round) -> bool:
    states = dict(await _asked(it.database, _STATES))
    if states.get("waiting"):
        return False
    return it.accepted <= set(it.handed_on()) and {row["code"] for row in await _tips(it.gateway)} <= set(it.events())


async def _tips(gateway: Gateway) -> list[dict[str, str]]:
    listed = await asyncio.to_thread(gateway.run, "tips", "list", "--json")
    return [json.loads(line) for line in listed.stdout.splitlines()]


def _hold(it: Round, tips: list[str]) -> None:
    """Each that got a 200 was handed on and told of; nothing was told that was not written. Raises Broken."""
    if missing := it.accepted - set(it.handed_on()):
        raise Broken(f"{len(missing)} of {len(it.accepted)} messages that were accepted were handed to nobody")
    if missing := set(tips) - set(it.events()):
        raise Broken(f"{len(missing)} of {len(tips)} tips were told to nobody")
    if strange := set(it.events()) - set(tips):
        raise Broken(f"{len(strange)} tips were told that are not there")


async def _asked(database: str, statement: str) -> list[tuple[str, int]]:
    """Run a statement behind the gateway's back; its rows, if it has any."""
    if database.startswith("sqlite"):
        return await asyncio.to_thread(_in_file, database, statement)
    connection = await asyncpg.connect(database)
    try:
        return [tuple(row) for row in await connection.fetch(statement)]
    finally:
        await connection.close()


def _in_file(database: str, statement: str) -> list[tuple[str, int]]:
    connection = sqlite3.connect(database.removeprefix("sqlite:///"), timeout=10)
    try:
        with connection:
            return connection.execute(statement).fetchall()
    finally:
        connection.close()
