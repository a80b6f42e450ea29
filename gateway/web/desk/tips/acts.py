"""What is done to one tip. Each form brings the version that it was written over; a later one is shown beside it and nothing is lost."""

from dataclasses import dataclass
from typing import Final

from aiohttp import web

from gateway.domain.masked import masked
from gateway.domain.permission import Action
from gateway.domain.tip_work import Done, Flag, Result, Sort, State
from gateway.services.desk_tips import edits, numbers
from gateway.services.desk_tips.detail import said_of
from gateway.services.desk_tips.edits import Conflict, Saved
from gateway.services.desk_tips.numbers import WhyAsked
from gateway.services.desk_tips.words import LABELS, VILLAGE
from gateway.web.desk.kit import Form, actor, desk, form, needs, page, see_other
from gateway.web.desk.tips.detail import CODE, found_in, tip_page


def add_acts(app: web.Application) -> None:
    """Put it on `app`."""
    for name, handler in (
        ("sort", sort), ("correct", correct), ("assign", assign), ("note", note), ("move", move), ("verify", verify), ("number", number),
    ):  # fmt: skip
        app.router.add_post(f"{CODE}/{name}", handler)
    app.router.add_get(f"{CODE}/number", ask_number)


@dataclass(frozen=True, slots=True)
class Said:
    """What a form says in words, for the page that shows both versions: (label, value) each, and what is said when it is done."""

    done: str
    lines: tuple[tuple[str, str], ...]


async def _after(request: web.Request, result: Saved | Conflict, sent: Form, said: Said) -> web.StreamResponse:
    """Back to the tip with a way to undo; or, where somebody was quicker, both versions side by side."""
    code = request.match_info["code"]
    if isinstance(result, Saved):
        return see_other(request, f"/desk/tips/{code}", say=said.done, undo=f"/desk/tips/undo/{result.batch}")
    workflow = desk(request).deployment.workflow
    theirs = [(change.name, change.at, said_of(change, workflow, {})) for change in result.theirs]
    again = [(name, value) for name, values in sent.words.items() if name not in ("csrf", "version") for value in values]
    tip = await found_in(request)
    return await tip_page(
        request, "tips/conflict", tip, 409, theirs=theirs, mine=said.lines, again=again, action=request.path, version=result.now.version
    )


def _seen(sent: Form) -> int:
    return sent.number("version") or 0


@needs(Action.TIP_SORT)
async def sort(request: web.Request) -> web.StreamResponse:
    """One of the eight kinds, and the flags."""
    here, sent = desk(request), await form(request)
    kind = Sort(sent.one_of("kind", list(Sort)))
    flags = [Flag(each) for each in sent.all("flag") if each in list(Flag)]
    workflow, code = here.deployment.workflow, request.match_info["code"]
    result = await edits.classify(here.database, actor(request), code, _seen(sent), kind, flags, here.clock())
    lines = (("Loại", workflow.sorts[kind]), ("Cần biết trước", ", ".join(workflow.flags[each] for each in flags) or "không"))
    return await _after(request, result, sent, Said(f"Đã phân loại {code}: {workflow.sorts[kind].lower()}", lines))


@needs(Action.TIP_SORT)
async def correct(request: web.Request) -> web.StreamResponse:
    """A field as staff read it."""
    here, sent, code = desk(request), await form(request), request.match_info["code"]
    name, value = sent.text("name"), sent.text("value")
    result = await edits.correct(here.database, here.deployment, actor(request), code, _seen(sent), name, value, here.clock())
    label = "Thôn" if name == VILLAGE else LABELS.get(name, name)
    return await _after(request, result, sent, Said(f"Đã sửa {label.lower()} của tin {code}", ((label, masked(value) or "không có"),)))


@needs(Action.TIP_SORT)
async def assign(request: web.Request) -> web.StreamResponse:
    """Who works on it."""
    here, sent, code = desk(request), await form(request), request.match_info["code"]
    name = actor(request).name if sent.text("me") else sent.text("assignee")
    result = await edits.assign(here.database, actor(request), code, _seen(sent), name, here.clock())
    return await _after(request, result, sent, Said(f"Đã giao tin {code}", (("Người làm", name or "chưa có"),)))


@needs(Action.TIP_SORT)
async def note(request: web.Request) -> web.StreamResponse:
    """A note."""
    here, sent, code = desk(request), await form(request), request.match_info["code"]
    await edits.note(here.database, actor(request), code, sent.text("note"), here.clock())
    return see_other(request, f"/desk/tips/{code}#history", say="Đã ghi chú. Ghi chú không xóa được, chỉ viết thêm.")


@needs(Action.TIP_SORT)
async def move(request: web.Request) -> web.StreamResponse:
    """To another state."""
    here, sent, code = desk(request), await form(request), request.match_info["code"]
    state = State(sent.one_of("state", list(State)))
    result = await edits.move(here.database, actor(request), code, _seen(sent), state, here.clock())
    name = here.deployment.workflow.states[state]
    return await _after(request, result, sent, Said(f"Đã chuyển tin {code}: {name.lower()}", (("Bước", name),)))


@needs(Action.TIP_VERIFY)
async def verify(request: web.Request) -> web.StreamResponse:
    """What the verification found."""
    here, sent, code = desk(request), await form(request), request.match_info["code"]
    found = Result(sent.one_of("result", list(Result)))
    done = [Done(each) for each in sent.all("done") if each in list(Done)]
    words = sent.text("note")
    result = await edits.verify(here.database, actor(request), code, _seen(sent), found, done, words, here.clock())
    workflow = here.deployment.workflow
    lines = (
        ("Kết luận", workflow.results[found]),
        ("Đã làm gì", ", ".join(workflow.done[each] for each in done) or "chưa ghi"),
        ("Ghi chú", words or "không"),
    )
    return await _after(request, result, sent, Said(f"Đã ghi kết luận {code}: {workflow.results[found].lower()}", lines))


# --- numbers ---

_NUMBER_PAGE: Final = "tips/number"


@needs(Action.NUMBER_REVEAL)
async def ask_number(request: web.Request) -> web.StreamResponse:
    """The button that shows a number stands on a page of its own where there is no JavaScript."""
    which = request.query.get("which", numbers.SENDER)
    return page(request, _NUMBER_PAGE, code=request.match_info["code"], which=which, number="", ask=True, seconds=numbers.SHOWN_S)


@needs(Action.NUMBER_REVEAL)
async def number(request: web.Request) -> web.StreamResponse:
    """A number in full for 30 s: as JSON to the page that asked, else as a page that goes away by itself."""
    here, sent, code = desk(request), await form(request), request.match_info["code"]
    which = sent.one_of("which", numbers.WHICH)
    zone = here.deployment.campaign.timezone
    found = await numbers.reveal(here.database, actor(request), code, which, sent.text("reason"), zone, here.clock())
    shown = "" if isinstance(found, WhyAsked) else found.number
    if request.headers.get("Accept", "").startswith("application/json"):
        return web.json_response({"number": shown, "seconds": numbers.SHOWN_S})
    return page(request, _NUMBER_PAGE, code=code, which=which, number=shown, ask=not shown, seconds=numbers.SHOWN_S)
