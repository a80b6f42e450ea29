"""What every page of the desk is made with: who asks, what they may, a page, a form, a way on. Handlers stay short by it."""

import base64
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from aiohttp import web
from markupsafe import Markup

from gateway.deployment import Deployment
from gateway.domain.permission import Action, Actor
from gateway.services.access.factors import SENSITIVE, Policy
from gateway.services.access.sessions import Life, Visit
from gateway.services.attachments import Attachments
from gateway.services.routes import Route
from gateway.storage.database import Database
from gateway.storage.seal import Unsealable, WrongKey
from gateway.web.desk.form import Form, Upload
from gateway.web.desk.network import is_trusted
from gateway.web.desk.templates import Templates
from gateway.web.hooks import Network
from gateway.web.runner import blank_logger

__all__ = [
    "DESK",
    "Area",
    "Desk",
    "DeskRules",
    "Form",
    "Upload",
    "actor",
    "anybody",
    "desk",
    "form",
    "needs",
    "page",
    "see_other",
    "signed_in",
]

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
SAID_COOKIE: Final = "tinbao_said"
UNDO_S: Final = 8  # how long the button stands; undone it can be from the history for ever
_SAID_MS: Final = 60_000
_PACK_ASIDE: Final = 65_536  # bytes: longer pages are packed in a thread


@dataclass(frozen=True, slots=True)
class DeskRules:
    """The `[desk]` of gateway.toml. `hosts`: names this listener answers to; `body_s`: how long a form may take to arrive."""

    hosts: tuple[str, ...] = ("localhost", "127.0.0.1")
    life: Life = field(default_factory=Life)
    second_factor: Policy = SENSITIVE
    proxies: tuple[Network, ...] = ()
    body_s: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What the handlers work with. `clock`: UTC epoch ms; `folder`: where files that are made may lie; `wake`: the outbox has news."""

    database: Database
    deployment: Deployment
    routes: Sequence[Route]
    clock: Callable[[], int]
    attachments: Attachments
    settings: DeskRules
    folder: Path
    wake: Callable[[], None] = field(default=lambda: None, repr=False)
    is_demo: bool = False
    on_bug: Callable[[Exception], None] = field(default=lambda bug: blank_logger().error("desk", exc_info=bug), repr=False)


@dataclass(frozen=True, slots=True)
class Area:
    """A part of the desk, one entry of the head bar. `action`: who sees it; `badge`: how many wait there, asked often, so cheap."""

    name: str
    label: str
    path: str
    action: Action
    add: Callable[[web.Application], None]
    badge: Callable[[Desk, Actor], Awaitable[int]] | None = None


DESK: Final = web.AppKey("desk", Desk)
TEMPLATES: Final = web.AppKey("templates", Templates)
VISIT: Final[web.RequestKey[Visit | None]] = web.RequestKey("visit")
BADGES: Final[web.RequestKey[Mapping[str, int]]] = web.RequestKey("badges")
FORM: Final = web.RequestKey("form", Form)
AREAS_KEY: Final[web.AppKey[Sequence[Area]]] = web.AppKey("areas")


def desk(request: web.Request) -> Desk:
    """What this desk works with."""
    return request.app[DESK]


def visit(request: web.Request) -> Visit | None:
    """Whose session the request came with."""
    return request.get(VISIT)


def actor(request: web.Request) -> Actor:
    """Who asks. Only behind `needs` or `signed_in`, where somebody surely is."""
    found = visit(request)
    if found is None or not found.is_in:
        raise web.HTTPForbidden
    return found.actor


# --- who may call a handler ---


def needs(*actions: Action, confirmed: bool = False) -> Callable[[Handler], Handler]:
    """A handler for those who may do one of `actions`. `confirmed`: a dangerous act, the passphrase is asked for again."""

    def mark(handler: Handler) -> Handler:
        handler.needs = frozenset(actions)  # type: ignore[attr-defined] # read by the gate, which refuses what bears no mark
        handler.confirmed = confirmed  # type: ignore[attr-defined]
        return handler

    return mark


def signed_in(handler: Handler) -> Handler:
    """A handler for all who are signed in."""
    return needs()(handler)


def anybody(handler: Handler) -> Handler:
    """A handler for everybody: signing in, style and script."""
    handler.is_open = True  # type: ignore[attr-defined] # as above
    return handler


def needed(handler: object) -> frozenset[Action] | None:
    """Of which actions a handler asks one; none: being signed in is enough; None: it bears no mark."""
    found: frozenset[Action] | None = getattr(handler, "needs", None)
    return found


# --- a page, a form, a way on ---


def page(request: web.Request, name: str, status: int = 200, /, **values: Any) -> web.Response:  # Any: what templates show
    """Template desk/NAME.html.j2 as an answer. What was said before (`see_other`) stands on it once."""
    said, seen = _said(request), visit(request)
    who = seen.actor if seen and seen.is_in else None
    token = seen.csrf(desk(request).database.keyring) if seen else ""
    common = {
        "actor": who,
        "may": lambda action: who is not None and who.may(Action(action)),
        "csrf": token,
        "csrf_field": Markup('<input type="hidden" name="csrf" value="{}">').format(token),
        "nav": _nav(request, who),
        "said": said,
        "path": request.path,
        "now": desk(request).clock(),
        "is_demo": desk(request).is_demo,
        "undo_s": UNDO_S,
        "place": _place(request, who),
    }
    body = request.app[TEMPLATES].render(f"desk/{name}.html.j2", {**common, **values})
    response = web.Response(status=status, text=body, content_type="text/html", charset="utf-8", zlib_executor_size=_PACK_ASIDE)
    if said:
        response.del_cookie(SAID_COOKIE, path="/desk")
    response.enable_compression()
    return response


def _place(request: web.Request, who: Actor | None) -> str:
    """Whose desk it is, in the head bar: the commune, or the province."""
    deployment = desk(request).deployment
    if who is None:
        return deployment.campaign.commune_title
    if who.communes is None:
        return deployment.campaign.province_name  # "tỉnh …", as communes.csv has it
    commune = deployment.communes.get(who.commune)
    return commune.title if commune else who.commune


def _nav(request: web.Request, who: Actor | None) -> list[dict[str, object]]:
    """The entries of the head bar that `who` may use."""
    if who is None:
        return []
    badges = request.get(BADGES, {})
    return [
        {
            "label": area.label,
            "path": area.path,
            "is_here": request.path.startswith(area.path),
            "badge": badges.get(area.name, 0),
            "is_counted": area.badge is not None,
        }
        for area in request.app[AREAS_KEY]
        if who.may(area.action)
    ]


async def form(request: web.Request) -> Form:
    """What was posted; the gate has read and checked it already."""
    return request.get(FORM) or Form()


def see_other(request: web.Request, place: str, *, say: str = "", undo: str = "") -> web.Response:
    """303 to `place`; `say` stands on the next page once, with a button that posts to `undo` for eight seconds."""
    if not place.startswith("/desk"):
        raise ValueError("the desk leads nowhere else")
    response = web.Response(status=303, headers={"Location": place})
    seen = visit(request)
    if say and seen is not None:
        told = {"session": seen.session.id, "say": say[:500], "undo": undo, "at": desk(request).clock()}
        sealed = desk(request).database.keyring.seal(json.dumps(told).encode(), "web.said")
        response.set_cookie(
            SAID_COOKIE, base64.urlsafe_b64encode(sealed).decode(), path="/desk", httponly=True, samesite="Strict",
            secure=is_https(request), max_age=60,
        )  # fmt: skip
    return response


def _said(request: web.Request) -> dict[str, str] | None:
    """What `see_other` said to this session a moment ago."""
    seen, cookie = visit(request), request.cookies.get(SAID_COOKIE, "")
    if seen is None or not cookie:
        return None
    try:
        told = json.loads(desk(request).database.keyring.open(base64.urlsafe_b64decode(cookie), "web.said"))
    except (ValueError, Unsealable, WrongKey):
        return None
    if told["session"] != seen.session.id or desk(request).clock() - told["at"] > _SAID_MS:
        return None
    return {"say": told["say"], "undo": told["undo"]}


def is_https(request: web.Request) -> bool:
    """Whether the browser came by TLS: to us, or to a proxy of `trusted_proxies` that says so."""
    if request.secure:
        return True
    return is_trusted(request.remote, desk(request).settings.proxies) and request.headers.get("X-Forwarded-Proto", "") == "https"
