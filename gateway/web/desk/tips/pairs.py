"""Tips that may tell of one place: the list of pairs, two side by side, linked or set apart."""

from aiohttp import web

from gateway.domain.code import read_tip_code
from gateway.domain.permission import Action
from gateway.services.desk_tips import likes
from gateway.services.desk_tips.queue import item_of
from gateway.services.refusal import Refusal
from gateway.storage.tip_desk import LINKED
from gateway.web.desk.kit import actor, desk, form, needs, page, see_other
from gateway.web.desk.tips.detail import CODE

_OTHER = r"{other:[0-9A-Z]{6}}"
_PAGE = 20


def add_pairs(app: web.Application) -> None:
    """Put it on `app`."""
    app.router.add_get("/desk/tips/pairs", show_pairs)
    app.router.add_post(f"{CODE}/pair", choose)
    app.router.add_get(f"{CODE}/beside/{_OTHER}", side_by_side)
    app.router.add_post(f"{CODE}/beside/{_OTHER}", decide)


@needs(Action.TIP_READ)
async def show_pairs(request: web.Request) -> web.StreamResponse:
    """Pairs that nobody has said anything of."""
    here, below = desk(request), request.query.get("below", "")
    found = await likes.undecided(here.database, actor(request), int(below) if below.isascii() and below.isdigit() else None, _PAGE)
    pairs = [(item_of(each.one, here.deployment), item_of(each.other, here.deployment), each.likeness) for each in found]
    return page(request, "tips/pairs", pairs=pairs, more=found[-1].cursor if len(found) == _PAGE else 0)


@needs(Action.TIP_READ)
async def side_by_side(request: web.Request) -> web.StreamResponse:
    """Two tips with the words that both have."""
    here, code, other = desk(request), request.match_info["code"], request.match_info["other"]
    both = await likes.side_by_side(here.database, actor(request), code, other)
    return page(request, "tips/beside", both=both, villages=here.deployment.villages, workflow=here.deployment.workflow)


@needs(Action.TIP_SORT)
async def decide(request: web.Request) -> web.StreamResponse:
    """Linked, or not the same."""
    here, code, other = desk(request), request.match_info["code"], request.match_info["other"]
    verdict = (await form(request)).text("verdict")
    saved = await likes.decide(here.database, actor(request), code, other, verdict, here.clock())
    words = f"Đã nối {code} với {other}. Cả hai tin giữ nguyên." if verdict == LINKED else f"Đã ghi: {code} và {other} không cùng một chỗ."
    return see_other(request, f"/desk/tips/{code}", say=words, undo=f"/desk/tips/undo/{saved.batch}")


@needs(Action.TIP_READ)
async def choose(request: web.Request) -> web.StreamResponse:
    """Another tip by its code, to be put beside this one."""
    other = read_tip_code((await form(request)).text("other"))
    if other is None:
        raise Refusal("Mã này sai ít nhất một chữ. Xin so lại với mã ở đầu tin.")
    return see_other(request, f"/desk/tips/{request.match_info['code']}/beside/{other}")
