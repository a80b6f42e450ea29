"""`/Q/{code}` and `/V/{village}`: the page behind every printed code, answered from memory (DESIGN §3.11, design/web).

A locked database delays no page: visits are counted beside the answer, changed codes are held in memory, the page itself is kept packed.
"""

from typing import Any, Final
from urllib.parse import quote

from aiohttp import web

from gateway.deployment import Deployment
from gateway.domain.village import Village
from gateway.services.scans import Scans, is_person, is_scanned
from gateway.web.hooks import CLOCK
from gateway.web.pages import Pages, Speech, see_other
from gateway.web.places import Place, Places, cleaned_code

DEPLOYMENT: Final = web.AppKey("deployment", Deployment)
PAGES: Final = web.AppKey("pages", Pages)
PLACES: Final = web.AppKey("places", Places)
SCANS: Final = web.AppKey("scans", Scans)


def add_public(app: web.Application) -> None:
    """Put the pages on `app`; letters of the path in either case, as phones and printed capitals have them."""
    app.router.add_get("/", welcome)
    app.router.add_get("/tim", find)
    app.router.add_get("/{kind:[QqVv]}/{code}", show)


async def welcome(request: web.Request) -> web.Response:
    """Who types the bare address chooses a village."""
    return request.app[PAGES].kept(request, "home", (), lambda: sms_values(request, None) | {"path": "/"})


async def show(request: web.Request) -> web.Response:
    """The village page; a code we don't know gets a page that helps all the same."""
    place = place_of(request)
    if place is None:
        return mistyped(request, request.match_info["code"])
    if is_visit(request):  # only counted in memory here; a task of its own writes it after the page has gone
        code = place.source if place.placement else ""
        is_scan = is_scanned(request.path)
        request.app[SCANS].note(place.village.code, code if is_scan else code.lower(), request.app[CLOCK]())
    key = (place.base, place.village.code, str(place.is_off))
    return request.app[PAGES].kept(request, "village", key, lambda: _village_values(request, place))


def is_visit(request: web.Request) -> bool:
    """Whether a person comes from outside: a change of language on the page is no new visit."""
    return not request.query_string and is_person(request.method, request.headers)


def place_of(request: web.Request) -> Place | None:
    """The place of a request's path; None: nothing of ours."""
    return request.app[PLACES].find(request.match_info["kind"], request.match_info["code"])


def _village_values(request: web.Request, place: Place) -> dict[str, Any]:  # Any: what templates show
    suffix = request.app[PAGES].speech(request).suffix
    return sms_values(request, place.village) | {
        "village": place.village,
        "path": place.base,
        "write": f"{place.base}/ke{suffix}",
        "genuine": f"{place.base}/that{suffix}",
        "switched_off": place.source if place.is_off else "",
    }


def sms_values(request: web.Request, village: Village | None) -> dict[str, Any]:  # Any: what templates show
    """The link that opens a new SMS: "?&", for Android takes the first sign and iOS the second (field.md §2.9)."""
    campaign = request.app[DEPLOYMENT].campaign
    speech: Speech = request.app[PAGES].speech(request)
    is_abroad = speech.language != "vi" and campaign.number_abroad is not None
    number = campaign.number_abroad.e164 if is_abroad and campaign.number_abroad else campaign.short_code
    words = quote(f"LS {village.code} " if village else "LS ")
    return {"sms_link": f"sms:{number}?&body={words}", "village": village}


def mistyped(request: web.Request, typed: str) -> web.Response:
    """A code that leads nowhere: what it may mean, and that a tip needs no code."""
    cleaned = cleaned_code(typed)
    if cleaned and is_person(request.method, request.headers):
        request.app[SCANS].note_mistyped(cleaned, request.app[CLOCK]())
    values = sms_values(request, None) | {"typed": cleaned, "meant": request.app[PLACES].meant(typed), "path": "/"}
    return request.app[PAGES].page(request, "mistyped", 404, **values)


async def find(request: web.Request) -> web.Response:
    """A code typed into a page of ours leads to its page, or to its place in the commune's book."""
    typed = request.query.get("c", "")
    place = request.app[PLACES].anywhere(typed)
    if place is None:
        return mistyped(request, typed)
    behind = "/that" if request.query.get("that") else ""
    return see_other(f"{place.base}{behind}{request.app[PAGES].speech(request).suffix}")
