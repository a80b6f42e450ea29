"""A marked tip through every door: no log, file, metric or error page holds its words or its number (issue: what it must show, 7)."""

import asyncio
import sqlite3
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlencode

from gateway.simulator.telco import telco
from tests.harness import Gateway, deployment, eventually, route

MARK = "quetoimuoilam"  # no Vietnamese text holds it by chance
NUMBER = "300555123"
E164 = f"+84{NUMBER}"
TEXT = f"LS TN07 {MARK} mo bo doi canh suoi"


def call(url: str, *, data: bytes | None = None, headers: dict[str, str] | None = None, method: str | None = None) -> tuple[int, bytes]:
    """Status and body, whatever the status."""
    request = urllib.request.Request(url, data=data, headers=headers or {}, method=method)  # noqa: S310 # our own gateway
    try:
        with urllib.request.urlopen(request, timeout=15) as answer:  # noqa: S310
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def doors(gateway: Gateway, tag: str) -> list[tuple[str, int, bytes]]:
    """The marked tip through each door, rightly and wrongly: (door, status, page)."""
    kannel = f"{gateway.url}/hooks/k/mo"
    query = urlencode({"from": E164, "to": "8088", "text": TEXT, "id": tag, "ts": 1})
    words = quote(TEXT)
    json_mo = f'{{"id": "{tag}", "from": "{E164}", "to": "8088", "text": "{TEXT}", "at": 1}}'.encode()
    form = urlencode({"story": TEXT, "phone": f"0{NUMBER}", "name": MARK}).encode()
    typed = {"Content-Type": "application/x-www-form-urlencoded"}
    desk = f"http://127.0.0.1:{gateway.desk}"
    calls = [
        ("get", f"{kannel}?secret=s3cret&{query}", None, {}),
        ("get, wrong secret", f"{kannel}?secret=no&{query}", None, {}),
        ("get, no secret", f"{kannel}?{query}", None, {}),
        ("get, broken utf-8", f"{kannel}?secret=s3cret&from={quote(E164)}&text={words}%ff%00&id={tag}b", None, {}),
        ("get, huge", f"{kannel}?secret=s3cret&{query}{words * 3000}", None, {}),
        ("get, unknown route", f"{gateway.url}/hooks/none/mo?{query}", None, {}),
        ("get, unknown path", f"{gateway.url}/{words}/{NUMBER}", None, {}),
        ("post", f"{gateway.url}/hooks/s/mo?secret=s3cret", json_mo, {"Content-Type": "application/json"}),
        ("post, not JSON", f"{gateway.url}/hooks/s/mo?secret=s3cret", json_mo[:-9], {}),
        ("post, 10 MB", f"{gateway.url}/hooks/s/mo?secret=s3cret", TEXT.encode() * 250_000, {}),
        ("dlr, nonsense", f"{gateway.url}/hooks/k/dlr?secret=s3cret&id={NUMBER}&st={MARK}", None, {}),
        ("form", f"{gateway.url}/V/TN07", form, typed),
        ("form, too long", f"{gateway.url}/V/TN07", form + TEXT.encode() * 60_000, typed),
        ("page, unknown code", f"{gateway.url}/Q/{MARK}", None, {}),
        ("desk, unknown path", f"{desk}/desk/{words}", None, {}),
        ("desk, wrong passphrase", f"{desk}/desk/login", urlencode({"name": "ai", "passphrase": TEXT}).encode(), {**typed, "Origin": desk}),
    ]
    seen = []
    for name, url, data, headers in calls:
        try:
            seen.append((name, *call(url, data=data, headers=headers)))
        except (ConnectionError, urllib.error.URLError):  # a refused body may close the connection first
            seen.append((name, 413, b""))
    return seen


def files(folder: Path) -> Iterator[Path]:
    """Everything the gateway wrote: database, WAL, spool, log."""
    yield from (path for path in folder.rglob("*") if path.is_file())


def betrays(data: bytes) -> bool:
    return any(secret in data.lower() for secret in (MARK.encode(), NUMBER.encode(), MARK.encode("utf-16-le")))


async def test_a_marked_tip_is_nowhere_in_the_clear(tmp_path: Path) -> None:
    """All doors, then all again while another process holds the database, then a MT to the same number."""
    async with telco() as there:
        routes = route("s", "simulator", f"{there.url}/sms") + route("k", "kannel", f"{there.url}/cgi-bin/sendsms")
        gateway = deployment(tmp_path / "d", routes=routes)
        with gateway.serving():
            pages = await asyncio.to_thread(doors, gateway, "one")
            assert {name: status for name, status, _ in pages if name in ("get", "post", "form")} == {"get": 200, "post": 200, "form": 200}
            lock = sqlite3.connect(gateway.folder / "var" / "tinbao.db", isolation_level=None, timeout=10, check_same_thread=False)
            lock.execute("BEGIN IMMEDIATE")
            pages += [page for page in await asyncio.to_thread(doors, gateway, "two") if page[0] != "get, huge"]
            spooled = [path for path in files(gateway.folder) if "spool" in str(path) and path.stat().st_size]
            assert spooled, "the locked database's calls must wait in the spool"
            assert not any(betrays(path.read_bytes()) for path in spooled)
            lock.execute("ROLLBACK")
            lock.close()
            await eventually(lambda: _replied(there, 4), seconds=40)
            sent = await asyncio.to_thread(gateway.run, "send", "--route", "s", "--to", E164, "--text", f"{MARK} tri an", "--wait")
            assert sent.returncode == 0, sent.stderr
            assert not betrays((sent.stdout + sent.stderr).encode())
            metrics = await asyncio.to_thread(call, f"http://127.0.0.1:{gateway.desk}/metrics")
            assert b"tinbao_outbox" in metrics[1]
            assert not betrays(metrics[1])
            tips = await asyncio.to_thread(gateway.run, "tips", "list", "--json")
            live = {path.name: path.read_bytes() for path in files(gateway.folder)}
    assert tips.stdout.count(MARK) >= 4, "what was accepted while locked must be there too"
    assert any(name.endswith("-wal") for name in live)
    for name, data in live.items():
        assert not betrays(data), f"{name} holds the marked tip"
    for path in files(gateway.folder):
        assert not betrays(path.read_bytes()), f"{path.name} holds the marked tip"
    for name, status, page in pages:
        assert status < 500 or status == 503, name
        assert not betrays(page), f"the page of “{name}” repeats the tip"


async def _replied(there, count: int) -> bool:
    return len([sms for sms in there.handsets.since(0)[1] if NUMBER in sms.number and not sms.mine]) >= count
