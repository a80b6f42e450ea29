"""The call that sends nothing: built, asked over real HTTP of a server that reads it as the vendor's page says, and read."""

import base64
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from decimal import Decimal

import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.carriers.protocol import Account, AsksBalance, Balance, asks_balance
from gateway.carriers.registry import CARRIERS
from gateway.carriers.wire import HttpResponse
from gateway.domain.failure import Failure, Refused
from gateway.domain.secret import Secret
from gateway.transport import http_sender
from tests.carriers.carrier_cases import M, R, T, no, says
from tests.harness import everything, listening

PASSWORD = "p w&d%ü"
BASIC = "Basic " + base64.b64encode(f"u:{PASSWORD}".encode()).decode()
Headers = Mapping[str, str]
Check = Callable[[Headers, Mapping[str, str], bytes], object]


@dataclass(frozen=True)
class Wire:
    """`sends_at`: the path of sending. `asks`: what the vendor's page wants to be asked. `good`: its checks. `answer` -> `means`."""

    sends_at: str
    asks: str
    good: Check
    answer: str
    means: Balance
    options: Mapping[str, str]


def wire(sends_at: str, asks: str, good: Check, answer: object, means: Balance, **options: str) -> Wire:
    return Wire(sends_at, asks, good, answer if isinstance(answer, str) else json.dumps(answer), means, options)


def soap(words: str) -> str:
    inner = f'<r:checkBalanceResponse xmlns:r="x"><return><errDesc>{words}</errDesc></return></r:checkBalanceResponse>'
    return f"<S:Envelope><S:Body>{inner}</S:Body></S:Envelope>"


MD5 = hashlib.md5(PASSWORD.encode(), usedforsecurity=False).hexdigest()
WIRES: Mapping[str, Wire] = {
    "abenla": wire(
        "/api/SendSms", "GET /api/GetBalance", lambda _h, q, _b: (q["loginName"], q["sign"]) == ("u", MD5),
        {"Code": 106, "Message": "ok", "Balance": 1000}, Balance(Decimal(1000), "VND"), service_type_id="535",
    ),
    "africastalking": wire(
        "/version1/messaging", "GET /version1/user",
        lambda h, q, _b: h["apiKey"] == "key" and h["Accept"] == "application/json" and q["username"] == "u",
        {"UserData": {"balance": "KES 1250.0000"}}, Balance(Decimal("1250.0000"), "KES"),
    ),
    "esms": wire(
        "/MainService.svc/json/SendMultipleMessage_V4_post_json/", "POST /MainService.svc/json/GetBalance_json",
        lambda _h, _q, b: json.loads(b) == {"ApiKey": "u", "SecretKey": PASSWORD},
        {"Balance": 250000, "CodeResponse": "100", "UserID": 7}, Balance(Decimal(250000), "VND"),
    ),
    "esms-ads": wire(
        "/MainService.svc/json/SendMultipleSMSBrandname_json/", "POST /MainService.svc/json/GetBalance_json",
        lambda _h, _q, b: json.loads(b) == {"ApiKey": "u", "SecretKey": PASSWORD},
        {"Balance": 250000, "CodeResponse": "100"}, Balance(Decimal(250000), "VND"),
    ),
    "esms-zns": wire(
        "/MainService.svc/json/SendZaloMessage_V6/", "POST /MainService.svc/json/GetBalance_json",
        lambda _h, _q, b: json.loads(b) == {"ApiKey": "u", "SecretKey": PASSWORD},
        {"Balance": 250000, "CodeResponse": "100"}, Balance(Decimal(250000), "VND"),
    ),
    "fpt": wire(
        "", "POST /oauth2/token",
        lambda _h, _q, b: json.loads(b) | {"session_id": ""} == {
            "grant_type": "client_credentials", "client_id": "u", "client_secret": PASSWORD, "scope": "send_brandname_otp", "session_id": ""
        },
        {"access_token": "T", "expires_in": 86400}, Balance(None),
    ),
    "mobifone": wire(
        "/smsg/", "POST /smsg/login.jsp", lambda _h, q, b: not q and b == b"userName=u&password=p+w%26d%25%C3%BC&bindMode=T",
        {"status": "200", "sid": "S1\r\n"}, Balance(None),
    ),
    "infobip": wire(
        "/sms/3/messages", "GET /account/1/balance", lambda h, _q, _b: h["Authorization"] == "App key",
        {"balance": 47.79134, "currency": "EUR"}, Balance(Decimal("47.79134"), "EUR"),
    ),
    "jasmin": wire(
        "/send", "GET /balance", lambda _h, q, _b: (q["username"], q["password"]) == ("u", PASSWORD),
        {"balance": 100.5, "sms_count": "ND"}, Balance(Decimal("100.5"), "credits"),
    ),
    "kannel": wire(
        "/cgi-bin/sendsms", "GET /cgi-bin/sendsms", lambda _h, q, _b: (q["username"], q["password"]) == ("u", PASSWORD) and "to" not in q,
        "Missing receiver number, rejected", Balance(None),
    ),
    "playsms": wire(
        "/index.php", "GET /index.php", lambda _h, q, _b: (q["app"], q["u"], q["h"], q["op"]) == ("ws", "u", PASSWORD, "cr"),
        {"status": "OK", "error": "0", "credit": "5000"}, Balance(Decimal(5000), "credits"),
    ),
    "plivo": wire(
        "/v1/Account/MA1/Message/", "GET /v1/Account/MA1/", lambda h, _q, _b: h["Authorization"] == BASIC,
        {"account_type": "standard", "cash_credits": "12.34500"}, Balance(Decimal("12.34500"), "USD"),
    ),
    "simulator": wire(
        "/sms", "GET /sms", lambda h, q, _b: h["Authorization"] == BASIC and q == {"ref": ""}, {"results": []}, Balance(None),
    ),
    "smsgate": wire(
        "/3rdparty/v1/messages", "GET /3rdparty/v1/webhooks",
        lambda h, _q, _b: h["Authorization"] == BASIC, [], Balance(None), hook_key="k",
    ),
    "speedsms": wire(
        "/index.php/sms/send", "GET /index.php/user/info", lambda h, _q, _b: base64.b64decode(h["Authorization"][6:]) == b"key:x",
        {"email": "a@b.example", "balance": 100000.0, "currency": "VND"}, Balance(Decimal("100000.0"), "VND"),
    ),
    "twilio": wire(
        "/2010-04-01/Accounts/AC1/Messages.json", "GET /2010-04-01/Accounts/AC1/Balance.json",
        lambda h, _q, _b: h["Authorization"] == BASIC,
        {"currency": "USD", "balance": "0.59", "account_sid": "AC1"}, Balance(Decimal("0.59"), "USD"),
    ),
    "viettel": wire(
        "/bulkapi", "POST /bulkapi",
        lambda h, _q, b: h["Content-Type"][:8] == "text/xml" and b"<b:checkBalance><User>u</User><Password>" in b and b"<CPCode>CP<" in b,
        soap("150000"), Balance(Decimal(150000), "VND"), cp_code="CP",
    ),
    "vonage": wire(
        "/sms/json", "GET /account/get-balance", lambda h, q, _b: h["Authorization"] == BASIC and not q,
        {"value": 10.28, "autoReload": False}, Balance(Decimal("10.28"), "EUR"),
    ),
}  # fmt: skip
_TOKENS = ("africastalking", "infobip", "speedsms")  # whose password must fit into a header
ASKING = {name: carrier for name, carrier in CARRIERS.items() if asks_balance(carrier)}
every = pytest.mark.parametrize("name", WIRES)


def account_of(name: str, url: str = "http://127.0.0.1:1") -> Account:
    password = "key" if name in _TOKENS else PASSWORD
    return Account("route", url + WIRES[name].sends_at, "u", Secret(password), "8088", options=WIRES[name].options)


def carrier_of(name: str) -> AsksBalance:
    carrier = CARRIERS[name]
    assert asks_balance(carrier)
    return carrier


@asynccontextmanager
async def vendor(name: str, asked: list[str]) -> AsyncIterator[str]:
    """The vendor's side of the call at its address: 500 where the page would not know the request."""
    at = WIRES[name]

    async def take(request: web.Request) -> web.Response:
        asked.append(f"{request.method} {request.path}")
        good = asked[-1] == at.asks and at.good(request.headers, request.query, await request.read())
        return web.Response(text=at.answer, status=(400 if name == "kannel" else 200) if good else 500)

    async with listening(everything(take)) as url:
        yield url


@every
async def test_asked_and_read_over_real_http(name: str) -> None:
    asked: list[str] = []
    async with vendor(name, asked) as url, http_sender(timeout_s=10) as send:
        found = carrier_of(name).parse_balance(await send(carrier_of(name).build_balance(account_of(name, url))))
    assert (found, asked) == (WIRES[name].means, [WIRES[name].asks])


def test_every_carrier_that_can_be_asked_has_a_wire() -> None:
    assert {name for name in ASKING if name in WIRES} == set(WIRES)


@every
@pytest.mark.parametrize("prefix", ["", "/a/b"], ids=["bare", "behind a proxy's path"])
def test_what_stands_before_the_path_stays(name: str, prefix: str) -> None:
    request = carrier_of(name).build_balance(replace(account_of(name), url=f"https://gw.example.vn:8443{prefix}{WIRES[name].sends_at}"))
    assert request.url.partition("?")[0] == f"https://gw.example.vn:8443{prefix}{WIRES[name].asks.partition(' ')[2]}"


@every
def test_no_repr_shows_the_password(name: str) -> None:
    request = carrier_of(name).build_balance(account_of(name))
    assert not [word for word in (PASSWORD, "p%20w", "p+w", MD5, "App key", BASIC) if word in f"{request!r}{request!s}"]


# --- what is no yes ---

REFUSED: list[tuple[str, HttpResponse, Refused]] = [
    ("abenla", says(200, '{"Code":107,"Balance":0}'), no(M, "107")),
    ("abenla", says(200, '{"Code":999,"Balance":0}'), no(R, "999", unknown=True)),
    ("esms", says(200, '{"CodeResponse":"101","Balance":0}'), no(M, "101")),
    ("esms", says(200, '{"CodeResponse":140}'), no(M, "140")),
    ("fpt", says(400, '{"error":7,"error_description":"client secret is wrong"}'), no(M, "client")),
    ("mobifone", says(200, '{"status":"401","message":"wrong"}'), no(M, "login-401")),
    ("jasmin", says(403, '"Authentication failure for username:u"'), no(M, "http-403")),
    ("kannel", says(403, "Authorization failed for sendsms"), no(M, "authorization")),
    ("kannel", says(202, "0: Accepted for delivery"), no(R, "http-202")),
    ("playsms", says(200, '{"status":"ERR","error":"105"}'), no(M, "105")),
    ("speedsms", says(200, '{"status":"error","code":"008"}'), no(M, "008")),
    ("twilio", says(401, '{"code":20003,"status":401}'), no(M, "20003")),
    ("viettel", says(200, soap("Authenticate: WRONG_INFORMATION_AUTHENTICATE")), no(M, "account")),
    ("viettel", says(200, soap("IP_INVALID (YOUR IP: 192.0.2.1)")), no(M, "address")),
    ("viettel", says(200, soap("khong ro")), no(R, "refused", unknown=True)),
    ("smsgate", says(200, "<html>a router</html>"), no(R, "http-200")),
    ("simulator", says(403, '{"error":"account"}'), no(M, "account")),
]


@pytest.mark.parametrize(("name", "response", "means"), REFUSED)
def test_a_refusal_is_told_in_the_carriers_word(name: str, response: HttpResponse, means: Refused) -> None:
    assert carrier_of(name).parse_balance(response) == means


def test_jasmins_account_without_a_limit() -> None:
    assert carrier_of("jasmin").parse_balance(says(200, '{"balance":"ND","sms_count":"ND"}')) == Balance(None)


@every
@pytest.mark.parametrize("status", [200, 204, 302, 401, 403, 404, 429, 500, 502, 503, 504])
def test_what_is_not_the_vendors_is_no_yes_and_never_doubtful(name: str, status: int) -> None:
    found = carrier_of(name).parse_balance(says(status, "<html>Please log in</html>"))
    assert isinstance(found, Refused)
    assert not found.maybe_sent
    if status in (401, 403, 404):
        assert found.kind is Failure.MISCONFIGURED
    if status == 429:
        assert found.kind is T


@every
@pytest.mark.parametrize("value", ["null", "true", "[]", "{}", '"much"', '"1e999"', "NaN", "1e400", '"-"', '"١٢"', '"1,000"'])
def test_a_field_of_another_type_is_no_sum(name: str, value: str) -> None:
    """A carrier that changes a field's type: the whole answer again, each number or text of it in turn replaced."""
    answer = WIRES[name].answer
    if not answer.startswith("{") or name == "simulator":
        return
    for field in ("balance", "Balance", "value", "credit", "cash_credits"):
        changed = {**json.loads(answer), field: "@"} if field in json.loads(answer) else None
        if changed is None:
            continue
        found = carrier_of(name).parse_balance(says(200, json.dumps(changed).replace('"@"', value)))
        assert isinstance(found, Refused), (field, value)


_BODY = st.binary(max_size=80) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["balance", "Balance", "UserData", "error", "Code", "CodeResponse", "status", "value", "credit", "results"]),
            inner,
        )
    ),
    max_leaves=8,
).map(lambda value: json.dumps(value).encode())


@every
@settings(deadline=None, max_examples=50)
@given(status=st.integers(100, 599), body=_BODY)
def test_no_bytes_make_it_raise(name: str, status: int, body: bytes) -> None:
    assert isinstance(carrier_of(name).parse_balance(HttpResponse(status, {}, body)), Balance | Refused)


def test_which_have_no_such_call() -> None:
    """Named, so that a new one is a decision."""
    ours = {"incom", "vietguys", "vmg", "vnpt", "zalo"}
    assert ours <= set(CARRIERS) - set(ASKING)
