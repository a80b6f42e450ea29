"""The public listener on a real port, over either engine."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from gateway.carriers.registry import CARRIERS
from gateway.domain.secret import Secret
from gateway.services.inbound import Inbound
from gateway.services.intake import Intake, open_intake
from gateway.services.scans import Scans
from gateway.storage.database import Database
from gateway.storage.spool import Spool
from gateway.web.app import create_app
from gateway.web.hooks import Hook
from gateway.web.runner import web_runner
from tests.services.people import NOW, deployment, inbound

PHONE = {"User-Agent": "Mozilla/5.0 (Linux; Android 9; Mobile) AppleWebKit/537.36 Chrome/120 Mobile Safari/537.36"}
SECRET = "mat-khau-tap"


@dataclass(slots=True)
class Door:
    """What a test needs of a running listener."""

    url: str
    database: Database
    intake: Intake
    inbound: Inbound
    scans: Scans
    spool: Spool
    session: aiohttp.ClientSession
    dispatching: list[bool]

    async def get(self, path: str, **more) -> tuple[int, str]:
        async with self.session.get(self.url + path, headers=PHONE, **more) as answer:
            return answer.status, await answer.text()

    async def post(self, path: str, data, **more) -> tuple[int, str]:
        async with self.session.post(self.url + path, data=data, **more) as answer:
            return answer.status, await answer.text()


async def serve(app: web.Application) -> tuple[web.AppRunner, str]:
    runner = web_runner(app, drain_s=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}"


@pytest.fixture
async def door(database: Database, tmp_path: Path, keyring) -> AsyncIterator[Door]:
    spool, scans, dispatching, handler = Spool(tmp_path / "spool", keyring), Scans(), [True], inbound(database)
    hooks = [
        Hook("kannel", CARRIERS["kannel"], Secret(SECRET)),
        Hook("gia-lap", CARRIERS["simulator"], Secret(SECRET), rehearsal=True),
        Hook("vo-chu", CARRIERS["kannel"], Secret("")),
        Hook("dia-chi", CARRIERS["kannel"], Secret(""), networks=(ip_network("127.0.0.0/8"),)),
        Hook("noi-khac", CARRIERS["kannel"], Secret(""), networks=(ip_network("203.0.113.0/24"),)),
    ]
    async with open_intake(database, spool, at_once=handler.at_once, patience_s=20) as intake, aiohttp.ClientSession() as session:
        app = create_app(
            deployment=deployment(), database=database, intake=intake, scans=scans, hooks=hooks,
            clock=lambda: NOW, is_dispatching=lambda: dispatching[0],
        )  # fmt: skip
        runner, url = await serve(app)
        yield Door(url, database, intake, handler, scans, spool, session, dispatching)
        await runner.cleanup()
