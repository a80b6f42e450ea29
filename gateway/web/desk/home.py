"""`/desk/`: what there is to do, by role."""

from aiohttp import web

from gateway.web.desk.kit import anybody, page, signed_in
from gateway.web.desk.wording import AREAS


def add_home(app: web.Application) -> None:
    """Put it on `app`."""
    app.router.add_get("/desk/", show)
    app.router.add_get("/desk", onward)
    app.router.add_get("/", onward)


@signed_in
async def show(request: web.Request) -> web.StreamResponse:
    """The first page after signing in."""
    return page(request, "home", notes=AREAS)


@anybody
async def onward(_request: web.Request) -> web.StreamResponse:
    """To the page with the stroke at its end."""
    return web.Response(status=303, headers={"Location": "/desk/"})
