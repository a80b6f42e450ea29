"""Laws that hold for every carrier in the registry."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.carriers.protocol import Accepted, Account, Carrier, Dlr, Malformed, Mo, asks_status
from gateway.carriers.registry import CARRIERS
from gateway.carriers.wire import HookCall, HttpResponse
from gateway.domain.failure import Failure, Refused
from gateway.domain.message import DlrStatus
from gateway.domain.secret import Secret
from gateway.simulator.behaviour import Behaviour
from gateway.simulator.telco import Hook, telco
from gateway.transport import http_sender
from tests.carriers import carrier_cases, more_cases, vietnam_cases, world_cases
from tests.carriers.carrier_cases import ACCOUNT, HOOK_SECRET, PASSWORD, TEXT, batch
from tests.carriers.fakes import FAKES, OPTIONS, telco_of
from tests.carriers.more_fakes import ready
from tests.carriers.zalo_cases import ZALO
from tests.harness import listening

CASES = carrier_cases.CASES | vietnam_cases.CASES | world_cases.CASES | more_cases.CASES | {"zalo": ZALO}

all_carriers = pytest.mark.parametrize("carrier", CARRIERS.values(), ids=CARRIERS)
every_case = pytest.mark.parametrize(
    ("carrier", "response", "outcome"),
    [(CARRIERS[name], *case[1:]) for name in CASES for case in CASES[name]],
    ids=[f"{name}: {case[0]}" for name in CASES for case in CASES[name]],
)


@every_case
def test_what_an_answer_means(carrier: Carrier, response: HttpResponse, outcome: Accepted | Refused):
    assert carrier.parse_send(response, batch()) == (outcome,)


def test_every_carrier_has_its_table():
    assert set(CASES) == set(CARRIERS)


@all_carriers
def test_every_code_has_a_case_and_means_what_codes_says(carrier: Carrier):
    met = {outcome.code: outcome.kind for _, _, outcome in CASES[carrier.NAME] if isinstance(outcome, Refused)}
    refusals = {code: kind for code, kind in carrier.CODES.items() if kind is not None}
    assert {code: met.get(code) for code in refusals} == refusals


@all_carriers
def test_a_word_of_no_table_is_marked(carrier: Carrier):
    """It goes once more and is then an operator's affair; what has a table's word or an HTTP status is no such case."""
    for name, response, _ in CASES[carrier.NAME]:
        for outcome in carrier.parse_send(response, batch()):
            if isinstance(outcome, Refused) and outcome.unknown:
                assert (outcome.kind, outcome.maybe_sent) == (Failure.RETRYABLE, False), name
                assert outcome.code not in carrier.CODES or outcome.code == "refused", name


@all_carriers
@pytest.mark.parametrize("size", [1, 2, 100])
def test_one_outcome_per_mt_in_order(carrier: Carrier, size: int):
    size = min(size, carrier.CAPABILITIES.max_batch)
    for _, response, _ in CASES[carrier.NAME]:
        outcomes = carrier.parse_send(response, batch(size))
        assert len(outcomes) == size
        if asks_status(carrier):
            assert len(carrier.parse_status(response, batch(size))) == size


_NAMES = st.sampled_from(["ref", "id", "status", "code", "at", "from", "to", "text", "results", "error", "segments"])
_SCALAR = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(["accepted", "refused", "REF00001"])
)
_JSON = st.recursive(_SCALAR, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_NAMES, inner, max_size=6), max_leaves=12)
_BODY = (
    st.binary(max_size=200)
    | _JSON.map(lambda value: json.dumps(value).encode())
    | st.sampled_from([case[1].body for case in CASES["kannel"]])
)
_HEADER = st.text(max_size=20)
_RESPONSE = st.builds(
    HttpResponse, st.integers(100, 599), st.dictionaries(st.sampled_from(["retry-after", "content-type"]), _HEADER), _BODY
)
_FIELD = st.tuples(
    st.sampled_from(b"from to text id st ts coding cs charset udh secret".split()),
    st.binary(max_size=30) | st.sampled_from([b"1", b"2", b"%C3", b"%", b"UTF-16BE", b"zlib"]),
)
_QUERY = st.binary(max_size=100) | st.lists(_FIELD, max_size=8).map(lambda fields: b"&".join(b"=".join(field) for field in fields))
_KANNEL_HEADERS = st.dictionaries(
    st.sampled_from(["content-type", "x-kannel-from", "x-kannel-to", "x-kannel-time", "x-kannel-udh", "x-kannel-coding"]),
    _HEADER | st.just("text/plain; charset=hex"),
)
_CALL = st.builds(HookCall, st.sampled_from(["GET", "POST"]), st.just("/hooks/route/mo"), _QUERY, _KANNEL_HEADERS, _BODY)


@all_carriers
@settings(deadline=None)
@given(response=_RESPONSE)
def test_no_answer_makes_a_parser_raise(carrier: Carrier, response: HttpResponse):
    assert all(isinstance(outcome, Accepted | Refused) for outcome in carrier.parse_send(response, batch()))
    if asks_status(carrier):
        assert len(carrier.parse_status(response, batch())) == 1


NAMED_BY = {  # whose name of an MT a report bears: ours alone, or whichever of the two it brings; all others know only their own
    **dict.fromkeys(("infobip", "kannel", "rapidpro", "simulator", "smsgate"), (True,)),
    **dict.fromkeys(("esms", "esms-zns", "vonage", "zalo", "zalo-zns"), (True, False)),
}


@all_carriers
@settings(deadline=None, max_examples=300)
@given(call=_CALL)
def test_no_hook_call_makes_a_parser_raise_or_yields_what_a_database_refuses(carrier: Carrier, call: HookCall):
    mo, dlr = carrier.parse_mo(call), carrier.parse_dlr(call)
    assert isinstance(mo, Mo | Malformed)
    assert isinstance(dlr, Dlr | Malformed)
    if isinstance(mo, Mo):
        assert mo.sender
        words = f"{mo.sender}{mo.receiver}{mo.text}{mo.carrier_id}"
        assert "\0" not in words
        words.encode()  # no lone surrogate
    if isinstance(dlr, Dlr):
        assert dlr.ours in NAMED_BY.get(carrier.NAME, (False,))
        assert dlr.ref.isascii()


@all_carriers
def test_no_repr_shows_a_secret_a_number_or_a_text(carrier: Carrier):
    request = carrier.build_send(ACCOUNT, batch())
    call = HookCall(
        "GET",
        "/hooks/route/mo",
        b"from=%2B84300000101&text=mo+bo+doi",
        {"x-hook-secret": HOOK_SECRET},
        b'{"from":"+84300000101","text":"mo bo doi"}',
    )
    values = [ACCOUNT, batch(), request, call, carrier.parse_mo(call), HttpResponse(200, {"set-cookie": PASSWORD}, TEXT.encode())]
    if asks_status(carrier):
        values.append(carrier.build_status(ACCOUNT, batch()))
    shown = " ".join(f"{value!r} {value!s}" for value in values)
    for secret in (PASSWORD, "p%20w", HOOK_SECRET, "84300000101", "8430000", "mo bo doi", "mo+bo", TEXT, "REF00001="):
        assert secret not in shown


@all_carriers
def test_the_same_batch_gives_the_same_bytes(carrier: Carrier):
    first, second = (carrier.build_send(ACCOUNT, batch()) for _ in range(2))
    assert (first.url, first.body, dict(first.headers)) == (second.url, second.body, dict(second.headers))


ACKNOWLEDGED = {
    "esms": {
        "mo": HttpResponse(200, {"content-type": "text/xml; charset=utf-8"}, b"<ClientResponse></ClientResponse>"),
        "dlr": HttpResponse(200, {}, b""),
    },
    **dict.fromkeys(
        ("abenla", "africastalking", "incom", "infobip", "playsms", "smsgate", "speedsms", "viettel", "vietguys", "vmg", "vnpt", "vonage"),
        HttpResponse(200, {}, b""),
    ),
    **dict.fromkeys(("esms-ads", "esms-zns", "fpt", "mobifone", "stringee", "traccar"), HttpResponse(200, {}, b"")),
    "zalo-zns": HttpResponse(200, {"content-type": "text/plain; charset=utf-8"}, b""),
    "rapidpro": HttpResponse(200, {"content-type": "application/json"}, b'{"message":"Accepted"}'),
    "vcom": HttpResponse(200, {"content-type": "application/json"}, b'{"data":{"code":200,"status":"success","message":""}}'),
    "classic-soap": HttpResponse(
        200,
        {"content-type": "text/xml; charset=utf-8"},
        b'<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
        b'<ns1:messageReceiverResponse xmlns:ns1="http://service.mc.vasc.com"><messageReceiverReturn>1</messageReceiverReturn>'
        b"</ns1:messageReceiverResponse></soapenv:Body></soapenv:Envelope>",
    ),
    "jasmin": HttpResponse(200, {"content-type": "text/plain; charset=utf-8"}, b"ACK/Jasmin"),
    **dict.fromkeys(("plivo", "twilio"), HttpResponse(200, {"content-type": "text/xml; charset=utf-8"}, b"<Response></Response>")),
    "kannel": HttpResponse(200, {"content-type": "text/plain; charset=utf-8"}, b""),
    "simulator": HttpResponse(200, {"content-type": "application/json"}, b"{}"),
    "zalo": HttpResponse(200, {"content-type": "text/plain; charset=utf-8"}, b""),
}


@all_carriers
@pytest.mark.parametrize("kind", ["mo", "dlr"])
def test_acknowledgement_is_exact(carrier: Carrier, kind):
    expected = ACKNOWLEDGED[carrier.NAME]
    assert carrier.acknowledge(kind) == (expected[kind] if isinstance(expected, dict) else expected)


# -- the whole way over real HTTP: build -> telco -> parse, and the telco's calls back


class Hooks:
    """A gateway's hooks, reduced to what a carrier's module does with a call."""

    def __init__(self, carrier: Carrier) -> None:
        self.carrier = carrier
        self.mos: list[Mo | Malformed] = []
        self.dlrs: list[Dlr | Malformed] = []
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        call = HookCall(request.method, request.path, request.rel_url.raw_query_string.encode(), headers, await request.read(), "127.0.0.1")
        kind = request.path.removeprefix("/")
        if kind == "mo":
            self.mos.append(self.carrier.parse_mo(call))
        else:
            self.dlrs.append(self.carrier.parse_dlr(call))
        answer = self.carrier.acknowledge("mo" if kind == "mo" else "dlr")
        return web.Response(status=answer.status, body=answer.body, headers=answer.headers)


@asynccontextmanager
async def hooked(carrier: Carrier) -> AsyncIterator[Hooks]:
    hooks = Hooks(carrier)
    async with listening(web.route("*", "/{kind}", hooks.take)) as hooks.url:
        yield hooks


PATHS = {"kannel": "/cgi-bin/sendsms", "simulator": "/sms"}
at_the_telco = pytest.mark.parametrize(
    "carrier", [CARRIERS[name] for name in PATHS], ids=PATHS
)  # Zalo: tests/services/test_zalo_replies.py


@at_the_telco
@pytest.mark.parametrize("text", [TEXT, "Xa Thong Nhat: 100% {mien phi} + @", "dòng một\ndòng hai 😀", "a" * 400])
async def test_round_trip(carrier: Carrier, text: str):
    """What was built arrives letter for letter; both reports come back under our ref; an MO arrives as it was written."""
    async with hooked(carrier) as hooks, telco() as it, http_sender(5) as send:
        it.hook = Hook(f"{hooks.url}/mo?secret={HOOK_SECRET}", carrier.NAME)
        account = Account("route", it.url + PATHS[carrier.NAME], "u", Secret(PASSWORD), "8088", f"{hooks.url}/dlr?secret={HOOK_SECRET}")
        mts = batch(min(3, carrier.CAPABILITIES.max_batch), text)
        outcomes = carrier.parse_send(await send(carrier.build_send(account, mts)), mts)
        carrier_id = it.send_mo("+84300000999", text)
        await it.quiet()
        arrived = it.handsets.since(0)[1]
    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    assert {(sms.ref, sms.number, sms.text) for sms in arrived if not sms.mine} == {(mt.ref, mt.msisdn.e164, text) for mt in mts.mts}
    assert [(dlr.ref, dlr.status) for dlr in sorted(hooks.dlrs, key=lambda dlr: dlr.ref)] == [
        (mt.ref, status) for mt in mts.mts for status in (DlrStatus.ACCEPTED, DlrStatus.DELIVERED)
    ]
    assert [(mo.carrier_id, mo.sender, mo.receiver, mo.text) for mo in hooks.mos] == [(carrier_id, "+84300000999", "8088", text)]
    assert hooks.mos[0].sent_at_ms


@pytest.mark.parametrize("name", FAKES)
@pytest.mark.parametrize("text", [TEXT, "Xa Thong Nhat: 100% {mien phi} + @", "dòng một\ndòng hai 😀", "a" * 400])
async def test_what_was_built_is_what_the_vendor_reads(name: str, text: str):
    """Over real HTTP to a reader of the vendor's own page; its yes is one outcome an MT."""
    carrier = CARRIERS[name]
    async with telco_of(name) as it, http_sender(5) as send:
        account = Account("route", it.url, "u", Secret(PASSWORD), "8088", options=OPTIONS.get(name, {}))
        mts = batch(min(3, carrier.CAPABILITIES.max_batch), text)
        outcomes = carrier.parse_send(await send(ready(carrier, account, carrier.build_send(account, mts))), mts)
    assert it.sent == [(mt.msisdn.e164, text) for mt in mts.mts]
    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    assert len(outcomes) == len(mts.mts)


def test_every_carrier_is_tried_over_http():
    assert set(PATHS) | set(FAKES) | {"zalo"} == set(CARRIERS)


REFUSALS = [("absent", {Failure.PERMANENT}), ("foreign", {Failure.UNROUTABLE})]
WHOLE = [
    ({"fail_every": 1}, Failure.RETRYABLE, None),
    ({"throttle_every": 1, "retry_after_s": 9}, Failure.THROTTLED, 9.0),
    ({"known_account": False}, Failure.MISCONFIGURED, None),
    ({"fail_every": 1, "fail_code": "sender"}, Failure.MISCONFIGURED, None),
]


@at_the_telco
@pytest.mark.parametrize(("habit", "kind", "wait_s"), WHOLE, ids=[str(case[0]) for case in WHOLE])
async def test_a_refused_request_reaches_no_handset(carrier: Carrier, habit, kind: Failure, wait_s: float | None):
    async with telco(behaviour=Behaviour().changed(habit)) as it, http_sender(5) as send:
        account = Account("route", it.url + PATHS[carrier.NAME], "u", Secret("p"), "8088")
        mts = batch(text="a" * 200)
        (outcome,) = carrier.parse_send(await send(carrier.build_send(account, mts)), mts)
        assert it.counted()["taken"] == 0
    assert (outcome.kind, outcome.retry_after_s, outcome.maybe_sent) == (kind, wait_s, False)


@at_the_telco
@pytest.mark.parametrize(("code", "kinds"), REFUSALS)
async def test_a_refused_recipient(carrier: Carrier, code: str, kinds: set[Failure]):
    async with telco(behaviour=Behaviour(refuse_every=2, refuse_code=code)) as it, http_sender(5) as send:
        account = Account("route", it.url + PATHS[carrier.NAME], "u", Secret("p"), "8088")
        size = min(4, carrier.CAPABILITIES.max_batch)
        outcomes = []
        for _ in range(4 // size):
            outcomes += carrier.parse_send(await send(carrier.build_send(account, batch(size))), batch(size))
        assert (it.counted()["taken"], it.counted()["refused"]) == (2, 2)
    assert [type(outcome) for outcome in outcomes] == [Accepted, Refused] * 2
    assert {outcome.kind for outcome in outcomes if isinstance(outcome, Refused)} == kinds
