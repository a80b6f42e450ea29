"""What sends: the settings' routes, their dispatchers and upkeep for the length of a block. `serve` and `send --wait` both live on it.

Apart from `gateway.serve` because every command needs a piece of it, and none but `serve` the listeners.
"""

import asyncio
import secrets
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Mapping
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from gateway.carriers import zalo, zalo_zns
from gateway.carriers.protocol import Account
from gateway.carriers.session import logs_in, stamps
from gateway.domain.caps import Caps
from gateway.domain.cost import Prices
from gateway.domain.secret import Secret
from gateway.log import log
from gateway.services.asked_results import AskedResults
from gateway.services.carrier_sessions import Sessions
from gateway.services.dispatch import Dispatcher, Send, persist
from gateway.services.dispatch import Sender as Wire
from gateway.services.routes import Route
from gateway.services.stamping import StampSender
from gateway.services.upkeep import Upkeep
from gateway.services.zalo_tokens import App, Tokens, TokenSender
from gateway.settings import RouteSettings, Settings, ZaloSettings
from gateway.storage import outbox
from gateway.storage.database import Database, StorageDown
from gateway.storage.files import dispatcher_lock
from gateway.transport import HttpSender, http_sender

LOCK_RETRY_S: Final = 1.0


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
    prices = Prices(each.price_vnd, each.price_by_operator_vnd)
    return Route(
        each.name,
        settings.carrier(each),
        Account(each.name, each.url, each.account.username, password, each.sender_id, dlr_url, each.validity_min, each.account.options),
        each.pace,
        each.prefixes,
        each.concurrency,
        each.on_lost_answer,
        each.max_unapproved,
        each.rehearsal,
        prices.worst,
        each.daily_budget_vnd,
        each.fallback,
        prices,
        each.priority,
        each.operators,
        each.best_for,
        each.unicode,
        each.long,
        each.look_up,
    )


@dataclass(slots=True)
class Dispatching:
    """Whether this process dispatches; on SQLite one at a time may."""

    dispatchers: tuple[Dispatcher, ...]
    send: Send  # the transport, for those who fetch
    active: bool = False

    async def wake_soon(self) -> None:
        """Something was queued: don't wait for the next poll."""
        for dispatcher in self.dispatchers:
            dispatcher.wake.set()


async def _no_spool() -> None:
    """A process without hooks has no spool to drain."""


@asynccontextmanager
async def dispatching(
    settings: Settings, database: Database, stop: asyncio.Event, caps: Caps, drain_spool: Callable[[], Awaitable[object]] | None = None
) -> AsyncIterator[Dispatching]:
    """Dispatchers and upkeep for the length of the block, or until `stop`; they drain at its end, within `drain_s`.

    While another process holds the SQLite database's dispatcher lock, it is tried again every second: that process may die.
    """
    routes = routes_of(settings)
    owner = f"d-{secrets.token_hex(6)}"
    service = settings.service
    async with http_sender(timeout_s=service.carrier_timeout_s, connections=max(route.concurrency for route in routes)) as send:
        wires, tokens = wires_of(settings, database, send, routes)
        dispatchers = tuple(
            Dispatcher(route, routes, database, wires[route.name], owner, service.timezone, service.drain_s, caps) for route in routes
        )
        state = Dispatching(dispatchers, send)
        upkeep = Upkeep(database, routes, send, owner, now_ms, drain_spool or _no_spool, service.timezone)
        ended = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_dispatch(settings, database, state, upkeep, owner, ended), name="dispatching")
            for name, each in tokens.items():
                tasks.create_task(each.run(ended), name=f"token:{name}")
            waiter = tasks.create_task(_either(stop, ended), name="stop")
            try:
                yield state
            finally:
                ended.set()
                await waiter
        for each in tokens.values():
            await each.close()


def wires_of(
    settings: Settings, database: Database, send: HttpSender, routes: Iterable[Route]
) -> tuple[dict[str, Wire], dict[str, Tokens]]:
    """What each of `routes` sends by: the transport itself, or what puts on a token, a session, the time. And Zalo's tokens, to be minded
    and closed."""
    givers = token_givers(settings)
    tokens = {app.route: Tokens(database, app, send, now_ms, settings.spool_dir) for app in _zalo_apps(settings, givers)}
    wires: dict[str, Wire] = {}
    for route in routes:
        if route.name in givers:
            wires[route.name] = TokenSender(send, tokens[givers[route.name]])
        elif logs_in(route.carrier):
            sessions = Sessions(database, route.account, route.carrier, send, now_ms, lambda: secrets.token_hex(16))
            wires[route.name] = TokenSender(send, sessions)
        else:
            wires[route.name] = StampSender(send, route.account, route.carrier, now_ms) if stamps(route.carrier) else send
    return wires, tokens


def token_givers(settings: Settings) -> dict[str, str]:
    """Whose tokens each route to Zalo sends with: its own, or those of an earlier route of the same app and grant.

    A refresh token works once, so a route of template messages needs none of its own beside the OA's.
    """
    kinds = (zalo.NAME, zalo_zns.NAME)  # an OA's route before one that may lean on it
    users = sorted((each for each in settings.routes if each.carrier in kinds), key=lambda each: kinds.index(each.carrier))
    givers: dict[str, str] = {}
    grants: dict[tuple[str, str], str] = {}
    for each in users:
        app, grant = each.account.username, (each.zalo or ZaloSettings()).refresh_token.get_secret_value()
        leans = each.carrier == zalo_zns.NAME and not grant
        earlier = next((name for (whose, _), name in grants.items() if whose == app), "") if leans else grants.get((app, grant), "")
        givers[each.name] = earlier if earlier and (grant or leans) else each.name
        grants.setdefault((app, grant), givers[each.name])
    return givers


def _zalo_apps(settings: Settings, givers: Mapping[str, str]) -> list[App]:
    """The apps of those routes that send with tokens of their own."""
    return [
        App(
            each.name,
            each.account.username,
            Secret(each.account.password.get_secret_value()),
            Secret(grant.refresh_token.get_secret_value()),
            grant.token_url,
        )
        for each in settings.routes
        if givers.get(each.name) == each.name
        for grant in [each.zalo or ZaloSettings()]
    ]


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
            asking = AskedResults(database, routes_of(settings), state.send, now_ms)
            for name, each in (("upkeep", upkeep.run(ended)), ("asked results", asking.run(ended))):
                tasks.create_task(within_drain(each, ended, settings.service.drain_s), name=name)
        state.active = False
        with suppress(StorageDown):  # then the next to start takes over what is ours
            await database.write(lambda connection: outbox.leave(connection, owner))


async def within_drain(work: Coroutine[Any, Any, None], ended: asyncio.Event, drain_s: float) -> None:
    """`work`, cut `drain_s` after `ended`: a silent carrier, asked about one MT after another, must not keep the process from its end.

    What it was asked is still written down as lost, and asked again by the next process.
    """
    task = asyncio.ensure_future(work)
    ending = asyncio.ensure_future(ended.wait())
    try:
        await asyncio.wait({task, ending}, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait({task}, timeout=drain_s)
    finally:
        ending.cancel()
        task.cancel()
    await asyncio.wait({task})
    if not task.cancelled():
        task.result()  # a bug comes through


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
