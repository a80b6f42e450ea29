"""The contract's pace, counted at the telco behind a network that takes 0 to 20 ms: never over in any half-open window, and used.

The whole matrix, with processes of their own and for longer, is in `tests/benchmarks/pace.py`.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from statistics import median

import pytest

from gateway.domain.caps import Caps
from gateway.sending import dispatching
from gateway.settings import load_settings
from gateway.simulator.behaviour import Behaviour
from gateway.simulator.telco import Hook, Telco, telco
from gateway.storage.database import open_database
from gateway.storage.seal import Keyring
from tests.chaos.arena import new_database
from tests.harness import KEY, Gateway, deployment, eventually, route

NETWORK = Behaviour(dlr="never", jitter_s=0.02)
LEAST_USED = 0.6  # of the pace, on a machine that other tests keep busy; the bench holds it to 0.95
AGAIN_S = 1.0


def paced(there: Telco, limit: int, per_s: float, unit: str) -> str:
    """A route of that contract."""
    table = route("r", "kannel", f"{there.url}/cgi-bin/sendsms")
    return table.replace("tps = 0", f'pace = {{ limit = {limit}, per_s = {per_s}, unit = "{unit}" }}')


@asynccontextmanager
async def sending(gateway: Gateway, database: str, processes: int) -> AsyncIterator[None]:
    """So many dispatchers that know nothing of each other, each on a pool of its own."""
    settings, stop = load_settings(gateway.folder, os.environ | {"TINBAO_KEY": KEY}), asyncio.Event()
    async with AsyncExitStack() as stack:
        for _ in range(processes):
            opened = await stack.enter_async_context(open_database(database, Keyring.of(bytes(range(32)))))
            await stack.enter_async_context(dispatching(settings, opened, stop, Caps()))
        yield
        stop.set()


def enqueued(gateway: Gateway, count: int) -> None:
    """`count` MTs to invented numbers, in the queue."""
    numbers = gateway.folder / "numbers.txt"
    numbers.write_text("\n".join(f"+84300{at:06d}" for at in range(count)), "utf-8")
    done = gateway.run("send", "--route", "r", "--to-file", str(numbers), "--text", "Tri an 27/7")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("limit", "per_s", "unit", "count"), [(100, 1.0, "segments", 300), (20, 2.0, "requests", 50)], ids=["100 a second", "20 in 2 s"]
)
@pytest.mark.parametrize("processes", [1, 3])
async def test_a_contract_is_kept_and_used(tmp_path: Path, processes: int, limit: int, per_s: float, unit: str, count: int) -> None:
    """One process on SQLite, three dispatchers on PostgreSQL: together they are one sender."""
    database = f"sqlite:///{tmp_path / 'd' / 'var' / 'tinbao.db'}"
    if processes > 1:
        database = await new_database(os.environ["TINBAO_TEST_PG"], f"pace_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}")
    async with telco(behaviour=NETWORK) as there:
        gateway = deployment(tmp_path / "d", routes=paced(there, limit, per_s, unit), database=database)
        await asyncio.to_thread(enqueued, gateway, count)
        async with sending(gateway, database, processes):
            await eventually(lambda: _taken(there, count), seconds=30)
        arrivals = there.arrivals["u"]
        requests, segments, seconds = arrivals.span()
        assert (requests, segments, there.counts.twice) == (count, count, 0)
        assert arrivals.peak(per_s, requests=unit == "requests") <= limit
        assert (count - 1) / seconds >= LEAST_USED * limit / per_s


async def test_a_reply_overtakes_a_blast(tmp_path: Path) -> None:
    """Behind 5,000 MTs at 200 a second a resident's answer leaves within a second."""
    async with telco(behaviour=NETWORK) as there:
        gateway = deployment(tmp_path / "d", routes=route("r", "kannel", f"{there.url}/cgi-bin/sendsms", tps=200))
        await asyncio.to_thread(enqueued, gateway, 5_000)
        with gateway.serving():
            there.hook = Hook(f"{gateway.url}/hooks/r/mo?secret=s3cret", "kannel")
            await eventually(lambda: _taken(there, 100))
            waits = [await _waited_for_an_answer(there, f"+8430090000{at}") for at in range(5)]
            assert median(waits) <= AGAIN_S  # one may meet a busy machine
            assert there.counts.taken < 2_000
            assert there.arrivals["u"].peak() <= 200


async def _waited_for_an_answer(there: Telco, number: str) -> float:
    asked = time.monotonic()
    there.send_mo(number, "LS TN07 co 1 ngoi mo liet si o chan doi")
    await eventually(lambda: _answered(there, number), pause=0.005)
    return time.monotonic() - asked


async def _taken(there: Telco, count: int) -> bool:
    return there.counts.taken >= count


async def _answered(there: Telco, number: str) -> bool:
    return any(not sms.mine for sms in there.handsets.of(number))
