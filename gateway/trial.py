"""One route on trial while nothing else of the gateway runs: its dispatcher and the hooks, for the length of a block.

`serve` is more than a first SMS needs: it would send what waits on every other route. Where a `tinbao serve` runs, it has the database's
lock and the port, and nothing is started here: it must be started anew, and then it sends the SMS and takes its report.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiohttp import web

from gateway.carriers import zalo
from gateway.deployment import Deployment
from gateway.domain.secret import Secret
from gateway.sending import now_ms, routes_of, wires_of
from gateway.services.dispatch import Dispatcher
from gateway.services.intake import open_intake
from gateway.services.routes import Route, route_named
from gateway.services.scans import Scans
from gateway.settings import RouteSettings, Settings
from gateway.storage import outbox
from gateway.storage.database import Database, StorageDown
from gateway.storage.files import dispatcher_lock
from gateway.storage.spool import Spool
from gateway.transport import http_sender
from gateway.web.app import create_app
from gateway.web.hooks import Hook
from gateway.web.runner import web_runner
from gateway.web.zalo import ZaloHook, add_zalo

BEAT_S: Final = 2.0  # as upkeep's: others take over from those who fall silent


@dataclass(slots=True)
class OnTrial:
    """`route`: as it sends. `runs`: it is dispatched here; else by a `serve`. `listens`: its hooks are open here."""

    route: Route
    runs: bool = False
    listens: bool = False
    dispatcher: Dispatcher | None = None

    def wake(self) -> None:
        """Something was queued."""
        if self.dispatcher is not None:
            self.dispatcher.wake.set()


@asynccontextmanager
async def on_trial(settings: Settings, deployment: Deployment, database: Database, each: RouteSettings) -> AsyncIterator[OnTrial]:
    """Dispatch by route `each` and take all routes' hook calls. What was on the wire at the end comes back first, within `drain_s`."""
    routes = routes_of(settings)
    it = OnTrial(route_named(routes, each.name))
    async with AsyncExitStack() as stack:
        locked = stack.enter_context(ExitStack())
        path = Path(settings.database.removeprefix("sqlite:///"))
        if database.dialect == "sqlite" and not locked.enter_context(dispatcher_lock(path)):
            yield it
            return
        it.listens = await _listen(stack, settings, deployment, database)
        owner, ended = f"t-{secrets.token_hex(6)}", asyncio.Event()
        send = await stack.enter_async_context(http_sender(timeout_s=settings.service.carrier_timeout_s, connections=1))
        service = settings.service
        caps = deployment.campaign.caps
        wires, tokens = wires_of(settings, database, send, [it.route])
        for token in tokens.values():
            stack.push_async_callback(token.close)
        it.dispatcher = Dispatcher(it.route, routes, database, wires[it.route.name], owner, service.timezone, service.drain_s, caps)
        it.runs = True
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(it.dispatcher.run(ended), name="trial")
            tasks.create_task(_beat(database, owner, ended), name="beat")
            try:
                yield it
            finally:
                ended.set()
        with suppress(StorageDown):
            await database.write(lambda connection: outbox.leave(connection, owner))


async def _listen(stack: AsyncExitStack, settings: Settings, deployment: Deployment, database: Database) -> bool:
    """Open the public listener for hooks; False: somebody listens there."""
    intake = await stack.enter_async_context(open_intake(database, Spool(settings.spool_dir, database.keyring)))
    hooks = [_hook(settings, each) for each in settings.routes if settings.carrier(each).CAPABILITIES.addresses.startswith("+")]
    app = create_app(
        deployment=deployment,
        database=database,
        intake=intake,
        scans=Scans(deployment.campaign.timezone),
        hooks=hooks,
        clock=now_ms,
        is_dispatching=lambda: True,
        proxies=settings.service.trusted_proxies,
    )
    add_zalo(app, [_zalo_hook(each) for each in settings.routes if each.carrier == zalo.NAME])
    runner = web_runner(app, drain_s=settings.service.drain_s)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    try:
        await web.TCPSite(runner, *settings.service.address).start()
    except OSError:
        return False
    return True


def _hook(settings: Settings, each: RouteSettings) -> Hook:
    key = Secret(each.account.options.get("hook_key", ""))
    secret = Secret(each.hook_secret.get_secret_value())
    return Hook(each.name, settings.carrier(each), secret, each.rehearsal, each.hook_networks, False, key, settings.service.base_url)


def _zalo_hook(each: RouteSettings) -> ZaloHook:
    return ZaloHook(each.name, each.account.username, Secret(each.hook_secret.get_secret_value()))


async def _beat(database: Database, owner: str, ended: asyncio.Event) -> None:
    while not ended.is_set():
        with suppress(StorageDown):
            await database.write(lambda connection: outbox.beat(connection, owner))
        with suppress(TimeoutError):
            async with asyncio.timeout(BEAT_S):
                await ended.wait()
