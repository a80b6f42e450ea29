"""A real Kannel 1.4.5 on free ports: bearerbox, smsbox and the residents' phones.

The phones are the TCP line of its fake SMSC; or, where texts come in parts, which the fake one sends as bytes only, an SMSC over HTTP.
"""

import asyncio
import re
import shutil
import subprocess
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from string import Template
from subprocess import DEVNULL, Popen
from urllib.parse import quote, unquote_to_bytes

from aiohttp import ClientSession, web
from yarl import URL

from tests.harness import ROOT, free_ports, wait_for_port

SHORT_CODE = "8088"
# Kannel ends a group at a blank line, and the whole file at a key that it doesn't know.
_CONFIG = Template("""\
group = core
admin-port = $admin
admin-password = adm
smsbox-port = $smsbox
box-allow-ip = "127.0.0.1"
store-type = spool
store-location = "$folder/spool"
dlr-storage = internal
sms-resend-freq = 2
sms-combine-concatenated-mo = $combine
log-file = "$folder/bearerbox.log"
log-level = 3

$smsc

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = $sendsms
global-sender = 8088
mo-recode = true
http-request-retry = 10
http-queue-delay = 2
reply-couldnotfetch = ""
reply-couldnotrepresent = ""
reply-requestfailed = ""
reply-emptymessage = ""
log-file = "$folder/smsbox.log"
log-level = 3

group = sendsms-user
username = u
password = p
max-messages = 8
concatenation = true
user-allow-ip = "127.0.0.1"

group = sms-service
keyword = default
catch-all = true
get-url = "$hook&from=%q&to=%Q&text=%b&id=%I&ts=%T&coding=%c&cs=%C&udh=%u"
max-messages = $most
omit-empty = true
""")
_FAKE = """\
group = smsc
smsc = fake
smsc-id = handset
port = $handset
connect-allow-ip = 127.0.0.1"""
_HTTP = """\
group = smsc
smsc = http
smsc-id = handset
system-type = kannel
smsc-username = u
smsc-password = p
port = $handset
connect-allow-ip = 127.0.0.1
send-url = "$phones" """
_GATEWAY = """\
group = smsc
smsc = http
smsc-id = tinbao
system-type = kannel
smsc-username = $client
smsc-password = $secret
port = $back
connect-allow-ip = 127.0.0.1
send-url = "$door"
dlr-url = "http://127.0.0.1:$back/?username=$client&password=$secret" """
_LINE = re.compile(rb"(?P<sender>\S+) (?P<receiver>\S+) (?:udh (?P<udh>\S+) )?(?P<kind>text|ucs-2|data) ?(?P<words>.*)")


def programs() -> tuple[str, str] | None:
    """Where bearerbox and smsbox are; Debian puts them where not everybody's PATH looks."""
    found = [shutil.which(name, path="/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin") for name in ("bearerbox", "smsbox")]
    return (found[0], found[1]) if found[0] and found[1] else None


class FakeSmsc:
    """The client side of Kannel's fake SMSC: a line a message. Parts of a long text are put together again."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._texts: defaultdict[str, list[str]] = defaultdict(list)
        self._parts: dict[tuple[str, bytes], dict[int, str]] = {}
        self.lines = 0
        self.unread: list[bytes] = []

    async def listen(self, reader: asyncio.StreamReader) -> None:
        """Take what comes until the line ends."""
        while line := await reader.readline():
            self.lines += 1
            found = _LINE.fullmatch(line.rstrip(b"\n"))
            if found is None:
                self.unread.append(line)
                continue
            words = (
                found["words"].decode()
                if found["kind"] == b"text"
                else unquote_to_bytes(found["words"].replace(b"+", b" ")).decode("utf-16be")
            )
            self._put(found["receiver"].decode(), unquote_to_bytes(found["udh"]) if found["udh"] else b"", words)

    def _put(self, number: str, udh: bytes, words: str) -> None:
        if not udh:
            self._texts[number].append(words)
            return
        parts = self._parts.setdefault((number, udh[3:4]), {})  # 3GPP TS 23.040 §9.2.3.24.1: 05 00 03 reference total number
        parts[udh[5]] = words
        if len(parts) == udh[4]:
            self._texts[number].append("".join(parts[at] for at in sorted(parts)))
            del self._parts[number, udh[3:4]]

    async def write(self, sender: str, text: str) -> None:
        kind, words = ("text", text) if text.isascii() else ("ucs2", quote(text.encode("utf-16be")))
        self._writer.write(f"{sender} {SHORT_CODE} {kind} {words}\n".encode())
        await self._writer.drain()

    async def texts_of(self, number: str) -> list[str]:
        return list(self._texts[number])

    def by_number(self) -> dict[str, list[str]]:
        """All that arrived."""
        return {number: texts for number, texts in self._texts.items() if texts}


class HttpSmsc:
    """An SMSC over HTTP in Kannel's own dialect: it takes MTs as calls, and MOs are calls to Kannel."""

    def __init__(self, port: int, session: ClientSession) -> None:
        self._port, self._session = port, session
        self._texts: defaultdict[str, list[str]] = defaultdict(list)

    async def take(self, request: web.Request) -> web.Response:
        """One MT."""
        self._texts[request.query["to"]].append(request.query["text"])
        return web.Response(status=202, text="0: Accepted for delivery")

    def texts_of(self, number: str) -> list[str]:
        """What arrived at a phone."""
        return self._texts[number]

    async def write_part(self, sender: str, number: int, total: int, words: str, reference: int = 42) -> None:
        """One part of a long UCS-2 text, as it is on the air."""
        udh, text = quote(bytes([5, 0, 3, reference, total, number])), quote(words.encode("utf-16be"))
        call = f"username=u&password=p&from={quote(sender)}&to={SHORT_CODE}&coding=2&charset=UTF-16BE&udh={udh}&text={text}"
        async with self._session.get(URL(f"http://127.0.0.1:{self._port}/?{call}", encoded=True)) as answer:
            assert answer.status == 202


@asynccontextmanager
async def kannel(folder: Path, hook: str, sendsms: int) -> AsyncIterator[FakeSmsc]:
    """Kannel for the length of the block: MOs go to `hook` (a URL with its secret), MTs are taken at port `sendsms`."""
    (handset,) = free_ports(1)
    async with _running(folder, hook, sendsms, Template(_FAKE).substitute(handset=handset)):
        reader, writer = await asyncio.open_connection("127.0.0.1", handset)
        phones = FakeSmsc(writer)
        listening = asyncio.create_task(phones.listen(reader), name="handsets")
        try:
            yield phones
        finally:
            writer.close()
            listening.cancel()


@asynccontextmanager
async def kannel_with_parts(folder: Path, hook: str, sendsms: int, *, most: int, combine: bool = False) -> AsyncIterator[HttpSmsc]:
    """The same with an SMSC over HTTP. `most`: texts that our answer to an MO may become; `combine`: whether Kannel joins parts itself."""
    (handset,) = free_ports(1)
    async with ClientSession() as session:
        phones = HttpSmsc(handset, session)
        app = web.Application()
        app.router.add_get("/send", phones.take)
        runner = web.AppRunner(app)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            line = Template(_HTTP).substitute(handset=handset, phones=f"http://127.0.0.1:{runner.addresses[0][1]}/send")
            async with _running(folder, hook, sendsms, line, most=most, combine=combine):
                yield phones
        finally:
            await runner.cleanup()


_SHIPPED = ROOT / "docs" / "smpp" / "kannel.conf"


@asynccontextmanager
async def kannel_over_smpp(folder: Path, hook: str, sendsms: int, line: int) -> AsyncIterator[None]:
    """Kannel as docs/smpp.md sets it up, bound to the telco's port `line`; MOs go to `hook`, a gateway's address without a path."""
    admin, boxes = free_ports(2)
    text = _SHIPPED.read_text("utf-8")
    for shipped, ours in (
        ("smpp.telco.example", "127.0.0.1"),
        ("= 2775", f"= {line}"),
        ("= 13000", f"= {admin}"),
        ("= 13001", f"= {boxes}"),
        ("= 13013", f"= {sendsms}"),
        ("http://127.0.0.1:8080", hook),
        ("/var/spool/kannel", str(folder)),
        ("/var/log/kannel", str(folder)),
    ):
        assert shipped in text, shipped
        text = text.replace(shipped, ours)
    for name in ("store", "dlr"):
        (folder / name).mkdir(parents=True)
    async with _boxes(folder, text, boxes, sendsms):
        yield


@asynccontextmanager
async def kannel_in_front(folder: Path, sink: str, door: str, client: str, secret: str, sendsms: int, back: int) -> AsyncIterator[None]:
    """Kannel with another gateway's `door` as its SMSC, as a system that uses us runs it.

    It takes MTs at port `sendsms`, MOs and reports of that gateway at port `back`, and hands MOs to `sink` (a URL with a query).
    """
    line = Template(_GATEWAY).substitute(client=client, secret=secret, door=door, back=back)
    async with _running(folder, sink, sendsms, line, combine=False):
        yield


@asynccontextmanager
async def _running(folder: Path, hook: str, sendsms: int, smsc: str, *, most: int = 0, combine: bool = True) -> AsyncIterator[None]:
    admin, boxes = free_ports(2)
    (folder / "spool").mkdir(parents=True)
    config = _CONFIG.substitute(
        folder=folder, hook=hook, admin=admin, smsbox=boxes, sendsms=sendsms, smsc=smsc, most=most, combine=str(combine).lower()
    )
    async with _boxes(folder, config, boxes, sendsms):
        yield


@asynccontextmanager
async def _boxes(folder: Path, config: str, boxes: int, sendsms: int) -> AsyncIterator[None]:
    """bearerbox and smsbox with this configuration."""
    found = programs()
    assert found is not None, "Kannel is not installed; run tests/peers/install"
    bearerbox, smsbox = found
    path = folder / "kannel.conf"
    path.write_text(config, "utf-8")
    running: list[Popen[bytes]] = []
    try:
        for program, port in ((bearerbox, boxes), (smsbox, sendsms)):
            running.append(Popen([program, "-v", "4", str(path)], stdout=DEVNULL, stderr=DEVNULL, cwd=folder))
            await asyncio.to_thread(wait_for_port, port, running[-1])
        yield
    finally:
        await asyncio.to_thread(_end, running[::-1])


def _end(running: Sequence[Popen[bytes]]) -> None:
    """smsbox first, or bearerbox waits for it."""
    for process in running:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
