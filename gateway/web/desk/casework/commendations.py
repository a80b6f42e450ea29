"""`/desk/commendations`: proposals to commend, for who proposes and for who signs in the other office; the paper as DOCX or PDF."""

from datetime import date

from aiohttp import web

from gateway.domain.case_file import Outcome
from gateway.domain.permission import Action
from gateway.papers.commendation import ProposalPaper, proposal_document
from gateway.papers.document import Document
from gateway.papers.document_pdf import document_pdf
from gateway.papers.docx import docx_file
from gateway.services.casework import cases, commendations
from gateway.services.casework.commendations import MAY_PUBLISH, SIGNED, CommendationFile, Proposal
from gateway.services.casework.common import local_day
from gateway.web.desk.casework.common import letterhead, moment, saved, version_of, whole, zone
from gateway.web.desk.kit import actor, desk, form, needs, page, see_other

_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_CHANNELS = {
    "sms": "tin nhắn", "ussd": "USSD", "zalo": "Zalo", "web": "trang mã QR", "phone": "điện thoại", "paper": "giấy", "walk_in": "đến gặp"
}  # fmt: skip
_RESULTS = {
    Outcome.COORDINATE: "tọa độ được xác minh", Outcome.RECOVERED: "hài cốt liệt sĩ được quy tập",
    Outcome.IDENTIFIED: "liệt sĩ được xác định danh tính",
}  # fmt: skip


def add_commendations(app: web.Application) -> None:
    """Put the pages of commendations on `app`."""
    app.router.add_get("/desk/commendations", show_list)
    app.router.add_get(r"/desk/cases/{case:\d+}/commend", ask)
    app.router.add_post(r"/desk/cases/{case:\d+}/commend", propose)
    one = r"/desk/commendations/{commendation:\d+}"
    app.router.add_get(one, show)
    app.router.add_get(f"{one}/to-trinh.{{kind:docx|pdf}}", paper)
    app.router.add_post(f"{one}/sign", sign)
    app.router.add_post(f"{one}/refuse", turn_down)


@needs(Action.COMMEND_SIGN, Action.COMMEND_PROPOSE)
async def show_list(request: web.Request) -> web.StreamResponse:
    """All proposals."""
    found = await commendations.list_commendations(desk(request).database, actor(request))
    return page(request, "cases/commendations", proposals=found)


@needs(Action.COMMEND_PROPOSE)
async def ask(request: web.Request) -> web.StreamResponse:
    """A form for a proposal."""
    found = await cases.show_case(desk(request).database, actor(request), whole(request, "case"))
    return page(request, "cases/commend", file=found, case=found.case)


@needs(Action.COMMEND_PROPOSE)
async def propose(request: web.Request) -> web.StreamResponse:
    """Propose it."""
    here, filled = desk(request), await form(request)
    new = Proposal(filled.text("code"), filled.text("person"), filled.text("merit"), filled.text("consent"), filled.text("consent_note"))
    made = await commendations.propose(here.database, actor(request), whole(request, "case"), new, zone(request), here.clock())
    return see_other(request, f"/desk/commendations/{made}", say="Đã lập đề nghị; chờ cơ quan kia ký")


@needs(Action.COMMEND_SIGN, Action.COMMEND_PROPOSE)
async def show(request: web.Request) -> web.StreamResponse:
    """One proposal."""
    found = await commendations.show_commendation(desk(request).database, actor(request), whole(request, "commendation"))
    return page(request, "cases/commendation", file=found, proposal=found.proposal)


@needs(Action.COMMEND_SIGN)
async def sign(request: web.Request) -> web.StreamResponse:
    """The other office agrees."""
    here, filled, id_ = desk(request), await form(request), whole(request, "commendation")
    await commendations.sign(here.database, actor(request), id_, version_of(filled), here.clock())
    return see_other(request, f"/desk/commendations/{id_}", say="Đã ký đề nghị")


@needs(Action.COMMEND_SIGN)
async def turn_down(request: web.Request) -> web.StreamResponse:
    """The other office does not agree."""
    here, filled, id_ = desk(request), await form(request), whole(request, "commendation")
    await commendations.turn_down(here.database, actor(request), id_, version_of(filled), filled.text("why"), here.clock())
    return see_other(request, f"/desk/commendations/{id_}", say="Đã trả lại đề nghị")


@needs(Action.COMMEND_SIGN, Action.COMMEND_PROPOSE)
async def paper(request: web.Request) -> web.StreamResponse:
    """The proposal as a paper; that it was printed is logged."""
    here, who = desk(request), actor(request)
    found = await commendations.print_proposal(here.database, who, whole(request, "commendation"), here.clock())
    drawn, name = _paper(request, found), f"to-trinh-{found.proposal.number}"
    if request.match_info["kind"] == "docx":
        return saved(docx_file(drawn), _DOCX, f"{name}.docx")
    return saved(document_pdf(drawn), "application/pdf", f"{name}.pdf")


def _paper(request: web.Request, found: CommendationFile) -> Document:
    here, proposal = desk(request), found.proposal
    told = [
        (str(each.rank), each.tip.code, moment(request, each.tip.received_at), _CHANNELS.get(each.tip.channel, "")) for each in found.told
    ]
    own = "đồng ý nêu tên khi báo tin" if proposal.consent == MAY_PUBLISH else proposal.consent_note or ""
    proposed = moment(request, proposal.proposed_at)
    decided = ""
    if proposal.state == SIGNED and proposal.signed_at is not None:
        decided = f"Phòng Văn hóa - Xã hội: {proposal.signer} ký lúc {moment(request, proposal.signed_at)}."
    return proposal_document(
        ProposalPaper(
            letterhead(here, proposal.commune, _day(request, proposal.proposed_at)), proposal.number,
            here.deployment.campaign.legal_basis, proposal.person, proposal.merit, proposal.case_number,
            tuple(f"{count} {_RESULTS[kind]}" for kind, count in found.results if kind in _RESULTS), told, proposal.tip_code, own,
            proposal.proposer, proposed.split(" ")[1], decided,
        )
    )  # fmt: skip


def _day(request: web.Request, at_ms: int) -> date:
    return local_day(at_ms, zone(request))
