"""`/desk/me`: one's own sessions, passphrase and phone."""

from aiohttp import web

from gateway.services.access import factors, sessions
from gateway.services.access.people import change_own_passphrase
from gateway.services.refusal import Refusal
from gateway.web.desk.kit import actor, desk, form, needs, page, see_other, signed_in, visit
from gateway.web.desk.login import enrolling, opened_secret


def add_me(app: web.Application) -> None:
    """Put it on `app`."""
    app.router.add_get("/desk/me", show)
    app.router.add_post("/desk/me/sessions/{id:[0-9]+}/end", end)
    app.router.add_post("/desk/me/passphrase", change)
    app.router.add_post("/desk/me/phone", ask_phone)
    app.router.add_post("/desk/me/phone/set", set_phone)


@signed_in
async def show(request: web.Request) -> web.StreamResponse:
    """What there is."""
    return await _page(request)


async def _page(request: web.Request, status: int = 200, error: str = "") -> web.Response:
    here, who, found = desk(request), actor(request), visit(request)
    listed = await sessions.mine(here.database, who, here.clock())
    phone = await factors.state(here.database, who)
    own = found.session.id if found else 0
    return page(request, "me", status, sessions=listed, own=own, phone=phone, error=error)


@needs(confirmed=True)
async def end(request: web.Request) -> web.StreamResponse:
    """End one of one's own sessions."""
    here = desk(request)
    if not await sessions.end_mine(here.database, actor(request), int(request.match_info["id"][:18]), here.clock()):
        raise web.HTTPNotFound
    return see_other(request, "/desk/me", say="Đã kết thúc phiên đó.")


@signed_in
async def change(request: web.Request) -> web.StreamResponse:
    """Another passphrase; every other session ends."""
    given, here, found = await form(request), desk(request), visit(request)
    old, new = given.text("old")[:400], given.text("new")[:400]
    try:
        if new != given.text("again")[:400]:
            raise Refusal("Hai lần gõ mật khẩu mới không giống nhau. Xin gõ lại.")
        await change_own_passphrase(here.database, actor(request), old, new, found.session.id if found else 0, here.clock())
    except Refusal as refusal:
        return await _page(request, 422, str(refusal))
    return see_other(request, "/desk/me", say="Đã đổi mật khẩu. Các phiên khác đã kết thúc.")


@needs(confirmed=True)
async def ask_phone(request: web.Request) -> web.StreamResponse:
    """A QR code for another phone; the one that is set up serves on until the new one is proved."""
    found = visit(request)
    assert found is not None  # noqa: S101 # the gate lets nobody else in
    return page(request, "me_phone", **enrolling(request, found), error="")


@needs(confirmed=True)
async def set_phone(request: web.Request) -> web.StreamResponse:
    """Its first code proves it."""
    given, here, found = await form(request), desk(request), visit(request)
    assert found is not None  # noqa: S101 # as above
    secret = opened_secret(request, found, given.text("secret"))
    try:
        paper = await factors.set_up(here.database, found.actor, secret, given.text("code"), here.clock(), found.session.id)
    except Refusal as refusal:
        return page(request, "me_phone", 422, **enrolling(request, found, secret), error=str(refusal))
    return page(request, "recovery", paper=paper, next="/desk/me")
