"""The life of the process: `serve` reads from top to bottom. Nothing outlives its block."""

import asyncio
import errno
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from random import SystemRandom
from secrets import token_bytes
from typing import Final

from aiohttp import web

from gateway.carriers import zalo
from gateway.carriers.ussd_registry import USSD
from gateway.deployment import Deployment
from gateway.domain.secret import Secret
from gateway.log import log
from gateway.process import work_hard
from gateway.sending import Dispatching, dispatching, now_ms, routes_of
from gateway.services.alerts import Alerts
from gateway.services.attachments import Attachments, folder_beside
from gateway.services.callbacks import MOST_A_TARGET, TIMEOUT_S, Callbacks
from gateway.services.digest import Digest
from gateway.services.doors import Doors
from gateway.services.inbound import Inbound
from gateway.services.intake import open_intake
from gateway.services.keeping.keys import tend as tend_keys
from gateway.services.reading_ahead import reading_helper
from gateway.services.replies import load_replies
from gateway.services.routes import Route
from gateway.services.scans import Scans
from gateway.services.tending import Tending
from gateway.services.ussd import open_ussd
from gateway.services.zalo_media import ZaloMedia
from gateway.settings import RouteSettings, Settings
from gateway.storage import outbox
from gateway.storage.database import Database, StorageDown
from gateway.storage.spool import Spool
from gateway.transport import http_sender
from gateway.transport_guard import guarded_sender
from gateway.web.api import add_api
from gateway.web.app import create_app
from gateway.web.doors import add_doors
from gateway.web.hooks import HOOKS, Hook
from gateway.web.runner import web_runner
from gateway.web.ussd import UssdHook, add_ussd
from gateway.web.zalo import ZaloHook, add_zalo

TROUBLE_S: Final = 0.5  # how soon a database in trouble is told of
_SPENT: Final = (errno.EMFILE, errno.ENFILE)  # no descriptor is left: nothing is wrong with what was to be opened


class PortInUse(Exception):
    """Another program listens where we should; the message names the place and the setting."""


async def serve(
    settings: Settings, deployment: Deployment, database: Database, stop: asyncio.Event, ready: asyncio.Event | None = None
) -> None:
    """Run till `stop`; then listeners close, each loop ends its turn and what was claimed but not sent goes back to the queue.

    `ready` is set once both listeners take calls. Raises PortInUse, BadSettings.
    """
    routes = routes_of(settings)
    spool = Spool(settings.spool_dir, database.keyring)
    by_response = {each.name for each in settings.routes if each.reply_by == "response"}
    replies, campaign = load_replies(deployment), deployment.campaign
    scans = Scans(campaign.timezone)
    attachments = Attachments(database, folder_beside(settings.spool_dir))
    alerts = Alerts(database, deployment.villages, replies, routes)
    async with AsyncExitStack() as stack:  # closed in reverse: the listeners first
        helper = stack.enter_context(reading_helper(deployment))
        inbound = Inbound(database, deployment, replies, routes, now_ms, SystemRandom(), helper)
        digest = Digest(database, campaign.timezone, replies, routes)
        tending = Tending(database, alerts, digest, attachments, lambda: inbound.is_busy)
        at_once, just_stored = inbound.at_once, inbound.just_stored
        intake = await stack.enter_async_context(
            open_intake(database, spool, at_once=at_once, in_response=by_response, just_stored=just_stored)
        )
        state = await stack.enter_async_context(dispatching(settings, database, stop, campaign.caps, intake.drain))
        public = create_app(
            deployment=deployment,
            database=database,
            intake=intake,
            scans=scans,
            hooks=[
                Hook(
                    each.name,
                    settings.carrier(each),
                    Secret(each.hook_secret.get_secret_value()),
                    each.rehearsal,
                    each.hook_networks,
                    each.name in by_response,
                    Secret(each.account.options.get("hook_key", "")),
                    settings.service.base_url,
                )
                for each in settings.routes
                if each.carrier != zalo.NAME
            ],
            clock=now_ms,
            is_dispatching=lambda: state.active,
            proxies=settings.service.trusted_proxies,
            attachments=attachments,
        )
        sessions = await stack.enter_async_context(open_ussd(database, deployment, replies, routes, now_ms, SystemRandom()))
        callbacks = await stack.enter_async_context(_callbacks(settings, database))
        add_api(public, routes, campaign.timezone, state.wake_soon, callbacks.wake.set, settings.service.api_calls_a_minute)
        by_ussd = [each for each in settings.routes if each.ussd]
        add_ussd(public, sessions, [UssdHook(public[HOOKS][each.name], USSD[each.ussd], each.screen_septets) for each in by_ussd])
        zalo_routes = [each for each in settings.routes if each.carrier == zalo.NAME]
        media = ZaloMedia(database, state.send, attachments.keep, {each.name: each.url for each in zalo_routes}, now_ms)
        add_zalo(public, map(_zalo_hook, zalo_routes), media.arrived.set)
        add_doors(public, doors := Doors(database, routes))
        async with asyncio.TaskGroup() as tasks:
            if zalo_routes:
                tasks.create_task(media.run(stop), name="zalo media")
            tasks.create_task(inbound.run(stop, intake.wake), name="inbound")
            tasks.create_task(tending.run(stop, now_ms), name="tending")
            tasks.create_task(_whenever(tending.texted, stop, state.wake_soon), name="alerts")
            tasks.create_task(_whenever(sessions.replied, stop, state.wake_soon), name="receipts")
            tasks.create_task(_whenever(inbound.replied, stop, state.wake_soon), name="replies")
            tasks.create_task(_whenever(intake.reported, stop, lambda: match_reports(database)), name="reports")
            tasks.create_task(scans.run(database, stop), name="scans")
            tasks.create_task(tend_keys(database, stop, now_ms, token_bytes), name="data keys")
            tasks.create_task(_tell_of_trouble(database, stop), name="trouble")
            tasks.create_task(doors.run(stop, now_ms), name="doors")
            tasks.create_task(_whenever(doors.taken, stop, state.wake_soon), name="doors' texts")
            tasks.create_task(callbacks.run(stop), name="callbacks")
            await _listen(stack, public, settings.service.address, "service.listen", settings.service.drain_s)

            async def open_desk() -> None:
                desk = await asyncio.to_thread(_desk, settings, deployment, database, routes, attachments, state)
                await _listen(stack, desk, settings.desk.address, "desk.listen", settings.service.drain_s)

            await _as_soon_as_possible(open_desk, stop)
            work_hard()  # what the desk brought is loaded too
            if not stop.is_set():
                log.info("serve.ready", public=settings.service.listen, desk=settings.desk.listen, routes=[route.name for route in routes])
                if ready is not None:
                    ready.set()
            await stop.wait()
            log.info("serve.draining")


@asynccontextmanager
async def _callbacks(settings: Settings, database: Database) -> AsyncIterator[Callbacks]:
    """Calls to outside systems: by one sender to the internet alone, by another to what two lists name."""
    origins = {each.name: each.sender_id for each in settings.routes}
    async with guarded_sender(TIMEOUT_S, MOST_A_TARGET) as public, http_sender(TIMEOUT_S, MOST_A_TARGET) as named:
        yield Callbacks(database, public, named, settings.service.callback_hosts, origins, now_ms)


def _zalo_hook(each: RouteSettings) -> ZaloHook:
    return ZaloHook(each.name, each.account.username, Secret(each.hook_secret.get_secret_value()))


async def _tell_of_trouble(database: Database, stop: asyncio.Event) -> None:
    """A line when the database takes no more, with its cause, and one when it does again."""
    told: str | None = None
    while not stop.is_set():
        if (why := database.trouble) != told:
            log.warning("database.down", why=why) if why else log.info("database.back")
            told = why
        await _pause(stop, TROUBLE_S)


def _desk(
    settings: Settings, deployment: Deployment, database: Database, routes: Sequence[Route], attachments: Attachments, state: Dispatching
) -> web.Application:
    """The desk, loaded only now: nobody's message waits for what draws papers and posters."""
    from gateway.desk_opening import open_desk

    return open_desk(settings, deployment, database, routes, attachments, state)


async def _as_soon_as_possible(act: Callable[[], Awaitable[None]], stop: asyncio.Event) -> None:
    """Do `act`; where the process may open nothing more, again until it may, or until `stop`: what runs already goes on meanwhile."""
    told = False
    while not stop.is_set():
        try:
            await act()
        except (OSError, ImportError) as error:  # a module that can't be opened is an ImportError
            if isinstance(error, OSError) and error.errno not in _SPENT:
                raise
            if not told:
                log.warning("desk.waits", why=str(error))
            told = True
            await _pause(stop, TROUBLE_S)
        else:
            return


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    """`seconds`, or until `stop`."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()


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
        if error.errno in _SPENT:
            raise
        raise PortInUse(f"{address[0]}:{address[1]} can't be listened on ({error.strerror}); change {setting} in gateway.toml") from None
