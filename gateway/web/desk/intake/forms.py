"""/desk/entry/forms: the paper form of each village as a PDF, with its code and its QR."""

import asyncio
from typing import Final

from aiohttp import web

from collateral.qr import Symbol, symbols
from gateway.deployment import Deployment
from gateway.domain.permission import Action
from gateway.domain.tip_entry import ASKED
from gateway.domain.village import Village
from gateway.papers.tip_form import Qr, TipForm, pdf
from gateway.web.desk.intake.entry import ENTRIES
from gateway.web.desk.kit import actor, desk, needs, page

_VERSION: Final = 4  # of the code: at most 33 modules a side, each 0.78 mm or more


def add(app: web.Application) -> None:
    """Put the pages on `app`."""
    app.router.add_get("/desk/entry/forms", show)
    app.router.add_get("/desk/entry/forms/{village:[A-Za-z0-9]{2,10}}.pdf", download)


@needs(Action.TIP_ENTER)
async def show(request: web.Request) -> web.Response:
    """The villages, each with its form."""
    return page(request, "intake/forms", villages=request.app[ENTRIES].villages(actor(request)))


@needs(Action.TIP_ENTER)
async def download(request: web.Request) -> web.Response:
    """One village's form, or with "all" all of them."""
    here, asked = desk(request), request.match_info["village"]
    villages = [each for each in request.app[ENTRIES].villages(actor(request)) if asked in ("all", each.code)]
    if not villages:
        raise web.HTTPNotFound
    content = await asyncio.to_thread(forms_pdf, here.deployment, villages)
    name = f'inline; filename="phieu-bao-tin-{asked}.pdf"'
    return web.Response(body=content, content_type="application/pdf", headers={"Content-Disposition": name})


def forms_pdf(deployment: Deployment, villages: list[Village]) -> bytes:
    """The forms of `villages`, one page each. Pure."""
    return pdf([form_of(deployment, village) for village in villages])


def form_of(deployment: Deployment, village: Village) -> TipForm:
    """What stands on a village's form."""
    campaign, commune = deployment.campaign, deployment.communes.get(village.commune)
    address = f"{campaign.link_base.rstrip('/')}/V/{village.code}".upper()
    (symbol,) = symbols([address], _VERSION)
    return TipForm(
        commune=commune.title if commune else campaign.commune_title,
        issuer=campaign.issuer,
        village=village.title,
        code=village.code,
        qr=_qr(symbol),
        address=address.partition("://")[2].lower(),
        where=campaign.desk_name,
        hotline=campaign.hotline.national if campaign.hotline else "",
        asked=ASKED,
    )


def _qr(symbol: Symbol) -> Qr:
    return Qr(symbol.bars(), symbol.with_quiet_zone)
