"""`/tin`: where a tip stands, for whoever has its code. The code is posted, so it stands in no address; no word of the tip is shown."""

from datetime import datetime
from typing import Final

from aiohttp import web

from gateway.services.status import NETWORK, Limited, Public, Standing, Unknown, look_up
from gateway.storage.database import StorageDown
from gateway.web.form import STEPS, network_of, ticket_for
from gateway.web.health import DATABASE
from gateway.web.hooks import CLOCK
from gateway.web.pages import Pages, Words
from gateway.web.public import PAGES
from gateway.web.tickets import Ticket
from gateway.web.uploads import read_form

_PATH: Final = "/tin"
_CODE_SIGNS: Final = 6


def _shown(typed: str) -> str:
    """What was typed, where it has a code's length: nobody's words or number are shown again."""
    cleaned = "".join(c for c in typed.upper() if c.isascii() and c.isalnum())
    return cleaned if len(cleaned) == _CODE_SIGNS else ""


def add_status(app: web.Application) -> None:
    """Put it on `app`."""
    app.router.add_get(_PATH, enter)
    app.router.add_post(_PATH, look)


async def enter(request: web.Request) -> web.Response:
    """Asks for the code."""
    return _enter_page(request)


def _enter_page(request: web.Request, status: int = 200, error: str = "", typed: str = "") -> web.Response:
    return request.app[PAGES].page(request, "status", status, error=error, typed=typed, path=_PATH)


async def look(request: web.Request) -> web.Response:
    """The tip's state; a code that nobody was given, and one that can't be one, get the same answer."""
    typed = (await read_form(request)).fields.get("code", "")[:40]
    database, by, now = request.app[DATABASE], network_of(request), request.app[CLOCK]()
    try:
        found = await database.write(lambda connection: look_up(connection, typed, by, now, NETWORK))
    except StorageDown:
        return _enter_page(request, 503, "busy_step", _shown(typed))
    match found:
        case Limited():
            return _enter_page(request, 429, "too_often", _shown(typed))
        case Unknown():
            return _enter_page(request, 404, "unknown", _shown(typed))
        case Standing():
            return await _standing_page(request, found)


async def _standing_page(request: web.Request, found: Standing) -> web.Response:
    pages = request.app[PAGES]
    words = pages.words(pages.speech(request).language)
    more = "" if found.public is Public.DNA else await _add_link(request, found)
    steps = () if found.public is Public.DNA else _steps(pages, words, found)
    return pages.page(request, "standing", code=found.code, state=found.public.value, steps=steps, more=more, path=_PATH)


async def _add_link(request: web.Request, found: Standing) -> str:
    """Where more can be told for this tip. Whoever has the code may add, and sees nothing."""
    try:
        told = await request.app[STEPS].told(found.code)
    except StorageDown:
        return ""
    if told is None:
        return ""
    ticket = Ticket(told.id, told.code, "", "", request.app[CLOCK]())
    return ticket_for(request, request.app[DATABASE], ticket, "them")


def _steps(pages: Pages, words: Words, found: Standing) -> tuple[tuple[str, str, str], ...]:
    """(words, when, mark) of the five steps a tip goes through."""
    is_read = found.public is not Public.NEW
    verifying = {Public.UNDER_WAY: (words["under_way"], "now"), Public.CONCLUDED: ("✓", "ok")}.get(found.public, (words["not_yet"], ""))
    return (
        (words["step_got"], _day(words, pages.moment(found.received_at)), "ok"),
        (words["step_read"], "✓" if is_read else words["not_yet"], "ok" if is_read else "now"),
        (words["step_verify"], *verifying),
        (words["step_up"], words["not_yet"], ""),
        (words["step_result"], words["result_told"] if found.public is Public.CONCLUDED else words["none_yet"], ""),
    )


def _day(words: Words, local: datetime) -> str:
    """ "Thứ hai, 23/11/2026"."""
    return f"{words['weekdays'].split(',')[local.weekday()]}, {local:%d/%m/%Y}"
