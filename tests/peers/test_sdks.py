"""The vendors' own Python SDKs against our fakes, and beside our modules: a fake that only we understand proves nothing."""

import asyncio
import hashlib
import json
import ssl
from collections.abc import Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests.exceptions import TooManyRedirects
from twilio.request_validator import RequestValidator
from urllib3.exceptions import MaxRetryError

from gateway.carriers import twilio, vonage
from gateway.carriers.protocol import Accepted, Account, Signing
from gateway.carriers.registry import CARRIERS
from gateway.carriers.wire import HookCall, HttpRequest, HttpResponse
from gateway.domain.failure import Failure
from gateway.domain.secret import Secret
from gateway.transport import http_sender
from tests.carriers.carrier_cases import batch
from tests.carriers.fakes import telco_of
from tests.carriers.signing import signed_call
from tests.carriers.world_cases import CASES
from tests.certificate import context
from tests.peers.sdks import BY_SDK, CERTIFICATE, PATHS, SID, Order, Told, vonage_auth

KEY = "khoa-thu"
TEXTS = ["Xa Thong Nhat: 100% {mien phi} + @", "dòng một\ndòng hai 😀", "a" * 400]
DLR = "http://127.0.0.1:9/hooks/r/dlr?secret=s%2F"
SHORT = 30  # minutes that all of them allow
every_sdk = pytest.mark.parametrize("name", BY_SDK)


@pytest.fixture(autouse=True)
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What requests reads of its environment: no proxy to ourselves, and our certificate."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / CERTIFICATE))


@asynccontextmanager
async def fake(name: str, tmp_path: Path, *answers: HttpResponse):
    """The fake of `name`; with TLS where its SDK speaks nothing else."""
    tls = context(tmp_path / "tls") if name == "vonage" else None
    async with telco_of(name, *answers, tls=tls) as it:
        yield it, it.url.removesuffix("/send")


def order(size: int, text: str = TEXTS[0], **more) -> Order:
    mts = batch(size, text).mts
    return Order([mt.msisdn.e164 for mt in mts], [mt.ref for mt in mts], text, "8088", KEY, **more)


async def told_by(name: str, base: str, what: Order) -> list[Told] | None:
    """None: the SDK itself can't read the answer. Some follow a redirect for ever, with the account's key; we never do."""
    try:
        return await asyncio.to_thread(BY_SDK[name], base, what)
    except (
        ValueError,
        KeyError,
        IndexError,
        TypeError,
        AttributeError,
        TooManyRedirects,
        MaxRetryError,
    ):  # pydantic's and JSON's are ValueErrors
        return None
    except Exception as why:
        if type(why).__module__.startswith(("vonage", "infobip", "africastalking", "twilio")):
            return [Told(taken=False)] * len(what.numbers)
        raise


@every_sdk
@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("size", [1, 3])
async def test_the_fake_takes_what_the_sdk_writes_and_the_sdk_reads_its_yes(name: str, text: str, size: int, tmp_path: Path) -> None:
    async with fake(name, tmp_path) as (it, base):
        told = await told_by(name, base, order(size, text))
    assert told is not None
    assert [each.taken for each in told] == [True] * size
    assert all(each.ref for each in told)
    assert it.sent == [(mt.msisdn.e164, text) for mt in batch(size, text).mts]


SPOKEN = [(name, *case) for name in BY_SDK for case in CASES[name]]


@pytest.mark.parametrize(("name", "title", "response", "outcome"), SPOKEN, ids=[f"{case[0]}: {case[1]}" for case in SPOKEN])
async def test_the_sdk_reads_an_answer_of_the_table_as_we_do(
    name: str, title: str, response: HttpResponse, outcome, tmp_path: Path
) -> None:
    """A yes is one for both, with the same id; a no of the vendor's own has the same code for both."""
    async with fake(name, tmp_path, response) as (_, base):
        told = await told_by(name, base, order(1))
    if isinstance(outcome, Accepted):
        assert told == [Told(taken=True, ref=outcome.carrier_ref)]
        return
    assert told is None or not told[0].taken
    if outcome.code in CARRIERS[name].CODES or outcome.unknown:
        assert told is not None
        assert told[0].code == ("rejected" if outcome.code == "account" else outcome.code)  # Infobip: our name for those it blames on us


@every_sdk
def test_the_table_has_a_refusal_of_each_kind_that_the_vendor_knows(name: str) -> None:
    """So the test above is none over nothing."""
    kinds = {outcome.kind for _, _, outcome in CASES[name] if not isinstance(outcome, Accepted) and not outcome.code.startswith("http-")}
    expected = set(Failure) - ({Failure.UNROUTABLE} if name == "vonage" else set())
    assert kinds >= (expected - {Failure.UNROUTABLE, Failure.THROTTLED} if name == "infobip" else expected)


# --- the same request ---

OURS_ALONE = {"vonage": {"api_key", "api_secret"}}  # it brings both as HTTP Basic, which the page allows as well
SAID_OTHERWISE = {"vonage": {"status-report-req"}}  # "True" for our "1"
_HEADERS = ("Authorization", "apiKey", "Accept", "Content-Type")


def _fields(name: str, request: HttpRequest) -> dict[str, object]:
    body = request.body.decode()
    return dict(json.loads(body)["messages"][0]) if name == "infobip" else dict(parse_qsl(body, strict_parsing=True))


def _head(name: str, request: HttpRequest) -> Mapping[str, str]:
    """Who we are and what we speak. Not compared: Vonage's way to say who, and an Accept that only we or only they send."""
    found = {header: request.headers.get(header, "").partition(";")[0].lower() for header in _HEADERS[2:]}
    if name in ("twilio", "vonage"):  # they answer in JSON, whatever one would like
        del found["Accept"]
    who = {header: request.headers.get(header, "") for header in _HEADERS[:2]}
    return found if name == "vonage" else found | who


@every_sdk
@pytest.mark.parametrize("text", TEXTS[:2])
@pytest.mark.parametrize("size", [1, 3])
async def test_our_request_is_the_one_that_the_sdk_writes(name: str, text: str, size: int, tmp_path: Path) -> None:
    carrier = CARRIERS[name]
    size = min(size, carrier.CAPABILITIES.max_batch)
    has_reports = name != "africastalking"  # its address of reports is set at the account
    more = {"dlr_url": DLR, "validity_min": SHORT} if has_reports else {}
    username = SID if name == "twilio" else "u"
    async with fake(name, tmp_path) as (it, base), http_sender(20, tls=_trust(tmp_path, name)) as send:
        await told_by(name, base, order(size, text, **more))
        account = Account("r", base + PATHS[name], username, Secret(KEY), "8088", DLR if has_reports else "", more.get("validity_min"))
        await send(carrier.build_send(account, batch(size, text)))
    theirs, ours = it.seen
    assert (ours.method, ours.url) == (theirs.method, theirs.url)
    assert _head(name, ours) == _head(name, theirs)
    their_fields, our_fields = _fields(name, theirs), _fields(name, ours)
    assert set(our_fields) - set(their_fields) == OURS_ALONE.get(name, set())
    assert set(their_fields) - set(our_fields) == set()
    differing = {field for field in their_fields if their_fields[field] != our_fields[field]}
    assert differing == SAID_OTHERWISE.get(name, set())


def _trust(tmp_path: Path, name: str) -> ssl.SSLContext | None:
    return ssl.create_default_context(cafile=str(tmp_path / CERTIFICATE)) if name == "vonage" else None


# --- signatures ---

BASE = "https://tinbao.example.vn"
NOW = 1_700_000_000_000
_WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20)
_FIELDS = st.dictionaries(
    _WORDS.filter(lambda name: name not in ("sig", "timestamp", "secret")), _WORDS | st.just(""), min_size=1, max_size=6
)


@given(fields=_FIELDS, query=st.sampled_from(["", "?secret=a%2Fb&x=1"]), algorithm=st.sampled_from(["", "HMAC_SHA1", "HMAC_SHA256"]))
def test_what_twilios_validator_computes_is_signed_and_the_other_way_round(fields: dict[str, str], query: str, algorithm: str) -> None:
    url, validator = f"{BASE}/hooks/t/mo{query}", RequestValidator(KEY)
    made = signed_call("twilio", fields, KEY, f"{BASE}/hooks/t/mo", query[1:], algorithm=algorithm)
    assert validator.validate(url, fields, made.headers["x-twilio-signature"], algorithm or None)
    theirs = validator.compute_signature(url, fields, algorithm or None)
    assert theirs == made.headers["x-twilio-signature"]
    assert twilio.is_signed(made, Signing(Secret(KEY), BASE, NOW)) is True
    assert twilio.is_signed(made, Signing(Secret(KEY + "x"), BASE, NOW)) is False


def test_a_body_of_json_is_signed_by_its_hash_in_the_address() -> None:
    body = '{"From":"+84300000001"}'
    query = f"x=1&bodySHA256={hashlib.sha256(body.encode()).hexdigest()}"
    url, validator = f"{BASE}/hooks/t/mo?{query}", RequestValidator(KEY)
    headers = {"content-type": "application/json", "x-twilio-signature": validator.compute_signature(url, {})}
    assert validator.validate(url, body, headers["x-twilio-signature"])
    for said, verdict in ((body, True), (body + " ", False)):
        call = HookCall("POST", "/hooks/t/mo", query.encode(), headers, said.encode())
        assert twilio.is_signed(call, Signing(Secret(KEY), BASE, NOW)) is verdict


@pytest.mark.parametrize("base", ["https://tinbao.example.vn", "https://tinbao.example.vn:443", "http://127.0.0.1:8080"])
def test_twilio_may_sign_an_address_with_or_without_its_port(base: str) -> None:
    parts = urlsplit(base)
    port = parts.port or 443
    for place in (f"{parts.scheme}://{parts.hostname}", f"{parts.scheme}://{parts.hostname}:{port}"):
        call = signed_call("twilio", {"From": "+84300000001", "Body": "x"}, KEY, f"{place}/hooks/t/mo")
        assert twilio.is_signed(call, Signing(Secret(KEY), base, NOW)) is True
        assert RequestValidator(KEY).validate(
            f"{base}/hooks/t/mo", {"From": "+84300000001", "Body": "x"}, call.headers["x-twilio-signature"]
        )


@given(fields=_FIELDS)
def test_what_vonages_helper_signs_is_signed_and_the_other_way_round(fields: dict[str, str]) -> None:
    auth = vonage_auth("s3cret", KEY)
    theirs = dict(fields) | {"timestamp": str(NOW // 1000)}
    theirs["sig"] = auth.sign_params(dict(theirs))
    ours = signed_call("vonage", fields, KEY, f"{BASE}/hooks/v/mo", stamp=NOW // 1000)
    read = dict(parse_qsl(ours.body.decode(), keep_blank_values=True))
    assert read == theirs
    assert auth.check_signature(dict(read)) is True
    assert vonage.is_signed(ours, Signing(Secret(KEY), BASE, NOW)) is True
    assert vonage_auth("s3cret", KEY + "x").check_signature(dict(read)) is False
