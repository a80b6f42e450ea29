"""One tip: the page with its words, and the small pages where it is sorted and verified."""

from typing import Any, Final

from aiohttp import web

from gateway.domain.permission import Action
from gateway.services.desk_intake import beside
from gateway.services.desk_tips import queue
from gateway.services.desk_tips.detail import Detail, show, still_open
from gateway.services.desk_tips.words import FIXED, LABELS, VILLAGE
from gateway.web.desk.kit import actor, desk, needs, page
from gateway.web.desk.tips.keys import address, filters_in

CODE: Final = "/desk/tips/{code:[0-9A-Z]{6}}"
_SIDE: Final = 12  # tips in the list beside


def add_detail(app: web.Application) -> None:
    """Put it on `app`."""
    app.router.add_get(CODE, show_tip)
    app.router.add_get(CODE + "/sort", ask_kind)
    app.router.add_get(CODE + "/verify", ask_result)
    app.router.add_post(CODE + "/open", stay_open)


async def found_in(request: web.Request) -> Detail:
    """The tip that the address names, as the person may see it."""
    here = desk(request)
    return await show(here.database, here.deployment, actor(request), request.match_info["code"], here.clock())


async def tip_page(
    request: web.Request, name: str, tip: Detail, status: int = 200, **more: Any
) -> web.Response:  # Any: what templates show
    """A page about `tip`."""
    deployment = desk(request).deployment
    own = [each for each in deployment.villages.values() if each.commune == tip.tip.commune]
    values = {
        "tip": tip,
        "workflow": deployment.workflow,
        "villages": sorted(own, key=lambda each: each.code),
        "fields": [(each, label) for each, label in LABELS.items() if each not in FIXED],
        "village_field": VILLAGE,
        "here": f"/desk/tips/{tip.code}",
    }
    return page(request, name, status, **{**values, **more})


@needs(Action.TIP_READ)
async def show_tip(request: web.Request) -> web.StreamResponse:
    """The tip, the list beside it, and what others know of its place, its pictures and its messages."""
    here, who, filters = desk(request), actor(request), filters_in(request.query)
    tip = await found_in(request)
    listed = await queue.list_tips(here.database, here.deployment, who, filters, limit=_SIDE)
    side = await beside(here.database, here.deployment, tip.id, who, now=here.clock(), routes=here.routes)
    return await tip_page(
        request,
        "tips/detail",
        tip,
        listed=listed,
        beside=side,
        fix=request.query.get("fix", ""),
        link=lambda **change: address("/desk/tips", queue.Filters(**{**filters.query, **change})),
        query=address("", filters),
    )


@needs(Action.TIP_SORT)
async def ask_kind(request: web.Request) -> web.StreamResponse:
    """The eight kinds, by digit."""
    return await tip_page(request, "tips/sort", await found_in(request))


@needs(Action.TIP_VERIFY)
async def ask_result(request: web.Request) -> web.StreamResponse:
    """What the verification found."""
    return await tip_page(request, "tips/verify", await found_in(request))


@needs(Action.TIP_READ)
async def stay_open(request: web.Request) -> web.StreamResponse:
    """A page that is still open asks who else has the tip open, and whether it was changed."""
    here = desk(request)
    found = await still_open(here.database, actor(request), request.match_info["code"], here.clock())
    return web.json_response({"others": list(found.others), "version": found.version, "by": found.by})
