"""`/desk/waves`: what the pages of waves share, the list of waves, and the papers of one."""

from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import quote

from aiohttp import web

from gateway.carriers.wire import HttpRequest, HttpResponse, NotSent
from gateway.domain.permission import Action, Actor
from gateway.domain.wave import WaveKind
from gateway.paper_values import sheet_now
from gateway.papers.wave_sheet import sheet_pdf
from gateway.services.ready_texts import ready_texts
from gateway.services.wave_desk import drafts, listing
from gateway.services.wave_desk.composition import Composition
from gateway.services.wave_desk.deciding import wave_named
from gateway.services.wave_desk.plannings import Plannings
from gateway.services.wave_desk.words import STATES, spoken
from gateway.web.desk import waves_compose, waves_decide, waves_live
from gateway.web.desk.kit import DESK, Desk, actor, desk, form, needs, page, see_other
from gateway.web.desk.waves_keys import PLANNINGS, SEND, WATCHES
from gateway.web.desk.waves_watch import Watches

Send = Callable[[HttpRequest], Awaitable[HttpResponse]]
EMPTY: Final = "trong"


def add_waves(app: web.Application) -> None:
    """Put the pages of waves on `app`."""
    here = app[DESK]
    app[PLANNINGS] = Plannings(here.database, here.deployment, here.routes, here.clock)
    app[WATCHES] = Watches(here)
    app.setdefault(SEND, _nobody_to_ask)
    app.on_shutdown.append(_end)
    app.router.add_get("/desk/waves", show)
    app.router.add_post("/desk/waves/new", begin)
    app.router.add_get(r"/desk/waves/{wave:\d+}/phieu.pdf", sheet)
    waves_compose.add_pages(app)
    waves_decide.add_pages(app)
    waves_live.add_pages(app)


async def waiting(here: Desk, who: Actor) -> int:
    """How many waves wait for this person's yes: the number in the head bar."""
    return await listing.waiting(here.database, who)


async def _nobody_to_ask(_request: HttpRequest) -> HttpResponse:
    raise NotSent("this desk has no way to carriers")


async def _end(app: web.Application) -> None:
    await app[WATCHES].close()
    await app[PLANNINGS].close()


# --- the list ---


@needs(Action.WAVE_READ)
async def show(request: web.Request) -> web.StreamResponse:
    """Waves by what they need: a person first, then what goes, then the rest."""
    here = desk(request)
    found = await listing.waves(here.database, actor(request), WaveKind.OWN)
    ready = [(name, texts["vi"].note if "vi" in texts else "") for name, texts in ready_texts(here.deployment).items()]
    return page(request, "waves/list", groups=found.groups, drafts=found.drafts, ready=ready, states=STATES, what="waves")


@needs(Action.WAVE_PLAN)
async def begin(request: web.Request) -> web.StreamResponse:
    """A new draft, empty or from a ready text."""
    here, who, sent = desk(request), actor(request), await form(request)
    ready = ready_texts(here.deployment)
    chosen = sent.one_of("ready", (*ready, EMPTY), EMPTY)
    texts = {language: each.template for language, each in ready.get(chosen, {}).items() if not each.note}
    first = Composition(
        texts=texts, route=here.routes[0].name if here.routes else "", window=_window(here), languages=(), ramp=(1.0, 10.0, 10.0)
    )
    id_ = await drafts.new(here.database, who, WaveKind.OWN, sent.text("title"), first, who.commune, here.clock())
    return see_other(request, f"/desk/waves/drafts/{id_}")


def _window(here: Desk) -> tuple[str, str]:
    first, last = here.deployment.campaign.window
    return f"{first:%H:%M}", f"{last:%H:%M}"


# --- its paper ---


@needs(Action.WAVE_READ)
async def sheet(request: web.Request) -> web.StreamResponse:
    """The paper for signature, as a download."""
    here = desk(request)
    name = await wave_named(here.database, actor(request), int(request.match_info["wave"]))
    with spoken():
        paper = await sheet_now(here.database, here.routes, here.deployment, name, here.clock())
    return download(sheet_pdf(paper), f"{name}.pdf", "application/pdf")


def download(data: bytes, name: str, media: str) -> web.Response:
    """A file to keep. Its name may hold any letters (RFC 6266)."""
    safe = "".join(each if each.isalnum() or each in "-_. " else "-" for each in name)
    return web.Response(body=data, content_type=media, headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(safe)}"})
