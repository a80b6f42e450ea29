"""The composer: words, audience, hours, money of a draft. One form; every button saves first, then does what it says."""

from dataclasses import replace
from typing import Any, Final

from aiohttp import web

from gateway.domain.calendar import presets
from gateway.domain.permission import Action
from gateway.domain.wave import WaveKind
from gateway.domain.window import local_day
from gateway.services.refusal import Refusal
from gateway.services.wave_desk import counting, drafts, listing, partner, plannings, trial
from gateway.services.wave_desk.composition import FIELDS, LANGUAGES, Composition, checks
from gateway.services.wave_desk.counting import Heads
from gateway.services.wave_desk.deciding import outcome
from gateway.services.wave_desk.drafts import Opened
from gateway.services.wave_desk.measuring import Figures, Ground, measure
from gateway.storage import wave_desk as rows
from gateway.web.desk.kit import Form, actor, desk, form, needs, page, see_other
from gateway.web.desk.waves_form import composed_of
from gateway.web.desk.waves_keys import PLANNINGS

PATH: Final = "/desk/waves/drafts"


def add_pages(app: web.Application) -> None:
    """Put the composer on `app`."""
    app.router.add_post("/desk/waves/measure", measured)
    app.router.add_get(PATH + r"/{draft:\d+}", show)
    app.router.add_post(PATH + r"/{draft:\d+}", act)
    app.router.add_get(PATH + r"/{draft:\d+}/progress", progress)
    app.router.add_post(PATH + r"/{draft:\d+}/autosave", autosave)


@needs(Action.WAVE_READ)
async def show(request: web.Request) -> web.StreamResponse:
    """The draft; while it is being planned its progress, afterwards its wave."""
    here = desk(request)
    opened = await drafts.find(here.database, actor(request), _id(request))
    if opened.draft.state == rows.PLANNING:
        return page(request, "waves/planning", draft=opened.draft, done=_progress(request, opened.draft.id))
    if opened.draft.state == rows.ASKED and opened.draft.wave:
        return see_other(request, await _wave_path(request, opened))
    return await _composer(request, opened)


@needs(Action.WAVE_PLAN)
async def act(request: web.Request) -> web.StreamResponse:
    """Save what was typed, then do what the button says."""
    here, who, sent = desk(request), actor(request), await form(request)
    id_, do = _id(request), sent.text("do") or "save"
    opened = await drafts.find(here.database, who, id_)
    if opened.draft.state == rows.PLANNING and do == "ask":
        await request.app[PLANNINGS].ask(who, id_, opened.draft.version)
        return see_other(request, f"{PATH}/{id_}")
    if do == "leave":
        await drafts.leave(here.database, who, id_, here.clock())
        return see_other(request, _list(opened), say=f"Đã bỏ bản nháp “{opened.draft.title}”.")
    typed = replace(opened, composed=composed_of(sent, opened.composed))
    try:
        version = await drafts.save(here.database, who, id_, sent.number("version") or 0, sent.text("title"), typed.composed, here.clock())
    except Refusal as why:  # what was typed stays on the page
        return await _composer(request, typed, str(why), 409)
    try:
        return await _do(request, do, sent, version)
    except Refusal as why:
        saved = await drafts.find(here.database, who, id_)
        return await _composer(request, saved, str(why), 422)


async def _do(request: web.Request, do: str, sent: Form, version: int) -> web.StreamResponse:
    here, who, id_ = desk(request), actor(request), _id(request)
    match do:
        case "ask":
            return await _ask(request, version)
        case "trial":
            chosen = [int(each) for each in sent.all("trial_user") if each.isdigit()]
            done = await trial.send(here.database, who, here.deployment, here.routes, id_, chosen, sent.text("trial_numbers"), here.clock())
            here.wake()
            stopped = f" {done.stopped} số đã từ chối nhận tin nên không gửi." if done.stopped else ""
            return see_other(request, f"{PATH}/{id_}#thu", say=f"Đang gửi thử {done.sent} tin.{stopped}")
        case "list":
            file = sent.file("list")
            if file is None:
                raise Refusal("Chưa chọn tệp danh sách (CSV hoặc XLSX).")
            await drafts.take_list(here.database, who, here.deployment, id_, file.name, file.read(), sent.text("basis"), here.clock())
            return see_other(request, f"{PATH}/{id_}#nguoi", say="Đã đọc danh sách.")
        case "drop_list":
            await drafts.drop_list(here.database, who, id_, here.clock())
            return see_other(request, f"{PATH}/{id_}#nguoi", say="Đã bỏ danh sách, gửi cho người trong sổ.")
        case "count":
            return see_other(request, f"{PATH}/{id_}")
        case _:
            return see_other(request, f"{PATH}/{id_}", say="Đã lưu.")


async def _ask(request: web.Request, version: int) -> web.StreamResponse:
    here, who, id_ = desk(request), actor(request), _id(request)
    opened = await drafts.find(here.database, who, id_)
    if opened.draft.kind == WaveKind.PARTNER:
        wave = await partner.ask(here.database, who, here.deployment, here.routes, id_, version, here.clock())
        return see_other(request, f"/desk/orders/{wave}", say="Đã xin duyệt.")
    await request.app[PLANNINGS].ask(who, id_, version)
    return see_other(request, f"{PATH}/{id_}")


# --- for the page's script ---


@needs(Action.WAVE_PLAN)
async def measured(request: web.Request) -> web.StreamResponse:
    """What the words that were sent come to; nothing is stored. People by language come from the page, which counted them."""
    here, sent = desk(request), await form(request)
    composed = composed_of(sent, Composition())
    people = {language: sent.number(f"people_{language}") or 0 for language in composed.texts}
    opened = await drafts.find(here.database, actor(request), sent.number("draft") or 0)
    figures = measure(composed, _ground(request, opened, people))
    against = drafts.standing_against(replace(opened, composed=composed), here.deployment, here.clock())
    answer = figures.as_json() | {"checks": _checks(composed, request), "against": against}
    return web.json_response(answer)


@needs(Action.WAVE_PLAN)
async def autosave(request: web.Request) -> web.StreamResponse:
    """Save in the writer's pause; the answer holds the version to go on from, or why it can't be saved."""
    here, who, sent = desk(request), actor(request), await form(request)
    opened = await drafts.find(here.database, who, _id(request))
    composed = composed_of(sent, opened.composed)
    try:
        version = await drafts.save(
            here.database, who, opened.draft.id, sent.number("version") or 0, sent.text("title"), composed, here.clock()
        )
    except Refusal as why:
        return web.json_response({"why": str(why)}, status=409)
    return web.json_response({"version": version, "at": here.clock()})


@needs(Action.WAVE_READ)
async def progress(request: web.Request) -> web.StreamResponse:
    """How far planning has come; where to go when it is over."""
    opened = await drafts.find(desk(request).database, actor(request), _id(request))
    done = _progress(request, opened.draft.id)
    return web.json_response({"state": opened.draft.state, "done": done[0] if done else 0, "total": done[1] if done else 0})


# --- the page ---


def _id(request: web.Request) -> int:
    return int(request.match_info["draft"])


def _list(opened: Opened) -> str:
    return "/desk/orders" if opened.draft.kind == WaveKind.PARTNER else "/desk/waves"


def _progress(request: web.Request, id_: int) -> tuple[int, int] | None:
    found: plannings.Plannings = request.app[PLANNINGS]
    return found.progress(id_)


async def _wave_path(request: web.Request, opened: Opened) -> str:
    kind = WaveKind(opened.draft.kind)
    found = await listing.id_of(desk(request).database, actor(request), opened.draft.wave or "")
    return f"{_list(opened)}/{found}" if found else _list(opened) if kind else "/desk/waves"


def _ground(request: web.Request, opened: Opened, people: dict[str, int]) -> Ground:
    here = desk(request)
    villages = {code: each for code, each in here.deployment.villages.items() if each.commune == opened.draft.commune}
    return Ground(here.deployment.campaign, villages, here.routes, people, opened.own, here.clock())


def _checks(composed: Composition, request: web.Request) -> dict[str, list[dict[str, str]]]:
    campaign = desk(request).deployment.campaign
    found = {language: checks(language, text, campaign) for language, text in composed.texts.items() if text.strip()}
    return {language: [{"label": each.label, "blocks": each.blocks} for each in both] for language, both in found.items()}


async def _composer(request: web.Request, opened: Opened, error: str = "", status: int = 200) -> web.Response:
    """The page, with what stands in `opened`."""
    here, who = desk(request), actor(request)
    is_order = opened.draft.kind == WaveKind.PARTNER
    heads = Heads() if is_order else await counting.count(here.database, who, here.deployment, here.routes, opened, here.clock())
    people = dict(heads.languages) if not is_order else {"vi": opened.composed.expected or 0}
    figures = measure(opened.composed, _ground(request, opened, people))
    values = await _choices(request, opened)
    return page(
        request, "waves/compose", status, draft=opened.draft, composed=opened.composed, listed=opened.listed, heads=heads, people=people,
        figures=figures, cards={each.language: each for each in figures.texts}, checks=_checks(opened.composed, request),
        against=drafts.standing_against(opened, here.deployment, here.clock()), error=error, is_order=is_order,
        fields={name: FIELDS.get(name, name) for name in drafts.known_fields(opened)}, languages=LANGUAGES,
        slowest=_slowest(figures, opened.composed.route), ramp_first=_first(opened.composed, heads), **values,
    )  # fmt: skip


def _slowest(figures: Figures, route: str) -> Any:  # Any: what the template shows
    return next((each for each in figures.routes if each.route == route), None)


def _first(composed: Composition, heads: Heads) -> int:
    """How many go before the rest."""
    try:
        ramp = drafts.ramp_of(composed)
    except Refusal:
        return 0
    return ramp.trial(heads.receive or 0) if ramp else 0


async def _choices(request: web.Request, opened: Opened) -> dict[str, Any]:  # Any: what the template shows
    """What may be chosen: villages, tags, languages, phases, waves, routes, peak days, colleagues."""
    here, who = desk(request), actor(request)
    campaign = here.deployment.campaign
    known = await listing.known(here.database, who, opened.draft.commune)
    villages = [each for each in here.deployment.villages.values() if each.commune == opened.draft.commune]
    people = await trial.colleagues(here.database, who, opened.draft.commune) if who.may(Action.WAVE_PLAN) else []
    tried = await trial.tried(here.database, who, opened.draft.commune, drafts.name_of(opened.draft))
    return {
        "villages": [(each, known.villages.get(each.code, 0)) for each in villages],
        "tags": known.tags,
        "known_languages": known.languages,
        "phases": campaign.phases,
        "earlier": known.earlier,
        "routes": here.routes,
        "peaks": presets(campaign, local_day(here.clock(), campaign.timezone)),
        "communes": [each for each in here.deployment.communes.values() if who.sees(each.code)],
        "colleagues": [(each.id, each.name, counting.hidden(each.phone)) for each in people if each.phone],
        "tried": [(at, sum(states.values()), outcome(states)) for at, states in tried[:4]],
        "may_write": who.may(Action.WAVE_PLAN) and opened.draft.is_open,
    }
