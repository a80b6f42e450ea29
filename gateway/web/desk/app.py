"""The desk's listener: its areas in the order of the head bar, the gate before them, and the counters for the machine room."""

from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from gateway.domain.permission import Action
from gateway.web.app import quiet
from gateway.web.desk.casework.areas import CASEWORK
from gateway.web.desk.gate import add_headers, known_host, known_person, our_form, strict
from gateway.web.desk.hand_overs.pages import AREA as HAND_OVERS_AREA
from gateway.web.desk.home import add_home
from gateway.web.desk.intake import ENTRY
from gateway.web.desk.kit import AREAS_KEY, DESK, TEMPLATES, Area, Desk
from gateway.web.desk.log import add_log
from gateway.web.desk.login import add_login
from gateway.web.desk.me import add_me
from gateway.web.desk.numbers import add_numbers
from gateway.web.desk.people import add_people
from gateway.web.desk.print_room.pages import AREA as PRINT_AREA
from gateway.web.desk.reports import add_reports
from gateway.web.desk.requests import AREA as REQUESTS_AREA
from gateway.web.desk.statics import add_statics
from gateway.web.desk.templates import load_templates
from gateway.web.desk.tips.area import TIPS
from gateway.web.desk.waves import add_waves, waiting
from gateway.web.desk.waves_orders import add_orders

BODY_LIMIT: Final = 128_000_000  # bytes of a form with files
# One line an area, in the order of the head bar: Area(name, label, path, action, add, badge).
AREAS: Final[tuple[Area, ...]] = (
    TIPS,
    ENTRY,
    *CASEWORK,
    Area("waves", "Đợt nhắn", "/desk/waves", Action.WAVE_READ, add_waves, waiting),
    Area("orders", "Nhờ nhà mạng", "/desk/orders", Action.WAVE_READ, add_orders),
    HAND_OVERS_AREA,
    PRINT_AREA,
    Area("numbers", "Chỉ số", "/desk/numbers", Action.NUMBERS_READ, add_numbers),
    Area("reports", "Báo cáo", "/desk/reports", Action.NUMBERS_READ, add_reports),
    REQUESTS_AREA,
    # the areas of work above this line
    Area("users", "Người dùng", "/desk/users", Action.USER_MANAGE, add_people),
    Area("audit", "Nhật ký", "/desk/audit", Action.AUDIT_READ, add_log),
)
_PARTS: Final[tuple[Callable[[web.Application], None], ...]] = (
    add_statics,
    add_login,
    add_me,
    add_home,
)  # no area's: for all who may come in


def desk_app(desk: Desk, scrape: Callable[[], Awaitable[bytes]] | None = None) -> web.Application:
    """The application of the desk's listener. `scrape`: what /metrics answers."""
    app = web.Application(client_max_size=BODY_LIMIT, middlewares=[quiet, strict, known_host, known_person, our_form])
    app[DESK], app[TEMPLATES], app[AREAS_KEY] = desk, load_templates(desk.deployment, desk.clock), AREAS
    app.on_response_prepare.append(add_headers)
    for add in _PARTS:
        add(app)
    for area in AREAS:
        area.add(app)
    if scrape is not None:
        app.router.add_get("/metrics", _counters(scrape))
    return app


def _counters(scrape: Callable[[], Awaitable[bytes]]) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def show(_request: web.Request) -> web.StreamResponse:
        return web.Response(body=await scrape(), content_type="text/plain")

    return show
