"""The fake telco does exactly what its behaviour says, counts it, and tells nobody the words."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import accumulate
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from aiohttp import ClientSession, web
from hypothesis import given
from hypothesis import strategies as st

from gateway.carriers.wire import HttpRequest, HttpResponse
from gateway.simulator.behaviour import Behaviour, Fate
from gateway.simulator.kannel import read_sendsms
from gateway.simulator.memory import Answers, Arrivals, Handsets, Sms
from gateway.simulator.telco import Hook, Telco, telco
from gateway.transport import HttpSender, LostAnswer, NotSent, http_sender
from tests import certificate
from tests.harness import everything, listening

TEXT = "Xã Thống Nhất kính báo"
JSON = {"Content-Type": "application/json"}


def mt(it: Telco, ref: str = "B1", size: int = 1, dlr_url: str = "", text: str = TEXT) -> HttpRequest:
    rows = [{"ref": f"{ref}-{number}", "to": f"+8430000{number:04}"} for number in range(size)]
    body = {"ref": ref, "account": "u", "password": "p", "from": "8088", "messages": rows, "text": text, "dlr_url": dlr_url}
    return HttpRequest("POST", f"{it.url}/sms", JSON, json.dumps(body).encode())


def kannel(it: Telco, ref: str = "K1", dlr_url: str = "") -> HttpRequest:
    report = f"&dlr-mask=31&dlr-url={dlr_url}%3Fid%3D{ref}%26st%3D%25d%26p%3D%25p%26x%3D%25%25%25Z" if dlr_url else ""
    return HttpRequest("GET", f"{it.url}/cgi-bin/sendsms?username=u&password=p&from=8088&to=%2B84300000101&text=chao{report}")


async def ask(send: HttpSender, it: Telco, path: str) -> Any:
    return json.loads((await send(HttpRequest("GET", it.url + path))).body)


async def tell(send: HttpSender, it: Telco, path: str, body: object) -> tuple[int, Any]:
    answer = await send(HttpRequest("POST", it.url + path, JSON, json.dumps(body).encode()))
    return answer.status, json.loads(answer.body)


class Gateway:
    """What called our hooks, in order; `answers` are given one after the other, then 200."""

    def __init__(self) -> None:
        self.url = ""
        self.calls: list[tuple[str, bytes]] = []
        self.answers: list[HttpResponse] = []

    async def take(self, request: web.Request) -> web.Response:
        self.calls.append((request.path_qs, await request.read()))
        answer = self.answers.pop(0) if self.answers else HttpResponse(200)
        return web.Response(status=answer.status, body=answer.body)

    def statuses(self) -> list[str]:
        return [json.loads(body)["status"] for _, body in self.calls]


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    it = Gateway()
    async with listening(everything(it.take)) as it.url:
        yield it


@asynccontextmanager
async def running(behaviour: Behaviour | None = None, timeout_s: float = 5) -> AsyncIterator[tuple[Telco, HttpSender]]:
    async with telco(behaviour=behaviour, retry_s=0.001) as it, http_sender(timeout_s) as send:
        yield it, send


async def test_the_same_ref_is_answered_alike_and_counted_once():
    async with running() as (it, send):
        first, second = await send(mt(it, size=3)), await send(mt(it, size=3))
        counts = await ask(send, it, "/counts")
    assert first.body == second.body
    assert (counts["taken"], counts["duplicates"], counts["twice"], counts["distinct"]) == (3, 1, 0, 3)


async def test_an_mt_that_comes_again_under_another_ref_is_sent_twice_and_shows():
    async with running() as (it, send):
        await send(kannel(it))
        await send(kannel(it))
        counts = await ask(send, it, "/counts")
    assert (counts["taken"], counts["twice"], counts["distinct"], counts["duplicates"]) == (2, 1, 1, 0)


@pytest.mark.parametrize("request_of", [mt, kannel])
@pytest.mark.parametrize(
    ("habit", "taken"), [("reset_after_read_every", 1), ("half_answer_every", 1), ("stall_every", 1), ("drop_every", 0)]
)
async def test_a_lost_answer_says_nothing_of_what_was_taken(request_of, habit: str, taken: int):
    async with running(Behaviour().changed({habit: 1}), timeout_s=0.1) as (it, send):
        with pytest.raises(LostAnswer):
            await send(request_of(it))
        assert (it.counts.taken, it.counts.lost, it.counts.dropped) == (taken, taken, 1 - taken)


@pytest.mark.parametrize("request_of", [mt, kannel])
@pytest.mark.parametrize(
    ("habit", "status", "taken", "words"),
    [
        ({"page_every": 1}, 200, 1, b"<!doctype html>"),
        ({"bad_gateway_every": 1}, 502, 1, b"<!doctype html>"),
        ({"half_json_every": 1}, 200, 1, b'{"results":['),
        ({"redirect_every": 1, "redirect_to": "http://127.0.0.1:9/in"}, 302, 0, b""),
        ({"fail_every": 1}, 503, 0, b""),
        ({"inside_every": 1}, 200, 0, b""),
        ({"throttle_every": 1, "retry_after_s": 0}, 429, 0, b""),
        ({"late_every": 1, "late_s": 0.05}, 0, 1, b""),
    ],
)
async def test_an_answer_that_is_none(request_of, habit: dict[str, Any], status: int, taken: int, words: bytes):
    """A page of something in between, half a JSON, a yes that is a no, another place, too fast without a when, late."""
    async with running(Behaviour().changed(habit)) as (it, send):
        answer = await send(request_of(it))
        assert answer.status == status or status == 0
        assert answer.body.startswith(words)
        assert it.counts.taken == taken
        assert answer.headers.get("location") == habit.get("redirect_to")
        assert "retry-after" not in answer.headers


async def test_fifty_megabytes_are_sent_to_those_who_read_them():
    async with running(Behaviour(huge_every=1)) as (it, send), ClientSession() as session:
        with pytest.raises(LostAnswer, match="longer than"):
            await send(mt(it))
        async with session.get(kannel(it).url) as answer:
            size = sum([len(chunk) async for chunk in answer.content.iter_chunked(1 << 16)])
        assert (size, it.counts.taken, it.counts.lost) == (50_000_000, 2, 2)


async def test_a_certificate_that_nobody_trusts_takes_nothing(tmp_path: Path):
    async with telco(tls=certificate.context(tmp_path)) as it, http_sender(5) as send:
        assert it.url.startswith("https://")
        with pytest.raises(NotSent, match="SSLCertVerificationError"):
            await send(kannel(it))
        assert it.counts.requests == 0


async def test_sixty_requests_in_sixty_seconds_and_no_more():
    """SpeedSMS's contract; a batch is one request."""
    async with running(Behaviour(window_limit=60, window_s=60, dlr="never")) as (it, send):
        statuses = [(await send(mt(it, f"B{number}", size=2))).status for number in range(61)]
        assert statuses == [200] * 60 + [429]
        assert (it.arrivals["u"].peak(60, requests=True), it.arrivals["u"].peak(60)) == (60, 120)


async def test_each_account_has_its_own_pace():
    async with running(Behaviour(tps_limit=1)) as (it, send):
        assert (await send(kannel(it))).status == 202
        assert (await send(kannel(it))).status == 429
        other = kannel(it).url.replace("username=u", "username=other")
        assert (await send(HttpRequest("GET", other))).status == 202
        assert {account: arrivals.span()[:2] for account, arrivals in it.arrivals.items()} == {"u": (1, 1), "other": (1, 1)}


async def test_a_jitter_is_the_same_in_each_run():
    """Requests that leave together arrive one after the other, none later than it says."""
    async with running(Behaviour(jitter_s=0.02)) as (it, send):
        await asyncio.gather(*(send(mt(it, f"B{number}")) for number in range(20)))
        assert 0 < it.arrivals["u"].span()[2] < 0.2
    ways = [Behaviour(jitter_s=0.02).jitter(request) for request in range(1, 200)]
    assert min(ways) >= 0
    assert 0.019 < max(ways) < 0.02


async def test_every_third_request_is_throttled():
    async with running(Behaviour(throttle_every=3, retry_after_s=4)) as (it, send):
        answers = [await send(mt(it, f"B{number}")) for number in range(6)]
    assert [answer.status for answer in answers] == [200, 200, 429] * 2
    assert answers[2].headers["retry-after"] == "4"
    assert it.counts.shown()["by_status"] == {"200": 4, "429": 2}


async def test_a_look_up_finds_what_was_taken():
    async with running(Behaviour(refuse_every=2)) as (it, send):
        await send(mt(it, size=2))
        rows = (await ask(send, it, "/sms?ref=B1-0&ref=B1-1&ref=other"))["results"]
    assert [(row["ref"], row["status"]) for row in rows] == [("B1-0", "accepted"), ("B1-1", "refused"), ("other", "unknown")]


@pytest.mark.parametrize(
    ("habit", "statuses"),
    [
        ({"dlr": "after"}, ["accepted", "delivered"]),
        ({"dlr": "early"}, ["accepted", "delivered"]),
        ({"dlr": "twice"}, ["accepted", "delivered"] * 2),
        ({"dlr": "reversed"}, ["delivered", "accepted"]),
        ({"dlr": "shuffled"}, ["delivered", "accepted"] * 2),
        ({"dlr": "stray"}, ["delivered", "accepted", "delivered"]),
        ({"dlr": "never"}, []),
        ({"dlr_delivered": False}, ["accepted", "failed"]),
    ],
)
async def test_reports_come_as_the_behaviour_says(gateway: Gateway, habit: dict[str, Any], statuses: list[str]):
    async with running(Behaviour().changed(habit)) as (it, send):
        await send(mt(it, dlr_url=f"{gateway.url}/dlr?secret=s"))
        if habit.get("dlr") == "early":
            assert gateway.statuses() == statuses  # before the answer
        await it.quiet()
    assert gateway.statuses() == statuses
    assert {path for path, _ in gateway.calls} <= {"/dlr?secret=s"}


async def test_a_kannel_report_fills_in_the_escapes(gateway: Gateway):
    """%d and %p are Kannel's, %% is a percent sign, and what it doesn't know stays."""
    async with running() as (it, send):
        await send(kannel(it, dlr_url=f"{gateway.url}/dlr".replace("/", "%2F").replace(":", "%3A")))
        await it.quiet()
    assert [path for path, _ in gateway.calls] == [f"/dlr?id=K1&st={status}&p=%2B84300000101&x=%%Z" for status in (8, 1)]


async def test_a_hook_that_stumbles_gets_every_report_in_order(gateway: Gateway):
    gateway.answers = [HttpResponse(500), HttpResponse(503)]
    async with running() as (it, send):
        await send(mt(it, dlr_url=f"{gateway.url}/dlr"))
        await it.quiet()
        assert (it.counts.reports, it.counts.reports_failed) == (1, 0)
    assert gateway.statuses() == ["accepted"] * 3 + ["delivered"]


async def test_a_hook_that_never_takes_an_mo_is_given_up(gateway: Gateway):
    gateway.answers = [HttpResponse(500)] * 50
    async with running() as (it, _):
        it.hook = Hook(f"{gateway.url}/mo")
        it.send_mo("+84300000101", "LS TN07")
        await it.quiet()
        assert it.counts.mos_failed == 1
    assert len(gateway.calls) == 6


@pytest.mark.parametrize(("dialect", "shown"), [("kannel", ["Could not"]), ("simulator", [])])
async def test_what_a_kannel_hook_says_goes_to_the_resident(gateway: Gateway, dialect, shown: list[str]):
    """Why an acknowledgement to Kannel has no body."""
    gateway.answers = [HttpResponse(200, {}, b"Could not")]
    async with running() as (it, _):
        it.hook = Hook(f"{gateway.url}/mo", dialect)
        it.send_mo("+84300000101", "LS TN07")
        await it.quiet()
        assert [sms.text for sms in it.handsets.of("+84300000101") if not sms.mine] == shown


async def test_ucs2_of_a_real_kannel_arrives_as_it_was_written():
    """Its HTTP SMSC sends a part as UTF-16BE bytes, and the dlr-url with the first part only."""
    text = "".join(f"%{octet:02x}" for octet in "mộ + chữ".encode("utf-16-be"))
    async with running() as (it, send):
        answer = await send(
            HttpRequest("GET", f"{it.url}/cgi-bin/sendsms?to=%2B84300000101&text={text}&coding=2&charset=UTF-16BE&from=8088")
        )
        assert (answer.status, answer.body[:2]) == (202, b"0:")
        assert [sms.text for sms in it.handsets.of("+84300000101")] == ["mộ + chữ"]


@pytest.mark.parametrize(
    ("query", "read"),
    [
        ("to=%2B84300000101&text=a+b&from=8088&username=u", ("u", "", "+84300000101", "8088", "a b", 1)),
        ("to=0300+000&text=%C4%91&text=x", ("", "", "0300 000", "", "đ", 1)),
        ("t%6F=1&text=x&lonely", ("", "", "1", "", "x", 1)),
        ("to=1&text=%00&dlr-url=http%3A%2F%2Fh%2F%3Fs%3D1%26id%3DR7%26st%3D%25d", ("", "R7", "1", "", "", 1)),
        ("to=1&dlr-url=http%3a%2f%2fh%2f%3fid%3dR%252b7", ("", "R+7", "1", "", "", 1)),
        ("to=1&dlr-url=http://h/?s=id%3DX", ("", "", "1", "", "", 1)),
        ("to=%2B84%3A1&text=%ZZ%", ("", "", "+84:1", "", "%ZZ%", 1)),
        ("", ("", "", "", "", "", 1)),
    ],
)
def test_a_sendsms_call_is_read_like_any_query(query: str, read: tuple[object, ...]):
    assert read_sendsms(query.encode())[:6] == read


@given(
    fields=st.dictionaries(st.sampled_from(["to", "from", "username", "text", "id"]), st.text(max_size=9).filter(lambda t: "\0" not in t))
)
def test_any_value_comes_through_its_escapes(fields: dict[str, str]):
    """The short way and the long way read alike, whatever is escaped."""
    report = "http://h/?" + urlencode({"secret": "s", "id": fields.get("id", "")}, errors="replace")
    clean = {name: value.encode("utf-8", "replace").decode() for name, value in fields.items()}
    call = read_sendsms(urlencode(clean | {"dlr-url": report}).encode())
    expected = [clean.get(name, "") for name in ("username", "id", "to", "from", "text")]
    assert [call.account, call.ref, call.to, call.sender, call.text] == expected


async def test_mo_ids_differ_between_runs(gateway: Gateway):
    ids = set()
    for _ in range(2):
        async with running() as (it, _):
            it.hook = Hook(gateway.url)
            ids.add(it.send_mo("+84300000101", "x"))
    assert len(ids) == 2


async def test_a_handset_writes_and_reads_over_http(gateway: Gateway):
    async with running() as (it, send):
        it.hook = Hook(f"{gateway.url}/mo", short_code="8088")
        status, _ = await tell(send, it, "/mo", {"from": "0300 000 101", "text": "LS TN07 mộ"})
        await it.quiet()
        await send(kannel(it))
        shown = await ask(send, it, "/handset/messages?number=0300%20000%20101")
        sent = await ask(send, it, "/sent?since=1")
    assert status == 202
    assert json.loads(gateway.calls[0][1])["from"] == "+84300000101"
    assert (shown["short_code"], [(sms["mine"], sms["text"]) for sms in shown["messages"]]) == (
        "8088",
        [(True, "LS TN07 mộ"), (False, "chao")],
    )
    assert sent == {"next": 2, "sent": [{"to": "+84300000101", "ref": "", "text": "chao"}]}


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("/mo", {"from": "12", "text": "x"}, "0300 000 101"),
        ("/mo", {"text": "x"}, "from and text"),
        ("/mo", {"from": "0300000101", "text": "x"}, "no hook"),
        ("/sms", {"ref": "x"}, "unreadable"),
        ("/sms", ["x"], "unreadable"),
        ("/control", {"delay": 1}, "delay: no such field"),
        ("/control", {"delay_s": "1"}, "delay_s: takes float"),
        ("/control", {"known_account": 1}, "known_account: takes bool"),
        ("/control", {"dlr": "sometimes"}, "dlr: one of after"),
    ],
)
async def test_bad_input_is_told_what_is_wrong(path: str, body: object, words: str):
    async with running() as (it, send):
        status, answer = await tell(send, it, path, body)
    assert status == 400
    assert words in answer["error"]


async def test_behaviour_changes_while_it_runs():
    async with running() as (it, send):
        status, shown = await tell(send, it, "/control", {"fail_every": 1, "delay_s": 0})
        assert (status, shown["fail_every"]) == (200, 1)
        assert (await send(mt(it))).status == 503
        assert (await ask(send, it, "/control"))["fail_code"] == "busy"


async def test_a_foreign_page_cannot_write_an_mo(gateway: Gateway):
    """A form of another site can send text/plain, not JSON."""
    async with running() as (it, send):
        it.hook = Hook(gateway.url)
        answer = await send(HttpRequest("POST", f"{it.url}/mo", {"Content-Type": "text/plain"}, b'{"from":"0300000101","text":"x"}'))
    assert (answer.status, gateway.calls) == (400, [])


async def test_neither_counts_nor_logs_hold_words_or_numbers(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    async with running() as (it, send):
        await send(mt(it))
        await send(kannel(it))
        await send(HttpRequest("GET", f"{it.url}/cgi-bin/sendsms?to=%2B84300000101&text={'chao' * 20_000}"))  # too long a line
        counts = await ask(send, it, "/counts")
    assert "a request failed (a line too long)" in caplog.text
    for place in (json.dumps(counts, ensure_ascii=False), caplog.text):
        assert "84300000" not in place
        assert "chao" not in place
        assert TEXT not in place


async def test_the_limit_counts_segments_in_any_sliding_second():
    async with running(Behaviour(tps_limit=5)) as (it, send):
        answers = [await send(mt(it, f"B{number}", text="a" * 161)) for number in range(3)]
        assert [answer.status for answer in answers] == [200, 200, 429]
        assert it.counted()["peak_tps"] == 4


def test_a_window_is_half_open():
    """A segment exactly a second ago is out of it."""
    arrivals = Arrivals()
    arrivals.add(0.0, 3)
    assert arrivals.within(0.999, 1.0) == 3
    assert arrivals.within(1.0, 1.0) == 0
    arrivals.add(1.0, 3)
    assert (arrivals.peak(), arrivals.peak(1.001), arrivals.peak(1.001, requests=True)) == (3, 6, 2)


@given(gaps=st.lists(st.floats(0, 0.7), min_size=1, max_size=60), segments=st.integers(1, 5), window=st.sampled_from([0.5, 1.0, 3.0]))
def test_the_peak_is_the_most_in_any_window(gaps: list[float], segments: int, window: float):
    """Counted in one walk, in two, and by looking at every window that ends with an arrival."""
    once, twice = Arrivals(), Arrivals()
    times = list(accumulate(gaps))
    for at, time in enumerate(times):
        once.add(time, segments)
        twice.add(time, segments)
        if at == len(times) // 2:
            twice.peak(window)
    slow = max(sum(segments for at in times if end - window < at <= end) for end in times)
    assert once.peak(window) == twice.peak(window) == slow


def test_a_ref_is_forgotten_after_ten_minutes():
    now = [0.0]
    answers = Answers(lambda: now[0])
    answers.put("A", {"yes": 1})
    now[0] = 600.0
    assert answers.get("A") == {"yes": 1}
    now[0] = 600.1
    assert answers.get("A") is None


def test_fates_go_by_counting():
    behaviour = Behaviour(throttle_every=2, reset_after_read_every=3)
    assert [behaviour.fate(number) for number in range(1, 7)] == [
        Fate.TAKE,
        Fate.THROTTLE,
        Fate.RESET,
        Fate.THROTTLE,
        Fate.TAKE,
        Fate.THROTTLE,
    ]


def test_a_handset_shows_what_came_before_and_after_the_first_look():
    handsets = Handsets()
    for number in range(3):
        handsets.put(Sms("+84300000101", f"n{number}", mine=False, at_ms=number))
    assert [sms.text for sms in handsets.of("+84300000101")] == ["n0", "n1", "n2"]
    handsets.put(Sms("+84300000101", "n3", mine=True, at_ms=3))
    handsets.put(Sms("+84300000102", "other", mine=True, at_ms=3))
    assert [sms.text for sms in handsets.of("+84300000101")] == ["n0", "n1", "n2", "n3"]
    assert handsets.since(3)[0] == 5
    assert [sms.text for sms in handsets.since(3)[1]] == ["n3", "other"]
