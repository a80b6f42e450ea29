"""`/that`: is this poster real? A page can't prove itself: it says where the code was issued and what to compare, and hears of fakes."""

from typing import Final

from aiohttp import web

from gateway.carriers.wire import clean
from gateway.storage.database import StorageDown
from gateway.storage.links import FakeReport, add_fake_report
from gateway.web.form import GATE, network_of
from gateway.web.health import DATABASE
from gateway.web.hooks import CLOCK
from gateway.web.places import Place, cleaned_code
from gateway.web.public import PAGES, mistyped, place_of
from gateway.web.uploads import read_form

_WORDS: Final = 5_000
_CONTACT: Final = 100


def add_genuine(app: web.Application) -> None:
    """Put it on `app`."""
    app.router.add_get("/that", ask)
    app.router.add_get("/{kind:[QqVv]}/{code}/that", show)
    app.router.add_get("/that/bao", ask_report)
    app.router.add_post("/that/bao", report)


async def ask(request: web.Request) -> web.Response:
    """Without a code it asks for the printed one."""
    return _page(request, None)


async def show(request: web.Request) -> web.Response:
    """Where the code was issued."""
    place = place_of(request)
    return mistyped(request, request.match_info["code"]) if place is None else _page(request, place)


def _page(request: web.Request, place: Place | None) -> web.Response:
    suffix = request.app[PAGES].speech(request).suffix
    placement = place.placement if place else None
    values = {
        "village": place.village if place else None,
        "code": placement.code if placement else "",
        "is_listed": place is not None and place.is_listed and not place.is_off,
        "spot": ", ".join(filter(None, (placement.spot, place.village.title))) if place and placement else "",
        "write": f"{place.base}/ke{suffix}" if place else f"/{suffix}",
        "path": f"{place.base}/that" if place else "/that",
    }
    return request.app[PAGES].page(request, "genuine", **values)


async def ask_report(request: web.Request) -> web.Response:
    """A form for what seems to be a fake."""
    return _report_page(request, code=cleaned_code(request.query.get("c", "")))


def _report_page(request: web.Request, status: int = 200, **more: object) -> web.Response:
    values = {"is_done": False, "error": "", "token": "", "words": "", "code": "", "contact": ""} | more
    return request.app[PAGES].page(request, "fake", status, path="/that/bao", **values)


async def report(request: web.Request) -> web.Response:
    """Kept sealed for the desk. A report answers with the page itself: "reload" asks the browser's own question."""
    fields, now = (await read_form(request)).fields, request.app[CLOCK]()
    words, contact = fields.get("words", "")[:_WORDS], clean(fields.get("contact", ""))[:_CONTACT]
    code = cleaned_code(fields.get("code", ""))
    kept = {"words": words, "code": code, "contact": contact}
    if not words:
        return _report_page(request, 422, error="empty", **kept)
    if fields.get("website"):  # a program: no person sees that field
        return _report_page(request, is_done=True)
    if not request.app[GATE].may_report(network_of(request), now):
        return _report_page(request, 429, error="busy_kept", **kept)
    found = FakeReport(code or None, words, contact or None, now)
    try:
        await request.app[DATABASE].write(lambda connection: add_fake_report(connection, found))
    except StorageDown:
        return _report_page(request, 503, error="busy_kept", **kept)
    return _report_page(request, is_done=True)
