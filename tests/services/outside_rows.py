"""Clients and MTs of theirs, and a server of theirs that counts what it is called with: shared by the tests of callbacks."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from gateway.carriers.wire import HttpRequest, HttpResponse
from gateway.domain.msisdn import Msisdn
from gateway.domain.secret import Secret
from gateway.services.callbacks import Callbacks
from gateway.storage import clients, outbox
from gateway.storage.clients import Client, NewClient
from gateway.storage.database import Database
from gateway.storage.inbox import person
from gateway.storage.outbox import NewMt
from gateway.storage.schema import callback, mt
from gateway.transport import http_sender
from gateway.transport_guard import guarded_sender
from tests.services.people import ALICE, NOW

SECRET = "a-secret-they-share"
HOST = "127.0.0.1"


class Clock:
    """A clock that tests put forward."""

    def __init__(self, now: int = NOW) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


async def a_client(database: Database, name: str = "crm", **more) -> Client:
    """A client that may do everything; `more` says otherwise."""
    values = {
        "commune": "thong-nhat", "scopes": ("send", "read", "tips", "webhooks"), "secret": b"x" * 32, "webhook_secret": Secret(SECRET),
        "events": clients.EVENTS, "callback_hosts": (HOST,),
    } | more  # fmt: skip
    return await database.write(lambda connection: clients.add(connection, NewClient(name, **values), NOW))


async def an_mt(database: Database, ref: str = "AAAABBBBCCCCDDDD", state: str = "queued", **values) -> int:
    """The id of a new MT to Alice."""
    new = NewMt(ref, Msisdn(ALICE), person(database.keyring, ALICE), "gia-lap", 1, 0, NOW + 86_400_000, body="xin chao")

    async def unit(connection) -> int:
        await outbox.enqueue(connection, [new], NOW)
        await connection.execute(mt.update().where(mt.c.ref == ref).values(state=state, **values))
        return await connection.scalar(mt.select().with_only_columns(mt.c.id).where(mt.c.ref == ref))

    return await database.write(unit)


async def moves(database: Database, mt_id: int, **values) -> None:
    await database.write(lambda connection: connection.execute(mt.update().where(mt.c.id == mt_id).values(**values)))


async def calls(database: Database) -> list:
    async with database.read() as connection:
        return list(await connection.execute(callback.select().order_by(callback.c.id)))


@dataclass
class Theirs:
    """What a client's server was called with; `answer` says what it does."""

    answer: Callable[[web.Request], Awaitable[web.Response]]
    seen: list[tuple[str, str, dict[str, str], str]] = field(default_factory=list)
    url: str = ""

    async def take(self, request: web.Request) -> web.Response:
        self.seen.append((request.method, request.path_qs, dict(request.headers), await request.text()))
        return await self.answer(request)


async def fine(request: web.Request) -> web.Response:
    return web.Response(text="ok")


@asynccontextmanager
async def theirs(answer: Callable[[web.Request], Awaitable[web.Response]] = fine) -> AsyncIterator[Theirs]:
    """A server on this machine."""
    server = Theirs(answer)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, HOST, 0)
    await site.start()
    server.url = f"http://{HOST}:{site._server.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        await runner.cleanup()


@asynccontextmanager
async def calling(database: Database, clock: Clock, hosts=(HOST,), timeout_s: float = 30) -> AsyncIterator[Callbacks]:
    """Callbacks over the real transport, not running yet."""
    async with guarded_sender(timeout_s, 8) as public, http_sender(timeout_s, 8) as named:
        made = Callbacks(database, public, named, hosts, {"gia-lap": "8088"}, clock)
        yield made
        await made.close()


async def rounds(made: Callbacks, clock: Clock) -> None:
    """Rounds until nothing is under way and nothing due now is left."""
    await made.once(clock.now)
    while made.busy:
        await made.wake.wait()
        made.wake.clear()
        await made.once(clock.now)


def refusing(raised: Exception) -> Callable[[HttpRequest], Awaitable[HttpResponse]]:
    async def send(request: HttpRequest) -> HttpResponse:
        raise raised

    return send
