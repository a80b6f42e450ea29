"""What the pages of waves find on the application."""

from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from gateway.carriers.wire import HttpRequest, HttpResponse
from gateway.services.wave_desk.plannings import Plannings
from gateway.web.desk.waves_watch import Watches

PLANNINGS: Final = web.AppKey("wave_plannings", Plannings)
WATCHES: Final = web.AppKey("wave_watches", Watches)
SEND: Final[web.AppKey[Callable[[HttpRequest], Awaitable[HttpResponse]]]] = web.AppKey("wave_send")  # how carriers are asked
