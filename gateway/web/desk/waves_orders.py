"""`/desk/orders`: waves that a telecom partner sends to its own subscribers: asked for, handed over on paper, counted."""

from typing import Final

from aiohttp import web

from gateway.domain.permission import Action
from gateway.domain.wave import WaveKind
from gateway.domain.window import local_day
from gateway.paper_values import order_now
from gateway.papers.order import counts_form_xlsx, order_json, order_pdf, order_xlsx
from gateway.services.orders import Imported
from gateway.services.refusal import Refusal
from gateway.services.wave_desk import deciding, drafts, listing, partner
from gateway.services.wave_desk.composition import Composition
from gateway.services.wave_desk.words import STATES, spoken
from gateway.web.desk import waves_decide
from gateway.web.desk.kit import actor, desk, form, needs, page, see_other
from gateway.web.desk.waves import download
from gateway.web.desk.waves_decide import wave_id

_MEDIA: Final = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
}
_PAPERS: Final = {"don.pdf": order_pdf, "don.xlsx": order_xlsx, "don.json": order_json, "so-lieu.xlsx": counts_form_xlsx}


def add_orders(app: web.Application) -> None:
    """Put the pages of orders on `app`."""
    base = r"/desk/orders/{wave:\d+}"
    app.router.add_get("/desk/orders", show)
    app.router.add_post("/desk/orders/new", begin)
    app.router.add_get(base, order)
    app.router.add_get(base + r"/{paper:(?:don\.(?:pdf|xlsx|json)|so-lieu\.xlsx)}", paper)
    for name, handler in (
        ("approve", waves_decide.approve),
        ("back", waves_decide.back),
        ("hand-over", hand_over),
        ("counts", counts),
        ("close", close),
    ):
        app.router.add_post(f"{base}/{name}", handler)


@needs(Action.WAVE_READ)
async def show(request: web.Request) -> web.StreamResponse:
    """Orders by what they need."""
    found = await listing.waves(desk(request).database, actor(request), WaveKind.PARTNER)
    return page(request, "waves/list", groups=found.groups, drafts=found.drafts, ready=(), states=STATES, what="orders")


@needs(Action.WAVE_PLAN)
async def begin(request: web.Request) -> web.StreamResponse:
    """A new, empty order."""
    here, who, sent = desk(request), actor(request), await form(request)
    first, last = here.deployment.campaign.window
    composed = Composition(
        route=here.routes[0].name if here.routes else "", window=(f"{first:%H:%M}", f"{last:%H:%M}"), area=(who.commune,),
        day=local_day(here.clock(), here.deployment.campaign.timezone).isoformat(),
    )  # fmt: skip
    id_ = await drafts.new(here.database, who, WaveKind.PARTNER, sent.text("title"), composed, who.commune, here.clock())
    return see_other(request, f"/desk/waves/drafts/{id_}")


@needs(Action.WAVE_READ)
async def order(request: web.Request) -> web.StreamResponse:
    """The order as it stands."""
    return await _order(request)


async def _order(request: web.Request, imported: Imported | None = None) -> web.Response:
    here, who = desk(request), actor(request)
    standing = await partner.stands(here.database, who, here.routes, wave_id(request))
    case = await deciding.case_of(here.database, who, here.deployment, here.routes, wave_id(request), here.clock())
    sums = {name: sum(getattr(each, name) for each in standing.counts) for name in ("sent", "delivered", "failed", "charged_segments")}
    return await waves_decide.decision(
        request, case, order=standing.order, counts=standing.counts, sums=sums, imported=imported, may_steer=who.may(Action.WAVE_CONTROL),
        differences=[partner.difference(each) for each in standing.differences], answers=standing.answers,
        area=[here.deployment.communes[code].title if code in here.deployment.communes else code for code in standing.order.placed.area],
    )  # fmt: skip


@needs(Action.WAVE_READ)
async def paper(request: web.Request) -> web.StreamResponse:
    """The order as the partner gets it, or the form for its counts; a draft says so on every page."""
    here, name = desk(request), request.match_info["paper"]
    standing = await partner.stands(here.database, actor(request), here.routes, wave_id(request))
    with spoken():
        values = await order_now(here.database, here.routes, here.deployment, standing.order, here.clock())
    stem = f"{standing.order.wave.name}{'-du-thao' if values.draft else ''}"
    return download(_PAPERS[name](values), f"{stem}-{name}", _MEDIA[name.rpartition(".")[2]])


@needs(Action.WAVE_CONTROL)
async def hand_over(request: web.Request) -> web.StreamResponse:
    """From now on its papers count."""
    here = desk(request)
    await partner.hand_over(here.database, actor(request), here.routes, wave_id(request), here.clock())
    return see_other(request, f"/desk/orders/{wave_id(request)}", say="Đã ghi bàn giao. Tải giấy tờ bên dưới để đưa cho nhà mạng.")


@needs(Action.WAVE_CONTROL)
async def counts(request: web.Request) -> web.StreamResponse:
    """The partner's counts, and at once where they differ from what was ordered."""
    here, who, sent = desk(request), actor(request), await form(request)
    file = sent.file("counts")
    if file is None:
        raise Refusal("Chưa chọn tệp số liệu của nhà mạng (CSV hoặc XLSX).")
    done = await partner.take_counts(here.database, who, here.routes, wave_id(request), file.read(), file.name, here.clock())
    return await _order(request, done)


@needs(Action.WAVE_CONTROL)
async def close(request: web.Request) -> web.StreamResponse:
    """All counts are in."""
    here = desk(request)
    await partner.close(here.database, actor(request), wave_id(request), here.clock())
    return see_other(request, f"/desk/orders/{wave_id(request)}", say="Đã đóng đơn.")
