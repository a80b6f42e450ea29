"""`/desk/cases`: the list of cases, one case with all that is done to it, and opening one from a tip."""

from typing import Final

from aiohttp import web

from gateway.domain.case_file import CaseState, Outcome, Safety
from gateway.domain.permission import Action
from gateway.services.casework import cases, pictures
from gateway.services.casework.common import a_day, read_spot, spot_of
from gateway.web.desk.casework.common import keep_terms, today, version_of, whole, zone
from gateway.web.desk.casework.evidence import add_evidence
from gateway.web.desk.kit import Desk, actor, desk, form, needs, page, see_other

_OPEN: Final = (CaseState.OPEN, CaseState.FIELD, CaseState.RESULT)
_LISTS: Final = {"open": _OPEN, "field": (CaseState.FIELD,), "result": (CaseState.RESULT,), "closed": (CaseState.CLOSED,)}


def add_cases(app: web.Application) -> None:
    """Put the pages of cases and of their evidence on `app`."""
    keep_terms(app)
    app.router.add_get("/desk/cases", show_list)
    app.router.add_get("/desk/cases/new", ask)
    app.router.add_post("/desk/cases/new", begin)
    add_evidence(app)
    one = r"/desk/cases/{case:\d+}"
    app.router.add_get(one, show)
    steps = (
        ("tips", add_tip), ("tips/out", take_tip_out), ("owner", give), ("note", write_note), ("close", close), ("reopen", reopen),
        ("field-work", plan), (r"field-work/{work:\d+}/report", report), (r"field-work/{work:\d+}/cancel", cancel),
        ("pictures", add_pictures), ("outcomes", add_outcome), (r"outcomes/{outcome:\d+}/withdraw", withdraw),
    )  # fmt: skip
    app.router.add_get(f"{one}/pictures/{{picture:\\d+}}", show_picture)
    for path, handler in steps:
        app.router.add_post(f"{one}/{path}", handler)


# --- lists ---


@needs(Action.CASE_READ)
async def show_list(request: web.Request) -> web.StreamResponse:
    """Cases by where they stand."""
    here, who = desk(request), actor(request)
    chosen = request.query.get("list", "open")
    states = _LISTS.get(chosen, _OPEN)
    before = request.query.get("before", "")
    found = await cases.list_cases(here.database, who, states, int(before) if before.isdigit() and len(before) < 16 else None)
    counts = await cases.count_cases(here.database, who)
    totals = {name: sum(counts[state] for state in each) for name, each in _LISTS.items()}
    return page(
        request, "cases/list", cases=found, chosen=chosen, totals=totals, communes=here.deployment.communes, more=cases.is_full(found)
    )


@needs(Action.CASE_WORK)
async def ask(request: web.Request) -> web.StreamResponse:
    """A form for a new case, with the tip that it is to begin with."""
    here, who = desk(request), actor(request)
    code = request.query.get("tip", "")
    tip, belongs = await cases.case_of_tip(here.database, who, code) if code else (None, None)
    return page(request, "cases/new", tip=tip, belongs=belongs)


@needs(Action.CASE_WORK)
async def begin(request: web.Request) -> web.StreamResponse:
    """Open it."""
    here, filled = desk(request), await form(request)
    codes = filled.text("codes").replace(",", " ").split()
    case = await cases.open_case(here.database, actor(request), codes, filled.text("title"), zone(request), here.clock())
    return see_other(request, f"/desk/cases/{case}", say="Đã mở hồ sơ")


# --- pictures ---


@needs(Action.CASE_WORK)
async def add_pictures(request: web.Request) -> web.StreamResponse:
    """What was seen in the field."""
    (here, case), filled = _asked(request), await form(request)
    contents = [each.read() for each in filled.files("pictures")]
    files, version = here.attachments.files, version_of(filled)
    added = await pictures.add_pictures(here.database, files, actor(request), case, version, contents, here.clock())
    return _back(request, f"Đã thêm {added} ảnh")


@needs(Action.CASE_READ)
async def show_picture(request: web.Request) -> web.StreamResponse:
    """One of them, without metadata."""
    here, case = _asked(request)
    found = await pictures.show_picture(here.database, here.attachments.files, actor(request), case, whole(request, "picture"))
    return web.Response(body=found.body, content_type="image/jpeg", headers={"Cache-Control": "no-store"})


# --- one case ---


@needs(Action.CASE_READ)
async def show(request: web.Request) -> web.StreamResponse:
    """Everything that belongs to a case."""
    here, who = desk(request), actor(request)
    found = await cases.show_case(here.database, who, whole(request, "case"))
    values = {"file": found, "case": found.case, "spot_of": spot_of, "today": today(request), "villages": here.deployment.villages}
    return page(request, "cases/show", **values)


def _back(request: web.Request, say: str) -> web.Response:
    return see_other(request, f"/desk/cases/{whole(request, 'case')}", say=say)


def _asked(request: web.Request) -> tuple[Desk, int]:
    return desk(request), whole(request, "case")


@needs(Action.CASE_WORK)
async def add_tip(request: web.Request) -> web.StreamResponse:
    """One more tip."""
    (here, case), filled = _asked(request), await form(request)
    await cases.add_tip(here.database, actor(request), case, version_of(filled), filled.text("code"), here.clock())
    return _back(request, "Đã thêm tin vào hồ sơ")


@needs(Action.CASE_WORK)
async def take_tip_out(request: web.Request) -> web.StreamResponse:
    """A tip that does not belong here."""
    (here, case), filled = _asked(request), await form(request)
    code, why = filled.text("code"), filled.text("why")
    await cases.take_tip_out(here.database, actor(request), case, version_of(filled), code, why, here.clock())
    return _back(request, "Đã đưa tin ra khỏi hồ sơ")


@needs(Action.CASE_WORK)
async def give(request: web.Request) -> web.StreamResponse:
    """Another person leads it."""
    (here, case), filled = _asked(request), await form(request)
    await cases.give_to(here.database, actor(request), case, version_of(filled), filled.number("owner") or 0, here.clock())
    return _back(request, "Đã giao hồ sơ")


@needs(Action.CASE_WORK)
async def write_note(request: web.Request) -> web.StreamResponse:
    """A free note."""
    (here, case), filled = _asked(request), await form(request)
    await cases.note(here.database, actor(request), case, version_of(filled), filled.text("note"), here.clock())
    return _back(request, "Đã ghi chú")


@needs(Action.CASE_WORK)
async def close(request: web.Request) -> web.StreamResponse:
    """The case is done with."""
    (here, case), filled = _asked(request), await form(request)
    await cases.close(here.database, actor(request), case, version_of(filled), filled.text("why"), here.clock())
    return _back(request, "Đã đóng hồ sơ")


@needs(Action.CASE_WORK)
async def reopen(request: web.Request) -> web.StreamResponse:
    """It goes on."""
    (here, case), filled = _asked(request), await form(request)
    await cases.reopen(here.database, actor(request), case, version_of(filled), filled.text("why"), here.clock())
    return _back(request, "Đã mở lại hồ sơ")


@needs(Action.CASE_WORK)
async def plan(request: web.Request) -> web.StreamResponse:
    """Somebody is to go out."""
    (here, case), filled = _asked(request), await form(request)
    day, people = a_day(filled.text("day"), "ngày đi"), filled.text("people")
    await cases.plan_field_work(here.database, actor(request), case, version_of(filled), day, people, here.clock())
    return _back(request, "Đã hẹn chuyến khảo sát")


@needs(Action.CASE_WORK)
async def report(request: web.Request) -> web.StreamResponse:
    """What was found out there."""
    (here, case), filled = _asked(request), await form(request)
    written = filled.text("spot")
    spot = await read_spot(written, filled.number("accuracy"), here.deployment) if written else None
    safety = Safety(filled.one_of("safety", [each.value for each in Safety]))
    told = cases.Report(safety, filled.text("safety_by"), filled.text("found"), spot)
    work = whole(request, "work")
    await cases.report_field_work(here.database, actor(request), case, version_of(filled), work, told, here.clock())
    return _back(request, "Đã ghi kết quả khảo sát")


@needs(Action.CASE_WORK)
async def cancel(request: web.Request) -> web.StreamResponse:
    """Nobody went."""
    (here, case), filled = _asked(request), await form(request)
    work, why = whole(request, "work"), filled.text("why")
    await cases.cancel_field_work(here.database, actor(request), case, version_of(filled), work, why, here.clock())
    return _back(request, "Đã hủy chuyến khảo sát")


@needs(Action.CASE_WORK)
async def add_outcome(request: web.Request) -> web.StreamResponse:
    """The case came to something."""
    (here, case), filled = _asked(request), await form(request)
    kind = Outcome(filled.one_of("kind", [each.value for each in Outcome]))
    written = filled.text("spot")
    spot = await read_spot(written, filled.number("accuracy"), here.deployment) if written else None
    count = filled.number("count") or 1
    await cases.add_outcome(here.database, actor(request), case, version_of(filled), kind, count, spot, filled.text("note"), here.clock())
    return _back(request, "Đã ghi kết quả hồ sơ")


@needs(Action.CASE_WORK)
async def withdraw(request: web.Request) -> web.StreamResponse:
    """A result that was a mistake."""
    (here, case), filled = _asked(request), await form(request)
    outcome, why = whole(request, "outcome"), filled.text("why")
    await cases.withdraw_outcome(here.database, actor(request), case, version_of(filled), outcome, why, here.clock())
    return _back(request, "Đã rút lại kết quả; dòng cũ vẫn còn để xem")
