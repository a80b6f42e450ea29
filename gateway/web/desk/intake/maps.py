"""/desk/map: the map of a tip by itself, in three sizes of the land; and the same as a piece that a page brings in."""

from aiohttp import web

from gateway.domain.code import read_tip_code
from gateway.domain.permission import Action
from gateway.services.commune_map import Zoom
from gateway.services.desk_intake import Beside, beside
from gateway.services.refusal import Refusal
from gateway.storage import tip_sides
from gateway.web.desk.kit import actor, desk, needs, page


def add(app: web.Application) -> None:
    """Put the pages on `app`."""
    app.router.add_get("/desk/map/{code:[0-9A-Za-z]{6}}", show)


async def beside_code(request: web.Request, code: str, zoom: Zoom = Zoom.COMMUNE) -> Beside:
    """What stands beside the tip of this code. Raises Forbidden, Refusal."""
    here, exact = desk(request), read_tip_code(code)
    async with here.database.read() as connection:
        found = await tip_sides.of_code(connection, exact) if exact else None
    if found is None:
        raise Refusal("Không có tin nào mang mã này.")
    return await beside(here.database, here.deployment, found[0], actor(request), now=here.clock(), routes=here.routes, zoom=zoom)


@needs(Action.TIP_READ)
async def show(request: web.Request) -> web.Response:
    """The map as a page; with `manh`, the piece alone."""
    named = request.query.get("xem", Zoom.COMMUNE)
    found = await beside_code(request, request.match_info["code"], Zoom(named) if named in list(Zoom) else Zoom.COMMUNE)
    return page(request, "intake/_map" if "manh" in request.query else "intake/map", beside=found)
