"""A planned wave before its second person: what they see, their yes, their no."""

from typing import Any, Final

from aiohttp import web

from gateway.domain.permission import Action
from gateway.domain.wave import WaveState
from gateway.services.refusal import Refusal
from gateway.services.wave_desk import deciding, trial
from gateway.services.wave_desk.deciding import SENTENCES, Case, Yes, outcome
from gateway.services.wave_desk.words import STATES
from gateway.web.desk.kit import actor, desk, form, needs, page, see_other

EVENTS: Final = {
    "draft": "lập bản nháp",
    "trial": "gửi thử",
    "ask": "xin duyệt",
    "approve": "duyệt",
    "back": "trả lại",
    "leave": "bỏ bản nháp",
    "start": "bấm bắt đầu gửi",
    "pause": "tạm dừng",
    "resume": "cho gửi tiếp",
    "go_on": "cho gửi phần còn lại",
    "cancel": "hủy phần còn lại",
    "settle": "hỏi nhà mạng về tin không rõ",
    "settle_sent": "coi tin không rõ là đã gửi",
    "settle_failed": "coi tin không rõ là không tới",
    "settle_again": "gửi lại tin không rõ",
    "hand_over": "bàn giao đơn cho nhà mạng",
    "counts": "nhập số liệu của nhà mạng",
    "close": "đóng đơn",
}


def add_pages(app: web.Application) -> None:
    """Put them on `app`."""
    app.router.add_post(r"/desk/waves/{wave:\d+}/approve", approve)
    app.router.add_post(r"/desk/waves/{wave:\d+}/back", back)


@needs(Action.WAVE_APPROVE)
async def approve(request: web.Request) -> web.StreamResponse:
    """The second person's yes."""
    here, who, sent = desk(request), actor(request), await form(request)
    said = Yes(sent.text("seen"), sent.number("count"), len(set(sent.all("sentence"))), sent.text("passphrase"))
    try:
        await deciding.approve(here.database, who, here.routes, wave_id(request), said, here.clock())
    except Refusal as why:
        case = await deciding.case_of(here.database, who, here.deployment, here.routes, wave_id(request), here.clock())
        if case.wave.state is not WaveState.PLANNED:
            raise
        return await decision(request, case, str(why))
    return see_other(request, _path(request), say="Đã duyệt. Đợt chưa gửi: bấm “Bắt đầu gửi” khi sẵn sàng.")


@needs(Action.WAVE_APPROVE, Action.WAVE_PLAN)
async def back(request: web.Request) -> web.StreamResponse:
    """The second person's no, or the planner's second thought."""
    here, who, sent = desk(request), actor(request), await form(request)
    draft = await deciding.send_back(here.database, who, wave_id(request), sent.text("why"), here.clock())
    place = f"/desk/waves/drafts/{draft}" if draft and who.may(Action.WAVE_PLAN) else _list(request)
    return see_other(request, place, say="Đã trả lại người soạn, kèm lý do.")


# --- the page ---


def wave_id(request: web.Request) -> int:
    """The wave of the address."""
    return int(request.match_info["wave"])


def _path(request: web.Request) -> str:
    return f"{_list(request)}/{wave_id(request)}"


def _list(request: web.Request) -> str:
    return "/desk/orders" if request.path.startswith("/desk/orders") else "/desk/waves"


async def decision(request: web.Request, case: Case, error: str = "", **more: Any) -> web.Response:  # Any: what the template shows
    """What there is to decide on, and, for who may, the form of the decision."""
    here, who = desk(request), actor(request)
    wave = case.wave
    tried = await trial.tried(here.database, who, wave.commune, wave.name)
    may_decide = who.may(Action.WAVE_APPROVE) and wave.planner != who.user and wave.state is WaveState.PLANNED
    return page(
        request, "waves/decide", 422 if error else 200, case=case, wave=wave, state=STATES[wave.state.value], error=error,
        sentences=SENTENCES, may_decide=may_decide, is_planner=wave.planner == who.user, events=spelt(case),
        tried=[(at, sum(states.values()), outcome(states)) for at, states in tried[:3]], base=_path(request), **more,
    )  # fmt: skip


def spelt(case: Case) -> list[tuple[int, str, str, str]]:
    """(when, who, what, why), the newest first."""
    return [(each.at, each.user, EVENTS.get(each.what, each.what), each.words or "") for each in case.events]
