"""`/desk/static/…`: style, script and typeface, held in memory. A name is looked up, never a path."""

import asyncio
from typing import Final

from aiohttp import web

from gateway.web.desk.fonts import FONTS, font
from gateway.web.desk.kit import TEMPLATES, anybody

_FOR_EVER: Final = "public, max-age=31536000, immutable"
_FOR_A_DAY: Final = "public, max-age=86400"


def add_statics(app: web.Application) -> None:
    """Put them on `app`."""
    app.router.add_get("/desk/static/{name}", show)


@anybody
async def show(request: web.Request) -> web.StreamResponse:
    """A file by its name. Under an address that names its content it is kept for ever."""
    name = request.match_info["name"]
    if name in FONTS:
        body = await asyncio.to_thread(font, name)
        return web.Response(body=body, content_type="font/woff", headers={"Cache-Control": _FOR_A_DAY})
    found = request.app[TEMPLATES].files.get(name)
    if found is None:
        raise web.HTTPNotFound
    keep = _FOR_EVER if request.query.get("v") == found.digest else "no-cache"
    response = web.Response(body=found.body, content_type=found.media, headers={"Cache-Control": keep})
    if found.media.startswith("text/"):
        response.charset = "utf-8"
        response.enable_compression()
    return response
