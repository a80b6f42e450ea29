"""A gateway on either engine, the telco beside it, and a look at its rows that owes nothing to the gateway's own code."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy.engine import make_url

from gateway.simulator.behaviour import Behaviour
from gateway.simulator.telco import Telco, telco
from tests.chaos.laws import Row, Rows
from tests.chaos.laws import Telco as Counted
from tests.harness import Gateway, contacts_csv, deployment, eventually, free_ports, route

TIMEOUT_S = 2  # of a request: an answer that stalls is given up
PATHS = {"kannel": "/cgi-bin/sendsms", "simulator": "/sms"}
_STATES = "SELECT ref, state, request FROM mt"  # one statement: one transaction, so that the states are disjoint
_STANDING = (
    "SELECT 'mt', state, count(*), min(due_at), max(due_at), max(attempts) FROM mt GROUP BY state "
    "UNION ALL SELECT 'wave', state, id, starts_at, coalesce(ended_at, 0), 0 FROM wave "
    "UNION ALL SELECT 'route', coalesce(hold_code, pause_why, ''), 0, next_slot_us, paused_until, 0 FROM route_state"
)


@dataclass(frozen=True)
class Case:
    """One kind of wave. `telco`: how it treats requests; `concurrency`: requests that may be on the wire at once."""

    name: str
    carrier: str
    on_lost_answer: str
    concurrency: int
    tps: int
    telco: Behaviour


# Each loses answers in every way it knows; the batches' wire recognises a repeat, so there a lost answer is sent again.
_HABITS = Behaviour(
    dlr="shuffled", dlr_delay_s=0.03, delay_s=0.004, late_every=31, late_s=0.3, drop_every=59, reset_after_read_every=41,
    half_answer_every=67, stall_every=149, bad_gateway_every=83,
)  # fmt: skip
CASES = (
    Case("one a request, held when lost", "kannel", "hold", 32, 500, _HABITS),
    Case("batches, sent again when lost", "simulator", "resend", 8, 500, replace(_HABITS, dlr="twice")),
)


@dataclass(frozen=True)
class Arena:
    """What a round runs in."""

    case: Case
    gateway: Gateway
    telco: Telco
    database: str  # URL

    async def rows(self) -> Rows:
        """Every MT, in one transaction."""
        return {ref: Row(state, request) for ref, state, request in await self._asked(_STATES)}

    async def standing(self) -> str:
        """What waits for what, for a person who asks why it doesn't move: no number and no text is in it."""
        return "; ".join(map(str, await self._asked(_STANDING)))

    def log_end(self) -> str:
        """The gateway's last words."""
        return (self.gateway.folder / "serve.log").read_text("utf-8", "replace")[-2_000:]

    async def _asked(self, statement: str) -> list[tuple[Any, ...]]:  # Any: a row's values
        if self.database.startswith("sqlite"):
            return await asyncio.to_thread(_from_file, self.database, statement)
        return await _from_server(self.database, statement)

    def counted(self) -> Counted:
        """What the telco says."""
        counts = self.telco.counts
        return Counted(frozenset(counts.refs), counts.twice, counts.lost + counts.dropped)

    async def arrived(self) -> None:
        """Until all that a dead gateway wrote has been read: its connections have ended."""
        await eventually(self._nobody, seconds=10, pause=0.002)

    async def _nobody(self) -> bool:
        return not self.telco.connections


def twin(gateway: Gateway, folder: Path) -> Gateway:
    """A second deployment on the same database, with listeners of its own."""
    public, desk = free_ports(2)
    folder.mkdir()
    for file in gateway.folder.iterdir():
        if file.is_file():
            text = file.read_bytes()
            for old, new in ((gateway.public, public), (gateway.desk, desk)):
                text = text.replace(f"127.0.0.1:{old}".encode(), f"127.0.0.1:{new}".encode())
            (folder / file.name).write_bytes(text)
    return replace(gateway, folder=folder, public=public, desk=desk)


@asynccontextmanager
async def arena(folder: Path, case: Case, database: str | None) -> AsyncIterator[Arena]:
    """An arena in `folder`. `database`: a PostgreSQL URL; None is the deployment's own SQLite file."""
    async with telco(behaviour=case.telco) as there:
        wire = {"concurrency": case.concurrency, "tps": case.tps, "on_lost_answer": case.on_lost_answer}
        table = route("r", case.carrier, there.url + PATHS[case.carrier], **wire)
        gateway = deployment(folder, routes=table, database=database)
        _hurry(gateway)
        yield Arena(case, gateway, there, database or f"sqlite:///{folder / 'var' / 'tinbao.db'}")


def _hurry(gateway: Gateway) -> None:
    """Give up on a silent telco soon."""
    settings = gateway.folder / "gateway.toml"
    settings.write_text(settings.read_text("utf-8").replace("[service]\n", f"[service]\ncarrier_timeout_s = {TIMEOUT_S}\n", 1), "utf-8")


async def planned(it: Arena, count: int, text: str = "{{ ma_thon }} tri an 27/7") -> int:
    """Plan and start a wave to `count` people; how many were accepted."""
    people = it.gateway.folder / "people.csv"
    people.write_text(contacts_csv(count), "utf-8")
    plan = ("wave", "plan", "--id", "w", "--route", "r", "--text", text, "--contacts", str(people), "--window", "00:00-00:00")
    made = await asyncio.to_thread(it.gateway.json, *plan)
    started = await asyncio.to_thread(it.gateway.run, "wave", "start", "w")
    if started.returncode:
        raise RuntimeError(started.stderr)
    return int(str(made["audience"]))


def _from_file(database: str, statement: str) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(database.removeprefix("sqlite:///"), timeout=10)  # opening it replays the WAL
    try:
        return connection.execute(statement).fetchall()
    finally:
        connection.close()


async def _from_server(database: str, statement: str) -> list[tuple[Any, ...]]:
    connection = await asyncpg.connect(database)
    try:
        return [tuple(row) for row in await connection.fetch(statement)]
    finally:
        await connection.close()


async def new_database(server: str, name: str) -> str:
    """The URL of a fresh database on a PostgreSQL server."""
    connection = await asyncpg.connect(server)
    try:
        await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await connection.execute(f"CREATE DATABASE {name}")
    finally:
        await connection.close()
    return make_url(server).set(database=name).render_as_string(hide_password=False)
