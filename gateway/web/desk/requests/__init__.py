"""Requests of persons about their data, and breaches: `/desk/requests`."""

from aiohttp import web

from gateway.domain.permission import Action, Actor
from gateway.services.keeping import person_requests
from gateway.web.desk.casework.common import keep_terms
from gateway.web.desk.kit import Area, Desk
from gateway.web.desk.requests.breaches import add_breaches
from gateway.web.desk.requests.persons import add_persons


def _add(app: web.Application) -> None:
    keep_terms(app)
    add_breaches(app)
    add_persons(app)


async def _badge(here: Desk, who: Actor) -> int:
    return await person_requests.waiting(here.database, who)


AREA = Area("requests", "Dữ liệu cá nhân", "/desk/requests", Action.REQUEST_WORK, _add, _badge)
