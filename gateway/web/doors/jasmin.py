"""`/send`, `/balance`, `/rate` and `/ping` as Jasmin's HTTP API has them. `Success` says that the message lies committed in the outbox."""

from typing import Final

from aiohttp import web

from gateway.carriers.door_fields import Unfit, word
from gateway.carriers.door_jasmin import read_fields, read_submit
from gateway.domain.jasmin_report import message_id
from gateway.domain.segments import segments_of
from gateway.services.clients import Client
from gateway.services.door_sends import NoRoom, NoRoute, Taken
from gateway.services.doors import TooFast
from gateway.services.refusal import Refusal
from gateway.storage.database import StorageDown
from gateway.web.doors.door import DOORS, bounded_call, hold_back
from gateway.web.hooks import CLOCK

_HEADERS: Final = {"Cache-Control": "no-store"}
_UNKNOWN: Final = "Authentication failure, or no right to send"


def add(app: web.Application) -> None:
    """Put the door on `app`."""
    for method in ("GET", "POST"):
        app.router.add_route(method, "/send", send)
        app.router.add_route(method, "/balance", balance)
        app.router.add_route(method, "/rate", rate)
    app.router.add_route("GET", "/ping", ping)


async def send(request: web.Request) -> web.Response:
    """Take one call of a Jasmin client."""
    doors, now = request.app[DOORS], request.app[CLOCK]()
    try:
        fields, client = await _caller(request)
        if client is None:
            return _error(403, _UNKNOWN)
        submit = read_submit(fields, client.callback_hosts)
        await hold_back(doors, client, 1, now)
        (answer,) = await doors.submit(client, submit, now)
    except Unfit as unfit:
        return _error(400, str(unfit))
    except TooFast:
        return _error(403, "User throughput exceeded; send more slowly")
    except StorageDown:
        return _error(503, "The message can't be stored now; send it again")
    if isinstance(answer, Taken):
        return web.Response(text=f'Success "{message_id(answer.ref)}"', headers=_HEADERS)
    return _error(_status(answer), str(answer))


async def _caller(request: web.Request) -> tuple[dict[str, bytes], Client | None]:
    fields = read_fields(await bounded_call(request))
    now = request.app[CLOCK]()
    return fields, await request.app[DOORS].known(word(fields, "username"), word(fields, "password"), now)


def _status(why: object) -> int:
    """Jasmin's: 412 no route, 403 what the account may not, 400 what this message can't."""
    return 412 if isinstance(why, NoRoute) else 403 if isinstance(why, NoRoom) else 400 if isinstance(why, Refusal) else 500


def _error(status: int, words: str) -> web.Response:
    quoted = words.replace('"', "'")
    return web.Response(status=status, text=f'Error "{quoted}"', headers=_HEADERS)


async def balance(request: web.Request) -> web.Response:
    """No money is counted here: Jasmin's words for "no limit"."""
    return await _told(request, {"balance": "ND", "sms_count": "ND"})


async def rate(request: web.Request) -> web.Response:
    """What one text costs the client, nothing, and of how many segments it is."""
    try:
        fields, client = await _caller(request)
        if client is None:
            return _error(403, _UNKNOWN)
        count = segments_of(read_submit(fields, client.callback_hosts).text) if {"content", "hex-content"} & fields.keys() else 1
    except Unfit as unfit:
        return _error(400, str(unfit))
    except StorageDown:
        return _error(503, "Nobody can be looked up now; ask again")
    return web.json_response({"unit_rate": 0.0, "submit_sm_count": count}, headers=_HEADERS)


async def _told(request: web.Request, values: dict[str, str]) -> web.Response:
    try:
        _, client = await _caller(request)
    except Unfit as unfit:
        return _error(400, str(unfit))
    except StorageDown:
        return _error(503, "Nobody can be looked up now; ask again")
    return web.json_response(values, headers=_HEADERS) if client is not None else _error(403, _UNKNOWN)


async def ping(_: web.Request) -> web.Response:
    """Jasmin's sign of life."""
    return web.Response(text="Jasmin/PONG", headers=_HEADERS)
