"""Coming in and going out: name and passphrase, then, for those who need it, the code of a phone."""

import base64
import json
from typing import Final

from aiohttp import web
from markupsafe import Markup

from collateral.qr import symbols
from gateway.services.access import factors, sessions
from gateway.services.access.sessions import ENROL, FACTOR, Visit
from gateway.services.access.signing_in import Door, TooMany, go_in, sign_in
from gateway.services.refusal import Refusal
from gateway.storage.seal import Unsealable, WrongKey
from gateway.web.desk.gate import COOKIE, SECURE_COOKIE, agent_of
from gateway.web.desk.kit import anybody, desk, form, is_https, page, visit
from gateway.web.desk.network import address_of

_HOME: Final = "/desk/"
_WRONG: Final = "Tên hoặc mật khẩu chưa đúng, hoặc tên này đang bị khóa. Sai năm lần liền thì khóa 15 phút."
_QR_VERSION: Final = 16  # what a phone still reads from a screen


def add_login(app: web.Application) -> None:
    """Put it on `app`."""
    app.router.add_get("/desk/login", ask)
    app.router.add_post("/desk/login", take)
    app.router.add_get("/desk/login/code", ask_code)
    app.router.add_post("/desk/login/code", take_code)
    app.router.add_get("/desk/login/phone", ask_phone)
    app.router.add_post("/desk/login/phone", take_phone)
    app.router.add_post("/desk/logout", leave)


# --- the first step ---


@anybody
async def ask(request: web.Request) -> web.StreamResponse:
    """The form; who is in already goes on."""
    found, onward = visit(request), request.query.get("next", "")
    if found is not None and found.is_in:
        return to(next_of(onward))
    return page(request, "login", next=onward, name="", error="", is_out="ra" in request.query)


@anybody
async def take(request: web.Request) -> web.StreamResponse:
    """Name and passphrase. What is wrong is one sentence for all of it: whether a name exists is nobody's business."""
    given, here, now = await form(request), desk(request), desk(request).clock()
    name, onward, old = given.text("name")[:80], given.text("next")[:300], visit(request)
    try:
        token = await sign_in(here.database, name, given.text("passphrase")[:400], door_of(request), now)
    except Refusal as refusal:
        why = str(refusal) if isinstance(refusal, TooMany) else _WRONG
        return page(request, "login", 429 if isinstance(refusal, TooMany) else 422, next=onward, name=name, error=why, is_out=False)
    if old is not None:
        await sessions.leave(here.database, old, now)
    begun = await sessions.find(here.database, token, agent_of(request), here.settings.life, now)
    return with_cookie(request, to(_step_of(begun, next_of(onward))), token)


def _step_of(begun: Visit | None, onward: str) -> str:
    """Where the new session goes first."""
    stage = begun.session.stage if begun else ""
    places = {FACTOR: "/desk/login/code", ENROL: "/desk/login/phone"}
    return f"{places[stage]}?next={onward}" if stage in places else onward


def door_of(request: web.Request) -> Door:
    """By which browser, from where, and under which rules somebody signs in."""
    rules, agent = desk(request).settings, agent_of(request)
    return Door(sessions.Browser(agent, words_of(agent)), address_of(request, rules.proxies), rules.life, rules.second_factor)


# --- the second step ---


@anybody
async def ask_code(request: web.Request) -> web.StreamResponse:
    """The form for the phone's code."""
    if _half(request, FACTOR) is None:
        return to("/desk/login")
    return page(request, "login_code", next=next_of(request.query.get("next", "")), error="")


@anybody
async def take_code(request: web.Request) -> web.StreamResponse:
    """The phone's code, or one from paper."""
    given, here, now = await form(request), desk(request), desk(request).clock()
    half, onward = _half(request, FACTOR), next_of(given.text("next"))
    if half is None:
        return to("/desk/login")
    try:
        await factors.show(here.database, half.actor, given.text("code")[:40], now)
    except Refusal as refusal:
        return page(request, "login_code", 422, next=onward, error=str(refusal))
    return with_cookie(request, to(onward), await go_in(here.database, half, door_of(request), now))


@anybody
async def ask_phone(request: web.Request) -> web.StreamResponse:
    """A QR code for the phone, for who must set up a second factor before going on."""
    half = _half(request, ENROL)
    if half is None:
        return to("/desk/login")
    return page(request, "login_phone", **enrolling(request, half), next=next_of(request.query.get("next", "")), error="")


@anybody
async def take_phone(request: web.Request) -> web.StreamResponse:
    """The first code proves that the phone keeps the secret; the codes for paper are shown once."""
    given, here, now = await form(request), desk(request), desk(request).clock()
    half, onward = _half(request, ENROL), next_of(given.text("next"))
    if half is None:
        return to("/desk/login")
    secret = opened_secret(request, half, given.text("secret"))
    try:
        paper = await factors.set_up(here.database, half.actor, secret, given.text("code"), now, half.session.id)
    except Refusal as refusal:
        return page(request, "login_phone", 422, **enrolling(request, half, secret), next=onward, error=str(refusal))
    token = await go_in(here.database, half, door_of(request), now)
    return with_cookie(request, page(request, "recovery", paper=paper, next=onward), token)


def _half(request: web.Request, stage: str) -> Visit | None:
    found = visit(request)
    return found if found is not None and found.session.stage == stage else None


# --- setting up a phone, here and on one's own page ---


def enrolling(request: web.Request, found: Visit, secret: str = "") -> dict[str, object]:
    """What the page shows that sets up a phone: the QR code, the secret to type, and the secret again, sealed, for the form."""
    shown = factors.enrolment(found.actor, f"Tin Báo {desk(request).deployment.campaign.commune_name}", secret)
    kept = json.dumps({"session": found.session.id, "secret": shown.secret}).encode()
    sealed = base64.urlsafe_b64encode(desk(request).database.keyring.seal(kept, "web.enrol")).decode()
    groups = " ".join(shown.secret[at : at + 4] for at in range(0, len(shown.secret), 4))
    return {"qr": qr_svg(shown.address), "groups": groups, "sealed": sealed}


def opened_secret(request: web.Request, found: Visit, sealed: str) -> str:
    """The secret that this session's form brought back. Raises Refusal: it is another's, or nobody's."""
    try:
        kept = json.loads(desk(request).database.keyring.open(base64.urlsafe_b64decode(sealed), "web.enrol"))
    except (ValueError, Unsealable, WrongKey):
        kept = {}
    if kept.get("session") != found.session.id:
        raise Refusal("Trang này đã cũ. Xin mở lại rồi quét mã mới.")
    return str(kept["secret"])


def qr_svg(payload: str) -> Markup:
    """`payload` as a QR code for the screen."""
    symbol = symbols([payload], _QR_VERSION)[0]
    side = symbol.with_quiet_zone
    path = "".join(f"M{x} {y}h{length}v1h-{length}z" for x, y, length in symbol.bars())
    return Markup(
        '<svg class="qr" viewBox="0 0 {0} {0}" role="img" aria-label="Mã QR cho điện thoại" shape-rendering="crispEdges">'
        '<path fill="#fff" d="M0 0h{0}v{0}H0z"/><path d="{1}"/></svg>'
    ).format(side, path)


# --- cookies and places ---


def to(place: str) -> web.Response:
    """303 to a place of the desk."""
    return web.Response(status=303, headers={"Location": place})


def with_cookie(request: web.Request, response: web.Response, token: str) -> web.Response:
    """`response`, with the session's secret as the browser's cookie."""
    is_safe = is_https(request)
    response.set_cookie(SECURE_COOKIE if is_safe else COOKIE, token, path="/", httponly=True, samesite="Strict", secure=is_safe)
    return response


def next_of(path: str) -> str:
    """Where to go on: a path of the desk, never another machine."""
    is_ours = path.startswith("/desk/") and path.isascii() and path.isprintable()
    return path if is_ours and not any(sign in path for sign in ("\\", "//", " ", "/login", "/logout")) else _HOME


@anybody
async def leave(request: web.Request) -> web.StreamResponse:
    """Out: the session ends here and wherever a copy of its cookie lies, and the browser forgets what it kept."""
    found = visit(request)
    if found is not None:
        await sessions.leave(desk(request).database, found, desk(request).clock())
    response = web.Response(status=303, headers={"Location": "/desk/login?ra", "Clear-Site-Data": '"cache"'})
    for cookie in (COOKIE, SECURE_COOKIE):
        response.del_cookie(cookie, path="/", secure=cookie == SECURE_COOKIE)
    return response


# --- words ---

_BROWSERS: Final = (
    ("Edg/", "Edge"), ("coc_coc", "Cốc Cốc"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"),
)  # fmt: skip
_SYSTEMS: Final = (
    ("Windows", "Windows"), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Mac OS", "Mac"), ("Linux", "Linux"),
)  # fmt: skip


def words_of(agent: str) -> str:
    """What people call the browser that names itself so: "Chrome, Windows"."""
    browser = next((name for sign, name in _BROWSERS if sign in agent), "Trình duyệt khác")
    system = next((name for sign, name in _SYSTEMS if sign in agent), "máy khác")
    return f"{browser}, {system}"
