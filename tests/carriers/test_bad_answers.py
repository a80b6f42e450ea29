"""What carriers say when something is wrong: half answers, other types and charsets, pages, floods, silence. No raise, and no yes in it."""

import asyncio
import gzip
import json
import re
import socket
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.carriers.protocol import Accepted, Account, Carrier, Outcome
from gateway.carriers.registry import CARRIERS
from gateway.carriers.wire import HttpResponse, LostAnswer, NotSent
from gateway.domain.failure import Failure, Refused
from gateway.domain.secret import Secret
from gateway.transport import ANSWER_LIMIT, http_sender
from tests import certificate
from tests.carriers.carrier_cases import PASSWORD, TEXT, batch
from tests.carriers.fakes import FAKES, OPTIONS
from tests.carriers.mutants import DEEP, LAUGHS, NO_CODE, all_changed, at_leaf, changed, encodings, leaves, of_xml, with_twin
from tests.carriers.test_contract import CASES
from tests.cpu import least_cpu_s
from tests.harness import everything, free_ports, listening

all_carriers = pytest.mark.parametrize("carrier", CARRIERS.values(), ids=CARRIERS)
BY_STATUS_ALONE = {"kannel", "rapidpro", "traccar"}  # any 2xx, or Kannel's 202, is their yes: but never a web page
STATUSES = (200, 201, 202, 204, 206, 299)


def read(carrier: Carrier, response: HttpResponse, size: int = 1) -> tuple[Outcome, ...]:
    """What `carrier` makes of it, which must be something that a database takes."""
    size = min(size, carrier.CAPABILITIES.max_batch)
    found = carrier.parse_send(response, batch(size))
    assert len(found) == size
    for each in found:
        if isinstance(each, Accepted):
            ref = each.carrier_ref
            assert ref is None or (0 < len(ref) <= 200 and ref.isprintable() and ref.isascii()), ref
            assert each.segments is None or 0 < each.segments < 2**31
        else:
            assert isinstance(each, Refused)
            assert len(each.code) <= 64
            assert "\0" not in each.code
            each.code.encode()
    return found


def says_yes(carrier: Carrier, response: HttpResponse) -> bool:
    """To a request of one or to one of several."""
    return any(isinstance(each, Accepted) for size in (1, 3) for each in read(carrier, response, size))


def recorded(carrier: Carrier, *, yes: bool) -> list[HttpResponse]:
    return [case[1] for case in CASES[carrier.NAME] if isinstance(case[2], Accepted) is yes and case[1].body]


def of_json(responses: list[HttpResponse]) -> Iterator[tuple[HttpResponse, object]]:
    for response in responses:
        try:
            value = json.loads(response.body)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict | list):
            yield response, value


def is_xml(response: HttpResponse) -> bool:
    try:
        ET.fromstring(response.body)  # noqa: S314 # our own table
    except ET.ParseError:
        return False
    return True


# --- a value that became another type ---


@all_carriers
def test_no_type_at_no_place_of_a_refusal_makes_a_yes_of_it(carrier: Carrier) -> None:
    for response, value in of_json(recorded(carrier, yes=False)):
        if len(response.body) > 10_000:
            continue
        for path in leaves(value):
            for to in (*NO_CODE, [at_leaf(value, path)], {"value": at_leaf(value, path)}):
                assert not says_yes(carrier, response._replace(body=changed(value, path, to))), (response.body, path, to)


def _decides(carrier: Carrier, response: HttpResponse, value: object) -> list[tuple[str | int, ...]]:
    """The places whose word alone makes it a yes."""
    return [
        path
        for path in leaves(value)
        if at_leaf(value, path) not in (None, "", [], {})
        and not says_yes(carrier, response._replace(body=changed(value, path, "khong co tu nay")))
    ]


@all_carriers
def test_a_yes_whose_deciding_word_changed_its_type_is_none(carrier: Carrier) -> None:
    """A number that is now quoted, or no longer, stays what it was: vendors do that all the time."""
    for response, value in of_json(recorded(carrier, yes=True)):
        for path in leaves(value):
            for to in NO_CODE:
                read(carrier, response._replace(body=changed(value, path, to)), 3)
        for path in _decides(carrier, response, value):
            word = at_leaf(value, path)
            for to in (*NO_CODE, [word], {"value": word}, float(word) if str(word).isdigit() else None):
                assert not says_yes(carrier, response._replace(body=changed(value, path, to))), (path, to)
            if isinstance(word, int) or str(word).isdigit():
                for to in (str(word), f" {word} ", int(str(word))) if str(int(str(word))) == str(word) else (f" {word}\n",):
                    assert says_yes(carrier, response._replace(body=changed(value, path, to))), (path, to)


@all_carriers
def test_a_yes_all_of_whose_values_changed_is_none(carrier: Carrier) -> None:
    for response, value in of_json(recorded(carrier, yes=True)):
        if not _decides(carrier, response, value):
            continue  # its status alone says yes
        for to in NO_CODE:
            assert not says_yes(carrier, response._replace(body=all_changed(value, to))), to


@all_carriers
def test_a_name_that_stands_twice_does_not_hide_a_no(carrier: Carrier) -> None:
    """The last one counts (RFC 8259 §4 leaves it open): a second word that is none takes the yes away."""
    for response, value in of_json(recorded(carrier, yes=True)):
        for path in _decides(carrier, response, value):
            if isinstance(path[-1], str):
                for to in (None, [], "khong co tu nay"):
                    assert not says_yes(carrier, response._replace(body=with_twin(value, path, to))), (path, to)


@all_carriers
def test_an_envelope_with_a_spoilt_element_never_turns_a_no_into_a_yes(carrier: Carrier) -> None:
    for yes in (True, False):
        for response in filter(is_xml, recorded(carrier, yes=yes)):
            for body in of_xml(response.body):
                found = says_yes(carrier, response._replace(body=body))
                assert yes or not found, body


# --- the whole answer ---


@all_carriers
def test_half_an_answer_is_no_yes(carrier: Carrier) -> None:
    """Of JSON and XML no part is the whole. Where a carrier speaks in a line, only its status or first word is: nothing raises."""
    for response in recorded(carrier, yes=True):
        whole = response.body.strip()
        last = [found.end() for found in re.finditer(rb">[^<>\s][^<>]*</", whole)] if is_xml(response) else []
        closed = (last or [len(whole)])[-1] if whole[-1:] in b"}]>" else 0  # of XML: where its last word ends
        for length in {*range(0, len(whole), max(1, len(whole) // 60)), len(whole) - 1}:
            found = says_yes(carrier, response._replace(body=whole[:length]))
            if length < closed and _decided_by_body(carrier, response):
                assert not found, whole[:length]


def _decided_by_body(carrier: Carrier, response: HttpResponse) -> bool:
    """Not where the HTTP status alone is the yes."""
    return not says_yes(carrier, response._replace(body=b""))


@all_carriers
@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize(
    "page", [b"<html><h1>OK</h1>0 Success 100 202</html>", b"<!doctype html>", b"", b"\r\n", b"null", b"[]", b"{}", b"0", b"true"]
)
def test_a_page_of_a_proxy_is_no_yes(carrier: Carrier, status: int, page: bytes) -> None:
    if carrier.NAME in BY_STATUS_ALONE and not page.startswith(b"<"):
        return
    assert not says_yes(carrier, HttpResponse(status, {"content-type": "text/html"}, page))


@all_carriers
def test_other_charsets_make_no_yes_of_a_no(carrier: Carrier) -> None:
    for yes in (True, False):
        for response in recorded(carrier, yes=yes):
            if len(response.body) > 10_000:
                continue
            for name, body in [*encodings(response.body), ("gzip", gzip.compress(response.body))]:
                found = says_yes(carrier, response._replace(body=body))
                assert yes or not found, name


@all_carriers
def test_a_byte_order_mark_is_no_word(carrier: Carrier) -> None:
    """Servers on Windows begin with one."""
    for case in CASES[carrier.NAME]:
        response = case[1]
        if response.body[:1] in (b"{", b"[") and len(response.body) < 10_000:
            assert read(carrier, response._replace(body=b"\xef\xbb\xbf" + response.body)) == read(carrier, response), case[0]


@all_carriers
def test_deep_and_growing_answers_cost_little(carrier: Carrier) -> None:
    for body in (*DEEP, LAUGHS):
        for status in (200, 202):
            response = HttpResponse(status, {}, body)
            if carrier.NAME not in BY_STATUS_ALONE:
                assert not says_yes(carrier, response)
    assert least_cpu_s(lambda: [carrier.parse_send(HttpResponse(200, {}, body), batch()) for body in (*DEEP, LAUGHS)], rounds=2) < 5


@all_carriers
def test_too_many_requests_without_a_time_waits_as_long_as_we_say(carrier: Carrier) -> None:
    for body in (b"", b"<html>", b"Too Many Requests"):
        (found,) = read(carrier, HttpResponse(429, {}, body))
        assert isinstance(found, Refused)
        assert (found.kind, found.retry_after_s, found.maybe_sent) == (Failure.THROTTLED, None, False)


@all_carriers
@pytest.mark.parametrize("wait", ["", "-1", "1e9", "٣", "9" * 4_000, "Wed, 21 Oct 2026 07:28:00 GMT", "\x00", "7, 9"])
def test_a_time_to_wait_that_is_none_is_none(carrier: Carrier, wait: str) -> None:
    (found,) = read(carrier, HttpResponse(429, {"retry-after": wait}, b""))
    assert isinstance(found, Refused)
    assert found.retry_after_s is None


@all_carriers
@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_bytes_lost_or_turned_on_the_way_make_no_yes_of_a_no(carrier: Carrier, data: st.DataObject) -> None:
    response = data.draw(st.sampled_from([each for each in recorded(carrier, yes=False) if len(each.body) < 2_000]))
    body = bytearray(response.body)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body)))
        body[at : at + data.draw(st.integers(0, 3))] = data.draw(st.sampled_from([b"", b"\xff", b"\0", b"\xc3", b"}", b"]", b"\n", b'\\"']))
    read(carrier, response._replace(body=bytes(body)), 3)


# --- over real HTTP ---

PATHS = {"kannel": "/cgi-bin/sendsms", "simulator": "/sms"}
ON_THE_WIRE = (*PATHS, *FAKES)
NAMES = tuple(name for name in ON_THE_WIRE if name in CARRIERS)


async def came(base: str, timeout_s: float = 20) -> dict[str, HttpResponse | type[Exception]]:
    """What each carrier's request came to, all at once."""
    async with http_sender(timeout_s, connections=len(NAMES)) as send:

        async def one(name: str) -> HttpResponse | type[Exception]:
            account = Account("route", base + PATHS.get(name, "/send"), "u", Secret(PASSWORD), "8088", options=OPTIONS.get(name, {}))
            try:
                return await send(CARRIERS[name].build_send(account, batch(text=TEXT)))
            except (LostAnswer, NotSent) as why:
                excuses.append(str(why))
                return type(why)

        excuses: list[str] = []
        answers = dict(zip(NAMES, await asyncio.gather(*map(one, NAMES)), strict=True))
    assert not [words for words in excuses if PASSWORD in words or TEXT in words or "30000" in words]
    return answers


async def test_a_redirect_is_not_followed_and_holds_the_route() -> None:
    """It would carry the account's password to whoever it names."""
    asked: list[str] = []

    async def take(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=302, headers={"Location": "/elsewhere"})

    async with listening(everything(take)) as base:
        answers = await came(base)
    assert "/elsewhere" not in asked
    assert len(asked) == len(NAMES)
    for name, answer in answers.items():
        assert isinstance(answer, HttpResponse)
        (found,) = read(CARRIERS[name], answer)
        assert isinstance(found, Refused)
        assert (found.kind, found.maybe_sent) == (Failure.MISCONFIGURED, False), name


@pytest.mark.parametrize("chunked", [True, False])
async def test_fifty_megabytes_are_cut_off_and_the_answer_is_lost(chunked: bool) -> None:
    written: list[int] = []

    async def take(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(status=200)
        if not chunked:
            answer.content_length = 50_000_000
        await answer.prepare(request)
        count = 0
        try:
            while count < 50_000_000:
                await answer.write(b'{"a": "' + b"x" * 65_536)
                count += 65_536
        finally:
            written.append(count)
        return answer

    async with listening(everything(take)) as base:
        answers = await came(base)
    assert set(answers.values()) == {LostAnswer}
    assert all(count < ANSWER_LIMIT * 16 for count in written)  # what lies in buffers on the way


async def test_silence_is_a_lost_answer() -> None:
    over = asyncio.Event()

    async def take(_: web.Request) -> web.Response:
        await over.wait()
        return web.Response()

    async with listening(everything(take)) as base:
        answers = await came(base, timeout_s=0.5)
        over.set()
    assert set(answers.values()) == {LostAnswer}


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
    ids=["nothing", "half", "another protocol", "broken chunks"],
)
async def test_a_connection_that_ends_in_the_middle_is_a_lost_answer(said: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(said)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        answers = await came(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    assert set(answers.values()) == {LostAnswer}


async def test_a_certificate_that_nobody_vouches_for_sends_nothing(tmp_path: Path) -> None:
    asked: list[str] = []

    async def take(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response()

    async with listening(everything(take), tls=certificate.context(tmp_path / "tls")) as base:
        answers = await came(base)
    assert set(answers.values()) == {NotSent}
    assert asked == []


async def test_nobody_there_sends_nothing() -> None:
    (port,) = free_ports(1)
    assert set((await came(f"http://127.0.0.1:{port}")).values()) == {NotSent}
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
