"""A marked tip through every door: no log, file, metric or error page holds its words or its number (issue: what it must show, 7)."""

import asyncio
import json
import sqlite3
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlencode

from gateway.simulator.telco import telco
from tests.harness import Gateway, deployment, eventually, free_ports, route

MARK = "quetoimuoilam"  # no Vietnamese text holds it by chance
NUMBER = "300555123"
E164 = f"+84{NUMBER}"
THEIRS = "300555124"  # whom an outside system writes to
TEXT = f"LS TN07 {MARK} mo bo doi canh suoi"


def call(url: str, *, data: bytes | None = None, headers: dict[str, str] | None = None, method: str | None = None) -> tuple[int, bytes]:
    """Status and body, whatever the status."""
    request = urllib.request.Request(url, data=data, headers=headers or {}, method=method)  # noqa: S310 # our own gateway
    try:
        with urllib.request.urlopen(request, timeout=15) as answer:  # noqa: S310
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def doors(gateway: Gateway, secret: str, tag: str) -> list[tuple[str, int, bytes]]:
    """The marked tip through each door, rightly and wrongly: (door, status, page)."""
    seen = []
    for name, url, data, headers in (*people_call(gateway, tag), *systems_call(gateway.url, secret, tag)):
        try:
            seen.append((name, *call(url, data=data, headers=headers)))
        except (ConnectionError, urllib.error.URLError):  # a refused body may close the connection first
            seen.append((name, 413, b""))
    return seen


def people_call(gateway: Gateway, tag: str) -> list[tuple[str, str, bytes | None, dict[str, str]]]:
    """What carriers, browsers and staff bring: (door, URL, body, headers)."""
    kannel = f"{gateway.url}/hooks/k/mo"
    query = urlencode({"from": E164, "to": "8088", "text": TEXT, "id": tag, "ts": 1})
    words = quote(TEXT)
    json_mo = f'{{"id": "{tag}", "from": "{E164}", "to": "8088", "text": "{TEXT}", "at": 1}}'.encode()
    form = urlencode({"story": TEXT, "phone": f"0{NUMBER}", "name": MARK}).encode()
    typed = {"Content-Type": "application/x-www-form-urlencoded"}
    desk = f"http://127.0.0.1:{gateway.desk}"
    return [
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


def systems_call(url: str, secret: str, tag: str) -> list[tuple[str, str, bytes | None, dict[str, str]]]:
    """What an outside system brings to the REST API and to the doors in Kannel's and Jasmin's dialect: (door, URL, body, headers)."""
    api, token = f"{url}/api/v1", {"Authorization": f"Bearer crm.{secret}"}
    typed = token | {"Content-Type": "application/json"}
    wrong, to = {"Authorization": f"Bearer crm.{MARK}"}, f"+84{THEIRS}"
    text = {"messages": [{"to": to, "text": f"{TEXT} {tag}"}]}
    strange = {"messages": [{"to": f"{to}{MARK}", "text": TEXT, "urgent": MARK, "reference": f"{MARK} {NUMBER}" * 20}]}
    sms = {"to": to, "text": f"{TEXT} kannel {tag}"}
    content = {"to": f"84{THEIRS}", "content": f"{TEXT} jasmin {tag}"}
    right, bad = {"username": "crm", "password": secret}, {"username": "crm", "password": MARK}
    sendsms, send = f"{url}/cgi-bin/sendsms", f"{url}/send"
    return [
        ("api", f"{api}/messages", json.dumps(text).encode(), typed | {"Idempotency-Key": tag}),
        ("api, key used", f"{api}/messages", json.dumps(strange | text, indent=1).encode(), typed | {"Idempotency-Key": tag}),
        ("api, wrong token", f"{api}/messages", json.dumps(text).encode(), typed | wrong),
        ("api, no token", f"{api}/messages?{urlencode(sms)}", json.dumps(text).encode(), {"Content-Type": "application/json"}),
        ("api, strange body", f"{api}/messages", json.dumps(strange).encode(), typed),
        ("api, not JSON", f"{api}/messages", json.dumps(text).encode()[:-9], typed),
        ("api, huge", f"{api}/messages", json.dumps({"messages": [{"to": to, "text": TEXT * 30_000}]}).encode(), typed),
        ("api, strange key", f"{api}/messages", json.dumps(text).encode(), typed | {"Idempotency-Key": f"{MARK} {MARK}"}),
        ("api, list", f"{api}/messages", None, token),
        ("api, strange query", f"{api}/messages?to={NUMBER}&limit={MARK}", None, token),
        ("api, strange cursor", f"{api}/messages?cursor={MARK}", None, token),
        ("api, unknown message", f"{api}/messages/{MARK}", None, token),
        ("api, unknown tip", f"{api}/tips/{MARK}", None, token),
        ("api, unknown path", f"{api}/{quote(TEXT)}", None, token),
        ("api, webhook inside", f"{api}/webhooks", json.dumps({"url": f"http://10.0.0.1/{MARK}", "events": []}).encode(), typed),
        ("api, strange webhook", f"{api}/webhooks", json.dumps({"url": MARK, "events": [MARK]}).encode(), typed),
        ("sendsms", f"{sendsms}?{urlencode(right | sms)}", None, {}),
        ("sendsms, wrong password", f"{sendsms}?{urlencode(bad | sms)}", None, {}),
        ("sendsms, strange number", f"{sendsms}?{urlencode(right | sms | {'to': TEXT})}", None, {}),
        ("sendsms, strange fields", f"{sendsms}?{urlencode(right | sms | {'coding': MARK, 'smsc': MARK, 'dlr-url': MARK})}", None, {}),
        ("sendsms, as a form", sendsms, urlencode(right | sms | {"charset": MARK}).encode(), {}),
        ("sendsms, huge", f"{sendsms}?{urlencode(right | sms)}{quote(TEXT) * 3_000}", None, {}),
        ("send", f"{send}?{urlencode(right | content)}", None, {}),
        ("send, wrong password", f"{send}?{urlencode(bad | content)}", None, {}),
        ("send, strange number", f"{send}?{urlencode(right | content | {'to': TEXT})}", None, {}),
        ("send, strange fields", f"{send}?{urlencode(right | content | {'coding': MARK, 'hex-content': MARK, 'dlr-url': MARK})}", None, {}),
        ("send, as a form", send, urlencode(right | content | {"priority": MARK}).encode(), {}),
        ("rate", f"{url}/rate?{urlencode(bad | content)}", None, {}),
    ]  # fmt: skip


def files(folder: Path) -> Iterator[Path]:
    """Everything the gateway wrote: database, WAL, spool, log."""
    yield from (path for path in folder.rglob("*") if path.is_file())


def betrays(data: bytes, *more: str) -> bool:
    secrets = (MARK, NUMBER, THEIRS, *more)
    return any(secret.encode() in data.lower() for secret in secrets) or MARK.encode("utf-16-le") in data.lower()


def plugged(gateway: Gateway) -> str:
    """The secret of a new client, in small letters; its messages are handed on to an address where nobody listens."""
    settings = gateway.folder / "gateway.toml"
    settings.write_text(settings.read_text("utf-8").replace("[service]\n", '[service]\ncallback_hosts = ["127.0.0.1"]\n', 1), "utf-8")
    assert gateway.run("migrate").returncode == 0
    inside = f"http://127.0.0.1:{free_ports(1)[0]}"
    addresses = ("--mo-url", f"{inside}/mo?pass={MARK}&from=%p&text=%b", "--webhook", f"{inside}/{MARK}", "--callback-host", "127.0.0.1")
    scopes = ("--scope", "send", "--scope", "read", "--scope", "tips", "--scope", "webhooks")
    added = gateway.run("--json", "clients", "add", "crm", *scopes, *addresses)
    return str(json.loads(added.stdout)["secret"])


TAKEN = {"get": 200, "post": 200, "form": 200, "api": 202, "api, list": 200, "sendsms": 202, "send": 200}


async def test_a_marked_tip_is_nowhere_in_the_clear(tmp_path: Path) -> None:
    """All doors, then all again while another process holds the database, then a MT to the same number."""
    async with telco() as there:
        routes = route("s", "simulator", f"{there.url}/sms") + route("k", "kannel", f"{there.url}/cgi-bin/sendsms")
        gateway = deployment(tmp_path / "d", routes=routes)
        secret = plugged(gateway)
        with gateway.serving():
            pages = await asyncio.to_thread(doors, gateway, secret, "one")
            assert {name: status for name, status, _ in pages if name in TAKEN} == TAKEN
            lock = sqlite3.connect(gateway.folder / "var" / "tinbao.db", isolation_level=None, timeout=10, check_same_thread=False)
            lock.execute("BEGIN IMMEDIATE")
            pages += [page for page in await asyncio.to_thread(doors, gateway, secret, "two") if page[0] != "get, huge"]
            spooled = [path for path in files(gateway.folder) if "spool" in str(path) and path.stat().st_size]
            assert spooled, "the locked database's calls must wait in the spool"
            assert not any(betrays(path.read_bytes()) for path in spooled)
            lock.execute("ROLLBACK")
            lock.close()
            await eventually(lambda: _written_to(there, NUMBER, 4), seconds=40)
            await eventually(lambda: _written_to(there, THEIRS, 3), seconds=40)
            sent = await asyncio.to_thread(gateway.run, "send", "--route", "s", "--to", E164, "--text", f"{MARK} tri an", "--wait")
            assert sent.returncode == 0, sent.stderr
            assert not betrays((sent.stdout + sent.stderr).encode())
            metrics = await asyncio.to_thread(call, f"http://127.0.0.1:{gateway.desk}/metrics")
            assert b"tinbao_outbox" in metrics[1]
            assert not betrays(metrics[1], secret.lower())
            tips = await asyncio.to_thread(gateway.run, "tips", "list", "--json")
            live = {path.name: path.read_bytes() for path in files(gateway.folder)}
        told = [gateway.run(*words) for words in (("doctor",), ("clients", "list"), ("clients", "list", "--json"))]
    assert tips.stdout.count(MARK) >= 4, "what was accepted while locked must be there too"
    assert any(name.endswith("-wal") for name in live)
    for name, data in live.items():
        assert not betrays(data, secret.lower()), f"{name} holds the marked tip"
    for path in files(gateway.folder):
        assert not betrays(path.read_bytes(), secret.lower()), f"{path.name} holds the marked tip"
    for name, status, page in pages:
        assert status < 500 or status == 503, name
        assert not betrays(page, secret.lower()), f"the page of “{name}” repeats the tip"
    for done in told:
        assert done.stdout
        assert not betrays((done.stdout + done.stderr).encode(), secret.lower())


async def _written_to(there, number: str, count: int) -> bool:
    return len([sms for sms in there.handsets.since(0)[1] if number in sms.number and not sms.mine]) >= count
