"""A wave as it goes: a page, a stream of its numbers, and the buttons that steer it."""

import asyncio
import json
from contextlib import suppress
from typing import Final

from aiohttp import web

from gateway.domain.permission import Action
from gateway.domain.wave import WaveKind, WaveState
from gateway.services.refusal import Refusal
from gateway.services.resolve import Carriers, Word
from gateway.services.wave_desk import control, deciding, live
from gateway.services.wave_desk.deciding import Case, wave_named
from gateway.services.wave_desk.live import Glance
from gateway.services.wave_desk.words import STATES
from gateway.web.desk.kit import actor, desk, form, needs, page, see_other
from gateway.web.desk.waves_decide import decision, spelt, wave_id
from gateway.web.desk.waves_keys import SEND, WATCHES

STREAM_S: Final = 300.0  # then the browser comes again by itself, and is asked anew who it is
RETRY_MS: Final = 2_000


def add_pages(app: web.Application) -> None:
    """Put them on `app`."""
    base = r"/desk/waves/{wave:\d+}"
    app.router.add_get(base, show)
    app.router.add_get(base + "/events", events)
    for name, handler in (("start", start), ("pause", pause), ("resume", resume), ("go-on", go_on), ("settle", settle)):
        app.router.add_post(f"{base}/{name}", handler)
    app.router.add_get(base + "/cancel", ask_cancel)
    app.router.add_post(base + "/cancel", cancel)


# --- the stream ---


@needs(Action.WAVE_READ)
async def events(request: web.Request) -> web.StreamResponse:
    """The stream (Server-sent events). A viewer that comes again with the number of the last event gets only what came after it."""
    here = desk(request)
    name = await wave_named(here.database, actor(request), wave_id(request))
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"})
    await response.prepare(request)
    last = request.headers.get("Last-Event-ID", "")
    await response.write(f"retry: {RETRY_MS}\n\n".encode())

    async def tell(number: int, glance: Glance | None, paces: list[float]) -> None:
        if glance is None:
            await response.write(b": still here\n\n")
            return
        mark = _mark(glance)
        if mark == last and number <= 1 and not glance.over:  # it knows this one already
            return
        data = json.dumps(glance.as_json() | {"paces": paces, "state_words": STATES[glance.state]}, ensure_ascii=False)
        await response.write(f"id: {mark}\nevent: {'over' if glance.over else 'glance'}\ndata: {data}\n\n".encode())

    with suppress(ConnectionError, TimeoutError, Refusal):
        async with asyncio.timeout(STREAM_S):
            await request.app[WATCHES].follow(wave_id(request), name, tell)
    return response


def _mark(glance: Glance) -> str:
    """Number of an event: what a viewer has seen, the same in every process and after a restart."""
    return f"{glance.state}-{'-'.join(str(share.count) for share in glance.shares)}"


# --- the page ---


@needs(Action.WAVE_READ)
async def show(request: web.Request) -> web.StreamResponse:
    """The wave: to be decided on, or as it goes."""
    here = desk(request)
    case = await deciding.case_of(here.database, actor(request), here.deployment, here.routes, wave_id(request), here.clock())
    if case.wave.kind is WaveKind.PARTNER:
        return see_other(request, f"/desk/orders/{case.wave.id}")
    if case.wave.state in (WaveState.PLANNED, WaveState.APPROVED, WaveState.PLANNING):
        return await decision(request, case)
    return await monitor(request, case)


async def monitor(request: web.Request, case: Case, error: str = "", status: int = 200) -> web.Response:
    """The wave as it stands at this moment."""
    here, who = desk(request), actor(request)
    glance = await live.glance(here.database, who, here.routes, case.wave.id, here.clock(), here.deployment.campaign.timezone)
    return page(
        request, "waves/live", status, case=case, wave=case.wave, glance=glance, state=STATES[glance.state], error=error,
        events=spelt(case), may_steer=who.may(Action.WAVE_CONTROL), words=Word, base=f"/desk/waves/{case.wave.id}",
    )  # fmt: skip


# --- steering ---


@needs(Action.WAVE_CONTROL)
async def start(request: web.Request) -> web.StreamResponse:
    """Let it go."""
    here = desk(request)
    wave = await control.start(here.database, actor(request), here.routes, wave_id(request), here.clock())
    here.wake()
    later = wave.starts_at > here.clock()
    return _back(request, "Đã hẹn giờ gửi." if later else "Đã bắt đầu gửi.")


@needs(Action.WAVE_CONTROL)
async def pause(request: web.Request) -> web.StreamResponse:
    """Stop it; it can go on."""
    here, sent = desk(request), await form(request)
    await control.pause(here.database, actor(request), wave_id(request), sent.text("why"), here.clock())
    return _back(request, "Đã tạm dừng. Tin đã đi không lấy lại được.")


@needs(Action.WAVE_CONTROL)
async def resume(request: web.Request) -> web.StreamResponse:
    """Let it go on."""
    here = desk(request)
    await control.resume(here.database, actor(request), here.routes, wave_id(request), here.clock())
    here.wake()
    return _back(request, "Đã cho gửi tiếp.")


@needs(Action.WAVE_CONTROL)
async def go_on(request: web.Request) -> web.StreamResponse:
    """The word after the first part."""
    here = desk(request)
    await control.go_on(here.database, actor(request), here.routes, wave_id(request), here.clock())
    here.wake()
    return _back(request, "Đã cho gửi phần còn lại.")


@needs(Action.WAVE_CONTROL)
async def ask_cancel(request: web.Request) -> web.StreamResponse:
    """What cancelling can't take back, before it is done."""
    here = desk(request)
    glance = await live.glance(
        here.database, actor(request), here.routes, wave_id(request), here.clock(), here.deployment.campaign.timezone
    )
    name = await wave_named(here.database, actor(request), wave_id(request))
    counts = {share.key: share.count for share in glance.shares}
    return page(request, "waves/cancel", glance=glance, name=name, counts=counts, base=f"/desk/waves/{glance.id}")


@needs(Action.WAVE_CONTROL)
async def cancel(request: web.Request) -> web.StreamResponse:
    """End it for good."""
    here, sent = desk(request), await form(request)
    if sent.text("sure") != "yes":
        raise Refusal("Chưa đánh dấu ô “Tôi hiểu là không lấy lại được”. Chưa hủy gì.")
    done = await control.cancel(here.database, actor(request), wave_id(request), sent.text("why"), here.clock())
    held = f" {done.held} tin đang trên đường đi, không lấy lại được." if done.held else ""
    return _back(request, f"Đã hủy: {done.cancelled} tin sẽ không gửi.{held}")


@needs(Action.WAVE_CONTROL)
async def settle(request: web.Request) -> web.StreamResponse:
    """What became of uncertain messages: ask, or say."""
    here, sent = desk(request), await form(request)
    chosen = sent.one_of("word", ("", *Word), "")
    if chosen == Word.AGAIN and sent.text("sure") != "yes":
        raise Refusal("Gửi lại thì người đã nhận sẽ nhận hai lần. Đánh dấu ô “Tôi hiểu” rồi bấm lại nếu đúng là muốn vậy.")
    carriers = Carriers(tuple(here.routes), request.app[SEND], here.deployment.campaign.timezone)
    word = Word(chosen) if chosen else None
    done = await control.settle(here.database, actor(request), carriers, wave_id(request), here.clock(), word)
    here.wake()
    left = sum(done.after.values())
    silent = f" Tuyến {', '.join(done.silent)} chưa trả lời." if done.silent else ""
    known = done.by_report + done.by_carrier + done.by_word
    return _back(request, f"Đã rõ {known} tin, còn {left} tin chưa rõ.{silent}")


def _back(request: web.Request, say: str) -> web.Response:
    return see_other(request, f"/desk/waves/{wave_id(request)}", say=say)
