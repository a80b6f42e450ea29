"""`/Q/{code}` and `/V/{village}`: the page behind every printed code, and its form (DESIGN §3.11, design/web).

Answered from memory: a locked database delays neither the page nor, thanks to the spool, the thanks for a story.
"""

import json
import re
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote

from aiohttp import web

from gateway.carriers.wire import clean, decode_text, form_fields
from gateway.deployment import Deployment
from gateway.domain.code import read_placement_code
from gateway.domain.fold import nfc
from gateway.domain.placement import Placement
from gateway.domain.tip import Channel
from gateway.domain.village import Village
from gateway.services.intake import Spooled, own_id, read_sender
from gateway.services.scans import Scans, is_person
from gateway.storage.inbox import DONE, NewMo
from gateway.storage.links import Scan
from gateway.storage.spool import SpoolDown
from gateway.web.hooks import CLOCK, INTAKE
from gateway.web.pages import Pages

DEPLOYMENT: Final = web.AppKey("deployment", Deployment)
PAGES: Final = web.AppKey("pages", Pages)
SCANS: Final = web.AppKey("scans", Scans)
_ROUTE: Final = "web"
_TOKEN: Final = re.compile(r"~[0-9a-f]{24}")
_VILLAGE: Final = re.compile(r"([A-Z]+?)([0-9OIL]{1,3})")
_DIGITS: Final = str.maketrans("OIL", "011")
_STORY: Final = 20_000  # characters of a story; the rest of a longer one is kept beside it
_SHORT: Final = 200


@dataclass(frozen=True, slots=True)
class Place:
    """Where a visitor came by. `source`: the code as printed, or the village's."""

    village: Village
    source: str
    placement: Placement | None


def add_public(app: web.Application) -> None:
    """Put the pages on `app`; letters of the path in either case, as phones and printed capitals have them."""
    app.router.add_get("/", welcome)
    for path in ("/{kind:[Qq]}/{code}", "/{kind:[Vv]}/{code}"):
        app.router.add_get(path, show)
        app.router.add_post(path, tell)


async def welcome(request: web.Request) -> web.Response:
    """Who types the bare address chooses a village."""
    return request.app[PAGES].page("unknown", home=True)


async def show(request: web.Request) -> web.Response:
    """The village page; a code we don't know gets a page that helps all the same."""
    place = place_of(request.app[DEPLOYMENT], request.match_info["kind"], request.match_info["code"])
    if place is None:
        return request.app[PAGES].page("unknown", 404, home=False)
    if is_person(request.method, request.headers.get("User-Agent", "")):
        # Only put in memory here; a task of its own writes it after the page has gone.
        request.app[SCANS].note(Scan(place.village.code, place.placement.code if place.placement else None, request.app[CLOCK]()))
    return _village_page(request, place)


def _village_page(request: web.Request, place: Place, status: int = 200, *, error: bool = False) -> web.Response:
    campaign = request.app[DEPLOYMENT].campaign
    words = quote(f"LS {place.village.code} ")
    return request.app[PAGES].page(
        "village",
        status,
        village=place.village,
        sms_link=f"sms:{campaign.short_code}?&body={words}",  # "?&": Android takes the first sign, iOS the second (field.md §2.9)
        contact_link=f"tel:{place.village.contact.e164}" if place.village.contact else "",
        token=own_id(),
        error=error,
    )


async def tell(request: web.Request) -> web.Response:
    """A story from the form becomes a tip in one transaction, and its code stands on the page."""
    place = place_of(request.app[DEPLOYMENT], request.match_info["kind"], request.match_info["code"])
    if place is None:
        return request.app[PAGES].page("unknown", 404, home=False)
    arrival = arrival_of(place, await request.read(), request.app[CLOCK]())
    if arrival is None:
        return _village_page(request, place, 422, error=True)
    try:
        taken = await request.app[INTAKE].mo(arrival)
    except SpoolDown:
        return request.app[PAGES].page("busy", 503, village=place.village)
    code = None if isinstance(taken, Spooled) else taken.code
    return request.app[PAGES].page("done", village=place.village, code=code)


def place_of(deployment: Deployment, kind: str, code: str) -> Place | None:
    """The place behind a printed code ("Q") or a village code ("V"), typed in any case, with look-alikes."""
    if kind in "Vv":
        village = deployment.villages.get(_village_code(code))
        return Place(village, village.code, None) if village else None
    found = read_placement_code(code[:40])
    village = deployment.villages.get(found[0]) if found else None
    if found is None or village is None:
        return None
    placement = next((each for each in deployment.placements_of(village.code) if each.number == found[1]), None)
    printed = Placement(village.code, found[1], "", "")  # a code that checks out is ours, though its line be gone from the file
    return Place(village, printed.code, placement or printed)


def _village_code(typed: str) -> str:
    """ "tn1", "TN-01", "TNO1" -> "TN01"."""
    cleaned = "".join(c for c in typed[:20].upper() if c.isascii() and c.isalnum())
    parts = _VILLAGE.fullmatch(cleaned)
    return f"{parts[1]}{int(parts[2].translate(_DIGITS)):02}" if parts else cleaned


def arrival_of(place: Place, body: bytes, now: int) -> NewMo | None:
    """The form's story as an MO of channel "web"; None if nothing was written. Its one-time key makes a second press the same arrival."""
    fields = {name: nfc(decode_text(value)).strip() for name, value in form_fields(body).items()}
    story, phone = fields.get("story", ""), clean(fields.get("phone", ""))[:_SHORT]
    if not story:
        return None
    msisdn = read_sender(phone)
    beside = {
        "contact_name": clean(fields.get("name", ""))[:_SHORT],
        "contact_phone_as_typed": "" if msisdn else phone,
        "rest": story[_STORY:],
    }
    token = fields.get("token", "")
    is_trap = bool(fields.get("website"))  # no person sees this field; what a program wrote there is kept for the desk, as no tip
    arrival = NewMo(
        route=_ROUTE,
        channel=Channel.WEB,
        carrier_id=token if _TOKEN.fullmatch(token) else own_id(),
        sender=msisdn.e164 if msisdn else "",
        receiver=place.source,
        text=story[:_STORY],
        received_at=now,
        placement=place.source,
        raw=json.dumps({name: value for name, value in beside.items() if value}, ensure_ascii=False),
    )
    return replace(arrival, state=DONE, action="abuse", alarm="a hidden field was filled in") if is_trap else arrival
