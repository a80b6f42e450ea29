"""A running gateway, and an outside system that is called: an MO is handed on, a tip told of; no log shows where, or what."""

import json
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

from aiohttp import ClientSession

from gateway.simulator.telco import telco
from tests.harness import deployment, eventually, route
from tests.services.outside_rows import HOST, theirs

NUMBER = "+84300555124"
WORDS = "LS TN07 quetoimuoibay mo bo doi canh suoi"


async def test_an_outside_system_is_called(tmp_path: Path) -> None:
    """Wired from the hook to the wire; its host lies inside, and is named twice."""
    async with telco() as there, theirs() as server:
        gateway = deployment(tmp_path / "d", routes=route("k", "kannel", f"{there.url}/cgi-bin/sendsms"))
        settings = gateway.folder / "gateway.toml"
        settings.write_text(settings.read_text("utf-8").replace("[service]\n", f'[service]\ncallback_hosts = ["{HOST}"]\n', 1), "utf-8")
        addresses = ("--mo-url", f"{server.url}/mo?from=%p&text=%b", "--webhook", f"{server.url}/hook", "--callback-host", HOST)
        assert gateway.run("migrate").returncode == 0
        added = gateway.run("clients", "add", "crm", "--scope", "tips", "--scope", "webhooks", *addresses)
        assert added.returncode == 0, added.stderr
        with gateway.serving():
            query = urlencode({"secret": "s3cret", "from": NUMBER, "to": "8088", "text": WORDS, "id": "1", "ts": 1})
            async with ClientSession() as session:
                answer = await session.get(f"{gateway.url}/hooks/k/mo?{query}")
            assert answer.status == 200
            await eventually(lambda: _told(server, 2), seconds=60)
        log = (gateway.folder / "serve.log").read_text("utf-8")
    told = {urlsplit(path).path: (path, body) for _, path, _, body in server.seen}
    assert parse_qs(urlsplit(told["/mo"][0]).query) == {"from": [NUMBER], "text": [WORDS]}
    assert json.loads(told["/hook"][1])["event"] == "tip.received"
    assert not [secret for secret in (NUMBER[3:], "quetoimuoibay", server.url) if secret in log]


async def _told(server, times: int) -> bool:
    return len(server.seen) >= times
