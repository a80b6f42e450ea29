"""The REST API of outside systems, `/api/v1` on the public listener: one module a resource, one description an operation."""

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from gateway.services.routes import Route
from gateway.web.api import calls, messages, standing, tips, webhooks
from gateway.web.api.document import document
from gateway.web.api.limits import CALLS, Allowance
from gateway.web.api.operation import PREFIX, Operation
from gateway.web.api.problems import plain
from gateway.web.health import DATABASE
from gateway.web.hooks import CLOCK

DOCUMENT: Final = "/api/openapi.json"
OPERATIONS: Final[web.AppKey[Sequence[Operation]]] = web.AppKey("operations")
ALLOWANCE: Final = web.AppKey("allowance", Allowance)


def add_api(
    app: web.Application,
    routes: Sequence[Route],
    timezone: str,
    sent: Callable[[], Awaitable[None]],
    told: Callable[[], None],
    calls_a_minute: int = CALLS,
) -> None:
    """Put the API on `app`, which is not running yet.

    `sent`: tells the dispatcher that there is work; `told`: tells the loop of callbacks; `calls_a_minute`: of one client.
    """
    app[OPERATIONS] = (
        *messages.operations(routes, sent),
        *tips.OPERATIONS,
        *standing.operations(routes, timezone),
        *webhooks.operations(told),
    )
    app[ALLOWANCE] = Allowance(calls_a_minute)
    written = json.dumps(document(app[OPERATIONS]), ensure_ascii=False).encode()

    async def show(_: web.Request) -> web.Response:
        return web.Response(body=written, content_type="application/json", headers={"Cache-Control": "public, max-age=300"})

    app.router.add_route("GET", DOCUMENT, show)
    for operation in app[OPERATIONS]:
        app.router.add_route(operation.method, PREFIX + operation.path, _handler(operation))
    app.middlewares.append(problems)


def _handler(operation: Operation) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        app = request.app
        return await calls.answer(request, operation, app[DATABASE], app[ALLOWANCE], app[CLOCK]())

    return handle


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """What goes wrong under /api/ is said as a problem, whoever found it."""
    if not request.path.startswith("/api/"):
        return await handler(request)
    try:
        return await handler(request)
    except web.HTTPException as error:
        allow = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
        return plain(error.status, allow).answer()
