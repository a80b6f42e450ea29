"""/desk/attachments: a photo or recording as it may be seen: made anew without what it says of place, time and camera; each view noted."""

from typing import Final

from aiohttp import web

from gateway.domain.code import read_tip_code
from gateway.domain.permission import Action
from gateway.services.attachments import SUFFIX, NotShown
from gateway.services.desk_intake import attachment_to_show
from gateway.services.refusal import Refusal
from gateway.storage.seal import Unsealable
from gateway.web.desk.kit import actor, desk, needs

_STRICT: Final = {  # whatever a file holds, in its own window it can do nothing (HTML Standard §7.1.5, sandboxing)
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'none'; frame-ancestors 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def add(app: web.Application) -> None:
    """Put it on `app`."""
    app.router.add_get("/desk/attachments/{code:[0-9A-Z]{6}}/{id:[0-9]{1,15}}", show)


@needs(Action.TIP_READ)
async def show(request: web.Request) -> web.StreamResponse:
    """The file, a piece at a time."""
    here, code, id_ = desk(request), read_tip_code(request.match_info["code"]), int(request.match_info["id"])
    try:
        found = await attachment_to_show(here.database, actor(request), code or "", id_, here.clock())
        media, content = await here.attachments.shown(found)
    except (Refusal, NotShown, Unsealable, OSError):
        raise web.HTTPNotFound from None
    name = f'inline; filename="{code}-{id_}{SUFFIX.get(media, "")}"'
    response = web.StreamResponse(headers={**_STRICT, "Content-Type": media, "Content-Disposition": name})
    await response.prepare(request)
    async for piece in content:
        await response.write(piece)
    return response
