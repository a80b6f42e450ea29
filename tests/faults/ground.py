"""What each fault is tried on: one route with its dispatcher, a database whose clock can be put forward, and a telco."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from gateway.carriers.protocol import Account
from gateway.carriers.registry import CARRIERS
from gateway.domain.msisdn import Msisdn
from gateway.domain.pace import Pace
from gateway.domain.secret import Secret
from gateway.sending import now_ms
from gateway.services.dispatch import Dispatcher
from gateway.services.routes import Route
from gateway.services.sends import Order, enqueue
from gateway.simulator.telco import Telco
from gateway.storage import outbox
from gateway.storage.database import Database, open_database
from gateway.storage.outbox import RouteCondition
from gateway.storage.seal import Keyring
from gateway.transport import http_sender

CONCURRENCY = 8
PATHS = {"kannel": "/cgi-bin/sendsms", "simulator": "/sms"}
PASSWORD = "rat-bi-mat"


@dataclass(slots=True)
class Clock:
    """The machine's clock, epoch µs, and how far somebody has put it."""

    ahead_s: float = 0.0

    def __call__(self) -> int:
        return time.time_ns() // 1000 + round(self.ahead_s * 1e6)


@dataclass(frozen=True)
class Ground:
    """The route, its database and the clock of both."""

    route: Route
    database: Database
    clock: Clock = field(default_factory=Clock)

    async def enqueue(self, count: int) -> None:
        """`count` MTs, each with words of its own: no two share a request."""
        for at in range(count):
            await enqueue(self.database, self.route, Order(f"s{at}", (Msisdn(f"+84300{at:06d}"),), f"Tri an {at}"), now_ms())

    async def states(self) -> dict[str, int]:
        """How many MTs are in each state."""
        async with self.database.read() as connection:
            found = await outbox.counts(connection)
        return {state: count for state, count in found.items() if count and state != "segments"}

    async def condition(self) -> RouteCondition:
        """What stands in the route's way."""
        async with self.database.read() as connection:
            return await outbox.route_condition(connection, self.route.name)


def route_to(carrier: str, url: str, pace: Pace) -> Route:
    """A route named r."""
    account = Account("r", url + PATHS[carrier], "u", Secret(PASSWORD), "8088", "http://127.0.0.1:9/hooks/r/dlr?secret=s")
    return Route("r", CARRIERS[carrier], account, pace, (), CONCURRENCY, "hold", 0, True)


@asynccontextmanager
async def ground(folder: Path, there: Telco | str, carrier: str = "kannel", pace: Pace = Pace(0)) -> AsyncIterator[Ground]:  # noqa: B008 # frozen
    """A fresh SQLite database in `folder`, and a route to `there`."""
    clock = Clock()
    async with open_database(f"sqlite:///{folder / 'tinbao.db'}", Keyring.of(bytes(range(32))), migrate=True, clock_us=clock) as database:
        yield Ground(route_to(carrier, there if isinstance(there, str) else there.url, pace), database, clock)


@asynccontextmanager
async def dispatching(it: Ground, timeout_s: float = 5.0, tls: ssl.SSLContext | None = None) -> AsyncIterator[None]:
    """The route's dispatcher for the length of the block."""
    stop = asyncio.Event()
    async with http_sender(timeout_s, CONCURRENCY, tls) as send, asyncio.TaskGroup() as tasks:
        tasks.create_task(Dispatcher(it.route, [it.route], it.database, send, "me", "Asia/Ho_Chi_Minh", 5.0).run(stop))
        try:
            yield
        finally:
            stop.set()


async def until_still(there: Telco, seconds: float = 0.7) -> int:
    """The number of requests once no more have come for so long."""
    async with asyncio.timeout(30):
        while True:
            seen = there.counts.requests
            await asyncio.sleep(seconds)
            if seen and seen == there.counts.requests:
                return seen
