"""`/desk/late`: what is late, by person and by kind."""

from aiohttp import web

from gateway.domain.permission import Action, Actor
from gateway.services.casework import deadlines
from gateway.web.desk.casework.common import keep_terms, terms_of, zone
from gateway.web.desk.kit import Desk, actor, desk, needs, page


def add_late(app: web.Application) -> None:
    """Put it on `app`."""
    keep_terms(app)
    app.router.add_get("/desk/late", show)


@needs(Action.TIP_READ, Action.COMMEND_SIGN)
async def show(request: web.Request) -> web.StreamResponse:
    """Everything that is late of what this person may see."""
    here, terms = desk(request), terms_of(desk(request))
    found = await deadlines.list_late(here.database, actor(request), terms, zone(request), here.clock())
    people = deadlines.by_person(found)
    return page(request, "cases/late", late=found, people=people, counts=deadlines.counted(found), terms=terms)


async def count(here: Desk, who: Actor) -> int:
    """How many things are late of what this person may see: the number in the head bar and on the first page."""
    return len(await deadlines.list_late(here.database, who, terms_of(here), here.deployment.campaign.timezone, here.clock()))
