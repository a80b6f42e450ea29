"""`/desk/requests`: what persons ask of their data, with both clocks, and what is done of it."""

import secrets
from datetime import date
from typing import Final

from aiohttp import web

from gateway.domain.permission import Action
from gateway.domain.person_request import Channel, Identity, Kind, days_of
from gateway.papers.document_pdf import document_pdf
from gateway.papers.docx import docx_file
from gateway.papers.person_request import AnswerPaper, HeldPaper, answer_document, held_document
from gateway.papers.sealed_pdf import sealed_pdf
from gateway.services.keeping import person_requests
from gateway.services.keeping.person_requests import Clock, NewRequest
from gateway.services.refusal import Refusal
from gateway.storage.held import Held
from gateway.storage.person_requests import PersonRequest
from gateway.web.desk.casework.common import TERMS, letterhead, moment, saved, today, whole, zone
from gateway.web.desk.form import Form
from gateway.web.desk.kit import actor, desk, form, needs, page, see_other
from gateway.web.desk.requests import wording

_ROOT: Final = "/desk/requests"
_LONGEST: Final = 4_000  # characters of words


def add_persons(app: web.Application) -> None:
    """Put it on `app`."""
    one = _ROOT + "/{id:[0-9]{1,18}}"
    app.router.add_get(_ROOT, show)
    app.router.add_post(_ROOT, add)
    app.router.add_get(one, open_one)
    app.router.add_post(one + "/{step:identify|answer|extend|done|refused}", step)
    app.router.add_post(one + "/erase", erase)
    app.router.add_post(one + "/export", export)
    app.router.add_get(one + "/letter.{kind:pdf|docx}", letter)


@needs(Action.REQUEST_WORK)
async def show(request: web.Request) -> web.StreamResponse:
    """What waits, what is done, and the form for one more."""
    return await _list(request)


async def _list(request: web.Request, status: int = 200, error: str = "", given: Form | None = None) -> web.Response:
    here, who = desk(request), actor(request)
    waiting = await person_requests.listed(here.database, who, is_open=True)
    closed = await person_requests.listed(here.database, who, is_open=False)
    names = ("kind", "channel", "name", "number", "words", "received")
    typed = {name: given.text(name) if given else "" for name in names}
    typed["received"] = typed["received"] or today(request).isoformat()
    terms = {kind: days_of(kind) for kind in Kind}
    return page(
        request, "requests/list", status, waiting=waiting, closed=closed, error=error, typed=typed, words=wording, terms=terms,
        latest=today(request).isoformat(),
    )  # fmt: skip


def _clock(request: web.Request) -> Clock:
    return Clock(desk(request).clock(), zone(request), request.app[TERMS])


@needs(Action.REQUEST_WORK)
async def add(request: web.Request) -> web.StreamResponse:
    """One more."""
    given, here, who = await form(request), desk(request), actor(request)
    try:
        new = NewRequest(
            Kind(given.one_of("kind", list(Kind))),
            Channel(given.one_of("channel", list(Channel))),
            given.text("number")[:40],
            given.text("name")[:100],
            given.text("words")[:_LONGEST],
            _day(given.text("received")),
            who.commune,
        )
        id_ = await person_requests.register(here.database, who, new, _clock(request))
    except Refusal as refusal:
        return await _list(request, 422, str(refusal), given)
    stopped = " Xã không nhắn tin tới số này nữa, kể từ lúc này." if new.kind in (Kind.WITHDRAW, Kind.OBJECT) and new.number else ""
    return see_other(request, f"{_ROOT}/{id_}", say=f"Đã ghi yêu cầu số {id_}.{stopped}")


def _day(written: str) -> date:
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise Refusal("Ngày nhận chưa đúng. Xin chọn lại.") from None


@needs(Action.REQUEST_WORK)
async def open_one(request: web.Request) -> web.StreamResponse:
    """One request."""
    return await _one(request)


async def _one(request: web.Request, status: int = 200, error: str = "") -> web.Response:
    here = desk(request)
    opened = await person_requests.open_one(here.database, actor(request), whole(request, "id"))
    word = person_requests.export_word(here.database, opened.request) if _may_export(opened.request) else ""
    return page(
        request, "requests/one", status, it=opened.request, steps=opened.steps, would=opened.would, word=word, error=error, words=wording,
        number=_masked(opened.request.msisdn),
    )  # fmt: skip


def _may_export(it: PersonRequest) -> bool:
    return it.kind == Kind.ACCESS and it.identity is not None and it.bidx is not None


def _masked(e164: str | None) -> str:
    """ "0300·····23"; a foreign number keeps its country."""
    if not e164:
        return ""
    return f"0{e164[3:6]}·····{e164[-2:]}" if e164.startswith("+84") else f"{e164[:5]}·····{e164[-2:]}"


@needs(Action.REQUEST_WORK)
async def step(request: web.Request) -> web.StreamResponse:
    """Identity, first answer, more time, the end."""
    here, who, id_, given = desk(request), actor(request), whole(request, "id"), await form(request)
    name, note = request.match_info["step"], given.text("note")[:_LONGEST]
    try:
        if name == "identify":
            identity = Identity(given.one_of("identity", list(Identity)))
            await person_requests.identify(here.database, who, id_, identity, here.clock())
        elif name == "answer":
            await person_requests.answer_first(here.database, who, id_, note, here.clock())
        elif name == "extend":
            await person_requests.extend(here.database, who, id_, note, _clock(request))
        else:
            await person_requests.close(here.database, who, id_, note, here.clock(), refused=name == "refused")
    except Refusal as refusal:
        return await _one(request, 422, str(refusal))
    return see_other(request, f"{_ROOT}/{id_}", say="Đã ghi.")


@needs(Action.REQUEST_WORK, confirmed=True)
async def erase(request: web.Request) -> web.StreamResponse:
    """Take the person out: can't be undone, so the passphrase is asked for."""
    here, id_ = desk(request), whole(request, "id")
    try:
        done = await person_requests.carry_out(
            here.database, here.attachments.folder, actor(request), id_, here.clock(), secrets.token_bytes
        )
    except Refusal as refusal:
        return await _one(request, 422, str(refusal))
    kept = f" {done.case_tips} tin thuộc hồ sơ giữ phần nội dung, không còn số." if done.case_tips else ""
    return see_other(request, f"{_ROOT}/{id_}", say=f"Đã xóa.{kept} Bản sao lưu: khóa cũ sẽ bị hủy ở lần dọn tới.")


@needs(Action.REQUEST_WORK)
async def export(request: web.Request) -> web.StreamResponse:
    """All that is held of the number, as a PDF that a word of its own opens."""
    here, who, id_ = desk(request), actor(request), whole(request, "id")
    try:
        it, found = await person_requests.held_of(here.database, who, id_, here.clock())
    except Refusal as refusal:
        return await _one(request, 422, str(refusal))
    paper = HeldPaper(
        letterhead(here, it.commune, today(request)),
        it.name or _masked(it.msisdn),
        moment(request, here.clock()),
        _facts(request, it, found),
        [(moment(request, each.at), wording.HELD[each.kind], each.words) for each in found.items],
    )
    body = sealed_pdf(document_pdf(held_document(paper)), person_requests.export_word(here.database, it).replace(" ", ""))
    response = saved(body, "application/pdf", f"du-lieu-{id_}.pdf")
    response.headers["Content-Disposition"] = f'attachment; filename="du-lieu-{id_}.pdf"'
    return response


def _facts(request: web.Request, it: PersonRequest, found: Held) -> list[tuple[str, str]]:
    village = desk(request).deployment.villages.get(found.village or "")
    return [
        ("Số điện thoại", it.msisdn or "không ghi"),
        ("Thôn", village.title if village else "không ghi"),
        ("Căn cứ nhắn tin", found.consent or "không có"),
        ("Ngừng nhắn tin từ", moment(request, found.opted_out_at) if found.opted_out_at else "chưa ngừng"),
        ("Ảnh, ghi âm, video kèm tin báo", str(found.pictures)),
    ]


@needs(Action.REQUEST_WORK)
async def letter(request: web.Request) -> web.StreamResponse:
    """The answer on paper."""
    here, who = desk(request), actor(request)
    it = (await person_requests.open_one(here.database, who, whole(request, "id"))).request
    if it.answer is None:
        raise Refusal("Chưa có nội dung trả lời. Xin kết thúc yêu cầu trước rồi in.")
    paper = AnswerPaper(
        letterhead(here, it.commune, today(request)), it.id, it.name or "ông/bà có số điện thoại đã nêu trong yêu cầu",
        wording.KINDS[it.kind], moment(request, it.received_at).partition(" ")[2], wording.IDENTITIES.get(it.identity or "", "không ghi"),
        it.answer, it.state == "refused",
    )  # fmt: skip
    document = answer_document(paper)
    if request.match_info["kind"] == "docx":
        return saved(docx_file(document), _DOCX, f"tra-loi-{it.id}.docx")
    return saved(document_pdf(document), "application/pdf", f"tra-loi-{it.id}.pdf")


_DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
