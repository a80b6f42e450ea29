"""A client tries its webhook out."""

import secrets

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.services.outward import event, queue
from gateway.storage.clients import Client
from gateway.storage.database import Database


async def ring(database: Database, client: Client, now: int) -> str:
    """Queue one call with an event “test”; its id."""
    call = event(client, "test", f"test:{secrets.token_hex(8)}", now, {})

    async def unit(connection: AsyncConnection) -> None:
        await queue(connection, call, now=now)

    await database.write(unit)
    return call.key
