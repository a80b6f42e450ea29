"""`/desk/adn`: registrations for DNA sampling, a restricted book of its own."""

from aiohttp import web

from gateway.domain.permission import Action
from gateway.services.casework import adn
from gateway.services.refusal import Refusal
from gateway.web.desk.casework.common import keep_terms, version_of, zone
from gateway.web.desk.kit import actor, desk, form, needs, page, see_other


def add_adn(app: web.Application) -> None:
    """Put its pages on `app`."""
    keep_terms(app)
    app.router.add_get("/desk/adn", show_list)
    one = "/desk/adn/{code:[0-9A-Za-z]{6}}"
    app.router.add_get(one, show)
    steps = (
        ("companion", accompany), ("appointment", appoint), ("sampled", sampled), ("on", go_on), ("declined", decline),
        ("reminder", remind), ("number", reveal),
    )  # fmt: skip
    for path, handler in steps:
        app.router.add_post(f"{one}/{path}", handler)


@needs(Action.ADN_READ)
async def show_list(request: web.Request) -> web.StreamResponse:
    """The book, and what is ahead."""
    here, who = desk(request), actor(request)
    found = await adn.list_registrations(here.database, who)
    ahead = await adn.planned_appointments(here.database, who)
    return page(request, "adn/list", registrations=found, ahead=ahead)


@needs(Action.ADN_READ)
async def show(request: web.Request) -> web.StreamResponse:
    """One registration."""
    return await _page(request, "")


async def _page(request: web.Request, number: str) -> web.Response:
    here = desk(request)
    found = await adn.show_registration(here.database, actor(request), request.match_info["code"], here.clock())
    planned = found.planned
    text = adn.reminder(here.deployment, found.registration.code, planned) if planned else ""
    answer = page(request, "adn/show", file=found, one=found.registration, reminder=text, revealed=number)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _back(request: web.Request, say: str) -> web.Response:
    return see_other(request, f"/desk/adn/{request.match_info['code']}", say=say)


@needs(Action.ADN_WORK)
async def accompany(request: web.Request) -> web.StreamResponse:
    """Who stands by the family."""
    here, filled, code = desk(request), await form(request), request.match_info["code"]
    companion, relation = filled.text("companion"), filled.text("relation")
    await adn.accompany(here.database, actor(request), code, version_of(filled), companion, relation, here.clock())
    return _back(request, "Đã ghi người đồng hành")


@needs(Action.ADN_WORK)
async def appoint(request: web.Request) -> web.StreamResponse:
    """A day, an hour, a place."""
    here, filled, code = desk(request), await form(request), request.match_info["code"]
    when, may_remind = (filled.text("day"), filled.text("hour")), "may_remind" in filled
    place, version = filled.text("place"), version_of(filled)
    await adn.appoint(here.database, actor(request), code, version, when, place, may_remind, zone(request), here.clock())
    return _back(request, "Đã hẹn lịch lấy mẫu")


@needs(Action.ADN_WORK)
async def sampled(request: web.Request) -> web.StreamResponse:
    """The sample was taken."""
    here, filled = desk(request), await form(request)
    await adn.keep_appointment(here.database, actor(request), request.match_info["code"], version_of(filled), here.clock())
    return _back(request, "Đã ghi: đã lấy mẫu")


@needs(Action.ADN_WORK)
async def go_on(request: web.Request) -> web.StreamResponse:
    """It was sent; an answer came."""
    here, filled = desk(request), await form(request)
    await adn.go_on(here.database, actor(request), request.match_info["code"], version_of(filled), here.clock())
    return _back(request, "Đã ghi bước tiếp theo")


@needs(Action.ADN_WORK)
async def decline(request: web.Request) -> web.StreamResponse:
    """The person does not want to."""
    here, filled = desk(request), await form(request)
    code, why = request.match_info["code"], filled.text("why")
    await adn.decline(here.database, actor(request), code, version_of(filled), why, here.clock())
    return _back(request, "Đã ghi: thôi không lấy mẫu")


@needs(Action.ADN_WORK)
async def remind(request: web.Request) -> web.StreamResponse:
    """Text the reminder."""
    here = desk(request)
    if not here.routes:
        raise Refusal("Máy này chưa có đường nhắn tin. Xin gọi, hoặc nhờ người đồng hành báo.")
    await adn.remind(here.database, actor(request), here.routes, here.deployment, request.match_info["code"], here.clock())
    here.wake()
    return _back(request, "Đã gửi tin nhắc hẹn")


@needs(Action.NUMBER_REVEAL)
async def reveal(request: web.Request) -> web.StreamResponse:
    """The number in full, on this one answer."""
    here, filled, code = desk(request), await form(request), request.match_info["code"]
    number = await adn.reveal_number(here.database, actor(request), code, filled.text("why"), here.clock())
    return await _page(request, number)
