"""The list of tips: filters, saved views, search, one action on many, export, what was done lately."""

from typing import Any

from aiohttp import web

from gateway.domain.permission import Action
from gateway.services.desk_intake import CHANNELS
from gateway.services.desk_tips import many, queue
from gateway.services.desk_tips.export import FORMS, export
from gateway.services.desk_tips.many import Deed
from gateway.services.desk_tips.queue import Filters
from gateway.services.desk_tips.search import search
from gateway.services.refusal import Refusal
from gateway.storage.tip_queue import ALL
from gateway.web.desk.formats import number
from gateway.web.desk.kit import actor, desk, form, needs, page, see_other
from gateway.web.desk.tips.keys import SEARCH, address, filters_in, said_in, token_of

PATH = "/desk/tips"


def add_listing(app: web.Application) -> None:
    """Put it on `app`."""
    app.router.add_get(PATH, show)
    app.router.add_post(f"{PATH}/search", find)
    app.router.add_post(f"{PATH}/many", do_to_many)
    app.router.add_post(f"{PATH}/undo", undo_last)
    app.router.add_post(PATH + r"/undo/{batch:\d{1,15}}", undo)
    app.router.add_post(f"{PATH}/export", send_file)
    app.router.add_post(f"{PATH}/views", save_view)
    app.router.add_post(PATH + r"/views/{view:\d{1,15}}/drop", drop_view)
    app.router.add_get(f"{PATH}/history", history)


@needs(Action.TIP_READ)
async def show(request: web.Request) -> web.StreamResponse:
    """A page of the list, or what a search found."""
    here, who, filters = desk(request), actor(request), filters_in(request.query)
    said = said_in(here.database.keyring, request.query.get("find", ""))
    listed = await queue.list_tips(here.database, here.deployment, who, filters, request.query.get("after", ""))
    items, count = listed.items, 0
    if said:
        found = await search(here.database, request.app[SEARCH], here.deployment, who, said, here.clock(), _within(request, filters))
        items, count = found.items, found.count
    request.app[SEARCH].prepare(here.database, who.communes)
    waves, views = await queue.choices(here.database, who)
    shown: dict[str, Any] = {
        "items": items,
        "counts": listed.counts,
        "filters": listed.filters,
        "said_words": said,
        "count": count,
    }  # Any: what templates show
    return page(
        request,
        "tips/list",
        **shown,
        after=listed.after and address(PATH, listed.filters, after=listed.after),
        first=address(PATH, listed.filters) if request.query.get("after") else "",
        waves=waves,
        views=[(view, address(PATH, queue.filters_of(view))) for view in views],
        link=lambda **change: address(PATH, _changed(listed.filters, change)),
        channels=CHANNELS,
        **_choices(request),
    )


def _within(request: web.Request, filters: Filters) -> Filters:
    """A search looks everywhere, unless a queue was chosen beside it."""
    return filters if "queue" in request.query else Filters(**{**filters.query, "queue": ALL})


def _changed(filters: Filters, change: dict[str, str]) -> Filters:
    return Filters(**{**filters.query, **change})


def _choices(request: web.Request) -> dict[str, Any]:  # Any: what templates show
    deployment, who = desk(request).deployment, actor(request)
    own = [each for each in deployment.villages.values() if who.sees(each.commune)]
    return {"villages": sorted(own, key=lambda each: each.code), "workflow": deployment.workflow, "deeds": many.DEEDS}


@needs(Action.TIP_READ)
async def find(request: web.Request) -> web.StreamResponse:
    """What was typed goes into the address sealed: names and numbers stand in no log and no history of a browser."""
    typed = (await form(request)).text("said")
    if not typed:
        return see_other(request, PATH)
    token = token_of(desk(request).database.keyring, typed)
    return see_other(request, address(PATH, filters_in(request.query), find=token))


@needs(Action.TIP_SORT)
async def do_to_many(request: web.Request) -> web.StreamResponse:
    """One action on the tips that are ticked, or on all that the filters find."""
    here, who, sent = desk(request), actor(request), await form(request)
    filters = filters_in({name: sent.text(name) for name in Filters.__dataclass_fields__})
    what = sent.one_of("what", many.DEEDS)
    ticked = [int(each) for each in sent.all("tip") if each.isascii() and each.isdigit() and len(each) < 17]
    wanted = queue.wanted_by(who, queue.checked(filters), here.deployment.campaign.timezone)
    chosen = wanted if sent.text("all") == "yes" else ticked
    moved = await many.do_to_many(here.database, who, chosen, Deed(what, sent.text(what)), here.clock())
    left = f" {number(moved.left)} tin giữ nguyên." if moved.left else ""
    return see_other(request, address(PATH, filters), say=f"Đã đổi {number(moved.tips)} tin.{left}", undo=f"{PATH}/undo/{moved.batch}")


@needs(Action.TIP_SORT)
async def undo(request: web.Request) -> web.StreamResponse:
    """Take one action back."""
    return await _undo(request, int(request.match_info["batch"]))


@needs(Action.TIP_SORT)
async def undo_last(request: web.Request) -> web.StreamResponse:
    """Take back what this person did last."""
    batch = await many.last_deed(desk(request).database, actor(request))
    if batch is None:
        raise Refusal("Chưa có việc nào để hoàn tác.")
    return await _undo(request, batch)


async def _undo(request: web.Request, batch: int) -> web.StreamResponse:
    here = desk(request)
    moved = await many.undo(here.database, actor(request), batch, here.clock())
    left = f" {number(moved.left)} tin đã có người sửa sau, giữ nguyên." if moved.left else ""
    return see_other(request, _back(request), say=f"Đã hoàn tác {number(moved.tips)} tin.{left}")


def _back(request: web.Request) -> str:
    """The page that the button stood on, where it was one of the queue."""
    came = request.headers.get("Referer", "").partition("/desk/tips")[2]
    return PATH + came if came and came[0] in "/?" and "//" not in came and not came.startswith(("/undo", "/many")) else PATH


@needs(Action.TIP_READ)
async def send_file(request: web.Request) -> web.StreamResponse:
    """The filtered list as a file."""
    here, sent = desk(request), await form(request)
    kind = sent.one_of("form", tuple(FORMS))
    filters = filters_in({name: sent.text(name) for name in Filters.__dataclass_fields__})
    body = await export(here.database, here.deployment, actor(request), filters, kind, here.clock())
    headers = {"Content-Disposition": f'attachment; filename="tin-bao.{kind}"'}
    return web.Response(body=body, content_type=FORMS[kind], headers=headers)


@needs(Action.TIP_READ)
async def save_view(request: web.Request) -> web.StreamResponse:
    """Keep the filters under a name."""
    here, sent = desk(request), await form(request)
    filters = filters_in({name: sent.text(name) for name in Filters.__dataclass_fields__})
    await queue.save_view(here.database, actor(request), sent.text("name"), filters, here.clock())
    return see_other(request, address(PATH, filters), say="Đã lưu cách xem.")


@needs(Action.TIP_READ)
async def drop_view(request: web.Request) -> web.StreamResponse:
    """Take a saved view away."""
    await queue.drop_view(desk(request).database, actor(request), int(request.match_info["view"]))
    return see_other(request, PATH, say="Đã xóa cách xem.")


@needs(Action.TIP_READ)
async def history(request: web.Request) -> web.StreamResponse:
    """What was done lately, by whom, and the button that takes it back."""
    below = request.query.get("below", "")
    found = await many.deeds(desk(request).database, actor(request), int(below) if below.isascii() and below.isdigit() else None)
    return page(request, "tips/history", batches=found.batches, more=found.batches[-1].id if len(found.batches) == 100 else 0)
