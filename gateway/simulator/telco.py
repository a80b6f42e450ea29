"""The one fake telco: a real HTTP server that takes, throttles, refuses, stalls, resets and reports as its `Behaviour` says.

    POST /sms, GET /sms?ref=…      the simulator's wire (see `carriers/simulator.py`)
    GET /cgi-bin/sendsms           Kannel's dialect, with Kannel's words
    POST /mo {"from","text"}       a handset writes to the short code
    GET|POST /control              the behaviour, and changes to it
    GET /counts                    what it received; never texts
    GET /sent?since=N              the messages at the handsets: it is the network
    GET /handset                   a phone in the browser

Numbers and texts stay in its memory: of a request that fails the log shows the kind of error alone.
"""

import asyncio
import json
import logging
import re
import secrets
import socket
import struct
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field
from functools import lru_cache, partial
from typing import Any, Final, Literal, NamedTuple
from urllib.parse import quote

from aiohttp import web

from gateway.carriers.wire import HttpRequest, HttpResponse, decode_text, form_fields
from gateway.domain.segments import segments_of
from gateway.simulator import handset
from gateway.simulator.behaviour import Behaviour, Fate
from gateway.simulator.errands import WORKERS, Errand, Errands
from gateway.simulator.memory import Answers, Counts, Handsets, Pace, Sms
from gateway.transport import http_sender

BATCH_LIMIT: Final = 100
BODY_LIMIT: Final = 1 << 20
STALL_S: Final = 60.0
_ESCAPE: Final = re.compile(r"%(.)")
_WHOLE: Final = {"throttled": 429, "busy": 503, "account": 403, "balance": 403, "sender": 403}  # HTTP status of a refused request
_KANNEL: Final = {  # a code -> status and words of smsbox; Kannel has no words for being too fast
    "throttled": (429, "Too many requests"),
    "busy": (503, "Temporal failure, try again later."),
    "account": (403, "Authorization failed for sendsms"),
    "balance": (403, "Authorization failed for sendsms"),
    "sender": (400, "Sender missing and no global set, rejected"),
    "foreign": (403, "Not routable. Do not try again."),
}
_KANNEL_DENIED: Final = (400, "Number(s) has/have been denied by white- and/or black-lists.")


def _hide(record: logging.LogRecord) -> bool:
    """Leave of a record only which exception it was: aiohttp writes the beginning of a URL it can't read, a number and a text."""
    kind = record.exc_info[0] if record.exc_info else None
    record.msg, record.args = f"a request failed ({kind.__name__ if kind else record.levelname})", ()
    record.exc_info = record.exc_text = None
    return True


_LOG: Final = logging.getLogger("tinbao.telco")
_LOG.addFilter(_hide)


@dataclass(frozen=True, slots=True)
class Hook:
    """Where MOs go: `url` with its secret in the query, in the dialect of the route that it belongs to."""

    url: str = field(repr=False)
    dialect: Literal["kannel", "simulator"] = "simulator"
    short_code: str = "8088"


class Arrived(NamedTuple):
    """One MT as it arrived, whatever the dialect. A light tuple: a blast makes a million of them."""

    ref: str
    to: str
    sender: str
    text: str
    segments: int


class Telco:
    """The telco's side of both dialects. `url` is its base address; `hook` may be set after the gateway is up."""

    def __init__(self, errands: Errands, behaviour: Behaviour, hook: Hook | None, clock: Callable[[], float]) -> None:
        self.url = ""
        self.behaviour = behaviour
        self.hook = hook
        self.counts = Counts()
        self.handsets = Handsets()
        self._errands = errands
        self._clock = clock  # epoch seconds
        self._loop = asyncio.get_running_loop()
        self._answers, self._rows = Answers(self._loop.time), Answers(self._loop.time)
        self._pace = Pace(self._loop.time)
        self._run = secrets.token_hex(4).upper()  # ids must not come again after a restart
        self._ended = asyncio.Event()

    # -- for tests and the demo

    def send_mo(self, sender: str, text: str) -> str:
        """A handset writes to the short code; returns the MO's id. Delivery goes on in the background, till a 2xx, within bounds."""
        if self.hook is None:
            raise LookupError("the telco has no hook to bring an MO to")
        self.counts.mos += 1
        carrier_id = f"MO{self._run}{self.counts.mos}"
        self.handsets.put(Sms(sender, text, mine=True, at_ms=self._now_ms()))
        call = partial(_mo_call, self.hook, carrier_id, sender, text, self._now_ms())
        self._errands.put(Errand((call,), self._loop.time(), partial(self._mo_done, self.hook, sender)))
        return carrier_id

    async def quiet(self) -> None:
        """Wait till every report and MO has been taken or given up."""
        await self._errands.quiet()

    def counted(self) -> dict[str, Any]:
        """What GET /counts shows."""
        return self.counts.shown() | {"peak_tps": self._pace.peak}

    # -- the simulator's wire

    async def post_sms(self, request: web.Request) -> web.StreamResponse:
        """A batch of MTs with one text."""
        body = _object(await request.read())
        fate = self._open()
        if body is None or not _is_batch(body):
            return self._answer(400, {"error": "unreadable"})
        if (before := self._answers.get(body["ref"])) is not None:
            self.counts.duplicates += 1
            return self._answer(200, before)
        segments = _segments(body["text"])
        mts = [Arrived(row["ref"], row["to"], body["from"], body["text"], segments) for row in body["messages"]]
        if (code := self._refusal(fate, len(mts) * segments)) is not None:
            return self._answer(_WHOLE.get(code, 400), {"error": code})
        if fate is Fate.DROP:
            return self._reset(request)
        answer = {"results": [self._take(mt) for mt in mts]}
        self._answers.put(body["ref"], answer)
        taken = [(mt, row) for mt, row in zip(mts, answer["results"], strict=True) if row["status"] == "accepted"]
        await self._report([self._json_reports(body["dlr_url"], mt, row["id"]) for mt, row in taken if body["dlr_url"]])
        return await self._end(request, fate, partial(self._answer, 200, answer))

    async def get_sms(self, request: web.Request) -> web.StreamResponse:
        """What became of our refs."""
        refs = request.query.getall("ref", [])[:BATCH_LIMIT]
        return web.json_response({"results": [self._rows.get(ref) or {"ref": ref, "status": "unknown"} for ref in refs]})

    # -- Kannel's dialect

    async def sendsms(self, request: web.Request) -> web.StreamResponse:
        """One MT in a query. The query is read raw: UCS-2 from a real Kannel comes as UTF-16BE bytes."""
        fields = form_fields(request.rel_url.raw_query_string.encode())
        fate = self._open()
        mt, report, mask = _kannel_mt(fields)
        if not mt.to:
            return self._words(400, "Missing receiver number, rejected")
        if (code := self._refusal(fate, mt.segments)) is not None:
            return self._words(*_KANNEL.get(code, _KANNEL_DENIED))
        if fate is Fate.DROP:
            return self._reset(request)
        row = self._take(mt)
        if row["status"] == "refused":
            return self._words(*_KANNEL.get(row["code"], _KANNEL_DENIED))
        if report:
            await self._report([self._kannel_reports(report, mask, mt, row["id"])])
        return await self._end(request, fate, partial(self._words, 202, "0: Accepted for delivery"))

    # -- one request

    def _open(self) -> Fate:
        self.counts.requests += 1
        return self.behaviour.fate(self.counts.requests)

    def _refusal(self, fate: Fate, segments: int) -> str | None:
        """Code of a refusal of the whole request, or None."""
        if not self.behaviour.known_account:
            return "account"
        if fate is Fate.THROTTLE or self._pace.would_exceed(segments, self.behaviour.tps_limit):
            return "throttled"
        return self.behaviour.fail_code if fate is Fate.FAIL else None

    def _take(self, mt: Arrived) -> dict[str, Any]:
        """The row of one MT; what is taken lies at its handset at once."""
        self.counts.mts += 1
        if self.behaviour.refuses(self.counts.mts):
            self.counts.refused += 1
            row: dict[str, Any] = {"ref": mt.ref, "status": "refused", "code": self.behaviour.refuse_code}
        else:
            self._pace.add(mt.segments)
            self.counts.take(mt.ref, mt.segments)
            self.handsets.put(Sms(mt.to, mt.text, mine=False, at_ms=self._now_ms(), ref=mt.ref))
            row = {"ref": mt.ref, "status": "accepted", "code": "ok", "id": f"{self._run}{self.counts.mts}", "segments": mt.segments}
        self._rows.put(mt.ref, row)
        return row

    async def _end(self, request: web.Request, fate: Fate, answer: Callable[[], web.Response]) -> web.StreamResponse:
        """Answer what was taken, or don't."""
        if fate is Fate.TAKE:
            if self.behaviour.delay_s:
                await asyncio.sleep(self.behaviour.delay_s)
            return answer()
        self.counts.lost += 1
        if fate is Fate.STALL:
            with suppress(TimeoutError):
                async with asyncio.timeout(STALL_S):
                    await self._ended.wait()
        if fate is Fate.HALF and request.transport is not None:
            request.transport.write(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 999\r\n\r\n{"resu')
            request.transport.close()
            return web.Response()
        return _cut(request)

    def _reset(self, request: web.Request) -> web.StreamResponse:
        self.counts.dropped += 1
        return _cut(request)

    def _answer(self, status: int, body: object) -> web.Response:
        self.counts.by_status[str(status)] += 1
        return web.Response(status=status, headers=self._wait(status), body=json.dumps(body).encode(), content_type="application/json")

    def _words(self, status: int, words: str) -> web.Response:
        self.counts.by_status[str(status)] += 1
        return web.Response(status=status, headers=self._wait(status), text=words)

    def _wait(self, status: int) -> dict[str, str]:
        return {"Retry-After": str(self.behaviour.retry_after_s)} if status == 429 else {}

    # -- reports

    async def _report(self, reports: list[tuple[Callable[[], HttpRequest], ...]]) -> None:
        """Send them as the behaviour wants: before the answer, or some time after it."""
        early = self.behaviour.dlr == "early"
        due = self._loop.time() + (0 if early else self.behaviour.dlr_delay_s)
        errands = [Errand(calls, due, self._reported) for calls in reports if calls]
        if early:
            async with asyncio.TaskGroup() as tasks:
                for errand in errands:
                    tasks.create_task(self._errands.run(errand), name="early-report")
        else:
            for errand in errands:
                self._errands.put(errand)

    def _habit(self, *reports: Callable[[], HttpRequest]) -> tuple[Callable[[], HttpRequest], ...]:
        """The reports of one MT in the order in which this telco makes them."""
        match self.behaviour.dlr:
            case "never":
                return ()
            case "twice":
                return reports + reports
            case "reversed":
                return reports[::-1]
            case _:
                return reports

    def _json_reports(self, url: str, mt: Arrived, carrier_id: str) -> tuple[Callable[[], HttpRequest], ...]:
        last = "delivered" if self.behaviour.dlr_delivered else "failed"
        return self._habit(*(partial(_dlr_call, url, mt.ref, carrier_id, status, self._now_ms()) for status in ("accepted", last)))

    def _kannel_reports(self, url: str, mask: int, mt: Arrived, carrier_id: str) -> tuple[Callable[[], HttpRequest], ...]:
        statuses = [status for status in (8, 1 if self.behaviour.dlr_delivered else 2) if status & mask]
        return self._habit(*(partial(_kannel_dlr_call, url, mt, carrier_id, status, int(self._clock())) for status in statuses))

    def _reported(self, answer: HttpResponse | None) -> None:
        if answer is None:
            self.counts.reports_failed += 1
        else:
            self.counts.reports += 1

    def _mo_done(self, hook: Hook, sender: str, answer: HttpResponse | None) -> None:
        if answer is None:
            self.counts.mos_failed += 1
        elif hook.dialect == "kannel" and answer.body:  # as Kannel does: whatever the hook says goes to the resident
            self.handsets.put(Sms(sender, decode_text(answer.body), mine=False, at_ms=self._now_ms()))

    def _now_ms(self) -> int:
        return int(self._clock() * 1000)

    # -- for those who watch and steer

    async def post_mo(self, request: web.Request) -> web.StreamResponse:
        """A handset writes."""
        body = _object(await request.read()) if request.content_type == "application/json" else None  # no form of a foreign page
        if body is None or not isinstance(body.get("from"), str) or not isinstance(body.get("text"), str):
            return web.json_response({"error": "takes JSON with from and text"}, status=400)
        try:
            return web.json_response({"id": self.send_mo(handset.number(body["from"]), body["text"])}, status=202)
        except (ValueError, LookupError) as why:
            return web.json_response({"error": str(why)}, status=400)

    async def control(self, request: web.Request) -> web.StreamResponse:
        """Show the behaviour; a POST changes the fields it names."""
        if request.method == "POST":
            try:
                wishes = _object(await request.read()) if request.content_type == "application/json" else None
                self.behaviour = self.behaviour.changed(wishes or {})
            except ValueError as why:
                return web.json_response({"error": str(why)}, status=400)
        return web.json_response(asdict(self.behaviour))

    async def get_counts(self, request: web.Request) -> web.StreamResponse:
        """What came and what went."""
        return web.json_response(self.counted())

    async def get_sent(self, request: web.Request) -> web.StreamResponse:
        """Messages at the handsets, both ways, by arrival."""
        since = request.query.get("since", "0")
        following, found = self.handsets.since(int(since) if since.isdecimal() and len(since) < 12 else 0)
        sent = [{"to": sms.number, "ref": sms.ref, "text": sms.text} for sms in found if not sms.mine]
        return web.json_response({"next": following, "sent": sent})

    async def get_messages(self, request: web.Request) -> web.StreamResponse:
        """What one handset shows."""
        try:
            found = self.handsets.of(handset.number(request.query.get("number", "")))
        except ValueError as why:
            return web.json_response({"error": str(why)}, status=400)
        shown = [{"mine": sms.mine, "text": sms.text, "at_ms": sms.at_ms} for sms in found]
        return web.json_response({"short_code": self.hook.short_code if self.hook else "", "messages": shown})

    def end(self) -> None:
        """Let go of what stalls."""
        self._ended.set()

    def app(self) -> web.Application:
        """The routes table."""
        app = web.Application(client_max_size=BODY_LIMIT)
        app.add_routes(
            [
                web.post("/sms", self.post_sms),
                web.get("/sms", self.get_sms),
                web.get("/cgi-bin/sendsms", self.sendsms),
                web.post("/mo", self.post_mo),
                web.get("/control", self.control),
                web.post("/control", self.control),
                web.get("/counts", self.get_counts),
                web.get("/sent", self.get_sent),
                web.get("/handset", handset.page),
                web.get("/handset/messages", self.get_messages),
            ]
        )
        return app


_segments: Final = lru_cache(maxsize=4096)(segments_of)  # the texts of a wave are much alike


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _is_batch(body: Mapping[str, Any]) -> bool:
    rows = body.get("messages")
    words = all(isinstance(body.get(name), str) for name in ("ref", "account", "password", "from", "text", "dlr_url"))
    return words and isinstance(rows, list) and 0 < len(rows) <= BATCH_LIMIT and all(_is_row(row) for row in rows)


def _is_row(row: object) -> bool:
    return isinstance(row, dict) and isinstance(row.get("ref"), str) and isinstance(row.get("to"), str)


def _kannel_mt(fields: Mapping[str, bytes]) -> tuple[Arrived, str, int]:
    """The MT of a sendsms call, its dlr-url and mask. Its ref is the `id` that our dlr-url carries."""
    coding = fields.get("coding", b"")
    charset = decode_text(fields.get("charset", b"")) or ("utf-16be" if coding == b"2" else "utf-8")
    text = decode_text(fields.get("text", b""), charset)
    report = decode_text(fields.get("dlr-url", b""))
    ref = decode_text(form_fields(report.partition("?")[2].encode()).get("id", b""))
    mask = decode_text(fields.get("dlr-mask", b""))
    mt = Arrived(ref, decode_text(fields.get("to", b"")), decode_text(fields.get("from", b"")), text, _segments(text))
    return mt, report, int(mask) if mask.isdecimal() and len(mask) < 4 else 0


def _cut(request: web.Request) -> web.Response:
    """Reset the connection: the client sees RST, not an orderly end."""
    if request.transport is not None:
        request.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        request.transport.abort()
    return web.Response()  # nobody gets it


def _mo_call(hook: Hook, carrier_id: str, sender: str, text: str, at_ms: int) -> HttpRequest:
    if hook.dialect == "simulator":
        return _post(hook.url, {"id": carrier_id, "from": sender, "to": hook.short_code, "text": text, "at": at_ms})
    fields = {"from": sender, "to": hook.short_code, "text": text, "id": carrier_id, "ts": str(at_ms // 1000), "coding": "0", "cs": "UTF-8"}
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in fields.items())
    return HttpRequest("GET", f"{hook.url}{'&' if '?' in hook.url else '?'}{query}")


def _dlr_call(url: str, ref: str, carrier_id: str, status: str, at_ms: int) -> HttpRequest:
    return _post(url, {"ref": ref, "id": carrier_id, "status": status, "code": "ok" if status != "failed" else "absent", "at": at_ms})


def _kannel_dlr_call(url: str, mt: Arrived, carrier_id: str, status: int, at_s: int) -> HttpRequest:
    """The dlr-url with Kannel's escapes filled in; an unknown one stays as it is."""
    values = {"d": str(status), "T": str(at_s), "p": mt.to, "P": mt.sender, "F": carrier_id, "%": "%"}
    return HttpRequest("GET", _ESCAPE.sub(lambda found: _filled(values, found), url))


def _filled(values: Mapping[str, str], found: re.Match[str]) -> str:
    value = values.get(found[1])
    return found[0] if value is None else value if value == "%" else quote(value, safe="")


def _post(url: str, body: object) -> HttpRequest:
    return HttpRequest("POST", url, {"Content-Type": "application/json"}, json.dumps(body, ensure_ascii=False).encode("utf-8", "replace"))


@asynccontextmanager
async def telco(
    port: int = 0,
    behaviour: Behaviour | None = None,
    hook: Hook | None = None,
    *,
    host: str = "127.0.0.1",
    retry_s: float = 0.2,
    clock: Callable[[], float] = time.time,
) -> AsyncIterator[Telco]:
    """The fake telco for the length of the block; port 0 takes a free one. Raises OSError where the port is in use."""
    async with http_sender(timeout_s=10, connections=WORKERS) as send:
        errands = Errands(send, retry_s)
        it = Telco(errands, behaviour or Behaviour(), hook, clock)
        runner = web.AppRunner(it.app(), access_log=None, logger=_LOG, handle_signals=False, shutdown_timeout=1.0, max_line_size=65536)
        await runner.setup()
        try:
            site = web.TCPSite(runner, host, port)
            await site.start()
            it.url = f"http://{host}:{_port(runner)}"
            async with asyncio.TaskGroup() as tasks:
                workers = [tasks.create_task(errands.work(), name=f"telco:errands-{number}") for number in range(WORKERS)]
                try:
                    yield it
                finally:
                    for worker in workers:
                        worker.cancel()
        finally:
            it.end()
            await runner.cleanup()


def _port(runner: web.AppRunner) -> int:
    return int(runner.addresses[0][1])
