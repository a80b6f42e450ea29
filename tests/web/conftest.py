"""The public listener on a real port, over either engine."""

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from gateway.carriers.registry import CARRIERS
from gateway.domain.secret import Secret
from gateway.services.attachments import Attachments
from gateway.services.inbound import Inbound
from gateway.services.intake import Intake, open_intake
from gateway.services.scans import Scans
from gateway.storage.database import Database
from gateway.storage.spool import Spool
from gateway.web.app import LINKS, create_app
from gateway.web.hooks import Hook
from gateway.web.runner import web_runner
from tests.services.people import NOW, deployment, inbound

PHONE = {"User-Agent": "Mozilla/5.0 (Linux; Android 9; Mobile) AppleWebKit/537.36 Chrome/120 Mobile Safari/537.36"}
SECRET = "mat-khau-tap"


@dataclass(slots=True)
class Door:
    """What a test needs of a running listener. `now`: what its clock shows."""

    url: str
    database: Database
    intake: Intake
    inbound: Inbound
    scans: Scans
    spool: Spool
    session: aiohttp.ClientSession
    dispatching: list[bool]
    now: list[int]
    app: web.Application
    attachments: Attachments
    runner: web.AppRunner
    make: Callable[[], web.Application]

    async def get(self, path: str, **more) -> tuple[int, str]:
        async with self.session.get(self.url + path, headers=PHONE | more.pop("headers", {}), **more) as answer:
            return answer.status, await answer.text()

    async def post(self, path: str, data, **more) -> tuple[int, str]:
        async with self.session.post(self.url + path, data=data, **more) as answer:
            return answer.status, await answer.text()

    async def send(self, path: str, data) -> tuple[int, str]:
        """Post, and say where the answer leads instead of going there."""
        async with self.session.post(self.url + path, data=data, headers=PHONE, allow_redirects=False) as answer:
            return answer.status, answer.headers.get("Location", "")

    async def told(self, story: str = "Sau trường cũ có 2 nấm mộ", path: str = "/V/TN07", **fields: str) -> str:
        """Tell a tip; returns the address of its ticket, "/t/…"."""
        status, place = await self.send(path, {"story": story, "token": await self.key(path), **fields})
        assert status == 303
        return place.rpartition("/")[0]

    async def key(self, path: str = "/V/TN07") -> str:
        """The one-time key of a form that is shown now."""
        _, page = await self.get(f"{path}/ke")
        return token_in(page)

    async def restart(self) -> None:
        """End the server and start another at the same address over the same database and folder."""
        await self.runner.cleanup()
        self.app = self.make()
        self.runner, self.url = await serve(self.app, int(self.url.rpartition(":")[2]))

    async def refresh_links(self) -> None:
        assert await self.app[LINKS].refresh(self.database)


def token_in(page: str) -> str:
    found = re.search(r'name="token" value="([^"]+)"', page)
    assert found
    return found[1]


async def serve(app: web.Application, port: int = 0) -> tuple[web.AppRunner, str]:
    runner = web_runner(app, drain_s=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port, reuse_address=True)
    await site.start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}"


@pytest.fixture
async def door(database: Database, tmp_path: Path, keyring) -> AsyncIterator[Door]:
    spool, scans, dispatching, handler, now = Spool(tmp_path / "spool", keyring), Scans(), [True], inbound(database), [NOW]
    attachments = Attachments(database, tmp_path / "attachments")
    hooks = [
        Hook("kannel", CARRIERS["kannel"], Secret(SECRET)),
        Hook("gia-lap", CARRIERS["simulator"], Secret(SECRET), rehearsal=True),
        Hook("tra-loi", CARRIERS["kannel"], Secret(SECRET), in_response=True),
        Hook("vo-chu", CARRIERS["kannel"], Secret("")),
        Hook("dia-chi", CARRIERS["kannel"], Secret(""), networks=(ip_network("127.0.0.0/8"),)),
        Hook("noi-khac", CARRIERS["kannel"], Secret(""), networks=(ip_network("203.0.113.0/24"),)),
    ]
    opened = open_intake(database, spool, at_once=handler.at_once, in_response={"tra-loi"}, patience_s=20)
    async with opened as intake, aiohttp.ClientSession() as session:

        def make() -> web.Application:
            return create_app(
                deployment=deployment(), database=database, intake=intake, scans=scans, hooks=hooks,
                clock=lambda: now[0], is_dispatching=lambda: dispatching[0], attachments=Attachments(database, tmp_path / "attachments"),
            )  # fmt: skip

        app = make()
        runner, url = await serve(app)
        found = Door(url, database, intake, handler, scans, spool, session, dispatching, now, app, attachments, runner, make)
        yield found
        await found.runner.cleanup()
