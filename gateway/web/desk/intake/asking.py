"""/desk/ask: a question to an informant through the masked number, measured while it is written, taken back within ten seconds."""

from typing import Final

from aiohttp import web

from gateway.domain.code import read_tip_code
from gateway.domain.permission import Action
from gateway.services.asking import ask, measured, withdraw
from gateway.services.replies import Replies, load_replies
from gateway.web.desk.intake.maps import beside_code
from gateway.web.desk.kit import DESK, actor, desk, form, needs, page, see_other

REPLIES: Final = web.AppKey("desk replies", Replies)


def add(app: web.Application) -> None:
    """Put the pages on `app`."""
    app[REPLIES] = load_replies(app[DESK].deployment)
    app.router.add_get("/desk/ask/{code:[0-9A-Za-z]{6}}", show)
    app.router.add_post("/desk/ask/{code:[0-9A-Za-z]{6}}", send)
    app.router.add_post("/desk/ask/measure", measure)
    app.router.add_post("/desk/ask/{question:[0-9]{1,15}}/withdraw", take_back)


@needs(Action.TIP_ASK)
async def show(request: web.Request) -> web.Response:
    """The composer by itself: what the tip's page holds beside its words."""
    return await _composer(request, request.query.get("cau", "")[:40])


async def _composer(request: web.Request, name: str = "", words: str = "", fault: str = "", status: int = 200) -> web.Response:
    found = await beside_code(request, request.match_info["code"])
    words = words or next((each.words for each in found.templates if each.name == name), "")
    shown = measured(request.app[REPLIES], found.code, words)
    return page(request, "intake/ask", status, beside=found, ask_words=words, ask_name=name, ask_shown=shown, fault=fault)


@needs(Action.TIP_ASK)
async def send(request: web.Request) -> web.Response:
    """Into the outbox; with the button that asks for it, only measured."""
    given, here, code = await form(request), desk(request), read_tip_code(request.match_info["code"]) or ""
    name, words = given.text("name"), given.text("words")
    found = measured(request.app[REPLIES], code, words)
    if given.text("look") or found.fault:
        return await _composer(request, name, words, found.fault, 422 if found.fault and not given.text("look") else 200)
    held = await ask(here.database, request.app[REPLIES], here.routes, actor(request), code, name, words, here.clock())
    here.wake()
    undo = f"/desk/ask/{held.id}/withdraw"
    return see_other(request, f"/desk/tips/{held.code}", say=f"Câu hỏi về tin {held.code} đi sau 10 giây.", undo=undo)


@needs(Action.TIP_ASK)
async def measure(request: web.Request) -> web.Response:
    """What a question becomes while it is written."""
    given = await form(request)
    found = measured(request.app[REPLIES], read_tip_code(given.text("code")) or "", given.text("words"))
    return web.json_response({"text": found.text, "characters": found.characters, "segments": found.segments, "fault": found.fault})


@needs(Action.TIP_ASK)
async def take_back(request: web.Request) -> web.Response:
    """Rút lại: it never left."""
    here = desk(request)
    found = await withdraw(here.database, actor(request), int(request.match_info["question"]), here.clock())
    return see_other(request, f"/desk/tips/{found.code}", say=f"Đã rút lại câu hỏi về tin {found.code}. Chưa có gì gửi đi.")
