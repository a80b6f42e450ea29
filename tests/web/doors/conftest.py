"""The doors for outside systems on a real port, over either engine, with clients that may use them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from urllib.parse import urlencode

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from gateway.services import clients
from gateway.services.clients import Wanted
from gateway.services.doors import Doors
from gateway.storage.clients import Client
from gateway.storage.database import Database
from gateway.web.app import quiet
from gateway.web.doors import add_doors
from gateway.web.hooks import CALL_LIMIT, CLOCK, PROXIES
from tests.services.people import NOW, route
from tests.web.conftest import serve

HOST = "crm.noibo"
ROUTE = replace(route("that", ("+84",)), rehearsal=False)
NARROW = replace(ROUTE, name="hep", max_unapproved=1, prefixes=("+84399",))
TO = "0300000011"


@dataclass(slots=True)
class Plug:
    """A running listener. `client` may send and be called at HOST, `secret` is its password; `reader` may not send."""

    url: str
    database: Database
    doors: Doors
    session: aiohttp.ClientSession
    client: Client
    secret: str
    reader_secret: str
    now: list[int]

    def login(self) -> dict[str, str]:
        return {"username": "crm", "password": self.secret}

    async def get(self, path: str, **fields: object) -> tuple[int, str]:
        """A call with the right name and password, unless `fields` say otherwise; a field that is None is left out."""
        given = {name.replace("_", "-"): value for name, value in {**self.login(), **fields}.items() if value is not None}
        return await self.raw(f"{path}?{urlencode(given)}")

    async def raw(self, path: str) -> tuple[int, str]:
        async with self.session.get(URL(self.url + path, encoded=True)) as answer:
            return answer.status, await answer.text()

    async def post(self, path: str, data: object, headers: dict[str, str] | None = None) -> tuple[int, str]:
        async with self.session.post(self.url + path, data=data, headers=headers) as answer:
            return answer.status, await answer.text()


@pytest.fixture
async def plug(database: Database) -> AsyncIterator[Plug]:
    added = await clients.add(database, Wanted("crm", "06316", ("send",), callback_hosts=(HOST,)), NOW)
    reader = await clients.add(database, Wanted("doc", "06316", ("read",)), NOW)
    now, doors = [NOW], Doors(database, (ROUTE, NARROW))
    app = web.Application(client_max_size=CALL_LIMIT, middlewares=[quiet])
    app[CLOCK], app[PROXIES] = lambda: now[0], ()
    add_doors(app, doors)
    runner, url = await serve(app)
    async with aiohttp.ClientSession() as session:
        yield Plug(url, database, doors, session, added.client, added.secret.reveal(), reader.secret.reveal(), now)
    await runner.cleanup()
