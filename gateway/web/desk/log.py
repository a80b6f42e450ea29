"""`/desk/audit`: who did what, with filters."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from aiohttp import web

from gateway.domain.permission import Action
from gateway.services.access import log_book
from gateway.storage.audit import Wanted
from gateway.web.desk.kit import actor, desk, needs, page
from gateway.web.desk.wording import action_words, detail_words, object_words

_FILTERS: Final = ("user", "action", "object", "from", "to", "commune", "below")


def add_log(app: web.Application) -> None:
    """Put it on `app`."""
    app.router.add_get("/desk/audit", show)


@needs(Action.AUDIT_READ)
async def show(request: web.Request) -> web.StreamResponse:
    """A page of the log."""
    here, who = desk(request), actor(request)
    asked = {name: request.query.get(name, "").strip()[:80] for name in _FILTERS}
    found = await log_book.read(here.database, who, _wanted(asked, ZoneInfo(here.deployment.campaign.timezone)))
    kept = {name: value for name, value in asked.items() if value and name != "below"}
    onward = f"/desk/audit?{urlencode({**kept, 'below': found.more})}" if found.more else ""
    kinds = [(kind, action_words(kind)) for kind in await log_book.kinds(here.database, who)]
    communes = {code: each.title for code, each in here.deployment.communes.items()} if who.communes is None else {}
    people = sorted(found.names.items(), key=lambda each: each[1]) if who.communes is None else _of_rows(found)
    values = {"found": found, "asked": asked, "kinds": kinds, "people": people, "communes": communes}
    return page(request, "audit/list", **values, onward=onward, words=action_words, about=object_words, detail_words=detail_words)


def _of_rows(found: log_book.Pages) -> list[tuple[int, str]]:
    """The people who stand on the page: of other communes no name is told."""
    return sorted({(row.user, found.names.get(row.user, "")) for row in found.rows if row.user is not None}, key=lambda each: each[1])


def _wanted(asked: Mapping[str, str], zone: ZoneInfo) -> Wanted:
    """What the filters say; one that says nothing readable filters nothing."""
    after = _day(asked["to"], zone, days=1)
    return Wanted(
        commune=asked["commune"] or None,
        user=_whole(asked["user"]),
        action=asked["action"],
        object=asked["object"],
        since=_day(asked["from"], zone),
        before=after,
        below=_whole(asked["below"]),
    )


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _day(text: str, zone: ZoneInfo, days: int = 0) -> int | None:
    """The beginning of a day (2026-11-23), or of so many days later, in epoch ms."""
    try:
        day = date.fromisoformat(text) + timedelta(days=days)
        return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None
