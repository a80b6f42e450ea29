"""A real Kannel 1.4.5 that uses us as its SMSC (`system-type = kannel`): 5,000 messages each way, none lost, none twice.

MTs go from a system to Kannel, from Kannel to our `/cgi-bin/sendsms`, from us to the fake telco; reports go the whole way back. MOs come
from the telco to us, are handed on to Kannel's port, and from Kannel to the system.
"""

import asyncio
import json
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from aiohttp import ClientSession, TCPConnector, web
from yarl import URL

from gateway.simulator.telco import Hook, Telco, telco
from tests.harness import Gateway, deployment, eventually, free_ports, route
from tests.peers.kannel import kannel_in_front
from tests.story import ROUTE, serving

MTS = MOS = 5_000
REPORTED = 200  # of them with a dlr-url
LONG = "Họp thôn 19h tại nhà văn hoá. Ai biết nơi yên nghỉ của liệt sĩ xin báo tin; không tự ý đào bới 😀. " * 2
HOST = ("--callback-host", "127.0.0.1")
PATIENCE_S = 240.0  # of a slow machine that does other things too; nothing here waits so long by itself


@dataclass(slots=True)
class System:
    """What stands behind Kannel: it keeps the MOs and reports that Kannel brings."""

    url: str = ""
    mos: list[tuple[str, str]] = field(default_factory=list)
    reports: list[tuple[str, str]] = field(default_factory=list)

    async def mo(self, request: web.Request) -> web.Response:
        self.mos.append((request.query["from"], request.query["text"]))
        return web.Response()

    async def report(self, request: web.Request) -> web.Response:
        self.reports.append((request.query["id"], request.query["st"]))
        return web.Response()


@asynccontextmanager
async def system() -> AsyncIterator[System]:
    """A system on a port of its own."""
    found = System()
    app = web.Application()
    app.router.add_get("/mo", found.mo)
    app.router.add_get("/dlr", found.report)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        found.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield found
    finally:
        await runner.cleanup()


@dataclass(slots=True)
class Chain:
    """All that is running. `sendsms`: Kannel's own door."""

    gateway: Gateway
    there: Telco
    system: System
    sendsms: str
    session: ClientSession

    async def send(self, to: str, text: str, **more: str) -> None:
        query = urlencode({"username": "u", "password": "p", "from": "8088", "to": to, "text": text, "charset": "UTF-8", **more})
        async with self.session.get(URL(f"{self.sendsms}?{query}", encoded=True)) as answer:
            assert answer.status == 202, await answer.text()


@asynccontextmanager
async def chain(folder: Path) -> AsyncIterator[Chain]:
    """A telco, us, a Kannel in front of us and a system behind it."""
    sendsms, back = free_ports(2)
    async with telco() as there, system() as behind, ClientSession(connector=TCPConnector(limit=16)) as session:
        gateway = deployment(folder / "d", routes=route(ROUTE, "kannel", f"{there.url}/cgi-bin/sendsms"))
        settings = gateway.folder / "gateway.toml"
        settings.write_text(settings.read_text("utf-8").replace("[service]", '[service]\ncallback_hosts = ["127.0.0.1"]', 1), "utf-8")
        there.hook = Hook(f"{gateway.url}/hooks/{ROUTE}/mo?secret=s3cret", "kannel")
        added = await asyncio.to_thread(gateway.run, "--json", "clients", "add", "cong", "--scope", "send", *HOST)
        secret = str(json.loads(added.stdout)["secret"])
        url = f"http://127.0.0.1:{back}/?username=cong&password={secret}&from=%q&to=%Q&text=%b&charset=UTF-8&coding=2"
        more = ("--scope", "read", "--scope", "tips", "--route", ROUTE, "--mo-url", "-", *HOST)
        added = await asyncio.to_thread(gateway.run, "clients", "add", "nhan", *more, stdin=f"{url}\n")
        assert added.returncode == 0, added.stderr
        door = f"{gateway.url}/cgi-bin/sendsms"
        async with serving(gateway), kannel_in_front(folder / "kannel", f"{behind.url}/mo?x=1", door, "cong", secret, sendsms, back):
            yield Chain(gateway, there, behind, f"http://127.0.0.1:{sendsms}/cgi-bin/sendsms", session)


async def test_5000_mts_arrive_once_each(tmp_path: Path) -> None:
    """Each handset has its text once; what was asked to be reported is reported through both gateways."""
    async with chain(tmp_path) as it:
        people = {f"+84300{at:06d}": f"Hop thon, so {at}" for at in range(MTS)}
        reports = f"{it.system.url}/dlr?id=%s&st=%%d"
        calls = [
            it.send(number, text, **({"dlr-mask": "3", "dlr-url": reports % at} if at < REPORTED else {}))
            for at, (number, text) in enumerate(people.items())
        ]
        await asyncio.gather(*calls)

        async def are_there() -> bool:
            return it.there.counts.taken >= MTS

        await eventually(are_there, seconds=PATIENCE_S, pause=0.2)

        async def are_reported() -> bool:
            return len(it.system.reports) >= REPORTED

        await eventually(are_reported, seconds=PATIENCE_S, pause=0.2)
        await it.there.quiet()
        assert sorted((sms.number, sms.text) for sms in it.there.handsets.since(0)[1]) == sorted(people.items())
        assert it.there.counted()["twice"] == 0
        assert Counter(it.system.reports) == {(str(at), "1"): 1 for at in range(REPORTED)}


async def test_5000_mos_arrive_once_each(tmp_path: Path) -> None:
    """What residents write is handed on to Kannel, and by Kannel to the system, letter for letter."""
    async with chain(tmp_path) as it:
        people = {f"+84300{at:06d}": f"Bà con hỏi câu {at}" for at in range(MOS)}
        for number, text in people.items():
            it.there.send_mo(number, text)

        async def are_there() -> bool:
            return len(it.system.mos) >= MOS

        await eventually(are_there, seconds=PATIENCE_S, pause=0.2)
        assert Counter(it.system.mos) == dict.fromkeys(people.items(), 1)


async def test_nothing_is_lost_while_our_database_is_held(tmp_path: Path) -> None:
    """Kannel gets no answer then, keeps its messages and brings them again; none goes twice."""
    async with chain(tmp_path) as it:
        people = {f"+84300{at:06d}": f"Hop thon, so {at}" for at in range(20)}
        holder = sqlite3.connect(it.gateway.folder / "var" / "tinbao.db", isolation_level=None)
        try:
            holder.execute("BEGIN IMMEDIATE")
            for number, text in people.items():
                await it.send(number, text, **{"dlr-mask": "3", "dlr-url": f"{it.system.url}/dlr?id=x&st=%d"})

            async def is_told() -> bool:
                return "database.down" in (it.gateway.folder / "serve.log").read_text("utf-8")

            await eventually(is_told, seconds=PATIENCE_S)
        finally:
            holder.close()

        async def are_there() -> bool:
            return it.there.counts.taken >= len(people)

        await eventually(are_there, seconds=PATIENCE_S, pause=0.2)
        assert sorted((sms.number, sms.text) for sms in it.there.handsets.since(0)[1]) == sorted(people.items())


async def test_a_long_text_that_kannel_cuts_is_one_message(tmp_path: Path) -> None:
    """Kannel's own parts, each a call of its own, are joined by us; its report comes back for it."""
    async with chain(tmp_path) as it:
        await it.send("+84300000701", LONG, coding="2", **{"dlr-mask": "3", "dlr-url": f"{it.system.url}/dlr?id=dai&st=%d"})

        async def is_there() -> bool:
            return bool(it.there.handsets.of("+84300000701"))

        await eventually(is_there, seconds=PATIENCE_S)
        assert [sms.text for sms in it.there.handsets.of("+84300000701")] == [LONG]

        async def is_reported() -> bool:
            return bool(it.system.reports)

        await eventually(is_reported, seconds=PATIENCE_S)
        assert set(it.system.reports) == {("dai", "1")}
