"""Reports as carriers send them: before the answer, twice, backwards, for nobody. Every MT ends delivered; what fits nothing is kept."""

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import get_args

from gateway.domain.msisdn import Msisdn
from gateway.domain.pace import Pace
from gateway.sending import now_ms
from gateway.services.sends import Order, enqueue
from gateway.simulator.behaviour import Behaviour, DlrHabit
from gateway.simulator.telco import telco
from gateway.storage.database import open_database
from gateway.storage.seal import Keyring
from tests.faults.ground import PATHS, route_to
from tests.harness import Gateway, deployment, eventually, route

EACH = 20  # MTs a habit and dialect
HABITS = tuple(habit for habit in get_args(DlrHabit) if habit != "never")


async def test_reports_in_any_order_end_in_the_same_state(tmp_path: Path) -> None:
    """One gateway, one habit after the other, in both dialects."""
    async with telco() as there:
        gateway = deployment(tmp_path / "d", routes="".join(route(name, name, there.url + path) for name, path in PATHS.items()))
        file = f"sqlite:///{gateway.folder / 'var' / 'tinbao.db'}"
        with gateway.serving():
            async with open_database(file, Keyring.of(bytes(range(32)))) as database:
                for done, habit in enumerate(HABITS):
                    there.behaviour = Behaviour(dlr=habit, dlr_delay_s=0.01)
                    for lane, carrier in enumerate(PATHS):
                        people = tuple(Msisdn(f"+8430{2 * done + lane:04d}{person:03d}") for person in range(EACH))
                        way = replace(route_to(carrier, there.url, Pace(0)), name=carrier)
                        await enqueue(database, way, Order(habit + carrier, people, "Tri an 27/7"), now_ms())
                    await eventually(lambda done=done: _delivered(gateway, 2 * EACH * (done + 1)), pause=0.1)
        assert there.counts.reports_failed == 0
    assert _rows(gateway, "SELECT DISTINCT state FROM mt") == [("delivered",)]
    strays = "SELECT count(*), count(DISTINCT ref), min(substr(ref, 1, 1)) FROM dlr WHERE matched_at IS NULL"
    assert _rows(gateway, strays) == [(2 * EACH, 2 * EACH, "Z")]


async def _delivered(gateway: Gateway, count: int) -> bool:
    return await asyncio.to_thread(_rows, gateway, "SELECT count(*) FROM mt WHERE state = 'delivered'") == [(count,)]


def _rows(gateway: Gateway, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(gateway.folder / "var" / "tinbao.db", timeout=10)) as connection:
        return connection.execute(query).fetchall()
