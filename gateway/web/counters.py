"""`/counters` and `/counters.json`: the campaign's sums for a commune's own site, to be framed or read from anywhere. Nothing else is."""

import base64
import hashlib
import json
from typing import Any, Final

from aiohttp import web
from markupsafe import Markup

from gateway.domain.figures import Count
from gateway.domain.vietnamese import grouped
from gateway.services.numbers.counters import KEPT_MS, LEAST, Counters, PublicCounters
from gateway.storage.database import StorageDown
from gateway.web.health import DATABASE
from gateway.web.hooks import CLOCK
from gateway.web.pages import HOME, Speech
from gateway.web.public import DEPLOYMENT, PAGES

COUNTERS: Final = web.AppKey("counters", PublicCounters)
LABELS: Final = {
    Count.TIPS: "tin báo đã nhận",
    Count.CONCLUDED: "tin đã kết luận",
    Count.RIGHT: "tin xác minh đúng",
    Count.COORDINATES: "tọa độ được xác minh",
    Count.RECOVERED: "hài cốt liệt sĩ được quy tập",
    Count.IDENTIFIED: "hài cốt xác định được danh tính",
    Count.SAMPLES: "mẫu ADN được thu thập",
}
_STYLE: Final = (
    "body{margin:0;background:#fffaec;color:#1c1714;font:400 18px/1.45 system-ui,Roboto,Arial,sans-serif}"
    "main{border-top:4px solid #d9a92f;padding:14px 16px}h1{font-size:20px;margin:0 0 4px;color:#8a1c1a}p{margin:0 0 10px;color:#4a4038}"
    "dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(150px,1fr));gap:12px;margin:0 0 12px}"
    "dl div{display:flex;flex-direction:column-reverse;justify-content:flex-end}"
    "dt{color:#4a4038}dd{margin:0;font-size:32px;line-height:1.1;font-weight:700;color:#8a1c1a}a{color:#8a1c1a}"
)
_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors *"
)
_HEADERS: Final = {
    "Cache-Control": f"public, max-age={KEPT_MS // 1000}",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


def add_counters(app: web.Application) -> None:
    """Put them on `app`."""
    app[COUNTERS] = PublicCounters(app[DATABASE], app[DEPLOYMENT])
    app.router.add_get("/counters", show)
    app.router.add_get("/counters.json", told)


async def show(request: web.Request) -> web.Response:
    """The sums as a small page for a frame."""
    found = await _counted(request)
    shown = [(label, _shown(found.counts[count])) for count, label in LABELS.items()]
    values = {"counters": found, "shown": shown, "counters_style": Markup(_STYLE)}  # noqa: S704 # ours
    text = request.app[PAGES].text("counters", Speech(HOME), **values)
    headers = {**_HEADERS, "Content-Security-Policy": _POLICY}
    return web.Response(text=text, content_type="text/html", charset="utf-8", headers=headers)


async def told(request: web.Request) -> web.Response:
    """The same as JSON: {"commune", "day", "day_number", "days", "less_than", "counts": {name: number or null}}."""
    found = await _counted(request)
    counts = {count.value: found.counts[count] for count in LABELS}
    body: dict[str, Any] = {  # Any: JSON
        "commune": found.commune, "day": found.day.isoformat(), "day_number": found.day_number, "days": found.days, "less_than": LEAST,
        "counts": counts,
    }  # fmt: skip
    return web.json_response(body, headers=_HEADERS, dumps=lambda value: json.dumps(value, ensure_ascii=False))


async def _counted(request: web.Request) -> Counters:
    try:
        return await request.app[COUNTERS].at(request.app[CLOCK]())
    except StorageDown:
        raise web.HTTPServiceUnavailable(headers={"Retry-After": "60"}) from None


def _shown(count: int | None) -> str:
    return f"dưới {LEAST}" if count is None else grouped(count)
