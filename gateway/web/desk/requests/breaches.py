"""`/desk/requests/breaches`: a breach of personal data, its clock of 72 hours and its notice."""

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from aiohttp import web

from gateway.domain.breach import Data, left_ms
from gateway.domain.permission import Action
from gateway.paper_values import breach_paper
from gateway.papers.document_pdf import document_pdf
from gateway.papers.docx import docx_file
from gateway.papers.person_request import breach_document
from gateway.services.keeping import breaches
from gateway.services.keeping.breaches import NewBreach
from gateway.services.refusal import Refusal
from gateway.web.desk.casework.common import saved, whole, zone
from gateway.web.desk.form import Form
from gateway.web.desk.kit import actor, desk, form, needs, page, see_other
from gateway.web.desk.requests import wording

_ROOT: Final = "/desk/requests/breaches"
_LONGEST: Final = 8_000
_DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def add_breaches(app: web.Application) -> None:
    """Put it on `app`."""
    app.router.add_get(_ROOT, show)
    app.router.add_post(_ROOT, add)
    app.router.add_post(_ROOT + "/{id:[0-9]{1,18}}/told/{who:agency|people}", told)
    app.router.add_get(_ROOT + "/{id:[0-9]{1,18}}/notice.{kind:pdf|docx}", notice)


@needs(Action.REQUEST_WORK)
async def show(request: web.Request) -> web.StreamResponse:
    """What happened, and the form."""
    return await _list(request)


async def _list(request: web.Request, status: int = 200, error: str = "", given: Form | None = None) -> web.Response:
    here, who = desk(request), actor(request)
    found = await breaches.listed(here.database, who)
    hours = {each.id: left_ms(each.found_at, here.clock()) // 3_600_000 for each in found}
    typed = {name: given.text(name) if given else "" for name in ("found", "began", "people", "what", "measures")}
    kinds = given.all("kinds") if given else []
    return page(
        request, "requests/breaches", status, breaches=found, hours=hours, error=error, typed=typed, kinds=kinds, words=wording,
        latest=_local(request, here.clock()),
    )  # fmt: skip


def _local(request: web.Request, at: int) -> str:
    return f"{datetime.fromtimestamp(at / 1000, ZoneInfo(zone(request))):%Y-%m-%dT%H:%M}"


@needs(Action.REQUEST_WORK)
async def add(request: web.Request) -> web.StreamResponse:
    """Write one down."""
    given, here, who = await form(request), desk(request), actor(request)
    try:
        found_at = _moment(request, given.text("found"))
        if found_at is None:
            raise Refusal("Xin ghi ngày giờ phát hiện.")
        new = NewBreach(
            who.commune, found_at, _moment(request, given.text("began")),
            tuple(Data(each) for each in given.all("kinds") if each in list(Data)), given.number("people") or 0,
            given.text("what")[:_LONGEST], given.text("measures")[:_LONGEST],
        )  # fmt: skip
        await breaches.write_down(here.database, who, new, here.clock())
    except Refusal as refusal:
        return await _list(request, 422, str(refusal), given)
    return see_other(request, _ROOT, say="Đã ghi. Xin in thông báo, ký và gửi trước khi hết 72 giờ.")


def _moment(request: web.Request, written: str) -> int | None:
    """What a date and time field of the browser says, local. Raises Refusal."""
    if not written:
        return None
    try:
        return round(datetime.fromisoformat(written).replace(tzinfo=ZoneInfo(zone(request))).timestamp() * 1000)
    except ValueError:
        raise Refusal("Ngày giờ chưa đúng. Xin chọn lại.") from None


@needs(Action.REQUEST_WORK)
async def told(request: web.Request) -> web.StreamResponse:
    """The notice went out."""
    here = desk(request)
    try:
        await breaches.told(here.database, actor(request), whole(request, "id"), request.match_info["who"], here.clock())
    except Refusal as refusal:
        return await _list(request, 409, str(refusal))
    return see_other(request, _ROOT, say="Đã ghi là đã báo.")


@needs(Action.REQUEST_WORK)
async def notice(request: web.Request) -> web.StreamResponse:
    """The notice on paper."""
    here, who = desk(request), actor(request)
    it = await breaches.find(here.database, who, whole(request, "id"))
    paper = breach_paper(it, here.deployment, here.clock())
    document = breach_document(paper)
    if request.match_info["kind"] == "docx":
        return saved(docx_file(document), _DOCX, f"thong-bao-{it.id}.docx")
    return saved(document_pdf(document), "application/pdf", f"thong-bao-{it.id}.pdf")
