"""What the dialects share: the call as it came, bounded, and the wait of a client that is too fast."""

import asyncio
from typing import Final

from aiohttp import web

from gateway.carriers.wire import HookCall
from gateway.services.clients import Client
from gateway.services.doors import Doors
from gateway.web.hooks import call_of

DOORS: Final = web.AppKey("doors", Doors)
BODY_LIMIT: Final = 64 << 10  # bytes: ten segments, each letter percent-encoded, and an address to call


async def bounded_call(request: web.Request) -> HookCall:
    """The call as it came. Raises HTTPRequestEntityTooLarge."""
    if (request.content_length or 0) > BODY_LIMIT:
        raise web.HTTPRequestEntityTooLarge(BODY_LIMIT, request.content_length or 0)
    call = await call_of(request)
    if len(call.body) > BODY_LIMIT:
        raise web.HTTPRequestEntityTooLarge(BODY_LIMIT, len(call.body))
    return call


async def hold_back(doors: Doors, client: Client, count: int, now: int) -> None:
    """Let a client that is too fast wait for its answer. Raises TooFast."""
    if (wait_ms := doors.wait_ms(client, count, now)) > 0:
        await asyncio.sleep(wait_ms / 1000)
