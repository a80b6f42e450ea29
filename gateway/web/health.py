"""`/healthz`: this process answers. `/readyz`: the database does too, and somebody dispatches."""

import asyncio
from collections.abc import Callable
from typing import Final

from aiohttp import web
from sqlalchemy import text

from gateway.storage.database import Database, StorageDown

PATIENCE_S: Final = 1.0
DATABASE: Final = web.AppKey("database", Database)
IS_DISPATCHING: Final[web.AppKey[Callable[[], bool]]] = web.AppKey("is_dispatching")


def add_health(app: web.Application) -> None:
    """Put both on `app`."""
    app.router.add_get("/healthz", alive)
    app.router.add_get("/readyz", ready)


async def alive(request: web.Request) -> web.Response:
    """Always yes: an answer is the proof."""
    return web.Response(text="ok\n")


async def ready(request: web.Request) -> web.Response:
    """200 "ok", or 503 and what is missing in one word a line."""
    missing = [] if await _answers(request.app[DATABASE]) else ["database"]
    missing += [] if request.app[IS_DISPATCHING]() else ["dispatcher"]
    return web.Response(status=503 if missing else 200, text="\n".join(missing or ["ok"]) + "\n")


async def _answers(database: Database) -> bool:
    try:
        async with asyncio.timeout(PATIENCE_S), database.read() as connection:
            return (await connection.execute(text("SELECT 1"))).scalar() == 1
    except (StorageDown, TimeoutError):
        return False
