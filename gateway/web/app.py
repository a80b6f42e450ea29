"""The public listener: hooks, village pages, the form behind them, health."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterable
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from gateway.deployment import Deployment
from gateway.services.attachments import Attachments
from gateway.services.intake import Intake
from gateway.services.links import Links
from gateway.services.scans import Scans
from gateway.services.web_steps import WebSteps
from gateway.storage.database import Database
from gateway.web.counters import add_counters
from gateway.web.form import ATTACHMENTS, GATE, STEPS, add_form
from gateway.web.genuine import add_genuine
from gateway.web.health import DATABASE, IS_DISPATCHING, add_health
from gateway.web.hooks import CALL_LIMIT, CLOCK, HOOKS, INTAKE, PROXIES, Hook, Network, add_hooks
from gateway.web.limits import Gate
from gateway.web.pages import load_pages
from gateway.web.places import Places
from gateway.web.public import DEPLOYMENT, PAGES, PLACES, SCANS, add_public, mistyped
from gateway.web.status import add_status

LINKS: Final = web.AppKey("links", Links)


def create_app(
    *,
    deployment: Deployment,
    database: Database,
    intake: Intake,
    scans: Scans,
    hooks: Iterable[Hook],
    clock: Callable[[], int],
    is_dispatching: Callable[[], bool],
    proxies: Collection[Network] = (),
    attachments: Attachments | None = None,
) -> web.Application:
    """The application; `clock` gives UTC epoch ms. `scans.run` and the intake are the caller's to keep alive.

    `proxies`: whose X-Forwarded-For is believed; nobody's by default. `attachments`: without them the form asks for no photos.
    """
    app = web.Application(client_max_size=CALL_LIMIT, middlewares=[quiet])
    app[DEPLOYMENT], app[DATABASE], app[INTAKE], app[SCANS] = deployment, database, intake, scans
    app[HOOKS], app[CLOCK], app[IS_DISPATCHING] = {hook.route: hook for hook in hooks}, clock, is_dispatching
    app[PAGES], app[PROXIES], app[LINKS] = load_pages(deployment), proxies, Links()
    app[PLACES], app[GATE], app[STEPS] = Places(deployment, app[LINKS]), Gate(database.keyring), WebSteps(database, deployment)
    if attachments is not None:
        app[ATTACHMENTS] = attachments
    app.cleanup_ctx.append(_minding_links)
    add_hooks(app)
    add_public(app)
    add_form(app)
    add_status(app)
    add_genuine(app)
    add_counters(app)
    add_health(app)
    return app


async def _minding_links(app: web.Application) -> AsyncIterator[None]:
    """Changed codes are read before the first visitor comes, and every five seconds from then on."""
    stop = asyncio.Event()
    await app[LINKS].refresh(app[DATABASE])
    minding = asyncio.create_task(app[LINKS].run(app[DATABASE], stop), name="links")
    yield
    stop.set()
    await minding


_SENTENCES = {
    404: "There is nothing at this address.",
    405: "This address doesn't take this method.",
    413: "The call is too large.",
}
_RESIDENTS = ("/q/", "/v/", "/t/", "/tin", "/that", "/tim")  # their addresses begin so: they get pages with a way on


@web.middleware
async def quiet(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Errors in one sentence of ours: aiohttp's own repeat path and sizes, and a browser shows them."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if request.path.lower().startswith(_RESIDENTS) and PAGES in request.app:
            if error.status == 413:
                return request.app[PAGES].page(request, "too_long", 413)
            if error.status == 404:
                return mistyped(request, "")
        sentence = _SENTENCES.get(error.status, "The call can't be taken.")
        headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
        return web.Response(status=error.status, text=sentence + "\n", headers=headers)
