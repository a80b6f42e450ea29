"""The public listener with the REST API on it, over either engine, and clients that call it."""

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from gateway.services.clients import Added, Wanted
from gateway.services.clients import add as add_client
from gateway.services.intake import open_intake
from gateway.services.routes import Route
from gateway.services.scans import Scans
from gateway.storage.database import Database
from gateway.storage.spool import Spool
from gateway.web.api import OPERATIONS, add_api
from gateway.web.api.operation import PREFIX
from gateway.web.app import create_app
from tests.services.people import NOW, deployment, inbound, route
from tests.web.conftest import serve

HERE = "06577"
ALL = ("send", "read", "tips", "webhooks")


@dataclass(frozen=True)
class Reply:
    """What came back. `body`: parsed JSON, None where there is none."""

    status: int
    headers: dict[str, str]
    body: Any  # Any: JSON

    @property
    def code(self) -> str:
        return str(self.body["code"])


@dataclass
class Door:
    """What a test needs of a running API. `now`: what its clock shows; `woken`: what it told the dispatcher and the callbacks."""

    url: str
    database: Database
    session: aiohttp.ClientSession
    now: list[int]
    app: web.Application
    woken: list[str] = field(default_factory=list)

    async def client(
        self, name: str = "crm", scopes: tuple[str, ...] = ALL, commune: str = HERE, **more: Any
    ) -> "Caller":  # Any: of Wanted
        added = await add_client(self.database, Wanted(name, commune, scopes, **more), self.now[0])
        return Caller(self, added)

    async def call(self, method: str, path: str, **more: Any) -> Reply:  # Any: aiohttp's own
        async with self.session.request(method, self.url + path, **more) as answer:
            text = await answer.text()
            headers = {name.lower(): value for name, value in answer.headers.items()}
            self._is_described(method, path.partition("?")[0], answer.status)
            return Reply(answer.status, headers, json.loads(text) if text else None)

    def _is_described(self, method: str, path: str, status: int) -> None:
        """The document names every status that a test sees."""
        for each in self.app[OPERATIONS]:
            if each.method == method and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", PREFIX + each.path), path):
                assert status in each.statuses, f"{each.name} answered {status}"


@dataclass(frozen=True)
class Caller:
    """A client with its token."""

    door: Door
    added: Added

    @property
    def id(self) -> int:
        return self.added.client.id

    async def call(self, method: str, path: str, **more: Any) -> Reply:  # Any: aiohttp's own
        headers = {"Authorization": f"Bearer {self.added.token.reveal()}", **more.pop("headers", {})}
        return await self.door.call(method, path if path.startswith("/api/") else f"/api/v1{path}", headers=headers, **more)

    async def get(self, path: str, **more: Any) -> Reply:  # Any: aiohttp's own
        return await self.call("GET", path, **more)

    async def post(self, path: str, value: object, **more: Any) -> Reply:  # Any: aiohttp's own
        return await self.call("POST", path, json=value, **more)

    async def send(self, *texts: dict[str, object], key: str | None = None) -> Reply:
        return await self.post("/messages", {"messages": list(texts)}, headers={"Idempotency-Key": key} if key else {})


def text(to: str = "+84300000101", words: str = "Mời bà con họp thôn", **more: object) -> dict[str, object]:
    return {"to": to, "text": words, **more}


@pytest.fixture
def routes() -> tuple[Route, ...]:
    return (route("vn", ("+84",)),)


@pytest.fixture
async def door(database: Database, tmp_path, keyring, routes) -> AsyncIterator[Door]:
    now, woken, handler = [NOW], [], inbound(database)

    async def sent() -> None:
        woken.append("dispatcher")

    opened = open_intake(database, Spool(tmp_path / "spool", keyring), at_once=handler.at_once, patience_s=20)
    async with opened as intake, aiohttp.ClientSession() as session:
        app = create_app(
            deployment=deployment(), database=database, intake=intake, scans=Scans(), hooks=[], clock=lambda: now[0],
            is_dispatching=lambda: True,
        )  # fmt: skip
        add_api(app, routes, "Asia/Ho_Chi_Minh", sent, lambda: woken.append("callbacks"))
        runner, url = await serve(app)
        yield Door(url, database, session, now, app, woken)
        await runner.cleanup()
