"""The life of the process: `serve` reads from top to bottom. Nothing outlives its block."""

import asyncio
import secrets
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from random import SystemRandom
from typing import Final
from urllib.parse import quote

from aiohttp import web

from gateway.carriers.protocol import Account
from gateway.carriers.registry import CARRIERS
from gateway.deployment import Deployment
from gateway.domain.caps import Caps
from gateway.domain.secret import Secret
from gateway.log import log
from gateway.metrics import Metrics
from gateway.services.census import Counting
from gateway.services.dispatch import Dispatcher, persist
from gateway.services.inbound import Inbound
from gateway.services.intake import Intake, open_intake
from gateway.services.replies import load_replies
from gateway.services.routes import Route
from gateway.services.scans import Scans
from gateway.services.upkeep import Upkeep
from gateway.settings import RouteSettings, Settings
from gateway.storage import outbox
from gateway.storage.database import Database, StorageDown
from gateway.storage.files import dispatcher_lock
from gateway.storage.spool import Spool
from gateway.transport import http_sender
from gateway.web.app import create_app, quiet
from gateway.web.hooks import Hook
from gateway.web.runner import web_runner

LOCK_RETRY_S: Final = 1.0
TROUBLE_S: Final = 0.5  # how soon a database in trouble is told of


class PortInUse(Exception):
    """Another program listens where we should; the message names the place and the setting."""


def now_ms() -> int:
    """UTC epoch ms: the one clock of the process."""
    return time.time_ns() // 1_000_000


def stop_on_signals() -> asyncio.Event:
    """An event that SIGTERM and SIGINT set."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    if sys.platform != "win32":  # its loops take no handlers: Ctrl-C comes as KeyboardInterrupt there
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
    return stop


def routes_of(settings: Settings) -> tuple[Route, ...]:
    """The enabled routes as the use cases see them. Raises BadSettings."""
    return tuple(_route(settings, each) for each in settings.need_routes())


def _route(settings: Settings, each: RouteSettings) -> Route:
    secret = each.hook_secret.get_secret_value()
    dlr_url = f"{settings.service.base_url}/hooks/{each.name}/dlr?secret={quote(secret, safe='')}" if secret else ""
    password = Secret(each.account.password.get_secret_value())
    return Route(
        each.name,
        CARRIERS[each.carrier],
        Account(each.name, each.url, each.account.username, password, each.sender_id, dlr_url, each.validity_min),
        each.pace,
        each.prefixes,
        each.concurrency,
        each.on_lost_answer,
        each.max_unapproved,
        each.rehearsal,
        each.price_vnd,
        each.daily_budget_vnd,
        each.fallback,
    )


@dataclass(slots=True)
class Dispatching:
    """Whether this process dispatches; on SQLite one at a time may."""

    dispatchers: tuple[Dispatcher, ...]
    active: bool = False

    async def wake_soon(self) -> None:
        """Something was queued: don't wait for the next poll."""
        for dispatcher in self.dispatchers:
            dispatcher.wake.set()


async def _no_spool() -> None:
    """A process without hooks has no spool to drain."""


@asynccontextmanager
async def dispatching(
    settings: Settings, database: Database, stop: asyncio.Event, caps: Caps, intake: Intake | None = None
) -> AsyncIterator[Dispatching]:
    """Dispatchers and upkeep for the length of the block, or until `stop`; they drain at its end, within `drain_s`.

    While another process holds the SQLite database's dispatcher lock, it is tried again every second: that process may die.
    """
    routes = routes_of(settings)
    owner = f"d-{secrets.token_hex(6)}"
    service = settings.service
    async with http_sender(timeout_s=service.carrier_timeout_s, connections=max(route.concurrency for route in routes)) as send:
        dispatchers = tuple(Dispatcher(route, routes, database, send, owner, service.timezone, service.drain_s, caps) for route in routes)
        state = Dispatching(dispatchers)
        upkeep = Upkeep(database, routes, send, owner, now_ms, intake.drain if intake else _no_spool, service.timezone)
        ended = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_dispatch(settings, database, state, upkeep, owner, ended), name="dispatching")
            waiter = tasks.create_task(_either(stop, ended), name="stop")
            try:
                yield state
            finally:
                ended.set()
                await waiter


async def _either(stop: asyncio.Event, ended: asyncio.Event) -> None:
    """Let `stop` end what `ended` ends."""
    waiting = asyncio.ensure_future(stop.wait())
    ending = asyncio.ensure_future(ended.wait())
    try:
        await asyncio.wait({waiting, ending}, return_when=asyncio.FIRST_COMPLETED)
        ended.set()
    finally:
        waiting.cancel()
        ending.cancel()


async def _dispatch(settings: Settings, database: Database, state: Dispatching, upkeep: Upkeep, owner: str, ended: asyncio.Event) -> None:
    with ExitStack() as locked:
        if database.dialect == "sqlite" and not await _lock(Path(settings.database.removeprefix("sqlite:///")), locked, ended):
            return
        taken = await persist(lambda: upkeep.take_over(alone=database.dialect == "sqlite"), ended)
        if taken is None:
            return
        back, uncertain = taken
        if back or uncertain:
            log.warning("outbox.taken_over", back_in_queue=back, uncertain=uncertain)
        state.active = True
        async with asyncio.TaskGroup() as tasks:
            for dispatcher in state.dispatchers:
                tasks.create_task(dispatcher.run(ended), name=f"dispatch:{dispatcher.route.name}")
            tasks.create_task(upkeep.run(ended), name="upkeep")
        state.active = False
        with suppress(StorageDown):  # then the next to start takes over what is ours
            await database.write(lambda connection: outbox.leave(connection, owner))


async def _lock(path: Path, locked: ExitStack, ended: asyncio.Event) -> bool:
    """Wait for the dispatcher lock; False when the end came first."""
    while not ended.is_set():
        if locked.enter_context(dispatcher_lock(path)):
            return True
        locked.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(LOCK_RETRY_S):
                await ended.wait()
    return False


async def serve(
    settings: Settings, deployment: Deployment, database: Database, stop: asyncio.Event, ready: asyncio.Event | None = None
) -> None:
    """Run till `stop`; then listeners close, each loop ends its turn and what was claimed but not sent goes back to the queue.

    `ready` is set once both listeners take calls. Raises PortInUse, BadSettings.
    """
    routes = routes_of(settings)
    inbound = Inbound(database, deployment, load_replies(deployment), routes, now_ms, SystemRandom())
    spool = Spool(settings.spool_dir, database.keyring)
    scans = Scans()
    async with AsyncExitStack() as stack:  # closed in reverse: the listeners first
        intake = await stack.enter_async_context(open_intake(database, spool, at_once=inbound.at_once))
        state = await stack.enter_async_context(dispatching(settings, database, stop, deployment.campaign.caps, intake))
        public = create_app(
            deployment=deployment,
            database=database,
            intake=intake,
            scans=scans,
            hooks=[
                Hook(each.name, CARRIERS[each.carrier], Secret(each.hook_secret.get_secret_value()), each.rehearsal, each.hook_networks)
                for each in settings.routes
            ],
            clock=now_ms,
            is_dispatching=lambda: state.active,
            proxies=settings.service.trusted_proxies,
        )
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(inbound.run(stop, intake.wake), name="inbound")
            tasks.create_task(_whenever(inbound.replied, stop, state.wake_soon), name="replies")
            tasks.create_task(_whenever(intake.reported, stop, lambda: match_reports(database)), name="reports")
            tasks.create_task(scans.run(database, stop), name="scans")
            tasks.create_task(_tell_of_trouble(database, stop), name="trouble")
            await _listen(stack, public, settings.service.address, "service.listen", settings.service.drain_s)
            desk = desk_app(Counting(database, routes), Metrics(state.dispatchers))
            await _listen(stack, desk, settings.desk.address, "desk.listen", settings.service.drain_s)
            log.info("serve.ready", public=settings.service.listen, desk=settings.desk.listen, routes=[route.name for route in routes])
            if ready is not None:
                ready.set()
            await stop.wait()
            log.info("serve.draining")


async def _tell_of_trouble(database: Database, stop: asyncio.Event) -> None:
    """A line when the database takes no more, with its cause, and one when it does again."""
    told: str | None = None
    while not stop.is_set():
        if (why := database.trouble) != told:
            log.warning("database.down", why=why) if why else log.info("database.back")
            told = why
        with suppress(TimeoutError):
            async with asyncio.timeout(TROUBLE_S):
                await stop.wait()


def desk_app(counting: Counting, metrics: Metrics) -> web.Application:
    """The desk's listener: today only the counters."""

    async def show(_request: web.Request) -> web.Response:
        return web.Response(body=metrics.scrape(await counting.census(now_ms())), content_type="text/plain")

    app = web.Application(middlewares=[quiet])
    app.router.add_get("/metrics", show)
    return app


async def _whenever(event: asyncio.Event, stop: asyncio.Event, act: Callable[[], Awaitable[None]]) -> None:
    """Do `act` each time `event` is set; many settings while it acts are one."""
    stopped = asyncio.ensure_future(stop.wait())
    try:
        while not stop.is_set():
            happened = asyncio.ensure_future(event.wait())
            await asyncio.wait({happened, stopped}, return_when=asyncio.FIRST_COMPLETED)
            happened.cancel()
            event.clear()
            with suppress(StorageDown):  # upkeep comes round again
                await act()
    finally:
        stopped.cancel()


async def match_reports(database: Database) -> None:
    """Apply the DLRs that are stored to their MTs: the second transaction of the hook's side."""
    await database.write(lambda connection: outbox.match_dlrs(connection, now_ms()))


async def _listen(stack: AsyncExitStack, app: web.Application, address: tuple[str, int], setting: str, drain_s: float) -> None:
    runner = web_runner(app, drain_s=drain_s)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    try:
        await web.TCPSite(runner, *address).start()
    except OSError as error:
        raise PortInUse(f"{address[0]}:{address[1]} can't be listened on ({error.strerror}); change {setting} in gateway.toml") from None
