"""The one fake telco: a real HTTP server that takes, throttles, refuses, stalls, resets and reports as its `Behaviour` says.

    POST /sms, GET /sms?ref=…      the simulator's wire (see `carriers/simulator.py`)
    GET /cgi-bin/sendsms           Kannel's dialect, with Kannel's words
    POST /sms/orders …             its desk for whole areas (see `area.py`)
    POST /mo {"from","text"}       a handset writes to the short code
    GET|POST /control              the behaviour, and changes to it
    GET /counts                    what it received; never texts
    GET /sent?since=N              the messages at the handsets: it is the network
    GET /handset                   a phone in the browser
    POST /handset/ussd             it dials: {"from","do","text"}, see `ussd.py`

Numbers and texts stay in its memory: of a request that fails the log shows the kind of error alone.
"""

import asyncio
import json
import logging
import secrets
import ssl
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Set
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from functools import lru_cache, partial
from typing import Any, Final, Literal
from urllib.parse import quote

from gateway.carriers.wire import HttpRequest, HttpResponse, decode_text, form_fields
from gateway.domain.segments import segments_of
from gateway.simulator import handset
from gateway.simulator.area import AreaDesk
from gateway.simulator.behaviour import LOST, Behaviour, Fate
from gateway.simulator.errands import WORKERS, Errand, Errands
from gateway.simulator.http_server import Exchange, Handler, Routes, answer_of, http_server
from gateway.simulator.kannel import DENIED, NO_RECEIVER, TAKEN, WORDS, Sendsms, dlr_call, read_sendsms
from gateway.simulator.memory import Answers, Arrivals, Counts, Handsets, Sms
from gateway.simulator.ussd import Dialler
from gateway.transport import http_sender

BATCH_LIMIT: Final = 100
STALL_S: Final = 90.0
HUGE: Final = 50_000_000  # bytes
_WHOLE: Final = {"throttled": 429, "busy": 503, "account": 403, "balance": 403, "sender": 403}  # HTTP status of a refused request
_PAGE: Final = b"<!doctype html><title>Sign in</title><h1>Welcome to the network</h1>"
_BROKEN: Final = b'{"results":[{"ref":"R1","sta'
_HALF: Final = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 999\r\n\r\n{"resu'
_HUGE_HEAD: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % HUGE
_LOG: Final = logging.getLogger("tinbao.telco")

Calls = tuple[Callable[[], HttpRequest], ...]


@dataclass(frozen=True, slots=True)
class Hook:
    """Where MOs go: `url` with its secret in the query, in the dialect of the route that it belongs to."""

    url: str = field(repr=False)
    dialect: Literal["kannel", "simulator"] = "simulator"
    short_code: str = "8088"
    ussd_code: str = "*8088#"


class Telco:
    """The telco's side of both dialects. `url` is its base address; `hook` may be set after the gateway is up."""

    def __init__(self, errands: Errands, behaviour: Behaviour, hook: Hook | None, clock: Callable[[], float]) -> None:
        self.url = ""
        self.connections: Set[Exchange] = frozenset()  # those open now: when the last of a gateway has gone, all it wrote has arrived
        self.behaviour = behaviour
        self.hook = hook
        self.counts = Counts()
        self.handsets = Handsets()
        self.arrivals: defaultdict[str, Arrivals] = defaultdict(Arrivals)  # by account: each has a contract of its own
        self._errands = errands
        self._clock = clock  # epoch seconds
        self._loop = asyncio.get_running_loop()
        self._answers, self._rows = Answers(self._loop.time), Answers(self._loop.time)
        self._under_way = 0  # requests that ever took their time
        self._area = AreaDesk(lambda: self._behaviour)
        self._dialler = Dialler(lambda: self.hook.url.replace("/mo?", "/ussd?", 1) if self.hook else "", lambda: self._ussd_code)
        self._run = secrets.token_hex(4).upper()  # ids must not come again after a restart

    @property
    def behaviour(self) -> Behaviour:
        """How it treats requests; may be set while it runs."""
        return self._behaviour

    @behaviour.setter
    def behaviour(self, behaviour: Behaviour) -> None:
        self._behaviour, self._habits = behaviour, behaviour.habits()

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
        """What GET /counts shows. `peak_tps`: the most segments of one account in any sliding second."""
        return self.counts.shown() | {"peak_tps": max((each.peak() for each in self.arrivals.values()), default=0)}

    # -- the simulator's wire

    def post_sms(self, exchange: Exchange) -> bytes | None:
        """A batch of MTs with one text."""
        body = _object(exchange.body)
        fate = self._open()
        if body is None or not _is_batch(body):
            return self._json(400, {"error": "unreadable"})
        if (before := self._answers.get(body["ref"])) is not None:
            self.counts.duplicates += 1
            return self._json(200, before)
        segments, rows = _segments(body["text"]), body["messages"]
        if (code := self._refusal(fate, exchange.at, body["account"], len(rows) * segments)) is not None:
            return self._json(200 if fate is Fate.INSIDE else _WHOLE.get(code, 400), {"error": code})
        if fate in _UNTAKEN:
            return self._turn_away(exchange, fate)
        results = [self._row(row["ref"], row["to"], body["text"], segments) for row in rows]
        taken = [row for row in results if row["status"] == "accepted"]
        self.arrivals[body["account"]].add(exchange.at, len(taken) * segments)
        self._answers.put(body["ref"], {"results": results})
        reports = [self._json_reports(body["dlr_url"], row["ref"], row["id"]) for row in taken] if body["dlr_url"] else []
        return self._finish(exchange, fate, self._json(200, {"results": results}), reports)

    def _row(self, ref: str, to: str, text: str, segments: int) -> dict[str, Any]:
        if (code := self._take(ref, to, text, segments)) is not None:
            row: dict[str, Any] = {"ref": ref, "status": "refused", "code": code}
        else:
            row = {"ref": ref, "status": "accepted", "code": "ok", "id": f"{self._run}{self.counts.mts}", "segments": segments}
        self._rows.put(ref, row)
        return row

    def get_sms(self, exchange: Exchange) -> bytes:
        """What became of our refs."""
        pairs = (pair.partition(b"=") for pair in exchange.query.split(b"&"))
        refs = [value.decode("utf-8", "replace") for name, _, value in pairs if name == b"ref"][:BATCH_LIMIT]
        return _shown(200, {"results": [self._rows.get(ref) or {"ref": ref, "status": "unknown"} for ref in refs]})

    # -- Kannel's dialect

    def sendsms(self, exchange: Exchange) -> bytes | None:
        """One MT in a query."""
        call = read_sendsms(exchange.query)
        fate = self._open()
        if not call.to:
            return self._words(*NO_RECEIVER)
        if (code := self._refusal(fate, exchange.at, call.account, call.segments)) is not None:
            status, words = WORDS.get(code, DENIED)
            return self._words(200 if fate is Fate.INSIDE else status, words)
        if fate in _UNTAKEN:
            return self._turn_away(exchange, fate)
        if (code := self._take(call.ref, call.to, call.text, call.segments)) is not None:
            return self._words(*WORDS.get(code, DENIED))
        self.arrivals[call.account].add(exchange.at, call.segments)
        reports = [self._kannel_reports(call)] if call.report and self._behaviour.dlr != "never" else []
        return self._finish(exchange, fate, self._words(*TAKEN), reports)

    # -- one request

    def _open(self) -> Fate:
        self.counts.requests += 1
        return self._behaviour.fate(self.counts.requests) if self._habits else Fate.TAKE

    def _refusal(self, fate: Fate, now: float, account: str, segments: int) -> str | None:
        """Code of a refusal of the whole request, or None."""
        if not self._behaviour.known_account:
            return "account"
        if fate is Fate.THROTTLE or self._too_fast(now, account, segments):
            return "throttled"
        return self._behaviour.fail_code if fate in (Fate.FAIL, Fate.INSIDE) else None

    def _too_fast(self, now: float, account: str, segments: int) -> bool:
        """Whether this goes over a limit. What is larger than the limit may come alone in its second."""
        of = self._behaviour
        if of.window_limit and self.arrivals[account].within(now, of.window_s, requests=True) >= of.window_limit:
            return True
        return bool(of.tps_limit) and (held := self.arrivals[account].within(now, 1.0)) > 0 and held + segments > of.tps_limit

    def _take(self, ref: str, to: str, text: str, segments: int) -> str | None:
        """Code of a refusal, or None: what is taken lies at its handset at once."""
        counts = self.counts
        counts.mts += 1
        if self._behaviour.refuse_every and self._behaviour.refuses(counts.mts):
            counts.refused += 1
            return self._behaviour.refuse_code
        counts.take(ref, segments)
        self.handsets.put(Sms(to, text, False, int(self._clock() * 1000), ref))
        return None

    def _turn_away(self, exchange: Exchange, fate: Fate) -> bytes | None:
        if fate is Fate.REDIRECT:
            self.counts.by_status["302"] += 1
            return answer_of(302, b"", "text/plain", {"Location": self._behaviour.redirect_to})
        self.counts.dropped += 1
        exchange.cut()
        return None

    def _finish(self, exchange: Exchange, fate: Fate, answer: bytes, reports: list[Calls]) -> bytes | None:
        """Report and answer what was taken, or don't answer."""
        if not reports and fate is Fate.TAKE and not self._behaviour.delay_s:
            return answer
        end = partial(self._end, exchange, fate, answer)
        if self._behaviour.dlr == "early" and reports:
            self._report_first(reports, end)
        else:
            due = self._loop.time() + self._behaviour.dlr_delay_s
            for calls in reports:
                self._errands.put(Errand(calls, due, self._reported))
            end()
        return None

    def _end(self, exchange: Exchange, fate: Fate, answer: bytes) -> None:
        if fate in LOST:
            self.counts.lost += 1
        match fate:
            case Fate.STALL:
                self._loop.call_later(STALL_S, exchange.cut)
            case Fate.HALF:
                exchange.part(_HALF)
            case Fate.PAGE:
                exchange.answer(answer_of(200, _PAGE, "text/html; charset=utf-8"))
            case Fate.GATEWAY:
                exchange.answer(answer_of(502, _PAGE, "text/html; charset=utf-8"))
            case Fate.BROKEN:
                exchange.answer(answer_of(200, _BROKEN, "application/json"))
            case Fate.HUGE:
                exchange.flood(_HUGE_HEAD, HUGE)
            case Fate.RESET:
                exchange.cut()
            case _:
                self._answer_after(self._behaviour.late_s if fate is Fate.LATE else self._behaviour.delay_s, exchange, answer)

    def _answer_after(self, wait_s: float, exchange: Exchange, answer: bytes) -> None:
        if wait_s:
            self._loop.call_later(wait_s, exchange.answer, answer)
        else:
            exchange.answer(answer)

    def _json(self, status: int, body: object) -> bytes:
        self.counts.by_status[str(status)] += 1
        return _shown(status, body, self._wait(status))

    def _words(self, status: int, words: str) -> bytes:
        self.counts.by_status[str(status)] += 1
        return _said(status, words, self._wait(status))

    def _wait(self, status: int) -> int:
        """Seconds of a Retry-After, or 0 for none."""
        return self._behaviour.retry_after_s if status == 429 else 0

    # -- reports

    def _report_first(self, reports: list[Calls], end: Callable[[], None]) -> None:
        """Send all of them, then `end`."""
        left = len(reports)

        def done(answer: HttpResponse | None) -> None:
            nonlocal left
            self._reported(answer)
            left -= 1
            if not left:
                end()

        for calls in reports:
            self._errands.put(Errand(calls, self._loop.time(), done))

    def _habit(self, stray: Callable[[], HttpRequest], *reports: Callable[[], HttpRequest]) -> Calls:
        """The reports of one MT in the order in which this telco makes them."""
        match self._behaviour.dlr:
            case "never":
                return ()
            case "twice":
                return reports + reports
            case "reversed":
                return reports[::-1]
            case "shuffled":
                return (*reports[::-1], *reports[::-1])
            case "stray":
                return (stray, *reports)
            case _:
                return reports

    def _json_reports(self, url: str, ref: str, carrier_id: str) -> Calls:
        last = "delivered" if self._behaviour.dlr_delivered else "failed"
        now, stray = self._now_ms(), partial(_dlr_call, url, f"Z{ref}", f"Z{carrier_id}", last, self._now_ms())
        return self._habit(stray, *(partial(_dlr_call, url, ref, carrier_id, status, now) for status in ("accepted", last)))

    def _kannel_reports(self, call: Sendsms) -> Calls:
        statuses = [status for status in (8, 1 if self._behaviour.dlr_delivered else 2) if status & call.mask]
        if not statuses:
            return ()
        carrier_id, now = f"{self._run}{self.counts.mts}", int(self._clock())
        stray = partial(dlr_call, call, carrier_id, statuses[-1], now, stray=True)
        return self._habit(stray, *(partial(dlr_call, call, carrier_id, status, now) for status in statuses))

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

    def post_mo(self, exchange: Exchange) -> bytes:
        """A handset writes."""
        body = _object(exchange.body) if exchange.content_type == "application/json" else None  # no form of a foreign page
        if body is None or not isinstance(body.get("from"), str) or not isinstance(body.get("text"), str):
            return _shown(400, {"error": "takes JSON with from and text"})
        try:
            return _shown(202, {"id": self.send_mo(handset.number(body["from"]), body["text"])})
        except (ValueError, LookupError) as why:
            return _shown(400, {"error": str(why)})

    def post_ussd(self, exchange: Exchange) -> bytes | None:
        """A handset dials, types, loses its signal, or its call is sent twice; the answer is the gateway's screen, when that is there."""
        body = _object(exchange.body) if exchange.content_type == "application/json" else None
        if body is None or not isinstance(body.get("from"), str):
            return _shown(400, {"error": "takes JSON with from and do"})
        try:
            number = handset.number(body["from"])
            call = self._dialler.call(number, body)
        except ValueError as why:
            return _shown(400, {"error": str(why)})
        done = partial(self._screen_came, exchange, number)
        self._errands.put(Errand((lambda: call,), self._loop.time(), done))
        return None

    def _screen_came(self, exchange: Exchange, number: str, answer: HttpResponse | None) -> None:
        exchange.answer(_shown(200, self._dialler.shown(number, answer)))

    @property
    def _ussd_code(self) -> str:
        return self.hook.ussd_code if self.hook else ""

    def control(self, exchange: Exchange) -> bytes:
        """Show the behaviour; a POST changes the fields it names."""
        if exchange.method == b"POST":
            try:
                wishes = _object(exchange.body) if exchange.content_type == "application/json" else None
                self.behaviour = self.behaviour.changed(wishes or {})
            except ValueError as why:
                return _shown(400, {"error": str(why)})
        return _shown(200, asdict(self.behaviour))

    def get_counts(self, exchange: Exchange) -> bytes:
        """What came and what went."""
        return _shown(200, self.counted())

    def get_sent(self, exchange: Exchange) -> bytes:
        """Messages at the handsets, both ways, by arrival."""
        since = form_fields(exchange.query).get("since", b"0")
        following, found = self.handsets.since(int(since) if since.isdigit() and len(since) < 12 else 0)
        sent = [{"to": sms.number, "ref": sms.ref, "text": sms.text} for sms in found if not sms.mine]
        return _shown(200, {"next": following, "sent": sent})

    def get_messages(self, exchange: Exchange) -> bytes:
        """What one handset shows."""
        try:
            found = self.handsets.of(handset.number(decode_text(form_fields(exchange.query).get("number", b""))))
        except ValueError as why:
            return _shown(400, {"error": str(why)})
        shown = [{"mine": sms.mine, "text": sms.text, "at_ms": sms.at_ms} for sms in found]
        return _shown(200, {"short_code": self.hook.short_code if self.hook else "", "ussd_code": self._ussd_code, "messages": shown})

    def routes(self) -> Routes:
        """The routes table."""
        return {
            (b"POST", b"/sms"): self._on_its_way(self.post_sms),
            (b"GET", b"/sms"): self.get_sms,
            (b"GET", b"/cgi-bin/sendsms"): self._on_its_way(self.sendsms),
            (b"POST", b"/mo"): self.post_mo,
            (b"GET", b"/control"): self.control,
            (b"POST", b"/control"): self.control,
            (b"GET", b"/counts"): self.get_counts,
            (b"GET", b"/sent"): self.get_sent,
            (b"GET", b"/handset"): lambda _: handset.page(),
            (b"GET", b"/handset/messages"): self.get_messages,
            (b"POST", b"/handset/ussd"): self.post_ussd,
            **self._area.routes(),
        }

    def _on_its_way(self, handle: Handler) -> Handler:
        """`handle`, after the time that the network takes."""

        def arrive(exchange: Exchange) -> None:
            if exchange.open and (answer := handle(exchange)) is not None:
                exchange.answer(answer)

        def depart(exchange: Exchange) -> bytes | None:
            exchange.at = time.monotonic()
            if not self._behaviour.jitter_s:
                return handle(exchange)
            self._under_way += 1
            way_s = self._behaviour.jitter(self._under_way)
            exchange.at += way_s  # when it is due here; a loop that is busy meanwhile delays the handling, not the network
            self._loop.call_later(way_s, arrive, exchange)
            return None

        return depart


_UNTAKEN: Final = frozenset({Fate.REDIRECT, Fate.DROP})
_segments: Final = lru_cache(maxsize=4096)(segments_of)  # the texts of a wave are much alike


def _shown(status: int, body: object, retry_after_s: int = 0) -> bytes:
    return answer_of(status, json.dumps(body).encode(), "application/json", _retry_after(retry_after_s))


@lru_cache(maxsize=64)
def _said(status: int, words: str, retry_after_s: int) -> bytes:
    return answer_of(status, words.encode(), "text/plain; charset=utf-8", _retry_after(retry_after_s))


def _retry_after(seconds: int) -> dict[str, str]:
    return {"Retry-After": str(seconds)} if seconds else {}


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


def _mo_call(hook: Hook, carrier_id: str, sender: str, text: str, at_ms: int) -> HttpRequest:
    if hook.dialect == "simulator":
        return _post(hook.url, {"id": carrier_id, "from": sender, "to": hook.short_code, "text": text, "at": at_ms})
    fields = {"from": sender, "to": hook.short_code, "text": text, "id": carrier_id, "ts": str(at_ms // 1000), "coding": "0", "cs": "UTF-8"}
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in fields.items())
    return HttpRequest("GET", f"{hook.url}{'&' if '?' in hook.url else '?'}{query}")


def _dlr_call(url: str, ref: str, carrier_id: str, status: str, at_ms: int) -> HttpRequest:
    return _post(url, {"ref": ref, "id": carrier_id, "status": status, "code": "ok" if status != "failed" else "absent", "at": at_ms})


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
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Telco]:
    """The fake telco for the length of the block; port 0 takes a free one; with `tls`: https. Raises OSError where the port is in use."""
    async with http_sender(timeout_s=10, connections=WORKERS) as send:
        errands = Errands(send, retry_s)
        it = Telco(errands, behaviour or Behaviour(), hook, clock)
        async with http_server(it.routes(), host, port, _LOG, tls) as listening, errands.working():
            it.url, it.connections = f"{'https' if tls else 'http'}://{host}:{listening.port}", listening.connections
            yield it
