"""The public listener: hooks, village pages, health."""

from collections.abc import Callable, Collection, Iterable

from aiohttp import web
from aiohttp.typedefs import Handler

from gateway.deployment import Deployment
from gateway.services.intake import Intake
from gateway.services.scans import Scans
from gateway.storage.database import Database
from gateway.web.health import DATABASE, IS_DISPATCHING, add_health
from gateway.web.hooks import CALL_LIMIT, CLOCK, HOOKS, INTAKE, PROXIES, Hook, Network, add_hooks
from gateway.web.pages import load_pages
from gateway.web.public import DEPLOYMENT, PAGES, SCANS, add_public


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
) -> web.Application:
    """The application; `clock` gives UTC epoch ms. `scans.run` and the intake are the caller's to keep alive.

    `proxies`: whose X-Forwarded-For is believed; nobody's by default.
    """
    app = web.Application(client_max_size=CALL_LIMIT, middlewares=[quiet])
    app[DEPLOYMENT], app[DATABASE], app[INTAKE], app[SCANS] = deployment, database, intake, scans
    app[HOOKS], app[CLOCK], app[IS_DISPATCHING] = {hook.route: hook for hook in hooks}, clock, is_dispatching
    app[PAGES], app[PROXIES] = load_pages(deployment), proxies
    add_hooks(app)
    add_public(app)
    add_health(app)
    return app


_SENTENCES = {
    404: "There is nothing at this address.",
    405: "This address doesn't take this method.",
    413: "The call is too large.",
}
_PAGES = {404: "unknown", 413: "too_long"}  # what residents may see


@web.middleware
async def quiet(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Errors in one sentence of ours: aiohttp's own repeat path and sizes, and a browser shows them."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if request.path[:3].lower() in ("/q/", "/v/") and (page := _PAGES.get(error.status)):
            return request.app[PAGES].page(page, error.status, home=False)
        sentence = _SENTENCES.get(error.status, "The call can't be taken.")
        headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
        return web.Response(status=error.status, text=sentence + "\n", headers=headers)
