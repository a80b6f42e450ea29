"""`/desk/cases/evidence`: the register of evidence, a piece and its chain of custody, and the sheet to sign."""

from aiohttp import web

from gateway.domain.permission import Action
from gateway.papers.custody import CustodySheet, CustodyStep, custody_pdf
from gateway.services.casework import evidence
from gateway.services.casework.evidence import EvidenceFile, HandOver, TakenOver
from gateway.storage.evidence import Step
from gateway.web.desk.casework.common import letterhead, moment, saved, today, version_of, whole, zone
from gateway.web.desk.kit import actor, desk, form, needs, page, see_other

_KINDS = {"object": "Hiện vật", "paper": "Giấy tờ", "picture": "Ảnh"}


def add_evidence(app: web.Application) -> None:
    """Put the pages of evidence on `app`."""
    app.router.add_get("/desk/cases/evidence", show_list)
    app.router.add_get("/desk/cases/evidence/new", ask)
    app.router.add_post("/desk/cases/evidence/new", take_over)
    one = r"/desk/cases/evidence/{evidence:\d+}"
    app.router.add_get(one, show)
    app.router.add_get(f"{one}/bien-ban.pdf", sheet)
    app.router.add_post(f"{one}/hand-over", hand_over)
    app.router.add_post(f"{one}/confirm", confirm)
    app.router.add_post(f"{one}/refuse", refuse)


@needs(Action.CASE_READ)
async def show_list(request: web.Request) -> web.StreamResponse:
    """The register."""
    found = await evidence.list_evidence(desk(request).database, actor(request))
    return page(request, "cases/evidence_list", pieces=found)


@needs(Action.EVIDENCE_HANDLE)
async def ask(request: web.Request) -> web.StreamResponse:
    """A form for a piece that somebody brings."""
    case = request.query.get("case", "")
    return page(request, "cases/evidence_new", case=case if case.isdigit() else "", tip=request.query.get("tip", "")[:20])


@needs(Action.EVIDENCE_HANDLE)
async def take_over(request: web.Request) -> web.StreamResponse:
    """Write it into the register."""
    here, filled = desk(request), await form(request)
    new = TakenOver(
        filled.text("kind"), filled.text("title"), filled.text("details"), filled.text("giver"), filled.text("place"),
        filled.text("condition"), filled.text("seal"), filled.number("case"), filled.text("tip"),
    )  # fmt: skip
    made = await evidence.take_over(here.database, actor(request), new, zone(request), here.clock())
    return see_other(request, f"/desk/cases/evidence/{made}", say="Đã vào sổ hiện vật")


@needs(Action.CASE_READ)
async def show(request: web.Request) -> web.StreamResponse:
    """A piece and its chain."""
    found = await evidence.show_evidence(desk(request).database, actor(request), whole(request, "evidence"))
    return page(request, "cases/evidence", file=found, piece=found.piece)


@needs(Action.CASE_READ)
async def hand_over(request: web.Request) -> web.StreamResponse:
    """Its holder gives it on."""
    here, filled = desk(request), await form(request)
    to = HandOver(
        filled.number("receiver_user"), filled.text("receiver"), filled.text("place"), filled.text("condition"), filled.text("seal")
    )
    id_ = whole(request, "evidence")
    await evidence.hand_over(here.database, actor(request), id_, version_of(filled), to, here.clock())
    return see_other(request, f"/desk/cases/evidence/{id_}", say="Đã ghi lần giao; đang chờ người nhận xác nhận")


@needs(Action.CASE_READ)
async def confirm(request: web.Request) -> web.StreamResponse:
    """The receiver has it."""
    here, filled, id_ = desk(request), await form(request), whole(request, "evidence")
    await evidence.confirm(here.database, actor(request), id_, version_of(filled), filled.text("paper"), here.clock())
    return see_other(request, f"/desk/cases/evidence/{id_}", say="Đã xác nhận nhận hiện vật")


@needs(Action.CASE_READ)
async def refuse(request: web.Request) -> web.StreamResponse:
    """The receiver did not take it."""
    here, filled, id_ = desk(request), await form(request), whole(request, "evidence")
    await evidence.refuse(here.database, actor(request), id_, version_of(filled), filled.text("why"), here.clock())
    return see_other(request, f"/desk/cases/evidence/{id_}", say="Đã ghi: không nhận. Hiện vật vẫn ở người giao")


@needs(Action.CASE_READ)
async def sheet(request: web.Request) -> web.StreamResponse:
    """The sheet to print and to sign."""
    here, who = desk(request), actor(request)
    found = await evidence.print_sheet(here.database, who, whole(request, "evidence"), here.clock())
    piece, last = found.piece, found.chain[-1]
    of = (f"hồ sơ {piece.case_number}" if piece.case_number else "", f"tin {piece.tip_code}" if piece.tip_code else "")
    drawn = custody_pdf(
        CustodySheet(
            letterhead(here, piece.commune, today(request)), piece.number, _KINDS[piece.kind], piece.title, piece.details,
            ", ".join(filter(None, of)) or "chưa thuộc hồ sơ nào", _steps(request, found), last.giver, last.receiver,
        )
    )  # fmt: skip
    return saved(drawn, "application/pdf", f"bien-ban-{piece.number}.pdf")


def _steps(request: web.Request, found: EvidenceFile) -> list[CustodyStep]:
    return [
        CustodyStep(
            each.step,
            moment(request, each.given_at),
            each.giver,
            each.receiver,
            each.place,
            each.seal,
            each.condition,
            _word(request, each),
        )
        for each in found.chain
    ]


def _word(request: web.Request, step: Step) -> str:
    if step.confirmed_at is not None:
        return f"Đã nhận {moment(request, step.confirmed_at)}" + (f", biên bản {step.paper}" if step.paper else "")
    return "Không nhận" if step.refused_at is not None else "Chờ người nhận ký"
