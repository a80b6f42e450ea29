"""What every request to the desk passes before a handler sees it, and every answer on its way out. What isn't allowed here is refused.

From outside in: headers and error pages; the name in Host; who asks, and whether they may; the form, and whether it is ours.
"""

import asyncio
from typing import Final
from urllib.parse import quote, urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from gateway.domain.permission import Action, Actor, Elsewhere, Forbidden
from gateway.services import users
from gateway.services.access import sessions
from gateway.services.refusal import Refusal
from gateway.storage import audit
from gateway.storage.database import StorageDown
from gateway.web.desk.form import STRANGERS_LIMIT, WORDS_LIMIT, Form, read_form
from gateway.web.desk.kit import AREAS_KEY, BADGES, DESK, FORM, VISIT, desk, is_https, needed, page, visit

COOKIE: Final = "tinbao_desk"
SECURE_COOKIE: Final = "__Host-tinbao_desk"  # by TLS: no other host and no plain page can set it (RFC 6265bis §4.1.3)
CONFIRMED_BY: Final = "confirm_passphrase"  # the field by which a dangerous act is confirmed
_UNSAFE: Final = ("POST", "PUT", "PATCH", "DELETE")
_FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain", "")
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; "
    "media-src 'self' blob:; object-src 'none'; worker-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(self), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",  # nothing to others; "no-referrer" would make forms of ours say "Origin: null" too
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_HSTS: Final = "max-age=31536000; includeSubDomains"
_KEEP_NOTHING: Final = "no-store"  # after signing out, "back" shows nothing


# --- answers ---


@web.middleware
async def strict(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every answer with its headers; what went wrong as a page of ours that repeats nothing of the request."""
    if not request.path.startswith("/desk"):
        return await handler(request)
    try:
        response = await handler(request)
    except web.HTTPException as error:
        response = web.Response(status=error.status, headers=_onward(error)) if error.status < 400 else _error(request, error.status)
    except Refusal as refusal:
        response = page(request, "error", 422, title="Chưa làm được", said_why=str(refusal))
    except Elsewhere:
        response = _error(request, 404)
    except Forbidden:
        response = await _forbidden(request)
    except StorageDown:
        response = _error(request, 503)
    except ConnectionError:
        raise
    except Exception as bug:  # its words may be rows: they go into no log and on no page
        desk(request).on_bug(bug)
        response = _error(request, 500)
    return response


def _onward(error: web.HTTPException) -> dict[str, str]:
    return {"Location": error.headers["Location"]} if "Location" in error.headers else {}


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Put the strict headers on every answer, streams too. A signal: it comes before the first byte."""
    if not request.path.startswith("/desk"):
        return
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", _KEEP_NOTHING)
    response.headers["Server"] = "tinbao"  # not what runs it, and which release of that
    if is_https(request):
        response.headers.setdefault("Strict-Transport-Security", _HSTS)


_TITLES: Final = {
    400: ("Yêu cầu không đọc được", "Xin quay lại trang trước và làm lại."),
    403: ("Không có quyền vào trang này", "Việc này thuộc vai trò khác. Cần thì hỏi người giữ danh sách người dùng."),
    404: ("Không có trang này", "Có thể địa chỉ gõ nhầm, hoặc không thuộc xã đang phụ trách."),
    405: ("Trang này không nhận cách gửi đó", "Xin quay lại trang trước và làm lại."),
    408: ("Gửi lâu quá", "Đường truyền chậm, biểu mẫu chưa tới đủ. Xin gửi lại."),
    413: ("Gửi lên nặng quá", "Xin bớt dòng hoặc chọn tệp nhẹ hơn rồi gửi lại."),
    421: ("Tên máy không đúng", "Xin mở bàn làm việc bằng đúng địa chỉ được cấp."),
    503: ("Máy đang bận", "Cơ sở dữ liệu chưa nhận được. Chưa mất gì. Xin chờ ít phút rồi làm lại."),
}
_TROUBLE: Final = ("Có lỗi ở phía máy", "Lỗi đã được ghi lại. Xin làm lại; nếu vẫn vậy, báo người quản trị.")


def _error(request: web.Request, status: int) -> web.Response:
    title, why = _TITLES.get(status, _TROUBLE if status >= 500 else _TITLES[400])
    return page(request, "error", status, title=title, said_why=why)


async def _forbidden(request: web.Request) -> web.Response:
    """A 403, noted: who asks for what they may not have is worth a look."""
    found = visit(request)
    if found is not None and found.is_in:
        resource = request.match_info.route.resource
        where = resource.canonical if resource else ""
        await _note(request, found.actor, "page.refused", f"page:{where}")
    return _error(request, 403)


async def _note(request: web.Request, who: Actor, action: str, what: str) -> None:
    now, entry = desk(request).clock(), audit.Entry(who, action, what)
    await desk(request).database.write(lambda connection: audit.note(connection, entry, now))


# --- Host ---


@web.middleware
async def known_host(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Only names of ours are answered to: a page of another name that leads here reads nothing (DNS rebinding)."""
    if request.path.startswith("/desk") and not is_our_host(request.headers.get("Host", ""), request.app[DESK].settings.hosts):
        raise web.HTTPMisdirectedRequest
    return await handler(request)


def is_our_host(host: str, hosts: tuple[str, ...]) -> bool:
    """Whether `host` (name, or name:port) is one of `hosts`; one that is written without a port goes with any."""
    name = host.lower()
    bare = name.rpartition(":")[0] if name.rpartition(":")[2].isdigit() and ":" in name else name
    return name in hosts or bare in hosts


# --- who ---


@web.middleware
async def known_person(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Who asks, by the cookie; whether they may, by the handler's mark. A handler without a mark is for nobody."""
    if not request.path.startswith("/desk") or request.path.startswith("/desk/static/"):
        return await handler(request)  # style and script are everybody's: no session is looked up for them
    goal = request.match_info.handler
    is_lost = request.match_info.http_exception is not None
    request[VISIT] = await _visit(request)
    if getattr(goal, "is_open", False):
        return await handler(request)
    found = visit(request)
    if found is None or not found.is_in:
        return _to_sign_in(request, is_lost)
    if not is_lost:
        _admit(found.actor, needed(goal))
    await _count_badges(request, found.actor)
    return await handler(request)


def _admit(who: Actor, actions: frozenset[Action] | None) -> None:
    """Raises Forbidden unless the mark lets `who` in."""
    if actions is None or (actions and not any(who.may(action) for action in actions)):
        raise Forbidden(f"{who.name} may not open this page")


async def _visit(request: web.Request) -> sessions.Visit | None:
    token = request.cookies.get(SECURE_COOKIE if is_https(request) else COOKIE, "")
    if not token or len(token) > 100:
        return None
    here = desk(request)
    return await sessions.find(here.database, token, agent_of(request), here.settings.life, here.clock())


def agent_of(request: web.Request) -> str:
    """What the browser calls itself."""
    return request.headers.get("User-Agent", "")[:400]


def _to_sign_in(request: web.Request, is_lost: bool) -> web.Response:
    """A page of ours leads there and back; a script hears 401."""
    if request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate":
        return web.Response(status=401, text="Phiên làm việc đã hết. Xin đăng nhập lại.\n")
    leads_back = request.method == "GET" and not is_lost and request.path != "/desk/"
    back = f"?next={quote(request.path)}" if leads_back else ""
    return web.Response(status=303, headers={"Location": f"/desk/login{back}"})


async def _count_badges(request: web.Request, who: Actor) -> None:
    """Numbers for the head bar, for pages alone: streams and pieces don't show it."""
    if request.method != "GET" or "text/html" not in request.headers.get("Accept", ""):
        return
    counted = [area for area in request.app[AREAS_KEY] if area.badge is not None and who.may(area.action)]
    request[BADGES] = {area.name: await area.badge(desk(request), who) for area in counted if area.badge is not None}


# --- forms ---


@web.middleware
async def our_form(request: web.Request, handler: Handler) -> web.StreamResponse:
    """What changes something comes from a page of ours: by the browser's word on its origin, and by the session's own token."""
    if not request.path.startswith("/desk") or request.method not in _UNSAFE:
        return await handler(request)
    if not is_same_origin(request):
        raise Forbidden("this form comes from elsewhere")
    found = visit(request)
    if request.content_type in _FORMS:
        request[FORM] = await _read(request, WORDS_LIMIT if found and found.is_in else STRANGERS_LIMIT)
    if found is not None and not _is_ours(request, found):
        raise Forbidden("this form bears no token of this session")
    if found is not None and getattr(request.match_info.handler, "confirmed", False):
        refused = await _confirm(request, found)
        if refused is not None:
            return refused
    return await handler(request)


def is_same_origin(request: web.Request) -> bool:
    """By Sec-Fetch-Site (W3C Fetch Metadata) where the browser says it, else by Origin; who says neither is no browser of today."""
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    if site is not None and site != "same-origin":
        return False
    if origin == "null" and site == "same-origin":  # no-referrer hides our own name too (Fetch §4.6); the browser vouches for it
        return True
    if origin is not None:
        return urlsplit(origin).netloc.lower() == request.headers.get("Host", "").lower()
    return site == "same-origin"


async def _read(request: web.Request, limit: int) -> Form:
    """The form, whole, in time. Files come from people who are signed in."""
    is_multipart = request.content_type == "multipart/form-data"
    if is_multipart and limit == STRANGERS_LIMIT:
        raise web.HTTPForbidden
    if not is_multipart and (request.content_length or 0) > limit:
        raise web.HTTPRequestEntityTooLarge(limit, request.content_length or 0)
    try:
        async with asyncio.timeout(desk(request).settings.body_s):
            return await read_form(request, limit)
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    except (ValueError, AssertionError):  # aiohttp's words for a body that is no multipart
        raise web.HTTPBadRequest from None


def _is_ours(request: web.Request, found: sessions.Visit) -> bool:
    form = request.get(FORM) or Form()
    return found.is_token(form.text("csrf") or request.headers.get("X-CSRF", ""), desk(request).database.keyring)


async def _confirm(request: web.Request, found: sessions.Visit) -> web.Response | None:
    """None: go on. Else the page that asks for the passphrase and carries the form along, so that nothing is typed twice."""
    here, now = desk(request), desk(request).clock()
    form = request.get(FORM) or Form()
    if sessions.is_confirmed(found, now):
        return None
    typed, is_wrong = form.text(CONFIRMED_BY), False
    if typed:
        try:
            await users.check(here.database, found.actor.name, typed, now)
            await sessions.confirm(here.database, found, now)
            return None
        except Refusal:
            is_wrong = True
    carried = [(name, value) for name, values in form.words.items() for value in values if name not in ("csrf", CONFIRMED_BY)]
    return page(
        request, "confirm", 422 if is_wrong else 200, carried=carried, action=request.path_qs, field=CONFIRMED_BY, is_wrong=is_wrong
    )
