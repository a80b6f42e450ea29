"""/desk/offline: the form for meetings in hamlets without a network. After one visit the page opens from the phone; what is written there
waits, sealed under the clerk's PIN, and goes when there is a network again.

The page holds no name and no session: it stands on the phone also after signing out. Who sends must be signed in then. Each entry bears
the key that it was given on the phone, so that one whose answer was lost is the same entry.
"""

import json
from typing import Final

from aiohttp import web

from gateway.domain.permission import Action
from gateway.domain.tip_entry import COLUMNS, Typed, Wrong, read_entry
from gateway.services.refusal import Refusal
from gateway.storage.database import StorageDown
from gateway.web.desk.intake.entry import CHANNELS, ENTRIES, keep_photos
from gateway.web.desk.kit import TEMPLATES, actor, anybody, desk, form, needs, page, visit
from gateway.web.desk.templates import static_path

_NAME: Final = "Tin Báo, họp thôn"
_FILES: Final = ("desk.css", "intake.css", "offline.js", "lotus.svg")
_FONTS: Final = ("be-vietnam-400.woff", "be-vietnam-600.woff", "be-vietnam-800.woff")


def add(app: web.Application) -> None:
    """Put the pages on `app`."""
    app.router.add_get("/desk/offline", show)
    app.router.add_get("/desk/offline/worker.js", worker)
    app.router.add_get("/desk/offline/app.webmanifest", manifest)
    app.router.add_get("/desk/offline/who", who)
    app.router.add_post("/desk/offline/entries", take)


@needs(Action.TIP_ENTER)
async def show(request: web.Request) -> web.Response:
    """The page, as the phone keeps it."""
    return page(request, "intake/offline", villages=request.app[ENTRIES].villages(actor(request)), channels=CHANNELS)


@anybody
async def worker(request: web.Request) -> web.Response:
    """The service worker: what must be on the phone, then how it answers."""
    files = request.app[TEMPLATES].files
    kept = [static_path(files, name) for name in _FILES] + [f"/desk/static/{name}" for name in _FONTS]
    version = "".join(files[name].digest for name in (*_FILES, "offline-worker.js"))
    head = f"const VERSION = {json.dumps(version)};\nconst FILES = {json.dumps(kept)};\n"
    headers = {"Service-Worker-Allowed": "/desk/offline", "Cache-Control": "no-cache"}
    return web.Response(text=head + files["offline-worker.js"].body.decode(), content_type="text/javascript", headers=headers)


@anybody
async def manifest(request: web.Request) -> web.Response:
    """What makes the page one that a phone puts on its first screen."""
    icon = {"src": static_path(request.app[TEMPLATES].files, "lotus.svg"), "sizes": "any", "type": "image/svg+xml"}
    told = {
        "name": _NAME, "short_name": "Tin Báo", "lang": "vi", "start_url": "/desk/offline", "scope": "/desk/offline",
        "display": "standalone",
        "background_color": "#fffaec", "theme_color": "#8a1c1a", "icons": [icon],
    }  # fmt: skip
    return web.Response(text=json.dumps(told, ensure_ascii=False), content_type="application/manifest+json")


@needs(Action.TIP_ENTER)
async def who(request: web.Request) -> web.Response:
    """Who is signed in on this phone now, and the token that forms of this session bear. A 401 says that nobody is."""
    found = visit(request)
    token = found.csrf(desk(request).database.keyring) if found else ""
    return web.json_response({"name": actor(request).name, "csrf": token})


@needs(Action.TIP_ENTER)
async def take(request: web.Request) -> web.Response:
    """One entry off a phone's queue; 200 only when it is stored, so that the phone may forget it."""
    given, entries, here = await form(request), request.app[ENTRIES], desk(request)
    typed = read_entry({column.name: given.text(column.name) for column in COLUMNS}, entries.frame(actor(request), here.clock()))
    if not isinstance(typed, Typed):
        return _refused(typed)
    try:
        taken = await entries.enter(actor(request), typed, given.text("key"), here.clock())
        problem = await keep_photos(request, taken, given)
    except Refusal as why:
        return _refused((Wrong("key", str(why), ""),))
    except StorageDown:
        return web.json_response({"wait": True}, status=503)
    return web.json_response({"code": taken.entered.code, "is_new": taken.is_new, "problem": problem})


def _refused(wrong: tuple[Wrong, ...]) -> web.Response:
    told = [{"field": each.field, "text": each.text, "remedy": each.remedy} for each in wrong]
    return web.json_response({"wrong": told}, status=422)
