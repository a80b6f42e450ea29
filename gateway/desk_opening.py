"""The desk's listener out of the settings. Apart from `serve`, because what draws papers and posters takes most of a second to load."""

from collections.abc import Iterable, Sequence

from aiohttp import web

from gateway.deployment import Deployment
from gateway.metrics import Metrics
from gateway.sending import Dispatching, now_ms
from gateway.services.access.sessions import Life
from gateway.services.attachments import Attachments
from gateway.services.census import Counting
from gateway.services.dispatch import Dispatcher
from gateway.services.routes import Route
from gateway.settings import Settings
from gateway.storage.database import Database
from gateway.web.desk.app import desk_app
from gateway.web.desk.kit import Desk, DeskRules
from gateway.web.desk.waves_keys import SEND
from gateway.web.limits import HOUR_MS, MINUTE_MS


def open_desk(
    settings: Settings, deployment: Deployment, database: Database, routes: Sequence[Route], attachments: Attachments, state: Dispatching
) -> web.Application:
    """The application of the desk's listener, with the counters of this process. Any thread may make it."""
    counting, metrics = Counting(database, routes), Metrics(state.dispatchers)
    stated = settings.desk
    life = Life(stated.session_idle_min * MINUTE_MS, stated.session_hours * HOUR_MS)
    desk = Desk(
        database=database,
        deployment=deployment,
        routes=routes,
        clock=now_ms,
        attachments=attachments,
        settings=DeskRules(stated.names, life, stated.second_factor, settings.service.trusted_proxies),
        folder=settings.data_dir,
        wake=lambda: _wake(state.dispatchers),
        is_demo=bool(routes) and all(each.rehearsal for each in routes),
    )
    app = desk_app(desk, lambda: _scraped(counting, metrics))
    app[SEND] = state.send
    return app


def _wake(dispatchers: Iterable[Dispatcher]) -> None:
    """Something was queued: don't wait for the next poll."""
    for each in dispatchers:
        each.wake.set()


async def _scraped(counting: Counting, metrics: Metrics) -> bytes:
    return metrics.scrape(await counting.census(now_ms()))
